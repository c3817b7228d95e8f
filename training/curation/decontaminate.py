"""Decontamination: a question that shares eight words in a row with a test question is removed, and repeats are.

The rule is the reference's (simplescaling/s1, data/decontaminate_util.py and collect_data.py at 77272c6): lower-case, strip,
collapse white space, word 8-grams; any shared one removes. What is taken of a source is a test for the sources after it.

The paper's own 59,029 did not come through this rule as it stands: they hold 11,999 of the 12,000 MATH training problems, and
s1K holds questions that share eight words with MATH-500 or AIME 2024, mostly stock phrases such as "is not divisible by the
square of any". So this leaves fewer than the paper has and errs on the safe side. Questions under eight words always stay, and so
does AIME, unchecked as in the reference: s1K holds an AIME problem that is word for word a MATH-500 one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from training.curation.records import Row

NGRAM_WORDS = 8  # collect_data.py: ngram_size=8


def ngrams(text: str, n_words: int = NGRAM_WORDS) -> Iterator[str]:
    """The word n-grams of a text; a text of fewer words has none, so it is never removed.

    Args:
        n_words: length of an n-gram in words.
    """
    words = text.lower().split()
    return (" ".join(words[start : start + n_words]) for start in range(len(words) - n_words + 1))


class Decontaminator:
    """Knows the n-grams of all test questions; time and memory are linear in the text.

    Args:
        n_words: length of an n-gram in words.
    """

    def __init__(self, tests: Iterable[str], n_words: int = NGRAM_WORDS) -> None:
        self._n_words = n_words
        self._seen: set[str] = set()
        self.add(tests)

    def add(self, questions: Iterable[str]) -> None:
        """Treat more questions as test questions; collect_data.py does so with what it took of each source before the next."""
        self._seen.update(ngram for question in questions for ngram in ngrams(question, self._n_words))

    def clean(self, rows: Iterable[Row]) -> list[Row]:
        """The rows whose question shares no n-gram with a test question; overlaps among the rows stay."""
        return [row for row in rows if self._seen.isdisjoint(ngrams(row.question, self._n_words))]


@dataclass(frozen=True)
class Batch:
    """What one source brings.

    Attributes:
        name: of the source.
        rows: its rows.
        pick: which of the clean ones are taken, None for all.
        unchecked: taken as they are, and no test for others.
    """

    name: str
    rows: Sequence[Row]
    pick: Callable[[list[Row]], list[Row]] | None = None
    unchecked: bool = False


@dataclass(frozen=True)
class Account:
    """What became of one source's rows.

    Attributes:
        n_left: in the pool.
        n_shared: share eight words with a benchmark or an earlier source.
        n_not_picked: clean, but not among those that are taken of this source.
        n_repeats: of a question that is in the pool already.
    """

    n_left: int
    n_shared: int
    n_not_picked: int
    n_repeats: int


def clean_sources(batches: Iterable[Batch], tests: Iterable[str]) -> tuple[list[Row], dict[str, Account]]:
    """The pool: every source cleaned of the benchmarks and of the sources before it, and exact repeats left out.

    Args:
        batches: the sources in load order; they may come one at a time, so that only one is in memory beside the pool.

    Returns:
        The rows in that order, and an account for each source.
    """
    cleaner, pool = Decontaminator(tests), dict[str, Row]()
    accounts = {}
    for batch in batches:
        clean = list(batch.rows) if batch.unchecked else cleaner.clean(batch.rows)
        taken = batch.pick(clean) if batch.pick else clean
        if not batch.unchecked:
            cleaner.add(row.question for row in taken)
        before = len(pool)
        for row in taken:
            pool.setdefault(row.question, row)
        left = len(pool) - before
        accounts[batch.name] = Account(left, len(batch.rows) - len(clean), len(clean) - len(taken), len(taken) - left)
    return list(pool.values()), accounts
