"""The one theme file: every colour and font of the exhibit, as CSS variables and as a Gradio theme.

The same colour means the same thing everywhere, plots included; no colour is the only sign of anything.
Knows no component and no event. Style sheets use `var(--s1-...)` and never a colour of their own.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

LIGHT = {
    "ground": "#fbfaf7",
    "card": "#ffffff",
    "line": "#e3e1da",
    "ink": "#1f2328",
    "muted": "#666c77",
    "on-ink": "#ffffff",
    "truncated": "#c2410c",
    "natural": "#1d5fa8",
    "extended": "#0f7a5c",
    "wrong": "#c2410c",
    "right": "#0f7a5c",
    "forced": "#b7791f",  # lines and marks; text on `forced-ground` needs the darker `forced-ink` (5.3 : 1)
    "forced-ink": "#8a5a0f",
    "forced-ground": "#fdf3d7",
    "shadow": "rgb(0 0 0 / 0.14)",
}
DARK = {
    "ground": "#14161a",
    "card": "#1c1f25",
    "line": "#2c3038",
    "ink": "#e8e6e1",
    "muted": "#9aa1ab",
    "on-ink": "#1c1f25",
    "truncated": "#f08a5d",
    "natural": "#7fb2ec",
    "extended": "#5cc9a7",
    "wrong": "#f08a5d",
    "right": "#5cc9a7",
    "forced": "#f0c36a",
    "forced-ink": "#f0c36a",
    "forced-ground": "#3a3019",
    "shadow": "rgb(0 0 0 / 0.5)",
}
PROJECTOR_LIGHT = {  # what a lamp in a bright room needs; all text at least 7 : 1
    "ground": "#ffffff",
    "line": "#8d9199",
    "ink": "#000000",
    "muted": "#3c4149",
    "truncated": "#8f2d05",
    "natural": "#0f4480",
    "extended": "#07543e",
    "wrong": "#8f2d05",
    "right": "#07543e",
    "forced": "#8a5a0f",
    "forced-ink": "#5e3c05",
    "forced-ground": "#fbe9b8",
}
PROJECTOR_DARK = {
    "ground": "#000000",
    "card": "#0b0d10",
    "line": "#737a86",
    "ink": "#ffffff",
    "muted": "#cdd3dc",
    "on-ink": "#000000",
    "truncated": "#ffa97f",
    "natural": "#a6ceff",
    "extended": "#7ae6c4",
    "wrong": "#ffa97f",
    "right": "#7ae6c4",
    "forced": "#ffd98a",
    "forced-ink": "#ffd98a",
}
PROJECTOR_ZOOM = {1100: 1.2, 1800: 1.35}  # from this width of the page (CSS pixels) on: how much larger everything is
SANS = ("-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

_GRADIO_COLOURS = {  # Gradio's own variable -> ours, so that its widgets need no second palette
    "body_background_fill": "ground",
    "body_text_color": "ink",
    "body_text_color_subdued": "muted",
    "background_fill_primary": "card",
    "background_fill_secondary": "ground",
    "block_background_fill": "card",
    "block_border_color": "line",
    "block_label_text_color": "muted",
    "block_title_text_color": "muted",
    "border_color_primary": "line",
    "border_color_accent": "ink",
    "color_accent": "ink",
    "color_accent_soft": "ground",
    "input_background_fill": "card",
    "input_border_color": "line",
    "input_border_color_focus": "ink",
    "input_placeholder_color": "muted",
    "slider_color": "ink",
    "button_primary_background_fill": "ink",
    "button_primary_background_fill_hover": "ink",
    "button_primary_text_color": "on-ink",
    "button_primary_text_color_hover": "on-ink",
    "button_primary_border_color": "ink",
    "button_secondary_background_fill": "card",
    "button_secondary_background_fill_hover": "ground",
    "button_secondary_text_color": "ink",
    "button_secondary_text_color_hover": "ink",
    "button_secondary_border_color": "line",
}


def css_variables() -> str:
    """All palettes as CSS custom properties; `.dark` is the class Gradio puts on the body, `.s1-projector` ours on the page."""

    def block(selector: str, colours: dict[str, str], scheme: str) -> str:
        lines = "".join(f" --s1-{name}: {value};" for name, value in colours.items())
        return f"{selector} {{{lines} color-scheme: {scheme}; }}"

    fonts = f":root {{ --s1-sans: {_css_list(SANS)}; --s1-mono: {_css_list(MONO)}; --s1-zoom: 1; }}"
    zooms = (
        f"@media (min-width: {width}px) {{ .s1-projector {{ --s1-zoom: {zoom}; }} }}" for width, zoom in PROJECTOR_ZOOM.items()
    )
    palettes = (
        block(":root", LIGHT, "light"),
        block(".dark", DARK, "dark"),
        block(":root.s1-projector", PROJECTOR_LIGHT, "light"),
        block(".s1-projector .dark", PROJECTOR_DARK, "dark"),
    )
    return "\n".join((fonts, *palettes, *zooms))


def gradio_theme() -> gr.themes.Base:
    """Gradio's plainest theme in our colours and fonts; nothing of it comes from the network."""
    import gradio as gr

    theme = gr.themes.Base(font=list(SANS), font_mono=list(MONO), radius_size=gr.themes.sizes.radius_lg)
    values = {name: f"var(--s1-{colour})" for name, colour in _GRADIO_COLOURS.items()}
    known = inspect.signature(theme.set).parameters
    dark = {f"{name}_dark": value for name, value in values.items() if f"{name}_dark" in known}
    theme.set(**values, **dark, block_shadow="none", button_primary_shadow="none", block_border_width="0px")
    return theme


def _css_list(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' if " " in name else name for name in names)
