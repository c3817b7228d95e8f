"""What Timeline and Race have in common (asking.py): links that run, messages that get lost, reloading, stopping, speed, keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from s1demo.ui import asking
from s1demo.ui.controls import FULL, READING
from s1demo.ui.stream.pace import READING_TOKENS_PER_SECOND
from s1demo.ui.stream.streaming import ViewStream
from tests.ui.conftest import wait_until
from tests.ui.fake_engine import ScriptedEngine

KINDS = ["timeline", "race"]
ONE_TAB = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]  # the tabs share this code
TEXT = {"timeline": ".tl-trace .trace-text", "race": ".race-trace .trace-text"}
ANSWER = {"timeline": ".tl-trace footer .answer", "race": "[data-result=sequential] .answer"}
QUICK = f"&waits=1&speed={FULL.replace(' ', '+')}"
ASK = "&question=How+many+r+in+strawberry%3F"


@pytest.fixture
def open_tab(open_page):
    def open_url(url, kind, query="", **options):
        page = open_page(f"{url}?tab={kind}{query}", **options)
        page.wait_for_selector(f"#{kind}-view [data-running]")
        return page

    return open_url


@pytest.fixture
def kept_tab(kept_page, scripted_url):
    def open_kind(kind):
        page = kept_page(f"{scripted_url}?tab={kind}{QUICK}{ASK}")
        page.wait_for_selector(f"#{kind}-view [data-running=false]")
        return page

    return open_kind


def wait_for_answer(page, kind, answer="3"):
    expect(page.locator(ANSWER[kind])).to_have_text(answer)
    page.wait_for_selector(f"#{kind}-view [data-running=false]")


def text_of(page, kind):
    return page.locator(TEXT[kind]).inner_text()


def runs_asked_for(page):
    """One item for each run that is asked for from now on."""
    asked = []
    page.expose_function("note", lambda: asked.append(1))
    page.evaluate("document.addEventListener('s1-asked', (event) => event.detail.what === 'run' && note())")
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_runs_by_itself_once(open_tab, scripted_url, kind):
    page = open_tab(scripted_url, kind, f"{QUICK}{ASK}&run=1")
    wait_for_answer(page, kind)
    assert page.input_value(f"#{kind}-question textarea") == "How many r in strawberry?"
    assert page.locator(f"{TEXT[kind]} .own-text").count() and page.locator(f"{TEXT[kind]} .forced .symbol").count() == 1
    asked = runs_asked_for(page)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("tab", name=kind.capitalize()).click()
    page.evaluate(f"s1.module('page/address').then((address) => address.go({{ tab: '{kind}', waits: 2 }}))")
    page.wait_for_selector("html[data-followed=true]")
    assert asked == [], "only what a link or a click asks for is run"
    page.evaluate(f"s1.module('page/address').then((address) => address.go({{ tab: '{kind}', waits: 2, run: 1 }}))")
    expect(page.locator(f"{TEXT[kind]} .forced .symbol")).to_have_count(2)
    assert page.complaints == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_without_run_does_not_run_and_a_run_leaves_a_link(kept_tab, kind):
    page = kept_tab(kind)
    assert "run=1" not in page.url
    page.click(f"#{kind}-run")
    wait_for_answer(page, kind)
    assert "run=1" in page.url and "waits=1" in page.url and "question=How+many" in page.url


@pytest.mark.parametrize("kind", ONE_TAB)
def test_without_a_model_a_link_waits_to_be_run(open_tab, replay_url, kind):
    page = open_tab(replay_url, kind, f"{QUICK}{ASK}&run=1")
    page.wait_for_selector("html[data-followed=true]")
    asked = runs_asked_for(page)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert asked == [] and page.inner_text(f"#{kind}-problem-text") == ""
    page.click(f"#{kind}-run")
    expect(page.locator(f"#{kind}-problem-text")).to_contain_text("was not recorded")


@pytest.mark.parametrize("kind", ONE_TAB)
def test_a_lost_message_is_asked_for_again(open_tab, held_url, held_engine, lose_a_message, kind):
    page = open_tab(held_url, kind, f"{QUICK}{ASK}&run=1")
    expect(page.locator(TEXT[kind])).to_contain_text("raspberry")
    lost = lose_a_message()
    held_engine.held_at = None
    wait_for_answer(page, kind)
    assert lost
    text = text_of(page, kind)
    assert text.count("I guess 2.") == 1 and text.count("let me check") == 1
    if kind == "race":
        assert page.locator(".lane.sample .tag").all_inner_texts() == ["2 ✗"] * 8
    else:
        assert page.locator(".tl-strip .stretch").count() >= 1


@pytest.mark.parametrize("kind", ONE_TAB)
def test_reloading_in_mid_stream_ends_the_old_run_and_runs_the_link_anew(open_tab, held_url, held_engine, kind):
    page = open_tab(held_url, kind, f"{QUICK}{ASK}&run=1")
    expect(page.locator(TEXT[kind])).to_contain_text("raspberry")
    before = held_engine.active_requests
    page.reload()
    expect(page.locator(TEXT[kind])).to_contain_text("raspberry")
    wait_until(lambda: held_engine.active_requests == before, "the end of the old run")
    held_engine.held_at = None
    wait_for_answer(page, kind)
    assert text_of(page, kind).count("I guess 2.") == 1


@pytest.mark.parametrize("kind", ONE_TAB)
def test_leaving_in_mid_stream_ends_the_engines_work(open_tab, held_url, held_engine, kind):
    page = open_tab(held_url, kind, f"{QUICK}{ASK}&run=1")
    for leave in (lambda: page.press("body", "Escape"), page.close):
        expect(page.locator(TEXT[kind])).to_contain_text("raspberry")
        assert held_engine.active_requests > 0
        leave()
        wait_until(lambda: held_engine.active_requests == 0, "the end of the engine's work")
        if not page.is_closed():
            page.wait_for_selector(f"#{kind}-view [data-running=false]")
            page.click(f"#{kind}-run")
            page.wait_for_selector(f"#{kind}-view [data-running=true]")


@pytest.mark.parametrize("kind", ONE_TAB)
def test_the_speed_is_a_choice(kept_tab, monkeypatch, kind):
    given, original = [], ViewStream.__init__

    def noting(stream, number, view, events, max_seconds, tokens_per_second=None):
        given.append(tokens_per_second)
        original(stream, number, view, events, max_seconds, None)

    monkeypatch.setattr(asking, "READING_TOKENS_PER_SECOND", READING_TOKENS_PER_SECOND)
    monkeypatch.setattr(ViewStream, "__init__", noting)
    page = kept_tab(kind)
    for speed, pace in ((FULL, None), (READING, READING_TOKENS_PER_SECOND)):
        page.locator(f"#{kind}-speed").get_by_text(speed).click()
        page.click(f"#{kind}-run")
        wait_until(lambda pace=pace: given[-1:] == [pace], f"a run at {speed}")
        page.wait_for_selector(f"#{kind}-view [data-running=false]")


@pytest.mark.parametrize("kind", ONE_TAB)
def test_the_keys_work_as_in_compare(kept_tab, kind):
    page = kept_tab(kind)
    box = page.locator(f"#{kind}-question textarea")
    box.focus()
    page.keyboard.press("Escape")  # out of the box
    page.keyboard.press("n")
    expect(box).to_have_value("What is 27+48?")
    page.keyboard.press("Control+Enter")
    wait_for_answer(page, kind)
    assert page.complaints == []


@pytest.mark.parametrize("kind", ONE_TAB)
def test_stop_takes_a_waiting_run_out_of_the_queue(open_page, open_tab, serve, kind):
    engine = ScriptedEngine()
    engine.held_at = 0
    url = serve(engine, max_concurrent_runs=1)
    first = open_page(url)
    first.click("#run")
    wait_until(lambda: engine.active_requests > 0, "the run that has the only place")
    page = open_tab(url, kind, QUICK)
    page.click(f"#{kind}-run")
    expect(page.locator(f"#{kind}-problem-text")).to_contain_text("place")
    with page.expect_request("**/cancel"):
        page.click(f"#{kind}-stop")
    expect(page.locator(f"#{kind}-problem-text")).to_be_empty()
    engine.held_at = None
    expect(first.locator(".pane.finished")).to_have_count(3)
    assert page.locator(f"#{kind}-view [data-running=false]").count() == 1
    assert page.complaints == []
