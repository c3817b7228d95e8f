"""What `training.sft` needs around TRL's trainer: the launch, the loss weighting, the log, the arguments, checkpoints, saving."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import fields
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, TrainerCallback
from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined]

from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from training.curation.difficulty import fingerprint
from training.curation.sft_text import encode_row, read_trainable
from training.recipes import FSDP, LoraSettings, SftSettings

CHECKPOINTS, ADAPTER = "checkpoints", "adapter"
GPUS_PER_NODE = 8
FSDP_CONFIG = {  # in place of the reference's train/fsdp_config_qwen.json, which is FSDP1; the layers to wrap are the model's own
    "version": 2,
    "reshard_after_forward": True,
    "cpu_ram_efficient_loading": True,  # only the first process of a node reads the weights
    "state_dict_type": "SHARDED_STATE_DICT",  # checkpoints; `save` gathers the finished model
}
FSDP_KEYS = {*FSDP_CONFIG, "activation_checkpointing", "cpu_offload", "auto_wrap_policy", "transformer_layer_cls_to_wrap"}
TOKENIZER_FILES = (
    *("tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt"),
    *("chat_template*", "generation_config.json"),
)


def check_launch(settings: SftSettings, found: str | None = None) -> None:
    """Compare what the launcher set up, and what is installed, with the recipe.

    Args:
        found: accelerate's distributed type, None where only the number of processes can be known yet.

    Raises:
        InputError: they differ; the message says the right command.
    """
    if settings.lora and settings.lora.quantization and find_spec("bitsandbytes") is None:
        raise InputError("Weights in 4 bits need a GPU and bitsandbytes: pip install bitsandbytes, or leave quantization out.")
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))  # set by torchrun
    if n_processes == settings.world_size and found in (None, settings.distributed_type):
        return
    if settings.world_size > GPUS_PER_NODE:
        start = "sbatch training/launch/two_nodes.slurm RECIPE"
    elif settings.world_size > 1:
        start = f"torchrun --standalone --nproc-per-node {settings.world_size} -m training.sft --recipe RECIPE"
    else:
        start = "python -m training.sft --recipe RECIPE"
    gpus = " on GPUs" if settings.distributed_type in (FSDP, "MULTI_GPU") else ""
    raise InputError(
        f"Launched as {n_processes} process{'es' if n_processes > 1 else ''}{f' of type {found}' if found else ''}, but the "
        f"recipe says {settings.world_size} of type {settings.distributed_type}. Start it{gpus} with `{start}`, or change "
        f"world_size and distributed_type in the recipe."
    )


def read_samples(settings: SftSettings) -> tuple[list[dict[str, list[int]]], HubTokenizer]:
    """The training samples, and the model's tokenizer with the recipe's pad token.

    Raises:
        InputError: the rows cannot be read or trained on, or the pad token is none of the tokenizer's.
        ModelError: there is no usable tokenizer.
    """
    rows = read_trainable(settings.data)
    tokenizer = HubTokenizer(settings.model)
    if settings.pad_token:
        if settings.pad_token not in tokenizer.hub.get_vocab():
            raise InputError(f"{settings.model} has no token {settings.pad_token}. Name another pad_token, or leave it out.")
        tokenizer.hub.pad_token = settings.pad_token
    return [encode_row(row, tokenizer) for row in rows], tokenizer


class SequenceWeightedTrainer(SFTTrainer):  # type: ignore[misc]
    """Every row weighs the same whatever its length; SFTTrainer gives every token the same weight.

    The reference's transformers 4.46.1 divided by the tokens of one process, and a process had one row (training_stack.md).
    """

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        """The mean over the rows of each row's mean loss."""
        outputs = model(**inputs, use_cache=False, fused_lm_head=True)
        loss = (-outputs.log_probs.sum(1) / outputs.label_mask.sum(1).clamp(min=1)).mean()
        if num_items_in_batch is not None:  # then the trainer leaves the mean over accumulated steps to the loss
            loss = loss / self.current_gradient_accumulation_steps
        return (loss, outputs) if return_outputs else loss


