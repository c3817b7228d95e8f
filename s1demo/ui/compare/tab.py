"""The landing tab: one question, three runs of one model side by side, streamed through one component by one generator."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from weakref import WeakKeyDictionary

import gradio as gr

from s1demo.budget import AUTO
from s1demo.decoding.answers_at_waits import compare_with_answers
from s1demo.decoding.prompt import check_question
from s1demo.engines import Engine
from s1demo.settings import Settings
from s1demo.ui.compare.saving import ComparisonRecorder, Named
from s1demo.ui.controls import (
    EXTENSIONS,
    FULL,
    MOST_WAITS,
    OWN,
    READING,
    Choices,
    budget_stops,
    default_budget,
    stop_slider,
)
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.bundle import on_load
from s1demo.ui.page.translation import said
from s1demo.ui.questions import DEFAULT_QUESTION, QuestionBank
from s1demo.ui.stream.pace import READING_TOKENS_PER_SECOND
from s1demo.ui.stream.panes import PANE, RUNS
from s1demo.ui.stream.render import ComparisonView
from s1demo.ui.stream.streaming import Message, ViewStream
from s1demo.ui.stream.verdicts import Verdicts, given_answer, truth_for

N_EXAMPLES = 5
KIND = "compare"

ADDRESS_NAMES = (
    *("question", "budget", "waits", "extension", "own", "temperature", "top-p", "seed", "answer-tokens", "speed", "answer"),
)

_TOGGLE_MORE = """() => {
  const open = document.getElementById("more-panel").classList.toggle("open");
  document.getElementById("more").setAttribute("aria-expanded", open);
}"""
_RUN_ASKED = """async (...values) => {{
  const {{ compareAsked }} = await s1.module("compare/actions");
  document.dispatchEvent(new CustomEvent("s1-run-asked", {{ detail: compareAsked({}, values) }}));
  return values;
}}"""
_STOP_ASKED = "(...values) => { document.dispatchEvent(new Event('s1-stop-asked')); return values; }"  # the trace view listens
_FORGET_ANSWER = '(await s1.module("compare/actions")).forgetAnswer()'
_SHOW_OWN = f'(word) => ({{__type__: "update", visible: word === {json.dumps(OWN)}}})'
_VIEW = """
<section class="fork" aria-label="fork picture">
  <p class="fork-empty">One question, three runs of one model. When the model wants to stop thinking, “Wait” can be written in its
    place: it goes on, and may find its own mistake.</p>
  <p class="fork-stale"></p>
  <svg role="img" aria-label="Nothing has been run yet."></svg>
  <p class="fork-story"></p>
</section>
<div class="panes">{panes}</div>
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
<p class="legend">
  <span><span class="forced"><span class="symbol">↻</span>marked</span> text is forced, everything else is the model's own</span>
  <span><span class="shared">grey</span> text: the run beside it has the same tokens</span>
  <span>✂︎ cut · ■ stopped by itself</span>
  <span>seconds are the model's; text appears at reading speed (see “more”)</span>
