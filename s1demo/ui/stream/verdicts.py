"""Verdicts on answers to a question whose true answer is known: from the bank, or from the visitor, who may give a formula.

The view decides at once what exact rules decide. Formulas go to a `Grader`'s processes, through threads of their own, so that the
event loop never waits for one.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from s1demo.decoding.answers_at_waits import AnswerSoFar
from s1demo.errors import S1Error
from s1demo.events import Finished, Phase, Tokens
from s1demo.grading import Grader, Kind, Outcome, decide, extract_answer

_LETTER = re.compile(r"\(?[A-E]\)?")
_AT_ONCE = 2  # formulas compared at the same time, for all visitors together

log = logging.getLogger(__name__)
Named = tuple[str, Any]


@dataclass(frozen=True)
class Truth:
    """A true answer and how answers are compared with it.

    Attributes:
        answer: the true answer; untrusted where a visitor gave it.
        kind: how it is compared.
    """

    answer: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class FormulaVerdict:
    """A verdict that comes after its answer, because a formula had to be compared.

    Attributes:
        wait_number: of the answer so far it is about, None for the run's own answer.
        outcome: the grade.
    """

    wait_number: int | None
    outcome: Outcome


def given_answer(given: object) -> str:
    """The true answer a visitor typed, or a link or file brought, "" for none; untrusted."""
    return str(given or "").strip()


def truth_for(given: object, known: str | None) -> Truth | None:
    """The true answer to go by: the visitor's, of any kind, else the bank's.

    Args:
        given: what the visitor typed, or a link brought; untrusted.
        known: the bank's answer to this very question.
    """
    if typed := given_answer(given):
        return Truth(typed, Kind.LETTER if _LETTER.fullmatch(typed) else Kind.MATH)
    return None if known is None else Truth(known)


def open_question(item: object, answer_text: str, truth: Truth) -> tuple[int | None, str | None] | None:
    """The answer that exact rules leave open, None where an item of a comparison brings none.

    Args:
        answer_text: what the run has answered so far.

    Returns:
        The number of the Wait, None for the run's own answer; and the answer.
    """
    if not isinstance(item, AnswerSoFar | Finished):
        return None
    number, text = (item.wait_number, item.answer_text) if isinstance(item, AnswerSoFar) else (None, answer_text)
    answer = extract_answer(text, truth.kind)
    return None if decide(answer, truth.answer, truth.kind) is not None else (number, answer)


class FormulaJudge:
    """Grades formulas for every visitor; its processes start with the first formula."""

    def __init__(self) -> None:
        self._grader = Grader(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="formulas")

    async def grade(self, answer: str | None, truth: Truth) -> Outcome:
        """Compare an answer with the true one; unscorable where formulas cannot be compared here at all."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.grade_now, answer, truth)

    def grade_now(self, answer: str | None, truth: Truth) -> Outcome:
        """The same, for a thread that may wait."""
        try:
            return self._grader.grade(answer, truth.answer, truth.kind)
        except S1Error as error:
            log.warning("%s", error)
            return Outcome.UNSCORABLE


class Verdicts:
    """Grades the answers of a comparison that exact rules leave open; a reaction to its items, see `merged`.

    A `FormulaVerdict` follows each of these answers.
    """

    def __init__(self, truth: Truth, judge: FormulaJudge) -> None:
        self._truth = truth
        self._judge = judge
        self._answers: dict[str, str] = defaultdict(str)  # each run's own, as far as it has come

    def __call__(self, named_item: Named) -> Iterator[AsyncGenerator[Named, None]]:
        """Follow one more item, as `compare_with_answers` yields them; returns the verdict to wait for, if any."""
        name, item = named_item
        if isinstance(item, Tokens) and item.phase is Phase.ANSWER:
            self._answers[name] += item.text
        elif found := open_question(item, self._answers[name], self._truth):
            yield self._verdict(name, *found)

    async def _verdict(self, name: str, wait_number: int | None, answer: str | None) -> AsyncGenerator[Named, None]:
        yield name, FormulaVerdict(wait_number, await self._judge.grade(answer, self._truth))
