"""The How it works tab: its numbers are those of the files, its steps a recorded run, its links lead on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import expect

from s1demo.delimiters import EXTENSION, FINAL_ANSWER
from s1demo.engines.tokenization import HubTokenizer
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT, Setting
from s1demo.settings import ASSETS, EMBEDDED_MODEL
from s1demo.ui.lesson.content import (
    CODE,
    ROOT,
    code_places,
    draws,
    forcing,
    later_waits_sentence,
    lesson,
    line_of,
    measured,
    parameters_of,
    recipe,
    training_sentence,
    turned,
)
from s1demo.ui.page.translation import LANGUAGES, words
from s1demo.ui.questions import QuestionBank
from s1demo.ui.replay.recordings import shipped_recordings
from tests.ui.fake_engine import WordTokenizer

SHIPPED = shipped_recordings()
BANK = QuestionBank.load()
RUN = json.loads((ASSETS / "measured" / "s1-mini" / "curve.json").read_text())


@pytest.fixture(scope="module")
def content():
    return lesson(BANK, SHIPPED, HubTokenizer(EMBEDDED_MODEL), "https://example.org/blob/main/")


def test_the_recipes_numbers_are_those_of_the_files(content):
    stages = {stage["title"]: stage for stage in content["recipe"]}
    assert [stage["published"]["number"] for stage in list(stages.values())[:4]] == ["59,029", "51,581", "24,496", "1,000"]
    funnel = {stage["name"]: stage["n_rows"] for stage in json.loads((ASSETS / "s1-mini-1k.funnel.json").read_text())["stages"]}
    counts = [f"{funnel[name]:,}" for name in ("pool", "well formed", "unsolved by both", "chosen")]
    assert [stage["measured"]["number"] for stage in list(stages.values())[:4]] == counts
    point = {point["label"]: point["accuracy"] for point in RUN["points"]}
    assert stages["Curve"]["measured"]["number"] == f"{point['natural']:.0f} → {point['Wait x1']:.0f} %"
    assert stages["Curve"]["published"]["number"] == "50 → 57 %"
    assert all(told["source"] for stage in stages.values() for told in (stage["published"], stage["measured"]))
    assert [p["accuracy"] for p in content["curve"]["points"]] == [p["accuracy"] for p in RUN["points"]]
    assert f"{RUN['n']:,}" in content["sentences"][2]


def test_what_training_draws_and_later_waits_do_is_read_from_the_files(content):
    run = measured()
    higher = replace(
        run,
        points=tuple(replace(p, accuracy=99.0) if p.setting in (LEFT_ALONE, Setting(num_ignore=2)) else p for p in run.points),
    )
    once = f"{run.point(ONE_WAIT).accuracy:.1f}"
    assert training_sentence([]).startswith("Measured with one training draw")
    assert training_sentence([higher]).startswith("2 training draws") and training_sentence([higher]).endswith(
        f"to 99.0 %, after one “Wait” in {once} to {once} %."
    )
    assert f"gain at most {99 - run.point(ONE_WAIT).accuracy:.1f} points here" in later_waits_sentence(higher)
    assert later_waits_sentence(run).endswith("in the paper all Waits together gain 2 of 30 questions.")
    assert content["left_out"][-2:] == [training_sentence(draws()), later_waits_sentence(run)]


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_all_of_it_is_in_every_language(content, language):
    told = [
        figures[name]
        for stage in content["recipe"]
        for figures in (stage["published"], stage["measured"])
        for name in ("number", "what")
    ]
    told += [stage[name] for stage in content["recipe"] for name in ("title", "what")]
    told += [
        *content["sentences"],
        *content["real"],
        *content["left_out"],
        training_sentence([measured()]),
        *(code["what"] for code in content["code"]),
    ]
    known = words(language)

    def with_braces(text):
        numbers = count()
        return re.sub(r"\d[\d,.]*\d|\d", lambda _: f"{{{next(numbers)}}}", text)

    assert [
        text for text in (re.sub(r"\s+", " ", text) for text in told) if text not in known and with_braces(text) not in known
    ] == []


def test_without_a_measured_run_nothing_measured_is_said():
    stages = {stage["title"]: stage for stage in recipe(None)}
    assert stages["Curve"]["measured"] is None and stages["Curve"]["published"]


def test_the_model_is_as_large_as_its_weights():
    header = json.loads(Path(EMBEDDED_MODEL, "config.json").read_text())
    n, d, layers, wide = (header[key] for key in ("vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size"))
    block = 4 * d * d + 3 * d + 3 * d * wide + 2 * d  # attention with its query, key and value biases, MLP, norms
    assert parameters_of(Path(EMBEDDED_MODEL, "model.safetensors")) == n * d + layers * block + d


def test_the_steps_are_a_run_that_wait_mended_and_the_counterexample_one_it_spoilt(content):
    told = SHIPPED[content["forcing"]["id"]]
    assert turned(told, BANK, "wrong", "right") and not turned(told, BANK, "right", "wrong")
    assert turned(SHIPPED[content["spoilt"]["id"]], BANK, "right", "wrong")
    for name, part in (("truncated", "cut"), ("natural", "natural"), ("extended", "extended")):
        pieces = content["forcing"][part]["pieces"]
        text = "".join(piece["text"] for piece in pieces if piece["kind"] in ("thinking", "wait"))
        assert text == told.runs[name].thinking_text
    assert [piece["text"] for piece in content["forcing"]["extended"]["pieces"] if piece["kind"] == "wait"] == [
        EXTENSION
    ] * told.runs["extended"].waits_used
    assert forcing(told, BANK, WordTokenizer()) is None


def test_code_lines_are_where_they_are_said_to_be(content):
    assert len(content["code"]) == len(CODE)
    for (_, file, symbol), code in zip(CODE, content["code"], strict=True):
        line = int(code["place"].rpartition(":")[2])
        assert symbol.rpartition(".")[2] in (ROOT / file).read_text().splitlines()[line - 1]
        assert code["url"] == f"https://example.org/blob/main/{file}#L{line}"
    assert line_of(ROOT / "s1demo/budget.py", "BudgetForcer.nothing") is None
    assert line_of(ROOT / "s1demo/budget.py", "BudgetPolicy.feed") is None, "a method of a later class"
    assert line_of(ROOT / "nowhere.py", "x") is None
    assert not any(code["url"] for code in code_places(""))


@pytest.fixture(scope="module")
def url(replay_url):
    return replay_url


def open_lesson(open_page, url, query="?tab=lesson", **options):
    page = open_page(url + query, **{"reduced_motion": "reduce", **options})
    page.wait_for_selector(".lesson[data-state=ready] .forcing[data-step]", state="attached")
    return page


def test_the_page_does_not_carry_the_lesson_until_it_is_opened(open_page, url):
    page = open_page(url)
    first = page.request.get(url).text() + page.request.get(url + "config").text()
    assert "At a glance I see" not in first and "59,029" not in first
    page.get_by_role("tab", name="How it works").click()
    expect(page.locator(".lesson-lead")).to_contain_text("scratch paper")
    expect(page.locator(".recipe li")).to_have_count(7)
    expect(page.locator(".recipe .published .kind")).to_have_text(["◇ the paper"] * 7)
    expect(page.locator(".recipe .measured .kind")).to_have_text(["◆ here"] * 7)
    assert page.complaints == []


def test_budget_forcing_step_by_step(open_page, url):
    page = open_lesson(open_page, url)
    trace, answer, current = (
        page.locator(".forcing-trace"),
        page.locator(".forcing-answer"),
        page.locator(".forcing [aria-current=step]"),
    )
    expect(current).to_contain_text("1")
    expect(answer).to_be_empty()
    page.keyboard.press("ArrowRight")
    expect(trace.locator(".stop")).to_have_count(1)
    expect(answer).to_contain_text("wrong")
    page.click(".forcing .next")
    expect(trace.locator(".forced")).to_contain_text(FINAL_ANSWER)
    expect(trace.locator(".cut-line")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(trace.locator(".forced")).to_have_text([f"↻︎{EXTENSION}"])
    expect(trace.locator(".thrown-away")).to_have_count(1)
    expect(answer).to_be_empty()
    page.get_by_role("button", name="The answer changes").click()
    expect(answer).to_contain_text("right")
    expect(trace.locator(".forced")).to_have_text([f"↻︎{EXTENSION}"] * 2)
    expect(page.locator(".forcing .next")).to_be_disabled()
    assert "step=5" in page.url
    page.reload()
    expect(current).to_contain_text("5")
    page.keyboard.press("ArrowLeft")
    expect(current).to_contain_text("4")
    assert page.complaints == []


def test_steps_are_typed_where_motion_is_welcome(open_page, url):
    page = open_lesson(open_page, url, "?tab=lesson&step=4", reduced_motion="no-preference")
    expect(page.locator(".forcing-answer")).to_be_empty()
    page.evaluate("""() => {
      const trace = document.querySelector(".forcing-trace"), answer = document.querySelector(".forcing-answer");
      const note = () => answer.textContent && (window.writtenBefore ??= trace.textContent);
      new MutationObserver(note).observe(answer, { childList: true, subtree: true, characterData: true });
    }""")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".forcing-answer")).to_contain_text("right")
    assert page.evaluate("window.writtenBefore") == page.locator(".forcing-trace").text_content(), (
        "the answer comes behind its thinking"
    )


def test_what_went_wrong_is_one_press_away(kept_page, url, content):
    page = open_lesson(kept_page, url)
    page.get_by_role("button", name="It can also go wrong").click()
    expect(page.locator("#replay-question")).to_have_text(content["spoilt"]["question"])
    page.get_by_role("tab", name="How it works").click()
    page.get_by_role("button", name="Run it yourself").click()
    expect(page.locator("#question textarea")).to_have_value(content["forcing"]["question"])
    expect(page.locator("#run")).to_be_visible()


def test_the_curve_is_drawn_and_told(kept_page, url):
    page = open_lesson(kept_page, url)
    page.get_by_role("tab", name="How it works").click()
    expect(page.locator(".lesson-curve .curve-point")).to_have_count(len(RUN["points"]))
    expect(page.locator(".lesson-curve .whisker")).to_have_count(len(RUN["points"]))
    told = page.get_attribute(".lesson-curve svg", "aria-label")
    assert all(f"{point['label']}: " in told for point in RUN["points"])
    assert page.locator(".curve-axis text").all_text_contents()[:5] == ["0 %", "25 %", "50 %", "75 %", "100 %"]
    page.click(".lesson-curve summary")
    expect(page.locator(".lesson-curve tr")).to_have_count(1 + len(RUN["points"]))
    link = page.locator(".code a").first
    assert link.get_attribute("href").startswith("https://example.org/blob/main/s1demo/budget.py#L")


def test_a_phone_shows_it_without_scrolling_sideways(open_page, url):
    page = open_lesson(open_page, url, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.click(".forcing .next")
    expect(page.locator(".forcing-answer")).to_contain_text("wrong")
