"""Counting a letter in a word."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

from training.mini.domains.base import LARGE, MEDIUM, SMALL, Domain, Operands
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import in_one_go

VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"
SHOWCASE = (
    ("r", "raspberry"),
    ("r", "strawberry"),
    ("a", "banana"),
    ("s", "mississippi"),
    ("o", "bookkeeper"),
    ("e", "nevertheless"),
    ("p", "hippopotamus"),
    ("n", "cinnamon"),
    ("c", "broccoli"),
    ("t", "butterfly"),
    ("e", "refrigerator"),
    ("l", "parallel"),
)
SHOWCASE_WORDS = frozenset(word for _, word in SHOWCASE)
QUOTES = (('"', '"'), ("'", "'"), ("“", "”"))


@cache
def common_words() -> tuple[str, ...]:
    """The committed list of common English words (lower case, 3 to 14 letters)."""
    return tuple(Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split())


def invented_word(rng: Random) -> str:
    """A pronounceable word of 3 to 16 letters that means nothing: alternating runs of consonants and vowels."""
    length = rng.choice((3, 4, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 14, 15, 16))
    few = rng.sample(CONSONANTS, 3) + rng.sample(VOWELS, 2) if rng.random() < 0.5 else None  # words like banana, mississippi
    word, vowel = "", rng.random() < 0.35
    while len(word) < length:
        letters = [c for c in (few or CONSONANTS + VOWELS) if (c in VOWELS) == vowel]
        run = rng.choice(letters)
        if rng.random() < (0.15 if vowel else 0.3):
            run += run if rng.random() < 0.6 else rng.choice(letters)
        word, vowel = word + run, not vowel
    return word[:length]


def sample(rng: Random) -> Operands:
    """A letter and a word; about half the time a letter the word has several of."""
    word = rng.choice(common_words()) if rng.random() < 0.4 else invented_word(rng)
    dice = rng.random()
    if dice < 0.08:
        return rng.choice(CONSONANTS + VOWELS), word
    return (max(sorted(set(word)), key=word.count) if dice < 0.5 else rng.choice(word)), word


def answer(operands: Operands) -> str:
    """How often the letter occurs."""
    return str(operands[1].count(operands[0]))


def size(operands: Operands) -> int:
    """By the length of the word."""
    return SMALL if len(operands[1]) <= 9 else MEDIUM if len(operands[1]) <= 13 else LARGE


def fields(operands: Operands, rng: Random | None) -> dict[str, str]:
    """Letter and word, sometimes quoted or capitalised."""
    letter, word = operands
    if rng:
        dice = rng.random()
        if dice < 0.08:
            word = word.capitalize()
        elif dice < 0.25:
            word = word.join(rng.choice(QUOTES))
        dice = rng.random()
        if dice < 0.08:
            letter = letter.upper()
        elif dice < 0.2:
            letter = letter.join(rng.choice(QUOTES))
    return {"letter": letter, "word": word}


def draft(operands: Operands, scribe: Scribe) -> str:
    """A glance at the word; no counting."""
    letter, word = operands
    scribe.say("At a glance I see")
    seen = scribe.value(word.count(letter))
    scribe.say(f" {letter} in {word}.")
    return str(seen)


def in_two_pieces(operands: Operands, scribe: Scribe) -> str:
    """Cut the word in the middle, count in both pieces at a glance and add. The letter stands by each piece: easier to learn."""
    letter, word = operands
    middle = (len(word) + 1) // 2
    scribe.say(", let me count in two pieces:")
    counts = []
    for piece in (word[:middle], word[middle:]):
        scribe.say(f" {letter} in {' '.join(piece)}:")
        counts.append(scribe.value(piece.count(letter)))
        scribe.say(",")
    total = in_one_go(counts[0], "+", counts[1], scribe)
    scribe.say(".")
    return str(total)


def in_pieces(operands: Operands, scribe: Scribe) -> str:
    """Cut the word into pieces of three letters, count in each and add up."""
    letter, word = operands
    scribe.say(", let me cut it into pieces.")
    total = 0
    for start in range(0, len(word), 3):
        piece = word[start : start + 3]
        scribe.say(f" {letter} in {' '.join(piece)}:")
        count = scribe.value(piece.count(letter))
        scribe.say(f", {total} + {count} =" if start else "")
        total = scribe.value(total + count) if start else count
        scribe.say(".")
    return str(total)


def letter_by_letter(operands: Operands, scribe: Scribe) -> str:
    """Go through the word letter by letter with a running count."""
    letter, word = operands
    scribe.say(f", let me go letter by letter for {letter}:")
    count = 0
    for index, one in enumerate(word):
        scribe.say(f"{',' if index else ''} {one}")
        count = scribe.value(count + (one == letter))
    scribe.say(".")
    return str(count)


DOMAIN = Domain(
    name="letters",
    title="counting letters in a word",
    sample=sample,
    answer=answer,
    size=size,
    fields=fields,
    draft=draft,
    rough=in_two_pieces,
    check_a=in_pieces,
    check_b=letter_by_letter,
    showcase=SHOWCASE,
    held_out=lambda operands: operands[1] in SHOWCASE_WORDS,
)
