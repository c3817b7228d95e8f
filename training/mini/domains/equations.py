"""Solving equations such as x + 3 = 9 and 3x + 7 = 52 for x, sometimes with x on both sides."""

from __future__ import annotations

import re
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, choose_size
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import as_multiple, compute, in_parts

SIDE = re.compile(r"(\d*)x(?: ([+-]) (\d+))?")
FROM = " - x"  # what follows the number in an equation such as 10 - x = 4
LARGEST_FACTOR = 9
LARGEST_SOLUTION, LARGEST_CONSTANT = {MEDIUM: 12, LARGE: 40}, {MEDIUM: 20, LARGE: 99}
LARGEST_ON_BOTH_SIDES = 30  # a solution, else there is too much to try
LARGEST_SMALL = 10  # of the numbers in an equation of one step
MEDIUM_RIGHT_SIDE = 99


class Equations(Domain):
    """Two sides of an equation with a whole solution of at least 0."""

    name = "equations"
    title = "solving equations"
    showcase = (("3x + 7", "52"), ("6x - 8", "130"), ("7x - 5", "3x + 19"))
    ordered = False

    def sample(self, rng: Random) -> Operands:
        """Both sides; one step in small equations, sometimes x on both sides in large ones."""
        wanted = choose_size(rng)
        if wanted == SMALL:
            return _one_step(rng)
        both_sides = wanted == LARGE and rng.random() < 0.6
        while True:
            factor = rng.randint(2, LARGEST_FACTOR)
            solution = rng.randint(0, LARGEST_ON_BOTH_SIDES if both_sides else LARGEST_SOLUTION[wanted])
            size_of_constant, sign = rng.randint(1, LARGEST_CONSTANT[wanted]), rng.choice((1, 1, -1))
            constant = sign * size_of_constant
            if -constant > 10 * factor:
                continue  # ten is tried first
            other = rng.randint(2, factor - 1) if both_sides and factor > 3 else 0
            right = (factor - other) * solution + constant
            operands = _written(factor, constant), _written(other, right) if other else str(right)
            if factor - other < 2 or right < 1 or self.size(operands) != wanted:
                continue
            return operands if not other or rng.random() < 0.7 else operands[::-1]

    def answer(self, operands: Operands) -> str:
        """The x that makes both sides equal."""
        if taken := _taken_from(operands):
            return str(taken[0] - taken[1])
        factor, constant, other, right = _ordered(operands)
        return str((right - constant) // (factor - other))

    def size(self, operands: Operands) -> int:
        """One step is small; x on both sides or three digits on the other side are large."""
        if _taken_from(operands):
            return SMALL
        factor, constant, other, right = _ordered(operands)
        if other or right > MEDIUM_RIGHT_SIDE:
            return LARGE
        return SMALL if factor == 1 or not constant else MEDIUM

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The equation, sometimes with its sides exchanged or without spaces."""
        equation = " = ".join(operands[::-1] if rng and rng.random() < 0.1 else operands)
        return {"equation": equation.replace(" ", "") if rng and rng.random() < 0.2 else equation}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The solution in one go."""
        return scribe.say(f"Quickly: {' = '.join(operands)} gives x =").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Collect the x, then the numbers, each at once, and divide at once."""
        scribe.say(", let me find x:")
        if taken := _taken_from(operands):
            return max(0, compute(taken[0], "-", taken[1], scribe))
        factor, constant, other, right = _ordered(operands)
        if other:
            factor = scribe.say(f" {factor}x - {other}x =").value(factor - other)
            scribe.say("x,")
        if constant:
            right = max(0, compute(right, "-" if constant > 0 else "+", abs(constant), scribe))
        return as_multiple(right, factor, scribe) if factor > 1 else right

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Undo step by step: gather the x, move the number, divide by the factor."""
        scribe.say(f", let me undo {' = '.join(operands)}.")
        if taken := _taken_from(operands):
            scribe.say(f" x and {taken[1]} make {taken[0]}:")
            return max(0, in_parts(taken[0], "-", taken[1], scribe))
        factor, constant, other, right = _ordered(operands)
        if other:
            factor = compute(factor, "-", other, scribe.say(f" Take away {other}x:"))
            scribe.say(f", so {_written(factor, constant)} = {right}.")
        if constant:
            scribe.say(f" {'Take away' if constant > 0 else 'Add'} {abs(constant)}:")
            right = in_parts(right, "-" if constant > 0 else "+", abs(constant), scribe)
            scribe.say(f", so {_written(factor, 0)} = {right}.")
        return _divide(right, factor, scribe) if factor > 1 else max(0, right)

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Try 10, 20, 30 and so on until the side with more x has caught up, then go back by what is too much."""
        taken = _taken_from(operands)
        scribe.say(f", let me try x = {1 if taken else 10} in {' = '.join(operands)}.")
        if taken:
            return _count_down(*taken, scribe)
        factor, constant, other, right = _ordered(operands)
        tried = 10
        value = _side_at_ten(factor, constant, scribe)
        goal = _side_at_ten(other, right, scribe) if other else right
        while value < goal:
            tried += 10
            value = compute(value, "+", 10 * factor, scribe.say(f" x = {tried}:"))
            if other:
                goal = compute(goal, "+", 10 * other, scribe)
            scribe.stop()
        if value == goal:
            scribe.say(f" {value} fits.")
            return tried
        over = in_parts(value, "-", goal, scribe.say(f" {value} is over {goal}:"))
        scribe.stop()
        if other:
            factor = compute(factor, "-", other, scribe.say(" Each x counts"))
            scribe.stop()
        back = as_multiple(over, factor, scribe)
        return scribe.then(f" {tried} - {back} =").value(max(0, tried - back))


def _one_step(rng: Random) -> Operands:
    """An equation such as x + 3 = 9, x - 3 = 6, 2x = 14 or 10 - x = 4."""
    solution, number = rng.randint(1, LARGEST_SMALL), rng.randint(2, LARGEST_SMALL)
    factor = min(number, LARGEST_FACTOR)
    return (
        (f"x + {number}", str(solution + number)),
        (f"x - {number}", str(solution)),  # x is the sum
        (f"{factor}x", str(factor * solution)),
        (f"{solution + number}{FROM}", str(number)),
    )[rng.randrange(4)]


def _written(factor: int, constant: int) -> str:
    """One side: (3, -7) -> "3x - 7"."""
    x = f"{factor}x" if factor > 1 else "x"
    return f"{x} {'+' if constant > 0 else '-'} {abs(constant)}" if constant else x


def _read(side: str) -> tuple[int, int]:
    """How many x and how much more: "3x - 7" -> (3, -7), "52" -> (0, 52)."""
    if not (found := SIDE.fullmatch(side)):
        return 0, int(side)
    factor, sign, constant = found.groups(default="0")
    return int(factor or 1), -int(constant) if sign == "-" else int(constant)


def _ordered(operands: Operands) -> tuple[int, int, int, int]:
    """Factor and constant of the side with more x, then of the other side."""
    (factor, constant), (other, right) = sorted(map(_read, operands), reverse=True)
    return factor, constant, other, right


def _taken_from(operands: Operands) -> tuple[int, int] | None:
    """The 10 and the 4 of 10 - x = 4; nothing for other equations."""
    number, side = sorted(operands, key=lambda operand: operand.endswith(FROM))
    return (int(side.removesuffix(FROM)), int(number)) if side.endswith(FROM) else None


def _divide(number: int, factor: int, scribe: Scribe) -> int:
    """Write a division as a multiple of ten and the rest."""
    tens = 0
    if number >= 10 * factor:
        tens = scribe.say(f" {factor} ×").value(number // factor // 10 * 10)
        product = scribe.say(" =").value(factor * tens)
        number = scribe.say(", left").value(max(0, number - product))
        scribe.stop()
        if not number:
            return tens
    ones = as_multiple(number, factor, scribe)
    return scribe.say(f", x = {tens} + {ones} =").value(tens + ones) if tens else ones


def _count_down(left: int, goal: int, scribe: Scribe) -> int:
    """Try 1, 2, 3 and so on until what is left has come down to the other side."""
    tried = 0
    while left > goal and tried < 2 * LARGEST_SMALL:
        tried += 1
        left = scribe.then(f" {tried}:").value(max(0, left - 1))
    scribe.say(f". x = {tried} fits.")
    return tried


def _side_at_ten(factor: int, constant: int, scribe: Scribe) -> int:
    """Write what a side is worth for x = 10."""
    value = compute(factor, "×", 10, scribe) if factor > 1 else 10
    value = in_parts(value, "+" if constant > 0 else "-", abs(constant), scribe)
    scribe.stop()
    return value


DOMAIN = Equations()
