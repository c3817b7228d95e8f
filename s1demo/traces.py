"""The trace of a run: all that happened, made from its events by a `TraceBuilder` and kept as JSON lines.

All token counts come from the ids here. A token's time is what the builder's clock says when its event arrives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from s1demo.budget import BudgetPolicy
from s1demo.errors import InputError
from s1demo.events import (
    EndOfThinking,
    EndSuppressed,
    EngineInfo,
    Event,
    Finished,
    FinishReason,
    Origin,
    Phase,
    RunStarted,
    SamplingParams,
    ThinkingEnded,
    Tokens,
)
from s1demo.grading import extract_answer
from s1demo.json_lines import read_objects


@dataclass(frozen=True)
class RecordedSegment:
    """A request as an engine once served it, for replay.

    Attributes:
        prefix_ids: the request's prompt.
        token_ids: the sampled ids, stop excluded; may be empty.
        requested: seconds from the start of the run to the request.
        seconds: when each of the ids arrived, from the start of the run.
        finish_reason: how it ended; None in a run that was stopped within it.
        sampling: how tokens were picked.
    """

    prefix_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    requested: float
    seconds: tuple[float, ...]
    finish_reason: FinishReason | None
    sampling: SamplingParams


@dataclass
class Trace:
    """One run: the question, every token after the prompt, and why thinking and answer ended.

    Attributes:
        question: as typed.
        model, engine, device, format, context_length: see `EngineInfo`.
        policy, sampling: what was done to the thinking and how tokens were picked.
        prompt_ids: the prompt, opened thinking included.
        token_ids, phases, origins, token_seconds: one entry per token after the prompt (suppressed stops are not among them).
        thinking_text, delimiter_text, answer_text: the text of each phase.
        answer: the answer extracted from `answer_text`, or None.
        thinking_budget: most thinking tokens this run could spend.
        waits_used: suppressed ends of thinking.
        wait_positions: thinking tokens before each suppressed end.
        end_of_thinking, finish_reason: None while unknown (a stopped run).
        seconds: from start to the last event.
    """

    question: str
    model: str
    engine: str
    device: str
    format: str
    context_length: int
    policy: BudgetPolicy
    sampling: SamplingParams
    prompt_ids: list[int] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    token_seconds: list[float] = field(default_factory=list)
    thinking_text: str = ""
    delimiter_text: str = ""
    answer_text: str = ""
    thinking_budget: int = 0
    waits_used: int = 0
    wait_positions: list[int] = field(default_factory=list)
    end_of_thinking: EndOfThinking | None = None
    finish_reason: FinishReason | None = None
    seconds: float = 0.0

    @property
    def answer(self) -> str | None:
        """The extracted answer, or None."""
        return extract_answer(self.answer_text)

    @property
    def thinking_tokens(self) -> int:
        """Thinking tokens, sampled and forced; delimiters and suppressed stops do not count."""
        return self.phases.count(Phase.THINKING)

    @property
    def answer_tokens(self) -> int:
        """Tokens of the answer."""
        return self.phases.count(Phase.ANSWER)

    @property
    def sampled_tokens(self) -> int:
        """Tokens the model wrote."""
        return self.origins.count(Origin.SAMPLED)

    def segments(self) -> list[RecordedSegment]:
        """The segments that the engine decoded in this run, as a replay has to serve them again."""
        forced = [origin is Origin.FORCED for origin in self.origins] + [False]
        starts = [0] if self.thinking_budget else []
        starts += [i + 1 for i in range(len(self.origins)) if forced[i] and not forced[i + 1]]
        starts = sorted({*starts, *self._bare_waits()})
        return [segment for start in starts if (segment := self._segment(start)).finish_reason is not None]

    def _bare_waits(self) -> set[int]:
        """Where an end was suppressed and nothing appended: two segments meet with no forced token between them."""
        forced = {i for i in self.wait_positions if i < len(self.origins) and self.origins[i] is Origin.FORCED}
        return set(self.wait_positions) - forced

    def _segment(self, start: int) -> RecordedSegment:
        ends = self._bare_waits() - {start}
        end = start
        while end < len(self.token_ids) and self.origins[end] is Origin.SAMPLED and end not in ends:
            end += 1
        if end in ends:
            reason: FinishReason | None = FinishReason.STOP
        elif end == len(self.token_ids):
            reason = self.finish_reason
        elif self.phases[end] is Phase.DELIMITER and self.end_of_thinking is not EndOfThinking.NATURAL:
            reason = FinishReason.LENGTH
        else:
            reason = FinishReason.STOP
        return RecordedSegment(
            prefix_ids=(*self.prompt_ids, *self.token_ids[:start]),
            token_ids=tuple(self.token_ids[start:end]),
            requested=self.token_seconds[start - 1] if start else 0.0,
            seconds=tuple(self.token_seconds[start:end]),
            finish_reason=reason,
            sampling=self.sampling,
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON object the command line, the API and saved traces share."""
        record = asdict(self)
        record |= {
            "answer": self.answer,
            "thinking_tokens": self.thinking_tokens,
            "answer_tokens": self.answer_tokens,
            "token_seconds": [round(seconds, 4) for seconds in self.token_seconds],
            "seconds": round(self.seconds, 4),
        }
        return record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Trace:
        """Read what `to_dict` wrote.

        Raises:
            InputError: the object is not a trace.
        """
        values: dict[str, Any] = {}
        name = ""
        try:
            for name, kind in _KINDS.items():
                values[name] = _typed(record[name], kind)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"This is not a recorded trace ({name}: {error}). Record one with: python -m s1demo ask ... --json"
            ) from error
        trace = cls(**values)
        lengths = {len(trace.token_ids), len(trace.phases), len(trace.origins), len(trace.token_seconds)}
        if len(lengths) != 1:
            raise InputError("This recorded trace is damaged: ids, phases, origins and times differ in number. Record it again.")
        return trace


