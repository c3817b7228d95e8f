"""The data-set card: metadata for the Hub, columns, counts and how the rows were chosen. Knows no network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from huggingface_hub import DatasetCard, DatasetCardData

from s1demo.errors import InputError
from training.curation.funnel import Stage
from training.curation.records import Row

TRAIN_FILE = "train.jsonl"  # what the rows are called in the repository
_TEMPLATE = Path(__file__).with_name("data.md")
_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6))  # the Hub's classes


@dataclass(frozen=True)
class DataDescription:
    """What a data-set card says beside what the rows tell.

    Attributes:
        repo: the data set's name on the Hub.
        licence: the Hub's identifier.
        model_repo: the model trained on it.
        funnel: JSON of `training.curation.funnel.Funnel`, None where there is none.
        notes: further Markdown on its limits.
    """

    repo: str
    licence: str
    model_repo: str = ""
    funnel: Path | None = None
    notes: str = ""


def data_card(data: DataDescription, rows: Sequence[Row], columns: Sequence[str]) -> DatasetCard:
    """Make the card.

    Raises:
        InputError: the funnel cannot be read.
    """
    lengths = [row.thinking_tokens for row in rows]
    metadata = DatasetCardData(
        language="en",
        license=data.licence,
        task_categories=["text-generation", "question-answering"],
        size_categories=next((name for name, end in _SIZES if len(rows) < end), "n>1M"),
        pretty_name=data.repo.rpartition("/")[2],
        tags=["s1", "reasoning", "test-time-scaling"],
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": TRAIN_FILE}]}],
    )
    card: DatasetCard = DatasetCard.from_template(
        metadata,
        template_path=str(_TEMPLATE),
        name=data.repo.rpartition("/")[2],
        data=data,
        columns=columns,
        lengths=lengths,
        mean=mean(lengths),
        median=median(lengths),
        grades=Counter(row.trace_outcome for row in rows).most_common(),
        sources=Counter(row.source for row in rows).most_common(),
        domains=Counter(row.domain for row in rows if row.domain).most_common(),
        stages=_stages(data.funnel) if data.funnel else [],
    )
    return card


def _stages(funnel: Path) -> list[Stage]:
    try:
        return [Stage(**stage) for stage in json.loads(funnel.read_text(encoding="utf-8"))["stages"]]
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"Cannot read the funnel {funnel}: {error!r}") from error
