"""Reading speed: s1-mini writes a trace in a fifth of a second, faster than anyone reads. Pure; the caller brings the clock.

Only the page is slowed down, and only while it lags little; seconds and tokens per second stay the engine's.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from s1demo.events import Tokens

READING_TOKENS_PER_SECOND = 40.0
MAX_LAG_SECONDS = 4.0  # a long trace is shown faster, so that the page never falls further behind


@dataclass(frozen=True)
class Timed:
    """An event on its way to the page.

    Attributes:
        seconds: when it happened, from the start of the comparison.
        run: the run it belongs to.
        event: what happened.
    """

    seconds: float
    run: str
    event: Any


class Pacer:
    """Holds events back until a reader can follow: all runs advance token by token at the same speed.

    Args:
        tokens_per_second: how fast each run may advance; None shows everything at once.
    """

    def __init__(self, tokens_per_second: float | None) -> None:
        self._speed = tokens_per_second
        self._waiting: dict[str, deque[tuple[int, Timed]]] = {}  # per run, each event with the token count it is shown at
        self._positions: dict[str, int] = {}
        self._allowed = 0.0
        self._last: float | None = None

    @property
    def waiting(self) -> bool:
        """Whether events are held back."""
        return any(self._waiting.values())

    def add(self, timed: Timed) -> None:
        """Take an event, in order within its run."""
        position = self._positions.setdefault(timed.run, 0)
        self._waiting.setdefault(timed.run, deque()).append((position, timed))
        if isinstance(timed.event, Tokens):
            self._positions[timed.run] += len(timed.event.token_ids)

    def due(self, now: float) -> list[Timed]:
        """The events to show now, in order within each run.

        Args:
            now: seconds of any clock that runs on.
        """
        self._allowed = self._allowance(now)
        due = []
        for queue in self._waiting.values():
            while queue and queue[0][0] <= self._allowed:
                due.append(queue.popleft()[1])
        if not self.waiting:  # nothing held back: time that passes now is not saved up
            self._allowed = min(self._allowed, float(max(self._positions.values(), default=0)))
        return due

    def _allowance(self, now: float) -> float:
        """How many tokens of each run may be on the page."""
        if self._speed is None:
            return math.inf
        passed = 0.0 if self._last is None else now - self._last
        self._last = now
        behind = max((queue[-1][0] for queue in self._waiting.values() if queue), default=0) - self._allowed
        return self._allowed + max(self._speed, behind / MAX_LAG_SECONDS) * passed
