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


def log_probabilities(logits: torch.Tensor, token_ids: Sequence[int]) -> list[float]:
    """How probable each row's id was to the model itself.

    Args:
        logits: [batch, embedding size], nothing masked.
        token_ids: one id per row.

    Returns:
        Natural logarithms of the probabilities at temperature 1.
    """
    import torch

    rows = torch.arange(len(token_ids), device=logits.device)
    values: list[float] = logits.float().log_softmax(dim=-1)[rows, list(token_ids)].tolist()
    return values


def _sample(logits: torch.Tensor, sampling: Sequence[SamplingParams], positions: Sequence[int]) -> list[int]:
    """Nucleus sampling by the inverse of the cumulative distribution.

    Ids keep their order there: ordered by probability, two nearly equal ids would change places with the last bits of the
    logits, and those depend on who else is in the batch.
    """
    import torch

    def column(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, device=logits.device, dtype=torch.float64)[:, None]

    scaled = logits.double() / column([params.temperature for params in sampling])
    probabilities = torch.softmax(scaled, dim=-1)
    if any(params.top_p < 1 for params in sampling):
        falling = probabilities.sort(dim=-1, descending=True).values
        # In the nucleus while the mass before it is below top-p: the id that crosses the line is kept, as in transformers.
        outside = falling.cumsum(dim=-1) - falling >= column([params.top_p for params in sampling])
        smallest = falling.masked_fill(outside, torch.inf).amin(dim=-1, keepdim=True)
        probabilities = probabilities.masked_fill(probabilities < smallest, 0.0)
    cumulative = probabilities.cumsum(dim=-1)
    draws = column([uniform(params.seed, position) for params, position in zip(sampling, positions, strict=True)])
    index = (cumulative <= draws * cumulative[:, -1:]).sum(dim=-1)
    picked: list[int] = index.clamp(max=logits.shape[-1] - 1).tolist()
    return picked
