"""Short stories about things that come, go and are shared, in two to five steps.

The operands are name, thing, start and steps: "+5" (five come), "+3×4" (three bags of four come), "-5" and "-3×4" (they go),
"/4" (shared among four, always the last step). The sentences are in stories.txt.
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path
from random import Random
from typing import NamedTuple

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, one_of
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import add_listed, as_multiple, in_parts, multiply_all
from training.mini.wording.texts import read_sections

SHE = ("Mia", "Anna", "Lena", "Sara", "Nora", "Emma", "Ida", "Lucy")
HE = ("Tom", "Ben", "Paul", "Leo", "Max", "Sam", "Jan", "Noah")
THINGS = (
    *("apples", "pears", "marbles", "cards", "stickers", "pencils", "books", "cookies", "nuts", "shells"),
    *("stones", "balls", "coins", "stamps", "flowers", "eggs", "sweets", "buttons", "plums", "cups"),
)
SENTENCES = read_sections(Path(__file__).with_name("stories.txt"))  # by kind of step, such as "+×"
STEP = re.compile(r"([+\-/])(?:(\d+)×)?(\d+)")
LENGTHS = (2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 5)  # steps
SMALL_STEPS = 2


class Limits(NamedTuple):
    """How large the numbers of a story may be: at first, in between, as a factor, in each share, as a change."""

    start: int
    between: int
    factor: int
    share: int
    change: int


SMALL_LIMITS, LIMITS = Limits(12, 19, 4, 5, 9), Limits(60, 150, 9, 10, 60)
MOST_TRIES = 15  # a slip may ask for more shares than anybody wants to read
Step = tuple[str, tuple[int, ...]]  # its sign and its number or its two factors


class Stories(Domain):
    """Somebody, something, how many at first, and two to five steps that never go below one."""

    name = "stories"
    title = "short stories with numbers"
    showcase = (
        ("Mia", "apples", "12", "+3×4", "-7"),
        ("Tom", "marbles", "25", "+2×8", "-5", "/4"),
        ("Anna", "stickers", "34", "+17", "-4×6", "+25", "-15"),
    )

    def sample(self, rng: Random) -> Operands:
        """Somebody, something, how many at first and the steps."""
        n_steps, shared, steps = rng.choice(LENGTHS), rng.random() < 0.3, list[str]()
        limits = SMALL_LIMITS if n_steps == SMALL_STEPS else LIMITS
        start = left = rng.randint(3, limits.start)
        while len(steps) < n_steps - 2 * shared:
            sign, times = rng.choice("+-"), rng.random() < 0.4
            factors = [rng.randint(2, limits.factor) for _ in range(2)] if times else [rng.randint(2, limits.change)]
            change = prod(factors) * (1 if sign == "+" else -1)
            if 1 <= left + change <= limits.between:
                left += change
                steps.append(sign + "×".join(map(str, factors)))
        if shared:  # one step makes it come out, then it is shared
            shares, each = rng.randint(2, limits.factor), rng.randint(2, limits.share)
            change = shares * each - left
            if abs(change) < 2 or abs(change) >= 100 or shares * each > limits.between:
                return self.sample(rng)
            steps += [f"{change:+}", f"/{shares}"]
        return rng.choice(SHE + HE), rng.choice(THINGS), str(start), *steps

    def answer(self, operands: Operands) -> str:
        """How many there are in the end, or in each share."""
        left = int(operands[2])
        for sign, factors in _steps(operands):
            left = left // factors[0] if sign == "/" else left + prod(factors) * (1 if sign == "+" else -1)
        return str(left)

    def size(self, operands: Operands) -> int:
        """By the number of steps; two are small if all numbers are."""
        n_steps, numbers = len(operands) - 3, [int(operands[2]), *(prod(factors) for _, factors in _steps(operands))]
        if n_steps > SMALL_STEPS:
            return MEDIUM if n_steps == SMALL_STEPS + 1 else LARGE
        return SMALL if max(numbers) <= SMALL_LIMITS.between else MEDIUM

    def canonical(self, operands: Operands) -> Operands:
        """Neither name nor thing matters."""
        return (SHE[0], THINGS[0], *operands[2:])

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The story and its question, in varied sentences."""
        name, things, start = operands[:3]
        pronouns = ("She", "she", "her", "her") if name in SHE else ("He", "he", "him", "his")
        words = {"name": name, "things": things, **dict(zip(("She", "she", "her", "her_own"), pronouns, strict=True))}
        sentences = [one_of(SENTENCES["start"], rng).format(**words, n=start)]
        for sign, factors in _steps(operands):
            kind = f"{sign}×" if len(factors) > 1 else sign
            sentences.append(one_of(SENTENCES[kind], rng).format(**words, k=factors[0], n=factors[-1]))
        questions = SENTENCES["how many each" if operands[-1][0] == "/" else "how many"]
        question, asked = one_of(questions, rng).format(**words).split(" | ")
        return {"story": " ".join(sentences), "question": question, "asked": asked}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The whole story as one sum in one go."""
        scribe.say(f"Quickly: {operands[2]}")
        for sign, factors in _steps(operands):
            scribe.say(f", shared by {factors[0]}," if sign == "/" else f" {sign} {' × '.join(map(str, factors))}")
        return scribe.say(" is").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Follow the story, each event at once."""
        left = int(operands[2])
        scribe.say(", let me take whole steps:")
        for sign, factors in _steps(operands):
            if sign == "/":
                left = as_multiple(left, factors[0], scribe)
            else:
                scribe.then(f" {left} {sign} {' × '.join(map(str, factors))} =")
                left = scribe.value(left + prod(factors) if sign == "+" else left - prod(factors))
        return left

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Follow the story in its order."""
        left = int(operands[2])
        scribe.say(f", let me follow the story. Start: {left}.")
        for sign, factors in _steps(operands):
            if sign == "/":
                left = as_multiple(left, factors[0], scribe.say(f" Shared by {factors[0]}:"))
            else:
                number = multiply_all(factors, scribe.say(f" {'More' if sign == '+' else 'Less'}:"))
                left = in_parts(left, sign, number, scribe.say("," if len(factors) > 1 else ""))
            scribe.stop()
        return left

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """First everything that comes in, then everything that goes out, then the difference."""
        scribe.say(", let me sort what comes and goes.")
        left = 0
        for name, side, numbers in (("In", "+", [int(operands[2])]), ("Out", "-", [])):
            for factors in (factors for sign, factors in _steps(operands) if sign == side):
                numbers.append(multiply_all(factors[::-1], scribe))
                scribe.stop()
            if numbers:
                total = add_listed(name, numbers, scribe)
                left = total if side == "+" else in_parts(left, "-", total, scribe, ones_first=True)
                scribe.stop()
        sign, factors = _steps(operands)[-1]
        return _share_out(left, factors[0], scribe) if sign == "/" else left


def _steps(operands: Operands) -> list[Step]:
    """The steps as signs and numbers: "+3×4" -> ("+", (3, 4))."""
    found = [STEP.fullmatch(step) for step in operands[3:]]
    return [(step[1], tuple(int(factor) for factor in step.groups()[1:] if factor)) for step in found if step]


def _share_out(number: int, shares: int, scribe: Scribe) -> int:
    """Write how many are needed for one each, for two each and so on, until there are enough."""
    each = needed = 0
    scribe.say(f" Share {number} by {shares}:")
    while each == 0 or (needed < number and each < MOST_TRIES):
        each += 1
        needed = scribe.then(f" {each} each is").value(needed + shares)
    return each


DOMAIN = Stories()
