"""The engine under test, and the naive loop on plain `generate` in fp32 that says what is right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torch

from s1demo.budget import BudgetPolicy
from s1demo.engines.base import Engine
from s1demo.events import FinishReason, Request, Segment
from tests.drivers import naive_ids, plain_generate
from tests.engines.conformance.engines import FACTORIES, chosen


@dataclass
class UnderTest:
    """An open engine and the one event loop it lives on.

    Attributes:
        only_recorded: it plays recordings: it refuses what was not recorded, and cannot tell which stop was sampled.
    """

    engine: Engine
    runner: asyncio.Runner
    only_recorded: bool

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(asyncio.wait_for(work, 300))

    def decode(self, *requests: Request) -> list[Segment]:
        """All requests at once, each as one segment."""

        async def together() -> list[Segment]:
            return await asyncio.gather(*(decode(self.engine, request) for request in requests))

        return self.run(together())


async def decode(engine: Engine, request: Request) -> Segment:
    """One request, with all that `Engine.stream` promises checked."""
    parts: list[Segment] = []
    async with aclosing(engine.stream(request)) as segments:
        async for segment in segments:
            assert not parts or parts[-1].finish_reason is None, "a segment after the last one"
            assert segment.finish_reason is FinishReason.STOP or segment.stop_id is None
            parts.append(segment)
    decoded = Segment.joined(parts)
    assert decoded.finish_reason is not None, "the stream ended without a finish reason"
    assert len(decoded.token_ids) <= request.max_new_tokens
    assert not request.stop_ids.intersection(decoded.token_ids), "a stop is no part of a segment"
    return decoded


async def until_idle(engine: Engine) -> None:
    """Wait for a cancelled request to be gone."""
    async with asyncio.timeout(5):
        while engine.active_requests:
            await asyncio.sleep(0.01)


@pytest.fixture(scope="session", params=chosen())
def under_test(request: pytest.FixtureRequest, engine: Any) -> Iterator[UnderTest]:
    opening = FACTORIES[request.param](engine)
    with asyncio.Runner() as runner:
        yield UnderTest(runner.run(opening.__aenter__()), runner, only_recorded=request.param == "replay")
        runner.run(opening.__aexit__(None, None, None))


@pytest.fixture(scope="session")
def right_ids(engine: Any) -> Callable[[str, BudgetPolicy], list[int]]:
    """Question and policy to the greedy ids of the naive loop."""
    return cache(lambda question, policy: naive_ids(engine, question, policy))


@pytest.fixture(scope="session")
def right_segment(engine: Any) -> Callable[[Request], Segment]:
    """A request to the segment that plain greedy `generate` gives."""

    def by_generate(request: Request) -> Segment:
        prompt, stops = list(request.prompt_ids), set(request.stop_ids)
        ids = plain_generate(engine.model, prompt, request.max_new_tokens, stops, request.min_tokens)
        if ids[-1] in stops:
            return Segment(tuple(ids[:-1]), FinishReason.STOP, ids[-1])
        return Segment(tuple(ids), FinishReason.LENGTH)

    return cache(by_generate)


@pytest.fixture(scope="session")
def right_logprobs(engine: Any) -> Callable[[Request, Segment], list[float]]:
    """A request and its segment to the model's own log-probabilities of the sampled tokens, the stop's last, in one forward pass."""

    def by_forward(request: Request, segment: Segment) -> list[float]:
        sampled = [*segment.token_ids, *([segment.stop_id] if segment.stop_id is not None else [])]
        with torch.inference_mode():
            logits = engine.model(torch.tensor([[*request.prompt_ids, *sampled]])).logits[0]
        first = len(request.prompt_ids) - 1
        return logits[first : first + len(sampled)].log_softmax(dim=-1)[range(len(sampled)), sampled].tolist()

    return by_forward
