"""What the page says in other languages. English is the key: the code says what it means, and a file per language translates it.

`languages/CODE.json` maps English words to those of a language. Gradio translates its own components by it (`said`), the page's
scripts everything else (`language.js`); what a file lacks stays English. To add a language, copy a file and translate its
values; `{0}` in them is the first number of a sentence.
"""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr
from gradio.i18n import I18nData

_FILES = {path.stem: path for path in sorted((Path(__file__).parent / "languages").glob("*.json"))}
LANGUAGES = ("en", *_FILES)

_i18n = gr.I18n()


def said(english: str) -> I18nData:
    """A component's label, placeholder or text, which the browser shows in its own language."""
    return _i18n(english)


def words(language: str) -> dict[str, str]:
    """English -> a language that there is a file for."""
    read: dict[str, str] = json.loads(_FILES[language].read_text(encoding="utf-8"))
    return read


def translations() -> gr.I18n:
    """All languages, as `launch(i18n=...)` takes them and sends them to the page."""
    return gr.I18n(**{language: words(language) for language in _FILES})
