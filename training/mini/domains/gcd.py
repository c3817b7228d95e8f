"""The greatest common divisor of two numbers up to three digits."""

from __future__ import annotations

from math import gcd
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import compute, round_parts, take_away

PRIMES = (2, 3, 5, 7, 11, 13)
TABLE = 10  # up to ten times a prime a division is a times-table fact
RANGES = {SMALL: (6, 30), MEDIUM: (31, 150), LARGE: (151, 900)}  # of the larger number
MOST_STEPS = {SMALL: 5, MEDIUM: 10, LARGE: 16}  # of the repeated subtraction, in parts
PATIENCE = 19  # more steps than any problem needs: a slip has spoilt the numbers
COPRIME_SHARE = 0.05


SMOOTH = [2**a * 3**b * 5**c * 7**d for a in range(7) for b in range(5) for c in range(3) for d in range(3)]
DIVISORS = sorted({number for number in (*SMOOTH, 11, 22, 33, 44, 13, 26, 39, 52) if 1 < number <= 144})  # made of small primes


class Gcd(Domain):
    """The greatest common divisor of two numbers."""

    name = "gcd"
    title = "the greatest common divisor"
    showcase = (("84", "36"), ("252", "105"), ("22", "33"))
    ordered = False

    def draw(self, rng: Random, wanted: int) -> Operands | None:
        """Two different numbers, mostly with a common divisor, that a few subtractions bring together."""
        lowest, highest = RANGES[wanted]
        common = 1 if rng.random() < COPRIME_SHARE else min(rng.choices(DIVISORS, k=2))  # small ones have more pairs
        fewest = 2 if wanted == SMALL else 3
        if highest // common < fewest:
            return None
        times = rng.randint(fewest, min(highest // common, 60))
        larger, smaller = common * times, common * rng.randint(1 if times == 2 or rng.random() < 0.15 else 2, times - 1)
        operands = (str(larger), str(smaller)) if rng.random() < 0.5 else (str(smaller), str(larger))
        easy = _n_steps(larger, smaller) <= MOST_STEPS[wanted] and gcd(larger, smaller) == common
        return operands if easy and larger >= lowest and smaller > 3 else None

    def answer(self, operands: Operands) -> str:
        """The greatest common divisor."""
        return str(gcd(*map(int, operands)))

    def size(self, operands: Operands) -> int:
        """By the larger number."""
        return size_by(max(map(int, operands)), RANGES[SMALL][1], RANGES[MEDIUM][1])

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The two numbers."""
        return {"a": operands[0], "b": operands[1]}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A glance at the numbers."""
        return scribe.say(f"At a glance {operands[0]} and {operands[1]} share").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Euclid's way in big steps: take the smaller number away as often as it fits, all at once, until nothing is left."""
        smaller, larger = sorted(map(int, operands))
        scribe.say(", let me find what is left:")
        while smaller:
            times = scribe.then(f" {larger} -").value(larger // smaller)
            left = abs(scribe.say(f" × {smaller} =").value(larger - times * smaller))  # below zero only after a slip
            smaller, larger = sorted((smaller, left))
        return larger

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Euclid's way: take the smaller number from the larger until both are equal."""
        a, b = map(int, operands)
        scribe.say(", let me take the smaller from the larger.")
        steps = 0
        while steps < PATIENCE:
            b, a = sorted((a, b))
            parts = round_parts(b)
            steps += len(parts)
            a = take_away(a, parts, scribe.say(f" {a} - {b}:" if len(parts) > 1 else ""))
            scribe.stop()
            if a in (0, b):
                scribe.say(f" Both are {b}." if a else f" That leaves {b}.")
                return b
        scribe.say(f" It goes on down to {gcd(a, b)}.")  # only after a slip
        return gcd(a, b)

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Divide both numbers by 2, 3, 5, 7, 11 and 13 as long as both can be, and multiply what they were divided by."""
        a, b = sorted(map(int, operands))
        common, index = 1, 0
        scribe.say(f", let me divide both {a} and {b}.")
        while index < len(PRIMES) and min(a, b) >= PRIMES[index]:
            prime = PRIMES[index]
            first = _divide(a, prime, scribe)
            second = _divide(b, prime, scribe) if first is not None else None
            if first is None or second is None:
                index += 1
            else:
                a, b = first, second
                common = _times(common, prime, scribe)
            scribe.stop()
        return scribe.say(f" {a} and {b} share no more, common").value(common)


def _n_steps(a: int, b: int) -> int:
    """How many parts the repeated subtraction takes away."""
    steps = 0
    while a != b:
        b, a = sorted((a, b))
        a, steps = a - b, steps + len(round_parts(b))
    return steps


def _times(common: int, prime: int, scribe: Scribe) -> int:
    """Write the common divisor times a further prime, larger ones in parts."""
    if common == 1:
        scribe.say(f", common {prime}")
        return prime
    parts = [common] if prime == 2 else round_parts(common)
    scribe.say(f", common {common} × {prime}")
    if len(parts) == 1:
        return scribe.say(" =").value(common * prime)
    total = 0
    for index, part in enumerate(parts):
        product = compute(part, "×", prime, scribe.say("" if index else ":"))
        total = compute(total, "+", product, scribe) if index else product
    return total


def _divide(number: int, prime: int, scribe: Scribe) -> int | None:
    """Write the division of a number by a prime, digit by digit where it is no times-table fact; None if something is left."""
    scribe.then(f" {number} / {prime}")
    if number % prime and (prime in (2, 5) or number <= TABLE * prime):
        scribe.say(" no" if prime in (2, 5) else f" = {number // prime} left {number % prime}")
        return None
    scribe.say(" =" if prime == 2 or number <= TABLE * prime else f": {_digit_by_digit(number, prime)}")
    return None if number % prime else scribe.value(number // prime)


def _digit_by_digit(number: int, prime: int) -> str:
    left, steps = 0, []
    for place, digit in enumerate(str(number)):
        left = 10 * left + int(digit)
        if place or left >= prime:
            steps.append(f"{left} is {left // prime} × {prime}" + (f" + {left % prime}" if left % prime else ""))
        left %= prime
    return ", ".join(steps) + (", no" if left else ", so")


DOMAIN = Gcd()