class JsonLog(TrainerCallback):  # type: ignore[misc]
    """Appends every logged step to a JSON-lines file; after a resume, steps that will be made again are taken out."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keep what lies before the checkpoint."""
        if state.is_world_process_zero:
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True) if self.path.exists() else []
            done = (line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= state.global_step)
            self.path.write_text("".join(done), encoding="utf-8")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Write one line."""
        if state.is_world_process_zero and "loss" in logs:
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": state.global_step, **logs}) + "\n")


def arguments(settings: SftSettings) -> SFTConfig:
    """The settings in TRL's words; what TRL 1.16 would do otherwise by default is spelled out.

    Raises:
        InputError: `trainer` holds an argument that TRL does not know, or `fsdp_config` one that transformers would ignore.
    """
    sharded = settings.distributed_type == FSDP
    chosen: dict[str, Any] = {
        **{name: getattr(settings, name) for name in ("learning_rate", "weight_decay", "max_length", "seed", "save_steps")},
        "output_dir": str(settings.output / CHECKPOINTS),
        "model_init_kwargs": {"dtype": settings.weights},
        "num_train_epochs": settings.epochs,
        "lr_scheduler_type": "cosine",
        "warmup_steps": settings.warmup,  # below 1: a share
        "optim": "adamw_torch",
        "adam_beta1": settings.adam_betas[0],
        "adam_beta2": settings.adam_betas[1],
        "per_device_train_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.gradient_accumulation,
        "average_tokens_across_devices": settings.loss_weighting == "token",
        "packing": False,
        "bf16": settings.precision == "bf16",
        "use_cpu": settings.device == "cpu",
        "gradient_checkpointing": settings.activation_checkpointing and not sharded,
        "dataloader_pin_memory": settings.device != "cpu",
        "data_seed": settings.seed,
        "logging_steps": 1,
        "save_total_limit": 2,
        "report_to": "none",
    }
    if sharded:
        os.environ["ACCELERATE_USE_FSDP"] = "true"  # else every process reads all weights (transformers' distributed/fsdp.py)
        chosen |= {"fsdp": True, "fsdp_config": FSDP_CONFIG | {"activation_checkpointing": settings.activation_checkpointing}}
    more = dict(settings.trainer)
    if "fsdp_config" in more:
        more["fsdp_config"] = chosen.get("fsdp_config", {}) | more["fsdp_config"]
    unknown = (set(more) - {item.name for item in fields(SFTConfig)}) | (set(more.get("fsdp_config", {})) - FSDP_KEYS)
    if unknown:
        raise InputError(f"sft: trainer holds {', '.join(sorted(unknown))}, which trl.SFTConfig and its fsdp_config do not know.")
    return SFTConfig(**(chosen | more))


def adapters(lora: LoraSettings | None) -> dict[str, Any]:
    """The arguments of `SFTTrainer` for adapters and 4-bit weights; none without `lora`."""
    if not lora:
        return {}
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    chosen: dict[str, Any] = {
        "peft_config": LoraConfig(
            r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets, task_type="CAUSAL_LM"
        )
    }
    if lora.quantization:
        chosen["quantization_config"] = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
            load_in_4bit=True,
            bnb_4bit_quant_type=lora.quantization,
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    return chosen


def last_checkpoint(settings: SftSettings) -> str | None:
    """The newest finished checkpoint (trainer_state.json is written last), None for a fresh run.

    Raises:
        InputError: the checkpoints were made with other settings, other data or another base.
    """
    folder = settings.output / CHECKPOINTS
    folder.mkdir(parents=True, exist_ok=True)
    note, data = folder / "settings", sha256(settings.data.read_bytes()).hexdigest()
    now = f"{settings!r}\ndata {data}\nbase {fingerprint(settings.model)}\n"
    states = sorted(folder.glob("checkpoint-*/trainer_state.json"), key=lambda path: int(path.parent.name.rpartition("-")[2]))
    if states and note.exists() and note.read_text(encoding="utf-8") != now:
        raise InputError(f"{folder} holds checkpoints of other settings, data or base. Remove it, or name another output.")
    note.write_text(now, encoding="utf-8")
    return str(states[-1].parent) if states else None


def save(trainer: SFTTrainer, settings: SftSettings) -> None:
    """Write the model into the output folder, with its tokenizer's files as they were.

    Saved anew, s1-mini's tokenizer would name another class and get Qwen's splitting rule (s1demo/engines/tokenization.py).
    Adapters go to `adapter` in the output folder, and the output folder itself gets the model with them merged in.
    """
    plugin = getattr(trainer.accelerator.state, "fsdp_plugin", None)
    if plugin is not None:  # sharded, the trainer would write no model at all
        plugin.set_state_dict_type("FULL_STATE_DICT")
    written = settings.output / ADAPTER if settings.lora else settings.output
    trainer.save_model(str(written))
    if not trainer.is_world_process_zero():
        return
    _remove(written, ("training_args.bin", *TOKENIZER_FILES))  # the first is a pickle full of this machine's paths
    if settings.lora:
        merge(settings)
    local = Path(settings.model).is_dir()
    source = Path(settings.model if local else snapshot_download(settings.model, allow_patterns=list(TOKENIZER_FILES)))
    _remove(settings.output, TOKENIZER_FILES)
    for pattern in TOKENIZER_FILES:
        for file in source.glob(pattern):
            shutil.copyfile(file, settings.output / file.name)


def merge(settings: SftSettings) -> None:
    """Add the saved adapters to the model they were trained on, in the CPU's memory, and write the sum into the output folder.

    A model that was trained in 4 bits gets them added to its unquantised weights.
    """
    base = AutoModelForCausalLM.from_pretrained(settings.model, dtype=settings.weights)
    merged = PeftModel.from_pretrained(base, settings.output / ADAPTER).merge_and_unload()
    merged.save_pretrained(settings.output)


def _remove(folder: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        for file in folder.glob(pattern):
            file.unlink()
