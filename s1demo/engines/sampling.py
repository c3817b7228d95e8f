"""Picks the next token of every row of a batch, each by its own rules.

The random number behind the sample at position p of a sequence depends on (seed, p) only. So a run forked from another at p has
the same past, and stopping and continuing a request changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1demo.events import SamplingParams

if TYPE_CHECKING:
    import torch

_MASK = 2**64 - 1
_GREEDY_BELOW = 1e-5  # lower temperatures overflow the softmax and pick the same token


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) from a seed and a position (SplitMix64's mixing function; Steele, Lea and Flood, 2014)."""
    z = (seed * 0x9E3779B97F4A7C15 + (position + 1) * 0xD1342543DE82EF95) & _MASK
    for _ in range(2):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
    return (z >> 11) / 2**53


def pick_tokens(
    logits: torch.Tensor,
    sampling: Sequence[SamplingParams],
    positions: Sequence[int],
    forbidden: Sequence[frozenset[int]],
    vocabulary: int,
) -> list[int]:
    """Pick one token per row.

    Args:
        logits: [batch, embedding size].
        sampling: each row's parameters.
        positions: each row's position of the token to pick, prompt included.
        forbidden: ids masked per row (stops, while fewer than min_tokens are sampled).
        vocabulary: ids from here on are in the embedding but not in the tokenizer; never sampled at temperature > 0.

    Returns:
        The picked ids.
    """
    for row, ids in enumerate(forbidden):
        if ids:
            logits[row, list(ids)] = float("-inf")
    picked: list[int] = logits.argmax(dim=-1).tolist()
    rows = [row for row, params in enumerate(sampling) if params.temperature > _GREEDY_BELOW]
    if rows:
        sampled = _sample(logits[rows, :vocabulary], [sampling[r] for r in rows], [positions[r] for r in rows])
        for row, token_id in zip(rows, sampled, strict=True):
            picked[row] = token_id
    return picked


def _sample(logits: torch.Tensor, sampling: Sequence[SamplingParams], positions: Sequence[int]) -> list[int]:
    """Nucleus sampling by the inverse of the cumulative distribution, most probable token first."""
    import torch

    temperature = torch.tensor([[params.temperature] for params in sampling], device=logits.device)
    top_p = torch.tensor([[params.top_p] for params in sampling], device=logits.device, dtype=torch.float64)
    draws = torch.tensor(
        [[uniform(params.seed, position)] for params, position in zip(sampling, positions, strict=True)],
        device=logits.device,
        dtype=torch.float64,
    )
    probabilities, order = torch.softmax(logits.float() / temperature, dim=-1).double().sort(dim=-1, descending=True, stable=True)
    cumulative = probabilities.cumsum(dim=-1)
    # A token is in the nucleus while the mass before it is below top-p (vLLM and transformers keep the crossing token too).
    nucleus = probabilities.masked_fill(cumulative - probabilities >= top_p, 0.0)
    cumulative = nucleus.cumsum(dim=-1)
    index = (cumulative <= draws * cumulative[:, -1:]).sum(dim=-1, keepdim=True)
    return order.gather(-1, index.clamp(max=order.shape[-1] - 1)).squeeze(-1).tolist()
