"""Projector mode in a real Chromium: on every tab, in both schemes, with nothing cut off; and the header that offers it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from s1demo.ui.app import TABS
from s1demo.ui.page.theme import DARK, LIGHT, PROJECTOR_DARK, PROJECTOR_LIGHT, PROJECTOR_ZOOM
from tests.ui.conftest import run_comparison, wait_until_loaded

ROOMS = [(1440, 900), (1920, 1080)]
ZOOM = "+getComputedStyle(document.querySelector('.gradio-container')).zoom"
SIDEWAYS = "document.documentElement.scrollWidth <= innerWidth"
TABS_END = "[...document.querySelectorAll('#tabs [role=tab]')].map((tab) => tab.getBoundingClientRect().right)"
OTHERS_BEGIN = "[...document.querySelectorAll('.header-end > *')].filter((one) => one.getClientRects().length).map((one) => one.getBoundingClientRect().left)"


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT | PROJECTOR_LIGHT, DARK | PROJECTOR_DARK], ids=["light", "dark"])
def test_all_text_has_the_contrast_a_room_needs(colours):
    inks = ("ink", "muted", "truncated", "natural", "extended", "wrong", "right")
    pairs = [(ink, ground) for ink in inks for ground in ("ground", "card")] + [("on-ink", "ink"), ("forced-ink", "forced-ground")]
    assert [(ink, ground) for ink, ground in pairs if contrast(colours[ink], colours[ground]) < 7] == []
    assert contrast(colours["line"], colours["card"]) >= 3


@pytest.fixture(scope="module")
def url(scripted_url):
    return scripted_url


def set_projector(page, pressed):
    """Press the button in the header, which is there in every language, unless it is as wanted already."""
    button = page.locator("#projector")
    if button.get_attribute("aria-pressed") != pressed:
        button.click()
    expect(button).to_have_attribute("aria-pressed", pressed)


@pytest.mark.parametrize("projector", ["false", "true"])
@pytest.mark.parametrize("query", ["?x=1", "?lang=de"])
def test_the_header_holds_every_tab(kept_page, url, query, projector):
    page = kept_page(url + query)
    set_projector(page, projector)
    for width, height in ROOMS:
        page.set_viewport_size({"width": width, "height": height})
        expect(page.get_by_role("tab")).to_have_count(len(TABS))
        expect(page.locator("#tabs .overflow-menu button").first).to_be_hidden()
        page.wait_for_function(f"Math.max(...{TABS_END}) < Math.min(...{OTHERS_BEGIN})")
        wordmark = page.locator("#header h1").bounding_box()
        assert wordmark["x"] + wordmark["width"] <= page.get_by_role("tab").first.bounding_box()["x"]


def test_nothing_is_cut_off_on_any_tab(kept_page, url):
    page = kept_page(f"{url}?projector=1")
    for width, height in ROOMS:
        page.set_viewport_size({"width": width, "height": height})
        zoom = max(zoom for least, zoom in PROJECTOR_ZOOM.items() if width >= least)
        page.wait_for_function(f"{ZOOM} === {zoom}")
        for title, _ in TABS.values():
            page.get_by_role("tab", name=title, exact=True).click()
            page.wait_for_function(SIDEWAYS)
    assert page.complaints == []


def test_compare_is_on_one_screen(kept_page, url):
    page = kept_page(f"{url}?projector=1")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.get_by_role("tab", name="Compare").click()
    run_comparison(page)
    for shown in (".fork svg", *(f".pane.{run} > footer" for run in ("truncated", "natural", "extended"))):
        box = page.locator(f"#trace-view {shown}").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 1080 and box["height"] > 40, shown
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_the_button_and_the_address_hold_it(open_page, url):
    page = open_page(url)
    button = page.get_by_role("button", name="projector")
    assert page.evaluate(ZOOM) == 1
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"{ZOOM} > 1 && location.search.includes('projector=1')")
    ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--s1-ground').trim()")
    assert ground == PROJECTOR_LIGHT["ground"]
    page.reload()
    wait_until_loaded(page)
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    page.wait_for_function(f"{ZOOM} === 1 && !location.search.includes('projector')")
    elsewhere = open_page(url)
    assert elsewhere.evaluate(ZOOM) == 1


def test_a_point_of_a_plot_is_where_it_is_seen(kept_page, url):
    page = kept_page(f"{url}?projector=1")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.get_by_role("tab", name="Scaling").click()
    page.wait_for_selector(".scaling-plot .main-svg")
    point = page.locator(".scaling-plot .scatterlayer .point").first
    point.wait_for(state="visible")
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.wait_for_selector(".scaling-plot .hoverlayer .hovertext")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".scaling-questions li")
    assert page.locator(".scaling-plot .xtick text").first.evaluate("tick => parseFloat(getComputedStyle(tick).fontSize)") >= 12 * 1.3
