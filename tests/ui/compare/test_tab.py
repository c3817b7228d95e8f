"""What the Compare tab offers around a comparison: answers so far, loops, one Wait more, true answers, links, files, keys."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from s1demo.events import Origin
from s1demo.traces import Trace
from tests.ui.conftest import run_comparison, wait_until_loaded
from tests.ui.fake_engine import ScriptedEngine
from tests.ui.test_page import IDLE, pane

PHONE = {"width": 390, "height": 844}
FORMULA = "\nFirst \\(x^2\\).\nThen\n$$\na+b\n$$\nand plain text.\n\\begin{align}\nc\n\\end{align}\nSo $y$"


@pytest.fixture(scope="module")
def url(scripted_url):
    return scripted_url


def verdicts(page):
    return [pane(page, run, ".verdict").inner_text() for run in ("truncated", "natural", "extended")]


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_the_answer_so_far_stands_at_each_wait(open_page, url, viewport):
    page = open_page(url, **({"viewport": viewport} if viewport else {}))
    run_comparison(page)
    assert page.locator(".fork .fork-so-far").all_text_contents() == ["2 ✗", "3 ✓"]
    assert pane(page, "extended", ".so-far").all_inner_texts() == [
        "■ would have answered 2 ✗ wrong",
        "■ would have answered 3 ✓ right",
    ]
    told = page.get_attribute(".fork svg", "aria-label")
    assert "would have answered 2 (wrong) after 20 tokens and 3 (right) after 37 tokens, was made to go on 2 times" in told
    assert pane(page, "extended", ".thinking .forced").all_inner_texts() == ["↻︎Wait", "↻︎Wait"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []


def test_without_a_true_answer_the_sentence_quotes_and_runs_without_a_budget_have_no_of(open_page, url):
    page = open_page(f"{url}?question=Who%3F")
    expect(page.locator("#question textarea")).to_have_value("Who?")
    run_comparison(page)
    expect(page.locator(".fork-story")).to_contain_text("Its answer went “2” → “3”.")
    assert page.locator(".pane.natural .count").inner_text() == "20 tokens"
    assert " of " in page.locator(".pane.truncated .count").inner_text()
    assert "at most" in page.get_attribute(".pane.natural .count", "title")


def test_what_wait_does_is_said_before_and_after_a_run(open_page, url):
    page = open_page(url)
    assert page.inner_text(".saved") == "" and page.locator("#save-traces").is_disabled() and page.locator("#one-more").is_disabled()
    assert "“Wait” can be written in its place" in page.inner_text(".fork-empty")
    assert "“Wait”" in pane(page, "extended", ".thinking").get_attribute("data-empty")
    run_comparison(page)
    story = page.locator(".fork-story")
    told = "The first 2 times it wanted to stop thinking, “Wait” was written in its place, and it went on. Its answer went 2 ✗ → 3 ✓."
    expect(story).to_have_text(told)
    for waits, words in (("1", "When it first wanted to stop thinking, “Wait” was written in its place"), ("0", "was not made to go on")):
        page.fill("#num-waits input[type=number]", waits)
        run_comparison(page)
        expect(story).to_contain_text(words)
    page.fill("#num-waits input[type=number]", "1")
    page.get_by_text("nothing", exact=True).click()
    run_comparison(page)
    expect(story).to_contain_text("it was not allowed to, and went on.")


def test_what_sharing_saved_is_one_line(compare_page):
    page = compare_page
    run_comparison(page)
    assert page.inner_text(".truth") == "True answer: 3"
    words = page.inner_text(".saved")
    independent = sum(
        int(n) for n in page.evaluate("[...document.querySelectorAll('.pane')].map((p) => p.dataset.thinkingTokens)")
    )  # two of the extended run's are forced, and each run has its answer
    assert words.startswith("Sharing saved ") and "answers so far included" in words
    saved, alone, decoded = (int(word) for word in words.replace(":", "").split() if word.isdigit())
    assert saved == alone - decoded and alone == independent - 2 + 1 + 2 + 2


def test_one_wait_more_on_a_finished_run(compare_page):
    page = compare_page
    button = page.locator("#one-more")
    run_comparison(page)
    expect(button).to_be_enabled()
    run_comparison(page, button.click)
    assert page.get_by_role("slider", name="Make it go on").get_attribute("aria-valuetext") == "3 times"
    assert pane(page, "extended", ".thinking .forced").count() == 3
    assert "Decoding is greedy" in page.inner_text("#problem-text")
    assert "waits=3" in page.url
    page.evaluate("document.activeElement.blur()")
    expect(button).to_be_enabled()
    run_comparison(page, lambda: page.keyboard.press("w"))
    assert pane(page, "extended", ".thinking .forced").count() == 4
    page.fill("#question textarea", "Something else?")
    expect(button).to_be_disabled()


def test_the_keys(compare_page):
    page = compare_page
    box = page.locator("#question textarea")
    box.fill("")
    box.press_sequentially("wn?")
    assert box.input_value() == "wn?" and not page.locator("#keys").is_visible(), "no letter does anything while someone types"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert "one Wait more" in page.inner_text("#keys")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator("#question textarea")).to_have_value("How many r in strawberry?")
    page.keyboard.press("n")
    expect(page.locator("#question textarea")).to_have_value("What is 27+48?")
    run_comparison(page, lambda: page.keyboard.press("Control+Enter"))
    asked = []
    page.expose_function("note", lambda: asked.append(1))
    page.evaluate("document.addEventListener('s1-asked', () => note())")
    box.focus()
    run_comparison(page, lambda: page.keyboard.press("Control+Enter"))
    assert len(asked) == 1, "the box itself takes Enter for a run, too"


def test_single_letters_can_be_switched_off_for_good(open_page, url):
    page = open_page(url)
    page.click("#keys-button")
    page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    page.reload()
    wait_until_loaded(page)
    expect(page.locator("#single-keys")).not_to_be_checked()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert not page.locator("#keys").is_visible()
    page.evaluate("localStorage.clear()")  # the next page of this browser context is another visitor's


def test_a_loop_gets_a_badge(compare_page):
    page = compare_page
    run_comparison(page)
    assert page.locator(".loop").count() == 0
    page.fill("#num-waits input[type=number]", "6")
    run_comparison(page)
    assert pane(page, "extended", "header .loop").inner_text().startswith("∞ repeats itself from ")
    assert "repeats itself from token" in page.get_attribute(".fork svg", "aria-label")
    assert page.locator(".loop").count() == 1
    page.fill("#num-waits input[type=number]", "1")
    run_comparison(page)
    assert page.locator(".loop").count() == 0


def test_nothing_can_be_put_in_place_of_an_end(compare_page):
    page = compare_page
    page.get_by_text("nothing", exact=True).click()
    run_comparison(page)
    assert pane(page, "extended", ".thinking .forced").all_inner_texts() == ["↻︎no text"] * 2
    assert pane(page, "extended", ".forced .own").all_inner_texts() == ["", ""], "what follows is the model's own"
    assert page.locator(".fork .fork-wait").count() == 2 and page.locator(".fork .fork-word").all_text_contents() in (
        [],
        ["", ""],
    )


def test_a_typed_true_answer_is_in_the_link_and_goes_with_its_question(compare_page):
    page = compare_page
    page.fill("#question textarea", "Mine?")
    page.click("#more")
    page.locator("#true-answer input, #true-answer textarea").fill("2")
    run_comparison(page)
    assert page.inner_text(".truth") == "True answer: 2" and "answer=2" in page.url
    page.fill("#question textarea", "Yours?")
    page.wait_for_function("!location.search.includes('answer=')")
    run_comparison(page)
    assert page.inner_text(".truth") == "" and verdicts(page) == ["", "", ""]


def test_a_true_answer_brings_verdicts_and_stays_with_its_question(open_page, url):
    page = open_page(url + "?question=Mine%3F&answer=2")
    run_comparison(page)
    assert page.inner_text(".truth") == "True answer: 2"
    assert verdicts(page) == ["✓ right", "✓ right", "✗ wrong"]
    page.get_by_role("button", name="What is 27+48?").click()
    page.wait_for_function("!location.search.includes('answer=')")
    run_comparison(page)
    assert page.inner_text(".truth") == "True answer: 75"
    page.evaluate("s1.module('page/address').then((address) => address.go({ tab: 'compare', question: 'Yours?', answer: '3', run: 1 }))")
    expect(page.locator(".truth")).to_have_text("True answer: 3")
    page.wait_for_selector(IDLE)
    assert verdicts(page) == ["✗ wrong", "✗ wrong", "✓ right"]
    page.evaluate("s1.module('page/address').then((address) => address.go({ tab: 'compare', question: 'Others?', run: 1 }))")
    expect(page.locator(".truth")).to_be_empty()
    page.wait_for_selector(IDLE)
    assert verdicts(page) == ["", "", ""] and "answer=" not in page.url


def test_formulas_are_compared_as_formulas(open_page, serve):
    url = serve(ScriptedEngine(answers=["\nAnswer: $1+x^2$", "\nAnswer: $x+1$"]))
    page = open_page(url + "?question=What%3F&answer=x%5E2%2B1&speed=full+speed&run=1")
    expect(page.locator(".pane .verdict").nth(1)).to_have_text("✓ right")
    page.wait_for_selector(IDLE)
    assert verdicts(page)[1:] == ["✓ right", "✗ wrong"]
    assert pane(page, "extended", ".so-far").all_inner_texts()[0].endswith("✓ right")


def test_a_link_runs_by_itself_once(open_page, url):
    page = open_page(url + "?question=A+link%3F&waits=1&speed=full+speed")
    page.wait_for_selector("html[data-followed=true]")
    assert "run=1" not in page.url
    run_comparison(page)
    assert "run=1" in page.url and "budget=16" in page.url
    linked = open_page(page.url)
    expect(linked.locator("#trace-view .pane.finished")).to_have_count(3)
    linked.wait_for_selector(IDLE)
    assert linked.input_value("#question textarea") == "A link?"
    assert pane(linked, "extended", ".thinking .forced").count() == 1
    asked = []
    linked.expose_function("note", lambda: asked.append(1))
    linked.evaluate("document.addEventListener('s1-asked', () => note())")
    linked.evaluate("s1.module('page/address').then((address) => { address.follow(); address.go({ tab: 'compare' }); })")
    expect(linked.locator("#question textarea")).to_have_value("A link?")
    assert asked == []
    assert linked.complaints == []


def test_the_link_can_be_copied(open_page, url):
    page = open_page(url + "?question=Copy+me%3F", permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_selector("html[data-followed=true]")
    page.click("#copy-link")
    expect(page.locator("#copy-link")).to_have_text("copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_traces_can_be_saved(open_page, compare_page, url):
    page = compare_page
    run_comparison(page)
    for _ in range(2):  # the same file again
        with page.expect_download() as download:
            page.click("#save-traces")
    assert download.value.suggested_filename == "s1-traces.json"
    saved = json.loads(download.value.path().read_text())
    traces = [Trace.from_dict(record) for record in saved["traces"]]
    assert [trace.answer for trace in traces] == ["2", "2", "3"]
    assert traces[2].wait_positions == [20, 37] and Origin.FORCED in traces[2].origins
    assert [(at["wait_number"], at["answer"]) for at in saved["answers_so_far"]] == [(1, "2"), (2, "3")]
    other = open_page(url)
    other.evaluate("document.getElementById('save-traces').disabled = false")
    files = []
    other.on("download", lambda file: files.append(file))
    with other.expect_response(lambda response: response.request.method == "POST"):
        other.click("#save-traces")
    run_comparison(other)
    assert not files, "another page's comparison is nobody else's"


def test_formulas_are_handed_over_paragraph_by_paragraph(open_page, serve):
    page = open_page(serve(ScriptedEngine(thinking=[FORMULA], answers=["\nAnswer: $z$"])))
    page.evaluate("window.drawn = []; IntersectionObserver.prototype.observe = (node) => drawn.push(node)")
    page.fill("#num-waits input[type=number]", "1")
    run_comparison(page)
    drawn = page.evaluate(
        "drawn.filter((node) => node?.isConnected && node.closest('[data-run=natural]')).map((node) => node.textContent.trim())"
    )
    assert sorted(drawn) == sorted(
        ["First \\(x^2\\).", "$$\na+b\n$$", "\\begin{align}\nc\n\\end{align}", "So $y$", "Answer: $z$"]
    )
    text = "".join(pane(page, "natural", ".thinking :is(.shared, .own)").all_text_contents())
    assert text == FORMULA.lstrip()


def test_a_long_trace_stands_in_blocks_and_its_end_stays_in_sight(open_page, serve):
    lines = "".join(f"\nLine {n}: " + " ".join(f"w{n}.{i}" for i in range(30)) for n in range(60))
    page = open_page(serve(ScriptedEngine(thinking=[lines], chunk=32, context_length=8192)) + "?waits=0&speed=full+speed&run=1")
    expect(page.locator("#trace-view .pane.finished")).to_have_count(3)
    page.wait_for_selector(IDLE)
    text = "".join(pane(page, "natural", ".thinking :is(.shared, .own)").all_text_contents())
    assert text == lines.lstrip()
    blocks = pane(page, "natural", ".thinking > *").all_text_contents()
    assert len(blocks) >= len(text) // 2000 and all(block.endswith("\n") for block in blocks[:-1])
    assert max(map(len, blocks)) < 2000, "what grows is laid out anew"
    page.wait_for_function("(({ scrollTop, clientHeight, scrollHeight }) => scrollTop + clientHeight > scrollHeight - 4)(document.querySelector('.pane.natural .trace'))")
    assert page.complaints == []


def test_a_model_that_falls_silent_is_said_to_be(open_page, held_url, held_engine):
    page = open_page(held_url, own_context=True)  # its clock is for all pages of a context
    page.click("#run")
    expect(pane(page, "natural")).to_have_attribute("data-thinking-tokens", "8")
    page.clock.install()
    page.clock.fast_forward(6000)
    note = page.locator("#problem-text")
    expect(note).to_contain_text("Nothing new from the model")
    assert note.get_attribute("data-kind") == "note"
    page.click("#stop")
    page.wait_for_selector(IDLE)
    expect(note).to_be_empty()
