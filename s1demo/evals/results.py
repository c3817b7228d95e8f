"""`run.json`, the result of a sweep: its fields, written in one step and checked when read.

Knows the file and its shape. Knows no model and no metric.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

from s1demo.errors import InputError
from s1demo.evals.setting import Setting, from_old_label
from s1demo.grading import Outcome
from s1demo.reading import fill

_SETTING = tuple(member.name for member in fields(Setting))
_GROUPS = ("domains", "phrasings")


@dataclass(frozen=True)
class Group:
    """One point's figures on some of the questions.

    Attributes:
        n, correct: questions, and those answered right.
        accuracy: in percent.
        mean_thinking_tokens: per question.
    """

    n: int
    correct: int
    accuracy: float
    mean_thinking_tokens: float


@dataclass(frozen=True)
class Point:
    """One setting, measured on all questions.

    Attributes:
        setting: what was asked.
        temperature: 0 is greedy.
        mean_thinking_tokens, mean_answer_tokens: per question, over all its votes together.
        correct, n: right answers, and questions; what is not right is in `outcomes`.
        accuracy: in percent.
        ci95: its Wilson interval, in percent.
        outcomes: how many answers were correct, incorrect, no answer, unscorable.
        verdicts: the outcome of every question in the benchmark's order, one first letter each, such as `cin`.
        ended: how many runs ended their thinking by nature, budget or a full context.
        domains, phrasings: the same figures by kind of problem and by phrasing, where the benchmark tells.
    """

    setting: Setting
    temperature: float
    mean_thinking_tokens: float
    mean_answer_tokens: float
    correct: int
    n: int
    accuracy: float
    ci95: tuple[float, float]
    outcomes: dict[str, int]
    verdicts: str
    ended: dict[str, int]
    domains: dict[str, Group] = field(default_factory=dict)
    phrasings: dict[str, Group] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The setting's name for people."""
        return self.setting.label

    @property
    def cells(self) -> str:
        """Label, thinking tokens, accuracy and its interval, as the cells of a table in Markdown."""
        figures = f"{self.mean_thinking_tokens:,.1f} | **{self.accuracy:.1f}** | {self.ci95[0]:.1f} to {self.ci95[1]:.1f}"
        return f"| {self.label} | {figures} |"

    @property
    def right(self) -> list[bool]:
        """Whether each question was answered right."""
        return [verdict == Outcome.CORRECT[0] for verdict in self.verdicts]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object; groups a benchmark has not are left out."""
        record: dict[str, Any] = asdict(self)
        setting: dict[str, Any] = record.pop("setting")
        figures = {name: value for name, value in record.items() if value or name not in _GROUPS}
        return {"label": self.label} | setting | figures


@dataclass(frozen=True)
class Difference:
    """How much more accurate one point is than another on the same questions.

    Attributes:
        setting, against: the two points.
        points: percentage points.
        ci95: their paired-bootstrap interval.
    """

    setting: Setting
    against: Setting
    points: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class Exchange:
    """What going on from one point to the next did to the answers.

    Attributes:
        setting, after: the point, and the one it goes on from.
        wrong_to_right, right_to_wrong: questions mended and spoilt.
    """

    setting: Setting
    after: Setting
    wrong_to_right: int
    right_to_wrong: int


@dataclass(frozen=True)
class RunResult:
    """One sweep.

    Attributes:
        provenance: always `measured`.
        model, model_digest: its name, and a digest of its files.
        benchmark, questions_sha256, n: which questions, and how many.
        points: every setting.
        differences: each number of Waits against natural stopping and +2 against +1; or votes against one run.
        control, scaling, performance: the paper's metrics (`metrics.py`): percent, percentage points per doubling, percent.
        scaling_points: the settings Scaling is over.
        ledger: what each further Wait mended and spoilt.
        engine_tokens: tokens the engine decoded.
        independent_tokens: tokens that one run per point would have decoded.
        command: what was typed.
        versions: of Python and the libraries that decode.
    """

    model: str
    model_digest: str
    benchmark: str
    questions_sha256: str
    n: int
    points: tuple[Point, ...]
    differences: tuple[Difference, ...]
    control: float | None
    scaling: float | None
    performance: float
    scaling_points: tuple[Setting, ...]
    ledger: tuple[Exchange, ...]
    engine_tokens: int
    independent_tokens: int
    command: str
    versions: dict[str, str]
    provenance: Literal["measured"] = "measured"  # published numbers live in `published.py`
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}

    def point(self, setting: Setting) -> Point:
        """The point of a setting.

        Raises:
            InputError: there is none; the message lists those there are.
        """
        for point in self.points:
            if point.setting == setting:
                return point
        known = ", ".join(point.label for point in self.points)
        raise InputError(f"There is no point {setting.label!r} in this run. It has: {known}.")

    def labelled(self, label: str) -> Point | None:
        """The point that a link or a file calls so."""
        return next((point for point in self.points if point.label == label), None)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object. Points hold their setting; what refers to a point gives its label, which is its own in the run."""
        return (
            {"provenance": self.provenance}
            | asdict(self)
            | {
                "points": [point.to_dict() for point in self.points],
                "differences": [_with_labels(difference) for difference in self.differences],
                "scaling_points": [setting.label for setting in self.scaling_points],
                "ledger": [_with_labels(exchange) for exchange in self.ledger],
            }
        )


