"""The quality filter: rows with a missing feature, a tell-tale string or a trace that could not be trained on are dropped.

The first two rules are the notebook's (simplescaling/s1, data/filter.ipynb cells 4 and 7; paper section 2.2 calls them API errors
and low quality); the third is ours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from s1demo.delimiters import S1
from s1demo.grading import Outcome
from training.curation.records import Row

REQUIRED = ("question", "answer", "domain", "source", "thinking", "trace_answer")
_PROBLEM_NUMBER = re.compile(r"p[1-9]\d{0,2}\.")  # any(f"p{i}." in question for i in range(1, 1000))
_BOLD_DIGIT = re.compile(r"\*\*(?=.*\d)[^\s\]]*\*\*")
BROKEN = "broken characters"
_DRAWING, _IMAGE = "[asy]", "![Image]"


def missing_features(row: Row, models: Sequence[str] = (), required: Sequence[str] = REQUIRED) -> list[str]:
    """What a row lacks (cell 4: one missing feature drops it).

    Args:
        models: whose graded attempts it must hold; an attempt that cannot be graded is a missing grade.
        required: which texts it must hold.
    """
    missing = [name for name in required if not getattr(row, name).strip()]
    graded = (model in row.attempts and row.attempts[model].outcome is not Outcome.UNSCORABLE for model in models)
    return missing + [f"attempt of {model}" for model, there in zip(models, graded, strict=True) if not there]


def odd_strings(row: Row) -> list[str]:
    """Which tell-tale strings a question holds (cell 7); an AIME question with a drawing is kept whatever else it holds."""
    if _DRAWING in row.question:
        return [] if "AIME" in row.source else [_DRAWING]
    found = [_IMAGE] if _IMAGE in row.question else []
    found += ["problem number"] if _PROBLEM_NUMBER.search(row.question) else []
    return found + (["bold digit"] if _BOLD_DIGIT.search(row.question) else [])


def format_faults(row: Row, max_thinking_tokens: int | None = None) -> list[str]:
    """Why a trace would not train as it reads.

    Args:
        max_thinking_tokens: longer traces are a fault, since a cut sample would lose its answer; None for no limit.
    """
    texts = (row.thinking, row.trace_answer)
    special = [text for text in (S1.stop, S1.end_of_turn) if text and any(text in part for part in texts)]
    faults = ["delimiter in the trace"] if special else []
    if any("\ufffd" in part for part in texts):
        faults.append(BROKEN)
    if max_thinking_tokens is not None and row.thinking_tokens > max_thinking_tokens:
        faults.append("too long")
    if not all(0 <= start < end <= len(row.thinking) for start, end in row.masked_spans):
        faults.append("masked span outside the trace")
    return faults


def keep_complete(rows: Iterable[Row], models: Sequence[str] = (), required: Sequence[str] = REQUIRED) -> list[Row]:
    """The rows that lack nothing; see `missing_features`."""
    return [row for row in rows if not missing_features(row, models, required)]


def keep_clean(rows: Iterable[Row]) -> list[Row]:
    """The rows without tell-tale strings; see `odd_strings`."""
    return [row for row in rows if not odd_strings(row)]


def keep_well_formed(rows: Iterable[Row], max_thinking_tokens: int | None = None) -> list[Row]:
    """The rows whose trace can be trained on as it reads; see `format_faults`."""
    return [row for row in rows if not format_faults(row, max_thinking_tokens)]


def count_faults(
    rows: Iterable[Row],
    models: Sequence[str] = (),
    max_thinking_tokens: int | None = None,
    required: Sequence[str] = REQUIRED,
) -> dict[str, int]:
    """How often each fault occurs, for the log; a row may have several."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(f"no {name}" for name in missing_features(row, models, required))
        counts.update(odd_strings(row) + format_faults(row, max_thinking_tokens))
    return dict(counts.most_common())
