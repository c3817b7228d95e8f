"""Diversity: the paper's two-stage choice of a thousand rows (Algorithm 1), and the notebook's variant of it.

Stage A keeps what a predicate says, at full size `kept_outright`. Stage B repeats, until there are enough: draw a domain
uniformly, then a row of it with weight 2^-rank by thinking length, longest first; empty domains are dropped. Rows of stage A stay
in the pools, so drawing one of them uses it up without growing the choice (Algorithm 1 and data/filter.ipynb cell 21 alike). The
notebook draws its last 300 domains from a benchmark mix instead. `choose_by_rule` is either of the two by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from s1demo.errors import InputError
from s1demo.grading import Outcome
from training.curation.records import Row

PAPER, NOTEBOOK = RULES = ("paper", "notebook")
AIME, GPQA = "qq8933/AIME_1983_2024", "Idavidrein/gpqa"  # source_type in s1K, in filter.ipynb and in `sources`
_MATH = "openaimath"  # simplescaling/openaimath/... in collect_data.py, qfq/openaimath/... in s1K
LONG_MATH_TOKENS = 5600  # filter.ipynb cell 14: gemini_length > 5600
_UNIFORM_SHARE = 0.7  # filter.ipynb cell 21: the first 700 of 1,000
_RANKS = 60  # the weight 2^-60 is below what a random float can tell from nothing


@dataclass(frozen=True)
class DomainWeights:
    """From which size of the choice on domains are drawn by weight instead of uniformly (filter.ipynb cells 17 and 21).

    Attributes:
        after: rows chosen before the weights apply (the notebook's 700).
        weights: by domain; domains that are not named are not drawn any more.
    """

    after: int
    weights: Mapping[str, float]


def is_benchmark_like(row: Row) -> bool:
    """AIME or non-Diamond GPQA: what looks like the paper's benchmarks."""
    return row.source in (AIME, GPQA)


def is_long_math(row: Row) -> bool:
    """A MATH problem with a trace of more than 5,600 tokens."""
    return _MATH in row.source and row.thinking_tokens > LONG_MATH_TOKENS


def kept_outright(row: Row) -> bool:
    """Stage A (paper section 2.2 and Algorithm 1; filter.ipynb cell 14): benchmark-like or long MATH, and the teacher is right.

    Args:
        row: with its trace graded; a trace that was not graded, or could not be, is not right.
    """
    return row.trace_outcome is Outcome.CORRECT and (is_benchmark_like(row) or is_long_math(row))


def choose_by_rule(rows: Sequence[Row], n_rows: int, seed: int, rule: str = PAPER) -> list[Row]:
    """The choice at full size.

    Args:
        rows: the pool, after quality and difficulty, with domains and graded traces.
        rule: `paper` draws domains uniformly to the end (Algorithm 1); `notebook` draws those of the last 30 % from the mix of
            AIME's and GPQA's domains (filter.ipynb cells 17 and 21).

    Raises:
        InputError: an unknown rule, or the pool cannot give so many.
    """
    if rule not in RULES:
        raise InputError(f"The rule of choice is {rule!r}. Choose one of: {', '.join(RULES)}.")
    mix = DomainWeights(round(_UNIFORM_SHARE * n_rows), benchmark_mix(rows, {AIME}, {GPQA})) if rule == NOTEBOOK else None
    return choose(rows, n_rows, seed, kept_outright, mix)


def choose(
    rows: Iterable[Row],
    n_rows: int,
    seed: int,
    keep: Callable[[Row], bool] = lambda row: False,
    domain_weights_after: DomainWeights | None = None,
    *,
    by_length: bool = True,
) -> list[Row]:
    """Choose rows as the paper's Algorithm 1 does.

    Args:
        rows: the pool, after quality and difficulty; its order does not matter.
        seed: decides every draw (the notebook's is not set).
        keep: stage A, such as "AIME and solved by the teacher".
        domain_weights_after: the notebook's benchmark mix, None for the paper's rule.
        by_length: within a domain prefer long traces; otherwise draw uniformly (the ablation 1K-diverse).

    Returns:
        The chosen rows, stage A first, then in the order drawn.

    Raises:
        InputError: the pool cannot give so many, or more are kept outright.
    """
    pool = sorted(rows, key=lambda row: (-row.thinking_tokens, row.id))
    chosen = {row.id: row for row in pool if keep(row)}
    if len(chosen) > n_rows:
        raise InputError(f"{len(chosen)} rows are kept outright, more than the {n_rows} to choose. Ask for more.")
    rng = Random(f"{seed}-diversity")
    pools: dict[str, list[Row]] = {domain: [] for domain in sorted({row.domain for row in pool})}
    for row in pool:
        pools[row.domain].append(row)
    while len(chosen) < n_rows:
        row = _draw(_draw_domain(pools, len(chosen), n_rows, domain_weights_after, rng), rng, by_length)
        chosen[row.id] = row
    return list(chosen.values())


def _draw_domain(pools: Mapping[str, list[Row]], n_chosen: int, n_rows: int, mix: DomainWeights | None, rng: Random) -> list[Row]:
    """The pool of one domain that still has rows."""
    weighted = mix is not None and n_chosen >= mix.after
    weights = {domain: mix.weights.get(domain, 0.0) if mix and weighted else 1.0 for domain, rows in pools.items() if rows}
    if not sum(weights.values()):
        raise InputError(
            f"Only {n_chosen} of {n_rows} rows can be chosen: the pool{' of the weighted domains' if weighted else ''} is empty. "
            "Ask for fewer, or make the pool larger."
        )
    return pools[rng.choices(list(weights), list(weights.values()))[0]]


def _draw(pool: list[Row], rng: Random, by_length: bool) -> Row:
    """Take one row out of a pool that is sorted longest first."""
    if not by_length:
        return pool.pop(rng.randrange(len(pool)))
    ranks = range(min(len(pool), _RANKS))
    return pool.pop(rng.choices(ranks, [2.0**-rank for rank in ranks])[0])


def benchmark_mix(rows: Sequence[Row], whole: Collection[str], scaled: Collection[str], ratio: float = 0.5) -> dict[str, float]:
    """The notebook's weights for its last 300 draws (filter.ipynb cell 17).

    Args:
        whole: sources whose domain counts are taken as they are (AIME).
        scaled: sources whose counts are scaled to `ratio` of those and truncated to whole numbers (GPQA).
        ratio: what the scaled counts come to, of the whole ones.

    Returns:
        Weight by domain, zero weights left out; the scaled counts fall a little short of the ratio, as in the notebook.
    """
    counts = Counter(row.domain for row in rows if row.source in whole)
    others = Counter(row.domain for row in rows if row.source in scaled)
    factor = ratio * counts.total() / others.total() if others else 0.0
    mixed = counts + Counter({domain: int(count * factor) for domain, count in others.items()})
    return {domain: float(count) for domain, count in sorted(mixed.items())}
