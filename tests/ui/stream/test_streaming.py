"""From events to numbered messages: ticks, heartbeats, stopping, resync, errors. No server, no browser."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from s1demo.decoding.runs import compare
from s1demo.errors import InputError
from s1demo.events import Event
from s1demo.policies import comparison_policies
from s1demo.ui.stream.render import ComparisonView, coalesce
from s1demo.ui.stream.streaming import SOMETHING_WRONG, Sessions, ViewStream
from s1demo.ui.stream.verdicts import Truth
from tests.ui.fake_engine import ScriptedEngine

NAMES = ["truncated", "natural", "extended"]


def stream_of(engine: ScriptedEngine, waits: int = 2, max_seconds: float = 60, number: int = 1) -> ViewStream:
    events = compare(engine, "How many r in strawberry?", comparison_policies(8, waits))
    return ViewStream(number, ComparisonView(NAMES, Truth("3")), events, max_seconds)


def failing(error: Exception) -> ViewStream:
    async def events() -> AsyncGenerator[tuple[str, Event], None]:
        raise error
        yield

    return ViewStream(1, ComparisonView(NAMES), events(), 60)


async def collect(stream: ViewStream, on_message: Callable[[dict], Any] = lambda message: None) -> list[dict]:
    messages = []
    async with aclosing(stream.messages()) as source:
        async for message in source:
            messages.append(message)
            on_message(message)
    return messages


def ops_of(messages: list[dict]) -> list[list]:
    return [op for message in messages for op in json.loads(message["ops"])]


def kinds(messages: list[dict]) -> list[str]:
    return [op[0] for op in ops_of(messages)]


def test_messages_are_numbered_and_end_with_done():
    messages = asyncio.run(collect(stream_of(ScriptedEngine())))
    assert [message["n"] for message in messages] == [*range(1, len(messages) + 1)]
    assert {message["run"] for message in messages} == {1}
    assert kinds(messages)[-1] == "done"
    assert kinds(messages).count("answer") == 3


def test_about_ten_messages_a_second_whatever_the_engine_does():
    engine = ScriptedEngine(seconds_per_token=0.002, thinking=["word " * 300])
    start = time.monotonic()
    messages = asyncio.run(collect(stream_of(engine, waits=0)))
    assert len(messages) <= 5 + (time.monotonic() - start) / 0.1


def test_a_waiting_engine_gives_heartbeats():
    async def first_messages() -> list[str]:
        seen: list[str] = []
        async with aclosing(stream_of(ScriptedEngine(seconds_per_token=3600)).messages()) as messages:
            async for message in messages:
                seen.append(message["ops"])
                if len(seen) == 5:
                    break
        return seen

    assert asyncio.run(first_messages())[-1] == "[]"


@pytest.mark.parametrize("seconds_per_token", [0.02, 3600], ids=["decoding", "waiting for the first token"])
def test_stop_ends_the_engines_work_at_once_and_keeps_what_is_there(seconds_per_token):
    async def stopped() -> list[dict]:
        engine, sessions = ScriptedEngine(seconds_per_token), Sessions()
        stream = await sessions.open("page", "compare", lambda number: stream_of(engine, waits=8, number=number))
        task = asyncio.create_task(collect(stream))
        while not engine.active_requests:
            await asyncio.sleep(0.01)
        await sessions.stop("page", "compare")
        assert engine.active_requests == 0 and stream.closed.is_set()
        return await task

    assert ops_of(asyncio.run(stopped()))[-2:] == [["stopped", "stopped"], ["done"]]


def test_abandoning_the_messages_ends_the_engines_work():
    async def abandoned() -> int:
        engine = ScriptedEngine(0.01)
        async with aclosing(stream_of(engine).messages()) as messages:
            async for message in messages:
                if message["n"] == 3:
                    break
        return engine.active_requests

    assert asyncio.run(abandoned()) == 0


def test_a_new_run_of_the_same_page_takes_the_place_of_the_old():
    async def twice() -> tuple[list[dict], int, int]:
        engine, sessions = ScriptedEngine(0.02), Sessions()
        first = await sessions.open("page", "compare", lambda number: stream_of(engine, waits=8, number=number))
        task = asyncio.create_task(collect(first))
        while not engine.active_requests:
            await asyncio.sleep(0.01)
        second = await sessions.open("page", "compare", lambda number: stream_of(engine, number=number))
        return await task, first.number, second.number

    messages, first, second = asyncio.run(twice())
    assert "stopped" in kinds(messages)
    assert second > first


def test_the_time_limit_ends_a_run_with_a_sentence():
    engine = ScriptedEngine(0.05)
    messages = asyncio.run(collect(stream_of(engine, waits=8, max_seconds=0.3)))
    problems = [op[1] for op in ops_of(messages) if op[0] == "problem"]
    assert len(problems) == 1 and "longest" in problems[0]
    assert kinds(messages)[-2:] == ["stopped", "done"]
    assert engine.active_requests == 0


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(InputError("Say what to do."), "Say what to do."), (ValueError("secret /path/of/this/machine"), SOMETHING_WRONG)],
)
def test_errors_for_people_are_shown_and_others_are_not(error, sentence):
    messages = asyncio.run(collect(failing(error)))
    assert ops_of(messages) == [["problem", sentence], ["stopped", "stopped"], ["done"]]


@pytest.mark.parametrize("lost_at", [2, 4])
def test_a_resync_repeats_everything_in_one_message(lost_at):
    stream = stream_of(ScriptedEngine(0.01))
    messages = asyncio.run(collect(stream, lambda m: stream.resync() if m["n"] == lost_at else None))
    plain = ops_of([message for message in messages if not message["full"]])
    full = [message for message in messages if message["full"]]
    assert [message["n"] for message in full] == [lost_at + 1]
    after = ops_of([*full, *(message for message in messages if message["n"] > lost_at + 1)])
    assert coalesce(after) == json.loads(stream.full_message()["ops"])
    assert len(plain) < len(after) + lost_at * 100


def test_a_finished_stream_is_repeated_by_its_session():
    async def finished() -> tuple[Any, Any, Any]:
        sessions = Sessions()
        stream = await sessions.open("page", "compare", lambda number: stream_of(ScriptedEngine(), number=number))
        await collect(stream)
        message, unknown = sessions.resync("page", "compare"), sessions.resync("other", "compare")
        await sessions.close("page")
        return message, unknown, sessions.resync("page", "compare")

    message, unknown, closed = asyncio.run(finished())
    assert message["full"] and kinds([message])[-1] == "done"
    assert unknown is None and closed is None


def test_stopping_twice_lets_the_source_clean_up():
    """A sweep closes its journal there; broken off, the file would stay locked and the next run be refused."""
    cleaned = []

    async def source():
        try:
            await asyncio.sleep(60)
            yield "natural", None
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(True)

    async def stopped_twice():
        stream = ViewStream(1, ComparisonView(NAMES), source(), 60)
        task = asyncio.create_task(collect(stream))
        await asyncio.sleep(0.01)
        stream.stop("stopped")
        stream.stop("stopped")
        await task

    asyncio.run(stopped_twice())
    assert cleaned == [True]
