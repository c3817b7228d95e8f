"""Steps that the working of several domains shares, written through a scribe."""

from __future__ import annotations

from collections.abc import Sequence

from training.mini.domains.base import round_parts
from training.mini.domains.scribe import Scribe


def in_one_go(total: int, sign: str, number: int, scribe: Scribe) -> int:
    """Write one whole step: "35 + 48 = 83", "35 - 48 = -13" or "35 × 4 = 140"; only a slip makes it fall below zero."""
    scribe.say(f" {total} {sign} {number} =")
    return scribe.value(total * number if sign == "×" else total + number if sign == "+" else total - number)


def lead_and_rest(number: int) -> list[int]:
    """A number as its first digit and what follows, without zeros: 345 -> [300, 45]."""
    lead, *others = round_parts(number)
    return [lead, sum(others)] if others else [lead]


def plus_parts(total: int, number: int, scribe: Scribe) -> int:
    """Write the sum of two numbers, the second one in its hundreds, tens and ones; the sums are separated by commas."""
    for index, part in enumerate(round_parts(number)):
        scribe.say(f"{',' if index else ''} {total} + {part} =")
        total = scribe.value(total + part)
    return total


def minus_parts(total: int, number: int, scribe: Scribe, *, ones_first: bool = False) -> int:
    """Write the difference of two numbers, the second one in its hundreds, tens and ones; it may fall below zero after a slip."""
    parts = round_parts(number)
    for index, part in enumerate(parts[::-1] if ones_first else parts):
        scribe.say(f"{',' if index else ''} {total} - {part} =")
        total = scribe.value(total - part)
    return total


def as_multiple(number: int, factor: int, scribe: Scribe) -> int:
    """Write a number as a multiple: "24 is 4 × 6"; where it is none (after a slip), it is nearly the one below."""
    right = max(0, number // factor)
    scribe.say(f" {number} {'is' if number == right * factor else 'is nearly'} {factor} ×")
    return scribe.value(right)


def tens_then_ones(numbers: Sequence[int], scribe: Scribe) -> int:
    """Write the sum of several numbers: all their tens, then all their ones, then both together."""
    if len(numbers) == 1:
        return numbers[0]
    tens = [number - number % 10 for number in numbers if number >= 10]
    ones = [number % 10 for number in numbers if number % 10]
    totals = []
    for name, parts in (("Tens", tens), ("Ones", ones)):
        if parts:
            scribe.say(f" {name} {parts[0]}")
            total = parts[0]
            for index, part in enumerate(parts[1:]):
                scribe.say(f", {total} + {part} =" if index else f" + {part} =")
                total = scribe.value(total + part)
            scribe.say(".")
            totals.append(total)
    if len(totals) > 1:
        scribe.say(f" {totals[0]} + {totals[1]} =")
        totals = [scribe.value(sum(totals))]
        scribe.say(".")
    return totals[0] if totals else 0
