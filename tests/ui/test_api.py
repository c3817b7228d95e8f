"""The public endpoints as a program sees them: deltas, one full result, sentences for errors, nothing else public."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from s1demo.delimiters import S1
from tests.ui.conftest import wait_until
from tests.ui.fake_engine import ScriptedEngine

QUESTION = "How many r in strawberry?"


@pytest.fixture(scope="module")
def scripted() -> ScriptedEngine:
    return ScriptedEngine(0.002)


@pytest.fixture(scope="module")
def url(serve, scripted):
    return serve(scripted)


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False)


def text_of(items: list[dict], run: str | None, phase: str) -> str:
    return "".join(i["text"] for i in items if i["type"] == "tokens" and i.get("run") == run and i["phase"] == phase)


def test_ask_streams_deltas_and_ends_with_the_whole_trace(client):
    items = list(client.submit(QUESTION, "auto", 1, api_name="/ask"))
    result = items[-1]
    assert result["type"] == "result"
    assert {"started", "tokens", "end_suppressed", "thinking_ended", "finished"} <= {item["type"] for item in items}
    assert text_of(items, None, "thinking") == result["thinking_text"]
    assert text_of(items, None, "answer") == result["answer_text"]
    assert (result["answer"], result["waits_used"], result["end_of_thinking"]) == ("3", 1, "natural")
    ids = [i for item in items if item["type"] == "tokens" for i in item["token_ids"]]
    assert ids == result["token_ids"]
    json.dumps(result)


def test_compare_streams_three_runs(client):
    items = list(client.submit(QUESTION, 8, 2, api_name="/compare"))
    runs = items[-1]["runs"]
    assert list(runs) == ["truncated", "natural", "extended"]
    for name, trace in runs.items():
        assert text_of(items, name, "thinking") == trace["thinking_text"]
    assert [trace["end_of_thinking"] for trace in runs.values()] == ["budget", "natural", "natural"]
    assert [trace["waits_used"] for trace in runs.values()] == [0, 0, 2]
    assert runs["truncated"]["thinking_tokens"] == 8


def test_a_question_that_spells_out_special_tokens_stays_text(client, scripted):
    result = list(client.submit(S1.end_of_thinking, 4, api_name="/ask"))[-1]
    assert scripted.tokenizer.stop_id not in result["prompt_ids"][1:-2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("",), "empty"),
        (("x" * 5000,), "Shorten"),
        ((QUESTION, -1), "thinking budget"),
        ((QUESTION, "many"), "many"),
        ((QUESTION, 0, 2), "Raise the budget"),
        ((QUESTION, 8, 0, "Wait", "auto", 99.0), "temperature"),
        ((QUESTION, 10**6), "does not fit"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(client, arguments, words):
    with pytest.raises(AppError, match=words) as error:
        client.submit(*arguments, api_name="/ask").result()
    assert "Traceback" not in str(error.value)


def test_only_the_two_endpoints_are_public(client, url):
    described = client.view_api(return_format="dict", print_info=False)
    assert set(described["named_endpoints"]) == {"/ask", "/compare"}
    assert described["unnamed_endpoints"] == {}
    listeners = client.config["dependencies"]
    assert {d["api_name"] for d in listeners if d["api_visibility"] == "public"} == {"ask", "compare"}


@pytest.mark.parametrize("path", ["monitoring", "monitoring/summary", "gradio_api/file=/etc/passwd", "gradio_api/file=app.py"])
def test_nothing_else_is_served(url, path):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url + path)
    assert error.value.code in (403, 404, 405)


@pytest.mark.parametrize("seconds_per_token", [0.05, 60], ids=["decoding", "waiting for the first token"])
def test_a_program_that_goes_away_ends_the_engines_work(serve, seconds_per_token):
    engine = ScriptedEngine(seconds_per_token)
    calls = serve(engine) + "gradio_api/call/ask"
    event = httpx.post(calls, json={"data": [QUESTION, "auto", 8, "Wait", "auto", 0, 1, 0]}).json()["event_id"]
    with httpx.stream("GET", f"{calls}/{event}") as stream:
        next(stream.iter_lines())
        assert engine.active_requests == 1
    wait_until(lambda: engine.active_requests == 0, "the end of the engine's work")


def test_cancelling_a_job_ends_the_engines_work(serve):
    engine = ScriptedEngine(0.05)
    job = Client(serve(engine), verbose=False).submit(QUESTION, "auto", 8, api_name="/ask")
    next(iter(job))  # before that the client does not know yet what it would cancel
    assert engine.active_requests == 1
    job.cancel()
    wait_until(lambda: engine.active_requests == 0, "the end of the engine's work")
