"""The engine for servers elsewhere, against a small real server that can be told to misbehave: the ids are always the direct engine's."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from s1demo.budget import BudgetPolicy
from s1demo.decoding.runs import run
from s1demo.engines import open_engine
from s1demo.engines.servers.completions import event_data
from s1demo.engines.servers.engine import OpenAIEngine
from s1demo.errors import EngineError, InputError, ModelError, S1Error
from s1demo.events import FinishReason, Request, SamplingParams, Segment
from s1demo.settings import EMBEDDED_MODEL, Settings
from tests.drivers import first_request, token_ids
from tests.engines.completions_server import OWNERS, CompletionsServer, Fault

QUESTION = "What is 27+48+36+9?"
HOT = SamplingParams(temperature=5.0, seed=7)


@asynccontextmanager
async def opened(*servers: CompletionsServer, **options):
    for server in servers:
        await server.start()
    options = {"tokenizer": EMBEDDED_MODEL, "server_token_seconds": 20.0, "server_patience_seconds": 60.0} | options
    urls = ",".join(server.url for server in servers)
    engine = await asyncio.to_thread(OpenAIEngine, Settings(base_urls=urls, **options))
    try:
        yield engine
    finally:
        await engine.close()
        for server in servers:
            await server.stop()


async def decode(engine, request: Request) -> Segment:
    async with aclosing(engine.stream(request)) as segments:
        return Segment.joined([segment async for segment in segments])


def decoded(engine, requests: list[Request], server: CompletionsServer, **options) -> list[Segment]:
    """The requests one after another, through a server of its own."""

    async def main():
        async with opened(server, **options) as remote:
            return [await decode(remote, request) for request in requests]

    return asyncio.run(asyncio.wait_for(main(), 240))


@pytest.fixture(scope="module")
def request_to_stop(engine) -> Request:
    """Thinking up to its natural end."""
    return first_request(engine, QUESTION)


@pytest.fixture(scope="module")
def whole(engine, request_to_stop) -> Segment:
    """What the direct engine decodes for it."""
    segment = asyncio.run(decode(engine, request_to_stop))
    assert segment.finish_reason is FinishReason.STOP and len(segment.token_ids) >= 12, "the tests need a thinking with some length"
    return segment


def assert_nothing_lost_nothing_twice(server: CompletionsServer, request: Request, ids: tuple[int, ...]) -> None:
    """Every later request begins where the ids received so far end, and asks for the remainder only."""
    for body in server.bodies:
        received = len(body["prompt"]) - len(request.prompt_ids)
        assert tuple(body["prompt"]) == request.prompt_ids + ids[:received]
        assert body["max_tokens"] == request.max_new_tokens - received
        assert body["min_tokens"] == max(0, request.min_tokens - received)


@pytest.mark.parametrize("dialect", OWNERS)
def test_every_kind_of_server_gives_the_ids_of_the_direct_engine(engine, request_to_stop, whole, dialect):
    first = whole.token_ids[0]
    goes_on = (*request_to_stop.prompt_ids, *whole.token_ids)
    requests = [
        request_to_stop,
        replace(request_to_stop, max_new_tokens=5),
        replace(request_to_stop, max_new_tokens=len(whole.token_ids)),
        replace(request_to_stop, prompt_ids=goes_on, max_new_tokens=8, min_tokens=1),
        replace(request_to_stop, prompt_ids=goes_on, max_new_tokens=3, min_tokens=3),
        replace(request_to_stop, stop_ids=request_to_stop.stop_ids | {first}),
    ]
    if dialect == "text":  # knows no min_tokens
        requests = requests[:3]
    if dialect == "other":  # its ids are re-encoded text: no stops that are ordinary words, no texts that no model would write
        requests = requests[:4]
    expected = [asyncio.run(decode(engine, request)) for request in requests]
    server = CompletionsServer(engine, dialect)
    tells_context = dialect not in ("text", "other")
    options = {} if tells_context else {"server_context_length": engine.info.context_length}
    assert decoded(engine, requests, server, **options) == expected
    sent_ids = [not isinstance(body["prompt"], str) for body in server.bodies]
    assert all(sent_ids) if dialect != "text" else sent_ids == [True] + [False] * len(requests)


FAULTS = ["die", "truncate", "hang up", "error", "garbage", "abort"]


@pytest.mark.parametrize("what", FAULTS)
def test_a_broken_stream_goes_on_where_it_broke(engine, request_to_stop, whole, what):
    request = replace(request_to_stop, min_tokens=6)
    server = CompletionsServer(engine, faults=[Fault(what, after=4)])
    assert decoded(engine, [request], server) == [whole]
    assert len(server.bodies) == 2 and len(server.bodies[1]["prompt"]) == len(request.prompt_ids) + 4
    assert_nothing_lost_nothing_twice(server, request, whole.token_ids)


def test_a_stream_may_break_many_times_and_before_its_first_token(engine, request_to_stop, whole):
    faults = [Fault("die"), Fault("truncate", 2), Fault("garbage"), Fault("error", 1), Fault(503), Fault("hang up", 3), Fault(429), Fault("die", 1)]
    server = CompletionsServer(engine, faults=faults)
    assert decoded(engine, [request_to_stop], server) == [whole]
    assert len(server.bodies) == len(faults) + 1
    assert_nothing_lost_nothing_twice(server, request_to_stop, whole.token_ids)


def test_a_server_that_stalls_is_left(engine, request_to_stop, whole):
    server = CompletionsServer(engine, faults=[Fault("stall", 3)])
    assert decoded(engine, [request_to_stop], server, server_token_seconds=5.0) == [whole]
    assert len(server.bodies) == 2
    assert_nothing_lost_nothing_twice(server, request_to_stop, whole.token_ids)


def test_a_killed_server_costs_a_pause_and_the_other_ones_nothing(engine, request_to_stop, whole):
    async def main():
        killed, other = CompletionsServer(engine, faults=[Fault("stall", 5)]), CompletionsServer(engine)
        async with opened(killed, other) as remote:
            decoding = asyncio.create_task(decode(remote, request_to_stop))
            await asyncio.sleep(0.5)
            assert killed.streaming and not decoding.done()
            await killed.stop()
            assert await decoding == whole
            assert len(killed.bodies) == len(other.bodies) == 1
            assert_nothing_lost_nothing_twice(other, request_to_stop, whole.token_ids)
            assert await decode(remote, request_to_stop) == whole  # while one is away
            assert (len(killed.bodies), len(other.bodies)) == (1, 2)
            await killed.start()
            async with asyncio.timeout(60):
                while len(killed.bodies) == 1:  # it is found again, without anyone waiting for it
                    assert await decode(remote, replace(request_to_stop, max_new_tokens=1))
                    await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(main(), 240))


def test_a_lone_server_may_be_restarted_in_mid_stream(engine, request_to_stop, whole):
    async def main():
        async with opened(server := CompletionsServer(engine, faults=[Fault("stall", 5)])) as remote:
            decoding = asyncio.create_task(decode(remote, request_to_stop))
            await asyncio.sleep(0.5)
            await server.stop()
            await asyncio.sleep(0.5)
            assert not decoding.done() and remote.active_requests == 1
            await server.start()
            assert await decoding == whole
            assert len(server.bodies) == 2
            assert_nothing_lost_nothing_twice(server, request_to_stop, whole.token_ids)

    asyncio.run(asyncio.wait_for(main(), 240))


def test_a_whole_run_with_waits_survives_a_break_in_every_segment(engine):
    policy = BudgetPolicy(240, 2, max_answer_tokens=6)

    async def events(decoder):
        return [event async for event in run(decoder, QUESTION, policy)]

    async def main():
        server = CompletionsServer(engine, faults=[Fault("die", 1), None] * 9)
        async with opened(server) as remote:
            expected = token_ids(await events(engine))
            assert token_ids(await events(remote)) == expected
            assert len(server.bodies) >= 6, "the run had too few segments"

    asyncio.run(asyncio.wait_for(main(), 240))


def test_the_least_loaded_server_is_asked(engine, request_to_stop):
    async def main():
        servers = [CompletionsServer(engine), CompletionsServer(engine), CompletionsServer(engine)]
        async with opened(*servers) as remote:
            requests = [replace(request_to_stop, max_new_tokens=8, stop_ids=frozenset())] * 9
            await asyncio.gather(*(decode(remote, request) for request in requests))
            assert [len(server.bodies) for server in servers] == [3, 3, 3]

    asyncio.run(asyncio.wait_for(main(), 240))


def test_a_full_server_is_waited_for_and_another_one_is_asked_first(engine, request_to_stop, whole):
    async def main():
        full, free = CompletionsServer(engine, faults=[Fault(429, headers={"Retry-After": "60"})]), CompletionsServer(engine)
        async with opened(full, free) as remote:
            assert await decode(remote, request_to_stop) == whole
            assert await decode(remote, request_to_stop) == whole
            assert (len(full.bodies), len(free.bodies)) == (1, 2)

    asyncio.run(asyncio.wait_for(main(), 240))


def test_patience_has_an_end_and_one_line_says_so(engine, request_to_stop):
    server = CompletionsServer(engine, faults=[Fault(503)] * 99)
    with pytest.raises(EngineError, match="full"):
        decoded(engine, [request_to_stop], server, server_patience_seconds=0.5)
    assert 1 < len(server.bodies) < 20
    server = CompletionsServer(engine, faults=[Fault(500)] * 99)
    with pytest.raises(EngineError, match=r"5 tries \(HTTP 500: told to say so"):
        decoded(engine, [request_to_stop], server)
    assert len(server.bodies) == 5


@pytest.mark.parametrize(
    "fault, kind, words",
    [
        (Fault(400), InputError, "refuses the request: told to say so"),
        (Fault("refuse", 2), InputError, "refuses the request: no such thing"),
        (Fault(401), EngineError, "S1_API_KEY"),
        (Fault(404), EngineError, "S1_MODEL"),
    ],
)
def test_a_refusal_is_final_and_says_why(engine, request_to_stop, fault, kind, words):
    server = CompletionsServer(engine, faults=[fault])
    with pytest.raises(kind, match=words) as refused:
        decoded(engine, [request_to_stop], server)
    assert len(server.bodies) == 1 and "\n" not in str(refused.value)


def test_cancelling_closes_the_stream_at_once(engine, request_to_stop):
    async def main():
        async with opened(server := CompletionsServer(engine)) as remote:
            async with aclosing(remote.stream(replace(request_to_stop, max_new_tokens=900, stop_ids=frozenset()))) as segments:
                await anext(segments)
                assert remote.active_requests == server.streaming == 1
            assert remote.active_requests == 0
            async with asyncio.timeout(10):
                while server.streaming or engine.active_requests:
                    await asyncio.sleep(0.01)
            stalled = CompletionsServer(engine, faults=[Fault("stall")])
            async with opened(stalled) as remote:
                task = asyncio.create_task(decode(remote, request_to_stop))
                while not stalled.streaming:
                    await asyncio.sleep(0.01)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert remote.active_requests == 0
                async with asyncio.timeout(10):
                    while stalled.streaming:
                        await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(main(), 240))


def test_closing_the_engine_ends_its_streams_with_an_error(engine, request_to_stop):
    async def main():
        async with opened(server := CompletionsServer(engine, faults=[Fault("stall", 2)])) as remote:
            task = asyncio.create_task(decode(remote, request_to_stop))
            while not server.streaming:
                await asyncio.sleep(0.01)
            await remote.close()
            with pytest.raises(EngineError, match="closed"):
                await asyncio.wait_for(task, 10)

    asyncio.run(asyncio.wait_for(main(), 240))


def test_segments_share_a_connection(engine, request_to_stop):
    server = CompletionsServer(engine)
    decoded(engine, [replace(request_to_stop, max_new_tokens=3)] * 4, server)
    assert server.n_connections == 2  # one to find out what is served, one for all requests


def test_at_a_temperature_a_request_samples_the_same_each_time_and_unknown_ids_never(engine, request_to_stop):
    request = replace(request_to_stop, max_new_tokens=12, stop_ids=frozenset(), sampling=HOT)
    server = CompletionsServer(engine)
    once, again, other = decoded(engine, [request, request, replace(request, sampling=replace(HOT, seed=8))], server)
    assert once == again != other
    server = CompletionsServer(engine, faults=[Fault("unknown id", 3)])
    [rejected] = decoded(engine, [request], server)
    assert rejected.token_ids[:3] == once.token_ids[:3] and len(rejected.token_ids) == 12
    assert max(rejected.token_ids) < engine.tokenizer.size
    assert server.bodies[0]["seed"] != server.bodies[1]["seed"]


@pytest.mark.parametrize("dialect", ["vllm", "llama.cpp"])
def test_log_probabilities_come_along_even_over_a_break(engine, request_to_stop, dialect):
    request = replace(request_to_stop, logprobs=True)
    expected = asyncio.run(decode(engine, request))
    [segment] = decoded(engine, [request], CompletionsServer(engine, dialect, faults=[Fault("die", 3)]))
    assert segment.logprobs == pytest.approx(expected.logprobs, abs=1e-4)
    assert len(segment.logprobs) == len(segment.token_ids) + 1


def test_events_may_be_cut_anywhere():
    payloads = [json.dumps({"text": "ä\u2028\x85b"}, ensure_ascii=False), "two\nlines", "[DONE]"]
    stream = (": ping\n\n" + "".join("".join(f"data: {line}\n" for line in p.split("\n")) + "\r\n" for p in payloads) + "data: cut").encode()

    async def read(step: int) -> list[str]:
        async def chunks():
            for at in range(0, len(stream), step):
                yield stream[at : at + step]

        return [data async for data in event_data(chunks())]

    for step in (1, 2, 7, 10_000):
        assert asyncio.run(read(step)) == payloads


def failing(**settings) -> str:
    with pytest.raises(S1Error) as error:
        open_engine(Settings(engine="openai", tokenizer=EMBEDDED_MODEL, **settings))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_is_wrong_at_the_start_is_said_in_one_line(engine):
    assert "S1_BASE_URLS is empty" in failing()
    assert "number 2 is no address" in failing(base_urls="http://127.0.0.1:9,gpu-node:8000")
    assert "S1_API_KEY" in failing(base_urls="http://127.0.0.1:9", api_key="schlüssel")
    nobody = failing(base_urls="http://me:geheim@127.0.0.1:9/v1", api_key="verschwiegen")
    assert "No server can be used (http://127.0.0.1:9: " in nobody
    assert "geheim" not in nobody and "verschwiegen" not in nobody

    async def main():
        async with CompletionsServer(engine, api_key="right") as server:
            url = server.url + "/v1"
            assert "S1_API_KEY" in await asyncio.to_thread(failing, base_urls=url)
            assert "S1_API_KEY" in await asyncio.to_thread(failing, base_urls=url, api_key="wrong")
            other = await asyncio.to_thread(failing, base_urls=url, api_key="right", model="s1-32B")
            assert "it serves 's1-mini', not 's1-32B'" in other
            with pytest.raises(ModelError, match="S1_TOKENIZER"):
                await asyncio.to_thread(open_engine, Settings(engine="openai", base_urls=url, api_key="right"))
            server.root = EMBEDDED_MODEL
            settings = Settings(engine="openai", base_urls=f"http://127.0.0.1:9, {url}", api_key="right")
            remote = await asyncio.to_thread(open_engine, settings)
            assert (remote.info.model, remote.info.context_length) == ("s1-mini", engine.info.context_length)
            assert (remote.info.engine, remote.info.device) == ("openai", "2 vLLM servers")
            await remote.close()

    asyncio.run(asyncio.wait_for(main(), 240))


def test_keys_and_addresses_with_passwords_are_not_shown():
    settings = Settings.from_env({"S1_ENGINE": "openai", "S1_API_KEY": "verschwiegen", "S1_BASE_URLS": "http://me:geheim@node:8000"})
    assert settings.api_key == "verschwiegen" and "geheim" in settings.base_urls
    assert "verschwiegen" not in repr(settings) and "geheim" not in repr(settings)
