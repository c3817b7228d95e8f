"""The problems of the miniature: four domains, their answers and the hash that decides training, dev and test.

Knows no model, no tokenizer and no working. Each problem is a function of a random generator; its split is a function of the
problem alone (not of its phrasing), so the same problem is never on both sides.

    python -m training.mini.problems --n 200 --seed 7 --held-out
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from pathlib import Path
from random import Random

from training.mini.phrasings import phrase, plain_phrase

DOMAINS = ("letters", "addition", "decimals", "products")
SPLITS = ("train", "dev", "test")
MOST_REPEATS = 1000
VOWELS, CONSONANTS = "aeiou", "bcdfghjklmnpqrstvwxyz"


@dataclass(frozen=True)
class Problem:
    """One problem, independent of how it is asked.

    Attributes:
        domain: one of `DOMAINS`.
        operands: (letter, word), the summands, the two decimals or the two factors, as text in the order of the question.
    """

    domain: str
    operands: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """The problem without the order of its operands: what the split hashes."""
        operands = self.operands if self.domain == "letters" else tuple(sorted(self.operands))
        return f"{self.domain}:{'|'.join(operands)}"

    @property
    def answer(self) -> str:
        """The correct answer."""
        if self.domain == "letters":
            letter, word = self.operands
            return str(word.count(letter))
        if self.domain == "addition":
            return str(sum(int(operand) for operand in self.operands))
        if self.domain == "decimals":
            return max(self.operands, key=Decimal)
        return str(int(self.operands[0]) * int(self.operands[1]))

    @property
    def looks_easy(self) -> bool:
        """Whether the training text stops after a quick draft here: a rule on length alone, imposed on the model."""
        if self.domain == "letters":
            return len(self.operands[1]) <= 10
        digits = sum(len(operand.replace(".", "")) for operand in self.operands)
        return digits <= {"addition": 7, "decimals": 6, "products": 4}[self.domain]


# Asked on stage, so excluded from training in every phrasing; the words with every letter, the numbers in every order.
SHOWCASE = (
    Problem("letters", ("r", "raspberry")),
    Problem("letters", ("r", "strawberry")),
    Problem("letters", ("a", "banana")),
    Problem("letters", ("s", "mississippi")),
    Problem("letters", ("o", "bookkeeper")),
    Problem("letters", ("e", "bookkeeper")),
    Problem("letters", ("e", "nevertheless")),
    Problem("letters", ("l", "hippopotamus")),
    Problem("addition", ("27", "48", "36", "9")),
    Problem("addition", ("348", "275", "96")),
    Problem("decimals", ("9.11", "9.8")),
    Problem("decimals", ("3.14", "3.2")),
    Problem("products", ("23", "47")),
    Problem("products", ("68", "79")),
)
SHOWCASE_WORDS = frozenset(problem.operands[1] for problem in SHOWCASE if problem.domain == "letters")
SHOWCASE_CANONICAL = frozenset(problem.canonical for problem in SHOWCASE)


def split_of(problem: Problem) -> str:
    """The split a problem belongs to: 10 % test, 5 % dev, the rest training, by a stable hash of the problem.

    Args:
        problem: any problem.

    Returns:
        "train", "dev", "test", or "showcase" for what is shown on stage (and any other letter of those words).
    """
    if problem.canonical in SHOWCASE_CANONICAL or (problem.domain == "letters" and problem.operands[1] in SHOWCASE_WORDS):
        return "showcase"
    bucket = int.from_bytes(blake2b(problem.canonical.encode(), digest_size=4).digest(), "big") % 100
    return "test" if bucket < 10 else "dev" if bucket < 15 else "train"


@cache
def common_words() -> tuple[str, ...]:
    """The committed list of common English words (lower case, 3 to 14 letters)."""
    return tuple(Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split())


def invented_word(rng: Random) -> str:
    """A pronounceable word of 3 to 14 letters that means nothing: alternating runs of consonants and vowels."""
    length = rng.choice((3, 4, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 14))
    few = rng.sample(CONSONANTS, 3) + rng.sample(VOWELS, 2) if rng.random() < 0.5 else None  # words like banana, mississippi
    word, vowel = "", rng.random() < 0.35
    while len(word) < length:
        letters = [c for c in (few or CONSONANTS + VOWELS) if (c in VOWELS) == vowel]
        run = rng.choice(letters)
        if rng.random() < (0.15 if vowel else 0.3):
            run += run if rng.random() < 0.6 else rng.choice(letters)
        word, vowel = word + run, not vowel
    return word[:length]


def _letters(rng: Random) -> Problem:
    word = rng.choice(common_words()) if rng.random() < 0.4 else invented_word(rng)
    dice = rng.random()
    if dice < 0.08:
        letter = rng.choice(CONSONANTS + VOWELS)
    elif dice < 0.5:
        letter = max(sorted(set(word)), key=word.count)
    else:
        letter = rng.choice(word)
    return Problem("letters", (letter, word))


_ADDITION_DIGITS = (  # how many digits each operand has
    *("22", "33", "32", "222", "222", "221", "333", "332", "322"),
    *("2222", "2222", "2222", "2221", "2221", "2211"),
)


def _addition(rng: Random) -> Problem:
    digits = rng.choice(_ADDITION_DIGITS)
    operands = [str(rng.randint(10 ** (int(n) - 1) + (n == "1"), 10 ** int(n) - 1)) for n in digits]
    if rng.random() < 0.5:
        rng.shuffle(operands)
    return Problem("addition", tuple(operands))


def _decimals(rng: Random) -> Problem:
    whole = rng.choice((rng.randint(0, 9), rng.randint(0, 9), rng.randint(10, 99)))
    other = whole if rng.random() < 0.8 else max(0, whole + rng.choice((-10, -2, -1, 1, 2, 9)))
    places = rng.choice(((1, 2), (2, 1), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (1, 1), (2, 2), (3, 3)))
    first, second = ("".join(str(rng.randint(0, 9)) for _ in range(n - 1)) + str(rng.randint(1, 9)) for n in places)
    if rng.random() < 0.3:  # the same first decimals, so that looking at one place is not enough
        shared = min(len(first), len(second))
        second = first[: max(1, shared - 1)] + second[max(1, shared - 1) :]
    problem = Problem("decimals", (f"{whole}.{first}", f"{other}.{second}"))
    return problem if Decimal(problem.operands[0]) != Decimal(problem.operands[1]) else _decimals(rng)


def _products(rng: Random) -> Problem:
    first, second = rng.randint(11, 99), rng.randint(11, 99)
    if rng.random() < 0.3:
        second = rng.randint(2, 9)
    return Problem("products", (str(first), str(second)) if rng.random() < 0.75 else (str(second), str(first)))


_MAKERS = {"letters": _letters, "addition": _addition, "decimals": _decimals, "products": _products}


def sample_problem(rng: Random, split: str = "train", domain: str | None = None) -> Problem:
    """Draw one problem of a split.

    Args:
        rng: source of randomness.
        split: one of `SPLITS`.
        domain: one of `DOMAINS`, or None for any of them.

    Raises:
        ValueError: the split does not exist.
    """
    if split not in SPLITS:
        raise ValueError(f"Unknown split {split!r}. Choose one of: {', '.join(SPLITS)}.")
    domain = domain or rng.choice(DOMAINS)
    while True:
        problem = _MAKERS[domain](rng)
        if split_of(problem) == split:
            return problem


def problem_set(n: int, seed: int, split: str, *, unseen_phrasings: bool = False) -> Iterator[tuple[Problem, str]]:
    """Distinct problems (as far as the split has them) with their questions, the domains in turn.

    Args:
        n: how many.
        seed: decides everything.
        split: one of `SPLITS`.
        unseen_phrasings: ask in the phrasings that training never uses.

    Yields:
        The problem and one phrasing of it.
    """
    rng, seen = Random(f"{seed}-{split}"), set()
    for index in range(n):
        problem = sample_problem(rng, split, DOMAINS[index % len(DOMAINS)])
        for _ in range(MOST_REPEATS):  # a split holds only a few hundred products
            if problem.canonical not in seen:
                break
            problem = sample_problem(rng, split, problem.domain)
        seen.add(problem.canonical)
        yield problem, phrase(problem.domain, problem.operands, rng, unseen=unseen_phrasings)


def main() -> None:
    """Print problems as JSON lines with the keys question, answer and domain."""
    parser = argparse.ArgumentParser(description="Problems of the miniature as JSON lines.")
    parser.add_argument("--n", type=int, default=100, help="how many problems")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true", help="the test split instead of the training split")
    parser.add_argument("--unseen-phrasings", action="store_true", help="ask as no training question does")
    parser.add_argument("--showcase", action="store_true", help="first the questions asked on stage, plainly phrased")
    args = parser.parse_args()
    split = "test" if args.held_out else "train"
    problems = list(problem_set(args.n, args.seed, split, unseen_phrasings=args.unseen_phrasings))
    if args.showcase:
        problems = [(problem, plain_phrase(problem.domain, problem.operands)) for problem in SHOWCASE] + problems
    for problem, question in problems:
        print(json.dumps({"question": question, "answer": problem.answer, "domain": problem.domain}, ensure_ascii=False))


if __name__ == "__main__":
    main()
