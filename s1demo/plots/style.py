"""What every figure shares: the palette, labels that show as they are, layout, and the figure in words.

A figure uses the palette's colours and transparency, nothing else, and holds the palette's names in `layout.meta["palette"]`:
replacing each colour by another palette's of the same name restyles it. Knows no result and no page.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

import plotly.graph_objects as go

from s1demo.errors import one_line

FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'  # the page's own
_CLEAR = "rgba(0,0,0,0)"
_HOVER_WIDTH = 44  # characters: a hover hides as little of the plot as it can


class Attribution(StrEnum):
    """Whose number a point is, and whether it was measured just now; the value is the title of its group in the legend."""

    MEASURED = "measured here"
    NOW = "measured here now"
    PUBLISHED = "published (paper)"


@dataclass(frozen=True)
class Palette:
    """The colours of a figure, as hexadecimal strings; a name means the same thing on the whole page.

    Attributes:
        ground, card, line, ink, muted: of the page: its ground, cards, rules, text and lesser text.
        truncated, natural, extended: of runs cut by a budget, stopped by themselves, made to go on.
        wrong, right: of answers.
        forced: of text the model did not write.
    """

    ground: str
    card: str
    line: str
    ink: str
    muted: str
    truncated: str
    natural: str
    extended: str
    wrong: str
    right: str
    forced: str

    @classmethod
    def of(cls, colours: Mapping[str, str]) -> Palette:
        """Pick them from a theme that may hold more."""
        return cls(**{member.name: colours[member.name] for member in fields(cls)})


def shown(text: object, limit: int = 60) -> str:
    """A text as plotly must be given it to show it unchanged on one line (plotly reads a subset of HTML).

    Args:
        text: anything, such as a label from a file or an answer of the model.
        limit: characters kept; an ellipsis marks what is cut.
    """
    return html.escape(one_line(text, limit), quote=False)


def hover(title: str, *lines: str) -> str:
    """The text of a hover: a title in bold, then lines wrapped for a phone; every part is shown as it is."""
    wrapped = [part for line in lines if line for part in textwrap.wrap(line[:400], _HOVER_WIDTH, max_lines=4, placeholder=" …")]
    return "<br>".join([f"<b>{shown(title, 80)}</b>", *(shown(part, 2 * _HOVER_WIDTH) for part in wrapped)])


def legend_name(*parts: str) -> str:
    """A name for the legend from its parts, wrapped so that it leaves room for the plot."""
    return "<br>".join(shown(line) for line in textwrap.wrap(one_line(": ".join(part for part in parts if part), 60), 26))


def percent(value: float) -> str:
    """A percentage for people."""
    return f"{value:.1f} %"


def counted(n: int, what: str) -> str:
    """A number of things for people."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def origin(attribution: Attribution, source: str) -> str:
    """The table or figure of a published number, for its hover; details and commands are long, and in `meta` (`in_legend`)."""
    return f"Source: {re.split('[,;] ', source)[0]}" if attribution is Attribution.PUBLISHED else ""


def interval(low: float, high: float) -> str:
    """A 95 % interval for people, in percent."""
    return f"95 % interval {low:.1f} to {high:.1f} %"


def whiskers(values: Sequence[float], intervals: Sequence[tuple[float, float] | None], colour: str) -> dict[str, Any]:
    """Thin error bars from each value to the ends of its interval; none where there is no interval."""
    ends = [found or (value, value) for value, found in zip(values, intervals, strict=True)]
    return {
        "type": "data",
        "symmetric": False,
        "array": [round(high - value, 3) for value, (_, high) in zip(values, ends, strict=True)],
        "arrayminus": [round(value - low, 3) for value, (low, _) in zip(values, ends, strict=True)],
        "thickness": 1,
        "width": 0,
        "color": colour,
    }


