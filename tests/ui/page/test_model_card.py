"""What the card says of the model is true of it, and a model's name is only text."""

from __future__ import annotations

import json

import pytest

from s1demo.events import EngineInfo
from s1demo.settings import EMBEDDED_MODEL
from s1demo.ui.page import model_card
from s1demo.ui.page.model_card import chip_and_card, measured_sentences

INFO = EngineInfo("s1-mini", "transformers", "CPU", 1_432_000, 1024, "s1")


def test_only_the_embedded_model_is_said_to_decline_what_it_does_not_know():
    assert "only knows small school problems" in chip_and_card(INFO, EMBEDDED_MODEL)
    other = chip_and_card(EngineInfo("simplescaling/s1-32B", "vllm", "H100", None, 32_768, "s1"), "simplescaling/s1-32B")
    assert "school problems" not in other and "Nothing about its accuracy was measured here" in other
    assert "Context: 32,768 tokens" in other


def test_a_hostile_model_name_is_text():
    info = EngineInfo('<img src=x onerror="alert(1)">', "transformers", "<b>", None, 1024, "s1")
    assert "<img" not in chip_and_card(info, "elsewhere") and "<b>" not in chip_and_card(info, "elsewhere")


def test_the_figures_are_those_measured(monkeypatch, tmp_path):
    run = json.loads(model_card.MEASURED.read_text(encoding="utf-8"))
    point = next(point for point in run["points"] if point["label"] == "natural")
    point["correct"], point["accuracy"] = 0, 0.0
    point["ci95"] = [0.0, 1.0]
    changed = tmp_path / "curve.json"
    changed.write_text(json.dumps(run), encoding="utf-8")
    monkeypatch.setattr(model_card, "MEASURED", changed)
    assert "natural: 0.0 %" in measured_sentences()[0]
    monkeypatch.setattr(model_card, "MEASURED", tmp_path / "missing.json")
    assert measured_sentences() == ()


@pytest.mark.parametrize("word", ["counting letters", "weekdays", "binary", "no rule of the page"])
def test_it_says_what_the_model_knows_and_that_nothing_is_scripted(word):
    assert word in chip_and_card(INFO, EMBEDDED_MODEL)
