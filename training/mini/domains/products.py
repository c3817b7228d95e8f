"""Multiplying a number of two or three digits by one of one or two."""

from __future__ import annotations

from itertools import product, zip_longest
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, listed, one_of
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import PLACES, add_all, add_named, compute, in_parts, lead_and_rest, round_parts

TIMES = (" × ", " times ", " x ", "x", " * ", "*", "×", " multiplied by ")
SMALL_FACTORS = ((2, 10), (11, 30))
FACTORS = {  # from which ranges the two factors are drawn
    SMALL: (SMALL_FACTORS,),
    MEDIUM: (((2, 9), (31, 99)), ((11, 99), (11, 99)), ((11, 99), (11, 99)), ((11, 99), (11, 99))),
    LARGE: (((2, 9), (101, 999)), ((11, 39), (101, 399))),
}


class Products(Domain):
    """The product of two numbers."""

    name = "products"
    title = "multiplying two numbers"
    showcase = (("23", "47"), ("68", "79"), ("347", "26"))
    ordered = False

    def draw(self, rng: Random, wanted: int) -> Operands | None:
        """Two factors, more often the longer one first."""
        factors = tuple(str(rng.randint(*limits)) for limits in rng.choice(FACTORS[wanted]))
        if self.size(factors) != wanted:
            return None
        return factors if rng.random() < 0.3 else factors[::-1]

    def answer(self, operands: Operands) -> str:
        """The product."""
        return str(int(operands[0]) * int(operands[1]))

    def size(self, operands: Operands) -> int:
        """Up to 10 × 30 small, a factor of three digits large."""
        smaller, larger = sorted(map(int, operands))
        (_, most), (_, most_larger) = SMALL_FACTORS
        return SMALL if smaller <= most and larger <= most_larger else MEDIUM if larger < 100 else LARGE

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The product with a sign or a word, and both factors."""
        return {"product": one_of(TIMES, rng).join(operands), "first": operands[0], "second": operands[1]}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The product in one go."""
        return scribe.say(f"Quickly: {' × '.join(operands)} =").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Split only the shorter factor that is not round, multiply both parts by the other at once and add at once."""
        split, other = sorted(map(int, reversed(operands)), key=lambda factor: (len(round_parts(factor)) == 1, len(str(factor))))
        scribe.say(", let me multiply in big parts:")
        return add_all([compute(other, "×", part, scribe) for part in lead_and_rest(split)], scribe)

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Split both factors, multiply every pair of parts, add each product at once in its thousands, hundreds and tens."""
        first, second = (round_parts(int(operand)) for operand in operands)
        scribe.say(f", let me split into {' + '.join(map(str, first))} and {' + '.join(map(str, second))}.")
        total = 0
        for index, (one, other) in enumerate(product(first, second)):
            partial = compute(one, "×", other, scribe)
            total = in_parts(total, "+", partial, scribe) if index else partial
            scribe.stop()
        return total

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Multiply the longer factor by one digit of the other at a time with carries, then add the rows by columns."""
        longer, shorter = sorted(operands, key=len, reverse=True)
        scribe.say(", let me go digit by digit.")
        rows = [_row(longer, int(digit), place, scribe) for place, digit in enumerate(reversed(shorter)) if digit != "0"]
        return _columns(rows, scribe) if len(rows) > 1 else rows[0]


def _row(longer: str, digit: int, place: int, scribe: Scribe) -> int:
    """One digit of a factor times the other factor, ones first."""
    carry = row = 0
    scribe.say(f" Times {digit}{'0' * place}:")
    for index, other in enumerate(reversed(longer)):
        partial = scribe.say(f"{';' if index else ''} {other} × {digit} =").value(int(other) * digit)
        if carry:
            partial = compute(partial, "+", carry, scribe)
        if index < len(longer) - 1:
            carry, partial = divmod(partial, 10)
            scribe.say(f", write {partial} carry {carry}")
        row += partial * 10 ** (index + place)
    scribe.say(f". That is {row}.")
    return row


def _columns(rows: list[int], scribe: Scribe) -> int:
    """The sum of two rows, one digit at a time."""
    carry = total = 0
    scribe.say(f" Add {listed(rows)}.")
    columns = list(zip_longest(*(str(row)[::-1] for row in rows), fillvalue="0"))
    for place, column in enumerate(columns):
        digits = [digit for digit in (*map(int, column), carry) if digit]
        digit_sum, carry = add_named(f"{PLACES[place]}:", digits or [0], scribe), 0
        if place < len(columns) - 1:
            carry, digit_sum = divmod(digit_sum, 10)
            scribe.say(f", write {digit_sum} carry {carry}" if carry else "")
        total += digit_sum * 10**place
        scribe.stop()
    return total


DOMAIN = Products()
