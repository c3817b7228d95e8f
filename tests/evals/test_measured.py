"""The shipped runs by name, their charts, and the questions behind a point: pure parts of the Scaling tab, by tables."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from s1demo.errors import InputError
from s1demo.evals.benchmarks import Problem
from s1demo.evals.measured import MEASURED, Measured, Role, load_measured, shipped_benchmarks, training_draws
from s1demo.evals.published import load_published
from s1demo.evals.results import run_from_dict
from s1demo.evals.setting import LEFT_ALONE, Setting
from s1demo.settings import Settings
from s1demo.ui.scaling.chart import ChartKind, ChartRequest, Results
from s1demo.ui.scaling.draw import draw_chart
from s1demo.ui.scaling.point_questions import PAGE, QuestionsRequest, point_questions
from s1demo.ui.scaling.sweeps import SweepProgress, SweepRequest, progress_text

RUNS = load_measured()
RESULTS = Results(RUNS, load_published())
CURVE = RUNS["curve"]


def test_every_shipped_run_has_its_questions():
    assert {path.stem for path in MEASURED.glob("*/*.json")} == set(RUNS)
    for found in RUNS.values():
        assert found.asked is not None and len(found.asked) == found.run.n, found.key
    assert RUNS["base"].role is Role.BASE and RUNS["base"].name != CURVE.name
    assert next(iter(shipped_benchmarks())) == "mini"


def test_a_broken_file_is_left_out(tmp_path):
    shutil.copytree(MEASURED, tmp_path / "measured")
    (tmp_path / "measured" / "s1-mini" / "broken.json").write_text("{")
    assert set(load_measured(tmp_path / "measured")) == set(RUNS)


def shown(**asked):
    return draw_chart(ChartRequest.read(asked), RESULTS)


@pytest.mark.parametrize("kind", list(ChartKind))
@pytest.mark.parametrize("narrow", [False, True])
def test_every_chart_of_every_benchmark_says_whose_its_numbers_are(kind, narrow):
    for benchmark in shown(look=kind).benchmarks or [""]:
        drawn = shown(look=kind, benchmark=benchmark, narrow=narrow, dark=True)
        assert drawn.benchmark == benchmark and drawn.text and drawn.rows and len(drawn.rows) == len(drawn.opens)
        assert all(len(row) == len(drawn.columns) for row in drawn.rows)
        assert {row[0] for row in drawn.rows} <= {"measured here", "published (paper)"}
        groups = [row[0] for row in drawn.rows]
        assert groups == sorted(groups), "no list goes back and forth between the two"
        assert all(row[0] == "measured here" for row, opens in zip(drawn.rows, drawn.opens, strict=True) if opens)
        assert json.loads(json.dumps(drawn.to_dict()))["text"] == drawn.text


def test_the_table_lists_what_the_figure_draws():
    for axis in ("thinking", "total"):
        drawn = shown(benchmark="mini", axis=axis, runs=["curve"])
        marked = [(t["x"][n], t["y"][n]) for t in drawn.figure.to_plotly_json()["data"] for n, size in enumerate(t["marker"]["size"]) if size]
        listed = [(row[3], row[4]) for row in drawn.rows]
        assert len(marked) == len(listed) == len(CURVE.run.points)
        assert {y for _, y in marked} == {y for _, y in listed} and {x for x, _ in listed if x} <= {x for x, _ in marked}


def test_published_series_need_the_axis_the_paper_has():
    paper = shown(benchmark="AIME24")
    assert {row[1] for row in paper.rows} == {"budget forcing", "rejection sampling"} and all("Figure" in row[-1] for row in paper.rows)
    assert not shown(benchmark="AIME24", axis="total").rows and "neither answer tokens nor seconds" in shown(benchmark="AIME24", axis="total").notes[0]
    assert {row[1] for row in shown(benchmark="GPQA").rows} == {"budget forcing", "majority votes of Qwen2.5-32B-Instruct"}
    assert len({row[1] for row in shown(benchmark="AIME24", runs=["paper:TCC", "paper:BF"]).rows}) == 2


@pytest.mark.parametrize(
    "given",
    [{}, {"look": "<b>", "benchmark": [1], "axis": 7, "runs": "curve", "now": {}}, {"runs": [None, 3, "curve" * 99]}, {"benchmark": "nowhere", "runs": ["nothing"]}],
)
def test_nonsense_falls_back_to_what_is_usual(given):
    drawn = shown(**given)
    usual = {found.name for found in RUNS.values() if found.role in (Role.MAIN, Role.SIBLING) and found.benchmark == "mini"}
    assert drawn.benchmark == "mini" and {row[1] for row in drawn.rows} == usual >= {"s1-mini"}


def test_a_sweep_of_the_page_stands_apart():
    now = replace(CURVE, key="abc", name="s1-mini, now", run=replace(CURVE.run, command="python -m s1demo sweep --limit 9"))
    results = replace(RESULTS, now=now)
    for kind in (ChartKind.CURVE, ChartKind.LEDGER, ChartKind.DOMAINS, ChartKind.DIFFERENCES, ChartKind.METHODS):
        drawn = draw_chart(ChartRequest(kind, runs=("abc",)), results)
        first = drawn.rows[0]
        assert first[0] == "measured here now" and "--limit 9" in " ".join(map(str, first))
        assert all(row[0] != "measured here now" or "--limit 9" in " ".join(map(str, row)) for row in drawn.rows)
        assert drawn.figure is None or "measured here now" in drawn.text


def test_ablations_compare_on_the_same_questions():
    other = replace(RUNS["base"], key="ablation-random", name="rows chosen at random", role=Role.DATA)
    drawn = draw_chart(ChartRequest(ChartKind.DATA, benchmark="mini"), replace(RESULTS, measured={**RUNS, "ablation-random": other}))
    own, cells = "the curated thousand, s1-mini", [dict(zip(drawn.columns, row, strict=True)) for row in drawn.rows]
    measured = [row for row in cells if row["whose"] == "measured here"]
    known = {found.name for found in RUNS.values() if found.role in (Role.BASE, Role.DATA, Role.SIBLING)}
    assert {row["what"] for row in measured} == {own, "rows chosen at random", *known} and {row["setting"] for row in measured} == {"natural", "Wait x1"}
    right = CURVE.run.point(LEFT_ALONE).verdicts[:480].count("c")
    assert measured[0]["accuracy, %"] == pytest.approx(100 * right / 480, abs=0.01) and {row["questions"] for row in measured} == {480}
    points = 100 * (other.run.point(LEFT_ALONE).correct - right) / 480
    noted = next(row for row in measured if (row["what"], row["setting"]) == ("rows chosen at random", "natural"))
    assert noted["note"].startswith(f"{points:+.1f} points against s1-mini, natural (95 % interval ") and measured[0]["note"] == ""
    assert any("same 480 questions" in note for note in drawn.notes)
    elsewhere = replace(other, asked=tuple(reversed(other.asked)))
    drawn = draw_chart(ChartRequest(ChartKind.DATA, benchmark="mini"), replace(RESULTS, measured={"curve": CURVE, "ablation-random": elsewhere}))
    assert drawn.benchmark != "mini", "other questions are not compared"


def test_votes_draws_and_other_words_are_shown_beside_the_curve():
    base = RUNS["base"]
    changed = [replace(point, setting=replace(point.setting, extension="Hmm")) for point in base.run.points if point.setting.num_ignore or point.setting == LEFT_ALONE]
    votes = [replace(base.run.point(LEFT_ALONE), setting=Setting(votes=k), temperature=0.8, mean_thinking_tokens=90.0 * k) for k in (1, 2, 4)]
    runs = {
        "curve": CURVE,
        "curve-draw-1": Measured("curve-draw-1", "another training draw (1)", CURVE.run, Role.SIBLING, CURVE.asked),
        "votes": Measured("votes", "majority votes", replace(base.run, points=(base.run.point(LEFT_ALONE), *votes)), asked=base.asked),
        "extension-hmm": Measured("extension-hmm", "s1-mini with Hmm", replace(base.run, points=tuple(changed)), Role.EXTENSION, base.asked),
    }
    results = replace(RESULTS, measured=runs)
    assert training_draws(runs) == [CURVE, runs["curve-draw-1"]] and training_draws({}) == []
    drawn = draw_chart(ChartRequest(ChartKind.CURVE, "mini", axis="total"), results)
    assert {row[1] for row in drawn.rows} == {"s1-mini", "another training draw (1)", "majority votes"}
    assert [row[2] for row in drawn.rows if row[1] == "majority votes"] == ["maj@1", "maj@2", "maj@4"], "the greedy run is no vote"
    assert "extension-hmm" not in {choice.key for choice in drawn.choices}
    right = 100 * CURVE.run.point(LEFT_ALONE).verdicts[:480].count("c") / 480
    assert drawn.notes[0].startswith("2 training draws") and f"majority votes: over the first 480 of the 1,280 questions only, where the curve is at {right:.1f} % left alone" in drawn.notes[1]
    other_words = [row[1] for row in draw_chart(ChartRequest(ChartKind.EXTENSIONS, "mini"), results).rows]
    assert other_words == ["natural", "Wait x1", "Wait x2", "Hmm x1", "Hmm x2"]


# --- the questions of a point ---------------------------------------------------------------------------------------------------


def questions(label, same_model=True, found=CURVE, **wanted):
    return point_questions(found, QuestionsRequest.read({"label": label, **wanted}), "s1-mini", same_model)


def test_a_point_lists_its_questions_right_and_wrong():
    point = CURVE.run.point(Setting(16))
    listed = questions("budget 16")
    assert listed["total"] == point.n and len(listed["rows"]) == PAGE and dict(listed["filters"])["right"] == point.correct
    for row, verdict, problem in zip(listed["rows"], point.verdicts, CURVE.asked, strict=False):
        assert row["right"] == (verdict == "c") and (row["question"], row["answer"]) == (problem.question, problem.answer)
    assert listed["rows"][0]["go"] == {"tab": "compare", "question": CURVE.asked[0].question, "answer": CURVE.asked[0].answer, "temperature": "0", "budget": "16", "run": "1"}
    assert questions("budget 16", offset=PAGE)["rows"][0]["number"] == PAGE + 1
    assert questions("no such point") is None


def test_what_a_wait_mended_and_spoilt_is_the_ledger():
    first, second = CURVE.run.ledger[:2]
    listed = questions(first.setting.label, only="mended")
    assert listed["total"] == first.wrong_to_right == dict(listed["filters"])["mended"] and {row["change"] for row in listed["rows"]} == {"mended"}
    assert questions(first.setting.label, only="spoilt")["total"] == first.right_to_wrong
    step = questions(second.setting.label, step=True)
    assert step["against"] == first.setting.label and dict(step["filters"])["mended"] == second.wrong_to_right
    assert questions(second.setting.label)["against"] == "natural" and "mended" not in dict(questions("natural")["filters"])
    assert listed["rows"][0]["go"]["waits"] == "1" and listed["rows"][0]["go"]["extension"] == "Wait"


def test_a_kind_of_problem_by_itself():
    listed = questions("natural", domain="binary", only="wrong")
    group = CURVE.run.point(LEFT_ALONE).domains["binary"]
    assert listed["total"] == group.n - group.correct and {row["domain"] for row in listed["rows"]} == {"binary"}


def test_another_model_and_missing_questions_are_said():
    (note,) = questions("natural", same_model=False)["notes"]
    assert "loaded model is {loaded}" in note[0] and note[1] == {"measured": "s1-mini", "loaded": "s1-mini"} and questions("natural")["notes"] == []
    without = questions("natural", found=replace(CURVE, asked=None))
    assert without["rows"] == [] and "not shipped" in without["notes"][0][0]


@pytest.mark.parametrize(
    "extension, label, parts",
    [
        ("Hmm", "Hmm x2", {"extension": "Hmm"}),
        ("So", "So x2", {"extension": "own…", "own": "So"}),
        ("\n", "newline x2", {"extension": "own…", "own": "\n"}),
        ("", "no text x2", {"extension": "nothing"}),
        ("nothing", "nothing x2", {"extension": "own…", "own": "nothing"}),
        ("Wait,  no x1", "Wait, no x1 x2", {"extension": "own…", "own": "Wait,  no x1"}),
    ],
)
def test_another_word_opens_with_that_word(extension, label, parts):
    point = replace(CURVE.run.point(Setting(num_ignore=2)), setting=Setting(num_ignore=2, extension=extension))
    found = Measured("x", "x", replace(CURVE.run, points=(CURVE.run.point(LEFT_ALONE), point)), asked=CURVE.asked)
    go = questions(label, found=found)["rows"][0]["go"]
    assert parts.items() <= go.items() and ("own" in parts) == ("own" in go) and go["waits"] == "2"


def test_files_from_before_settings_were_kept_say_their_words_by_label():
    """Which the shipped ones are; the run without text once opened Compare with the words "no text"."""
    words = {"extension-none": "", "extension-hmm": "Hmm", "extension-alternatively": "Alternatively"}
    for key, word in words.items():
        assert [point.setting for point in RUNS[key].run.points] == [LEFT_ALONE, *(Setting(num_ignore=n, extension=word) for n in (1, 2, 4, 8))]
    assert [point.setting for point in RUNS["votes"].run.points] == [LEFT_ALONE, *(Setting(votes=n) for n in (1, 2, 4, 8, 16))]
    assert questions("no text x1", found=RUNS["extension-none"])["rows"][0]["go"]["extension"] == "nothing"


@pytest.mark.parametrize("extension", ["", "Hmm,\n let me"])
def test_any_extension_is_drawn_listed_and_opened(extension):
    settings = {point.setting: replace(point.setting, extension=extension) for point in CURVE.run.points}
    run = replace(
        CURVE.run,
        points=tuple(replace(point, setting=settings[point.setting]) for point in CURVE.run.points),
        differences=tuple(replace(d, setting=settings[d.setting], against=settings[d.against]) for d in CURVE.run.differences),
        ledger=tuple(replace(e, setting=settings[e.setting], after=settings[e.after]) for e in CURVE.run.ledger),
        scaling_points=tuple(settings[setting] for setting in CURVE.run.scaling_points),
    )
    assert run_from_dict(json.loads(json.dumps(run.to_dict()))) == run
    found = replace(CURVE, key="other", run=run, role=Role.EXTENSION)
    own, other = (replace(RESULTS, measured=runs) for runs in ({"curve": CURVE}, {"curve": CURVE, "other": found}))
    for kind in (ChartKind.CURVE, ChartKind.DOMAINS, ChartKind.LEDGER, ChartKind.DIFFERENCES):
        drawn, plain = draw_chart(ChartRequest(kind, "mini", runs=("other",)), other), draw_chart(ChartRequest(kind, "mini", runs=("curve",)), own)
        figures = [[[cell for cell in row if not isinstance(cell, str)] for row in chart.rows] for chart in (drawn, plain)]
        assert figures[0] == figures[1], kind
        for _, label, domain in filter(None, drawn.opens):
            listed = questions(label, found=found, domain=domain, step=kind is ChartKind.LEDGER)
            assert listed["title"].startswith(label) and "Wait" not in listed["against"]
            own_extension = {"extension": "nothing"} if extension == "" else {"extension": "own…", "own": extension}
            assert "waits" not in listed["rows"][0]["go"] or own_extension.items() <= listed["rows"][0]["go"].items()
    words = [row[1] for row in draw_chart(ChartRequest(ChartKind.EXTENSIONS, "mini"), other).rows]
    word = "no text" if extension == "" else "Hmm, let me"
    assert words == ["natural", "Wait x1", "Wait x2", f"{word} x1", f"{word} x2"]


# --- requests for a sweep ---------------------------------------------------------------------------------------------------------


def test_a_request_and_its_command_line():
    request = SweepRequest.read({"benchmark": "mini-unseen", "questions": "9", "budgets": "16, 0", "waits": "2,1,"})
    assert len(request.problems) == 9 and request.plan.budgets == (0, 16) and request.plan.waits == (1, 2) and isinstance(request.problems[0], Problem)
    assert request.command(Settings(), "s1-mini") == "python -m s1demo sweep --benchmark assets/benchmarks/mini-unseen.jsonl --limit 9 --budgets 0,16 --waits 1,2 --out run.json"
    mine = SweepRequest.read({"benchmark": "mini", "questions": 1}).command(Settings(engine="vllm", model="/secret/place/m"), "m")
    assert mine == "python -m s1demo sweep --benchmark mini --limit 1 --budgets '' --waits '' --engine vllm --model m --out run.json"


@pytest.mark.parametrize(
    "changes, complaint",
    [
        ({"benchmark": "gpqa"}, "Only the shipped benchmarks"),
        ({"benchmark": "../x"}, "Choose one of them"),
        ({"questions": "many"}, "number of questions is 'many'"),
        ({"questions": "0"}, "Ask for 1 to 1,280"),
        ({"questions": 99999}, "Ask for 1 to 1,280"),
        ({"budgets": "a few"}, "Give a number"),
        ({"budgets": "-4"}, "from 0 up"),
        ({"budgets": ",".join(["1"] * 20)}, "at most 12"),
        ({"waits": "1,99"}, "at most 8"),
        ({"waits": "1.5"}, "whole number"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        SweepRequest.read({"benchmark": "mini", "questions": "4", "budgets": "16", "waits": "1"} | changes)


@pytest.mark.parametrize(
    "progress, text",
    [
        (SweepProgress("k", 0, 48, 0, 0.0, 0, 0, ""), "0 of 48 questions"),
        (SweepProgress("k", 24, 48, 4, 10.0, 3000, 1, ""), "24 of 48 questions · 4 kept from before · this run: 2.0 questions/s, 300 tokens/s · about 12 s left"),
        (SweepProgress("k", 43, 48, 40, 10.0, 3000, 1, ""), "43 of 48 questions · 40 kept from before"),
        (SweepProgress("k", 48, 48, 46, 4.0, 600, 1, "", True), "48 of 48 questions · 46 kept from before · this run: 0.5 questions/s, 150 tokens/s · finished"),
        (SweepProgress("k", 48, 48, 48, 0.1, 0, 1, "", True), "48 of 48 questions · all kept from before · finished"),
    ],
)
def test_progress_in_words(progress, text):
    assert progress_text(progress) == text
