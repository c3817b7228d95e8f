"""Accuracy against thinking, one benchmark at a time: what was measured here solid, what the paper published hollow and dashed.

No series joins two runs, two models or two benchmarks, and none holds both kinds of number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import plotly.graph_objects as go

from s1demo.errors import InputError, one_line
from s1demo.evals.benchmarks import same_benchmark
from s1demo.evals.published import PublishedSeries
from s1demo.evals.results import RunResult
from s1demo.plots.dots import BUDGET_FORCING, MARKS, Dot, SeriesKind, XAxis, measured_dots, published_dots
from s1demo.plots.log_axis import LogAxis, gap_after_zero
from s1demo.plots.style import (
    Attribution,
    Palette,
    counted,
    figure,
    in_legend,
    legend_name,
    listing,
    percent,
    percent_axis,
    shown,
    whiskers,
)

NO_POINTS = "Nothing measured on this benchmark yet. Run a sweep."
_SIZE, _THIN_SIZE = 9, 5
_OTHERS = ("hexagon", "star", "cross", "triangle-down", "bowtie")  # symbols of the paper's further methods
_DASH_NOW = "dot"
_DASHES = ("solid", "longdashdot", "dashdot")  # of measured series of one kind, in the order of their runs


def accuracy_figure(
    runs: Mapping[str, RunResult],
    published: Sequence[PublishedSeries],
    benchmark: str,
    palette: Palette,
    *,
    names: Mapping[str, str],
    cost: XAxis = XAxis.THINKING,
    tokens_per_second: float | None = None,
    now: Container[str] = (),
    draws: Container[str] = (),
    narrow: bool = False,
) -> go.Figure:
    """Accuracy against what it cost, on a log2 axis.

    Args:
        runs: measured runs by key; those on other benchmarks are left out.
        published: the paper's series; those on other benchmarks are left out, and all of them unless the axis counts thinking
            tokens: the paper gives neither answer tokens nor times. Their intervals are drawn where there is one series only,
            and named in each hover.
        benchmark: which one, in capitals or not.
        tokens_per_second: how fast one run decodes, for `XAxis.SECONDS`.
        names: by key, what the runs are called in words, and in the legend where it must tell them apart.
        now: keys of runs measured on the page just now; they have a group of their own in the legend.
        draws: keys of runs of the same recipe with other rows and another seed: each is one thin line behind the others, and not
            for the pointer: its smaller marks would win over those that cover them. Draws alone are runs like any other.

    Returns:
        A figure; `customdata` of each measured point is [run key, point label], published traces have none.

    Raises:
        InputError: seconds without a rate.
    """
    if cost is XAxis.SECONDS and not (tokens_per_second and tokens_per_second > 0):
        raise InputError("Seconds need a rate above 0. Give tokens_per_second, or choose tokens for the axis.")
    here = {key: run for key, run in runs.items() if same_benchmark(run.benchmark, benchmark)}
    whose = {key: Attribution.NOW if key in now else Attribution.MEASURED for key in here}
    measured = {key: measured_dots(key, run, cost, tokens_per_second or 1.0, whose[key]) for key, run in here.items()}
    paper = [series for series in published if same_benchmark(series.benchmark, benchmark)] if cost is XAxis.THINKING else []
    printed = [(series, published_dots(series)) for series in paper]
    scale = LogAxis.around(dot.cost for found in [*measured.values(), *(found for _, found in printed)] for dot in found)
    thick = [key for key in here if key not in draws] or [*here]
    thin = [key for key in here if key not in thick]
    traces = [_thin_line(measured[key], scale, palette, names[key]) for key in thin]
    drawn, said = Counter[SeriesKind](), []
    for key in thick:
        found, kinds = measured[key], {dot.kind for dot in measured[key]}
        before = key not in now
        dashes = {kind: _DASHES[drawn[kind] % len(_DASHES)] if before else _DASH_NOW for kind in kinds}
        pen = _Pen(scale, palette, whose[key], names[key] if len(thick) > 1 else "", dashes)
        traces += _series(found, pen)
        drawn.update(kinds if before else ())
        least, best = min(found, key=lambda dot: dot.cost), max(found, key=lambda dot: dot.accuracy)
        on = f"{whose[key]} on {counted(here[key].n, 'question')}"
        said.append(f"{one_line(names[key], 40)}, {on}, is right in {_at(least)} and at best in {_at(best)}")
    if thin:
        reached = [percent(max(dot.accuracy for dot in measured[key])) for key in thin]
        more = "1 more training draw, measured here, is" if len(thin) == 1 else f"{len(thin)} more draws, measured here, are"
        said.append(f"{more} at best {listing(reached)}")
    several = sum(series.method == BUDGET_FORCING for series in paper) > 1
    for number, (series, found) in enumerate(printed):
        name = series.name if several or series.method != BUDGET_FORCING else ""
        dashes, symbol = dict.fromkeys(SeriesKind, "dash"), _OTHERS[number % len(_OTHERS)]
        traces += _series(found, _Pen(scale, palette, Attribution.PUBLISHED, name, dashes, symbol, len(printed) == 1))
    if printed:
        best = max((dot for _, found in printed for dot in found), key=lambda dot: dot.accuracy)
        said.append(f"the paper published {listing([one_line(series.name, 50) for series in paper])}, at best {_at(best)}")
    first = next(iter([*(measured[key] for key in thick), *(found for _, found in printed)]), [])
    name = one_line(benchmark, 40)
    return figure(
        traces,
        palette,
        f"Accuracy on {name} against {cost}: {'; '.join(said)}." if said else f"{name}: {NO_POINTS}",
        narrow=narrow,
        height=380 + 20 * len(traces) if narrow else 420,
        empty=NO_POINTS,
        annotations=_labels(first, scale, palette, narrow),
        xaxis=scale.layout(palette, cost.value, narrow),
        yaxis=percent_axis(palette),
        shapes=scale.breaks(palette),
    )


class _Pen(NamedTuple):
    """How the series of one run or one method are drawn.

    Attributes:
        name: of the run or method, empty where the series' own name is enough.
        dashes: by series.
        symbol: of a method whose series is not in `MARKS`.
        whiskered: whether there is room for intervals.
    """

    scale: LogAxis
    palette: Palette
    attribution: Attribution
    name: str
    dashes: Mapping[SeriesKind, str]
    symbol: str = ""
    whiskered: bool = True


def _series(dots: list[Dot], pen: _Pen) -> list[go.Scatter]:
    """The series of one run or one method; budgets lead to natural stopping, and Waits go on from it."""
    of = {kind: [dot for dot in dots if dot.kind is kind] for kind in SeriesKind}
    natural = of[SeriesKind.NATURAL][:1]
    before = {SeriesKind.WAITS: natural}
    after = {SeriesKind.BUDGETS: natural}
    of[SeriesKind.BUDGETS].sort(key=lambda dot: dot.cost)
    return [_trace(kind, before.get(kind, []), own, after.get(kind, []), pen) for kind, own in of.items() if own]


def _thin_line(dots: list[Dot], scale: LogAxis, palette: Palette, name: str) -> go.Scatter:
    """A whole run as one thin line: budgets, natural stopping, Waits, each point with the colour and symbol of its kind."""
    joined = _broken_after_zero(sorted(dots, key=lambda dot: (list(SeriesKind).index(dot.kind), dot.cost)))
    marks = [MARKS[dot.kind] if dot else ("muted", "circle") for dot in joined]
    return go.Scatter(
        **_places(joined, scale),
        mode="lines+markers",
        line={"color": palette.muted, "width": 1, "dash": "solid"},
        marker={
            "color": [getattr(palette, colour) for colour, _ in marks],
            "symbol": [symbol for _, symbol in marks],
            "size": [_THIN_SIZE if dot else 0 for dot in joined],
            "opacity": 1,
            "line": {"width": 0},
        },
        opacity=0.6,
        legendrank=1001,  # drawn first, named last
        name=legend_name(name),
        hoverinfo="skip",  # the whole trace, so that the pointer finds the points above it
        **in_legend(Attribution.MEASURED, dots[0].source),
    )


def _trace(kind: SeriesKind, before: list[Dot], own: list[Dot], after: list[Dot], pen: _Pen) -> go.Scatter:
    """One series; the points it starts from and leads to are joined but not marked again; the pointer finds them all the same."""
    dots = _broken_after_zero([*before, *own, *after])
    colour_name, symbol = MARKS.get(kind, ("muted", pen.symbol))
    colour = getattr(pen.palette, colour_name)
    hollow = pen.attribution is Attribution.PUBLISHED
    joined = len(dots) > 1 and (kind is not SeriesKind.OTHER or all(a.cost < b.cost for a, b in pairwise(own)))
    return go.Scatter(
        **_places(dots, pen.scale),
        error_y=whiskers(
            [dot.accuracy if dot else 0.0 for dot in dots],
            [dot.interval if dot in own and dot and pen.whiskered else None for dot in dots],
            colour,
        ),
        mode="lines+markers" if joined else "markers",
        line={"color": colour, "width": 1.5 if hollow else 2, "dash": pen.dashes[kind]},
        marker={
            "color": colour,
            "symbol": f"{symbol}-open" if hollow else symbol,
            "size": [_SIZE if dot in own else 0 for dot in dots],
            "opacity": 1,
            "line": {"width": 1.5 if hollow else 0, "color": colour},
        },
        opacity=0.75 if hollow else 1,
        name=legend_name(pen.name, "" if kind is SeriesKind.OTHER or kind.value == pen.name else kind.value),
        hovertext=[dot.text if dot else "" for dot in dots],
        hoverinfo=["text" if dot else "skip" for dot in dots],
        **in_legend(pen.attribution, own[0].source),
    )


def _broken_after_zero(dots: list[Dot]) -> list[Dot | None]:
    """Dots to join, with None where the line breaks."""
    cut = gap_after_zero([dot.cost for dot in dots])
    return [*dots] if cut is None else [*dots[:cut], None, *dots[cut:]]


def _places(dots: Sequence[Dot | None], scale: LogAxis) -> dict[str, Any]:
    """Where dots are drawn and, of measured ones, what they open."""
    opens = [[dot.run, dot.label] if dot and dot.run else None for dot in dots]
    return {
        "x": [scale.place(dot.cost) if dot else None for dot in dots],
        "y": [dot.accuracy if dot else None for dot in dots],
        "customdata": opens if any(opens) else None,
    }


def _labels(dots: Sequence[Dot], scale: LogAxis, palette: Palette, narrow: bool) -> list[dict[str, Any]]:
    """The names of the ends of each series of the first run, written beside them; all others are in their hovers."""
    ends: list[Dot] = []
    for kind in (SeriesKind.BUDGETS, SeriesKind.NATURAL, SeriesKind.WAITS):
        own = sorted((dot for dot in dots if dot.kind is kind), key=lambda dot: dot.cost)
        apart = len(own) > 1 and own[-1].cost > own[0].cost * (3 if narrow else 1.5)
        ends += [own[0], own[-1]] if kind is SeriesKind.WAITS and apart else own[-1:] if kind is SeriesKind.WAITS else own[:1]
    return [_label(dot, scale, palette) for dot in ends]


def _label(dot: Dot, scale: LogAxis, palette: Palette) -> dict[str, Any]:
    above = dot.accuracy < 10 or dot.kind is SeriesKind.NATURAL or (dot.kind is SeriesKind.WAITS and dot.accuracy < 85)
    return {
        "text": shown(dot.label, 20),
        "x": math.log10(scale.place(dot.cost)),
        "y": dot.accuracy,
        "showarrow": False,
        "yshift": 15 if above else -15,
        "xshift": 4 if dot.kind is SeriesKind.NATURAL else 0,
        "xanchor": "right" if dot.kind is SeriesKind.NATURAL else "center",  # lines leave it to the right
        "font": {"size": 11, "color": palette.muted},
    }


def _at(dot: Dot) -> str:
    return f"{percent(dot.accuracy)} at {one_line(dot.label, 30)}"
