"""One suite for every engine: what budget forcing may rely on, and ids equal to the naive loop's, token for token."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from s1demo.decoding.prompt import Prompt
from s1demo.errors import InputError
from s1demo.events import EndOfThinking, FinishReason, Request, SamplingParams, Segment
from tests.drivers import collect_trace, first_request
from tests.engines.conformance.cases import CROWD, CROWD_POLICY, HOT, HOT_POLICY, POLICIES, QUESTIONS
from tests.engines.conformance.conftest import UnderTest, until_idle

QUESTION = QUESTIONS[0]


def request_for(under_test: UnderTest, question: str = QUESTION, policy: str = "natural", **changes) -> Request:
    return replace(Prompt(under_test.engine, question).forcer(POLICIES[policy]).next_request(), **changes)


def refused_as_unrecorded(under_test: UnderTest, request: Request) -> None:
    with pytest.raises(InputError, match="not recorded"):
        under_test.decode(request)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_budget_forcing_gives_the_ids_of_the_naive_loop(under_test, right_ids, question, policy):
    trace = under_test.run(collect_trace(under_test.engine, question, policy))
    assert trace.token_ids == right_ids(question, policy)
    assert trace.thinking_tokens <= trace.thinking_budget
    if trace.end_of_thinking is EndOfThinking.BUDGET:
        assert trace.thinking_tokens == policy.max_thinking_tokens
    if policy.num_ignore:
        assert trace.waits_used > 0, "the case tests nothing: the model never tried to stop"


def test_a_stop_ends_a_segment_and_is_named(under_test, right_segment):
    request = request_for(under_test)
    right = right_segment(request)
    [decoded] = under_test.decode(request)
    assert right.finish_reason is FinishReason.STOP
    assert decoded == (replace(right, stop_id=None) if under_test.only_recorded else right)


@pytest.mark.parametrize("cap", [1, 2, 16])
def test_a_cap_ends_a_segment_at_exactly_that_many_tokens(under_test, right_segment, cap):
    request = request_for(under_test, max_new_tokens=cap)
    [decoded] = under_test.decode(request)
    assert decoded == right_segment(request)
    assert (len(decoded.token_ids), decoded.finish_reason) == (cap, FinishReason.LENGTH)


def test_a_cap_right_before_the_stop_comes_first(under_test, right_segment):
    n = len(right_segment(request_for(under_test)).token_ids)
    [at, beyond] = under_test.decode(*(request_for(under_test, max_new_tokens=cap) for cap in (n, n + 1)))
    assert (len(at.token_ids), at.finish_reason) == (n, FinishReason.LENGTH)
    assert (len(beyond.token_ids), beyond.finish_reason) == (n, FinishReason.STOP)


def test_min_tokens_masks_the_stops_and_only_that_long(under_test, right_segment):
    first_id = right_segment(request_for(under_test, max_new_tokens=1)).token_ids[0]
    at_once = request_for(under_test, stop_ids=frozenset({first_id}), max_new_tokens=6)
    if under_test.only_recorded:
        return refused_as_unrecorded(under_test, at_once)
    assert under_test.decode(at_once) == [Segment((), FinishReason.STOP, first_id)]
    for min_tokens in (1, 4):
        request = replace(at_once, min_tokens=min_tokens)
        [decoded] = under_test.decode(request)
        assert decoded == right_segment(request)
        assert len(decoded.token_ids) >= min_tokens


def test_a_natural_stop_is_masked_by_min_tokens(under_test, right_segment):
    whole = request_for(under_test)
    thinking = right_segment(whole).token_ids
    request = replace(whole, prompt_ids=(*whole.prompt_ids, *thinking), max_new_tokens=3, min_tokens=1)
    if under_test.only_recorded:
        return refused_as_unrecorded(under_test, request)
    [decoded] = under_test.decode(request)
    assert decoded.token_ids and decoded == right_segment(request)


def test_logprobs_are_the_models_own_and_come_only_when_asked_for(under_test, right_segment, right_logprobs):
    request = request_for(under_test, policy="cap 1", min_tokens=1, logprobs=True)
    for asked in (request, replace(request_for(under_test), logprobs=True)):  # ended by the cap, ended by a stop
        [decoded] = under_test.decode(asked)
        silent = replace(asked, logprobs=False)
        assert decoded.token_ids == right_segment(silent).token_ids
        assert under_test.decode(silent)[0].logprobs is None
        if under_test.only_recorded:
            assert decoded.logprobs is None
        else:
            assert decoded.logprobs == pytest.approx(right_logprobs(asked, decoded), abs=2e-3)


def test_sixteen_at_once_are_the_same_as_alone(under_test, right_segment):
    requests = [Prompt(under_test.engine, question).forcer(CROWD_POLICY).next_request() for question in CROWD]
    assert under_test.decode(*requests) == [right_segment(request) for request in requests]


@pytest.mark.parametrize("how", ["the stream is closed", "the task is cancelled"])
def test_leaving_in_mid_stream_leaves_the_engine_idle_and_whole(under_test, right_segment, how):
    engine, request = under_test.engine, request_for(under_test)

    async def leave() -> None:
        async with aclosing(engine.stream(request)) as segments:
            await anext(segments)

    async def cancelled() -> None:
        begun = asyncio.Event()

        async def follow() -> None:
            async with aclosing(engine.stream(request)) as segments:
                async for _ in segments:
                    begun.set()
                    await asyncio.sleep(0)

        task = asyncio.create_task(follow())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def leave_among_others() -> None:
        before = asyncio.create_task(collect_trace(engine, QUESTIONS[1], POLICIES["natural"]))
        await (leave() if how == "the stream is closed" else cancelled())
        await before
        await until_idle(engine)

    under_test.run(leave_among_others())
    assert under_test.decode(request)[0].token_ids == right_segment(request).token_ids
    under_test.run(until_idle(engine))


def test_a_request_that_fits_no_context_is_refused_and_one_that_nearly_does_is_cut(under_test):
    context = under_test.engine.info.context_length
    for prompt_ids in ((5,) * context, (5,) * (context + 3)):
        with pytest.raises(InputError, match="Shorten the question"):
            under_test.decode(Request(prompt_ids, 1))
    nearly = Request((5,) * (context - 2), 50)
    if under_test.only_recorded:
        refused_as_unrecorded(under_test, nearly)
    else:
        [decoded] = under_test.decode(nearly)
        assert (len(decoded.token_ids), decoded.finish_reason) == (2, FinishReason.LENGTH)
    assert under_test.engine.active_requests == 0


@pytest.mark.parametrize("prompt_ids, max_new_tokens, words", [((), 5, "prompt is empty"), ((5,), 0, "at least 1 token")])
def test_an_impossible_request_is_refused(under_test, prompt_ids, max_new_tokens, words):
    with pytest.raises(InputError, match=words):
        under_test.decode(Request(prompt_ids, max_new_tokens))
    assert under_test.engine.active_requests == 0


def test_a_seed_repeats_its_sample_whatever_the_cap_and_whoever_else_decodes(under_test):
    request = Prompt(under_test.engine, QUESTION).forcer(HOT_POLICY, HOT).next_request()
    [decoded] = under_test.decode(request)
    [again, *_] = under_test.decode(request, *(request_for(under_test, question) for question in QUESTIONS))
    [shorter] = under_test.decode(replace(request, max_new_tokens=9))
    assert decoded.token_ids and again == decoded
    assert shorter.token_ids == decoded.token_ids[:9]
    if not under_test.only_recorded:
        samples = under_test.decode(*(replace(request, sampling=replace(HOT, seed=seed)) for seed in range(5)))
        assert len({sample.token_ids for sample in samples}) > 1, "seeds change nothing"


def test_a_sample_goes_on_from_any_point_where_the_engine_says_so(under_test):
    request = Prompt(under_test.engine, QUESTION).forcer(HOT_POLICY, HOT).next_request()
    [whole] = under_test.decode(request)
    n = len(whole.token_ids) // 2
    rest = replace(request, prompt_ids=(*request.prompt_ids, *whole.token_ids[:n]), max_new_tokens=request.max_new_tokens - n)
    [continued] = under_test.decode(rest)
    if under_test.engine.info.samples_by_position:
        assert continued == replace(whole, token_ids=whole.token_ids[n:])


def test_a_tiny_nucleus_is_greedy(under_test, right_segment):
    request = request_for(under_test, max_new_tokens=16, sampling=SamplingParams(1.5, top_p=1e-6, seed=3))
    if under_test.only_recorded:
        return refused_as_unrecorded(under_test, request)
    assert under_test.decode(request) == [right_segment(replace(request, sampling=SamplingParams()))]


def test_it_says_what_it_is(under_test):
    info = under_test.engine.info
    assert info.model and info.engine and info.device and info.format
    assert info.context_length > len(first_request(under_test.engine, QUESTION).prompt_ids)
