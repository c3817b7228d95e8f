"""A setting as a value: how much thinking is asked of a run, and over how many answers a majority is taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.delimiters import EXTENSION
from s1demo.policies import policy_label

_OLD_EXTENSION = re.compile(r"(?:budget \d+, )?(.*) x\d+", re.DOTALL)
_OLD_VOTES = re.compile(r"maj@(\d+)")


@dataclass(frozen=True)
class Setting:
    """What is asked of every question at one point of a sweep. Settings that ask for the same are equal.

    Attributes:
        max_thinking_tokens, num_ignore: thinking budget and number of Waits, as in `BudgetPolicy`.
        extension: what replaces each suppressed end; always the default where there are no Waits.
        votes: answers a majority is taken over; 0 where one run answers.
    """

    max_thinking_tokens: Limit = AUTO
    num_ignore: int = 0
    extension: str = EXTENSION
    votes: int = 0

    def __post_init__(self) -> None:
        if not self.num_ignore:
            object.__setattr__(self, "extension", EXTENSION)

    @property
    def policy(self) -> BudgetPolicy:
        """What is done to the thinking of each run.

        Raises:
            InputError: a combination that cannot work.
        """
        return BudgetPolicy(self.max_thinking_tokens, self.num_ignore, self.extension)

    @property
    def label(self) -> str:
        """Its name for people, such as `budget 16`, `natural`, `Wait x2` or `maj@4`."""
        return f"maj@{self.votes}" if self.votes else policy_label(self.policy)


LEFT_ALONE, ONE_WAIT = Setting(), Setting(num_ignore=1)


def from_old_label(label: str) -> dict[str, Any]:
    """What only the label says in result files that were written before points carried their extension."""
    votes, waits = _OLD_VOTES.fullmatch(label), _OLD_EXTENSION.fullmatch(label)
    word = waits[1] if waits else EXTENSION
    return {"extension": {"no text": "", "newline": "\n"}.get(word, word), "votes": int(votes[1]) if votes else 0}


def run_of(record: Mapping[str, Any], setting: Setting, sample: int = 0) -> dict[str, Any]:
    """One run in a line of a journal. In lines that were written before runs carried their setting, labels are the keys.

    Args:
        sample: number of an independent sample, from 1 up; 0 for the run that shares its thinking with the other settings.
    """
    runs: Mapping[str, dict[str, Any]] = record["runs"]
    wanted = asdict(setting), sample
    found = (run for run in runs.values() if (run.get("setting"), run.get("sample")) == wanted)
    return next(found, None) or runs[run_label(setting, sample)]


def run_label(setting: Setting, sample: int = 0) -> str:
    """What people call one run of a question."""
    return f"sample {sample}" if sample else setting.label
