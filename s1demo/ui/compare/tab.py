"""The landing tab: one question, three runs of one model side by side, streamed through one component by one generator."""

from __future__ import annotations

import json
import time
from typing import Any
from weakref import WeakKeyDictionary

import gradio as gr

from s1demo.budget import AUTO
from s1demo.decoding.answers_at_waits import compare_with_answers
from s1demo.traces import TraceBuilder
from s1demo.ui.asking import LANDING_TAB, Events, question_row, speed_choice, stream_into
from s1demo.ui.compare.choices import CompareChoices
from s1demo.ui.compare.saving import ComparisonRecorder
from s1demo.ui.controls import EXTENSIONS, MOST_WAITS, OWN, budget_stops, default_budget, segmented, stop_slider
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import PRIVATE, scripted
from s1demo.ui.page.translation import said
from s1demo.ui.questions import DEFAULT_QUESTION
from s1demo.ui.stream.panes import LEGEND, RUNS, stage
from s1demo.ui.stream.render import ComparisonView
from s1demo.ui.stream.streaming import View
from s1demo.ui.stream.verdicts import Verdicts, given_answer, truth_for

KIND = LANDING_TAB
N_EXAMPLES = 5
LINKED = ("question", "answer", "budget", "waits")  # what a comparison's link always says

_TOGGLE_MORE = """() => {
  const open = document.getElementById("more-panel").classList.toggle("open");
  document.getElementById("more").setAttribute("aria-expanded", open);
}"""
_SHOW_OWN = f'(word) => ({{__type__: "update", visible: word === {json.dumps(OWN)}}})'
_INTRODUCTION = """
<p class="asked-empty fork-empty">One question, three runs of one model. When the model wants to stop thinking, “Wait” can be
  written in its place: it goes on, and may find its own mistake.</p>
<p class="asked-stale fork-stale"></p>"""
_VIEW = """
{stage}
<div class="outcome">
  <p class="outcome-text"><span class="truth"></span><span class="saved"></span></p>
  <div class="actions">
    <button type="button" id="one-more" aria-keyshortcuts="w" disabled
      title="Runs again with one Wait more (w)">+1 Wait</button>
    <button type="button" id="copy-link">copy link</button>
    <button type="button" id="save-traces" disabled title="The traces of this comparison as a file; Replay opens it">save</button>
    <button type="button" id="keys-button" popovertarget="keys" aria-keyshortcuts="?">keys</button>
  </div>
</div>
<div id="keys" popover role="dialog" aria-label="Keyboard">
  <h2>Keyboard</h2>
  <dl>{keys}</dl>
  <label><input type="checkbox" id="single-keys" checked> single letters do something, outside of text fields</label>
</div>
<p class="legend">{legend}
  <span>seconds are the model's; text appears at reading speed (see “more”)</span>
</p>
<p class="asked-done sr-only" id="announcement" role="status"></p>"""


KEYS = (
    ("Enter", "run, from the question box"),
    ("Ctrl or ⌘ + Enter", "run, from anywhere"),
    ("Esc", "stop, close what is open, or leave a text field"),
    ("w", "one Wait more, on a finished run"),
    ("n", "next example"),
    ("?", "this list"),
)


def build_compare_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context and connect it; returns the fields a link fills in."""
    row = question_row(KIND, exhibit, DEFAULT_QUESTION, N_EXAMPLES)
    inputs = _controls_row(exhibit.engine.info.context_length)
    keys = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{what}</dd>" for key, what in KEYS)
    template = _VIEW.format(stage=stage("Nothing has been run yet.", _INTRODUCTION), legend=LEGEND, keys=keys)
    view = scripted("compare/compare", template, "resync", "withdraw", "save", elem_id="trace-view")
    file = scripted("web/relay", "<i></i>", elem_id="trace-file", visible="hidden")
    recorders: WeakKeyDictionary[View, ComparisonRecorder] = WeakKeyDictionary()

    def start(question: str, **values: Any) -> tuple[View, Events]:
        choices = CompareChoices(question, **values)
        recorder = ComparisonRecorder(given_answer(choices.answer))
        view, events = comparison(exhibit, choices, recorder)
        recorders[view] = recorder
        return view, events

    async def traces(request: gr.Request) -> Any:
        stream = exhibit.sessions.find(str(request.session_hash), KIND)
        recorder = recorders.get(stream.view) if stream else None
        text = recorder.to_json() if recorder else None
        return gr.skip() if text is None else {"at": time.time(), "text": text}

    view.save(traces, outputs=file, queue=False, **PRIVATE)
    return stream_into(view, exhibit, KIND, row, inputs, start, LINKED)


def comparison(exhibit: Exhibit, choices: CompareChoices, recorder: ComparisonRecorder) -> tuple[View, Events]:
    """The view of a comparison and its events, which pass the recorder.

    Raises:
        InputError: something set that cannot work.
    """
    question, policies, sampling = choices.question, choices.policies(), choices.sampling()
    truth = truth_for(choices.answer, exhibit.bank.answer_to(question))
    verdicts = [Verdicts(truth, exhibit.judge)] if truth else []
    events = compare_with_answers(exhibit.engine, question, policies, sampling, *verdicts)
    builders = {name: TraceBuilder(question, exhibit.engine.info, policy, sampling) for name, policy in policies.items()}
    return ComparisonView(list(RUNS), truth), recorder.record(events, builders)


def _controls_row(context_length: int) -> Fields:
    """The controls, by their names in the address."""
    fields: Fields = {}
    with gr.Row(elem_classes=["controls"]):
        stops, first = budget_stops(context_length), default_budget(context_length)
        fields["budget"] = stop_slider(
            "thinking-budget", "Thinking budget", "truncated run", ("token", "tokens"), stops, first, context_length
        )
        counts = [*range(MOST_WAITS + 1)]
        fields["waits"] = stop_slider("num-waits", "Make it go on", "extended run", ("time", "times"), counts, 2, MOST_WAITS)
        with gr.Column(elem_classes=["extension"], scale=0, min_width=0):
            fields["extension"] = extension = segmented(EXTENSIONS, "with the word", "extension")
            fields["own"] = own = gr.Textbox(
                label=said("Own text"),
                show_label=False,
                container=False,
                placeholder=said("own text"),
                visible=False,
                elem_id="own-extension",
            )
            extension.change(None, extension, own, js=_SHOW_OWN, **PRIVATE)
        more = gr.Button(said("more"), elem_id="more", scale=0, min_width=0)
        more.click(None, js=_TOGGLE_MORE, **PRIVATE)
        with gr.Column(elem_id="more-panel", min_width=0):  # always in the page, unlike the inside of an accordion
            fields["temperature"] = gr.Slider(0, 2, 0, step=0.1, label=said("Temperature (0 is greedy)"), elem_id="temperature")
            fields["top-p"] = gr.Slider(0.05, 1, 1, step=0.05, label="top-p", elem_id="top-p")
            fields["seed"] = gr.Number(0, precision=0, label=said("Seed"), elem_id="seed")
            fields["answer-tokens"] = gr.Textbox(
                "", placeholder=AUTO, label=said("Most answer tokens"), elem_id="max-answer-tokens"
            )
            fields["answer"] = gr.Textbox(
                "", label=said("True answer, if you know it"), elem_id="true-answer", placeholder=said("for the verdicts")
            )
            fields["speed"] = speed_choice(KIND)
    return fields
