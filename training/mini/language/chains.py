"""Chains: how passes follow each other in a trace, with the words that join them.

Knows the domains' working, no tokens. The rules, all imposed on the miniature's training text:
* a trace opens with a draft; the first forced extension adds a rough check in big steps, the next ones the two careful methods;
* checks that all differ are named by the next one, which works with the next careful method;
* once two checks agree, the next extension says so in one line, and each later one in a shorter line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from s1demo.delimiters import EXTENSION
from training.mini.domains import DOMAINS
from training.mini.domains.base import listed, write_pass
from training.mini.domains.scribe import Pass
from training.mini.problems import Problem
from training.mini.recipe import DocumentKnobs

OTHER_EXTENSIONS = ("Hmm", "Alternatively")  # paper section 5.2 compares these; trained a little, so that visitors can try them
REFUSAL = "I only know small school problems"
REFUSAL_PASSES = (
    Pass((("This is not a kind of problem I know.\n", False),), REFUSAL),
    Pass(((", this is still not a kind of problem I know.\n", False),), REFUSAL),
)


@dataclass(frozen=True)
class Link:
    """One pass of a chain.

    Attributes:
        extension: the word in front of it; empty for the draft.
        working: the pass.
        trained: whether the loss counts it.
    """

    extension: str
    working: Pass
    trained: bool = True


def write_chain(problem: Problem, n_extensions: int, knobs: DocumentKnobs, rng: Random) -> list[Link]:
    """Work a problem as a draft and `n_extensions` forced continuations.

    Args:
        n_extensions: forced extensions after the draft.
        knobs: slip rates, planted disagreements and the share of chains that begin with the second method.
    """
    domain = DOMAINS[problem.domain]
    careful = [(domain.check_a, knobs.check_a_slip), (domain.check_b, knobs.check_b_slip)]
    if rng.random() < knobs.b_first:
        careful.reverse()
    rough = [(domain.rough, knobs.rough_slip)] if rng.random() < knobs.rough_first else []
    planted = rng.randrange(2) if rng.random() < knobs.disagreement else None
    draft = write_pass(problem.operands, domain.draft, rng, knobs.draft_slip)
    chain = [Link("", draft, rng.random() < knobs.draft_trained[problem.size])]
    concluded: list[str] = []
    agreed = ""
    for _ in range(n_extensions):
        if agreed:
            first_time = len(chain) == len(concluded) + 1
            working = confirmation(concluded) if first_time else restatement(agreed)
        else:
            turn = len(concluded)
            method, slip_rate = rough[0] if turn < len(rough) else careful[(turn - len(rough)) % 2]
            working = write_pass(problem.operands, method, rng, 1.0 if turn == planted else slip_rate)
            if turn > 1:
                working = after_disagreement(working, concluded)
            agreed = working.conclusion if working.conclusion in concluded else ""
            concluded.append(working.conclusion)
        word = rng.choice(OTHER_EXTENSIONS) if rng.random() < knobs.other_extension else EXTENSION
        chain.append(Link(word, working))
    return chain


def refusal_chain(n_extensions: int) -> list[Link]:
    """What the miniature says to a question that is none of its domains'."""
    draft, again = REFUSAL_PASSES
    return [Link("", draft), *(Link(EXTENSION, again) for _ in range(n_extensions))]


def after_disagreement(working: Pass, conclusions: Sequence[str]) -> Pass:
    """A further check that first recalls what the differing checks before it concluded."""
    (opening, _), *rest = working.pieces
    recalled = f", the checks said {joined(conclusions)}. They differ, so{opening.removeprefix(',')}"
    return Pass(((recalled, False), *rest), working.conclusion)


def confirmation(conclusions: Sequence[str]) -> Pass:
    """The line that first says that two checks of a trace agree.

    Args:
        conclusions: what the checks so far concluded; the last equals an earlier one.
    """
    agree = "They agree" if len(conclusions) == 2 else "Two of them agree"
    return Pass(((f", the checks said {joined(conclusions)}. {agree}. So {conclusions[-1]}.\n", False),), conclusions[-1])


def restatement(conclusion: str) -> Pass:
    """The short line for every extension after the confirmation."""
    return Pass(((f", two checks agree, so I am done. So {conclusion}.\n", False),), conclusion)


def joined(conclusions: Sequence[str]) -> str:
    """Conclusions in words; those that are lists themselves are set apart by semicolons."""
    return "; ".join(conclusions) if any("," in text for text in conclusions) else listed(conclusions)
