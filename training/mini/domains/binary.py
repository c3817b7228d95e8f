"""Decimal numbers in binary and binary numbers in decimal, up to ten bits."""

from __future__ import annotations

from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands, round_parts
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go

BINARY, DECIMAL = "binary", "decimal"
NAMES = {BINARY: ("base 2",), DECIMAL: ("base 10", "base ten")}
RANGES = {SMALL: (2, 15), MEDIUM: (16, 63), LARGE: (64, 1023)}
PIECE_BITS = {SMALL: 2, MEDIUM: 3, LARGE: 4}  # of the back piece, where a number is cut in two
IN_ONE_GO = 32  # powers of two up to here are added and taken away whole, larger ones in hundreds, tens and ones


def sample(rng: Random) -> Operands:
    """A number and the base it is wanted in."""
    number = rng.randint(*RANGES[rng.choices((SMALL, MEDIUM, LARGE), (35, 40, 25))[0]])
    return (str(number), BINARY) if rng.random() < 0.5 else (f"{number:b}", DECIMAL)


def answer(operands: Operands) -> str:
    """The number in the other base."""
    number, base = operands
    return f"{int(number):b}" if base == BINARY else str(int(number, 2))


def size(operands: Operands) -> int:
    """By the number of bits."""
    number, base = operands
    bits = int(number).bit_length() if base == BINARY else len(number)
    return SMALL if bits <= 4 else MEDIUM if bits <= 6 else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """The number, the base it is wanted in and the base it comes in."""
    number, base = operands
    other = DECIMAL if base == BINARY else BINARY
    if rng and rng.random() < 0.15:
        base, other = rng.choice(NAMES[base]), rng.choice(NAMES[other])
    return {"number": number, "base": base, "other": other}


def draft(operands: Operands, scribe: Scribe) -> str:
    """The other form in one go."""
    number, base = operands
    scribe.say(f"At a glance {number} in {base} is")
    if base == DECIMAL:
        guess = str(scribe.value(int(number, 2)))
    else:
        forms = [f"{int(number) ^ flip:b}" for flip in (0, 1, 2, 4)]
        guess = forms[scribe.pick(0, forms)]
    scribe.say(".")
    return guess


def in_two_pieces(operands: Operands, scribe: Scribe) -> str:
    """Cut the binary number in two: the front piece counts fours, eights or sixteens; each piece at once."""
    number, base = operands
    bits = int(number).bit_length() if base == BINARY else len(number)
    low = min(PIECE_BITS[size(operands)], bits - 1)
    scribe.say(", let me cut it in two:")
    return _join_pieces(int(number), low, scribe) if base == BINARY else _add_pieces(number[:-low], number[-low:], scribe)


