"""The one theme file: every colour and font of the exhibit, as CSS variables and as a Gradio theme.

The same colour means the same thing everywhere, plots included; no colour is the only sign of anything.
Knows no component and no event. Style sheets use `var(--s1-...)` and never a colour of their own.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

_COLOURS = {  # light, dark, and where a projector's lamp in a bright room needs others, light and dark: all text at least 7 : 1
    "ground": ("#fbfaf7", "#14161a", "#ffffff", "#000000"),
    "card": ("#ffffff", "#1c1f25", "", "#0b0d10"),
    "line": ("#e3e1da", "#2c3038", "#8d9199", "#737a86"),
    "ink": ("#1f2328", "#e8e6e1", "#000000", "#ffffff"),
    "muted": ("#666c77", "#9aa1ab", "#3c4149", "#cdd3dc"),
    "on-ink": ("#ffffff", "#1c1f25", "", "#000000"),
    "truncated": ("#c2410c", "#f08a5d", "#8f2d05", "#ffa97f"),
    "natural": ("#1d5fa8", "#7fb2ec", "#0f4480", "#a6ceff"),
    "extended": ("#0f7a5c", "#5cc9a7", "#07543e", "#7ae6c4"),
    "wrong": ("#c2410c", "#f08a5d", "#8f2d05", "#ffa97f"),
    "right": ("#0f7a5c", "#5cc9a7", "#07543e", "#7ae6c4"),
    # `forced` is for lines and marks; text on `forced-ground` needs the darker `forced-ink` (5.3 : 1).
    "forced": ("#b7791f", "#f0c36a", "#8a5a0f", "#ffd98a"),
    "forced-ink": ("#8a5a0f", "#f0c36a", "#5e3c05", "#ffd98a"),
    "forced-ground": ("#fdf3d7", "#3a3019", "#fbe9b8", ""),
    "shadow": ("rgb(0 0 0 / 0.14)", "rgb(0 0 0 / 0.5)", "", ""),
}
LIGHT, DARK, PROJECTOR_LIGHT, PROJECTOR_DARK = (
    {name: colours[palette] for name, colours in _COLOURS.items() if colours[palette]} for palette in range(4)
)
PROJECTOR_ZOOM = {1100: 1.2, 1800: 1.35}  # from this width of the page (CSS pixels) on: how much larger everything is
SANS = ("-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

_GRADIO_VARIABLES = {  # our colour -> Gradio's variables, so that its widgets need no second palette
    "ground": "body_background_fill background_fill_secondary color_accent_soft button_secondary_background_fill_hover",
    "ink": (
        "body_text_color border_color_accent color_accent input_border_color_focus slider_color "
        "button_primary_background_fill button_primary_background_fill_hover button_primary_border_color "
        "button_secondary_text_color button_secondary_text_color_hover"
    ),
    "muted": "body_text_color_subdued block_label_text_color block_title_text_color input_placeholder_color",
    "card": "background_fill_primary block_background_fill input_background_fill button_secondary_background_fill",
    "line": "block_border_color border_color_primary input_border_color button_secondary_border_color",
    "on-ink": "button_primary_text_color button_primary_text_color_hover",
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
    palettes = [block(":root", LIGHT, "light"), block(".dark", DARK, "dark")]
    palettes += [block(":root.s1-projector", PROJECTOR_LIGHT, "light"), block(".s1-projector .dark", PROJECTOR_DARK, "dark")]
    return "\n".join((fonts, *palettes, *zooms))


def gradio_theme() -> gr.themes.Base:
    """Gradio's plainest theme in our colours and fonts; nothing of it comes from the network."""
    import gradio as gr

    theme = gr.themes.Base(font=list(SANS), font_mono=list(MONO), radius_size=gr.themes.sizes.radius_lg)
    values = {name: f"var(--s1-{colour})" for colour, names in _GRADIO_VARIABLES.items() for name in names.split()}
    known = inspect.signature(theme.set).parameters
    dark = {f"{name}_dark": value for name, value in values.items() if f"{name}_dark" in known}
    theme.set(**values, **dark, block_shadow="none", button_primary_shadow="none", block_border_width="0px")
    return theme


def _css_list(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' if " " in name else name for name in names)
