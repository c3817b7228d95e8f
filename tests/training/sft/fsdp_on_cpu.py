"""A recipe of type FSDP under torchrun without a GPU: what `test_sft_sharded` starts.

accelerate shards for GPUs only (state.py lists the distributed types), so it is told that these processes have some, while torch
goes on using the CPU and gloo. Everything else is the product's own path: Trainer, FSDP2's `fully_shard`, distributed checkpoints.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from accelerate.state import PartialState
from accelerate.utils import DistributedType
from torch.distributed.tensor import DTensor
from transformers.distributed.fsdp import is_fsdp_enabled

import training.sft.train
from training.recipes import SftSettings, read_section
from training.sft.trainer import CHECKPOINTS


def call_the_cpu_a_gpu() -> None:
    """Patch accelerate, in this process only."""
    PartialState._prepare_backend = lambda *args, **kwargs: ("gloo", DistributedType.MULTI_XPU)
    PartialState.set_device = lambda self: setattr(self, "device", torch.device("cpu"))


def main() -> None:
    """Train, then take the last checkpoint away and train again; the first process writes what was seen."""
    recipe, report = Path(sys.argv[1]), Path(sys.argv[2])
    settings = read_section(recipe, "sft", SftSettings)
    call_the_cpu_a_gpu()
    seen: dict[str, Any] = {}
    saving, arguing = training.sft.train.save, training.sft.train.arguments

    def argue_and_look(settings: SftSettings) -> Any:
        made = arguing(settings)  # what follows is the loading of the model
        seen.setdefault("one_reader", is_fsdp_enabled())  # transformers: the other processes make empty weights
        return made

    def look_and_save(trainer: Any, settings: SftSettings) -> None:
        seen["sharded"] = all(isinstance(parameter, DTensor) for parameter in trainer.model.parameters())
        seen["layers"] = sorted({type(module).__name__ for module in trainer.model.modules() if type(module).__name__[:4] == "FSDP"})
        saving(trainer, settings)

    training.sft.train.save, training.sft.train.arguments = look_and_save, argue_and_look
    seen["whole"] = training.sft.train.train(settings)
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0:
        last = max((settings.output / CHECKPOINTS).glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
        seen["files"] = sorted(path.relative_to(last).as_posix() for path in last.rglob("*.distcp"))
        shutil.rmtree(last)
    torch.distributed.barrier()
    seen["resumed"] = training.sft.train.train(settings)
    if torch.distributed.get_rank() == 0:
        report.write_text(json.dumps(seen))


if __name__ == "__main__":
    main()
