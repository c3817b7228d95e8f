"""The last comparison of a page as a file: built in memory when the page asks for it, sent to that page alone, never on disk."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from s1demo.decoding.answers_at_waits import AnswerSoFar, Cost
from s1demo.grading import extract_answer
from s1demo.traces import TraceBuilder
from s1demo.ui.stream.verdicts import FormulaVerdict


class ComparisonRecorder:
    """Builds the traces of a comparison while its events pass by.

    Args:
        true_answer: what the visitor gave as such, "" for nothing.
    """

    def __init__(self, true_answer: str = "") -> None:
        self._true_answer = true_answer
        self._builders: Mapping[str, TraceBuilder] = {}
        self._answers: list[dict[str, Any]] = []

    async def record(
        self, events: AsyncGenerator[tuple[str, Any], None], builders: Mapping[str, TraceBuilder]
    ) -> AsyncGenerator[tuple[str, Any], None]:
        """The same events, as `compare_with_answers` yields them, recorded; each run has a builder."""
        self._builders = builders
        async with aclosing(events):
            async for name, item in events:
                if isinstance(item, AnswerSoFar):
                    self._answers.append({"run": name, **asdict(item), "answer": extract_answer(item.answer_text)})
                elif not isinstance(item, Cost | FormulaVerdict):
                    self._builders[name].add(item)
                yield name, item

    def to_json(self) -> str | None:
        """The file: `{"traces": [...], "answers_so_far": [...]}`, traces as `Trace.to_dict` gives them; None before a run began.

        A run that was stopped is in it as far as it came. With `"true_answer"` where the visitor gave one.
        """
        traces = [builder.trace().to_dict() for builder in self._builders.values() if builder.trace().prompt_ids]
        given = {"true_answer": self._true_answer} if self._true_answer else {}
        return json.dumps({"traces": traces, "answers_so_far": self._answers, **given}) if traces else None
