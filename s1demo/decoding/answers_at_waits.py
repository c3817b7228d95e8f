"""The answer so far at each Wait: what the model would have answered, had the end of its thinking not been suppressed there.

It is the answer of the run with one Wait less, and its request is that run's, byte for byte: a natural end, no "Final Answer:" (a
cut at that point is another intervention, see `probe`). So at the first Wait it is the natural run's own request, and the shared
engine decodes it once for both; at every further Wait it costs an answer's tokens. The runs are only read.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

from s1demo.budget import BudgetForcer, BudgetPolicy
from s1demo.decoding.merged import Merged
from s1demo.decoding.runs import compare, start, whole_segment
from s1demo.engines.base import Engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import S1Error
from s1demo.events import EndSuppressed, Event, FinishReason, Origin, Phase, SamplingParams, Segment, Tokens

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class AnswerSoFar:
    """What a run would have answered at one of its Waits.

    Attributes:
        wait_number: 1 for the first suppressed end.
        thinking_tokens: where it wanted to stop.
        answer_text: the answer as decoded.
    """

    wait_number: int
    thinking_tokens: int
    answer_text: str


@dataclass(frozen=True)
class Cost:
    """What a comparison took, once it is over.

    Attributes:
        engine_tokens: tokens the engine decoded for all of it, answers so far included.
        independent_tokens: tokens the runs alone would decode if they shared nothing, answers so far not included.
    """

    engine_tokens: int
    independent_tokens: int


async def compare_with_answers(
    engine: Engine, question: str, policies: Mapping[str, BudgetPolicy], sampling: SamplingParams = SamplingParams()
) -> AsyncGenerator[tuple[str, Event | AnswerSoFar | Cost], None]:
    """Stream a comparison with the answer so far at each Wait; closing the iterator stops it all.

    Args:
        engine: what decodes.
        question: what the visitor asks.
        policies: run name -> policy, at least one.
        sampling: the same for all, the answers so far too.

    Yields:
        (run name, event) exactly as `decode.compare` does, the answers so far among or behind them, and last the cost, under the
        last run's name.

    Raises:
        InputError: see `decode.compare`.
        EngineError: decoding failed in one of the runs.
    """
    shared = CoalescingEngine(engine)  # a new one, so that it counts this comparison alone
    asking = {name: _Run(shared, question, policy, sampling) for name, policy in policies.items()}
    independent_tokens = 0
    name = ""
    async with Merged[tuple[str, Event | AnswerSoFar | Cost]]() as items:
        items.add(_events(shared, question, policies, sampling))
        async for name, item in items:
            match item:
                case Tokens():
                    independent_tokens += len(item.token_ids) if item.origin is Origin.SAMPLED else 0
                    asking[name].add(item)
                case EndSuppressed():
                    items.add(_named(name, asking[name].answer(item)))
            yield name, item
    yield list(policies)[-1], Cost(shared.engine_tokens, independent_tokens)


async def with_answers(
    engine: Engine, question: str, policy: BudgetPolicy, items: AsyncGenerator[T, None]
) -> AsyncGenerator[T | AnswerSoFar, None]:
    """Stream one greedy run with the answer so far at each of its Waits; closing the iterator stops it all.

    Args:
        engine: what decodes.
        question, policy: the run's.
        items: the run's events as `decode.run` yields them, and whatever is told between them.

    Yields:
        The items, the answers so far among or behind them.

    Raises:
        InputError: see `decode.start`.
        EngineError: decoding failed.
    """
    asking = _Run(engine, question, policy, SamplingParams())
    async with Merged[T | AnswerSoFar]() as merged:
        merged.add(items)
        async for item in merged:
            match item:
                case Tokens():
                    asking.add(item)
                case EndSuppressed():
                    merged.add(asking.answer(item))
            yield item


async def _events(
    engine: Engine, question: str, policies: Mapping[str, BudgetPolicy], sampling: SamplingParams
) -> AsyncGenerator[tuple[str, Event | AnswerSoFar | Cost], None]:
    async with aclosing(compare(engine, question, policies, sampling)) as events:
        async for named in events:
            yield named


async def _named(
    name: str, answers: AsyncGenerator[AnswerSoFar, None]
) -> AsyncGenerator[tuple[str, Event | AnswerSoFar | Cost], None]:
    async with aclosing(answers):
        async for answer in answers:
            yield name, answer


class _Run:
    """The thinking of one run so far."""

    def __init__(self, engine: Engine, question: str, policy: BudgetPolicy, sampling: SamplingParams) -> None:
        self._engine = engine
        self._question = question
        self._policy = replace(policy, num_ignore=0)
        self._sampling = sampling
        self._thinking_ids: list[int] = []

    def add(self, tokens: Tokens) -> None:
        if tokens.phase is Phase.THINKING:
            self._thinking_ids += tokens.token_ids

    def answer(self, at: EndSuppressed) -> AsyncGenerator[AnswerSoFar, None]:
        """What the run answers if it ends here; none where the engine cannot say (a replay has only what was recorded)."""
        return self._ask(at, tuple(self._thinking_ids))

    async def _ask(self, at: EndSuppressed, thinking_ids: tuple[int, ...]) -> AsyncGenerator[AnswerSoFar, None]:
        forcer = self._forcer()
        forcer.begin()
        delimiter = forcer.feed(Segment(thinking_ids, FinishReason.STOP, at.stop_id))[-1]
        request = forcer.next_request()
        assert request is not None and isinstance(delimiter, Tokens)
        try:
            segment = await whole_segment(self._engine, request)
        except S1Error as error:  # an engine that fails fails the run itself, too
            log.debug("no answer so far: %s", error)
            return
        text = self._engine.tokenizer.text_stream()
        text.text(delimiter.token_ids)  # the answer's text begins behind it
        yield AnswerSoFar(at.wait_number, at.thinking_tokens, text.text(segment.token_ids) + text.flush())

    def _forcer(self) -> BudgetForcer:
        return start(self._engine, self._question, self._policy, self._sampling)
