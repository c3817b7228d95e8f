"""run.json: what is written is read again, and what is damaged is refused."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from s1demo.errors import InputError
from s1demo.evals.provenance import Provenance
from s1demo.evals.results import read_run, write_run
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT, Setting
from s1demo.evals.summary import report, summarise
from s1demo.evals.sweep import SweepPlan

PLAN = SweepPlan((16,), (1, 2))
SOURCE = Provenance("model", "sha256:0", "mine.jsonl", "0", "python -m s1demo sweep", {"python": "3.11"})


def record(index, answers, tokens=(16, 40, 80, 120), domain="letters"):
    """One question: true answer 3; what was said under budget 16, naturally, and after one and two Waits."""
    runs = {
        setting.label: {"setting": asdict(setting), "sample": 0, "thinking_tokens": n, "end_of_thinking": "budget" if setting == Setting(16) else "natural", "answer_ids": [1, 2], "answer": answer}
        for setting, n, answer in zip(PLAN.policies(), tokens, answers, strict=True)
    }
    return {"index": index, "true_answer": "3", "domain": domain, "phrasing": "", "runs": runs, "engine_tokens": 130, "independent_tokens": 260}


RECORDS = [
    record(2, ["1", "1", "3", "3"]),
    record(0, ["3", "3", "2", "3"], domain="addition"),
    record(1, [None, "2", "3", "3"]),
    record(3, ["\\frac12", "3", "3", "4"]),
]


def result():
    return summarise(RECORDS, PLAN, SOURCE)


def test_figures_by_hand():
    run = result()
    assert [(point.label, point.correct) for point in run.points] == [("budget 16", 1), ("natural", 2), ("Wait x1", 3), ("Wait x2", 3)]
    assert run.point(Setting(16)).outcomes == {"correct": 1, "incorrect": 1, "no answer": 1, "unscorable": 1}
    assert run.point(Setting(16)).verdicts == "cniu"
    assert [(e.setting, e.wrong_to_right, e.right_to_wrong) for e in run.ledger] == [(ONE_WAIT, 2, 1), (Setting(num_ignore=2), 1, 1)]
    assert [d.points for d in run.differences] == [25, 25, 0]
    assert run.point(LEFT_ALONE).domains["letters"].accuracy == 33.33 and run.point(LEFT_ALONE).ended == {"natural": 4}
    assert (run.engine_tokens, run.independent_tokens, run.performance, run.control) == (520, 1040, 75, 100)
    assert "1 unscorable" in report(run)
    assert result() == summarise(RECORDS[::-1], PLAN, SOURCE), "the order of finishing must not show"


def test_lines_from_before_runs_carried_their_setting_are_found_by_label():
    old = [{**line, "runs": {label: {name: value for name, value in run.items() if name not in ("setting", "sample")} for label, run in line["runs"].items()}} for line in RECORDS]
    assert summarise(old, PLAN, SOURCE) == result() == summarise([*old[:2], *RECORDS[2:]], PLAN, SOURCE)


def test_a_budget_that_is_hardly_met_is_no_point_of_scaling():
    records = [record(n, ["3"] * 4, tokens=(40 if n else 39, 40, 80, 120)) for n in range(9)]
    assert summarise(records, PLAN, SOURCE).scaling_points == (LEFT_ALONE, ONE_WAIT, Setting(num_ignore=2))


def test_it_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "run.json"
    write_run(path, result())
    assert read_run(path) == result()
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]
    written = json.loads(path.read_text())
    assert written["provenance"] == "measured" and next(iter(written)) == "provenance"
    point = written["points"][1]
    assert {"label", "max_thinking_tokens", "num_ignore", "extension", "votes", "mean_thinking_tokens", "mean_answer_tokens", "correct", "n", "accuracy", "ci95", "domains"} <= set(point)
    assert "phrasings" not in point and point["max_thinking_tokens"] == "auto"
    with pytest.raises(InputError, match="It has: budget 16, natural"):
        result().point(Setting(17))


@pytest.mark.parametrize(
    "damage, complaint",
    [
        (lambda run: run.update(provenance="published"), "provenance"),
        (lambda run: run.pop("scaling"), "scaling"),
        (lambda run: run.update(more=1), "more"),
        (lambda run: run.update(n=5), "number of questions"),
        (lambda run: run.update(n="4"), "n is '4'"),
        (lambda run: run.update(performance=float("nan")), "performance"),
        (lambda run: run["points"][0].update(correct=2), "2 of 4 is not 25.0 %"),
        (lambda run: run["points"][0].update(ci95=[50, 60]), "outside its interval"),
        (lambda run: run["points"][0].update(ci95=[50]), "ci95"),
        (lambda run: run["points"][0].update(label="natural"), "same label"),
        (lambda run: run["points"][0].update(max_thinking_tokens="all"), "max_thinking_tokens"),
        (lambda run: run["points"][0]["domains"]["letters"].update(correct=3), "3 of 3"),
        (lambda run: run["differences"][0].update(against="nothing"), "no point 'nothing'"),
        (lambda run: run["points"].clear(), "no point"),
    ],
)
def test_damage_is_named(tmp_path, damage, complaint):
    path = tmp_path / "run.json"
    write_run(path, result())
    run = json.loads(path.read_text())
    damage(run)
    path.write_text(json.dumps(run))
    with pytest.raises(InputError, match=complaint):
        read_run(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"points": [1]}'])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(path)
    with pytest.raises(InputError, match="Cannot read"):
        read_run(tmp_path / "none.json")
