"""The Timeline tab: points folded by tables, and the tab in a real Chromium around a scripted engine that says how sure it is."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from s1demo.decoding.probe import ProbeAt, ProbePoint
from s1demo.delimiters import EXTENSION
from s1demo.errors import InputError
from s1demo.events import EndOfThinking, EndSuppressed, Finished, FinishReason, Origin, Phase, RunStarted, ThinkingEnded, Tokens
from s1demo.ui.stream.render import coalesce
from s1demo.ui.timeline.tab import GRID, LINES, WAITS, default_grid, grid_stops, probe_at
from s1demo.ui.timeline.view import TRACE, TimelineView
from tests.ui.conftest import wait_until
from tests.ui.fake_engine import ScriptedEngine

STRAWBERRY = "How many r in strawberry?"
IDLE = "#timeline-view [data-running=false]"
DONE = "document.querySelector('#timeline-view [data-running=false] .tl-trace.finished')"


class SureEngine(ScriptedEngine):
    """Says of each token that it was likely, e to the -0.25; cut, it answers by how often it was made to go on."""

    def _script(self, prompt):
        if not self._is_cut(prompt):
            return super()._script(prompt)
        word = self.tokenizer.text(tuple(self._answer(self.tokenizer.text(prompt).count(EXTENSION)))).split()[-1]
        return self.tokenizer.encode(" " + word), self.tokenizer.end_of_turn_id

    async def stream(self, request):
        async with aclosing(super().stream(request)) as segments:
            async for segment in segments:
                n = len(segment.token_ids) + (segment.finish_reason is FinishReason.STOP)
                yield replace(segment, logprobs=(-0.25,) * n if request.logprobs else None)


def thought(text, *ids, origin=Origin.SAMPLED):
    return Tokens(ids, Phase.THINKING, origin, text)


def stopped(at, answer, probability=0.5):
    return ProbePoint(at, answer, probability, answer or "", ())


def feed(view, *events):
    return [op for event in events for op in view.feed(TRACE, event, 1.0)]


def points(ops):
    return [op[2:] for op in ops if op[0] == "point"]


def test_a_point_waits_until_the_text_has_come_so_far():
    view = TimelineView("3")
    ops = feed(view, RunStarted((1,), 100), stopped(0, "2", 0.98765), stopped(2, "3"))
    assert points(ops) == [[0, 0, "2", "wrong", 0.9877, 0]]
    assert points(feed(view, thought("one", 5))) == []
    assert points(feed(view, thought(" two", 6))) == [[2, 7, "3", "right", 0.5, 1]]


@pytest.mark.parametrize(
    ("gold", "answers", "folded"),
    [
        ("3", ["2", "3", "2.0", None], [("2", "wrong", 0), ("3", "right", 1), ("2.0", "wrong", 0), (None, "", -1)]),
        (None, ["2", "", "3"], [("2", "", 0), (None, "", -1), ("3", "", 1)]),
    ],
)
def test_answers_that_are_one_share_a_group(gold, answers, folded):
    ops = feed(TimelineView(gold), RunStarted((1,), 9), *(stopped(0, answer) for answer in answers))
    assert [(op[4], op[5], op[7]) for op in ops if op[0] == "point"] == folded


def test_a_run_and_its_points_in_operations_and_in_a_sentence():
    view = TimelineView("3")
    ops = feed(
        view,
        RunStarted((1,), 100),
        stopped(0, "2"),
        thought("So 2.", 5, 6),
        stopped(2, "2"),
        EndSuppressed(1, 2, 9),
        thought("Wait", 7, origin=Origin.FORCED),
        stopped(3, "3", None),
        ThinkingEnded(EndOfThinking.NATURAL, 3),
        Tokens((8,), Phase.ANSWER, Origin.SAMPLED, "\nAnswer: 3"),
        Finished(FinishReason.STOP, 3, 1),
    )
    told = "Stopped at a number of thinking tokens, it would answer: 2 (wrong) from 0; 3 (right) from 3."
    end = " The run itself (made to go on 1×, then stopped) took 3 thinking tokens and answered 3 (right)."
    assert ops[-1] == ["sentence", told + end]
    assert [op[1:] for op in ops if op[0] == "forced"] == [[TRACE, "Wait"]]
    assert "rate" not in {op[0] for op in ops}  # the probes have slowed the run down
    assert next(op for op in ops if op[0] == "answer") == ["answer", TRACE, "3", "right", ["3 thinking · 1 answer tokens"], 1]
    assert points(coalesce(ops)) == points(ops)


def test_the_sentence_tells_some_changes_and_counts_the_others():
    view = TimelineView()
    feed(view, RunStarted((1,), 100), *(event for i in range(40) for event in (stopped(i, str(i % 2)), thought(" x", 5))))
    assert view.sentence().endswith("from 11; then 28 more changes.")


PLACES = [
    (GRID, 8, ProbeAt(every=8, waits=True)),
    (GRID, "8", ProbeAt(every=8, waits=True)),
    (LINES, None, ProbeAt(lines=True, waits=True)),
    (WAITS, 8, ProbeAt(waits=True)),
]


@pytest.mark.parametrize(("where", "every", "place"), PLACES)
def test_where_to_ask(where, every, place):
    assert probe_at(where, every, 2048) == place


@pytest.mark.parametrize(("where", "every"), [(GRID, "x"), (GRID, 0), (GRID, 1.5), (GRID, None), ("anywhere", 4), (None, 4)])
def test_places_that_do_not_exist_are_refused(where, every):
    with pytest.raises(InputError):
        probe_at(where, every, 2048)


@pytest.mark.parametrize(("context_length", "grid"), [(64, 4), (2048, 4), (32_768, 64), (131_072, 256)])
def test_a_long_context_gets_a_wide_grid(context_length, grid):
    assert default_grid(context_length) == grid
    assert grid in grid_stops(context_length)


@pytest.mark.parametrize(("context_length", "apart"), [(64, 1), (2048, 1), (32_768, 16), (131_072, 64)])
def test_a_trace_that_fills_the_context_has_a_bounded_number_of_points(context_length, apart):
    assert grid_stops(context_length)[0] == apart and context_length / apart <= 2048
    assert probe_at(GRID, apart, context_length).every == apart
    assert probe_at(LINES, None, context_length) == ProbeAt(lines=True, waits=True, apart=apart)
    if apart > 1:
        with pytest.raises(InputError, match=f"Give {apart} or more"):
            probe_at(GRID, apart - 1, context_length)


def test_its_own_answer_is_told_apart_from_that_at_its_last_token():
    view = TimelineView("3")
    end = [Tokens((8,), Phase.ANSWER, Origin.SAMPLED, "\nAnswer: 3"), Finished(FinishReason.STOP, 2, 1)]
    ops = feed(view, RunStarted((1,), 9), thought("So 3.", 5, 6), ThinkingEnded(EndOfThinking.NATURAL, 2), *end, stopped(2, "4"))
    assert view.sentence().endswith("answered 3 (right). Stopped at that very token it would have answered 4 instead.")
    assert [op[-1] for op in ops if op[0] == "answer"] == [0] and points(ops)[-1][-1] == 1
    agreeing = TimelineView("3")
    feed(agreeing, RunStarted((1,), 9), thought("So 3.", 5, 6), ThinkingEnded(EndOfThinking.NATURAL, 2), *end, stopped(2, "3.0"))
    assert "instead" not in agreeing.sentence()


@pytest.fixture(scope="module")
def url(serve):
    return serve(SureEngine())


@pytest.fixture
def open_tab(open_page):
    def open_url(url, query="", **options):
        page = open_page(f"{url}?tab=timeline&question={STRAWBERRY}{query}", **options)
        page.wait_for_selector("#timeline-view [data-running]")
        expect(page.locator("#timeline-question textarea")).to_have_value(STRAWBERRY)
        return page

    return open_url


def run_and_wait(page):
    page.evaluate("document.querySelector('#timeline-view [data-running]').dataset.running = 'asked'")
    page.click("#timeline-run")
    page.wait_for_function(DONE)


def test_a_timeline_and_the_way_through_it(open_tab, url):
    page = open_tab(url)
    run_and_wait(page)
    assert page.locator(".tl-strip .stretch").all_inner_texts() == ["2 ✗", "3 ✓"]
    assert page.locator(".tl-readout .answer").inner_text() == "3"
    assert page.locator(".tl-readout .verdict").inner_text() == "✓ right"
    assert page.locator(".tl-trace footer .answer").inner_text() == "3"
    assert page.locator(".tl-picture .tl-wait").count() == 2
    told = page.get_attribute(".tl-picture svg", "aria-label")
    assert "2 (wrong) from 0; 3 (right) from" in told and page.inner_text("#timeline-view .asked-done") == told
    page.press(".tl-scrubber", "Home")
    assert page.locator(".tl-readout .answer").inner_text() == "2"
    assert page.locator(".tl-readout .where").inner_text().startswith("after 0 of ")
    assert page.locator(".tl-readout .probability").inner_text() == "P(answer) 61 %"
    assert page.locator(".trace-text .before").all_inner_texts()[0] == ""
    page.press(".tl-scrubber", "ArrowRight")  # to the next point, not the next token
    assert page.locator(".tl-readout .where").inner_text().startswith("after 4 of ")
    assert page.locator(".trace-text .before").all_inner_texts()[0] == "I guess 2. Spell"
    assert page.locator(".trace-text .after").all_inner_texts()[0].startswith(" raspberry")
    value = page.get_attribute(".tl-scrubber", "aria-valuetext")
    assert value == "stopped after 4 thinking tokens it would answer 2, wrong, probability 0.61"
    page.press(".tl-scrubber", "End")
    assert page.locator(".trace-text .cut-here").count() == 0
    box = page.locator(".tl-strip").bounding_box()
    page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 10)
    assert page.locator(".tl-readout .answer").inner_text() == "2"
    assert page.complaints == []


def test_stop_in_mid_run_keeps_what_is_there_and_ends_the_engines_work(open_tab, held_url, held_engine):
    page = open_tab(held_url)
    page.click("#timeline-run")
    expect(page.locator(".tl-trace .trace-text")).to_contain_text("raspberry")
    expect(page.locator(".tl-readout .answer")).to_have_text("2")
    assert held_engine.active_requests > 0
    page.press("#timeline-question textarea", "Escape")
    wait_until(lambda: held_engine.active_requests == 0, "the end of the engine's work")
    page.wait_for_selector(IDLE)
    assert page.locator(".tl-trace .status").inner_text() == "stopped"
    assert page.locator(".tl-trace .trace-text").inner_text().startswith("I guess")
    assert page.locator(".tl-readout .answer").inner_text() == "2"


def test_a_link_fills_in_the_fields_and_nonsense_is_answered_in_words(open_tab, url):
    page = open_tab(url, f"&waits=0&every=16&where={WAITS}")
    expect(page.locator("#tl-waits-number")).to_have_value("0")
    expect(page.locator("#tl-where label.selected")).to_have_text(WAITS)
    run_and_wait(page)
    assert page.locator(".tl-picture .tl-wait").count() == 0
    assert page.locator(".tl-point").count() == 2  # the end of thinking, and the chosen one over it
    bad = open_tab(url, "&where=nowhere")
    bad.click("#timeline-run")
    expect(bad.locator("#timeline-problem-text")).to_contain_text("Choose one of")
    assert page.complaints + bad.complaints == []


class OtherwiseEngine(SureEngine):
    """Cut off, it always answers 7."""

    def _script(self, prompt):
        return (self.tokenizer.encode(" 7"), self.tokenizer.end_of_turn_id) if self._is_cut(prompt) else super()._script(prompt)


def test_its_last_point_is_not_presented_as_its_answer(open_tab, serve):
    page = open_tab(serve(OtherwiseEngine()), "&waits=1")
    run_and_wait(page)
    assert page.locator(".tl-readout .answer").inner_text() == "7"
    assert page.locator(".tl-trace footer .answer").inner_text() == "3"
    note = page.locator(".tl-readout .by-itself")
    expect(note).to_have_text("It was not stopped here: ending its thinking by itself, it answered 3 ✓ right")
    assert page.locator(".tl-own").all_text_contents() == ["↻\ufe0e 1: by itself 2 ✗", "■: by itself 3 ✓"]
    page.evaluate("""() => {
      const wait = document.querySelector('.tl-wait').getBoundingClientRect();
      document.querySelector('#timeline-view svg').dispatchEvent(new PointerEvent('pointerdown', { clientX: wait.x, buttons: 1 }));
    }""")
    expect(note).to_have_text("It wanted to stop here. Ending its thinking by itself, it would have answered 2 ✗ wrong")
    assert page.locator(".tl-readout .answer").inner_text() == "7"
    told = page.get_attribute(".tl-picture svg", "aria-label")
    assert "Where it wanted to stop and was made to go on, it would have answered by itself: 2 (wrong) at " in told
    page.press(".tl-scrubber", "Home")
    expect(note).to_be_empty()
    assert page.complaints == []


def test_a_long_trace_stands_in_blocks_and_the_cut_moves_through_them(open_tab, serve):
    lines = "".join(f"\nLine {n}: " + " ".join(f"w{n}.{i}" for i in range(30)) for n in range(60))
    page = open_tab(serve(SureEngine(thinking=[lines], chunk=32, context_length=8192)), "&waits=0&every=256")
    run_and_wait(page)
    blocks = page.locator(".tl-trace .block").all_text_contents()
    assert "".join(blocks) == lines.lstrip() and len(blocks) >= len(lines) // 2000
    assert all(block.endswith("\n") for block in blocks[:-1]) and max(map(len, blocks)) < 2000, "what grows is laid out anew"
    for key, before in (("Home", 0), ("ArrowRight", 256), ("ArrowRight", 512), ("ArrowLeft", 256), ("End", None)):
        page.press(".tl-scrubber", key)
        words = "".join(page.locator(".tl-trace .before").all_text_contents()).split()
        assert len(words) == (len(lines.split()) if before is None else before)
        mark = page.locator(".tl-trace .cut-here")
        assert mark.count() == (before is not None)
        if before is not None:
            page.wait_for_function("""() => {
              const inner = document.querySelector('.tl-trace .cut-here')?.getBoundingClientRect();
              const outer = document.querySelector('.tl-trace .trace-text')?.getBoundingClientRect();
              return inner && outer && inner.top >= outer.top && inner.bottom <= outer.bottom;
            }""")
    assert page.complaints == []


def test_hostile_text_is_shown_as_text(open_tab, serve):
    hostile = "<img src=x onerror=alert(1)> ${1} `x` 𝑥"
    page = open_tab(serve(SureEngine(thinking=["\n" + hostile], answers=["\nAnswer: <b>2</b>"])))
    run_and_wait(page)
    assert page.locator(".trace-text .before").first.inner_text() == hostile
    page.press(".tl-scrubber", "Home")
    assert page.locator(".trace-text .after").first.inner_text() == hostile
    assert page.locator(".tl-readout .answer").inner_text() == "<b>2</b>"
    assert page.locator("#timeline-view img").count() == 0
    assert page.complaints == []


def test_a_phone_shows_everything_without_sideways_scrolling(open_tab, url):
    page = open_tab(url, viewport={"width": 390, "height": 844})
    run_and_wait(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".tl-scrubber").bounding_box()["width"] > 300
