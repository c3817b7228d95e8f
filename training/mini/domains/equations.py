"""Solving equations such as x + 3 = 9 and 3x + 7 = 52 for x, sometimes with x on both sides."""

from __future__ import annotations

import re
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import as_multiple, in_one_go, minus_parts, plus_parts

SIDE = re.compile(r"(\d*)x(?: ([+-]) (\d+))?")
FROM = " - x"  # what follows the number in an equation such as 10 - x = 4
LARGEST_FACTOR = 9
LARGEST_SOLUTION, LARGEST_CONSTANT = {MEDIUM: 12, LARGE: 40}, {MEDIUM: 20, LARGE: 99}
LARGEST_ON_BOTH_SIDES = 30  # a solution, else there is too much to try
LARGEST_SMALL = 10  # of the numbers in an equation of one step
MEDIUM_RIGHT_SIDE = 99


def sample(rng: Random) -> Operands:
    """Both sides of an equation with a whole solution of at least 0."""
    wanted = rng.choices((SMALL, MEDIUM, LARGE), (38, 40, 22))[0]
    if wanted == SMALL:
        return _one_step(rng)
    both_sides = wanted == LARGE and rng.random() < 0.6
    while True:
        factor = rng.randint(2, LARGEST_FACTOR)
        solution = rng.randint(0, LARGEST_ON_BOTH_SIDES if both_sides else LARGEST_SOLUTION[wanted])
        constant = rng.randint(1, LARGEST_CONSTANT[wanted])
        sign = rng.choice((1, 1, -1))
        if constant > 10 * factor and sign < 0:
            continue  # ten is tried first
        left = _written(factor, sign * constant)
        other = rng.randint(2, factor - 1) if both_sides and factor > 3 else 0
        right = (factor - other) * solution + sign * constant
        operands = left, _written(other, right) if other else str(right)
        if (other and factor - other < 2) or right < 1 or size(operands) != wanted:
            continue
        return operands if not other or rng.random() < 0.7 else operands[::-1]


def _one_step(rng: Random) -> Operands:
    """An equation such as x + 3 = 9, x - 3 = 6, 2x = 14 or 10 - x = 4."""
    solution, number = rng.randint(1, LARGEST_SMALL), rng.randint(2, LARGEST_SMALL)
    kind = rng.randrange(4)
    if kind == 0:
        return f"x + {number}", str(solution + number)
    if kind == 1:
        return f"x - {number}", str(solution)  # x is the sum
    if kind == 2:
        return f"{min(number, LARGEST_FACTOR)}x", str(min(number, LARGEST_FACTOR) * solution)
    return f"{solution + number}{FROM}", str(number)


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


