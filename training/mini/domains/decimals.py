"""Finding the largest or the smallest of two to five decimals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, listed
from training.mini.domains.scribe import Scribe

LARGEST, SMALLEST = GOALS = ("largest", "smallest")
COMPARED = {LARGEST: "larger", SMALLEST: "smaller"}
SYNONYMS = {"larger": ("larger", "bigger", "greater"), "largest": ("largest", "biggest", "greatest")}
NUMBERS = ("one", "two", "three", "four", "five")  # names the number in one word before its digits are written
SIDES = ("first", "second")
PLACES = ("Wholes", "Tenths", "Hundredths", "Thousandths")
HOW_MANY = (2,) * 7 + (3,) * 8 + (4, 4, 4, 5, 5)


def sample(rng: Random) -> Operands:
    """Two to five different decimals, mostly with the same whole part, often with the same tenths."""
    count, whole = rng.choice(HOW_MANY), rng.randint(0, 9) if rng.random() < 0.7 else rng.randint(10, 30)
    alike = count > 2  # harder to see at a glance
    same_whole = rng.random() < (0.9 if alike else 0.75)
    tenth = rng.choice("0123456789") if rng.random() < (0.55 if alike else 0.3) else ""
    longest = rng.choice((2, 2, 3) if alike else (2, 2, 2, 3, 3))
    numbers: list[str] = []
    while len(numbers) < count:
        places = rng.randint(1, longest)
        start = tenth if rng.random() < 0.8 else ""
        digits = start + "".join(rng.choice("0123456789") for _ in range(places - len(start)))
        number = f"{whole if same_whole else max(0, whole + rng.randint(-2, 2))}.{digits}"
        if not number.endswith("0") and number not in numbers:
            numbers.append(number)
        elif rng.random() < 0.1:
            tenth = ""
    return (SMALLEST if rng.random() < 0.25 else LARGEST, *numbers)


def answer(operands: Operands) -> str:
    """The largest or smallest number."""
    return (max if operands[0] == LARGEST else min)(operands[1:], key=float)


def size(operands: Operands) -> int:
    """By how many numbers there are."""
    return SMALL if len(operands) == 3 else MEDIUM if len(operands) == 4 else LARGE


def word_for(operands: Operands) -> str:
    """How the number asked for is called: "larger" of two, "largest" of more."""
    return COMPARED[operands[0]] if len(operands) == 3 else operands[0]


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The word asked for, sometimes another one, and the numbers joined by "and" and by "or"."""
    which = word_for(operands)
    if rng and which in SYNONYMS:
        which = rng.choice(SYNONYMS[which])
    return {"which": which, "and": listed(operands[1:]), "or": " or ".join(listed(operands[1:]).split(" and "))}


def draft(operands: Operands, scribe: Scribe) -> str:
    """A glance at the numbers."""
    numbers = operands[1:]
    scribe.say(f"At a glance, of {listed(numbers)} number")
    found = scribe.pick(numbers.index(answer(operands)), NUMBERS[: len(numbers)])
    scribe.say(f" is {word_for(operands)}: {numbers[found]}.")
    return numbers[found]


def all_at_once(operands: Operands, scribe: Scribe) -> str:
    """Look at all numbers in the first place where they differ, keep the best, and again for those that are left."""
    goal, *left = operands
    scribe.say(", let me look where they differ.")
    while len(left) > 1:
        columns = {place: column for place, column in zip(PLACES, by_place(left), strict=False) if len(set(column)) > 1}
        places = list(columns)
        column = columns[places[scribe.pick(0, places)]]
        scribe.say(f" {', '.join(column)}: {goal}")
        best = column[scribe.pick(column.index((max if goal == LARGEST else min)(column, key=int)), column)]
        left = [number for number, digit in zip(left, column, strict=True) if digit == best]
        scribe.say(f", left {listed(left)}.")
    return left[0]


def by_place(numbers: Sequence[str]) -> list[tuple[str, ...]]:
    """The whole parts of all numbers, their tenths and so on; 0 where a number has ended."""
    return list(zip_longest(*map(parts, numbers), fillvalue="0"))


