"""The `sft` section of a recipe, and how a recipe or a section of one becomes a dataclass.

A section is a dataclass whose annotations say what its entries may be; pydantic converts and checks them.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, WrapValidator

from s1demo.errors import InputError, S1Error
from s1demo.reading import fill

T = TypeVar("T")
Count = Annotated[int, Field(ge=1)]


def _as_given(given: Any, check: Callable[[Any], float]) -> float:
    """A whole number stays one: with 5.0 in place of 5 a begun run would seem to have other settings, and be refused."""
    number = check(given)
    return given if type(given) is int else number


Number = Annotated[float, WrapValidator(_as_given)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
ShareBelowOne = Annotated[Number, Field(ge=0, lt=1)]
FSDP = "FSDP"


class Section:
    """What every section of a recipe is: a dataclass that takes no other keys than its fields."""

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class LoraSettings(Section):
    """Low-rank adapters on a frozen model (LoRA, arXiv 2106.09685); the paper trains all weights and uses none.

    Attributes:
        rank: of every adapter.
        alpha: the adapters' output is scaled by alpha / rank.
        dropout: on the adapters' input.
        targets: names of the layers that get one, or `all-linear` for every linear layer but the output's.
        quantization: `nf4` keeps the frozen weights in 4 bits with double quantisation (QLoRA, arXiv 2305.14314); None not.
    """

    rank: Count = 32
    alpha: Count = 64
    dropout: ShareBelowOne = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    quantization: Literal["nf4"] | None = None


@dataclass(frozen=True)
class SftSettings(Section):
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
    epochs: Number = 5
    learning_rate: float = 1e-5
    batch_size: int = 1
    gradient_accumulation: int = 1
    warmup: ShareBelowOne = 0.05
    adam_betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 1e-4
    max_length: int = 32_768
    seed: int = 42
    loss_weighting: Literal["sequence", "token"] = "sequence"
    precision: Literal["fp32", "bf16"] = "bf16"
    weights: Literal["float32", "bfloat16"] = "float32"
    activation_checkpointing: bool = False
    lora: LoraSettings | None = None
    device: Literal["auto", "cpu"] = "auto"
    pad_token: str | None = None
    world_size: int = 1
    distributed_type: Annotated[
        Literal["NO", "MULTI_CPU", "MULTI_GPU", "FSDP"],
        BeforeValidator(lambda given: "NO" if given is False else given),  # what YAML makes of a bare NO
    ] = "NO"
    save_steps: int = 50
    trainer: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
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


def recipe_options(description: str, section: str = "", default: Path | None = None) -> ArgumentParser:
    """A command line with `--recipe`, and with `--set` where entries of a section may be replaced."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--recipe", type=Path, required=default is None, default=default)
    if section:
        say = f"replace an entry of the {section} section"
        parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=say)
    return parser


@contextmanager
def readable_errors() -> Iterator[None]:
    """Around a command: what a person can put right ends it with its message and exit code 2, without a traceback."""
    try:
        yield
    except S1Error as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def read_section(recipe: Path, section: str, kind: type[T], overrides: Sequence[str] = ()) -> T:
    """Read one section of a recipe.

    Args:
        kind: the dataclass that the section fills.
        overrides: `key=value` pairs that replace single entries, the values in YAML.

    Raises:
        InputError: no such section, an unknown or missing key, or a value out of range.
    """
    whole = read_yaml(recipe)
    if section not in whole:
        raise InputError(f"{recipe} has no section {section!r}, only {', '.join(whole)}. Name a recipe that has one.")
    try:
        replaced = (pair.partition("=") for pair in overrides)
        values = dict(whole[section]) | {key: yaml.safe_load(value) for key, _, value in replaced}
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise InputError(f"Cannot read the section {section!r} of {recipe}: {error!r}") from error
    return fill(kind, values, f"{recipe}, {section}")


def read_yaml(recipe: Path) -> dict[str, Any]:
    """A whole recipe as it stands in its file.

    Raises:
        InputError: it cannot be read, or has no sections.
    """
    try:
        return dict(yaml.safe_load(recipe.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, TypeError, ValueError) as error:
        raise InputError(f"Cannot read the recipe {recipe}: {error!r}") from error
