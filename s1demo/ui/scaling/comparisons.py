"""Charts of several models or variants side by side: differences, methods, training rows, extensions, sample efficiency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import plotly.graph_objects as go

from s1demo.delimiters import EXTENSION
from s1demo.evals.benchmarks import distinct_benchmarks, same_benchmark
from s1demo.evals.measured import CURVE, Measured, Role, asked_the_same
from s1demo.evals.metrics import paired_bootstrap, wilson
from s1demo.evals.published import PublishedAccuracy
from s1demo.evals.results import Point
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT, Setting
from s1demo.plots import comparisons as figures
from s1demo.plots.comparisons import AccuracyRow, DifferenceRow
from s1demo.plots.metrics_table import HEADER, measured_row, published_rows
from s1demo.plots.style import Attribution
from s1demo.ui.scaling.chart import Chart, ChartRequest, Results, choose_run

_Rows = dict[str, list[AccuracyRow]]  # by benchmark
_DIFFERENCE_COLUMNS = ("whose", "setting", "against", "percentage points", "95 % from", "95 % to", "benchmark", "source")
_FIGURE_COLUMNS = ("accuracy, %", "95 % from", "95 % to", "questions", "training examples", "benchmark", "note", "source")


def difference_benchmarks(results: Results) -> list[str]:
    own = [found.benchmark for found in results.runs.values() if found.run.differences]
    return distinct_benchmarks(own + [d.benchmark for d in results.published.data_differences])


def differences(request: ChartRequest, results: Results, benchmark: str) -> Chart:
    found, choices = choose_run(request, results, benchmark, lambda found: found.run.differences)
    rows = figures.difference_rows(found.key, found.run, results.whose(found.key)) if found else []
    for d in results.published.data_differences:
        if same_benchmark(d.benchmark, benchmark):
            where = (d.benchmark, Attribution.PUBLISHED, d.source)
            rows.append(DifferenceRow(d.label, d.points, *where, d.interval, against=d.against))
    figure = figures.difference_figure(rows, benchmark, request.palette, narrow=request.narrow)
    chart = Chart(figure, columns=_DIFFERENCE_COLUMNS, choices=choices)
    for row in rows:
        low, high = row.interval or (None, None)
        cells = (row.attribution.value, row.label, row.against, row.value, low, high, row.benchmark, row.source)
        chart.add(cells, row.opens)
    chart.notes.append("A triangle: the whole interval lies on one side of 0. A circle: it may be chance.")
    return chart


def methods(request: ChartRequest, results: Results, benchmark: str) -> Chart:
    """The table of Control, Scaling and Performance: every measured run, then the paper's methods."""
    chart = Chart(columns=HEADER)
    for found in results.runs.values():
        if found.role is Role.EXTENSION:
            continue  # Waits only: nothing asked for a length
        chart.add(measured_row(found.run, found.name, results.whose(found.key)))
    for row in published_rows(results.published):
        chart.add(row)
    chart.text = (
        "Control: how often thinking is as long as it was meant to be. Scaling: percentage points for each doubling of thinking. "
        "Performance: the best accuracy reached. The paper's methods are drawn under “Accuracy against thinking”, AIME24."
    )
    return chart


def data_rows(results: Results) -> _Rows:
    """Variants of the training rows, left alone and after one Wait, on the questions all of them were asked."""

    def shown_as(found: Measured, setting: Setting) -> tuple[str, Setting | None] | None:
        name = f"the curated thousand, {found.name}" if found.key == CURVE else found.name
        return (name, setting) if setting in (LEFT_ALONE, ONE_WAIT) else None

    rows = _compared(results, (Role.BASE, Role.DATA, Role.SIBLING), shown_as)
    return _with_published(rows, results.published.data)


