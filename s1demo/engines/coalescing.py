"""Requests that agree are decoded once: an `Engine` around another, for as long as one question is worked on.

Which token comes next depends on the ids before it, the sampling and the masked stops, not on how many tokens were asked for. So
requests that agree in all else are one stream. A lower limit is the beginning of a higher one. A request that comes late, or
whose prompt already contains ids of the stream, gets what is known at once. Knows requests and segments, no budget and no text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from s1demo.engines.base import Engine, check_request
from s1demo.errors import EngineError
from s1demo.events import FinishReason, Request, Segment


class CoalescingEngine:
    """Decodes requests that agree once; see `Engine`. Ids equal those of independent requests to the engine inside.

    It keeps all it has decoded, so make one for each question, such as one comparison, and drop it afterwards. Greedy streams go
    on from any point. At a temperature they do on engines whose samples depend on the position alone (`samples_by_position`). On
    others a stream serves requests within what was asked of the engine, and one that needs more starts a new stream.

    Args:
        engine: what decodes; it stays open when this one is closed.

    Attributes:
        independent_tokens: tokens handed out so far, which is what requests on their own would have decoded.
    """

    def __init__(self, engine: Engine) -> None:
        self.info, self.tokenizer = engine.info, engine.tokenizer
        self._engine = engine
        self._streams: list[_SharedStream] = []
        self._closed = False
        self.independent_tokens = 0

    @classmethod
    def around(cls, engine: Engine) -> CoalescingEngine:
        """The engine itself where it already shares, else a new one around it."""
        return engine if isinstance(engine, cls) else cls(engine)

    @property
    def engine_tokens(self) -> int:
        """Tokens the engine inside has decoded for all requests together."""
        return sum(shared.engine_tokens for shared in self._streams)

    @property
    def active_requests(self) -> int:
        """Requests being served, each sharer counted."""
        return sum(len(shared.sharers) for shared in self._streams)

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Serve one request; see `Engine.stream`. What is known already comes at once, as one segment."""
        check_request(request, self.info.context_length)
        if self._closed:
            raise EngineError("This comparison is closed. Start a new one.")
        shared = next((shared for shared in self._streams if shared.serves(request)), None)
        if shared is None:
            shared = _SharedStream(self._engine, request)
            self._streams.append(shared)
        async with aclosing(shared.follow(request)) as segments:
            async for segment in segments:
                self.independent_tokens += len(segment.token_ids)
                yield segment

    async def close(self) -> None:
        """End what is being decoded for it; streams under way end with an error."""
        self._closed = True
        for shared in self._streams:
            await shared.fail(EngineError("This comparison was closed."))


@dataclass(eq=False)
class _Sharer:
    """One request on a shared stream: the id it takes next, counted from the stream's first, and the one it ends before."""

    position: int
    end: int
    logprobs: bool
    news: asyncio.Event = field(default_factory=asyncio.Event)


