"""Counting a letter in a word."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

from training.mini.domains.base import Conclusion, Domain, Operands, size_by
from training.mini.domains.scribe import Scribe
from training.mini.domains.steps import compute

VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"
SHOWCASE = (
    *(("r", "raspberry"), ("r", "strawberry"), ("a", "banana"), ("s", "mississippi"), ("o", "bookkeeper"), ("e", "nevertheless")),
    *(("p", "hippopotamus"), ("n", "cinnamon"), ("c", "broccoli"), ("t", "butterfly"), ("e", "refrigerator"), ("l", "parallel")),
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


class Letters(Domain):
    """How often a letter occurs in a word."""

    name = "letters"
    title = "counting letters in a word"
    showcase = SHOWCASE

    def sample(self, rng: Random) -> Operands:
        """A letter and a word; about half the time a letter the word has several of."""
        word = rng.choice(common_words()) if rng.random() < 0.4 else invented_word(rng)
        dice = rng.random()
        if dice < 0.08:
            return rng.choice(CONSONANTS + VOWELS), word
        return (max(sorted(set(word)), key=word.count) if dice < 0.5 else rng.choice(word)), word

    def answer(self, operands: Operands) -> str:
        """How often the letter occurs."""
        return str(operands[1].count(operands[0]))

    def size(self, operands: Operands) -> int:
        """By the length of the word."""
        return size_by(len(operands[1]), 9, 13)

    def held_out(self, operands: Operands) -> bool:
        """All letters of the words on stage."""
        return operands[1] in SHOWCASE_WORDS

    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """Letter and word, sometimes quoted or capitalised."""
        letter, word = operands
        if rng:
            word, letter = _dressed(word, 0.25, rng), _dressed(letter, 0.2, rng)
        return {"letter": letter, "word": word}

    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A glance at the word; no counting."""
        letter, word = operands
        seen = scribe.say("At a glance I see").value(word.count(letter))
        scribe.say(f" {letter} in {word}")
        return seen

    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Cut the word in the middle, count in both pieces at a glance and add."""
        letter, word = operands
        middle = (len(word) + 1) // 2
        scribe.say(", let me count in two pieces:")
        first, second = (_count(letter, piece, scribe) for piece in (word[:middle], word[middle:]))
        return compute(first, "+", second, scribe)

    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Cut the word into pieces of three letters, count in each and add up."""
        letter, word = operands
        scribe.say(", let me cut it into pieces.")
        total = 0
        for start in range(0, len(word), 3):
            count = _count(letter, word[start : start + 3], scribe)
            total = compute(total, "+", count, scribe) if start else count
            scribe.stop()
        return total

    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Go through the word letter by letter with a running count."""
        letter, word = operands
        scribe.say(f", let me go letter by letter for {letter}:")
        count = 0
        for one in word:
            count = scribe.then(f" {one}").value(count + (one == letter))
        return count


def _dressed(text: str, capital_or_quoted: float, rng: Random) -> str:
    """A text, sometimes with a capital or in quotes."""
    dice = rng.random()
    return text.capitalize() if dice < 0.08 else text.join(rng.choice(QUOTES)) if dice < capital_or_quoted else text


def _count(letter: str, piece: str, scribe: Scribe) -> int:
    """Count in a piece at a glance. The letter stands by each piece: easier to learn."""
    return scribe.then(f" {letter} in {' '.join(piece)}:").value(piece.count(letter))


DOMAIN = Letters()
