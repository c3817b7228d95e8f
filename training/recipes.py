"""The `sft` section of a recipe, and how a section of a recipe becomes a dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

from s1demo.errors import InputError

T = TypeVar("T")
LOSS_WEIGHTINGS, PRECISIONS, WEIGHTS = ("sequence", "token"), ("fp32", "bf16"), ("float32", "bfloat16")
FSDP = "FSDP"
DISTRIBUTED_TYPES = ("NO", "MULTI_CPU", "MULTI_GPU", FSDP)


@dataclass(frozen=True)
class LoraSettings:
    """Low-rank adapters on a frozen model (LoRA, arXiv 2106.09685); the paper trains all weights and uses none.

    Attributes:
        rank: of every adapter.
        alpha: the adapters' output is scaled by alpha / rank.
        dropout: on the adapters' input.
        targets: names of the layers that get one, or `all-linear` for every linear layer but the output's.
        quantization: `nf4` keeps the frozen weights in 4 bits with double quantisation (QLoRA, arXiv 2305.14314); None not.
    """

    rank: int = 32
    alpha: int = 64
    dropout: float = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    quantization: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.targets, str):
            object.__setattr__(self, "targets", tuple(self.targets))
        if self.quantization not in (None, "nf4"):
            raise InputError(f"sft: lora.quantization is {self.quantization!r}. Give nf4, or leave it out.")
        if self.rank < 1 or self.alpha <= 0 or not 0 <= self.dropout < 1:
            raise InputError("sft: lora needs a rank of 1 or more, an alpha above 0 and a dropout from 0 up, below 1.")


@dataclass(frozen=True)
class SftSettings:
    """One fine-tuning run; the defaults are the paper's (section 4.1) where it has one.

    Attributes:
        model: folder or Hub id of the model to train.
        data: JSON lines of `training.curation.records.Row`.
        output: folder for checkpoints, log and, in the end, the model.
        epochs: passes over the data.
        learning_rate: peak; warmed up linearly, then cosine to 0.
        batch_size: rows per process and step.
        gradient_accumulation: steps per update; paper: 16 processes x 1 x 1 = 16 rows.
        warmup: share of all updates.
        adam_betas, weight_decay: AdamW.
        max_length: longest sample in tokens; longer ones lose their end (paper: 32,768).
        seed: decides order and dropout.
        loss_weighting: `sequence`: every row weighs the same, as in the reference; `token`: every token does.
        precision: of the computation; `bf16` over float32 `weights` is what the reference does.
        weights: how the model's own weights are kept; `bfloat16` only where they are frozen (`lora`), since an update of 1e-5 is
            smaller than what bfloat16 can tell apart.
        activation_checkpointing: keep one input per layer and compute the rest again (reference: sft_slurm.sh sets it).
        lora: adapters to train in place of the weights; None, as in the paper, for all weights.
        device: `cpu`, or `auto` for what accelerate finds.
        pad_token: None for the tokenizer's own; the reference's Qwen2.5 runs use one that never occurs.
        world_size, distributed_type: what the launcher must have set up (accelerate's names: NO, MULTI_CPU, MULTI_GPU, FSDP);
            anything else ends the run before it trains silently otherwise. FSDP here is FSDP2 and needs GPUs.
        save_steps: updates between checkpoints.
        trainer: further arguments of `trl.SFTConfig`; its `fsdp_config` adds to ours.
    """

    model: str
    data: Path
    output: Path
    epochs: float = 5
    learning_rate: float = 1e-5
    batch_size: int = 1
    gradient_accumulation: int = 1
    warmup: float = 0.05
    adam_betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 1e-4
    max_length: int = 32_768
    seed: int = 42
    loss_weighting: str = "sequence"
    precision: str = "bf16"
    weights: str = "float32"
    activation_checkpointing: bool = False
    lora: LoraSettings | None = None
    device: str = "auto"
    pad_token: str | None = None
    world_size: int = 1
    distributed_type: str = "NO"
    save_steps: int = 50
    trainer: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", Path(self.data))
        object.__setattr__(self, "output", Path(self.output))
        object.__setattr__(self, "adam_betas", tuple(float(beta) for beta in self.adam_betas))
        object.__setattr__(self, "learning_rate", float(self.learning_rate))  # YAML reads 1e-5 as text
        object.__setattr__(self, "weight_decay", float(self.weight_decay))
        if str(self.distributed_type) == "False":
            object.__setattr__(self, "distributed_type", "NO")  # what YAML makes of a bare NO
        if isinstance(self.lora, Mapping):
            object.__setattr__(self, "lora", fill(LoraSettings, self.lora, "sft, lora"))
        for name, value, known in (
            ("loss_weighting", self.loss_weighting, LOSS_WEIGHTINGS),
            ("precision", self.precision, PRECISIONS),
            ("weights", self.weights, WEIGHTS),
            ("device", self.device, ("auto", "cpu")),
            ("distributed_type", self.distributed_type, DISTRIBUTED_TYPES),
        ):
            if value not in known:
                raise InputError(f"sft: {name} is {value!r}. Choose one of: {', '.join(known)}.")
        if not 0 <= self.warmup < 1:
            raise InputError(f"sft: warmup is {self.warmup}. Give a share of all updates from 0 up, below 1.")
        if (self.world_size > 1) == (self.distributed_type == "NO"):
            raise InputError(
                f"sft: world_size {self.world_size} and distributed_type {self.distributed_type} contradict each other: one "
                f"process is NO, several are FSDP (sharded), MULTI_GPU or MULTI_CPU."
            )
        if self.distributed_type == FSDP and self.device == "cpu":
            raise InputError("sft: FSDP needs GPUs, on a CPU accelerate shards nothing. Set distributed_type: MULTI_CPU.")
        if self.distributed_type == FSDP and self.lora:
            raise InputError("sft: adapters are trained unsharded. Set distributed_type: NO (one GPU), or take lora out.")
        if self.weights == "bfloat16" and not self.lora:
            raise InputError("sft: trained bfloat16 weights lose small updates. Set weights: float32, or add lora.")


def read_section(recipe: Path, section: str, kind: type[T], overrides: Sequence[str] = ()) -> T:
    """Read one section of a recipe.

    Args:
        recipe: a YAML file.
        section: its top-level key.
        kind: the dataclass that the section fills.
        overrides: `key=value` pairs that replace single entries, the values in YAML.

    Raises:
        InputError: no such section, an unknown or missing key, or a value out of range.
    """
    try:
        raw = yaml.safe_load(recipe.read_text(encoding="utf-8"))
        replaced = (pair.partition("=") for pair in overrides)
        values = dict(raw[section]) | {key: yaml.safe_load(value) for key, _, value in replaced}
    except KeyError as error:
        raise InputError(f"{recipe} has no section {section!r}, only {', '.join(raw)}. Name a recipe that has one.") from error
    except (OSError, yaml.YAMLError, TypeError, ValueError) as error:
        raise InputError(f"Cannot read the section {section!r} of {recipe}: {error!r}") from error
    return fill(kind, values, f"{recipe}, {section}")


def fill(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """A dataclass from the entries of a mapping.

    Raises:
        InputError: an unknown or missing key, or a value out of range; `where` says of what.
    """
    known = {item.name: item.default is MISSING and item.default_factory is MISSING for item in fields(kind)}  # type: ignore[arg-type]
    unknown, missing = set(values) - set(known), {name for name, needed in known.items() if needed} - set(values)
    if unknown or missing:
        told = {"missing": missing, "unknown": unknown}
        faults = [f"{what} keys {', '.join(sorted(keys))}" for what, keys in told.items() if keys]
        raise InputError(f"{where}: {'; '.join(faults)}. Known are: {', '.join(known)}.")
    return kind(**values)
