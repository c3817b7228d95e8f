"""The typed row that every curation stage takes and gives, and its JSON lines.

Knows no model, no benchmark and no file layout of others; whoever collects a source turns it into `Row`s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from s1demo.errors import InputError
from s1demo.grading import Kind, Outcome
from s1demo.json_lines import read_objects


def question_id(question: str) -> str:
    """The row id everywhere: the first 16 hex digits of the question's sha256 (simplescaling/s1, data/utils/io_utils.py)."""
    return hashlib.sha256(question.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Attempt:
    """What one model made of one question (the paper's Qwen2.5-7B and 32B, section 2.2).

    Attributes:
        answer: the extracted answer, None where there is none.
        outcome: its grade; `unscorable` counts as a missing grade.
        thinking: what the model thought, decoded.
        thinking_tokens: how much of it, in the model's tokens.
        answer_text: what it wrote after thinking, whole; a judge model reads it.
    """

    answer: str | None
    outcome: Outcome
    thinking: str = ""
    thinking_tokens: int = 0
    answer_text: str = ""


@dataclass(frozen=True)
class Row:
    """One question on its way through curation.

    Attributes:
        question: exactly as it is asked; its hash is the row's id.
        answer: what attempts are graded against.
        kind: what the answer is, and so how attempts are graded.
        solution: a worked reference solution, where the source has one.
        domain: what diversity counts (the paper's MSC class, the miniature's kind of problem).
        source: where the question comes from (s1K's source_type).
        attempts: by model name.
        thinking: the trace to train on (s1K's thinking_trajectories).
        trace_answer: the answer that the trace leads to, right or wrong (s1K's attempt).
        trace_outcome: its grade, None where it was not graded.
        thinking_tokens: length of `thinking` in tokens of the model to be trained (the notebook's gemini_length).
        masked_spans: half-open character spans of `thinking` that the loss leaves out.
        meta: anything else worth keeping.
    """

    question: str
    answer: str
    kind: Kind = Kind.TEXT
    solution: str = ""
    domain: str = ""
    source: str = ""
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    thinking: str = ""
    trace_answer: str = ""
    trace_outcome: Outcome | None = None
    thinking_tokens: int = 0
    masked_spans: tuple[tuple[int, int], ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The question's hash."""
        return question_id(self.question)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of one line, the id in front for people."""
        return {"id": self.id, **asdict(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Row:
        """Read what `to_dict` wrote.

        Raises:
            InputError: the object is not a row, or its id is not its question's.
        """
        try:
            row = _ROWS.validate_python(record)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:3])
            raise InputError(f"This is not a curation row ({faults}).") from error
        if record.get("id", row.id) != row.id:
            raise InputError(f"The row {record['id']} holds another question than its id says. Write it again without the id.")
        return row


_ROWS = TypeAdapter(Row)


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as JSON lines; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as lines:
        for row in rows:
            lines.write(json.dumps(row.to_dict(), ensure_ascii=False) + "\n")
    fresh.replace(path)


def read_rows(path: Path) -> Iterator[Row]:
    """Read JSON lines of rows, one at a time.

    Raises:
        InputError: the file is missing, or a line of it is not a row (the message says which).
    """
    for where, record in read_objects(path, "curation rows from"):
        try:
            yield Row.from_dict(record)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
