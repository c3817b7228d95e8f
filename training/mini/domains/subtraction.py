"""Taking one whole number away from a larger one."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, listed, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go, lead_and_rest

PLACES = ("Ones", "Tens", "Hundreds", "Thousands", "Ten thousands")
MINUS = (" - ", "-", " minus ", " take away ")
LENGTHS = (  # how many digits the two numbers have
    *("22", "22", "22", "22", "32", "32", "32"),
    *("33", "33", "33", "33", "33", "42", "42", "42"),
    *("43", "44", "44", "53"),
)
SMALL_DIGITS, MEDIUM_DIGITS = 5, 6
LONG = 1000  # from here on a part is taken away in two steps where it would have to borrow


def sample(rng: Random) -> Operands:
    """A number of two to five digits and a smaller one of at least two."""
    lengths = rng.choice(LENGTHS)
    first, second = (rng.randint(10 ** (int(n) - 1) + 1, 10 ** int(n) - 1) for n in lengths)
    return str(max(first, second)), str(min(first, second))


def answer(operands: Operands) -> str:
    """The difference."""
    return str(int(operands[0]) - int(operands[1]))


def size(operands: Operands) -> int:
    """By the number of digits in all."""
    digits = sum(map(len, operands))
    return SMALL if digits <= SMALL_DIGITS else MEDIUM if digits <= MEDIUM_DIGITS else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The difference with a minus sign, and both numbers."""
    minus = rng.choice(MINUS) if rng else MINUS[0]
    return {"difference": minus.join(operands), "first": operands[0], "second": operands[1]}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The difference in one go."""
    scribe.say(f"Quickly: {' - '.join(operands)} =")
    difference = scribe.value(int(answer(operands)))
    scribe.say(".")
    return str(difference)


def in_two_parts(operands: Operands, scribe: Scribe) -> str:
    """Split off the leading part, take away the rest at once, then the leading part."""
    left = int(operands[0])
    scribe.say(f", let me split {operands[1]}:")
    for index, part in enumerate(reversed(lead_and_rest(int(operands[1])))):
        scribe.say("," if index else "")
        left = in_one_go(left, "-", part, scribe)
    scribe.say(".")
    return str(left)


def part_by_part(operands: Operands, scribe: Scribe) -> str:
    """Take away the hundreds, then the tens, then the ones."""
    left, parts = int(operands[0]), round_parts(int(operands[1]))
    scribe.say(f", let me take away {listed([str(part) for part in parts])}.")
    for part in parts:
        for index, step in enumerate(_in_steps(left, part)):
            scribe.say(f"{',' if index else ''} {left} - {step} =")
            left = scribe.value(left - step)
        scribe.say(".")
    return str(left)


def _in_steps(left: int, part: int) -> list[int]:
    """A part such as 700 whole, or from a long number that would have to borrow, first down to the zero: 5230 -> [200, 500]."""
    unit = 10 ** (len(str(part)) - 1)
    there = left // unit % 10 * unit
    return [there, part - there] if left >= LONG and 0 < there < part else [part]


def by_columns(operands: Operands, scribe: Scribe) -> str:
    """Subtract one digit at a time from the ones on; a borrowed one is taken away in the next column."""
    top_digits, digits = operands[0][::-1], operands[1][::-1]
    borrowed = difference = 0
    scribe.say(", let me subtract by columns.")
    for place, top in enumerate(top_digits):
        scribe.say(f" {PLACES[place]}:")
        taken = int(digits[place]) if place < len(digits) else 0
        if borrowed and place < len(digits):
            scribe.say(f" {borrowed} + {taken} =")
            taken = scribe.value(borrowed + taken)
            scribe.say(",")
        elif borrowed:
            taken = borrowed
        borrowed = 0
        while int(top) + 10 * borrowed < taken:
            borrowed += 1
        enough = int(top) + 10 * borrowed
        scribe.say(f" {top} - {taken}, borrow {borrowed}, {enough} - {taken} =" if borrowed else f" {top} - {taken} =")
        difference += scribe.value(enough - taken) * 10**place
        scribe.say(f", so far {difference:0{place + 1}}." if place else ".")
    return str(difference)


DOMAIN = Domain(
    name="subtraction",
    title="taking away numbers",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What is {difference}?",
        "{difference}",
        "{difference} = ?",
        "{difference}=",
        "How much is {difference}?",
        "What's {difference}?",
        "Calculate {difference}.",
        "Work out {difference}.",
        "Compute {difference}.",
        "Solve {difference}.",
        "Subtract {second} from {first}.",
        "Take {second} away from {first}.",
        "Take away {second} from {first}.",
        "What is left if you take {second} from {first}?",
        "What is the difference of {first} and {second}?",
        "Find the difference between {first} and {second}.",
        "How much more is {first} than {second}?",
        "How much is left of {first} after you subtract {second}?",
        "From {first} I take away {second}. What is left?",
        "Can you tell me what {difference} is?",
        "What does {difference} make?",
        "What does {difference} come to?",
        "What do I get if I take {second} away from {first}?",
        "I had {first} and gave away {second}. What is left?",
        "How much is {first} less {second}?",
        "Please work out {difference}.",
        "Please subtract {second} from {first}.",
        "Give me the result of {difference}.",
        "Do you know what {difference} is?",
        "If I have {first} and lose {second}, how much is left?",
        "I need {difference}.",
    ),
    unseen=(
        "What is left over if I subtract {second} from {first}?",
        "how much is {first} minus {second}",
        "Start at {first} and go down by {second}. Where do you end up?",
        "I'm checking my homework, what should {difference} come to?",
        "I had {first} points in a game and then lost {second}. How many points are left?",
    ),
    draft=draft,
    rough=in_two_parts,
    check_a=part_by_part,
    check_b=by_columns,
    showcase=(("83", "47"), ("503", "278"), ("4002", "1357")),
)
