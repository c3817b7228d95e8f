"""Decimal numbers in binary and binary numbers in decimal, up to ten bits."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SIZES, SMALL, Conclusion, Domain, Operands, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import compute, round_parts, take_away

BINARY, DECIMAL = "binary", "decimal"
NAMES = {BINARY: ("base 2",), DECIMAL: ("base 10", "base ten")}
RANGES = {SMALL: (2, 15), MEDIUM: (16, 63), LARGE: (64, 1023)}
PIECE_BITS = {SMALL: 2, MEDIUM: 3, LARGE: 4}  # of the back piece, where a number is cut in two
IN_ONE_GO = 32  # powers of two up to here are added and taken away whole, larger ones in hundreds, tens and ones


class Binary(Domain):
    """A number and the base it is wanted in."""

    name = "binary"
    title = "binary and decimal numbers"
    showcase = (("42", BINARY), ("101101", DECIMAL), ("200", BINARY))

    def sample(self, rng: Random) -> Operands:
        """As many in either base."""
        number = rng.randint(*RANGES[rng.choices(SIZES, (35, 40, 25))[0]])
        return (str(number), BINARY) if rng.random() < 0.5 else (f"{number:b}", DECIMAL)

    def answer(self, operands: Operands) -> str:
        """The number in the other base."""
        number, base = operands
        return f"{int(number):b}" if base == BINARY else str(int(number, 2))

    def size(self, operands: Operands) -> int:
        """By the number of bits."""
        return size_by(_n_bits(operands), 4, 6)

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The number, the base it is wanted in and the base it comes in."""
        number, base = operands
        other = DECIMAL if base == BINARY else BINARY
        if rng and rng.random() < 0.15:
            base, other = rng.choice(NAMES[base]), rng.choice(NAMES[other])
        return {"number": number, "base": base, "other": other}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The other form in one go."""
        number, base = operands
        scribe.say(f"At a glance {number} in {base} is")
        return scribe.value(int(number, 2)) if base == DECIMAL else _glance(int(number), scribe)

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Cut the binary number in two: the front piece counts fours, eights or sixteens; each piece at once."""
        number, base = operands
        low = min(PIECE_BITS[self.size(operands)], _n_bits(operands) - 1)
        scribe.say(", let me cut it in two:")
        return _join_pieces(int(number), low, scribe) if base == BINARY else _add_pieces(number[:-low], number[-low:], scribe)

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """The usual method: halve with remainders, or add place values from the right."""
        return _halve(int(operands[0]), scribe) if operands[1] == BINARY else _add_places(operands[0], scribe)

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """From the other end: take powers of two away, or double from the left."""
        return _take_powers(int(operands[0]), scribe) if operands[1] == BINARY else _double(operands[0], scribe)


def _n_bits(operands: Operands) -> int:
    """How many bits the number has, in whichever base it comes."""
    return int(operands[0]).bit_length() if operands[1] == BINARY else len(operands[0])


def _glance(number: int, scribe: Scribe) -> str:
    """Write a number in binary at once; a slip flips one of its last three bits."""
    return scribe.pick(f"{number:b}", [f"{number ^ flip:b}" for flip in (1, 2, 4)])


def _join_pieces(number: int, low: int, scribe: Scribe) -> str:
    """Split a number by a power of two, write both pieces in binary and join them."""
    rests = range(2**low)
    front = scribe.say(f" {number} is").value(number // len(rests))
    back = scribe.say(f" × {len(rests)} +").pick(number % len(rests), rests)
    start = _glance(front, scribe.say(f", {front} is"))
    end = scribe.say(f", {back} is").pick(f"{back:0{low}b}", [f"{rest:0{low}b}" for rest in rests])
    return f"{start}{end}".lstrip("0") or "0"


def _add_pieces(start: str, end: str, scribe: Scribe) -> int:
    """Write what both pieces are worth and add them up."""
    front, back = (scribe.then(f" {bits} is").value(int(bits, 2)) for bits in (start, end))
    return compute(compute(front, "×", 2 ** len(end), scribe), "+", back, scribe)


def _halve(number: int, scribe: Scribe) -> str:
    """Halve again and again; the remainders are the bits."""
    scribe.say(", let me halve again and again.")
    bits = ""
    while number > 1:
        half = scribe.say(f" Half of {number} is").value(number // 2)
        bits = scribe.say(" left").pick(str(number % 2), ("0", "1")) + bits
        scribe.say(f": {bits}.")
        number = half
    scribe.say(f" The {number} in front: {number}{bits}.")
    return f"{number}{bits}".lstrip("0") or "0"


def _add_places(bits: str, scribe: Scribe) -> int:
    """Add the powers of two whose bit is 1."""
    scribe.say(", let me add places from the right.")
    total = 0
    for place in range(len(bits)):
        left = bits[: len(bits) - place]
        scribe.say(f" {left}: {left[-1]} × {2**place}")
        for part in _parts(2**place) if left[-1] == "1" else ():
            total = scribe.say(f", {total} + {part} =").value(total + part)
        scribe.stop()
    return total


def _take_powers(number: int, scribe: Scribe) -> str:
    """Take away each power of two that fits, the largest first."""
    scribe.say(", let me take away powers of two.")
    bits = ""
    for place in reversed(range(number.bit_length())):
        fits = number >= 2**place
        bits += str(int(fits))
        scribe.say(f" {2**place} in {number}? {'Yes' if fits else 'No'}: {bits}{',' if fits else ''}")
        if fits:
            number = take_away(number, _parts(2**place), scribe)
        scribe.stop()
    return bits


def _double(bits: str, scribe: Scribe) -> int:
    """Double and add the next bit, from the left."""
    number = int(bits[0])
    scribe.say(f", let me double from the left. {number}, left {bits[1:]}.")
    for place, bit in enumerate(bits[1:], start=2):
        number = scribe.say(f" 2 × {number} + {bit} =").value(2 * number + int(bit))
        scribe.say(f", left {bits[place:]}." if bits[place:] else ".")
    return number


def _parts(power: int) -> list[int]:
    """A power of two as it is added or taken away."""
    return [power] if power <= IN_ONE_GO else round_parts(power)


DOMAIN = Binary()
