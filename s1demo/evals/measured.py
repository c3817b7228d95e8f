"""The measured runs that are shipped, each with a name for people and the questions it was asked.

Knows files and results. Knows no figure and no page. Published numbers are elsewhere (`published.py`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from s1demo.errors import InputError
from s1demo.evals.benchmarks import Problem, digest, read_problems
from s1demo.evals.results import RunResult, read_run
from s1demo.settings import ASSETS

MEASURED, BENCHMARKS = ASSETS / "measured", ASSETS / "benchmarks"
CURVE = "curve"  # key of the shipped model's own sweep
_FIRST = (CURVE, "unseen", "visitors", "elsewhere", "base", "votes")  # of files on a benchmark; others follow by name

log = logging.getLogger(__name__)


class Role(StrEnum):
    """What a run is there for."""

    MAIN = "main"
    BASE = "the model before fine-tuning"
    SIBLING = "another draw of the rows and another seed of fine-tuning"
    DATA = "ablation of the rows"
    EXTENSION = "another extension string"


_KNOWN = (  # file name, what a person calls the run, and its role; the first that fits
    (r"curve|unseen|visitors|elsewhere", "{model}", Role.MAIN),
    (r"base", "its base, not fine-tuned", Role.BASE),
    (r"votes", "majority votes", Role.MAIN),
    (r"curve-draw-(\d+)", "another training draw ({0})", Role.SIBLING),
    (r"ablation-random", "rows chosen at random", Role.DATA),
    (r"ablation-diverse", "rows chosen for diversity only", Role.DATA),
    (r"ablation-longest", "rows with the longest traces", Role.DATA),
    (r"ablation-whole", "all rows of the pool", Role.DATA),
    (r"extension-none", "{model} with no text", Role.EXTENSION),
    (r"extension-(.+)", '{model} with "{0}"', Role.EXTENSION),
)


@dataclass(frozen=True)
class Measured:
    """A measured run as it is shown.

    Attributes:
        key: what a link calls it.
        name: what a person calls it.
        run: the result.
        role: what it is there for.
        asked: the questions its verdicts are of, in their order; None where this checkout does not hold them.
    """

    key: str
    name: str
    run: RunResult
    role: Role = Role.MAIN
    asked: tuple[Problem, ...] | None = None

    @property
    def benchmark(self) -> str:
        """The name of its questions, however they were given on the command line."""
        return self.run.benchmark.removesuffix(".jsonl")


def load_measured(folder: Path = MEASURED) -> dict[str, Measured]:
    """Every run in a folder of folders, by key; a file that cannot be read is logged and left out."""
    found: dict[str, Measured] = {}
    for path in sorted(folder.glob("*/*.json"), key=_place):
        try:
            run = read_run(path)
        except InputError as error:
            log.warning("%s", error)
            continue
        key = path.stem if path.stem not in found else f"{path.parent.name}-{path.stem}"
        name, role = _name_and_role(path.stem, run)
        found[key] = Measured(key, name, run, role, _asked(run))
    return found


def training_draws(measured: Mapping[str, Measured]) -> list[Measured]:
    """The curve of the shipped model and of its siblings that differ in their draw of rows and seed, on the same questions.

    Returns:
        The model's own run first; nothing where it is not there.
    """
    own = measured.get(CURVE)
    if own is None:
        return []
    same = own.run.questions_sha256
    return [own, *(found for found in measured.values() if found.role is Role.SIBLING and found.run.questions_sha256 == same)]


def asked_the_same(found: Measured, other: Measured) -> bool:
    """Whether one of two runs was asked the first questions of the other, or all of them."""
    n = min(found.run.n, other.run.n)
    return bool(found.asked and other.asked and found.asked[:n] == other.asked[:n])


@cache
def shipped_benchmarks(folder: Path = BENCHMARKS) -> dict[str, tuple[Problem, ...]]:
    """The question files that are shipped, by name; public benchmarks are not among them."""
    paths = sorted(folder.glob("*.jsonl"), key=lambda path: (len(path.stem), path.stem))
    return {path.stem: tuple(read_problems(path)) for path in paths}


def _asked(run: RunResult) -> tuple[Problem, ...] | None:
    """The first questions of the benchmark, if they are the ones the run was asked."""
    problems: Sequence[Problem] = shipped_benchmarks().get(run.benchmark.removesuffix(".jsonl"), ())[: run.n]
    return tuple(problems) if digest(problems) == run.questions_sha256 else None


def _place(path: Path) -> tuple[int, str, str]:
    return (_FIRST.index(path.stem) if path.stem in _FIRST else len(_FIRST), path.stem, path.parent.name)


def _name_and_role(stem: str, run: RunResult) -> tuple[str, Role]:
    for pattern, name, role in _KNOWN:
        if match := re.fullmatch(pattern, stem):
            return name.format(*map(str.capitalize, match.groups()), model=run.model), role
    return f"{run.model}, {stem}", Role.MAIN
