"""The Race tab: a race folded by tables against evals.votes, and the tab in a real Chromium around a scripted engine."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import expect

from s1demo.budget import BudgetPolicy
from s1demo.errors import InputError
from s1demo.evals.votes import affordable, first_finished, vote
from s1demo.events import (
    EndOfThinking,
    EndSuppressed,
    EngineInfo,
    Finished,
    FinishReason,
    Origin,
    Phase,
    RunStarted,
    ThinkingEnded,
    Tokens,
)
from s1demo.traces import TraceBuilder
from s1demo.ui.race.tab import MOST_SAMPLES, RaceChoices
from s1demo.ui.race.view import PARALLEL, SEQUENTIAL, RaceView
from s1demo.ui.stream.render import coalesce
from tests.ui.conftest import wait_until

STRAWBERRY = "How many r in strawberry?"
INFO = EngineInfo("m", "e", "CPU", 1, 1000, "s1")
DONE = "document.querySelector('#race-view [data-running=false] [data-result=equal] .answer')?.textContent"


def builder(policy=BudgetPolicy()):
    return TraceBuilder("q", INFO, policy)


def run_of(thinking_tokens, answer, waits=()):
    """The events of a run of so many tokens and one more that answers; it is made to go on at `waits`."""
    events = [RunStarted((1,), 1000)]
    for at in range(thinking_tokens):
        if at in waits:
            events.append(EndSuppressed(waits.index(at) + 1, at, 9))
            events.append(Tokens((7,), Phase.THINKING, Origin.FORCED, "Wait"))
        events.append(Tokens((5,), Phase.THINKING, Origin.SAMPLED, " x"))
    events.append(ThinkingEnded(EndOfThinking.NATURAL, thinking_tokens + len(waits)))
    events.append(Tokens((8, 8), Phase.DELIMITER, Origin.FORCED, "<|im_start|>answer"))
    events.append(Tokens((6,), Phase.ANSWER, Origin.SAMPLED, f"\nAnswer: {answer}" if answer else ""))
    return [*events, Finished(FinishReason.STOP, thinking_tokens, 1)]


def feed(view, name, events):
    return [op for event in events for op in view.feed(name, event, 1.0)]


def last(ops, *begin):
    return [op for op in ops if op[: len(begin)] == list(begin)][-1][len(begin) :]


def test_a_race_in_operations_and_in_a_sentence():
    view = RaceView({"0": builder(), "1": builder()}, [builder() for _ in range(3)], "3")
    ops = feed(view, "0", run_of(9, "2")) + feed(view, PARALLEL, run_of(4, "2") + run_of(3, "3"))
    assert [op for op in ops if op[0] == "result" and op[1] in ("equal", "first")] == []  # not known yet
    ops += feed(view, "1", run_of(13, "3", waits=[9])) + feed(view, PARALLEL, run_of(7, "3"))
    assert [op[2:] for op in ops if op[:2] == ["answered", SEQUENTIAL]] == [[10, "2", "wrong", 0], [14, "3", "right", 1]]
    assert [op[1:] for op in ops if op[0] == "vote"] == [
        [5, "2", "wrong", 0, 1, 1],
        [9, "2", "wrong", 0, 1, 2],
        [17, "3", "right", 1, 2, 3],
    ]
    assert [op[1:] for op in ops if op[0] == "wait"] == [[SEQUENTIAL, 1, 9, 9]]
    assert last(ops, "fair") == [14]
    assert last(ops, "spent", SEQUENTIAL) == [14] and last(ops, "spent", "3") == [8]
    assert last(ops, "tally") == [[["3", "right", 1, 2], ["2", "wrong", 0, 1]]]
    assert last(ops, "result", "equal") == ["2", "wrong", "1 of 2 votes; 14 tokens pay for 2 of 3 samples (9)"]
    assert last(ops, "result", "all") == ["3", "right", "2 of 3 votes, 17 tokens"]
    assert last(ops, "result", "first") == ["3", "right", "after 4 tokens: 3 started, each stopped at 4, make 12 tokens"]
    assert view.sentence().startswith("The sequential trace answers 3 (right): 14 tokens, made to go on once. The vote at equal")
    assert {"count", "status", "rate", "answer"}.isdisjoint(op[0] for op in ops)
    assert [op for op in coalesce(ops) if op[0] in ("answered", "vote")] == [op for op in ops if op[0] in ("answered", "vote")]


def test_samples_that_finish_at_once_with_different_answers_are_told():
    view = RaceView({"0": builder()}, [builder() for _ in range(4)], "3")
    ops = feed(view, "0", run_of(9, "3")) + feed(view, PARALLEL, run_of(7, "3") + run_of(4, "2") + run_of(4, "3") + run_of(4, "2"))
    told = "3 tied at 5 tokens, sample 2's is shown: 4 started, each stopped at 5, make 20 tokens"
    assert last(ops, "result", "first") == ["2", "wrong", told]
    agreed = feed(RaceView({"0": builder()}, [builder(), builder()], "3"), PARALLEL, run_of(4, "3") + run_of(4, "3.0"))
    assert last(agreed, "result", "first")[2].startswith("after 5 tokens: ")


def test_nothing_is_affordable_where_the_sequential_trace_is_shorter():
    view = RaceView({"0": builder()}, [builder(), builder()])
    ops = feed(view, "0", run_of(2, "2")) + feed(view, PARALLEL, run_of(8, "3"))
    assert last(ops, "result", "equal") == [None, "", "3 tokens do not pay for one sample"]
    assert "The vote at equal tokens has no answer: 3 tokens do not pay for one sample." in view.sentence()


def test_what_the_page_says_is_what_parallel_scaling_says():
    dice = random.Random(7)
    for _ in range(30):
        runs = [run_of(dice.randint(1, 9), dice.choice(["1", "2", "2.0", "3", ""])) for _ in range(dice.randint(1, 9))]
        sequential = run_of(dice.randint(1, 40), "2")
        view = RaceView({"0": builder()}, [builder() for _ in runs], "2")
        ops = feed(view, "0", sequential) + [op for run in runs for op in feed(view, PARALLEL, run)]
        traces = [folded(run) for run in runs]
        spent = folded(sequential).sampled_tokens
        for method, choice in {
            "equal": vote(affordable(traces, spent)),
            "all": vote(traces),
            "first": first_finished(traces),
        }.items():
            assert last(ops, "result", method)[0] == choice.answer
        assert last(ops, "vote") == [vote(traces).spent_tokens, vote(traces).answer, *last(ops, "vote")[2:4], vote(traces).votes, len(runs)]
        assert sum(votes for *_, votes in last(ops, "tally")[0]) == len(runs)


def folded(events):
    fold = builder()
    for event in events:
        fold.add(event)
    return fold.trace()


BAD = [("waits", 9), ("waits", -1), ("waits", "x"), ("samples", 0), ("samples", MOST_SAMPLES + 1), ("samples", 1.5), ("temperature", "hot"), ("seed", -1)]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_settings_that_cannot_work_are_refused(name, value):
    given = {"waits": 1, "samples": 2, "temperature": 1, "seed": 0, name: value}
    choices = RaceChoices("q", **given)
    with pytest.raises(InputError):
        (choices.policies(), choices.n_samples(), choices.sampling())


@pytest.fixture
def open_tab(open_page):
    def open_url(url, query="", **options):
        page = open_page(f"{url}?tab=race&question={STRAWBERRY}{query}", **options)
        page.wait_for_selector("#race-view [data-running]")
        expect(page.locator("#race-question textarea")).to_have_value(STRAWBERRY)
        return page

    return open_url


def run_and_wait(page):
    page.evaluate("document.querySelector('#race-view [data-running]').dataset.running = 'asked'")
    page.click("#race-run")
    page.wait_for_function(DONE)


def settled(page):
    """What measures itself has done so after a change of size."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))")


