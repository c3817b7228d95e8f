"""What `sweep`, `grade` and `bench` do: many questions, files of answers, and speed."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from s1demo.cli.engine import open_patiently, settings_of, with_engine
from s1demo.cli.terminal import one_line
from s1demo.engines import Engine
from s1demo.errors import InputError
from s1demo.evals import sweep as sweeping
from s1demo.evals.benchmarks import Problem, load_benchmark
from s1demo.evals.journal import Journal
from s1demo.evals.provenance import provenance
from s1demo.evals.results import RunResult, write_run
from s1demo.evals.summary import report, summarise
from s1demo.grading import Grader, Judge, Outcome
from s1demo.settings import Settings

BAD_INPUT = 2  # exit code
BUDGETS, WAITS = (0, 16, 32, 64), (1, 2, 4, 6)  # what a sweep measures by default


def sweep(options: argparse.Namespace) -> None:
    """Measure a benchmark and write the result."""
    plan = sweep_plan(options)
    problems = load_benchmark(options.benchmark)[: options.limit]
    settings = settings_of(options)
    engine = open_patiently(settings)
    result = with_engine(
        engine, lambda opened: measure(opened, settings, options.benchmark, problems, plan, options.out, options.typed)
    )
    print(json.dumps(result.to_dict()) if options.json else report(result), flush=True)


async def measure(
    engine: Engine,
    settings: Settings,
    benchmark: str,
    problems: list[Problem],
    plan: sweeping.SweepPlan,
    out: Path,
    typed: str,
) -> RunResult:
    """Sweep a benchmark on an open engine, going on with the journal beside `out` where there is one, and write the result.

    Args:
        engine: what decodes; left open.
        benchmark: as named on the command line.
        problems: its questions, those that are to be asked.
        out: the run.json; its traces go beside it.

    Raises:
        InputError: a question or the plan does not fit the model, or the journal is another sweep's.
        EngineError: decoding failed; what is finished is kept.
    """
    source = provenance(engine.info.model, settings.model_path, benchmark, problems, typed)
    arguments = sweeping.traces_depend_on(plan, source, len(problems), settings, engine.info)
    with sweeping.open_journal(journal_path(out), arguments) as journal, Grader() as grader:
        await _decode_with_progress(engine, problems, plan, journal, settings.max_concurrent_requests, grader.grade)
        result = summarise(sweeping.finished_questions(journal.path), plan, source, grader.grade)
    write_run(out, result)
    return result


def journal_path(out: Path) -> Path:
    """Where the traces of a run.json are kept."""
    return out.with_suffix(".traces.jsonl")


def sweep_plan(options: argparse.Namespace) -> sweeping.SweepPlan:
    """What the options of `sweep` ask for, with defaults for those that were not given.

    Raises:
        InputError: it cannot be done; the message says what to give.
    """
    if options.out.suffix != ".json" or options.out.is_dir():
        raise InputError(f"The result goes to a file whose name ends in .json, not to {options.out}. Give another --out.")
    if options.limit is not None and options.limit < 1:
        raise InputError(f"The limit is {options.limit}. Ask at least 1 question.")
    curve = options.samples == 1  # votes are taken over natural runs
    return sweeping.SweepPlan(
        budgets=options.budgets if options.budgets is not None else BUDGETS if curve else (),
        waits=options.waits if options.waits is not None else WAITS if curve else (),
        extension=options.extension,
        samples=options.samples,
        temperature=options.temperature,
        seed=options.seed,
    )


async def _decode_with_progress(
    engine: Engine, problems: list[Problem], plan: sweeping.SweepPlan, journal: Journal, n_at_once: int, judge: Judge
) -> None:
    from tqdm import tqdm

    if journal.done:
        print(f"going on with {journal.path}: {len(journal.done)} of {len(problems)} questions are finished", file=sys.stderr)
    begun, decoded = time.perf_counter(), 0
    bar = tqdm(total=len(problems), initial=len(journal.done), unit="question", disable=None, dynamic_ncols=True)

    def finished(record: dict[str, Any]) -> None:
        nonlocal decoded
        decoded += record["engine_tokens"]
        bar.set_postfix_str(f"{decoded / (time.perf_counter() - begun):,.0f} tokens/s", refresh=False)
        bar.update()

    with bar:
        await sweeping.sweep(engine, problems, plan, journal, finished, n_at_once, judge)
    seconds = time.perf_counter() - begun
    if decoded:
        print(f"{decoded:,} tokens in {seconds:.1f} s: {decoded / seconds:,.0f} tokens/s", file=sys.stderr)


def grade(options: argparse.Namespace) -> int:
    """Grade a file of answers; returns the exit code."""
    from s1demo.grading.files import grade_file

    n_bad = 0

    def bad_row(message: str) -> None:
        nonlocal n_bad
        n_bad += 1
        print(f"s1demo: {one_line(message)}", file=sys.stderr)

    counts = grade_file(options.file, lambda row: print(json.dumps(row), flush=True), bad_row)
    shares = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
    print(f"{counts.total()} graded: {shares}; {n_bad} not graded", file=sys.stderr)
    return BAD_INPUT if n_bad else 0


def bench(options: argparse.Namespace) -> None:
    """Measure speed and print the figures: the engine's, or with --ui the page's."""
    if options.ui:
        from s1demo.bench import page as measuring_the_page

        figures = measuring_the_page.bench()
        print(json.dumps(figures) if options.json else measuring_the_page.report(figures), flush=True)
        return
    from s1demo.bench import engine as measuring

    begun = time.perf_counter()
    engine = open_patiently(settings_of(options))
    figures = {"start_up_seconds": time.perf_counter() - begun} | with_engine(engine, measuring.bench)
    print(json.dumps(figures) if options.json else measuring.report(figures), flush=True)
