"""Models and variants of the data side by side: accuracy against training examples, and ablations.

Measured rows are solid, published ones hollow; each row says where it comes from. One benchmark at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import plotly.graph_objects as go

from s1demo.plots.dots import same_benchmark
from s1demo.plots.style import (
    Palette,
    Provenance,
    axis,
    clipped,
    figure,
    hover,
    in_legend,
    interval,
    origin,
    percent,
    rule,
    shown,
    whiskers,
)
from s1demo.policies import NATURAL

NOTHING = "No numbers for this benchmark yet."
UNKNOWN_EXAMPLES = "not told"


@dataclass(frozen=True)
class Reported:
    """The accuracy of one model, or of one variant of the data.

    Attributes:
        label: its name.
        accuracy: in percent.
        benchmark: which questions.
        provenance: measured here or published.
        source: the command, or the table or figure.
        n: how many questions; None where the source does not say.
        interval: the accuracy's 95 % interval in percent; None where there is none.
        examples: training examples; None where the source does not say.
        setting: what was measured of it, such as `natural` or `Wait x1`, where a row shows more than one thing.
        note: a sentence for the hover and the table.
    """

    label: str
    accuracy: float
    benchmark: str
    provenance: Provenance
    source: str
    n: int | None = None
    interval: tuple[float, float] | None = None
    examples: int | None = None
    setting: str = ""
    note: str = ""


def sample_efficiency_figure(rows: Sequence[Reported], benchmark: str, palette: Palette, *, narrow: bool = False) -> go.Figure:
    """Accuracy against the number of training examples, on a log axis; where a source tells no number, right of a break.

    Args:
        rows: models; those on other benchmarks are left out.
        benchmark: which one.
        palette: the colours.
        narrow: for a phone.
    """
    rows = [row for row in rows if same_benchmark(row.benchmark, benchmark)]
    numbers = [row.examples for row in rows if row.examples]
    first = math.floor(math.log10(min(numbers, default=1000)))
    last = max(math.ceil(math.log10(max(numbers, default=1000))), first + 1)
    beyond = 10.0 ** (last + 1)
    hidden = any(not row.examples for row in rows)
    ticks = [(10.0**n, f"{10**n:,}") for n in range(first, last + 1)] + ([(beyond, UNKNOWN_EXAMPLES)] if hidden else [])
    return figure(
        [
            _dots(own, palette, [row.examples or beyond for row in own], [row.accuracy for row in own], "error_y", names=True)
            for own in by_provenance(rows)
        ],
        palette,
        _text(rows, f"Accuracy on {clipped(benchmark, 40)} against training examples"),
        narrow=narrow,
        empty=NOTHING,
        xaxis=axis(
            palette,
            "training examples",
            type="log",
            range=[first - 0.6, last + (1.7 if hidden else 0.6)],
            tickvals=[value for value, _ in ticks],
            ticktext=[name for _, name in ticks],
        ),
        yaxis=axis(palette, "accuracy", ticksuffix=" %", range=_around(rows)),
        shapes=[rule(beyond / math.sqrt(10), palette.muted)] if hidden else [],
    )


def ablation_figure(rows: Sequence[Reported], benchmark: str, palette: Palette, *, narrow: bool = False) -> go.Figure:
    """Accuracies of variants as dots with their intervals, a row for each label; its settings are told apart by symbol.

    Args:
        rows: variants in the order of the rows; those on other benchmarks are left out.
        benchmark: which one.
        palette: the colours.
        narrow: for a phone.
    """
    rows = [row for row in rows if same_benchmark(row.benchmark, benchmark)]
    labels = list(dict.fromkeys(row.label for row in rows))
    place = {label: len(labels) - 1 - n for n, label in enumerate(labels)}
    return figure(
        [
            _dots(own, palette, [row.accuracy for row in own], [place[row.label] for row in own], "error_x")
            for whose in by_provenance(rows)
            for own in _by_setting(whose)
        ],
        palette,
        _text(rows, f"Accuracy on {clipped(benchmark, 40)}"),
        narrow=narrow,
        height=120 + 34 * max(2, len(labels)),
        empty=NOTHING,
        xaxis=axis(palette, "accuracy", ticksuffix=" %"),
        yaxis=rows_axis(palette, labels, narrow),
    )


def rows_axis(palette: Palette, labels: Sequence[str], narrow: bool) -> dict[str, Any]:
    """A y axis with a row for each label, the first on top at len(labels) - 1."""
    return axis(
        palette,
        tickvals=list(range(len(labels)))[::-1],
        ticktext=[shown(label, 20 if narrow else 40) for label in labels],
        range=[-0.6, len(labels) - 0.4],
        fixedrange=True,
    )


def _around(rows: Sequence[Reported]) -> list[float]:
    """A range that holds accuracies, their intervals and a name above each."""
    ends = [end for row in rows for end in (row.accuracy, *(row.interval or ()))] or [0.0, 100.0]
    room = max(2.0, 0.1 * (max(ends) - min(ends)))
    return [min(ends) - room, max(ends) + room]


class HasProvenance(Protocol):
    """A row that says whose number it is."""

    @property
    def provenance(self) -> Provenance:
        """Measured here or published."""


def _by_setting(rows: Sequence[Reported]) -> list[list[Reported]]:
    settings = dict.fromkeys(row.setting for row in rows)
    return [[row for row in rows if row.setting == setting] for setting in settings]


_Row = TypeVar("_Row", bound=HasProvenance)


def by_provenance(rows: Sequence[_Row]) -> list[list[_Row]]:
    """The rows of each provenance there is, so that no trace holds both."""
    found = [[row for row in rows if row.provenance is provenance] for provenance in Provenance]
    return [own for own in found if own]


def _dots(
    own: Sequence[Reported], palette: Palette, x: Sequence[float], y: Sequence[float], error: str, names: bool = False
) -> go.Scatter:
    provenance, setting = own[0].provenance, own[0].setting
    bars = whiskers([row.accuracy for row in own], [row.interval for row in own], palette.ink)
    colour, symbol = (palette.extended, "triangle-up") if setting and setting != NATURAL else (palette.natural, "circle")
    symbol = "square" if setting == NATURAL else symbol
    return go.Scatter(
        x=list(x),
        y=list(y),
        mode="markers+text" if names else "markers",
        text=[shown(row.label, 22) for row in own] if names else None,
        textposition="top center",
        marker=row_marker(provenance, colour, symbol),
        hovertext=[_hover(row) for row in own],
        hoverinfo="text",
        name=shown(setting) or provenance.value,
        **{error: bars},
        **in_legend(provenance, [row.source for row in own], titled=bool(setting)),
    )


def row_marker(provenance: Provenance, colour: str | list[str], symbols: str | Sequence[str]) -> dict[str, Any]:
    """Solid markers for measured rows, hollow ones for published."""
    hollow = "-open" if provenance is Provenance.PUBLISHED else ""
    drawn = f"{symbols}{hollow}" if isinstance(symbols, str) else [f"{symbol}{hollow}" for symbol in symbols]
    return {"size": 10, "color": colour, "symbol": drawn}


def _called(row: Reported) -> str:
    return f"{row.label}, {row.setting}" if row.setting else row.label


def _hover(row: Reported) -> str:
    return hover(
        f"{_called(row)}: {percent(row.accuracy)}",
        f"{row.provenance}: {row.benchmark}" + (f", n = {row.n}" if row.n else ""),
        interval(*row.interval) if row.interval else "",
        f"{row.examples:,} training examples" if row.examples else "",
        row.note,
        origin(row.provenance, row.source),
    )


def _text(rows: Sequence[Reported], what: str) -> str:
    if not rows:
        return NOTHING
    parts = []
    for own in by_provenance(rows):
        told = [f"{clipped(_called(row), 50)} {percent(row.accuracy)}" for row in own[:10]]
        parts.append(f"{own[0].provenance}: {', '.join(told)}" + (f" and {len(own) - 10} more" if len(own) > 10 else ""))
    return f"{what}; {'; '.join(parts)}."
