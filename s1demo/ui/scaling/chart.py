"""What the Scaling tab is asked for, what it has on its shelf, and what it shows: the three words its looks are made of.

Pure. Measured and published numbers lie apart, and whatever is shown of either says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import plotly.graph_objects as go

from s1demo.evals.measured import Measured
from s1demo.evals.published import Published, PublishedSeries
from s1demo.plots import Cost, Palette, Provenance
from s1demo.plots.dots import same_benchmark
from s1demo.ui.page.theme import DARK, LIGHT

AXES = {"thinking": Cost.THINKING, "total": Cost.TOTAL, "seconds": Cost.SECONDS}
AXIS_NAMES = {"thinking": "thinking tokens", "total": "all tokens", "seconds": "seconds"}
PAPER = "paper:"  # in front of the key of a published series
Opens = tuple[str, str, str]  # run key, point label, kind of problem (or empty): whose questions a row opens


class Look(StrEnum):
    """What to look at; the value is its name in a link."""

    CURVE = "curve"
    DOMAINS = "domains"
    LEDGER = "waits"
    DIFFERENCES = "differences"
    METHODS = "methods"
    DATA = "data"
    EXTENSIONS = "words"
    SAMPLES = "samples"


LOOKS = {
    Look.CURVE: "Accuracy against thinking",
    Look.DOMAINS: "Kinds of problem",
    Look.LEDGER: "What each Wait fixed and broke",
    Look.DIFFERENCES: "Differences",
    Look.METHODS: "Control, Scaling, Performance",
    Look.DATA: "Training rows",
    Look.EXTENSIONS: "Other words",
    Look.SAMPLES: "Sample efficiency",
}


@dataclass(frozen=True)
class Asked:
    """What a page asks to see; read from untrusted input, so everything unknown falls back to what is usual.

    Attributes:
        look: what to look at.
        benchmark: which questions; empty for the first there are numbers for.
        axis: a key of `AXES`.
        runs: keys of the series to draw; None for the usual ones.
        now: key of the page's own sweep, empty for none.
        narrow, dark: how the page is.
    """

    look: Look = Look.CURVE
    benchmark: str = ""
    axis: str = "thinking"
    runs: tuple[str, ...] | None = None
    now: str = ""
    narrow: bool = False
    dark: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Asked:
        """Read what the page sent."""
        look, axis, runs = given.get("look"), given.get("axis"), given.get("runs")
        return cls(
            look=Look(look) if look in list(Look) else Look.CURVE,
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
class Shelf:
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

    def whose(self, key: str) -> Provenance:
        """Whether a measured run is the page's own."""
        return Provenance.NOW if self.now and key == self.now.key else Provenance.MEASURED


@dataclass(frozen=True)
class Choice:
    """A series or a run that can be chosen."""

    key: str
    name: str
    whose: Provenance
    on: bool


@dataclass
class Picture:
    """One look at the numbers.

    Attributes:
        figure: None where the table is the picture.
        text: the picture in a sentence or two.
        columns, rows: the same numbers as a table; the first column says whose they are.
        opens: for each row the run key, point label and kind of problem whose questions it opens, or None.
        benchmarks, benchmark: what can be chosen, and what was.
        choices: series that can be chosen; several: whether more than one at once.
        axis: whether the x axis can be chosen.
        notes: what must be known to read it.
    """

    figure: go.Figure | None = None
    text: str = ""
    columns: Sequence[str] = ()
    rows: list[Sequence[Any]] = field(default_factory=list)
    opens: list[Opens | None] = field(default_factory=list)
    benchmarks: Sequence[str] = ()
    benchmark: str = ""
    choices: list[Choice] = field(default_factory=list)
    several: bool = False
    axis: bool = False
    notes: list[str] = field(default_factory=list)

    def add(self, row: Sequence[Any], opens: Opens | None = None) -> None:
        """Add a row to the table."""
        self.rows.append(row)
        self.opens.append(opens)

    def to_dict(self) -> dict[str, Any]:
        """What the page is sent; the figure as plotly's JSON text."""
        choices = [{"key": c.key, "name": c.name, "whose": c.whose.value, "on": c.on} for c in self.choices]
        return vars(self) | {"figure": self.figure.to_json() if self.figure else "", "choices": choices}


def distinct(names: Iterable[str]) -> list[str]:
    """The benchmarks there are; a name written in two ways is one."""
    found: list[str] = []
    for name in names:
        if not any(same_benchmark(name, known) for known in found):
            found.append(name)
    return found


def one_run(
    asked: Asked, shelf: Shelf, benchmark: str, has: Callable[[Measured], object]
) -> tuple[Measured | None, list[Choice]]:
    """The run to show, and those it can be changed for."""
    runs = {key: found for key, found in shelf.on(benchmark).items() if has(found)}
    chosen = next((key for key in asked.runs or () if key in runs), next(iter(runs), None))
    return runs.get(chosen or ""), [Choice(key, found.name, shelf.whose(key), key == chosen) for key, found in runs.items()]
