"""The race at equal tokens: one trace made to go on, against many sampled traces and their live majority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from s1demo.evals.metrics import majority
from s1demo.plots.answers import COLOURS, SYMBOLS, WORDS, Segment, judged, labelled, same_answer, segments, spoken, strip_bar
from s1demo.plots.look import Palette, axis, figure, hover, shown

NO_RACE = "No answer yet. Start a race."
SEQUENTIAL = "extended trace"
MAJORITY = "majority so far"
_SPACE = "\u00a0"  # between a marker and its text; an ordinary one would be dropped


@dataclass(frozen=True)
class Answered:
    """One answer in a race.

    Attributes:
        runner: whose, such as `sample 3`.
        tokens: tokens its side had spent when it came; in parallel, those of all samples together.
        answer: None where nothing was answered.
    """

    runner: str
    tokens: int
    answer: str | None


@dataclass(frozen=True)
class Standing:
    """The vote after an answer.

    Attributes:
        tokens: tokens spent by then.
        answer: the majority's; None where nobody has answered.
        votes, of: votes for it, of so many finished samples.
    """

    tokens: int
    answer: str | None
    votes: int
    of: int


def live_majority(parallel: Sequence[Answered]) -> list[Standing]:
    """The majority after each answer of the parallel side, in the order they came."""
    ordered = sorted(parallel, key=lambda found: found.tokens)
    standings = []
    for finished, last in enumerate(ordered, start=1):
        answers = [found.answer for found in ordered[:finished]]
        winner = majority(answers)
        votes = sum(winner is not None and same_answer(winner, answer) for answer in answers)
        standings.append(Standing(last.tokens, winner, votes, finished))
    return standings


def race_figure(
    sequential: Sequence[Answered],
    parallel: Sequence[Answered],
    palette: Palette,
    *,
    true_answer: str | None = None,
    narrow: bool = False,
) -> go.Figure:
    """Who answered what after how many tokens: a row for the extended trace, one for each sample, one for the live majority.

    Args:
        sequential: the extended trace's answer at each end it reached.
        parallel: the samples' answers as they finished.
        palette: the colours.
        true_answer: None where it is not known.
        narrow: for a phone.

    Returns:
        A figure; `customdata` of each answer is the name of its runner. The first sample to finish is called first.
    """
    samples = sorted(parallel, key=lambda found: found.tokens)
    standings = live_majority(samples)
    end = max((found.tokens for found in (*sequential, *samples)), default=0)
    one = segments([(found.tokens, found.answer) for found in sequential], true_answer, end)
    votes = segments([(standing.tokens, standing.answer) for standing in standings], true_answer, end)
    runners = dict.fromkeys(found.runner for found in parallel)
    names = [*([SEQUENTIAL] if one else []), *runners, *([MAJORITY] if votes else [])]
    row = {name: len(names) - 1 - place for place, name in enumerate(names)}  # the first row on top
    traces: list[go.Bar | go.Scatter] = []
    if one:
        traces.append(strip_bar(one, palette, y=row[SEQUENTIAL], narrow=narrow))
    if votes:
        traces.append(strip_bar(votes, palette, y=row[MAJORITY], narrow=narrow))
        traces.append(_samples(samples, standings, row, palette, true_answer))
    limit = 16 if narrow else 28
    return figure(
        traces,
        palette,
        _text(one, votes, standings),
        narrow=narrow,
        height=110 + 30 * max(3, len(names)),
        empty=NO_RACE,
        xaxis=axis(palette, "tokens spent by that side", rangemode="tozero"),
        yaxis=axis(
            palette,
            tickvals=[row[name] for name in names],
            ticktext=[shown(name, limit) for name in names],
            range=[-0.6, len(names) - 0.4],
            fixedrange=True,
        ),
        barmode="overlay",
        showlegend=False,
    )


def _samples(
    samples: Sequence[Answered], standings: Sequence[Standing], row: dict[str, int], palette: Palette, true_answer: str | None
) -> go.Scatter:
    verdicts = [judged(found.answer, true_answer) for found in samples]
    return go.Scatter(
        x=[found.tokens for found in samples],
        y=[row[found.runner] for found in samples],
        mode="markers+text",
        marker={
            "size": 10,
            "symbol": [SYMBOLS[verdict] for verdict in verdicts],
            "color": [getattr(palette, COLOURS[verdict]) for verdict in verdicts],
        },
        text=[f"{_SPACE}{_tag(found, first=place == 0)}{_SPACE}" for place, found in enumerate(samples)],
        textposition=["middle left" if place * 2 > len(samples) else "middle right" for place in range(len(samples))],
        hovertext=[
            hover(
                f"{found.runner}: {labelled(found.answer, verdict)}",
                WORDS[verdict] if found.answer else "",
                f"after {found.tokens:,} tokens of all samples together",
                f"majority now {standing.answer or 'none'}, {standing.votes} of {standing.of}",
            )
            for found, verdict, standing in zip(samples, verdicts, standings, strict=True)
        ],
        hoverinfo="text",
        customdata=[found.runner for found in samples],
    )


def _tag(found: Answered, first: bool) -> str:
    return shown(found.answer or "no answer", 12) + (" · first" if first else "")


def _text(one: Sequence[Segment], votes: Sequence[Segment], standings: Sequence[Standing]) -> str:
    parts = []
    if one:
        parts.append(f"the extended trace ends at {spoken(one[-1].answer, one[-1].verdict)}")
    if votes:
        last = standings[-1]
        parts.append(
            f"the majority of the samples is {spoken(votes[-1].answer, votes[-1].verdict)} with {last.votes} of {last.of} votes"
            f" after {last.tokens:,} tokens"
        )
    return f"Sequential against parallel at equal tokens: {'; '.join(parts)}." if parts else NO_RACE
