"""The streaming driver, the batch driver and a naive stop-and-re-prompt loop must give identical token ids on the real model."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.runs import compare, run
from s1demo.errors import InputError
from s1demo.events import EndSuppressed, Finished, Phase, SamplingParams, ThinkingEnded, Tokens
from s1demo.policies import comparison_policies
from tests.drivers import batch_ids, naive_ids, stream_events, token_ids, trace_of
from tests.engines.test_local import QUESTIONS

LIMITS = [(0, 0), (1, 0), (7, 0), (16, 0), (33, 2), (64, 0), (90, 4), (200, 1), (AUTO, 0), (AUTO, 2)]
COMBINATIONS = [
    (question, BudgetPolicy(budget, waits, extension=("Hmm", "Wait", "", "Wait")[i % 4], max_answer_tokens=24))
    for i, question in enumerate(QUESTIONS[:10])
    for budget, waits in LIMITS
]


@pytest.mark.parametrize(
    ("combinations", "each_kind"),
    [pytest.param(COMBINATIONS[::7], 1, id="15"), pytest.param(COMBINATIONS, 5, id="100", marks=pytest.mark.slow)],
)
def test_three_drivers_agree(engine, combinations, each_kind):
    batch = batch_ids(engine, combinations)
    different, kinds = [], Counter()
    for (question, policy), from_batch in zip(combinations, batch, strict=True):
        events = stream_events(engine, question, policy)
        streamed = token_ids(events)
        kinds.update(str(event.reason) for event in events if isinstance(event, ThinkingEnded))
        kinds[f"{sum(isinstance(event, EndSuppressed) for event in events)} waits"] += 1
        if not streamed == from_batch == naive_ids(engine, question, policy):
            different.append((question, policy))
    assert not different
    assert all(kinds[kind] >= each_kind for kind in ("natural", "budget", "0 waits", "1 waits", "2 waits")), kinds


def test_streams_and_batches_agree_when_sampling(engine):
    hot = SamplingParams(temperature=0.9, top_p=0.95, seed=11)
    runs = COMBINATIONS[:20]
    assert batch_ids(engine, runs, hot) == [token_ids(stream_events(engine, question, policy, hot)) for question, policy in runs]


def test_a_comparison_equals_its_runs_alone_and_shares_its_trunk(engine):
    policies = comparison_policies(12, 2)

    async def collect():
        events = {name: [] for name in policies}
        async with aclosing(compare(engine, QUESTIONS[0], policies)) as stream:
            async for name, event in stream:
                events[name].append(event)
        return events

    together = asyncio.run(collect())
    ids = {name: token_ids(events) for name, events in together.items()}
    assert ids == {name: token_ids(stream_events(engine, QUESTIONS[0], policy)) for name, policy in policies.items()}
    assert all(isinstance(events[-1], Finished) for events in together.values())
    natural = trace_of(engine, QUESTIONS[0], policies["natural"])
    thinking = natural.thinking_tokens
    assert ids["extended"][:thinking] == ids["natural"][:thinking]
    shared = min(12, thinking)
    assert ids["truncated"][:shared] == ids["natural"][:shared]


def test_runs_of_a_comparison_stream_at_the_same_time(engine):
    async def order():
        names = []
        async with aclosing(compare(engine, QUESTIONS[0], comparison_policies(60, 3))) as stream:
            async for name, event in stream:
                if isinstance(event, Tokens) and event.phase is Phase.THINKING:
                    names.append(name)
        return names

    names = asyncio.run(order())
    first_finished = min(len(names) - 1 - names[::-1].index(name) for name in set(names))
    assert len(set(names[:first_finished])) == 3


def test_closing_a_comparison_stops_all_its_runs(engine):
    async def leave():
        names = set()
        async with aclosing(compare(engine, QUESTIONS[0], comparison_policies(300, 100))) as stream:
            async for name, event in stream:
                names.add(name)
                assert not (name == "extended" and isinstance(event, Finished)), "too late to test anything"
                if len(names) == 3 and isinstance(event, EndSuppressed):
                    break
        assert engine.active_requests == 0
        await asyncio.sleep(0.1)  # a step under way may end
        fed = engine.decoder.tokens_fed
        await asyncio.sleep(0.2)
        return engine.decoder.tokens_fed - fed

    assert asyncio.run(leave()) == 0


def test_bad_input_is_refused_before_anything_is_decoded(engine):
    async def first(policy, question):
        async with aclosing(run(engine, question, policy)) as events:
            async for event in events:
                return event

    fed = engine.decoder.tokens_fed
    for policy, question in [(BudgetPolicy(), "  \n "), (BudgetPolicy(10**6), "hi"), (BudgetPolicy(), "why? " * 5000)]:
        with pytest.raises(InputError):
            asyncio.run(first(policy, question))
    assert engine.decoder.tokens_fed == fed