def _with_labels(row: Difference | Exchange) -> dict[str, Any]:
    named = {name: value.label if isinstance(value, Setting) else value for name, value in vars(row).items()}
    return {"label": named.pop("setting")} | named


def write_run(path: Path, run: RunResult) -> None:
    """Write a run.json in one step, so that no reader ever sees half of one."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(run.to_dict(), indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def read_run(path: Path) -> RunResult:
    """Read a run.json.

    Raises:
        InputError: the file is missing, no result of a sweep, or contradicts itself; the message says where.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"Cannot read measured results from {path}: {error}") from error
    try:
        return run_from_dict(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is no result of a sweep: {error}. Measure one with: python -m s1demo sweep ...") from error


def run_from_dict(record: dict[str, Any]) -> RunResult:
    """Read what `RunResult.to_dict` wrote.

    Raises:
        KeyError, TypeError, ValueError: a field is missing, of the wrong kind, or contradicts another.
    """
    settings = {point["label"]: _setting(point) for point in record["points"]}
    if len({Setting(**setting) for setting in settings.values()}) != len(record["points"]):
        raise ValueError("two points have the same label")

    def named(label: str) -> dict[str, Any]:
        if label not in settings:
            raise ValueError(f"there is no point {label!r}")
        return settings[label]

    def with_settings(row: dict[str, Any]) -> dict[str, Any]:
        found = {name: named(value) if name in ("label", "against", "after") else value for name, value in row.items()}
        return {"setting": found.pop("label")} | found

    figures = [{name: value for name, value in point.items() if name not in ("label", *_SETTING)} for point in record["points"]]
    values = record | {
        "points": [{"setting": settings[point["label"]]} | own for point, own in zip(record["points"], figures, strict=True)],
        "differences": [with_settings(difference) for difference in record["differences"]],
        "ledger": [with_settings(exchange) for exchange in record["ledger"]],
        "scaling_points": [named(label) for label in record["scaling_points"]],
    }
    run = fill(RunResult, json.dumps(values))
    if any(point.n != run.n for point in run.points):
        raise ValueError("the points differ in their number of questions")
    for point in run.points:
        _check(point)
    return run


def _setting(point: dict[str, Any]) -> dict[str, Any]:
    """The entries of a point's setting; old files give the extension in the label only, and votes of 1 for a single run too."""
    given = {name: point[name] for name in _SETTING if name in point}
    return given if "extension" in given else given | from_old_label(point["label"])


def _check(point: Point) -> None:
    counts: list[Point | Group] = [point, *point.domains.values(), *point.phrasings.values()]
    for counted in counts:
        if not 0 <= counted.correct <= counted.n or abs(counted.accuracy - 100 * counted.correct / max(1, counted.n)) > 0.01:
            raise ValueError(f"{point.label}: {counted.correct} of {counted.n} is not {counted.accuracy} %")
    if any(point.verdicts.count(outcome[0]) != count for outcome, count in point.outcomes.items()):
        raise ValueError(f"{point.label}: the verdicts are not {point.outcomes}")
    if not point.ci95[0] - 0.01 <= point.accuracy <= point.ci95[1] + 0.01:
        raise ValueError(f"{point.label}: the accuracy lies outside its interval")
