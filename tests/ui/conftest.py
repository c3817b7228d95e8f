"""Fixtures for the page: apps on free ports around any engine, and one real Chromium, shared by all tests of a process."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from s1demo.engines import open_engine
from s1demo.settings import Settings
from s1demo.ui import asking
from s1demo.ui.app import build_app, launch_settings
from s1demo.ui.compare import tab as compare_tab
from s1demo.ui.controls import EXTENSIONS
from s1demo.ui.questions import Question, QuestionBank
from s1demo.ui.stream.streaming import ViewStream
from tests.ui.fake_engine import ScriptedEngine

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 60_000  # for busy machines; what holds sooner is noticed sooner
expect.set_options(timeout=PATIENCE_MS)
BANK = QuestionBank([Question("How many r in strawberry?", "3", "letters"), Question("What is 27+48?", "75", "addition")])


READY = "#trace-view [data-running]"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this process."""
    if not os.path.exists(CHROMIUM):
        pytest.fail(f"There is no Chromium at {CHROMIUM}. Install it (apt-get install chromium) or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        loop = asyncio.get_running_loop()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGS))
        yield browser
        asyncio._set_running_loop(loop)  # tests/conftest.py takes it away after each test
        browser.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """`serve(engine, bank)` serves the app around an engine until all tests are over and returns its URL."""
    demos: list[Any] = []

    def start(engine: Any, bank: QuestionBank = BANK, launch: dict[str, Any] | None = None, **settings: Any) -> str:
        chosen = dataclasses.replace(Settings(), **settings)
        demo = build_app(engine, chosen, bank)
        options = {**launch_settings(chosen), "server_port": None, **(launch or {})}
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, **options)
        demos.append(demo)
        return url

    yield start
    for demo in demos:
        demo.close(verbose=False)


@pytest.fixture(scope="session")
def scripted_url(serve: Callable[..., str]) -> str:
    """The app around a scripted engine at full pace, for every test that changes nothing of it."""
    return serve(ScriptedEngine())


@pytest.fixture(scope="session")
def replay_url(serve: Callable[..., str]) -> str:
    """The app on its recordings alone: there is no model."""
    return serve(open_engine(Settings(engine="replay")), QuestionBank.load(), repository="https://example.org/blob/main/")


@pytest.fixture(scope="session")
def held_app(serve: Callable[..., str]) -> tuple[str, ScriptedEngine]:
    engine = ScriptedEngine()
    return serve(engine), engine


@pytest.fixture
def held_url(held_app: tuple[str, ScriptedEngine]) -> str:
    """The app around `held_engine`."""
    return held_app[0]


@pytest.fixture
def held_engine(held_app: tuple[str, ScriptedEngine]) -> Iterator[ScriptedEngine]:
    """A model that stops in mid-thought, after 8 tokens, and goes on when a test sets `held_at` to None."""
    engine = held_app[1]
    engine.held_at = 8
    yield engine
    engine.held_at = None
    wait_until(lambda: engine.active_requests == 0, "the end of what this test has left running")


