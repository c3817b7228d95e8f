"""Projector mode in a real Chromium: on every tab, in both schemes, with nothing cut off; and the header that offers it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from s1demo.ui.app import TABS
from s1demo.ui.page.theme import DARK, LIGHT, PROJECTOR_DARK, PROJECTOR_LIGHT, PROJECTOR_ZOOM
from tests.ui.fake_engine import ScriptedEngine

ROOMS = [(1440, 900), (1920, 1080)]
ZOOM = "+getComputedStyle(document.querySelector('.gradio-container')).zoom"
SIDEWAYS = "document.documentElement.scrollWidth <= innerWidth"
TABS_END = "[...document.querySelectorAll('#tabs [role=tab]')].map((tab) => tab.getBoundingClientRect().right)"
OTHERS_BEGIN = "[...document.querySelectorAll('.header-end > *')].filter((one) => one.getClientRects().length).map((one) => one.getBoundingClientRect().left)"
FINISHED = "document.querySelectorAll('#trace-view .pane.finished').length === 3"


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
def url(serve):
    return serve(ScriptedEngine(0.002))


@pytest.mark.parametrize(("width", "height"), ROOMS)
@pytest.mark.parametrize("query", ["", "&projector=1", "&lang=de", "&projector=1&lang=de"])
def test_the_header_holds_every_tab(open_page, url, width, height, query):
    page = open_page(f"{url}?x=1{query}", viewport={"width": width, "height": height})
    expect(page.get_by_role("tab")).to_have_count(len(TABS))
    assert not page.locator("#tabs .overflow-menu button").first.is_visible()
    assert max(page.evaluate(TABS_END)) < min(page.evaluate(OTHERS_BEGIN))
    wordmark = page.locator("#header h1").bounding_box()
    assert wordmark["x"] + wordmark["width"] <= page.get_by_role("tab").first.bounding_box()["x"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_any_tab(open_page, url, scheme):
    page = open_page(f"{url}?projector=1", color_scheme=scheme)
    for width, height in ROOMS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(ZOOM) == max(zoom for least, zoom in PROJECTOR_ZOOM.items() if width >= least)
        for title, _ in TABS.values():
            page.get_by_role("tab", name=title, exact=True).click()
            page.wait_for_function(SIDEWAYS)
    assert page.complaints == []


def test_compare_is_on_one_screen(open_page, url):
    page = open_page(f"{url}?projector=1", viewport={"width": 1920, "height": 1080})
    page.click("#run")
    page.wait_for_function(FINISHED)
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
    assert page.evaluate(ZOOM) > 1 and "projector=1" in page.url
    ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--s1-ground').trim()")
    assert ground == PROJECTOR_LIGHT["ground"]
    page.reload()
    page.wait_for_selector("#trace-view [data-running]", state="attached")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    assert page.evaluate(ZOOM) == 1 and "projector" not in page.url
    elsewhere = open_page(url)
    assert elsewhere.evaluate(ZOOM) == 1


def test_a_point_of_a_plot_is_where_it_is_seen(open_page, url):
    page = open_page(f"{url}?projector=1&tab=scaling", viewport={"width": 1920, "height": 1080})
    page.wait_for_selector(".scaling-plot .main-svg")
    points = page.locator(".scaling-plot .scatterlayer .point")
    box = points.first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2 - 3, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.wait_for_selector(".scaling-plot .hoverlayer .hovertext")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".scaling-questions li")
    assert page.locator(".scaling-plot .xtick text").first.evaluate("tick => parseFloat(getComputedStyle(tick).fontSize)") >= 12 * 1.3
