"""Answers along a trace: what each is worth, and the stretches over which it stays the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from s1demo.grading import Outcome, grade


class Verdict(StrEnum):
    """What an answer is worth; the value is its sign."""

    RIGHT = "✓"
    WRONG = "✗"
    UNKNOWN = "?"
    NONE = "–"


WORDS = {Verdict.RIGHT: "right", Verdict.WRONG: "wrong", Verdict.UNKNOWN: "not known whether right", Verdict.NONE: "no answer"}


@dataclass(frozen=True)
class Segment:
    """A stretch of tokens over which the answer stays the same.

    Attributes:
        start, end: tokens; it starts where the answer was first found, so the change lies between there and the place before.
        answer: as first written; None where nothing was answered.
        verdict: what it is worth.
    """

    start: int
    end: int
    answer: str | None
    verdict: Verdict


def spoken(answer: str | None, verdict: Verdict) -> str:
    """An answer and what it is worth, in words."""
    return f"{answer if len(answer) <= 30 else answer[:29] + '…'} ({WORDS[verdict]})" if answer else "no answer"


def judged(answer: str | None, true_answer: str | None) -> Verdict:
    """What an answer is worth.

    Args:
        answer: what was said, None for nothing.
        true_answer: None where it is not known.
    """
    if not answer:
        return Verdict.NONE
    if not true_answer:
        return Verdict.UNKNOWN
    return {Outcome.CORRECT: Verdict.RIGHT, Outcome.INCORRECT: Verdict.WRONG}.get(grade(answer, true_answer), Verdict.UNKNOWN)


def segments(answers: Iterable[tuple[int, str | None]], true_answer: str | None = None, end: int = 0) -> list[Segment]:
    """Fold answers into stretches of one answer.

    Args:
        answers: (tokens, answer) in any order.
        true_answer: None where it is not known.
        end: where the last stretch ends, if beyond the last answer.

    Returns:
        Segments without gaps from the first answer to the end; none without answers. Two ways to write an answer are one answer.
    """
    ordered = sorted(answers, key=lambda found: found[0])
    starts: list[tuple[int, str | None]] = []
    for at, answer in ordered:
        if not starts or not same_answer(starts[-1][1], answer):
            starts.append((at, answer or None))
    if not starts:
        return []
    ends = [at for at, _ in starts[1:]] + [max(ordered[-1][0], end)]
    return [Segment(at, stop, answer, judged(answer, true_answer)) for (at, answer), stop in zip(starts, ends, strict=True)]


def same_answer(a: str | None, b: str | None) -> bool:
    """Whether two answers are one; no answer equals no answer."""
    if not a or not b:
        return not a and not b
    return a == b or grade(a, b) is Outcome.CORRECT
