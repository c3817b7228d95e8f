"""The greatest common divisor of two numbers up to three digits."""

from __future__ import annotations

from functools import cache
from math import gcd
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, round_parts
from training.mini.domains.scribe import Scribe

PRIMES = (2, 3, 5, 7, 11, 13)
TABLE = 10  # up to ten times a prime a division is a times-table fact
RANGES = {SMALL: (6, 30), MEDIUM: (31, 150), LARGE: (151, 900)}  # of the larger number
MOST_STEPS = {SMALL: 5, MEDIUM: 10, LARGE: 16}  # of the repeated subtraction, in parts
PATIENCE = 19  # more steps than any problem needs: a slip has spoilt the numbers
COPRIME_SHARE = 0.05


@cache
def _divisors() -> tuple[int, ...]:
    smooth = [2**a * 3**b * 5**c * 7**d for a in range(7) for b in range(5) for c in range(3) for d in range(3)]
    others = [prime * times for prime in PRIMES[4:] for times in range(1, 5)]
    return tuple(sorted({number for number in (*smooth, *others) if 1 < number <= 144}))


def _n_steps(a: int, b: int) -> int:
    steps = 0
    while a != b:
        larger, smaller = max(a, b), min(a, b)
        a, b, steps = larger - smaller, smaller, steps + len(round_parts(smaller))
    return steps


