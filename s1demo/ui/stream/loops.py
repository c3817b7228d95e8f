"""Whether a sequence repeats itself: reasoning models get stuck in loops, above all when their end is suppressed again and again.

Pure: works on ids, lines or anything that can be compared. Only exact repetition counts; a loop that counts upwards is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

COPIES = 3  # of the same stretch in a row
SHORTEST = 24  # items these copies take up at least: "1 1 1" is no loop
WINDOW = 1024  # items at the end that are searched, so no stretch of more than a third of them is found


@dataclass(frozen=True)
class Loop:
    """A stretch that repeats itself up to the end of a sequence.

    Attributes:
        start: index of the first item that only repeats what comes before it.
        period: items of the stretch.
    """

    start: int
    period: int


def find_loop(items: Sequence[object], copies: int = COPIES, shortest: int = SHORTEST, window: int = WINDOW) -> Loop | None:
    """The loop a sequence ends in, the shortest stretch that makes one.

    Args:
        items: the sequence, such as the token ids of a trace so far.
        copies: how often the stretch must stand in a row, the first one counted.
        shortest: items all copies together must take up.
        window: how many items at the end are searched; time grows with it, not with the sequence.

    Returns:
        None where the sequence does not end in a loop.
    """
    tail = items[-window:][::-1]
    matches = _prefix_matches(tail)
    for period in range(1, len(tail) // copies + 1):
        if period + matches[period] >= max(copies * period, shortest):
            start = len(items) - 1
            while start >= period and items[start] == items[start - period]:
                start -= 1
            return Loop(start + 1, period)
    return None


def _prefix_matches(items: Sequence[object]) -> list[int]:
    """How many items from each index on equal those from the first on (the Z function, linear time)."""
    n = len(items)
    matches = [0] * n
    left = right = 0
    for i in range(1, n):
        if i < right:
            matches[i] = min(right - i, matches[i - left])
        while i + matches[i] < n and items[matches[i]] == items[i + matches[i]]:
            matches[i] += 1
        if i + matches[i] > right:
            left, right = i, i + matches[i]
    return matches


class LoopWatch:
    """Searches a growing sequence for a loop, ever less often, so that all searches together take time linear in its length.

    Attributes:
        loop: the first one found, None while there is none.
    """

    def __init__(self) -> None:
        self.loop: Loop | None = None
        self._next_search = SHORTEST

    def search(self, items: Sequence[object], *, now: bool = False) -> Loop | None:
        """The loop where it has just been found, None before and afterwards.

        Args:
            items: the sequence so far; it only grows.
            now: search in any case, such as at its end.
        """
        if self.loop is not None or (len(items) < self._next_search and not now):
            return None
        self._next_search = len(items) + max(SHORTEST, len(items) // 32)
        self.loop = find_loop(items)
        return self.loop
