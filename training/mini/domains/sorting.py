"""Sorting three to six whole numbers from small to large."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import Conclusion, Domain, Operands, listed, size_by
from training.mini.domains.scribe import Scribe

HOW_MANY = (3,) * 8 + (4,) * 5 + (5,) * 3 + (6,) * 4
MANY = 5  # lists of so many or more have no three-digit numbers
TOP = (20, 99, 99, 999)  # the largest number that may occur in a list of any numbers
DIGITS, FIRST_DIGITS = "0123456789", "123456789"


class Sorting(Domain):
    """Three to six numbers from small to large."""

    name = "sorting"
    title = "sorting numbers"
    showcase = (("34", "8", "57", "12"), ("52", "17", "88", "25", "9", "61"), ("73", "37", "71", "9", "38", "27"))

    def sample(self, rng: Random) -> Operands:
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

    def answer(self, operands: Operands) -> str:
        """The numbers from small to large."""
        return ", ".join(self.canonical(operands))

    def size(self, operands: Operands) -> int:
        """By how many numbers there are."""
        return size_by(len(operands), 3, 5)

    def canonical(self, operands: Operands) -> Operands:
        """The order they are given in does not matter."""
        return tuple(sorted(operands, key=int))

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The numbers with commas, sometimes with spaces only, or with "and"."""
        dice = rng.random() if rng else 1.0
        return {"list": " ".join(operands) if dice < 0.1 else listed(operands) if dice < 0.3 else ", ".join(operands)}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Write the numbers in order at once."""
        left, ordered = list(operands), list[str]()
        scribe.say("At a glance, in order:")
        while left:
            ordered.append(_taken(min(left, key=int), left, scribe.say("," if ordered else "")))
        return ", ".join(ordered)

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Take the smallest and the largest number at once, and again of those that are left."""
        left, low, high = list(operands), list[str](), list[str]()
        scribe.say(", let me take both ends:")
        while len(left) > 1:
            low.append(_taken(min(left, key=int), left, scribe))
            high.insert(0, _taken(max(left, key=int), left, scribe.say(" and")))
            scribe.say(f", left {', '.join(left)}." if left else ".")
        return ", ".join(low + left + high)

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Find the smallest number that is left, again and again."""
        left, ordered = list(operands), list[str]()
        scribe.say(", let me find the smallest each time.")
        while len(left) > 1:
            best = left[0]
            scribe.say(f" Left: {', '.join(left)}. {best}" if ordered else f" {best}")
            for number in left[1:]:
                best = scribe.then(f" or {number}:").pick(min(best, number, key=int), (best, number))
            left.remove(best)
            ordered.append(best)
            scribe.say(f". Sorted: {', '.join(ordered if len(left) > 1 else ordered + left)}.")
        return ", ".join(ordered + left)

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Put number after number into a sorted list, comparing it with the list from the left."""
        ordered = [operands[0]]
        scribe.say(f", let me insert one at a time: {operands[0]}.")
        for number in operands[1:]:
            place = 0
            while place < len(ordered):
                scribe.then(f" {number} and {ordered[place]}:")
                if scribe.pick("before" if int(number) < int(ordered[place]) else "after", ("after", "before")) == "before":
                    break
                place += 1
            ordered.insert(place, number)
            scribe.say(f", so {', '.join(ordered)}.")
        return ", ".join(ordered)


def _taken(right: str, left: list[str], scribe: Scribe) -> str:
    """Write the number that comes out of those left, and take it out."""
    number = scribe.pick(right, left)
    left.remove(number)
    return number


DOMAIN = Sorting()
