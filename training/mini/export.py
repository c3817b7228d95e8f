"""Export a stage's latest checkpoint as a model folder, also while the stage is still running.

    python -m training.mini.export --recipe training/recipes/s1-mini.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.mini.network import build_network, export_network
from training.mini.recipe import Recipe, load_recipe
from training.mini.tokenizer import MiniTokenizer
from training.mini.training_loop import load_weights


def export(recipe: Recipe, stage: str, target: Path) -> None:
    """Write a stage's checkpoint as a model folder.

    Args:
        recipe: names the run.
        stage: "pretrain" or "sft".
        target: the folder to replace.
    """
    network = build_network(recipe.model, MiniTokenizer(recipe.run_folder / "tokenizer"), recipe.seed)
    load_weights(network, recipe.run_folder / f"{stage}.pt")
    export_network(network, recipe.run_folder / "tokenizer", target)


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description="Export a checkpoint of the miniature.")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--stage", choices=("pretrain", "sft"), help="default: the stage the recipe exports")
    parser.add_argument("--to", type=Path, help="target folder; default: the recipe's export folder")
    args = parser.parse_args()
    recipe = load_recipe(args.recipe)
    export(recipe, args.stage or recipe.exported_stage, args.to or recipe.export_folder)


if __name__ == "__main__":
    main()
