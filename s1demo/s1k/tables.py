"""The tables of all data sets, each loaded once for every visitor, in a thread of its own: nobody's page waits for a download."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread

from s1demo.s1k.records import S1KRecord
from s1demo.s1k.table import S1KTable

RETRY_SECONDS = 30.0
Load = Callable[[str, Callable[[str], None]], list[S1KRecord]]


class Tables:
    """Tables by version.

    Args:
        load: brings a version's rows, and meanwhile reports in sentences what it is doing; may take minutes.
        retry_seconds: a load that failed is tried again for whoever asks after this time; until then the answer is why it failed.
    """

    def __init__(self, load: Load, retry_seconds: float = RETRY_SECONDS) -> None:
        self._load = load
        self._retry_seconds = retry_seconds
        self._doing: dict[str, str] = {}
        self._loads: dict[str, Future[S1KTable]] = {}
        self._failed: dict[str, float] = {}
        self._lock = Lock()

    def doing(self, version: str) -> str:
        """What is being done to load a version, in a sentence; empty before it says so."""
        return self._doing.get(version, "")

    async def table(self, version: str, patience_seconds: float, again: bool = False) -> S1KTable | None:
        """A version's table; loading goes on where patience ends, so that one can ask again.

        Args:
            version: which data set.
            patience_seconds: the longest wait.
            again: whether to try again now if it has failed, because somebody asks for that.

        Returns:
            The table, or None while it is still being loaded.

        Raises:
            InputError: it cannot be loaded; the message says what to do.
        """
        load = self._begun(version, again)
        if not load.done():
            await asyncio.wait([asyncio.wrap_future(load)], timeout=patience_seconds)
        return load.result() if load.done() else None

    def _begun(self, version: str, again: bool) -> Future[S1KTable]:
        with self._lock:
            load = self._loads.get(version)
            if load is None or (again and version in self._failed) or self._may_retry(version):
                load = self._loads[version] = Future()
                self._failed.pop(version, None)
                Thread(target=self._fill, args=(version, load), name=f"load {version}", daemon=True).start()
            return load

    def _may_retry(self, version: str) -> bool:
        return version in self._failed and time.monotonic() - self._failed[version] >= self._retry_seconds

    def _fill(self, version: str, load: Future[S1KTable]) -> None:
        try:
            load.set_result(S1KTable(self._load(version, lambda sentence: self._doing.update({version: sentence}))))
        except BaseException as error:
            self._failed[version] = time.monotonic()
            load.set_exception(error)
