"""The address of the page: a link shows the view again, and the view keeps its link."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def url(scripted_url):
    return scripted_url


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


def test_nonsense_in_an_address_is_answered_in_words(open_page, url):
    page = open_page(f"{url}?seed=x")
    for part, words in [
        ({}, "seed"),
        ({"seed": 0, "budget": "<script>"}, "<script>"),
        ({"budget": 16, "waits": "-9e99"}, "number of Waits"),
        ({"waits": 2, "temperature": "hot"}, "temperature"),
        ({"temperature": 0, "extension": "Perhaps"}, "Perhaps"),
        ({"extension": "Wait", "tab": "nowhere", "top-p": 7}, "top"),
    ]:
        if part:
            page.evaluate("part => s1.module('page/address').then((address) => address.go({ tab: 'compare', ...part }))", part)
            page.wait_for_selector("html[data-followed=true]")
        page.click("#run")
        expect(page.locator("#problem-text")).to_contain_text(words)
    assert not page.complaints


def test_the_address_holds_the_parts_of_the_open_tab_only_and_they_come_back(open_page, url):
    page = open_page(f"{url}?question=Mine%3F&budget=64&projector=1")
    page.wait_for_selector("html[data-followed=true]")
    page.get_by_role("tab", name="Timeline").click()
    page.wait_for_function("location.search.includes('tab=timeline')")
    assert address(page) == {"tab": "timeline", "projector": "1"}
    page.fill("#timeline-question textarea", "Its?")
    page.wait_for_function("location.search.includes('Its')")
    assert address(page) == {"tab": "timeline", "projector": "1", "question": "Its?"}
    page.get_by_role("tab", name="s1K").click()
    page.wait_for_function("location.search.includes('tab=s1k')")
    assert {"question", "budget"}.isdisjoint(address(page))
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_function("location.search.includes('tab=compare')")
    assert address(page) == {"tab": "compare", "projector": "1", "question": "Mine?", "budget": "64"}
    expect(page.locator("#question textarea")).to_have_value("Mine?")
    page.get_by_role("tab", name="Timeline").click()
    page.wait_for_function("location.search.includes('Its')")
    expect(page.locator("#timeline-question textarea")).to_have_value("Its?")
    page.reload()
    expect(page.locator("#timeline-question textarea")).to_have_value("Its?")
    assert page.input_value("#question textarea") != "Mine?", "what was remembered goes with the page"
    assert not page.complaints


def test_a_row_of_the_data_is_in_no_other_tabs_address(open_page, url):
    page = open_page(f"{url}?tab=s1k&set=s1-mini-1k&row=7")
    page.wait_for_function("document.querySelector('.s1k-row')?.textContent.trim().length > 40")
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_function("location.search.includes('tab=compare')")
    assert address(page) == {"tab": "compare"}
    page.get_by_role("tab", name="s1K").click()
    page.wait_for_function("location.search.includes('tab=s1k')")
    assert address(page)["row"] == "7" and address(page)["set"] == "s1-mini-1k"


def test_a_recording_in_the_address_leaves_with_its_tab(open_page, url):
    page = open_page(f"{url}?tab=replay&replay=nowhere#trace=AAAA")
    page.wait_for_selector("#replay-view .replay")
    page.get_by_role("tab", name="Race").click()
    page.wait_for_function("location.search.includes('tab=race')")
    assert address(page) == {"tab": "race"} and page.evaluate("location.hash") == ""
    page.get_by_role("tab", name="Replay").click()
    page.wait_for_function("location.hash === '#trace=AAAA'")
    assert address(page)["replay"] == "nowhere"


def test_going_elsewhere_leaves_the_rest_alone(open_page, url):
    page = open_page(f"{url}?question=Mine%3F&answer=2")
    page.wait_for_selector("html[data-followed=true]")
    page.evaluate("s1.module('page/address').then((address) => address.go({ tab: 'race', question: 'Fast?', samples: 4 }))")
    expect(page.locator("#race-question textarea")).to_have_value("Fast?")
    expect(page.locator("#race-samples-number")).to_have_value("4")
    assert address(page) == {"tab": "race", "question": "Fast?", "samples": "4"}
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_function("location.search.includes('tab=compare')")
    assert address(page) == {"tab": "compare", "question": "Mine?", "answer": "2"}


def test_what_came_with_a_tab_that_does_not_exist_is_the_first_ones(open_page, url):
    page = open_page(f"{url}?tab=nowhere&question=Mine%3F&run=1")
    expect(page.locator(".pane.finished")).to_have_count(3)
    assert page.input_value("#question textarea") == "Mine?" and address(page)["tab"] == "compare"


def test_a_links_numbers_count(open_page, url):
    page = open_page(f"{url}?temperature=0.5&top-p=0.9&seed=3&extension=Hmm&run=1")
    expect(page.locator(".pane.finished")).to_have_count(3)
    expect(page.locator(".pane.extended .forced").first).to_contain_text("Hmm")
    assert not page.complaints


@pytest.mark.xfail(strict=False, reason="known fault: of two quick steps Back, the second is sometimes undone on a busy machine")
def test_back_leads_to_the_tab_before_with_what_it_showed(open_page, url):
    page = open_page(f"{url}?tab=s1k&set=s1-mini-1k&row=7")
    page.wait_for_function("document.documentElement.dataset.followed === 'true' && document.querySelector('.s1k-row')?.textContent.trim().length > 40")
    row = page.inner_text(".s1k-row")
    page.get_by_role("button", name="Think about this").click()
    page.wait_for_function("location.search.includes('question=') && document.documentElement.dataset.followed === 'true'")
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Race").click()
    page.wait_for_function("location.search.includes('tab=race')")
    page.go_back()
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    assert address(page)["tab"] == "compare"
    page.go_back()
    expect(page.get_by_role("tab", name="s1K")).to_have_attribute("aria-selected", "true")
    page.wait_for_selector("html[data-followed=true]")
    page.wait_for_function("text => document.querySelector('.s1k-row')?.innerText === text", arg=row)
    assert (address(page)["tab"], address(page)["row"]) == ("s1k", "7")
    page.go_forward()
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#question textarea")).to_have_value(address(page)["question"])
    page.go_back()
    expect(page.get_by_role("tab", name="s1K")).to_have_attribute("aria-selected", "true")
    assert not page.complaints


def test_opening_a_link_makes_no_place_to_go_back_to(open_page, url):
    page = open_page(f"{url}?tab=timeline&question=Mine%3F")
    page.wait_for_selector("html[data-followed=true]")
    expect(page.get_by_role("tab", name="Timeline")).to_have_attribute("aria-selected", "true")
    page.fill("#timeline-question textarea", "Its?")
    page.wait_for_function("location.search.includes('Its')")
    assert page.evaluate("history.length") == 2, "about:blank and the link"
