"""Differences of accuracy with their intervals: a sweep's own, and the paper's between its data sets. One benchmark at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from s1demo.evals.results import RunResult
from s1demo.plots.comparisons import NOTHING, by_provenance, row_marker, rows_axis
from s1demo.plots.dots import same_benchmark
from s1demo.plots.style import Palette, Provenance, axis, clipped, figure, hover, in_legend, origin, whiskers


@dataclass(frozen=True)
class Contrast:
    """How much more accurate one setting is than another on the same questions.

    Attributes:
        label, against: the two settings.
        points: percentage points.
        interval: their 95 % interval; None where there is none.
        benchmark: which questions.
        provenance: measured here or published.
        source: the command, or the table or figure.
    """

    label: str
    against: str
    points: float
    interval: tuple[float, float] | None
    benchmark: str
    provenance: Provenance
    source: str


def contrasts(run: RunResult, provenance: Provenance = Provenance.MEASURED) -> list[Contrast]:
    """The differences a sweep tells."""
    return [
        Contrast(d.label, d.against, d.points, d.ci95, run.benchmark, provenance, f"{run.model}: {run.command}")
        for d in run.differences
    ]


def difference_figure(rows: Sequence[Contrast], benchmark: str, palette: Palette, *, narrow: bool = False) -> go.Figure:
    """Differences of accuracy in percentage points with their intervals, around a line at 0.

    A triangle up or down is a difference whose whole interval lies above or below 0; a circle may be chance.

    Args:
        rows: differences in the order of the rows; those on other benchmarks are left out.
        benchmark: which one.
        palette: the colours.
        narrow: for a phone.
    """
    rows = [row for row in rows if same_benchmark(row.benchmark, benchmark)]
    labels = list(dict.fromkeys(_compared(row) for row in rows))
    place = {label: len(labels) - 1 - n for n, label in enumerate(labels)}
    traces = [_differences(own, [place[_compared(row)] for row in own], palette) for own in by_provenance(rows)]
    return figure(
        traces,
        palette,
        _differences_text(rows, benchmark),
        narrow=narrow,
        height=120 + 34 * max(2, len(labels)),
        empty=NOTHING,
        xaxis=axis(palette, "percentage points", zeroline=True, zerolinecolor=palette.ink, zerolinewidth=1),
        yaxis=rows_axis(palette, labels, narrow),
    )


def _compared(row: Contrast) -> str:
    return f"{row.label} − {row.against}"


def _side(row: Contrast) -> int:
    """1 or -1 where the whole interval lies above or below 0, else 0."""
    low, high = row.interval or (0.0, 0.0)
    return (low > 0) - (high < 0)


def _differences(own: Sequence[Contrast], y: Sequence[int], palette: Palette) -> go.Scatter:
    provenance = own[0].provenance
    colours = [{1: palette.right, -1: palette.wrong}.get(_side(row), palette.muted) for row in own]
    symbols = [{1: "triangle-up", -1: "triangle-down"}.get(_side(row), "circle") for row in own]
    return go.Scatter(
        x=[row.points for row in own],
        y=list(y),
        mode="markers",
        error_x=whiskers([row.points for row in own], [row.interval for row in own], palette.ink),
        marker=row_marker(provenance, colours, symbols),
        hovertext=[
            hover(
                f"{_compared(row)}: {row.points:+.1f} points",
                f"{row.provenance}: {row.benchmark}",
                f"95 % interval {row.interval[0]:+.1f} to {row.interval[1]:+.1f} points" if row.interval else "no interval given",
                origin(row.provenance, row.source),
            )
            for row in own
        ],
        hoverinfo="text",
        name=provenance.value,
        **in_legend(provenance, [row.source for row in own], titled=False),
    )


def _differences_text(rows: Sequence[Contrast], benchmark: str) -> str:
    if not rows:
        return NOTHING
    sure = [row for row in rows if _side(row)]
    told = [
        f"{clipped(row.label, 30)} is {row.points:+.1f} points against {clipped(row.against, 30)}, {row.provenance}"
        for row in sure[:10]
    ]
    chance = f"{len(rows) - len(sure)} of {len(rows)} may be chance"
    return f"Differences of accuracy on {clipped(benchmark, 40)} in percentage points: {'; '.join([*told, chance])}."
