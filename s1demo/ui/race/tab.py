"""The Race tab: one trace that is made to go on against many samples and their vote, token for token."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from s1demo.budget import BudgetPolicy
from s1demo.decoding.merged import merged
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import compare
from s1demo.decoding.samples import sample
from s1demo.engines import Engine
from s1demo.events import EngineInfo, Event, Finished, SamplingParams
from s1demo.traces import TraceBuilder
from s1demo.ui.asking import Events, question_row, speed_choice, stream_into
from s1demo.ui.controls import MOST_WAITS, sampling_params, stop_slider, whole
from s1demo.ui.exhibit import Exhibit
from s1demo.ui.page.address import Fields
from s1demo.ui.page.component import scripted
from s1demo.ui.page.translation import said
from s1demo.ui.race.view import PARALLEL, RaceView
from s1demo.ui.stream.streaming import View

KIND = "race"
FIRST_QUESTION = "Today is Friday. What day is it in 100 days?"  # the miniature's samples disagree, and the shortest are wrong
MOST_SAMPLES = 32
_CARDS = {
    "sequential": "Sequential: one trace, made to go on",
    "equal": "Parallel, at equal tokens: the vote",
    "all": "Parallel, all samples: the vote",
    "first": "Parallel: the first to finish",
}
_CARD = """
<article class="asked-card race-result {key}" data-result="{key}" aria-labelledby="race-{key}"><h2 id="race-{key}">{title}</h2>
  <p><span class="answer"></span> <span class="verdict"></span></p>
  <div class="tally answer-strip" aria-hidden="true"></div>
  <p class="line"></p></article>"""
_VIEW = """
<p class="asked-stale"></p>
<section class="asked-card race-picture" aria-label="race">
  <p class="asked-empty">Two ways to spend the same tokens: one long trace, or many short ones that vote. Who is right at the
    line?</p>
  <div class="race-lanes" role="group" aria-label="lanes: choose one to read what it wrote"></div>
  <div class="race-field" aria-hidden="true"></div>
</section>
<div class="race-results">{cards}</div>
<article class="asked-card race-trace" aria-labelledby="race-trace-title">
  <h2 id="race-trace-title"></h2>
  <div class="trace-text" role="region" tabindex="0" aria-label="what the chosen lane wrote"></div>
</article>
<p class="asked-legend">
  <span>Counted are the tokens the model wrote, thinking and answers; the question and forced text are not.</span>
  <span>Samples are decoded side by side and laid end to end, as what they cost adds up.</span>
  <span>An answer above the sequential bar is what that trace says when it may stop there; it is not counted.</span>
</p>
<p class="asked-done sr-only" role="status"></p>"""


@dataclass(frozen=True)
class RaceChoices:
    """The inputs by their names in the address, as Gradio passes them; untrusted.

    Attributes:
        waits: how often the sequential trace is made to go on.
        samples: how many vote.
        temperature, seed: of the samples; the sequential trace is greedy.
    """

    question: str
    waits: Any
    samples: Any
    temperature: Any
    seed: Any

    def policies(self) -> dict[str, BudgetPolicy]:
        """The sequential trace after each number of Waits, the whole of it last.

        Raises:
            InputError: a number of Waits that cannot work.
        """
        most = whole(self.waits, "number of Waits", 0, MOST_WAITS)
        return {str(waits): BudgetPolicy(num_ignore=waits) for waits in range(most + 1)}

    def n_samples(self) -> int:
        """How many samples.

        Raises:
            InputError: a number that cannot work.
        """
        return whole(self.samples, "number of samples", 1, MOST_SAMPLES)

    def sampling(self) -> SamplingParams:
        """How the samples pick tokens.

        Raises:
            InputError: something that is no number, or out of range.
        """
        return sampling_params(self.temperature, 1, self.seed)


def build_race_tab(exhibit: Exhibit) -> Fields:
    """Lay out the tab inside the open Blocks context and connect it; returns the fields a link fills in."""
    row = question_row(KIND, exhibit, FIRST_QUESTION)
    with gr.Row(elem_classes=["controls", "race-controls"]):
        stops = [*range(MOST_WAITS + 1)]
        heats = [0.2, 0.5, 0.7, 1, 1.5, 2]
        inputs: Fields = {
            "waits": stop_slider("race-waits", "Make it go on", "sequential", ("time", "times"), stops, 4, MOST_WAITS),
            "samples": stop_slider(
                "race-samples", "Draw", "parallel", ("sample", "samples"), [1, 2, 4, 8, 16, 32], 8, MOST_SAMPLES
            ),
            "temperature": stop_slider(
                "race-temperature", "at temperature", "of the samples", ("", ""), heats, 1, heats[-1], 0.1
            ),
            "seed": gr.Number(0, precision=0, label=said("seed"), elem_id="race-seed", min_width=0, scale=0),
            "speed": speed_choice(KIND),
        }
    cards = "".join(_CARD.format(key=key, title=title) for key, title in _CARDS.items())
    view = scripted("race/race", _VIEW.format(cards=cards), "resync", "withdraw", elem_id="race-view")

    def start(question: str, **values: Any) -> tuple[View, Events]:
        choices = RaceChoices(question, **values)
        return race_view(exhibit.engine.info, choices, exhibit.bank.answer_to(question)), race_events(exhibit.engine, choices)

    return stream_into(view, exhibit, KIND, row, inputs, start)


def race_view(info: EngineInfo, choices: RaceChoices, gold: str | None) -> RaceView:
    """The view of a race.

    Raises:
        InputError: something set that cannot work.
    """
    sampling = choices.sampling()
    sequential = {name: TraceBuilder(choices.question, info, policy) for name, policy in choices.policies().items()}
    numbers = range(choices.n_samples())
    samples = [TraceBuilder(choices.question, info, BudgetPolicy(), sampling.numbered(i)) for i in numbers]
    return RaceView(sequential, samples, gold)


async def race_events(engine: Engine, choices: RaceChoices) -> Events:
    """Both sides at once, as `RaceView` takes them; closing the iterator stops both.

    Yields:
        (run name, event); the samples' in the order of their numbers, whichever is decoded first.

    Raises:
        InputError: something set that cannot work.
        EngineError: decoding failed.
    """
    prompt = Prompt(engine, choices.question)
    sequential = compare(engine, prompt, choices.policies())
    parallel = _one_by_one(sample(engine, prompt, choices.n_samples(), BudgetPolicy(), choices.sampling()))
    async with aclosing(merged([sequential, parallel])) as events:
        async for item in events:
            yield item


async def _one_by_one(events: AsyncGenerator[tuple[int, Event], None]) -> AsyncGenerator[tuple[str, Event], None]:
    """Samples side by side as samples one after the other; those whose turn has not come wait."""
    waiting: dict[int, deque[Event]] = defaultdict(deque)
    current = 0
    async with aclosing(events):
        async for i, event in events:
            waiting[i].append(event)
            while waiting[current]:
                due = waiting[current].popleft()
                yield PARALLEL, due
                current += isinstance(due, Finished)
