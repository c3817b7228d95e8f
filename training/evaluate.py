"""The paper's evaluation of a trained model: zero-shot, bare questions, greedy, budgets, natural stopping and forced Waits.

    python -m training.evaluate --model runs/s1-32b --benchmarks aime24,aime25,math500,gpqa --engine vllm --out runs/s1-32b/eval
    python -m training.evaluate --model assets/s1-mini --benchmarks mini --limit 40 --out runs/eval-mini

Every benchmark is one sweep (`python -m s1demo sweep`), kept in a run.json of its own as soon as it is finished, its token counts
beside it in NAME.statistics.json; the same command goes on where it was. `table.md` is a fold over all results in the folder.
Published numbers stand in a column of their own. NAME.traces.jsonl holds the questions: keep GPQA's out of every repository.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from jinja2 import Template

from s1demo.cli.benchmark import BAD_INPUT, BUDGETS, WAITS, journal_path, measure
from s1demo.cli.engine import INTERRUPTED, open_patiently, settings_of
from s1demo.cli.options import numbers_of
from s1demo.cli.terminal import one_line
from s1demo.engines import Engine
from s1demo.errors import InputError, S1Error
from s1demo.evals.benchmarks import NAMES, SOURCES, Problem, load_benchmark, same_benchmark
from s1demo.evals.published import Published, load_published
from s1demo.evals.results import Point, read_run
from s1demo.evals.sweep import SweepPlan, finished_questions
from s1demo.evals.token_counts import sample_statistics
from s1demo.settings import ENGINES, Settings

PAPER_BUDGETS, PAPER_WAITS = (500, 1000, 2000, 4000), (1, 2, 4)  # Figure 1 and v3 Table 5
_MEANS = ("thinking_tokens_right", "thinking_tokens_not_right", "answer_tokens", "total_tokens", "steps", "limited_percent")
PUBLISHED_MODELS = ("s1-32B", "s1.1-32B")
_TEMPLATE = Path(__file__).with_name("evaluate.md")


def plan_for(benchmark: str, budgets: Sequence[int] | None, waits: Sequence[int] | None) -> SweepPlan:
    """What to measure on a benchmark: the paper's settings on its benchmarks, those of the miniature's sweep on any other."""
    usual = (PAPER_BUDGETS, PAPER_WAITS) if benchmark in SOURCES else (BUDGETS, WAITS)
    return SweepPlan(tuple(usual[0] if budgets is None else budgets), tuple(usual[1] if waits is None else waits))


def result_path(folder: Path, benchmark: str) -> Path:
    """Where a benchmark's run.json goes."""
    return folder / f"{Path(benchmark).stem}.json"


def statistics_path(out: Path) -> Path:
    """Where the token counts of a run.json go."""
    return out.with_suffix(".statistics.json")


async def evaluate(
    engine: Engine, settings: Settings, asked: dict[str, list[Problem]], plans: dict[str, SweepPlan], folder: Path, typed: str
) -> list[str]:
    """Measure several benchmarks, one after the other; what one of them lacks costs the others nothing.

    Args:
        engine: what decodes; closed at the end.

    Returns:
        One sentence for each benchmark that failed.
    """
    failed = []
    try:
        for name, problems in asked.items():
            print(f"--- {name}, {len(problems)} questions", file=sys.stderr, flush=True)
            out = result_path(folder, name)
            try:
                await measure(engine, settings, name, problems, plans[name], out, typed)
                _write_statistics(out, plans[name], engine)
            except S1Error as error:
                failed.append(f"{name}: {one_line(str(error))}")
                print(f"not measured: {failed[-1]}", file=sys.stderr, flush=True)
    finally:
        await engine.close()
    return failed


def _write_statistics(out: Path, plan: SweepPlan, engine: Engine) -> None:
    traces, line_ends = journal_path(out), engine.tokenizer.line_end_ids()
    found = {s.label: asdict(sample_statistics(finished_questions(traces), s, line_ends)) for s in plan.policies()}
    statistics_path(out).write_text(json.dumps(found) + "\n", encoding="utf-8")