def result(page, method, part):
    return page.locator(f"[data-result={method}] {part}").inner_text()


def test_a_race(open_tab, scripted_url):
    page = open_tab(scripted_url, "&waits=2&samples=4")
    run_and_wait(page)
    assert [result(page, method, ".answer") for method in ("sequential", "equal", "all", "first")] == ["3", "2", "2", "2"]
    assert result(page, "sequential", ".verdict") == "✓ right" and result(page, "equal", ".verdict") == "✗ wrong"
    assert page.locator(".lane-name").all_inner_texts() == ["sequential", *(f"sample {i}" for i in range(1, 5)), "vote so far"]
    assert page.locator(".lane.sample .tag").all_inner_texts() == ["2 ✗"] * 4
    assert page.locator(".lane.sequential .tag").inner_text() == "3 ✓"
    assert page.locator(".lane.sequential .over").all_inner_texts() == ["2 ✗", "3 ✓"]
    assert page.locator(".lane.vote .stretch").all_inner_texts() == ["2 ✗ 4 of 4"]
    page.wait_for_function(  # the bar moves there
        """() => {
          const box = (selector) => document.querySelector(selector)?.getBoundingClientRect();
          return Math.abs(box(".lane.sequential .bar")?.right - box(".race-field .fair")?.x) < 3;
        }"""
    )
    ends = [box["x"] + box["width"] for box in (lane.bounding_box() for lane in page.locator(".lane.sample .bar").all())]
    starts = [lane.bounding_box()["x"] for lane in page.locator(".lane.sample .bar").all()]
    assert all(abs(start - end) < 2 for start, end in zip(starts[1:], ends[:-1], strict=True))  # laid end to end
    assert "The vote at equal tokens answers 2 (wrong)" in page.inner_text("#race-view .asked-done")
    page.locator(".lane-name", has_text="sample 2").press("Enter")
    expect(page.locator("#race-trace-title")).to_have_text("What sample 2 wrote")
    assert page.locator(".race-trace .forced").count() == 0
    assert page.locator(".race-trace .trace-text").inner_text().startswith("I guess 2.")
    assert page.complaints == []


