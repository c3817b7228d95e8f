"""Carries segments from a thread that decodes to consumers on event loops. Knows no model and no request."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from s1demo.errors import S1Error
from s1demo.events import Segment

Item = Segment | S1Error


class Mailbox:
    """One consumer's segments, to be iterated on the event loop it was made on: a slow consumer gets several in one.

    Iterating ends after the segment with a finish reason. It raises the error that arrives instead, as a new one of its kind, so
    that no two consumers share a traceback.

    Args:
        fresh: where the mailbox notes that it has something new; the decode thread hands it to `wake_consumers` once a step.
    """

    def __init__(self, fresh: list[Mailbox]) -> None:
        self.loop = asyncio.get_running_loop()
        self._fresh = fresh
        self._items: deque[Item] = deque()
        self._arrived = asyncio.Event()
        self._finished = False

    def put(self, item: Item) -> None:
        """Called from the decode thread."""
        self._items.append(item)
        self._fresh.append(self)

    def wake(self) -> None:
        """Called on the consumer's event loop."""
        self._arrived.set()

    def __aiter__(self) -> Mailbox:
        return self

    async def __anext__(self) -> Segment:
        if self._finished:
            raise StopAsyncIteration
        while not self._items:
            self._arrived.clear()
            await self._arrived.wait()
        segments: list[Segment] = []
        while self._items:
            item = self._items.popleft()
            if isinstance(item, S1Error):
                raise type(item)(str(item))
            segments.append(item)
        segment = Segment.joined(segments)
        self._finished = segment.finish_reason is not None
        return segment


def wake_consumers(fresh: list[Mailbox]) -> None:
    """Wake everyone who got something, with one call per event loop; called from the decode thread.

    Args:
        fresh: the mailboxes that got something since the last call; emptied.
    """
    for loop in {mailbox.loop for mailbox in fresh}:
        with contextlib.suppress(RuntimeError):  # the event loop may be gone, and its consumers with it
            loop.call_soon_threadsafe(_wake_all, [mailbox for mailbox in fresh if mailbox.loop is loop])
    fresh.clear()


def _wake_all(mailboxes: list[Mailbox]) -> None:
    for mailbox in mailboxes:
        mailbox.wake()