def extension_rows(results: Results) -> _Rows:
    """Natural stopping, and one and two forced extensions of each kind, on the questions all runs were asked."""

    def shown_as(found: Measured, setting: Setting) -> tuple[str, Setting | None] | None:
        return (setting.label, None) if setting == LEFT_ALONE or setting.num_ignore in (1, 2) else None

    return _with_published(_compared(results, (Role.EXTENSION,), shown_as), results.published.extension_strings)


def sample_rows(results: Results) -> _Rows:
    """Published models by the number of their training examples."""
    return _with_published({}, results.published.sample_efficiency)


def _compared(
    results: Results, roles: Sequence[Role], shown_as: Callable[[Measured, Setting], tuple[str, Setting | None] | None]
) -> _Rows:
    """Variants beside the model's own curve.

    Args:
        roles: of the runs to compare with the curve; those on other questions are left out.
        shown_as: a point's label, and its setting where that is shown apart; None for a point that is not shown.
    """
    own = results.measured.get(CURVE)
    here = [found for found in results.measured.values() if found.role in roles and own and asked_the_same(found, own)]
    if not own or not here:
        return {}
    n = min(found.run.n for found in [own, *here])  # the curve has more questions, and begins with those of the others
    made: dict[object, AccuracyRow] = {}
    for found in [own, *here]:
        for point in found.run.points:
            if (name := shown_as(found, point.setting)) and (name, point.setting) not in made:
                made[name, point.setting] = _measured_row(found, point, *name, n, own)
    return {own.benchmark: list(made.values())}


def _measured_row(found: Measured, point: Point, label: str, setting: Setting | None, n: int, own: Measured) -> AccuracyRow:
    """A point on its first `n` questions, and how it differs there from the curve's point of as many Waits."""
    correct, where = sum(point.right[:n]), (found.benchmark, Attribution.MEASURED, found.run.command)
    note, opens = "" if found is own else _against(point, own, n), (found.key, point.label, "")
    return AccuracyRow(label, round(100 * correct / n, 2), *where, wilson(correct, n), setting, opens, n, note=note)


def _with_published(rows: _Rows, published: Sequence[PublishedAccuracy]) -> _Rows:
    """Measured rows, then the paper's; its intervals are ours, from n."""
    for row in published:
        interval = wilson(round(row.accuracy * row.n / 100), row.n) if row.n else None
        where = (row.benchmark, Attribution.PUBLISHED, row.source)
        made = AccuracyRow(row.label, row.accuracy, *where, interval, n=row.n, examples=row.examples)
        rows.setdefault(row.benchmark, []).append(made)
    return rows


def _against(point: Point, own: Measured, n: int) -> str:
    same = replace(point.setting, extension=EXTENSION)
    reference = next((other for other in own.run.points if other.setting == same), None)
    if reference is None:
        return ""
    found = paired_bootstrap(point.right[:n], reference.right[:n])
    interval = f"95 % interval {found.low:+.1f} to {found.high:+.1f}"
    return f"{found.points:+.1f} points against {own.name}, {reference.label} ({interval})"


def accuracies(rows: list[AccuracyRow], benchmark: str, request: ChartRequest, figure: Callable[..., go.Figure]) -> Chart:
    """Rows as a figure and a table."""
    chart = Chart(figure(rows, benchmark, request.palette, narrow=request.narrow))
    chart.columns = ("whose", "what", "setting", *_FIGURE_COLUMNS)
    for row in rows:
        low, high = (round(end, 2) for end in row.interval) if row.interval else (None, None)
        numbers = (row.value, low, high, row.n, row.examples, row.benchmark)
        setting = row.setting.label if row.setting else ""
        chart.add((row.attribution.value, row.label, setting, *numbers, row.note, row.source), row.opens)
    if any(row.attribution is Attribution.PUBLISHED and row.interval for row in rows):
        chart.notes.append("The paper prints no intervals for these accuracies; those drawn are ours, from n.")
    counts = {row.n for row in rows if row.attribution is Attribution.MEASURED}
    if len(counts) == 1:
        chart.notes.append(f"All measured rows are over the same {counts.pop():,} questions.")
    return chart


