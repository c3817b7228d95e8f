"""What a visitor sets in Compare, and what it means: a policy for each run, and how to pick tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.errors import InputError
from s1demo.events import SamplingParams
from s1demo.policies import comparison_policies
from s1demo.ui.controls import EXTENSIONS, NOTHING, OWN, limit, sampling_params, whole


@dataclass(frozen=True)
class CompareChoices:
    """The inputs by their names in the address, as Gradio passes them; untrusted.

    Attributes:
        budget: thinking tokens of the truncated run, a number or `auto`.
        waits: suppressed ends of the extended run.
        extension: one of `EXTENSIONS`; with `NOTHING` the end is suppressed and no text appended.
        own: the visitor's text where `extension` is `OWN`.
        answer_tokens: answer limit, empty for `auto`.
        answer: the true answer, where the visitor or a link gives one.
    """

    question: str
    budget: Any
    waits: Any
    extension: Any
    own: Any
    temperature: Any
    top_p: Any
    seed: Any
    answer_tokens: Any
    answer: Any = ""

    def policies(self) -> dict[str, BudgetPolicy]:
        """The policy of each run.

        Raises:
            InputError: a combination that cannot work.
        """
        budget, answer_limit = limit(self.budget), limit(self.answer_tokens)
        if self.extension not in EXTENSIONS:
            raise InputError(f"“{str(self.extension)[:40]}” is none of the words here. Choose one, or “{OWN}” and type it there.")
        extension = {OWN: self.own, NOTHING: ""}.get(self.extension, self.extension)
        if self.extension == OWN and not extension:
            raise InputError(f"The extension string is empty. Type your own text, or choose “{NOTHING}”.")
        return comparison_policies(budget, whole(self.waits, "number of Waits"), extension, answer_limit)

    def sampling(self) -> SamplingParams:
        """How to pick tokens.

        Raises:
            InputError: something that is no number, or out of range.
        """
        return sampling_params(self.temperature, self.top_p, self.seed)
