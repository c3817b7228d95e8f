"""The last digit of a power, or of a sum or product of two powers."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands
from training.mini.domains.scribe import Scribe

DIGITS = tuple("0123456789")
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


def sample(rng: Random) -> Operands:
    """A base of one to three digits and its exponent; beyond the small ones a sign and a second power."""
    size_drawn = rng.choices((SMALL, MEDIUM, LARGE), (38, 40, 22))[0]
    if size_drawn == SMALL:
        return _power(rng, size_drawn)
    while True:
        operands = (*_power(rng, size_drawn), rng.choice("+×"), *_power(rng, size_drawn))
        if size(operands) == size_drawn:
            return operands


def _power(rng: Random, size_drawn: int) -> Operands:
    tens = (0, rng.randint(1, 9), rng.randint(1, 9), rng.randint(10, 99)) if size_drawn == SMALL else (0, 0, 0, rng.randint(1, 9))
    base = int(rng.choice(ENDINGS)) + 10 * rng.choice(tens)
    return str(base if base > 1 else base + 10), str(rng.randint(*EXPONENTS[size_drawn]))


def _powers(operands: Operands) -> list[tuple[str, int]]:
    return [(operands[at], int(operands[at + 1])) for at in range(0, len(operands), 3)]


def _joined(digits: list[int], sign: str) -> int:
    return sum(digits) if sign == "+" else digits[0] * digits[1]


def answer(operands: Operands) -> str:
    """The last digit."""
    digits = [pow(int(base), exponent, 10) for base, exponent in _powers(operands)]
    return str(_joined(digits, operands[2]) % 10 if operands[2:] else digits[0])


def canonical(operands: Operands) -> Operands:
    """The two powers in a fixed order."""
    first, second = sorted((operands[:2], operands[3:]))
    return (*first, operands[2], *second) if operands[2:] else operands


def size(operands: Operands) -> int:
    """One power is small; two are medium or large by their exponents."""
    exponents = [exponent for _, exponent in _powers(operands)]
    return SMALL if len(exponents) == 1 else MEDIUM if max(exponents) <= EXPONENTS[MEDIUM][1] else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The power, or the sum or product of two, in signs or words."""
    style = rng.choice(POWER) if rng else POWER[0]
    powers = [style.format(base=base, exponent=exponent) for base, exponent in _powers(operands)]
    if not operands[2:]:
        return {"power": powers[0]}
    signs = SIGNS[operands[2]]
    return {"power": (rng.choice(signs) if rng else signs[0]).join(powers)}


def draft(operands: Operands, scribe: Scribe) -> str:
    """A glance at bases and exponents."""
    powers = [f"{base} to the power {exponent}" for base, exponent in _powers(operands)]
    scribe.say(f"At a glance {f' {WORDS[operands[2]]} '.join(powers) if operands[2:] else powers[0]} ends in")
    digit = scribe.pick(int(answer(operands)), DIGITS)
    scribe.say(".")
    return str(digit)


def by_place_in_cycle(operands: Operands, scribe: Scribe) -> str:
    """Name the cycle of last digits and the place of the exponent in it at once."""
    scribe.say(", let me use cycles.")
    return _both([_at_place(int(base[-1]), exponent, scribe) for base, exponent in _powers(operands)], operands, scribe)


def _at_place(last: int, exponent: int, scribe: Scribe) -> int:
    cycle = [last]
    scribe.say(f" {last}")
    if last * last % 10 == last:
        scribe.say(", always")
        digit = scribe.pick(last, DIGITS)
        scribe.say(".")
        return digit
    while len(cycle) < CYCLE:
        scribe.say(",")
        cycle.append(scribe.pick(cycle[-1] * last % 10, DIGITS))
    scribe.say(f". Power {exponent} is number")
    place = scribe.pick((exponent - 1) % CYCLE, [str(place + 1) for place in range(CYCLE)])
    scribe.say(":")
    digit = cycle[scribe.pick(place, [str(digit) for digit in cycle])]
    scribe.say(".")
    return digit


def again_and_again(operands: Operands, scribe: Scribe) -> str:
    """Multiply up to power ten, then ten powers at a time, then the rest, keeping only the last digit."""
    scribe.say(", let me multiply, keeping last digits.")
    return _both([_multiply(int(base[-1]), exponent, scribe) for base, exponent in _powers(operands)], operands, scribe)


