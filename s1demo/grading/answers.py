"""Answers along a trace: what each is worth, and which of them are the same."""

from __future__ import annotations

from enum import StrEnum

from s1demo.grading import Outcome, grade


class Verdict(StrEnum):
    """What an answer is worth; the value is its sign."""

    RIGHT = "✓"
    WRONG = "✗"
    UNKNOWN = "?"
    NONE = "–"


WORDS = {Verdict.RIGHT: "right", Verdict.WRONG: "wrong", Verdict.UNKNOWN: "not known whether right", Verdict.NONE: "no answer"}


def spoken(answer: str | None, verdict: Verdict) -> str:
    """An answer and what it is worth, in words."""
    return f"{answer if len(answer) <= 30 else answer[:29] + '…'} ({WORDS[verdict]})" if answer else "no answer"


def judged(answer: str | None, true_answer: str | None) -> Verdict:
    """What an answer is worth, None where there is none, by the true answer, None where it is not known."""
    if not answer:
        return Verdict.NONE
    if not true_answer:
        return Verdict.UNKNOWN
    return {Outcome.CORRECT: Verdict.RIGHT, Outcome.INCORRECT: Verdict.WRONG}.get(grade(answer, true_answer), Verdict.UNKNOWN)


def same_answer(a: str | None, b: str | None) -> bool:
    """Whether two answers are one; no answer equals no answer."""
    if not a or not b:
        return not a and not b
    return a == b or grade(a, b) is Outcome.CORRECT
