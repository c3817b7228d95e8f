"""Models, variants of the data and settings side by side: accuracy against training examples, ablations, differences.

Measured rows are solid, published ones hollow; each row says where it comes from. One benchmark at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import plotly.graph_objects as go

from s1demo.errors import one_line
from s1demo.evals.benchmarks import same_benchmark
from s1demo.evals.results import RunResult
from s1demo.evals.setting import LEFT_ALONE, Setting
from s1demo.plots.style import (
    Attribution,
    Palette,
    axis,
    figure,
    hover,
    interval,
    origin,
    percent,
    points,
    rule,
    shown,
    whiskers,
)

NOTHING = "No numbers for this benchmark yet."
UNKNOWN_EXAMPLES = "not told"
AnyRow = TypeVar("AnyRow", bound="Row")


@dataclass(frozen=True)
class Row:
    """One number of a comparison.

    Attributes:
        label: what it is of.
        value: the number.
        benchmark: which questions.
        attribution: measured here or published.
        source: the command, or the table or figure.
        interval: its 95 % interval; None where there is none.
        setting: what was measured, where a line of the figure shows more than one setting.
        opens: the point of a measured run whose questions it stands for, as links have it; None where there is none.
    """

    label: str
    value: float
    benchmark: str
    attribution: Attribution
    source: str
    interval: tuple[float, float] | None = None
    setting: Setting | None = None
    opens: tuple[str, str, str] | None = None

    @property
    def line(self) -> str:
        """The line of the figure it stands on."""
        return self.label

    def mark(self, palette: Palette) -> tuple[str, str]:
        """Colour and symbol."""
        if self.setting is None:
            return palette.natural, "circle"
        return (palette.natural, "square") if self.setting == LEFT_ALONE else (palette.extended, "triangle-up")

    def hover(self) -> str:
        """Its words when the pointer is on it."""
        raise NotImplementedError


@dataclass(frozen=True)
class AccuracyRow(Row):
    """The accuracy of one model, or of one variant of the data, in percent.

    Attributes:
        n: how many questions; None where the source does not say.
        examples: training examples; None where the source does not say.
        note: a sentence for the hover and the table.
    """

    n: int | None = None
    examples: int | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """Label and setting."""
        return f"{self.label}, {self.setting.label}" if self.setting else self.label

    def hover(self) -> str:
        return hover(
            f"{self.name}: {percent(self.value)}",
            f"{self.attribution}: {self.benchmark}" + (f", n = {self.n}" if self.n else ""),
            interval(*self.interval) if self.interval else "",
            f"{self.examples:,} training examples" if self.examples else "",
            self.note,
            origin(self.attribution, self.source),
        )


@dataclass(frozen=True)
class DifferenceRow(Row):
    """How much more accurate one setting or variant is than another on the same questions, in percentage points.

    Attributes:
        against: the other one.
    """

    against: str = ""

    @property
    def line(self) -> str:
        return f"{self.label} − {self.against}"

    @property
    def side(self) -> int:
        """1 or -1 where the whole interval lies above or below 0, else 0."""
        low, high = self.interval or (0.0, 0.0)
        return (low > 0) - (high < 0)

    def mark(self, palette: Palette) -> tuple[str, str]:
        return {1: (palette.right, "triangle-up"), -1: (palette.wrong, "triangle-down"), 0: (palette.muted, "circle")}[self.side]

    def hover(self) -> str:
        ends = self.interval
        return hover(
            f"{self.line}: {self.value:+.1f} points",
            f"{self.attribution}: {self.benchmark}",
            f"95 % interval {ends[0]:+.1f} to {ends[1]:+.1f} points" if ends else "no interval given",
            origin(self.attribution, self.source),
        )


def difference_rows(key: str, run: RunResult, attribution: Attribution = Attribution.MEASURED) -> list[DifferenceRow]:
    """The differences a sweep holds; `key` is what links call it."""
    whose = (run.benchmark, attribution, f"{run.model}: {run.command}")
    return [
        DifferenceRow(d.setting.label, d.points, *whose, d.ci95, opens=(key, d.setting.label, ""), against=d.against.label)
        for d in run.differences
    ]


def sample_efficiency_figure(rows: Sequence[AccuracyRow], benchmark: str, palette: Palette, *, narrow: bool = False) -> go.Figure:
    """Accuracy against the number of training examples, on a log axis; where a source gives no number, right of a break.

    Args:
        rows: models; those on other benchmarks are left out.
    """
    rows = [row for row in rows if same_benchmark(row.benchmark, benchmark)]
    numbers = [row.examples for row in rows if row.examples]
    first = math.floor(math.log10(min(numbers, default=1000)))
    last = max(math.ceil(math.log10(max(numbers, default=1000))), first + 1)
    beyond = 10.0 ** (last + 1)
    hidden = any(not row.examples for row in rows)
    ticks = [(10.0**n, f"{10**n:,}") for n in range(first, last + 1)] + ([(beyond, UNKNOWN_EXAMPLES)] if hidden else [])
    named = {"mode": "markers+text", "textposition": "top center"}
    traces = [
        _trace(own, palette, [row.examples or beyond for row in own], None, text=[shown(row.label, 22) for row in own], **named)
        for own in _by_attribution(rows)
    ]
    return figure(
        traces,
        palette,
        _accuracy_text(rows, f"Accuracy on {one_line(benchmark, 40)} against training examples"),
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


def ablation_figure(rows: Sequence[AccuracyRow], benchmark: str, palette: Palette, *, narrow: bool = False) -> go.Figure:
    """Accuracies of variants as dots with their intervals, a line for each label; its settings are told apart by symbol.

    Args:
        rows: variants in the order of the lines; those on other benchmarks are left out.
    """
    rows = [row for row in rows if same_benchmark(row.benchmark, benchmark)]
    text = _accuracy_text(rows, f"Accuracy on {one_line(benchmark, 40)}")
    return _lines_figure(rows, palette, text, narrow, axis(palette, "accuracy", ticksuffix=" %"))


def difference_figure(rows: Sequence[DifferenceRow], benchmark: str, palette: Palette, *, narrow: bool = False) -> go.Figure:
    """Differences of accuracy in percentage points with their intervals, around a line at 0.

    A triangle up or down is a difference whose whole interval lies above or below 0; a circle may be chance.

    Args:
        rows: differences in the order of the lines; those on other benchmarks are left out.
    """
    rows = [row for row in rows if same_benchmark(row.benchmark, benchmark)]
    across = axis(palette, "percentage points", zeroline=True, zerolinecolor=palette.ink, zerolinewidth=1)
    return _lines_figure(rows, palette, _differences_text(rows, benchmark), narrow, across)


def _lines_figure(rows: Sequence[Row], palette: Palette, text: str, narrow: bool, across: dict[str, Any]) -> go.Figure:
    """Rows on lines one below the other, the first on top."""
    lines = list(dict.fromkeys(row.line for row in rows))
    place = {line: len(lines) - 1 - n for n, line in enumerate(lines)}
    groups = [own for whose in _by_attribution(rows) for own in _by_setting(whose)]
    return figure(
        [_trace(own, palette, None, [place[row.line] for row in own]) for own in groups],
        palette,
        text,
        narrow=narrow,
        height=120 + 34 * max(2, len(lines)),
        empty=NOTHING,
        xaxis=across,
        yaxis=axis(
            palette,
            tickvals=list(range(len(lines)))[::-1],
            ticktext=[shown(line, 20 if narrow else 40) for line in lines],
            range=[-0.6, len(lines) - 0.4],
            fixedrange=True,
        ),
    )


def _trace(own: Sequence[Row], palette: Palette, x: Sequence[float] | None, y: Sequence[float] | None, **more: Any) -> go.Scatter:
    """Rows of one attribution and one setting; the axis without places shows their values, with intervals along it."""
    values, whose, setting = [row.value for row in own], own[0].attribution, own[0].setting
    bars = whiskers(values, [row.interval for row in own], palette.ink)
    colours, symbols = zip(*(row.mark(palette) for row in own), strict=True)
    hollow = "-open" if whose is Attribution.PUBLISHED else ""
    return points(
        whose,
        [row.source for row in own],
        x=x or values,
        y=y or values,
        hovers=[row.hover() for row in own],
        marker={"size": 10, "color": list(colours), "symbol": [f"{symbol}{hollow}" for symbol in symbols]},
        name=shown(setting.label) if setting else whose.value,
        titled=setting is not None,
        **{"error_x" if y else "error_y": bars},
        **more,
    )


def _around(rows: Sequence[Row]) -> list[float]:
    """A range that holds accuracies, their intervals and a name above each."""
    ends = [end for row in rows for end in (row.value, *(row.interval or ()))] or [0.0, 100.0]
    room = max(2.0, 0.1 * (max(ends) - min(ends)))
    return [min(ends) - room, max(ends) + room]


def _by_attribution(rows: Sequence[AnyRow]) -> list[list[AnyRow]]:
    """The rows of each attribution there is, so that no trace holds both."""
    found = [[row for row in rows if row.attribution is attribution] for attribution in Attribution]
    return [own for own in found if own]


def _by_setting(rows: Sequence[Row]) -> list[list[Row]]:
    return [[row for row in rows if row.setting == setting] for setting in dict.fromkeys(row.setting for row in rows)]


def _accuracy_text(rows: Sequence[AccuracyRow], what: str) -> str:
    if not rows:
        return NOTHING
    parts = []
    for own in _by_attribution(rows):
        listed = [f"{one_line(row.name, 50)} {percent(row.value)}" for row in own[:10]]
        parts.append(f"{own[0].attribution}: {', '.join(listed)}" + (f" and {len(own) - 10} more" if len(own) > 10 else ""))
    return f"{what}; {'; '.join(parts)}."


def _differences_text(rows: Sequence[DifferenceRow], benchmark: str) -> str:
    if not rows:
        return NOTHING
    sure = [row for row in rows if row.side]
    listed = [
        f"{one_line(row.label, 30)} is {row.value:+.1f} points against {one_line(row.against, 30)}, {row.attribution}"
        for row in sure[:10]
    ]
    chance = f"{len(rows) - len(sure)} of {len(rows)} may be chance"
    return f"Differences of accuracy on {one_line(benchmark, 40)} in percentage points: {'; '.join([*listed, chance])}."
