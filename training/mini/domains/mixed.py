"""Sums with plus, minus and one or two small products, such as 12 + 4 × 7 - 9."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import prod
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, one_of
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import add_listed, compute, in_parts, multiply_all

STYLES = ((" ", "×"), ("", "×"), (" ", "*"), ("", "*"), (" ", "x"))  # what stands between numbers and signs, and the times sign
SHAPES = {  # how many terms, how many of them products
    SMALL: ((2, 1),),
    MEDIUM: ((2, 1), (2, 2), (3, 1), (3, 1), (3, 1), (3, 1), (3, 1)),
    LARGE: ((3, 2), (3, 2), (4, 1), (4, 1), (4, 2), (5, 1)),
}
SMALL_NUMBERS, MEDIUM_NUMBERS = 3, 4
LARGEST_TERMS = {SMALL: (9, 20), MEDIUM: (20, 99), LARGE: (20, 99)}
LARGEST_FACTOR = {SMALL: 5, MEDIUM: 9, LARGE: 9}
Term = tuple[str, tuple[int, ...]]  # its sign and its number or its two factors


class Mixed(Domain):
    """Two to five terms, one or two of them products; never below zero on the way."""

    name = "mixed"
    title = "plus, minus and times together"
    showcase = (
        ("12", "+", "4", "×", "7", "-", "9"),
        ("50", "-", "6", "×", "8", "+", "15"),
        ("35", "+", "8", "×", "6", "-", "27", "+", "9", "×", "4"),
    )

    def draw(self, rng: Random, wanted: int) -> Operands | None:
        """Numbers and signs, each one word."""
        n_terms, n_products = rng.choice(SHAPES[wanted])
        where = rng.sample(range(n_terms), n_products)
        words: list[str] = []
        for index in range(n_terms):
            words += [rng.choice("+-")] if index else []
            if index in where:
                words += [str(rng.randint(2, LARGEST_FACTOR[wanted])), "×", str(rng.randint(2, LARGEST_FACTOR[wanted]))]
            else:
                words += [str(rng.randint(2, rng.choice(LARGEST_TERMS[wanted])))]
        return tuple(words) if min(accumulate(_signed(words))) >= 0 else None

    def answer(self, operands: Operands) -> str:
        """The result, products first."""
        return str(sum(_signed(operands)))

    def size(self, operands: Operands) -> int:
        """By how many numbers there are; small ones are also small themselves."""
        n_numbers = sum(word.isdigit() for word in operands)
        if n_numbers <= SMALL_NUMBERS and max(map(abs, _signed(operands))) <= LARGEST_FACTOR[SMALL] ** 2:
            return SMALL
        return MEDIUM if n_numbers <= MEDIUM_NUMBERS else LARGE

    def canonical(self, operands: Operands) -> Operands:
        """The same terms in a fixed order: first what is added, then what is taken away."""
        words: list[str] = []
        for sign, factors in sorted((sign, sorted(factors)) for sign, factors in _terms(operands)):
            words += [sign, *" × ".join(map(str, factors)).split()]
        return tuple(words[1:])

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The sum, with other signs or without spaces."""
        space, times = one_of(STYLES, rng)
        return {"sum": space.join(times if word == "×" else word for word in operands)}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The result in one go."""
        return scribe.say(f"Quickly: {' '.join(operands)} =").value(int(self.answer(operands)))

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """From left to right, each product when its turn comes, each number at once."""
        scribe.say(", let me work in whole steps:")
        total = 0
        for index, (sign, factors) in enumerate(_terms(operands)):
            number = multiply_all(factors, scribe)
            total = compute(total, sign, number, scribe) if index else number
        return total

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Products first, then left to right, larger numbers part by part."""
        scribe.say(", let me do the products first.")
        numbers = []
        for sign, factors in _terms(operands):
            numbers.append((sign, multiply_all(factors, scribe)))
            scribe.stop()
        (_, total), *others = numbers
        scribe.say(f" Now {total}{''.join(f' {sign} {number}' for sign, number in others)}.")
        for sign, number in others:
            total = in_parts(total, sign, number, scribe)
            scribe.stop()
        return total

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Products first, then all that is added, then all that is taken away, then the difference."""
        scribe.say(", let me sort by plus and minus.")
        sides: dict[str, list[int]] = {"+": [], "-": []}
        for sign, factors in _terms(operands):
            sides[sign].append(multiply_all(factors[::-1], scribe))
            scribe.stop()
        total = add_listed("Plus", sides["+"], scribe)
        if sides["-"]:
            total = in_parts(total, "-", add_listed("Minus", sides["-"], scribe), scribe, ones_first=True)
        return total


def _terms(operands: Sequence[str]) -> list[Term]:
    """The terms with their signs: 12 - 4 × 7 -> [("+", (12,)), ("-", (4, 7))]."""
    chunks = f"+ {' '.join(operands)}".replace("+", "|+").replace("-", "|-").split("|")[1:]
    return [(chunk[0], tuple(map(int, chunk[1:].split("×")))) for chunk in chunks]


def _signed(operands: Sequence[str]) -> list[int]:
    """What each term adds: 12 - 4 × 7 -> [12, -28]."""
    return [prod(factors) if sign == "+" else -prod(factors) for sign, factors in _terms(operands)]


DOMAIN = Mixed()
