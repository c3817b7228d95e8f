"""Export a base's latest checkpoint as a model folder, also while it is still training.

    python -m training.mini.export --recipe training/recipes/s1-mini.yaml --to runs/s1-mini/preview
"""

from __future__ import annotations

from pathlib import Path

from training.mini.language.tokenizer import MiniTokenizer
from training.mini.pretraining.network import build_network, export_network
from training.mini.pretraining.training_loop import load_weights
from training.mini.recipe import Recipe, load_recipe
from training.recipes import recipe_options


def export(recipe: Recipe, base: str, target: Path) -> None:
    """Write a base's latest checkpoint as a model folder."""
    network = build_network(recipe.bases[base].shape, MiniTokenizer(recipe.run_folder / "tokenizer"), recipe.seed)
    load_weights(network, recipe.run_folder / f"{base}.pt")
    export_network(network, recipe.run_folder / "tokenizer", target)


def main() -> None:
    """Export a checkpoint."""
    parser = recipe_options("Export a checkpoint of a base model of the miniature.")
    parser.add_argument("--base", choices=("large", "small"), default="large")
    parser.add_argument("--to", type=Path, required=True, help="target folder")
    args = parser.parse_args()
    export(load_recipe(args.recipe), args.base, args.to)


if __name__ == "__main__":
    main()
