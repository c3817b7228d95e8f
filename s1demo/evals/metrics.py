"""The paper's three measures of a way to scale thinking, the uncertainty of measured accuracies, and votes.

Knows numbers and answers. Knows no model, no file and no benchmark. Accuracies and intervals are in percent everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from s1demo.grading import Outcome, grade

RESAMPLES = 10_000  # paper Table 2: paired bootstrap with 10,000 resamples
_Z95 = 1.959964  # two-sided 95 % of the normal distribution
_CLOSEST = 1.01  # below this ratio of their mean thinking tokens, two runs are one to `distinct`


@dataclass(frozen=True)
class EvalRun:
    """One evaluation run, as the paper's metrics see it.

    Attributes:
        thinking_tokens: mean thinking tokens per question (for votes: summed over a question's votes).
        accuracy: in percent.
        at_least, at_most: what the run's thinking tokens were meant to be (paper section 3.2: a_min, a_max).
    """

    thinking_tokens: float
    accuracy: float
    at_least: float = 0.0
    at_most: float = math.inf

    @property
    def has_limit(self) -> bool:
        """Whether anything was asked of its length."""
        return self.at_least > 0 or self.at_most < math.inf


@dataclass(frozen=True)
class Estimate:
    """A difference of two accuracies in percentage points.

    Attributes:
        points: the difference on the questions as they are.
        low, high: 95 % interval.
    """

    points: float
    low: float
    high: float


def control(runs: Sequence[EvalRun]) -> float | None:
    """Control (paper equation 1): the share of runs whose mean thinking tokens lie within what was asked of them.

    Returns:
        Percent, a run without limits counting as within them; None where no run has a limit.
    """
    if not any(run.has_limit for run in runs):
        return None
    return 100 * sum(run.at_least <= run.thinking_tokens <= run.at_most for run in runs) / len(runs)


def scaling(runs: Sequence[EvalRun]) -> float | None:
    """Scaling (paper equation 2): the slope of accuracy against thinking, averaged over all pairs of runs.

    The paper does not print its unit; its values come out only in percentage points per DOUBLING of thinking tokens.

    Returns:
        Percentage points per doubling; None with fewer than two different lengths. Runs without any thinking have no logarithm
        and are left out, and so are pairs of equal length.
    """
    curve = sorted((math.log2(run.thinking_tokens), run.accuracy) for run in runs if run.thinking_tokens > 0)
    slopes = [(f_b - f_a) / (b - a) for (a, f_a), (b, f_b) in combinations(curve, 2) if b > a]
    return sum(slopes) / len(slopes) if slopes else None


def performance(runs: Sequence[EvalRun]) -> float:
    """Performance (paper equation 3): the best accuracy of any run, in percent.

    Args:
        runs: evaluation runs of one method, at least one.
    """
    return max(run.accuracy for run in runs)


def distinct(runs: Sequence[EvalRun]) -> list[int]:
    """The positions of runs that Scaling can tell apart: a budget hardly ever met is the natural run over again.

    Such a pair's slope divides a question or two by almost no tokens. The threshold is ours; the paper has no such pairs to drop.

    Args:
        runs: evaluation runs, the ones to keep first.

    Returns:
        Positions in `runs`; of runs whose mean thinking tokens differ by less than 1 %, the first.
    """
    kept: list[int] = []
    for position, run in enumerate(runs):
        if all(_apart(run.thinking_tokens, runs[other].thinking_tokens) for other in kept):
            kept.append(position)
    return kept


def _apart(a: float, b: float) -> bool:
    return max(a, b) > 0 and max(a, b) >= _CLOSEST * min(a, b)


def wilson(correct: int, n: int) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson, 1927), which stays within 0 and 100 and is right near both.

    Args:
        n: trials, at least one.

    Returns:
        The 95 % interval in percent.
    """
    share, z2 = correct / n, _Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return 100 * max(0.0, centre - half), 100 * min(1.0, centre + half)


def paired_bootstrap(first: Sequence[bool], second: Sequence[bool], resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """How much more often `first` is right than `second` on the same questions (paper Table 2: paired bootstrap).

    A question contributes -1, 0 or 1, so resampling questions is drawing the numbers of the three from a multinomial.

    Args:
        first, second: right or not, question by question, at least one.

    Returns:
        Difference and percentile interval, in percentage points.
    """
    import numpy as np

    n = len(first)
    gained = sum(a and not b for a, b in zip(first, second, strict=True))
    lost = sum(b and not a for a, b in zip(first, second, strict=True))
    draws = np.random.default_rng(seed).multinomial(n, [gained / n, lost / n, (n - gained - lost) / n], size=resamples)
    low, high = np.percentile(100 * (draws[:, 0] - draws[:, 1]) / n, [2.5, 97.5])
    return Estimate(100 * (gained - lost) / n, float(low), float(high))


def _same(answer: str, known: str) -> bool:
    return grade(answer, known) is Outcome.CORRECT


def majority(answers: Sequence[str | None], same: Callable[[str, str], bool] = _same) -> str | None:
    """The answer most votes agree on; a tie goes to the answer seen first (harness: maj@n), so maj@2 is the first vote.

    Args:
        answers: extracted answers in the order they were sampled; None, no answer, is no vote.
        same: whether two answers are one; by default when `grade` takes them for equal texts.

    Returns:
        The winner as first written, None where nobody answered.
    """
    votes: dict[str, int] = {}
    for answer in answers:
        if answer:
            vote = next((known for known in votes if same(answer, known)), answer)
            votes[vote] = votes.get(vote, 0) + 1
    return max(votes, key=lambda answer: votes[answer], default=None)
