"""The table of Control, Scaling and Performance: published rows and measured ones, each saying which and from where."""

from __future__ import annotations

from dataclasses import dataclass

from s1demo.evals.published import Published
from s1demo.evals.results import RunResult
from s1demo.plots.dots import compared_points
from s1demo.plots.style import Attribution, counted

HEADER = ("whose", "method", "benchmark", "runs", "Control", "Scaling, points per doubling", "Performance", "source", "note")


@dataclass(frozen=True)
class MetricsRow:
    """One row.

    Attributes:
        attribution: measured here or published.
        method: what was scaled, for measured rows with the model.
        benchmark: which questions; empty where the source does not say.
        runs: evaluation runs it is over.
        control: percent; None where nothing was asked of any run's length.
        scaling: percentage points per doubling of thinking tokens; None with fewer than two lengths.
        performance: percent.
        source: the table, or the command.
        note: what must be known to read it.
    """

    attribution: Attribution
    method: str
    benchmark: str
    runs: int
    control: float | None
    scaling: float | None
    performance: float
    source: str
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Its texts in the order of `HEADER`; the paper's figures with the digits it prints."""
        control = "–" if self.control is None else f"{self.control:.0f} %"
        scaling = "–" if self.scaling is None else f"{self.scaling:+.1f}"
        if self.attribution is Attribution.PUBLISHED and self.scaling is not None:
            scaling = f"{self.scaling:+g}"
        return (
            self.attribution.value,
            self.method,
            self.benchmark,
            str(self.runs),
            control,
            scaling,
            f"{self.performance:.1f} %",
            self.source,
            self.note,
        )


def measured_row(run: RunResult, attribution: Attribution = Attribution.MEASURED) -> MetricsRow:
    """The row of a sweep."""
    points = compared_points(run)
    votes = bool(points[0].setting.votes)
    over = f"Scaling is over the {len(run.scaling_points)} runs that differ in length." if run.scaling is not None else ""
    return MetricsRow(
        attribution,
        f"{'majority votes' if votes else 'budget forcing'}, {run.model}",
        run.benchmark,
        len(points),
        run.control,
        run.scaling,
        run.performance,
        run.command,
        f"n = {counted(run.n, 'question')}. {over}".strip(),
    )


def published_rows(published: Published) -> list[MetricsRow]:
    """The rows of the paper's table."""
    rows = []
    for row in published.metrics:
        series = next((s for s in published.series if s.method == row.method and s.benchmark in published.metrics_source), None)
        name, benchmark = (series.name, series.benchmark) if series else (row.method, "")
        figures = (row.runs, row.control, row.scaling, row.performance)
        rows.append(MetricsRow(Attribution.PUBLISHED, name, benchmark, *figures, published.metrics_source, row.note))
    return rows
