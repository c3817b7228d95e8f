"""A recipe: every knob of one training run, read from one YAML file and checked once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")


@dataclass(frozen=True)
class ModelShape:
    """Size of the network (Qwen2 architecture, tied embeddings)."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int


@dataclass(frozen=True)
class DocumentKnobs:
    """What training documents look like; probabilities unless said otherwise.

    Attributes:
        domain_weights: how often each domain is drawn, relative to each other.
        draft_slip: a quick draft holds one wrong value.
        train_draft: whether the loss counts the draft at all (yes or no).
        check_a_slip: a first-method check does.
        check_b_slip: a second-method check does.
        disagreement: one of the first two checks surely holds a wrong value, so that what follows must weigh them.
        b_first: the first check of a trace uses the second method.
        cut: the document is cut at a random token and answered at once.
        cut_at_zero: a cut document is cut before any thinking.
        extra_waits: weights of 0, 1, 2, ... forced extensions after the natural end.
        other_extension: a forced extension is another word than the usual one.
    """

    domain_weights: dict[str, float]
    draft_slip: float
    train_draft: bool
    check_a_slip: float
    check_b_slip: float
    disagreement: float
    b_first: float
    cut: float
    cut_at_zero: float
    extra_waits: tuple[float, ...]
    other_extension: float


@dataclass(frozen=True)
class Optimisation:
    """How one stage trains.

    Attributes:
        total_tokens: real (unpadded) tokens of all processes together; then the stage is done.
        decay_fraction: the last part of the stage, in which both learning rates fall linearly to zero.
        batch_tokens: padded tokens per process and step.
        muon_lr: learning rate of the matrices.
        adamw_lr: learning rate of everything else.
        muon_weight_decay: decoupled weight decay of the matrices.
        warmup_steps: steps in which the learning rates rise linearly.
    """

    total_tokens: int
    decay_fraction: float
    batch_tokens: int
    muon_lr: float
    adamw_lr: float
    muon_weight_decay: float
    warmup_steps: int


@dataclass(frozen=True)
class SftKnobs:
    """The s1 step: a thousand curated traces of problems that the base gets wrong.

    Attributes:
        n_traces: how many traces are curated.
        n_candidates: problems tried on the base to find them.
        epochs: passes over the traces.
        muon_lr: see `Optimisation`; falls linearly to zero.
        adamw_lr: see `Optimisation`; falls linearly to zero.
        batch_tokens: padded tokens per step.
        documents: what the traces look like.
    """

    n_traces: int
    n_candidates: int
    epochs: int
    muon_lr: float
    adamw_lr: float
    batch_tokens: int
    documents: DocumentKnobs


@dataclass(frozen=True)
class Recipe:
    """One training run.

    Attributes:
        name: names the run folder.
        seed: decides initial weights and documents.
        processes: training processes, each with one thread.
        bf16: matrix products in bfloat16 (weights stay float32).
        compile: torch.compile (needs a C++ compiler).
        checkpoint_minutes: how often progress is saved.
        run_folder: working files.
        export_folder: where the finished model goes.
        exported_stage: "pretrain" or "sft": whichever is better on dev problems.
        model: size of the network.
        documents: pre-training documents.
        pretrain: pre-training.
        sft: the s1 step.
    """

    name: str
    seed: int
    processes: int
    bf16: bool
    compile: bool
    checkpoint_minutes: float
    run_folder: Path
    export_folder: Path
    exported_stage: str
    model: ModelShape
    documents: DocumentKnobs
    pretrain: Optimisation
    sft: SftKnobs


def _checked(kind: type[T], raw: dict[str, Any], where: str) -> T:
    expected = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if set(raw) != expected:
        raise ValueError(f"{where}: missing knobs {sorted(expected - set(raw))}, unknown knobs {sorted(set(raw) - expected)}.")
    return kind(**raw)


def _documents(raw: dict[str, Any], where: str) -> DocumentKnobs:
    knobs = _checked(DocumentKnobs, {**raw, "extra_waits": tuple(raw["extra_waits"])}, where)
    chances = ("draft_slip", "check_a_slip", "check_b_slip", "disagreement", "b_first", "cut", "cut_at_zero", "other_extension")
    for name in chances:
        if not 0 <= getattr(knobs, name) <= 1:
            raise ValueError(f"{where}: {name} is a probability, so it must lie between 0 and 1, not {getattr(knobs, name)}.")
    return knobs


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Args:
        path: a YAML file with exactly the knobs of `Recipe`.

    Raises:
        ValueError: a knob is missing, unknown or out of range.
    """
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    raw["run_folder"], raw["export_folder"] = Path(raw["run_folder"]), Path(raw["export_folder"])
    raw["model"] = _checked(ModelShape, raw["model"], "model")
    raw["documents"] = _documents(raw["documents"], "documents")
    raw["pretrain"] = _checked(Optimisation, raw["pretrain"], "pretrain")
    documents = _documents(raw["sft"]["documents"], "sft.documents")
    raw["sft"] = _checked(SftKnobs, {**raw["sft"], "documents": documents}, "sft")
    return _checked(Recipe, raw, str(path))
