"""The answer timeline: what the model would answer if it were stopped, and how sure it is, along its thinking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import plotly.graph_objects as go

from s1demo.plots.answers import COLOURS, SYMBOLS, WORDS, Segment, judged, labelled, segments, spoken, strip_bar
from s1demo.plots.look import Palette, axis, figure, hover, percent, percent_axis, rule

NO_PROBE = "Nothing probed yet. Run a question, then ask what it would answer at each point."
_MOST_SPOKEN = 12  # changes of the answer that the text alternative tells one by one


class ProbePoint(Protocol):
    """The answer at one place of a trace."""

    @property
    def thinking_tokens(self) -> int:
        """Where thinking was stopped."""

    @property
    def answer(self) -> str | None:
        """What was answered; None where nothing was."""

    @property
    def probability(self) -> float | None:
        """How likely the model held it, 0 to 1; None where the engine cannot tell."""


def timeline_figure(
    points: Sequence[ProbePoint],
    palette: Palette,
    *,
    wait_positions: Sequence[int] = (),
    true_answer: str | None = None,
    thinking_tokens: int = 0,
    narrow: bool = False,
) -> go.Figure:
    """P(answer) against thinking tokens, over the strip of answers.

    Args:
        points: what was probed.
        palette: the colours.
        wait_positions: thinking tokens at each forced extension.
        true_answer: None where it is not known.
        thinking_tokens: where the trace ends, if beyond the last point.
        narrow: for a phone.

    Returns:
        A figure; `customdata` of each point is its thinking tokens, so that a click can move a scrubber there.
    """
    ordered = sorted(points, key=lambda point: point.thinking_tokens)
    strip = segments([(point.thinking_tokens, point.answer) for point in ordered], true_answer, thinking_tokens)
    traces = [_curve(ordered, palette, true_answer), strip_bar(strip, palette, yaxis="y2", narrow=narrow)] if strip else []
    waits = sorted(wait_positions)
    mark = {"showarrow": False, "yref": "paper", "y": 1.0, "yanchor": "bottom", "font": {"color": palette.forced}}
    return figure(
        traces,
        palette,
        _text(strip, len(waits)),
        narrow=narrow,
        height=300 if narrow else 340,
        empty=NO_PROBE,
        xaxis=axis(palette, "thinking tokens", anchor="y2", rangemode="tozero"),
        yaxis=percent_axis(palette, "P(answer)", domain=[0.28, 1]),
        yaxis2=axis(palette, domain=[0, 0.2], range=[-0.5, 0.5], showticklabels=False, showgrid=False, fixedrange=True),
        barmode="overlay",
        showlegend=False,
        shapes=[rule(at, palette.forced) for at in waits],
        annotations=[{"text": f"↻{number}", "x": at, **mark} for number, at in enumerate(waits, start=1)],
    )


def _curve(points: Sequence[ProbePoint], palette: Palette, true_answer: str | None) -> go.Scatter:
    verdicts = [judged(point.answer, true_answer) for point in points]
    sure = [None if point.probability is None else round(100 * point.probability, 2) for point in points]
    return go.Scatter(
        x=[point.thinking_tokens for point in points],
        y=sure,
        mode="lines+markers",
        line={"color": palette.muted, "width": 1.5},
        marker={
            "size": 9,
            "symbol": [SYMBOLS[verdict] for verdict in verdicts],
            "color": [getattr(palette, COLOURS[verdict]) for verdict in verdicts],
        },
        hovertext=[
            hover(
                labelled(point.answer, verdict),
                WORDS[verdict] if point.answer else "",
                "P(answer) not known" if value is None else f"P(answer) {percent(value)}",
                f"if stopped after {point.thinking_tokens:,} thinking tokens",
            )
            for point, verdict, value in zip(points, verdicts, sure, strict=True)
        ],
        hoverinfo="text",
        customdata=[point.thinking_tokens for point in points],
    )


def _text(strip: Sequence[Segment], waits: int) -> str:
    if not strip:
        return NO_PROBE
    story = "; ".join(f"{spoken(segment.answer, segment.verdict)} from {segment.start:,}" for segment in strip[:_MOST_SPOKEN])
    more = f"; then {len(strip) - _MOST_SPOKEN} more changes" if len(strip) > _MOST_SPOKEN else ""
    forced = f" It was made to go on {waits} times." if waits > 1 else " It was made to go on once." if waits else ""
    return f"Answers if stopped, by thinking tokens: {story}{more}; the trace ends at {strip[-1].end:,}.{forced}"
