"""Pictures of the page for the README: `python -m s1demo.ui.screenshots --out assets/screenshots`. A developer's tool.

Needs Playwright (requirements-dev.txt) and a Chromium, both imported or looked for only here.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from s1demo.engines import open_engine
from s1demo.errors import InputError, S1Error
from s1demo.settings import Settings
from s1demo.ui.app import build_app, launch_settings
from s1demo.ui.questions import DEFAULT_QUESTION

SIZES = {1440: 900, 390: 844}  # desktop and phone: width -> height in CSS pixels
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CHROMIUM_ARGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take all pictures.

    Args:
        arguments: without the program's name; the process's own by default.

    Returns:
        The exit code: 0, or 2 with one line on stderr.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--question", default=DEFAULT_QUESTION)
    parser.add_argument("--max-thinking-tokens", type=int, help="budget of the truncated run, the page's own by default")
    parser.add_argument("--num-ignore", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_env()
        demo = build_app(open_engine(settings), settings)
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **launch_settings(settings))
        take_pictures(url, options)
        demo.close(verbose=False)
    except S1Error as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 2
    return 0


def take_pictures(url: str, options: argparse.Namespace) -> None:
    """Run the comparison at every size and colour scheme and save what the page shows.

    Args:
        url: where the app listens.
        options: `out`, `question`, `max_thinking_tokens` and `num_ignore`.

    Raises:
        InputError: there is no Chromium to take them with.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise InputError("There is no Chromium on the PATH. Install one, for example with: apt-get install chromium")
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGS))
        for width, height in SIZES.items():
            for scheme in SCHEMES:
                viewport: Any = {"width": width, "height": height}
                page = browser.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
                page.goto(url)
                _compare(page, options)
                page.screenshot(path=options.out / f"compare-{width}-{scheme}.png", full_page=width < 700)
                page.close()
        browser.close()


def _compare(page: Any, options: argparse.Namespace) -> None:
    page.wait_for_selector("#trace-view [data-running]")
    page.fill("#question textarea", options.question)
    if options.max_thinking_tokens is not None:
        page.fill("#thinking-budget input[type=number]", str(options.max_thinking_tokens))
    page.fill("#num-waits input[type=number]", str(options.num_ignore))
    page.click("#run")
    page.wait_for_function("document.querySelectorAll('.pane.finished').length === 3")
    page.wait_for_selector("#trace-view [data-running=false]")
    page.evaluate("document.activeElement.blur()")


if __name__ == "__main__":
    raise SystemExit(main())