_KINDS = get_type_hints(Trace)  # by field


def _typed(value: Any, kind: Any) -> Any:
    """A value of a JSON object as its annotation has it, enumerations and dataclasses made of their values.

    Raises:
        TypeError, ValueError: it is something else.
    """
    arguments = get_args(kind)
    if get_origin(kind) is UnionType:  # or None
        return None if value is None else _typed(value, arguments[0])
    if get_origin(kind) is list:
        return [_typed(item, arguments[0]) for item in _typed(value, list)]
    if kind in (BudgetPolicy, SamplingParams):
        return kind(**value)
    if issubclass(kind, StrEnum):
        return kind(value)
    if not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"no {kind.__name__}")
    return value


class TraceBuilder:
    """Makes a `Trace` of the events of one run.

    Args:
        question: as typed.
        info: the engine's description of itself.
        policy, sampling: the run's.
        clock: seconds from any origin.
    """

    def __init__(
        self,
        question: str,
        info: EngineInfo,
        policy: BudgetPolicy,
        sampling: SamplingParams = SamplingParams(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trace = Trace(question, info.model, info.engine, info.device, info.format, info.context_length, policy, sampling)
        self._clock = clock
        self._started = clock()

    def add(self, event: Event) -> None:
        """Take one more event."""
        trace = self._trace
        trace.seconds = self._clock() - self._started
        match event:
            case RunStarted():
                trace.prompt_ids = list(event.prompt_ids)
                trace.thinking_budget = event.thinking_budget
            case Tokens():
                n, text = len(event.token_ids), f"{event.phase}_text"
                trace.token_ids += event.token_ids
                trace.phases += [event.phase] * n
                trace.origins += [event.origin] * n
                trace.token_seconds += [trace.seconds] * n
                setattr(trace, text, getattr(trace, text) + event.text)
            case EndSuppressed():
                trace.waits_used = event.wait_number
                trace.wait_positions.append(event.thinking_tokens)
            case ThinkingEnded():
                trace.end_of_thinking = event.reason
            case Finished():
                trace.finish_reason = event.finish_reason

    def trace(self) -> Trace:
        """The run so far."""
        return self._trace


def read_traces(path: Path) -> Iterator[Trace]:
    """Read JSON lines of traces.

    Raises:
        InputError: the file is missing, or a line of it is not a trace (the message says which).
    """
    for _, record in read_objects(path, "recorded traces from"):
        runs = record.get("runs")
        for run in runs.values() if isinstance(runs, dict) else [record]:
            yield Trace.from_dict(run)
