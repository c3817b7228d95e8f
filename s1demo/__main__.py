"""The command line: ask, compare, bench. The same functions as the app, streamed as text or as one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import NoReturn, TypeVar

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.decode import check_question, compare, comparison_policies
from s1demo.delimiters import EXTENSION
from s1demo.engines import Engine, open_engine
from s1demo.errors import S1Error
from s1demo.events import SamplingParams
from s1demo.settings import ENGINES, Settings
from s1demo.terminal import TerminalWriter, one_line
from s1demo.traces import Trace, TraceBuilder

T = TypeVar("T")
BAD_INPUT, INTERRUPTED = 2, 130  # exit codes
_ASK = "run"  # name of the only run of `ask`
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
    options = _parser().parse_args(arguments)
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
    commands = parser.add_subparsers(required=True, metavar="ask | compare | bench")
    ask = commands.add_parser("ask", help="one budget-forced run", epilog=_DASHES)
    ask.set_defaults(command=_ask)
    _add_run_options(ask, budget_default=AUTO, waits_default=0)
    side_by_side = commands.add_parser("compare", help="truncated, natural and extended runs of one question", epilog=_DASHES)
    side_by_side.set_defaults(command=_compare)
    _add_run_options(side_by_side, budget_default=16, waits_default=2)
    bench = commands.add_parser("bench", help="how fast this machine runs the exhibit")
    bench.set_defaults(command=_bench)
    _add_engine_options(bench)
    return parser


def _add_run_options(parser: argparse.ArgumentParser, budget_default: Limit, waits_default: int) -> None:
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument("--max-thinking-tokens", type=_limit, default=budget_default, metavar="N|auto", help="thinking budget")
    parser.add_argument("--num-ignore", type=_whole, default=waits_default, metavar="K", help="ends of thinking to suppress")
    parser.add_argument("--extension", default=EXTENSION, metavar="TEXT", help=f"appended at each of them (default {EXTENSION})")
    parser.add_argument("--max-answer-tokens", type=_limit, default=AUTO, metavar="M|auto")
    parser.add_argument("--temperature", type=_number, default=0.0, metavar="T", help="0 is greedy")
    parser.add_argument("--top-p", type=_number, default=1.0, metavar="P")
    parser.add_argument("--seed", type=_whole, default=0, metavar="S")
    _add_engine_options(parser)


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=ENGINES, help="what decodes (default: S1_ENGINE or transformers)")
    parser.add_argument("--model", metavar="PATH_OR_HUB_ID", help="with --engine replay: a file of recorded traces")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else there")


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
    policy = BudgetPolicy(options.max_thinking_tokens, options.num_ignore, options.extension, options.max_answer_tokens)
    traces = _run(options, {_ASK: policy})
    if options.json:
        print(json.dumps(traces[_ASK].to_dict()), flush=True)


def _compare(options: argparse.Namespace) -> None:
    policies = comparison_policies(options.max_thinking_tokens, options.num_ignore, options.extension, options.max_answer_tokens)
    traces = _run(options, policies)
    if options.json:
        print(json.dumps({"runs": {name: trace.to_dict() for name, trace in traces.items()}}), flush=True)


def _run(options: argparse.Namespace, policies: dict[str, BudgetPolicy]) -> dict[str, Trace]:
    settings = _settings(options)
    check_question(options.question, settings.max_question_chars)
    sampling = SamplingParams(options.temperature, options.top_p, options.seed)
    coloured = sys.stdout.isatty() and not settings.no_color
    writer = None if options.json else TerminalWriter(list(policies), sys.stdout, titles=len(policies) > 1, coloured=coloured)
    return _with_engine(open_engine(settings), lambda engine: _stream(engine, options.question, policies, sampling, writer))


async def _stream(
    engine: Engine, question: str, policies: dict[str, BudgetPolicy], sampling: SamplingParams, writer: TerminalWriter | None
) -> dict[str, Trace]:
    builders = {name: TraceBuilder(question, engine.info, policy, sampling) for name, policy in policies.items()}
    async with aclosing(compare(engine, question, policies, sampling)) as events:
        async for name, event in events:
            builders[name].add(event)
            if writer:
                writer.write(name, event, builders[name].trace())
    return {name: builder.trace() for name, builder in builders.items()}


def _with_engine(engine: Engine, work: Callable[[Engine], Awaitable[T]]) -> T:
    async def session() -> T:
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(session())


def _bench(options: argparse.Namespace) -> None:
    from s1demo.bench import bench, report

    begun = time.perf_counter()
    engine = open_engine(_settings(options))
    figures = {"start_up_seconds": time.perf_counter() - begun} | _with_engine(engine, bench)
    print(json.dumps(figures) if options.json else report(figures), flush=True)


if __name__ == "__main__":
    sys.exit(main())
