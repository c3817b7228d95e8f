"""The published figures of s1-mini can be had again, and from the product's own decoder."""

import asyncio
import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, Qwen2ForCausalLM

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decode import decode_batch
from s1demo.engines.transformers_engine import TransformersEngine
from s1demo.evals.grading import Outcome, extract_answer, grade
from s1demo.events import Finished, Phase, Tokens
from s1demo.settings import ASSETS, EMBEDDED_MODEL
from training.mini.evaluate import Evaluator
from training.mini.problems import problem_set
from training.mini.tokenizer import MiniTokenizer

ASKED = list(problem_set(60, 5, "dev"))
SETTINGS = {"budget 16": BudgetPolicy(16), "budget 64": BudgetPolicy(64), "natural": BudgetPolicy(), "+2": BudgetPolicy(AUTO, 2)}


def decoded_by_the_product(engine: TransformersEngine, policy: BudgetPolicy) -> tuple[float, float]:
    """Accuracy in percent and mean thinking tokens."""
    right = tokens = 0
    for (problem, _), events in zip(ASKED, asyncio.run(decode_batch(engine, [(q, policy) for _, q in ASKED])), strict=True):
        ids = [i for event in events if isinstance(event, Tokens) and event.phase is Phase.ANSWER for i in event.token_ids]
        right += grade(extract_answer(engine.tokenizer.hub.decode(ids)), problem.answer) is Outcome.CORRECT
        assert isinstance(events[-1], Finished)
        tokens += events[-1].thinking_tokens
    return round(100 * right / len(ASKED), 1), round(tokens / len(ASKED), 1)


def test_the_evaluator_and_the_product_measure_the_same(engine: TransformersEngine) -> None:
    network = AutoModelForCausalLM.from_pretrained(EMBEDDED_MODEL)
    assert isinstance(network, Qwen2ForCausalLM)
    points = Evaluator(network, MiniTokenizer(Path(EMBEDDED_MODEL))).points(ASKED, (16, 64), (0, 2))
    measured = {point["setting"]: (point["accuracy"], point["mean_thinking_tokens"]) for point in points}
    assert measured == {name: decoded_by_the_product(engine, policy) for name, policy in SETTINGS.items()}


def test_the_readme_shows_the_measured_table() -> None:
    readme = (ASSETS.parent / "README.md").read_text(encoding="utf-8")
    for point in json.loads((ASSETS / "measured" / "s1-mini-v1.json").read_text(encoding="utf-8"))["points"]:
        assert f"| {point['mean_thinking_tokens']:.0f} | **{point['accuracy']:.1f}** |" in readme


def test_thinking_longer_helps_the_embedded_model(engine: TransformersEngine) -> None:
    """Loose bounds on dev problems: what the exhibit shows must be true of the weights it ships."""
    accuracy = {name: decoded_by_the_product(engine, policy)[0] for name, policy in SETTINGS.items()}
    assert accuracy["budget 16"] + 10 < accuracy["budget 64"] < accuracy["+2"]
    assert accuracy["+2"] >= 90
    assert accuracy["natural"] == pytest.approx(85, abs=12)
