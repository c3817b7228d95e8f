"""The page in a process of its own, around an engine with a fixed pace, so that what the page costs can be measured apart.

`page.py` starts it and asks it for its CPU time. The engine is no model: it writes lines of the miniature's own training rows
(`assets/s1-mini-1k.jsonl`) at a given pace. No figure of it says anything about a model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.decoding.prompt import Prompt
from s1demo.delimiters import S1
from s1demo.engines.tokenization import HubTokenizer
from s1demo.events import EngineInfo, FinishReason, Request, Segment
from s1demo.s1k.loading import read_own_rows
from s1demo.settings import EMBEDDED_MODEL, Settings
from s1demo.ui.app import build_app, launch_settings
from s1demo.ui.stream import streaming

_ANSWER_HOLDS_FOR = 1024  # thinking tokens; then its answer changes, so that Timeline has changes to draw


@dataclass(frozen=True)
class WritingPace:
    """What the engine writes, and how fast.

    Attributes:
        thinking_tokens: after so many it stops.
        sample_tokens: after so many it stops at a temperature above 0; None for as many.
        tokens_per_second: of one run.
        chunk_tokens: of one segment.
        updates_per_second: the most the page is sent.
    """

    thinking_tokens: int
    tokens_per_second: float
    chunk_tokens: int = 1
    updates_per_second: float = 1 / streaming.TICK_SECONDS
    sample_tokens: int | None = None


class PacedEngine:
    """Writes known text at a known pace.

    Attributes:
        first_token_at: when the first token of the last run was yielded, seconds since the epoch.
    """

    def __init__(self, pace: WritingPace) -> None:
        self.tokenizer = HubTokenizer(EMBEDDED_MODEL)
        self.info = EngineInfo("known text", "paced", "CPU", None, pace.thinking_tokens + 2048, S1.name)
        self.active_requests = 0
        self.first_token_at = 0.0
        self._pace = pace
        self._thinking = self._text(pace.thinking_tokens)
        self._answers = [tuple(self.tokenizer.encode(f"\nAnswer: {n}")) for n in range(10)]
        self._think = tuple(self.tokenizer.encode(S1.think, special=True))
        self._end = tuple(self.tokenizer.encode(S1.end_of_thinking, special=True))
        self._stop = self.tokenizer.encode(S1.stop, special=True)[0]

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Write the rest of what the request begins; at most `max_new_tokens` of it. It is fairly sure of everything."""
        sampled = request.sampling.temperature > 0 and self._pace.sample_tokens is not None
        ids, stop = self._rest(request.prompt_ids, self._pace.sample_tokens if sampled else None)
        left = ids[: request.max_new_tokens]
        n, interval = self._pace.chunk_tokens, self._pace.chunk_tokens / self._pace.tokens_per_second
        begun = time.monotonic()
        self.active_requests += 1
        try:
            for i, at in enumerate(range(0, len(left), n), 1):
                await asyncio.sleep(begun + i * interval - time.monotonic())
                if i == 1 and stop == self._stop:
                    self.first_token_at = time.time()
                written = left[at : at + n]
                yield Segment(written, logprobs=_logprobs(request, len(written)))
            if len(left) < len(ids):
                yield Segment((), FinishReason.LENGTH, logprobs=_logprobs(request, 0))
            else:
                yield Segment((), FinishReason.STOP, stop, logprobs=_logprobs(request, 1))
        finally:
            self.active_requests -= 1

    async def close(self) -> None:
        """Nothing to free."""

    def _text(self, n_tokens: int) -> tuple[int, ...]:
        ids: list[int] = []
        rows = [trace.thinking for row in read_own_rows() for trace in row.traces.values()]
        while len(ids) < n_tokens:
            for thinking in rows:
                ids += self.tokenizer.encode("\n" + thinking.strip())
        return tuple(ids[:n_tokens])

    def _rest(self, prompt: tuple[int, ...], most: int | None) -> tuple[tuple[int, ...], int]:
        begin = len(prompt) - len(self._think)
        while prompt[begin : begin + len(self._think)] != self._think:
            begin -= 1
        thought = prompt[begin + len(self._think) :]
        if any(thought[i : i + len(self._end)] == self._end for i in range(max(0, len(thought) - 16), len(thought))):
            return self._answers[len(thought) // _ANSWER_HOLDS_FOR % 10], self.tokenizer.end_of_turn_id
        return self._thinking[len(thought) : most], self._stop


def _logprobs(request: Request, n: int) -> tuple[float, ...] | None:
    return (-0.1,) * n if request.logprobs else None


def serve(pipe: Connection, pace: WritingPace) -> None:
    """Serve the page and answer the questions that come through the pipe; ends with "end".

    Args:
        pipe: takes the address of the page first. "cpu" is answered by this process's CPU seconds, "first token" by the engine's
            `first_token_at`, ("alone", n, seconds) by the CPU seconds of n runs of the engine with no page, for so long.
        pace: the engine's.
    """
    streaming.TICK_SECONDS = 1 / pace.updates_per_second
    engine, settings = PacedEngine(pace), Settings()
    demo = build_app(engine, settings)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_settings(settings))
    pipe.send(url)
    answers: dict[str, Any] = {"cpu": time.process_time, "first token": lambda: engine.first_token_at}
    while (asked := pipe.recv()) != "end":
        if isinstance(asked, tuple):
            _, n, seconds = asked
            pipe.send(asyncio.run(_alone(engine, n, seconds)))
        else:
            pipe.send(answers[asked]())
    demo.close(verbose=False)


async def _alone(engine: PacedEngine, n_runs: int, seconds: float) -> float:
    request = Prompt(engine, "How many?").forcer(BudgetPolicy()).next_request()
    assert request is not None

    async def one() -> None:
        async with aclosing(engine.stream(request)) as segments:
            async for _ in segments:
                pass

    before = time.process_time()
    runs = [asyncio.create_task(one()) for _ in range(n_runs)]
    await asyncio.sleep(seconds)
    for run in runs:
        run.cancel()
    await asyncio.gather(*runs, return_exceptions=True)
    return time.process_time() - before
