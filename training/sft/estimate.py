"""What a fine-tuning run will need: memory per device, disk and time, worked out before anything is loaded.

    python -m training.sft --recipe training/recipes/s1-32b.yaml --dry-run --gpu H100

Memory is counted as follows; GB are 10^9 bytes everywhere.
* Weights, gradients and AdamW's two moments: 4 x 4 bytes per trained float32 number, divided by the processes if sharded (ZeRO,
  arXiv 1910.02054, section 3.1). NF4 with double quantisation: 4.127 bits per number of a linear layer (QLoRA, arXiv 2305.14314,
  section 3); their adapters are bfloat16 (TRL's SFTTrainer casts them).
* Activations of the longest sample: the input of every layer (checkpointing; arXiv 1604.06174), and what one layer keeps for its
  backward pass, which was measured on transformers' Qwen2 with sdpa attention (`LAYER_BYTES`), half as much again for gradients.
* Sharded: what is gathered of two layers, or of the output layer, in bfloat16, with its gradients.
Time: 6 operations per parameter and token (arXiv 2001.08361, section 2.1), 8 where layers are computed twice, 4 and 6 where the
weights are frozen; attention after arXiv 2204.02311, appendix B, halved since it is causal. What part of its peak a GPU reaches
is an assumption (`UTILISATION`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from s1demo.errors import InputError
from training.recipes import FSDP, LoraSettings, SftSettings

GB = 1e9
OVERHEAD_GB = 2.0  # CUDA's context, NCCL's buffers, what the allocator cannot use
NF4_BYTES = 4.127 / 8
TIGHT = 0.93  # of the memory; above, the estimate's own error decides
LAYER_BYTES = {  # per token, times the feed-forward and the hidden width (measured in tests/training/sft/test_estimate.py)
    "bfloat16": (8, 21),
    "float32": (16, 34),
    "autocast": (8, 31),  # bfloat16 products between float32 tensors
}
UTILISATION = 0.3
"""Set by two stated run times, so it is no prediction of them. The paper's 26 minutes for s1-32B on 16 H100 (section C) work out
to 0.29 with 4.7M tokens of traces and an assumed 0.5M around them. The head of simplescaling/s1, train/sft.sh states 5,269 s for
5,000 samples, 8 a step, of data it does not name: 0.35 if that was s1K-1.1 with about 10,000 tokens a sample on 8 H100."""
GPUS = {  # GB as the driver reports them, and dense bfloat16 TFLOP/s from NVIDIA's data sheets
    "A100-40GB": (42.3, 312.0),
    "A100": (85.0, 312.0),
    "H100": (85.0, 989.0),
    "H200": (150.0, 989.0),
    "B200": (191.0, 2250.0),
}
_SIZES = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size")
KNOWN_SHAPES = {  # from their config.json, for estimates without a network; both are Qwen2 with an output layer of its own
    "Qwen/Qwen2.5-32B-Instruct": dict(zip(_SIZES, (5120, 27_648, 64, 40, 8, 152_064), strict=True)),
    "Qwen/Qwen2.5-7B-Instruct": dict(zip(_SIZES, (3584, 18_944, 28, 28, 4, 152_064), strict=True)),
}


@dataclass(frozen=True)
class Device:
    """What one process trains on.

    Attributes:
        name: for people.
        memory_gb: its memory, None where it is not known: then nothing is refused.
        tflops: its dense bfloat16 peak in 10^12 operations per second, None where it is not known.
    """

    name: str = "unknown device"
    memory_gb: float | None = None
    tflops: float | None = None


@dataclass(frozen=True)
class Shapes:
    """The sizes that decide, counted on the model itself without its weights.

    Attributes:
        parameters: all of them.
        linear: those of linear layers but the output's, which NF4 quantises.
        layer: those of one layer.
        head: those of the output layer (shared with the embedding in small models).
        adapters: those that LoRA adds.
        layers, hidden, feed_forward: number and widths of the layers.
    """

    parameters: int
    linear: int
    layer: int
    head: int
    adapters: int
    layers: int
    hidden: int
    feed_forward: int


@dataclass(frozen=True)
class Estimate:
    """What a run needs; memory is per device, in GB.

    Attributes:
        states: weights, gradients and AdamW's moments.
        checkpoints: what the forward pass keeps of all layers.
        working: one layer at work, or the output layer, with what is gathered for it.
        longest: the sample this holds for, in tokens.
        minutes: None where the device's speed or the data is not known.
        disk: the two checkpoints that are kept and the finished model.
    """

    states: float
    checkpoints: float
    working: float
    longest: int
    minutes: float | None
    disk: float

    @property
    def memory(self) -> float:
        """The whole per device."""
        return self.states + self.checkpoints + self.working + OVERHEAD_GB


def find_device(settings: SftSettings, gpu: str | None = None, memory_gb: float | None = None) -> Device:
    """The device of this machine, or the one that is named.

    Args:
        gpu: a key of `GPUS`, for an estimate on another machine than the run's.
        memory_gb: its memory, where that differs.

    Raises:
        InputError: the GPU is not known.
    """
    import torch

    if gpu is not None:
        if gpu not in GPUS:
            raise InputError(f"Unknown GPU {gpu!r}. Choose one of {', '.join(GPUS)}, or give --memory-gb alone.")
        found = Device(gpu, *GPUS[gpu])
    elif settings.device != "cpu" and torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))  # else every process would take some of the first GPU
        name = torch.cuda.get_device_name()
        speed = next((tflops for known, (_, tflops) in GPUS.items() if known.split("-")[0] in name), None)
        found = Device(name, torch.cuda.get_device_properties().total_memory / GB, speed)
    else:
        found = Device("CPU" if settings.device == "cpu" else "unknown device")
    return Device(found.name, memory_gb, found.tflops) if memory_gb is not None else found


def shapes(settings: SftSettings) -> Shapes:
    """Build the model without memory for its weights, and count.

    Raises:
        InputError: the model's config.json cannot be read, and its shapes are not among `KNOWN_SHAPES`.
    """
    return _shapes(settings.model, settings.lora)


@lru_cache(maxsize=8)
def _shapes(name: str, lora: LoraSettings | None) -> Shapes:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = _config(name)
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
        parameters, head = _count(model), _count(model.get_output_embeddings())
        layer = _count(model.model.layers[0])
        linear = sum(_count(module) for module in model.modules() if isinstance(module, torch.nn.Linear)) - head
        adapters = 0
        if lora:
            targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
            adapted: Any = get_peft_model(model, LoraConfig(r=lora.rank, target_modules=targets, task_type="CAUSAL_LM"))
            adapters = _count(adapted) - parameters
    return Shapes(
        parameters=parameters,
        linear=linear,
        layer=layer,
        head=head,
        adapters=adapters,
        layers=config.num_hidden_layers,
        hidden=config.hidden_size,
        feed_forward=config.intermediate_size,
    )


def _config(model: str) -> Any:
    from huggingface_hub.utils import logging
    from transformers import AutoConfig, Qwen2Config

    if model in KNOWN_SHAPES:
        return Qwen2Config(**KNOWN_SHAPES[model], tie_word_embeddings=False)  # type: ignore[arg-type]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # every retry would print a line; ours says it once
    try:
        return AutoConfig.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise InputError(
            f"Cannot estimate what the run needs: no config.json of {model!r} here or on the Hub. Name a model folder, connect "
            f"to the network, or use a model whose shapes are known ({', '.join(KNOWN_SHAPES)})."
        ) from error


def _count(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def estimate(settings: SftSettings, device: Device, lengths: Sequence[int] = ()) -> Estimate:
    """Work out what a run needs.

    Args:
        lengths: of the samples in tokens; none for the longest allowed and no time.
    """
    model = shapes(settings)
    cut = [min(length, settings.max_length) for length in lengths]
    longest = max(cut, default=settings.max_length)
    tokens = longest * settings.batch_size
    kept = 2 if _all_bfloat16(settings) else 4
    one_layer = tokens * _layer_bytes(settings, model)
    inputs = tokens * model.hidden * kept * model.layers
    whole = (inputs, 1.5 * one_layer) if settings.activation_checkpointing else (model.layers * one_layer, 0.5 * one_layer)
    working = whole[1]
    if settings.distributed_type == FSDP:
        working = max(working + 2 * model.layer * (2 + 2), model.head * (2 + 4 + 2))
    speed = (device.tflops or 0) * 1e12 * UTILISATION * settings.world_size
    seconds = settings.epochs * sum(operations(settings, model, length) for length in cut) / speed if speed and cut else None
    return Estimate(
        states=states(settings, model) / GB,
        checkpoints=whole[0] / GB,
        working=working / GB,
        longest=longest,
        minutes=None if seconds is None else seconds / 60,
        disk=_disk(settings, model) / GB,
    )


def states(settings: SftSettings, model: Shapes) -> float:
    """Bytes per device of weights, gradients and AdamW's moments."""
    lora = settings.lora
    if not lora:
        return 16 * model.parameters / (settings.world_size if settings.distributed_type == FSDP else 1)
    width = 2 if settings.weights == "bfloat16" else 4
    frozen: float = model.parameters * width
    if lora.quantization:
        frozen += model.linear * (NF4_BYTES - width)
    return frozen + model.adapters * 4 * (2 if lora.quantization else 4)


