"""The miniature's working: for each domain one quick draft and two slower checks, in plain words.

Knows arithmetic and text; knows no tokens, no chains and no model. A method writes one pass through a `Scribe`, which may let one
value slip: the working then goes on from the wrong value (the model learns to go on after an error, not to make one).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from random import Random

from training.mini.problems import Problem
from training.mini.scribe import Pass, Scribe

PLACES = ("Ones", "Tens", "Hundreds", "Thousands")
NUMBERS = ("one", "two")  # names the larger one in one word before its digits are written
DECIMAL_PLACES = ("Tenths", "Hundredths", "Thousandths")


Method = Callable[[Problem, Scribe], str]


def draft_letters(problem: Problem, scribe: Scribe) -> str:
    """A glance at the word; no counting."""
    letter, word = problem.operands
    scribe.say("At first sight I see")
    seen = scribe.value(word.count(letter))
    scribe.say(f" {letter} in {word}.")
    return str(seen)


def tally_forwards(problem: Problem, scribe: Scribe) -> str:
    """Go through the word letter by letter with a running count."""
    return _tally(problem, scribe, problem.operands[1], ", let me count letter by letter:")


def tally_backwards(problem: Problem, scribe: Scribe) -> str:
    """Go through the word from its last letter with a running count."""
    return _tally(problem, scribe, problem.operands[1][::-1], ", let me count from the back:")


def _tally(problem: Problem, scribe: Scribe, letters: str, opening: str) -> str:
    count = 0
    scribe.say(opening)
    for letter in letters:
        scribe.say(f" {letter}")
        count = scribe.value(count + (letter == problem.operands[0]), spaced=False)
    scribe.say(".")
    return str(count)


def draft_addition(problem: Problem, scribe: Scribe) -> str:
    """Add the first three numbers in one go, then the fourth."""
    numbers = [int(operand) for operand in problem.operands]
    scribe.say("Quickly: " + " + ".join(problem.operands[:3]) + " =")
    total = scribe.value(sum(numbers[:3]))
    for number in numbers[3:]:
        scribe.say(f", {total} + {number} =")
        total = scribe.value(total + number)
    scribe.say(".")
    return str(total)


def add_by_columns(problem: Problem, scribe: Scribe) -> str:
    """Add the ones, then the tens, then the hundreds, one digit at a time with carries."""
    carry, written = 0, ""
    columns = list(zip_longest(*(operand[::-1] for operand in problem.operands)))
    scribe.say(", let me add by columns.")
    for place, column in enumerate(columns):
        digits = ([str(carry)] if place else []) + [digit for digit in column if digit is not None]
        scribe.say(f" {PLACES[place]}: {digits[0]}")
        total = int(digits[0])
        for index, digit in enumerate(digits[1:]):
            scribe.say(f", {total} + {digit} =" if index else f" + {digit} =")
            total = scribe.value(total + int(digit))
        if place < len(columns) - 1:
            scribe.say(f", write {total % 10}, carry {total // 10}.")
            carry, written = total // 10, str(total % 10) + written
        else:
            scribe.say(".")
            written = str(total) + written
    return str(int(written))


def add_one_by_one(problem: Problem, scribe: Scribe) -> str:
    """Add number after number, each in its hundreds, tens and ones."""
    total = int(problem.operands[0])
    scribe.say(", let me add one at a time:")
    first = True
    for operand in problem.operands[1:]:
        for part in round_parts(int(operand)):
            scribe.say(f"{' ' if first else ', '}{total} + {part} =")
            total, first = scribe.value(total + part), False
    scribe.say(".")
    return str(total)


def round_parts(number: int) -> list[int]:
    """A number as hundreds, tens and ones without the zeros: 304 -> [300, 4]."""
    digits = str(number)
    return [int(digit) * 10 ** (len(digits) - 1 - place) for place, digit in enumerate(digits) if digit != "0"]


def draft_decimals(problem: Problem, scribe: Scribe) -> str:
    """A glance at the two numbers."""
    first, second = problem.operands
    scribe.say(f"At first sight, of {first} and {second} number")
    winner = scribe.pick(problem.operands.index(problem.answer), NUMBERS)
    scribe.say(" is larger.")
    return problem.operands[winner]


def padded(problem: Problem) -> tuple[str, str]:
    """Both decimals with equally many places: 9.11 and 9.8 -> 9.11 and 9.80."""
    first, second = problem.operands
    places = max(len(text.partition(".")[2]) for text in (first, second))
    return f"{Decimal(first):.{places}f}", f"{Decimal(second):.{places}f}"


def compare_by_places(problem: Problem, scribe: Scribe) -> str:
    """Write both equally long, then compare wholes, tenths, hundredths until one is larger."""
    first, second = padded(problem)
    scribe.say(f", let me make them equally long: {first} and {second}.")
    (whole, decimals), (other_whole, other_decimals) = first.split("."), second.split(".")
    rows = [("Wholes", whole, other_whole), *zip(DECIMAL_PLACES, decimals, other_decimals, strict=False)]
    for name, one, other in rows:
        scribe.say(f" {name}: {one} and {other},")
        if one != other:
            scribe.say(" number")
            winner = scribe.pick(int(int(other) > int(one)), NUMBERS)
            scribe.say(" is larger.")
            return problem.operands[winner]
        scribe.say(" the same.")
    raise ValueError(f"{problem.operands} are equal, so neither is larger.")


def compare_as_wholes(problem: Problem, scribe: Scribe) -> str:
    """Read both as whole numbers of the smallest place, then compare digit by digit from the left."""
    first, second = (text.replace(".", "").lstrip("0") for text in padded(problem))
    scribe.say(f", let me drop the points: {first} and {second}.")
    if len(first) != len(second):
        scribe.say(f" {len(first)} digits and {len(second)} digits,")
        scribe.say(" number")
        winner = scribe.pick(int(len(second) > len(first)), NUMBERS)
        scribe.say(" is more.")
        return problem.operands[winner]
    for one, other in zip(first, second, strict=True):
        scribe.say(f" {one} and {other},")
        if one != other:
            scribe.say(" number")
            winner = scribe.pick(int(other > one), NUMBERS)
            scribe.say(" wins.")
            return problem.operands[winner]
        scribe.say(" equal.")
    raise ValueError(f"{problem.operands} are equal, so neither is larger.")


def draft_products(problem: Problem, scribe: Scribe) -> str:
    """Split the first factor and multiply each part in one go."""
    first, second = (int(operand) for operand in problem.operands)
    _add_up([(part, second) for part in round_parts(first)], "Quickly:", scribe)
    return _last_value(scribe)


def multiply_by_parts(problem: Problem, scribe: Scribe) -> str:
    """Split both factors, multiply every pair of parts, add the products one after another."""
    first, second = (round_parts(int(operand)) for operand in problem.operands)
    _add_up([(one, other) for one in first for other in second], ", let me split both numbers:", scribe)
    return _last_value(scribe)


def multiply_swapped(problem: Problem, scribe: Scribe) -> str:
    """Swap the factors and multiply by the ones first, then by the tens, then add the rows part by part."""
    first, second = (round_parts(int(operand))[::-1] for operand in problem.operands)
    scribe.say(f", let me swap them and start with the ones: {problem.operands[1]} × {problem.operands[0]}.")
    rows = []
    for one in first:
        _add_up([(other, one) for other in second], "", scribe)
        rows.append(int(_last_value(scribe)))
    total = rows[0]
    for row in rows[1:]:
        for part in round_parts(row):
            scribe.say(f" {total} + {part} =")
            total = scribe.value(total + part)
            scribe.say(".")
    return str(total)


def _add_up(factors: list[tuple[int, int]], opening: str, scribe: Scribe) -> None:
    """Write products, then their running sum."""
    products = []
    for index, (one, other) in enumerate(factors):
        scribe.say(f"{',' if index else opening} {one} × {other} =")
        products.append(scribe.value(one * other))
    scribe.say(".")
    total = products[0]
    for product in products[1:]:
        scribe.say(f" {total} + {product} =")
        total = scribe.value(total + product)
        scribe.say(".")


def _last_value(scribe: Scribe) -> str:
    return next(text for text, _ in reversed(scribe.pieces) if text.strip().isdigit()).strip()


@dataclass(frozen=True)
class Methods:
    """How one domain is worked: `draft` first, `check_a` and `check_b` after an extension."""

    draft: Method
    check_a: Method
    check_b: Method


METHODS: dict[str, Methods] = {
    "letters": Methods(draft_letters, tally_forwards, tally_backwards),
    "addition": Methods(draft_addition, add_by_columns, add_one_by_one),
    "decimals": Methods(draft_decimals, compare_by_places, compare_as_wholes),
    "products": Methods(draft_products, multiply_by_parts, multiply_swapped),
}


def write_pass(problem: Problem, method: Method, rng: Random, slip_rate: float = 0.0) -> Pass:
    """Work a problem once by one method.

    Args:
        problem: what to work out.
        method: a field of `Methods`.
        rng: decides whether, where and how a value slips.
        slip_rate: probability that one value of the pass is wrong.

    Returns:
        The pass; its conclusion follows from its own steps even after a slip.
    """
    slip_at = None
    if rng.random() < slip_rate:
        clean = Scribe(rng)
        method(problem, clean)
        slip_at = rng.randrange(clean.n_values)
    scribe = Scribe(rng, slip_at)
    conclusion = method(problem, scribe)
    scribe.say(f" So {conclusion}.\n")
    return Pass(tuple(scribe.pieces), conclusion)


def listed(conclusions: Sequence[str]) -> str:
    """Results in words: ["3", "4", "3"] -> "3, 4 and 3"."""
    return f"{', '.join(conclusions[:-1])} and {conclusions[-1]}"


def after_disagreement(working: Pass, conclusions: Sequence[str]) -> Pass:
    """A further check that first recalls what the differing checks before it concluded."""
    (opening, _), *rest = working.pieces
    return Pass(((f", the checks said {listed(conclusions)}, so{opening.removeprefix(',')}", False), *rest), working.conclusion)


def confirmation(conclusions: Sequence[str]) -> Pass:
    """The line that first says that two checks of a trace agree.

    Args:
        conclusions: what the checks so far concluded; the last equals an earlier one.
    """
    agree = "they agree" if len(conclusions) == 2 else "two of them agree"
    return Pass(((f", the checks said {listed(conclusions)}, {agree}. So {conclusions[-1]}.\n", False),), conclusions[-1])


def restatement(conclusion: str) -> Pass:
    """The short line for every extension after the confirmation."""
    return Pass(((f", two checks agree, so I am done. So {conclusion}.\n", False),), conclusion)
