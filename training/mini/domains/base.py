"""What one kind of problem is: its operands, its answer, how people ask for it and how it is worked out.

Knows no tokens, no chains and no model. Each domain is one module of this package with one `DOMAIN`; everything particular to it
(numbers, words, phrasings, working) is there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from training.mini.domains.scribe import Pass, Scribe

Operands = tuple[str, ...]
Method = Callable[[Operands, Scribe], str]
SMALL, MEDIUM, LARGE = SIZES = (0, 1, 2)
SUM_PHRASINGS = (  # how people ask for the value of an expression
    *("What is {sum}?", "{sum}", "{sum} = ?", "{sum}=", "How much is {sum}?", "What's {sum}?"),
    *("Calculate {sum}.", "Work out {sum}.", "Compute {sum}."),
)


@dataclass(frozen=True)
class Domain:
    """One kind of problem.

    Attributes:
        name: one lower-case word, used in files and tables.
        title: what a visitor reads ("counting letters").
        sample: draws the operands of one problem, as text in the order of the question.
        answer: the correct answer, exactly as a trace concludes it.
        size: `SMALL`, `MEDIUM` or `LARGE`: how much work the operands look like, by a rule on their length alone.
        fields: the values of the placeholders of the phrasings; with None as generator the plainest ones.
        trained: phrasings that training uses; the first is the plain one.
        unseen: phrasings kept for testing, written after the weights by a language model that was shown none of ours.
        draft: a quick attempt in one go, meant to be fallible.
        rough: a short check in big steps, each in one go: better than the draft, fallible on larger problems.
        check_a: a careful method, step by step.
        check_b: another careful method that shares as few steps as possible with the first.
        showcase: operands shown on stage, in no split.
        canonical: the operands without the order that does not matter; what the split hashes.
        held_out: further operands that belong to the showcase (such as other questions about its words).
    """

    name: str
    title: str
    sample: Callable[[Random], Operands]
    answer: Callable[[Operands], str]
    size: Callable[[Operands], int]
    fields: Callable[[Operands, Random | None], dict[str, str]]
    trained: Sequence[str]
    unseen: Sequence[str]
    draft: Method
    rough: Method
    check_a: Method
    check_b: Method
    showcase: Sequence[Operands] = ()
    canonical: Callable[[Operands], Operands] = field(default=lambda operands: operands)
    held_out: Callable[[Operands], bool] = field(default=lambda operands: False)

    def methods(self) -> dict[str, Method]:
        """The four ways of working by name."""
        return {"draft": self.draft, "rough": self.rough, "check_a": self.check_a, "check_b": self.check_b}


def write_pass(operands: Operands, method: Method, rng: Random, slip_rate: float = 0.0) -> Pass:
    """Work a problem once by one method.

    Args:
        operands: what to work out.
        method: a way of working of its domain.
        rng: decides whether, where and how a value slips.
        slip_rate: probability that one value of the pass is wrong.

    Returns:
        The pass; its conclusion follows from its own steps even after a slip.
    """
    slip_at = None
    if rng.random() < slip_rate:
        clean = Scribe(rng)
        method(operands, clean)
        slip_at = rng.randrange(clean.n_values)
    scribe = Scribe(rng, slip_at)
    conclusion = method(operands, scribe)
    scribe.say(f" So {conclusion}.\n")
    return Pass(tuple(scribe.pieces), conclusion)


def round_parts(number: int) -> list[int]:
    """A number as thousands, hundreds, tens and ones without the zeros: 304 -> [300, 4]."""
    digits = str(number)
    return [int(digit) * 10 ** (len(digits) - 1 - place) for place, digit in enumerate(digits) if digit != "0"]


def listed(items: Sequence[str]) -> str:
    """Items in words: ["3", "4", "3"] -> "3, 4 and 3"."""
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]
