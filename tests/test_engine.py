"""The default engine against plain `generate`, and what visitors do to it."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

from s1demo.budget import BudgetPolicy
from s1demo.engines.batch_decoder import BatchDecoder
from s1demo.errors import EngineError, InputError
from s1demo.events import FinishReason, Request, SamplingParams
from tests.drivers import first_request, plain_generate, token_ids

QUESTIONS = [f"How many r in {word}?" for word in ("raspberry", "carrot", "mirror", "tree", "arrears", "error", "car", "refrigerator")]
QUESTIONS += ["What is 27+48+36+9?", "Which is larger, 9.11 or 9.8?", "What is 23 times 47?", "What is 5+6?"]
QUESTIONS += ["How many s in mississippi?", "What is 81+17+64?", "Which is larger, 3.5 or 3.45?", "What is 12 times 9?"]


async def decode(engine, request):
    ids, last = [], None
    async with aclosing(engine.stream(request)) as segments:
        async for segment in segments:
            ids += segment.token_ids
            last = segment
    return ids, last


def decode_all(engine, requests):
    async def gather():
        return await asyncio.gather(*(decode(engine, request) for request in requests))

    return asyncio.run(gather())


def by_generate(engine, request):
    ids = plain_generate(engine.model, list(request.prompt_ids), request.max_new_tokens, set(request.stop_ids), request.min_tokens)
    stopped = bool(ids) and ids[-1] in request.stop_ids
    return ids[:-1] if stopped else ids


def requests_of(engine, max_new_tokens=120):
    return [first_request(engine, question, max_thinking_tokens=max_new_tokens) for question in QUESTIONS]


def test_greedy_ids_equal_generate_alone_and_in_a_batch_of_16(engine):
    requests = requests_of(engine)
    expected = [by_generate(engine, request) for request in requests]
    alone = [decode_all(engine, [request])[0][0] for request in requests]
    together = [ids for ids, _ in decode_all(engine, requests)]
    assert alone == expected
    assert together == expected


def test_a_continuation_equals_generate_and_feeds_only_new_tokens(engine):
    request = first_request(engine, QUESTIONS[0], max_thinking_tokens=40)
    ids, _ = decode_all(engine, [request])[0]
    wait = tuple(engine.tokenizer.encode("Wait"))
    longer = Request((*request.prompt_ids, *ids, *wait), 30, request.stop_ids, min_tokens=1)
    fed = engine.decoder.tokens_fed
    continued, _ = decode_all(engine, [longer])[0]
    assert engine.decoder.tokens_fed - fed <= 1 + len(wait) + len(continued)
    assert continued == by_generate(engine, longer)


def test_requests_join_and_leave_between_steps(engine):
    """Staggered arrivals and departures, with the loop stepped by hand: nobody's tokens depend on anybody else."""
    decoder = BatchDecoder(engine.model, engine.info.context_length, engine.tokenizer.size, max_active=4)
    requests = [Request(r.prompt_ids, 10 + 7 * i % 40, r.stop_ids) for i, r in enumerate(requests_of(engine))]
    outputs = [[] for _ in requests]
    waiting = list(enumerate(requests))
    while waiting or decoder.has_work:
        for i, request in waiting[:2]:
            decoder.submit(request, lambda segment, i=i: outputs[i].extend(segment.token_ids))
        waiting = waiting[2:]
        for _ in range(3):
            decoder.step()
    assert outputs == [by_generate(engine, request) for request in requests]


def test_cancelling_the_iterator_stops_the_work_at_once(engine):
    async def leave_early():
        request = Request(first_request(engine, QUESTIONS[0]).prompt_ids, 900)
        async with aclosing(engine.stream(request)) as segments:
            async for _ in segments:
                break
        assert engine.active_requests == 0
        await asyncio.sleep(0.1)
        fed = engine.decoder.tokens_fed
        await asyncio.sleep(0.2)
        return engine.decoder.tokens_fed - fed

    assert asyncio.run(leave_early()) == 0