</p>
<p class="sr-only" id="announcement" role="status"></p>"""


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
    engine, settings, bank, sessions = exhibit.engine, exhibit.settings, exhibit.bank, exhibit.sessions
    question, run, stop = _question_row()
    gr.HTML(html_template='<p id="problem-text" role="alert"></p>', elem_id="problem", apply_default_css=False)
    chips = _examples_row(bank)
    inputs = [question, *_controls_row(engine.info.context_length)]
    _connect_examples(chips, bank, question)
    panes = "".join(PANE.format(name=name, title=title, empty=empty) for name, (title, empty) in RUNS.items())
    keys = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{what}</dd>" for key, what in KEYS)
    view = gr.HTML(
        html_template=_VIEW.format(panes=panes, keys=keys),
        js_on_load=on_load("compare/compare", "resync", "save"),
        elem_id="trace-view",
        apply_default_css=False,
    )
    file = gr.HTML(js_on_load=on_load("compare/file"), html_template="<i></i>", elem_id="trace-file", visible="hidden")
    recorders: WeakKeyDictionary[ViewStream, ComparisonRecorder] = WeakKeyDictionary()

    async def run_comparison(request: gr.Request, *values: Any) -> AsyncGenerator[Message, None]:
        choices = Choices(values[0] or "", *values[1:])
        truth = truth_for(choices.answer, bank.answer_to(choices.question))
        recorder = ComparisonRecorder(given_answer(choices.answer))

        def make(number: int) -> ViewStream:
            view = ComparisonView(list(RUNS), truth.answer, truth.kind) if truth else ComparisonView(list(RUNS))
            verdicts = [Verdicts(truth, exhibit.judge)] if truth else []
            events = _events(engine, settings, choices, recorder, *verdicts)
            pace = None if choices.speed == FULL else READING_TOKENS_PER_SECOND
            stream = ViewStream(number, view, events, settings.max_run_seconds, pace)
            recorders[stream] = recorder
            return stream

        stream = await sessions.open(str(request.session_hash), KIND, make)
        async with aclosing(stream.messages()) as messages:
            async for message in messages:
                yield message

    async def stop_comparison(request: gr.Request) -> None:
        await sessions.stop(str(request.session_hash), KIND)

    async def repeat(request: gr.Request) -> Any:
        return sessions.resync(str(request.session_hash), KIND) or gr.skip()

    async def traces(request: gr.Request) -> Any:
        stream = sessions.find(str(request.session_hash), KIND)
        recorder = recorders.get(stream) if stream else None
        text = recorder.to_json() if recorder else None
        return gr.skip() if stream is None or text is None else {"at": time.time(), "text": text}

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    started = gr.on(
        [run.click, question.submit],
        run_comparison,
        inputs,
        view,
        js=_RUN_ASKED.format(json.dumps(ADDRESS_NAMES)),
        trigger_mode="multiple",
        concurrency_limit=settings.max_concurrent_runs,
        concurrency_id="runs",
        preprocess=False,  # a link may fill in anything; `Choices` says what is wrong with it, Gradio would not
        **private,
    )
    stopped = stop.click(stop_comparison, queue=False, js=_STOP_ASKED, **private)
    stopped.then(None, cancels=[started], **private)  # one that still waits in the queue, too
    view.resync(repeat, outputs=view, queue=False, **private)
    view.save(traces, outputs=file, queue=False, **private)
    return dict(zip(ADDRESS_NAMES, inputs, strict=True))


async def _events(
    engine: Engine, settings: Settings, choices: Choices, recorder: ComparisonRecorder, *verdicts: Verdicts
) -> AsyncGenerator[Named, None]:
    check_question(choices.question, settings.max_question_chars)
    question, policies, sampling = choices.question, choices.policies(), choices.sampling()
    events = compare_with_answers(engine, question, policies, sampling, *verdicts)
    async with aclosing(recorder.record(events, question, engine.info, policies, sampling)) as recorded:
        async for item in recorded:
            yield item


def _question_row() -> tuple[gr.Textbox, gr.Button, gr.Button]:
    with gr.Row(elem_classes=["question-row"]):
        question = gr.Textbox(
            DEFAULT_QUESTION,
            label=said("Question"),
            show_label=False,
            container=False,
            lines=1,
            max_lines=4,
            placeholder=said("Ask something this model was trained for"),
            autofocus=True,
            elem_id="question",
            scale=1,
        )
        run = gr.Button(said("Run"), variant="primary", elem_id="run", scale=0, min_width=72)
        stop = gr.Button(said("Stop"), elem_id="stop", scale=0, min_width=72)
    return question, run, stop


def _examples_row(bank: QuestionBank) -> list[gr.Button]:
    """A chip for each example, and the surprise behind them where there is any."""
    chip: dict[str, Any] = {"size": "sm", "elem_classes": ["chip"], "scale": 0, "min_width": 0}
    with gr.Row(elem_classes=["chips"]):
        chips = [gr.Button(example, **chip) for example in bank.examples(N_EXAMPLES)]
        if bank.questions:
            chips.append(gr.Button(said("surprise me"), elem_id="surprise", **{**chip, "elem_classes": ["chip", "surprise"]}))
    return chips


def _connect_examples(chips: list[gr.Button], bank: QuestionBank, question: gr.Textbox) -> None:
    """Examples bring no answer with them: the bank knows theirs, and one typed for another question must go."""
    for chip, example in zip(chips, bank.examples(N_EXAMPLES), strict=False):
        choose = f"async () => {{ {_FORGET_ANSWER}; return {json.dumps(example)}; }}"
        chip.click(None, outputs=question, js=choose, api_visibility="private")
    if bank.questions:
        forget = f"async (current) => {{ {_FORGET_ANSWER}; return current; }}"
        private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        chips[-1].click(bank.surprise, question, question, js=forget, queue=False, **private)


def _controls_row(context_length: int) -> list[gr.components.Component]:
    with gr.Row(elem_classes=["controls"]):
        budget = stop_slider(
            "thinking-budget",
            "Thinking budget",
            "truncated run",
            ("token", "tokens"),
            budget_stops(context_length),
            default_budget(context_length),
            context_length,
        )
        waits = stop_slider(
            "num-waits", "Make it go on", "extended run", ("time", "times"), [*range(MOST_WAITS + 1)], 2, MOST_WAITS
        )
        with gr.Column(elem_classes=["extension"], scale=0, min_width=0):
            words = list(EXTENSIONS)
            extension = gr.Radio(words, value=words[0], label=said("with the word"), container=False, elem_id="extension")
            own = gr.Textbox(
                label=said("Own text"),
                show_label=False,
                container=False,
                placeholder=said("own text"),
                visible=False,
                elem_id="own-extension",
            )
            extension.change(None, extension, own, js=_SHOW_OWN, api_visibility="private")
        more = gr.Button(said("more"), elem_id="more", scale=0, min_width=0)
        more.click(None, js=_TOGGLE_MORE, api_visibility="private")
        with gr.Column(elem_id="more-panel", min_width=0):  # always in the page, unlike the inside of an accordion
            temperature = gr.Slider(0, 2, 0, step=0.1, label=said("Temperature (0 is greedy)"), elem_id="temperature")
            top_p = gr.Slider(0.05, 1, 1, step=0.05, label="top-p", elem_id="top-p")
            seed = gr.Number(0, precision=0, label=said("Seed"), elem_id="seed")
            answer_limit = gr.Textbox("", placeholder=AUTO, label=said("Most answer tokens"), elem_id="max-answer-tokens")
            answer = gr.Textbox(
                "", label=said("True answer, if you know it"), elem_id="true-answer", placeholder=said("for the verdicts")
            )
            speed = gr.Radio([READING, FULL], value=READING, label=said("Show the traces at"), container=False, elem_id="speed")
    return [budget, waits, extension, own, temperature, top_p, seed, answer_limit, speed, answer]