class _SharedStream:
    """The ids that follow one prompt, decoded as far as its sharers need them, by one task while any of them waits."""

    def __init__(self, engine: Engine, first: Request) -> None:
        self._engine = engine
        self._first = first
        self._goes_on = first.sampling.temperature == 0 or engine.info.samples_by_position
        self._ids: list[int] = []
        self._logprobs: list[float] | None = [] if first.logprobs else None  # of each id; None where the engine does not know
        self._ending: Segment | None = None  # without ids: the stop, or the end of the context
        self._error: Exception | None = None
        self.sharers: list[_Sharer] = []
        self._task: asyncio.Task[None] | None = None
        self._begun = False
        self._asked_end: int | None = None  # what the engine is decoding up to, while it does
        self.engine_tokens = 0

    def serves(self, request: Request) -> bool:
        """Whether every id of the request is certain to be an id of this stream."""
        first, offset = self._first, self._offset(request)
        if self._error or (request.stop_ids, request.sampling) != (first.stop_ids, first.sampling):
            return False
        if not 0 <= offset <= len(self._ids) or request.prompt_ids != (*first.prompt_ids, *self._ids[:offset]):
            return False
        if max(first.min_tokens, offset) != offset + request.min_tokens:  # stops are masked up to the same position
            return False
        if request.logprobs and not first.logprobs:
            return False
        return self._goes_on or (offset == 0 and self._reaches(request.max_new_tokens))

    async def follow(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Serve a request this stream `serves`."""
        begin = self._offset(request)
        sharer = _Sharer(begin, begin + request.max_new_tokens, request.logprobs)
        self.sharers.append(sharer)
        if self._is_needed and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._decode())
        try:
            finished = False
            while not finished:
                segment = await self._next_segment(sharer)
                finished = segment.finish_reason is not None
                yield segment
        finally:
            self.sharers.remove(sharer)
            if self._asked_end is not None and not self._is_needed:
                await self._stop_decoding()

    async def fail(self, error: Exception) -> None:
        """Stop decoding and hand an error to all sharers."""
        self._error = self._error or error
        await self._stop_decoding()
        self._wake_sharers()

    async def _next_segment(self, sharer: _Sharer) -> Segment:
        while len(self._ids) == sharer.position and not (self._ending or self._error):
            sharer.news.clear()
            await sharer.news.wait()
        fresh = slice(sharer.position, sharer.end)
        logprobs = tuple(self._logprobs[fresh]) if sharer.logprobs and self._logprobs is not None else None
        segment = Segment(tuple(self._ids[fresh]), logprobs=logprobs)
        sharer.position += len(segment.token_ids)
        if sharer.position == sharer.end:
            return replace(segment, finish_reason=FinishReason.LENGTH)
        if self._ending:
            return Segment.joined([segment, self._ending if sharer.logprobs else replace(self._ending, logprobs=None)])
        if self._error and not segment.token_ids:
            raise self._error
        return segment

    def _offset(self, request: Request) -> int:
        return len(request.prompt_ids) - len(self._first.prompt_ids)

    def _reaches(self, end: int) -> bool:
        """Whether this many ids come without asking the engine once more."""
        known = bool(self._ending) or end <= len(self._ids)
        return known or not self._begun or (self._asked_end is not None and end <= self._asked_end)

    @property
    def _needed_end(self) -> int:
        return max((sharer.end for sharer in self.sharers), default=0)

    @property
    def _is_needed(self) -> bool:
        return self._needed_end > len(self._ids) and not (self._ending or self._error)

    def _wake_sharers(self) -> None:
        for sharer in self.sharers:
            sharer.news.set()

    async def _stop_decoding(self) -> None:
        task, self._task, self._asked_end = self._task, None, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _decode(self) -> None:
        try:
            while self._is_needed:  # again, where someone joined who wants more than was asked for
                await self._decode_to(self._needed_end)
        except Exception as error:
            if self._task is asyncio.current_task():
                self._error, self._asked_end = error, None
                self._wake_sharers()

    async def _decode_to(self, end: int) -> None:
        """Decode the ids up to `end`, or fewer as soon as no sharer needs them any more."""
        request = self._first.after(self._ids, end - len(self._ids))
        self._begun, self._asked_end = True, end
        async with aclosing(self._engine.stream(request)) as segments:
            async for segment in segments:
                self._take(segment, end)
                if self._asked_end is not None and not self._is_needed:
                    self._asked_end = None
                    return
        if self._asked_end is not None:
            raise EngineError("The engine broke off in the middle of its work. Ask again.")

    def _take(self, segment: Segment, end: int) -> None:
        n, logprobs = len(segment.token_ids), segment.logprobs
        self._ids += segment.token_ids
        self.engine_tokens += n
        if logprobs is None:
            self._logprobs = self._logprobs if not n else None
        elif self._logprobs is not None:
            self._logprobs += logprobs[:n]
        if segment.finish_reason is not None:
            self._asked_end = None
            context_is_full = len(self._first.prompt_ids) + len(self._ids) >= self._engine.info.context_length
            if segment.finish_reason is FinishReason.STOP or len(self._ids) < end or context_is_full:
                self._ending = Segment((), segment.finish_reason, segment.stop_id, None if logprobs is None else logprobs[n:])
        self._wake_sharers()
