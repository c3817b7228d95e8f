"""What `ask`, `compare` and `probe` do: one question, its runs as text or as one JSON object."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from contextlib import aclosing
from typing import Any

from s1demo.budget import BudgetPolicy
from s1demo.cli.engine import open_patiently, settings_of, with_engine
from s1demo.cli.terminal import TerminalWriter, timeline_table
from s1demo.decoding.probe import ProbeAt, ProbePoint, run_and_probe
from s1demo.decoding.prompt import check_question
from s1demo.decoding.runs import compare as decode_together
from s1demo.engines import Engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import InputError
from s1demo.events import SamplingParams
from s1demo.policies import comparison_policies, read_policies
from s1demo.settings import Settings
from s1demo.traces import Trace, TraceBuilder

PROBE_EVERY = 16  # thinking tokens between two probes, by default
_ASK = "run"  # name of the only run of `ask`


def ask(options: argparse.Namespace) -> None:
    """One run, as text while it goes on or as one JSON object."""
    traces, _ = _run(options, {_ASK: BudgetPolicy(**_policy_options(options))})
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
    traces, tokens = _run(options, policies)
    if options.json:
        print(json.dumps({"runs": {name: trace.to_dict() for name, trace in traces.items()}, **tokens}), flush=True)
    else:
        decoded, alone = (f"{tokens[name]:,}" for name in ("engine_tokens", "independent_tokens"))
        print(f"\n-- {decoded} tokens decoded for all of them; one by one it would have been {alone} --", flush=True)


def probe(options: argparse.Namespace) -> None:
    """One run and what it would have answered on the way."""
    grid = None if options.lines or options.waits else PROBE_EVERY
    where = ProbeAt(grid if options.every is None else options.every, options.lines, options.waits)
    policy = BudgetPolicy(**_policy_options(options))
    settings, sampling, writer = _prepare(options, [_ASK])

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

    trace, points = with_engine(open_patiently(settings), run_and_collect)
    if options.json:
        print(json.dumps(trace.to_dict() | {"points": [dataclasses.asdict(point) for point in points]}), flush=True)
    else:
        print(timeline_table(points), flush=True)


def _policy_options(options: argparse.Namespace) -> dict[str, Any]:
    """The policy's part of the options, with defaults for what was not given."""
    defaults: dict[str, Any] = options.policy_defaults
    given = {name: getattr(options, name) for name in defaults}
    return defaults | {name: value for name, value in given.items() if value is not None}


def _prepare(options: argparse.Namespace, names: list[str]) -> tuple[Settings, SamplingParams, TerminalWriter | None]:
    """The settings, the sampling, and what writes the named runs; none for JSON. Refuses a question that cannot work."""
    settings = settings_of(options)
    check_question(options.question, settings.max_question_chars)
    coloured = sys.stdout.isatty() and not settings.no_color
    writer = None if options.json else TerminalWriter(names, sys.stdout, titles=len(names) > 1, coloured=coloured)
    return settings, SamplingParams(options.temperature, options.top_p, options.seed), writer


def _run(options: argparse.Namespace, policies: dict[str, BudgetPolicy]) -> tuple[dict[str, Trace], dict[str, int]]:
    """The trace of each policy, and the tokens they took together and would have taken one by one."""
    settings, sampling, writer = _prepare(options, list(policies))
    return with_engine(open_patiently(settings), lambda engine: _stream(engine, options.question, policies, sampling, writer))


async def _stream(
    engine: Engine, question: str, policies: dict[str, BudgetPolicy], sampling: SamplingParams, writer: TerminalWriter | None
) -> tuple[dict[str, Trace], dict[str, int]]:
    shared = CoalescingEngine(engine)
    builders = {name: TraceBuilder(question, engine.info, policy, sampling) for name, policy in policies.items()}
    async with aclosing(decode_together(shared, question, policies, sampling)) as events:
        async for name, event in events:
            builders[name].add(event)
            if writer:
                writer.write(name, event, builders[name].trace())
    traces = {name: builder.trace() for name, builder in builders.items()}
    return traces, {"engine_tokens": shared.engine_tokens, "independent_tokens": shared.independent_tokens}