def answer(operands: Operands) -> str:
    """The x that makes both sides equal."""
    if taken := _taken_from(operands):
        return str(taken[0] - taken[1])
    factor, constant, other, right = _ordered(operands)
    return str((right - constant) // (factor - other))


def _taken_from(operands: Operands) -> tuple[int, int] | None:
    """The 10 and the 4 of 10 - x = 4; nothing for other equations."""
    for side, other in (operands, operands[::-1]):
        if side.endswith(FROM):
            return int(side.removesuffix(FROM)), int(other)
    return None


def size(operands: Operands) -> int:
    """One step is small; x on both sides or three digits on the other side are large."""
    if _taken_from(operands):
        return SMALL
    factor, constant, other, right = _ordered(operands)
    if other or right > MEDIUM_RIGHT_SIDE:
        return LARGE
    return SMALL if factor == 1 or not constant else MEDIUM


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The equation, sometimes with its sides exchanged or without spaces."""
    equation = " = ".join(operands)
    if rng and rng.random() < 0.1:
        equation = " = ".join(reversed(operands))
    if rng and rng.random() < 0.2:
        equation = equation.replace(" ", "")
    return {"equation": equation}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The solution in one go."""
    scribe.say(f"Quickly: {' = '.join(operands)} gives x =")
    solution = scribe.value(int(answer(operands)))
    scribe.say(".")
    return str(solution)


def collect(operands: Operands, scribe: Scribe) -> str:
    """Collect the x, then the numbers, each at once, and divide at once."""
    scribe.say(", let me find x:")
    if taken := _taken_from(operands):
        solution = in_one_go(taken[0], "-", taken[1], scribe)
        scribe.say(".")
        return str(max(0, solution))
    factor, constant, other, right = _ordered(operands)
    if other:
        scribe.say(f" {factor}x - {other}x =")
        factor = scribe.value(factor - other)
        scribe.say("x,")
    if constant:
        right = max(0, in_one_go(right, "-" if constant > 0 else "+", abs(constant), scribe))
        scribe.say("," if factor > 1 else "")
    solution = as_multiple(right, factor, scribe) if factor > 1 else right
    scribe.say(".")
    return str(solution)


def undo(operands: Operands, scribe: Scribe) -> str:
    """Undo step by step: gather the x, move the number, divide by the factor."""
    scribe.say(f", let me undo {' = '.join(operands)}.")
    if taken := _taken_from(operands):
        scribe.say(f" x and {taken[1]} make {taken[0]}:")
        solution = minus_parts(*taken, scribe)
        scribe.say(".")
        return str(max(0, solution))
    factor, constant, other, right = _ordered(operands)
    if other:
        scribe.say(f" Take away {other}x: {factor} - {other} =")
        factor = scribe.value(factor - other)
        scribe.say(f", so {_written(factor, constant)} = {right}.")
    if constant:
        scribe.say(f" {'Take away' if constant > 0 else 'Add'} {abs(constant)}:")
        right = (minus_parts if constant > 0 else plus_parts)(right, abs(constant), scribe)
        scribe.say(f", so {_written(factor, 0)} = {right}.")
    return str(_divide(right, factor, scribe) if factor > 1 else max(0, right))


def _divide(number: int, factor: int, scribe: Scribe) -> int:
    """Write a division as a multiple of ten and the rest."""
    tens = 0
    if number >= 10 * factor:
        tens = number // factor // 10 * 10
        scribe.say(f" {factor} ×")
        tens = scribe.value(tens)
        scribe.say(" =")
        product = scribe.value(factor * tens)
        scribe.say(", left")
        number = scribe.value(max(0, number - product))
        scribe.say(".")
        if not number:
            return tens
    ones = as_multiple(number, factor, scribe)
    scribe.say(f", x = {tens} + {ones} =" if tens else ".")
    if not tens:
        return ones
    total = scribe.value(tens + ones)
    scribe.say(".")
    return total


def try_values(operands: Operands, scribe: Scribe) -> str:
    """Try 10, 20, 30 and so on until the side with more x has caught up, then go back by what is too much."""
    if taken := _taken_from(operands):
        scribe.say(f", let me try x = 1 in {' = '.join(operands)}.")
        return _count_down(*taken, scribe)
    factor, constant, other, right = _ordered(operands)
    scribe.say(f", let me try x = 10 in {' = '.join(operands)}.")
    tried = 10
    value = _side(factor, constant, scribe)
    goal = _side(other, right, scribe) if other else right
    while value < goal:
        tried += 10
        scribe.say(f" x = {tried}: {value} + {10 * factor} =")
        value = scribe.value(value + 10 * factor)
        if other:
            scribe.say(f", {goal} + {10 * other} =")
            goal = scribe.value(goal + 10 * other)
        scribe.say(".")
    if value == goal:
        scribe.say(f" {value} fits.")
        return str(tried)
    scribe.say(f" {value} is over {goal}:")
    over = minus_parts(value, goal, scribe)
    scribe.say(".")
    if other:
        scribe.say(f" Each x counts {factor} - {other} =")
        factor = scribe.value(factor - other)
        scribe.say(".")
    back = as_multiple(over, factor, scribe)
    scribe.say(f", {tried} - {back} =")
    solution = scribe.value(max(0, tried - back))
    scribe.say(".")
    return str(solution)


def _count_down(left: int, goal: int, scribe: Scribe) -> str:
    """Try 1, 2, 3 and so on until what is left has come down to the other side."""
    tried = 0
    while tried < 2 * LARGEST_SMALL:
        tried += 1
        scribe.say(f"{',' if tried > 1 else ''} {tried}:")
        left = scribe.value(max(0, left - 1))
        if left <= goal:
            break
    scribe.say(f". x = {tried} fits.")
    return str(tried)


def _side(factor: int, constant: int, scribe: Scribe) -> int:
    """Write what a side is worth for x = 10."""
    value = 10
    if factor > 1:
        scribe.say(f" {factor} × {value} =")
        value = scribe.value(factor * value)
        scribe.say("," if constant else "")
    value = (plus_parts if constant > 0 else minus_parts)(value, abs(constant), scribe)
    scribe.say(".")
    return value


DOMAIN = Domain(
    name="equations",
    title="solving equations",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "Solve {equation}.",
        "Solve {equation}",
        "{equation}",
        "{equation}, x = ?",
        "{equation}. What is x?",
        "What is x if {equation}?",
        "What is x in {equation}?",
        "Find x: {equation}.",
        "Find x if {equation}.",
        "Solve for x: {equation}.",
        "Solve the equation {equation}.",
        "Work out x: {equation}.",
        "For which x is {equation}?",
        "If {equation}, what is x?",
        "If {equation}, then how much is x?",
        "Can you solve {equation}?",
        "I know that {equation}. What is x?",
        "What number is x in the equation {equation}?",
        "Which number solves {equation}?",
        "How much is x in {equation}?",
        "Can you find x if {equation}?",
        "Tell me x if {equation}.",
        "Please solve {equation}.",
        "What does x have to be if {equation}?",
        "Do you know x in {equation}?",
        "{equation}. How much is x?",
        "I need x: {equation}.",
    ),
    unseen=(
        "{equation}, so what's x?",
        "Which value of x makes {equation} true?",
        "I'm stuck on {equation}. Can you tell me what x equals?",
        "What number does x stand for in {equation}?",
        "On the worksheet it says {equation}. What should I put for x?",
    ),
    draft=draft,
    rough=collect,
    check_a=undo,
    check_b=try_values,
    showcase=(("3x + 7", "52"), ("6x - 8", "130"), ("7x - 5", "3x + 19")),
    canonical=lambda operands: tuple(sorted(operands)),
)
