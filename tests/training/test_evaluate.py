"""The paper's evaluation on the miniature: one run.json per benchmark, published numbers apart, failures that cost nothing else."""

from __future__ import annotations

import dataclasses
import json

import pytest

from s1demo.errors import EngineError
from s1demo.evals.benchmarks import MINI, load_benchmark
from s1demo.evals.published import load_published
from s1demo.evals.results import read_run
from s1demo.evals.setting import LEFT_ALONE, Setting
from s1demo.evals.sweep import SweepPlan
from s1demo.settings import EMBEDDED_MODEL
from training import evaluate
from training.evaluate import PAPER_BUDGETS, PAPER_WAITS, load_all, main, plan_for, published_cell, report

COMMAND = ["--model", EMBEDDED_MODEL, "--budgets", "8", "--waits", "1", "--limit", "3"]
PUBLISHED = load_published()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Two benchmarks, one of which the hub would have to give."""
    folder = tmp_path_factory.mktemp("evaluated")
    mine = folder / "mine.jsonl"
    mine.write_text("".join(MINI.read_text(encoding="utf-8").splitlines(keepends=True)[3:5]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.load_dataset", unreachable)
        code = main([*COMMAND, "--benchmarks", f"mini,aime24,{mine}", "--out", str(folder / "out")])
    return code, folder / "out"


def unreachable(*arguments, **options):
    raise ConnectionError("Couldn't reach the Hub")


def test_every_benchmark_that_can_be_had_is_measured(evaluated):
    code, out = evaluated
    assert code == 2, "aime24 could not be loaded"
    mini, mine = read_run(out / "mini.json"), read_run(out / "mine.json")
    assert [point.label for point in mini.points] == ["budget 8", "natural", "Wait x1"]
    assert (mini.n, mine.n) == (3, 2)
    assert mini.command.startswith("python -m training.evaluate --model")
    assert not (out / "aime24.json").exists()
    counts = json.loads((out / "mini.statistics.json").read_text())
    for point in mini.points:
        assert counts[point.label]["thinking_tokens"] == point.mean_thinking_tokens
        assert counts[point.label]["answer_tokens"] == point.mean_answer_tokens
        assert counts[point.label]["limited_percent"] == round(100 * (1 - point.ended.get("natural", 0) / point.n), 2)


def test_the_table_says_what_is_missing_and_how_it_was_graded(evaluated):
    table = (evaluated[1] / "table.md").read_text()
    assert "s1-mini on mini, 3 questions" in table and "s1-mini on mine.jsonl, 2 questions" in table
    assert "aime24: Cannot load aime24" in table and "Couldn't reach the Hub" in table
    assert "GPT-4o-mini" in table and "PUBLISHED, s1-32B" in table and "Control" in table


def test_going_on_decodes_nothing_and_keeps_what_other_commands_measured(evaluated, monkeypatch, capsys):
    def no_decoding(*arguments, **options):
        raise AssertionError("decoded again")

    monkeypatch.setattr("s1demo.evals.sweep.decode_question", no_decoding)
    assert main([*COMMAND, "--benchmarks", "mini", "--out", str(evaluated[1])]) == 0
    assert "mine.jsonl, 2 questions" in capsys.readouterr().out


def test_a_benchmark_that_fails_costs_the_others_nothing(monkeypatch, engine, tmp_path, capsys):
    closed = []

    class Kept:
        """The session's engine, which no test may close."""

        def __getattr__(self, name):
            return getattr(engine, name)

        async def close(self):
            closed.append(True)

    measure = evaluate.measure

    async def failing(opened, settings, name, *rest):
        if name == "bad":
            raise EngineError("the GPU is gone")
        return await measure(opened, settings, name, *rest)

    monkeypatch.setattr(evaluate, "measure", failing)
    monkeypatch.setattr(evaluate, "open_patiently", lambda settings: Kept())
    monkeypatch.setattr(evaluate, "load_benchmark", lambda name: load_benchmark("mini")[:2])
    assert main([*COMMAND, "--benchmarks", "good,bad,better", "--out", str(tmp_path)]) == 2
    assert {path.name for path in tmp_path.glob("*.json")} == {"good.json", "good.statistics.json", "better.json", "better.statistics.json"}
    assert "* bad: the GPU is gone" in capsys.readouterr().out
    assert closed == [True]


