"""Finding the next number of a sequence."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, choose_size, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import add_all, compute, round_parts

SIGNS = ("plus", "minus")
DIRECTIONS = ("up", "down")
FACTORS = (2, 3)
YES_NO = ("yes", "no")
TIMES, SAME, GROWING = range(3)  # rules
LENGTHS = ((4, 4, 4, 5), (4, 4, 5, 5), (4, 4, 5, 5))  # of small, medium and large sequences
TOPS = (40, 120, 499)  # the largest number shown
STEPS = ((1, 9), (2, 9), (2, 16))  # in medium ones also up to the large ones' largest


class Sequences(Domain):
    """Four or five numbers that mostly have the same step, else a growing step or a factor."""

    name = "sequences"
    title = "continuing a sequence"
    showcase = (("3", "6", "12", "24", "48"), ("1", "2", "4", "7", "11"), ("68", "72", "76", "80"))

    def sample(self, rng: Random) -> Operands:
        """The numbers shown; first the size and the rule are chosen."""
        wanted, dice = choose_size(rng), rng.random()
        rule = TIMES if dice < 0.12 else SAME if dice < 0.8 else GROWING
        while True:
            numbers = _sequence(rng, rule, wanted)
            shown = tuple(map(str, numbers[:-1]))
            if min(numbers) >= 1 and max(numbers) <= TOPS[LARGE] and self.size(shown) == wanted:
                return shown

    def answer(self, operands: Operands) -> str:
        """The next number."""
        numbers = list(map(int, operands))
        factor, steps = _factor_of(numbers), _differences(numbers)
        return str(numbers[-1] * factor if factor else numbers[-1] + steps[-1] + _growth_of(steps))

    def size(self, operands: Operands) -> int:
        """By the largest number."""
        return size_by(max(map(int, operands)), TOPS[SMALL], TOPS[MEDIUM])

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The numbers with commas, sometimes with spaces only."""
        return {"list": (" " if rng and rng.random() < 0.1 else ", ").join(operands)}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The next number at a glance."""
        return scribe.say(f"At a glance: {', '.join(operands)}, next").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Write the steps and the one that follows at a glance, then go it at once."""
        numbers = list(map(int, operands))
        scribe.say(", let me write the steps:")
        if factor := _factor_of(numbers):
            sign = "×"
            scribe.say(" times")
            steps = [scribe.say("," if index else "").pick(factor, FACTORS) for index, _ in enumerate(numbers[1:])]
            step = scribe.say(", then").pick(_most_common(steps), FACTORS)
        else:
            sign = "+-"[SIGNS.index(scribe.pick(SIGNS[numbers[0] > numbers[1]], SIGNS))]
            steps = [scribe.say("," if index else "").value(abs(step)) for index, step in enumerate(_differences(numbers))]
            growth = _growth_of(steps)
            step = scribe.say(", then").value(steps[-1] + growth if growth else _most_common(steps))
        scribe.stop()
        return max(0, compute(numbers[-1], sign, step, scribe))

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Find the step from each number to the next, see the rule in the steps and apply it."""
        numbers = list(map(int, operands))
        scribe.say(", let me find the steps.")
        if factor := _factor_of(numbers):
            factors = []
            for number, following in pairwise(numbers):
                factors.append(scribe.say(f" {number} to {following}: times").pick(factor, FACTORS))
                scribe.stop()
            factor = _most_common(factors)
            scribe.say(f" {numbers[-1]} × {factor}:")
            return add_all([compute(part, "×", factor, scribe) for part in round_parts(numbers[-1])], scribe)
        sign = {"up": 1, "down": -1}[scribe.say(" They go").pick(DIRECTIONS[numbers[0] > numbers[1]], DIRECTIONS)]
        scribe.stop()
        steps = [_distance(number, following, scribe) for number, following in pairwise(numbers)]
        growth, step = _growth_of(steps), _most_common(steps)
        scribe.say(f" Steps {', '.join(map(str, steps))}:")
        if growth:
            step = scribe.say(f" growing by {growth}, {steps[-1]} + {growth} =").value(steps[-1] + growth)
        else:
            scribe.say(f" {'the same' if len(set(steps)) == 1 else 'mostly'} {step}")
        return _add(numbers[-1], step * sign, scribe.stop())

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Read a rule from the first two numbers, test it on each further number, then apply it."""
        numbers = list(map(int, operands))
        scribe.say(", let me test a rule.")
        if factor := _factor_of(numbers):
            rules = [f"Times {one}" for one in FACTORS]
            factor = FACTORS[rules.index(scribe.pick(f"Times {factor}", rules))]
            scribe.say(":")
            for number, following in pairwise(numbers):
                _agrees(_multiply_columns(number, factor, scribe), following, scribe)
            return _multiply_columns(numbers[-1], factor, scribe)
        step, growth = _count_between(numbers[0], numbers[1], scribe), 0
        for number, following in pairwise(numbers[1:]):
            step = _grown(step, growth, scribe)
            if not _agrees(_add(number, step, scribe), following, scribe):
                before, step = step - growth, _count_between(number, following, scribe)
                growth = max(0, step - before) if step > 0 else 0
                scribe.say(f" Growing by {growth}." if growth else "")
        return _count_on(numbers[-1], _grown(step, growth, scribe), scribe)


