"""Parallel scaling: several samples of one question, decoded side by side. `evals.votes` makes one answer of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from s1demo.budget import BudgetPolicy
from s1demo.decoding.merged import merged
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import run
from s1demo.engines.base import Engine
from s1demo.errors import InputError
from s1demo.events import Event, SamplingParams


def sample(
    engine: Engine, question: Prompt | str, n: int, policy: BudgetPolicy, sampling: SamplingParams, max_concurrent: int = 16
) -> AsyncGenerator[tuple[int, Event], None]:
    """Stream n samples of one question side by side; closing the iterator stops them all.

    Args:
        engine: the prompt is the same for all samples, so an engine with a prefix cache computes it once.
        question: what to ask.
        n: how many samples.
        policy: what to do to the thinking of each.
        sampling: sample i has the seed of `sampling.numbered(i)`, so more samples begin with the same ones.
        max_concurrent: most samples under way at once.

    Yields:
        (number of the sample from 0, event) as they happen; each sample's own events are in order.

    Raises:
        InputError: n is below 1, several samples are asked for at temperature 0, or see `runs.run`.
        EngineError: decoding failed in one of the samples; the others are stopped.
    """
    if n < 1:
        raise InputError(f"The number of samples is {n}. Give a whole number from 1 up.")
    if n > 1 and not sampling.temperature:
        raise InputError(f"{n} samples at temperature 0 are {n} times the same. Raise the temperature.")
    prompt = Prompt.of(engine, question)
    prompt.check(policy)  # before anything is decoded
    gate = asyncio.Semaphore(max_concurrent)

    async def numbered(i: int) -> AsyncGenerator[tuple[int, Event], None]:
        async with gate, aclosing(run(engine, prompt, policy, sampling.numbered(i))) as events:
            async for event in events:
                yield i, event

    return merged(map(numbered, range(n)))
