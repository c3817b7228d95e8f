"""Fixtures for the page: an app on a free port around any engine, and a real Chromium."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from s1demo.settings import Settings
from s1demo.ui.app import build_app, launch_settings
from s1demo.ui.questions import Question, QuestionBank

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BANK = QuestionBank([Question("How many r in strawberry?", "3", "letters"), Question("What is 27+48?", "75", "addition")])


@pytest.fixture(scope="module")  # while it is open, no test of this thread can use asyncio.run
def chromium() -> Iterator[Browser]:
    if not os.path.exists(CHROMIUM):
        pytest.fail(f"There is no Chromium at {CHROMIUM}. Install it (apt-get install chromium) or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., str]]:
    """`serve(engine, bank)` serves the app around an engine until the module's tests are over and returns its URL."""
    demos: list[Any] = []

    def start(engine: Any, bank: QuestionBank = BANK, **settings: Any) -> str:
        chosen = dataclasses.replace(Settings(), **settings)
        demo = build_app(engine, chosen, bank)
        options = {**launch_settings(chosen), "server_port": None}
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **options)
        demos.append(demo)
        return url

    yield start
    for demo in demos:
        demo.close(verbose=False)


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(url)` opens the app in a fresh browser context; what a visitor must never meet is in `page.complaints`."""
    contexts = []

    def open_url(url: str, **options: Any) -> Page:
        context = chromium.new_context(viewport=options.pop("viewport", {"width": 1440, "height": 900}), **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []  # type: ignore[attr-defined]
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
        page.on("request", lambda request: _note_external(page, request.url))
        page.goto(url)
        page.wait_for_selector("#trace-view [data-running]", state="attached")
        return page

    yield open_url
    for context in contexts:
        context.close()


def _note_external(page: Page, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:")):
        page.complaints.append(f"external request: {url}")  # type: ignore[attr-defined]


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until a condition holds and return how long that took; fail by name when it does not in time."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)  # between two looks at the condition
    return time.monotonic() - start
