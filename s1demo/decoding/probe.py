"""The answer timeline: what the model would answer if it were stopped at token n of a run.

A probe is budget forcing's own truncation: its request is byte for byte that of a run whose budget is n, so point n is that run's
answer. (Only inside an extension and right after it there is no such run: an extension that leaves no room for a token is not
appended.) The run itself is not changed. Its beginning is what an engine has cached, so a probe costs the answer's tokens and
little more.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.decoding.merged import Reaction, merged
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import answer_after, run
from s1demo.engines.base import Engine
from s1demo.errors import InputError
from s1demo.events import (
    EndSuppressed,
    FinishReason,
    Origin,
    Phase,
    RunStarted,
    SamplingParams,
    Segment,
    ThinkingEnded,
    Tokens,
)
from s1demo.grading import extract_answer

_AT_ONCE = 8  # probes decoded at the same time, so that visitors' own runs keep their pace


@dataclass(frozen=True)
class ProbeAt:
    """Where in the thinking to ask, besides its end.

    Attributes:
        every: every so many thinking tokens, 0 included; None for no such grid.
        lines: after each line.
        waits: before each suppressed end of thinking, and after its extension.
        apart: lines that end fewer tokens than this after the last point are left out.

    Raises:
        InputError: no such place; the message says what to give.
    """

    every: int | None = None
    lines: bool = False
    waits: bool = False
    apart: int = 1

    def __post_init__(self) -> None:
        if self.every is not None and self.every < 1:
            raise InputError(f"Probing every {self.every} tokens is not possible. Give a whole number from 1 up.")
        if self.every is None and not self.lines and not self.waits:
            raise InputError("There is no point to probe at. Ask every so many tokens, behind each line, or around each Wait.")


@dataclass(frozen=True)
class ProbePoint:
    """What the model answers when it is stopped after so many thinking tokens.

    Attributes:
        thinking_tokens: where it was stopped.
        answer: the answer as grading reads it, None where there is none.
        probability: of exactly this answer text given all before it, at temperature 1: the product over its tokens and over the
            stop after them (without the stop, "4" would always be likelier than "42"). An answer cut by its limit has no stop;
            then it is the probability that an answer begins so. None where the engine does not know it.
        answer_text, answer_ids: the answer as decoded.
    """

    thinking_tokens: int
    answer: str | None
    probability: float | None
    answer_text: str
    answer_ids: tuple[int, ...]


def run_and_probe(
    engine: Engine,
    question: Prompt | str,
    policy: BudgetPolicy,
    where: ProbeAt,
    sampling: SamplingParams = SamplingParams(),
    *reactions: Reaction[Any],
) -> AsyncGenerator[Any, None]:
    """One budget-forced run and its answer timeline while it grows; closing the iterator stops both at once.

    Args:
        engine: what decodes.
        question: what to ask.
        policy: what to do to the thinking.
        where: at which points to ask.
        sampling: how to pick tokens, the probes' too.
        reactions: what else follows from an item, such as `AnswersAtWaits`; see `merged`.

    Yields:
        The run's events exactly as `runs.run` yields them, a `ProbePoint` for each probe after the point it is of, and the items
        of the reactions.

    Raises:
        InputError, EngineError: see `runs.run`.
    """
    prompt = Prompt.of(engine, question)
    stream: AsyncGenerator[Any, None] = run(engine, prompt, policy, sampling)
    return merged([stream], _Probes(engine, prompt, policy, sampling, where), *reactions)


@dataclass
class _Probes:
    """The thinking of one run so far, and the probes that start from it; a reaction to the run's events, see `merged`."""

    engine: Engine
    prompt: Prompt
    policy: BudgetPolicy
    sampling: SamplingParams
    where: ProbeAt
    _thinking_ids: list[int] = field(default_factory=list)
    _last_point: int = -1
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    def __call__(self, item: object) -> Iterator[AsyncGenerator[ProbePoint, None]]:
        """Follow one more item of the run, its events in order; returns the probes at the new points."""
        before = len(self._thinking_ids)
        if isinstance(item, Tokens) and item.phase is Phase.THINKING:
            self._thinking_ids += item.token_ids
        for point in self._candidates(item, before):
            if point > self._last_point:
                self._last_point = point
                yield self._ask(point)

    def _candidates(self, item: object, before: int) -> Iterable[int]:
        """Where to ask because of an item before which there were so many thinking tokens."""
        match item:
            case RunStarted():
                return [0] if self.where.every else []
            case EndSuppressed():
                return [before] if self.where.waits else []
            case ThinkingEnded():
                return [before]
            case Tokens(phase=Phase.THINKING):
                new = range(before + 1, len(self._thinking_ids) + 1)
                return (point for point in new if self._is_wanted(point, item.origin))
        return []

    def _is_wanted(self, point: int, origin: Origin) -> bool:
        where = self.where
        if where.every and point % where.every == 0:
            return True
        if where.lines and self._thinking_ids[point - 1] in self.prompt.encoded_format(self.policy.extension).line_end_ids:
            return self._last_point < 0 or point - self._last_point >= where.apart
        return where.waits and origin is Origin.FORCED and point == len(self._thinking_ids)

    async def _ask(self, point: int) -> AsyncGenerator[ProbePoint, None]:
        """Yield the one answer of a run that is cut at this point."""
        async with self._gate:  # before anything is copied: a long trace has many points
            policy = replace(self.policy, max_thinking_tokens=point, num_ignore=0)
            thinking = Segment(tuple(self._thinking_ids[:point]), FinishReason.LENGTH)
            answer, text = await answer_after(self.engine, self.prompt, policy, self.sampling, thinking, logprobs=True)
        yield ProbePoint(point, extract_answer(text), _probability(answer), text, answer.token_ids)


def _probability(segment: Segment) -> float | None:
    n_sampled = len(segment.token_ids) + (segment.finish_reason is FinishReason.STOP)
    if segment.logprobs is None or len(segment.logprobs) != n_sampled:
        return None
    return math.exp(sum(segment.logprobs))
