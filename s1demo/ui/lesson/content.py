"""What the How it works tab says: the recipe's numbers, one recorded run cut into steps, the curve, and where the code is. Pure.

Everything that is a number is read from the file that holds it; published and measured numbers are separate fields throughout.
A part whose file is missing is left out.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s1demo.engines.base import EngineTokenizer
from s1demo.errors import InputError
from s1demo.evals.published import PublishedSeries, load_published
from s1demo.evals.results import RunResult, read_run
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT, Setting
from s1demo.events import EndSuppressed, Origin, Phase, ThinkingEnded, Tokens
from s1demo.grading import grade
from s1demo.policies import NATURAL
from s1demo.settings import ASSETS, EMBEDDED_MODEL
from s1demo.traces import Trace
from s1demo.ui.questions import QuestionBank
from s1demo.ui.replay.recordings import ROLES, Recording
from s1demo.ui.replay.view import texts_fit, timed_events
from s1demo.ui.stream.render import VERDICTS

ROOT = ASSETS.parent
FUNNEL = ASSETS / "s1-mini-1k.funnel.json"
CURVE = ASSETS / "measured" / "s1-mini" / "curve.json"
PUBLISHED_RECIPE = ASSETS / "published_recipe.json"
TITLES = {  # of the recipe's stages, with what each does
    "pool": ("Pool", "Collect questions and let a teacher write out how it solves each."),
    "quality": ("Quality", "Throw out what is broken or badly written."),
    "difficulty": ("Difficulty", "Keep only questions that two models without this training fail."),
    "diversity": ("Diversity", "Draw a topic, then a question of it, long solutions first, until there are 1,000."),
    "training": ("Fine-tuning", "Train a model on these 1,000 traces to write its thinking before its answer."),
    "forcing": ("Budget forcing", "When it answers: cut the thinking short, or make it go on with “Wait”."),
    "curve": ("Curve", "Measure how often it is right, for each length of thinking."),
}
CODE = (  # what a reader would look for, file, symbol
    ("the rule: suppress, cut, or go on", "s1demo/budget.py", "BudgetForcer.feed"),
    ("throw the stop away and append “Wait”", "s1demo/budget.py", "BudgetForcer._extend"),
    ("cut, and append what asks for the answer", "s1demo/budget.py", "BudgetForcer._end_thinking"),
    ("the delimiters, spelled out", "s1demo/delimiters.py", "ThinkingFormat"),
    ("runs that share their beginning", "s1demo/engines/coalescing.py", "CoalescingEngine"),
    ("quality", "training/curation/quality.py", "format_faults"),
    ("difficulty", "training/curation/difficulty.py", "keep_unsolved"),
    ("diversity", "training/curation/diversity.py", "choose"),
    ("fine-tuning", "training/sft/train.py", "train"),
    ("95 % intervals", "s1demo/evals/metrics.py", "wilson"),
)
REAL = (
    "The model writes every token that is not marked as forced. No answer is looked up, no output chosen, no error planted.",
    "Cutting and making it go on are the paper's budget forcing, by the same code that drives larger models.",
    "The recipe's stages were all run: filters, choice of 1,000, fine-tuning, measurement on problems it never saw.",
)
LEFT_OUT = (
    "It read generated school problems only, and started from no language model. The paper starts from Qwen2.5-32B-Instruct.",
    "Its traces were written by rule; the paper's come from a larger model.",
    "Where it stops was taught: small problems end after a quick draft. That is what leaves room for the first “Wait”.",
)


def lesson(
    bank: QuestionBank, recordings: Mapping[str, Recording], tokenizer: EngineTokenizer | None, repository: str
) -> dict[str, Any]:
    """Everything the tab shows, as a JSON object.

    Args:
        bank: knows the true answers.
        recordings: the shipped ones.
        tokenizer: the recorded model's; without it there are no steps.
        repository: the address of the source's folder on the web, may be empty.
    """
    run = measured()
    mended = [recording for recording in recordings.values() if turned(recording, bank, "wrong", "right")]
    spoilt = [recording for recording in recordings.values() if turned(recording, bank, "right", "wrong")]
    return {
        "sentences": sentences(run),
        "forcing": forcing(mended[0], bank, tokenizer) if mended and tokenizer else None,
        "spoilt": {"id": spoilt[0].id, "question": spoilt[0].question} if spoilt else None,
        "recipe": recipe(run),
        "curve": curve(run) if run else None,
        "real": REAL,
        "left_out": [*LEFT_OUT, *([training_sentence(draws()), later_waits_sentence(run)] if run else [])],
        "code": code_places(repository),
    }


@functools.cache
def measured() -> RunResult | None:
    """The shipped sweep of the miniature, None where there is none."""
    try:
        return read_run(CURVE)
    except InputError:
        return None


def draws() -> list[RunResult]:
    """The shipped sweeps of siblings that differ from the miniature in their draw of rows and their seed of fine-tuning."""
    return [read_run(path) for path in sorted(CURVE.parent.glob("curve-draw-*.json"))]


def training_sentence(others: Sequence[RunResult]) -> str:
    """How much another training would change, as far as that was measured."""
    run = measured()
    if run is None or not others:
        return "Measured with one training draw: with other rows and another seed the figures would differ a little."
    alone, once = ([each.point(setting).accuracy for each in (run, *others)] for setting in (LEFT_ALONE, ONE_WAIT))
    return (
        f"{1 + len(others)} training draws, which differ in their rows and their seed: left alone they are right in "
        f"{min(alone):.1f} to {max(alone):.1f} %, after one “Wait” in {min(once):.1f} to {max(once):.1f} %."
    )


def later_waits_sentence(run: RunResult) -> str:
    """What Waits behind the first one gain, here and in the paper."""
    once = run.point(ONE_WAIT).accuracy
    more = max((point.accuracy - once for point in run.points if point.setting.num_ignore > 1), default=0.0)
    paper = _published_curve()
    left_alone = next(point.accuracy for point in paper.points if point.setting == LEFT_ALONE)
    gain = max(round((each.accuracy - left_alone) * paper.n / 100) for each in paper.points)
    if more <= 0:
        return f"Later Waits gain nothing here; in the paper all Waits together gain {gain} of {paper.n} questions."
    return (
        f"The second and later Waits gain at most {more:.1f} points here; "
        f"in the paper all Waits together gain {gain} of {paper.n} questions."
    )


def _published_curve() -> PublishedSeries:
    return next(series for series in load_published().series if (series.method, series.benchmark) == ("BF", "AIME24"))


def sentences(run: RunResult | None) -> list[str]:
    """Test-time scaling in three sentences for somebody who has never heard of it."""
    in_words = [
        "Before it answers, this model writes notes to itself, as you do on scratch paper: that is its thinking, and we count it "
        "in tokens, which are pieces of words.",
        "When it wants to stop, we can step in: cut its notes short, so that it must answer at once, or cross out its full stop "
        "and write “Wait” there, so that it goes on and often finds its own mistake.",
    ]
    if run:
        cut, natural, once = map(run.point, (Setting(16), LEFT_ALONE, ONE_WAIT))
        in_words.append(
            f"Of {run.n:,} small problems it had never seen, it got {cut.accuracy:.0f}\u00a0% right when cut after 16 tokens, "
            f"{natural.accuracy:.0f}\u00a0% when left alone, and {once.accuracy:.0f}\u00a0% after one “Wait”."
        )
    return in_words


def turned(recording: Recording, bank: QuestionBank, natural: str, extended: str) -> bool:
    """Whether the natural and the extended run have these verdicts, with all three runs there to show it."""
    return tuple(recording.runs) == ROLES and verdicts(recording, bank)[1:] == [natural, extended]


def verdicts(recording: Recording, bank: QuestionBank) -> list[str]:
    """ "right", "wrong", "unclear" or "" of each run."""
    gold = bank.answer_to(recording.question)
    return ["" if gold is None else VERDICTS[grade(trace.answer, gold)] for trace in recording.runs.values()]


def forcing(recording: Recording, bank: QuestionBank, tokenizer: EngineTokenizer) -> dict[str, Any] | None:
    """A recorded comparison as the steps of budget forcing; None where the tokenizer is not the recorded model's."""
    traces = recording.runs
    if not all(texts_fit(trace, tokenizer) for trace in traces.values()):
        return None
    judged = dict(zip(traces, verdicts(recording, bank), strict=True))
    cut, natural, extended = (_in_pieces(traces[name], tokenizer, judged[name]) for name in ROLES)
    return {
        "id": recording.id,
        "question": recording.question,
        "model": traces[NATURAL].model,
        "gold": bank.answer_to(recording.question),
        "budget": traces[ROLES[0]].thinking_budget,
        "cut": cut,
        "natural": natural,
        "extended": extended,
    }


