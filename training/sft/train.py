"""Supervised fine-tuning on curated rows, the same for s1-32B and s1-mini (paper section 4.1; simplescaling/s1, train/sft.py).

    python -m training.sft --recipe training/recipes/s1-mini.yaml
    bash training/launch/one_node.sh training/recipes/s1-32b-8gpu.yaml     (training/launch/two_nodes.slurm for 16 GPUs)

A killed run goes on from its last checkpoint. `--set key=value` replaces single entries of the recipe's `sft` section, and
`--dry-run` says what the run would need (memory, disk, time; `training.sft.estimate`) and loads nothing.
"""

from __future__ import annotations

import os

from datasets import Dataset
from trl import SFTTrainer  # type: ignore[attr-defined]

from s1demo.errors import S1Error
from training.recipes import SftSettings, read_section, readable_errors, recipe_options
from training.sft.estimate import GPUS, Device, find_device, report
from training.sft.trainer import (
    JsonLog,
    SequenceWeightedTrainer,
    adapters,
    arguments,
    check_launch,
    last_checkpoint,
    read_samples,
    save,
)


def train(settings: SftSettings, device: Device | None = None) -> list[float]:
    """Fine-tune a model and save it, with the unchanged tokenizer of the model it came from, in `settings.output`.

    Args:
        device: whose memory the run must fit into; None for this machine's.

    Returns:
        The loss at every update of this run.

    Raises:
        InputError: the launcher set up other processes than the recipe says, the run cannot fit into the device's memory, or the
            output belongs to another run.
    """
    check_launch(settings)
    samples, tokenizer = read_samples(settings)
    needs = report(settings, device or find_device(settings), [len(sample["input_ids"]) for sample in samples])
    if os.environ.get("RANK", "0") == "0":
        print(needs, flush=True)
    kind = SequenceWeightedTrainer if settings.loss_weighting == "sequence" else SFTTrainer
    trainer = kind(
        settings.model,
        args=arguments(settings),
        train_dataset=Dataset.from_list(samples),
        processing_class=tokenizer.hub,
        callbacks=[JsonLog(settings.output / "sft.jsonl")],
        **adapters(settings.lora),
    )
    check_launch(settings, trainer.accelerator.distributed_type.value)
    trainer.train(resume_from_checkpoint=last_checkpoint(settings))
    save(trainer, settings)
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def dry_run(settings: SftSettings, device: Device) -> str:
    """The settings and what the run would need, with the samples' real lengths where data and tokenizer are at hand."""
    try:
        lengths = [len(sample["input_ids"]) for sample in read_samples(settings)[0]]
    except S1Error as missing:
        return f"{settings}\n{missing}\n{report(settings, device)}"
    return f"{settings}\n{report(settings, device, lengths)}"


@readable_errors()
def main() -> None:
    """Fine-tune by a recipe."""
    parser = recipe_options("Fine-tune on curated rows.", "sft")
    parser.add_argument("--dry-run", action="store_true", help="say what the run would need and load nothing")
    parser.add_argument("--gpu", help=f"estimate for this GPU: {', '.join(GPUS)}")
    parser.add_argument("--memory-gb", type=float, metavar="GB", help="estimate for a device with this much memory")
    options = parser.parse_args()
    settings = read_section(options.recipe, "sft", SftSettings, options.set)
    device = find_device(settings, options.gpu, options.memory_gb)
    if options.dry_run:
        print(dry_run(settings, device))
    else:
        train(settings, device)


if __name__ == "__main__":
    main()
