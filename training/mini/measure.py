"""What the finished miniature and its siblings can do: one sweep each, kept in `assets/measured/s1-mini` with its command.

    python -m training.mini.measure --recipe training/recipes/s1-mini.yaml
    python -m training.mini.measure --recipe training/recipes/s1-mini.yaml --only curve unseen
    python -m training.mini.measure --tables

A sibling differs from the model in one thing: the draw of its thousand rows and the seed of fine-tuning (`draw-1`, `draw-2`), the
rule by which its rows were chosen (the paper's data ablation), or in not being fine-tuned at all (`base`). Siblings are trained
when they are first needed; every sweep goes on where it was after a kill. Test problems only: nothing here chooses anything.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

import s1demo.__main__ as command_line
from s1demo.evals.results import RunResult, read_run
from s1demo.evals.setting import LEFT_ALONE, Setting
from s1demo.settings import ASSETS
from training.curation.subsets import ABLATIONS
from training.mini import pool
from training.mini.recipe import RECIPE, Recipe, load_recipe
from training.recipes import SftSettings, read_section, recipe_options

MEASURED = ASSETS / "measured" / "s1-mini"
SELF, BASE = "s1-mini", "base"
WHOLE_EPOCHS = 1  # of the whole pool: 20 times the rows
SHOWN = (*map(Setting, (0, 32, 128)), LEFT_ALONE, *(Setting(num_ignore=n) for n in (1, 2, 8)))  # in the table by domain


class Measurement(NamedTuple):
    """One sweep: which sibling decodes, and the options of `s1demo sweep`."""

    model: str
    options: list[str]


_LISTED = yaml.safe_load(Path(__file__).with_name("measurements.yaml").read_text(encoding="utf-8"))
MEASUREMENTS = {name: Measurement(entry["model"], shlex.split(entry["options"])) for name, entry in _LISTED.items()}


def sibling(name: str, recipe: Recipe, path: Path) -> Path:
    """The folder of a sibling, trained now if it was not before.

    Args:
        name: `s1-mini`, `base`, `draw-N`, or one of `ABLATIONS`.
    """
    tuned = read_section(path, "sft", SftSettings)
    if name in (SELF, BASE):
        return recipe.export_folder if name == SELF else Path(tuned.model)
    folder = recipe.run_folder / "siblings" / name
    if not (folder / "model.safetensors").is_file():
        from training.sft.train import train  # loads trl

        changes = [f"output={folder}"]
        if name in ABLATIONS:
            changes += [f"data={tuned.data.with_name(f'{name}.jsonl')}"]
        else:
            draw = int(name.removeprefix("draw-"))
            knobs = read_section(path, "curation", pool.CurationKnobs, [f"draw={draw}"])
            pool.curate(knobs)
            changes += [f"data={knobs.sets_folder / tuned.data.name}", f"seed={tuned.seed + draw}"]
        changes += [f"epochs={WHOLE_EPOCHS}"] if name == "whole" else []
        train(read_section(path, "sft", SftSettings, changes))
    return folder


def measure(name: str, recipe: Recipe, path: Path, target: Path = MEASURED) -> None:
    """Make one measurement.

    Args:
        name: a key of `MEASUREMENTS`.
        target: where the result goes; traces stay in the run folder.
    """
    out = recipe.run_folder / "measured" / f"{name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    model = sibling(MEASUREMENTS[name].model, recipe, path)
    print(f"--- {name}", flush=True)
    if code := command_line.main(["sweep", *MEASUREMENTS[name].options, "--model", str(model), "--out", str(out)]):
        raise SystemExit(code)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(out, target / out.name)


def curve_table(run: RunResult) -> Iterator[str]:
    """A run's points as lines of a Markdown table."""
    yield "| setting | mean thinking tokens | accuracy, % | 95 % interval |"
    yield "|---|---|---|---|"
    for p in run.points:
        yield f"| {p.label} | {p.mean_thinking_tokens:.0f} | **{p.accuracy:.1f}** | {p.ci95[0]:.1f} to {p.ci95[1]:.1f} |"


def domain_table(run: RunResult) -> Iterator[str]:
    """A run's accuracy by domain as lines of a Markdown table."""
    points = [run.point(setting) for setting in SHOWN]
    yield "| domain | " + " | ".join(point.label for point in points) + " |"
    yield "|---" * (1 + len(SHOWN)) + "|"
    for domain in points[0].domains:
        yield f"| {domain} | " + " | ".join(f"{p.domains[domain].accuracy:.0f}" for p in points) + " |"


def main() -> None:
    """Make measurements, all of them unless some are named."""
    parser = recipe_options("Measure the finished miniature and its siblings on test problems.", default=RECIPE)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, metavar="NAME", help=f"some of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--tables", action="store_true", help="print the tables of the documentation and measure nothing")
    options = parser.parse_args()
    if options.tables:
        curve = read_run(MEASURED / "curve.json")
        print("\n".join([*curve_table(curve), "", *domain_table(curve)]))
        return
    recipe = load_recipe(options.recipe)
    for name in options.only or MEASUREMENTS:
        measure(name, recipe, options.recipe)


if __name__ == "__main__":
    main()
