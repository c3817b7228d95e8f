"""What the tabs share of Gradio: a component with a script of its own, listeners for the page alone, text it shows as it is."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from s1demo.ui.page.bundle import on_load

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}  # a listener no program can call


def scripted(module: str, template: str, *events: str, **options: Any) -> gr.HTML:
    """A component that a script of the page fills.

    Args:
        module: its script, see `on_load`.
        template: its HTML, as the script finds it.
        events: what the script may trigger.
        options: of `gr.HTML`.
    """
    return gr.HTML(html_template=template, js_on_load=on_load(module, *events), apply_default_css=False, **options)


def as_value(answer: dict[str, Any]) -> str:
    """An object as the text of a component's value: JSON without a `<`, so that no part of it can be read as a tag."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def literal(text: str) -> str:
    """HTML in which Gradio's templates find nothing to fill in, such as a model's name."""
    return text.replace("`", "&#96;").replace("$", "&#36;").replace("{", "&#123;")
