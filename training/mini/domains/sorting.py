"""Sorting three to six whole numbers from small to large."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, listed
from training.mini.domains.scribe import Scribe

HOW_MANY = (3,) * 8 + (4,) * 5 + (5,) * 3 + (6,) * 4
MANY = 5  # lists of so many or more have no three-digit numbers
TOP = (20, 99, 99, 999)  # the largest number that may occur in a list of any numbers
DIGITS, FIRST_DIGITS = "0123456789", "123456789"


def sample(rng: Random) -> Operands:
    """Three to six different numbers of one to three digits, mostly with few different first digits."""
    count = rng.choice(HOW_MANY)
    if rng.random() < 0.25:
        return tuple(map(str, rng.sample(range(1, rng.choice(TOP if count < MANY else TOP[:-1]) + 1), count)))
    starts = rng.sample(FIRST_DIGITS, rng.randint(1, (count + 1) // 2))
    if count < MANY and rng.random() < 0.35:
        hundred = rng.choice(FIRST_DIGITS)
        starts = [hundred + rng.choice(DIGITS) for _ in starts]
    numbers = [start + digit for start in sorted(set(starts)) for digit in DIGITS]
    return tuple(rng.sample(numbers, count))


def answer(operands: Operands) -> str:
    """The numbers from small to large."""
    return ", ".join(sorted(operands, key=int))


def size(operands: Operands) -> int:
    """By how many numbers there are."""
    return SMALL if len(operands) <= 3 else MEDIUM if len(operands) <= 5 else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The numbers with commas, sometimes with spaces only, or with "and"."""
    dice = rng.random() if rng else 1.0
    return {"list": " ".join(operands) if dice < 0.1 else listed(operands) if dice < 0.3 else ", ".join(operands)}


def draft(operands: Operands, scribe: Scribe) -> str:
    """Write the numbers in order at once."""
    left = list(operands)
    ordered: list[str] = []
    scribe.say("At a glance, in order:")
    while left:
        scribe.say("," if ordered else "")
        ordered.append(left.pop(scribe.pick(left.index(min(left, key=int)), left)))
    scribe.say(".")
    return ", ".join(ordered)


def by_ends(operands: Operands, scribe: Scribe) -> str:
    """Take the smallest and the largest number at once, and again of those that are left."""
    left, low, high = list(operands), list[str](), list[str]()
    scribe.say(", let me take both ends:")
    while len(left) > 1:
        low.append(left.pop(scribe.pick(left.index(min(left, key=int)), left)))
        scribe.say(" and")
        high.insert(0, left.pop(scribe.pick(left.index(max(left, key=int)), left)))
        scribe.say(f", left {', '.join(left)}." if left else ".")
    return ", ".join(low + left + high)


def by_smallest(operands: Operands, scribe: Scribe) -> str:
    """Find the smallest number that is left, again and again."""
    left, ordered = list(operands), list[str]()
    scribe.say(", let me find the smallest each time.")
    while len(left) > 1:
        best = left[0]
        scribe.say(f" Left: {', '.join(left)}. {best}" if ordered else f" {best}")
        for index, number in enumerate(left[1:]):
            scribe.say(f"{',' if index else ''} or {number}:")
            best = (best, number)[scribe.pick(int(int(number) < int(best)), (best, number))]
        left.remove(best)
        ordered.append(best)
        scribe.say(f". Sorted: {', '.join(ordered if len(left) > 1 else ordered + left)}.")
    return ", ".join(ordered + left)


def by_inserting(operands: Operands, scribe: Scribe) -> str:
    """Put number after number into a sorted list, comparing it with the list from the left."""
    ordered = [operands[0]]
    scribe.say(f", let me insert one at a time: {operands[0]}.")
    for number in operands[1:]:
        place = 0
        while place < len(ordered):
            scribe.say(f"{',' if place else ''} {number} and {ordered[place]}:")
            if scribe.pick(int(int(number) < int(ordered[place])), ("after", "before")):
                break
            place += 1
        ordered.insert(place, number)
        scribe.say(f", so {', '.join(ordered)}.")
    return ", ".join(ordered)


DOMAIN = Domain(
    name="sorting",
    title="sorting numbers",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "Sort {list} from small to large.",
        "Sort these numbers from small to large: {list}.",
        "Sort these numbers: {list}.",
        "Sort the numbers {list}.",
        "Sort {list}.",
        "Put {list} in order.",
        "Put {list} in order from small to large.",
        "Put these numbers in order: {list}.",
        "Put the numbers {list} in order, the smallest first.",
        "Order {list} from small to large.",
        "Order these numbers: {list}.",
        "Can you sort {list}?",
        "Can you put {list} in order?",
        "Write {list} from small to large.",
        "Write these numbers in order: {list}.",
        "What is the order of {list} from small to large?",
        "Here are some numbers: {list}. Sort them.",
        "Here are {list}. Put them in order.",
        "{list}: sort these numbers.",
        "{list}, sort from small to large.",
        "Please sort {list}.",
        "Can you write {list} in order?",
        "Tell me the order of {list}.",
        "Can you sort the numbers {list}?",
        "Here are {list}. Sort these numbers.",
        "Put the smallest first: {list}.",
        "Work out the order of {list}.",
    ),
    unseen=(
        "put these from small to large: {list}",
        "Can you line up {list} so that the smallest comes first and the biggest last?",
        "sort {list} lowest to highest",
        "I have {list} all jumbled up. Please write them again starting with the smallest.",
        "How would {list} look in ascending order?",
        "My students need to arrange {list} from the least to the greatest. What should they write?",
    ),
    draft=draft,
    rough=by_ends,
    check_a=by_smallest,
    check_b=by_inserting,
    showcase=(("34", "8", "57", "12"), ("52", "17", "88", "25", "9", "61"), ("73", "37", "71", "9", "38", "27")),
    canonical=lambda operands: tuple(sorted(operands, key=int)),
)
