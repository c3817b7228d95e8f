"""The only join of budget forcing and engine: `run()` streams one policy, `compare()` several, `decode_batch()` evaluates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from s1demo.budget import BudgetForcer, BudgetPolicy
from s1demo.decoding.merged import Merged
from s1demo.delimiters import FORMATS, build_prompt, encode_format
from s1demo.engines.base import Engine, TextStream
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import InputError
from s1demo.events import Event, Finished, Origin, Phase, Request, SamplingParams, Segment, ThinkingEnded, Tokens


def check_question(question: str, max_chars: int) -> None:
    """Refuse a question no run should start with.

    Args:
        question: what the visitor typed.
        max_chars: the exhibit's limit.

    Raises:
        InputError: the question is empty or too long.
    """
    if not question.strip():
        raise InputError("The question is empty. Type a question, such as: How many r in raspberry?")
    if len(question) > max_chars:
        raise InputError(f"The question has {len(question):,} characters; at most {max_chars:,} are taken. Shorten it.")


def start(engine: Engine, question: str, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()) -> BudgetForcer:
    """A budget forcer for one question on one engine, ready to `begin()`.

    Args:
        engine: whose tokenizer, thinking format and context apply.
        question: what the visitor asks.
        policy: what to do to the thinking.
        sampling: how to pick tokens.

    Raises:
        InputError: an empty question, or a policy that does not fit the context.
    """
    fmt = FORMATS[engine.info.format]
    encoded = encode_format(fmt, engine.tokenizer, policy.extension)
    prompt_ids = build_prompt(question, engine.tokenizer, fmt)
    return BudgetForcer(prompt_ids, policy, encoded, engine.info.context_length, sampling)


async def run(
    engine: Engine, question: str, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()
) -> AsyncGenerator[Event, None]:
    """Stream the events of one budget-forced run; closing the iterator stops the engine's work at once.

    Args:
        engine: what decodes.
        question: what the visitor asks.
        policy: what to do to the thinking.
        sampling: how to pick tokens.

    Yields:
        Events in order, with their text.

    Raises:
        InputError: see `start`.
        EngineError: decoding failed.
    """
    forcer = start(engine, question, policy, sampling)
    text = engine.tokenizer.text_stream()
    for event in forcer.begin():
        yield _with_text(event, text)
    while (request := forcer.next_request()) is not None:
        async with aclosing(engine.stream(request)) as segments:
            async for segment in segments:
                for event in forcer.feed(segment):
                    if isinstance(event, ThinkingEnded | Finished) and (rest := text.flush()):
                        phase = Phase.THINKING if isinstance(event, ThinkingEnded) else Phase.ANSWER
                        yield Tokens((), phase, Origin.SAMPLED, rest)  # a character of which only a part was decoded
                    yield _with_text(event, text)


def _with_text(event: Event, text: TextStream) -> Event:
    return replace(event, text=text.text(event.token_ids)) if isinstance(event, Tokens) else event


async def whole_segment(engine: Engine, request: Request) -> Segment:
    """Decode one request to its end, as one segment.

    Args:
        engine: what decodes.
        request: the segment to decode.

    Raises:
        InputError: the request cannot be served as given.
        EngineError: decoding failed.
    """
    async with aclosing(engine.stream(request)) as segments:
        return Segment.joined([segment async for segment in segments])


async def decode_batch(
    engine: Engine,
    runs: Sequence[tuple[str, BudgetPolicy]],
    sampling: SamplingParams = SamplingParams(),
    max_concurrent: int = 16,
) -> list[list[Event]]:
    """Decode many runs for evaluation: no streaming, whole segments at a time, several runs at once.

    Args:
        engine: what decodes.
        runs: question and policy of each run.
        sampling: how to pick tokens.
        max_concurrent: most runs under way at once.

    Returns:
        The events of each run, in the order of `runs`, without text.

    Raises:
        InputError: see `start`.
        EngineError: decoding failed.
    """
    gate = asyncio.Semaphore(max_concurrent)

    async def one(question: str, policy: BudgetPolicy) -> list[Event]:
        async with gate:
            forcer = start(engine, question, policy, sampling)
            events = forcer.begin()
            while (request := forcer.next_request()) is not None:
                events += forcer.feed(await whole_segment(engine, request))
            return events

    tasks = [asyncio.create_task(one(question, policy)) for question, policy in runs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await _cancel(tasks)




async def compare(
    engine: Engine, question: str, policies: Mapping[str, BudgetPolicy], sampling: SamplingParams = SamplingParams()
) -> AsyncGenerator[tuple[str, Event], None]:
    """Stream several policies on the same question at the same time; closing the iterator stops them all.

    All start together over one `CoalescingEngine`, so what they share is decoded once and streams in each of them: the thinking
    of a truncated run is the beginning of the natural one's, that the beginning of the extended one's. Ids are those of
    independent runs.

    Args:
        engine: what decodes; give a `CoalescingEngine` to learn from it how many tokens sharing has saved.
        question: what the visitor asks.
        policies: run name -> policy.
        sampling: the same for all runs, so that runs differ by the intervention only.

    Yields:
        (run name, event) as they happen; each run's own events are in order.

    Raises:
        InputError: see `start`; nothing has been decoded then.
        EngineError: decoding failed in one of the runs; the others are stopped.
    """
    for policy in policies.values():
        start(engine, question, policy, sampling)  # refuse before anything is decoded
    shared = CoalescingEngine.around(engine)

    async def named(name: str, policy: BudgetPolicy) -> AsyncGenerator[tuple[str, Event], None]:
        async with aclosing(run(shared, question, policy, sampling)) as events:
            async for event in events:
                yield name, event

    async with Merged[tuple[str, Event]]() as runs:
        for name, policy in policies.items():
            runs.add(named(name, policy))
        async for item in runs:
            yield item


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