def test_no_model_is_opened_for_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("datasets.load_dataset", unreachable)
    monkeypatch.setattr(evaluate, "open_patiently", None)
    assert main([*COMMAND, "--benchmarks", "aime25", "--out", str(tmp_path / "out")]) == 2
    assert "Cannot load aime25 (math-ai/aime25" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more, complaint",
    [
        (["--benchmarks", "mini,mini"], "Name each once"),
        (["--benchmarks", "mini", "--limit", "0"], "Ask at least 1 question"),
        (["--benchmarks", "mini", "--budgets", "-3"], "Give a whole number of tokens"),
    ],
)
def test_bad_input_is_one_line(more, complaint, tmp_path, capsys):
    assert main([*COMMAND, *more, "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1


def test_the_papers_settings_are_the_default_on_its_benchmarks():
    assert plan_for("gpqa", None, None) == SweepPlan(PAPER_BUDGETS, PAPER_WAITS)
    assert plan_for("gpqa", (), (2,)) == SweepPlan((), (2,))
    assert max(plan_for("mini", None, None).budgets) < 100, "a miniature's context is 2,048 tokens"


def test_published_numbers_are_those_of_the_same_model_benchmark_and_setting(evaluated):
    natural = read_run(evaluated[1] / "mini.json").point(LEFT_ALONE)
    of_all = dataclasses.replace(natural, n=30)
    assert published_cell("mini", natural, PUBLISHED, "s1-32B") == "-"
    assert published_cell("aime24", of_all, PUBLISHED, "s1-32B") == "50 (v3 Table 5, without budget forcing); 50 (Figure 1)"
    assert published_cell("aime24", natural, PUBLISHED, "s1-32B").count("n = 30") == 2, "three questions are not the paper's thirty"
    assert published_cell("aime25", dataclasses.replace(of_all, setting=Setting(num_ignore=4)), PUBLISHED, "s1-32B") == "36.7 (v3 Table 5)"
    assert published_cell("gpqa", dataclasses.replace(natural, setting=Setting(num_ignore=2), n=198), PUBLISHED, "s1.1-32B") == "63.6 (v3 Table 5)"
    assert published_cell("math500", dataclasses.replace(natural, setting=Setting(1000), n=500), PUBLISHED, "s1-32B") == "80 (Figure 1)"
    assert published_cell("math500", dataclasses.replace(natural, setting=Setting(4000), n=500), PUBLISHED, "s1-32B") == "-", "the paper does not print that setting"


def test_the_published_metrics_stand_only_beside_their_own_benchmark(evaluated, tmp_path):
    def reported(benchmark, model="s1-32B"):
        record = json.loads((evaluated[1] / "mini.json").read_text()) | {"benchmark": benchmark}
        (tmp_path / "run.json").write_text(json.dumps(record))
        (tmp_path / "run.statistics.json").write_text((evaluated[1] / "mini.statistics.json").read_text())
        return report(tmp_path, [], PUBLISHED, model)

    assert "| PUBLISHED, s1-32B, v2 Table 3 (AIME24) | 100 | 15 | 56.7 |" in reported("aime24")
    assert "Table 3" not in reported("math500") and "Table 3" not in reported("aime24", "s1.1-32B")


def test_what_cannot_be_loaded_is_told_apart(monkeypatch):
    loaded, failed = load_all(["mini", "no-such.jsonl"], limit=4)
    assert len(loaded["mini"]) == 4
    assert len(failed) == 1 and failed[0].startswith("no-such.jsonl: Cannot read the benchmark file")
