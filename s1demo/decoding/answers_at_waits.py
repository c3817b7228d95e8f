"""The answer so far at each Wait: what the model would have answered, had the end of its thinking not been suppressed there.

It is the answer of the run with one Wait less, and its request is that run's, byte for byte. So it ends the thinking naturally,
without "Final Answer:" (a cut at that point is another intervention, see `probe`). At the first Wait it is the natural run's own
request, and a shared engine decodes it once for both. At every further Wait it costs an answer's tokens. The runs themselves are
not changed.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from s1demo.budget import BudgetPolicy
from s1demo.decoding.merged import Reaction, merged, named
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import answer_after, named_runs
from s1demo.engines.base import Engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import S1Error
from s1demo.events import EndSuppressed, FinishReason, Origin, Phase, SamplingParams, Segment, Tokens

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class AnswerSoFar:
    """What a run would have answered at one of its Waits.

    Attributes:
        wait_number: 1 for the first suppressed end.
        thinking_tokens: where the model tried to stop.
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


@dataclass
class AnswersAtWaits:
    """Asks for the answer so far at each Wait of one run; a reaction to the run's events, see `merged`."""

    engine: Engine
    prompt: Prompt
    policy: BudgetPolicy
    sampling: SamplingParams = field(default_factory=SamplingParams)
    _thinking_ids: list[int] = field(default_factory=list)

    def __call__(self, item: object) -> Iterator[AsyncGenerator[AnswerSoFar, None]]:
        """Follow one more item of the run, its events in order; returns the answer asked for at a Wait."""
        match item:
            case Tokens(phase=Phase.THINKING):
                self._thinking_ids += item.token_ids
            case EndSuppressed():
                yield self._answer(item, tuple(self._thinking_ids))

    async def _answer(self, at: EndSuppressed, thinking_ids: tuple[int, ...]) -> AsyncGenerator[AnswerSoFar, None]:
        """The one answer; none where the engine has no answer (a replay has only what was recorded)."""
        policy, thinking = replace(self.policy, num_ignore=0), Segment(thinking_ids, FinishReason.STOP, at.stop_id)
        try:
            _, text = await answer_after(self.engine, self.prompt, policy, self.sampling, thinking)
        except S1Error as error:  # an engine that fails fails the run itself, too
            log.debug("no answer so far: %s", error)
        else:
            yield AnswerSoFar(at.wait_number, at.thinking_tokens, text)


def compare_with_answers(
    engine: Engine,
    question: Prompt | str,
    policies: Mapping[str, BudgetPolicy],
    sampling: SamplingParams = SamplingParams(),
    *reactions: Reaction[tuple[str, Any]],
) -> AsyncGenerator[tuple[str, Any], None]:
    """Stream a comparison with the answer so far at each Wait; closing the iterator stops it all.

    Args:
        engine: what decodes.
        question: what to ask.
        policies: run name -> policy, at least one.
        sampling: the same for all, the answers so far too.
        reactions: what else follows from an item, such as a verdict from an answer; see `merged`.

    Yields:
        (run name, event) exactly as `runs.compare` does; (run name, `AnswerSoFar`) after its Wait; (last run's name, `Cost`)
        when all of these are over; and the items of the reactions.

    Raises:
        InputError, EngineError: see `runs.compare`.
    """
    shared = CoalescingEngine(engine)  # a new one, so that it counts this comparison alone
    prompt = Prompt.of(engine, question)
    answers = {name: AnswersAtWaits(shared, prompt, policy, sampling) for name, policy in policies.items()}
    streams = named_runs(shared, prompt, policies, sampling)
    last_name, n_open, independent_tokens = list(policies)[-1], len(streams), 0

    async def counted(stream: AsyncGenerator[tuple[str, T], None]) -> AsyncGenerator[tuple[str, T | Cost], None]:
        """A run or an answer so far; the cost follows the one that ends last."""
        nonlocal n_open
        async with aclosing(stream):
            async for item in stream:
                yield item
        n_open -= 1
        if not n_open:
            yield last_name, Cost(shared.engine_tokens, independent_tokens)

    def ask_at_waits(named_item: tuple[str, Any]) -> Iterator[AsyncGenerator[tuple[str, Any], None]]:
        nonlocal n_open, independent_tokens
        name, item = named_item
        if isinstance(item, Tokens) and item.origin is Origin.SAMPLED:
            independent_tokens += len(item.token_ids)
        for answer in answers[name](item):
            n_open += 1
            yield counted(named(name, answer))

    return merged(map(counted, streams), ask_at_waits, *reactions)

