"""Finding the largest or the smallest of two to five decimals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from random import Random

from training.mini.domains.base import Conclusion, Domain, Operands, listed, one_of, size_by
from training.mini.domains.scribe import Scribe

LARGEST, SMALLEST = GOALS = ("largest", "smallest")
COMPARED = {LARGEST: "larger", SMALLEST: "smaller"}
SYNONYMS = {"larger": ("larger", "bigger", "greater"), "largest": ("largest", "biggest", "greatest")}
NUMBERS = ("one", "two", "three", "four", "five")  # names the number in one word before its digits are written
SIDES = ("first", "second")
PLACES = ("Wholes", "Tenths", "Hundredths", "Thousandths")
HOW_MANY = (2,) * 7 + (3,) * 8 + (4, 4, 4, 5, 5)


class Decimals(Domain):
    """The largest or smallest of two to five decimals."""

    name = "decimals"
    title = "comparing decimals"
    showcase = ((LARGEST, "9.11", "9.8"), (LARGEST, "3.14", "3.2"), (LARGEST, "0.7", "0.65", "0.705", "0.69"))

    def sample(self, rng: Random) -> Operands:
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

    def answer(self, operands: Operands) -> str:
        """The largest or smallest number."""
        return (max if operands[0] == LARGEST else min)(operands[1:], key=float)

    def size(self, operands: Operands) -> int:
        """By how many numbers there are."""
        return size_by(len(operands) - 1, 2, 3)

    def canonical(self, operands: Operands) -> Operands:
        """The order of the numbers does not matter."""
        return (operands[0], *sorted(operands[1:]))

    def held_out(self, operands: Operands) -> bool:
        """The famous pairs, whatever is asked about them."""
        return set(operands[1:]) in ({"9.11", "9.8"}, {"3.14", "3.2"})

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The word asked for, sometimes another one, and the numbers joined by "and" and by "or"."""
        which = _word_for(operands)
        numbers = listed(operands[1:])
        which = one_of(SYNONYMS[which], rng) if which in SYNONYMS else which
        return {"which": which, "and": numbers, "or": numbers.replace(" and ", " or ")}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A glance at the numbers."""
        numbers = operands[1:]
        names = NUMBERS[: len(numbers)]
        name = scribe.say(f"At a glance, of {listed(numbers)} number").pick(names[numbers.index(self.answer(operands))], names)
        found = numbers[names.index(name)]
        scribe.say(f" is {_word_for(operands)}: {found}")
        return found

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Look at all numbers in the first place where they differ, keep the best, and again for those that are left."""
        goal, *left = operands
        scribe.say(", let me look where they differ.")
        while len(left) > 1:
            by_place = zip(PLACES, zip_longest(*map(_parts, left), fillvalue="0"), strict=False)
            columns = {place: column for place, column in by_place if len(set(column)) > 1}
            column = columns[scribe.pick(next(iter(columns)), list(columns))]
            scribe.say(f" {', '.join(column)}: {goal}")
            best = scribe.pick((max if goal == LARGEST else min)(column, key=int), column)
            left = [number for number, digit in zip(left, column, strict=True) if digit == best]
            scribe.say(f", left {listed(left)}.")
        return left[0]

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Write all equally long, then compare the best so far with the next: the wholes, then what is after the point."""
        goal, *numbers = operands
        places = max(len(number.partition(".")[2]) for number in numbers)
        padded = [number + "0" * (places - len(number.partition(".")[2])) for number in numbers]
        scribe.say(f", let me make them equally long: {listed(padded)}.")
        best = padded[0]
        for number in padded[1:]:
            scribe.say(f" {best} and {number}: wholes" if len(numbers) > 2 else " Wholes")
            (whole, _, rest), (other, _, others) = best.partition("."), number.partition(".")
            scribe.say(f" {whole} and {other}")
            scribe.say(f", after the point {rest} and {others}" if whole == other else "")
            best = (best, number)[_better_of((whole, rest), (other, others), goal, scribe)]
            scribe.say(f" {best}.")
        return numbers[padded.index(best)]

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Start from the last number and compare with the one before it, digit by digit until two differ or one ends."""
        goal, *numbers = operands
        best = numbers[-1]
        scribe.say(", let me start with the last and go place by place.")
        for number in reversed(numbers[:-1]):
            one, other = _parts(best), _parts(number)
            scribe.say(f" {best} and {number}:")
            for row, (digit, compared) in enumerate(zip(one, other, strict=False)):
                scribe.say(f"{',' if row else ''} {digit} and {compared}")
                if digit != compared:
                    break
            else:
                scribe.say(f", the {SIDES[len(other) < len(one)]} ends")
            best = (best, number)[_better_of(one, other, goal, scribe)]
            scribe.say(f" {best}.")
        return best


def _word_for(operands: Operands) -> str:
    """How the number asked for is called: "larger" of two, "largest" of more."""
    return COMPARED[operands[0]] if len(operands) == 3 else operands[0]


def _better_of(one: Sequence[str], other: Sequence[str], goal: str, scribe: Scribe) -> int:
    """Say which of two numbers, given in parts, is nearer to the goal."""
    larger = [int(part) for part in other] > [int(part) for part in one]
    side = scribe.say(", the").pick(SIDES[larger == (goal == LARGEST)], SIDES)
    scribe.say(f" is {COMPARED[goal]}:")
    return SIDES.index(side)


def _parts(number: str) -> list[str]:
    """The whole part and each decimal: 9.84 -> 9, 8, 4."""
    whole, _, decimals = number.partition(".")
    return [whole, *decimals]


DOMAIN = Decimals()