def test_stop_in_mid_run_keeps_the_lanes_and_ends_the_engines_work(open_tab, held_url, held_engine):
    page = open_tab(held_url)
    page.click("#race-run")
    expect(page.locator(".race-trace .trace-text")).to_contain_text("Spell")
    assert held_engine.active_requests > 1
    page.click("#race-stop")
    wait_until(lambda: held_engine.active_requests == 0, "the end of the engine's work")
    page.wait_for_selector("#race-view [data-running=false]")
    assert page.locator(".lane.sequential .tag").inner_text() == "stopped"
    assert page.complaints == []


def test_a_link_fills_in_the_fields_and_nonsense_is_answered_in_words(open_tab, scripted_url):
    page = open_tab(scripted_url, "&waits=1&samples=99&temperature=0.5&seed=3")
    expect(page.locator("#race-seed input")).to_have_value("3")
    expect(page.locator("#race-waits-number")).to_have_value("1")
    expect(page.locator("#race-temperature-number")).to_have_value("0.5")
    page.click("#race-run")
    expect(page.locator("#race-problem-text")).to_have_text("The number of samples is 99. Give a whole number from 1 to 32.")
    page.fill("#race-samples-number", "2")
    run_and_wait(page)
    assert page.locator(".lane.sample").count() == 2
    assert page.complaints == []


def test_many_lanes_on_a_phone_without_sideways_scrolling(open_tab, scripted_url):
    page = open_tab(scripted_url, "&samples=32", viewport={"width": 390, "height": 844})
    run_and_wait(page)
    assert page.locator(".lane.sample").count() == 32
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    knob = page.locator("#race-temperature-range").bounding_box()
    frame = page.locator("#race-temperature").bounding_box()
    assert knob["width"] > 300 and knob["y"] + knob["height"] <= frame["y"] + frame["height"], "the knob is not clipped"


def test_a_temperature_between_the_stops_can_be_typed(open_tab, scripted_url):
    page = open_tab(scripted_url, "&waits=0&samples=2")
    page.fill("#race-temperature-number", "1.3")
    run_and_wait(page)
    assert "temperature=1.3" in page.url
    assert page.complaints == []


def test_the_axis_says_its_unit_and_all_is_german(open_tab, scripted_url):
    page = open_tab(scripted_url, "&waits=2&samples=8&lang=de")
    run_and_wait(page)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        settled(page)
        unit, card = (page.locator(f".race-{name}").bounding_box() for name in ("field .unit", "picture"))
        assert unit["x"] >= card["x"] and unit["x"] + unit["width"] <= card["x"] + card["width"]
        ticks = [tick.bounding_box() for tick in page.locator(".race-field .tick").all()]
        beside = [tick for tick in ticks if tick["y"] + tick["height"] > unit["y"] + 1 and tick["y"] < unit["y"] + unit["height"] - 1]
        assert len(ticks) > 1 and all(tick["x"] + tick["width"] <= unit["x"] for tick in beside)
    assert page.locator(".lane.vote .stretch").get_attribute("title") and "8 von 8" in page.locator(".lane.vote").inner_text()
    lines = " ".join(page.locator(".race-result .line").all_inner_texts())
    assert "Stimmen" in lines and "zum Weiterdenken gebracht" in lines and not {"votes", "tokens", "after", "started"} & set(lines.split())
    assert page.complaints == []


def test_the_line_of_equal_tokens_strikes_no_answer_through(open_tab, scripted_url):
    page = open_tab(scripted_url, "&waits=2&samples=32")
    run_and_wait(page)
    line = page.locator(".race-field .fair").bounding_box()["x"]
    crossed = page.locator(".lane :is(.tag, .over)").evaluate_all(
        """(tags, line) => tags.filter((tag) => {
          const { left, right } = tag.getBoundingClientRect();
          return left + 5 < line && line < right;
        }).map((tag) => { const { backgroundImage, backgroundColor } = getComputedStyle(tag); return backgroundImage + backgroundColor; })""",
        line,
    )
    card = page.evaluate("getComputedStyle(document.querySelector('.race-picture')).backgroundColor")
    assert crossed and all(card in background for background in crossed)
