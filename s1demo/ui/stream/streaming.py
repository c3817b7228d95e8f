"""From an iterator of events to the page: ten updates a second, numbered, with a heartbeat, ended at once when asked.

Knows asyncio and `render`; knows neither gradio nor any engine. Gradio notices a closed tab only when a generator yields, hence
the heartbeat: no update waits longer than `HEARTBEAT_SECONDS` for the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

from s1demo.errors import S1Error
from s1demo.ui.stream.pace import Pacer, Timed
from s1demo.ui.stream.render import Op, OpLog, coalesce

TICK_SECONDS = 0.1
HEARTBEAT_SECONDS = 0.4
TOO_LONG = "Stopped after {:.0f} s, the longest a run may take here. Lower the budget or the number of Waits."
SOMETHING_WRONG = "Something went wrong on our side; nothing you typed is lost. Run it again, or reload the page."

log = logging.getLogger(__name__)
T = TypeVar("T")
Message = dict[str, Any]


class Pump(Generic[T]):
    """Reads an async iterator in the background and yields what came, in batches.

    Args:
        source: the iterator to read; it is closed as soon as the pump stops.
        max_seconds: reading ends after this time.

    Attributes:
        patience_seconds: where nothing came for so long, the batch is empty.
    """

    def __init__(self, source: AsyncGenerator[T, None], max_seconds: float) -> None:
        self._source = source
        self._max_seconds = max_seconds
        self._queue: asyncio.Queue[tuple[float, T] | BaseException | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._last_batch = 0.0
        self.patience_seconds = HEARTBEAT_SECONDS

    async def batches(self) -> AsyncGenerator[list[tuple[float, T]], None]:
        """Yield lists of (seconds since the start, item), at most one per tick; an empty list is a heartbeat.

        Raises:
            S1Error: what the source raised, or that the time is up.
        """
        self._task = asyncio.create_task(self._read())
        try:
            ended = False
            while not ended:
                batch, ended = await self._next_batch()
                self._last_batch = time.monotonic()
                yield batch
        finally:
            self.stop()
            await asyncio.gather(self._task, return_exceptions=True)

    def stop(self) -> None:
        """End the source now; `batches` yields what has come and ends."""
        if self._task is not None and not self._task.cancelling():  # a second cancellation would break off the source's clean-up
            self._task.cancel()
        self._queue.put_nowait(None)

    async def _read(self) -> None:
        start = time.monotonic()
        try:
            async with asyncio.timeout(self._max_seconds), aclosing(self._source) as source:
                async for item in source:
                    self._queue.put_nowait((time.monotonic() - start, item))
            self._queue.put_nowait(None)
        except TimeoutError:
            self._queue.put_nowait(S1Error(TOO_LONG.format(self._max_seconds)))
        except Exception as error:  # raised again where the batches are read
            self._queue.put_nowait(error)

    async def _next_batch(self) -> tuple[list[tuple[float, T]], bool]:
        try:
            items = [await asyncio.wait_for(self._queue.get(), self.patience_seconds)]
        except TimeoutError:
            return [], False
        if items[0] is not None:
            await asyncio.sleep(max(0.0, self._last_batch + TICK_SECONDS - time.monotonic()))
        while not self._queue.empty():
            items.append(self._queue.get_nowait())
        batch: list[tuple[float, T]] = []
        for item in items:
            if item is None:
                return batch, True
            if isinstance(item, BaseException):
                if batch:  # first what came before it
                    self._queue.put_nowait(item)
                    return batch, False
                raise item
            batch.append(item)
        return batch, False


class View(Protocol):
    """Folds what happens into view operations; `render.ComparisonView` is one."""

    def feed(self, name: str, event: Any, seconds: float) -> list[Op]:
        """The operations of one event of the run `name`, `seconds` after the start."""
        ...


class ViewStream:
    """One run of a view, such as a comparison, on its way to one page.

    Args:
        number: larger than that of every earlier stream to the same page.
        view: folds the events.
        events: (run name, event) pairs as they happen.
        max_seconds: the longest the run may take.
        tokens_per_second: the fastest the page shows a run; None shows what has come.
    """

    def __init__(
        self,
        number: int,
        view: View,
        events: AsyncGenerator[tuple[str, Any], None],
        max_seconds: float,
        tokens_per_second: float | None = None,
    ) -> None:
        self.number = number
        self.closed = asyncio.Event()
        self._stop = asyncio.Event()
        self.view = view
        self._pacer = Pacer(tokens_per_second)
        self._pump = Pump(events, max_seconds)
        self._sent = OpLog()
        self._n = 0
        self._stopped = ""
        self._resync = False

    async def messages(self) -> AsyncGenerator[Message, None]:
        """Yield `{"run", "n", "full", "ops"}`.

        `n` counts from 1 without a gap, `full` marks a message that repeats everything before it, `ops` is JSON text.
        """
        try:
            yield self._message([])  # the page learns at once that its run has begun
            try:
                async with aclosing(self._pump.batches()) as batches:
                    async for batch in batches:
                        for seconds, (name, event) in batch:
                            self._pacer.add(Timed(seconds, name, event))
                        yield self._message(self._show())
                while self._pacer.waiting and not self._stopped:
                    await self._tick()
                    yield self._message(self._show())
                yield self._message([["stopped", self._stopped], ["done"]] if self._stopped else [["done"]])
            except Exception as error:
                yield self._message([["problem", describe(error)], ["stopped", "stopped"], ["done"]])
        finally:
            self._pump.stop()
            self.closed.set()

    def full_message(self) -> Message:
        """Everything this stream has sent, as one message."""
        return {"run": self.number, "n": self._n, "full": True, "ops": _packed(self._sent.ops)}

    def resync(self) -> None:
        """Make the next message a full one."""
        self._resync = True

    def stop(self, why: str) -> None:
        """End the engine's work now; unfinished runs keep what they have.

        Args:
            why: the state in words, such as "stopped".
        """
        self._stopped = why
        self._stop.set()
        self._pump.stop()

    def _show(self) -> list[Op]:
        """The operations of all events whose time has come."""
        due = self._pacer.due(time.monotonic())
        self._pump.patience_seconds = TICK_SECONDS if self._pacer.waiting else HEARTBEAT_SECONDS
        return [op for timed in due for op in self.view.feed(timed.run, timed.event, timed.seconds)]

    async def _tick(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), TICK_SECONDS)

    def _message(self, ops: list[Op]) -> Message:
        self._n += 1
        ops = coalesce(ops)
        self._sent.extend(ops)
        if self._resync:
            self._resync = False
            return self.full_message()
        return {"run": self.number, "n": self._n, "full": False, "ops": _packed(ops)}


class Sessions:
    """The live runs of every open page, one of each kind (each tab has its own) at most."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], ViewStream] = {}
        self._number = 0

    async def open(self, session: str, kind: str, make: Callable[[int], ViewStream]) -> ViewStream:
        """Start a page's next run of one kind in place of the one that may still be under way.

        Args:
            session: the page.
            kind: what runs there, such as "compare".
            make: builds the stream from its number.
        """
        await self.stop(session, kind)
        self._number = max(self._number + 1, int(time.time() * 1000))  # grows over restarts, too: pages stay open
        stream = self._streams[session, kind] = make(self._number)
        return stream

    def find(self, session: str, kind: str) -> ViewStream | None:
        """A page's latest run of one kind, under way or over."""
        return self._streams.get((session, kind))

    async def stop(self, session: str, kind: str, why: str = "stopped") -> None:
        """End a page's run of one kind and wait until its engine work has ended; nothing happens if there is none."""
        stream = self._streams.get((session, kind))
        if stream is not None and not stream.closed.is_set():
            stream.stop(why)
            try:
                await asyncio.wait_for(stream.closed.wait(), 2)
            except TimeoutError:
                log.warning("a run took more than 2 s to stop")

    async def close(self, session: str) -> None:
        """Forget a page that was closed, and end its runs."""
        kinds = [kind for owner, kind in self._streams if owner == session]
        await asyncio.gather(*(self.stop(session, kind) for kind in kinds))
        for kind in kinds:
            self._streams.pop((session, kind), None)

    def resync(self, session: str, kind: str) -> Message | None:
        """Repeat a page's run: within its stream while that is under way, else as the message returned."""
        stream = self._streams.get((session, kind))
        if stream is None:
            return None
        if stream.closed.is_set():
            return stream.full_message()
        stream.resync()
        return None


def _packed(ops: list[Op]) -> str:
    # As text: Gradio 6.31 sends differences between values, and those of lists within lists arrive corrupted where both shrink.
    return json.dumps(ops, ensure_ascii=False, separators=(",", ":"))


def describe(error: Exception) -> str:
    """The sentence a visitor is shown; details of unexpected errors go to the log only."""
    if isinstance(error, S1Error):
        return str(error)
    log.error("a run failed", exc_info=error)
    return SOMETHING_WRONG
