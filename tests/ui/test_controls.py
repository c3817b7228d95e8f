"""Controls, examples and theme: what the visitor can set, and what it means."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

import s1demo.ui
from s1demo.budget import AUTO
from s1demo.errors import InputError
from s1demo.events import EngineInfo
from s1demo.ui.app import launch_settings
from s1demo.ui.compare.choices import CompareChoices
from s1demo.ui.controls import EXTENSIONS, NOTHING, OWN, budget_stops, default_budget, limit, whole
from s1demo.ui.page.bundle import stylesheet
from s1demo.ui.page.model_card import describe_model
from s1demo.ui.page.theme import DARK, LIGHT
from s1demo.ui.questions import DEFAULT_QUESTION, Question, QuestionBank

CHOICES = CompareChoices("How many r in strawberry?", 16, 2, EXTENSIONS[0], "", temperature=0, top_p=1, seed=0, answer_tokens="")
UI = Path(s1demo.ui.__file__).parent
OURS = [path for path in sorted(UI.rglob("*")) if "vendor" not in path.parts]


def test_budget_stops_are_powers_of_two_within_the_context():
    assert budget_stops(1024) == [0, 8, 16, 32, 64, 128, 256, 512, AUTO]
    assert budget_stops(32768)[-2:] == [16384, AUTO]


@pytest.mark.parametrize(("context_length", "budget"), [(512, 16), (2048, 16), (4096, 16), (8192, 128), (32768, 512)])
def test_the_first_budget_cuts_a_typical_trace(context_length, budget):
    assert default_budget(context_length) == budget


def test_choices_become_policies():
    policies = CHOICES.policies()
    assert [policy.max_thinking_tokens for policy in policies.values()] == [16, AUTO, AUTO]
    assert [policy.num_ignore for policy in policies.values()] == [0, 0, 2]
    assert {policy.max_answer_tokens for policy in policies.values()} == {AUTO}


@pytest.mark.parametrize(("extension", "own", "used"), [("Hmm", "ignored", "Hmm"), (OWN, "Let me check", "Let me check"), (NOTHING, "ignored", "")])
def test_the_extension_is_the_chosen_or_the_own_text(extension, own, used):
    choices = dataclasses.replace(CHOICES, extension=extension, own=own)
    assert choices.policies()["extended"].extension == used


@pytest.mark.parametrize(
    "change",
    [
        {"budget": -1},
        {"budget": "many"},
        {"budget": 1.5},
        {"budget": float("nan")},
        {"budget": {"a": 1}},
        {"waits": None},
        {"waits": -1},
        {"extension": OWN, "own": ""},
        {"extension": None},
        {"answer_tokens": "0"},
        {"temperature": "hot"},
        {"temperature": 99},
        {"top_p": 0},
        {"seed": -1},
        {"seed": 10**30},
    ],
    ids=str,
)
def test_impossible_choices_are_refused_with_a_sentence(change):
    choices = dataclasses.replace(CHOICES, **change)
    with pytest.raises(InputError, match=r"\. .*\.|\.$"):
        choices.policies()
        choices.sampling()


@pytest.mark.parametrize(("value", "expected"), [("", AUTO), (None, AUTO), (AUTO, AUTO), ("64", 64), (64.0, 64)])
def test_limits(value, expected):
    assert limit(value) == expected


def test_whole_numbers_only():
    with pytest.raises(InputError):
        whole(2.5, "seed")


BANK = QuestionBank(
    [
        Question(DEFAULT_QUESTION, "3", "letters"),
        Question("Many s in Mississippi?", "4", "letters"),
        Question("1+1?", "2", "sums"),
    ]
)


def test_known_answers_only_where_the_question_is_known():
    assert BANK.answer_to("  how many R in strawberry? ") == "3"
    assert BANK.answer_to("How many r in strawberry") is None


def test_examples_start_with_the_default_and_vary():
    assert BANK.examples(2) == [DEFAULT_QUESTION, "1+1?"]
    assert BANK.examples(9) == [DEFAULT_QUESTION, "1+1?", "Many s in Mississippi?"]
    assert QuestionBank().examples(3) == [DEFAULT_QUESTION]


def test_surprise_is_another_question():
    assert {BANK.surprise(DEFAULT_QUESTION) for _ in range(50)} == {"Many s in Mississippi?", "1+1?"}


def test_a_bank_is_read_from_json_lines(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps({"question": "1+1?", "answer": 2, "domain": "sums"}) + "\n\n")
    assert QuestionBank.load(path).answer_to("1+1?") == "2"
    assert QuestionBank.load(tmp_path / "none.jsonl").questions == []


@pytest.mark.parametrize("path", [path for path in OURS if path.suffix in (".css", ".js", ".py")], ids=lambda p: p.name)
def test_colours_live_in_the_theme_only(path):
    if path.name != "theme.py":
        assert not re.findall(r"(?<!&)#[0-9a-fA-F]{6}\b|(?<!&)#[0-9a-fA-F]{3}\b(?=[;\s,])|\b(?:rgb|hsl)a?\(", path.read_text())


def test_every_colour_variable_is_defined_in_both_palettes():
    used = set(re.findall(r"var\(--s1-([a-z-]+)\)", stylesheet()))
    assert used - {"sans", "mono", "zoom", "screen"} <= set(LIGHT)
    assert set(LIGHT) == set(DARK)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "muted") for ground in ("ground", "card")),
        *((text, "card") for text in ("truncated", "natural", "extended", "wrong", "right")),
        ("forced-ink", "forced-ground"),
        ("on-ink", "ink"),
    ],
)
def test_text_can_be_read(palette, text, ground):
    light, dark = sorted((luminance(palette[text]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2 level AA


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_page_never_asks_another_host():
    for path in OURS:
        if path.suffix in (".css", ".js"):
            assert not re.findall(r"https?://(?!www\.w3\.org/)", path.read_text()), path.name


def test_launch_settings_close_what_need_not_be_open():
    from s1demo.settings import Settings

    options = launch_settings(Settings())
    assert options["enable_monitoring"] is False and options["show_error"] is False and options["run_history"] is False
    assert options["strict_cors"] is True and "allowed_paths" not in options and options["max_file_size"] == "1kb"
    assert not options.get("share")


def test_the_model_chip_says_model_size_and_device():
    info = EngineInfo("s1-mini", "transformers", "CPU", 1_432_000, 1024, "s1")
    assert describe_model(info) == "s1-mini · 1.43 M parameters · CPU"
    assert describe_model(dataclasses.replace(info, parameters=None)) == "s1-mini · CPU"
