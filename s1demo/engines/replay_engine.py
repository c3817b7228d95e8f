"""Plays recorded traces again, ids and timing: no model, for tests and for hosts that have none.

A request is served when some recording holds exactly its ids so far; a shorter cap is a prefix of the recording. Nothing is made
up: what was not recorded is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from s1demo.engines.base import EngineInfo, EngineTokenizer, check_request
from s1demo.errors import InputError, ModelError
from s1demo.events import FinishReason, Request, SamplingParams, Segment
from s1demo.traces import RecordedSegment, Trace


@dataclass(frozen=True)
class _Recording:
    """One engine segment of a recorded trace and the ids before it."""

    prefix_ids: tuple[int, ...]
    segment: RecordedSegment
    sampling: SamplingParams

    def serves(self, request: Request) -> bool:
        """Whether this recording starts with the request's ids and reaches as far as the request asks."""
        offset = len(request.prompt_ids) - len(self.prefix_ids)
        ids = self.segment.token_ids
        if offset < 0 or offset > len(ids) or self.sampling != request.sampling:
            return False
        if request.prompt_ids != self.prefix_ids + ids[:offset]:
            return False
        return self.segment.finish_reason is FinishReason.STOP or len(ids) - offset >= request.max_new_tokens


class ReplayEngine:
    """Serves requests from recorded traces of one model; see `Engine`.

    Args:
        traces: the recordings.
        tokenizer: the tokenizer of the model that was recorded.
        speed: how many times faster than recorded; 0 without waiting.

    Raises:
        ModelError: there is nothing to replay.
    """

    def __init__(self, traces: Sequence[Trace], tokenizer: EngineTokenizer, speed: float = 1.0) -> None:
        if not traces:
            raise ModelError("There are no recorded traces to replay. Record some with: python -m s1demo ask ... --json")
        self.tokenizer = tokenizer
        first = traces[0]
        self.info = EngineInfo(first.model, "replay", f"recorded on {first.device}", None, first.context_length, first.format)
        self.questions = sorted({trace.question for trace in traces})
        self._speed = speed
        self._active = 0
        self._recordings = [
            _Recording((*trace.prompt_ids, *trace.token_ids[: segment.start]), segment, trace.sampling)
            for trace in traces
            for segment in trace.segments()
            if segment.finish_reason is not None
        ]

    @property
    def active_requests(self) -> int:
        """Requests being replayed."""
        return self._active

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Replay one request; see `Engine.stream`."""
        check_request(request, self.info.context_length)
        recording = next((recording for recording in self._recordings if recording.serves(request)), None)
        if recording is None:
            raise InputError(
                "This was not recorded with these settings, and the replay engine has no model to ask. "
                f"Recorded questions: {'; '.join(self.questions)}"
            )
        self._active += 1
        try:
            async for segment in self._play(recording, request):
                yield segment
        finally:
            self._active -= 1

    async def _play(self, recording: _Recording, request: Request) -> AsyncGenerator[Segment, None]:
        segment = recording.segment
        begin = len(request.prompt_ids) - len(recording.prefix_ids)
        end = min(len(segment.token_ids), begin + request.max_new_tokens)
        for position in range(begin, end):
            if self._speed:
                before = segment.seconds[position - 1] if position else segment.requested
                await asyncio.sleep((segment.seconds[position] - before) / self._speed)
            last = position + 1 == begin + request.max_new_tokens
            yield Segment((segment.token_ids[position],), FinishReason.LENGTH if last else None)
            if last:
                return
        yield Segment((), segment.finish_reason)

    async def close(self) -> None:
        """Nothing to free."""