def _sequence(rng: Random, rule: int, wanted: int) -> list[int]:
    """A sequence with a rule, about as large as wanted, and the number that follows."""
    length = rng.choice(LENGTHS[wanted]) + 1
    first = rng.randint(1, TOPS[wanted])
    if rule == TIMES:
        factor = rng.choice(FACTORS)
        return [first * factor**index for index in range(length)]
    if rule == SAME:
        step = rng.randint(*STEPS[LARGE if wanted == MEDIUM and rng.random() < 0.4 else wanted])
        steps = [step * rng.choice((1, 1, -1))] * length
    else:
        least, growth = rng.randint(1, 5), rng.choice((1, 1, 2, 2, 3))
        steps = [least + growth * index for index in range(length)]
    return [first + sum(steps[:index]) for index in range(length)]


def _differences(numbers: list[int]) -> list[int]:
    """What is added from each number to the next."""
    return [following - number for number, following in pairwise(numbers)]


def _factor_of(numbers: list[int]) -> int:
    """The factor from each number to the next; 0 if there is none."""
    return next((factor for factor in FACTORS if all(one * factor == following for one, following in pairwise(numbers))), 0)


def _growth_of(steps: list[int]) -> int:
    """By how much the steps grow, most of them if not all; 0 if most stay the same."""
    changes = _differences(steps)
    growth = _most_common(changes)
    grows = growth > 0 and changes.count(growth) / len(changes) > steps.count(_most_common(steps)) / len(steps)
    return growth if grows else 0


def _most_common(numbers: list[int]) -> int:
    """The number that occurs most often, the first of several."""
    return max(numbers, key=numbers.count)


def _distance(number: int, following: int, scribe: Scribe) -> int:
    """How far it is from a number to the next, by way of the ten just above the smaller one."""
    small, big = sorted((number, following))
    ten = -(-small // 10) * 10
    way = (number, ten, following) if small < ten < big else (number, following)
    legs = [scribe.then(f" {one} to {other} is").value(abs(other - one)) for one, other in pairwise(way)]
    distance = add_all(legs, scribe)
    scribe.stop()
    return distance


def _add(number: int, step: int, scribe: Scribe) -> int:
    """Add or take away the tens and the ones of a step."""
    for part in round_parts(abs(step)) or [0]:
        scribe.then(f" {number} {'-' if step < 0 else '+'} {part} =")
        number = scribe.value(max(0, number - part if step < 0 else number + part))
    return number


def _grown(step: int, growth: int, scribe: Scribe) -> int:
    """The next step, worked out if steps grow."""
    if growth:
        step = compute(step, "+", growth, scribe)
        scribe.say(":")
    return step


def _agrees(result: int, following: int, scribe: Scribe) -> bool:
    """Say whether a result is the number shown."""
    agrees = scribe.say(",").pick(YES_NO[result != following], YES_NO) == "yes"
    scribe.stop()
    return agrees


def _count_between(number: int, following: int, scribe: Scribe) -> int:
    """Find a step by counting from a number to another, ten at a time and then one at a time."""
    sign = -1 if following < number else 1
    scribe.say(f" {number} to {following}:")
    count = 0
    while (following - number) * sign > 0 or not count:
        jump = 10 if (following - number) * sign >= 10 else 1
        count += jump
        number = _counted(count, number + jump * sign, scribe)
    scribe.say(f", {SIGNS[sign < 0]} {count}.")
    return count * sign


def _count_on(number: int, step: int, scribe: Scribe) -> int:
    """Add or take away a step ten at a time and then one at a time."""
    scribe.say(f" {number} {SIGNS[step < 0]} {abs(step)}:")
    count = 0
    while count < abs(step):
        jump = 10 if abs(step) - count >= 10 else 1
        count += jump
        number = _counted(count, number + (jump if step > 0 else -jump), scribe)
    return number


def _counted(count: int, number: int, scribe: Scribe) -> int:
    """Write the next number of a count; a slip is one off."""
    return scribe.then(f" {count} is").pick(max(0, number), [max(0, number + slip) for slip in (-1, 0, 1)])


def _multiply_columns(number: int, factor: int, scribe: Scribe) -> int:
    """Multiply digit by digit from the ones, with carries."""
    carry, written, places = 0, "", len(str(number))
    scribe.say(f" {number} × {factor}:" if places > 1 else "")
    for index, digit in enumerate(reversed(str(number))):
        product = compute(int(digit), "×", factor, scribe)
        if carry:
            product = compute(product, "+", carry, scribe)
        carry, written = product // 10, str(product if index == places - 1 else product % 10) + written
    scribe.say(f", makes {int(written)}" if places > 1 else "")
    return int(written)


DOMAIN = Sequences()
