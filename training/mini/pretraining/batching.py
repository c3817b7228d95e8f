"""Documents to padded batches, from any position of an endless stream.

Knows token ids and tensors, nothing of where documents come from. The stream is made of chunks, each a function of the seed and
the chunk number, so a position is two integers and a killed run continues where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from random import Random

import torch

from training.mini.pretraining.documents import Document

IGNORED = -100  # what cross_entropy leaves out
LENGTH_STEP = 8  # padded lengths are multiples of this, so that attention sees few shapes
DOCUMENTS_PER_CHUNK = 4096


@dataclass(frozen=True)
class Batch:
    """One step's input: documents behind each other in one row, each padded on the right, shorter ones first.

    Attributes:
        ids: int64, the batch's fixed number of padded tokens.
        targets: int64, as many: the next id where the loss counts it, else `IGNORED`.
        places: int64, as many: each token's place in its document.
        groups: (documents, padded length) of each run of equally long documents; together they fill the row.
        n_tokens: real tokens, padding not counted.
    """

    ids: torch.Tensor
    targets: torch.Tensor
    places: torch.Tensor
    groups: list[tuple[int, int]]
    n_tokens: int


@dataclass
class Position:
    """Where a stream stands: the chunk and the batch within it."""

    chunk: int = 0
    batch: int = 0


def padded(n: int) -> int:
    """A document's length with its padding."""
    return -(-n // LENGTH_STEP) * LENGTH_STEP


def make_batch(documents: Sequence[Document], batch_tokens: int, pad_id: int) -> Batch:
    """Lay documents behind each other (causal attention never looks at the padding) and fill up with rows of padding.

    Args:
        documents: sorted by length.
        batch_tokens: what the batch is padded to, a multiple of `LENGTH_STEP`.
    """
    lengths = [padded(len(document.ids)) for document in documents]
    lengths += [LENGTH_STEP] * ((batch_tokens - sum(lengths)) // LENGTH_STEP)
    ids, targets = [pad_id] * sum(lengths), [IGNORED] * sum(lengths)
    starts = accumulate(lengths, initial=0)
    for start, document in zip(starts, documents, strict=False):
        n = len(document.ids)
        ids[start : start + n] = document.ids
        marked = zip(document.ids[1:], document.trained[1:], strict=True)
        targets[start : start + n - 1] = [index if trained else IGNORED for index, trained in marked]
    places = torch.cat([torch.arange(length) for length in lengths])
    groups = [(len(list(group)), length) for length, group in groupby(lengths)]
    return Batch(torch.tensor(ids), torch.tensor(targets), places, groups, sum(len(document.ids) for document in documents))


def make_batches(documents: Sequence[Document], batch_tokens: int, pad_id: int) -> list[Batch]:
    """Batches of documents of similar length, shortest first.

    Args:
        batch_tokens: the most padded tokens of one batch (a single longer document still makes one).
    """
    batches: list[Batch] = []
    group: list[Document] = []
    used = 0
    for document in sorted(documents, key=lambda document: len(document.ids)):
        length = padded(len(document.ids))
        if group and used + length > batch_tokens:
            batches.append(make_batch(group, batch_tokens, pad_id))
            group, used = [], 0
        group, used = [*group, document], used + length
    batches.append(make_batch(group, batch_tokens, pad_id))
    return batches


def stream(
    make_document: Callable[[Random], Document],
    seed: str,
    batch_tokens: int,
    pad_id: int,
    position: Position,
    share: tuple[int, int] = (0, 1),
) -> Iterator[Batch]:
    """Endless batches; `position` is kept up to date, so saving it saves the place.

    Args:
        position: where to start; advanced before each batch is yielded.
        share: which process of how many this is; at each step all have documents of like length, so that none waits for another.
    """
    rank, world = share
    while True:
        rng = Random(f"{seed}-{position.chunk}")
        batches = make_batches([make_document(rng) for _ in range(DOCUMENTS_PER_CHUNK)], batch_tokens, pad_id)
        steps = [batches[first + rank] for first in range(0, len(batches) - world + 1, world)]
        rng.shuffle(steps)
        for batch in steps[position.batch :]:
            position.batch += 1
            yield batch
        position.chunk, position.batch = position.chunk + 1, 0
