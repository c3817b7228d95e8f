"""The Scaling tab: accuracy against thinking, published and measured, what it is made of, and a sweep of the loaded model.

Everything is drawn by `scaling.js` from what the listeners here return; nothing is in the page before the tab is opened, and
plotly (which Gradio's own plot component brings) is loaded with the first figure.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from typing import Any

import gradio as gr

from s1demo.budget import BudgetPolicy
from s1demo.decoding.runs import run
from s1demo.engines import Engine
from s1demo.errors import InputError, S1Error
from s1demo.evals.measured import Measured, load_measured, shipped_benchmarks
from s1demo.evals.published import load_published
from s1demo.events import Origin, Tokens
from s1demo.settings import Settings
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.bundle import on_load
from s1demo.ui.questions import DEFAULT_QUESTION
from s1demo.ui.scaling.chart import AXIS_NAMES, TITLES, ChartRequest, Results
from s1demo.ui.scaling.draw import draw_chart
from s1demo.ui.scaling.point_questions import QuestionsRequest, point_questions
from s1demo.ui.scaling.sweeps import DEFAULT_BUDGETS, DEFAULT_QUESTIONS, DEFAULT_WAITS, Sweeps, SweepView
from s1demo.ui.stream.streaming import Message, ViewStream

KIND = "sweep"
_RATE_TOKENS = 256  # of the trace by which the model's rate is measured
_GRACE_SECONDS = 30.0  # `Sweeps` ends a sweep first, in words of its own
EVENTS = ("plotly", "draw", "questions", "save", "run", "stop", "withdraw", "resync")  # what the page asks for
_NO_RATE = "Recorded traces are played here, so there is no model whose seconds could be told. Choose tokens for the axis."
_KIND = '<label class="pill"><input type="radio" name="scaling-look" value="{value}"><span>{title}</span></label>'
_VIEW = """
<div class="pills scaling-looks" role="radiogroup" aria-label="What to look at">{kinds}</div>
<div class="scaling-choices">
  <label class="scaling-benchmark">Questions <select id="scaling-benchmark"></select></label>
  <label class="scaling-axis">against <select id="scaling-axis">{axes}</select></label>
  <div class="scaling-series"></div>
</div>
<p class="scaling-problem" role="alert"></p>
<div class="scaling-main">
  <section class="scaling-card" aria-label="picture">
    <div class="scaling-plot" role="group"><p class="scaling-loading">Drawing…</p></div>
    <p class="scaling-detail"></p>
    <p class="scaling-caption" role="status"></p>
    <ul class="scaling-notes"></ul>
    <dl class="scaling-key">
      <div><dt class="truncated">●</dt><dd>Thinking is cut at a budget, then the model must answer.</dd></div>
      <div><dt class="natural">■</dt><dd>The model stops thinking by itself.</dd></div>
      <div><dt class="extended">▲</dt><dd>Each time it wants to stop, “Wait” is put in its mouth, and it goes on.</dd></div>
      <div><dt>│</dt><dd>The thin line through a point: the 95 % interval of its accuracy, given so many questions.</dd></div>
      <div><dt>○</dt><dd>Hollow and dashed: printed in the paper. Solid: measured here. Dotted: measured here now.</dd></div>
    </dl>
    <div class="scaling-save" role="group" aria-label="Save what is shown">Save
      <button type="button" data-save="csv">CSV</button><button type="button" data-save="json">JSON</button>
      <button type="button" data-save="png">PNG</button></div>
  </section>
  <section class="scaling-point" aria-label="questions of a point" hidden>
    <h2 tabindex="-1">Questions of a point</h2>
    <button type="button" class="scaling-close" aria-label="close the questions">×</button>
    <p class="scaling-line"></p>
    <div class="scaling-notes"></div>
    <div class="pills scaling-filters" role="radiogroup" aria-label="Which questions"></div>
    <ol class="scaling-questions"></ol>
    <button type="button" class="scaling-more" hidden>more</button>
  </section>
</div>
<section class="sweep" aria-label="Run a sweep">
  <form class="sweep-form">
    <h2>Run a sweep</h2>
    <label>on <select name="benchmark">{swept}</select></label>
    <label>first <input name="questions" type="number" min="1" step="1" value="{questions}"> questions</label>
    <label>budgets <input name="budgets" value="{budgets}" size="16" inputmode="numeric"></label>
    <label>Waits <input name="waits" value="{waits}" size="8" inputmode="numeric"></label>
    <button type="submit" class="sweep-run">Run</button><button type="button" class="sweep-stop">Stop</button>
  </form>
  <p class="sweep-problem" role="alert"></p>
  <div class="sweep-state" hidden>
    <progress max="1" value="0" aria-label="questions finished"></progress><p class="sweep-text"></p>
    <button type="button" class="sweep-save">save run.json</button>
    <p class="sweep-command">measured here now, by: <code></code></p>
  </div>
