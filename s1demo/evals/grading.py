"""What the final answer is, and whether it is right: the only place that decides.

This first version compares words and numbers exactly, which suits s1-mini's problems; LaTeX equality is not attempted, and an
answer it cannot judge is `UNSCORABLE`, never wrong by default.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum


class Outcome(StrEnum):
    """A grade is not a bool."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NO_ANSWER = "no answer"
    UNSCORABLE = "unscorable"


_BOXED = "\\boxed{"
_LABEL = re.compile(r"answer\s*:\s*", re.IGNORECASE)
_LATEX = re.compile(r"[\\^_{}]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def extract_answer(answer_text: str) -> str | None:
    """The final answer in the text after the end-of-thinking delimiter.

    Args:
        answer_text: what the model wrote as its answer.

    Returns:
        The content of the last complete `\\boxed{...}`, else the first line after the last "Answer:", else the last line that is
        not empty, each without emphasis, dollar signs and final full stop; None where there is nothing.
    """
    boxed = _last_boxed(answer_text)
    if boxed is not None:
        return _bare(boxed)
    labels = list(_LABEL.finditer(answer_text))
    rest = answer_text[labels[-1].end() :] if labels else answer_text
    lines = [line for line in rest.splitlines() if line.strip()]
    return _bare(lines[0] if labels else lines[-1]) if lines else None


def _bare(text: str) -> str | None:
    return text.strip(" \t*$").removesuffix(".").strip(" \t*$") or None


def _last_boxed(text: str) -> str | None:
    start = text.rfind(_BOXED)
    while start >= 0:
        depth, begin = 0, start + len(_BOXED) - 1
        for position in range(begin, len(text)):
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            if depth == 0:
                return text[begin + 1 : position]
        start = text.rfind(_BOXED, 0, start)
    return None


def grade(answer: str | None, gold: str) -> Outcome:
    """Compare an extracted answer with the true one.

    Args:
        answer: what `extract_answer` found.
        gold: the true answer.

    Returns:
        Numbers are compared by value, words without regard to case; where one of two differing answers is written in LaTeX, the
        outcome is unscorable.
    """
    if not answer:
        return Outcome.NO_ANSWER
    if _canonical(answer) == _canonical(gold):
        return Outcome.CORRECT
    return Outcome.UNSCORABLE if _LATEX.search(answer) or _LATEX.search(gold) else Outcome.INCORRECT


def _canonical(answer: str) -> Decimal | str:
    text = _THOUSANDS.sub("", " ".join((_bare(answer) or "").split()).casefold())
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
