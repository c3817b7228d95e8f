"""What the page says about runs, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from s1demo.events import EndOfThinking

if TYPE_CHECKING:
    from s1demo.ui.stream.render import RunView

ENDINGS = {
    EndOfThinking.NATURAL: "stopped by itself",
    EndOfThinking.BUDGET: "cut by the budget",
    EndOfThinking.CONTEXT: "context full",
}


_VERDICTS = {"unclear": "not comparable with the true answer"}


@dataclass(frozen=True)
class SoFar:
    """What a run would have answered at one of its Waits.

    Attributes:
        thinking_tokens: where.
        answer: as shown, empty where there is none.
        verdict: "right", "wrong", "unclear" or "".
    """

    thinking_tokens: int
    answer: str
    verdict: str


def sentence(runs: Iterable[RunView], trunk: int) -> str:
    """The comparison in words, for people who cannot see the chart."""
    parts = [f"All runs share their first {trunk:,} thinking tokens."] if trunk else []
    parts += [f"The {run.name} run {_story(run)}." for run in runs]
    return " ".join(parts)


def _story(run: RunView) -> str:
    n = f"{len(run.ids):,} thinking tokens"
    steps = [f"would have answered {_listed(_answers(run.so_far))}"] if run.so_far else []
    steps += [f"was made to go on {_times(run.waits)}"] if run.waits else []
    steps += [f"repeats itself from token {run.watch.loop.start + 1:,} on"] if run.watch.loop else []
    match run.reason:
        case None:
            steps.append(f"is still thinking after {n}")
        case EndOfThinking.NATURAL:
            steps.append(f"stopped by itself after {n}")
        case EndOfThinking.BUDGET:
            steps.append(f"was cut after {n}")
        case EndOfThinking.CONTEXT:
            steps.append(f"ran out of context after {n}")
    if run.finished:
        steps.append("gave no answer" if run.answer is None else f"answered {_judged(run.answer, run.verdict)}")
    return _listed(steps)


def _answers(so_far: Mapping[int, SoFar]) -> list[str]:
    """Each answer so far with where it stood, those that stayed the same together."""
    listed = []
    in_order = [so_far[number] for number in sorted(so_far)]
    for (answer, verdict), same in groupby(in_order, key=lambda at: (at.answer, at.verdict)):
        places = [f"{at.thinking_tokens:,}" for at in same]
        listed.append(f"{_judged(answer or 'nothing', verdict)} after {_listed(places)} tokens")
    return listed


def _judged(answer: str, verdict: str) -> str:
    return f"{answer} ({_VERDICTS.get(verdict, verdict)})" if verdict else answer


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def status(run: RunView) -> str:
    """The state of a run in a few words."""
    waits = f"made to go on {run.waits}×" if run.waits else ""
    if run.reason is None:
        return waits or "thinking"
    if waits and run.reason is EndOfThinking.NATURAL:
        return f"{waits}, then stopped"
    return ", ".join(part for part in (waits, ENDINGS[run.reason]) if part)


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def seconds_text(seconds: float) -> str:
    """A duration with its unit."""
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
