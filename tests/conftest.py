"""Shared fixtures: one engine on the embedded model for the whole test run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that asks the network for a model is broken

from s1demo.engines.local.engine import TransformersEngine
from s1demo.settings import Settings

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def engine() -> Iterator[TransformersEngine]:
    """The default engine on the embedded s1-mini."""
    engine = TransformersEngine(Settings(model=os.environ.get("S1_MODEL", "")))
    yield engine
    engine.stop()