def in_legend(attribution: Attribution, source: str | Sequence[str], titled: bool = True) -> dict[str, Any]:
    """The properties that put a trace into its group of the legend, and name group and source in `meta`.

    Args:
        source: the command, or the table or figure, of all its points or of each; as it is, for a page that sets it as text.
        titled: whether the group needs a title; not where the trace's own name says whose its numbers are.
    """
    sources = one_line(source, 400) if isinstance(source, str) else [one_line(each, 400) for each in source]
    group, title = attribution.name.lower(), {"legendgrouptitle": {"text": attribution.value}} if titled else {}
    return {"legendgroup": group, "meta": {"attribution": group, "source": sources}, **title}


def points(
    attribution: Attribution,
    source: str | Sequence[str],
    *,
    x: Sequence[float],
    y: Sequence[float],
    hovers: Sequence[str],
    titled: bool = True,
    **more: Any,
) -> go.Scatter:
    """Points that nothing joins, each with its hover; `more` are plotly's own properties."""
    base = {"mode": "markers", "hovertext": list(hovers), "hoverinfo": "text", **in_legend(attribution, source, titled)}
    return go.Scatter(x=list(x), y=list(y), **base | more)


def axis(palette: Palette, title: str = "", **more: Any) -> dict[str, Any]:
    """An axis with a title and faint grid lines."""
    base = {
        "title": {"text": title, "standoff": 8, "font": {"size": 13}},
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "zeroline": False,
        "automargin": True,
    }
    return base | more


def rule(x: float, colour: str, dash: str = "dot") -> dict[str, Any]:
    """A thin vertical line over the height of the plot, as plotly's shape."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": 1, "dash": dash},
        "layer": "below",
    }


def percent_axis(palette: Palette, title: str = "accuracy", **more: Any) -> dict[str, Any]:
    """An axis from 0 to 100 %, with room for a marker on either end."""
    return axis(palette, title, **({"range": [-3, 103], "tick0": 0, "dtick": 25, "ticksuffix": " %"} | more))


def figure(
    traces: Sequence[Any],
    palette: Palette,
    text: str,
    *,
    narrow: bool = False,
    height: int = 420,
    empty: str = "",
    **layout: Any,
) -> go.Figure:
    """A figure in the exhibit's manner.

    Args:
        text: the figure in one or two sentences, for people who cannot see it.
        narrow: for a phone: smaller type, narrow margins, the legend over the plot.
        height: in pixels; the width is the page's.
        empty: what to say in the middle of the figure where there is nothing to draw.
        layout: plotly's own properties, such as the axes.
    """
    above = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    beside = {"x": 1.01, "xanchor": "left", "y": 1}
    note = {"text": shown(empty, 120), "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    base: dict[str, Any] = {
        "template": go.layout.Template(),
        "meta": {"text": text, "palette": asdict(palette)},
        "height": height,
        "autosize": True,
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"family": FONT, "size": 11 if narrow else 13, "color": palette.ink},
        "margin": {"l": 44, "r": 8, "t": 16, "b": 50} if narrow else {"l": 60, "r": 16, "t": 24, "b": 58},
        "hovermode": "closest",
        "modebar": {"bgcolor": _CLEAR, "color": palette.muted, "activecolor": palette.ink},
        "showlegend": True,  # also of a single series: its group says whose numbers they are
        "hoverlabel": {
            "bgcolor": palette.card,
            "bordercolor": palette.muted,
            "font": {"color": palette.ink, "family": FONT, "size": 11 if narrow else 12},
            "align": "left",
        },
        "legend": {"groupclick": "toggleitem", "itemsizing": "constant", **(above if narrow else beside)},
        "xaxis": axis(palette),
        "yaxis": axis(palette),
    }
    notes = [*layout.pop("annotations", ()), *([note] if empty and not traces else ())]
    return go.Figure(data=list(traces), layout={**base, **layout, "annotations": notes})


def text_alternative(drawn: go.Figure) -> str:
    """A figure in one or two sentences."""
    return str(drawn.layout.meta["text"])


def listing(parts: Sequence[str]) -> str:
    """Words joined as people list them."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
