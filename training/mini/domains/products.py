"""Multiplying a number of two or three digits by one of one or two."""

from __future__ import annotations

from itertools import zip_longest
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go, lead_and_rest

TIMES = (" × ", " times ", " x ", "x", " * ", "*", "×", " multiplied by ")
PLACES = ("Ones", "Tens", "Hundreds", "Thousands", "Ten thousands")
SMALL_FACTORS = ((2, 10), (11, 30))
FACTORS = {  # from which ranges the two factors are drawn
    SMALL: (SMALL_FACTORS,),
    MEDIUM: (((2, 9), (31, 99)), ((11, 99), (11, 99)), ((11, 99), (11, 99)), ((11, 99), (11, 99))),
    LARGE: (((2, 9), (101, 999)), ((11, 39), (101, 399))),
}


def sample(rng: Random) -> Operands:
    """Two factors, more often the longer one first."""
    size_drawn = rng.choices((SMALL, MEDIUM, LARGE), (38, 40, 22))[0]
    while True:
        factors = [str(rng.randint(*limits)) for limits in rng.choice(FACTORS[size_drawn])]
        if size(tuple(factors)) == size_drawn:
            return tuple(factors if rng.random() < 0.3 else reversed(factors))


def answer(operands: Operands) -> str:
    """The product."""
    return str(int(operands[0]) * int(operands[1]))


def size(operands: Operands) -> int:
    """Up to 10 × 30 small, a factor of three digits large."""
    smaller, larger = sorted(map(int, operands))
    (_, most), (_, most_larger) = SMALL_FACTORS
    return SMALL if smaller <= most and larger <= most_larger else MEDIUM if larger < 100 else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The product with a sign or a word, and both factors."""
    times = rng.choice(TIMES) if rng else TIMES[0]
    return {"product": times.join(operands), "first": operands[0], "second": operands[1]}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The product in one go."""
    scribe.say(f"Quickly: {' × '.join(operands)} =")
    product = scribe.value(int(answer(operands)))
    scribe.say(".")
    return str(product)


def in_two_products(operands: Operands, scribe: Scribe) -> str:
    """Split only the shorter factor that is not round, multiply both parts by the other at once and add at once."""
    split, other = sorted(map(int, reversed(operands)), key=lambda factor: (len(round_parts(factor)) == 1, len(str(factor))))
    products = []
    scribe.say(", let me multiply in big parts:")
    for index, part in enumerate(lead_and_rest(split)):
        scribe.say("," if index else "")
        products.append(in_one_go(other, "×", part, scribe))
    if len(products) > 1:
        scribe.say(",")
        products = [in_one_go(products[0], "+", products[1], scribe)]
    scribe.say(".")
    return str(products[0])


def by_parts(operands: Operands, scribe: Scribe) -> str:
    """Split both factors, multiply every pair of parts, add each product at once in its thousands, hundreds and tens."""
    first, second = (round_parts(int(operand)) for operand in operands)
    scribe.say(f", let me split into {' + '.join(map(str, first))} and {' + '.join(map(str, second))}.")
    total = 0
    for index, (one, other) in enumerate((one, other) for one in first for other in second):
        scribe.say(f" {one} × {other} =")
        product = scribe.value(one * other)
        for part in round_parts(product) if index else ():
            scribe.say(f", {total} + {part} =")
            total = scribe.value(total + part)
        total = total if index else product
        scribe.say(".")
    return str(total)


def by_digits(operands: Operands, scribe: Scribe) -> str:
    """Multiply the longer factor by one digit of the other at a time with carries, then add the rows by columns."""
    longer, shorter = sorted(operands, key=len, reverse=True)
    rows = []
    scribe.say(", let me go digit by digit.")
    for place, digit in enumerate(reversed(shorter)):
        if digit != "0":
            rows.append(_row(longer, int(digit), place, scribe))
    return str(rows[0] if len(rows) == 1 else _columns(rows[0], rows[1], scribe))


def _row(longer: str, digit: int, place: int, scribe: Scribe) -> int:
    """One digit of a factor times the other factor, ones first."""
    carry = row = 0
    scribe.say(f" Times {digit}{'0' * place}:")
    for index, other in enumerate(reversed(longer)):
        scribe.say(f"{';' if index else ''} {other} × {digit} =")
        product = scribe.value(int(other) * digit)
        if carry:
            scribe.say(f", {product} + {carry} =")
            product = scribe.value(product + carry)
        last = index == len(longer) - 1
        row += (product if last else product % 10) * 10**index
        carry = product // 10
        scribe.say("" if last else f", write {product % 10} carry {carry}")
    shifted: int = row * 10**place
    scribe.say(f". That is {shifted}.")
    return shifted


def _columns(first: int, second: int, scribe: Scribe) -> int:
    """The sum of two rows, one digit at a time."""
    carry = total = 0
    scribe.say(f" Add {first} and {second}.")
    columns = list(zip_longest(str(first)[::-1], str(second)[::-1], fillvalue=""))
    for place, column in enumerate(columns):
        one, *others = [digit for digit in (*column, str(carry)) if digit not in ("", "0")] or ["0"]
        scribe.say(f" {PLACES[place] if place < len(PLACES) else 'Next'}: {one}")
        digit_sum = int(one)
        for index, other in enumerate(others):
            scribe.say(f", {digit_sum} + {other} =" if index else f" + {other} =")
            digit_sum = scribe.value(digit_sum + int(other))
        last = place == len(columns) - 1
        total += (digit_sum if last else digit_sum % 10) * 10**place
        carry = 0 if last else digit_sum // 10
        scribe.say(f", write {digit_sum % 10} carry {carry}." if carry else ".")
    return total


DOMAIN = Domain(
    name="products",
    title="multiplying two numbers",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What is {product}?",
        "{product}",
        "{product} = ?",
        "{product}=",
        "How much is {product}?",
        "What's {product}?",
        "Calculate {product}.",
        "Work out {product}.",
        "Compute {product}.",
        "Solve {product}.",
        "Multiply {first} by {second}.",
        "Multiply {first} and {second}.",
        "What is the product of {first} and {second}?",
        "Find the product of {first} and {second}.",
        "What do I get if I multiply {first} by {second}?",
        "Can you multiply {first} and {second}?",
        "Can you tell me what {product} is?",
        "I want to multiply {first} and {second}. What is the result?",
        "How much do {first} times {second} make?",
        "What does {product} make?",
        "What does {product} come to?",
        "What is the result of {product}?",
        "Give me the result of {product}.",
        "Please work out {product}.",
        "Please multiply {first} by {second}.",
        "Do you know what {product} is?",
        "How much do I get if I multiply {first} and {second}?",
        "{first} multiplied by {second} is how much?",
        "I need {product}.",
        "What is {first} times {second}?",
        "If you take {first} times {second}, how much is it?",
    ),
    unseen=(
        "{first} times {second}?",
        "I forgot my times tables, what's {product}?",
        "Could you multiply {first} and {second} together for me?",
        "how much is {first} lots of {second}",
        "What answer should my pupils get for {product}?",
        "Please find the product of {first} and {second}.",
    ),
    draft=draft,
    rough=in_two_products,
    check_a=by_parts,
    check_b=by_digits,
    showcase=(("23", "47"), ("68", "79"), ("347", "26")),
    canonical=lambda operands: tuple(sorted(operands)),
)
