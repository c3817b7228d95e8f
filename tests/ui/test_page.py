"""The page in a real Chromium around a scripted engine: what visitors see, type, press and close."""

from __future__ import annotations

import pytest

from s1demo.delimiters import FINAL_ANSWER, S1
from s1demo.ui.stream.streaming import ViewStream
from tests.ui.conftest import wait_until
from tests.ui.fake_engine import ScriptedEngine

FINISHED = "document.querySelectorAll('.pane.finished').length === 3"
RUNNING = "document.querySelector('#trace-view [data-running=true]')"
IDLE = "document.querySelector('#trace-view [data-running=false]')"
IDS = ["question", "thinking-budget", "num-waits", "temperature", "seed", "run", "stop"]


@pytest.fixture(scope="module")
def fast(serve):
    return serve(ScriptedEngine(0.002))


@pytest.fixture(scope="module")
def slow_engine():
    return ScriptedEngine(0.05)


@pytest.fixture(scope="module")
def slow(serve, slow_engine):
    return serve(slow_engine)


def pane(page, run, part=""):
    return page.locator(f'[data-run="{run}"] {part}'.strip())


def run_and_wait(page):
    page.click("#run")
    page.wait_for_function(FINISHED)


def test_a_comparison_from_the_first_screen(open_page, fast):
    page = open_page(fast)
    assert page.input_value("#question textarea") == "How many r in strawberry?"
    run_and_wait(page)
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


def test_the_ids_others_rely_on(open_page, fast):
    page = open_page(fast)
    assert [page.locator(f"#{name}").count() for name in IDS] == [1] * len(IDS)
    for run in ("truncated", "natural", "extended"):
        assert pane(page, run).get_attribute("data-thinking-tokens") == "0"
        assert [pane(page, run, part).count() for part in (".thinking", ".answer", ".status")] == [1, 1, 1]


def test_the_first_screen_needs_no_scrolling(open_page, fast):
    page = open_page(fast)
    run_and_wait(page)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    legend = page.locator(".legend").bounding_box()
    assert legend["y"] + legend["height"] <= 900


def test_shared_text_is_dimmed_up_to_the_fork(open_page, fast):
    page = open_page(fast)
    run_and_wait(page)

    def parts(run, part):
        return "".join(pane(page, run, f".thinking .{part}").all_inner_texts())

    assert parts("truncated", "own") == ""
    assert parts("natural", "shared") == parts("truncated", "shared")
    assert parts("natural", "shared") + parts("natural", "own") == parts("extended", "shared")
    assert "let me check" in parts("extended", "own")


def test_the_fork_picture_shows_and_tells_the_comparison(open_page, fast):
    page = open_page(fast)
    run_and_wait(page)
    assert page.locator(".fork .fork-wait").count() == 2
    assert page.locator(".fork .fork-stop").count() == 2
    assert page.locator(".fork .dashed.truncated").count() == 1
    told = page.get_attribute(".fork svg", "aria-label")
    assert "cut after 16 thinking tokens and answered 2 (wrong)" in told
    assert "made to go on 2 times" in told
    assert page.inner_text("#announcement") == told


def test_enter_runs_and_escape_stops(open_page, slow, slow_engine):
    page = open_page(slow)
    page.press("#question textarea", "Enter")
    page.wait_for_function("+document.querySelector('[data-run=natural]').dataset.thinkingTokens > 3")
    page.keyboard.press("Escape")
    wait_until(lambda: slow_engine.active_requests == 0, 1, "the end of the engine's work")
    page.wait_for_function(IDLE)


def test_stop_in_mid_run_keeps_the_panes_and_ends_the_engines_work(open_page, slow, slow_engine):
    page = open_page(slow)
    page.click("#run")
    page.wait_for_function("+document.querySelector('[data-run=natural]').dataset.thinkingTokens > 3")
    assert slow_engine.active_requests == 1  # the trunk of all three
    page.click("#stop")
    wait_until(lambda: slow_engine.active_requests == 0, 1, "the end of the engine's work")
    page.wait_for_function(IDLE)
    for run in ("truncated", "natural", "extended"):
        assert pane(page, run, ".status").inner_text() == "stopped"
        assert pane(page, run, ".thinking").inner_text().startswith("I guess 2.")
    assert page.complaints == []


def test_closing_the_tab_ends_the_engines_work(open_page, slow, slow_engine):
    page = open_page(slow)
    page.click("#run")
    wait_until(lambda: slow_engine.active_requests > 0, 5, "the run's start")
    page.close()
    wait_until(lambda: slow_engine.active_requests == 0, 1, "the end of the engine's work")


def test_closing_the_tab_while_the_engine_is_silent_ends_its_work(open_page, serve):
    engine = ScriptedEngine(seconds_per_token=60)
    page = open_page(serve(engine))
    page.click("#run")
    wait_until(lambda: engine.active_requests > 0, 5, "the run's start")
    page.close()
    wait_until(lambda: engine.active_requests == 0, 1, "the end of the engine's work")


