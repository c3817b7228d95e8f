"""vLLM in this process, for real (`make test-vllm`); what every engine promises is in tests/conformance."""

from __future__ import annotations

import asyncio
import importlib.util
from contextlib import aclosing
from dataclasses import replace

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.engines.vllm.engine import VLLMEngine
from s1demo.errors import EngineError, InputError, ModelError
from s1demo.events import Request, SamplingParams
from s1demo.settings import Settings
from tests.drivers import batch_ids, first_request
from tests.engines.conformance.conftest import decode
from tests.engines.vllm_support import shared_vllm

pytestmark = pytest.mark.skipif(importlib.util.find_spec("vllm") is None, reason="vLLM is not installed here: make test-vllm")

QUESTIONS = [f"How many r in {word}?" for word in ("raspberry", "carrot", "mirror", "tree", "arrears", "error", "car", "refrigerator")]
QUESTIONS += [f"What is {n}+{n + 7}+{3 * n}?" for n in range(21, 29)]
QUESTIONS += [f"Which is larger, 9.{n} or 9.{n // 2}?" for n in range(11, 19)]
POLICIES = [
    BudgetPolicy(AUTO, 0, max_answer_tokens=24),
    BudgetPolicy(20, 0, max_answer_tokens=24),
    BudgetPolicy(AUTO, 2, max_answer_tokens=24),
    BudgetPolicy(120, 4, "Hmm, let me check", 24),
]
HOT = SamplingParams(temperature=1.5, seed=7)


@pytest.fixture(scope="module")
def vllm():
    return shared_vllm()


def decode_all(engine, *requests):
    async def together():
        return await asyncio.wait_for(asyncio.gather(*(decode(engine, request) for request in requests)), 300)

    return asyncio.run(together())


def request_of(engine, question=QUESTIONS[0], **changes):
    return replace(first_request(engine, question), **changes)


def assert_quiet(capfd):
    """Standard output is for `--json`; one line on standard error says what is going on."""
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err.startswith("Starting vLLM") and printed.err.count("\n") == 1


def n_unfinished(engine):
    """Requests that vLLM itself knows and has not finished."""
    return engine.loop.llm.output_processor.get_num_unfinished_requests()


async def until_forgotten(engine):
    async with asyncio.timeout(20):
        while n_unfinished(engine):
            await asyncio.sleep(0.01)


def test_greedy_ids_are_those_of_the_transformers_engine(vllm, engine):
    runs = [(question, POLICIES[i % len(POLICIES)]) for i, question in enumerate(QUESTIONS)]
    assert len(runs) >= 20
    assert batch_ids(vllm, runs) == batch_ids(engine, runs)


def test_64_requests_at_once_all_finish_as_if_alone(vllm, engine):
    requests = [Request(first_request(vllm, f"What is {n}+{n + 3}?").prompt_ids, 24) for n in range(11, 75)]
    assert decode_all(vllm, *requests) == decode_all(engine, *requests)
    assert vllm.active_requests == 0 and n_unfinished(vllm) == 0


def test_leaving_makes_vllm_forget_the_request(vllm):
    async def leave():
        async with aclosing(vllm.stream(request_of(vllm, max_new_tokens=900, stop_ids=frozenset()))) as segments:
            await anext(segments)
            assert n_unfinished(vllm) == 1
        assert vllm.active_requests == 0
        await until_forgotten(vllm)

    asyncio.run(leave())


def test_segments_of_a_run_do_not_share_random_numbers(vllm):
    """vLLM starts a seed's random numbers anew in every request."""
    request = request_of(vllm, sampling=HOT, max_new_tokens=12, stop_ids=frozenset())
    params = [vllm._sampling_params(replace(request, prompt_ids=request.prompt_ids[:n])) for n in (8, 9, 9)]
    assert params[0].seed != params[1].seed == params[2].seed
    assert decode_all(vllm, request, request)[0] == decode_all(vllm, request)[0]