def pair_by_pair(operands: Operands, scribe: Scribe) -> str:
    """Write all equally long, then compare the best so far with the next: the wholes, then what is after the point."""
    goal, *numbers = operands
    places = max(len(number.partition(".")[2]) for number in numbers)
    padded = [number + "0" * (places - len(number.partition(".")[2])) for number in numbers]
    scribe.say(f", let me make them equally long: {listed(padded)}.")
    best = 0
    for index in range(1, len(numbers)):
        scribe.say(f" {padded[best]} and {padded[index]}: wholes" if len(numbers) > 2 else " Wholes")
        (whole, _, rest), (other, _, others) = (padded[number].partition(".") for number in (best, index))
        scribe.say(f" {whole} and {other}")
        scribe.say(f", after the point {rest} and {others}" if whole == other else "")
        best = (best, index)[better_of((whole, rest), (other, others), goal, scribe)]
        scribe.say(f" {padded[best]}.")
    return numbers[best]


def place_by_place(operands: Operands, scribe: Scribe) -> str:
    """Start from the last number and compare with the one before it, digit by digit until two differ or one ends."""
    goal, *numbers = operands
    best = numbers[-1]
    scribe.say(", let me start with the last and go place by place.")
    for number in reversed(numbers[:-1]):
        one, other = parts(best), parts(number)
        scribe.say(f" {best} and {number}:")
        for row, (digit, compared) in enumerate(zip(one, other, strict=False)):
            scribe.say(f"{',' if row else ''} {digit} and {compared}")
            if digit != compared:
                break
        else:
            scribe.say(f", the {SIDES[len(other) < len(one)]} ends")
        best = (best, number)[better_of(one, other, goal, scribe)]
        scribe.say(f" {best}.")
    return best


def better_of(one: Sequence[str], other: Sequence[str], goal: str, scribe: Scribe) -> int:
    """Say which of two numbers, given in parts, is nearer to the goal."""
    scribe.say(", the")
    larger = [int(part) for part in other] > [int(part) for part in one]
    side = scribe.pick(int(larger == (goal == LARGEST)), SIDES)
    scribe.say(f" is {COMPARED[goal]}:")
    return side


def parts(number: str) -> list[str]:
    """The whole part and each decimal: 9.84 -> 9, 8, 4."""
    whole, _, decimals = number.partition(".")
    return [whole, *decimals]


DOMAIN = Domain(
    name="decimals",
    title="comparing decimals",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "Which is {which}, {or}?",
        "Which is {which}: {or}?",
        "Which number is {which}, {or}?",
        "Which number is {which}: {and}?",
        "Which one is {which}, {or}?",
        "What is {which}, {or}?",
        "What is the {which} number: {or}?",
        "Is {or} {which}?",
        "{or}, which is {which}?",
        "{or}: which number is {which}?",
        "Compare {and}: which is {which}?",
        "Compare {and}. Which number is {which}?",
        "Which of {and} is {which}?",
        "Which of {and} is the {which} number?",
        "Of {and}, which is {which}?",
        "Find the {which} number: {and}.",
        "Here are {and}. Which one is {which}?",
        "Tell me which is {which}, {or}.",
        "Can you tell me which is {which}, {or}?",
        "Do you know which is {which}: {or}?",
        "Which of the numbers {and} is {which}?",
        "Of {and}, which number is {which}?",
        "Tell me which of {and} is {which}.",
        "{and}: which one is {which}?",
        "Please find the {which} of {and}.",
    ),
    unseen=(
        "Out of {and}, which number is {which}?",
        "I have the numbers {and} here. Tell me the {which} one.",
        "Please pick the {which} of these: {and}.",
        "My class is arguing about which number is {which}: {or}. Can you settle it?",
        "Looking at {and}, can you say which is the {which}?",
    ),
    draft=draft,
    rough=all_at_once,
    check_a=pair_by_pair,
    check_b=place_by_place,
    showcase=((LARGEST, "9.11", "9.8"), (LARGEST, "3.14", "3.2"), (LARGEST, "0.7", "0.65", "0.705", "0.69")),
    canonical=lambda operands: (operands[0], *sorted(operands[1:])),
    held_out=lambda operands: set(operands[1:]) in ({"9.11", "9.8"}, {"3.14", "3.2"}),
)
