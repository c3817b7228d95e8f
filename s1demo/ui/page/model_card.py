"""What the page says of the model: the chip in the header and the card it opens. Its figures are read from what was measured."""

from __future__ import annotations

import html

from s1demo.errors import InputError
from s1demo.evals.results import RunResult, read_run
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT, Setting
from s1demo.events import EngineInfo
from s1demo.settings import ASSETS, EMBEDDED_MODEL, EMBEDDED_RECORDING

MEASURED = ASSETS / "measured" / "s1-mini" / "curve.json"
_EMBEDDED = (
    "s1-mini is this project's own small model, trained from nothing on two CPU cores by the paper's recipe in miniature. "
    "It writes every token that is not marked as forced; nothing is scripted.",
    "It knows sixteen kinds of small school problem: counting letters and things, adding, subtracting, small products, mixed "
    "arithmetic, decimals, sorting, sequences, weekdays, last digits of powers, common divisors, binary numbers, units, simple "
    "equations and short word problems.",
    "Asked anything else, it answers that it only knows small school problems. It was trained to say so, and no rule of the page "
    "does it for the model: it can take a strange question for one of its own, or turn down one that it should know.",
    "That it stops early, and so has something left to gain by Wait, was taught to it by its thousand traces. A model trained to "
    "check itself to the end would need no forcing.",
)
_OTHER = (
    "This model runs through the same decoder as the embedded one. Nothing about its accuracy was measured here; the paper's own "
    "figures are named with their table wherever the page shows them.",
)


def chip_and_card(info: EngineInfo, model_path: str) -> str:
    """The model chip and the card it opens, as HTML; which text is true of the model depends on its path."""
    embedded = model_path in (EMBEDDED_MODEL, EMBEDDED_RECORDING)
    facts = f"Engine: {info.engine}. Device: {info.device}. Context: {info.context_length:,} tokens."
    paragraphs = [facts, *(_EMBEDDED if embedded else _OTHER), *(measured_sentences() if embedded else ())]
    text = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<button id="model-chip" type="button" popovertarget="model-card" title="About this model">'
        f"{html.escape(describe_model(info))}</button>"
        f'<div id="model-card" popover role="dialog" aria-label="About this model"><h2>{html.escape(info.model)}</h2>'
        f'<p id="measured-rate"></p>{text}</div>'
    )


def describe_model(info: EngineInfo) -> str:
    """The model chip: model, size, device."""
    return " · ".join(part for part in (info.model, _parameters(info.parameters), info.device) if part)


def measured_sentences() -> tuple[str, ...]:
    """What the shipped sweep found, nothing where there is none."""
    try:
        return (_measured(read_run(MEASURED)),)
    except InputError:
        return ()


def _measured(run: RunResult) -> str:
    points = [run.point(setting) for setting in (Setting(16), LEFT_ALONE, ONE_WAIT, Setting(num_ignore=2))]
    found = [f"{p.label}: {p.accuracy:.1f} % ({p.mean_thinking_tokens:.0f} thinking tokens)" for p in points]
    return f"Measured here on {run.n:,} problems it never saw, greedy decoding. {'; '.join(found)}."


def _parameters(n: int | None) -> str:
    if n is None:
        return ""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if n >= size:
            return f"{n / size:.3g} {unit} parameters"
    return f"{n} parameters"