def _in_pieces(trace: Trace, tokenizer: EngineTokenizer, verdict: str) -> dict[str, Any]:
    """A run as pieces: what it thought and answered; each `wait`, and the `end` of thinking, with the text forced there."""
    pieces: list[dict[str, Any]] = []
    for _, event in timed_events(trace, tokenizer.text_stream()):
        match event:
            case EndSuppressed():
                pieces.append({"kind": "wait", "text": ""})
            case ThinkingEnded():
                pieces.append({"kind": "end", "reason": event.reason.value, "text": ""})
            case Tokens():
                kind = "answer" if event.phase is Phase.ANSWER else "thinking"
                if event.origin is Origin.SAMPLED and (not pieces or pieces[-1]["kind"] != kind):
                    pieces.append({"kind": kind, "text": ""})
                pieces[-1]["text"] += event.text
    counts = {"tokens": trace.thinking_tokens, "waits": trace.waits_used}
    return {"pieces": pieces, "answer": trace.answer or "", "verdict": verdict, **counts}


def recipe(run: RunResult | None) -> list[dict[str, Any]]:
    """The stages with what the paper published and what was measured here, each None where it is not known."""
    published, here = _published_stages(), {**_funnel_stages(), **_model_stage(), **_forcing_stages(run)}
    return [
        {"title": title, "what": what, "published": published.get(name), "measured": here.get(name)}
        for name, (title, what) in TITLES.items()
    ]


