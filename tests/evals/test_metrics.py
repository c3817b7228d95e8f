"""The paper's metrics, intervals and votes on cases that can be checked by hand."""

from __future__ import annotations

import math
import random

import pytest

from s1demo.evals.metrics import EvalRun, control, distinct, majority, paired_bootstrap, performance, scaling, wilson


def test_scaling_is_points_per_doubling_averaged_over_all_pairs():
    doubling = [EvalRun(100, 10), EvalRun(200, 20), EvalRun(400, 30)]
    assert scaling(doubling) == pytest.approx(10)
    bent = [EvalRun(100, 10), EvalRun(200, 30), EvalRun(400, 30)]  # slopes 20, 0 and, over both, 10
    assert scaling(bent) == pytest.approx(10)
    bent = [EvalRun(100, 10), EvalRun(200, 30), EvalRun(1600, 30)]  # slopes 20, 0 and 20 / 4; neighbours alone would give 10
    assert scaling(bent) == pytest.approx(25 / 3)
    assert scaling(list(reversed(bent))) == scaling(bent)


def test_scaling_leaves_out_what_has_no_slope():
    assert scaling([EvalRun(0, 50), EvalRun(100, 10), EvalRun(200, 20)]) == pytest.approx(10)
    assert scaling([EvalRun(100, 10), EvalRun(100, 20)]) is None
    assert scaling([EvalRun(100, 10)]) is None and scaling([]) is None


def test_control_is_the_share_of_runs_within_their_limits():
    runs = [EvalRun(10, 0, at_most=10), EvalRun(11, 0, at_most=10), EvalRun(30, 0, at_least=20), EvalRun(10, 0)]
    assert control(runs) == 75
    assert control([EvalRun(10, 0), EvalRun(20, 0)]) is None


def test_performance_is_the_best_accuracy():
    assert performance([EvalRun(1, 5), EvalRun(2, 9), EvalRun(3, 7)]) == 9


def test_runs_of_one_length_count_once():
    runs = [EvalRun(100, 1), EvalRun(0, 1), EvalRun(100.5, 1), EvalRun(0, 2), EvalRun(102, 1), EvalRun(100, 9)]
    assert distinct(runs) == [0, 1, 4]


@pytest.mark.parametrize("correct, n", [(0, 30), (30, 30), (15, 30), (338, 400), (1, 1), (999, 1000)])
def test_wilson_bounds_are_the_proportions_just_compatible_with_the_count(correct, n):
    """Defined by (p - share)^2 = z^2 p (1 - p) / n; only 0 and 100 may be bounds for another reason."""
    low, high = (bound / 100 for bound in wilson(correct, n))
    share = correct / n
    assert 0 <= low <= share <= high <= 1
    for bound in (low, high):
        assert (bound - share) ** 2 == pytest.approx(1.959964**2 * bound * (1 - bound) / n, abs=1e-12) or bound in (0, 1)
    assert wilson(15, 30) == pytest.approx((33.15, 66.85), abs=0.01)


def test_the_paired_bootstrap_is_over_questions():
    first = [True] * 60 + [False] * 40
    second = [True] * 50 + [False] * 10 + [True] * 2 + [False] * 38
    found = paired_bootstrap(first, second)
    assert found.points == pytest.approx(8)
    spread = 100 * math.sqrt((12 / 100 - 0.08**2) / 100)  # standard deviation of the mean difference
    assert found.low == pytest.approx(8 - 1.96 * spread, abs=0.7) and found.high == pytest.approx(8 + 1.96 * spread, abs=0.7)
    assert paired_bootstrap(first, second) == found
    assert len({paired_bootstrap(first, second, resamples=50, seed=seed) for seed in range(5)}) > 1
    assert paired_bootstrap(second, first).points == pytest.approx(-8)
    assert vars(paired_bootstrap(first, first)) == {"points": 0, "low": 0, "high": 0}


def test_the_bootstrap_equals_one_that_draws_questions():
    rng = random.Random(4)
    first, second = ([rng.random() < p for _ in range(80)] for p in (0.7, 0.5))
    gains = [a - b for a, b in zip(first, second, strict=True)]
    drawn = sorted(sum(rng.choices(gains, k=80)) / 0.8 for _ in range(4000))
    found = paired_bootstrap(first, second)
    assert found.low == pytest.approx(drawn[100], abs=1.5) and found.high == pytest.approx(drawn[3900], abs=1.5)


@pytest.mark.parametrize(
    "answers, winner",
    [
        (["3", "4", "4"], "4"),
        (["3", "4"], "3"),  # a tie: first seen
        (["4", "3", "3", "4"], "4"),
        ([None, None, "7"], "7"),  # no answer is no vote
        ([None, None], None),
        ([], None),
        (["5", "1,000", "1000.0"], "1,000"),  # one answer, written in two ways
        (["Yes", "no", "yes", "no", "YES"], "Yes"),
    ],
)
def test_majority(answers, winner):
    assert majority(answers) == winner
