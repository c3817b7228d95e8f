"""Where budget forcing meets an engine: `run()` streams one policy, `compare()` several, `decode_batch()` evaluates.

Wherever a question is taken, a `Prompt` is taken too: who asks the same question several times encodes it once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from s1demo.budget import BudgetForcer, BudgetPolicy
from s1demo.decoding.merged import map_or_cancel, merged, named
from s1demo.decoding.prompt import Prompt
from s1demo.engines.base import Engine, TextStream
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.events import Event, Finished, Origin, Phase, Request, SamplingParams, Segment, ThinkingEnded, Tokens


async def run(
    engine: Engine, question: Prompt | str, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()
) -> AsyncGenerator[Event, None]:
    """Stream the events of one budget-forced run, with their text; closing the iterator stops the engine's work at once.

    Raises:
        InputError: an empty question, or a policy that does not fit into the context.
        EngineError: decoding failed.
    """
    forcer = Prompt.of(engine, question).forcer(policy, sampling)
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

    Raises:
        InputError: the request cannot be served as given.
        EngineError: decoding failed.
    """
    async with aclosing(engine.stream(request)) as segments:
        return Segment.joined([segment async for segment in segments])


async def answer_after(
    engine: Engine, prompt: Prompt, policy: BudgetPolicy, sampling: SamplingParams, thinking: Segment, logprobs: bool = False
) -> tuple[Segment, str]:
    """The answer, and its text, of a run that thinks exactly so: it ends its thinking after a stop, its budget does otherwise."""
    forcer = prompt.forcer(policy, sampling)
    events = forcer.begin()
    if not isinstance(events[-1], Tokens):  # a budget of 0 has ended the thinking already
        events = forcer.feed(thinking)
    delimiter, request = events[-1], forcer.next_request()
    assert isinstance(delimiter, Tokens) and request is not None
    segment = await whole_segment(engine, replace(request, logprobs=logprobs))
    text = engine.tokenizer.text_stream()
    text.text(delimiter.token_ids)  # the answer's text begins after it
    return segment, text.text(segment.token_ids) + text.flush()


async def run_to_end(engine: Engine, forcer: BudgetForcer) -> list[Event]:
    """All events of one run, without text and without streaming."""
    events = forcer.begin()
    while (request := forcer.next_request()) is not None:
        events += forcer.feed(await whole_segment(engine, request))
    return events


async def decode_batch(
    engine: Engine,
    runs: Sequence[tuple[Prompt | str, BudgetPolicy]],
    sampling: SamplingParams = SamplingParams(),
    max_concurrent: int = 16,
) -> list[list[Event]]:
    """Decode many runs for evaluation: no streaming, whole segments at a time, several runs at once.

    Returns:
        The events of each run, in the order of `runs`, without text.

    Raises:
        InputError, EngineError: see `run`.
    """

    async def one(asked: tuple[Prompt | str, BudgetPolicy]) -> list[Event]:
        return await run_to_end(engine, Prompt.of(engine, asked[0]).forcer(asked[1], sampling))

    return await map_or_cancel(one, runs, max_concurrent)


def compare(
    engine: Engine,
    question: Prompt | str,
    policies: Mapping[str, BudgetPolicy],
    sampling: SamplingParams = SamplingParams(),
) -> AsyncGenerator[tuple[str, Event], None]:
    """Stream several policies on the same question at the same time; closing the iterator stops them all.

    All start together over one `CoalescingEngine`, so what they share is decoded once and streams in each of them: the thinking
    of a truncated run is the beginning of the natural one's, that the beginning of the extended one's. Ids are those of
    independent runs.

    Args:
        engine: give a `CoalescingEngine` to learn from it how many tokens sharing has saved.
        question: what to ask.
        policies: run name -> policy.
        sampling: the same for all runs, so that runs differ by the intervention only.

    Yields:
        (run name, event) as they happen; each run's own events are in order.

    Raises:
        InputError: see `run`; nothing has been decoded then.
        EngineError: decoding failed in one of the runs; the others are stopped.
    """
    prompt = Prompt.of(engine, question)
    return merged(named_runs(CoalescingEngine.around(engine), prompt, policies, sampling))


def named_runs(
    engine: Engine, prompt: Prompt, policies: Mapping[str, BudgetPolicy], sampling: SamplingParams
) -> list[AsyncGenerator[tuple[str, Event], None]]:
    """One stream of (run name, event) for each policy, none of them begun.

    Raises:
        InputError: one of the policies does not fit into the context.
    """
    for policy in policies.values():
        prompt.check(policy)
    return [named(name, run(engine, prompt, policy, sampling)) for name, policy in policies.items()]
