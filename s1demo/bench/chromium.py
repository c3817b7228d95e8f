"""A headless Chromium for what developers measure and draw of the page.

Needs Playwright (requirements-dev.txt), imported only here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s1demo.errors import InputError

ARGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
NO_PLAYWRIGHT = "Playwright is not installed. Install it with: pip install -r requirements-dev.txt"
NO_CHROMIUM = "There is no Chromium on the PATH. Install one, for example with: apt-get install chromium"


@contextmanager
def open_chromium() -> Iterator[Any]:
    """A running browser, as Playwright's synchronous interface has it.

    Raises:
        InputError: Playwright or Chromium is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise InputError(NO_PLAYWRIGHT) from error
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise InputError(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
        try:
            yield browser
        finally:
            browser.close()
