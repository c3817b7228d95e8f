"""Changing units: a big and a small unit into the small one, and back."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, one_of, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import add_all, compute, in_parts, round_parts, take_away


class Pair(NamedTuple):
    """A big unit and a small one.

    Attributes:
        big: the big unit as singular and plural.
        small: the small unit as singular and plural.
        factor: how many small units make a big one.
        most: how many big units a problem has at most.
        weight: how often it is asked.
    """

    big: tuple[str, str]
    small: tuple[str, str]
    factor: int
    most: int
    weight: int

    def joined(self, n_big: int, n_small: int, joint: str = " ") -> str:
        """An amount in both units without what is zero: "3 hours 25 minutes"."""
        amounts = [_with_unit(number, unit) for number, unit in ((n_big, self.big), (n_small, self.small)) if number]
        return joint.join(amounts) or _with_unit(0, self.small)


class Amount(NamedTuple):
    """An amount in both units and in small ones, and whether the small ones are wanted."""

    pair: Pair
    n_big: int
    n_small: int
    total: int
    forward: bool


HOUR, MINUTE, SECOND, DAY = ("hour", "hours"), ("minute", "minutes"), ("second", "seconds"), ("day", "days")
METRE, CENTIMETRE, GRAM = ("metre", "metres"), ("centimetre", "centimetres"), ("gram", "grams")
PAIRS = (
    Pair(HOUR, MINUTE, 60, 24, 9),
    Pair(MINUTE, SECOND, 60, 24, 8),
    Pair(DAY, HOUR, 24, 14, 5),
    Pair(("week", "weeks"), DAY, 7, 30, 6),
    Pair(("year", "years"), ("month", "months"), 12, 20, 5),
    Pair(("foot", "feet"), ("inch", "inches"), 12, 20, 6),
    Pair(("yard", "yards"), ("foot", "feet"), 3, 30, 2),
    Pair(("dozen", "dozen"), ("egg", "eggs"), 12, 20, 4),
    Pair(("pound", "pounds"), ("ounce", "ounces"), 16, 14, 3),
    Pair(("gallon", "gallons"), ("pint", "pints"), 8, 25, 2),
    Pair(("kilogram", "kilograms"), GRAM, 1000, 9, 2),
    Pair(("kilometre", "kilometres"), METRE, 1000, 9, 2),
    Pair(("litre", "litres"), ("millilitre", "millilitres"), 1000, 9, 1),
    Pair(METRE, CENTIMETRE, 100, 30, 2),
    Pair(CENTIMETRE, ("millimetre", "millimetres"), 10, 30, 1),
    Pair(("dollar", "dollars"), ("cent", "cents"), 100, 30, 2),
    Pair(("euro", "euros"), ("cent", "cents"), 100, 30, 1),
)
BY_PLURALS = {(pair.big[1], pair.small[1]): pair for pair in PAIRS}
COUNTS = {SMALL: (1, 4), MEDIUM: (2, 9), LARGE: (10, 30)}  # big units; how many there are decides how long the work is
NOTHING_OVER = 0.12
HIGHEST_TABLE = 12
MOST_TAKEN = 6  # a slip may leave more than anybody wants to take away
ONLY_BIG = 0.2  # how often only the big unit is asked for, though something is over
TEN, FIVE = 10, 5


class Units(Domain):
    """A number of big and of small units wanted in small ones, or a number of small units wanted in big ones."""

    name = "units"
    title = "changing units"
    showcase = (("3", "hours", "25", "minutes"), ("200", "minutes", "hours"), ("5", "feet", "9", "inches"))

    def draw(self, rng: Random, wanted: int) -> Operands | None:
        """Either way, with at most as many big units as the pair has."""
        lowest, highest = COUNTS[wanted]
        pair = rng.choices(PAIRS, [pair.weight for pair in PAIRS])[0]
        if lowest > pair.most:
            return None
        n_big = rng.randint(lowest, min(highest, pair.most))
        n_small = 0 if rng.random() < NOTHING_OVER else rng.randint(1, pair.factor - 1)
        if wanted == SMALL:
            n_small -= n_small % 10 ** (len(str(n_small)) - 1)
        elif pair.factor == 1000 and rng.random() < 0.7:
            n_small = n_small // 50 * 50
        if rng.random() < 0.5:
            return str(n_big * pair.factor + n_small), pair.small[1], pair.big[1]
        return str(n_big), pair.big[1], str(n_small), pair.small[1]

    def answer(self, operands: Operands) -> str:
        """The amount in small units, or in big units and what is over, with the names of the units."""
        pair, n_big, n_small, total, forward = _read(operands)
        return _with_unit(total, pair.small) if forward else pair.joined(n_big, n_small)

    def size(self, operands: Operands) -> int:
        """By the number of big units; small is only what has at most one digit of small units beside zeros."""
        _, n_big, n_small, *_ = _read(operands)
        return size_by(n_big, COUNTS[SMALL][1] if len(round_parts(n_small)) <= 1 else 0, COUNTS[LARGE][0] - 1)

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The amount and the unit or units wanted."""
        pair, n_big, n_small, total, forward = _read(operands)
        if forward:
            return {"amount": pair.joined(n_big, n_small, one_of((" and ", " and ", " "), rng)), "target": pair.small[1]}
        only_big = rng is not None and rng.random() < (ONLY_BIG if n_small else 0.5)
        target = pair.big[1] if only_big else f"{pair.big[1]} and {pair.small[1]}"
        return {"amount": _with_unit(total, pair.small), "target": target}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The other unit in one go."""
        pair, n_big, n_small, total, forward = _read(operands)
        if forward:
            total = scribe.say(f"Quickly: {pair.joined(n_big, n_small)} =").value(total)
            scribe.say(f" {pair.small[1]}")
            return _with_unit(total, pair.small)
        n_big = scribe.say(f"Quickly: {_with_unit(total, pair.small)} =").value(n_big)
        n_small = scribe.say(f" {pair.big[n_big != 1]} and").value(n_small)
        scribe.say(f" {pair.small[n_small != 1]}")
        return pair.joined(n_big, n_small)

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """One product and one sum; on the way back the largest multiple and one difference; each at once."""
        pair, n_big, n_small, total, forward = _read(operands)
        scribe.say(f", let me work with {pair.factor}:")
        if forward:
            product = compute(n_big, "×", pair.factor, scribe)
            return _with_unit(compute(product, "+", n_small, scribe) if n_small else product, pair.small)
        n_big = scribe.pick(n_big, range(max(0, n_big - 2), n_big + 1))
        product = scribe.say(f" × {pair.factor} =").value(n_big * pair.factor)
        return pair.joined(n_big, max(0, compute(total, "-", product, scribe)))

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Multiply by the factor in parts and add the rest; on the way back take multiples of the factor away."""
        pair, n_big, n_small, total, forward = _read(operands)
        scribe.say(f", let me multiply by {pair.factor}.")
        if not forward:
            return pair.joined(*_take_multiples(total, pair.factor, scribe))
        total = 0
        for index, part in enumerate(round_parts(n_big)):
            product = _times(part, pair.factor, scribe)
            total = in_parts(total, "+", product, scribe) if index else product
            scribe.stop()
        return _with_unit(in_parts(total, "+", n_small, scribe), pair.small)

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Count up in steps of the factor (the first ten at once) as often as asked, or until the next step is too much."""
        pair, n_big, n_small, total, forward = _read(operands)
        scribe.say(f", let me count in steps of {pair.factor}.")
        if forward:
            _, reached = _count_up(pair.factor, n_big, None, scribe)
            return _with_unit(in_parts(reached, "+", n_small, scribe), pair.small)
        n_big, reached = _count_up(pair.factor, None, total, scribe)
        return pair.joined(n_big, _minus(total, reached, scribe.say(f" From {reached} to {total}")))


def _read(operands: Operands) -> Amount:
    """What the operands say."""
    if len(operands) == 4:
        pair, n_big, n_small = BY_PLURALS[operands[1], operands[3]], int(operands[0]), int(operands[2])
        return Amount(pair, n_big, n_small, n_big * pair.factor + n_small, True)
    pair, total = BY_PLURALS[operands[2], operands[1]], int(operands[0])
    return Amount(pair, *divmod(total, pair.factor), total, False)


def _with_unit(number: int, unit: tuple[str, str]) -> str:
    """A number and its unit: "1 hour"."""
    return f"{number} {unit[number != 1]}"


def _times(number: int, factor: int, scribe: Scribe) -> int:
    """A one-digit number or a multiple of ten times the factor, in tens and ones where that is no times-table fact."""
    if not _hard(factor) or number == TEN:
        product = compute(number, "×", factor, scribe)
    else:
        first, second = [compute(number, "×", part, scribe) for part in round_parts(factor)]
        product = in_parts(first, "+", second, scribe)
    scribe.stop()
    return product


def _hard(factor: int) -> bool:
    """Whether its multiples are no times-table facts."""
    return factor > HIGHEST_TABLE and len(round_parts(factor)) > 1


def _minus(number: int, other: int, scribe: Scribe) -> int:
    """Write what is left of a number that has just been named, the other one taken away in parts."""
    parts = round_parts(other)
    number = take_away(number, parts, scribe.say(":" if parts and parts[0] <= number else ""))
    scribe.stop()
    return number


def _take_multiples(number: int, factor: int, scribe: Scribe) -> tuple[int, int]:
    """Take ten, five or as many times the factor away as fit, again and again; returns how many times and what is left."""
    counts: list[int] = []
    while number >= factor and len(counts) < MOST_TAKEN:
        count = number // factor
        count = TEN if count >= TEN else FIVE if count >= FIVE and _hard(factor) else count
        product = _times(count, factor, scribe)
        number = _minus(number, min(product, number), scribe.say(f" {number}"))
        counts.append(count)
    scribe.say(f" {number} left.")
    return add_all(counts or [0], scribe), number


def _count_up(factor: int, steps: int | None, limit: int | None, scribe: Scribe) -> tuple[int, int]:
    """Count up to a number of steps or to the last multiple within the limit; returns steps taken and the number reached."""
    count = total = 0
    for unit in (TEN, 1):
        while (steps is None or count + unit <= steps) and (limit is None or total + unit * factor <= limit):
            count += unit
            total = scribe.then(f" {count}:").value(total + unit * factor)
    if limit is not None:
        scribe.then(f" {count + 1}: {total + factor} is too much")
    scribe.stop()
    return count, total


DOMAIN = Units()
