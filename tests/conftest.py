"""Shared fixtures: one engine on the embedded model for the whole test run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that asks the network for a model is broken

from s1demo.engines.local.engine import TransformersEngine
from s1demo.settings import Settings

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that both workers end at about the same time."""
    long = ("tests/ui/test_app.py", "tests/ui/", "tests/training/", "tests/engines/", "tests/evals/", "tests/test_drivers.py")
    items.sort(key=lambda item: next((i for i, start in enumerate(long) if item.nodeid.startswith(start)), len(long)))


_browser_loop: Any = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let tests use `asyncio.run` while the browser of other tests is open: Playwright's loop counts as running in this thread."""
    global _browser_loop
    if "chromium" in getattr(item, "fixturenames", ()):
        asyncio._set_running_loop(_browser_loop)
    try:
        return (yield)
    finally:
        _browser_loop = asyncio._get_running_loop() or _browser_loop
        asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def engine() -> Iterator[TransformersEngine]:
    """The default engine on the embedded s1-mini."""
    engine = TransformersEngine(Settings(model=os.environ.get("S1_MODEL", "")))
    yield engine
    asyncio.run(engine.close())