def test_running_again_in_mid_run_starts_anew(open_page, slow, slow_engine):
    page = open_page(slow)
    page.click("#run")
    page.wait_for_function("+document.querySelector('[data-run=natural]').dataset.thinkingTokens > 5")
    page.fill("#thinking-budget input[type=number]", "4")
    page.click("#run")
    page.wait_for_function("document.querySelector('[data-run=truncated] .count').textContent === '4 of 4'")
    assert slow_engine.active_requests <= 2
    page.wait_for_function(FINISHED)
    assert pane(page, "truncated").get_attribute("data-thinking-tokens") == "4"


@pytest.mark.parametrize(
    "hostile",
    [
        "<img src=x onerror=\"document.title='broken in'\">",
        "<script>document.title='broken in'</script>",
        "a ${1+1} {{value}} `x`",
    ],
)
def test_hostile_text_stays_text(open_page, serve, hostile):
    url = serve(ScriptedEngine(0.001, thinking=[hostile], answers=[hostile]))
    page = open_page(url)
    page.fill("#question textarea", hostile)
    run_and_wait(page)
    assert page.input_value("#question textarea") == hostile
    assert hostile in pane(page, "natural", ".thinking").inner_text()
    assert hostile in pane(page, "natural", ".answer").inner_text()
    assert page.locator("#trace-view :is(img, script)").count() == 0
    assert page.title() != "broken in"
    assert page.complaints == []


def test_a_question_that_spells_out_special_tokens_runs_as_text(open_page, fast):
    page = open_page(fast)
    page.fill("#question textarea", f"{S1.end_of_thinking} 5")
    run_and_wait(page)
    assert pane(page, "natural").get_attribute("data-thinking-tokens") == "20"


@pytest.mark.parametrize(
    ("question", "words"), [("   ", "empty"), ("x" * 5000, "Shorten"), ("a " * 1900, "context")], ids=["empty", "long", "full"]
)
def test_bad_input_is_answered_beside_the_question_and_nothing_is_lost(open_page, fast, question, words):
    page = open_page(fast)
    run_and_wait(page)
    page.fill("#question textarea", question)
    page.click("#run")
    page.wait_for_function(f"document.getElementById('problem-text').textContent.includes({words!r})")
    page.wait_for_function(IDLE)
    assert page.input_value("#question textarea") == question
    assert pane(page, "extended", ".answer").inner_text() == "3", "the last comparison stays"
    page.fill("#question textarea", "How many r in strawberry?")
    page.click("#run")
    page.wait_for_function("document.getElementById('problem-text').textContent === ''")


def test_impossible_settings_are_answered_with_a_sentence(open_page, fast):
    page = open_page(fast)
    page.get_by_text("own…").click()
    page.wait_for_selector("#own-extension textarea")
    page.click("#run")
    page.wait_for_function("document.getElementById('problem-text').textContent.includes('extension')")


def test_settings_behind_more_are_answered_with_a_sentence(open_page, fast):
    page = open_page(fast)
    page.get_by_role("button", name="more").click()
    page.fill("#seed input", "-1")
    page.click("#run")
    page.wait_for_function("document.getElementById('problem-text').textContent.includes('seed')")


def test_a_visitor_who_must_wait_is_told_so_and_can_stop_waiting(open_page, serve):
    engine = ScriptedEngine(seconds_per_token=0.05)
    url = serve(engine, max_concurrent_runs=1)
    first, second, third = open_page(url), open_page(url), open_page(url)
    told = "document.getElementById('problem-text').textContent.includes('place')"
    first.click("#run")
    wait_until(lambda: engine.active_requests > 0, 5, "the first run")
    second.click("#run")
    second.wait_for_function(told)
    second.click("#stop")
    second.wait_for_function(f"!{told}")
    third.click("#run")
    third.wait_for_function(told)
    first.click("#stop")
    third.wait_for_function(RUNNING)
    assert third.inner_text("#problem-text") == ""
    assert second.locator("#trace-view [data-running=false]").count() == 1, "it would have come first"
    third.click("#stop")


def test_nothing_forced_is_one_line(open_page, fast):
    page = open_page(fast)
    page.fill("#thinking-budget input[type=number]", "512")
    page.fill("#num-waits input[type=number]", "0")
    run_and_wait(page)
    assert "3 runs stop by themselves at 20" in page.locator(".fork svg").text_content()
    assert page.locator(".fork .fork-joint").count() == 0


