"""Screenshots of every tab for the README: `python -m s1demo.bench.screenshots --out assets/screenshots`.

Needs Playwright (requirements-dev.txt) and a Chromium, see chromium.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from s1demo.bench.chromium import open_chromium
from s1demo.engines import open_engine
from s1demo.errors import InputError, S1Error
from s1demo.s1k.records import S1_MINI_1K
from s1demo.settings import Settings
from s1demo.ui.app import build_app, launch_settings
from s1demo.ui.race.tab import FIRST_QUESTION as RACE_QUESTION
from s1demo.ui.timeline.tab import FIRST_QUESTION as TIMELINE_QUESTION

HEIGHTS = {1440: 900, 390: 844}  # desktop and phone: width -> height in CSS pixels
PHONE = 390
Scheme = Literal["light", "dark"]
LONGEST = 1700  # CSS pixels: a screenshot of a phone ends here, the page may go on


@dataclass(frozen=True)
class Scene:
    """One tab in a state worth a screenshot.

    Attributes:
        address: what the address says besides the tab.
        ready: what is on the page in that state, as a CSS selector.
        touch: JavaScript to run then.
        phone_schemes: colour schemes of the screenshots at phone size; a desktop has both.
    """

    address: dict[str, str]
    ready: str
    touch: str = ""
    phone_schemes: tuple[Scheme, ...] = ("light",)


_SCRUB = """() => {
  const scrubber = document.querySelector('.tl-scrubber');
  scrubber.value = Math.round(0.3 * scrubber.max);
  scrubber.dispatchEvent(new Event('input', { bubbles: true }));
}"""
SCENES = {  # the tabs of app.py, as they follow each other there
    "compare": Scene({"run": "1"}, "#trace-view [data-running=false] .pane.extended.finished", phone_schemes=("light", "dark")),
    "timeline": Scene(
        {"question": TIMELINE_QUESTION, "run": "1"}, "#timeline-view [data-running=false] .tl-trace.finished", _SCRUB
    ),
    "race": Scene(
        {"question": RACE_QUESTION, "run": "1"}, "#race-view [data-running=false] [data-result=equal] .answer:not(:empty)"
    ),
    "s1k": Scene({"set": S1_MINI_1K, "row": "91"}, ".s1k-row .s1k-head h2"),  # the set that needs no network
    "scaling": Scene({"point": "curve|Wait x1"}, "body:has(.scaling-plot .main-svg) .scaling-questions li"),
    "lesson": Scene({"step": "5"}, ".lesson[data-state=ready] .forcing[data-step='5']"),
    "replay": Scene({}, ".replay[data-state=ready][data-playing=false] .replay-stage .pane.extended.finished"),
}


def names_of(tab: str) -> list[tuple[int, Scheme, str]]:
    """The screenshots of one tab: (width, colour scheme, file name)."""
    shots: list[tuple[int, Scheme]] = [
        (1440, "light"),
        (1440, "dark"),
        *((PHONE, scheme) for scheme in SCENES[tab].phone_schemes),
    ]
    return [(width, scheme, f"{tab}-{width}-{scheme}.png") for width, scheme in shots]


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the screenshots; exit code 0, or 2 with one line on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder for the screenshots")
    parser.add_argument("--only", metavar="TAB,...", default=",".join(SCENES), help="these tabs only (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        tabs = tabs_of(options.only)
        with _served() as url:
            take_screenshots(url, options.out, tabs)
    except S1Error as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 2
    return 0


def tabs_of(text: str) -> list[str]:
    """Names of tabs, as typed.

    Raises:
        InputError: one of them is no tab.
    """
    tabs = [tab.strip() for tab in text.split(",") if tab.strip()]
    for tab in tabs:
        if tab not in SCENES:
            raise InputError(f"There is no tab {tab!r}. Give some of: {', '.join(SCENES)}.")
    return tabs


def take_screenshots(url: str, out: Path, tabs: Sequence[str]) -> None:
    """Bring each tab into its state at every size and colour scheme, and save what the page shows.

    Raises:
        InputError: Playwright or Chromium is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    with open_chromium() as browser:
        for tab in tabs:
            for width, scheme, name in names_of(tab):
                size: Any = {"width": width, "height": HEIGHTS[width]}
                page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
                page.goto(f"{url}?{urlencode({'tab': tab, **SCENES[tab].address})}")
                page.wait_for_selector("[role=tab][aria-selected=true]")
                page.wait_for_selector(SCENES[tab].ready)
                if SCENES[tab].touch:
                    page.evaluate(SCENES[tab].touch)
                page.evaluate("document.activeElement.blur()")
                _save(page, out / name, whole=width == PHONE)
                page.close()


def _save(page: Any, path: Path, whole: bool) -> None:
    size = page.viewport_size
    length = page.evaluate("document.documentElement.scrollHeight") if whole else size["height"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(length, LONGEST)}
    page.screenshot(path=path, full_page=whole, clip=clip)


@contextmanager
def _served() -> Iterator[str]:
    settings = Settings.from_env()
    demo = build_app(open_engine(settings), settings)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_settings(settings))
    try:
        yield url
    finally:
        demo.close(verbose=False)


if __name__ == "__main__":
    raise SystemExit(main())
