"""Results as dots to draw: what a point cost, how accurate it is, which series it belongs to, and the words of its hover.

Knows results and the paper's numbers. Knows no figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from s1demo.budget import AUTO
from s1demo.evals.metrics import wilson
from s1demo.evals.published import PublishedSeries
from s1demo.evals.results import Point, RunResult
from s1demo.plots.style import Provenance, hover, interval, origin, percent

BUDGET_FORCING = "BF"  # the paper's abbreviation of the method whose points are settings of ours


class Cost(StrEnum):
    """What accuracy is drawn against; the value is the axis title."""

    THINKING = "mean thinking tokens per question"
    TOTAL = "mean tokens per question, thinking and answer"
    SECONDS = "mean seconds per question, one after another"


class Kind(StrEnum):
    """The series of a run or of a method; the value names it in the legend."""

    BUDGETS = "budgets"
    NATURAL = "natural"
    WAITS = "Waits"
    VOTES = "majority votes"
    REJECTION = "rejection sampling"
    OTHER = "other"


@dataclass(frozen=True)
class Dot:
    """One point as it is drawn and listed.

    Attributes:
        label: its setting.
        kind: its series.
        cost: its place on the x axis.
        accuracy, interval: in percent.
        text: its hover.
        n: how many questions.
        source: the command, or the table or figure.
        run: key of the measured run it opens; None for published points, which open nothing.
    """

    label: str
    kind: Kind
    cost: float
    accuracy: float
    interval: tuple[float, float]
    text: str
    n: int
    source: str
    run: str | None = None


def measured_dots(
    key: str, run: RunResult, cost: Cost, tokens_per_second: float = 1.0, provenance: Provenance = Provenance.MEASURED
) -> list[Dot]:
    """The points of a sweep; of majority votes without the greedy run they are compared with, which is no vote.

    Args:
        key: what a click opens.
        run: the sweep.
        cost: what they are drawn against.
        tokens_per_second: for `Cost.SECONDS`.
        provenance: whether it was measured before or now.
    """
    votes = any(kind_of(point) is Kind.VOTES for point in run.points)
    points = [point for point in run.points if not votes or kind_of(point) is not Kind.NATURAL]
    return [_measured(key, run, point, cost, tokens_per_second, provenance) for point in points]


def _measured(key: str, run: RunResult, point: Point, cost: Cost, tokens_per_second: float, provenance: Provenance) -> Dot:
    spent = point.mean_thinking_tokens + (point.mean_answer_tokens if cost is not Cost.THINKING else 0)
    if cost is Cost.SECONDS:
        spent /= tokens_per_second
    text = hover(
        f"{point.label}: {percent(point.accuracy)}",
        f"{provenance}: {run.model}, {run.benchmark}",
        f"{point.correct:,} of n = {point.n:,} right",
        interval(*point.ci95),
        _spent(spent, cost) + (f", all {point.votes} votes together" if point.votes > 1 else ""),
    )
    return Dot(point.label, kind_of(point), spent, point.accuracy, point.ci95, text, run.n, run.command, key)


def published_dots(series: PublishedSeries) -> list[Dot]:
    """The runs of one of the paper's methods, against thinking tokens; the intervals are ours, from n."""
    dots = []
    for point in series.points:
        low, high = wilson(round(point.run.accuracy * series.n / 100), series.n)
        kind = _published_kind(series.method, point.label)
        counted = "output tokens, all votes together" if kind is Kind.VOTES else "thinking tokens"
        text = hover(
            f"{point.label}: {percent(point.run.accuracy)}",
            f"{Provenance.PUBLISHED}: {series.name}, {series.benchmark}, n = {series.n}",
            f"{interval(low, high)}, ours, from n",
            f"{point.run.thinking_tokens:,.1f} mean {counted}",
            origin(Provenance.PUBLISHED, series.source),
        )
        dots.append(
            Dot(point.label, kind, point.run.thinking_tokens, point.run.accuracy, (low, high), text, series.n, series.source)
        )
    return dots


def same_benchmark(a: str, b: str) -> bool:
    """Whether two names are of one benchmark, such as `aime24` and `AIME24`."""
    return a.removesuffix(".jsonl").casefold() == b.removesuffix(".jsonl").casefold()


def kind_of(point: Point) -> Kind:
    """The series a measured point belongs to."""
    if point.label.startswith("at most "):
        return Kind.REJECTION
    if point.votes > 1 or point.label.startswith("maj@"):
        return Kind.VOTES
    if point.num_ignore:
        return Kind.WAITS
    return Kind.NATURAL if point.max_thinking_tokens == AUTO else Kind.BUDGETS


def _published_kind(method: str, label: str) -> Kind:
    if method == BUDGET_FORCING:
        return Kind.NATURAL if label == Kind.NATURAL else Kind.WAITS if label.startswith("Wait") else Kind.BUDGETS
    return {"RS": Kind.REJECTION, "MAJ": Kind.VOTES}.get(method, Kind.OTHER)


def _spent(amount: float, cost: Cost) -> str:
    match cost:
        case Cost.THINKING:
            return f"{amount:,.1f} mean thinking tokens"
        case Cost.TOTAL:
            return f"{amount:,.1f} mean tokens, thinking and answer"
        case Cost.SECONDS:
            return f"{amount:,.2f} mean seconds at the given rate"
