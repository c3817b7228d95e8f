"""Pre-training of the miniature's two base models on generated documents, in two stages.

The second, short one counts the delimiters of a turn in the loss and makes an instruct model of the base: fine-tuning asks for
them, and a model that has never written them learns to write them wherever it is at a loss.

    python -m training.mini.pretrain --recipe training/recipes/s1-mini.yaml --base large
    python -m training.mini.pretrain --recipe training/recipes/s1-mini.yaml --base large --export runs/s1-mini/preview
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from training.mini.language.tokenizer import MiniTokenizer, save_tokenizer
from training.mini.pretraining.batching import stream
from training.mini.pretraining.documents import DocumentWriter
from training.mini.pretraining.network import build_network, export_network
from training.mini.pretraining.training_loop import Trainer
from training.mini.recipe import Recipe, load_recipe
from training.recipes import recipe_options


def pretrain(rank: int, recipe: Recipe, base: str, meeting_point: str, resume: bool) -> None:
    """Train both stages in one process.

    Args:
        meeting_point: a file the processes find each other by.
        resume: continue from the last checkpoints if there are any.
    """
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=recipe.processes)
    tokenizer = MiniTokenizer(recipe.run_folder / "tokenizer")
    network = build_network(recipe.bases[base].shape, tokenizer, recipe.seed)
    for stage, knobs in ((base, recipe.bases[base].pretrain), (f"{base}-instruct", recipe.bases[base].instruct)):
        trainer = Trainer(recipe, knobs, network, stage, resume=resume)
        writer = DocumentWriter(tokenizer, recipe.documents, delimiters=stage != base)
        seed, share = f"{recipe.seed}-{stage}", (rank, recipe.processes)
        trainer.run(stream(writer.sample, seed, knobs.batch_tokens, tokenizer.pad_id, trainer.position, share))
    if rank == 0:
        export_network(network, recipe.run_folder / "tokenizer", recipe.run_folder / base)
    dist.destroy_process_group()


def run(recipe: Recipe, base: str, *, resume: bool = True) -> None:
    """Write the tokenizer and train one base in as many processes as the recipe says.

    Args:
        base: "large" or "small"; ends as a model folder of that name in the run folder.
        resume: continue from the last checkpoint if there is one.
    """
    save_tokenizer(recipe.run_folder / "tokenizer")
    with tempfile.TemporaryDirectory() as folder:
        arguments = (recipe, base, str(Path(folder) / "meeting-point"), resume)
        if recipe.processes == 1:
            pretrain(0, *arguments)
        else:
            mp.spawn(pretrain, arguments, nprocs=recipe.processes)  # type: ignore[attr-defined, no-untyped-call]


def export(recipe: Recipe, base: str, target: Path) -> None:
    """Write a base's latest checkpoint as a model folder, also while it is still training."""
    tokenizer = recipe.run_folder / "tokenizer"
    network = build_network(recipe.bases[base].shape, MiniTokenizer(tokenizer), recipe.seed)
    network.load_state_dict(torch.load(recipe.run_folder / f"{base}.pt", weights_only=True)["network"])
    export_network(network, tokenizer, target)


def main() -> None:
    """Pre-train one base of a recipe."""
    parser = recipe_options("Pre-train a base model of the miniature.")
    parser.add_argument("--base", choices=("large", "small"), required=True)
    parser.add_argument("--resume", action=argparse.BooleanOptionalAction, default=True, help="continue from the last checkpoint")
    parser.add_argument("--export", type=Path, metavar="FOLDER", help="only write the last checkpoint as a model folder")
    args = parser.parse_args()
    if args.export:
        export(load_recipe(args.recipe), args.base, args.export)
    else:
        run(load_recipe(args.recipe), args.base, resume=args.resume)


if __name__ == "__main__":
    main()