def operations(settings: SftSettings, model: Shapes, length: int) -> float:
    """Floating-point operations of one sample, forward and backward."""
    passes = (2 if settings.lora else 3) + settings.activation_checkpointing  # a backward pass costs two forward ones, or one
    attention = 2 * model.layers * model.hidden * length**2 * (passes + bool(settings.lora))  # its backward pass is never saved
    return passes * 2 * model.parameters * length + attention


def _all_bfloat16(settings: SftSettings) -> bool:
    """Whether the tensors between the layers are bfloat16: FSDP casts all of them, autocast only products."""
    return settings.weights == "bfloat16" or (settings.precision == "bf16" and settings.distributed_type == FSDP)


def _layer_bytes(settings: SftSettings, model: Shapes) -> float:
    kind = "bfloat16" if _all_bfloat16(settings) else "autocast" if settings.precision == "bf16" else "float32"
    per_feed_forward, per_hidden = LAYER_BYTES[kind]
    return per_feed_forward * model.feed_forward + per_hidden * model.hidden


def _disk(settings: SftSettings, model: Shapes) -> float:
    trained = model.adapters if settings.lora else model.parameters
    finished = model.parameters * (2 if settings.weights == "bfloat16" else 4)
    return 2 * 12 * trained + finished


def report(settings: SftSettings, device: Device, lengths: Sequence[int] = ()) -> str:
    """The estimate in words.

    Args:
        lengths: of the samples in tokens, where they are known.

    Raises:
        InputError: the run cannot fit into the device's memory, or the model's shapes are not known.
    """
    needs = estimate(settings, device, lengths)
    cut = sum(length > settings.max_length for length in lengths)
    unknown = "(not checked on a CPU)" if settings.device == "cpu" else "(not checked: give --gpu or --memory-gb)"
    memory = f"of {device.memory_gb:.0f} GB" if device.memory_gb else unknown
    lines = [
        f"Estimate for {settings.model} on {settings.world_size} x {device.name}, nothing loaded yet:",
        f"  memory each: weights, gradients, optimizer {needs.states:.3g} GB + layers {needs.checkpoints:.3g} GB + at work "
        f"{needs.working:.3g} GB + other {OVERHEAD_GB:.0f} GB = {needs.memory:.3g} GB {memory}",
        f"  longest sample: {needs.longest:,} tokens; disk: {needs.disk:.3g} GB for two checkpoints and the finished model",
    ]
    if needs.minutes is not None:
        lines.append(
            f"  time: about {needs.minutes:.0f} minutes for {settings.epochs:g} x {sum(lengths):,} tokens, if a device reaches "
            f"{UTILISATION:.0%} of its {device.tflops:.0f} TFLOP/s; without loading and saving"
        )
    if not lengths:
        lines.append("  data or tokenizer are not here: the memory is for the longest sample allowed, and no time can be given")
    if cut:
        lines.append(f"  {cut} of {len(lengths)} samples are longer than max_length and will lose their end, answer included")
    if device.memory_gb and needs.memory > device.memory_gb:
        raise InputError("\n".join([*lines, _remedy(settings, needs, device)]))
    if device.memory_gb and needs.memory > TIGHT * device.memory_gb:
        lines.append("  tight: if memory runs out, take more GPUs, larger ones or the LoRA recipe")
    return "\n".join(lines)


def _remedy(settings: SftSettings, needs: Estimate, device: Device) -> str:
    """What to do about a run that does not fit."""
    ways = []
    if not settings.activation_checkpointing:
        ways.append("set activation_checkpointing: true")
    if settings.distributed_type == FSDP:
        doubled = needs.memory - needs.states / 2
        more = f"{2 * settings.world_size} GPUs" if doubled <= (device.memory_gb or 0) else "more GPUs"
        ways += [f"use {more}", "use the LoRA recipe (training/recipes/s1-32b-lora.yaml)"]
    elif settings.lora and not settings.lora.quantization:
        ways.append("use the QLoRA recipe (training/recipes/s1-32b-qlora.yaml)")
    elif not settings.lora:
        ways += ["shard it over several GPUs (distributed_type: FSDP)", "use the LoRA recipe (training/recipes/s1-32b-lora.yaml)"]
    ways += ["take GPUs with more memory", "set a smaller max_length (longer samples lose their answer)"]
    return (
        f"This run cannot fit: it needs about {needs.memory:.0f} GB per device of {device.memory_gb:.0f}. Any of these helps: "
        f"{'; '.join(ways)}. If you know better, say so with --memory-gb."
    )
