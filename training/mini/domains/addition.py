"""Adding two to six whole numbers."""

from __future__ import annotations

from itertools import zip_longest
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, SUM_PHRASINGS, Domain, Operands, listed, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go, lead_and_rest

PLACES = ("Ones", "Tens", "Hundreds", "Thousands")
PLUS = (" + ", "+", " plus ")
LENGTHS = (  # how many digits each number has, by size
    ("11", "21", "21", "22", "22", "22", "22"),
    ("32", "33", "33", "221", "222", "222", "2222", "332"),
    ("333", "333", "433", "3322", "22222", "222222", "3333", "444"),
)


def sample(rng: Random) -> Operands:
    """Two to six numbers of one to four digits."""
    lengths = rng.choice(rng.choices(LENGTHS, (38, 40, 22))[0])
    numbers = [str(rng.randint(10 ** (int(n) - 1) + (n == "1"), 10 ** int(n) - 1)) for n in lengths]
    if rng.random() < 0.5:
        rng.shuffle(numbers)
    return tuple(numbers)


def answer(operands: Operands) -> str:
    """The sum."""
    return str(sum(map(int, operands)))


def size(operands: Operands) -> int:
    """By the number of digits in all; only two numbers are small."""
    digits = sum(map(len, operands))
    return SMALL if digits <= 4 and len(operands) == 2 else MEDIUM if digits <= 8 else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The numbers with a plus sign and as a list."""
    return {"sum": (rng.choice(PLUS) if rng else PLUS[0]).join(operands), "list": listed(operands)}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The sum in one go."""
    scribe.say(f"Quickly: {' + '.join(operands)} =")
    total = scribe.value(sum(map(int, operands)))
    scribe.say(".")
    return str(total)


def from_the_last(operands: Operands, scribe: Scribe) -> str:
    """Add the numbers from the last to the first, each at once; of only two the first in its leading part and the rest."""
    total, *others = map(int, reversed(operands))
    scribe.say(", let me start from the last:")
    for index, number in enumerate(others if others[1:] else lead_and_rest(others[0])):
        scribe.say("," if index else "")
        total = in_one_go(total, "+", number, scribe)
    scribe.say(".")
    return str(total)


def one_by_one(operands: Operands, scribe: Scribe) -> str:
    """Add number after number, each in its hundreds, tens and ones."""
    total = int(operands[0])
    scribe.say(", let me add one number at a time.")
    for operand in operands[1:]:
        for index, part in enumerate(round_parts(int(operand))):
            scribe.say(f"{',' if index else ''} {total} + {part} =")
            total = scribe.value(total + part)
        scribe.say(".")
    return str(total)


def by_columns(operands: Operands, scribe: Scribe) -> str:
    """Add the ones, then the tens, then the hundreds, one digit at a time with carries."""
    carry, written = 0, ""
    columns = list(zip_longest(*(operand[::-1] for operand in operands)))
    scribe.say(", let me add by columns.")
    for place, column in enumerate(columns):
        digits = ([str(carry)] if place else []) + [digit for digit in column if digit is not None]
        scribe.say(f" {PLACES[place]}: {digits[0]}")
        total = int(digits[0])
        for index, digit in enumerate(digits[1:]):
            scribe.say(f", {total} + {digit} =" if index else f" + {digit} =")
            total = scribe.value(total + int(digit))
        if place < len(columns) - 1:
            scribe.say(f", write {total % 10} carry {total // 10}.")
            carry, written = total // 10, str(total % 10) + written
        else:
            scribe.say(".")
            written = str(total) + written
    return str(int(written))


DOMAIN = Domain(
    name="addition",
    title="adding numbers",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        *SUM_PHRASINGS,
        "Add {list}.",
        "Add up {list}.",
        "What is the sum of {list}?",
        "Find the sum of {list}.",
        "What do {list} add up to?",
        "What do {list} make together?",
        "Can you add {list}?",
        "Can you tell me what {sum} is?",
        "I want to add {list}. What is the result?",
        "Solve {sum}.",
        "What do I get if I add {list}?",
        "What is the total of {list}?",
        "Give me the sum of {list}.",
        "What does {sum} make?",
        "What does {sum} come to?",
        "How much do {list} make?",
        "How much is it if I add {list}?",
        "Put {list} together. How much is it?",
        "Please add {list}.",
        "Please work out {sum}.",
        "{list}: what is the sum?",
        "{list}: add them up.",
        "The numbers are {list}. What is their sum?",
        "Do you know what {sum} is?",
        "I need {sum}.",
        "Give me the result of {sum}.",
        "You have {list}. How much is that in all?",
    ),
    unseen=(
        "I need the total of {list} please",
        "My daughter had to do {sum} today. What should she have got?",
        "{sum} makes how much?",
        "Can you add up {list} for me?",
        "If I sum {list}, which number do I end up with?",
    ),
    draft=draft,
    rough=from_the_last,
    check_a=one_by_one,
    check_b=by_columns,
    showcase=(("27", "48", "36", "9"), ("348", "275", "96"), ("123", "456", "789")),
    canonical=lambda operands: tuple(sorted(operands)),
)
