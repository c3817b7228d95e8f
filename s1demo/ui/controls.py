"""A slider with stops, and numbers read from untrusted input."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from s1demo.budget import AUTO, Limit
from s1demo.delimiters import EXTENSION
from s1demo.errors import InputError
from s1demo.events import SamplingParams
from s1demo.ui.page.component import scripted
from s1demo.ui.page.translation import said

NOTHING, OWN = "nothing", "own…"
EXTENSIONS = (EXTENSION, "Hmm", "Alternatively", NOTHING, OWN)
MOST_WAITS = 8
READING, FULL = "reading speed", "full speed"
_SMALL_CONTEXT = 4096


def doubling(first: int, most: int) -> list[int]:
    """`first` and its doubles up to `most`."""
    stops = [first]
    while 2 * stops[-1] <= most:
        stops.append(2 * stops[-1])
    return stops


def budget_stops(context_length: int) -> list[Limit]:
    """The stops of the thinking-budget slider: 0, powers of two up to half the context, `auto`."""
    return [0, *doubling(8, context_length // 2), AUTO]


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
        elem_id: of the element around both inputs.
        note: which run it concerns.
        units: singular and plural of what is counted.
        largest: the largest number that can be typed.
        step: what a typed number is a multiple of.
    """
    ticks = "".join(f"<span>{stop:,}</span>" if stop != AUTO else "<span>auto</span>" for stop in stops)
    auto = 'placeholder="auto"' if AUTO in stops else ""
    template = f"""
<div class="slider-label"><label for="{elem_id}-number">{label}</label>
  <input type="number" id="{elem_id}-number" min="0" max="{largest}" step="{step}" {auto} title="Type any number">
  <b class="unit"></b> <span class="note">({note})</span></div>
<input type="range" class="filled-range" id="{elem_id}-range" min="0" max="{len(stops) - 1}" step="1" aria-label="{label}"
  data-stops="{html.escape(json.dumps(stops))}" data-units="{units[0]}|{units[1]}">
<div class="ticks" aria-hidden="true">{ticks}</div>"""
    return scripted("web/controls", template, value=value, elem_id=elem_id, elem_classes=["stop-slider"])


def segmented(choices: Sequence[str], label: str, elem_id: str) -> gr.Radio:
    """A choice of a few words in one frame, the first at first."""
    classes = ["segmented"]
    return gr.Radio(choices, value=choices[0], label=said(label), container=False, elem_id=elem_id, elem_classes=classes)


def sampling_params(temperature: Any, top_p: Any, seed: Any) -> SamplingParams:
    """How to pick tokens, from untrusted input.

    Raises:
        InputError: something that is no number, or out of range.
    """
    return SamplingParams(number(temperature, "temperature"), number(top_p, "top-p"), whole(seed, "seed"))


def limit(value: Any) -> Limit:
    """A token limit from untrusted input: a whole number, or `auto` (also where nothing was typed)."""
    return AUTO if value in (None, "", AUTO) else whole(value, "number of tokens")


def whole(value: Any, what: str, least: int | None = None, most: int | None = None) -> int:
    """A whole number from untrusted input.

    Args:
        value: the input.
        what: its name in the sentence of the error.
        least, most: the range, where both are given.

    Raises:
        InputError: it is no whole number, or out of range.
    """
    parsed = number(value, what)
    if parsed != int(parsed):
        raise InputError(f"The {what} is {value!r}. Give a whole number.")
    if least is not None and most is not None and not least <= parsed <= most:
        raise InputError(f"The {what} is {int(parsed)}. Give a whole number from {least} to {most}.")
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
