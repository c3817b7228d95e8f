"""Questions the exhibit offers, and the true answers it knows: `assets/questions.jsonl`, held out from s1-mini's training."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from s1demo.json_lines import read_objects
from s1demo.settings import ASSETS

DEFAULT_QUESTION = "How many r in strawberry?"


@dataclass(frozen=True)
class Question:
    """One problem with its true answer; the domain is its kind, such as `letters`."""

    question: str
    answer: str
    domain: str


class QuestionBank:
    """The known questions; typed text is matched up to spacing and case, and nothing is guessed.

    Args:
        questions: showcase questions first.
    """

    def __init__(self, questions: Iterable[Question] = ()) -> None:
        self.questions = list(questions)
        self._answers = {_key(question.question): question.answer for question in self.questions}

    @classmethod
    def load(cls, path: Path = ASSETS / "questions.jsonl") -> QuestionBank:
        """Read JSON lines of `{"question", "answer", "domain"}`; a missing file is an empty bank."""
        if not path.is_file():
            return cls()
        records = read_objects(path, "known questions")
        return cls(Question(record["question"], str(record["answer"]), record.get("domain", "")) for _, record in records)

    def answer_to(self, question: str) -> str | None:
        """The true answer, where the question is a known one."""
        return self._answers.get(_key(question))

    def examples(self, n: int) -> list[str]:
        """Up to `n` questions to offer, the default one first, then one of each domain in turn."""
        chosen = [DEFAULT_QUESTION]
        domains: set[str] = {question.domain for question in self.questions if question.question == DEFAULT_QUESTION}
        for question in self.questions:
            if len(chosen) < n and question.domain not in domains:
                domains.add(question.domain)
                chosen.append(question.question)
        rest = [question.question for question in self.questions if question.question not in chosen]
        return (chosen + rest)[:n]

    def surprise(self, current: str) -> str:
        """A random question other than the one in the box."""
        others = [question.question for question in self.questions if _key(question.question) != _key(current)]
        return random.choice(others) if others else DEFAULT_QUESTION


def _key(question: str) -> str:
    return " ".join(question.split()).casefold()
