"""The default engine against plain `generate`, and what visitors do to it."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing

import pytest

from s1demo.budget import BudgetPolicy
from s1demo.engines.local.batch_decoder import BatchDecoder
from s1demo.engines.local.kv_slots import KVSlots
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


def test_visitors_who_join_and_leave_at_random_disturb_nobody(engine):
    """A seeded crowd, the loop stepped by hand: forks of each other's prompts, continuations, aborts waiting and running."""
    rng = random.Random(3)
    decoder = BatchDecoder(engine.model, engine.info.context_length, engine.tokenizer.size, max_active=4)
    prompts = [request.prompt_ids for request in requests_of(engine)]
    crowd = []  # (request, ids so far, finish reasons, job)
    for _ in range(40):
        for _ in range(rng.choice((0, 1, 1, 3, 6))):
            prompt = rng.choice(prompts)
            if crowd and rng.random() < 0.5:  # go on from somewhere in another's text
                other = rng.choice(crowd)
                prompt = (*other[0].prompt_ids, *other[1][: rng.randrange(len(other[1]) + 1)], 7)[:900]
            stops = frozenset(rng.sample(range(engine.tokenizer.size), 40))
            request = Request(prompt, rng.randint(1, 40), stops, rng.choice((0, 0, 1, 5)))
            ids, reasons = [], []

            def sink(segment, ids=ids, reasons=reasons):
                ids.extend(segment.token_ids)
                reasons.append(segment.finish_reason)

            crowd.append((request, ids, reasons, decoder.submit(request, sink)))
        for _ in range(rng.randint(1, 8)):
            decoder.step()
        for entry in rng.sample(crowd, min(len(crowd), 2)):
            entry[3].aborted = True
    while decoder.has_work:
        decoder.step()
    finished = [entry for entry in crowd if entry[2] and entry[2][-1] is not None]
    aborted_running = [entry for entry in crowd if entry[1] and entry[2][-1] is None]
    assert len(finished) >= 20 and len(aborted_running) >= 5
    assert all(entry[3].aborted for entry in crowd if entry not in finished)
    for request, ids, _, _ in finished:
        assert ids == by_generate(engine, request)


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


def test_cancelling_one_who_is_decoding_leaves_the_others_exact(engine):
    requests = [Request(request.prompt_ids, 150) for request in requests_of(engine)[:6]]
    decoding = set()

    async def follow(i):
        ids = []
        async with aclosing(engine.stream(requests[i])) as segments:
            async for segment in segments:
                decoding.add(i)
                ids += segment.token_ids
        return ids

    async def leave_first():
        tasks = [asyncio.create_task(follow(i)) for i in range(len(requests))]
        while len(decoding) < len(requests):
            await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *others = asyncio.run(leave_first())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [by_generate(engine, request) for request in requests[1:]]


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


BREAKABLE = ["BatchDecoder._decode_step", "BatchDecoder._admit", "KVSlots.swap", "KVSlots._reserve", "KVSlots.copy_prefix"]


@pytest.mark.parametrize("broken", BREAKABLE)
def test_a_failing_step_fails_its_requests_and_the_next_ones_work(engine, monkeypatch, broken):
    """As when memory runs out: whoever waits is told, nothing hangs, and the engine goes on."""
    requests = requests_of(engine, max_new_tokens=30)
    expected = [by_generate(engine, request) for request in requests[:4]]
    owner_name, method = broken.split(".")
    owner = {"BatchDecoder": BatchDecoder, "KVSlots": KVSlots}[owner_name]
    working = getattr(owner, method)
    calls = []

    def explode_once(self, *arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise RuntimeError("out of memory")
        return working(self, *arguments)

    monkeypatch.setattr(owner, method, explode_once)

    async def crowd():
        tasks = [decode(engine, request) for request in (*requests, *requests[:4])]
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)

    outcomes = asyncio.run(crowd())
    assert calls, "the broken method was never used"
    failures = [outcome for outcome in outcomes if isinstance(outcome, EngineError)]
    assert failures and all("out of memory" in str(failure) for failure in failures)
    assert [ids for ids, _ in decode_all(engine, requests[:4])] == expected
    assert engine.active_requests == 0


def test_more_visitors_than_slots_all_finish(engine):
    requests = [Request(r.prompt_ids, 12, r.stop_ids) for r in requests_of(engine)] * 3
    results = decode_all(engine, requests)
    assert [ids for ids, _ in results] == [by_generate(engine, r) for r in requests[: len(QUESTIONS)]] * 3


def test_the_embedded_model_loads_fast_and_is_small(engine):
    from pathlib import Path

    from s1demo.engines.local.engine import TransformersEngine
    from s1demo.settings import EMBEDDED_MODEL, Settings

    begun = time.perf_counter()
    asyncio.run(TransformersEngine(Settings()).close())
    assert time.perf_counter() - begun < 3  # imports are done; the README's figure with imports is `bench`'s
    assert sum(f.stat().st_size for f in Path(EMBEDDED_MODEL).iterdir()) <= 20e6


def test_budget_policy_default_runs_to_an_end(engine):
    from tests.drivers import stream_events

    events = stream_events(engine, QUESTIONS[0], BudgetPolicy())
    assert token_ids(events)