def report(folder: Path, failed: Sequence[str], published: Published, compared_with: str) -> str:
    """Measured points with the published ones beside them, the paper's three metrics, and token counts, in Markdown.

    Args:
        folder: holds run.json files and their token counts (`s1demo/evals/token_counts.py` says how these differ from the
            reference's).
        failed: what could not be measured, one sentence each.
        compared_with: whose published numbers to show.
    """
    runs = []
    for counts in sorted(folder.glob("*.statistics.json")):
        run = read_run(counts.with_name(counts.name.replace(".statistics.json", ".json")))
        cells = [published_cell(run.benchmark, point, published, compared_with) for point in run.points]
        has_metrics = compared_with == PUBLISHED_MODELS[0] and same_benchmark(run.benchmark, "aime24")
        runs.append((run, cells, has_metrics, json.loads(counts.read_text(encoding="utf-8"))))
    text: str = Template(_TEMPLATE.read_text(encoding="utf-8"), keep_trailing_newline=True).render(
        runs=runs,
        failed=failed,
        compared_with=compared_with,
        means=_MEANS,
        metrics=next(row for row in published.metrics.rows if row.method == "BF"),
        metrics_source=published.metrics.source.partition(";")[0],
    )
    return text


def published_cell(benchmark: str, point: Point, published: Published, model: str) -> str:
    """What was published of the same model, benchmark and setting, with table or figure; a dash where nothing was."""
    found = [
        (row.accuracy, row.n, row.source)
        for row in published.waits
        if row.model == model and same_benchmark(row.benchmark, benchmark) and row.setting == point.setting
    ]
    if model == PUBLISHED_MODELS[0]:
        found += [
            (dot.accuracy, series.n, series.source.partition(",")[0])
            for series in published.series
            for dot in series.points
            if series.method == "BF" and same_benchmark(series.benchmark, benchmark)
            if dot.setting == point.setting and not dot.inferred
        ]
    others = [f"{accuracy:g} ({source}{f', n = {n}' if n != point.n else ''})" for accuracy, n, source in found]
    return "; ".join(others) or "-"


def load_all(names: Sequence[str], limit: int | None) -> tuple[dict[str, list[Problem]], list[str]]:
    """The problems of each benchmark, and one sentence for each that cannot be loaded.

    Raises:
        InputError: two of them would go to one file, or the limit is no number of questions.
    """
    if limit is not None and limit < 1:
        raise InputError(f"The limit is {limit}. Ask at least 1 question.")
    stems = [result_path(Path(), name).stem for name in names]
    if len(set(stems)) < len(stems):
        raise InputError(f"Two of the benchmarks {', '.join(names)} would be kept in one file. Name each once.")
    loaded, failed = {}, []
    for name in names:
        try:
            loaded[name] = load_benchmark(name)[:limit]
        except InputError as error:
            failed.append(f"{name}: {one_line(str(error))}")
    return loaded, failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate a model; returns the exit code: 0, or 2 where a benchmark could not be measured."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    typed = shlex.join(["python", "-m", "training.evaluate", *arguments])
    try:
        plans = {name: plan_for(name, options.budgets, options.waits) for name in options.benchmarks}
        asked, failed = load_all(options.benchmarks, options.limit)
        for sentence in failed:
            print(f"not measured: {sentence}", file=sys.stderr, flush=True)
        if asked:
            options.out.mkdir(parents=True, exist_ok=True)
            settings = settings_of(options)
            failed += asyncio.run(evaluate(open_patiently(settings), settings, asked, plans, options.out, typed))
            text = report(options.out, failed, load_published(), options.published)
            (options.out / "table.md").write_text(text, encoding="utf-8")
            print(text, flush=True)
    except S1Error as error:
        print(f"evaluate: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("evaluate: interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    return BAD_INPUT if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evaluate", description="The paper's evaluation of a trained model.")
    add = parser.add_argument
    add("--model", required=True, metavar="FOLDER_OR_HUB_ID")
    names, known = lambda text: list(filter(None, text.split(","))), f"any of {', '.join(NAMES)}, FILE.jsonl"
    add("--benchmarks", type=names, required=True, metavar="NAME,...", help=known)
    add("--out", type=Path, required=True, metavar="FOLDER", help="one run.json per benchmark, and table.md over all of them")
    add("--budgets", type=numbers_of, metavar="N,...", help="thinking budgets, '' for none; the paper's by default")
    add("--waits", type=numbers_of, metavar="K,...", help="ends to suppress, '' for none; the paper's by default")
    add("--limit", type=int, metavar="N", help="only the first N questions of each")
    add("--engine", choices=ENGINES, help="what decodes (default: S1_ENGINE or transformers)")
    add("--published", choices=PUBLISHED_MODELS, default=PUBLISHED_MODELS[0], help="whose published numbers to show")
    return parser


if __name__ == "__main__":
    sys.exit(main())
