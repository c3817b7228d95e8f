"""Grades of the teacher's answers and of the base models' attempts: by rules, or as the paper does by a judge model.

`rules` is `s1demo.grading`: the final answer is found and compared by the row's kind of answer, formulas by math-verify. It
costs nothing, gives the same grade every time and leaves proofs and sentences unscorable. `endpoint` asks a model to compare a
whole attempt with the reference (paper section 2.2: Claude 3.5 Sonnet, data/grading.txt); our prompt is our own, and as there the
last line is Yes or No. Without a reference there is no grade, in the paper None, here unscorable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from s1demo.errors import InputError
from s1demo.grading import Outcome
from training.curation.difficulty import grade_texts
from training.curation.records import Attempt, Row, question_id
from training.recipes import Count, Section
from training.remote.asking import ask_all, readings
from training.remote.endpoint_settings import EndpointSettings
from training.remote.estimate import Task, prompt_paragraphs
from training.remote.replies import Reply, ReplyFault

_VERDICTS = {"yes": Outcome.CORRECT, "no": Outcome.INCORRECT}
(SYSTEM,) = prompt_paragraphs(Path(__file__).with_name("judging.md"))


def verdict(reply: Reply) -> Outcome:
    """What a judge's reply says.

    Raises:
        ReplyFault: its last line is neither Yes nor No.
    """
    last = reply.content.strip().rpartition("\n")[2].strip(" \t\r*.`").casefold()
    if last not in _VERDICTS:
        raise ReplyFault("neither Yes nor No")
    return _VERDICTS[last]


TASK = Task("grades", verdict, SYSTEM, mean_tokens_out=300, basis="our guess for brief reasons and a verdict")


@dataclass(frozen=True)
class JudgeSettings(Section):
    """The `judge` section of a recipe.

    Attributes:
        grader: `rules` or `endpoint`.
        endpoint: the judge model, for `endpoint`.
        processes: formulas compared at the same time, for `rules`.
    """

    grader: Literal["rules", "endpoint"] = "rules"
    endpoint: EndpointSettings | None = None
    processes: Count = 2

    def __post_init__(self) -> None:
        if self.grader == "endpoint" and self.endpoint is None:
            raise InputError("judge: endpoint is missing. Give at least its url and model.")


def graded_traces(rows: Iterable[Row], path: Path, settings: JudgeSettings) -> list[Row]:
    """Grade the teacher's answers.

    Args:
        rows: with traces; those without keep no grade.
        path: the judge model's journal; rules need none, they grade anew in minutes.

    Returns:
        The rows with `trace_outcome`; unscorable without a reference or where the judge gave no usable reply.

    Raises:
        InputError, EngineError: see `asking.ask_all`.
    """
    rows = list(rows)
    if settings.grader == "rules":
        return _by_rules(rows, settings.processes)
    verdicts = _verdicts((_prompt(row, row.trace_answer) for row in rows), path, settings)
    return [
        replace(row, trace_outcome=verdicts(_prompt(row, row.trace_answer))) if row.trace_answer.strip() else row for row in rows
    ]


def graded_attempts(rows: Iterable[Row], path: Path, settings: JudgeSettings) -> list[Row]:
    """Grade the base models' attempts.

    Args:
        rows: with attempts (`difficulty.with_attempts`), which are graded by rules already.
        path: the judge model's journal; rules need none.
        settings: by rules, which leaves the rows as they are, or by a model.

    Returns:
        The rows with their attempts' outcomes; an attempt without text keeps the grade it has.

    Raises:
        InputError, EngineError: see `asking.ask_all`.
    """
    rows = list(rows)
    if settings.grader == "rules":
        return rows
    verdicts = _verdicts((_prompt(row, attempt.answer_text) for row in rows for attempt in row.attempts.values()), path, settings)

    def judged(row: Row, attempt: Attempt) -> Attempt:
        text = attempt.answer_text
        return replace(attempt, outcome=verdicts(_prompt(row, text))) if text.strip() else attempt

    return [replace(row, attempts={name: judged(row, each) for name, each in row.attempts.items()}) for row in rows]


def _by_rules(rows: Sequence[Row], processes: int) -> list[Row]:
    graded = iter(grade_texts([(row, row.trace_answer) for row in rows if row.trace_answer.strip()], processes))
    return [replace(row, trace_outcome=next(graded)[1]) if row.trace_answer.strip() else row for row in rows]


def _verdicts(prompts: Iterable[str], path: Path, settings: JudgeSettings) -> Callable[[str], Outcome]:
    """Asks the judge, and gives its verdict on each prompt. A verdict's id is what was asked, so a new answer is judged anew."""
    assert settings.endpoint is not None
    asked = {question_id(prompt): prompt for prompt in prompts if prompt}
    if asked:
        ask_all(TASK, asked, path, settings.endpoint)
    found = readings(TASK, path) if asked else {}
    return lambda prompt: found.get(question_id(prompt), Outcome.UNSCORABLE)


def _prompt(row: Row, attempt: str) -> str:
    """What the judge is asked; empty where there is nothing to compare."""
    reference = "\n\n".join(part for part in (row.answer.strip(), row.solution.strip()) if part)
    if not reference or not attempt.strip():
        return ""
    return f"# Question\n\n{row.question}\n\n# Reference\n\n{reference}\n\n# Student's solution\n\n{attempt.strip()}"