def _join_pieces(number: int, low: int, scribe: Scribe) -> str:
    unit = 2**low
    scribe.say(f" {number} is")
    front = scribe.value(number // unit)
    scribe.say(f" × {unit} +")
    back = scribe.pick(number % unit, [str(rest) for rest in range(unit)])
    scribe.say(f", {front} is")
    forms = [f"{front ^ flip:b}" for flip in (0, 1, 2, 4)]
    start = forms[scribe.pick(0, forms)]
    scribe.say(f", {back} is")
    forms = [f"{rest:0{low}b}" for rest in range(unit)]
    end = forms[scribe.pick(back, forms)]
    scribe.say(".")
    return f"{start}{end}".lstrip("0") or "0"


def _add_pieces(start: str, end: str, scribe: Scribe) -> str:
    front, back = (_piece(bits, scribe) for bits in (start, end))
    total = in_one_go(front, "×", 2 ** len(end), scribe)
    scribe.say(",")
    total = in_one_go(total, "+", back, scribe)
    scribe.say(".")
    return str(total)


def _piece(bits: str, scribe: Scribe) -> int:
    scribe.say(f" {bits} is")
    number = scribe.value(int(bits, 2))
    scribe.say(",")
    return number


def by_places(operands: Operands, scribe: Scribe) -> str:
    """The usual method: halve with remainders, or add place values from the right."""
    return _halve(int(operands[0]), scribe) if operands[1] == BINARY else _add_places(operands[0], scribe)


def by_powers(operands: Operands, scribe: Scribe) -> str:
    """From the other end: take powers of two away, or double from the left."""
    return _take_powers(int(operands[0]), scribe) if operands[1] == BINARY else _double(operands[0], scribe)


def _halve(number: int, scribe: Scribe) -> str:
    scribe.say(", let me halve again and again.")
    bits = ""
    while number > 1:
        scribe.say(f" Half of {number} is")
        half = scribe.value(number // 2)
        scribe.say(" left")
        bits = str(scribe.pick(number % 2, ("0", "1"))) + bits
        scribe.say(f": {bits}.")
        number = half
    scribe.say(f" The {number} in front: {number}{bits}.")
    return f"{number}{bits}".lstrip("0") or "0"


def _add_places(bits: str, scribe: Scribe) -> str:
    scribe.say(", let me add places from the right.")
    total = 0
    for place in range(len(bits)):
        left = bits[: len(bits) - place]
        power = 2**place
        scribe.say(f" {left}: {left[-1]} × {power}")
        if left[-1] == "1":
            for part in _parts(power):
                scribe.say(f", {total} + {part} =")
                total = scribe.value(total + part)
        scribe.say(".")
    return str(total)


def _take_powers(number: int, scribe: Scribe) -> str:
    scribe.say(", let me take away powers of two.")
    power, bits = 1 << (number.bit_length() - 1), ""
    while power:
        fits = number >= power
        bits += str(int(fits))
        scribe.say(f" {power} in {number}? {'Yes' if fits else 'No'}: {bits}")
        for part in _parts(power) if fits else ():
            if part > number:  # only after a slip
                break
            scribe.say(f", {number} - {part} =")
            number = scribe.value(number - part)
        scribe.say(".")
        power //= 2
    return bits


def _double(bits: str, scribe: Scribe) -> str:
    number = int(bits[0])
    scribe.say(f", let me double from the left. {number}, left {bits[1:]}.")
    for place, bit in enumerate(bits[1:], start=2):
        scribe.say(f" 2 × {number} + {bit} =")
        number = scribe.value(2 * number + int(bit))
        scribe.say(f", left {bits[place:]}." if bits[place:] else ".")
    return str(number)


def _parts(power: int) -> list[int]:
    return [power] if power <= IN_ONE_GO else round_parts(power)


DOMAIN = Domain(
    name="binary",
    title="binary and decimal numbers",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    trained=(
        "What is {number} in {base}?",
        "{number} in {base}",
        "{number} in {base}?",
        "{number} to {base}",
        "What's {number} in {base}?",
        "Convert {number} to {base}.",
        "Convert the {other} number {number} to {base}.",
        "Convert {number} from {other} to {base}.",
        "Write {number} in {base}.",
        "Write the {other} number {number} in {base}.",
        "Change {number} from {other} to {base}.",
        "Turn {number} into {base}.",
        "How do you write {number} in {base}?",
        "How is the {other} number {number} written in {base}?",
        "What is the {other} number {number} in {base}?",
        "What is the {base} form of {number}?",
        "Find the {base} form of the {other} number {number}.",
        "The {other} number is {number}. What is it in {base}?",
        "Can you convert {number} from {other} to {base}?",
        "Can you tell me what {number} is in {base}?",
        "In {base}, what is {number}?",
        "Can you write {number} in {base}?",
        "Can you find the {base} form of {number}?",
        "Tell me {number} in {base}.",
        "Please convert {number} to {base}.",
        "What does {number} look like in {base}?",
        "Give me the {base} form of {number}.",
        "Work out {number} in {base}.",
        "How do I get {number} in {base}?",
    ),
    unseen=(
        "{number} in {other} is what in {base}?",
        "How do you write the {other} number {number} in {base}?",
        "change {number} from {other} to {base} pls",
        "My teacher wrote the {other} number {number} on the board. What would it look like in {base}?",
        "Please turn {number}, which is written in {other}, into {base}.",
        "What is the {base} version of the {other} number {number}?",
    ),
    draft=draft,
    rough=in_two_pieces,
    check_a=by_places,
    check_b=by_powers,
    showcase=(("42", BINARY), ("101101", DECIMAL), ("200", BINARY)),
)
