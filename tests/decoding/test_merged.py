"""Streams merged into one: their own sequence, reactions, errors, and the end of them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import pytest

from s1demo.decoding.merged import gather_or_cancel, map_or_cancel, merged


class Streams:
    """Numbered streams, and which of them are still open."""

    def __init__(self) -> None:
        self.open: set[str] = set()

    async def __call__(self, name: str, n: int, fails: Exception | None = None) -> AsyncGenerator[str, None]:
        self.open.add(name)
        try:
            for i in range(n):
                await asyncio.sleep(0)
                yield f"{name}{i}"
            if fails:
                raise fails
        finally:
            self.open.discard(name)


def test_each_streams_items_keep_their_sequence_and_reactions_come_after_what_they_react_to():
    streams = Streams()

    def react(item: str) -> Iterator[AsyncGenerator[str, None]]:
        if item in ("a1", "b2", "c-b20"):  # a reaction may be reacted to
            yield streams(f"c-{item}", 2)

    async def collect() -> list[str]:
        both = merged([streams("a", 3), streams("b", 9)], react, lambda item: [streams("d", 1)] if item == "a0" else [])
        return [item async for item in both]

    items = asyncio.run(collect())
    assert [item for item in items if item[0] == "a"] == ["a0", "a1", "a2"]
    assert [item for item in items if item[0] == "b"] == [f"b{i}" for i in range(9)]
    for cause, effects in (("a1", ["c-a10", "c-a11"]), ("b2", ["c-b20", "c-b21"]), ("c-b20", ["c-c-b200", "c-c-b201"]), ("a0", ["d0"])):
        assert [item for item in items if item in effects] == effects and items.index(cause) < items.index(effects[0])
    assert len(items) == 3 + 9 + 2 + 2 + 2 + 1 and not streams.open


@pytest.mark.parametrize("where", ["a stream", "a reaction's stream", "a reaction"])
def test_the_first_error_is_raised_and_stops_the_others(where):
    streams, error = Streams(), ValueError("broken")

    def react(item: str) -> Iterator[AsyncGenerator[str, None]]:
        if where == "a reaction" and item == "a2":
            raise error
        if where == "a reaction's stream" and item == "a2":
            yield streams("c", 1, error)

    async def collect() -> None:
        async for _ in merged([streams("a", 3, error if where == "a stream" else None), streams("b", 10**9)], react):
            pass

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(collect())
    assert not streams.open


def test_leaving_stops_all_streams_reactions_too():
    streams = Streams()

    async def leave() -> None:
        both = merged([streams("a", 10**9)], lambda item: [streams("c", 10**9)] if item == "a0" else [])
        async with aclosing(both) as items:
            async for item in items:
                if item == "c5":
                    assert streams.open == {"a", "c"}
                    break
        assert not streams.open

    asyncio.run(leave())


def test_work_side_by_side_comes_in_order_and_ends_together():
    async def work(n: int) -> int:
        await asyncio.sleep(0.001 * (5 - n))
        if n == 4:
            raise ValueError("broken")
        return n

    assert asyncio.run(gather_or_cancel(map(work, range(4)))) == [0, 1, 2, 3]

    async def fail() -> set[asyncio.Task]:
        with pytest.raises(ValueError, match="broken"):
            await gather_or_cancel([work(4), asyncio.sleep(60)])
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(fail()) == set()


def test_many_items_are_worked_on_so_many_at_a_time_and_results_keep_their_order():
    running, most = 0, 0

    async def work(n: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5 - n % 5):  # later ones are ready first
            await asyncio.sleep(0)
        running -= 1
        return 10 * n

    assert asyncio.run(map_or_cancel(work, range(12), 3)) == [10 * n for n in range(12)] and most == 3
    assert asyncio.run(map_or_cancel(work, [], 3)) == []


def test_an_item_that_fails_stops_the_others_and_those_that_wait_are_not_begun():
    begun = []

    async def work(n: int) -> None:
        begun.append(n)
        if n == 1:
            raise ValueError("broken")
        await asyncio.sleep(60)

    async def fail() -> set[asyncio.Task]:
        with pytest.raises(ValueError, match="broken"):
            await map_or_cancel(work, range(9), 2)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(fail()) == set() and begun == [0, 1]
