"""Parallel scaling: several samples of one question, and the ways to make one answer of them.

The first half decodes: `sample` streams n runs side by side, `first_finish` and `reject` stop once they have what they want. The
second half knows finished traces only: votes, coverage, and what `first_finish` and `reject` would have done with them and spent.
Tokens spent are tokens the model wrote, thinking and answer, in all samples a method started, whether it used them or not; the
prompt, which the samples share, and forced tokens are not counted. In that unit parallel and sequential scaling can be compared
(`affordable`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from s1demo.budget import BudgetPolicy
from s1demo.decode import run, start
from s1demo.engines.base import Engine
from s1demo.errors import InputError
from s1demo.evals.grading import Outcome, grade
from s1demo.evals.metrics import majority
from s1demo.events import EndOfThinking, Event, Finished, SamplingParams, ThinkingEnded
from s1demo.merged import Merged
from s1demo.traces import Trace, TraceBuilder


@dataclass(frozen=True)
class Choice:
    """The answer a method settled on, and what it cost.

    Attributes:
        answer: as extracted from its trace; None where no sample has one, or none was accepted.
        trace: the sample it comes from; of a vote, the first with this answer.
        votes: samples that agree with it.
        n_samples: samples started.
        spent_tokens: tokens the model wrote in all of them.
    """

    answer: str | None
    trace: Trace | None
    votes: int
    n_samples: int
    spent_tokens: int


async def sample(
    engine: Engine, question: str, n: int, policy: BudgetPolicy, sampling: SamplingParams, max_concurrent: int = 16
) -> AsyncGenerator[tuple[int, Event], None]:
    """Stream n samples of one question side by side; closing the iterator stops them all.

    Args:
        engine: what decodes; the prompt is the same for all, so an engine with a prefix cache computes it once.
        question: what the visitor asks.
        n: how many samples.
        policy: what to do to the thinking of each.
        sampling: how to pick tokens; sample i has the seed `sampling.numbered(i)`, so more samples begin with the same ones.
        max_concurrent: most samples under way at once.

    Yields:
        (number of the sample from 0, event) as they happen; each sample's own events are in order.

    Raises:
        InputError: n is below 1, several samples are asked for at temperature 0, or see `decode.start`.
        EngineError: decoding failed in one of the samples; the others are stopped.
    """
    if n < 1:
        raise InputError(f"The number of samples is {n}. Give a whole number from 1 up.")
    if n > 1 and not sampling.temperature:
        raise InputError(f"{n} samples at temperature 0 are {n} times the same. Raise the temperature.")
    start(engine, question, policy, sampling)  # refuse before anything is decoded
    gate = asyncio.Semaphore(max_concurrent)

    async def numbered(i: int) -> AsyncGenerator[tuple[int, Event], None]:
        async with gate, aclosing(run(engine, question, policy, sampling.numbered(i))) as events:
            async for event in events:
                yield i, event

    async with Merged[tuple[int, Event]]() as samples:
        for i in range(n):
            samples.add(numbered(i))
        async for item in samples:
            yield item


async def sample_traces(
    engine: Engine, question: str, n: int, policy: BudgetPolicy, sampling: SamplingParams, max_concurrent: int = 16
) -> list[Trace]:
    """The finished traces of n samples, in the order of their numbers; arguments and errors as of `sample`."""
    builders = _builders(engine, question, n, policy, sampling)
    async with aclosing(sample(engine, question, n, policy, sampling, max_concurrent)) as events:
        async for i, event in events:
            builders[i].add(event)
    return [builder.trace() for builder in builders]


async def first_finish(engine: Engine, question: str, n: int, policy: BudgetPolicy, sampling: SamplingParams) -> Choice:
    """Start n samples at once, take the first that finishes and stop the others; arguments and errors as of `sample`.

    Returns:
        The choice; its tokens include those the stopped samples had written.
    """
    builders = _builders(engine, question, n, policy, sampling)
    winner: Trace | None = None
    async with aclosing(sample(engine, question, n, policy, sampling, max_concurrent=n)) as events:
        async for i, event in events:
            builders[i].add(event)
            if isinstance(event, Finished):
                winner = builders[i].trace()
                break
    return _choice(winner, 1, [builder.trace() for builder in builders])


async def reject(
    engine: Engine, question: str, limit: int, max_tries: int, policy: BudgetPolicy, sampling: SamplingParams
) -> Choice:
    """Rejection sampling by length (paper section 5.2): sample until the model ends its thinking by itself within the limit.

    As in the harness a try is stopped at the first token beyond the limit, so a rejected one costs limit + 1 tokens; and length
    decides alone, never correctness. The harness tries without end.

    Args:
        engine: what decodes.
        question: what the visitor asks.
        limit: most thinking tokens of an accepted sample.
        max_tries: samples to try before giving up.
        policy: for extension and answer limit; its budget and Waits do not apply.
        sampling: how to pick tokens; try i has the seed `sampling.numbered(i)`.

    Returns:
        The first sample that fits, one vote for it; without answer and votes where none of them did.

    Raises:
        InputError: a limit or a number of tries that cannot work, a temperature of 0 with several tries, or see `decode.start`.
        EngineError: decoding failed.
    """
    if limit < 0 or max_tries < 1:
        raise InputError(f"A limit of {limit} tokens in {max_tries} tries cannot work. Give a limit from 0 and tries from 1 up.")
    if max_tries > 1 and not sampling.temperature:
        raise InputError(f"{max_tries} tries at temperature 0 are {max_tries} times the same. Raise the temperature.")
    policy = replace(policy, max_thinking_tokens=limit + 1, num_ignore=0)
    tried: list[Trace] = []
    for i in range(max_tries):
        builder = TraceBuilder(question, engine.info, policy, sampling.numbered(i))
        tried.append(builder.trace())
        async with aclosing(run(engine, question, policy, sampling.numbered(i))) as events:
            async for event in events:
                builder.add(event)
                if isinstance(event, ThinkingEnded) and event.reason is not EndOfThinking.NATURAL:
                    break
        if tried[-1].finish_reason is not None:
            return _choice(tried[-1], 1, tried)
    return _choice(None, 0, tried)


def vote(traces: Sequence[Trace]) -> Choice:
    """Majority voting: the answer most samples agree on; a tie goes to the answer sampled first (harness: maj@n).

    Args:
        traces: samples in the order of their numbers; unfinished ones and those without an answer have no vote, but their cost.
    """
    answer = majority([_answer(trace) for trace in traces])
    agreeing = [trace for trace in traces if answer is not None and grade(_answer(trace), answer) is Outcome.CORRECT]
    return _choice(agreeing[0] if agreeing else None, len(agreeing), traces)


def first_finished(traces: Sequence[Trace]) -> Choice:
    """What `first_finish` does with these samples when all write at the same pace: the shortest, of equals the first.

    Args:
        traces: finished samples, in the order of their numbers.
    """
    finished = [trace for trace in traces if trace.finish_reason is not None]
    winner = min(finished, key=lambda trace: trace.sampled_tokens, default=None)
    choice = _choice(winner, 1 if winner else 0, traces)
    if winner is None:
        return choice
    return replace(choice, spent_tokens=sum(min(trace.sampled_tokens, winner.sampled_tokens) for trace in traces))


def accepted(traces: Sequence[Trace], limit: int) -> Choice:
    """What `reject` does with these samples as its tries.

    Args:
        traces: finished natural samples, in the order of their numbers.
        limit: most thinking tokens of an accepted sample.
    """
    for tries, trace in enumerate(traces, start=1):
        if trace.end_of_thinking is EndOfThinking.NATURAL and trace.thinking_tokens <= limit:
            choice = _choice(trace, 1, traces[:tries])
            return replace(choice, spent_tokens=(tries - 1) * (limit + 1) + trace.sampled_tokens)
    return replace(_choice(None, 0, traces), spent_tokens=len(traces) * (limit + 1))


def affordable(traces: Sequence[Trace], tokens: int) -> Sequence[Trace]:
    """The first samples that a number of tokens pays for: a vote over them is the parallel rival of a sequential run that long.

    Args:
        traces: samples in the order of their numbers.
        tokens: what may be spent, such as `sampled_tokens` of a budget-forced run.
    """
    spent = 0
    for n, trace in enumerate(traces):
        spent += trace.sampled_tokens
        if spent > tokens:
            return traces[:n]
    return traces


def coverage(outcomes: Sequence[bool], k: int) -> float:
    """pass@k without bias: the chance that of k samples, drawn without replacement from these, at least one is right.

    Of n samples with c right, 1 - C(n-c, k) / C(n, k) (Chen et al., 2021, arXiv 2107.03374, equation 1). The harness's cov@n
    looks at the first n only.

    Args:
        outcomes: right or not, sample by sample.
        k: from 1 to the number of samples.

    Raises:
        InputError: more samples asked for than there are.
    """
    n, wrong = len(outcomes), sum(not right for right in outcomes)
    if not 1 <= k <= n:
        raise InputError(f"pass@{k} cannot be told from {n} samples. Sample at least {max(k, 1)}, and ask for at least pass@1.")
    return 1 - math.comb(wrong, k) / math.comb(n, k)


def _answer(trace: Trace) -> str | None:
    return trace.answer if trace.finish_reason is not None else None


def _choice(trace: Trace | None, votes: int, traces: Sequence[Trace]) -> Choice:
    return Choice(_answer(trace) if trace else None, trace, votes, len(traces), sum(trace.sampled_tokens for trace in traces))


def _builders(engine: Engine, question: str, n: int, policy: BudgetPolicy, sampling: SamplingParams) -> list[TraceBuilder]:
    return [TraceBuilder(question, engine.info, policy, sampling.numbered(i)) for i in range(n)]
