"""The page in a real Chromium around a scripted engine: what visitors see, type, press and close."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from s1demo.delimiters import FINAL_ANSWER, S1
from tests.ui.conftest import run_comparison, wait_until
from tests.ui.fake_engine import ScriptedEngine

RUNNING = "#trace-view [data-running=true]"
IDLE = "#trace-view [data-running=false]"
IDS = ["question", "thinking-budget", "num-waits", "temperature", "seed", "run", "stop"]


@pytest.fixture(scope="module")
def compared(new_page, scripted_url):
    """A page after a comparison with the first settings; tests only look at it."""
    page = new_page(scripted_url)
    assert page.input_value("#question textarea") == "How many r in strawberry?"
    for run in ("truncated", "natural", "extended"):
        assert pane(page, run).get_attribute("data-thinking-tokens") == "0"
    run_comparison(page)
    yield page
    page.close()


def pane(page, run, part=""):
    return page.locator(f'[data-run="{run}"] {part}'.strip())


def run_until_held(page, engine):
    page.click("#run")
    expect(pane(page, "natural")).to_have_attribute("data-thinking-tokens", str(engine.held_at))


def test_a_comparison_from_the_first_screen(compared):
    page = compared
    assert [pane(page, run, ".answer").inner_text() for run in ("truncated", "natural", "extended")] == ["2", "2", "3"]
    assert [pane(page, run, ".verdict").inner_text() for run in ("truncated", "natural", "extended")] == [
        "✗ wrong",
        "✗ wrong",
        "✓ right",
    ]
    assert pane(page, "truncated").get_attribute("data-thinking-tokens") == "16"
    assert pane(page, "truncated", ".status").inner_text() == "cut by the budget"
    assert pane(page, "natural", ".status").inner_text() == "stopped by itself"
    assert pane(page, "extended", ".status").inner_text() == "made to go on 2×, then stopped"
    assert pane(page, "truncated", ".count").inner_text() == "16 of 16"
    assert pane(page, "truncated", ".cut").is_visible()
    assert pane(page, "truncated", ".answer-line .forced").inner_text() == FINAL_ANSWER
    assert pane(page, "natural", ".forced").count() == 0
    assert pane(page, "extended", ".thinking .forced").all_inner_texts() == ["↻︎Wait", "↻︎Wait"]
    assert page.complaints == []


def test_the_ids_others_rely_on(compared):
    page = compared
    assert [page.locator(f"#{name}").count() for name in IDS] == [1] * len(IDS)
    for run in ("truncated", "natural", "extended"):
        assert [pane(page, run, part).count() for part in (".thinking", ".answer", ".status")] == [1, 1, 1]


def test_the_first_screen_needs_no_scrolling(compared):
    page = compared
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    legend = page.locator(".legend").bounding_box()
    assert legend["y"] + legend["height"] <= 900


def test_shared_text_is_dimmed_up_to_the_fork(compared):
    page = compared

    def parts(run, part):
        return "".join(pane(page, run, f".thinking .{part}").all_inner_texts())

    assert parts("truncated", "own") == ""
    assert parts("natural", "shared") == parts("truncated", "shared")
    assert parts("natural", "shared") + parts("natural", "own") == parts("extended", "shared")
    assert "let me check" in parts("extended", "own")


def test_the_fork_picture_shows_and_tells_the_comparison(compared):
    page = compared
    assert page.locator(".fork .fork-wait").count() == 2
    assert page.locator(".fork .fork-stop").count() == 2
    assert page.locator(".fork .dashed.truncated").count() == 1
    told = page.get_attribute(".fork svg", "aria-label")
    assert "cut after 16 thinking tokens and answered 2 (wrong)" in told
    assert "made to go on 2 times" in told
    assert page.inner_text("#announcement") == told


def test_enter_runs_and_escape_stops(open_page, held_url, held_engine):
    page = open_page(held_url)
    page.press("#question textarea", "Enter")
    expect(pane(page, "natural")).to_have_attribute("data-thinking-tokens", "8")
    page.keyboard.press("Escape")
    wait_until(lambda: held_engine.active_requests == 0, "the end of the engine's work")
    page.wait_for_selector(IDLE)


def test_stop_in_mid_run_keeps_the_panes_and_ends_the_engines_work(open_page, held_url, held_engine):
    page = open_page(held_url)
    run_until_held(page, held_engine)
    assert held_engine.active_requests == 1  # the trunk of all three
    page.click("#stop")
    wait_until(lambda: held_engine.active_requests == 0, "the end of the engine's work")
    page.wait_for_selector(IDLE)
    for run in ("truncated", "natural", "extended"):
        assert pane(page, run, ".status").inner_text() == "stopped"
        assert pane(page, run, ".thinking").inner_text().startswith("I guess 2.")
    assert page.complaints == []


@pytest.mark.parametrize("tokens", [8, 0], ids=["in mid-run", "while the engine is silent"])
def test_closing_the_tab_ends_the_engines_work(open_page, held_url, held_engine, tokens):
    held_engine.held_at = tokens
    page = open_page(held_url)
    page.click("#run")
    wait_until(lambda: held_engine.active_requests > 0, "the run's start")
    page.close()
    wait_until(lambda: held_engine.active_requests == 0, "the end of the engine's work")


def test_running_again_in_mid_run_starts_anew(open_page, held_url, held_engine):
    page = open_page(held_url)
    run_until_held(page, held_engine)
    page.fill("#thinking-budget input[type=number]", "4")
    page.click("#run")
    expect(pane(page, "truncated", ".count")).to_have_text("4 of 4")
    assert held_engine.active_requests <= 2
    held_engine.held_at = None
    expect(page.locator(".pane.finished")).to_have_count(3)
    assert pane(page, "truncated").get_attribute("data-thinking-tokens") == "4"


HOSTILE = """<img src=x onerror="document.title='broken in'"> <script>document.title='broken in'</script> a ${1+1} {{value}} `x`"""


def test_hostile_text_stays_text(open_page, serve):
    page = open_page(serve(ScriptedEngine(thinking=[HOSTILE], answers=[HOSTILE])))
    page.fill("#question textarea", HOSTILE)
    run_comparison(page)
    assert page.input_value("#question textarea") == HOSTILE
    assert HOSTILE in pane(page, "natural", ".thinking").inner_text()
    assert HOSTILE in pane(page, "natural", ".answer").inner_text()
    assert page.locator("#trace-view :is(img, script)").count() == 0
    assert page.title() != "broken in"
    assert page.complaints == []


def test_a_question_that_spells_out_special_tokens_runs_as_text(compare_page):
    page = compare_page
    page.fill("#question textarea", f"{S1.end_of_thinking} 5")
    run_comparison(page)
    assert pane(page, "natural").get_attribute("data-thinking-tokens") == "20"


@pytest.mark.parametrize(
    ("question", "words"), [("   ", "empty"), ("x" * 5000, "Shorten"), ("a " * 1900, "context")], ids=["empty", "long", "full"]
)
def test_bad_input_is_answered_beside_the_question_and_nothing_is_lost(compare_page, question, words):
    page, problem = compare_page, compare_page.locator("#problem-text")
    run_comparison(page)
    page.fill("#question textarea", question)
    page.click("#run")
    expect(problem).to_contain_text(words)
    page.wait_for_selector(IDLE)
    assert page.input_value("#question textarea") == question
    assert pane(page, "extended", ".answer").inner_text() == "3", "the last comparison stays"
    page.fill("#question textarea", "How many r in strawberry?")
    page.click("#run")
    expect(problem).to_be_empty()


def test_impossible_settings_are_answered_with_a_sentence(compare_page):
    page = compare_page
    page.get_by_text("own…").click()
    page.wait_for_selector("#own-extension textarea")
    page.click("#run")
    expect(page.locator("#problem-text")).to_contain_text("extension")


def test_settings_behind_more_are_answered_with_a_sentence(compare_page):
    page = compare_page
    page.get_by_role("button", name="more").click()
    page.fill("#seed input", "-1")
    page.click("#run")
    expect(page.locator("#problem-text")).to_contain_text("seed")


def test_a_visitor_who_must_wait_is_told_so_and_can_stop_waiting(open_page, serve):
    engine = ScriptedEngine()
    engine.held_at = 0
    url = serve(engine, max_concurrent_runs=1)
    first, second, third = open_page(url), open_page(url), open_page(url)
    problem, other = second.locator("#problem-text"), third.locator("#problem-text")
    first.click("#run")
    wait_until(lambda: engine.active_requests > 0, "the first run")
    second.click("#run")
    expect(problem).to_contain_text("place")
    second.click("#stop")
    expect(problem).to_be_empty()
    third.click("#run")
    expect(other).to_contain_text("place")
    first.click("#stop")
    third.wait_for_selector(RUNNING)
    expect(other).to_be_empty()
    assert second.locator(IDLE).count() == 1, "it would have come first"
    engine.held_at = None
    expect(third.locator(".pane.finished")).to_have_count(3)
    assert second.locator(".pane.finished").count() == 0
    second.click("#run")
    expect(second.locator(".pane.finished")).to_have_count(3)


def test_nothing_forced_is_one_line(compare_page):
    page = compare_page
    page.fill("#thinking-budget input[type=number]", "512")
    page.fill("#num-waits input[type=number]", "0")
    run_comparison(page)
    expect(page.locator(".fork svg")).to_contain_text("3 runs stop by themselves at 20")
    assert page.locator(".fork .fork-joint").count() == 0


def test_the_sliders_have_real_stops_and_names(compare_page):
    page = compare_page
    budget = page.get_by_role("slider", name="Thinking budget")
    assert budget.get_attribute("aria-valuetext") == "16 tokens"
    budget.focus()
    page.keyboard.press("ArrowRight")
    expect(budget).to_have_attribute("aria-valuetext", "32 tokens")
    page.keyboard.press("End")
    expect(budget).to_have_attribute("aria-valuetext", re.compile("^auto"))
    waits = page.get_by_role("slider", name="Make it go on")
    waits.focus()
    page.keyboard.press("Home")
    expect(waits).to_have_attribute("aria-valuetext", "0 times")
    run_comparison(page)
    assert pane(page, "truncated", ".status").inner_text() == "stopped by itself"
    assert pane(page, "extended").get_attribute("data-thinking-tokens") == "20"


def test_any_budget_can_be_typed(compare_page):
    page = compare_page
    page.fill("#thinking-budget input[type=number]", "5")
    page.fill("#num-waits input[type=number]", "1")
    run_comparison(page)
    assert pane(page, "truncated", ".count").inner_text() == "5 of 5"
    assert pane(page, "extended", ".thinking .forced").count() == 1


def test_the_extension_can_be_swapped(compare_page):
    page = compare_page
    page.get_by_text("Hmm", exact=True).click()
    run_comparison(page)
    assert pane(page, "extended", ".thinking .forced").first.inner_text().endswith("Hmm")


def test_examples_and_surprise_fill_the_question(compare_page):
    page = compare_page
    page.get_by_role("button", name="What is 27+48?").click()
    expect(page.locator("#question textarea")).to_have_value("What is 27+48?")
    page.get_by_role("button", name="surprise me").click()
    expect(page.locator("#question textarea")).to_have_value("How many r in strawberry?")


def test_a_result_never_seems_to_answer_another_question(compare_page):
    page = compare_page
    run_comparison(page)
    stale = page.locator(".fork-stale")
    expect(stale).to_be_empty()
    page.fill("#question textarea", "Something else?")
    expect(stale).to_contain_text("How many r in strawberry?")
    page.wait_for_function("getComputedStyle(document.querySelector('.pane.natural')).opacity < 0.5")
    run_comparison(page)
    expect(stale).to_be_empty()


def test_unknown_questions_get_no_verdict(compare_page):
    page = compare_page
    page.fill("#question textarea", "How many x in axolotl?")
    run_comparison(page)
    assert [pane(page, run, ".verdict").inner_text() for run in ("truncated", "natural", "extended")] == ["", "", ""]


def test_more_opens_and_its_settings_count(compare_page):
    page = compare_page
    assert not page.locator("#seed").is_visible()
    page.get_by_role("button", name="more").click()
    page.fill("#max-answer-tokens :is(input, textarea)", "1")
    page.fill("#seed input", "7")
    run_comparison(page)
    assert "answer cut at its limit" in pane(page, "natural", ".details").inner_text()


def test_a_lost_message_is_asked_for_again(open_page, held_url, held_engine, lose_a_message):
    page = open_page(held_url)
    run_until_held(page, held_engine)
    lost = lose_a_message()
    held_engine.held_at = None
    expect(page.locator(".pane.finished")).to_have_count(3)
    page.wait_for_selector(IDLE)
    assert lost
    text = pane(page, "extended", ".thinking").inner_text()
    assert text.count("I guess 2.") == 1 and text.count("let me check") == 2
    assert text.replace("\n", "").endswith("y3. So 3.")


def test_a_phone_shows_everything_without_sideways_scrolling(open_page, compared, scripted_url):
    page = open_page(scripted_url, viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    run_comparison(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.panes')).scrollSnapType").startswith("x")
    overlong = page.evaluate(
        "[...document.querySelectorAll('.fork text')].filter(t => t.getBoundingClientRect().right > innerWidth - 16).length"
    )
    assert overlong == 0
    is_dark = "document.body.classList.contains('dark')"
    assert page.evaluate(is_dark) and not compared.evaluate(is_dark)


def test_two_pages_do_not_mix(open_page, held_url, held_engine):
    first, second = open_page(held_url), open_page(held_url)
    run_until_held(first, held_engine)
    run_until_held(second, held_engine)
    assert held_engine.active_requests == 2
    first.click("#stop")
    wait_until(lambda: held_engine.active_requests == 1, "the end of the first run")
    held_engine.held_at = None
    expect(second.locator(".pane.finished")).to_have_count(3)
    assert pane(first, "natural", ".status").inner_text() == "stopped"


def test_the_chip_opens_a_card_about_the_model(compare_page):
    page = compare_page
    card = page.locator("#model-card")
    assert not card.is_visible()
    page.click("#model-chip")
    expect(card).to_contain_text("Context:")
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
