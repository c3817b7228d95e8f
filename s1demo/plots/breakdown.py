"""What a sweep's accuracy is made of: the questions each Wait mended and spoilt, and each kind of problem by itself."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from s1demo.evals.metrics import wilson
from s1demo.evals.results import Exchange, Point, RunResult
from s1demo.plots.dots import Kind, kind_of
from s1demo.plots.style import (
    Palette,
    Provenance,
    axis,
    clipped,
    figure,
    hover,
    in_legend,
    interval,
    percent,
    percent_axis,
    shown,
    whiskers,
)

NO_LEDGER = "No Waits in this run. Sweep with Waits to see what they mend and spoil."
NO_DOMAINS = "This benchmark does not tell kinds of problems apart."
_COLOURS = {Kind.BUDGETS: "truncated", Kind.NATURAL: "natural", Kind.WAITS: "extended"}
_SYMBOLS = {Kind.BUDGETS: "circle", Kind.NATURAL: "square", Kind.WAITS: "triangle-up"}


def ledger_figure(
    key: str, run: RunResult, palette: Palette, *, narrow: bool = False, provenance: Provenance = Provenance.MEASURED
) -> go.Figure:
    """Fixes and breaks: questions that a further Wait turned from wrong to right, up, and from right to wrong, down.

    Args:
        key: what a click opens.
        run: the sweep.
        palette: the colours.
        narrow: for a phone.
        provenance: whether it was measured before or now.

    Returns:
        A figure; `customdata` of each bar is [run key, point label].
    """
    ledger = run.ledger
    highest = max((e.wrong_to_right for e in ledger), default=0)
    lowest = max((e.right_to_wrong for e in ledger), default=0)
    room = 0.15 * max(highest + lowest, 4)  # for the numbers on the bars
    traces = [_bars(key, run, palette, provenance, up) for up in (True, False)] if ledger else []
    told = [f"{_step(e)} mends {e.wrong_to_right} and spoils {e.right_to_wrong}" for e in ledger]
    return figure(
        traces,
        palette,
        f"Of {run.n} questions, {provenance} with {clipped(run.model, 40)}: {'; '.join(told)}." if told else NO_LEDGER,
        narrow=narrow,
        height=320,
        empty=NO_LEDGER,
        barmode="relative",
        xaxis=axis(
            palette,
            "each step goes on from the one before",
            tickvals=list(range(len(ledger))),
            ticktext=[shown(e.label, 16) for e in ledger],
            showgrid=False,
        ),
        yaxis=axis(
            palette,
            "questions",
            range=[-lowest - room, highest + room],
            zeroline=True,
            zerolinecolor=palette.ink,
            showticklabels=False,
        ),
    )


def _step(exchange: Exchange) -> str:
    return f"{clipped(exchange.after, 30)} → {clipped(exchange.label, 30)}"


def _bars(key: str, run: RunResult, palette: Palette, provenance: Provenance, up: bool) -> go.Bar:
    counts = [e.wrong_to_right if up else e.right_to_wrong for e in run.ledger]
    colour = palette.right if up else palette.wrong
    return go.Bar(
        x=list(range(len(counts))),
        y=counts if up else [-count for count in counts],
        width=0.55,
        name="wrong → right" if up else "right → wrong",
        text=[f"+{count}" if up else f"−{count}" for count in counts],
        textposition="outside",
        cliponaxis=False,
        marker={"color": colour, "pattern": {"shape": "" if up else "/", "fillmode": "overlay", "fgcolor": palette.card}},
        hovertext=[
            hover(
                f"{e.label}: {count} {'wrong → right' if up else 'right → wrong'}",
                f"{provenance}: {run.model} on {run.benchmark}, n = {run.n}",
                f"net {e.wrong_to_right - e.right_to_wrong:+d} questions against {e.after}",
            )
            for e, count in zip(run.ledger, counts, strict=True)
        ],
        hoverinfo="text",
        customdata=[[key, e.label] for e in run.ledger],
        **in_legend(provenance, run.command),
    )


def domains_figure(
    key: str, run: RunResult, palette: Palette, *, narrow: bool = False, provenance: Provenance = Provenance.MEASURED
) -> go.Figure:
    """Accuracy by setting, a small plot for each kind of problem, all on the same axes.

    Args:
        key: what a click opens.
        run: the sweep; votes are left out, so that the settings are the same in each plot.
        palette: the colours.
        narrow: for a phone: two plots beside each other, else up to four.
        provenance: whether it was measured before or now.

    Returns:
        A figure; `customdata` of each point is [run key, point label, kind of problem].
    """
    points = [point for point in run.points if kind_of(point) in _COLOURS]
    domains = sorted({name for point in points for name in point.domains})
    columns = min(2 if narrow else 4, len(domains)) or 1
    rows = math.ceil(len(domains) / columns)
    layout: dict[str, object] = {}
    traces, titles = [], []
    for number, domain in enumerate(domains):
        suffix = str(number + 1) if number else ""
        across, down = number % columns, number // columns
        left, right = (across + 0.04) / columns, (across + 0.96) / columns
        top, bottom = 1 - (down + 0.14) / rows, 1 - (down + 0.9) / rows
        lowest = number + columns >= len(domains)
        layout[f"xaxis{suffix}"] = axis(
            palette,
            domain=[left, right],
            anchor=f"y{suffix}",
            tickvals=list(range(len(points))),
            ticktext=[shown(point.label, 14) for point in points],
            tickangle=-90,
            tickfont={"size": 9 if narrow else 10},
            range=[-0.5, len(points) - 0.5],
            showticklabels=lowest,
            showgrid=False,
        )
        layout[f"yaxis{suffix}"] = percent_axis(
            palette, "", domain=[bottom, top], anchor=f"x{suffix}", showticklabels=across == 0
        )
        titles.append(
            {
                "text": shown(domain, 20 if narrow else 28),
                "xref": "paper",
                "yref": "paper",
                "x": left,
                "y": top,
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
        traces.append(_domain(key, run, points, domain, suffix, palette, provenance))
    return figure(
        traces,
        palette,
        _domains_text(points, domains, provenance),
        narrow=narrow,
        height=90 + 170 * max(1, rows),
        empty=NO_DOMAINS,
        showlegend=False,
        annotations=titles,
        **layout,
    )


def _domain(
    key: str, run: RunResult, points: list[Point], domain: str, suffix: str, palette: Palette, provenance: Provenance
) -> go.Scatter:
    found = [(place, point, point.domains[domain]) for place, point in enumerate(points) if domain in point.domains]
    intervals = [wilson(group.correct, group.n) for _, _, group in found]
    kinds = [kind_of(point) for _, point, _ in found]
    return go.Scatter(
        x=[place for place, _, _ in found],
        y=[group.accuracy for _, _, group in found],
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        mode="markers",
        error_y=whiskers([group.accuracy for _, _, group in found], intervals, palette.muted),
        marker={
            "size": 7,
            "symbol": [_SYMBOLS[kind] for kind in kinds],
            "color": [getattr(palette, _COLOURS[kind]) for kind in kinds],
        },
        hovertext=[
            hover(
                f"{domain}, {point.label}: {percent(group.accuracy)}",
                f"{provenance}: {run.model}, {group.correct} of n = {group.n}, {interval(*ends)}",
                f"{group.mean_thinking_tokens:,.1f} mean thinking tokens",
            )
            for (_, point, group), ends in zip(found, intervals, strict=True)
        ],
        hoverinfo="text",
        customdata=[[key, point.label, domain] for _, point, _ in found],
        name=shown(domain),
        **in_legend(provenance, run.command),
    )


def _domains_text(points: list[Point], domains: list[str], provenance: Provenance) -> str:
    if not domains:
        return NO_DOMAINS
    told = []
    for domain in domains:
        best = max((point for point in points if domain in point.domains), key=lambda point: point.domains[domain].accuracy)
        told.append(f"{clipped(domain, 30)} {percent(best.domains[domain].accuracy)} at {clipped(best.label, 30)}")
    return f"Accuracy by kind of problem, {provenance}; the best setting of each: {'; '.join(told)}."
