"""Two plainer ways to run budget forcing, to measure ours against: the same rules and ids in another sequence.

Ours goes on with each run as soon as its own segment has ended (`runs.decode_batch`). The paper's harness works in rounds: all
prompts in one batch, then all that tried to stop in a next one, so every round waits for its slowest (simplescaling/s1,
eval/lm-evaluation-harness, vllm_causallms.py, `_model_generate`). The README's example decodes one prompt after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from s1demo.budget import BudgetPolicy
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import run_to_end, whole_segment
from s1demo.engines.base import Engine
from s1demo.events import Event

Run = tuple[str, BudgetPolicy]


async def in_rounds(engine: Engine, runs: Sequence[Run]) -> list[list[Event]]:
    """All runs in step: each round decodes one segment of every unfinished run and waits for all; returns their events."""
    forcers = [Prompt(engine, question).forcer(policy) for question, policy in runs]
    events = [forcer.begin() for forcer in forcers]
    while unfinished := [(n, request) for n, forcer in enumerate(forcers) if (request := forcer.next_request())]:
        segments = await asyncio.gather(*(whole_segment(engine, request) for _, request in unfinished))
        for (n, _), segment in zip(unfinished, segments, strict=True):
            events[n] += forcers[n].feed(segment)
    return events


async def one_after_another(engine: Engine, runs: Sequence[Run]) -> list[list[Event]]:
    """One run at a time, each to its end; returns their events."""
    return [await run_to_end(engine, Prompt(engine, question).forcer(policy)) for question, policy in runs]
