"""The typed row of s1K, s1K-1.1 and the miniature's own 1,000: the only place that knows their columns.

Knows no file, no network and no page: it turns mappings into `S1KRecord`s. Text is kept as it is, LaTeX and markup included;
whoever shows it shows it as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from s1demo.errors import InputError, one_line
from s1demo.grading import Outcome, extract_answer, grade

GEMINI, R1, MINIATURE = "gemini", "r1", "miniature"
TEACHERS = {GEMINI: "Gemini 2.0 Flash Thinking", R1: "DeepSeek-R1", MINIATURE: "written by rule"}
S1K, S1K_1_1, S1_MINI_1K = "s1K", "s1K-1.1", "s1-mini-1k"
NOT_STATED = "not stated"
NO_QUESTION = "(no question)"

_BENCHMARKS = {  # first two parts of source_type: the paper's name (Table 7; data/collect_data.py and the published rows)
    "qq8933/AIME_1983_2024": "AIME",
    "AI-MO/NuminaMath-CoT": "NuminaMath",
    "Idavidrein/gpqa": "GPQA",
    "KbsdJames/Omni-MATH": "Omni-MATH",
    "qfq/openaimath": "MATH",
    "simplescaling/openaimath": "MATH",
    "Hothan/OlympiadBench": "OlympiadBench",
    "daman1209arora/jeebench": "JEEBench",
    "TIGER-Lab/TheoremQA": "TheoremQA",
    "GAIR/OlympicArena": "OlympicArena",
    "0xharib/xword1": "crosswords",
    "qfq/stats_qual": "s1-prob",
    "simplescaling/s1-prob": "s1-prob",
    "qfq/quant": "s1-teasers",
    "simplescaling/s1-teasers": "s1-teasers",
    "baber/agieval": "AGIEval",
    "OpenDFM/SciEval": "SciEval",
}
_LABEL_CHARS = 80
_SHORT_ANSWER_CHARS = 60  # a one-line solution up to this long is the answer itself
_LONGEST_ANSWER_CHARS = 200
_TAIL_CHARS = 4000  # where a worked solution states its answer; bounds the work on a hostile row
_NOTHING = "\x00"


@dataclass(frozen=True)
class TeacherTrace:
    """What one teacher made of a question.

    Attributes:
        thinking: its reasoning trace.
        answer: the answer after it, right or wrong.
        tokens: length of `thinking` in tokens, None where the data set does not count them.
        correct: whether the answer is right, None where it was not graded.
        reason: the judge's words, where the data set has them.
    """

    thinking: str
    answer: str = ""
    tokens: int | None = None
    correct: bool | None = None
    reason: str = ""


@dataclass(frozen=True)
class S1KRecord:
    """One row.

    Attributes:
        index: its place in the data set, which is its permalink.
        question: exactly as it was asked.
        solution: the reference: a worked solution or only an answer.
        answer: the short true answer, None where the solution states none.
        source: the benchmark it comes from, by its usual name.
        origin: the same as the data set writes it (source_type).
        domain: s1K's cot_type, the miniature's kind of problem (no published column holds the paper's MSC class).
        traces: by teacher, the one the data set was published for first.
        metadata: what else the source knew of the question, as text.
    """

    index: int
    question: str
    solution: str
    answer: str | None
    source: str
    origin: str
    domain: str
    traces: Mapping[str, TeacherTrace]
    metadata: str = ""


# by data set and teacher: the columns of thinking, which must be there, answer, grade, and the judge's reason
_PUBLISHED: dict[str, dict[str, tuple[str, ...]]] = {
    S1K: {GEMINI: ("thinking_trajectories", "attempt", "", "")},
    S1K_1_1: {
        teacher: tuple(f"{name}_{column}" for column in ("thinking_trajectory", "attempt", "grade", "grade_reason"))
        for teacher, name in ((R1, "deepseek"), (GEMINI, "gemini"))
    },
}
_GRADES = {"yes": True, "no": False}  # data/grading.ipynb: the last line of Claude's verdict
_OUTCOMES = {Outcome.CORRECT: True, Outcome.INCORRECT: False}


def read_records(version: str, rows: Iterable[Mapping[str, Any]]) -> list[S1KRecord]:
    """Rows of a data set as records.

    Args:
        version: `S1K`, `S1K_1_1` or `S1_MINI_1K`: whose columns the rows have.
        rows: the rows in order; columns not known here are ignored, missing values are empty.

    Raises:
        InputError: a column that the version cannot do without is missing, or there is no row.
    """
    required = _required(version)
    records = []
    for index, row in enumerate(rows):
        if missing := [name for name in required if name not in row]:
            raise InputError(
                f"Row {index} of {version} has no column {missing[0]!r}; it has {', '.join(map(str, row)) or 'none'}. "
                f"Give rows of {version}, or choose another data set."
            )
        records.append(_own(index, row) if version == S1_MINI_1K else _published(index, row, _PUBLISHED[version]))
    if not records:
        raise InputError(f"{version} has no rows. Load it again, or choose another data set.")
    return records


def _required(version: str) -> tuple[str, ...]:
    if version == S1_MINI_1K:
        return ("question", "answer", "thinking")
    return ("question", "solution", *(columns[0] for columns in _PUBLISHED[version].values()))


def _published(index: int, row: Mapping[str, Any], teachers: Mapping[str, Sequence[str]]) -> S1KRecord:
    solution, origin = _text(row["solution"]), _text(row.get("source_type"))
    traces = {}
    for teacher, columns in teachers.items():
        thinking, answer, verdict, reason = (_text(row.get(column)) for column in columns)
        traces[teacher] = TeacherTrace(thinking, answer, correct=_GRADES.get(verdict.strip().lower()), reason=reason)
    return S1KRecord(
        index=index,
        question=_text(row["question"]),
        solution=solution,
        answer=short_answer(solution),
        source=benchmark_name(origin),
        origin=origin,
        domain=_label(_text(row.get("cot_type"))),
        traces=traces,
        metadata=_text(row.get("metadata")),
    )


def _own(index: int, row: Mapping[str, Any]) -> S1KRecord:
    """A row of training/curation/records.py."""
    answer, trace_answer, source = _text(row["answer"]), _text(row.get("trace_answer")), _text(row.get("source"))
    tokens = row.get("thinking_tokens")
    trace = TeacherTrace(
        thinking=_text(row["thinking"]),
        answer=trace_answer,
        tokens=tokens if isinstance(tokens, int) else None,
        correct=_OUTCOMES.get(grade(trace_answer, answer)),
    )
    more = {name: row[name] for name in ("meta", "attempts", "masked_spans") if row.get(name)}
    return S1KRecord(
        index=index,
        question=_text(row["question"]),
        solution=_text(row.get("solution")),
        answer=answer or None,
        source=_label(source),
        origin=source,
        domain=_label(_text(row.get("domain"))),
        traces={MINIATURE: trace},
        metadata=json.dumps(more, ensure_ascii=False) if more else "",
    )


def _text(value: Any) -> str:
    """A column's value as text that can travel as UTF-8; lists (s1K's thinking_trajectories) by line."""
    if value is None:
        return ""
    text = "\n".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _label(text: str) -> str:
    return one_line(text, _LABEL_CHARS) or NOT_STATED


def benchmark_name(source_type: str) -> str:
    """The usual name of a benchmark; one that is not known keeps the first two parts of its path."""
    owner_and_name = "/".join(source_type.split("/", 2)[:2])
    return _BENCHMARKS.get(owner_and_name) or _label(owner_and_name)


def short_answer(solution: str) -> str | None:
    """The true answer that a reference solution states, as `s1demo.grading` would read it.

    Args:
        solution: a worked solution or only an answer.

    Returns:
        A short one-line solution itself; else what it boxes or names after "Answer:" near its end; None for proofs and other
        solutions that name no answer.
    """
    text = solution.strip()
    if len(text) <= _SHORT_ANSWER_CHARS and "\n" not in text:
        return extract_answer(text)
    found = extract_answer(f"{text[-_TAIL_CHARS:]}\n{_NOTHING}")  # the mark comes back where there is neither box nor label
    return found if found and found != _NOTHING and len(found) <= _LONGEST_ANSWER_CHARS else None


def is_gradable(answer: str | None) -> bool:
    """Whether `s1demo.grading` can tell a wrong answer from this true one, which some LaTeX does not allow."""
    verdicts = {grade(guess, answer or "") for guess in ("0", "1")}  # at most one of them can be right
    return bool(answer) and Outcome.UNSCORABLE not in verdicts


class RowPart(NamedTuple):
    """One part of a row as text to show or to copy, LaTeX exactly as the data set has it.

    Attributes:
        kind: question, solution, thinking or answer.
        teacher: whose thinking or answer it is, else empty.
        heading: what it is called.
        text: the text itself, never empty.
    """

    kind: str
    teacher: str
    heading: str
    text: str


def parts_of(record: S1KRecord) -> list[RowPart]:
    """A whole row, part by part."""
    solution = record.solution or record.answer or ""
    parts = [RowPart("question", "", "Question", record.question), RowPart("solution", "", "Solution", solution)]
    for teacher, trace in record.traces.items():
        name = TEACHERS.get(teacher, teacher)
        parts.append(RowPart("thinking", teacher, f"Thinking ({name})", trace.thinking))
        parts.append(RowPart("answer", teacher, f"Answer ({name})", trace.answer))
    return [part for part in parts if part.text]
