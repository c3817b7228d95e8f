"""The paper's own numbers, from `assets/published.json`: each with its table or figure, never in one list with measured ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1demo.evals.metrics import EvalRun
from s1demo.evals.setting import Setting
from s1demo.settings import ASSETS


@dataclass(frozen=True)
class PublishedPoint:
    """One evaluation run of the paper.

    Attributes:
        label: its name.
        run: mean thinking tokens, accuracy in percent, and what was asked of its length.
        setting: what was asked, where a setting of ours is the same.
        inferred: whether the paper does not print the setting; `source` of the series says what it may be instead.
    """

    label: str
    run: EvalRun
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

    @property
    def runs(self) -> list[EvalRun]:
        """The points as the metrics take them."""
        return [point.run for point in self.points]


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
        metrics: the table of metrics; metrics_source: which table.
        extension_strings: what was forced in place of "Wait".
        data: variants of the thousand training examples; data_differences: each against s1K.
        sample_efficiency: models by the number of their training examples.
        waits: s1-32B and s1.1-32B left alone and with Waits, each with its setting.
    """

    source: str
    series: tuple[PublishedSeries, ...]
    metrics: tuple[PublishedMetrics, ...]
    metrics_source: str
    extension_strings: tuple[PublishedAccuracy, ...]
    data: tuple[PublishedAccuracy, ...]
    data_differences: tuple[PublishedDifference, ...]
    sample_efficiency: tuple[PublishedAccuracy, ...]
    waits: tuple[PublishedAccuracy, ...]


def load_published(path: Path = ASSETS / "published.json") -> Published:
    """Read the published numbers."""
    record = json.loads(path.read_text(encoding="utf-8"))
    series = []
    for row in record["series"]:
        points = tuple(_point(point) for point in row.pop("points"))
        series.append(PublishedSeries(**row, points=points))
    table = record["metrics"]
    return Published(
        source=record["source"],
        series=tuple(series),
        metrics=tuple(PublishedMetrics(**row) for row in table["rows"]),
        metrics_source=table["source"],
        extension_strings=_accuracies(record["extension_strings"]),
        data=_accuracies(record["data"]),
        data_differences=tuple(
            PublishedDifference(**{**row, "interval": tuple(row["interval"])}) for row in record["data_differences"]
        ),
        sample_efficiency=_accuracies(record["sample_efficiency"]),
        waits=_accuracies(record["waits"]),
    )


def _accuracies(rows: list[dict[str, Any]]) -> tuple[PublishedAccuracy, ...]:
    return tuple(PublishedAccuracy(**row | _setting(row)) for row in rows)


def _point(row: dict[str, Any]) -> PublishedPoint:
    figures = {name: row[name] for name in ("thinking_tokens", "accuracy", "at_least", "at_most") if name in row}
    return PublishedPoint(row["label"], EvalRun(**figures), inferred=row.get("inferred", False), **_setting(row))


def _setting(row: dict[str, Any]) -> dict[str, Setting]:
    return {"setting": Setting(**row["setting"])} if "setting" in row else {}
