"""The published data sets as training rows, for training on the paper's own thousand instead of curating anew.

    python -m training.curation.published --dataset s1K --to runs/s1k.jsonl
    python -m training.curation.published --dataset s1K-1.1 --teacher r1 --to runs/s1k-1.1.jsonl

s1-32B was trained on Gemini's traces in s1K, s1.1-32B on DeepSeek-R1's in s1K-1.1 (simplescaling/s1, README). The "Answer: "
prefix and the delimiters are not in the rows: `s1demo.delimiters.training_text` adds them when a row becomes a sample.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from s1demo.errors import InputError
from s1demo.grading import Kind, Outcome
from s1demo.s1k.loading import load_s1k
from s1demo.s1k.records import GEMINI, R1, S1K, S1K_1_1, S1KRecord
from training.curation.quality import BROKEN, format_faults
from training.curation.records import Row, write_rows
from training.recipes import readable_errors

TEACHERS = {S1K: (GEMINI,), S1K_1_1: (R1, GEMINI)}  # the first is the one its model was trained on
_KINDS = {"AIME": Kind.INTEGER, "GPQA": Kind.LETTER}
_OUTCOMES = {True: Outcome.CORRECT, False: Outcome.INCORRECT, None: None}


def to_row(record: S1KRecord, teacher: str) -> Row:
    """One published row as a training row.

    Args:
        record: of s1K or s1K-1.1.
        teacher: whose trace to train on.

    Raises:
        InputError: the record has no trace of this teacher.
    """
    if teacher not in record.traces:
        raise InputError(f"This data set has no traces of {teacher!r}. Choose one of: {', '.join(record.traces)}.")
    trace = record.traces[teacher]
    return Row(
        question=record.question,
        answer=record.answer or "",
        kind=_KINDS.get(record.source, Kind.MATH),
        solution=record.solution,
        domain=record.domain,
        source=record.origin,
        thinking=trace.thinking,
        trace_answer=trace.answer,
        trace_outcome=_OUTCOMES[trace.correct],
        thinking_tokens=trace.tokens or 0,
        meta={"teacher": teacher, "index": record.index},
    )


def published_rows(dataset: str, teacher: str | None = None, repository: str | None = None) -> tuple[list[Row], Counter[str]]:
    """The rows of a published data set that can be trained on, and why the others cannot.

    Args:
        dataset: `S1K` or `S1K_1_1`.
        teacher: whose traces; None for those that the data set's model was trained on.
        repository: another Hub data set, or a folder or file, with the same columns.

    Raises:
        InputError: an unknown data set or teacher, no network, or a missing column.
    """
    if dataset not in TEACHERS:
        raise InputError(f"Unknown data set {dataset!r}. Choose one of: {', '.join(TEACHERS)}.")
    kept, ids, left_out = [], set[str](), Counter[str]()
    for record in load_s1k(dataset, repository=repository):
        row = to_row(record, teacher or TEACHERS[dataset][0])
        needed = {"no question": row.question, "no trace": row.thinking, "no answer": row.trace_answer}
        faults = [fault for fault, text in needed.items() if not text.strip()]
        faults += [fault for fault in format_faults(row) if fault != BROKEN]
        faults += ["asked before"] if row.id in ids else []
        left_out.update(faults[:1])
        if not faults:
            kept.append(row)
            ids.add(row.id)
    return kept, left_out


@readable_errors()
def main() -> None:
    """Write a published data set as training rows."""
    parser = argparse.ArgumentParser(description="Published data sets as training rows.")
    parser.add_argument("--dataset", required=True, help=f"{' or '.join(TEACHERS)}")
    parser.add_argument("--teacher", choices=(R1, GEMINI), help="whose traces (s1K-1.1 has both; default: its model's)")
    parser.add_argument("--repository", help="another Hub data set, or a folder or file, with the same columns")
    parser.add_argument("--to", type=Path, required=True, help="JSON lines to write")
    options = parser.parse_args()
    rows, left_out = published_rows(options.dataset, options.teacher, options.repository)
    write_rows(options.to, rows)
    print(f"{options.to}: {len(rows)} rows of {options.dataset}; left out: {dict(left_out) or 'none'}")


if __name__ == "__main__":
    main()
