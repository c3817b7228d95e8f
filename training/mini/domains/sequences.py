"""Finding the next number of a sequence."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go

SIGNS = ("plus", "minus")
DIRECTIONS = ("up", "down")
FACTORS = (2, 3)
YES_NO = ("yes", "no")
TIMES, SAME, GROWING = range(3)  # rules
LENGTHS = ((4, 4, 4, 5), (4, 4, 5, 5), (4, 4, 5, 5))  # of small, medium and large sequences
TOPS = (40, 120, 499)  # the largest number shown
STEPS = ((1, 9), (2, 9), (2, 16))  # in medium ones also up to the large ones' largest


def sample(rng: Random) -> Operands:
    """Four or five numbers that mostly have the same step, else a growing step or a factor."""
    dice = rng.random()
    wanted = SMALL if dice < 0.38 else MEDIUM if dice < 0.78 else LARGE
    dice = rng.random()
    rule = TIMES if dice < 0.12 else SAME if dice < 0.8 else GROWING
    while True:
        numbers = draw(rng, rule, wanted)
        shown = tuple(map(str, numbers[:-1]))
        if min(numbers) >= 1 and max(numbers) <= TOPS[LARGE] and size(shown) == wanted:
            return shown


def draw(rng: Random, rule: int, wanted: int) -> list[int]:
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


def differences(numbers: list[int]) -> list[int]:
    """What is added from each number to the next."""
    return [following - number for number, following in pairwise(numbers)]


def factor_of(numbers: list[int]) -> int:
    """The factor from each number to the next; 0 if there is none."""
    return next((factor for factor in FACTORS if all(one * factor == following for one, following in pairwise(numbers))), 0)


def growth_of(steps: list[int]) -> int:
    """By how much the steps grow, most of them if not all; 0 if most stay the same."""
    changes = differences(steps)
    growth = most_common(changes)
    grows = growth > 0 and changes.count(growth) / len(changes) > steps.count(most_common(steps)) / len(steps)
    return growth if grows else 0


def most_common(numbers: list[int]) -> int:
    """The number that occurs most often, the first of several."""
    return max(numbers, key=numbers.count)


def next_number(numbers: list[int]) -> int:
    """The number that follows."""
    factor, steps = factor_of(numbers), differences(numbers)
    return numbers[-1] * factor if factor else numbers[-1] + steps[-1] + growth_of(steps)


def answer(operands: Operands) -> str:
    """The next number."""
    return str(next_number(list(map(int, operands))))


def size(operands: Operands) -> int:
    """By the largest number."""
    largest = max(map(int, operands))
    return SMALL if largest <= TOPS[SMALL] else MEDIUM if largest <= TOPS[MEDIUM] else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The numbers with commas, sometimes with spaces only."""
    return {"list": (" " if rng and rng.random() < 0.1 else ", ").join(operands)}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The next number at a glance."""
    scribe.say(f"At a glance: {', '.join(operands)}, next")
    following = scribe.value(next_number(list(map(int, operands))))
    scribe.say(".")
    return str(following)


def by_glancing(operands: Operands, scribe: Scribe) -> str:
    """Write the steps and the one that follows at a glance, then go it at once."""
    numbers = list(map(int, operands))
    scribe.say(", let me write the steps:")
    if factor := factor_of(numbers):
        factors = [str(one) for one in FACTORS]
        scribe.say(" times")
        steps = []
        for index in range(len(numbers) - 1):
            scribe.say("," if index else "")
            steps.append(FACTORS[scribe.pick(FACTORS.index(factor), factors)])
        scribe.say(", then")
        factor = FACTORS[scribe.pick(FACTORS.index(most_common(steps)), factors)]
        scribe.say(".")
        return _go(numbers[-1], "×", factor, scribe)
    sign = scribe.pick(int(numbers[0] > numbers[1]), SIGNS)
    steps = []
    for index, step in enumerate(differences(numbers)):
        scribe.say("," if index else "")
        steps.append(scribe.value(abs(step)))
    scribe.say(", then")
    growth = growth_of(steps)
    step = scribe.value(steps[-1] + growth if growth else most_common(steps))
    scribe.say(".")
    return _go(numbers[-1], "+-"[sign], step, scribe)


def _go(number: int, sign: str, step: int, scribe: Scribe) -> str:
    following = in_one_go(number, sign, step, scribe)
    scribe.say(".")
    return str(max(0, following))


def by_steps(operands: Operands, scribe: Scribe) -> str:
    """Find the step from each number to the next, see the rule in the steps and apply it."""
    numbers = list(map(int, operands))
    pairs = list(pairwise(numbers))
    scribe.say(", let me find the steps.")
    factor = factor_of(numbers)
    if factor:
        factors = []
        for number, following in pairs:
            scribe.say(f" {number} to {following}: times")
            factors.append(FACTORS[scribe.pick(FACTORS.index(factor), [str(one) for one in FACTORS])])
            scribe.say(".")
        scribe.say(f" {numbers[-1]} × {most_common(factors)}:")
        return str(multiply_parts(numbers[-1], most_common(factors), scribe))
    scribe.say(" They go")
    sign = (1, -1)[scribe.pick(int(numbers[0] > numbers[1]), DIRECTIONS)]
    scribe.say(".")
    steps = [distance(number, following, scribe) for number, following in pairs]
    growth, step = growth_of(steps), most_common(steps)
    scribe.say(f" Steps {', '.join(map(str, steps))}:")
    if growth:
        scribe.say(f" growing by {growth}, {steps[-1]} + {growth} =")
        step = scribe.value(steps[-1] + growth)
    else:
        scribe.say(f" {'the same' if len(set(steps)) == 1 else 'mostly'} {step}")
    scribe.say(".")
    result = add(numbers[-1], step * sign, scribe)
    scribe.say(".")
    return str(result)


def distance(number: int, following: int, scribe: Scribe) -> int:
    """How far it is from a number to the next, by way of the ten just above the smaller one."""
    small, big = sorted((number, following))
    middle = -(-small // 10) * 10
    scribe.say(f" {number} to")
    parts = []
    if small < middle < big:
        scribe.say(f" {middle} is")
        parts.append(scribe.value(abs(middle - number)))
        scribe.say(f", {middle} to")
        number = middle
    scribe.say(f" {following} is")
    parts.append(scribe.value(abs(following - number)))
    if len(parts) > 1:
        scribe.say(f", {parts[0]} + {parts[1]} =")
        parts = [scribe.value(sum(parts))]
    scribe.say(".")
    return parts[0]


def add(number: int, step: int, scribe: Scribe) -> int:
    """Add or take away the tens and the ones of a step."""
    for index, part in enumerate(round_parts(abs(step)) if step else [0]):
        scribe.say(f"{',' if index else ''} {number} {'-' if step < 0 else '+'} {part} =")
        number = scribe.value(max(0, number - part if step < 0 else number + part))
    return number


def multiply_parts(number: int, factor: int, scribe: Scribe) -> int:
    """Multiply hundreds, tens and ones and add them up."""
    products = []
    for index, part in enumerate(round_parts(number)):
        scribe.say(f"{',' if index else ''} {part} × {factor} =")
        products.append(scribe.value(part * factor))
    total = products[0]
    for product in products[1:]:
        scribe.say(f", {total} + {product} =")
        total = scribe.value(total + product)
    scribe.say(".")
    return total


def by_testing(operands: Operands, scribe: Scribe) -> str:
    """Read a rule from the first two numbers, test it on each further number, then apply it."""
    numbers = list(map(int, operands))
    scribe.say(", let me test a rule.")
    factor = factor_of(numbers)
    if factor:
        factor = FACTORS[scribe.pick(FACTORS.index(factor), [f"Times {one}" for one in FACTORS])]
        scribe.say(":")
        for number, following in pairwise(numbers):
            agrees(multiply_columns(number, factor, scribe), following, scribe)
        result = multiply_columns(numbers[-1], factor, scribe)
        scribe.say(".")
        return str(result)
    step, growth = count_between(numbers[0], numbers[1], scribe), 0
    for number, following in pairwise(numbers[1:]):
        step = grown(step, growth, scribe)
        if not agrees(add(number, step, scribe), following, scribe):
            before, step = step - growth, count_between(number, following, scribe)
            growth = max(0, step - before) if step > 0 else 0
            scribe.say(f" Growing by {growth}." if growth else "")
    step = grown(step, growth, scribe)
    return str(count_on(numbers[-1], step, scribe))


def grown(step: int, growth: int, scribe: Scribe) -> int:
    """The next step, worked out if steps grow."""
    if growth:
        scribe.say(f" {step} + {growth} =")
        step = scribe.value(step + growth)
        scribe.say(":")
    return step


def agrees(result: int, following: int, scribe: Scribe) -> bool:
    """Say whether a result is the number shown."""
    scribe.say(",")
    no = scribe.pick(int(result != following), YES_NO)
    scribe.say(".")
    return not no


def count_between(number: int, following: int, scribe: Scribe) -> int:
    """Find a step by counting from a number to another, ten at a time and then one at a time."""
    sign = -1 if following < number else 1
    scribe.say(f" {number} to {following}:")
    at, count = number, 0
    while (following - at) * sign > 0 or not count:
        jump = 10 if (following - at) * sign >= 10 else 1
        scribe.say("," if count else "")
        count += jump
        scribe.say(f" {count} is")
        at = counted(at, jump * sign, scribe)
    scribe.say(f", {SIGNS[sign < 0]} {count}.")
    return count * sign


def count_on(number: int, step: int, scribe: Scribe) -> int:
    """Add or take away a step ten at a time and then one at a time."""
    scribe.say(f" {number} {SIGNS[step < 0]} {abs(step)}:")
    count = 0
    while count < abs(step):
        jump = 10 if abs(step) - count >= 10 else 1
        scribe.say("," if count else "")
        count += jump
        scribe.say(f" {count} is")
        number = counted(number, jump if step > 0 else -jump, scribe)
    scribe.say(".")
    return number


def counted(number: int, jump: int, scribe: Scribe) -> int:
    """Write the next number of a count; a slip is one off."""
    options = [max(0, number + jump + slip) for slip in (-1, 0, 1)]
    return options[scribe.pick(1, list(map(str, options)))]


def multiply_columns(number: int, factor: int, scribe: Scribe) -> int:
    """Multiply digit by digit from the ones, with carries."""
    carry, written, places = 0, "", len(str(number))
    scribe.say(f" {number} × {factor}:" if places > 1 else "")
    for index, digit in enumerate(reversed(str(number))):
        scribe.say(f"{',' if index else ''} {digit} × {factor} =")
        product = scribe.value(int(digit) * factor)
        if carry:
            scribe.say(f", {product} + {carry} =")
            product = scribe.value(product + carry)
        carry, written = product // 10, str(product if index == places - 1 else product % 10) + written
    scribe.say(f", makes {int(written)}" if places > 1 else "")
    return int(written)


DOMAIN = Domain(
    name="sequences",
    title="continuing a sequence",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What comes next: {list}?",
        "What comes next, {list}?",
        "What comes after {list}?",
        "What number comes next: {list}?",
        "Which number comes next: {list}?",
        "Which number comes next in {list}?",
        "Which number comes after {list}?",
        "What is the next number: {list}?",
        "What is the next number in {list}?",
        "What is the next number in the sequence {list}?",
        "What is next in the sequence {list}?",
        "Find the next number: {list}.",
        "Find the next number in the sequence {list}.",
        "Continue {list}.",
        "Continue the sequence {list}.",
        "The sequence is {list}. What comes next?",
        "Here is a sequence: {list}. What is the next number?",
        "{list}, what comes next?",
        "{list}: which number is next?",
        "{list}, ...",
        "{list}, ?",
        "In the sequence {list}, which number is next?",
        "{list}: what is the next number?",
        "Tell me the next number in {list}.",
        "Can you tell me what comes next: {list}?",
        "Do you know which number comes after {list}?",
        "Which number is next: {list}?",
        "The numbers are {list}. Which one is next?",
        "How does {list} go on?",
    ),
    unseen=(
        "My kid's worksheet shows {list} and then a blank. What goes in the blank?",
        "If the pattern {list} keeps going, which number follows?",
        "continue this with one more number: {list}",
        "The numbers go {list}. What would you write down after that?",
        "Can you guess the number that should come after these? {list}",
    ),
    draft=draft,
    rough=by_glancing,
    check_a=by_steps,
    check_b=by_testing,
    showcase=(("3", "6", "12", "24", "48"), ("1", "2", "4", "7", "11"), ("68", "72", "76", "80")),
)
