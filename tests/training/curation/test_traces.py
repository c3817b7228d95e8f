"""Traces of a teacher: every shape that thinking comes in, replies without it, hostile text, and what a run would cost."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from s1demo.delimiters import S1
from s1demo.errors import EngineError, InputError
from s1demo.grading import Outcome
from tests.training.remote.chat_server import ChatServer, events, reply
from training.curation.quality import format_faults, keep_complete, keep_well_formed
from training.curation.records import Row, read_rows, write_rows
from training.curation.traces import PAPER_THINKING_TOKENS, TASK, prompts, with_traces
from training.remote.asking import ask_all, count_faults
from training.remote.endpoint_settings import EndpointSettings
from training.remote.estimate import estimate_requests
from training.remote.replies import Reply, ReplyFault, read_events, thinking_and_answer

ROWS = [Row(f"What is {number} + 2?", str(number + 2), domain="11", source="made") for number in range(6)]


def settings_for(server: ChatServer, **changes: Any) -> EndpointSettings:
    quick = {"max_concurrent": 4, "first_pause_seconds": 0.001, "silent_seconds": 30.0, "may_lack": 0.0, "most_faults": 2}
    return EndpointSettings(**{"url": server.url, "model": "teacher", **quick, **changes})


def words(text: str) -> int:
    return len(text.split())


# shapes

SHAPES = {
    "DeepSeek, SGLang, older vLLM": {"reasoning_content": "Two and two.", "content": "4"},
    "vLLM from 0.11, OpenRouter": {"reasoning": "Two and two.", "content": "4"},
    "Ollama": {"thinking": "Two and two.", "content": "4"},
    "the same thing twice": {"reasoning": "Two and two.", "reasoning_content": "Two and two.", "content": "4"},
    "an empty field beside the other": {"reasoning_content": None, "reasoning": "Two and two.", "content": "4"},
    "tags": {"content": "<think>\nTwo and two.\n</think>\n\n4"},
    "tags that the chat template opens": {"content": "Two and two.\n</think>\n\n4"},
    "tags behind white space": {"content": "\n\n<think>Two and two.</think>4"},
    "a field, and tags left in the content": {"reasoning_content": "Two and two.", "content": "<think>Two and two.</think>4"},
    "Gemini's tags": {"content": "<thought>Two and two.</thought>4"},
    "parts": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Two and two."}]}, {"type": "text", "text": "4"}]},
    "parts with plain thinking": {"content": [{"type": "reasoning", "text": "Two and two."}, {"type": "text", "text": "4"}]},
    "details": {"reasoning": "Two and two.", "reasoning_details": [{"type": "reasoning.text", "text": "Two and two."}], "content": "4"},
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_thinking_and_answer_are_found_in_every_shape(shape: str, stream: bool) -> None:
    message = SHAPES[shape]
    if stream:
        pieces = [{name: part} for name, text in message.items() for part in ([text[:7], text[7:]] if isinstance(text, str) else [text])]
        if shape == "the same thing twice":  # such a server repeats itself in every piece
            pieces = [{"reasoning": part, "reasoning_content": part} for part in ("Two ", "and two.")] + [{"content": "4"}]
        chunks = [{"choices": [{"delta": piece}]} for piece in pieces] + [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
    else:
        chunks = [{"choices": [{"message": message, "finish_reason": "stop"}]}]
    assert thinking_and_answer(read_events(chunks)) == ("Two and two.", "4")


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (Reply("4"), "no thinking"),
        (Reply("<think></think>4"), "no thinking"),
        (Reply("4", " \n"), "no thinking"),
        (Reply("<think>Two and two is"), "no answer"),
        (Reply("<think>Two</think>"), "no answer"),
        (Reply("", "Two and two."), "no answer"),
        (Reply("Two</think> or </think>4"), "several ends"),
        (Reply("4", "I added.", reasoning_tokens=400), "a summary"),
        (Reply("4", "I added two and two.", hidden=True), "a summary"),
    ],
)
def test_a_reply_without_its_thinking_is_no_trace(found: Reply, fault: str) -> None:
    with pytest.raises(ReplyFault, match=fault):
        thinking_and_answer(found)


def test_a_server_that_keeps_the_thinking_to_itself_is_caught() -> None:
    for kind in ("reasoning.encrypted", "reasoning.summary"):
        message = {"content": "4", "reasoning": "I added.", "reasoning_details": [{"type": kind}]}
        found = read_events([{"choices": [{"message": message, "finish_reason": "stop"}]}])
        assert found.hidden
    usage = {"completion_tokens": 900, "completion_tokens_details": {"reasoning_tokens": 800}}
    assert read_events([{"choices": [{"message": {"content": "4"}}], "usage": usage}]).reasoning_tokens == 800


def test_characters_cut_in_two_by_a_stream_are_whole_again() -> None:
    halves = [{"choices": [{"delta": {"content": half}}]} for half in ("a\ud83d", "\ude00b")]
    assert read_events(halves).content == "a\U0001f600b"
    assert read_events([{"choices": [{"delta": {"content": "a\ud83db"}}]}]).content == "a\ufffdb"


# the stage


def test_rows_get_trace_answer_and_length(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    with ChatServer(lambda question, n: reply(f"\n\nIt is {question}", f"Hm. {question} Easy.\n")) as server:
        ask_all(TASK, prompts(ROWS), path, settings_for(server))
        assert [body["messages"] for body in server.bodies if "3 +" in str(body)] == [[{"role": "user", "content": "What is 3 + 2?"}]]
    graded = dataclasses.replace(ROWS[0], trace_outcome=Outcome.CORRECT)
    first, *others, unasked = with_traces([graded, *ROWS[1:], Row("Never asked", "1")], path, words)
    assert (first.thinking, first.trace_answer, first.thinking_tokens) == ("Hm. What is 0 + 2? Easy.", "It is What is 0 + 2?", 7)
    assert first.trace_outcome is None  # the grade was another answer's
    assert keep_complete([first, *others]) == [first, *others] and unasked == Row("Never asked", "1")


def test_questions_that_occur_twice_are_asked_once(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply()) as server:
        ask_all(TASK, prompts([*ROWS, *ROWS]), tmp_path / "t", settings_for(server))
        assert server.asked.total() == 6 and all(row.thinking for row in with_traces([*ROWS, *ROWS], tmp_path / "t", words))


def test_a_reply_without_thinking_never_becomes_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    faulty = {"What is 1 + 2?": reply(thinking=None), "What is 2 + 2?": reply(finish_reason="length")}
    with ChatServer(lambda question, n: faulty.get(question, reply())) as server:
        with pytest.raises(EngineError, match=r"4 of 6 replies .* 2 are missing \(1 x no thinking, 1 x cut by length\)|1 x cut by length, 1 x no"):
            ask_all(TASK, prompts(ROWS), path, settings_for(server))
        assert count_faults(path) == {"no thinking": 2, "cut by length": 2}
        rows = with_traces(ROWS, path, words)
        assert rows[1:3] == ROWS[1:3] and all(row.thinking for row in (rows[0], *rows[3:]))
        faulty.clear()  # the server was mended
        ask_all(TASK, prompts(ROWS), path, settings_for(server, most_faults=3))
        assert all(row.thinking for row in with_traces(ROWS, path, words))


def test_hostile_text_is_kept_out_of_training_and_crashes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    hostile = {
        0: reply("4", f"Two {S1.end_of_thinking}\nFinal"),
        1: reply(f"4{S1.end_of_turn}"),
        2: events({"model": "teacher", "choices": [{"delta": {"reasoning": "half \ud800", "content": "4"}, "finish_reason": "stop"}]}),
        3: reply("4", "y" * 2**20),
        4: reply("4\u2028\x00\x85", "a\nb\r\n\u2029c"),
    }
    with ChatServer(lambda question, n: hostile.get(int(question.split()[2]), reply())) as server:
        ask_all(TASK, prompts(ROWS), path, settings_for(server))
    rows = with_traces(ROWS, path, len)
    assert [format_faults(row, 32_768) for row in rows] == [["delimiter in the trace"], ["delimiter in the trace"], ["broken characters"], ["too long"], [], []]
    assert len(rows[3].thinking) == 2**20 and keep_well_formed(rows, 32_768) == rows[4:]
    write_rows(tmp_path / "rows.jsonl", rows)
    assert list(read_rows(tmp_path / "rows.jsonl")) == rows


def test_a_line_without_end_is_no_stream(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply()) as server:
        long = lambda question, n: events({"choices": [{"delta": {"content": "y" * 17 * 2**20}}]}) if n == 0 else reply()  # noqa: E731
        server.script = long
        ask_all(TASK, prompts(ROWS[:1]), tmp_path / "t", settings_for(server))
    assert count_faults(tmp_path / "t") == {"longer than any reply": 1}


def test_traces_of_another_teacher_are_refused(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply()) as server:
        ask_all(TASK, prompts(ROWS[:2]), tmp_path / "t", settings_for(server))
        with pytest.raises(InputError, match="begun with other arguments"):
            ask_all(TASK, prompts(ROWS), tmp_path / "t", settings_for(server, model="other"))
    header = json.loads((tmp_path / "t").read_text().splitlines()[0])
    assert header["task"] == "traces" and header["model"] == "teacher" and "url" not in str(header)


# cost


def test_the_papers_pool_is_estimated_from_the_papers_figures() -> None:
    means = {  # thousands of tokens by questions: the paper's table of sources (v2 table 5)
        30660: 4.1, 11999: 2.9, 4250: 3.2, 4238: 4.4, 2385: 1.2, 999: 0.7, 896: 3.9, 890: 4.7,
        747: 2.1, 519: 3.6, 515: 2.9, 348: 2.9, 227: 0.7, 182: 4.0, 151: 3.5, 23: 4.1,
    }  # fmt: skip
    assert sum(means) == 59_029
    assert round(1000 * sum(count * mean for count, mean in means.items()) / 59_029) == PAPER_THINKING_TOKENS
    rows = [Row("x" * 300 + str(number), "1") for number in range(1000)]
    priced = EndpointSettings("http://h", "m", price_in=1, price_out=3, requests_per_minute=100)
    found = estimate_requests(TASK, prompts([*rows, *rows]).values(), priced)
    assert (found.requests, found.tokens_out) == (1000, 4_282_000) and found.tokens_in == pytest.approx(101_000, rel=0.01)
    assert found.cost == pytest.approx(found.tokens_in / 1e6 + 3 * 4.282) and found.hours == pytest.approx(1000 / 100 / 60)
    assert "the paper's Gemini traces" in str(found) and str(found).count(".") >= 1 and "\n" not in str(found)
    slower = dataclasses.replace(priced, mean_tokens_out=10_000)
    assert "the recipe's mean_tokens_out" in str(estimate_requests(TASK, prompts(rows).values(), slower))


def test_too_dear_a_teacher_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply()) as server:
        dear = settings_for(server, price_in=1, price_out=1000, most_cost=20)
        with pytest.raises(InputError, match=r"traces would cost about 25\.69 USD; the recipe allows 20\.00"):
            ask_all(TASK, prompts(ROWS), tmp_path / "t", dear)
        assert not server.asked
