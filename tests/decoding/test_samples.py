"""Votes and first finish by tables over made-up traces; samples on the real model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.samples import sample
from s1demo.errors import InputError
from s1demo.evals.votes import affordable, first_finished, vote
from s1demo.events import EndOfThinking, Finished, FinishReason, Origin, Phase, SamplingParams, Tokens
from s1demo.traces import Trace, TraceBuilder
from tests.drivers import trace_of

QUESTION = "What is 27+48+36+9?"
POLICY = BudgetPolicy(AUTO, max_answer_tokens=12)
HOT = SamplingParams(temperature=1.0, seed=3)
N = 5


def made_up(
    answer: str | None, thinking: int, *, answer_tokens: int = 2, end=EndOfThinking.NATURAL, finished: bool = True
) -> Trace:
    trace = Trace("q", "m", "e", "d", "s1", 1000, POLICY, HOT)
    trace.token_ids = [0] * (thinking + 2 + answer_tokens)
    trace.phases = [Phase.THINKING] * thinking + [Phase.DELIMITER] * 2 + [Phase.ANSWER] * answer_tokens
    trace.origins = [Origin.SAMPLED] * thinking + [Origin.FORCED] * 2 + [Origin.SAMPLED] * answer_tokens
    trace.token_seconds = [0.0] * len(trace.token_ids)
    trace.answer_text = f"\nAnswer: {answer}" if answer else ""
    trace.end_of_thinking = end
    trace.finish_reason = FinishReason.STOP if finished else None
    return trace


@pytest.mark.parametrize(
    "answers, winner, votes",
    [
        (["42", "41", "42.0"], "42", 2),  # canonical answers vote together
        (["41", "42"], "41", 1),  # a tie goes to the first sample
        (["41", "42", "42", "41"], "41", 2),
        ([None, "7"], "7", 1),
        ([None, None], None, 0),
        ([], None, 0),
    ],
)
def test_votes(answers, winner, votes):
    traces = [made_up(answer, 10) for answer in answers]
    choice = vote(traces)
    assert (choice.answer, choice.votes, choice.n_samples, choice.spent_tokens) == (
        winner,
        votes,
        len(answers),
        12 * len(answers),
    )
    assert choice.trace is (traces[answers.index(winner)] if winner else None)


def test_an_unfinished_sample_costs_but_does_not_vote():
    choice = vote([made_up("41", 10, finished=False), made_up("42", 10), made_up("41", 10, finished=False)])
    assert (choice.answer, choice.votes, choice.spent_tokens) == ("42", 1, 36)


def test_first_finished_is_the_shortest_and_stops_the_others_there():
    traces = [made_up("1", 30), made_up("2", 9), made_up("3", 9), made_up("4", 4, finished=False), made_up("5", 20)]
    choice = first_finished(traces)
    assert choice.trace is traces[1] and (choice.answer, choice.votes, choice.n_samples) == ("2", 1, 5)
    assert choice.spent_tokens == 11 + 11 + 11 + 6 + 11
    assert first_finished([made_up("1", 3, finished=False)]).trace is None




def test_what_a_number_of_tokens_pays_for():
    traces = [made_up("1", 8), made_up("2", 18), made_up("3", 8)]  # 10, 20 and 10 tokens
    assert [len(affordable(traces, tokens)) for tokens in (0, 9, 10, 29, 30, 39, 40, 1000)] == [0, 0, 1, 1, 2, 2, 3, 3]




async def sample_traces(engine, question: str, n: int, policy: BudgetPolicy, sampling: SamplingParams, **limits: int) -> list[Trace]:
    builders = [TraceBuilder(question, engine.info, policy, sampling.numbered(i)) for i in range(n)]
    async with aclosing(sample(engine, question, n, policy, sampling, **limits)) as events:
        async for i, event in events:
            builders[i].add(event)
    return [builder.trace() for builder in builders]


@pytest.fixture(scope="module")
def samples(engine) -> list[Trace]:
    return asyncio.run(sample_traces(engine, QUESTION, N, POLICY, HOT))


def test_samples_are_runs_with_seeds_of_their_own_whoever_else_is_sampled(engine, samples):
    assert len({trace.sampling.seed for trace in samples}) == N
    assert len({tuple(trace.token_ids) for trace in samples}) > 1
    assert samples[1].token_ids == trace_of(engine, QUESTION, POLICY, HOT.numbered(1)).token_ids
    fewer = asyncio.run(sample_traces(engine, QUESTION, 2, POLICY, HOT, max_concurrent=1))
    assert [trace.token_ids for trace in fewer] == [trace.token_ids for trace in samples[:2]]
    assert all(trace.finish_reason is not None for trace in samples)


def test_samples_share_their_prompt(engine):
    question = "What is 31+44+17+5?"
    fed = engine.decoder.tokens_fed
    traces = asyncio.run(sample_traces(engine, question, 4, POLICY, HOT))
    after_the_prompt = sum(len(trace.token_ids) + 2 for trace in traces)  # and up to two steps whose outcome is a stop
    assert engine.decoder.tokens_fed - fed <= len(traces[0].prompt_ids) + len(traces) + after_the_prompt








def test_leaving_stops_all_samples(engine):
    async def leave() -> None:
        async with aclosing(sample(engine, QUESTION, 8, BudgetPolicy(400, 50), HOT)) as events:
            async for _, event in events:
                if isinstance(event, Tokens):
                    break
        assert engine.active_requests == 0

    asyncio.run(leave())


def test_each_samples_events_are_in_order_and_all_stream_at_once(engine):
    async def collect() -> list[tuple]:
        return [item async for item in sample(engine, QUESTION, 3, BudgetPolicy(20, max_answer_tokens=4), HOT)]

    items = asyncio.run(collect())
    first_end = next(n for n, (_, event) in enumerate(items) if isinstance(event, Finished))
    assert {i for i, event in items[:first_end] if isinstance(event, Tokens)} == {0, 1, 2}
    for i in range(3):
        assert isinstance([event for number, event in items if number == i][-1], Finished)


@pytest.mark.parametrize(
    "work, words",
    [
        (lambda engine: sample_traces(engine, QUESTION, 0, POLICY, HOT), "from 1 up"),
        (lambda engine: sample_traces(engine, QUESTION, 2, POLICY, SamplingParams()), "Raise the temperature"),
        (lambda engine: sample_traces(engine, " ", 2, POLICY, HOT), "question is empty"),
    ],
)
def test_what_cannot_work_is_refused(engine, work, words):
    with pytest.raises(InputError, match=words):
        asyncio.run(work(engine))
    assert engine.active_requests == 0
