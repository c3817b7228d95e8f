"""Results as dots to draw: what a point cost, how accurate it is, which series it belongs to, and the words of its hover.

Knows results and the paper's numbers. Knows no figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from s1demo.budget import AUTO
from s1demo.evals.metrics import wilson
from s1demo.evals.published import PublishedPoint, PublishedSeries
from s1demo.evals.results import Point, RunResult
from s1demo.evals.setting import Setting
from s1demo.plots.style import Attribution, hover, interval, origin, percent

BUDGET_FORCING = "BF"  # the paper's abbreviation of the method whose points are settings of ours


class XAxis(StrEnum):
    """What accuracy is drawn against; the value is the axis title."""

    THINKING = "mean thinking tokens per question"
    TOTAL = "mean tokens per question, thinking and answer"
    SECONDS = "mean seconds per question, one after another"


class SeriesKind(StrEnum):
    """The series of a run or of a method; the value names it in the legend."""

    BUDGETS = "budgets"
    NATURAL = "natural"
    WAITS = "Waits"
    VOTES = "majority votes"
    REJECTION = "rejection sampling"
    OTHER = "other"


MARKS = {  # colour in the palette, symbol
    SeriesKind.BUDGETS: ("truncated", "circle"),
    SeriesKind.NATURAL: ("natural", "square"),
    SeriesKind.WAITS: ("extended", "triangle-up"),
    SeriesKind.VOTES: ("ink", "diamond"),
    SeriesKind.REJECTION: ("muted", "pentagon"),
}
_PUBLISHED_KINDS = {"RS": SeriesKind.REJECTION, "MAJ": SeriesKind.VOTES}  # by the paper's abbreviation of the method
_SPENT = {
    XAxis.THINKING: "{:,.1f} mean thinking tokens",
    XAxis.TOTAL: "{:,.1f} mean tokens, thinking and answer",
    XAxis.SECONDS: "{:,.2f} mean seconds at the given rate",
}


@dataclass(frozen=True)
class Dot:
    """One point as it is drawn and listed.

    Attributes:
        label: its name.
        kind: its series.
        cost: its place on the x axis.
        accuracy, interval: in percent.
        text: its hover.
        n: how many questions.
        source: the command, or the table or figure.
        run: key of the measured run it opens; None for published points, which open nothing.
    """

    label: str
    kind: SeriesKind
    cost: float
    accuracy: float
    interval: tuple[float, float]
    text: str
    n: int
    source: str
    run: str | None = None


def measured_dots(
    key: str, run: RunResult, axis: XAxis, tokens_per_second: float = 1.0, attribution: Attribution = Attribution.MEASURED
) -> list[Dot]:
    """The points of a sweep.

    Args:
        key: what a click opens.
        tokens_per_second: for `XAxis.SECONDS`.
    """
    return [_measured(key, run, point, axis, tokens_per_second, attribution) for point in compared_points(run)]


def compared_points(run: RunResult) -> list[Point]:
    """The points of a sweep; of majority votes without the greedy run they are compared with, which is no vote."""
    return [point for point in run.points if point.setting.votes] or list(run.points)


def _measured(key: str, run: RunResult, point: Point, axis: XAxis, tokens_per_second: float, attribution: Attribution) -> Dot:
    spent = point.mean_thinking_tokens + (point.mean_answer_tokens if axis is not XAxis.THINKING else 0)
    if axis is XAxis.SECONDS:
        spent /= tokens_per_second
    votes = point.setting.votes
    text = hover(
        f"{point.label}: {percent(point.accuracy)}",
        f"{attribution}: {run.model}, {run.benchmark}",
        f"{point.correct:,} of n = {point.n:,} right",
        interval(*point.ci95),
        _SPENT[axis].format(spent) + (f", all {votes} votes together" if votes > 1 else ""),
    )
    return Dot(point.label, series_kind(point.setting), spent, point.accuracy, point.ci95, text, run.n, run.command, key)


def published_dots(series: PublishedSeries) -> list[Dot]:
    """The runs of one of the paper's methods, against thinking tokens; the intervals are ours, from n."""
    return [_published(series, point) for point in series.points]


def _published(series: PublishedSeries, point: PublishedPoint) -> Dot:
    tokens, accuracy = point.thinking_tokens, point.accuracy
    ends = wilson(round(accuracy * series.n / 100), series.n)
    if series.method == BUDGET_FORCING and point.setting:
        kind = series_kind(point.setting)
    else:
        kind = _PUBLISHED_KINDS.get(series.method, SeriesKind.OTHER)
    counted = "output tokens, all votes together" if kind is SeriesKind.VOTES else "thinking tokens"
    text = hover(
        f"{point.label}: {percent(accuracy)}",
        f"{Attribution.PUBLISHED}: {series.name}, {series.benchmark}, n = {series.n}",
        f"{interval(*ends)}, ours, from n",
        f"{tokens:,.1f} mean {counted}",
        origin(Attribution.PUBLISHED, series.source),
    )
    return Dot(point.label, kind, tokens, accuracy, ends, text, series.n, series.source)


def series_kind(setting: Setting) -> SeriesKind:
    """The series a point belongs to."""
    if setting.votes:
        return SeriesKind.VOTES
    if setting.num_ignore:
        return SeriesKind.WAITS
    return SeriesKind.NATURAL if setting.max_thinking_tokens == AUTO else SeriesKind.BUDGETS
