"""The page's own scripts and style sheets (`web/`), as the two strings Gradio takes. Nothing here comes from the network.

All scripts share one scope; each says at its top what it offers. What a component calls when it is mounted is a function of `s1`.
"""

from __future__ import annotations

import json
from pathlib import Path

from s1demo.ui.page.theme import css_variables

UI = Path(__file__).parents[1]
SCRIPTS = (
    *("page/language", "web/dom", "page/address", "page/projector", "web/math", "web/stream", "web/pieces", "web/pane"),
    *("compare/fork", "web/comparison", "web/controls", "compare/actions", "compare/compare"),
    *("web/asking", "web/trace_text", "web/strip", "timeline/timeline", "race/race"),
    *("s1k/list", "s1k/filters", "s1k/row", "s1k/s1k"),
    *("scaling/plot", "scaling/points", "scaling/sweep", "scaling/scaling"),
    "lesson/lesson",
    "replay/replay",
)
STYLES = (
    *("page/page", "web/controls", "compare/compare", "compare/actions", "web/asking", "timeline/timeline", "race/race"),
    *("web/math", "s1k/s1k", "scaling/scaling", "lesson/lesson", "replay/replay"),
)


def head() -> str:
    """What goes into the head of the page: colours and fonts, and every script in the order in which they need each other."""
    scripts = "\n".join((UI / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    assert "</script" not in scripts
    styles = f"<style>{css_variables()}</style>"  # Gradio scopes `@media` in its own; these are the page's
    return f'{styles}<script>(() => {{\n"use strict";\nconst s1 = (window.s1 = {{}});\n{scripts}}})();</script>'


def stylesheet() -> str:
    """Every style sheet; the colours and fonts they are written in are in the head."""
    return "\n".join((UI / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)


def on_load(name: str, *events: str) -> str:
    """The `js_on_load` of a component: translate its words, then call `s1.NAME` with what Gradio offers it.

    Args:
        name: the function a script in `web/` adds to `s1`.
        events: what it may `trigger`; Gradio offers a listener for the names it finds in this text.
    """
    return f"s1.translate(element); s1.{name}({{ element, props, trigger, watch, events: {json.dumps(events)} }});"
