"""The charts of the Scaling tab: each a figure, a table of the same numbers, and what may be chosen for it.

Pure: what was asked for and what is known in, one JSON-able chart out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go

from s1demo.evals.benchmarks import distinct_benchmarks, same_benchmark
from s1demo.evals.measured import CURVE, Measured, Role, asked_the_same, training_draws
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT
from s1demo.plots.accuracy import accuracy_figure
from s1demo.plots.breakdown import domain_points, domains_figure, ledger_figure
from s1demo.plots.comparisons import AccuracyRow, ablation_figure, sample_efficiency_figure
from s1demo.plots.dots import Dot, XAxis, measured_dots, published_dots
from s1demo.plots.style import Attribution, listing, text_alternative
from s1demo.ui.scaling import comparisons as side_by_side
from s1demo.ui.scaling.chart import AXES, Chart, ChartKind, ChartRequest, Results, SeriesOption, choose_run

_USUAL = ("BF", "RS", "MAJ")  # published methods that are drawn unless a visitor chooses others
_INTERVAL_COLUMNS = ("accuracy, %", "95 % from", "95 % to", "questions", "source")
_DOMAIN_COLUMNS = ("kind of problem", "point", "right", "questions", "accuracy, %", "mean thinking tokens", "source")
_LEDGER_COLUMNS = ("from", "to", "wrong → right", "right → wrong", "questions", "source")
_NO_PUBLISHED_COST = "The paper gives neither answer tokens nor seconds, so its curves are left out on this axis."
_OWN_INTERVALS = "The paper prints no intervals for these points; those in the hovers and in the table are ours, from n."
_NO_DOMAINS = "No run here tells kinds of problems apart. Run a sweep on mini."
_NO_WAITS = "No run here has Waits. Run a sweep with Waits to see what they fix and break."
_SECONDS = (
    "Seconds are tokens divided by {:,.0f} tokens/s: the rate of the loaded model, one trace alone, measured on this machine now."
)


def draw_chart(request: ChartRequest, results: Results) -> Chart:
    """Draw what was asked for, or what comes nearest to it."""
    benchmarks, draw = _CHARTS[request.kind]
    names = benchmarks(results)
    benchmark = next((name for name in names if same_benchmark(name, request.benchmark)), names[0] if names else "")
    chart = draw(request, results, benchmark)
    chart.benchmarks, chart.benchmark = names, benchmark
    if chart.figure is not None:
        chart.text = text_alternative(chart.figure)
    return chart


# --- accuracy against thinking -----------------------------------------------------------------------------------------------


def _curve_benchmarks(results: Results) -> list[str]:
    measured = [found.benchmark for found in results.runs.values()]
    return distinct_benchmarks(measured + [series.benchmark for series in results.published.series])


def _curve(request: ChartRequest, results: Results, benchmark: str) -> Chart:
    cost, series = AXES[request.axis], results.series(benchmark)
    order = [Role.MAIN, Role.SIBLING]
    runs = dict(
        sorted(results.on(benchmark).items(), key=lambda item: order.index(item[1].role) if item[1].role in order else len(order))
    )
    usual = {key for key, found in runs.items() if found.role in order}
    usual |= {key for key, found in series.items() if found.method in _USUAL}
    chosen = _chosen(request, [*runs, *series], usual)
    options = [
        SeriesOption(key, found.name, results.whose(key), key in chosen)
        for key, found in runs.items()
        if found.role is not Role.EXTENSION  # those have a chart of their own
    ]
    options += [SeriesOption(key, found.name, Attribution.PUBLISHED, key in chosen) for key, found in series.items()]
    shown = {key: found for key, found in runs.items() if key in chosen}
    paper = [found for key, found in series.items() if key in chosen] if cost is XAxis.THINKING else []
    figure = accuracy_figure(
        {key: found.run for key, found in shown.items()},
        paper,
        benchmark,
        request.palette,
        cost=cost,
        tokens_per_second=results.tokens_per_second,
        names={key: found.name for key, found in shown.items()},
        now=[key for key in shown if results.whose(key) is Attribution.NOW],
        draws=[key for key, found in shown.items() if found.role is Role.SIBLING],
        narrow=request.narrow,
    )
    chart = Chart(figure, choices=options, several=True, axis=bool(runs))
    chart.columns = ("whose", "series", "point", cost.value, *_INTERVAL_COLUMNS)
    for key, found in shown.items():
        for dot in measured_dots(key, found.run, cost, results.tokens_per_second or 1.0, results.whose(key)):
            chart.add(_dot_row(results.whose(key), found.name, dot), (key, dot.label, ""))
    for published in paper:
        for dot in published_dots(published):
            chart.add(_dot_row(Attribution.PUBLISHED, published.name, dot))
    chart.notes += _draws_note(shown) + _fewer_questions_notes(shown)
    if series and cost is not XAxis.THINKING:
        chart.notes.append(_NO_PUBLISHED_COST)
    if cost is XAxis.SECONDS and results.tokens_per_second:
        chart.notes.append(_SECONDS.format(results.tokens_per_second))
    if len(paper) > 1:
        chart.notes.append(_OWN_INTERVALS)
    return chart


def _draws_note(shown: Mapping[str, Measured]) -> list[str]:
    """How far the training draws that are drawn lie apart, setting by setting."""
    draws = training_draws(shown)
    if len(draws) < 2:
        return []
    alone, once = ([draw.run.point(setting).accuracy for draw in draws] for setting in (LEFT_ALONE, ONE_WAIT))
    return [
        f"{len(draws)} training draws, which differ in their thousand rows and their seed: left alone {min(alone):.1f} to "
        f"{max(alone):.1f} % right, after one Wait {min(once):.1f} to {max(once):.1f} %."
    ]


def _fewer_questions_notes(shown: Mapping[str, Measured]) -> list[str]:
    """What the model's own curve does on the questions of runs that were asked fewer, so that like is compared with like."""
    own = shown.get(CURVE)
    if own is None:
        return []
    fewer = [found for found in shown.values() if found.run.n < own.run.n and asked_the_same(found, own)]
    notes = []
    for n in sorted({found.run.n for found in fewer}):
        names = listing([found.name for found in fewer if found.run.n == n])
        alone, once = (100 * sum(own.run.point(setting).right[:n]) / n for setting in (LEFT_ALONE, ONE_WAIT))
        notes.append(
            f"{names}: over the first {n:,} of the {own.run.n:,} questions only, where the curve is at {alone:.1f} % left alone "
            f"and at {once:.1f} % after one Wait."
        )
    return notes


