"""Looks at several models or variants side by side: differences, methods, training rows, extension strings, sample efficiency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import plotly.graph_objects as go

from s1demo.evals.measured import Measured, Role
from s1demo.evals.metrics import wilson
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
from s1demo.ui.scaling_shelf import Asked, Opens, Picture, Shelf, distinct, one_run

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
        (row,) = metrics_rows([] if found is shelf.now else [found.run], now=[found.run] if found is shelf.now else [])
        drawn.add(replace(row, method=row.method.replace(found.run.model, found.name), benchmark=found.benchmark).cells)
    for row in metrics_rows([], shelf.published):
        drawn.add(row.cells)
    drawn.text = (
        "Control: how often thinking is as long as it was meant to be. Scaling: percentage points for each doubling of thinking. "
        "Performance: the best accuracy reached. The paper's methods are drawn under “Accuracy against thinking”, AIME24."
    )
    return drawn


def data_rows(shelf: Shelf) -> dict[str, _Rows]:
    """Variants of the training rows, by benchmark: accuracies at natural stopping, on the questions all of them were asked."""
    variants = [found for found in shelf.measured.values() if found.role in (Role.BASE, Role.DATA)]
    return _compared(shelf, variants, [NATURAL], shelf.published.data, lambda found, label: found.name)


def extension_rows(shelf: Shelf) -> dict[str, _Rows]:
    """Natural stopping and two forced extensions of each kind, by benchmark, on the questions all runs were asked."""
    variants = [found for found in shelf.measured.values() if found.role is Role.EXTENSION]
    labels = [NATURAL, *(point.label for found in variants for point in found.run.points if point.num_ignore == 2), "Wait x2"]
    return _compared(shelf, variants, labels, shelf.published.extension_strings, lambda found, label: label)


def _compared(
    shelf: Shelf,
    variants: Sequence[Measured],
    labels: Sequence[str],
    published: Sequence[PublishedAccuracy],
    name: Callable[[Measured, str], str],
) -> dict[str, _Rows]:
    rows: dict[str, _Rows] = {}
    for benchmark in distinct(found.benchmark for found in variants):
        here = [found for found in variants if same_benchmark(found.benchmark, benchmark)]
        own = [found for found in shelf.measured.values() if found.key == "curve" and same_benchmark(found.benchmark, benchmark)]
        n = min(found.run.n for found in [*own, *here])  # the curve has more questions, and begins with those of the others
        made: dict[str, tuple[Reported, Opens | None]] = {}
        for found in [*own, *here]:
            for point in (point for point in found.run.points if point.label in labels):
                made.setdefault(
                    name(found, point.label), (_reported(found, point, name(found, point.label), n), (found.key, point.label, ""))
                )
        rows[benchmark] = list(made.values())
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


def _reported(found: Measured, point: Point, label: str, n: int) -> Reported:
    """A point on its first `n` questions."""
    correct = point.verdicts[:n].count("c")
    return Reported(
        label, round(100 * correct / n, 2), found.benchmark, Provenance.MEASURED, found.run.command, n, wilson(correct, n)
    )


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
        "accuracy, %",
        "95 % from",
        "95 % to",
        "questions",
        "training examples",
        "benchmark",
        "source",
    )
    for row, opens in rows:
        low, high = (round(end, 2) for end in row.interval) if row.interval else (None, None)
        drawn.add(
            (row.provenance.value, row.label, row.accuracy, low, high, row.n, row.examples, row.benchmark, row.source), opens
        )
    if any(row.provenance is Provenance.PUBLISHED and row.interval for row, _ in rows):
        drawn.notes.append("The paper prints no intervals for these accuracies; those drawn are ours, from n.")
    if len({row.n for row, _ in rows if row.provenance is Provenance.MEASURED}) == 1:
        drawn.notes.append("Measured rows are over the same questions.")
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
