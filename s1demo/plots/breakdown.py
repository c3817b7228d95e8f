"""What a sweep's accuracy is made of: the questions each Wait fixed and broke, and each kind of problem by itself."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from s1demo.errors import one_line
from s1demo.evals.metrics import wilson
from s1demo.evals.results import Exchange, Point, RunResult
from s1demo.plots.dots import MARKS, series_kind
from s1demo.plots.style import (
    Attribution,
    Palette,
    axis,
    figure,
    hover,
    in_legend,
    interval,
    percent,
    percent_axis,
    points,
    shown,
    whiskers,
)

NO_LEDGER = "No Waits in this run. Sweep with Waits to see what they mend and spoil."
NO_DOMAINS = "This benchmark does not tell kinds of problems apart."


def ledger_figure(
    key: str, run: RunResult, palette: Palette, *, narrow: bool = False, attribution: Attribution = Attribution.MEASURED
) -> go.Figure:
    """Fixes and breaks: questions that a further Wait turned from wrong to right, up, and from right to wrong, down.

    Args:
        key: what a click opens.

    Returns:
        A figure; `customdata` of each bar is [run key, point label].
    """
    ledger = run.ledger
    highest = max((e.wrong_to_right for e in ledger), default=0)
    lowest = max((e.right_to_wrong for e in ledger), default=0)
    room = 0.15 * max(highest + lowest, 4)  # for the numbers on the bars
    traces = [_bars(key, run, palette, attribution, up) for up in (True, False)] if ledger else []
    parts = [f"{_step(e)} mends {e.wrong_to_right} and spoils {e.right_to_wrong}" for e in ledger]
    return figure(
        traces,
        palette,
        f"Of {run.n} questions, {attribution} with {one_line(run.model, 40)}: {'; '.join(parts)}." if parts else NO_LEDGER,
        narrow=narrow,
        height=320,
        empty=NO_LEDGER,
        barmode="relative",
        xaxis=axis(
            palette,
            "each step goes on from the one before",
            tickvals=list(range(len(ledger))),
            ticktext=[shown(e.setting.label, 16) for e in ledger],
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
    return f"{one_line(exchange.after.label, 30)} → {one_line(exchange.setting.label, 30)}"


def _bars(key: str, run: RunResult, palette: Palette, attribution: Attribution, up: bool) -> go.Bar:
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
                f"{e.setting.label}: {count} {'wrong → right' if up else 'right → wrong'}",
                f"{attribution}: {run.model} on {run.benchmark}, n = {run.n}",
                f"net {e.wrong_to_right - e.right_to_wrong:+d} questions against {e.after.label}",
            )
            for e, count in zip(run.ledger, counts, strict=True)
        ],
        hoverinfo="text",
        customdata=[[key, e.setting.label] for e in run.ledger],
        **in_legend(attribution, run.command),
    )


def domains_figure(
    key: str, run: RunResult, palette: Palette, *, narrow: bool = False, attribution: Attribution = Attribution.MEASURED
) -> go.Figure:
    """Accuracy by setting, a small plot for each kind of problem, all on the same axes.

    Args:
        key: what a click opens.
        run: the sweep; votes are left out, so that the settings are the same in each plot.
        narrow: for a phone: two plots beside each other, else up to four.

    Returns:
        A figure; `customdata` of each point is [run key, point label, kind of problem].
    """
    settings, domains = domain_points(run)
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
            tickvals=list(range(len(settings))),
            ticktext=[shown(point.label, 14) for point in settings],
            tickangle=-90,
            tickfont={"size": 9 if narrow else 10},
            range=[-0.5, len(settings) - 0.5],
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
        traces.append(_domain(key, run, settings, domain, suffix, palette, attribution))
    return figure(
        traces,
        palette,
        _domains_text(settings, domains, attribution),
        narrow=narrow,
        height=90 + 170 * max(1, rows),
        empty=NO_DOMAINS,
        showlegend=False,
        annotations=titles,
        **layout,
    )


def domain_points(run: RunResult) -> tuple[list[Point], list[str]]:
    """The points whose accuracy is drawn for each kind of problem, which leaves out votes, and the kinds."""
    settings = [point for point in run.points if not point.setting.votes]
    return settings, sorted({name for point in settings for name in point.domains})


def _domain(
    key: str, run: RunResult, settings: list[Point], domain: str, suffix: str, palette: Palette, attribution: Attribution
) -> go.Scatter:
    found = [(place, point, point.domains[domain]) for place, point in enumerate(settings) if domain in point.domains]
    intervals = [wilson(group.correct, group.n) for _, _, group in found]
    marks = [MARKS[series_kind(point.setting)] for _, point, _ in found]
    accuracies = [group.accuracy for _, _, group in found]
    return points(
        attribution,
        run.command,
        x=[place for place, _, _ in found],
        y=accuracies,
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        error_y=whiskers(accuracies, intervals, palette.muted),
        marker={
            "size": 7,
            "symbol": [symbol for _, symbol in marks],
            "color": [getattr(palette, colour) for colour, _ in marks],
        },
        hovers=[
            hover(
                f"{domain}, {point.label}: {percent(group.accuracy)}",
                f"{attribution}: {run.model}, {group.correct} of n = {group.n}, {interval(*ends)}",
                f"{group.mean_thinking_tokens:,.1f} mean thinking tokens",
            )
            for (_, point, group), ends in zip(found, intervals, strict=True)
        ],
        customdata=[[key, point.label, domain] for _, point, _ in found],
        name=shown(domain),
    )


def _domains_text(settings: list[Point], domains: list[str], attribution: Attribution) -> str:
    if not domains:
        return NO_DOMAINS
    parts = []
    for domain in domains:
        best = max((point for point in settings if domain in point.domains), key=lambda point: point.domains[domain].accuracy)
        parts.append(f"{one_line(domain, 30)} {percent(best.domains[domain].accuracy)} at {one_line(best.label, 30)}")
    return f"Accuracy by kind of problem, {attribution}; the best setting of each: {'; '.join(parts)}."
