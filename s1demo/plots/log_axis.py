"""A log2 axis on which 0 has a place: left of a break, under a tick of its own, joined to nothing.

Plotly has only log10 axes, so powers of two are given as ticks. Knows numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from s1demo.plots.style import Palette, axis, rule

_MOST_TICKS = {False: 8, True: 5}  # by narrow


@dataclass(frozen=True)
class LogAxis:
    """The axis for some values.

    Attributes:
        lowest, highest: the powers of two around the values above 0, as exponents.
        has_zero: whether some value is 0.
    """

    lowest: int
    highest: int
    has_zero: bool

    @classmethod
    def around(cls, values: Iterable[float]) -> LogAxis:
        """The axis that holds all values, none of them negative."""
        found = list(values)
        exponents = [math.log2(value) for value in found if value > 0] or [0.0]
        return cls(math.floor(min(exponents)), max(math.ceil(max(exponents)), math.floor(min(exponents)) + 1), 0 in found)

    @property
    def zero(self) -> float:
        """Where 0 is drawn: one octave left of the lowest tick, beyond the break."""
        return float(2.0 ** (self.lowest - 1))

    def place(self, value: float) -> float:
        """Where a value is drawn."""
        return round(value, 4) or value or self.zero  # seconds of a very fast engine round to 0, which has no logarithm

    def layout(self, palette: Palette, title: str, narrow: bool) -> dict[str, Any]:
        """Plotly's x axis."""
        step = math.ceil((self.highest - self.lowest + 1) / _MOST_TICKS[narrow])
        exponents = range(self.lowest, self.highest + 1, step)
        first = [(self.zero, "0")] if self.has_zero else []
        ticks = first + [(float(2.0**n), f"{2**n:,}" if n >= 0 else f"{2.0**n:g}") for n in exponents]
        left = self.lowest - (1.35 if self.has_zero else 0.35)
        return axis(
            palette,
            title,
            type="log",
            tickangle=0,
            range=[left * math.log10(2), (self.highest + 0.35) * math.log10(2)],
            tickvals=[value for value, _ in ticks],
            ticktext=[name for _, name in ticks],
        )

    def breaks(self, palette: Palette) -> list[dict[str, Any]]:
        """The line that sets 0 apart, as plotly's shapes."""
        return [rule(self.zero * math.sqrt(2), palette.muted)] if self.has_zero else []


def gap_after_zero(values: Sequence[float]) -> int | None:
    """Where a joined series must break: after its last 0; None where it need not."""
    zeros = [position for position, value in enumerate(values) if value == 0]
    return zeros[-1] + 1 if zeros and zeros[-1] + 1 < len(values) else None
