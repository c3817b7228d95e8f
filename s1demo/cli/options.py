"""What can be typed: commands, their options and defaults, and what each says of itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from s1demo.budget import AUTO, Limit
from s1demo.cli import benchmark, question
from s1demo.cli.terminal import one_line
from s1demo.delimiters import EXTENSION
from s1demo.evals.benchmarks import SOURCES
from s1demo.settings import ENGINES

_SWEEP = f"""Measure accuracy against thinking tokens: budgets, natural stopping and forced Waits, every question once.

The thinking under a budget is a prefix of the natural one, and k + 1 Waits go on from k, so one pass gives the token
ids of one run per setting for little more than the longest. With --samples, natural runs at a temperature and the
majority of their answers instead (a tie goes to the answer sampled first).

benchmarks: mini (s1-mini's held-out problems), {", ".join(SOURCES)} (from the Hugging Face Hub), or FILE.jsonl with
            {{"question": ..., "answer": ...}} on each line, "domain" and "phrasing" too where known, and with
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
        self.exit(benchmark.BAD_INPUT, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line; each command's function is in its `command`."""
    parser = _OneLineParser(prog="s1demo", description="Budget forcing on the command line.")
    commands = parser.add_subparsers(required=True, metavar="ask | compare | probe | sweep | grade | bench")

    def add(name: str, command: Callable[[argparse.Namespace], object], **texts: Any) -> argparse.ArgumentParser:
        added = commands.add_parser(name, formatter_class=argparse.RawDescriptionHelpFormatter, **texts)
        added.set_defaults(command=command)
        return added

    ask = add("ask", question.ask, help="one budget-forced run", epilog=_DASHES)
    _add_run_options(ask, {"max_thinking_tokens": AUTO, "num_ignore": 0})
    says = "truncated, natural and extended runs of one question, or any others"
    side_by_side = add("compare", question.compare, help=says, description=_COMPARING, epilog=f"{_POLICIES}\n\n{_DASHES}")
    side_by_side.add_argument("--policies", metavar="JSON|@FILE", help="other runs than these three (see below)")
    _add_run_options(side_by_side, {"max_thinking_tokens": 16, "num_ignore": 2})
    timeline = add("probe", question.probe, help="what the model would answer at each point of its thinking", epilog=_DASHES)
    timeline.add_argument("--every", type=_whole, metavar="N", help=f"every N thinking tokens (default {question.PROBE_EVERY})")
    timeline.add_argument("--lines", action="store_true", help="behind each line; no default for --every then")
    timeline.add_argument("--waits", action="store_true", help="before each suppressed end and behind its extension, likewise")
    _add_run_options(timeline, {"max_thinking_tokens": AUTO, "num_ignore": 0})
    says = "accuracy against thinking on a benchmark, in one pass over shared prefixes"
    _add_sweep_options(add("sweep", benchmark.sweep, help=says, description=_SWEEP, epilog=_RESUMING))
    grade = add("grade", benchmark.grade, help="grade a file of answers", description=_GRADE)
    grade.add_argument("file", type=Path, metavar="FILE.jsonl")
    bench = add("bench", benchmark.bench, help="how fast this machine runs the exhibit")
    bench.add_argument("--ui", action="store_true", help="what the page costs instead, in a Chromium and for a class (no model)")
    _add_engine_options(bench)
    return parser


def _add_run_options(parser: argparse.ArgumentParser, policy_defaults: dict[str, Any]) -> None:
    """Question, policy, sampling and engine; policy options are None where they were not given."""
    parser.set_defaults(policy_defaults={"extension": EXTENSION, "max_answer_tokens": AUTO, **policy_defaults})
    parser.add_argument("question", metavar="QUESTION")
    parser.add_argument("--max-thinking-tokens", type=_limit, metavar="N|auto", help="thinking budget")
    parser.add_argument("--num-ignore", type=_whole, metavar="K", help="ends of thinking to suppress")
    parser.add_argument("--extension", metavar="TEXT", help=f"appended at each of them (default {EXTENSION}; '': nothing)")
    parser.add_argument("--max-answer-tokens", type=_limit, metavar="M|auto")
    parser.add_argument("--top-p", type=_number, default=1.0, metavar="P")
    _add_sampling_and_engine_options(parser, "of sampling")


def _add_sampling_and_engine_options(parser: argparse.ArgumentParser, of_what: str) -> None:
    parser.add_argument("--temperature", type=_number, default=0.0, metavar="T", help="0 is greedy")
    parser.add_argument("--seed", type=_whole, default=0, metavar="S", help=of_what)
    _add_engine_options(parser)


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=ENGINES, help="what decodes (default: S1_ENGINE or transformers)")
    parser.add_argument("--model", metavar="PATH_OR_HUB_ID", help="with --engine replay: a file of recorded traces")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout and nothing else there")


def _add_sweep_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--benchmark", required=True, metavar="NAME|FILE.jsonl", help="what to ask (see above)")
    parser.add_argument("--out", required=True, type=Path, metavar="RUN.json", help="where the result goes")
    budgets, waits = (",".join(map(str, listed)) for listed in (benchmark.BUDGETS, benchmark.WAITS))
    parser.add_argument("--budgets", type=numbers_of, metavar="N,...", help=f"thinking budgets (default {budgets}; '' for none)")
    parser.add_argument("--waits", type=numbers_of, metavar="K,...", help=f"ends to suppress (default {waits}; '' for none)")
    parser.add_argument("--extension", default=EXTENSION, metavar="TEXT", help=f"appended at each of them (default {EXTENSION})")
    parser.add_argument("--samples", type=_whole, default=1, metavar="n", help="votes: natural runs sampled per question")
    parser.add_argument("--limit", type=_whole, metavar="N", help="only the first N questions")
    _add_sampling_and_engine_options(parser, "of sampling and of the bootstrap")


def numbers_of(text: str) -> tuple[int, ...]:
    """Numbers with commas between."""
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
