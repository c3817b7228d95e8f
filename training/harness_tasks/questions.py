"""The questions and the grading of `training/harness_tasks`: those of `python -m s1demo sweep`, and nothing of their own."""

from __future__ import annotations

import atexit
from functools import cache
from typing import Any

from datasets import Dataset

from s1demo.errors import InputError
from s1demo.evals.benchmarks import load_benchmark
from s1demo.grading import Grader, Kind, Outcome, extract_answer


def load(benchmark: str = "", file: str = "", **other: Any) -> dict[str, Dataset]:
    """The problems of a benchmark as the harness's test split.

    Args:
        benchmark: its name, from the task.
        file: JSON lines of one's own instead, from the harness's --metadata.
        other: what else the harness hands over; not used.

    Raises:
        InputError: no file was named, or it cannot be loaded.
    """
    if not benchmark and not file:
        raise InputError("""Name the questions of s1_file: --metadata '{"file": "FILE.jsonl"}'""")
    problems = load_benchmark(benchmark or file)
    return {"test": Dataset.from_list([{"question": p.question, "answer": p.answer, "kind": str(p.kind)} for p in problems])}


def graded(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """The grade of the first sample."""
    kind = Kind(doc["kind"])
    outcome = _grader().grade(extract_answer(results[0], kind), doc["answer"], kind)
    counted = {"correct": Outcome.CORRECT, "no_answer": Outcome.NO_ANSWER, "unscorable": Outcome.UNSCORABLE}
    return {name: float(outcome is which) for name, which in counted.items()}


@cache
def _grader() -> Grader:
    grader = Grader()
    atexit.register(grader.close)
    return grader