def _figure(number: str, what: str, source: str) -> dict[str, str]:
    return {"number": number, "what": what, "source": source}


def _published_stages() -> dict[str, dict[str, str]]:
    stages: dict[str, dict[str, str]] = json.loads(PUBLISHED_RECIPE.read_text(encoding="utf-8"))["stages"]
    series = _published_curve()
    points = {point.setting: point for point in series.points if point.setting}
    natural, best = points[LEFT_ALONE], max(series.points, key=lambda point: point.accuracy)
    waits = [setting.num_ignore for setting in points if setting.num_ignore]
    tokens = [point.thinking_tokens for point in series.points]
    budgets = f"and {len(points) - len(waits) - 1} budgets: {min(tokens):,.0f} to {max(tokens):,.0f} thinking tokens"
    stages["forcing"] = _figure(f"up to {max(waits)} Waits", budgets, "figure 1")
    right = f"right of {series.n} {series.benchmark} questions: left alone, and with {max(waits)} Waits"
    stages["curve"] = _figure(f"{natural.accuracy:.0f} → {best.accuracy:.0f} %", right, "figure 1")
    return stages


def _funnel_stages() -> dict[str, dict[str, str]]:
    try:
        found = json.loads(FUNNEL.read_text(encoding="utf-8"))["stages"]
    except FileNotFoundError:
        return {}
    rows = {stage["name"]: stage for stage in found}
    named = {  # stage here -> stage in the file, and what its number counts
        "pool": ("pool", f"generated problems of {len(rows['pool']['sources'])} kinds"),
        "quality": ("well formed", "left"),
        "difficulty": ("unsolved by both", "left: neither of its two base models solves them"),
        "diversity": ("chosen", f"chosen, of {len(rows['chosen']['domains'])} kinds by size"),
    }
    return {stage: _figure(f"{rows[name]['n_rows']:,}", what, f"assets/{FUNNEL.name}") for stage, (name, what) in named.items()}


def _model_stage() -> dict[str, dict[str, str]]:
    folder = Path(EMBEDDED_MODEL)
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        parameters = parameters_of(folder / "model.safetensors")
    except FileNotFoundError:
        return {}
    shape = f"{config['num_hidden_layers']} layers, {config['hidden_size']} wide, trained on two CPU cores"
    return {"training": _figure(f"{parameters / 1e6:.1f} M", f"parameters: {shape}", "assets/s1-mini")}


def parameters_of(weights: Path) -> int:
    """The number of weights in a safetensors file, from its header."""
    with weights.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")


def _forcing_stages(run: RunResult | None) -> dict[str, dict[str, str]]:
    if run is None:
        return {}
    waits = [point.setting.num_ignore for point in run.points if point.setting.num_ignore]
    natural, once = run.point(LEFT_ALONE), run.point(ONE_WAIT)
    longest = max(point.mean_thinking_tokens for point in run.points)
    budgets = f"and {len(run.points) - len(waits) - 1} budgets: from 0 thinking tokens to {longest:,.0f} on average"
    right = f"right of {run.n:,} problems: left alone, and with one Wait"
    source = "assets/measured/s1-mini/curve.json"
    return {
        "forcing": _figure(f"up to {max(waits)} Waits", budgets, source),
        "curve": _figure(f"{natural.accuracy:.0f} → {once.accuracy:.0f} %", right, source),
    }


def curve(run: RunResult) -> dict[str, Any]:
    """The measured points as the chart needs them."""
    return {
        "model": run.model,
        "n": run.n,
        "command": run.command,
        "points": [
            {
                "label": point.label,
                "waits": point.setting.num_ignore,
                "kind": "extended" if point.setting.num_ignore else "natural" if point.setting == LEFT_ALONE else "truncated",
                "tokens": point.mean_thinking_tokens,
                "accuracy": point.accuracy,
                "low": point.ci95[0],
                "high": point.ci95[1],
            }
            for point in run.points
        ],
    }


def code_places(repository: str) -> list[dict[str, str]]:
    """Where the recipe is in the source that runs; files that are not here are left out."""
    places = []
    for what, file, symbol in CODE:
        line = line_of(ROOT / file, symbol)
        if line is not None:
            url = f"{repository.rstrip('/')}/{file}#L{line}" if repository else ""
            places.append({"what": what, "place": f"{file}:{line}", "url": url})
    return places


def line_of(path: Path, symbol: str) -> int | None:
    """The line a function or class begins in, None where the file or the symbol is not there.

    Args:
        path: a Python file.
        symbol: its name, with its class and a dot in front where it is a method.
    """
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    at = -1
    for depth, name in enumerate(symbol.split(".")):  # not by ast: CPython 3.11 fails when two threads parse
        begins = re.compile(rf"{' ' * 4 * depth}(?:async def|def|class) {re.escape(name)}\b")
        behind = range(at + 1, len(lines))
        end = next((n for n in behind if depth and lines[n][:1].strip()), len(lines))  # where the class ends
        at = next((n for n in behind if n < end and begins.match(lines[n])), -1)
        if at < 0:
            return None
    return at + 1
