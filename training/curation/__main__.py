"""The paper's curation from nothing to its thousand rows: every stage in order, each going on where it was after a kill.

    python -m training.curation --recipe training/recipes/s1k.yaml
    python -m training.curation --recipe training/recipes/s1k.yaml --dry-run
    python -m training.curation --recipe training/recipes/s1k.yaml --only collect decontaminate --source MATH=copies/math

`chosen.jsonl` in the recipe's folder is what `training.sft` takes as `data`, `funnel.json` how many rows each stage left.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from s1demo.errors import InputError
from training.curation.pipeline import STEPS, Curation
from training.curation.sources import SOURCES
from training.recipes import readable_errors, recipe_options


def options() -> argparse.ArgumentParser:
    """The command line."""
    recipe = Path(__file__).parents[1] / "recipes" / "s1k.yaml"
    parser = recipe_options("Curate a thousand rows, stage by stage.", "curation", recipe)
    parser.add_argument("--only", nargs="+", choices=STEPS, metavar="STAGE", help=f"run these, even again: {', '.join(STEPS)}")
    parser.add_argument("--dry-run", action="store_true", help="show what each stage would read and write, and run nothing")
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="a folder or another repository (REPOSITORY@COMMIT) instead of a source's",
    )
    parser.add_argument("--allow-missing", nargs="+", default=[], choices=SOURCES, metavar="NAME", help="go on without these")
    return parser


@readable_errors()
def main(arguments: list[str] | None = None) -> None:
    """Run a recipe's stages, all of them unless some are named, and print the funnel."""
    given = options().parse_args(arguments)
    if wrong := [pair for pair in given.source if not all(pair.partition("=")[::2])]:
        raise InputError(f"--source {wrong[0]} names no folder. Write --source NAME=FOLDER.")
    sources = dict(pair.split("=", 1) for pair in given.source)
    curation = Curation(given.recipe, given.set, sources, given.allow_missing)
    print(curation.plan() if given.dry_run else curation.run(given.only or (), again=bool(given.only)).table())


if __name__ == "__main__":
    main()
