"""Taking one whole number away from a larger one."""

from __future__ import annotations

from itertools import zip_longest
from random import Random

from training.mini.domains.base import Conclusion, Domain, Operands, listed, one_of, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import PLACES, compute, lead_and_rest, round_parts

MINUS = (" - ", "-", " minus ", " take away ")
LENGTHS = (  # how many digits the two numbers have
    *("22", "22", "22", "22", "32", "32", "32"),
    *("33", "33", "33", "33", "33", "42", "42", "42"),
    *("43", "44", "44", "53"),
)
LONG = 1000  # from here on a part is taken away in two steps where it would have to borrow


class Subtraction(Domain):
    """The difference of two numbers."""

    name = "subtraction"
    title = "taking away numbers"
    showcase = (("83", "47"), ("503", "278"), ("4002", "1357"))

    def sample(self, rng: Random) -> Operands:
        """A number of two to five digits and a smaller one of at least two."""
        lengths = rng.choice(LENGTHS)
        first, second = (rng.randint(10 ** (int(n) - 1) + 1, 10 ** int(n) - 1) for n in lengths)
        return str(max(first, second)), str(min(first, second))

    def answer(self, operands: Operands) -> str:
        """The difference."""
        return str(int(operands[0]) - int(operands[1]))

    def size(self, operands: Operands) -> int:
        """By the number of digits in all."""
        return size_by(sum(map(len, operands)), 5, 6)

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The difference with a minus sign, and both numbers."""
        return {"difference": one_of(MINUS, rng).join(operands), "first": operands[0], "second": operands[1]}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The difference in one go."""
        return scribe.say(f"Quickly: {' - '.join(operands)} =").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Split off the leading part, take away the rest at once, then the leading part."""
        left = int(operands[0])
        scribe.say(f", let me split {operands[1]}:")
        for part in reversed(lead_and_rest(int(operands[1]))):
            left = compute(left, "-", part, scribe)
        return left

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Take away the hundreds, then the tens, then the ones."""
        left, parts = int(operands[0]), round_parts(int(operands[1]))
        scribe.say(f", let me take away {listed(parts)}.")
        for part in parts:
            for step in _in_steps(left, part):
                left = compute(left, "-", step, scribe)
            scribe.stop()
        return left

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Subtract one digit at a time from the ones on; a borrowed one is taken away in the next column."""
        borrowed = difference = 0
        scribe.say(", let me subtract by columns.")
        for place, (digit, other) in enumerate(zip_longest(*(operand[::-1] for operand in operands))):
            scribe.say(f" {PLACES[place]}:")
            taken = borrowed if other is None else compute(borrowed, "+", int(other), scribe) if borrowed else int(other)
            borrowed = max(0, -((int(digit) - taken) // 10))
            enough = int(digit) + 10 * borrowed
            scribe.then(f" {digit} - {taken}, borrow {borrowed}, {enough} - {taken} =" if borrowed else f" {digit} - {taken} =")
            difference += scribe.value(enough - taken) * 10**place
            scribe.say(f", so far {difference:0{place + 1}}" if place else "").stop()
        return difference


def _in_steps(left: int, part: int) -> list[int]:
    """A part such as 700 whole, or from a long number that would have to borrow, first down to the zero: 5230 -> [200, 500]."""
    unit = 10 ** (len(str(part)) - 1)
    there = left // unit % 10 * unit
    return [there, part - there] if left >= LONG and 0 < there < part else [part]


DOMAIN = Subtraction()
