"""Folding events into traces, saving them, replaying them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.runs import run
from s1demo.engines import open_engine
from s1demo.engines.replay import replay as replay_of
from s1demo.errors import InputError, ModelError
from s1demo.events import FinishReason, Origin, Phase, SamplingParams
from s1demo.policies import comparison_policies
from s1demo.settings import Settings
from s1demo.traces import Trace, read_traces
from tests.drivers import stream_events, token_ids, trace_of

QUESTION = "How many r in strawberry?"
POLICIES = [
    *comparison_policies(10, 2).values(),
    BudgetPolicy(0),
    BudgetPolicy(40, 3),
    BudgetPolicy(AUTO, 1, max_answer_tokens=1),
    BudgetPolicy(AUTO, 2, extension=""),
]


def write_traces(path, traces):
    path.write_text("".join(json.dumps(trace.to_dict()) + "\n" for trace in traces))


@pytest.fixture(scope="module")
def traces(engine):
    return [trace_of(engine, QUESTION, policy) for policy in POLICIES]


def test_counts_come_from_ids_and_leave_delimiters_out(engine, traces):
    for trace in traces:
        assert len(trace.token_ids) == len(trace.phases) == len(trace.origins) == len(trace.token_seconds)
        thinking = [i for i, phase in zip(trace.token_ids, trace.phases, strict=True) if phase is Phase.THINKING]
        assert trace.thinking_tokens == len(thinking) <= trace.thinking_budget
        assert trace.thinking_tokens + trace.answer_tokens + trace.phases.count(Phase.DELIMITER) == len(trace.token_ids)
        assert not set(thinking) & {engine.tokenizer.encode("<|im_start|>", special=True)[0], engine.tokenizer.end_of_turn_id}
        forced_thinking = sum(o is Origin.FORCED and p is Phase.THINKING for o, p in zip(trace.origins, trace.phases, strict=True))
        assert forced_thinking == trace.waits_used * len(engine.tokenizer.encode(trace.policy.extension))
        assert trace.seconds >= trace.token_seconds[-1] >= trace.token_seconds[0] >= 0


def test_text_is_the_text_of_the_ids_phase_by_phase(engine, traces):
    hot = [trace_of(engine, QUESTION, policy, SamplingParams(temperature=3.0, seed=3)) for policy in POLICIES]
    for trace in [*traces, *hot]:
        for phase, text in zip(Phase, (trace.thinking_text, trace.delimiter_text, trace.answer_text), strict=True):
            ids = [i for i, p in zip(trace.token_ids, trace.phases, strict=True) if p is phase]
            assert text == engine.tokenizer.hub.decode(ids, skip_special_tokens=False)


def test_segments_are_what_the_engine_served(traces):
    for trace in traces:
        segments = trace.segments()
        assert all(segment.sampling == trace.sampling for segment in segments)
        assert sum(len(segment.token_ids) for segment in segments) == trace.sampled_tokens
        assert len(segments) == (1 if trace.thinking_budget else 0) + trace.waits_used + 1
        cut = trace.end_of_thinking != "natural" and trace.thinking_budget
        thinking_reasons = [s.finish_reason for s in segments[:-1]]
        assert thinking_reasons == [FinishReason.STOP] * (len(thinking_reasons) - bool(cut)) + [FinishReason.LENGTH] * bool(cut)


def test_traces_survive_json_lines(traces, tmp_path):
    path = tmp_path / "traces.jsonl"
    write_traces(path, traces)
    for before, after in zip(traces, read_traces(path), strict=True):
        assert json.loads(json.dumps(before.to_dict())) == json.loads(json.dumps(after.to_dict()))


@pytest.mark.parametrize(
    "line, complaint",
    [("{", "not JSON"), ("[1]", "no JSON object"), ('{"question": 3}', "not a recorded trace"), ('{"runs": 3}', "not a recorded")],
)
def test_damaged_recordings_say_so(tmp_path, line, complaint):
    path = tmp_path / "bad.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(InputError, match=complaint):
        list(read_traces(path))


def test_odd_text_survives_a_recording(traces, tmp_path):
    odd = dataclasses.replace(traces[0], question="a\u2028b\u0085c \ud83d \x1b[31m", thinking_text="\u2029")
    path = tmp_path / "odd.jsonl"
    write_traces(path, [odd, odd])
    assert [trace.question for trace in read_traces(path)] == [odd.question] * 2


@pytest.mark.parametrize("field, value", [("prompt_ids", None), ("context_length", "x"), ("question", None), ("token_ids", ["a"]), ("policy", 3), ("phases", ["dreaming"])])
def test_fields_of_the_wrong_kind_are_named(traces, field, value):
    with pytest.raises(InputError, match="not a recorded trace"):
        Trace.from_dict(traces[0].to_dict() | {field: value})


def test_recordings_of_two_models_are_refused(engine, traces):
    with pytest.raises(ModelError, match="several models"):
        replay_of([traces[0], dataclasses.replace(traces[0], model="other")], engine.tokenizer)


def test_half_a_character_is_shown_where_it_was_written(engine):
    emoji = engine.tokenizer.encode("🍓")
    assert len(emoji) > 1
    stream = engine.tokenizer.text_stream()
    assert stream.text(tuple(emoji)) == "🍓" and stream.flush() == ""
    assert stream.text((*engine.tokenizer.encode("a"), emoji[0])) == "a"
    assert "\N{REPLACEMENT CHARACTER}" in stream.flush()
    assert stream.flush() == "" and stream.text(tuple(engine.tokenizer.encode("b"))) == "b"


def test_a_trace_with_lists_of_different_lengths_is_refused(traces):
    record = traces[0].to_dict()
    record["phases"] = record["phases"][:-1]
    with pytest.raises(InputError, match="damaged"):
        Trace.from_dict(record)


def test_replay_gives_the_recorded_ids(engine, traces):
    replay = replay_of(traces, engine.tokenizer, speed=0)
    for trace, policy in zip(traces, POLICIES, strict=True):
        assert token_ids(stream_events(replay, QUESTION, policy)) == trace.token_ids
        assert trace_of(replay, QUESTION, policy).answer == trace.answer
    assert replay.active_requests == 0


def test_replay_refuses_what_was_not_recorded(engine, traces):
    replay = replay_of(traces, engine.tokenizer, speed=0)
    for question, policy, sampling in [
        ("How many r in carrot?", BudgetPolicy(), SamplingParams()),
        (QUESTION, BudgetPolicy(extension="Hmm", num_ignore=1), SamplingParams()),
        (QUESTION, BudgetPolicy(), SamplingParams(temperature=1.0)),
    ]:
        with pytest.raises(InputError, match="strawberry"):
            stream_events(replay, question, policy, sampling)
    with pytest.raises(ModelError, match="no recorded traces"):
        replay_of([], engine.tokenizer)


def test_replay_keeps_the_recorded_timing(engine, traces):
    slow = dataclasses.replace(traces[1])
    slow.token_seconds = [0.02 * (i + 1) for i in range(len(slow.token_ids))]
    for speed in (1.0, 4.0):
        begun = time.perf_counter()
        stream_events(replay_of([slow], engine.tokenizer, speed), QUESTION, POLICIES[1])
        elapsed = time.perf_counter() - begun
        expected = 0.02 * slow.sampled_tokens / speed
        assert 0.9 * expected < elapsed < 3 * expected + 0.5


def test_stopping_a_replay_ends_it(engine, traces):
    slow = dataclasses.replace(traces[1])
    slow.token_seconds = [10.0 * (i + 1) for i in range(len(slow.token_ids))]
    replay = replay_of([slow], engine.tokenizer)

    async def leave():
        events = run(replay, QUESTION, POLICIES[1])
        task = asyncio.ensure_future(events.__anext__())
        await task  # RunStarted
        task = asyncio.ensure_future(events.__anext__())
        await asyncio.sleep(0.05)
        assert replay.active_requests == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return replay.active_requests

    assert asyncio.run(leave()) == 0


def test_the_embedded_recording_replays_without_a_model():
    replay = open_engine(Settings(engine="replay", replay_speed=0))
    trace = trace_of(replay, QUESTION, comparison_policies(16, 2)["extended"])
    assert trace.finish_reason is FinishReason.STOP
    assert trace.waits_used == 2
