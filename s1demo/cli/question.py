"""What `ask`, `compare` and `probe` do: one question, its runs as text or as one JSON object."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.cli.engine import open_patiently, settings_of, with_engine
from s1demo.cli.terminal import TerminalWriter, timeline_table
from s1demo.decoding.merged import named
from s1demo.decoding.probe import ProbeAt, ProbePoint, run_and_probe
from s1demo.decoding.prompt import check_question
from s1demo.decoding.runs import compare as decode_together
from s1demo.engines import Engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import InputError
from s1demo.events import SamplingParams
from s1demo.policies import comparison_policies, read_policies
from s1demo.traces import Trace, TraceBuilder

PROBE_EVERY = 16  # thinking tokens between two probes, by default
_ASK = "run"  # name of the only run of `ask`


Items = AsyncGenerator[tuple[str, Any], None]


def ask(options: argparse.Namespace) -> None:
    """One run, as text while it goes on or as one JSON object."""
    traces, _, _ = _run(options, {_ASK: BudgetPolicy(**_policy_options(options))}, decode_together)
    if options.json:
        print(json.dumps(traces[_ASK].to_dict()), flush=True)


def compare(options: argparse.Namespace) -> None:
    """Several runs of one question, decoded together."""
    if options.policies is None:
        policies = comparison_policies(**_policy_options(options))
    elif given := [name for name in options.policy_defaults if getattr(options, name) is not None]:
        raise InputError(f"--policies says what each run does. Leave out --{given[0].replace('_', '-')}, or put it in there.")
    else:
        policies = read_policies(options.policies)
    traces, _, shared = _run(options, policies, decode_together)
    decoded, alone = shared.engine_tokens, shared.independent_tokens
    if options.json:
        runs = {name: trace.to_dict() for name, trace in traces.items()}
        print(json.dumps({"runs": runs, "engine_tokens": decoded, "independent_tokens": alone}), flush=True)
    else:
        print(f"\n-- {decoded:,} tokens decoded for all of them; one by one it would have been {alone:,} --", flush=True)


def probe(options: argparse.Namespace) -> None:
    """One run and what it would have answered on the way."""
    grid = None if options.lines or options.waits else PROBE_EVERY
    where = ProbeAt(grid if options.every is None else options.every, options.lines, options.waits)

    def decode(engine: Engine, question: str, policies: dict[str, BudgetPolicy], sampling: SamplingParams) -> Items:
        return named(_ASK, run_and_probe(engine, question, policies[_ASK], where, sampling))

    traces, points, _ = _run(options, {_ASK: BudgetPolicy(**_policy_options(options))}, decode)
    points.sort(key=lambda point: point.thinking_tokens)
    if options.json:
        print(json.dumps(traces[_ASK].to_dict() | {"points": [dataclasses.asdict(point) for point in points]}), flush=True)
    else:
        print(timeline_table(points), flush=True)


def _policy_options(options: argparse.Namespace) -> dict[str, Any]:
    """The policy's part of the options, with defaults for what was not given."""
    defaults: dict[str, Any] = options.policy_defaults
    given = {name: getattr(options, name) for name in defaults}
    return defaults | {name: value for name, value in given.items() if value is not None}


def _run(
    options: argparse.Namespace, policies: dict[str, BudgetPolicy], decode: Callable[..., Items]
) -> tuple[dict[str, Trace], list[ProbePoint], CoalescingEngine]:
    """The trace of each policy, the points probed in any order, and the engine, which has counted the tokens.

    Args:
        options: what was typed; without `json` the runs are written while they go on.
        policies: what to do to the thinking of each run.
        decode: called with engine, question, policies and sampling; yields (run name, event or point).

    Raises:
        InputError: a question that cannot work.
    """
    settings, question = settings_of(options), options.question
    check_question(question, settings.max_question_chars)
    sampling = SamplingParams(options.temperature, options.top_p, options.seed)
    coloured = sys.stdout.isatty() and not settings.no_color
    writer = None if options.json else TerminalWriter(list(policies), sys.stdout, titles=len(policies) > 1, coloured=coloured)
    points: list[ProbePoint] = []

    async def follow(engine: Engine) -> tuple[dict[str, Trace], list[ProbePoint], CoalescingEngine]:
        shared = CoalescingEngine(engine)
        builders = {name: TraceBuilder(question, engine.info, policy, sampling) for name, policy in policies.items()}
        async with aclosing(decode(shared, question, policies, sampling)) as items:
            async for name, item in items:
                if isinstance(item, ProbePoint):
                    points.append(item)
                    continue
                builders[name].add(item)
                if writer:
                    writer.write(name, item, builders[name].trace())
        return {name: builder.trace() for name, builder in builders.items()}, points, shared

    return with_engine(open_patiently(settings), follow)
