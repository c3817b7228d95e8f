"""The looks of the Scaling tab: each a figure, a table of the same numbers, and what may be chosen for it.

Pure: what was asked for and what is known in, one JSON-able picture out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s1demo.evals.measured import CURVE, Measured, Role, asked_the_same, training_draws
from s1demo.plots import Cost, Provenance, accuracy_figure, domains_figure, ledger_figure, text_alternative
from s1demo.plots.dots import Dot, Kind, kind_of, measured_dots, published_dots, same_benchmark
from s1demo.plots.style import listing
from s1demo.policies import NATURAL
from s1demo.ui.scaling import comparisons as side_by_side
from s1demo.ui.scaling.chart import AXES, Asked, Choice, Look, Picture, Shelf, distinct, one_run

_USUAL = ("BF", "RS", "MAJ")  # published methods that are drawn unless a visitor chooses others
_ONE_WAIT = "Wait x1"
_NO_PUBLISHED_COST = "The paper gives neither answer tokens nor seconds, so its curves are left out on this axis."
_OWN_INTERVALS = "The paper prints no intervals for these points; those in the hovers and in the table are ours, from n."
_SECONDS = (
    "Seconds are tokens divided by {:,.0f} tokens/s: the rate of the loaded model, one trace alone, measured on this machine now."
)


def picture(asked: Asked, shelf: Shelf) -> Picture:
    """Draw what was asked for, or what comes nearest to it.

    Args:
        asked: what to show.
        shelf: what there is.
    """
    benchmarks, draw = _LOOKS[asked.look]
    names = benchmarks(shelf)
    benchmark = next((name for name in names if same_benchmark(name, asked.benchmark)), names[0] if names else "")
    drawn = draw(asked, shelf, benchmark)
    drawn.benchmarks, drawn.benchmark = names, benchmark
    if drawn.figure is not None:
        drawn.text = text_alternative(drawn.figure)
    return drawn


# --- accuracy against thinking -----------------------------------------------------------------------------------------------


def _curve_benchmarks(shelf: Shelf) -> list[str]:
    return distinct([found.benchmark for found in shelf.runs.values()] + [s.benchmark for s in shelf.published.series])


def _curve(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    cost, runs, series = AXES[asked.axis], shelf.on(benchmark), shelf.series(benchmark)
    usual = {key for key, found in runs.items() if found.role in (Role.MAIN, Role.SIBLING)}
    usual |= {key for key, found in series.items() if found.method in _USUAL}
    wanted = _wanted(asked, [*runs, *series], usual)
    order = [Role.MAIN, Role.SIBLING]
    runs = dict(sorted(runs.items(), key=lambda item: order.index(item[1].role) if item[1].role in order else len(order)))
    offered = {key: found for key, found in runs.items() if found.role is not Role.EXTENSION}  # those have a look of their own
    choices = [Choice(key, found.name, shelf.whose(key), key in wanted) for key, found in offered.items()]
    choices += [Choice(key, found.name, Provenance.PUBLISHED, key in wanted) for key, found in series.items()]
    shown = {key: found for key, found in runs.items() if key in wanted}
    paper = {key: found for key, found in series.items() if key in wanted} if cost is Cost.THINKING else {}
    figure = accuracy_figure(
        {key: found.run for key, found in shown.items()},
        list(paper.values()),
        benchmark,
        asked.palette,
        cost=cost,
        tokens_per_second=shelf.tokens_per_second,
        names={key: found.name for key, found in shown.items()},
        now=[key for key in shown if shelf.whose(key) is Provenance.NOW],
        draws=[key for key, found in shown.items() if found.role is Role.SIBLING],
        narrow=asked.narrow,
    )
    drawn = Picture(figure, choices=choices, several=True, axis=bool(runs))
    drawn.columns = ("whose", "series", "point", cost.value, "accuracy, %", "95 % from", "95 % to", "questions", "source")
    for key, found in shown.items():
        for dot in measured_dots(key, found.run, cost, shelf.tokens_per_second or 1.0, shelf.whose(key)):
            drawn.add(_dot_row(shelf.whose(key), found.name, dot), (key, dot.label, ""))
    for published in paper.values():
        for dot in published_dots(published):
            drawn.add(_dot_row(Provenance.PUBLISHED, published.name, dot))
    drawn.notes += _draws_note(shown) + _fewer_questions_notes(shown)
    if series and cost is not Cost.THINKING:
        drawn.notes.append(_NO_PUBLISHED_COST)
    if cost is Cost.SECONDS and shelf.tokens_per_second:
        drawn.notes.append(_SECONDS.format(shelf.tokens_per_second))
    if len(paper) > 1:
        drawn.notes.append(_OWN_INTERVALS)
    return drawn


def _draws_note(shown: Mapping[str, Measured]) -> list[str]:
    """How far the training draws that are drawn lie apart, setting by setting."""
    draws = training_draws(shown)
    if len(draws) < 2:
        return []
    alone, once = ([draw.run.point(label).accuracy for draw in draws] for label in (NATURAL, _ONE_WAIT))
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
        alone, once = (100 * own.run.point(label).verdicts[:n].count("c") / n for label in (NATURAL, _ONE_WAIT))
        notes.append(
            f"{names}: over the first {n:,} of the {own.run.n:,} questions only, where the curve is at {alone:.1f} % left alone "
            f"and at {once:.1f} % after one Wait."
        )
    return notes


def _dot_row(whose: Provenance, series: str, dot: Dot) -> tuple[Any, ...]:
    low, high = dot.interval
    return (whose.value, series, dot.label, round(dot.cost, 4), dot.accuracy, round(low, 2), round(high, 2), dot.n, dot.source)


# --- one measured run ----------------------------------------------------------------------------------------------------------


def _measured_benchmarks(has: Callable[[Measured], object]) -> Callable[[Shelf], list[str]]:
    return lambda shelf: distinct(found.benchmark for found in shelf.runs.values() if has(found))


def _has_domains(found: Measured) -> bool:
    return len({domain for point in found.run.points for domain in point.domains}) > 1


def _domains(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    found, choices = one_run(asked, shelf, benchmark, _has_domains)
    if found is None:
        return Picture(text="No run here tells kinds of problems apart. Run a sweep on mini.")
    whose = shelf.whose(found.key)
    figure = domains_figure(found.key, found.run, asked.palette, narrow=asked.narrow, provenance=whose)
    drawn = Picture(figure, choices=choices)
    drawn.columns = (
        "whose",
        "series",
        "kind of problem",
        "point",
        "right",
        "questions",
        "accuracy, %",
        "mean thinking tokens",
        "source",
    )
    for domain in sorted({domain for point in found.run.points for domain in point.domains}):
        for point in found.run.points:
            if (group := point.domains.get(domain)) and kind_of(point) in (Kind.BUDGETS, Kind.NATURAL, Kind.WAITS):
                figures = (group.correct, group.n, group.accuracy, group.mean_thinking_tokens)
                drawn.add(
                    (whose.value, found.name, domain, point.label, *figures, found.run.command), (found.key, point.label, domain)
                )
    return drawn


def _ledger(asked: Asked, shelf: Shelf, benchmark: str) -> Picture:
    found, choices = one_run(asked, shelf, benchmark, lambda found: found.run.ledger)
    if found is None:
        return Picture(text="No run here has Waits. Run a sweep with Waits to see what they fix and break.")
    whose, run = shelf.whose(found.key), found.run
    drawn = Picture(ledger_figure(found.key, run, asked.palette, narrow=asked.narrow, provenance=whose), choices=choices)
    drawn.columns = ("whose", "series", "from", "to", "wrong → right", "right → wrong", "questions", "source")
    for e in run.ledger:
        row = (whose.value, found.name, e.after, e.label, e.wrong_to_right, e.right_to_wrong, run.n, run.command)
        drawn.add(row, (found.key, e.label, ""))
    return drawn


_LOOKS: dict[Look, tuple[Callable[[Shelf], list[str]], Callable[[Asked, Shelf, str], Picture]]] = {
    Look.CURVE: (_curve_benchmarks, _curve),
    Look.DOMAINS: (_measured_benchmarks(_has_domains), _domains),
    Look.LEDGER: (_measured_benchmarks(lambda found: found.run.ledger), _ledger),
    Look.DIFFERENCES: (side_by_side.difference_benchmarks, side_by_side.differences),
    Look.METHODS: (lambda shelf: [], side_by_side.methods),
    Look.DATA: (lambda shelf: list(side_by_side.data_rows(shelf)), side_by_side.data),
    Look.EXTENSIONS: (lambda shelf: list(side_by_side.extension_rows(shelf)), side_by_side.extensions),
    Look.SAMPLES: (lambda shelf: distinct(row.benchmark for row in shelf.published.sample_efficiency), side_by_side.samples),
}


def _wanted(asked: Asked, known: Sequence[str], usual: set[str]) -> set[str]:
    """The series to draw; the page's own sweep is drawn even if the list was made before it."""
    if asked.runs is None:
        return usual
    return {*asked.runs} & {*known} if {*asked.runs} & {*known} or not asked.runs else usual
