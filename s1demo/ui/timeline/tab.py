"""The Timeline tab: what the model would answer if it were stopped at each point of one trace, drawn while the trace grows."""

from __future__ import annotations

import html
import json
from contextlib import aclosing
from typing import Any

import gradio as gr

from s1demo.budget import BudgetPolicy
from s1demo.decoding.answers_at_waits import AnswersAtWaits
from s1demo.decoding.probe import ProbeAt, run_and_probe
from s1demo.decoding.prompt import Prompt
from s1demo.delimiters import FINAL_ANSWER
from s1demo.engines import Engine
from s1demo.errors import InputError
from s1demo.events import SamplingParams
from s1demo.ui.asking import Events, question_row, speed_choice, stream_into
from s1demo.ui.controls import MOST_WAITS, doubling, segmented, stop_slider, whole
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import PRIVATE, scripted
from s1demo.ui.stream.streaming import View
from s1demo.ui.timeline.view import TRACE, TimelineView

KIND = "timeline"
FIRST_QUESTION = "What is the last digit of 7^23?"  # the miniature guesses wrong, and is right once it has been made to go on
GRID, LINES, WAITS = "every few tokens", "behind each line", "around each Wait"
_PER_CONTEXT = 512  # points a whole context is worth by default
_MOST_PER_CONTEXT = 2048  # and at most, besides those at Waits
_SHOW_GRID = f'(where) => ({{__type__: "update", visible: where === {json.dumps(GRID)}}})'
_VIEW = """
<p class="asked-stale"></p>
<div class="tl-top">
  <article class="asked-card tl-trace" aria-labelledby="tl-trace-title">
    <header><h2 id="tl-trace-title">The trace</h2><p><span class="status"></span><span class="count"></span></p></header>
    <div class="trace-text" role="region" tabindex="0" aria-label="the trace"
      data-empty="One run of the model. At many points it is asked: if you had to stop here, what would you answer?"></div>
    <footer><span class="own">the run’s own answer</span><span class="answer"></span><span class="verdict"></span>
      <span class="details"></span></footer>
  </article>
  <article class="asked-card tl-readout" aria-labelledby="tl-readout-title">
    <h2 id="tl-readout-title">Stopped here, it would answer</h2>
    <p class="where"></p>
    <p class="forced-line"><span class="forced"><span class="symbol">✂︎</span>{forced}</span></p>
    <p class="answer"></p>
    <p class="verdict"></p>
    <p class="probability"></p>
    <p class="by-itself"></p>
  </article>
</div>
<section class="asked-card tl-picture" aria-label="answer timeline">
  <p class="asked-empty">Which answer the model holds, from the first token to the last: it appears here while the run goes
    on.</p>
  <svg role="img" aria-label="Nothing has been run yet."></svg>
  <div class="tl-strip answer-strip" aria-hidden="true"></div>
  <input type="range" class="filled-range tl-scrubber" min="0" max="0" value="0" step="1" aria-label="stop the trace at" disabled>
</section>
<p class="asked-legend">
  <span><b class="right">●</b> right <b class="wrong">✕</b> wrong <b class="unknown">◆</b> not known <b>–</b> none</span>
  <span>each stretch of the strip is one answer; each pattern another one</span>
  <span>cut where it wanted to stop (↻, ■), it may answer otherwise than by itself</span>
  <span>P(answer): how likely the model is to write exactly this answer when it is cut off here</span>
  <span>drag the handle, use the arrow keys, or click the picture</span>{apart}
</p>
<p class="asked-done sr-only" role="status"></p>"""


def build_timeline_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context and connect it; returns the fields a link fills in."""
    context_length = exhibit.engine.info.context_length
    row = question_row(KIND, exhibit, FIRST_QUESTION)
    with gr.Row(elem_classes=["controls"]):
        counts = [*range(MOST_WAITS + 1)]
        waits = stop_slider("tl-waits", "Make it go on", "by a forced Wait", ("time", "times"), counts, 2, MOST_WAITS)
        where = segmented((GRID, LINES, WAITS), "and stop it", "tl-where")
        stops, grid = grid_stops(context_length), default_grid(context_length)
        every = stop_slider("tl-every", "every", "from its start", ("token", "tokens"), stops, grid, context_length)
        where.change(None, where, every, js=_SHOW_GRID, **PRIVATE)
        inputs = {"waits": waits, "where": where, "every": every, "speed": speed_choice(KIND)}
    apart = closest(context_length)
    note = f"<span>points behind lines lie at least {apart} tokens apart</span>" if apart > 1 else ""
    template = _VIEW.format(forced=html.escape(FINAL_ANSWER), apart=note)
    view = scripted("timeline/timeline", template, "resync", "withdraw", elem_id="timeline-view")

    def start(question: str, waits: Any, where: Any, every: Any) -> tuple[View, Events]:
        policy, probes = BudgetPolicy(num_ignore=whole(waits, "number of Waits")), probe_at(where, every, context_length)
        return TimelineView(exhibit.bank.answer_to(question)), timeline_events(exhibit.engine, question, policy, probes)

    return stream_into(view, exhibit, KIND, row, inputs, start)


def closest(context_length: int) -> int:
    """How near to each other it can be stopped, in tokens: a trace that fills the context has a bounded number of points."""
    return -(-context_length // _MOST_PER_CONTEXT)


def grid_stops(context_length: int) -> list[int]:
    """The stops of the grid: powers of two up to a sixteenth of the context, none closer than `closest`."""
    return doubling(2 ** (closest(context_length) - 1).bit_length(), max(64, context_length // 16))


def default_grid(context_length: int) -> int:
    """A grid fine enough to see an answer change, and coarse enough for a long trace."""
    return max([4, *(stop for stop in grid_stops(context_length) if stop * _PER_CONTEXT <= context_length)])


def probe_at(where: Any, every: Any, context_length: int) -> ProbeAt:
    """Where to ask, from untrusted input; the ends of thinking are always among it.

    Args:
        where: one of `GRID`, `LINES` and `WAITS`.
        every: tokens between the points of the grid.
        context_length: of the engine, in tokens.

    Raises:
        InputError: no such place, or too many of them.
    """
    apart = closest(context_length)
    if where == GRID:
        distance = whole(every, "distance in tokens")
        if 0 < distance < apart:
            raise InputError(f"It cannot be stopped every {distance} tokens: this model thinks for long. Give {apart} or more.")
        return ProbeAt(every=distance, waits=True)
    if where not in (LINES, WAITS):
        raise InputError(f"It cannot be stopped {str(where)[:40]!r}. Choose one of: {GRID}, {LINES}, {WAITS}.")
    return ProbeAt(lines=where == LINES, waits=True, apart=apart)


async def timeline_events(engine: Engine, question: str, policy: BudgetPolicy, probes: ProbeAt) -> Events:
    """The events of the run, of its probes and of its answers at Waits, as `TimelineView` takes them."""
    prompt = Prompt(engine, question)
    answers = AnswersAtWaits(engine, prompt, policy)
    async with aclosing(run_and_probe(engine, prompt, policy, probes, SamplingParams(), answers)) as items:
        async for item in items:
            yield TRACE, item
