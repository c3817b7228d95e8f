"""Steps that the working of several domains shares, written through a scribe.

Every step returns the number that was written, so that a slip goes on. A comma separates a step from the value before it.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

from training.mini.domains.base import listed
from training.mini.domains.scribe import Scribe

OPERATIONS = {"+": operator.add, "-": operator.sub, "×": operator.mul}
PLACES = ("Ones", "Tens", "Hundreds", "Thousands", "Ten thousands", "Next")


def round_parts(number: int) -> list[int]:
    """A number as thousands, hundreds, tens and ones without the zeros: 304 -> [300, 4]."""
    digits = str(number)
    return [int(digit) * 10 ** (len(digits) - 1 - place) for place, digit in enumerate(digits) if digit != "0"]


def lead_and_rest(number: int) -> list[int]:
    """A number as its first digit and what follows, without zeros: 345 -> [300, 45]."""
    lead, *others = round_parts(number)
    return [lead, sum(others)] if others else [lead]


def compute(left: int, sign: str, right: int, scribe: Scribe) -> int:
    """Write one whole step: "35 + 48 = 83", "35 - 48 = -13" or "35 × 4 = 140"; only a slip makes it fall below zero."""
    return scribe.then(f" {left} {sign} {right} =").value(OPERATIONS[sign](left, right))


def add_all(numbers: Sequence[int], scribe: Scribe) -> int:
    """Write the sum of numbers one after the other: "3 + 4 = 7, 7 + 5 = 12"; nothing for a single one."""
    total = numbers[0]
    for number in numbers[1:]:
        total = compute(total, "+", number, scribe)
    return total


def add_named(name: str, numbers: Sequence[int], scribe: Scribe) -> int:
    """Write a name and the sum of its numbers: "Tens: 3 + 4 = 7, 7 + 5 = 12"; a single number as it is: "Tens: 3"."""
    scribe.say(f" {name}" if numbers[1:] else f" {name} {numbers[0]}")
    return add_all(numbers, scribe)


def multiply_all(factors: Sequence[int], scribe: Scribe) -> int:
    """Write a product of two numbers; nothing for a single one."""
    return compute(factors[0], "×", factors[1], scribe) if len(factors) > 1 else factors[0]


def in_parts(total: int, sign: str, number: int, scribe: Scribe, *, ones_first: bool = False) -> int:
    """Write a sum or difference, the second number in its hundreds, tens and ones; it may fall below zero after a slip."""
    parts = round_parts(number)
    for part in parts[::-1] if ones_first else parts:
        total = compute(total, sign, part, scribe)
    return total


def take_away(number: int, parts: Iterable[int], scribe: Scribe) -> int:
    """Take parts away as long as they fit; only after a slip they do not."""
    for part in parts:
        if part > number:
            break
        number = compute(number, "-", part, scribe)
    return number


def as_multiple(number: int, factor: int, scribe: Scribe) -> int:
    """Write a number as a multiple: "24 is 4 × 6"; where it is none (after a slip), it is nearly the one below."""
    right = max(0, number // factor)
    return scribe.then(f" {number} {'is' if number == right * factor else 'is nearly'} {factor} ×").value(right)


def tens_then_ones(numbers: Sequence[int], scribe: Scribe) -> int:
    """Write the sum of several numbers: all their tens, then all their ones, then both together."""
    if len(numbers) == 1:
        return numbers[0]
    tens = [number - number % 10 for number in numbers if number >= 10]
    ones = [number % 10 for number in numbers if number % 10]
    totals = []
    for name, parts in (("Tens", tens), ("Ones", ones)):
        if parts:
            totals.append(add_named(name, parts, scribe))
            scribe.stop()
    total = add_all(totals or [0], scribe)
    scribe.stop()
    return total


def add_listed(name: str, numbers: Sequence[int], scribe: Scribe) -> int:
    """Write what numbers there are, such as "Plus: 12, 28 and 9.", and their sum, tens first."""
    scribe.say(f" {name}: {listed(numbers)}.")
    return tens_then_ones(numbers, scribe)
