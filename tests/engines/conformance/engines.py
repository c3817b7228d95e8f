"""Every engine the conformance suite knows, and how to open it.

To plug an engine in, write an async context manager that takes the reference engine and yields yours, and add it to `FACTORIES`;
to `EVERYWHERE` too if it needs nothing beyond requirements.txt. `CONFORMANCE_ENGINES=vllm,openai` runs the suite on just these:
an engine that is named and cannot be opened is an error, never a skip.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from s1demo.engines.base import Engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.engines.local.engine import TransformersEngine
from s1demo.engines.replay import replay
from s1demo.engines.servers.engine import OpenAIEngine
from s1demo.settings import EMBEDDED_MODEL, Settings
from tests.drivers import collect_trace
from tests.engines.completions_server import CompletionsServer
from tests.engines.conformance.cases import RECORDED_RUNS
from tests.engines.vllm_server import shared_server
from tests.engines.vllm_support import shared_vllm

Factory = Callable[[TransformersEngine], AbstractAsyncContextManager[Engine]]


@asynccontextmanager
async def transformers(reference: TransformersEngine) -> AsyncIterator[Engine]:
    yield reference


@asynccontextmanager
async def replayed(reference: TransformersEngine) -> AsyncIterator[Engine]:
    traces = await asyncio.gather(*(collect_trace(reference, *run) for run in RECORDED_RUNS))
    yield replay(traces, reference.tokenizer, speed=0)


@asynccontextmanager
async def coalescing(reference: TransformersEngine) -> AsyncIterator[Engine]:
    yield CoalescingEngine(reference)


@asynccontextmanager
async def vllm(reference: TransformersEngine) -> AsyncIterator[Engine]:
    yield shared_vllm()


@asynccontextmanager
async def openai(reference: TransformersEngine) -> AsyncIterator[Engine]:
    async with CompletionsServer(reference) as server:
        engine = await asyncio.to_thread(OpenAIEngine, Settings(base_urls=server.url, tokenizer=EMBEDDED_MODEL))
        yield engine
        await engine.close()


@asynccontextmanager
async def vllm_server(reference: TransformersEngine) -> AsyncIterator[Engine]:
    server = await asyncio.to_thread(shared_server().ready)
    engine = await asyncio.to_thread(OpenAIEngine, Settings(base_urls=server.url, tokenizer=EMBEDDED_MODEL))
    yield engine
    await engine.close()


FACTORIES: dict[str, Factory] = {
    "transformers": transformers,
    "replay": replayed,
    "coalescing": coalescing,
    "vllm": vllm,
    "openai": openai,
    "vllm-server": vllm_server,
}
EVERYWHERE = ("transformers", "replay", "coalescing", "openai")


def chosen() -> list[str]:
    """The engines this run is about."""
    names = os.environ.get("CONFORMANCE_ENGINES", ",".join(EVERYWHERE)).replace(" ", "").split(",")
    unknown = [name for name in names if name not in FACTORIES]
    if unknown:
        raise ValueError(f"CONFORMANCE_ENGINES names unknown engines: {unknown}; choose from {sorted(FACTORIES)}")
    return names
