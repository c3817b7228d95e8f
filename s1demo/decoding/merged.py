"""Work done side by side: streams merged into one, and coroutines of which all are stopped when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")
Reaction = Callable[[T], Iterable[AsyncGenerator[T, None]]]


@dataclass(frozen=True)
class _Ended:
    """A stream is over, by an error or not."""

    error: BaseException | None


async def merged(streams: Iterable[AsyncGenerator[T, None]], *reactions: Reaction[T]) -> AsyncGenerator[T, None]:
    """Read streams side by side, through one queue; closing the iterator stops those still going.

    Args:
        streams: what to read.
        reactions: each is called with every item of every stream and returns the further streams to read because of it. Their
            items come after the item they react to.

    Raises:
        Exception: the error of the first stream or reaction that fails; the others are stopped.
    """
    queue: asyncio.Queue[T | _Ended] = asyncio.Queue()
    tasks: list[asyncio.Task[None]] = []

    async def read(stream: AsyncGenerator[T, None]) -> None:
        error: BaseException | None = None
        try:
            async with aclosing(stream):
                async for item in stream:
                    queue.put_nowait(item)
                    tasks.extend(asyncio.create_task(read(further)) for reaction in reactions for further in reaction(item))
        except BaseException as raised:  # the consumer raises it; without a word of it, it would wait for ever
            error = raised
        queue.put_nowait(_Ended(error))

    n_ended = 0
    try:
        tasks.extend(asyncio.create_task(read(stream)) for stream in streams)
        while n_ended < len(tasks):
            item = await queue.get()
            if not isinstance(item, _Ended):
                yield item
            elif item.error:
                raise item.error
            else:
                n_ended += 1
    finally:
        await _cancel(tasks)


async def named(name: str, stream: AsyncGenerator[T, None]) -> AsyncGenerator[tuple[str, T], None]:
    """The items of a stream, each with the stream's name."""
    async with aclosing(stream):
        async for item in stream:
            yield name, item


async def gather_or_cancel(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of coroutines run side by side, in order; where one fails or this is cancelled, all are stopped."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await _cancel(tasks)


async def map_or_cancel(function: Callable[[S], Awaitable[T]], items: Iterable[S], at_once: int) -> list[T]:
    """A function's results for many items, so many at a time, in order; where one fails or this is cancelled, all are stopped."""
    waiting, results = iter(enumerate(items)), dict[int, T]()

    async def work() -> None:
        for number, item in waiting:  # one iterator for all workers: each takes what comes next
            results[number] = await function(item)

    await gather_or_cancel(work() for _ in range(at_once))
    return [results[number] for number in sorted(results)]


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
