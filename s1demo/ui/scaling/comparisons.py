"""Looks at several models or variants side by side: differences, methods, training rows, extension strings, sample efficiency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import plotly.graph_objects as go

from s1demo.budget import Limit
from s1demo.evals.measured import CURVE, Measured, Role, asked_the_same
from s1demo.evals.metrics import paired_bootstrap, wilson
from s1demo.evals.published import PublishedAccuracy
from s1demo.evals.results import Point
from s1demo.plots import (
    HEADER,
    Contrast,
    Provenance,
    Reported,
    ablation_figure,
    contrasts,
    difference_figure,
    metrics_rows,
    sample_efficiency_figure,
)
from s1demo.plots.dots import same_benchmark
from s1demo.policies import NATURAL
from s1demo.ui.scaling.chart import Asked, Opens, Picture, Shelf, distinct, one_run

_ONE_WAIT = "Wait x1"
_Rows = list[tuple[Reported, Opens | None]]


def difference_benchmarks(shelf: Shelf) -> list[str]:
    own = [found.benchmark for found in shelf.runs.values() if found.run.differences]
    return distinct(own + [d.benchmark for d in shelf.published.data_differences])


def differences(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    found, choices = one_run(asked, shelf, benchmark, lambda found: found.run.differences)
    rows = contrasts(found.run, shelf.whose(found.key)) if found else []
    opens = {row.label: (found.key, row.label, "") for row in rows} if found else {}
    rows += [
        Contrast(d.label, d.against, d.points, d.interval, d.benchmark, Provenance.PUBLISHED, d.source)
        for d in shelf.published.data_differences
        if same_benchmark(d.benchmark, benchmark)
    ]
    drawn = Picture(difference_figure(rows, benchmark, asked.palette, narrow=asked.narrow), choices=choices)
    drawn.columns = ("whose", "setting", "against", "percentage points", "95 % from", "95 % to", "benchmark", "source")
    for row in rows:
        low, high = row.interval or (None, None)
        cells = (row.provenance.value, row.label, row.against, row.points, low, high, row.benchmark, row.source)
        drawn.add(cells, opens.get(row.label) if row.provenance is not Provenance.PUBLISHED else None)
    drawn.notes.append("A triangle: the whole interval lies on one side of 0. A circle: it may be chance.")
    return drawn


def methods(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    """The table of Control, Scaling and Performance: every measured run, then the paper's methods."""
    drawn = Picture(columns=HEADER)
    for found in shelf.runs.values():
        if found.role is Role.EXTENSION:
            continue  # Waits only: nothing asked for a length
        (row,) = metrics_rows([] if found is shelf.now else [found.run], now=[found.run] if found is shelf.now else [])
        method = row.method if found.name in row.method else row.method.replace(found.run.model, found.name)
        drawn.add(replace(row, method=method, benchmark=found.benchmark).cells)
    for row in metrics_rows([], shelf.published):
        drawn.add(row.cells)
    drawn.text = (
        "Control: how often thinking is as long as it was meant to be. Scaling: percentage points for each doubling of thinking. "
        "Performance: the best accuracy reached. The paper's methods are drawn under “Accuracy against thinking”, AIME24."
    )
    return drawn


def data_rows(shelf: Shelf) -> dict[str, _Rows]:
    """Variants of the training rows, by benchmark, left alone and after one Wait, on the questions all of them were asked."""
    variants = [found for found in shelf.measured.values() if found.role in (Role.BASE, Role.DATA, Role.SIBLING)]

    def place(found: Measured, point: Point) -> tuple[str, str] | None:
        name = f"the curated thousand, {found.name}" if found.key == CURVE else found.name
        return (name, point.label) if point.label in (NATURAL, _ONE_WAIT) else None

    return _compared(shelf, variants, place, shelf.published.data)


def extension_rows(shelf: Shelf) -> dict[str, _Rows]:
    """Natural stopping, and one and two forced extensions of each kind, by benchmark, on the questions all runs were asked."""
    variants = [found for found in shelf.measured.values() if found.role is Role.EXTENSION]

    def place(found: Measured, point: Point) -> tuple[str, str] | None:
        return (point.label, "") if point.label == NATURAL or point.num_ignore in (1, 2) else None

    return _compared(shelf, variants, place, shelf.published.extension_strings)


