"""Sweeps that visitors run on the loaded model: what was asked for, one pass with its progress, results by the plan they are of.

A plan has a key. Its journal lies in the server's own folder under that key, so a sweep that was stopped, or whose page was
closed, goes on when anybody asks for the same plan again. Knows the engine and the journal; knows no figure and no gradio.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shlex
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from s1demo.engines import Engine
from s1demo.errors import InputError, S1Error
from s1demo.evals.benchmarks import MINI, Problem
from s1demo.evals.journal import delete_unless_open
from s1demo.evals.measured import BENCHMARKS, Measured, shipped_benchmarks
from s1demo.evals.provenance import Provenance, model_digest, provenance
from s1demo.evals.results import RunResult
from s1demo.evals.summary import summarise
from s1demo.evals.sweep import SweepPlan, finished_questions, open_journal, sweep, traces_depend_on
from s1demo.plots.style import counted
from s1demo.settings import ASSETS, Settings
from s1demo.ui.controls import MOST_WAITS, whole
from s1demo.ui.stream.render import Op

DEFAULT_QUESTIONS, DEFAULT_BUDGETS, DEFAULT_WAITS = 48, "0, 16, 64, 128", "1, 2"
MOST_SETTINGS = 12  # budgets, and Waits, of one sweep
MOST_KEPT = 32  # journals in the folder, and results in memory
_SHOW_SECONDS = 0.7  # at least, between two results of an unfinished sweep
_SETTLED = 4  # finished questions from which on a rate is shown: the first ones come late, and several at once
_NO_MODEL = "Recorded traces are played here, which answer only the questions they were recorded of. A sweep needs a model."
_NO_TIME = (
    "The sweep was stopped after {:.0f} s, the longest a run may take here; {} of {} questions are kept. Run it again to go on."
)


@dataclass(frozen=True)
class SweepRequest:
    """What a visitor asks to be measured.

    Attributes:
        benchmark: one of the shipped ones, by name.
        problems: its first questions.
        plan: budgets and Waits.
    """

    benchmark: str
    problems: tuple[Problem, ...]
    plan: SweepPlan

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> SweepRequest:
        """Read what the page sent; untrusted.

        Args:
            given: `benchmark`, `questions` (a number), `budgets` and `waits` (numbers with commas between).

        Raises:
            InputError: something that cannot be measured; the message says what to change.
        """
        known = shipped_benchmarks()
        name = str(given.get("benchmark", ""))
        if name not in known:
            raise InputError(f"Only the shipped benchmarks can be swept here: {', '.join(known)}. Choose one of them.")
        n = whole(given.get("questions"), "number of questions")
        if not 1 <= n <= len(known[name]):
            raise InputError(
                f"The benchmark {name} has {len(known[name]):,} questions. Ask for 1 to {len(known[name]):,} of them."
            )
        budgets, waits = (_numbers(given.get(what), what) for what in ("budgets", "waits"))
        if any(k > MOST_WAITS for k in waits):
            raise InputError(f"{max(waits)} Waits are more than a sweep here takes. Ask for at most {MOST_WAITS}.")
        return cls(name, known[name][:n], SweepPlan(budgets, waits))

    def command(self, settings: Settings, model: str) -> str:
        """The command line that measures the same."""
        path = BENCHMARKS / f"{self.benchmark}.jsonl"
        benchmark = self.benchmark if path == MINI else str(path.relative_to(ASSETS.parent))
        options = ["--benchmark", benchmark, "--limit", str(len(self.problems))]
        options += ["--budgets", ",".join(map(str, self.plan.budgets)), "--waits", ",".join(map(str, self.plan.waits))]
        options += ["--engine", settings.engine] if settings.engine != Settings.engine else []
        options += ["--model", model] if settings.model else []
        return shlex.join(["python", "-m", "s1demo", "sweep", *options, "--out", "run.json"])


@dataclass
class SweepProgress:
    """Where a sweep stands.

    Attributes:
        key: of its plan.
        done, total: questions.
        begun_with: questions that were finished when it began.
        seconds: since it began.
        tokens: decoded since it began.
        shown: how often its result has changed; the page draws it again when this grows.
        command: the command line that measures the same.
        finished: whether nothing is left to decode.
    """

    key: str
    done: int
    total: int
    begun_with: int
    seconds: float
    tokens: int
    shown: int
    command: str
    finished: bool = False


class Sweeps:
    """Measures what visitors ask for, and keeps the results. The caller sees to it that there is one sweep at a time."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._results: OrderedDict[str, Measured] = OrderedDict()
        self._private: tempfile.TemporaryDirectory[str] | None = None

    @cached_property
    def digest(self) -> str:
        """The digest of the loaded model."""
        return model_digest(self._settings.model_path)

    @cached_property
    def folder(self) -> Path:
        """Where the journals lie; nobody else can read it."""
        if self._settings.sweeps_folder:
            folder = Path(self._settings.sweeps_folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder
        self._private = tempfile.TemporaryDirectory(prefix="s1-sweeps-")
        return Path(self._private.name)

    def result(self, key: str) -> Measured | None:
        """What has been measured of a plan, also while it is not finished; None for unknown and long forgotten ones."""
        return self._results.get(key)

    async def events(self, given: Mapping[str, Any]) -> AsyncGenerator[tuple[str, SweepProgress], None]:
        """Measure what a visitor asked for, as far as its journal lacks it; closing the iterator ends the engine's work.

        Args:
            given: see `SweepRequest.read`.

        Yields:
            ("sweep", progress), first at once, last with `finished`.

        Raises:
            S1Error: a request that cannot be carried out, a failing engine, or no time left; what was finished is kept.
        """
        if self._engine.info.engine == "replay":
            raise InputError(_NO_MODEL)
        request = SweepRequest.read(given)
        pass_ = _Pass(self._engine, self._settings, request, await asyncio.to_thread(self._source, request), self.folder)
        try:
            async for progress in pass_.steps():
                if pass_.result is not None:
                    self._keep(pass_.result)
                yield "sweep", progress
        finally:
            await pass_.end()

    def _source(self, request: SweepRequest) -> Provenance:
        settings, model = self._settings, self._engine.info.model
        return provenance(model, settings.model_path, request.benchmark, request.problems, request.command(settings, model))

    def _keep(self, found: Measured) -> None:
        self._results[found.key] = found
        self._results.move_to_end(found.key)
        while len(self._results) > MOST_KEPT:
            self._results.popitem(last=False)


class _Pass:
    """One pass over the questions of a request."""

    def __init__(self, engine: Engine, settings: Settings, request: SweepRequest, source: Provenance, folder: Path) -> None:
        self.result: Measured | None = None
        self._engine, self._settings, self._request, self._source = engine, settings, request, source
        arguments = traces_depend_on(request.plan, source, len(request.problems), settings, engine.info)
        key = hashlib.sha256(json.dumps(arguments).encode()).hexdigest()[:16]
        self._progress = SweepProgress(key, 0, len(request.problems), 0, 0.0, 0, 0, source.command)
        self._journal = open_journal(folder / f"{key}.traces.jsonl", arguments)
        self._records: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        _forget_old(folder)

    async def steps(self) -> AsyncGenerator[SweepProgress, None]:
        """Decode, and yield the progress: at once, behind finished questions, at the end."""
        progress, most_seconds = self._progress, self._settings.max_run_seconds
        if self._journal.done:
            self._records = await asyncio.to_thread(lambda: [_slim(record) for record in finished_questions(self._journal.path)])
        progress.done = progress.begun_with = len(self._records)
        await self._show()
        yield replace(progress)
        begun = time.monotonic()
        n_at_once = max(1, self._settings.max_concurrent_requests // 2)  # the other half is for other visitors
        self._work = asyncio.create_task(
            sweep(self._engine, self._request.problems, self._request.plan, self._journal, self._take, n_at_once)
        )
        self._work.add_done_callback(lambda work: self._arrived.set())
        folded, next_show = progress.done, time.monotonic() + _SHOW_SECONDS
        while not self._work.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), 1.0)
            self._arrived.clear()
            if progress.done > folded and time.monotonic() >= next_show:
                folded, show_begun = progress.done, time.monotonic()
                await self._show()
                next_show = time.monotonic() + max(_SHOW_SECONDS, 8 * (time.monotonic() - show_begun))
            progress.seconds = time.monotonic() - begun
            yield replace(progress)
            if progress.seconds > most_seconds:
                raise S1Error(_NO_TIME.format(most_seconds, progress.done, progress.total))
        self._work.result()  # raises what the sweep raised
        await self._show()
        yield replace(progress, finished=True)

    async def end(self) -> None:
        """Stop decoding; what was finished meanwhile is in the journal."""
        try:
            if self._work is not None:
                self._work.cancel()
                await asyncio.gather(self._work, return_exceptions=True)
        finally:
            self._journal.close()

    def _take(self, record: dict[str, Any]) -> None:
        """A question is finished."""
        self._records.append(_slim(record))
        self._progress.done += 1
        self._progress.tokens += record["engine_tokens"]
        self._arrived.set()

    async def _show(self) -> None:
        """Fold what there is into a result."""
        if not self._records:
            return
        records = sorted(self._records, key=lambda record: record["index"])
        run: RunResult = await asyncio.to_thread(summarise, records, self._request.plan, self._source)
        asked = tuple(self._request.problems[record["index"]] for record in records)
        self.result = Measured(self._progress.key, f"{run.model}, this sweep", run, asked=asked)
        self._progress.shown += 1


