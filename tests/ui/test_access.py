"""Every tab by axe-core in a real Chromium, in both colour schemes and after it has run; and by keyboard, and with reduced motion."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from s1demo.ui.app import TABS
from tests.ui.race.test_race import DONE as RACE_DONE
from tests.ui.timeline.test_timeline import DONE as TIMELINE_DONE
from tests.ui.timeline.test_timeline import SureEngine

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.10.3.min.js").read_text(encoding="utf-8")
READY = {  # tab -> what runs it, if anything, and what holds once it has loaded and run
    "compare": ("#run", "document.querySelectorAll('#trace-view .pane.finished').length === 3"),
    "timeline": ("#timeline-run", TIMELINE_DONE),
    "race": ("#race-run", RACE_DONE),
    "s1k": (".s1k-item", "document.querySelector('.s1k-head h2') && document.querySelector('.s1k-facets summary')?.textContent"),
    "scaling": (None, "document.querySelector('.scaling-plot .main-svg')"),
    "lesson": (None, "document.querySelector('.lesson[data-state=ready]')"),
    "replay": (None, "document.querySelector('.replay[data-state=ready] .pane.finished')"),
}
FINDINGS = """async (rules) => {
  const found = await axe.run(document, { resultTypes: ["violations"], ...(rules && { runOnly: rules }) });
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => [id, node.target.flat().join(" "), node.html.slice(0, 200), node.any[0]?.message ?? ""]));
}"""


MOVING = """document.getAnimations().filter((motion) => motion.playState === "running" && motion.effect.target?.getClientRects().length)
  .map((motion) => motion.effect.target.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def url(serve):
    return serve(SureEngine())


@pytest.fixture
def page(kept_page, url):
    """One page for all tests, so what was run stays."""
    return kept_page(url, reduced_motion="reduce")


def show_tab(page, name):
    page.get_by_role("tab", name=TABS[name][0], exact=True).click()
    run, ready = READY[name]
    page.wait_for_selector(run) if run else page.wait_for_function(ready)


def findings(page, rules=None):
    page.evaluate("Promise.all(document.getAnimations().map((motion) => motion.finished.catch(() => null)))")
    return page.evaluate(FINDINGS, rules)


def test_no_tab_has_a_serious_finding_and_nothing_moves_for_those_who_asked_for_no_motion(page):
    page.evaluate(AXE)
    found, moving = {}, {}
    for name in TABS:
        show_tab(page, name)
        run, ready = READY[name]
        if run:
            page.locator(run).first.click()
        page.wait_for_function(ready)
        moving[name] = page.evaluate(MOVING)
        found[name] = findings(page)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.body.classList.contains('dark')")
    for name in TABS:
        show_tab(page, name)
        found[name] += findings(page, ["color-contrast"])  # all else is the same in the dark
    page.emulate_media(color_scheme="light")
    assert {name: serious for name, serious in found.items() if serious} == {}
    assert {name: nodes for name, nodes in moving.items() if nodes} == {}


STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const all = [...document.querySelectorAll("*")];
  const ringed = [at, at.parentElement, at.closest("label"), at.nextElementSibling].filter(Boolean).some((node) => {
    const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(node);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) || boxShadow !== "none" || node.matches("textarea, input:not([type=radio], [type=checkbox], [type=range], [type=file])");
  });
  const box = (at.closest("label") ?? at).getBoundingClientRect();
  const visible = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
  return { which: all.indexOf(at), html: at.outerHTML.slice(0, 120), ring: ringed, visible };
}"""


@pytest.mark.parametrize("name", TABS)
def test_every_stop_of_the_tab_key_is_seen_and_none_is_a_trap(page, name):
    """From the tab on: none twice in a row, and each in view with a ring around it or its label; text fields show a caret."""
    show_tab(page, name)
    page.wait_for_selector(f"#tab-{name}")
    page.locator(f"#tab-{name}-button").focus()
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:  # behind the last one
            break
        seen.append(stop)
    assert len({stop["which"] for stop in seen}) >= min(len(seen), 5) >= 3, seen
    assert [one for one, following in pairwise(seen) if one["which"] == following["which"]] == []
    assert [stop for stop in seen if not stop["ring"] or not stop["visible"]] == []


def test_on_a_phone_every_tab_is_reached_by_keyboard(open_page, url):
    page = open_page(url, viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    more = page.get_by_role("button", name="More tabs")
    more.focus()
    page.keyboard.press("Enter")
    last = page.locator("#tabs .overflow-dropdown button").last
    last.wait_for(state="visible")
    last.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#tab-replay .replay")
    page.wait_for_function("location.search.includes('tab=replay')")