def _compared(
    shelf: Shelf,
    variants: Sequence[Measured],
    place: Callable[[Measured, Point], tuple[str, str] | None],
    published: Sequence[PublishedAccuracy],
) -> dict[str, _Rows]:
    """Variants beside the model's own curve, then the paper's, by benchmark.

    Args:
        shelf: what there is.
        variants: runs to compare with the curve; those on other questions are left out.
        place: label and setting of a point, None for one that is not shown.
        published: the paper's rows.
    """
    rows: dict[str, _Rows] = {}
    own = shelf.measured.get(CURVE)
    here = [found for found in variants if own and asked_the_same(found, own)]
    if own and here:
        n = min(found.run.n for found in [own, *here])  # the curve has more questions, and begins with those of the others
        made: dict[tuple[str, str], tuple[Reported, Opens | None]] = {}
        for found in [own, *here]:
            for point in found.run.points:
                if (where := place(found, point)) and where not in made:
                    made[where] = (_reported(found, point, where, n, own), (found.key, point.label, ""))
        rows[own.benchmark] = list(made.values())
    for row in published:
        reported = Reported(
            row.label,
            row.accuracy,
            row.benchmark,
            Provenance.PUBLISHED,
            row.source,
            row.n,
            _from_n(row.accuracy, row.n),
            row.examples,
        )
        rows.setdefault(row.benchmark, []).append((reported, None))
    return rows


def _reported(found: Measured, point: Point, place: tuple[str, str], n: int, own: Measured) -> Reported:
    """A point on its first `n` questions, and how it differs there from the curve's point of as many Waits."""
    correct = point.verdicts[:n].count("c")
    label, setting = place
    return Reported(
        label,
        round(100 * correct / n, 2),
        found.benchmark,
        Provenance.MEASURED,
        found.run.command,
        n,
        wilson(correct, n),
        setting=setting,
        note="" if found is own else _against(point, own, n),
    )


def _against(point: Point, own: Measured, n: int) -> str:
    same = next((other for other in own.run.points if _asked_for(other) == _asked_for(point)), None)
    if same is None:
        return ""
    right, reference = ([verdict == "c" for verdict in each.verdicts[:n]] for each in (point, same))
    found = paired_bootstrap(right, reference)
    return f"{found.points:+.1f} points against {own.name}, {same.label} (95 % interval {found.low:+.1f} to {found.high:+.1f})"


def _asked_for(point: Point) -> tuple[Limit, int, int]:
    return point.max_thinking_tokens, point.num_ignore, point.votes


def _from_n(accuracy: float, n: int | None) -> tuple[float, float] | None:
    return wilson(round(accuracy * n / 100), n) if n else None


def _reported_picture(
    rows: _Rows,
    benchmark: str,
    asked: Asked,
    figure: Callable[..., go.Figure],
) -> Picture:
    drawn = Picture(figure([row for row, _ in rows], benchmark, asked.palette, narrow=asked.narrow))
    drawn.columns = (
        "whose",
        "what",
        "setting",
        "accuracy, %",
        "95 % from",
        "95 % to",
        "questions",
        "training examples",
        "benchmark",
        "note",
        "source",
    )
    for row, opens in rows:
        low, high = (round(end, 2) for end in row.interval) if row.interval else (None, None)
        figures = (row.accuracy, low, high, row.n, row.examples, row.benchmark)
        drawn.add((row.provenance.value, row.label, row.setting, *figures, row.note, row.source), opens)
    if any(row.provenance is Provenance.PUBLISHED and row.interval for row, _ in rows):
        drawn.notes.append("The paper prints no intervals for these accuracies; those drawn are ours, from n.")
    if len({row.n for row, _ in rows if row.provenance is Provenance.MEASURED}) == 1:
        n = next(row.n for row, _ in rows if row.provenance is Provenance.MEASURED)
        drawn.notes.append(f"All measured rows are over the same {n:,} questions.")
    return drawn


def data(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    return _reported_picture(data_rows(shelf).get(benchmark, []), benchmark, asked, ablation_figure)


def extensions(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    return _reported_picture(extension_rows(shelf).get(benchmark, []), benchmark, asked, ablation_figure)


def samples(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    rows = [
        Reported(row.label, row.accuracy, row.benchmark, Provenance.PUBLISHED, row.source, row.n, None, row.examples)
        for row in shelf.published.sample_efficiency
    ]
    return _reported_picture([(row, None) for row in rows], benchmark, asked, sample_efficiency_figure)
