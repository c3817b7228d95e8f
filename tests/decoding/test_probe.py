"""The answer timeline against runs that really have these budgets, and the trunk with and without it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
from contextlib import aclosing
from itertools import pairwise

import pytest
import torch

from s1demo.__main__ import main
from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.probe import ProbeAt, ProbePoint, run_and_probe
from s1demo.decoding.runs import decode_batch
from s1demo.errors import InputError
from s1demo.events import Event, FinishReason, Phase, SamplingParams, Segment, Tokens
from s1demo.traces import Trace
from tests.drivers import stream_events, trace_of

QUESTION = "How many r in raspberry?"
EVERYWHERE = ProbeAt(every=5, lines=True, waits=True)
NATURAL = BudgetPolicy(AUTO, max_answer_tokens=12)
EXTENDED = BudgetPolicy(160, 2, "Hmm, let me check", 12)


def timeline(engine, trace: Trace, where: ProbeAt = EVERYWHERE) -> list[ProbePoint]:
    """The points of the same run once more."""
    return probed_run(engine, trace.question, trace.policy, where, trace.sampling)[1]


def probed_run(
    engine, question: str, policy: BudgetPolicy, where: ProbeAt, sampling=SamplingParams()
) -> tuple[list[Event], list[ProbePoint]]:
    async def collect():
        return [item async for item in run_and_probe(engine, question, policy, where, sampling)]

    items = asyncio.run(collect())
    points = [item for item in items if isinstance(item, ProbePoint)]
    return [item for item in items if not isinstance(item, ProbePoint)], sorted(points, key=lambda point: point.thinking_tokens)


def tokens_of(events: list[Event]) -> list[tuple]:
    return [(i, event.phase, event.origin) for event in events if isinstance(event, Tokens) for i in event.token_ids]


def inside_an_extension(engine, trace: Trace, point: int) -> bool:
    """Where a run of this budget ends before the extension, as no token would fit behind it."""
    length = len(engine.tokenizer.encode(trace.policy.extension))
    return any(position < point <= position + length for position in trace.wait_positions)


@pytest.mark.parametrize(
    "question, policy, sampling",
    [
        (QUESTION, NATURAL, SamplingParams()),
        ("Which is larger, 9.11 or 9.8?", EXTENDED, SamplingParams()),
        pytest.param("What is 27+48+36+9?", EXTENDED, SamplingParams(temperature=0.8, seed=7), marks=pytest.mark.slow),
    ],
)
def test_a_point_is_the_answer_of_a_run_with_that_budget(engine, question, policy, sampling):
    trace = trace_of(engine, question, policy, sampling)
    points = [p for p in timeline(engine, trace) if not inside_an_extension(engine, trace, p.thinking_tokens)]
    if policy is EXTENDED:
        assert trace.waits_used == 2
    assert len(points) > 6
    budgets = [
        dataclasses.replace(policy, max_thinking_tokens=p.thinking_tokens, num_ignore=p.thinking_tokens and policy.num_ignore)
        for p in points
    ]
    runs = asyncio.run(decode_batch(engine, [(question, budget) for budget in budgets], sampling))
    answers = [[i for e in run if isinstance(e, Tokens) and e.phase is Phase.ANSWER for i in e.token_ids] for run in runs]
    assert [list(p.answer_ids) for p in points] == answers
    one = points[len(points) // 2]
    run = trace_of(engine, question, budgets[len(points) // 2], sampling)
    assert (one.answer_text, one.answer) == (run.answer_text, run.answer)


def test_probing_does_not_disturb_the_trunk(engine):
    for question in (QUESTION, "What is 27+48+36+9?"):
        events, _ = probed_run(engine, question, EXTENDED, EVERYWHERE)
        assert tokens_of(events) == tokens_of(stream_events(engine, question, EXTENDED))
        texts = [event.text for event in events if isinstance(event, Tokens)]
        assert "".join(texts) == "".join(e.text for e in stream_events(engine, question, EXTENDED) if isinstance(e, Tokens))


def test_points_come_while_the_trace_grows(engine):
    async def order() -> list[str]:
        kinds = []
        async for item in run_and_probe(engine, QUESTION, BudgetPolicy(200, 6), ProbeAt(every=4)):
            kinds.append("point" if isinstance(item, ProbePoint) else "event")
        return kinds

    kinds = asyncio.run(order())
    first_point, last_event = kinds.index("point"), len(kinds) - 1 - kinds[::-1].index("event")
    assert kinds[first_point:last_event].count("point") > 3


def test_where_it_asks(engine):
    trace = trace_of(engine, QUESTION, EXTENDED)
    n, extension = trace.thinking_tokens, len(engine.tokenizer.encode(EXTENDED.extension))
    thinking_ids = trace.token_ids[:n]

    def places(**where) -> list[int]:
        return [point.thinking_tokens for point in timeline(engine, trace, ProbeAt(**where))]

    assert places(every=16) == sorted({*range(0, n, 16), n})
    line_ends = [i for i in range(1, n + 1) if engine.tokenizer.hub.decode(thinking_ids[:i]).endswith("\n")]
    assert places(lines=True) == sorted({*line_ends, n}) and len(line_ends) > 1
    spread, apart = line_ends[:1], line_ends[1] - line_ends[0] + 1
    spread += [end for end in line_ends if end >= spread[-1] + apart][:1]
    assert places(lines=True, apart=apart)[: len(spread)] == spread and line_ends[1] not in spread
    assert all(later - earlier >= apart for earlier, later in pairwise(places(lines=True, apart=apart)[:-1]))
    assert places(waits=True) == sorted({*trace.wait_positions, *(p + extension for p in trace.wait_positions), n})


def test_ends_that_were_only_suppressed_are_places_too(engine):
    trace = trace_of(engine, QUESTION, dataclasses.replace(EXTENDED, extension=""))
    assert len(trace.wait_positions) == 2
    points = [point.thinking_tokens for point in timeline(engine, trace, ProbeAt(waits=True))]
    assert points == sorted({*trace.wait_positions, trace.thinking_tokens})


def test_the_probability_is_the_models_own_and_the_stop_counts(engine):
    trace = trace_of(engine, QUESTION, NATURAL)
    for point in timeline(engine, trace, ProbeAt(every=20)):
        run = trace_of(engine, QUESTION, dataclasses.replace(NATURAL, max_thinking_tokens=point.thinking_tokens))
        sampled = list(point.answer_ids) + [engine.tokenizer.end_of_turn_id] * (run.finish_reason is FinishReason.STOP)
        before = [*run.prompt_ids, *run.token_ids[: len(run.token_ids) - len(point.answer_ids)]]
        with torch.inference_mode():
            logits = engine.model(torch.tensor([before + sampled])).logits[0, len(before) - 1 : -1]
        by_forward = logits.log_softmax(dim=-1)[range(len(sampled)), sampled].sum().exp().item()
        assert 0 < point.probability <= 1
        assert point.probability == pytest.approx(by_forward, abs=1e-4)


class Forgetful:
    """The engine, but one that cannot tell all probabilities."""

    def __init__(self, engine, keep: int) -> None:
        self.engine, self.keep = engine, keep
        self.info, self.tokenizer = engine.info, engine.tokenizer

    async def stream(self, request):
        async with aclosing(self.engine.stream(request)) as segments:
            parts = [segment async for segment in segments]
        whole = Segment.joined(parts)
        yield dataclasses.replace(whole, logprobs=whole.logprobs[: self.keep - 1] if self.keep and whole.logprobs else None)


@pytest.mark.parametrize("keep", [0, 1])
def test_a_probability_that_is_not_wholly_known_is_not_made_up(engine, keep):
    trace = trace_of(engine, QUESTION, NATURAL)
    known, unknown = timeline(engine, trace, ProbeAt(every=50)), timeline(Forgetful(engine, keep), trace, ProbeAt(every=50))
    assert unknown == [dataclasses.replace(point, probability=None) for point in known]


def test_a_probe_costs_its_answer_and_little_more(engine):
    trace = trace_of(engine, QUESTION, EXTENDED)
    fed = engine.decoder.tokens_fed
    trace_of(engine, QUESTION, EXTENDED)
    alone, fed = engine.decoder.tokens_fed - fed, engine.decoder.tokens_fed
    points = timeline(engine, trace, ProbeAt(every=8))
    answers = sum(len(point.answer_ids) for point in points)
    assert engine.decoder.tokens_fed - fed <= alone + answers + len(points) * 10  # the delimiter, the stop, and what was cut between two


def test_leaving_stops_run_and_probes(engine):
    async def leave() -> None:
        async with aclosing(run_and_probe(engine, QUESTION, BudgetPolicy(600, 50), ProbeAt(every=2))) as items:
            async for item in items:
                if isinstance(item, ProbePoint):
                    break
        assert engine.active_requests == 0

    asyncio.run(leave())


def test_impossible_places_are_refused():
    with pytest.raises(InputError, match="no point to probe at"):
        ProbeAt()
    with pytest.raises(InputError, match="from 1 up"):
        ProbeAt(every=0)


def test_the_command_line(capsys):
    assert main(["probe", QUESTION, "--every", "16", "--waits", "--num-ignore", "1", "--json"]) == 0
    run = json.loads(capsys.readouterr().out)
    points = run["points"]
    assert Trace.from_dict(run).question == QUESTION, "it is ask's object, and points"
    assert [point["thinking_tokens"] for point in points] == sorted(
        {
            *range(0, run["thinking_tokens"], 16),
            *run["wait_positions"],
            *(p + 1 for p in run["wait_positions"]),
            run["thinking_tokens"],
        }
    )
    assert set(points[0]) == {"thinking_tokens", "answer", "probability", "answer_text", "answer_ids"}
    assert all(0 < point["probability"] <= 1 and math.isfinite(point["probability"]) for point in points)
    assert main(["probe", QUESTION, "--max-thinking-tokens", "8"]) == 0
    table = capsys.readouterr().out.strip().splitlines()[-3:]
    assert [line.split()[0] for line in table] == ["stopped", "0", "8"]
    assert main(["probe", QUESTION, "--every", "0"]) == 2
