"""The words of grading: what a grade can be, and what kinds of answers there are."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """A grade is not a bool."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NO_ANSWER = "no answer"
    UNSCORABLE = "unscorable"


class Kind(StrEnum):
    """What the true answer is, and so how an answer is found and compared."""

    TEXT = "text"  # words and plain numbers, compared as they are (s1-mini's problems)
    INTEGER = "integer"  # a whole number (AIME)
    MATH = "math"  # any formula, number or word (MATH)
    LETTER = "letter"  # the letter of an option (GPQA)