@pytest.fixture(scope="session", autouse=True)
def full_speed() -> Iterator[None]:
    """The page shows what comes as soon as it comes; reading speed has tests of its own (test_pace.py, test_asking.py)."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (asking, compare_tab):
            patch.setattr(module, "READING_TOKENS_PER_SECOND", None, raising=False)
        yield


@pytest.fixture(scope="session")
def new_page(chromium: Browser) -> Callable[..., Page]:
    """`new_page(url)` opens the app in a browser context that has no other page; one that was left keeps what it has fetched."""
    contexts: dict[str, list[BrowserContext]] = {}

    def open_url(url: str, own_context: bool = False, **options: Any) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, **options}
        alike = [] if own_context else contexts.setdefault(repr(sorted(options.items())), [])
        context = next((context for context in alike if not context.pages), None)
        if context is None:  # pages of one context would also share the six connections that a browser opens to a server
            context = chromium.new_context(**options)
            context.set_default_timeout(PATIENCE_MS)
            alike.append(context)
        page = context.new_page()
        page.complaints = []  # type: ignore[attr-defined]
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
        page.on("request", lambda request: _note_external(page, request.url))
        page.goto(url)
        wait_until_loaded(page)
        return page

    return open_url


def wait_until_loaded(page: Page) -> None:
    """Until the landing tab is laid out, its script runs and the fields hold what the address says."""
    page.wait_for_selector("#trace-view [data-running]", state="attached")
    page.wait_for_selector("html[data-followed=true]")


@pytest.fixture
def open_page(new_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """`open_page(url)` opens a page for one test; what a visitor must never meet is in `page.complaints`."""
    opened = []

    def open_url(url: str, **options: Any) -> Page:
        opened.append(new_page(url, **options))
        return opened[-1]

    yield open_url
    for page in opened:
        page.close()


@pytest.fixture(scope="module")
def kept_page(new_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """`kept_page(url)` is one page for all tests of a module that ask for it with the same options."""
    kept: dict[str, Page] = {}

    def open_url(url: str, **options: Any) -> Page:
        key = repr((url, sorted(options.items())))
        if key not in kept or kept[key].is_closed():
            kept[key] = new_page(url, **options)
        kept[key].complaints.clear()  # type: ignore[attr-defined]
        return kept[key]

    yield open_url
    for page in kept.values():
        page.close()


AT_FIRST = {"question": BANK.questions[0].question, "budget": 16, "waits": 2, "extension": EXTENSIONS[0], "own": "", "temperature": 0, "top-p": 1, "seed": 0, "answer-tokens": "auto"}
RESET = """(fields) => {
  document.activeElement.blur();
  document.getElementById("stop").click();
  document.getElementById("more-panel").classList.remove("open");
  for (const open of document.querySelectorAll(":popover-open")) open.hidePopover();
  return s1.module('page/address').then((address) => address.go({ tab: "compare", ...fields }));
}"""


@pytest.fixture
def compare_page(kept_page: Callable[..., Page], scripted_url: str) -> Page:
    """The Compare tab around the scripted engine, kept, with its settings as at first; an earlier run may still be shown."""
    page = kept_page(scripted_url)
    page.evaluate(RESET, AT_FIRST)
    page.wait_for_selector("html[data-followed=true]")
    page.wait_for_selector("#trace-view [data-running=false]")
    expect(page.locator("#question textarea")).to_have_value(str(AT_FIRST["question"]))
    expect(page.locator("#num-waits-number")).to_have_value("2")
    page.evaluate("document.getElementById('problem-text').textContent = ''")
    return page


@pytest.fixture
def lose_a_message(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """Call it to lose the next message to a page that would change what it shows; it is then in the list."""

    def lose() -> list[Any]:
        send, lost = ViewStream._message, []

        def send_or_lose(stream: Any, ops: Any) -> Any:
            message = send(stream, ops)
            if not ops or lost:
                return message
            lost.append(message)
            return send(stream, [])

        monkeypatch.setattr(ViewStream, "_message", send_or_lose)
        return lost

    return lose


def run_comparison(page: Page, ask: Callable[[], Any] | None = None) -> None:
    """Ask for a comparison, by the Run button or otherwise, and wait until that one is over."""
    page.evaluate("document.querySelectorAll('#trace-view .pane').forEach((pane) => pane.classList.remove('finished'))")
    ask() if ask else page.click("#run")
    expect(page.locator("#trace-view .pane.finished")).to_have_count(3)
    page.wait_for_selector("#trace-view [data-running=false]")


def _note_external(page: Page, url: str) -> None:
    if not url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:")):
        page.complaints.append(f"external request: {url}")  # type: ignore[attr-defined]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until a condition holds; fail by name where it never does. The limit proves nothing: it is for busy machines."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)  # between two looks at the condition