def test_cancelling_one_of_many_leaves_the_others_exact(engine):
    requests = requests_of(engine)[:6]

    async def leave_one():
        tasks = [asyncio.create_task(decode(engine, request)) for request in requests]
        while engine.active_requests < len(requests):
            await asyncio.sleep(0)
        tasks[2].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(leave_one())
    for i, (request, result) in enumerate(zip(requests, results, strict=True)):
        if i != 2:
            assert result[0] == by_generate(engine, request)
    assert isinstance(results[2], asyncio.CancelledError)


def test_min_tokens_masks_the_stops(engine):
    prompt = first_request(engine, QUESTIONS[0]).prompt_ids
    (free, *_), _ = decode_all(engine, [Request(prompt, 5)])[0]
    ids, last = decode_all(engine, [Request(prompt, 5, frozenset({free}))])[0]
    assert (ids, last.finish_reason, last.stop_id) == ([], FinishReason.STOP, free)
    ids, _ = decode_all(engine, [Request(prompt, 5, frozenset({free}), min_tokens=1)])[0]
    assert ids and ids[0] != free


def test_the_same_seed_samples_the_same_however_it_is_asked_for(engine):
    prompt = first_request(engine, "What is 27+48+36+9?").prompt_ids
    hot = SamplingParams(temperature=1.5, seed=7)
    whole, _ = decode_all(engine, [Request(prompt, 40, sampling=hot)])[0]
    again, _ = decode_all(engine, [Request(prompt, 40, sampling=hot), Request(prompt, 40), Request(prompt, 9)])[0]
    first, _ = decode_all(engine, [Request(prompt, 15, sampling=hot)])[0]
    rest, _ = decode_all(engine, [Request((*prompt, *first), 25, sampling=hot)])[0]
    other, _ = decode_all(engine, [Request(prompt, 40, sampling=SamplingParams(temperature=1.5, seed=8))])[0]
    assert whole == again == first + rest
    assert whole != other
    narrow, _ = decode_all(engine, [Request(prompt, 40, sampling=SamplingParams(temperature=1.5, top_p=1e-9))])[0]
    greedy, _ = decode_all(engine, [Request(prompt, 40)])[0]
    assert narrow == greedy


def test_a_prompt_beyond_the_context_is_refused(engine):
    with pytest.raises(InputError, match="Shorten the question"):
        decode_all(engine, [Request((5,) * engine.info.context_length, 1)])
    ids, last = decode_all(engine, [Request((5,) * (engine.info.context_length - 2), 50)])[0]
    assert len(ids) == 2 and last.finish_reason is FinishReason.LENGTH


def test_a_failing_step_fails_its_requests_and_the_next_ones_work(engine, monkeypatch):
    request = first_request(engine, QUESTIONS[0], max_thinking_tokens=10)

    def explode(*_):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(engine.decoder, "_decode_step", explode)
        with pytest.raises(EngineError, match="out of memory"):
            decode_all(engine, [request])
    assert decode_all(engine, [request])[0][0] == by_generate(engine, request)
    assert engine.active_requests == 0


def test_more_visitors_than_slots_all_finish(engine):
    requests = [Request(r.prompt_ids, 12, r.stop_ids) for r in requests_of(engine)] * 3
    results = decode_all(engine, requests)
    assert [ids for ids, _ in results] == [by_generate(engine, r) for r in requests[: len(QUESTIONS)]] * 3


def test_the_embedded_model_loads_fast_and_is_small(engine):
    from pathlib import Path

    from s1demo.engines.transformers_engine import TransformersEngine
    from s1demo.settings import EMBEDDED_MODEL

    begun = time.perf_counter()
    TransformersEngine(EMBEDDED_MODEL).stop()
    assert time.perf_counter() - begun < 3  # imports are done; the README's figure with imports is `bench`'s
    assert sum(f.stat().st_size for f in Path(EMBEDDED_MODEL).iterdir()) <= 20e6


def test_budget_policy_default_runs_to_an_end(engine):
    from tests.drivers import stream_events

    events = stream_events(engine, QUESTIONS[0], BudgetPolicy())
    assert token_ids(events)