def sample(rng: Random) -> Operands:
    """Two different numbers, mostly with a common divisor, that a few subtractions bring together."""
    size_drawn = rng.choices((SMALL, MEDIUM, LARGE), (38, 40, 22))[0]
    lowest, highest = RANGES[size_drawn]
    while True:
        common = 1 if rng.random() < COPRIME_SHARE else min(rng.choices(_divisors(), k=2))  # small ones have more pairs
        fewest = 2 if size_drawn == SMALL else 3
        if highest // common < fewest:
            continue
        times = rng.randint(fewest, min(highest // common, 60))
        larger, smaller = common * times, common * rng.randint(1 if times == 2 or rng.random() < 0.15 else 2, times - 1)
        easy = _n_steps(larger, smaller) <= MOST_STEPS[size_drawn] and gcd(larger, smaller) == common
        operands = (str(larger), str(smaller)) if rng.random() < 0.5 else (str(smaller), str(larger))
        if easy and larger >= lowest and smaller > 3:
            return operands


def answer(operands: Operands) -> str:
    """The greatest common divisor."""
    return str(gcd(*map(int, operands)))


def size(operands: Operands) -> int:
    """By the larger number."""
    larger = max(map(int, operands))
    return SMALL if larger <= RANGES[SMALL][1] else MEDIUM if larger <= RANGES[MEDIUM][1] else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The two numbers."""
    return {"a": operands[0], "b": operands[1]}


def draft(operands: Operands, scribe: Scribe) -> str:
    """A glance at the numbers."""
    scribe.say(f"At a glance {operands[0]} and {operands[1]} share")
    common = scribe.value(gcd(*map(int, operands)))
    scribe.say(".")
    return str(common)


def by_remainders(operands: Operands, scribe: Scribe) -> str:
    """Euclid's way in big steps: take the smaller number away as often as it fits, all at once, until nothing is left."""
    a, b = map(int, operands)
    scribe.say(", let me find what is left:")
    larger, smaller = max(a, b), min(a, b)
    while smaller:
        scribe.say(f" {larger} -")
        times = scribe.value(larger // smaller)
        scribe.say(f" × {smaller} =")
        left = abs(scribe.value(larger - times * smaller))  # below zero only after a slip
        scribe.say("," if left else ".")
        larger, smaller = max(smaller, left), min(smaller, left)
    return str(larger)


def by_subtraction(operands: Operands, scribe: Scribe) -> str:
    """Euclid's way: take the smaller number from the larger until both are equal."""
    a, b = map(int, operands)
    scribe.say(", let me take the smaller from the larger.")
    steps = 0
    while steps < PATIENCE:
        steps += len(round_parts(min(a, b)))
        a, b = _subtract(max(a, b), min(a, b), scribe), min(a, b)
        if a in (0, b):
            scribe.say(f" Both are {b}." if a else f" That leaves {b}.")
            return str(b)
    scribe.say(f" It goes on down to {gcd(a, b)}.")  # only after a slip
    return str(gcd(a, b))


def _subtract(number: int, other: int, scribe: Scribe) -> int:
    parts = round_parts(other)
    scribe.say(f" {number} - {other}" + (":" if len(parts) > 1 else ""))
    for index, part in enumerate(parts):
        if part > number:  # only after a slip
            break
        scribe.say(f"{',' if index else ''} {number} - {part} =" if len(parts) > 1 else " =")
        number = scribe.value(number - part)
    scribe.say(".")
    return number


def by_common_primes(operands: Operands, scribe: Scribe) -> str:
    """Divide both numbers by 2, 3, 5, 7, 11 and 13 as long as both can be, and multiply what they were divided by."""
    a, b = sorted(map(int, operands))
    common, index = 1, 0
    scribe.say(f", let me divide both {a} and {b}.")
    while index < len(PRIMES) and min(a, b) >= PRIMES[index]:
        prime = PRIMES[index]
        first = _divide(a, prime, scribe)
        scribe.say("." if first is None else ",")
        second = None if first is None else _divide(b, prime, scribe)
        if first is None or second is None:
            scribe.say("" if first is None else ".")
            index += 1
            continue
        a, b = first, second
        if common == 1:
            common = prime
            scribe.say(f", common {prime}.")
        else:
            common = _times(common, prime, scribe)
    scribe.say(f" {a} and {b} share no more, common")
    common = scribe.value(common)
    scribe.say(".")
    return str(common)


def _times(common: int, prime: int, scribe: Scribe) -> int:
    scribe.say(f", common {common} × {prime}")
    total = 0
    parts = [common] if prime == 2 else round_parts(common)
    for index, part in enumerate(parts):
        scribe.say(f"{',' if index else ':'} {part} × {prime} =" if len(parts) > 1 else " =")
        product = scribe.value(part * prime)
        scribe.say(f", {total} + {product} =" if index else "")
        total = scribe.value(total + product) if index else product
    scribe.say(".")
    return total


def _divide(number: int, prime: int, scribe: Scribe) -> int | None:
    """Write the division of a number by a prime, digit by digit where it is no times-table fact; None if something is left."""
    scribe.say(f" {number} / {prime}")
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


DOMAIN = Domain(
    name="gcd",
    title="the greatest common divisor",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What is the greatest common divisor of {a} and {b}?",
        "What is the gcd of {a} and {b}?",
        "gcd({a}, {b})",
        "GCD of {a} and {b}?",
        "Find the gcd of {a} and {b}.",
        "Find the greatest common divisor of {a} and {b}.",
        "What is the greatest common factor of {a} and {b}?",
        "What is the largest common divisor of {a} and {b}?",
        "What is the highest common factor of {a} and {b}?",
        "Which is the largest number that divides both {a} and {b}?",
        "What is the largest number that divides {a} and {b}?",
        "What is the biggest number by which both {a} and {b} can be divided?",
        "Calculate the gcd of {a} and {b}.",
        "Calculate the greatest common divisor of {a} and {b}.",
        "Give me the greatest common factor of {a} and {b}.",
        "{a} and {b}: what is the greatest common divisor?",
        "Can you find the greatest common divisor of {a} and {b}?",
        "Tell me the greatest number that divides both {a} and {b}.",
        "Tell me the gcd of {a} and {b}.",
        "Please find the gcd of {a} and {b}.",
        "Which number is the greatest common divisor of {a} and {b}?",
        "What is the biggest number that divides {a} and {b}?",
        "{a} and {b}: find the greatest common factor.",
        "Do you know the greatest common divisor of {a} and {b}?",
        "Work out the gcd of {a} and {b}.",
    ),
    unseen=(
        "gcf of {a} and {b}?",
        "What's the biggest whole number that goes evenly into both {a} and {b}?",
        "I need the highest common factor of {a} and {b} please.",
        "Which is the largest number that divides {a} and also {b} without a remainder?",
        "My teacher asked for the greatest number that {a} and {b} can both be divided by. What is it?",
        "find the largest factor shared by {a} and {b}",
    ),
    draft=draft,
    rough=by_remainders,
    check_a=by_subtraction,
    check_b=by_common_primes,
    showcase=(("84", "36"), ("252", "105"), ("22", "33")),
    canonical=lambda operands: tuple(sorted(operands)),
)