def test_the_sliders_have_real_stops_and_names(open_page, fast):
    page = open_page(fast)
    budget = page.get_by_role("slider", name="Thinking budget")
    assert budget.get_attribute("aria-valuetext") == "16 tokens"
    budget.focus()
    page.keyboard.press("ArrowRight")
    assert budget.get_attribute("aria-valuetext") == "32 tokens"
    page.keyboard.press("End")
    assert budget.get_attribute("aria-valuetext").startswith("auto")
    waits = page.get_by_role("slider", name="Make it go on")
    waits.focus()
    page.keyboard.press("Home")
    assert waits.get_attribute("aria-valuetext") == "0 times"
    run_and_wait(page)
    assert pane(page, "truncated", ".status").inner_text() == "stopped by itself"
    assert pane(page, "extended").get_attribute("data-thinking-tokens") == "20"


def test_any_budget_can_be_typed(open_page, fast):
    page = open_page(fast)
    page.fill("#thinking-budget input[type=number]", "5")
    page.fill("#num-waits input[type=number]", "1")
    run_and_wait(page)
    assert pane(page, "truncated", ".count").inner_text() == "5 of 5"
    assert pane(page, "extended", ".thinking .forced").count() == 1


def test_the_extension_can_be_swapped(open_page, fast):
    page = open_page(fast)
    page.get_by_text("Hmm", exact=True).click()
    run_and_wait(page)
    assert pane(page, "extended", ".thinking .forced").first.inner_text().endswith("Hmm")


def test_examples_and_surprise_fill_the_question(open_page, fast):
    page = open_page(fast)
    page.get_by_role("button", name="What is 27+48?").click()
    page.wait_for_function("document.querySelector('#question textarea').value === 'What is 27+48?'")
    page.get_by_role("button", name="surprise me").click()
    page.wait_for_function("document.querySelector('#question textarea').value === 'How many r in strawberry?'")


def test_a_result_never_seems_to_answer_another_question(open_page, fast):
    page = open_page(fast)
    run_and_wait(page)
    assert page.inner_text(".fork-stale") == ""
    asked = page.input_value("#question textarea")
    page.fill("#question textarea", "Something else?")
    page.wait_for_function("document.querySelector('.fork-stale').textContent")
    assert asked in page.inner_text(".fork-stale")
    assert float(pane(page, "natural").evaluate("node => getComputedStyle(node).opacity")) < 0.5
    run_and_wait(page)
    page.wait_for_function("!document.querySelector('.fork-stale').textContent")


def test_unknown_questions_get_no_verdict(open_page, fast):
    page = open_page(fast)
    page.fill("#question textarea", "How many x in axolotl?")
    run_and_wait(page)
    assert [pane(page, run, ".verdict").inner_text() for run in ("truncated", "natural", "extended")] == ["", "", ""]


def test_more_opens_and_its_settings_count(open_page, fast):
    page = open_page(fast)
    assert not page.locator("#seed").is_visible()
    page.get_by_role("button", name="more").click()
    page.fill("#max-answer-tokens :is(input, textarea)", "1")
    page.fill("#seed input", "7")
    run_and_wait(page)
    assert "answer cut at its limit" in pane(page, "natural", ".details").inner_text()


def test_a_lost_message_is_asked_for_again(open_page, slow, monkeypatch):
    send, lost = ViewStream._message, []

    def lose_the_fifth(stream, ops):
        message = send(stream, ops)
        if message["n"] == 5 and ops:
            lost.append(message)
            return send(stream, [])
        return message

    monkeypatch.setattr(ViewStream, "_message", lose_the_fifth)
    page = open_page(slow)
    run_and_wait(page)
    assert lost
    text = pane(page, "extended", ".thinking").inner_text()
    assert text.count("I guess 2.") == 1 and text.count("let me check") == 2
    assert text.replace("\n", "").endswith("y3. So 3.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_sideways_scrolling(open_page, fast, scheme):
    page = open_page(fast, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    run_and_wait(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('.panes')).scrollSnapType").startswith("x")
    overlong = page.evaluate(
        "[...document.querySelectorAll('.fork text')].filter(t => t.getBoundingClientRect().right > innerWidth - 16).length"
    )
    assert overlong == 0
    assert page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")


def test_two_pages_do_not_mix(open_page, slow, slow_engine):
    first, second = open_page(slow), open_page(slow)
    first.click("#run")
    second.click("#run")
    first.wait_for_function(RUNNING)
    wait_until(lambda: slow_engine.active_requests == 2, 5, "both runs")
    first.click("#stop")
    wait_until(lambda: slow_engine.active_requests == 1, 1, "the end of the first run")
    second.wait_for_function("+document.querySelector('[data-run=extended]').dataset.thinkingTokens > 20")
    second.click("#stop")


def test_the_chip_opens_a_card_about_the_model(open_page, fast):
    page = open_page(fast)
    card = page.locator("#model-card")
    assert not card.is_visible()
    page.click("#model-chip")
    assert card.is_visible() and "Context:" in card.inner_text()
    page.keyboard.press("Escape")
    assert not card.is_visible()
