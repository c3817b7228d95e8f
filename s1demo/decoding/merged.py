"""Several streams as one: items in the order they come, streams added on the way, all of them stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Merged(Generic[T]):
    """Streams read side by side by one consumer; leaving its `async with` block stops those still going.

    Iterating ends when all streams have ended, and raises the error of the first that fails.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[T | _Ended] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0

    def add(self, stream: AsyncGenerator[T, None]) -> None:
        """Read one more stream from now on."""
        self._running += 1
        self._tasks.add(asyncio.create_task(self._pump(stream)))

    async def _pump(self, stream: AsyncGenerator[T, None]) -> None:
        error: BaseException | None = None
        try:
            async with aclosing(stream):
                async for item in stream:
                    self._queue.put_nowait(item)
        except BaseException as raised:  # the consumer's to handle, who would wait for ever if a cancellation went unsaid
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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Ended:
    """A stream is over, by an error or not."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
