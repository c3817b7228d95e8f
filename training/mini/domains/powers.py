"""The last digit of a power, or of a sum or product of two powers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Conclusion, Domain, Operands, one_of
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import OPERATIONS, compute

DIGITS = range(10)
ENDINGS = "2233778844990156"  # last digits of the bases, the lively ones more often
EXPONENTS = {SMALL: (2, 50), MEDIUM: (2, 12), LARGE: (5, 30)}
POWER = ("{base}^{exponent}",) * 4 + (
    "{base} ^ {exponent}",
    "{base} to the power of {exponent}",
    "{base} to the power {exponent}",
)
SIGNS = {"+": (" + ", " + ", "+", " plus "), "×": (" × ", " × ", "×", " * ", " times ")}
WORDS = {"+": "plus", "×": "times"}
CYCLE = 4  # the last digits of the powers of any number come back after at most four steps
TEN, TWENTY = 10, 20


class Powers(Domain):
    """The last digit of one power, or of the sum or product of two: base, exponent, sign, base, exponent."""

    name = "powers"
    title = "the last digit of powers"
    showcase = (("7", "23"), ("7", "12", "+", "3", "9"), ("8", "5", "×", "7", "11"))

    def draw(self, rng: Random, wanted: int) -> Operands:
        """A base of one to three digits and its exponent; beyond the small ones a sign and a second power."""
        if wanted == SMALL:
            return _power(rng, wanted)
        return (*_power(rng, wanted), rng.choice("+×"), *_power(rng, wanted))

    def answer(self, operands: Operands) -> str:
        """The last digit."""
        digits = [pow(int(base), exponent, 10) for base, exponent in _powers(operands)]
        return str(OPERATIONS[operands[2]](*digits) % 10 if operands[2:] else digits[0])

    def size(self, operands: Operands) -> int:
        """One power is small; two are medium or large by their exponents."""
        if not operands[2:]:
            return SMALL
        return MEDIUM if max(exponent for _, exponent in _powers(operands)) <= EXPONENTS[MEDIUM][1] else LARGE

    def canonical(self, operands: Operands) -> Operands:
        """The two powers in a fixed order."""
        first, second = sorted((operands[:2], operands[3:]))
        return (*first, operands[2], *second) if operands[2:] else operands

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The power, or the sum or product of two, in signs or words."""
        style = one_of(POWER, rng)
        powers = [style.format(base=base, exponent=exponent) for base, exponent in _powers(operands)]
        return {"power": one_of(SIGNS[operands[2]], rng).join(powers) if operands[2:] else powers[0]}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A glance at bases and exponents."""
        powers = [f"{base} to the power {exponent}" for base, exponent in _powers(operands)]
        scribe.say(f"At a glance {f' {WORDS[operands[2]]} '.join(powers) if operands[2:] else powers[0]} ends in")
        return scribe.pick(int(self.answer(operands)), DIGITS)

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Name the cycle of last digits and the place of the exponent in it at once."""
        return _together(operands, _at_place, scribe.say(", let me use cycles."))

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Multiply up to power ten, then ten powers at a time, then the rest, keeping only the last digit."""
        return _together(operands, _multiply, scribe.say(", let me multiply, keeping last digits."))

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Find the cycle of last digits, then where the exponent falls in it; the second digit stands first at the end."""
        return _together(operands, _in_cycle, scribe.say(", let me find the cycle."), swapped=True)


def _power(rng: Random, wanted: int) -> Operands:
    """A base and its exponent."""
    tens = (0, rng.randint(1, 9), rng.randint(1, 9), rng.randint(10, 99)) if wanted == SMALL else (0, 0, 0, rng.randint(1, 9))
    base = int(rng.choice(ENDINGS)) + 10 * rng.choice(tens)
    return str(base if base > 1 else base + 10), str(rng.randint(*EXPONENTS[wanted]))


def _powers(operands: Operands) -> list[tuple[str, int]]:
    """Base and exponent of each power."""
    return [(operands[at], int(operands[at + 1])) for at in range(0, len(operands), 3)]


def _together(operands: Operands, last_digit: Callable[[str, int, Scribe], int], scribe: Scribe, swapped: bool = False) -> int:
    """Work out the last digit of each power, then of their sum or product."""
    digits = []
    for base, exponent in _powers(operands):
        digits.append(last_digit(base, exponent, scribe))
        scribe.stop()
    first, *others = digits[::-1] if swapped else digits
    return compute(first, operands[2], others[0], scribe) % 10 if others else first


def _at_place(base: str, exponent: int, scribe: Scribe) -> int:
    """Name the cycle of last digits, then the place of the exponent in it."""
    last = int(base[-1])
    cycle = [last]
    scribe.say(f" {last}")
    if last * last % 10 == last:
        return scribe.say(", always").pick(last, DIGITS)
    while len(cycle) < CYCLE:
        cycle.append(scribe.say(",").pick(cycle[-1] * last % 10, DIGITS))
    place = scribe.say(f". Power {exponent} is number").pick((exponent - 1) % CYCLE + 1, range(1, CYCLE + 1))
    return scribe.say(":").pick(cycle[place - 1], cycle)


def _multiply(base: str, exponent: int, scribe: Scribe) -> int:
    """Multiply last digits: up to power ten, then ten powers at a time, then the rest."""
    last = int(base[-1])
    scribe.say(f" Times {last} up to power {exponent}. 1: {last},")
    digit = _go_on(last, last, range(2, min(exponent, TEN) + 1), scribe)
    tens = range(2 * TEN, exponent + 1, TEN)
    if tens:
        digit = _go_on(digit, digit, tens, scribe.say(f" Ten at a time, times {digit}:"))
    if exponent > TEN and exponent % TEN:
        digit = _go_on(digit, last, range(exponent // TEN * TEN + 1, exponent + 1), scribe.say(f" Then times {last}:"))
    return digit


def _go_on(digit: int, factor: int, powers: range, scribe: Scribe) -> int:
    """Write the last digits of some powers, each from the one before."""
    for power in powers:
        digit = scribe.then(f" {power}:").pick(digit * factor % 10, DIGITS)
    scribe.stop()
    return digit


def _in_cycle(base: str, exponent: int, scribe: Scribe) -> int:
    """Work out the cycle of last digits, then take fours from the exponent."""
    last = int(base[-1])
    scribe.say(f" {base} ends in {last}.")
    cycle = [last]
    while len(cycle) < CYCLE:
        product = compute(cycle[-1], "×", last, scribe)
        if product % 10 == last and len(cycle) == 1:
            scribe.say(f", always {last}")
            return last
        cycle.append(product % 10)
    scribe.say(f". The cycle is {', '.join(f'{place}: {digit}' for place, digit in enumerate(cycle, start=1))}.")
    number = exponent
    while number > CYCLE:  # twenties, then fours
        unit = TWENTY if number > TWENTY else CYCLE
        fours = (number - 1) // unit * unit
        scribe.say(" Without fours:" if number == exponent else "")
        number = max(1, compute(number, "-", fours, scribe))
    scribe.stop().say(f" Number {number}:")
    return scribe.pick(cycle[(number - 1) % CYCLE], cycle)


DOMAIN = Powers()