class SweepView:
    """Folds the progress of a sweep into view operations.

    ["status", "sweep", {...}]   how far it is: key, done, total, shown, finished, and `text`, the same in words
    """

    def feed(self, name: str, event: SweepProgress, seconds: float) -> list[Op]:
        """The operations one step asks for."""
        fields = ("key", "done", "total", "shown", "finished", "command")
        status = {field: getattr(event, field) for field in fields}
        return [["status", name, status | {"text": progress_text(event)}]]


def progress_text(progress: SweepProgress) -> str:
    """How far a sweep is, how fast, and how long it still takes, in words."""
    parts = [f"{progress.done:,} of {counted(progress.total, 'question')}"]
    decoded = progress.done - progress.begun_with  # by this run; what an earlier one kept has no part in the rate
    if progress.begun_with:
        parts.append(
            "all kept from before" if progress.begun_with == progress.total else f"{progress.begun_with:,} kept from before"
        )
    if decoded >= (1 if progress.finished else _SETTLED) and progress.seconds > 0:
        rate = decoded / progress.seconds
        parts.append(f"this run: {rate:.1f} questions/s, {progress.tokens / progress.seconds:,.0f} tokens/s")
        if not progress.finished:
            parts.append(f"about {max(1, round((progress.total - progress.done) / rate)):,} s left")
    if progress.finished:
        parts.append("finished")
    return " · ".join(parts)


def _numbers(text: Any, what: str) -> tuple[int, ...]:
    """Whole numbers from 0 up with commas between; none of an empty text."""
    parts = [part.strip() for part in str(text or "").split(",") if part.strip()]
    if len(parts) > MOST_SETTINGS:
        raise InputError(f"{len(parts)} {what} are too many for one sweep. Give at most {MOST_SETTINGS}.")
    numbers = tuple(whole(part, f"list of {what}") for part in parts)
    if any(number < 0 for number in numbers):
        raise InputError(f"There are {what} below 0. Give whole numbers from 0 up, with commas between.")
    return numbers


def _slim(record: dict[str, Any]) -> dict[str, Any]:
    """What a result needs of a record; traces stay in the journal."""
    runs = {label: _without_traces(run) for label, run in record["runs"].items()}
    return _without_traces(record) | {"runs": runs}


def _without_traces(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("thinking", "thinking_ids", "answer_text")}


def _forget_old(folder: Path) -> None:
    """Keep the newest journals only."""
    journals = sorted(folder.glob("*.traces.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in journals[MOST_KEPT:]:
        delete_unless_open(path)
