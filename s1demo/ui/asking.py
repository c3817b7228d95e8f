"""A tab that asks one question and streams one view: its question row with Run and Stop, and the events behind them.

Timeline and Race are made of this; `web/asking.js` is the page's half. Knows no event and no operation.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from s1demo.decoding.prompt import check_question
from s1demo.errors import S1Error
from s1demo.ui.controls import FULL, READING
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.translation import said
from s1demo.ui.questions import DEFAULT_QUESTION, QuestionBank
from s1demo.ui.stream.pace import READING_TOKENS_PER_SECOND
from s1demo.ui.stream.render import Op
from s1demo.ui.stream.streaming import Message, View, ViewStream

N_EXAMPLES = 4
Events = AsyncGenerator[tuple[str, Any], None]

_TELL = """async (...values) => {{
  (await s1.module("web/asking")).asked({kind}, {what}, {names}, values);
  return values;
}}"""


@dataclass(frozen=True)
class QuestionRow:
    """The widgets of a question row.

    Attributes:
        question: the box.
        run, stop: the buttons.
    """

    question: gr.Textbox
    run: gr.Button
    stop: gr.Button


def question_row(kind: str, exhibit: Exhibit, first: str) -> QuestionRow:
    """Lay out a question with Run and Stop, the line for problems, and examples.

    Args:
        kind: the tab; the ids of its elements begin with it.
        exhibit: its bank offers the examples; where it has no model, a link does not run by itself, for none of this is recorded.
        first: the question in the box at first, if the bank knows its answer.
    """
    known = first if exhibit.bank.answer_to(first) is not None else DEFAULT_QUESTION
    with gr.Row(elem_classes=["question-row"]):
        question = gr.Textbox(
            known,
            label=said("Question"),
            show_label=False,
            container=False,
            lines=1,
            max_lines=4,
            placeholder=said("Ask something this model was trained for"),
            elem_id=f"{kind}-question",
            elem_classes=["asked"],
            scale=1,
        )
        run = gr.Button(said("Run"), variant="primary", elem_id=f"{kind}-run", scale=0, min_width=72)
        stop = gr.Button(said("Stop"), elem_id=f"{kind}-stop", elem_classes=["asked-stop"], scale=0, min_width=72)
    linked = "wait" if exhibit.engine.info.engine == "replay" else "run"
    line = f'<p id="{kind}-problem" class="asked-problem" role="alert" data-linked="{linked}"></p>'
    gr.HTML(html_template=line, elem_classes=["asked-line"], apply_default_css=False, js_on_load=None)
    _examples(exhibit.bank, question, known)
    return QuestionRow(question, run, stop)


def speed_choice(kind: str) -> gr.Radio:
    """How fast the page shows what comes, as in Compare."""
    return gr.Radio(
        [READING, FULL],
        value=READING,
        label=said("Show the traces at"),
        container=False,
        elem_id=f"{kind}-speed",
        elem_classes=["segmented"],
    )


def _examples(bank: QuestionBank, question: gr.Textbox, first: str) -> None:
    chips = list(dict.fromkeys((first, *bank.examples(N_EXAMPLES))))[:N_EXAMPLES]
    with gr.Row(elem_classes=["chips"]):
        for example in chips:
            chip = gr.Button(example, size="sm", elem_classes=["chip"], scale=0, min_width=0)
            chip.click(None, outputs=question, js=f"() => {json.dumps(example)}", api_visibility="private")
        if bank.questions:
            classes = ["chip", "surprise"]
            surprise = gr.Button(said("surprise me"), size="sm", elem_classes=classes, scale=0, min_width=0)
            surprise.click(bank.surprise, question, question, queue=False, show_progress="hidden", api_visibility="private")


def stream_into(
    view: gr.HTML,
    exhibit: Exhibit,
    kind: str,
    row: QuestionRow,
    speed: gr.Radio,
    inputs: Fields,
    start: Callable[..., tuple[View, Events]],
) -> Fields:
    """Connect Run and Stop with the view.

    Args:
        view: the component that shows the run; its script listens to `resync`.
        exhibit: what stands behind the page.
        kind: the tab, and the kind of its runs.
        row: the question row.
        speed: how fast to show it.
        inputs: what `start` is given besides the question, by name in the address.
        start: makes view and events of a run from the question and the values of `inputs`, all of them untrusted; what it raises
            is shown beside the question.

    Returns:
        The fields a link fills in.
    """
    settings, sessions = exhibit.settings, exhibit.sessions

    async def run(request: gr.Request, chosen_speed: Any, question: Any, *values: Any) -> AsyncGenerator[Message, None]:
        pace = None if chosen_speed == FULL else READING_TOKENS_PER_SECOND

        def make(number: int) -> ViewStream:
            try:
                check_question(question or "", settings.max_question_chars)
                folding, events = start(question or "", *values)
            except S1Error as error:  # said where every other problem of a run is said
                folding, events = _Nothing(), _refused(error)
            return ViewStream(number, folding, events, settings.max_run_seconds, pace)

        stream = await sessions.open(str(request.session_hash), kind, make)
        async with aclosing(stream.messages()) as messages:
            async for message in messages:
                yield message

    async def stop(request: gr.Request) -> None:
        await sessions.stop(str(request.session_hash), kind)

    async def repeat(request: gr.Request) -> Any:
        return sessions.resync(str(request.session_hash), kind) or gr.skip()

    named = {"question": row.question, **inputs}
    tell = _TELL.format(kind=json.dumps(kind), what='"run"', names=json.dumps(["speed", *named]))
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    started = gr.on(
        [row.run.click, row.question.submit],
        run,
        [speed, *named.values()],
        view,
        js=tell,
        trigger_mode="multiple",
        preprocess=False,  # what an address fills in may be anything; `start` says what is wrong with it, Gradio would not
        concurrency_limit=settings.max_concurrent_runs,
        concurrency_id="runs",
        **private,
    )
    stopped = row.stop.click(stop, queue=False, js=_TELL.format(kind=json.dumps(kind), what='"stop"', names="[]"), **private)
    stopped.then(None, cancels=[started], **private)  # one that still waits in the queue, too
    view.resync(repeat, outputs=view, queue=False, **private)
    return {**named, "speed": speed}


class _Nothing:
    """The view of a run that does not begin."""

    def feed(self, name: str, event: Any, seconds: float) -> list[Op]:
        """Never asked."""
        return []


async def _refused(error: S1Error) -> Events:
    raise error
    yield  # makes this an iterator
