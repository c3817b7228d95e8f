"""Grades of every kind: the cheap rules first, then processes that can be killed. Knows no benchmark and no file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from multiprocessing.connection import wait
from pathlib import Path
from queue import LifoQueue
from types import TracebackType

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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
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
        return decide(answer, gold, kind) or self._formulas(answer or "", gold)

    def grade_many(self, answers: Iterable[tuple[str | None, str, Kind]]) -> Iterator[Outcome]:
        """Grade a stream, a few formulas at the same time.

        Args:
            answers: extracted answer, true answer and kind of each; read a little ahead of what is yielded.

        Yields:
            The outcomes, in the order of `answers`.

        Raises:
            S1Error: math-verify is not installed or does not start.
        """
        waiting: deque[Outcome | Future[Outcome]] = deque()
        threads = ThreadPoolExecutor(self._processes)
        try:
            for answer, gold, kind in answers:
                waiting.append(decide(answer, gold, kind) or threads.submit(self._formulas, answer or "", gold))
                while waiting and (_is_known(waiting[0]) or len(waiting) > 4 * self._processes):
                    yield _outcome(waiting.popleft())
            while waiting:
                yield _outcome(waiting.popleft())
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _formulas(self, answer: str, gold: str) -> Outcome:
        same = self._equal(answer, gold)
        if same is None or (same and units_differ(answer, gold)):
            return Outcome.UNSCORABLE
        return Outcome.CORRECT if same else Outcome.INCORRECT

    def _ask(self, answer: str, gold: str) -> bool | None:
        process = self._idle.get()
        try:
            if self._closed:
                return None
            if process is None:
                process = _Process(self._seconds)
                self._started.append(process)
            return process.equal(answer, gold)
        except _Died:
            if process is not None:
                process.kill()
                process = None
            return None
        finally:
            self._idle.put(process)


def _is_known(waiting: Outcome | Future[Outcome]) -> bool:
    return isinstance(waiting, Outcome) or waiting.done()


def _outcome(waiting: Outcome | Future[Outcome]) -> Outcome:
    return waiting if isinstance(waiting, Outcome) else waiting.result()


class _Died(Exception):
    """The process gave no reply."""


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
        try:
            greeting = self._reply(_START_SECONDS)
        except _Died:
            greeting = f"no reply within {_START_SECONDS:.0f} s"
        if greeting != READY:
            self.kill()
            raise S1Error(
                f"Formulas cannot be compared: math-verify does not start ({greeting}). "
                f"Install what requirements.txt lists: python -m pip install -r requirements.txt"
            )

    def equal(self, answer: str, gold: str) -> bool | None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([answer, gold]).encode() + b"\n")
        except OSError as error:
            raise _Died from error
        verdict: bool | None = json.loads(self._reply(self._seconds + _GRACE_SECONDS))
        return verdict

    def _reply(self, seconds: float) -> str:
        assert self._process.stdout is not None
        if not wait([self._process.stdout.fileno()], seconds) or not (line := self._process.stdout.readline()):
            raise _Died
        return line.decode().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
