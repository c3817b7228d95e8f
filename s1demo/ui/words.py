"""What the page says about runs, in words. Pure; knows no event and no operation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from s1demo.events import EndOfThinking

ENDINGS = {
    EndOfThinking.NATURAL: "stopped by itself",
    EndOfThinking.BUDGET: "cut by the budget",
    EndOfThinking.CONTEXT: "context full",
}


class RunState(Protocol):
    """What must be known of a run to speak of it; `render.RunView` is one."""

    name: str
    ids: list[int]
    waits: int
    reason: EndOfThinking | None
    finished: bool
    answer: str | None
    verdict: str


def sentence(runs: Iterable[RunState], trunk: int) -> str:
    """The comparison in words, for people who cannot see the fork picture."""
    parts = [f"All runs share their first {trunk:,} thinking tokens."] if trunk else []
    parts += [f"The {run.name} run {_story(run)}." for run in runs]
    return " ".join(parts)


def _story(run: RunState) -> str:
    n = f"{len(run.ids):,} thinking tokens"
    steps = [f"was made to go on {_times(run.waits)}"] if run.waits else []
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
        verdict = f" ({run.verdict})" if run.verdict else ""
        steps.append("gave no answer" if run.answer is None else f"answered {run.answer}{verdict}")
    return steps[0] if len(steps) == 1 else f"{', '.join(steps[:-1])} and {steps[-1]}"


def status(run: RunState) -> str:
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
