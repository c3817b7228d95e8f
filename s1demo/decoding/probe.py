"""The answer timeline: what the model would answer if it were stopped at token n of a trace.

A probe is budget forcing's own truncation: the request it sends is byte for byte that of a run whose budget is n, so point n is
that run's answer. (Only right behind an extension, and for as many tokens as it has, there is no such run: an extension that
leaves no room for a token is not appended.) The trunk is only read. Its prefix is what an engine has cached, so a probe costs the
answer's tokens and little more.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import pairwise

from s1demo.budget import BudgetForcer, BudgetPolicy
from s1demo.decoding.merged import Merged
from s1demo.decoding.runs import run, whole_segment
from s1demo.delimiters import FORMATS, encode_format
from s1demo.engines.base import Engine
from s1demo.errors import InputError
from s1demo.events import (
    EndSuppressed,
    Event,
    FinishReason,
    Origin,
    Phase,
    Request,
    RunStarted,
    SamplingParams,
    Segment,
    ThinkingEnded,
    Tokens,
)
from s1demo.grading import extract_answer
from s1demo.traces import Trace

_AT_ONCE = 8  # probes decoded at the same time, so that visitors' own runs keep their pace


@dataclass(frozen=True)
class ProbeAt:
    """Where in the thinking to ask, besides its end.

    Attributes:
        every: every so many thinking tokens, 0 included; None for no such grid.
        lines: behind each line.
        waits: before each suppressed end of thinking, and behind its extension.
        apart: least number of tokens from a point to the end of a line that is asked at, too.

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
            stop behind them (without the stop, "4" would always be likelier than "42"). An answer cut by its limit has no stop;
            then it is the probability that an answer begins so. None where the engine cannot tell.
        answer_text, answer_ids: the answer as decoded.
    """

    thinking_tokens: int
    answer: str | None
    probability: float | None
    answer_text: str
    answer_ids: tuple[int, ...]


async def answer_at(engine: Engine, trace: Trace, thinking_tokens: int) -> ProbePoint:
    """The forced answer at one point of a trace, finished or still growing.

    Args:
        engine: what decodes, with the model of the trace.
        trace: the run so far; it is only read.
        thinking_tokens: where to stop it.

    Raises:
        InputError: the trace has no such point, or is another model's.
        EngineError: decoding failed.
    """
    if not 0 <= thinking_tokens <= trace.thinking_tokens:
        raise InputError(f"This trace has {trace.thinking_tokens} thinking tokens, so it cannot be stopped at {thinking_tokens}.")
    probes = _probes_of(engine, trace)
    for event in _thinking_events(trace):
        probes.points_in(event)
    async with aclosing(probes.ask(thinking_tokens)) as answers:
        return await anext(answers)


async def probe(engine: Engine, trace: Trace, where: ProbeAt) -> AsyncGenerator[ProbePoint, None]:
    """The answer timeline of a trace that is there; closing the iterator stops the engine's work at once.

    Args:
        engine: what decodes, with the model of the trace.
        trace: the run so far; it is only read.
        where: at which points to ask.

    Yields:
        Points as they are answered, mostly in order; the last of them at the end of the thinking, if it has ended.

    Raises:
        InputError: the trace is another model's.
        EngineError: decoding failed.
    """
    probes = _probes_of(engine, trace, where)
    async with Merged[ProbePoint]() as answers:
        for event in _thinking_events(trace):
            for point in probes.points_in(event):
                answers.add(probes.ask(point))
        async for answer in answers:
            yield answer


async def run_and_probe(
    engine: Engine, question: str, policy: BudgetPolicy, where: ProbeAt, sampling: SamplingParams = SamplingParams()
) -> AsyncGenerator[Event | ProbePoint, None]:
    """One budget-forced run and its answer timeline while it grows; closing the iterator stops both at once.

    Args:
        engine: what decodes.
        question: what the visitor asks.
        policy: what to do to the thinking.
        where: at which points to ask.
        sampling: how to pick tokens, the probes' too.

    Yields:
        The run's events exactly as `decode.run` yields them, and between or behind them a point for each probe.

    Raises:
        InputError: see `decode.start`.
        EngineError: decoding failed.
    """
    probes = _Probes(engine, policy, sampling, where)
    async with Merged[Event | ProbePoint]() as items:
        items.add(run(engine, question, policy, sampling))
        async for item in items:
            if not isinstance(item, ProbePoint):
                for point in probes.points_in(item):
                    items.add(probes.ask(point))
            yield item


class _Probes:
    """The thinking of one run so far, and the forks from it.

    Args:
        engine: what decodes.
        policy, sampling: the run's.
        where: at which points to ask; None for none but those asked for.
    """

    def __init__(self, engine: Engine, policy: BudgetPolicy, sampling: SamplingParams, where: ProbeAt | None = None) -> None:
        self._engine = engine
        self._policy = replace(policy, num_ignore=0)
        self._sampling = sampling
        self._where = where
        self._encoded = encode_format(FORMATS[engine.info.format], engine.tokenizer, policy.extension)
        self._prompt_ids: tuple[int, ...] = ()
        self._thinking_ids: list[int] = []
        self._last_point = -1
        self._gate = asyncio.Semaphore(_AT_ONCE)

    def points_in(self, event: Event) -> list[int]:
        """Fold one more event of the run in.

        Returns:
            The new points to ask at, in thinking tokens.
        """
        before = len(self._thinking_ids)
        if isinstance(event, RunStarted):
            self._prompt_ids = event.prompt_ids
        elif isinstance(event, Tokens) and event.phase is Phase.THINKING:
            self._thinking_ids += event.token_ids
        if self._where is None:
            return []
        points = []
        for point in self._candidates(event, before, self._where):
            if point > self._last_point:
                self._last_point = point
                points.append(point)
        return points

    def _candidates(self, event: Event, before: int, where: ProbeAt) -> Iterable[int]:
        match event:
            case RunStarted():
                return [0] if where.every else []
            case EndSuppressed():
                return [before] if where.waits else []
            case ThinkingEnded():
                return [before]
            case Tokens(phase=Phase.THINKING):
                behind = range(before + 1, len(self._thinking_ids) + 1)
                return (point for point in behind if self._is_wanted(point, where, event.origin))
        return []

    def _is_wanted(self, point: int, where: ProbeAt, origin: Origin) -> bool:
        if where.every and point % where.every == 0:
            return True
        if where.lines and self._thinking_ids[point - 1] in self._encoded.line_end_ids:
            return self._last_point < 0 or point - self._last_point >= where.apart
        return where.waits and origin is Origin.FORCED and point == len(self._thinking_ids)

    async def ask(self, point: int) -> AsyncGenerator[ProbePoint, None]:
        """Fork from the trunk at one point and yield the one answer."""
        async with self._gate:  # before anything is copied: a long trace has many points
            request = self._request(point)
            segment = await whole_segment(self._engine, request)
        text = self._engine.tokenizer.text_stream()
        text.text(request.prompt_ids[len(self._prompt_ids) + point :])  # the delimiter: the answer's text begins behind it
        answer_text = text.text(segment.token_ids) + text.flush()
        yield ProbePoint(point, extract_answer(answer_text), _probability(segment), answer_text, segment.token_ids)

    def _request(self, point: int) -> Request:
        """The request of a run that the budget cuts at this point."""
        policy = replace(self._policy, max_thinking_tokens=point)
        forcer = BudgetForcer(self._prompt_ids, policy, self._encoded, self._engine.info.context_length, self._sampling)
        forcer.begin()
        if point:
            forcer.feed(Segment(tuple(self._thinking_ids[:point]), FinishReason.LENGTH))
        request = forcer.next_request()
        assert request is not None, "a cut run still has to answer"
        return replace(request, logprobs=True)


def _probes_of(engine: Engine, trace: Trace, where: ProbeAt | None = None) -> _Probes:
    if trace.model != engine.info.model:
        raise InputError(f"This trace is of {trace.model}, but the engine runs {engine.info.model}. Open the model of the trace.")
    return _Probes(engine, trace.policy, trace.sampling, where)


def _thinking_events(trace: Trace) -> Iterator[Event]:
    """The events of a trace's thinking, as far as it has come."""
    yield RunStarted(tuple(trace.prompt_ids), trace.thinking_budget)
    thinking = [
        (i, origin)
        for i, phase, origin in zip(trace.token_ids, trace.phases, trace.origins, strict=True)
        if phase is Phase.THINKING
    ]
    n = len(thinking)
    waits = {position: number for number, position in enumerate(trace.wait_positions, start=1)}
    starts = [i for i in range(n) if i == 0 or i in waits or thinking[i][1] is not thinking[i - 1][1]]
    for start, end in pairwise([*starts, n]):
        if start in waits:
            yield EndSuppressed(waits[start], start, None)
        yield Tokens(tuple(token_id for token_id, _ in thinking[start:end]), Phase.THINKING, thinking[start][1])
    if trace.end_of_thinking is not None:
        yield ThinkingEnded(trace.end_of_thinking, n)


def _probability(segment: Segment) -> float | None:
    n_sampled = len(segment.token_ids) + (segment.finish_reason is FinishReason.STOP)
    if segment.logprobs is None or len(segment.logprobs) != n_sampled:
        return None
    return math.exp(sum(segment.logprobs))
