"""The engine for servers elsewhere against vLLM's own server, for real (`make test-vllm`): killed, restarted, slow, full."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from s1demo.budget import BudgetPolicy
from s1demo.engines.servers.engine import OpenAIEngine
from s1demo.errors import InputError
from s1demo.events import Request, SamplingParams, Segment
from s1demo.settings import EMBEDDED_MODEL, Settings
from tests.drivers import collect_trace, first_request
from tests.engines.vllm_server import MAX_NUM_SEQS, START_SECONDS, VLLMServer, shared_server

ASKED_FOR = "vllm" in os.environ.get("CONFORMANCE_ENGINES", "")  # then a missing vLLM is an error
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None and not ASKED_FOR, reason="vLLM is not installed here: make test-vllm"
    ),
]

QUESTION = "What is 27+48+36+9?"
LONG = 300  # tokens, without stops, so that there is time to kill


@asynccontextmanager
async def opened(*servers: VLLMServer, **options):
    options = {"tokenizer": EMBEDDED_MODEL, "server_token_seconds": 300.0, "server_patience_seconds": float(START_SECONDS)} | options
    urls = ",".join(server.url for server in servers)
    engine = await asyncio.to_thread(OpenAIEngine, Settings(base_urls=urls, **options))
    try:
        yield engine
    finally:
        await engine.close()


async def decode(engine, request: Request) -> Segment:
    async with aclosing(engine.stream(request)) as segments:
        return Segment.joined([segment async for segment in segments])


@pytest.fixture(scope="module")
def servers() -> tuple[VLLMServer, VLLMServer]:
    one, other = shared_server(), VLLMServer().start()
    return one.ready(), other.ready()


@pytest.fixture(scope="module")
def long_request(engine) -> Request:
    return replace(first_request(engine, QUESTION), max_new_tokens=LONG, stop_ids=frozenset())


@pytest.fixture(scope="module")
def long_ids(engine, long_request) -> tuple[int, ...]:
    return asyncio.run(decode(engine, long_request)).token_ids


async def received_then(engine, request: Request, n_tokens: int, act) -> tuple[int, ...]:
    """Decode, and do something to the servers once that many tokens have come."""
    ids: list[int] = []
    acted = False
    async with aclosing(engine.stream(request)) as segments:
        async for segment in segments:
            ids += segment.token_ids
            if len(ids) >= n_tokens and not acted:
                acted = True
                assert segment.finish_reason is None
                await act()
    assert acted
    return tuple(ids)


def test_runs_equal_the_direct_engine(engine, servers):
    policies = [BudgetPolicy(12, max_answer_tokens=8), BudgetPolicy(120, 2, "Hmm, let me check", 8)]

    async def main():
        async with opened(servers[0]) as remote:
            assert (remote.info.context_length, remote.info.device) == (engine.info.context_length, "vLLM server")
            for policy in policies:
                trace = await collect_trace(remote, QUESTION, policy)
                assert trace.token_ids == (await collect_trace(engine, QUESTION, policy)).token_ids

    asyncio.run(main())


def test_a_seed_samples_the_same_each_time(servers, long_request):
    hot = replace(long_request, max_new_tokens=48, sampling=SamplingParams(temperature=2.0, seed=7))  # vLLM's server takes up to 2

    async def main():
        async with opened(servers[0]) as remote:
            once, again = await decode(remote, hot), await decode(remote, hot)
            assert once == again
            others = [await decode(remote, replace(hot, sampling=replace(hot.sampling, seed=seed))) for seed in (8, 9, 10)]
            assert len({other.token_ids for other in others}) > 1, "seeds change nothing"

    asyncio.run(main())


def test_what_vllm_refuses_is_said_in_one_line(engine, servers, long_request):
    async def main():
        async with opened(servers[0], server_context_length=2 * engine.info.context_length) as remote:
            too_long = replace(long_request, prompt_ids=(5,) * engine.info.context_length)
            too_hot = replace(long_request, sampling=SamplingParams(temperature=3.0))
            for request in (too_long, too_hot, replace(long_request, prompt_ids=(5, 10**6))):
                with pytest.raises(InputError, match="The server refuses the request") as refused:
                    await decode(remote, request)
                assert "\n" not in str(refused.value)

    asyncio.run(main())


def test_a_full_server_serves_everyone_in_the_end(servers, long_request, long_ids):
    async def main():
        async with opened(servers[0]) as remote:
            requests = [replace(long_request, max_new_tokens=40)] * (3 * MAX_NUM_SEQS)
            segments = await asyncio.gather(*(decode(remote, request) for request in requests))
            assert {segment.token_ids for segment in segments} == {long_ids[:40]}

    asyncio.run(main())


def test_cancelling_frees_the_request_on_the_server(servers, long_request):
    async def main():
        async with opened(servers[0]) as remote:
            async with aclosing(remote.stream(replace(long_request, max_new_tokens=900))) as segments:
                await anext(segments)
            async with asyncio.timeout(60):
                while await asyncio.to_thread(servers[0].running_requests):
                    await asyncio.sleep(0.2)

    asyncio.run(main())


def test_a_slow_server_is_waited_for(servers, long_request, long_ids):
    async def main():
        async def pause():
            servers[0].pause()
            asyncio.get_running_loop().call_later(3, servers[0].resume)

        async with opened(servers[0]) as remote:
            assert await received_then(remote, long_request, 10, pause) == long_ids

    asyncio.run(main())


def test_a_server_that_hangs_is_left_for_another(servers, long_request, long_ids):
    async def main():
        async with opened(*servers, server_token_seconds=20.0) as remote:
            try:
                # Both are idle, and equally loaded servers take turns: the first one is asked first.
                assert await received_then(remote, long_request, 10, lambda: asyncio.to_thread(servers[0].pause)) == long_ids
            finally:
                servers[0].resume()

    asyncio.run(main())


def test_a_server_killed_in_mid_stream_costs_nothing_but_a_pause(servers, long_request, long_ids):
    async def main():
        async with opened(servers[1], servers[0]) as remote:
            assert await received_then(remote, long_request, 10, lambda: asyncio.to_thread(servers[1].kill)) == long_ids
            assert (await decode(remote, replace(long_request, max_new_tokens=8))).token_ids == long_ids[:8]

    asyncio.run(main())


def test_a_lone_server_killed_and_started_again_goes_on_where_it_was(servers, long_request, long_ids):
    async def main():
        async def restart():
            await asyncio.to_thread(servers[0].kill)
            servers[0].start()

        async with opened(servers[0]) as remote:
            assert await received_then(remote, long_request, 10, restart) == long_ids

    asyncio.run(main())
    servers[0].ready()
