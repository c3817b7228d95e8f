"""Changing units: a big and a small unit into the small one, and back."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go


@dataclass(frozen=True)
class Pair:
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


def sample(rng: Random) -> Operands:
    """A number of big and of small units, or a number of small units and the big unit."""
    size_drawn = rng.choices((SMALL, MEDIUM, LARGE), (38, 40, 22))[0]
    lowest, highest = COUNTS[size_drawn]
    while True:
        pair = rng.choices(PAIRS, [pair.weight for pair in PAIRS])[0]
        if lowest > pair.most:
            continue
        n_big = rng.randint(lowest, min(highest, pair.most))
        n_small = 0 if rng.random() < NOTHING_OVER else rng.randint(1, pair.factor - 1)
        if size_drawn == SMALL:
            n_small -= n_small % 10 ** (len(str(n_small)) - 1)
        elif pair.factor == 1000 and rng.random() < 0.7:
            n_small = n_small // 50 * 50
        operands: Operands = (str(n_big), pair.big[1], str(n_small), pair.small[1])
        if rng.random() < 0.5:
            operands = str(n_big * pair.factor + n_small), pair.small[1], pair.big[1]
        if size(operands) == size_drawn:
            return operands


def _pair(operands: Operands) -> Pair:
    return BY_PLURALS[(operands[1], operands[3]) if _forward(operands) else (operands[2], operands[1])]


def _forward(operands: Operands) -> bool:
    return len(operands) == 4


def _amount(number: int, unit: tuple[str, str]) -> str:
    return f"{number} {unit[number != 1]}"


def _big_and_small(n_big: int, n_small: int, pair: Pair, joint: str = " ") -> str:
    amounts = [_amount(number, unit) for number, unit in ((n_big, pair.big), (n_small, pair.small)) if number]
    return joint.join(amounts) or _amount(0, pair.small)


def answer(operands: Operands) -> str:
    """The amount in small units, or in big units and what is over, with the names of the units."""
    pair = _pair(operands)
    if _forward(operands):
        return _amount(int(operands[0]) * pair.factor + int(operands[2]), pair.small)
    return _big_and_small(*divmod(int(operands[0]), pair.factor), pair)


def size(operands: Operands) -> int:
    """By the number of big units; small is only what has at most one digit of small units beside zeros."""
    n_small = int(operands[2] if _forward(operands) else operands[0])
    n_big, n_small = (int(operands[0]), n_small) if _forward(operands) else divmod(n_small, _pair(operands).factor)
    if n_big <= COUNTS[SMALL][1] and len(round_parts(n_small)) <= 1:
        return SMALL
    return MEDIUM if n_big < COUNTS[LARGE][0] else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The amount and the unit or units wanted."""
    pair = _pair(operands)
    if _forward(operands):
        joint = rng.choice((" and ", " and ", " ")) if rng else " and "
        return {"amount": _big_and_small(int(operands[0]), int(operands[2]), pair, joint), "target": pair.small[1]}
    only_big = rng is not None and rng.random() < (ONLY_BIG if int(operands[0]) % pair.factor else 0.5)
    target = pair.big[1] if only_big else f"{pair.big[1]} and {pair.small[1]}"
    return {"amount": _amount(int(operands[0]), pair.small), "target": target}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The other unit in one go."""
    pair = _pair(operands)
    if _forward(operands):
        scribe.say(f"Quickly: {_big_and_small(int(operands[0]), int(operands[2]), pair)} =")
        total = scribe.value(int(operands[0]) * pair.factor + int(operands[2]))
        scribe.say(f" {pair.small[1]}.")
        return _amount(total, pair.small)
    n_big, n_small = divmod(int(operands[0]), pair.factor)
    scribe.say(f"Quickly: {_amount(int(operands[0]), pair.small)} =")
    n_big = scribe.value(n_big)
    scribe.say(f" {pair.big[n_big != 1]} and")
    n_small = scribe.value(n_small)
    scribe.say(f" {pair.small[n_small != 1]}.")
    return _big_and_small(n_big, n_small, pair)


def in_whole_steps(operands: Operands, scribe: Scribe) -> str:
    """One product and one sum; on the way back the largest multiple and one difference; each at once."""
    pair = _pair(operands)
    scribe.say(f", let me work with {pair.factor}:")
    if _forward(operands):
        total, n_small = in_one_go(int(operands[0]), "×", pair.factor, scribe), int(operands[2])
        if n_small:
            scribe.say(",")
            total = in_one_go(total, "+", n_small, scribe)
        scribe.say(".")
        return _amount(total, pair.small)
    number = int(operands[0])
    counts = list(range(max(0, number // pair.factor - 2), number // pair.factor + 1))
    n_big = counts[scribe.pick(len(counts) - 1, [str(count) for count in counts])]
    scribe.say(f" × {pair.factor} =")
    product = scribe.value(n_big * pair.factor)
    scribe.say(",")
    left = max(0, in_one_go(number, "-", product, scribe))
    scribe.say(".")
    return _big_and_small(n_big, left, pair)


def by_multiplying(operands: Operands, scribe: Scribe) -> str:
    """Multiply by the factor in parts and add the rest; on the way back take multiples of the factor away."""
    pair = _pair(operands)
    scribe.say(f", let me multiply by {pair.factor}.")
    if not _forward(operands):
        return _take_multiples(int(operands[0]), pair, scribe)
    total = 0
    for index, part in enumerate(round_parts(int(operands[0]))):
        product = _times(part, pair.factor, scribe)
        total = _add_parts(total, product, scribe) if index else product
    total = _add_parts(total, int(operands[2]), scribe)
    return _amount(total, pair.small)


def by_counting_up(operands: Operands, scribe: Scribe) -> str:
    """Count up in steps of the factor (the first ten at once) as often as asked, or until the next step is too much."""
    pair = _pair(operands)
    scribe.say(f", let me count in steps of {pair.factor}.")
    if _forward(operands):
        n_big, left = int(operands[0]), int(operands[2])
        _, total = _count_up(pair.factor, n_big, None, scribe)
        return _amount(_add_parts(total, left, scribe), pair.small)
    wanted = int(operands[0])
    n_big, reached = _count_up(pair.factor, None, wanted, scribe)
    scribe.say(f" From {reached} to {wanted}")
    left = _subtract_parts(wanted, reached, scribe)
    return _big_and_small(n_big, left, pair)


def _times(number: int, factor: int, scribe: Scribe) -> int:
    """A one-digit number or a multiple of ten times the factor, in tens and ones where that is no times-table fact."""
    if not _hard(factor) or number == TEN:
        scribe.say(f" {number} × {factor} =")
        product = scribe.value(number * factor)
        scribe.say(".")
        return product
    products = []
    for index, part in enumerate(round_parts(factor)):
        scribe.say(f"{',' if index else ''} {number} × {part} =")
        products.append(scribe.value(number * part))
    scribe.say(",")
    return _add_parts(products[0], products[1], scribe)


def _hard(factor: int) -> bool:
    """Whether its multiples are no times-table facts."""
    return factor > HIGHEST_TABLE and len(round_parts(factor)) > 1


def _add_parts(total: int, number: int, scribe: Scribe) -> int:
    for index, part in enumerate(round_parts(number)):
        scribe.say(f"{',' if index else ''} {total} + {part} =")
        total = scribe.value(total + part)
    scribe.say("." if number else "")
    return total


def _subtract_parts(number: int, other: int, scribe: Scribe) -> int:
    for index, part in enumerate(round_parts(other)):
        if part > number:  # only after a slip
            break
        scribe.say(f"{',' if index else ':'} {number} - {part} =")
        number = scribe.value(number - part)
    scribe.say(".")
    return number


def _take_multiples(number: int, pair: Pair, scribe: Scribe) -> str:
    counts: list[int] = []
    while number >= pair.factor and len(counts) < MOST_TAKEN:
        count = number // pair.factor
        count = TEN if count >= TEN else FIVE if count >= FIVE and _hard(pair.factor) else count
        product = _times(count, pair.factor, scribe)
        scribe.say(f" {number}")
        number = _subtract_parts(number, min(product, number), scribe)
        counts.append(count)
    scribe.say(f" {number} left.")
    total = counts[0] if counts else 0
    for index, count in enumerate(counts[1:]):
        scribe.say(f"{',' if index else ''} {total} + {count} =")
        total = scribe.value(total + count)
    scribe.say("." if counts[1:] else "")
    return _big_and_small(total, number, pair)


def _count_up(factor: int, steps: int | None, limit: int | None, scribe: Scribe) -> tuple[int, int]:
    """Count up to a number of steps or to the last multiple within the limit; returns steps taken and the number reached."""
    count = total = 0
    for unit in (TEN, 1):
        while (steps is None or count + unit <= steps) and (limit is None or total + unit * factor <= limit):
            count += unit
            scribe.say(f"{',' if count > unit else ''} {count}:")
            total = scribe.value(total + unit * factor)
    if limit is not None:
        scribe.say(f"{',' if count else ''} {count + 1}: {total + factor} is too much")
    scribe.say(".")
    return count, total


DOMAIN = Domain(
    name="units",
    title="changing units",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What is {amount} in {target}?",
        "{amount} in {target}",
        "{amount} in {target}?",
        "{amount} to {target}",
        "How many {target} are {amount}?",
        "How many {target} are in {amount}?",
        "How many {target} are there in {amount}?",
        "How many {target} is {amount}?",
        "How many {target} do {amount} make?",
        "{amount} is how many {target}?",
        "{amount}: how many {target} is that?",
        "Convert {amount} to {target}.",
        "Convert {amount} into {target}.",
        "Change {amount} into {target}.",
        "Write {amount} in {target}.",
        "Express {amount} in {target}.",
        "Give {amount} in {target}.",
        "Turn {amount} into {target}.",
        "Can you convert {amount} to {target}?",
        "I have {amount}. How many {target} is that?",
        "In {target}, how much is {amount}?",
        "Can you tell me how much {amount} is in {target}?",
        "Tell me how many {target} are in {amount}.",
        "Tell me how many {target} there are in {amount}.",
        "Do you know how many {target} are in {amount}?",
        "Please convert {amount} to {target}.",
        "Please write {amount} in {target}.",
        "I want {amount} in {target}.",
        "I need {amount} in {target}.",
        "What do {amount} make in {target}?",
        "{amount}, how much is that in {target}?",
        "Work out {amount} in {target}.",
    ),
    unseen=(
        "{amount} equals how many {target}?",
        "change {amount} into {target} for me",
        "I need to write {amount} using only {target}. What number do I put?",
        "What do you get when you turn {amount} into {target}?",
        "My homework says {amount} but the answer has to be in {target}. What is it?",
        "{amount} to {target} please",
    ),
    draft=draft,
    rough=in_whole_steps,
    check_a=by_multiplying,
    check_b=by_counting_up,
    showcase=(("3", "hours", "25", "minutes"), ("200", "minutes", "hours"), ("5", "feet", "9", "inches")),
)
