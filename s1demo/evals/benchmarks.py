"""The benchmarks by name, as questions with true answers. Public data sets are loaded by name; none of their text is shipped.

The only place that knows their columns, their revisions and how their questions are put to a model (bare, as in the reference
harness: no instruction, no examples).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from s1demo.errors import InputError, first_line
from s1demo.grading import Kind
from s1demo.json_lines import read_objects
from s1demo.settings import ASSETS

MINI = ASSETS / "benchmarks" / "mini.jsonl"  # the miniature's held-out test problems
_OPTION_LETTERS = "ABCD"


@dataclass(frozen=True)
class Problem:
    """One benchmark question.

    Attributes:
        question: what the model is asked, word for word.
        answer: the true answer.
        domain: what kind of problem it is, empty where unknown.
        phrasing: "trained", "unseen" or "visitors" for the miniature's problems, empty elsewhere.
        kind: what the answer is, and so how answers are graded.
    """

    question: str
    answer: str
    domain: str = ""
    phrasing: str = ""
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Source:
    """Where a public benchmark comes from.

    Attributes:
        repository, subset, split, revision: what `datasets.load_dataset` takes.
        read: its rows as problems.
        sha256: `digest` of the problems, where the revision alone does not pin them.
        remedy: what to do when it does not load, beside having a network.
    """

    repository: str
    split: str
    revision: str
    read: Callable[[Iterable[dict[str, Any]]], list[Problem]]
    subset: str | None = None
    sha256: str | None = None
    remedy: str = ""


def _aime(rows: Iterable[dict[str, Any]]) -> list[Problem]:
    return [Problem(row["problem"], str(row["answer"]), kind=Kind.INTEGER) for row in rows]


def _math(rows: Iterable[dict[str, Any]]) -> list[Problem]:
    return [Problem(row["problem"], row["answer"], row["subject"], kind=Kind.MATH) for row in rows]


def _gpqa(rows: Iterable[dict[str, Any]]) -> list[Problem]:
    """Question, blank line, lines "A) ...", as in the harness, whose shuffle of the options has no seed.

    Ours has: `Random(number of the row in the pinned file)`, so every model and every run sees the options in the same order.
    """
    problems = []
    for number, row in enumerate(rows):
        options = [row["Correct Answer"], *(row[f"Incorrect Answer {n}"] for n in (1, 2, 3))]
        order = Random(number).sample(range(len(options)), len(options))
        lines = [f"{letter}) {options[n].strip()}" for letter, n in zip(_OPTION_LETTERS, order, strict=True)]
        question = "\n".join([row["Question"].strip(), "", *lines])
        problems.append(Problem(question, _OPTION_LETTERS[order.index(0)], row["High-level domain"], kind=Kind.LETTER))
    return problems


SOURCES = {
    "aime24": Source(
        repository="simplescaling/aime24_nofigures",
        split="train",
        revision="main",  # no commit of the paper's own file is known to us, so its text is pinned instead
        read=_aime,
        sha256="1516118621b1ffc3bc3bf45a1ac7dc14522b826411f2c6663bab17c358da5ac6",
    ),
    "aime25": Source(  # AIME 2025, I and II; the reference's harness names TIGER-Lab/AIME25, of which no commit is known to us
        repository="math-ai/aime25",  # the same 30 problems, as lm-evaluation-harness takes them
        split="test",
        revision="563bb8404243c5f09de6ec262f2db674fe5bce9b",
        read=_aime,
    ),
    "math500": Source(
        repository="HuggingFaceH4/MATH-500",
        split="test",
        revision="ff5b20257d8185524591543f8ff5993951537bb8",
        read=_math,
    ),
    "gpqa": Source(  # its authors ask that it is not published in plain text: keep its traces out of every repository
        repository="Idavidrein/gpqa",
        subset="gpqa_diamond",
        split="train",
        revision="90b8e5be2b1d3d2dbfe016cdab47981150600c4a",
        read=_gpqa,
        remedy="its terms accepted on the Hub and `hf auth login`",
    ),
}
NAMES = ("mini", *SOURCES)


def load_benchmark(name: str) -> list[Problem]:
    """The problems of a benchmark.

    Args:
        name: one of `NAMES`, or a file of JSON lines with keys question, answer and, if known, domain, phrasing and kind.

    Raises:
        InputError: an unknown name, a file that cannot be read, or no network; the message says what to do.
    """
    if name in SOURCES:
        return _load(name, SOURCES[name])
    if name == "mini":
        return read_problems(MINI)
    if not name.endswith(".jsonl"):
        raise InputError(f"Unknown benchmark {name!r}. Choose one of {', '.join(NAMES)}, or a file whose name ends in .jsonl.")
    return read_problems(Path(name))


def read_problems(path: Path) -> list[Problem]:
    """Read a file of JSON lines, each with question, answer and, if known, domain, phrasing and kind.

    Raises:
        InputError: the file is missing or empty, or a line is no problem; the message names the line.
    """
    problems = [_problem(record, where) for where, record in read_objects(path, "the benchmark file")]
    if not problems:
        raise InputError(f"The benchmark file {path} is empty. Write a JSON object with question and answer on each line.")
    return problems


def _problem(record: dict[str, Any], where: str) -> Problem:
    question, answer = record.get("question"), record.get("answer")
    if not isinstance(question, str) or not question.strip():
        raise InputError(f"{where}: the question is missing.")
    if isinstance(answer, bool) or not isinstance(answer, str | int | float) or not str(answer).strip():
        raise InputError(f"{where}: the answer is missing, or neither text nor a number.")
    kind = record.get("kind") or Kind.TEXT
    if kind not in list(Kind):
        raise InputError(f"{where}: the kind of the answer is none of {', '.join(Kind)}.")
    return Problem(question, str(answer), str(record.get("domain") or ""), str(record.get("phrasing") or ""), Kind(kind))


def _load(name: str, source: Source) -> list[Problem]:
    try:
        from datasets import load_dataset
        from huggingface_hub.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # without a network every retry would print its own line; ours says it once
        rows = load_dataset(source.repository, source.subset, split=source.split, revision=source.revision)
        problems = source.read(rows)
    except Exception as error:  # datasets raises many kinds for few causes: no network, no access, a changed layout
        reason = first_line(error).rstrip(".")
        needs = "a network connection" + (f", {source.remedy}" if source.remedy else "")
        raise InputError(
            f"Cannot load {name} ({source.repository} from the Hugging Face Hub): {reason}. It needs {needs}; "
            f"or give a file of your own: --benchmark FILE.jsonl"
        ) from error
    if source.sha256 and digest(problems) != source.sha256:
        raise InputError(f"{source.repository} is not the file the paper used any more. Give a copy: --benchmark FILE.jsonl")
    return problems


def same_benchmark(a: str, b: str) -> bool:
    """Whether two names are of one benchmark, such as `aime24` and `AIME24`."""
    return a.removesuffix(".jsonl").casefold() == b.removesuffix(".jsonl").casefold()


def distinct_benchmarks(names: Iterable[str]) -> list[str]:
    """The benchmarks among names, each once."""
    found: list[str] = []
    for name in names:
        if not any(same_benchmark(name, known) for known in found):
            found.append(name)
    return found


def digest(problems: Iterable[Problem]) -> str:
    """SHA-256 of questions and answers, in order."""
    text = json.dumps([[problem.question, problem.answer] for problem in problems])
    return hashlib.sha256(text.encode()).hexdigest()
