"""Grades of every kind: the cheap rules first, then processes that can be killed. Knows no benchmark and no file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from multiprocessing.connection import wait
from pathlib import Path
from queue import LifoQueue

from s1demo.errors import S1Error
from s1demo.grading.formulas import READY
from s1demo.grading.outcomes import Kind, Outcome
from s1demo.grading.rules import decide, units_differ

SECONDS_PER_FORMULA = 5.0
_SCRIPT = Path(__file__).with_name("formulas.py")
_START_SECONDS = 120.0  # importing sympy on a busy machine
_GRACE_SECONDS = 0.5  # beyond the limit, until the process that should have answered is ended as well
_REMEMBERED = 4096  # verdicts; the runs of a sweep often give the same answer


class Grader:
    """Grades answers of every kind; safe to share between threads. Close it, or use it as a context manager.

    Processes start with the first formula that needs one, so that a grader of plain answers costs nothing.

    Args:
        processes: most comparisons at the same time.
        seconds: how long one comparison may take before it is killed and called unscorable.
    """

    def __init__(self, processes: int = 2, seconds: float = SECONDS_PER_FORMULA) -> None:
        self._processes, self._seconds = processes, seconds
        self._idle: LifoQueue[_Process | None] = LifoQueue()  # last in, first out: a second one starts only when two are needed
        self._started: list[_Process] = []
        self._closed = False
        for _ in range(processes):
            self._idle.put(None)
        self._equal = lru_cache(_REMEMBERED)(self._ask)

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; formulas that are being compared, or come later, become unscorable."""
        self._closed = True
        for process in self._started:
            process.kill()

    def grade(self, answer: str | None, gold: str, kind: Kind = Kind.MATH) -> Outcome:
        """Compare an extracted answer with the true one; takes as long as a formula may take.

        Raises:
            S1Error: math-verify is not installed or does not start.
        """
        if decided := decide(answer, gold, kind):
            return decided
        same = self._equal(answer or "", gold)
        if same is None or (same and units_differ(answer or "", gold)):
            return Outcome.UNSCORABLE
        return Outcome.CORRECT if same else Outcome.INCORRECT

    def grade_many(self, answers: Iterable[tuple[str | None, str, Kind]]) -> Iterator[Outcome]:
        """Grade a stream, a few formulas at the same time.

        Args:
            answers: extracted answer, true answer and kind of each; read a little ahead of what is yielded.

        Yields:
            The outcomes, in the order of `answers`.

        Raises:
            S1Error: math-verify is not installed or does not start.
        """
        waiting: deque[Future[Outcome]] = deque()
        threads = ThreadPoolExecutor(self._processes)
        try:
            for asked in answers:
                waiting.append(threads.submit(self.grade, *asked))
                while waiting and (waiting[0].done() or len(waiting) > 4 * self._processes):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, answer: str, gold: str) -> bool | None:
        process = self._idle.get()
        try:
            if self._closed:
                return None
            if process is None:
                process = _Process(self._seconds)
                self._started.append(process)
            return process.equal(answer, gold)
        except (OSError, ValueError):  # it gave no reply, or half of one
            if process is None:
                raise
            process.kill()
            process = None
            return None
        finally:
            self._idle.put(process)


class _Process:
    """`formulas.py`, running."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT), str(seconds)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we then end it
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._pairs, self._replies = self._process.stdin, self._process.stdout
        greeting = self._reply(_START_SECONDS) or f"no reply within {_START_SECONDS:.0f} s"
        if greeting != READY:
            self.kill()
            raise S1Error(
                f"Formulas cannot be compared: math-verify does not start ({greeting}). "
                f"Install what requirements.txt lists: python -m pip install -r requirements.txt"
            )

    def equal(self, answer: str, gold: str) -> bool | None:
        """See `formulas.equal`. Raises OSError or ValueError where there is no reply."""
        self._pairs.write(json.dumps([answer, gold]).encode() + b"\n")
        verdict: bool | None = json.loads(self._reply(self._seconds + _GRACE_SECONDS))
        return verdict

    def _reply(self, seconds: float) -> str:
        """One line; empty where none comes."""
        return self._replies.readline().decode().strip() if wait([self._replies.fileno()], seconds) else ""

    def kill(self) -> None:
        """End the process and its child."""
        if self._process.returncode is None:  # its number is no other's yet
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # of its session
            self._process.wait()
