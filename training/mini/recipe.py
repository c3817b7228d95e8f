"""A recipe: every knob of one training run, read from one YAML file and checked once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1demo.errors import InputError
from s1demo.reading import fill
from training.recipes import Section, Share, read_yaml

RECIPE = Path(__file__).parents[1] / "recipes" / "s1-mini.yaml"


@dataclass(frozen=True)
class ModelShape(Section):
    """Size of the network (Qwen2 architecture, tied embeddings)."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int


@dataclass(frozen=True)
class DocumentKnobs(Section):
    """What training documents look like; probabilities unless said otherwise.

    Attributes:
        domain_weights: how often each domain is drawn, relative to each other.
        elsewhere: the question is none of the domains' and is declined.
        draft_slip: a quick draft holds one wrong value.
        draft_trained: the loss counts the draft of a small, a medium, a large problem; what cannot be known in one go only adds
            noise.
        rough_slip: a rough check does.
        check_a_slip: a first-method check does.
        check_b_slip: a second-method check does.
        disagreement: one of the first two checks surely holds a wrong value, so that what follows must weigh them.
        rough_first: the first check of a trace is the rough one.
        b_first: of the two careful methods the second comes first.
        cut: the document is cut at a random token and answered at once.
        cut_at_zero: a cut document is cut before any thinking.
        cut_at_line_end: it is cut where a pass has just been finished, as a budget that meets the natural end does.
        extra_waits: weights of 0, 1, 2, ... forced extensions after the draft.
        other_extension: a forced extension is another word than the usual one.
        most_tokens: a longer document is drawn again (tokens).
    """

    domain_weights: dict[str, float]
    elsewhere: Share
    draft_slip: Share
    draft_trained: tuple[float, ...]
    rough_slip: Share
    check_a_slip: Share
    check_b_slip: Share
    disagreement: Share
    rough_first: Share
    b_first: Share
    cut: Share
    cut_at_zero: Share
    cut_at_line_end: Share
    extra_waits: tuple[float, ...]
    other_extension: Share
    most_tokens: int


@dataclass(frozen=True)
class Optimisation(Section):
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
class BaseModel(Section):
    """One base model of the miniature.

    Attributes:
        shape: size of the network.
        pretrain: how it is pre-trained.
        instruct: how it then learns the delimiters of a turn, as an instruct model knows them.
    """

    shape: ModelShape
    pretrain: Optimisation
    instruct: Optimisation


@dataclass(frozen=True)
class Recipe(Section):
    """One training run.

    Attributes:
        name: names the model.
        seed: decides initial weights and documents.
        processes: training processes, each with one thread.
        bf16: matrix products in bfloat16 (weights stay float32).
        compile: torch.compile (needs a C++ compiler).
        checkpoint_minutes: how often progress is saved.
        run_folder: working files.
        export_folder: where the finished model goes.
        dev_per_domain: dev problems of each domain that the finished model is checked on.
        documents: pre-training documents.
        bases: the two base models by name: "large" is the one that is fine-tuned, "small" helps to judge difficulty.
        curation: knobs of `training.mini.pool`.
        sft: the section that `training.sft` reads.
    """

    name: str
    seed: int
    processes: int
    bf16: bool
    compile: bool
    checkpoint_minutes: float
    run_folder: Path
    export_folder: Path
    dev_per_domain: int
    documents: DocumentKnobs
    bases: dict[str, BaseModel]
    curation: dict[str, Any]
    sft: dict[str, Any]

    def __post_init__(self) -> None:
        if set(self.bases) != {"large", "small"}:
            raise InputError(f"bases: two models are needed, large and small, not {sorted(self.bases)}.")


def load_recipe(path: Path) -> Recipe:
    """Read a recipe, a YAML file with exactly the knobs of `Recipe`.

    Raises:
        InputError: a knob is missing, unknown or out of range.
    """
    return fill(Recipe, read_yaml(path), str(path))
