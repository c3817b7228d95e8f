"""The command line: ask, compare, probe, sweep, grade, bench. The same functions as the app, as text or as one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.data.benchmarks import Problem, load_benchmark
from s1demo.decode import check_question, compare, comparison_policies
from s1demo.delimiters import EXTENSION
from s1demo.engines import Engine, open_engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import InputError, S1Error
from s1demo.evals.grading import Grader, Judge, Outcome
from s1demo.evals.journal import Journal
from s1demo.evals.provenance import provenance
from s1demo.evals.results import write_run
from s1demo.evals.summary import report, summarise
from s1demo.evals.sweep import SweepPlan, sweep, traces_depend_on
from s1demo.events import SamplingParams
from s1demo.policies import read_policies
from s1demo.probe import ProbeAt, ProbePoint, run_and_probe
from s1demo.settings import ENGINES, Settings
from s1demo.terminal import TerminalWriter, one_line, timeline_table
from s1demo.traces import Trace, TraceBuilder

T = TypeVar("T")
BAD_INPUT, INTERRUPTED = 2, 130  # exit codes
_ASK = "run"  # name of the only run of `ask`
_PROBE_EVERY = 16  # thinking tokens between two probes unless told otherwise
_BUDGETS, _WAITS = (0, 16, 32, 64), (1, 2, 4, 6)  # what a sweep measures unless told otherwise
_SWEEP = """Measure accuracy against thinking tokens: budgets, natural stopping and forced Waits, every question once.

The thinking under a budget is a prefix of the natural one, and k + 1 Waits go on from k, so one pass gives the token
ids of one run per setting for little more than the longest. With --samples, natural runs at a temperature and the
majority of their answers instead (a tie goes to the answer sampled first).

