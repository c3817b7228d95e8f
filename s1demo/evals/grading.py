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


_LABEL = re.compile(r"answer\s*:\s*", re.IGNORECASE)
_LATEX = re.compile(r"[\\^_{}]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def extract_answer(answer_text: str) -> str | None:
    """The final answer in the text after the end-of-thinking delimiter.

    Args:
        answer_text: what the model wrote as its answer.

    Returns:
        The content of the last `\\boxed{...}`, else the first line after the last "Answer:", else the last line that is not
        empty, each without a final full stop; None where there is nothing.
    """
    boxed = _last_boxed(answer_text)
    if boxed is not None:
        return boxed.strip() or None
    labels = list(_LABEL.finditer(answer_text))
    rest = answer_text[labels[-1].end() :] if labels else answer_text
    lines = [line.strip() for line in rest.splitlines() if line.strip()]
    if not lines:
        return None
    line = lines[0] if labels else lines[-1]
    return line.removesuffix(".").strip(" *$") or None


def _last_boxed(text: str) -> str | None:
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for position in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[begin + 1 : position]
    return None


def grade(answer: str | None, gold: str) -> Outcome:
    """Compare an extracted answer with the true one.

    Args:
        answer: what `extract_answer` found.
        gold: the true answer.

    Returns:
        Numbers are compared by value, words without regard to case; answers in LaTeX that differ in writing are unscorable.
    """
    if not answer:
        return Outcome.NO_ANSWER
    left, right = _canonical(answer), _canonical(gold)
    if left == right:
        return Outcome.CORRECT
    if isinstance(left, str) and isinstance(right, str) and (_LATEX.search(left) or _LATEX.search(right)):
        return Outcome.UNSCORABLE
    return Outcome.INCORRECT


def _canonical(answer: str) -> Decimal | str:
    text = _THOUSANDS.sub("", " ".join(answer.split()).casefold())
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text
