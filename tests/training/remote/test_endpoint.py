"""Asking a remote model: a real local server that fails, stalls and lies; nothing is lost, nothing is asked twice, no key is told."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import multiprocessing
import os
import signal
import time
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from s1demo.engines.servers.completions import ServerFault, refusal
from s1demo.errors import EngineError, InputError
from s1demo.reading import fill
from tests.training.remote.chat_server import Act, ChatServer, Script, events, hang_up, raw, reply, stall, status
from training.remote import endpoint as endpoint_module
from training.remote.asking import ask_all, count_faults, good_replies
from training.remote.endpoint import ChatEndpoint, Pace
from training.remote.endpoint_settings import EndpointSettings
from training.remote.estimate import Task, estimate_requests
from training.remote.replies import Reply, ReplyFault

KEY = "sk-verysecret-0123456789"
TASK = Task("tests", lambda reply: None, mean_tokens_out=100, basis="made up")


def settings_for(server: ChatServer, **changes: Any) -> EndpointSettings:
    quick = {"max_concurrent": 4, "first_pause_seconds": 0.001, "tries": 4, "silent_seconds": 30.0, "may_lack": 0.0}
    return EndpointSettings(**{"url": server.url, "model": "teacher", **quick, **changes})


def questions(n: int) -> dict[str, str]:
    return {f"id{number}": f"question {number}" for number in range(n)}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def good(path: Path) -> dict[str, Reply]:
    return dict(good_replies(path))


# requests and replies


@pytest.mark.parametrize("stream", [True, False])
def test_every_question_is_asked_once_and_its_reply_kept(tmp_path: Path, stream: bool) -> None:
    path, deadline = tmp_path / "deep" / "journal.jsonl", time.monotonic() + 10

    def when_four_wait(question: str, _n: int) -> Act:
        answer = reply(f"answer to {question}")

        async def act(*connection: Any) -> None:
            while server.most_at_once < 4 and time.monotonic() < deadline:
                await asyncio.sleep(0.001)
            await answer(*connection)

        return act

    with ChatServer(when_four_wait) as server:
        settings = settings_for(server, stream=stream, max_tokens=77, temperature=0.5, extra={"top_k": 1})
        ask_all(dataclasses.replace(TASK, system="Be brief."), questions(30), path, settings)
    assert server.asked == {question: 1 for question in questions(30).values()} and server.most_at_once == 4
    assert {key: found.content for key, found in good(path).items()} == {key: f"answer to {text}" for key, text in questions(30).items()}
    assert good(path)["id3"] == Reply("answer to question 3", "2 + 2 = 4.", "stop", "teacher", 10, 20)
    body = server.bodies[0]
    assert [message["role"] for message in body["messages"]] == ["system", "user"] and body["messages"][0]["content"] == "Be brief."
    assert (body["max_tokens"], body["temperature"], body["top_k"], "stream" in body) == (77, 0.5, 1, stream)
    assert set(server.paths) == {"/v1/chat/completions"} and "authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        ("https://api.deepseek.com/v1", "https://api.deepseek.com/v1"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ],
)
def test_addresses(url: str, asked: str) -> None:
    assert EndpointSettings(url, "m").base_url == asked


TRANSIENT = {
    "500": status(500),
    "502 in html": raw(b"<html>bad gateway</html>", "text/html"),
    "429": status(429, headers={"Retry-After": "0"}),
    "503": status(503),
    "hang up": hang_up(),
    "stall": stall(),
    "cut in the middle": events({"choices": [{"delta": {"content": "half"}}]}, end=False),
    "ends without a reason": events({"choices": [{"delta": {"content": "half"}}]}),
    "error after 200": events({"error": {"message": "overloaded", "code": 503}}),
}


@pytest.mark.parametrize("name", TRANSIENT)
def test_what_passes_is_tried_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / "journal.jsonl"
    with ChatServer(lambda question, n: TRANSIENT[name] if n < 2 else reply(question)) as server:
        ask_all(TASK, questions(3), path, settings_for(server, silent_seconds=1.0 if name == "stall" else 30.0))
    assert {found.content for found in good(path).values()} == set(questions(3).values())
    assert set(server.asked.values()) == {3}
    assert count_faults(path) == ({"not JSON but text/html": 6} if name == "502 in html" else {})


def test_a_reply_that_drips_for_ever_is_given_up(tmp_path: Path) -> None:
    async def drip(reader: Any, writer: Any, body: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"e\r\n: keep-alive\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    with ChatServer(lambda question, n: drip if n == 0 else reply()) as server:
        ask_all(TASK, questions(1), tmp_path / "j", settings_for(server, reply_seconds=1.0))
    assert server.asked["question 0"] == 2 and len(good(tmp_path / "j")) == 1


def test_an_endless_body_is_not_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "_LONGEST_REPLY", 10_000)
    with ChatServer(lambda question, n: raw(b'"' + b"x" * 100_000) if n == 0 else reply()) as server:
        ask_all(TASK, questions(1), tmp_path / "j", settings_for(server))
    assert count_faults(tmp_path / "j") == {"longer than any reply": 1} and len(good(tmp_path / "j")) == 1


# replies that lie

LIES = {
    "empty": reply(""),
    "cut by length": reply(finish_reason="length"),
    "another model (parrot)": reply(model="parrot"),
    "ended by 'content_filter'": reply(finish_reason="content_filter"),
    "not JSON": raw(b'{"choices": ['),
    "not JSON but text/html": raw(b"<html>Welcome</html>", "text/html"),
    "no reply in the JSON": raw(b'{"choices": []}'),
    "no finish reason": raw(b'{"choices": [{"message": {"content": "4"}}]}'),
}


@pytest.mark.parametrize("fault", LIES)
def test_a_lie_is_recorded_counted_and_asked_again(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "journal.jsonl"
    with ChatServer(lambda question, n: LIES[fault] if n == 0 and question != "question 1" else reply()) as server:
        ask_all(TASK, questions(3), path, settings_for(server))
    assert count_faults(path) == {fault: 2} and len(good(path)) == 3
    assert server.asked == {"question 0": 2, "question 1": 1, "question 2": 2}


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b'{"choices": [7]}', b'{"choices": [{"message": "no"}]}', b"[" * 100_000, b"\xff\xfe", b'{"choices": {"a": 1}}', b'{"choices":[{"message":{"content":[1]}}]}'])
def test_nonsense_in_json_is_a_fault(tmp_path: Path, body: bytes) -> None:
    with ChatServer(lambda question, n: raw(body)) as server, pytest.raises(EngineError, match="1 are missing"):
        ask_all(TASK, questions(1), tmp_path / "j", settings_for(server, most_faults=2))
    assert server.asked["question 0"] == 2 and len(lines(tmp_path / "j")) == 3 and not good(tmp_path / "j")


def test_a_question_is_given_up_after_its_faults_over_all_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "journal.jsonl"
    with ChatServer(lambda question, n: reply("") if question == "question 0" else reply()) as server:
        with pytest.raises(EngineError, match=r"2 of 3 replies are in .*; 1 are missing \(1 x empty\)"):
            ask_all(TASK, questions(3), path, settings_for(server, most_faults=2))
        assert "3 requests" in capsys.readouterr().out
        ask_all(TASK, questions(3), path, settings_for(server, most_faults=2, may_lack=0.5))  # goes on without it, asks nothing
        told = capsys.readouterr().out
        assert server.asked["question 0"] == 2 and "requests" not in told and "1 are missing (1 x empty)" in told
        with pytest.raises(EngineError, match="1 are missing"):
            ask_all(TASK, questions(3), path, settings_for(server, most_faults=3))
        assert server.asked == {"question 0": 3, "question 1": 1, "question 2": 1}


def test_an_endpoint_that_always_lies_is_left_before_it_costs_a_fortune(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply(model="parrot")) as server, pytest.raises(EngineError, match=r"20 replies in a row .*served_as"):
        ask_all(TASK, questions(500), tmp_path / "j", settings_for(server))
    assert server.asked.total() <= 24
    with ChatServer(lambda question, n: reply(model="models/Parrot")) as server:
        ask_all(TASK, questions(5), tmp_path / "k", settings_for(server, served_as=["parrot"]))


# failures for good


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (401, "refuses the API key: told to say so. Correct the environment variable S1_TEST_KEY"),
        (402, "no money left"),
        (404, "HTTP 404: told to say so. Correct url and model"),
        (400, "refuses the request with HTTP 400: told to say so. Correct max_tokens"),
        (307, "HTTP 307"),
    ],
)
def test_what_does_not_pass_ends_the_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    monkeypatch.setenv("S1_TEST_KEY", KEY)
    with ChatServer(lambda question, n: status(code)) as server:
        with pytest.raises((EngineError, InputError), match=words) as raised:
            ask_all(TASK, questions(50), tmp_path / "j", settings_for(server, api_key_variable="S1_TEST_KEY"))
        assert server.asked.total() <= 4 and "0 of 50 replies" in str(raised.value)
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
        server.script = lambda question, n: reply()
        ask_all(TASK, questions(50), tmp_path / "j", settings_for(server, api_key_variable="S1_TEST_KEY"))
        assert len(good(tmp_path / "j")) == 50 and server.asked.total() <= 54


def test_who_waits_for_a_turn_when_a_run_is_stopped_does_not_ask(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: status(401)) as server, pytest.raises(EngineError, match="wants an API key"):
        ask_all(TASK, questions(9), tmp_path / "j", settings_for(server, requests_per_minute=6))  # ten seconds apart
    assert server.asked.total() == 1


def test_no_money_left_is_not_waited_for(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: status(429, code="insufficient_quota")) as server, pytest.raises(EngineError, match="no money"):
        ask_all(TASK, questions(1), tmp_path / "j", settings_for(server))
    assert server.asked.total() == 1


def test_a_question_that_is_refused_does_not_end_a_run_that_works(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: status(400, "Content Exists Risk") if question == "question 9" else reply()) as server:
        ask_all(TASK, questions(20), tmp_path / "j", settings_for(server, max_concurrent=1, may_lack=0.1))
    assert server.asked["question 9"] == 1 and len(good(tmp_path / "j")) == 19
    assert count_faults(tmp_path / "j") == {"refused (HTTP 400)": 1}


def test_what_was_under_way_when_a_run_is_stopped_is_kept(tmp_path: Path) -> None:
    refused = asyncio.Event()

    def script(question: str, n: int) -> Any:
        async def refuse(reader: Any, writer: Any, body: Any) -> None:
            while server.at_once < 4:
                await asyncio.sleep(0.001)
            await status(401)(reader, writer, body)
            refused.set()

        async def late(reader: Any, writer: Any, body: Any) -> None:
            await refused.wait()
            await asyncio.sleep(0.05)
            await reply()(reader, writer, body)

        return refuse if question == "question 0" and not refused.is_set() else late

    with ChatServer(script) as server:
        with pytest.raises(EngineError, match="3 of 50 replies are in"):
            ask_all(TASK, questions(50), tmp_path / "j", settings_for(server))
        assert set(good(tmp_path / "j")) == {"id1", "id2", "id3"} and server.asked.total() == 4
        ask_all(TASK, questions(50), tmp_path / "j", settings_for(server))
        assert server.asked.total() == 51 and len(good(tmp_path / "j")) == 50


def test_an_endpoint_that_goes_down_ends_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    up = {f"question {number}" for number in range(12)}
    with ChatServer(lambda question, n: reply() if question in up else status(500)) as server:
        with pytest.raises(EngineError, match=r"does not answer \(HTTP 500: told to say so\). 12 of 60 replies"):
            ask_all(TASK, questions(60), tmp_path / "j", settings_for(server, tries=2))
        assert server.asked.total() < 12 + 2 * 10
        before = (tmp_path / "j").read_bytes()
        server.script = lambda question, n: reply()
        ask_all(TASK, questions(60), tmp_path / "j", settings_for(server))
        assert (tmp_path / "j").read_bytes().startswith(before) and len(good(tmp_path / "j")) == 60
        assert all(server.asked[question] == 1 for question in up)


def test_nobody_there_is_said(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply()) as server:
        settings = settings_for(server, tries=1)
    with pytest.raises(EngineError, match="The endpoint does not answer"):
        ask_all(TASK, questions(9), tmp_path / "j", settings)


def test_a_few_failures_are_missing_not_faults(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: status(500) if question == "question 1" else reply()) as server:
        with pytest.raises(EngineError, match="1 x HTTP 500"):
            ask_all(TASK, questions(8), tmp_path / "j", settings_for(server))
        assert count_faults(tmp_path / "j") == {} and server.asked["question 1"] == 4
        server.script = lambda question, n: reply()
        ask_all(TASK, questions(8), tmp_path / "j", settings_for(server))
    assert server.asked["question 1"] == 5 and server.asked["question 0"] == 1


# kills


def work(url: str, path: str) -> None:
    ask_all(TASK, questions(60), Path(path), EndpointSettings(url, "teacher", max_concurrent=4))


def test_a_killed_run_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    path, hold = tmp_path / "journal.jsonl", [25]

    def script(question: str, n: int) -> Any:
        hold[0] -= 1
        return reply(question) if hold[0] >= 0 else stall()

    with ChatServer(script) as server:
        process = multiprocessing.get_context("spawn").Process(target=work, args=(server.url, str(path)))
        process.start()
        while process.is_alive() and (server.at_once < 4 or hold[0] >= 0):
            process.join(0.01)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        before = path.read_bytes()
        assert before.endswith(b"\n") and len(good(path)) == 25
        path.write_bytes(before + b'{"id": "id59", "content": "half a li')
        first = dict(server.asked)
        server.script = lambda question, n: reply(question)
        work(server.url, str(path))
    assert path.read_bytes().startswith(before)
    assert {key: found.content for key, found in good(path).items()} == questions(60)
    kept = {questions(60)[record["id"]] for record in map(json.loads, before.splitlines()[1:])}
    assert all(server.asked[question] == 1 for question in kept)
    assert server.asked.total() == 60 + sum(first.values()) - len(kept) == 64  # four were under way


# the journal


def test_another_models_journal_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with ChatServer(lambda question, n: reply(model="")) as server:
        ask_all(TASK, questions(2), path, settings_for(server))
        before = path.read_bytes()
        for changes in ({"model": "other"}, {"max_tokens": 5}, {"temperature": 1.0}, {"extra": {"a": 1}}):
            with pytest.raises(InputError, match=r"begun with other arguments: \w+ was .*, now it is .*Delete j"):
                ask_all(TASK, questions(3), path, settings_for(server, **changes))
        with pytest.raises(InputError, match="begun with other arguments: system was"):
            ask_all(dataclasses.replace(TASK, system="Otherwise."), questions(3), path, settings_for(server))
        ask_all(TASK, questions(2), path, settings_for(server, url=f"{server.url}/elsewhere", max_concurrent=9))
        assert server.asked.total() == 2 and path.read_bytes() == before


# secrets


def test_the_key_is_in_no_journal_and_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("S1_TEST_KEY", KEY)
    path, told = tmp_path / "journal.jsonl", list[str]()
    echoes: list[Script] = [
        lambda question, n: reply(f"Your key is {KEY}.", f"{KEY}!", model="teacher") if n else status(500, f"bad key {KEY}"),
        lambda question, n: status(401, f"Incorrect API key provided: {KEY}" + "x" * 265),
        lambda question, n: status(401, "x" * 280 + KEY),
        lambda question, n: raw(f"<b>{KEY}</b>".encode(), f"text/{KEY}"),
        lambda question, n: reply(model=KEY, finish_reason=KEY),
        lambda question, n: raw(json.dumps({"error": {"message": f"no: {KEY}", "code": 404}}).encode()),
    ]
    with ChatServer(echoes[0]) as server:
        for number, script in enumerate(echoes):
            server.script = script
            try:
                ask_all(TASK, questions(3 + number), path, settings_for(server, api_key_variable="S1_TEST_KEY", tries=2, max_concurrent=1))
            except (EngineError, InputError) as error:
                told.append(f"{error} {error!r} {error.__cause__!r}")
    shown = "".join(capfd.readouterr())
    assert len(told) == 5 and path.read_text().count("[API key]") >= 6
    for text in (path.read_text(), shown, *told):
        assert KEY not in text and KEY[:12] not in text


def test_a_key_in_the_recipe_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ({"api_key_variable": KEY}, {"url": f"https://user:{KEY}@host/v1"}, {"url": f"https://host/v1?key={KEY}"}):
        with pytest.raises(InputError, match="environment variable") as raised:
            EndpointSettings(**{"url": "https://host/v1", "model": "m", **given})
        assert KEY not in str(raised.value)
    for value, words in (("", "is not set"), ("ключ", "characters that no API key has")):
        monkeypatch.setenv("S1_TEST_KEY", value)
        with pytest.raises(InputError, match=words):
            asyncio.run(_opened(EndpointSettings("https://host/v1", "m", api_key_variable="S1_TEST_KEY")))


async def _opened(settings: EndpointSettings) -> None:
    async with ChatEndpoint(settings):
        pass


# settings


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "host"}, "url is no address"),
        ({"model": ""}, "model is ''"),
        ({"tries": 0}, "tries is 0"),
        ({"max_concurrent": 2.5}, "max_concurrent is 2.5"),
        ({"requests_per_minute": -1}, "requests_per_minute is -1"),
        ({"silent_seconds": "long"}, "silent_seconds is 'long'"),
        ({"may_lack": 2}, "may_lack is 2"),
        ({"price_in": -1}, "price_in is -1"),
        ({"most_cost": 5}, "Fill in price_in and price_out"),
        ({"api_key": "x"}, "unknown keys"),
    ],
)
def test_settings_that_cannot_work(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        fill(EndpointSettings, {"url": "http://host", "model": "m", **given}, "traces, endpoint")


def test_a_missing_entry_is_named() -> None:
    with pytest.raises(InputError, match=r"traces, endpoint: missing keys model\. Known are: url, model"):
        fill(EndpointSettings, {"url": "http://host"}, "traces, endpoint")


# cost


def test_estimates() -> None:
    settings = EndpointSettings("http://h", "m", price_in=0.5, price_out=2.0, requests_per_minute=10, tokens_per_minute=6_000)
    found = estimate_requests(dataclasses.replace(TASK, system="x" * 30), ["y" * 270] * 200, settings)
    assert (found.requests, found.tokens_in, found.tokens_out) == (200, 20_000, 20_000)  # 300 characters at 3 a token
    assert found.cost == pytest.approx(0.02 * 0.5 + 0.02 * 2.0)
    assert found.hours == pytest.approx(max(200 / 10, 40_000 / 6_000) / 60)
    assert str(found) == (
        "200 requests, about 20,000 tokens in and 20,000 out (100 a reply, made up), for about 0.05 USD at the recipe's prices, "
        "in at least 0.3 hours at the recipe's rates."
    )
    slow = dataclasses.replace(settings, tokens_per_minute=600, mean_tokens_out=1000)
    assert estimate_requests(TASK, ["y" * 300] * 200, slow).hours == pytest.approx(220_000 / 600 / 60)
    unknown = estimate_requests(TASK, ["y"], EndpointSettings("http://h", "m"))
    assert unknown.cost is None and unknown.hours is None and "nobody knows without price_in" in str(unknown)


def test_a_run_that_is_too_dear_sends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dear = {"price_in": 1.0, "price_out": 10_000.0, "mean_tokens_out": 20}  # 20 cents a reply; the server says 20 tokens
    with ChatServer(lambda question, n: reply()) as server:
        with pytest.raises(InputError, match=r"would cost about 2\.00 USD; the recipe allows 1\.99\. Raise most_cost"):
            ask_all(TASK, questions(10), tmp_path / "j", settings_for(server, **dear, most_cost=1.99))
        assert not server.asked and "10 requests" in capsys.readouterr().out and not (tmp_path / "j").exists()
        ask_all(TASK, questions(4), tmp_path / "j", settings_for(server, **dear, most_cost=1.99))
        with pytest.raises(InputError, match=r"about 1\.20 USD, after 0\.80 already spent; the recipe allows 1\.99"):
            ask_all(TASK, questions(10), tmp_path / "j", settings_for(server, **dear, most_cost=1.99))
        assert server.asked.total() == 4


def test_a_run_that_turns_out_dearer_than_allowed_is_stopped(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: reply(usage={"prompt_tokens": 1, "completion_tokens": 100_000})) as server:
        cheap = settings_for(server, price_in=1.0, price_out=10.0, mean_tokens_out=10, most_cost=5.5, max_concurrent=1)
        with pytest.raises(EngineError, match="more than most_cost"):
            ask_all(TASK, questions(100), tmp_path / "j", cheap)
    assert server.asked.total() == len(good(tmp_path / "j")) == 6  # a dollar each


# rates


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.sent = 1000.0, list[float]()
        monkeypatch.setattr(endpoint_module, "monotonic", lambda: self.now)
        clock = self

        async def sleep(self: ChatEndpoint, seconds: float) -> None:
            clock.now += seconds

        monkeypatch.setattr(ChatEndpoint, "_sleep", sleep)

    def ask(self, settings: EndpointSettings, outcomes: list[Any], mean: float = 0.0) -> None:
        """Ask one after the other, each answered at once."""
        clock = self

        class Scripted(ChatEndpoint):
            async def _exchange(self, messages: Any) -> Reply:
                clock.sent.append(clock.now - 1000.0)
                outcome = outcomes.pop(0)
                if isinstance(outcome, Exception):
                    raise outcome
                return outcome

        async def work() -> None:
            async with Scripted(settings, mean) as endpoint:
                while outcomes:
                    await endpoint.ask("x" * 300)

        asyncio.run(work())


def test_requests_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    clock.ask(EndpointSettings("http://h", "m", requests_per_minute=30), [Reply()] * 5)
    assert clock.sent == pytest.approx([0, 2, 4, 6, 8])


def test_tokens_a_minute_follow_what_replies_really_take(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    replies = [Reply(tokens_in=100, tokens_out=900), Reply(tokens_in=100, tokens_out=3900), Reply(), Reply()]
    clock.ask(EndpointSettings("http://h", "m", tokens_per_minute=6000), replies, mean=900)  # 1,000 expected: 10 s each
    assert clock.sent == pytest.approx([0, 10, 50, 60])


def test_an_idle_minute_is_not_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(endpoint_module, "monotonic", lambda: now[0])
    pace = Pace(60)
    assert [pace.reserve(1), pace.reserve(1)] == [0, 1]
    now[0] = 100.0
    assert [pace.reserve(1), pace.reserve(1)] == [100, 101]
    assert Pace(None).reserve(99) == Pace(None).reserve(1) == 100


def test_retry_after_is_obeyed_and_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(endpoint_module.random, "uniform", lambda low, high: 1.0)
    full = [ServerFault("full", full=True, retry_after=seconds) for seconds in (30.0, 0.0, 0.0)]
    clock.ask(EndpointSettings("http://h", "m", first_pause_seconds=2), [*full, Reply()])
    assert clock.sent == pytest.approx([0, 30, 34, 42])
    clock.sent.clear()
    clock.now = 1000.0
    clock.ask(EndpointSettings("http://h", "m", first_pause_seconds=2), [ServerFault("HTTP 500")] * 7 + [Reply()])
    assert clock.sent == pytest.approx([0, 2, 6, 14, 30, 62, 122, 182])


def test_while_one_waits_for_a_full_server_nobody_asks(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: status(429, headers={"Retry-After": "1"}) if question == "question 0" and n == 0 else reply()) as server:
        ask_all(TASK, questions(40), tmp_path / "j", settings_for(server))
    assert server.asked == {question: 2 if question == "question 0" else 1 for question in questions(40).values()}
    gaps = [later - earlier for earlier, later in pairwise(server.times)]
    assert max(gaps) > 0.8 and gaps.index(max(gaps)) < 30  # the others waited too, instead of going on without it


def test_a_quota_for_the_day_ends_the_run(tmp_path: Path) -> None:
    with ChatServer(lambda question, n: status(429, headers={"Retry-After": "36000"})) as server, pytest.raises(EngineError, match=r"10\.0 hours.*start again"):
        ask_all(TASK, questions(9), tmp_path / "j", settings_for(server))
    assert server.asked.total() <= 4


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0), ("²", 0.0), (formatdate(0, usegmt=True), 0.0)])
def test_retry_after_in_every_spelling(text: str, seconds: float) -> None:
    fault = refusal(429, "full", endpoint_module.httpx2.Headers({"retry-after": text.encode()}))
    assert isinstance(fault, ServerFault) and fault.retry_after == seconds


def test_retry_after_as_a_date() -> None:
    fault = refusal(503, "full", endpoint_module.httpx2.Headers({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}))
    assert isinstance(fault, ServerFault) and fault.retry_after > 1e9


def test_a_check_of_the_task_is_a_fault_too(tmp_path: Path) -> None:
    def check(found: Reply) -> None:
        if found.content != "good":
            raise ReplyFault("not good")

    with ChatServer(lambda question, n: reply("good" if n else "bad")) as server:
        ask_all(dataclasses.replace(TASK, read=check), questions(2), tmp_path / "j", settings_for(server))
    assert count_faults(tmp_path / "j") == {"not good": 2} and {found.content for found in good(tmp_path / "j").values()} == {"good"}
    kept = [line for line in lines(tmp_path / "j") if "fault" in line]
    assert [line["content"] for line in kept] == ["bad", "bad"]  # what was paid for is kept, with its fault