</section>
<details class="scaling-table"><summary>The same numbers as a table</summary></details>"""
_LOAD_PLOTLY = '() => ({type: "plotly", plot: JSON.stringify({data: [], layout: {}})})'


class Scaling:
    """What stands behind the tab: the numbers, the loaded model's rate and digest, and the sweeps."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._rate: float | None = None
        self._measuring = asyncio.Lock()
        self.sweeps = Sweeps(engine, settings)

    @cached_property
    def shipped(self) -> Results:
        """The shipped numbers, read when they are first asked for."""
        return Results(load_measured(), load_published())

    async def chart(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """One chart, as the page takes it; a problem is a sentence in it."""
        request, rate, problem = ChartRequest.read(given), None, ""
        try:
            rate = await self.tokens_per_second() if request.axis == "seconds" else None
        except S1Error as error:
            problem, request = str(error), replace(request, axis="thinking")
        shipped = await asyncio.to_thread(lambda: self.shipped)
        results = replace(shipped, now=self.sweeps.result(request.now), tokens_per_second=rate)
        drawn = await asyncio.to_thread(lambda: draw_chart(request, results).to_dict())
        return drawn | {"look": request.kind, "axis": request.axis if drawn["axis"] else "", "problem": problem}

    async def questions(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The questions of a point, as the page shows them; None for a point there is not."""
        key = str(given.get("run") or "")
        found = self.sweeps.result(key) or (await asyncio.to_thread(lambda: self.shipped)).measured.get(key)
        if found is None:
            return None
        same = await asyncio.to_thread(self.is_loaded, found)
        return point_questions(found, QuestionsRequest.read(given), self._engine.info.model, same)

    def is_loaded(self, found: Measured) -> bool:
        """Whether a run was measured with the loaded model."""
        return found.run.model == self._engine.info.model and found.run.model_digest == self.sweeps.digest

    async def tokens_per_second(self) -> float:
        """The rate of one trace alone, measured at the first call.

        Raises:
            InputError: no model is loaded.
        """
        if self._engine.info.engine == "replay":
            raise InputError(_NO_RATE)
        async with self._measuring:
            if self._rate is None:
                self._rate = await _measure_rate(self._engine)
            return self._rate


async def _measure_rate(engine: Engine) -> float:
    """Tokens per second of one trace alone, the second of two; the first warms up."""
    most = min(_RATE_TOKENS, engine.info.context_length // 4)
    for _ in range(2):
        begun, tokens = time.perf_counter(), 0
        async with aclosing(run(engine, DEFAULT_QUESTION, BudgetPolicy(most))) as events:
            async for event in events:
                tokens += len(event.token_ids) if isinstance(event, Tokens) and event.origin is Origin.SAMPLED else 0
    return tokens / max(time.perf_counter() - begun, 1e-9)


def build_scaling_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context and connect it; its script reads and writes its part of the address."""
    scaling = Scaling(exhibit.engine, exhibit.settings)
    settings, sessions = exhibit.settings, exhibit.sessions
    script = on_load("scaling/scaling", *EVENTS)
    view = gr.HTML(html_template=_template(), js_on_load=script, elem_id="scaling", apply_default_css=False)
    hidden: dict[str, Any] = {"visible": "hidden", "apply_default_css": False}
    answers = gr.HTML(js_on_load=on_load("web/relay"), elem_id="scaling-answers", **hidden)
    stream = gr.HTML(js_on_load=on_load("web/relay"), elem_id="scaling-stream", **hidden)
    loader = gr.Plot(elem_id="plotly-loader", visible="hidden", show_label=False, container=False)

    async def draw(event: gr.EventData) -> dict[str, Any]:
        return _answer(event, "picture", await scaling.chart(_given(event)))

    async def list_questions(event: gr.EventData) -> dict[str, Any]:
        return _answer(event, "questions", await scaling.questions(_given(event)))

    async def save(event: gr.EventData) -> dict[str, Any]:
        found = scaling.sweeps.result(str(_given(event).get("key")))
        return _answer(event, "run", found.run.to_dict() if found else None)

    async def run_sweep(request: gr.Request, event: gr.EventData) -> AsyncGenerator[Message, None]:
        given = _given(event)

        def make(number: int) -> ViewStream:
            return ViewStream(number, SweepView(), scaling.sweeps.events(given), settings.max_run_seconds + _GRACE_SECONDS)

        stream = await sessions.open(str(request.session_hash), KIND, make)
        async with aclosing(stream.messages()) as messages:
            async for message in messages:
                yield message

    async def stop_sweep(request: gr.Request) -> None:
        await sessions.stop(str(request.session_hash), KIND)

    async def repeat(request: gr.Request) -> Any:
        return sessions.resync(str(request.session_hash), KIND) or gr.skip()

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    view.plotly(None, outputs=loader, js=_LOAD_PLOTLY, **private)
    view.draw(draw, outputs=view, queue=False, trigger_mode="multiple", **private)
    view.questions(list_questions, outputs=answers, queue=False, trigger_mode="multiple", **private)
    view.save(save, outputs=answers, queue=False, **private)
    lane: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "sweeps"}  # one sweep at a time, whoever asks
    started = view.run(run_sweep, outputs=stream, trigger_mode="multiple", **lane, **private)
    view.stop(stop_sweep, queue=False, **private)
    view.withdraw(None, cancels=[started], **private)  # Gradio never fires the `cancels` of a `then`
    view.resync(repeat, outputs=stream, queue=False, **private)
    return {}


def _template() -> str:
    kinds = "".join(_KIND.format(value=kind.value, title=title) for kind, title in TITLES.items())
    axes = "".join(f'<option value="{value}">{name}</option>' for value, name in AXIS_NAMES.items())
    swept = "".join(f'<option value="{name}">{name} ({len(rows):,})</option>' for name, rows in shipped_benchmarks().items())
    return _VIEW.format(
        kinds=kinds, axes=axes, swept=swept, questions=DEFAULT_QUESTIONS, budgets=DEFAULT_BUDGETS, waits=DEFAULT_WAITS
    )


def _given(event: gr.EventData) -> Mapping[str, Any]:
    return event._data if isinstance(event._data, dict) else {}


def _answer(event: gr.EventData, kind: str, found: Any) -> dict[str, Any]:
    """An answer with the number of what it answers; as text, for the reason given in `streaming`."""
    return {"n": _given(event).get("n"), "kind": kind, "json": json.dumps(found, ensure_ascii=False, separators=(",", ":"))}
