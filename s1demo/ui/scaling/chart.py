"""What the Scaling tab is asked to draw, the results it draws from, and the chart it answers with.

Pure. Measured and published numbers are kept apart, and whatever is shown of either says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import plotly.graph_objects as go

from s1demo.evals.benchmarks import same_benchmark
from s1demo.evals.measured import Measured
from s1demo.evals.published import Published, PublishedSeries
from s1demo.plots.dots import XAxis
from s1demo.plots.style import Attribution, Palette
from s1demo.ui.page.theme import DARK, LIGHT

AXES = {"thinking": XAxis.THINKING, "total": XAxis.TOTAL, "seconds": XAxis.SECONDS}
AXIS_NAMES = {"thinking": "thinking tokens", "total": "all tokens", "seconds": "seconds"}
PAPER = "paper:"  # in front of the key of a published series
PointKey = tuple[str, str, str]  # as addresses have it: run key, label of a point, kind of problem (or empty)


class ChartKind(StrEnum):
    """Which chart; the value is its name in a link."""

    CURVE = "curve"
    DOMAINS = "domains"
    LEDGER = "waits"
    DIFFERENCES = "differences"
    METHODS = "methods"
    DATA = "data"
    EXTENSIONS = "words"
    SAMPLES = "samples"


TITLES = {
    ChartKind.CURVE: "Accuracy against thinking",
    ChartKind.DOMAINS: "Kinds of problem",
    ChartKind.LEDGER: "What each Wait fixed and broke",
    ChartKind.DIFFERENCES: "Differences",
    ChartKind.METHODS: "Control, Scaling, Performance",
    ChartKind.DATA: "Training rows",
    ChartKind.EXTENSIONS: "Other words",
    ChartKind.SAMPLES: "Sample efficiency",
}


@dataclass(frozen=True)
class ChartRequest:
    """What a page asks to see; read from untrusted input, so everything unknown falls back to what is usual.

    Attributes:
        kind: which chart.
        benchmark: which questions; empty for the first there are numbers for.
        axis: a key of `AXES`.
        runs: keys of the series to draw; None for the usual ones.
        now: key of the page's own sweep, empty for none.
        narrow, dark: how the page is.
    """

    kind: ChartKind = ChartKind.CURVE
    benchmark: str = ""
    axis: str = "thinking"
    runs: tuple[str, ...] | None = None
    now: str = ""
    narrow: bool = False
    dark: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> ChartRequest:
        """Read what the page sent."""
        kind, axis, runs = given.get("look"), given.get("axis"), given.get("runs")
        return cls(
            kind=ChartKind(kind) if kind in list(ChartKind) else ChartKind.CURVE,
            benchmark=str(given.get("benchmark") or "")[:80],
            axis=axis if axis in AXES else "thinking",
            runs=tuple(str(key)[:80] for key in runs[:60]) if isinstance(runs, list) else None,
            now=str(given.get("now") or "")[:80],
            narrow=bool(given.get("narrow")),
            dark=bool(given.get("dark")),
        )

    @property
    def palette(self) -> Palette:
        """The colours of the page."""
        return Palette.of(DARK if self.dark else LIGHT)


@dataclass(frozen=True)
class Results:
    """All there is to show.

    Attributes:
        measured: shipped runs by key.
        published: the paper's numbers.
        now: the page's own sweep.
        tokens_per_second: of one trace alone on the loaded model; None where not asked for.
    """

    measured: Mapping[str, Measured]
    published: Published
    now: Measured | None = None
    tokens_per_second: float | None = None

    @property
    def runs(self) -> dict[str, Measured]:
        """All measured runs, the page's own first."""
        return ({self.now.key: self.now} if self.now else {}) | dict(self.measured)

    def on(self, benchmark: str) -> dict[str, Measured]:
        """The measured runs on a benchmark."""
        return {key: found for key, found in self.runs.items() if same_benchmark(found.benchmark, benchmark)}

    def series(self, benchmark: str) -> dict[str, PublishedSeries]:
        """The paper's series on a benchmark, by key."""
        return {f"{PAPER}{s.method}": s for s in self.published.series if same_benchmark(s.benchmark, benchmark)}

    def whose(self, key: str) -> Attribution:
        """Whether a measured run is the page's own."""
        return Attribution.NOW if self.now and key == self.now.key else Attribution.MEASURED


@dataclass(frozen=True)
class SeriesOption:
    """A series or a run that can be chosen, and whether it is."""

    key: str
    name: str
    whose: Attribution
    on: bool


@dataclass
class Chart:
    """A figure and the same numbers as a table, or the table alone.

    Attributes:
        figure: None where there is a table only.
        text: the chart in a sentence or two.
        columns, rows: the table; the first column says whose the numbers are.
        opens: for each row the point whose questions it opens, or None.
        benchmarks, benchmark: what can be chosen, and what was.
        choices: series that can be chosen; several: whether more than one at once.
        axis: whether the x axis can be chosen.
        notes: what must be known to read it.
    """

    figure: go.Figure | None = None
    text: str = ""
    columns: Sequence[str] = ()
    rows: list[Sequence[Any]] = field(default_factory=list)
    opens: list[PointKey | None] = field(default_factory=list)
    benchmarks: Sequence[str] = ()
    benchmark: str = ""
    choices: list[SeriesOption] = field(default_factory=list)
    several: bool = False
    axis: bool = False
    notes: list[str] = field(default_factory=list)

    def add(self, row: Sequence[Any], opens: PointKey | None = None) -> None:
        """Add a row to the table."""
        self.rows.append(row)
        self.opens.append(opens)

    def to_dict(self) -> dict[str, Any]:
        """What the page is sent; the figure as plotly's JSON text."""
        choices = [vars(option) for option in self.choices]
        return vars(self) | {"figure": self.figure.to_json() if self.figure else "", "choices": choices}


def choose_run(
    request: ChartRequest, results: Results, benchmark: str, has: Callable[[Measured], object]
) -> tuple[Measured | None, list[SeriesOption]]:
    """The run to draw, and those it can be changed for: runs on the benchmark that have something to draw."""
    runs = {key: found for key, found in results.on(benchmark).items() if has(found)}
    chosen = next((key for key in request.runs or () if key in runs), next(iter(runs), ""))
    return runs.get(chosen), [SeriesOption(key, run.name, results.whose(key), key == chosen) for key, run in runs.items()]
