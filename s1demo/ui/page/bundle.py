"""The page's own scripts and style sheets, as Gradio takes them. Nothing here comes from the network.

Scripts are ES modules beside the tabs they are for, served as they are (`static.py`); each imports what it uses. The module of a
component has a function `mount`. Gradio's handlers, which are text, reach modules through `s1` (`loader.js`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from s1demo.ui.page.static import PREFIX, UI
from s1demo.ui.page.theme import css_variables

LANDING = ("page/header", "page/address", "web/controls", "compare/compare", "web/relay")  # loaded at once
_IMPORT = re.compile(r'^import [^"]*"(\.\.?/[^"]+)\.js";', re.M)
STYLES = (
    *("page/page", "web/controls", "compare/compare", "compare/actions", "web/asking", "timeline/timeline", "race/race"),
    *("web/math", "s1k/s1k", "scaling/scaling", "lesson/lesson", "replay/replay"),
)


def head() -> str:
    """What goes into the head of the page: colours and fonts, the loader, and links that fetch all first modules at once."""
    modules = PREFIX.lstrip("/")  # relative: the exhibit may lie below a path
    preloads = "".join(f'<link rel="modulepreload" href="{modules}/{name}.js">' for name in reached(LANDING))
    styles = f"<style>{css_variables()}</style>"  # Gradio scopes `@media` in its own; these are the page's
    loader = (UI / "page" / "loader.js").read_text(encoding="utf-8")
    return f'{styles}<script data-modules="{modules}/">\n{loader}</script>{preloads}'


def reached(entries: Iterable[str]) -> list[str]:
    """The modules that are loaded with these, by their paths in `ui/` without the suffix; these first."""
    found = list(dict.fromkeys(entries))
    for name in found:
        folder = (UI / name).parent
        for imported in _IMPORT.findall((UI / f"{name}.js").read_text(encoding="utf-8")):
            path = (folder / imported).resolve().relative_to(UI.resolve()).as_posix()
            if path not in found:
                found.append(path)
    return found


def stylesheet() -> str:
    """Every style sheet; the colours and fonts they are written in are in the head."""
    return "\n".join((UI / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)


def on_load(module: str, *events: str) -> str:
    """The `js_on_load` of a component: have a module translate and run it.

    Args:
        module: its path in `ui/` without the suffix; its `mount` is called with what Gradio offers the component.
        events: what it may `trigger`; Gradio offers a listener for the names it finds in this text.
    """
    return f's1.mount("{module}", {{ element, props, trigger, watch, events: {json.dumps(events)} }});'
