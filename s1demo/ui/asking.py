"""A tab that asks one question and streams one view: its question row with Run and Stop, and the events behind them.

Compare, Timeline and Race are made of this; `web/asking.js` is the page's half. Knows no event.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from s1demo.decoding.prompt import check_question
from s1demo.errors import S1Error
from s1demo.ui.controls import FULL, READING, segmented
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import PRIVATE
from s1demo.ui.page.translation import said
from s1demo.ui.questions import DEFAULT_QUESTION, QuestionBank
from s1demo.ui.stream.pace import READING_TOKENS_PER_SECOND
from s1demo.ui.stream.render import ComparisonView
from s1demo.ui.stream.streaming import Message, View, ViewStream

LANDING_TAB = "compare"  # the tab a visitor sees first; only its elements have ids without the tab's name
Events = AsyncGenerator[tuple[str, Any], None]

_ASKED = """async (...values) => {{
  (await s1.module("web/asking")).asked({kind}, {what}, {names}, values, {linked});
  return values;
}}"""


@dataclass(frozen=True)
class QuestionRow:
    """The widgets of a question row."""

    question: gr.Textbox
    run: gr.Button
    stop: gr.Button


def element_id(kind: str, part: str) -> str:
    """The id of a part of a tab."""
    return part if kind == LANDING_TAB else f"{kind}-{part}"


def question_row(kind: str, exhibit: Exhibit, first: str, n_examples: int = 4) -> QuestionRow:
    """Lay out a question with Run and Stop, the line for problems, and examples.

    Args:
        kind: the tab.
        exhibit: its bank offers the examples. Where it has no model, only the landing tab is run by its link: the others' runs
            are not recorded.
        first: the question in the box at first, if the bank knows its answer.
        n_examples: the most examples.
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
            autofocus=kind == LANDING_TAB,
            elem_id=element_id(kind, "question"),
            elem_classes=["asked"],
            scale=1,
        )
        run = gr.Button(said("Run"), variant="primary", elem_id=element_id(kind, "run"), scale=0, min_width=72)
        stop = gr.Button(said("Stop"), elem_id=element_id(kind, "stop"), elem_classes=["asked-stop"], scale=0, min_width=72)
    linked = "wait" if exhibit.engine.info.engine == "replay" and kind != LANDING_TAB else "run"
    line = f'<p id="{element_id(kind, "problem-text")}" class="problem-line" role="alert" data-linked="{linked}"></p>'
    gr.HTML(html_template=line, elem_classes=["asked-line"], apply_default_css=False, js_on_load=None)
    _examples(kind, exhibit.bank, question, list(dict.fromkeys((known, *exhibit.bank.examples(n_examples))))[:n_examples])
    return QuestionRow(question, run, stop)


def speed_choice(kind: str) -> gr.Radio:
    """How fast the page shows what comes."""
    return segmented((READING, FULL), "Show the traces at", element_id(kind, "speed"))


def _examples(kind: str, bank: QuestionBank, question: gr.Textbox, examples: list[str]) -> None:
    chip: dict[str, Any] = {"size": "sm", "scale": 0, "min_width": 0}
    with gr.Row(elem_classes=["chips"]):
        for example in examples:
            choose = f"() => {json.dumps(example)}"
            gr.Button(example, elem_classes=["chip"], **chip).click(None, outputs=question, js=choose, **PRIVATE)
        if bank.questions:
            classes = ["chip", "surprise"]
            surprise = gr.Button(said("surprise me"), elem_id=element_id(kind, "surprise"), elem_classes=classes, **chip)
            surprise.click(bank.surprise, question, question, queue=False, **PRIVATE)


def stream_into(
    view: gr.HTML,
    exhibit: Exhibit,
    kind: str,
    row: QuestionRow,
    inputs: Fields,
    start: Callable[..., tuple[View, Events]],
    linked: Collection[str] | None = None,
) -> Fields:
    """Connect Run and Stop with the view.

    Args:
        view: the component that shows the run; its script triggers `resync` and `withdraw`.
        kind: the tab, and the kind of its runs.
        row: the question row.
        inputs: what can be set besides the question, by its name in the address; `speed` among it.
        start: makes view and events of a run. It is given the question and, as keywords, the other inputs but the speed; all of
            them are untrusted. What it raises is shown beside the question.
        linked: the names that the address holds after every run, whether a visitor changed them or not; all but the speed by
            default.

    Returns:
        The fields a link fills in.
    """
    settings, sessions = exhibit.settings, exhibit.sessions
    fields = {"question": row.question, **inputs}

    async def run(request: gr.Request, *values: Any) -> AsyncGenerator[Message, None]:
        named = {name.replace("-", "_"): value for name, value in zip(fields, values, strict=True)}
        question, pace = named.pop("question") or "", None if named.pop("speed") == FULL else READING_TOKENS_PER_SECOND

        def make(number: int) -> ViewStream:
            try:
                check_question(question, settings.max_question_chars)
                folding, events = start(question, **named)
            except S1Error as error:  # said where every other problem of a run is said
                folding, events = ComparisonView([]), _refused(error)
            return ViewStream(number, folding, events, settings.max_run_seconds, pace)

        stream = await sessions.open(str(request.session_hash), kind, make)
        async with aclosing(stream.messages()) as messages:
            async for message in messages:
                yield message

    async def stop(request: gr.Request) -> None:
        await sessions.stop(str(request.session_hash), kind)

    async def repeat(request: gr.Request) -> Any:
        return sessions.resync(str(request.session_hash), kind) or gr.skip()

    def asked(what: str, names: Collection[str]) -> str:
        kept = [name for name in names if name != "speed"] if linked is None else linked
        words = {"kind": kind, "what": what, "names": list(names), "linked": list(kept)}
        return _ASKED.format(**{word: json.dumps(value) for word, value in words.items()})

    started = gr.on(
        [row.run.click, row.question.submit],
        run,
        list(fields.values()),
        view,
        js=asked("run", fields),
        trigger_mode="multiple",
        preprocess=False,  # what an address fills in may be anything; `start` says what is wrong with it, Gradio would not
        concurrency_limit=settings.max_concurrent_runs,
        concurrency_id="runs",
        **PRIVATE,
    )
    row.stop.click(stop, queue=False, js=asked("stop", ()), **PRIVATE)
    view.withdraw(None, cancels=[started], **PRIVATE)  # Gradio never fires the `cancels` of a `then`
    view.resync(repeat, outputs=view, queue=False, **PRIVATE)
    return fields


async def _refused(error: S1Error) -> Events:
    raise error
    yield  # makes this an iterator