def test_ids_unknown_to_the_tokenizer_are_never_sampled(vllm, monkeypatch):
    requests = [
        request_of(vllm, sampling=SamplingParams(2.0, seed=seed), max_new_tokens=60, stop_ids=frozenset()) for seed in range(16)
    ]

    def unknown():
        return [i for segment in decode_all(vllm, *requests) for i in segment.token_ids if i >= vllm.tokenizer.size]

    assert not unknown()
    monkeypatch.setattr(vllm, "_masked", {i: 20.0 for i in vllm._masked})
    assert unknown(), "the test tests nothing: the embedding has no ids beyond the tokenizer"


def test_what_vllm_cannot_serve_is_refused_in_our_words(vllm):
    for request, words in (
        (request_of(vllm, sampling=SamplingParams(2.5)), "at most 2.0"),
        (request_of(vllm, prompt_ids=(10**6,)), "outside this model's embedding"),
        (request_of(vllm, stop_ids=frozenset({10**6})), "outside this model's embedding"),
    ):
        with pytest.raises(InputError, match=words):
            decode_all(vllm, request)
    assert vllm.active_requests == 0 and n_unfinished(vllm) == 0


def test_a_failing_step_fails_its_requests_and_the_next_ones_work(vllm, monkeypatch):
    requests = [request_of(vllm, question, max_new_tokens=20) for question in QUESTIONS[:4]]
    right = decode_all(vllm, *requests)
    working, calls = vllm.loop.llm.step, []

    def explode_once():
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("out of memory")
        return working()

    monkeypatch.setattr(vllm.loop.llm, "step", explode_once)

    async def crowd():
        return await asyncio.gather(*(decode(vllm, request) for request in requests), return_exceptions=True)

    failures = asyncio.run(crowd())
    assert all(isinstance(failure, EngineError) and "out of memory" in str(failure) for failure in failures)
    assert decode_all(vllm, *requests) == right


@pytest.mark.parametrize(
    "settings, words",
    [
        (Settings(vllm_max_model_len=5000), "Lower S1_VLLM_MAX_MODEL_LEN"),
        (Settings(vllm_kv_cache_gib=0.001), "S1_VLLM_KV_CACHE_GIB"),
        (Settings(vllm_kv_cache_gib=10000), "Lower S1_VLLM_KV_CACHE_GIB"),
        (Settings(vllm_quantization="awq"), "S1_VLLM_QUANTIZATION"),
        (Settings(vllm_options='{"no_such_option": 1}'), "no_such_option"),
    ],
)
def test_a_start_that_fails_is_one_clear_line(settings, words, capfd):
    with pytest.raises(ModelError, match=words) as failure:
        VLLMEngine(settings)
    assert "\n" not in str(failure.value)
    assert_quiet(capfd)


def test_in_processes_of_its_own_it_does_the_same(vllm, engine, capfd, monkeypatch):
    """`AsyncLLM`, as on a GPU: the same ids, requests that are left are forgotten, closing ends what is under way."""
    other = VLLMEngine(Settings(vllm_kv_cache_gib=0.25), processes=True)
    assert_quiet(capfd)
    runs = [(question, POLICIES[2]) for question in QUESTIONS[:4]]
    endless = request_of(other, max_new_tokens=900, stop_ids=frozenset())

    async def leave_and_close():
        async with aclosing(other.stream(endless)) as segments:
            await anext(segments)
        assert other.active_requests == 0
        await until_forgotten(other)
        monkeypatch.setattr(other, "_masked", {10**6: 0.0})
        with pytest.raises(InputError, match=r"vLLM cannot serve this request: .*logit_bias"):
            await decode(other, replace(endless, sampling=HOT))
        under_way = asyncio.create_task(decode(other, endless))
        await asyncio.sleep(0.2)
        await other.close()
        for closed in (under_way, decode(other, endless)):
            with pytest.raises(EngineError, match="closed"):
                await closed

    try:
        assert batch_ids(other, runs) == batch_ids(engine, runs)
        hot = request_of(other, sampling=HOT, max_new_tokens=12)
        assert decode_all(other, hot) == decode_all(vllm, hot)
        asyncio.run(leave_and_close())
    finally:
        other.loop.close()


def test_a_failure_in_another_process_is_one_clear_line_too(capfd):
    with pytest.raises(ModelError, match="S1_VLLM_KV_CACHE_GIB") as failure:
        VLLMEngine(Settings(vllm_kv_cache_gib=0.001), processes=True)
    assert "\n" not in str(failure.value)
    assert_quiet(capfd)