benchmarks: mini (s1-mini's held-out problems), aime24, math500, gpqa (from the Hugging Face Hub), or FILE.jsonl with
            {"question": ..., "answer": ...} on each line, "domain" and "phrasing" too where known, and with
            "kind": "math", "integer" or "letter" answers are graded as such instead of as text"""
_RESUMING = """RUN.json gets points with 95 % intervals, differences, the ledger of every Wait, Control, Scaling and Performance.
Traces go to RUN.traces.jsonl beside it, each as soon as it is finished; the same command after a kill goes on there.
S1_MAX_CONCURRENT_REQUESTS questions are decoded at once.

  python -m s1demo sweep --benchmark mini --budgets 0,16,32,64 --waits 1,2,4,6 --out runs/mini.json
  python -m s1demo sweep --benchmark mini --samples 16 --temperature 0.8 --out runs/mini-votes.json"""
_COMPARING = """Run several policies on one question at once; what they share is decoded once. The ids are those of `ask`.

Without --policies: a run cut short at --max-thinking-tokens, one left alone, and one made to go on --num-ignore times."""
_POLICIES = """--policies takes any number of runs as JSON, or @FILE: an object of names, or a list ("name" may be left out).
Each has any of max_thinking_tokens, num_ignore, extension and max_answer_tokens, with the defaults of `ask`:

  python -m s1demo compare "How many r in raspberry?" --json \\
    --policies '{"short": {"max_thinking_tokens": 16}, "natural": {}, "long": {"num_ignore": 4}}'

The object on stdout has "runs" (a trace by name), "engine_tokens" (tokens decoded) and "independent_tokens" (what as many runs
of `ask` would have decoded)."""
_GRADE = """Print every row of a file of answers with "outcome" and "extracted" added, as JSON lines.

FILE.jsonl has {"gold": ..., "answer_text": ..., "kind": ...} on each line. The kind says what the true answer is: a
"math" formula, number or word, an "integer", the "letter" of an option, or plain "text". The outcome is correct,
incorrect, no answer, or unscorable: an answer that cannot be read, is over 2,000 characters long, or takes more than
5 seconds to compare. Lines that are no such row go to stderr with their number, and the exit code is then 2."""
_DASHES = "A question that begins with a dash goes last, after two dashes: s1demo ask -- '-5+3=?'"


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: without the program's name; the process's own by default.

    Returns:
        The exit code: 0, 2 for bad input (one line on stderr), 130 after Ctrl-C.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    options.typed = shlex.join(["python", "-m", "s1demo", *arguments])
    try:
        return int(options.command(options) or 0)
    except S1Error as error:
        print(f"s1demo: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("s1demo: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone; there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a full disk behind stdout, for one
        print(f"s1demo: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="s1demo", description="Budget forcing on the command line.")
    commands = parser.add_subparsers(required=True, metavar="ask | compare | probe | sweep | grade | bench")
    ask = commands.add_parser("ask", help="one budget-forced run", epilog=_DASHES)
    ask.set_defaults(command=_ask)
    _add_run_options(ask, {"max_thinking_tokens": AUTO, "num_ignore": 0})
    side_by_side = commands.add_parser(
        "compare",
        help="truncated, natural and extended runs of one question, or any others",
        description=_COMPARING,
        epilog=f"{_POLICIES}\n\n{_DASHES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    side_by_side.set_defaults(command=_compare)
    side_by_side.add_argument("--policies", metavar="JSON|@FILE", help="other runs than these three (see below)")
    _add_run_options(side_by_side, {"max_thinking_tokens": 16, "num_ignore": 2})
    timeline = commands.add_parser("probe", help="what the model would answer at each point of its thinking", epilog=_DASHES)
    timeline.set_defaults(command=_probe)
    timeline.add_argument("--every", type=_whole, metavar="N", help=f"every N thinking tokens (default {_PROBE_EVERY})")
    timeline.add_argument("--lines", action="store_true", help="behind each line; no default for --every then")
    timeline.add_argument("--waits", action="store_true", help="before each suppressed end and behind its extension, likewise")
    _add_run_options(timeline, {"max_thinking_tokens": AUTO, "num_ignore": 0})
    sweep = commands.add_parser(
        "sweep",
        help="accuracy against thinking on a benchmark, in one pass over shared prefixes",
        description=_SWEEP,
        epilog=_RESUMING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sweep.set_defaults(command=_sweep)
    _add_sweep_options(sweep)
    grade = commands.add_parser(
        "grade",
        help="grade a file of answers",
        description=_GRADE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    grade.set_defaults(command=_grade)
    grade.add_argument("file", type=Path, metavar="FILE.jsonl")
    bench = commands.add_parser("bench", help="how fast this machine runs the exhibit")
    bench.set_defaults(command=_bench)
    _add_engine_options(bench)
    return parser


def _add_run_options(parser: argparse.ArgumentParser, policy_defaults: dict[str, Any]) -> None:
    """Question, policy, sampling and engine; policy options are None where they were not given."""
    parser.set_defaults(policy_defaults={"extension": EXTENSION, "max_answer_tokens": AUTO, **policy_defaults})
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument("--max-thinking-tokens", type=_limit, metavar="N|auto", help="thinking budget")
    parser.add_argument("--num-ignore", type=_whole, metavar="K", help="ends of thinking to suppress")
    parser.add_argument("--extension", metavar="TEXT", help=f"appended at each of them (default {EXTENSION})")
    parser.add_argument("--max-answer-tokens", type=_limit, metavar="M|auto")
    parser.add_argument("--temperature", type=_number, default=0.0, metavar="T", help="0 is greedy")
    parser.add_argument("--top-p", type=_number, default=1.0, metavar="P")
    parser.add_argument("--seed", type=_whole, default=0, metavar="S")
    _add_engine_options(parser)


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=ENGINES, help="what decodes (default: S1_ENGINE or transformers)")
    parser.add_argument("--model", metavar="PATH_OR_HUB_ID", help="with --engine replay: a file of recorded traces")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else there")


def _add_sweep_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--benchmark", required=True, metavar="NAME|FILE.jsonl", help="what to ask (see above)")
    parser.add_argument("--out", required=True, type=Path, metavar="RUN.json", help="where the result goes")
    budgets, waits = (",".join(map(str, numbers)) for numbers in (_BUDGETS, _WAITS))
    parser.add_argument("--budgets", type=_wholes, metavar="N,...", help=f"thinking budgets (default {budgets}; '' for none)")
    parser.add_argument("--waits", type=_wholes, metavar="K,...", help=f"ends to suppress (default {waits}; '' for none)")
    parser.add_argument("--extension", default=EXTENSION, metavar="TEXT", help=f"appended at each of them (default {EXTENSION})")
    parser.add_argument("--samples", type=_whole, default=1, metavar="n", help="votes: natural runs sampled per question")
    parser.add_argument("--temperature", type=_number, default=0.0, metavar="T", help="0 is greedy")
    parser.add_argument("--limit", type=_whole, metavar="N", help="only the first N questions")
    parser.add_argument("--seed", type=_whole, default=0, metavar="S", help="of sampling and of the bootstrap")
    _add_engine_options(parser)


def _wholes(text: str) -> tuple[int, ...]:
    return tuple(_whole(part) for part in text.split(",") if part.strip())


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error


def _limit(text: str) -> Limit:
    return AUTO if text == AUTO else _whole(text)


def _settings(options: argparse.Namespace) -> Settings:
    chosen = {name: value for name in ("engine", "model") if (value := getattr(options, name)) is not None}
    return dataclasses.replace(Settings.from_env(), **chosen)


def _ask(options: argparse.Namespace) -> None:
    traces, _ = _run(options, {_ASK: BudgetPolicy(**_policy_options(options))})
    if options.json:
        print(json.dumps(traces[_ASK].to_dict()), flush=True)


def _compare(options: argparse.Namespace) -> None:
    if options.policies is None:
        policies = comparison_policies(**_policy_options(options))
    elif given := [name for name in options.policy_defaults if getattr(options, name) is not None]:
        raise InputError(f"--policies says what each run does. Leave out --{given[0].replace('_', '-')}, or put it in there.")
    else:
        policies = read_policies(options.policies)
    traces, tokens = _run(options, policies)
    if options.json:
        print(json.dumps({"runs": {name: trace.to_dict() for name, trace in traces.items()}, **tokens}), flush=True)
    else:
        decoded, alone = (f"{tokens[name]:,}" for name in ("engine_tokens", "independent_tokens"))
        print(f"\n-- {decoded} tokens decoded for all of them; one by one it would have been {alone} --", flush=True)


def _probe(options: argparse.Namespace) -> None:
    grid = None if options.lines or options.waits else _PROBE_EVERY
    where = ProbeAt(grid if options.every is None else options.every, options.lines, options.waits)
    settings = _settings(options)
    check_question(options.question, settings.max_question_chars)
    policy = BudgetPolicy(**_policy_options(options))
    sampling = SamplingParams(options.temperature, options.top_p, options.seed)
    coloured = sys.stdout.isatty() and not settings.no_color
    writer = None if options.json else TerminalWriter([_ASK], sys.stdout, titles=False, coloured=coloured)

    async def run_and_collect(engine: Engine) -> tuple[Trace, list[ProbePoint]]:
        builder, points = TraceBuilder(options.question, engine.info, policy, sampling), []
        async with aclosing(run_and_probe(engine, options.question, policy, where, sampling)) as items:
            async for item in items:
                if isinstance(item, ProbePoint):
                    points.append(item)
                else:
                    builder.add(item)
                    if writer:
                        writer.write(_ASK, item, builder.trace())
        return builder.trace(), sorted(points, key=lambda point: point.thinking_tokens)

    trace, points = _with_engine(_open(settings), run_and_collect)
    if options.json:
        print(json.dumps(trace.to_dict() | {"points": [dataclasses.asdict(point) for point in points]}), flush=True)
    else:
        print(timeline_table(points), flush=True)


def _policy_options(options: argparse.Namespace) -> dict[str, Any]:
    """The policy's part of the options, with defaults for what was not given."""
    defaults: dict[str, Any] = options.policy_defaults
    given = {name: getattr(options, name) for name in defaults}
    return defaults | {name: value for name, value in given.items() if value is not None}


def _run(options: argparse.Namespace, policies: dict[str, BudgetPolicy]) -> tuple[dict[str, Trace], dict[str, int]]:
    """The trace of each policy, and the tokens they took together and would have taken one by one."""
    settings = _settings(options)
    check_question(options.question, settings.max_question_chars)
    sampling = SamplingParams(options.temperature, options.top_p, options.seed)
    coloured = sys.stdout.isatty() and not settings.no_color
    writer = None if options.json else TerminalWriter(list(policies), sys.stdout, titles=len(policies) > 1, coloured=coloured)
    return _with_engine(_open(settings), lambda engine: _stream(engine, options.question, policies, sampling, writer))


async def _stream(
    engine: Engine, question: str, policies: dict[str, BudgetPolicy], sampling: SamplingParams, writer: TerminalWriter | None
) -> tuple[dict[str, Trace], dict[str, int]]:
    shared = CoalescingEngine(engine)
    builders = {name: TraceBuilder(question, engine.info, policy, sampling) for name, policy in policies.items()}
    async with aclosing(compare(shared, question, policies, sampling)) as events:
        async for name, event in events:
            builders[name].add(event)
            if writer:
                writer.write(name, event, builders[name].trace())
    traces = {name: builder.trace() for name, builder in builders.items()}
    return traces, {"engine_tokens": shared.engine_tokens, "independent_tokens": shared.independent_tokens}


def _open(settings: Settings) -> Engine:
    """Open the engine; Ctrl-C meanwhile ends the process itself, since torch's import aborts on an exception in its midst."""

    def end(*_: object) -> None:
        print("s1demo: interrupted", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)

    if threading.current_thread() is not threading.main_thread():
        return open_engine(settings)
    before = signal.signal(signal.SIGINT, end)
    try:
        return open_engine(settings)
    finally:
        signal.signal(signal.SIGINT, before)


def _with_engine(engine: Engine, work: Callable[[Engine], Awaitable[T]]) -> T:
    async def session() -> T:
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(session())


def _sweep(options: argparse.Namespace) -> None:
    plan = _sweep_plan(options)
    problems = load_benchmark(options.benchmark)[: options.limit]
    settings = _settings(options)
    engine = _open(settings)
    source = provenance(engine.info.model, settings.model_path, options.benchmark, problems, options.typed)
    runs_on = (settings.engine, engine.info.device, settings.dtype, engine.info.format)
    arguments = traces_depend_on(plan, source, len(problems), runs_on)
    journal = Journal(options.out.with_suffix(".traces.jsonl"), arguments)
    with Grader() as grader:
        _decode_with_progress(engine, problems, plan, journal, settings.max_concurrent_requests, grader.grade)
        result = summarise(journal.records(), plan, source, grader.grade)
    write_run(options.out, result)
    print(json.dumps(result.to_dict()) if options.json else report(result), flush=True)


def _sweep_plan(options: argparse.Namespace) -> SweepPlan:
    if options.out.suffix != ".json" or options.out.is_dir():
        raise InputError(f"The result goes to a file whose name ends in .json, not to {options.out}. Give another --out.")
    if options.limit is not None and options.limit < 1:
        raise InputError(f"The limit is {options.limit}. Ask at least 1 question.")
    curve = options.samples == 1  # votes are taken over natural runs
    return SweepPlan(
        budgets=options.budgets if options.budgets is not None else _BUDGETS if curve else (),
        waits=options.waits if options.waits is not None else _WAITS if curve else (),
        extension=options.extension,
        samples=options.samples,
        temperature=options.temperature,
        seed=options.seed,
    )


def _decode_with_progress(
    engine: Engine, problems: list[Problem], plan: SweepPlan, journal: Journal, n_at_once: int, judge: Judge
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
        _with_engine(engine, lambda opened: sweep(opened, problems, plan, journal, finished, n_at_once, judge))
    seconds = time.perf_counter() - begun
    if decoded:
        print(f"{decoded:,} tokens in {seconds:.1f} s: {decoded / seconds:,.0f} tokens/s", file=sys.stderr)


def _grade(options: argparse.Namespace) -> int:
    from s1demo.evals.grade_file import grade_file

    n_bad = 0

    def bad_row(message: str) -> None:
        nonlocal n_bad
        n_bad += 1
        print(f"s1demo: {one_line(message)}", file=sys.stderr)

    counts = grade_file(options.file, lambda row: print(json.dumps(row), flush=True), bad_row)
    shares = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
    print(f"{counts.total()} graded: {shares}; {n_bad} not graded", file=sys.stderr)
    return BAD_INPUT if n_bad else 0


def _bench(options: argparse.Namespace) -> None:
    from s1demo.bench import bench, report

    begun = time.perf_counter()
    engine = _open(_settings(options))
    figures = {"start_up_seconds": time.perf_counter() - begun} | _with_engine(engine, bench)
    print(json.dumps(figures) if options.json else report(figures), flush=True)


if __name__ == "__main__":
    sys.exit(main())