def _dot_row(whose: Attribution, series: str, dot: Dot) -> tuple[Any, ...]:
    low, high = dot.interval
    return (whose.value, series, dot.label, round(dot.cost, 4), dot.accuracy, round(low, 2), round(high, 2), dot.n, dot.source)


def _chosen(request: ChartRequest, known: Sequence[str], usual: set[str]) -> set[str]:
    """The series to draw; the page's own sweep is drawn even if the list was made before it."""
    if request.runs is None:
        return usual
    return {*request.runs} & {*known} or (usual if request.runs else set())


# --- one measured run ----------------------------------------------------------------------------------------------------------


def _domains(found: Measured, whose: Attribution, request: ChartRequest) -> Chart:
    figure = domains_figure(found.key, found.run, request.palette, narrow=request.narrow, attribution=whose)
    chart = Chart(figure, columns=("whose", "series", *_DOMAIN_COLUMNS))
    points, domains = domain_points(found.run)
    for domain in domains:
        for point in points:
            if group := point.domains.get(domain):
                figures = (group.correct, group.n, group.accuracy, group.mean_thinking_tokens)
                row = (whose.value, found.name, domain, point.label, *figures, found.run.command)
                chart.add(row, (found.key, point.label, domain))
    return chart


def _ledger(found: Measured, whose: Attribution, request: ChartRequest) -> Chart:
    run = found.run
    figure = ledger_figure(found.key, run, request.palette, narrow=request.narrow, attribution=whose)
    chart = Chart(figure, columns=("whose", "series", *_LEDGER_COLUMNS))
    for e in run.ledger:
        label = e.setting.label
        row = (whose.value, found.name, e.after.label, label, e.wrong_to_right, e.right_to_wrong, run.n, run.command)
        chart.add(row, (found.key, label, ""))
    return chart


# --- all of them ---------------------------------------------------------------------------------------------------------------


_Benchmarks = Callable[[Results], list[str]]
_Draw = Callable[[ChartRequest, Results, str], Chart]


def _of_one_run(
    has: Callable[[Measured], object], draw: Callable[[Measured, Attribution, ChartRequest], Chart], nothing: str
) -> tuple[_Benchmarks, _Draw]:
    """A chart of one measured run at a time, of those that have something to draw; else `nothing` is said."""

    def chart(request: ChartRequest, results: Results, benchmark: str) -> Chart:
        found, choices = choose_run(request, results, benchmark, has)
        return replace(draw(found, results.whose(found.key), request), choices=choices) if found else Chart(text=nothing)

    return lambda results: distinct_benchmarks(found.benchmark for found in results.runs.values() if has(found)), chart


def _of_rows(
    rows: Callable[[Results], Mapping[str, list[AccuracyRow]]], figure: Callable[..., go.Figure]
) -> tuple[_Benchmarks, _Draw]:
    """A chart of several runs and published rows on a benchmark."""
    return lambda results: list(rows(results)), lambda request, results, benchmark: side_by_side.accuracies(
        rows(results).get(benchmark, []), benchmark, request, figure
    )


_CHARTS: dict[ChartKind, tuple[_Benchmarks, _Draw]] = {
    ChartKind.CURVE: (_curve_benchmarks, _curve),
    ChartKind.DOMAINS: _of_one_run(lambda found: len(domain_points(found.run)[1]) > 1, _domains, _NO_DOMAINS),
    ChartKind.LEDGER: _of_one_run(lambda found: found.run.ledger, _ledger, _NO_WAITS),
    ChartKind.DIFFERENCES: (side_by_side.difference_benchmarks, side_by_side.differences),
    ChartKind.METHODS: (lambda results: [], side_by_side.methods),
    ChartKind.DATA: _of_rows(side_by_side.data_rows, ablation_figure),
    ChartKind.EXTENSIONS: _of_rows(side_by_side.extension_rows, ablation_figure),
    ChartKind.SAMPLES: _of_rows(side_by_side.sample_rows, sample_efficiency_figure),
}
