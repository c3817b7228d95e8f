"""The controls above the panes, and what they mean: Gradio widgets in, a `BudgetPolicy` per run out."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.delimiters import EXTENSION
from s1demo.errors import InputError
from s1demo.events import SamplingParams
from s1demo.policies import comparison_policies
from s1demo.ui.page.bundle import on_load

NOTHING, OWN = "nothing", "own…"
EXTENSIONS = (EXTENSION, "Hmm", "Alternatively", NOTHING, OWN)
MOST_WAITS = 8
READING, FULL = "reading speed", "full speed"
_SMALL_CONTEXT = 4096


def budget_stops(context_length: int) -> list[Limit]:
    """The stops of the thinking-budget slider: 0, powers of two below half the context, `auto`."""
    stops: list[Limit] = [0]
    tokens = 8
    while tokens <= context_length // 2:
        stops.append(tokens)
        tokens *= 2
    return [*stops, AUTO]


def default_budget(context_length: int) -> int:
    """A budget that cuts a typical trace short: 16 tokens for a small context, else a sixty-fourth of it."""
    if context_length <= _SMALL_CONTEXT:
        return 16
    return max(stop for stop in budget_stops(context_length) if stop != AUTO and stop <= context_length // 64)


def stop_slider(
    elem_id: str,
    label: str,
    note: str,
    units: tuple[str, str],
    stops: Sequence[Limit | float],
    value: Limit | float,
    largest: float,
    step: float = 1,
) -> gr.HTML:
    """A slider with real stops, a tick under each, and a field for an exact number; its value is a number or `auto`.

    Args:
        elem_id: the id of the element around both inputs.
        label: what is set.
        note: which run it concerns.
        units: singular and plural of what is counted.
        stops: the stops from left to right.
        value: the first value.
        largest: the largest number that can be typed.
        step: what a typed number is a multiple of.
    """
    ticks = "".join(f"<span>{stop:,}</span>" if stop != AUTO else "<span>auto</span>" for stop in stops)
    auto = 'placeholder="auto"' if AUTO in stops else ""
    template = f"""
<div class="slider-label"><label for="{elem_id}-number">{label}</label>
  <input type="number" id="{elem_id}-number" min="0" max="{largest}" step="{step}" {auto} title="Type any number">
  <b class="unit"></b> <span class="note">({note})</span></div>
<input type="range" id="{elem_id}-range" min="0" max="{len(stops) - 1}" step="1" aria-label="{label}"
  data-stops="{html.escape(json.dumps(stops))}" data-units="{units[0]}|{units[1]}">
<div class="ticks" aria-hidden="true">{ticks}</div>"""
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=on_load("web/controls"),
        elem_id=elem_id,
        elem_classes=["stop-slider"],
        apply_default_css=False,
    )


@dataclass(frozen=True)
class Choices:
    """What the visitor set, as Gradio hands it over; untrusted.

    Attributes:
        question: the text in the box.
        max_thinking_tokens: budget of the truncated run, a number or `auto`.
        num_ignore: suppressed ends of the extended run.
        extension: one of `EXTENSIONS`; with `NOTHING` the end is suppressed and no text appended.
        own_extension: the visitor's text where `extension` is `OWN`.
        temperature, top_p, seed: sampling.
        max_answer_tokens: answer limit, empty for `auto`.
        speed: how fast the page shows the traces, `READING` or `FULL`.
        answer: the true answer, where the visitor or a link gives one.
    """

    question: str
    max_thinking_tokens: Any
    num_ignore: Any
    extension: Any
    own_extension: Any
    temperature: Any
    top_p: Any
    seed: Any
    max_answer_tokens: Any
    speed: Any
    answer: Any = ""

    def policies(self) -> dict[str, BudgetPolicy]:
        """The policy of each run.

        Raises:
            InputError: a combination that cannot work.
        """
        budget, answer_limit = limit(self.max_thinking_tokens), limit(self.max_answer_tokens)
        if self.extension not in EXTENSIONS:
            raise InputError(f"“{str(self.extension)[:40]}” is none of the words here. Choose one, or “{OWN}” and type it there.")
        extension = {OWN: self.own_extension, NOTHING: ""}.get(self.extension, self.extension)
        if self.extension == OWN and not extension:
            raise InputError(f"The extension string is empty. Type your own text, or choose “{NOTHING}”.")
        return comparison_policies(budget, whole(self.num_ignore, "number of Waits"), extension, answer_limit)

    def sampling(self) -> SamplingParams:
        """How to pick tokens.

        Raises:
            InputError: something that is no number.
        """
        return SamplingParams(number(self.temperature, "temperature"), number(self.top_p, "top-p"), whole(self.seed, "seed"))


def limit(value: Any) -> Limit:
    """A token limit from untrusted input: a whole number, or `auto` (also where nothing was typed)."""
    return AUTO if value in (None, "", AUTO) else whole(value, "number of tokens")


def whole(value: Any, what: str) -> int:
    """A whole number from untrusted input.

    Raises:
        InputError: it is not one.
    """
    parsed = number(value, what)
    if parsed != int(parsed):
        raise InputError(f"The {what} is {value!r}. Give a whole number.")
    return int(parsed)


def number(value: Any, what: str) -> float:
    """A finite number from untrusted input.

    Raises:
        InputError: it is not one.
    """
    try:
        parsed = float(value)
    except (TypeError, ValueError):
        parsed = float("nan")
    if not abs(parsed) < 2**63:
        raise InputError(f"The {what} is {str(value)[:40]!r}. Give a number.")
    return parsed
