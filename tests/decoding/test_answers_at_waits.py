"""The answer so far at each Wait against runs that really have one Wait less, and what it costs."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from s1demo.decoding.answers_at_waits import AnswersAtWaits, AnswerSoFar, Cost, compare_with_answers
from s1demo.decoding.probe import ProbeAt, ProbePoint, run_and_probe
from s1demo.decoding.prompt import Prompt
from s1demo.engines.replay import replay as replay_of
from s1demo.errors import EngineError
from s1demo.events import Finished, SamplingParams, Tokens
from s1demo.policies import comparison_policies
from tests.drivers import stream_events, token_ids, trace_of
from tests.ui.fake_engine import THINKING, ScriptedEngine

QUESTION = "What is 27 + 48 + 36 + 9?"


def collect(engine, policies, question=QUESTION, sampling=SamplingParams()) -> list[tuple]:
    async def items() -> list[tuple]:
        return [item async for item in compare_with_answers(engine, question, policies, sampling)]

    return asyncio.run(items())


def so_far(items) -> list[AnswerSoFar]:
    return sorted((item for _, item in items if isinstance(item, AnswerSoFar)), key=lambda answer: answer.wait_number)


@pytest.mark.parametrize(
    ("sampling", "extension"),
    [
        pytest.param(SamplingParams(), "Wait", id="greedy"),
        pytest.param(SamplingParams(temperature=0.7, seed=4), "", id="sampled, no text"),
        pytest.param(SamplingParams(), "", id="no text", marks=pytest.mark.slow),
        pytest.param(SamplingParams(temperature=0.7, seed=4), "Wait", id="sampled", marks=pytest.mark.slow),
    ],
)
def test_it_is_the_answer_of_the_run_with_one_wait_less(engine, extension, sampling):
    policies = comparison_policies(16, 3, extension)
    items = collect(engine, policies, sampling=sampling)
    answers = so_far(items)
    extended = trace_of(engine, QUESTION, policies["extended"], sampling)
    assert [answer.thinking_tokens for answer in answers] == extended.wait_positions and answers
    for answer in answers:
        fewer = dataclasses.replace(policies["extended"], num_ignore=answer.wait_number - 1)
        run = trace_of(engine, QUESTION, fewer, sampling)
        assert (answer.answer_text, answer.thinking_tokens) == (run.answer_text, run.thinking_tokens)


def test_one_run_gets_the_same_answers_as_in_a_comparison(engine):
    policy = comparison_policies(16, 2)["extended"]

    async def items() -> list:
        prompt = Prompt(engine, QUESTION)
        answers = AnswersAtWaits(engine, prompt, policy)
        probed = run_and_probe(engine, prompt, policy, ProbeAt(every=16), SamplingParams(), answers)
        return [item async for item in probed if not isinstance(item, ProbePoint)]

    told = asyncio.run(items())
    answers = [item for item in told if isinstance(item, AnswerSoFar)]
    assert sorted(answers, key=lambda each: each.wait_number) == so_far(collect(engine, {"extended": policy})) and len(answers) == 2
    alone = [item for item in told if not isinstance(item, AnswerSoFar)]
    assert token_ids(alone) == token_ids(stream_events(engine, QUESTION, policy)) and isinstance(alone[-1], Finished)


def test_the_runs_are_what_they_are_without_it(engine):
    policies = comparison_policies(16, 3)
    items = collect(engine, policies)
    for name, policy in policies.items():
        events = [item for run, item in items if run == name and not isinstance(item, AnswerSoFar | Cost)]
        assert token_ids(events) == token_ids(stream_events(engine, QUESTION, policy))
        assert isinstance(events[-1], Finished)


def test_the_first_answer_costs_nothing_and_each_further_one_an_answer():
    def decoded(waits: int) -> tuple[int, Cost]:
        engine = ScriptedEngine(answers=["\nAnswer: 2", "\nAnswer: 3", "\nAnswer: 4"])
        items = collect(engine, comparison_policies(8, waits))
        assert isinstance(items[-1][1], Cost) and items[-1][0] == "extended"
        alone = sum(len(item.token_ids) for _, item in items if isinstance(item, Tokens) and item.origin.value == "sampled")
        assert items[-1][1].independent_tokens == alone, "answers so far are no part of what the runs alone take"
        return engine.decoded_tokens, items[-1][1]

    encode = ScriptedEngine().tokenizer.encode
    answer, thinking = len(encode("\nAnswer: 2")), [len(encode(text)) for text in THINKING]
    for waits in (1, 2):
        n, cost = decoded(waits)
        assert cost.engine_tokens == n
        assert n == sum(thinking[: waits + 1]) + 1 + answer * (waits + 1)  # the truncated run answers in one word


def test_an_answer_that_was_not_recorded_leaves_the_comparison_as_it_is(engine):
    policies = comparison_policies(16, 2)
    recorded = [trace_of(engine, QUESTION, policy) for policy in policies.values()]
    items = collect(replay_of(recorded, engine.tokenizer, speed=0), policies)
    assert [answer.wait_number for answer in so_far(items)] == [1], "the natural run's own answer is recorded"
    assert sum(isinstance(item, Finished) for _, item in items) == 3


def test_an_engine_that_fails_fails_the_comparison():
    class Broken(ScriptedEngine):
        async def stream(self, request):
            raise EngineError("The engine is broken. Start it again.")
            yield

    with pytest.raises(EngineError, match="broken"):
        collect(Broken(), comparison_policies(16, 2))


def test_closing_it_ends_the_engines_work():
    engine = ScriptedEngine(seconds_per_token=0.005)

    async def begin() -> int:
        items = compare_with_answers(engine, QUESTION, comparison_policies(16, 8))
        async for _, item in items:
            if isinstance(item, AnswerSoFar):
                break
        await items.aclose()
        return engine.active_requests

    assert asyncio.run(begin()) == 0
