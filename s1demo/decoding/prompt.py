"""A question as one model reads it: encoded once, then passed on to every run of it."""

from __future__ import annotations

from s1demo.budget import BudgetForcer, BudgetPolicy, thinking_budget
from s1demo.delimiters import FORMATS, EncodedFormat, build_prompt, encode_format
from s1demo.engines.base import Engine
from s1demo.errors import InputError
from s1demo.events import SamplingParams


class Prompt:
    """One question in the ids of one engine's model.

    Attributes:
        question: as typed.
        ids: chat template, question and opened thinking.

    Raises:
        InputError: the question is empty.
    """

    def __init__(self, engine: Engine, question: str) -> None:
        self._tokenizer = engine.tokenizer
        self._format = FORMATS[engine.info.format]
        self._context_length = engine.info.context_length
        self._encoded_formats: dict[str, EncodedFormat] = {}  # by extension
        self.question = question
        self.ids = build_prompt(question, self._tokenizer, self._format)

    @classmethod
    def of(cls, engine: Engine, question: Prompt | str) -> Prompt:
        """The prompt itself where it is one already, else the question encoded for this engine."""
        return question if isinstance(question, Prompt) else cls(engine, question)

    def encoded_format(self, extension: str) -> EncodedFormat:
        """The delimiters and one extension string in the model's ids."""
        if extension not in self._encoded_formats:
            self._encoded_formats[extension] = encode_format(self._format, self._tokenizer, extension)
        return self._encoded_formats[extension]

    def check(self, policy: BudgetPolicy) -> None:
        """Refuse a policy that cannot work on this question, before anything is decoded.

        Raises:
            InputError: question, budget and answer limit do not fit into the context together.
        """
        thinking_budget(policy, len(self.ids), self.encoded_format(policy.extension), self._context_length)

    def forcer(self, policy: BudgetPolicy, sampling: SamplingParams = SamplingParams()) -> BudgetForcer:
        """The budget forcing of one run, ready to `begin()`.

        Raises:
            InputError: see `check`.
        """
        return BudgetForcer(self.ids, policy, self.encoded_format(policy.extension), self._context_length, sampling)


def check_question(question: str, max_chars: int) -> None:
    """Refuse a question that no run should start with.

    Raises:
        InputError: it is empty or too long.
    """
    if not question.strip():
        raise InputError("The question is empty. Type a question, such as: How many r in raspberry?")
    if len(question) > max_chars:
        raise InputError(f"The question has {len(question):,} characters; at most {max_chars:,} are taken. Shorten it.")
