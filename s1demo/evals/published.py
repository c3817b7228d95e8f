"""The paper's own numbers, from `assets/published.json`: each with its table or figure, never in one list with measured ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from s1demo.evals.metrics import EvalRun
from s1demo.evals.setting import Setting
from s1demo.reading import fill
from s1demo.settings import ASSETS


@dataclass(frozen=True, kw_only=True)
class PublishedPoint(EvalRun):
    """One evaluation run of the paper.

    Attributes:
        label: its name.
        setting: what was asked, where a setting of ours is the same.
        inferred: whether the paper does not print the setting; `source` of the series says what it may be instead.
    """

    label: str
    setting: Setting | None = None
    inferred: bool = False


@dataclass(frozen=True)
class PublishedSeries:
    """The runs of one method on one benchmark.

    Attributes:
        method: the paper's abbreviation; name: what it stands for.
        benchmark, n: which questions, and how many.
        source: table or figure.
        points: the runs.
    """

    method: str
    name: str
    benchmark: str
    n: int
    source: str
    points: tuple[PublishedPoint, ...]


@dataclass(frozen=True)
class PublishedMetrics:
    """One row of the paper's table of metrics.

    Attributes:
        method: the paper's abbreviation.
        control, scaling, performance: as printed; percent, percentage points per doubling of thinking tokens, percent.
        runs: how many runs the paper says it is over.
        note: where our recomputation needs a word.
    """

    method: str
    control: float
    scaling: float
    performance: float
    runs: int
    note: str = ""


@dataclass(frozen=True)
class PublishedTable:
    """The paper's table of metrics, and which table it is."""

    source: str
    rows: tuple[PublishedMetrics, ...]


@dataclass(frozen=True)
class PublishedAccuracy:
    """The accuracy of one model, or of one variant of the data or the extension string.

    Attributes:
        label: its name.
        accuracy: in percent.
        benchmark, n: which questions, and how many where the source says.
        source: table or figure.
        examples: training examples, None where the source does not say.
        model: whose accuracy it is, where the label names a setting.
        setting: what was asked, where a setting of ours is the same.
    """

    label: str
    accuracy: float
    benchmark: str
    source: str
    n: int | None = None
    examples: int | None = None
    model: str = ""
    setting: Setting | None = None


@dataclass(frozen=True)
class PublishedDifference:
    """How much more accurate one variant is than another, as the paper gives it.

    Attributes:
        label, against: the two variants.
        points: percentage points, from the two printed accuracies.
        interval: the 95 % interval as printed.
        benchmark: which questions.
        source: table or figure.
    """

    label: str
    against: str
    points: float
    interval: tuple[float, float]
    benchmark: str
    source: str


@dataclass(frozen=True)
class Published:
    """What the paper published.

    Attributes:
        source: the paper and its code.
        series: runs by method.
        metrics: the table of metrics.
        extension_strings: what was forced in place of "Wait".
        data: variants of the thousand training examples; data_differences: each against s1K.
        sample_efficiency: models by the number of their training examples.
        waits: s1-32B and s1.1-32B left alone and with Waits, each with its setting.
    """

    source: str
    series: tuple[PublishedSeries, ...]
    metrics: PublishedTable
    extension_strings: tuple[PublishedAccuracy, ...]
    data: tuple[PublishedAccuracy, ...]
    data_differences: tuple[PublishedDifference, ...]
    sample_efficiency: tuple[PublishedAccuracy, ...]
    waits: tuple[PublishedAccuracy, ...]


def load_published(path: Path = ASSETS / "published.json") -> Published:
    """Read the published numbers."""
    return fill(Published, path.read_text(encoding="utf-8"), path.name)
