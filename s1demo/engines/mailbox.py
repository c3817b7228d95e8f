"""Carries segments from a thread that decodes to consumers on event loops. Knows no model and no request."""

from __future__ import annotations

import asyncio
import contextlib

from s1demo.errors import S1Error
from s1demo.events import Segment

Item = Segment | S1Error


class Mailbox:
    """One consumer's segments, to be iterated on the event loop it was made on: a slow consumer gets several in one.

    Iterating ends after the segment with a finish reason. It raises the error that arrives instead, as a new one of its kind, so
    that no two consumers share a traceback.

    Args:
        sent: where the mailbox keeps what was put into it until the decode thread calls `deliver`, once a step.
    """

    def __init__(self, sent: Sent) -> None:
        self.loop = asyncio.get_running_loop()
        self.items: asyncio.Queue[Item] = asyncio.Queue()
        self._sent = sent
        self._finished = False

    def put(self, item: Item) -> None:
        """Called from the decode thread."""
        self._sent.append((self, item))

    def __aiter__(self) -> Mailbox:
        return self

    async def __anext__(self) -> Segment:
        if self._finished:
            raise StopAsyncIteration
        segments: list[Segment] = []
        while not segments or not self.items.empty():
            item = await self.items.get()
            if isinstance(item, S1Error):
                raise type(item)(str(item))
            segments.append(item)
        segment = Segment.joined(segments)
        self._finished = segment.finish_reason is not None
        return segment


Sent = list[tuple[Mailbox, Item]]


def deliver(sent: Sent) -> None:
    """Hand everyone what was sent, with one call per event loop; called from the decode thread.

    Args:
        sent: what was put into mailboxes since the last call; emptied.
    """
    for loop in {mailbox.loop for mailbox, _ in sent}:
        with contextlib.suppress(RuntimeError):  # the event loop may be gone, and its consumers with it
            loop.call_soon_threadsafe(_fill, [(mailbox, item) for mailbox, item in sent if mailbox.loop is loop])
    sent.clear()


def _fill(sent: Sent) -> None:
    for mailbox, item in sent:
        mailbox.items.put_nowait(item)
