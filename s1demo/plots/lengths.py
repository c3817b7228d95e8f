"""How long traces are: a histogram whose bars know their limits, so that a click can filter by them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from s1demo.plots.look import Palette, axis, clipped, figure, hover, shown

NO_TRACES = "No traces match. Clear a filter."
_COLOURS = ("natural", "truncated", "extended")
_HATCHES = ("", "/", "x")
_MOST_BARS = 40


def bin_width(longest: int, most: int = _MOST_BARS) -> int:
    """The least width of 1, 2 or 5 times a power of ten (and 250 times one) that needs no more than so many bins.

    Args:
        longest: the largest value, at least 0.
        most: bins.
    """
    for exponent in range(12):
        for factor in (1, 2, 2.5, 5):
            width = factor * 10**exponent
            if width == int(width) and (longest + 1) / width <= most:
                return int(width)
    return longest + 1


def lengths_figure(
    lengths: Mapping[str, Sequence[int]],
    palette: Palette,
    *,
    selected: tuple[int, int] | None = None,
    unit: str = "thinking tokens",
    narrow: bool = False,
) -> go.Figure:
    """Traces by length, a series for each kind of trace, such as Gemini's and r1's.

    Args:
        lengths: at most three series by name; the name says whose traces they are.
        palette: the colours.
        selected: the range a filter holds on to, from its first value up to but without its last; the rest is drawn faint.
        unit: what a length counts.
        narrow: for a phone.

    Returns:
        A figure; `customdata` of each bar is [series, first value, first value of the next bar].
    """
    longest = max((length for values in lengths.values() for length in values), default=0)
    width = bin_width(longest, _MOST_BARS // 2 if narrow else _MOST_BARS)
    bins = longest // width + 1
    traces = []
    named = {name: values for name, values in lengths.items() if values}
    for place, ((name, values), colour, hatch) in enumerate(zip(named.items(), _COLOURS, _HATCHES, strict=False)):
        counts = [0] * bins
        for value in values:
            counts[value // width] += 1
        bars = _bars(name, counts, width, getattr(palette, colour), hatch, palette, selected, unit)
        share = 0.92 * width / len(named)  # beside each other within their bin
        traces.append(bars.update(width=share, offset=0.04 * width + place * share))
    told = [f"{clipped(name, 40)}, {len(found):,} traces, median {_median(found):,}" for name, found in named.items()]
    return figure(
        traces,
        palette,
        f"Lengths in {unit}: {'; '.join(told)}; the longest has {longest:,}." if told else NO_TRACES,
        narrow=narrow,
        height=240,
        empty=NO_TRACES,
        barmode="overlay",
        xaxis=axis(palette, unit, rangemode="tozero", showgrid=False),
        yaxis=axis(palette, "traces", rangemode="tozero"),
    )


def _bars(
    name: str,
    counts: Sequence[int],
    width: int,
    colour: str,
    hatch: str,
    palette: Palette,
    selected: tuple[int, int] | None,
    unit: str,
) -> go.Bar:
    filled = [place for place, count in enumerate(counts) if count]
    inside = [selected is None or (selected[0] <= place * width < selected[1]) for place in filled]
    return go.Bar(
        x=[place * width for place in filled],
        y=[counts[place] for place in filled],
        name=shown(name),
        marker={
            "color": colour,
            "opacity": [1 if kept else 0.3 for kept in inside],
            "pattern": {"shape": hatch, "fillmode": "overlay", "fgcolor": palette.card},
        },
        hovertext=[
            hover(f"{counts[place]:,} traces", name, f"{place * width:,} to {(place + 1) * width - 1:,} {unit}")
            for place in filled
        ],
        hoverinfo="text",
        customdata=[[name, place * width, (place + 1) * width] for place in filled],
    )


def _median(values: Sequence[int]) -> int:
    return sorted(values)[math.ceil(len(values) / 2) - 1]
