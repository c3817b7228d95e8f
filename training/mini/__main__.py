"""The miniature from nothing to a model folder: every stage in order, each going on where it was after a kill.

    python -m training.mini --recipe training/recipes/s1-mini.yaml
    python -m training.mini --smoke

Stages: `large` and `small` pre-train the two base models, `curate` makes the pool and chooses the thousand traces, `tune`
fine-tunes the large base on them (`training.sft`), `export` copies the result to the recipe's export folder, `check` measures it
on dev problems and prints the gate.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import s1demo.__main__ as command_line
from training.mini import benchmarks, gate, pool, pretrain
from training.mini.recipe import RECIPE, Recipe, load_recipe
from training.mini.wording.phrasings import DEV, TRAINED
from training.recipes import SftSettings, read_section, readable_errors, recipe_options

SMOKE = RECIPE.with_name("s1-mini-smoke.yaml")
DEV_SEED, CHECKED_WAITS = 2, "1,2,3"


def curate(recipe: Recipe, path: Path) -> None:
    """Make the pool and choose the training sets."""
    print(pool.curate(read_section(path, "curation", pool.CurationKnobs)).table())


def tune(recipe: Recipe, path: Path) -> None:
    """Fine-tune the large base on the curated rows."""
    from training.sft.train import train  # loads trl

    train(read_section(path, "sft", SftSettings))


def export(recipe: Recipe, path: Path) -> None:
    """Copy the fine-tuned model to where the exhibit looks for it."""
    tuned = read_section(path, "sft", SftSettings).output
    recipe.export_folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(tuned.iterdir()):
        if file.suffix in (".json", ".safetensors", ".jinja"):
            shutil.copyfile(file, recipe.export_folder / file.name)


def check(recipe: Recipe, path: Path) -> None:
    """Sweep dev problems and print the gate."""
    folder = recipe.run_folder
    lines = (line for wording in (TRAINED, DEV) for line in benchmarks.problems(recipe.dev_per_domain, DEV_SEED, "dev", wording))
    benchmarks.write(folder / "dev.jsonl", lines)
    sweep = ["sweep", "--benchmark", str(folder / "dev.jsonl"), "--budgets", "0,16,32,64,128,256", "--waits", CHECKED_WAITS]
    command_line.main([*sweep, "--model", str(recipe.export_folder), "--out", str(folder / "dev.json")])
    print(gate.read(folder / "dev.traces.jsonl"))


STAGES: dict[str, Callable[[Recipe, Path], None]] = {
    "large": lambda recipe, path: pretrain.run(recipe, "large"),
    "small": lambda recipe, path: pretrain.run(recipe, "small"),
    "curate": curate,
    "tune": tune,
    "export": export,
    "check": check,
}


def run(path: Path, stages: list[str]) -> None:
    """Run stages of a recipe in order and note how long each took in the run folder's stages.log."""
    recipe = load_recipe(path)
    recipe.run_folder.mkdir(parents=True, exist_ok=True)
    for stage in (name for name in STAGES if name in stages):
        print(f"--- {stage}", flush=True)
        started = time.monotonic()
        STAGES[stage](recipe, path)
        with (recipe.run_folder / "stages.log").open("a", encoding="utf-8") as log:
            log.write(f"{stage} {time.monotonic() - started:.0f} s\n")


@readable_errors()
def main() -> None:
    """Run a recipe's stages, all of them unless some are named."""
    parser = recipe_options("Train the miniature, stage by stage.", default=RECIPE)
    parser.add_argument("--smoke", action="store_true", help="the smoke recipe: every stage in a minute or two, to no use")
    parser.add_argument("--only", nargs="+", choices=STAGES, metavar="STAGE", help=f"some of {', '.join(STAGES)}")
    options = parser.parse_args()
    run(SMOKE if options.smoke else options.recipe, options.only or list(STAGES))


if __name__ == "__main__":
    main()
