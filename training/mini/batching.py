"""Documents to padded batches, from any position of an endless stream.

Knows token ids and tensors, nothing of where documents come from. The stream is made of chunks, each a function of the seed and
the chunk number, so a position is two integers and a killed run continues where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch

from training.mini.documents import Document

IGNORED = -100  # what cross_entropy leaves out
LENGTH_STEP = 16  # padded lengths are multiples of this, so that few shapes occur
DOCUMENTS_PER_CHUNK = 1024


@dataclass(frozen=True)
class Batch:
    """One step's input.

    Attributes:
        ids: int64, rows x length.
        targets: int64, rows x length: the next id where the loss counts it, else `IGNORED`.
        n_tokens: real tokens, padding not counted.
    """

    ids: torch.Tensor
    targets: torch.Tensor
    n_tokens: int


@dataclass
class Position:
    """Where a stream stands: the chunk and the batch within it."""

    chunk: int = 0
    batch: int = 0


def make_batch(documents: Sequence[Document], pad_id: int) -> Batch:
    """Pad documents on the right to one length (causal attention never looks at the padding)."""
    longest = max(len(document.ids) for document in documents)
    length = -(-longest // LENGTH_STEP) * LENGTH_STEP
    ids = torch.full((len(documents), length), pad_id, dtype=torch.long)
    targets = torch.full((len(documents), length), IGNORED, dtype=torch.long)
    for row, document in enumerate(documents):
        n = len(document.ids)
        ids[row, :n] = torch.tensor(document.ids)
        next_ids = [index if trained else IGNORED for index, trained in zip(document.ids[1:], document.trained[1:], strict=True)]
        targets[row, : n - 1] = torch.tensor(next_ids)
    return Batch(ids, targets, sum(len(document.ids) for document in documents))


def make_batches(documents: Sequence[Document], batch_tokens: int, pad_id: int, rng: Random) -> list[Batch]:
    """Batches of documents of similar length, in random order.

    Args:
        documents: any number.
        batch_tokens: the most padded tokens of one batch (a single longer document still makes one).
        pad_id: fills the rows.
        rng: decides the order.
    """
    batches: list[Batch] = []
    group: list[Document] = []
    for document in sorted(documents, key=lambda document: len(document.ids)):
        if group and (len(group) + 1) * (len(document.ids) + LENGTH_STEP) > batch_tokens:
            batches.append(make_batch(group, pad_id))
            group = []
        group.append(document)
    batches.append(make_batch(group, pad_id))
    rng.shuffle(batches)
    return batches


def stream(
    make_document: Callable[[Random], Document], seed: str, batch_tokens: int, pad_id: int, position: Position
) -> Iterator[Batch]:
    """Endless batches; `position` is kept up to date, so saving it saves the place.

    Args:
        make_document: draws one document.
        seed: names the stream (with the process in it, so that processes differ).
        batch_tokens: see `make_batches`.
        pad_id: fills the rows.
        position: where to start; advanced before each batch is yielded.
    """
    while True:
        rng = Random(f"{seed}-{position.chunk}")
        batches = make_batches([make_document(rng) for _ in range(DOCUMENTS_PER_CHUNK)], batch_tokens, pad_id, rng)
        for batch in batches[position.batch :]:
            position.batch += 1
            yield batch
        position.chunk, position.batch = position.chunk + 1, 0
