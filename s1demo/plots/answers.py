"""Answers along a trace: what each is worth, and the stretches over which it stays the same, as data and as a strip to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import plotly.graph_objects as go

from s1demo.evals.grading import Outcome, grade
from s1demo.plots.look import PATTERNS, Palette, clipped, hover, shown


class Verdict(StrEnum):
    """What an answer is worth; the value is its sign."""

    RIGHT = "✓"
    WRONG = "✗"
    UNKNOWN = "?"
    NONE = "–"


COLOURS = {Verdict.RIGHT: "right", Verdict.WRONG: "wrong", Verdict.UNKNOWN: "natural", Verdict.NONE: "muted"}
SYMBOLS = {Verdict.RIGHT: "circle", Verdict.WRONG: "x", Verdict.UNKNOWN: "diamond", Verdict.NONE: "line-ew-open"}
WORDS = {Verdict.RIGHT: "right", Verdict.WRONG: "wrong", Verdict.UNKNOWN: "not known whether right", Verdict.NONE: "no answer"}
_STRIP_CHARACTERS = {False: 70, True: 32}  # that fit the width of a strip, by narrow


@dataclass(frozen=True)
class Segment:
    """A stretch of tokens over which the answer stays the same.

    Attributes:
        start, end: tokens; it starts where the answer was first found, so the change lies between there and the place before.
        answer: as first written; None where nothing was answered.
        verdict: what it is worth.
        pattern: its hatch, as plotly names it; empty for right answers and for none, else one for each answer.
    """

    start: int
    end: int
    answer: str | None
    verdict: Verdict
    pattern: str

    @property
    def label(self) -> str:
        """Sign and answer, such as `✓ 7`, as they are: not yet fit for HTML or plotly."""
        return labelled(self.answer, self.verdict)


def labelled(answer: str | None, verdict: Verdict) -> str:
    """Sign and answer, such as `✓ 7`."""
    return f"{verdict} {answer}" if answer else f"{verdict} no answer"


def spoken(answer: str | None, verdict: Verdict) -> str:
    """An answer and what it is worth, in words."""
    return f"{clipped(answer, 30)} ({WORDS[verdict]})" if answer else "no answer"


def judged(answer: str | None, true_answer: str | None) -> Verdict:
    """What an answer is worth.

    Args:
        answer: what was said, None for nothing.
        true_answer: None where it is not known.
    """
    if not answer:
        return Verdict.NONE
    if not true_answer:
        return Verdict.UNKNOWN
    return {Outcome.CORRECT: Verdict.RIGHT, Outcome.INCORRECT: Verdict.WRONG}.get(grade(answer, true_answer), Verdict.UNKNOWN)


def segments(answers: Iterable[tuple[int, str | None]], true_answer: str | None = None, end: int = 0) -> list[Segment]:
    """Fold answers into stretches of one answer.

    Args:
        answers: (tokens, answer) in any order.
        true_answer: None where it is not known.
        end: where the last stretch ends, if beyond the last answer.

    Returns:
        Segments without gaps from the first answer to the end; none without answers. Two ways to write an answer are one answer.
    """
    ordered = sorted(answers, key=lambda found: found[0])
    starts: list[tuple[int, str | None]] = []
    for at, answer in ordered:
        if not starts or not same_answer(starts[-1][1], answer):
            starts.append((at, answer or None))
    if not starts:
        return []
    ends = [at for at, _ in starts[1:]] + [max(ordered[-1][0], end)]
    known: list[str] = []
    found = []
    for (start, answer), stop in zip(starts, ends, strict=True):
        verdict = judged(answer, true_answer)
        hatched = answer is not None and verdict is not Verdict.RIGHT
        found.append(Segment(start, stop, answer, verdict, _pattern(answer or "", known) if hatched else ""))
    return found


def same_answer(a: str | None, b: str | None) -> bool:
    """Whether two answers are one; no answer equals no answer."""
    if not a or not b:
        return not a and not b
    return a == b or grade(a, b) is Outcome.CORRECT


def _pattern(answer: str, known: list[str]) -> str:
    """The hatch of an answer; `known` grows by the answers not seen before."""
    place = next((n for n, other in enumerate(known) if same_answer(answer, other)), len(known))
    if place == len(known):
        known.append(answer)
    return PATTERNS[place % len(PATTERNS)]


def strip_bar(strip: Sequence[Segment], palette: Palette, *, y: float = 0, yaxis: str = "y", narrow: bool = False) -> go.Bar:
    """Segments as one row of coloured, hatched and labelled stretches; `customdata` of each is where it starts.

    Args:
        strip: at least one segment.
        palette: the colours.
        y, yaxis: where the row goes; it is 0.8 high.
        narrow: for a phone, where shorter labels fit.
    """
    whole = strip[-1].end - strip[0].start or 1
    room = [int(_STRIP_CHARACTERS[narrow] * (segment.end - segment.start) / whole) for segment in strip]
    return go.Bar(
        orientation="h",
        y=[y] * len(strip),
        base=[segment.start for segment in strip],
        x=[max(segment.end - segment.start, whole / 200) for segment in strip],
        width=0.8,
        yaxis=yaxis,
        marker={
            "color": [getattr(palette, COLOURS[segment.verdict]) for segment in strip],
            "line": {"width": 1, "color": palette.card},
            "pattern": {
                "shape": [segment.pattern for segment in strip],
                "fillmode": "overlay",
                "fgcolor": palette.card,
                "fgopacity": 0.35,
                "size": 7,
            },
        },
        text=[_fitting(segment, characters) for segment, characters in zip(strip, room, strict=True)],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        constraintext="none",
        textfont={"color": palette.card},
        hovertext=[
            hover(segment.label, WORDS[segment.verdict], f"from {segment.start:,} to {segment.end:,} tokens") for segment in strip
        ],
        hoverinfo="text",
        customdata=[segment.start for segment in strip],
        showlegend=False,
    )


def _fitting(segment: Segment, characters: int) -> str:
    """What of a segment's label can be read in so many characters: the label, its beginning, its sign or nothing."""
    if len(segment.label) <= characters or characters >= 6:
        return shown(segment.label, characters)
    return segment.verdict.value if characters >= 2 else ""
