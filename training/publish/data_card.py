"""The data-set card: metadata for the Hub, columns, counts and how the rows were chosen. Knows no network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from huggingface_hub import DatasetCard, DatasetCardData

from s1demo.errors import InputError
from training.curation.records import Row

TRAIN_FILE = "train.jsonl"  # what the rows are called in the repository
_TEMPLATE = Path(__file__).with_name("data.md")
_LARGEST = 10  # domains that are named
_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6))  # the Hub's classes
COLUMNS = {
    "id": "the first 16 hexadecimal digits of the question's SHA-256, as in s1K",
    "question": "as it is asked",
    "answer": "the true answer",
    "kind": "what the answer is and so how attempts were graded: text, integer, math or letter",
    "solution": "a worked solution, where the source has one",
    "domain": "what the choice was diverse over",
    "source": "where the question comes from",
    "attempts": "by model: answer, grade and thinking of the attempts that make a question hard",
    "thinking": "the trace to train on",
    "trace_answer": "the answer the trace leads to, right or wrong",
    "trace_outcome": "its grade, null where it was not graded",
    "thinking_tokens": "length of the trace in tokens of the model to be trained",
    "masked_spans": "character spans of the trace that the loss leaves out",
    "meta": "anything else",
}


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
    domains = Counter(row.domain for row in rows if row.domain).most_common()
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
        repo=data.repo,
        model_repo=data.model_repo,
        n_rows=f"{len(rows):,}",
        columns={name: meaning for name, meaning in COLUMNS.items() if name in columns},
        tokens={
            "mean": f"{mean(lengths):,.0f}",
            "median": f"{median(lengths):,.0f}",
            "most": f"{max(lengths):,}",
            "all": f"{sum(lengths):,}",
        },
        grades=_grades(rows),
        sources={source: f"{n:,}" for source, n in Counter(row.source for row in rows).most_common()},
        n_domains=len(domains),
        domains=", ".join(f"{name} ({n:,})" for name, n in domains[:_LARGEST]) or "none",
        stages=_stages(data.funnel) if data.funnel else [],
        notes=data.notes,
    )
    return card


def _grades(rows: Sequence[Row]) -> str:
    """How often which grade, the ungraded ones too."""
    counts = Counter("not graded" if row.trace_outcome is None else str(row.trace_outcome) for row in rows)
    return ", ".join(f"{n:,} {grade}" for grade, n in counts.most_common())


def _stages(funnel: Path) -> list[Mapping[str, Any]]:
    try:
        stages = json.loads(funnel.read_text(encoding="utf-8"))["stages"]
        return [{"name": s["name"], "n_rows": f"{s['n_rows']:,}", "removed": f"{s['removed']:,}"} for s in stages]
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"Cannot read the funnel {funnel}: {error!r}") from error
