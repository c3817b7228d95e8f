"""Sums with plus, minus and one or two small products, such as 12 + 4 × 7 - 9."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, SUM_PHRASINGS, Domain, Operands, listed
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go, minus_parts, plus_parts, tens_then_ones

STYLES = ((" ", "×"), ("", "×"), (" ", "*"), ("", "*"), (" ", "x"))  # what stands between numbers and signs, and the times sign
SHAPES = {  # how many terms, how many of them products
    SMALL: ((2, 1),),
    MEDIUM: ((2, 1), (2, 2), (3, 1), (3, 1), (3, 1), (3, 1), (3, 1)),
    LARGE: ((3, 2), (3, 2), (4, 1), (4, 1), (4, 2), (5, 1)),
}
SMALL_NUMBERS, MEDIUM_NUMBERS = 3, 4
LARGEST_TERMS = {SMALL: (9, 20), MEDIUM: (20, 99), LARGE: (20, 99)}
LARGEST_FACTOR = {SMALL: 5, MEDIUM: 9, LARGE: 9}
Term = tuple[str, tuple[int, ...]]  # its sign and its number or its two factors


def sample(rng: Random) -> Operands:
    """Two to five terms, one or two of them products; never below zero on the way."""
    size_drawn = rng.choices((SMALL, MEDIUM, LARGE), (38, 40, 22))[0]
    while True:
        n_terms, n_products = rng.choice(SHAPES[size_drawn])
        where = rng.sample(range(n_terms), n_products)
        words: list[str] = []
        for index in range(n_terms):
            words += [rng.choice("+-")] if index else []
            if index in where:
                words += [str(rng.randint(2, LARGEST_FACTOR[size_drawn])), "×", str(rng.randint(2, LARGEST_FACTOR[size_drawn]))]
            else:
                words += [str(rng.randint(2, rng.choice(LARGEST_TERMS[size_drawn])))]
        totals = [0]
        for sign, factors in terms(words):
            totals.append(totals[-1] + (prod(factors) if sign == "+" else -prod(factors)))
        if min(totals) >= 0 and size(tuple(words)) == size_drawn:
            return tuple(words)


def terms(operands: Sequence[str]) -> list[Term]:
    """The terms with their signs: 12 - 4 × 7 -> [("+", (12,)), ("-", (4, 7))]."""
    found: list[Term] = []
    for chunk in f"+ {' '.join(operands)}".replace("+", "|+").replace("-", "|-").split("|")[1:]:
        found.append((chunk[0], tuple(int(factor) for factor in chunk[1:].split("×"))))
    return found


def answer(operands: Operands) -> str:
    """The result, products first."""
    return str(sum(prod(factors) if sign == "+" else -prod(factors) for sign, factors in terms(operands)))


def canonical(operands: Operands) -> Operands:
    """The same terms in a fixed order: first what is added, then what is taken away."""
    words: list[str] = []
    for sign, factors in sorted((sign, sorted(factors)) for sign, factors in terms(operands)):
        words += [sign, *" × ".join(map(str, factors)).split()]
    return tuple(words[1:])


def size(operands: Operands) -> int:
    """By how many numbers there are; small ones are also small themselves."""
    numbers = [prod(factors) for _, factors in terms(operands)]
    n_factors = sum(word.isdigit() for word in operands)
    if n_factors <= SMALL_NUMBERS and max(numbers) <= LARGEST_FACTOR[SMALL] ** 2:
        return SMALL
    return MEDIUM if n_factors <= MEDIUM_NUMBERS else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The sum, with other signs or without spaces."""
    space, times = rng.choice(STYLES) if rng else STYLES[0]
    return {"sum": space.join(times if word == "×" else word for word in operands)}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The result in one go."""
    scribe.say(f"Quickly: {' '.join(operands)} =")
    result = scribe.value(int(answer(operands)))
    scribe.say(".")
    return str(result)


def in_whole_steps(operands: Operands, scribe: Scribe) -> str:
    """From left to right, each product when its turn comes, each number at once."""
    scribe.say(", let me work in whole steps:")
    total = 0
    for index, (sign, factors) in enumerate(terms(operands)):
        number = factors[0]
        if len(factors) > 1:
            number = in_one_go(factors[0], "×", factors[1], scribe)
            scribe.say(",")
        total = in_one_go(total, sign, number, scribe) if index else number
        scribe.say("," if 0 < index < operands.count("+") + operands.count("-") else "")
    scribe.say(".")
    return str(total)


def left_to_right(operands: Operands, scribe: Scribe) -> str:
    """Products first, then left to right, larger numbers part by part."""
    scribe.say(", let me do the products first.")
    numbers = [_product(factors, scribe) for _, factors in terms(operands)]
    signs = [sign for sign, _ in terms(operands)]
    scribe.say(f" Now {numbers[0]}{''.join(f' {sign} {n}' for sign, n in zip(signs[1:], numbers[1:], strict=True))}.")
    total = numbers[0]
    for sign, number in zip(signs[1:], numbers[1:], strict=True):
        total = (plus_parts if sign == "+" else minus_parts)(total, number, scribe)
        scribe.say("." if number else "")
    return str(total)


def plus_and_minus(operands: Operands, scribe: Scribe) -> str:
    """Products first, then all that is added, then all that is taken away, then the difference."""
    scribe.say(", let me sort by plus and minus.")
    numbers = [_product(factors[::-1], scribe) for _, factors in terms(operands)]
    sides = []
    for name, side in (("Plus", "+"), ("Minus", "-")):
        chosen = [n for (sign, _), n in zip(terms(operands), numbers, strict=True) if sign == side]
        if chosen:
            scribe.say(f" {name}: {listed([str(n) for n in chosen])}.")
            sides.append(tens_then_ones(chosen, scribe))
    if len(sides) == 1:
        return str(sides[0])
    total = minus_parts(sides[0], sides[1], scribe, ones_first=True)
    scribe.say("." if sides[1] else "")
    return str(total)


def _product(factors: tuple[int, ...], scribe: Scribe) -> int:
    """Write a product, if it is one."""
    if len(factors) == 1:
        return factors[0]
    scribe.say(f" {factors[0]} × {factors[1]} =")
    product = scribe.value(prod(factors))
    scribe.say(".")
    return product


DOMAIN = Domain(
    name="mixed",
    title="plus, minus and times together",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        *SUM_PHRASINGS,
        "Solve {sum}.",
        "What is the result of {sum}?",
        "Find the result of {sum}.",
        "Can you tell me what {sum} is?",
        "Can you work out {sum}?",
        "I want to calculate {sum}. What is the result?",
        "Here is a sum: {sum}. What do I get?",
        "What does {sum} make?",
        "What does {sum} come to?",
        "Give me the result of {sum}.",
        "Please work out {sum}.",
        "Please solve {sum}.",
        "Do you know what {sum} is?",
        "How much do I get for {sum}?",
        "I need {sum}.",
        "{sum}: what is the result?",
        "Can you solve {sum}?",
    ),
    unseen=(
        "quick check, {sum} comes to what?",
        "My son and I get different answers for {sum}. What's the right one?",
        "Remembering the order of operations, how much is {sum}?",
        "work out {sum} please",
        "If you do the multiplication first, what does {sum} give?",
        "I need help with {sum}, can you tell me the result?",
    ),
    draft=draft,
    rough=in_whole_steps,
    check_a=left_to_right,
    check_b=plus_and_minus,
    showcase=(
        ("12", "+", "4", "×", "7", "-", "9"),
        ("50", "-", "6", "×", "8", "+", "15"),
        ("35", "+", "8", "×", "6", "-", "27", "+", "9", "×", "4"),
    ),
    canonical=canonical,
)
