"""The problems of the miniature and the hash that decides training, dev and test.

Knows no model, no tokenizer and no working. A problem's split is a function of the problem alone (not of its phrasing), so the
same problem is never on both sides; the problems shown on stage are in no split.

    python -m training.mini.problems --n 200 --seed 7 --held-out
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from random import Random

from training.mini.domains import DOMAINS
from training.mini.wording.phrasings import TRAINED, phrase

SPLITS = ("train", "dev", "test")
MOST_REPEATS = 1000


@dataclass(frozen=True)
class Problem:
    """One problem, independent of how it is asked.

    Attributes:
        domain: a key of `DOMAINS`.
        operands: what it is about, as text in the order of the question.
    """

    domain: str
    operands: tuple[str, ...]

    @cached_property
    def canonical(self) -> str:
        """The problem without the order of its operands where that does not matter: what the split hashes."""
        return f"{self.domain}:{'|'.join(DOMAINS[self.domain].canonical(self.operands))}"

    @property
    def answer(self) -> str:
        """The correct answer."""
        return DOMAINS[self.domain].answer(self.operands)

    @property
    def size(self) -> int:
        """0 small, 1 medium, 2 large: how much work it looks like."""
        return DOMAINS[self.domain].size(self.operands)


SHOWCASE = tuple(Problem(name, operands) for name, domain in DOMAINS.items() for operands in domain.showcase)
SHOWCASE_CANONICAL = frozenset(problem.canonical for problem in SHOWCASE)


def split_of(problem: Problem) -> str:
    """The split a problem belongs to: 10 % test, 5 % dev, the rest training, by a stable hash of the problem.

    Returns:
        "train", "dev", "test", or "showcase" for what is shown on stage and what its domain holds out with it.
    """
    if problem.canonical in SHOWCASE_CANONICAL or DOMAINS[problem.domain].held_out(problem.operands):
        return "showcase"
    bucket = int.from_bytes(blake2b(problem.canonical.encode(), digest_size=4).digest(), "big") % 100
    return "test" if bucket < 10 else "dev" if bucket < 15 else "train"


def sample_problem(rng: Random, split: str, domain: str) -> Problem:
    """Draw one problem of a split.

    Raises:
        ValueError: the split does not exist.
    """
    if split not in SPLITS:
        raise ValueError(f"Unknown split {split!r}. Choose one of: {', '.join(SPLITS)}.")
    while True:
        problem = Problem(domain, DOMAINS[domain].sample(rng))
        if split_of(problem) == split:
            return problem


def problem_set(
    n: int, seed: int, split: str, wording: str = TRAINED, domains: Sequence[str] = tuple(DOMAINS)
) -> Iterator[tuple[Problem, str]]:
    """Distinct problems (as far as the split has them) with their questions, the domains in turn.

    Args:
        wording: in which phrasings to ask about the same problems, one of `phrasings.SECTIONS`.

    Yields:
        The problem and one phrasing of it.
    """
    rng, seen = Random(f"{seed}-{split}"), set()
    for index in range(n):
        problem = sample_problem(rng, split, domains[index % len(domains)])
        for _ in range(MOST_REPEATS):
            if problem.canonical not in seen:
                break
            problem = sample_problem(rng, split, problem.domain)
        seen.add(problem.canonical)
        choices = Random(f"{seed}-{problem.canonical}")  # its own generator, so that the problems do not depend on the phrasings
        yield problem, phrase(DOMAINS[problem.domain], problem.operands, choices, wording)


def problem_lines(n: int, seed: int, split: str, wording: str = TRAINED) -> Iterator[dict[str, str]]:
    """Problems as lines of a question file: question, answer, domain and phrasing; see `problem_set`."""
    for problem, question in problem_set(n, seed, split, wording):
        yield {"question": question, "answer": problem.answer, "domain": problem.domain, "phrasing": wording}


def main() -> None:
    """Print problems as JSON lines."""
    parser = argparse.ArgumentParser(description="Problems of the miniature as JSON lines: question, answer, domain, phrasing.")
    parser.add_argument("--n", type=int, default=200, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="decides them and their wording")
    parser.add_argument("--held-out", action="store_true", help="of the test split instead of the training split")
    options = parser.parse_args()
    for line in problem_lines(options.n, options.seed, "test" if options.held_out else "train"):
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
