"""The training sets of the paper's data ablation (section 5.1, table 2): one rule left alone each time.

1K-random is quality alone, 1K-diverse quality and diversity, 1K-longest difficulty (by length) alone, 59K-full everything, s1K
itself all three. The published ones are simplescaling/data_ablation_*.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

from training.curation.diversity import choose
from training.curation.quality import keep_complete
from training.curation.records import Row

ABLATIONS = ("random", "diverse", "longest", "whole")


def random_rows(rows: Iterable[Row], n_rows: int, seed: int) -> list[Row]:
    """So many rows, each equally likely, or all where there are fewer; the pool's order does not matter."""
    pool = sorted(rows, key=lambda row: row.id)
    return Random(f"{seed}-random").sample(pool, min(n_rows, len(pool)))


def longest_rows(rows: Iterable[Row], n_rows: int) -> list[Row]:
    """The rows with the longest traces, longest first."""
    return sorted(rows, key=lambda row: (-row.thinking_tokens, row.id))[:n_rows]


def ablations(pool: Sequence[Row], good: Sequence[Row], n_rows: int, seed: int) -> dict[str, list[Row]]:
    """All ablation sets by name.

    Args:
        pool: the whole pool; rows without a trace are left out, since nothing can be trained on them.
        good: the pool after the quality filter.
        n_rows: size of each set but `whole`.

    Returns:
        `random`, `diverse`, `longest` and `whole`.

    Raises:
        InputError: the pool is too small.
    """
    whole = keep_complete(pool)
    return {
        "random": random_rows(good, n_rows, seed),
        "diverse": choose(good, n_rows, seed, by_length=False),
        "longest": longest_rows(whole, n_rows),
        "whole": whole,
    }
