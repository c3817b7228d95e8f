"""Plays recorded traces again, ids and timing: no model, for tests and for machines that have none.

A request is served when some recording begins with exactly its ids; a lower limit gets the beginning of the recording. Nothing is
made up: what was not recorded is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s1demo.engines.base import Engine, EngineTokenizer, check_request
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError, ModelError
from s1demo.events import EngineInfo, FinishReason, Request, Segment
from s1demo.settings import EMBEDDED_MODEL, Settings
from s1demo.traces import RecordedSegment, Trace, read_traces


@dataclass
class ReplayEngine:
    """Serves requests from recorded segments of one model; see `Engine`.

    Attributes:
        info: the recorded model and where it ran.
        recordings: what it decoded.
        tokenizer: its tokenizer.
        questions: what was asked, for the error about what was not.
        speed: how many times faster than recorded; 0 without waiting.
    """

    info: EngineInfo
    recordings: Sequence[RecordedSegment]
    tokenizer: EngineTokenizer
    questions: Sequence[str]
    speed: float
    active_requests: int = 0

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Replay one request; see `Engine.stream`."""
        check_request(request, self.info.context_length)
        recording = next((recording for recording in self.recordings if _serves(recording, request)), None)
        if recording is None:
            raise InputError(
                "This was not recorded with these settings, and the replay engine has no model to ask. "
                f"Recorded questions: {'; '.join(self.questions)}"
            )
        begin = len(request.prompt_ids) - len(recording.prefix_ids)
        limit = begin + request.max_new_tokens
        self.active_requests += 1
        try:
            for position in range(begin, min(len(recording.token_ids), limit)):
                if self.speed:
                    before = recording.seconds[position - 1] if position else recording.requested
                    await asyncio.sleep((recording.seconds[position] - before) / self.speed)
                last = position + 1 == limit
                yield Segment((recording.token_ids[position],), FinishReason.LENGTH if last else None)
                if last:
                    return
            yield Segment((), recording.finish_reason)
        finally:
            self.active_requests -= 1

    async def close(self) -> None:
        """Nothing to free."""


def _serves(recording: RecordedSegment, request: Request) -> bool:
    """Whether a recording starts with the request's ids, reaches as far as it asks and stops where it would."""
    offset = len(request.prompt_ids) - len(recording.prefix_ids)
    ids = recording.token_ids
    if offset < 0 or offset > len(ids) or recording.sampling != request.sampling:
        return False
    if request.prompt_ids != recording.prefix_ids + ids[:offset]:
        return False
    served = ids[offset : offset + request.max_new_tokens]
    if request.stop_ids.intersection(served):
        return False  # recorded without that stop
    if len(served) == request.max_new_tokens:
        return True
    return recording.finish_reason is FinishReason.STOP and len(served) >= request.min_tokens


def replay(traces: Sequence[Trace], tokenizer: EngineTokenizer, speed: float = 1.0) -> Engine:
    """An engine that plays recorded traces, all of one model, as `ReplayEngine` says.

    Raises:
        ModelError: there are none, or they come from different models.
    """
    segments = [segment for trace in traces for segment in trace.segments()]
    return ReplayEngine(_recorded_info(traces), segments, tokenizer, sorted({trace.question for trace in traces}), speed)


def open_recording(settings: Settings) -> Engine:
    """A replay of the recording that the settings name, with the tokenizer of the recorded model.

    Raises:
        InputError: the recording cannot be read.
        ModelError: it is empty or of several models, or the tokenizer cannot be loaded.
    """
    traces = list(read_traces(Path(settings.model_path)))
    embedded, model = Path(EMBEDDED_MODEL), _recorded_info(traces).model
    return replay(traces, HubTokenizer(str(embedded) if model == embedded.name else model), settings.replay_speed)


def _recorded_info(traces: Sequence[Trace]) -> EngineInfo:
    models = {(trace.model, trace.format, trace.context_length) for trace in traces}
    if not models:
        raise ModelError("There are no recorded traces to replay. Record some with: python -m s1demo ask ... --json")
    if len(models) > 1:
        names = ", ".join(sorted(model for model, _, _ in models))
        raise ModelError(f"The recorded traces come from several models ({names}). Replay one model's at a time.")
    ((model, fmt, context_length),) = models
    return EngineInfo(model, "replay", f"recorded on {traces[0].device}", None, context_length, fmt, samples_by_position=True)
