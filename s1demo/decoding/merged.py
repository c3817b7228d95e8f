"""Work done side by side: streams merged into one, and coroutines of which all are stopped when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
Reaction = Callable[[T], Iterable[AsyncGenerator[T, None]]]


class Merged(Generic[T]):
    """Streams read side by side by one consumer, through one queue; leaving its `async with` block stops those still going.

    Iterating ends when all streams have ended. It raises the error of the first that fails.

    Args:
        reactions: each is called with every item of every stream and returns the further streams to read because of it. Their
            items come after the item they react to.
    """

    def __init__(self, *reactions: Reaction[T]) -> None:
        self._reactions = reactions
        self._queue: asyncio.Queue[T | _Ended] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0

    def add(self, stream: AsyncGenerator[T, None]) -> None:
        """Read one more stream from now on."""
        self._running += 1
        self._tasks.add(asyncio.create_task(self._read(stream)))

    async def _read(self, stream: AsyncGenerator[T, None]) -> None:
        error: BaseException | None = None
        try:
            async with aclosing(stream):
                async for item in stream:
                    self._queue.put_nowait(item)
                    for reaction in self._reactions:
                        for further in reaction(item):
                            self.add(further)
        except BaseException as raised:  # the consumer raises it; without a word of it, it would wait for ever
            error = raised
        self._queue.put_nowait(_Ended(error))

    async def __aiter__(self) -> AsyncIterator[T]:
        while self._running:
            item = await self._queue.get()
            if isinstance(item, _Ended):
                self._running -= 1
                if item.error:
                    raise item.error
            else:
                yield item

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await _cancel(self._tasks)


async def named(name: str, stream: AsyncGenerator[T, None]) -> AsyncGenerator[tuple[str, T], None]:
    """The items of a stream, each with the stream's name."""
    async with aclosing(stream):
        async for item in stream:
            yield name, item


class _Ended:
    """A stream is over, by an error or not."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


async def gather_or_cancel(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of coroutines run side by side, in order; where one fails or this is cancelled, all are stopped."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await _cancel(tasks)


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
