"""Sampling by tables, without a model."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from s1demo.engines.local.sampling import pick_tokens, uniform
from s1demo.errors import InputError
from s1demo.events import SamplingParams

LOGITS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def picks(params: SamplingParams, n: int = 4000, vocabulary: int = 4, forbidden: frozenset[int] = frozenset()) -> Counter:
    logits = LOGITS.repeat(n, 1)
    return Counter(pick_tokens(logits, [params] * n, list(range(n)), [forbidden] * n, vocabulary))


def test_uniform_is_uniform_and_depends_on_both_arguments():
    draws = [uniform(seed, position) for seed in range(50) for position in range(200)]
    assert len(set(draws)) == len(draws)
    assert all(0 <= u < 1 for u in draws)
    tenths = Counter(int(u * 10) for u in draws)
    assert all(abs(count - 1000) < 150 for count in tenths.values())
    pairs = [(uniform(3, p), uniform(3, p + 1)) for p in range(5000)]
    correlation = sum((a - 0.5) * (b - 0.5) for a, b in pairs) / len(pairs) * 12
    assert abs(correlation) < 0.05


def test_frequencies_follow_the_probabilities():
    counts = picks(SamplingParams(temperature=1.0))
    for token, probability in enumerate([0.5, 0.3, 0.15, 0.05]):
        assert abs(counts[token] / 4000 - probability) < 0.03


@pytest.mark.parametrize("top_p, kept", [(0.4, {0}), (0.5, {0}), (0.6, {0, 1}), (0.94, {0, 1, 2}), (1.0, {0, 1, 2, 3})])
def test_nucleus(top_p, kept):
    assert set(picks(SamplingParams(temperature=1.0, top_p=top_p))) == kept


def test_greedy_forbidden_and_unused_ids():
    assert set(picks(SamplingParams())) == {0}
    assert set(picks(SamplingParams(temperature=1e-7))) == {0}
    assert set(picks(SamplingParams(), forbidden=frozenset({0, 1}))) == {2}
    assert set(picks(SamplingParams(temperature=1.0), forbidden=frozenset({0}))) == {1, 2, 3}
    assert set(picks(SamplingParams(temperature=5.0), vocabulary=2)) == {0, 1}


def test_rows_do_not_disturb_each_other():
    hot = SamplingParams(temperature=1.0, seed=5)
    alone = pick_tokens(LOGITS[None].clone(), [hot], [9], [frozenset()], 4)
    mixed = pick_tokens(LOGITS.repeat(3, 1), [SamplingParams(), hot, hot], [1, 9, 10], [frozenset({0}), frozenset(), frozenset()], 4)
    assert mixed[1] == alone[0]
    assert mixed[0] == 1


@pytest.mark.parametrize("values", [{"temperature": -0.1}, {"temperature": float("nan")}, {"top_p": 0}, {"top_p": 1.1}, {"seed": -1}])
def test_impossible_parameters_are_refused_when_built(values):
    with pytest.raises(InputError, match="Give a"):
        SamplingParams(**values)
