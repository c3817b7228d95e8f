"""The address of the page: a link shows the view again, and the view keeps its link."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.ui.fake_engine import ScriptedEngine


@pytest.fixture(scope="module")
def url(serve):
    return serve(ScriptedEngine())


def address(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_link_fills_in_the_fields(open_page, url):
    page = open_page(f"{url}?question={quote('What is 27+48?')}&budget=64&waits=4&seed=7")
    expect(page.locator("#question textarea")).to_have_value("What is 27+48?")
    expect(page.locator("#thinking-budget-number")).to_have_value("64")
    expect(page.locator("#num-waits-number")).to_have_value("4")
    assert not page.complaints


def test_what_is_set_is_in_the_address_and_comes_back_with_it(open_page, url):
    page = open_page(f"{url}?__theme=dark")
    page.fill("#question textarea", "What is 27+48? <b>&\"'")
    page.fill("#thinking-budget-number", "40")
    page.wait_for_function("location.search.includes('budget=40') && location.search.includes('question=')")
    assert address(page) == {"__theme": "dark", "tab": "compare", "question": "What is 27+48? <b>&\"'", "budget": "40"}
    page.reload()
    expect(page.locator("#question textarea")).to_have_value("What is 27+48? <b>&\"'")
    expect(page.locator("#thinking-budget-number")).to_have_value("40")
    assert not page.complaints


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("budget=%3Cscript%3E", "<script>"),
        ("waits=-9e99", "number of Waits"),
        ("seed=x", "seed"),
        ("temperature=hot", "temperature"),
        ("extension=Perhaps", "Perhaps"),
        ("tab=nowhere&top-p=7", "top"),
    ],
)
def test_nonsense_in_an_address_is_answered_in_words(open_page, url, part, words):
    page = open_page(f"{url}?{part}")
    page.click("#run")
    expect(page.locator("#problem-text")).to_contain_text(words)
    assert not page.complaints


def test_a_links_numbers_count(open_page, url):
    page = open_page(f"{url}?temperature=0.5&top-p=0.9&seed=3&extension=Hmm&run=1")
    expect(page.locator(".pane.finished")).to_have_count(3)
    expect(page.locator(".pane.extended .forced").first).to_contain_text("Hmm")
    assert not page.complaints
