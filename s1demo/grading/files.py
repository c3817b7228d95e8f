"""A file of answers, graded: JSON lines in, JSON lines out, a few at a time whatever the file's length."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import tee
from pathlib import Path
from typing import Any

from s1demo.errors import InputError
from s1demo.grading import Grader, Kind, Outcome, extract_answer
from s1demo.json_lines import json_object

KINDS = (Kind.MATH, Kind.INTEGER, Kind.LETTER, Kind.TEXT)


def grade_file(path: Path, on_row: Callable[[dict[str, Any]], None], on_bad_row: Callable[[str], None]) -> Counter[Outcome]:
    """Grade every row of a file.

    Args:
        path: JSON lines, each with gold, answer_text and kind (one of `KINDS`); other keys are kept.
        on_row: called with each row in order, with `extracted` and `outcome` added.
        on_bad_row: called for each line that is no such row with one sentence that names it; the others are graded all the same.

    Returns:
        How many rows had which outcome.

    Raises:
        InputError: the file cannot be read.
        S1Error: math-verify is needed, and is not installed or does not start.
    """
    counts: Counter[Outcome] = Counter()
    rows, again = tee(_rows(path, on_bad_row))  # the grader reads a little ahead
    with Grader() as grader:
        outcomes = grader.grade_many((row["extracted"], str(row["gold"]), Kind(row["kind"])) for row in again)
        for outcome, row in zip(outcomes, rows, strict=True):
            on_row({**row, "outcome": outcome})
            counts[outcome] += 1
    return counts


def _rows(path: Path, on_bad_row: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                where = f"{path}, line {number}"
                try:
                    yield _row(json_object(line, where), where)
                except InputError as error:
                    on_bad_row(str(error))
    except OSError as error:
        raise InputError(f"Cannot read the answers in {path}: {error}") from error


def _row(row: dict[str, Any], where: str) -> dict[str, Any]:
    gold, text, kind = (row.get(name) for name in ("gold", "answer_text", "kind"))
    if isinstance(gold, bool) or not isinstance(gold, str | int | float) or not str(gold).strip():
        raise InputError(f"{where}: gold, the true answer, is missing, or neither text nor a number.")
    if not isinstance(text, str):
        raise InputError(f"{where}: answer_text, what the model wrote, is missing or no text.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{where}: kind is {json.dumps(kind)[:100]}. Give one of {', '.join(KINDS)}.")
    if kind == Kind.INTEGER and not str(gold).strip().lstrip("-").isdecimal():
        raise InputError(f"{where}: gold is {json.dumps(gold)[:100]}, no whole number. Give kind math.")
    if kind == Kind.LETTER and not (len(str(gold).strip()) == 1 and str(gold).strip().upper() in "ABCDE"):
        raise InputError(f"{where}: gold is {json.dumps(gold)[:100]}, no letter from A to E. Give kind math or text.")
    return {**row, "extracted": extract_answer(text, Kind(kind))}
