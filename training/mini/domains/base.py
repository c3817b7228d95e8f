"""What one kind of problem is: its operands, its answer, how people ask for it and how it is worked out.

Knows no tokens, no chains and no model. Each kind is one module of this package: a subclass of `Domain` and its one instance,
`DOMAIN`. Numbers, words and working that only this kind has are there and nowhere else. Its phrasings are in `wording/`. Steps
that several kinds write are in `steps.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from training.mini.domains.scribe import Pass, Scribe

Operands = tuple[str, ...]
Conclusion = int | str
Method = Callable[[Operands, Scribe], Conclusion]
Way = TypeVar("Way")
SMALL, MEDIUM, LARGE = SIZES = (0, 1, 2)
SIZE_WEIGHTS = (38, 40, 22)


class Domain(ABC):
    """One kind of problem.

    Attributes:
        name: one lower-case word, used in files and tables.
        title: what a visitor reads ("counting letters").
        showcase: operands shown on stage, in no split.
        ordered: whether the order of the operands matters.
    """

    name: str
    title: str
    showcase: Sequence[Operands]
    ordered = True

    def sample(self, rng: Random) -> Operands:
        """The operands of one problem, as text in the order of the question; of a size that is chosen first."""
        wanted = choose_size(rng)
        while True:
            operands = self.draw(rng, wanted)
            if operands and self.size(operands) == wanted:
                return operands

    def draw(self, rng: Random, wanted: int) -> Operands | None:
        """Operands of about a size; `sample` draws again if they are of another, or None."""
        raise NotImplementedError

    @abstractmethod
    def answer(self, operands: Operands) -> str:
        """The correct answer, exactly as a trace concludes it."""

    @abstractmethod
    def size(self, operands: Operands) -> int:
        """`SMALL`, `MEDIUM` or `LARGE`: how much work the operands look like, by a rule on their length alone."""

    @abstractmethod
    def fields(self, operands: Operands, rng: Random | None) -> dict[str, str]:
        """The values of the placeholders of its phrasings (`wording/`); without a generator the plainest ones."""

    @abstractmethod
    def draft(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A quick attempt in one go, meant to be fallible."""

    @abstractmethod
    def rough(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A short check in big steps, each in one go: better than the draft, fallible on larger problems."""

    @abstractmethod
    def check_a(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """A careful method, step by step."""

    @abstractmethod
    def check_b(self, operands: Operands, scribe: Scribe) -> Conclusion:
        """Another careful method that shares as few steps as possible with the first."""

    def canonical(self, operands: Operands) -> Operands:
        """The operands without what does not matter, such as their order; what the split hashes."""
        return operands if self.ordered else tuple(sorted(operands))

    def held_out(self, operands: Operands) -> bool:
        """Whether further operands belong to the showcase (such as other questions about its words)."""
        return False

    def methods(self) -> dict[str, Method]:
        """The four ways of working by name."""
        return {"draft": self.draft, "rough": self.rough, "check_a": self.check_a, "check_b": self.check_b}


def work(operands: Operands, method: Method, scribe: Scribe) -> Pass:
    """Work a problem once by one method; the conclusion follows from the steps even after a slip."""
    conclusion = str(method(operands, scribe))
    scribe.stop().say(f" So {conclusion}.\n")
    return Pass(tuple(scribe.pieces), conclusion)


def write_pass(operands: Operands, method: Method, rng: Random, slip_rate: float = 0.0) -> Pass:
    """Work a problem once, perhaps with a slip.

    Args:
        operands: what to work out.
        method: a way of working of its domain.
        rng: decides whether, where and how a value slips.
        slip_rate: probability that one value of the pass is wrong.
    """
    slip_at = None
    if rng.random() < slip_rate:
        clean = Scribe(rng)
        method(operands, clean)
        slip_at = rng.randrange(clean.n_values)
    return work(operands, method, Scribe(rng, slip_at))


def choose_size(rng: Random) -> int:
    """A size, small and medium ones more often."""
    return rng.choices(SIZES, SIZE_WEIGHTS)[0]


def size_by(number: int, most_small: int, most_medium: int) -> int:
    """The size that a number stands for."""
    return SIZES[bisect_left((most_small, most_medium), number)]


def one_of(options: Sequence[Way], rng: Random | None) -> Way:
    """One of several ways to write something; without a generator the first, which is the plain one."""
    return rng.choice(options) if rng else options[0]


def listed(items: Sequence[object]) -> str:
    """Items in words: ["3", "4", "3"] -> "3, 4 and 3"."""
    *others, last = map(str, items)
    return f"{', '.join(others)} and {last}" if others else last
