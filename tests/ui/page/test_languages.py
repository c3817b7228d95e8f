"""The page in another language: every file has the same words, every word of the page is in them, and a browser shows them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from s1demo.settings import ASSETS
from s1demo.ui import app
from s1demo.ui.page.bundle import UI
from s1demo.ui.page.translation import LANGUAGES, translations, words
from tests.ui.conftest import run_comparison
from tests.ui.fake_engine import ScriptedEngine

PACKAGE = Path(app.__file__).parents[1]
SOURCES = [*PACKAGE.glob("ui/**/*.py"), *PACKAGE.glob("plots/*.py"), *PACKAGE.glob("s1k/*.py"), PACKAGE / "evals" / "measured.py", *UI.glob("*/*.js"), *ASSETS.glob("published*.json")]
BRACED = re.compile(r"\$?\{[^{}]*\}")
OTHERS = LANGUAGES[1:]


def source():
    """All the page's text, with line breaks as spaces and what is filled in as braces."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda code: chr(int(code[1], 16)), text)
    for name, symbol in {"CHECK": "✓", "CROSS": "✗", "SCISSORS": "✂︎", "ROUND_ARROW": "↻︎"}.items():
        text = text.replace(f"${{{name}}}", symbol)
    return re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", text))


def parts(word):
    """What of a word stands in the source; numbers, names of runs and brackets may be filled in there."""
    return [part.strip(" ()") for part in re.split(r"\{[^{}]*\}|×|, |\b(?:truncated|natural|extended)\b", word)]


def test_all_languages_have_the_same_words():
    assert OTHERS == ("de",)
    assert [language for language in OTHERS if words(language).keys() != words(OTHERS[0]).keys()] == []
    assert [key for key, said in words("de").items() if not said.strip() or sorted(BRACED.findall(key)) != sorted(BRACED.findall(said))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_is_of_no_use(language):
    """Each part of a word between what is filled in stands in the source."""
    text = source()
    assert [key for key in words(language) if not all(part in text for part in parts(key))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_word_that_is_asked_for_is_there(language):
    text, known = source(), words(language)
    asked = re.findall(r'\bsaid\("([^"]+)"\)', text) + re.findall(r'\bt\("([^"]+)"', text) + [title for title, _ in app.TABS.values()]
    assert len(asked) > 40
    assert [key for key in asked if key not in known] == []


def test_gradio_is_given_all_of_them():
    assert translations().translations_dict == {language: words(language) for language in OTHERS}


@pytest.fixture(scope="module")
def url(scripted_url):
    return scripted_url


@pytest.mark.parametrize(("locale", "query"), [("de-AT", ""), ("en-US", "?lang=de")])
def test_the_browser_or_the_address_decides(open_page, url, locale, query):
    page = open_page(url + query, locale=locale)
    german = words("de")
    expect(page.get_by_role("tab")).to_have_text([german[title] for title, _ in app.TABS.values()])
    expect(page.locator("#run")).to_have_text(german["Run"])
    expect(page.locator("#extension")).to_contain_text(german["with the word"])
    expect(page.locator("#extension")).to_contain_text(german["nothing"])
    expect(page.locator("html")).to_have_attribute("lang", "de")
    run_comparison(page)
    expect(page.locator("#pane-truncated")).to_have_text(german["Truncated"])
    expect(page.locator(".pane.truncated .status")).to_have_text(german["cut by the budget"])
    expect(page.locator(".pane.extended .status")).to_have_text("2× weitergedacht, dann aufgehört")
    expect(page.locator(".pane.truncated .count")).to_have_text("16 von 16")
    expect(page.locator(".pane.truncated .thinking")).to_contain_text("I guess 2.")
    assert page.complaints == []


@pytest.mark.parametrize(("locale", "query"), [("fr-FR", ""), ("de-DE", "?lang=en"), ("en-GB", "?lang=<script>")])
def test_what_there_is_no_file_for_is_english(open_page, url, locale, query):
    page = open_page(url + query, locale=locale)
    expect(page.get_by_role("tab")).to_have_text([title for title, _ in app.TABS.values()])
    expect(page.locator("#run")).to_have_text("Run")
    expect(page.locator("#pane-truncated")).to_have_text("Truncated")
    assert page.complaints == []


def test_words_of_a_visitor_or_a_model_are_never_translated(open_page, serve):
    page = open_page(serve(ScriptedEngine(thinking=["Run Stop {0}"], answers=["\nAnswer: nothing"])) + "?lang=de")
    page.fill("#question textarea", "Run {question}")
    run_comparison(page)
    expect(page.locator(".pane.natural .thinking")).to_have_text("Run Stop {0}")
    expect(page.locator(".pane.natural .answer").first).to_have_text("nothing")
    page.fill("#question textarea", "Stop")
    expect(page.locator(".fork-stale")).to_contain_text("Run {question}")
    assert page.complaints == []


def test_the_choice_in_the_header_is_in_the_address(open_page, url):
    page = open_page(url)
    page.select_option("#language", "de")
    expect(page.locator("#run")).to_have_text("Starten")
    page.wait_for_function("location.search.includes('lang=de')")
    expect(page.locator("#language")).to_have_value("de")