def _multiply(last: int, exponent: int, scribe: Scribe) -> int:
    scribe.say(f" Times {last} up to power {exponent}. 1: {last}")
    digit = _steps(last, last, range(2, min(exponent, TEN) + 1), scribe)
    scribe.say(".")
    if exponent <= TEN:
        return digit
    tens = range(2 * TEN, exponent + 1, TEN)
    if tens:
        scribe.say(f" Ten at a time, times {digit}:")
        digit = _steps(digit, digit, tens, scribe)
        scribe.say(".")
    if exponent % TEN:
        scribe.say(f" Then times {last}:")
        digit = _steps(digit, last, range(exponent // TEN * TEN + 1, exponent + 1), scribe)
        scribe.say(".")
    return digit


def _steps(digit: int, factor: int, powers: range, scribe: Scribe) -> int:
    for power in powers:
        scribe.say(f"{'' if power == powers[0] and powers[0] != 2 else ','} {power}:")
        digit = scribe.pick(digit * factor % 10, DIGITS)
    return digit


def _both(digits: list[int], operands: Operands, scribe: Scribe) -> str:
    """Write the sum or product of two last digits."""
    if not operands[2:]:
        return str(digits[0])
    scribe.say(f" {digits[0]} {operands[2]} {digits[1]} =")
    result = scribe.value(_joined(digits, operands[2]))
    scribe.say(".")
    return str(result % 10)


def by_cycle(operands: Operands, scribe: Scribe) -> str:
    """Find the cycle of last digits, then where the exponent falls in it."""
    scribe.say(", let me find the cycle.")
    return _both([_in_cycle(base, exponent, scribe) for base, exponent in _powers(operands)][::-1], operands, scribe)


def _in_cycle(base: str, exponent: int, scribe: Scribe) -> int:
    last = int(base[-1])
    scribe.say(f" {base} ends in {last}.")
    cycle = [last]
    while len(cycle) < CYCLE:
        scribe.say(f"{',' if cycle[1:] else ''} {cycle[-1]} × {last} =")
        product = scribe.value(cycle[-1] * last)
        if product % 10 == last and len(cycle) == 1:
            scribe.say(f", always {last}.")
            return last
        cycle.append(product % 10)
    scribe.say(f". The cycle is {', '.join(f'{place}: {digit}' for place, digit in enumerate(cycle, start=1))}.")
    number, first = exponent, True
    while number > CYCLE:  # twenties, then fours
        unit = TWENTY if number > TWENTY else CYCLE
        fours = (number - 1) // unit * unit
        scribe.say(f" Without fours: {number} - {fours} =" if first else f", {number} - {fours} =")
        number, first = max(1, scribe.value(number - fours)), False
    scribe.say(f"{'' if first else '.'} Number {number}:")
    digit = cycle[scribe.pick((number - 1) % CYCLE, [str(digit) for digit in cycle])]
    scribe.say(".")
    return digit


DOMAIN = Domain(
    name="powers",
    title="the last digit of powers",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What is the last digit of {power}?",
        "What's the last digit of {power}?",
        "Last digit of {power}?",
        "Last digit of {power}",
        "Which digit does {power} end in?",
        "What digit does {power} end with?",
        "In which digit does {power} end?",
        "Find the last digit of {power}.",
        "Find the units digit of {power}.",
        "What is the units digit of {power}?",
        "What is the ones digit of {power}?",
        "Tell me the last digit of {power}.",
        "Give the last digit of {power}.",
        "Can you find the last digit of {power}?",
        "Can you tell me which digit {power} ends in?",
        "{power} ends in which digit?",
        "{power}: what is the last digit?",
        "What is the last digit of the result of {power}?",
        "I want to know the last digit of {power}.",
        "I calculate {power}. What is the last digit?",
        "Please tell me the last digit of {power}.",
        "Do you know the last digit of {power}?",
        "Work out the last digit of {power}.",
        "Which digit is the last one of {power}?",
        "Tell me which digit {power} ends with.",
        "{power}: find the last digit.",
        "What is at the end of {power}?",
    ),
    unseen=(
        "What digit does {power} end in?",
        "ones digit of {power}",
        "If I wrote out {power} in full, what would the very last digit be?",
        "I only need the final digit of {power}, not the whole number.",
        "Can you tell me which digit stands at the end of {power}?",
        "what's in the units place of {power}?",
    ),
    draft=draft,
    rough=by_place_in_cycle,
    check_a=again_and_again,
    check_b=by_cycle,
    showcase=(("7", "23"), ("7", "12", "+", "3", "9"), ("8", "5", "×", "7", "11")),
    canonical=canonical,
)
