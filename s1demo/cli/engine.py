"""An engine for one command: chosen by its options, opened so that Ctrl-C works, closed when the work is done."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from s1demo.engines import Engine, open_engine
from s1demo.settings import Settings

INTERRUPTED = 130  # exit code after Ctrl-C
T = TypeVar("T")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the environment, changed by the command's options."""
    return Settings.from_env(engine=options.engine, model=options.model)


def open_patiently(settings: Settings) -> Engine:
    """Open the engine; Ctrl-C meanwhile ends the process itself, since torch's import aborts on an exception in its midst."""

    def end(*_: object) -> None:
        print("s1demo: interrupted", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)

    if threading.current_thread() is not threading.main_thread():
        return open_engine(settings)
    before = signal.signal(signal.SIGINT, end)
    try:
        return open_engine(settings)
    finally:
        signal.signal(signal.SIGINT, before)


def with_engine(engine: Engine, work: Callable[[Engine], Awaitable[T]]) -> T:
    """Do asynchronous work with an engine and close it, whatever happens; returns what the work returns."""

    async def session() -> T:
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(session())
