"""The table of Control, Scaling and Performance: published rows and measured ones, each saying which and from where."""

from __future__ import annotations

from s1demo.evals.published import Published
from s1demo.evals.results import RunResult
from s1demo.plots.dots import compared_points
from s1demo.plots.style import Attribution, counted

HEADER = ("whose", "method", "benchmark", "runs", "Control", "Scaling, points per doubling", "Performance", "source", "note")


def measured_row(run: RunResult, name: str, attribution: Attribution = Attribution.MEASURED) -> tuple[str, ...]:
    """The row of a sweep, as texts in the order of `HEADER`.

    Args:
        name: what a person calls the run.
    """
    points = compared_points(run)
    method = "majority votes" if points[0].setting.votes else "budget forcing"
    scaling, over = "–", ""
    if run.scaling is not None:
        scaling, over = f"{run.scaling:+.1f}", f" Scaling is over the {len(run.scaling_points)} runs that differ in length."
    return (
        attribution.value,
        f"{method}, {run.model if name == method else name}",
        run.benchmark.removesuffix(".jsonl"),
        str(len(points)),
        "–" if run.control is None else f"{run.control:.0f} %",
        scaling,
        f"{run.performance:.1f} %",
        run.command,
        f"n = {counted(run.n, 'question')}.{over}",
    )


def published_rows(published: Published) -> list[tuple[str, ...]]:
    """The rows of the paper's table, with the digits it prints."""
    rows: list[tuple[str, ...]] = []
    for row in published.metrics.rows:
        series = next((s for s in published.series if s.method == row.method and s.benchmark in published.metrics.source), None)
        name, benchmark = (series.name, series.benchmark) if series else (row.method, "")
        figures = (f"{row.control:.0f} %", f"{row.scaling:+g}", f"{row.performance:.1f} %")
        whose = Attribution.PUBLISHED.value
        rows.append((whose, name, benchmark, str(row.runs), *figures, published.metrics.source, row.note))
    return rows
