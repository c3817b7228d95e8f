"""The figures: what is measured and what is published stay apart, every hover says whose number it is, and labels show as they are."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import pytest

from s1demo.errors import InputError
from s1demo.evals.benchmarks import distinct_benchmarks
from s1demo.evals.metrics import wilson
from s1demo.evals.published import PublishedPoint, PublishedSeries, load_published
from s1demo.evals.results import Difference, Exchange, Group, Point, RunResult
from s1demo.evals.setting import LEFT_ALONE, ONE_WAIT, Setting
from s1demo.plots import accuracy
from s1demo.plots.breakdown import domains_figure, ledger_figure
from s1demo.plots.comparisons import (
    AccuracyRow,
    DifferenceRow,
    ablation_figure,
    difference_figure,
    difference_rows,
    sample_efficiency_figure,
)
from s1demo.plots.dots import XAxis
from s1demo.plots.log_axis import LogAxis, gap_after_zero
from s1demo.plots.metrics_table import HEADER, measured_row, published_rows
from s1demo.plots.style import Attribution, Palette, hover, shown, text_alternative
from s1demo.ui.page.theme import DARK, LIGHT

PALETTE = Palette.of(LIGHT)
PUBLISHED = load_published()
HOSTILE = "<script>alert(1)</script> <b>x</b> %{y} &lt; \u202e\n" + "y" * 2000


TWO_WAITS = Setting(num_ignore=2)


def point(setting, tokens, correct, *, n=40, domains=()):
    groups = {name: Group(10, right, 10.0 * right, tokens) for name, right in domains}
    low, high = wilson(correct, n)
    verdicts = "c" * correct + "i" * (n - correct)
    return Point(
        setting, 0.0, tokens, 5.0, correct, n, 100 * correct / n, (low, high), {"correct": correct, "incorrect": n - correct}, verdicts, {"natural": n}, groups
    )


POINTS = (
    point(Setting(0), 0.0, 10, domains=[("letters", 1), ("sums", 2)]),
    point(Setting(16), 16.0, 18, domains=[("letters", 3), ("sums", 4)]),
    point(Setting(32), 30.5, 25, domains=[("letters", 5), ("sums", 6)]),
    point(LEFT_ALONE, 43.0, 33, domains=[("letters", 7), ("sums", 8)]),
    point(ONE_WAIT, 90.0, 38, domains=[("letters", 9), ("sums", 10)]),
    point(TWO_WAITS, 140.0, 37, domains=[("letters", 9), ("sums", 9)]),
)


def run(points=POINTS, **changes):
    made = RunResult(
        model="s1-mini",
        model_digest="sha256:0",
        benchmark="aime24",
        questions_sha256="0",
        n=40,
        points=tuple(points),
        differences=(Difference(ONE_WAIT, LEFT_ALONE, 12.5, (2.5, 22.5)), Difference(TWO_WAITS, LEFT_ALONE, 10.0, (-1.0, 20.0))),
        control=100.0,
        scaling=7.25,
        performance=95.0,
        scaling_points=tuple(p.setting for p in points),
        ledger=(Exchange(ONE_WAIT, LEFT_ALONE, 7, 2), Exchange(TWO_WAITS, ONE_WAIT, 0, 1)),
        engine_tokens=1,
        independent_tokens=2,
        command="python -m s1demo sweep --benchmark aime24",
        versions={},
    )
    return replace(made, **changes)


def accuracy_figure(runs, *args, names=None, **options):
    """Runs called by their models unless they are given names."""
    return accuracy.accuracy_figure(runs, *args, names=names or {key: run.model for key, run in runs.items()}, **options)


def traces(figure, attribution=None):
    found = figure.to_plotly_json()["data"]
    return [t for t in found if attribution is None or t.get("meta", {}).get("attribution") == attribution]


def named(figure, name):
    """The first trace of a name; measured ones come first, and a published one may be called the same in its own group."""
    return next(t for t in traces(figure) if t["name"] == name)


def marked(trace):
    """Positions of the points that are drawn as markers, not only joined."""
    return [n for n, size in enumerate(trace["marker"]["size"]) if size]


def all_figures(palette=PALETTE, narrow=False, label=lambda text: text):
    def called(setting):
        return replace(setting, extension=label(setting.extension))

    r = run([replace(p, setting=called(p.setting), domains={label(name): g for name, g in p.domains.items()}) for p in POINTS], model=label("s1-mini"), command=label("python -m s1demo sweep"))
    r = replace(r, ledger=tuple(replace(e, setting=called(e.setting), after=called(e.after)) for e in r.ledger))
    series = replace(PUBLISHED.series[0], name=label("budget forcing"), source=label("Figure 1"))
    rows = [AccuracyRow(label(name), accuracy, "MATH500", whose, label("Table 1"), (80, 95), n=500, examples=examples) for name, accuracy, whose, examples in (("s1", 93.0, Attribution.PUBLISHED, 1000), ("o1", 94.8, Attribution.PUBLISHED, None), ("mini", 90.0, Attribution.MEASURED, 1000))]
    differences = [DifferenceRow(label("a"), 5, "MATH500", Attribution.MEASURED, label("command"), (1, 9), against=label("b"))]
    return {
        "accuracy": accuracy_figure({label("run"): r}, [series], "aime24", palette, narrow=narrow),
        "samples": sample_efficiency_figure(rows, "MATH500", palette, narrow=narrow),
        "ablation": ablation_figure(rows, "MATH500", palette, narrow=narrow),
        "differences": difference_figure(differences, "MATH500", palette, narrow=narrow),
        "ledger": ledger_figure("run", r, palette, narrow=narrow),
        "domains": domains_figure("run", r, palette, narrow=narrow),
    }


# --- accuracy against thinking ---------------------------------------------------------------------------------------------


def test_measured_series_are_solid_and_joined_as_they_should_be():
    figure = accuracy_figure({"r": run()}, [], "aime24", PALETTE)
    budgets, natural, waits = named(figure, "budgets"), named(figure, "natural"), named(figure, "Waits")
    assert len(traces(figure)) == 3
    assert budgets["x"] == [8.0, None, 16.0, 30.5, 43.0] and marked(budgets) == [0, 2, 3], "0 stands apart; the line leads to natural"
    assert waits["x"] == [43.0, 90.0, 140.0] and marked(waits) == [1, 2], "Waits start at natural, which is not marked twice"
    assert natural["x"] == [43.0] and natural["mode"] == "markers"
    for trace in (budgets, natural, waits):
        assert trace["line"]["dash"] == "solid" and "open" not in trace["marker"]["symbol"]
        assert trace["legendgroup"] == "measured" and trace["legendgrouptitle"]["text"] == "measured here"
    assert budgets["customdata"] == [["r", "budget 0"], None, ["r", "budget 16"], ["r", "budget 32"], ["r", "natural"]], "the pointer may find the end of the line first"
    assert waits["customdata"] == [["r", "natural"], ["r", "Wait x1"], ["r", "Wait x2"]] and natural["customdata"] == [["r", "natural"]]


def test_whiskers_are_the_wilson_intervals():
    trace = named(accuracy_figure({"r": run()}, [], "aime24", PALETTE), "Waits")
    ends = [(y - down, y + up) for y, up, down in zip(trace["y"], trace["error_y"]["array"], trace["error_y"]["arrayminus"], strict=True)]
    assert ends[0] == (82.5, 82.5), "natural has its whisker in its own trace"
    assert ends[1] == pytest.approx(wilson(38, 40), abs=0.01) and ends[2] == pytest.approx(wilson(37, 40), abs=0.01)
    assert trace["error_y"]["thickness"] <= 1 and trace["error_y"]["symmetric"] is False


def test_every_hover_says_whose_number_it_is():
    figure = accuracy_figure({"r": run()}, PUBLISHED.series, "AIME24", PALETTE)
    measured, published = traces(figure, "measured"), traces(figure, "published")
    assert len(measured) + len(published) == len(traces(figure)) and measured and published
    for trace in measured:
        assert trace["meta"]["source"] == "python -m s1demo sweep --benchmark aime24", "told below the plot: it is too long for a hover"
        for n in marked(trace):
            assert all(part in trace["hovertext"][n] for part in ("measured here", "s1-mini", "n = 40"))
            assert "published" not in trace["hovertext"][n]
    for trace in published:
        assert "customdata" not in trace and trace["legendgrouptitle"]["text"] == "published (paper)"
        assert trace["marker"]["symbol"].endswith("-open") and trace["line"]["dash"] == "dash"
        for n in marked(trace):
            assert re.search(r"Source: .*(Table|Figure) \d+", trace["hovertext"][n].replace("<br>", " "))
            assert "published (paper)" in trace["hovertext"][n] and "measured here" not in trace["hovertext"][n]
    drawn = [trace["hovertext"][n] for trace in published for n in marked(trace)]
    assert len(drawn) == len(set(drawn)) == sum(len(series.points) for series in PUBLISHED.series if series.benchmark == "AIME24"), "each published point once"


def test_the_paper_s_curve_is_drawn_like_ours():
    figure = accuracy_figure({}, PUBLISHED.series[:1], "AIME24", PALETTE)
    assert [t["name"] for t in traces(figure)] == ["budgets", "natural", "Waits"]
    assert named(figure, "Waits")["x"] == [5300.2, 6656.8, 7319.5]
    assert named(figure, "Waits")["error_y"]["array"][1] > 10
    crowded = accuracy_figure({}, PUBLISHED.series, "AIME24", PALETTE)
    assert set(named(crowded, "Waits")["error_y"]["array"]) == {0}, "no room for whiskers"
    assert "95 % interval 36.1 to 69.8 %, ours, from n" in named(figure, "Waits")["hovertext"][1].replace("<br>", " ")


def test_a_method_whose_points_go_back_and_forth_is_not_joined():
    figure = accuracy_figure({}, PUBLISHED.series, "AIME24", PALETTE)
    assert named(figure, "token-conditional control")["mode"] == "markers"
    assert named(figure, "token-conditional control<br>with budget forcing")["mode"] == "lines+markers"
    assert named(figure, "rejection sampling")["mode"] == "lines+markers"


def test_runs_models_and_benchmarks_are_never_joined():
    other = run(model="s1.1-32B", command="another")
    figure = accuracy_figure({"a": run(), "b": other, "c": run(benchmark="math500")}, [], "AIME24", PALETTE)
    for trace in traces(figure):
        assert len({data[0] for data in trace["customdata"] if data}) == 1
    assert {t["line"]["dash"] for t in traces(figure) if t["name"].startswith("s1-mini")} == {"solid"}
    assert named(figure, "s1.1-32B: budgets")["line"]["dash"] != "solid", "two runs of one kind differ by more than their place"
    assert {t["name"] for t in traces(figure)} == {f"{model}: {kind}" for model in ("s1-mini", "s1.1-32B") for kind in ("budgets", "natural", "Waits")}
    assert {data[0] for t in traces(figure) for data in t["customdata"] if data} == {"a", "b"}


def test_further_training_draws_are_thin_lines_behind_the_run_they_belong_to():
    runs = {"curve": run(), "draw-1": run([replace(p, accuracy=p.accuracy - 5, ci95=(0.0, 100.0)) for p in POINTS])}
    figure = accuracy_figure(runs, [], "aime24", PALETTE, names={"curve": "s1-mini", "draw-1": "another training draw (1)"}, draws=["draw-1"])
    draw, *own = traces(figure)
    assert [t["name"] for t in own] == ["budgets", "natural", "Waits"] and draw["name"] == "another training draw (1)"
    assert draw["line"]["width"] < own[0]["line"]["width"] and "error_y" not in draw
    assert draw["x"] == [8.0, None, 16.0, 30.5, 43.0, 90.0, 140.0] and draw["customdata"][1] is None
    assert [data[1] for data in draw["customdata"] if data] == [p.label for p in POINTS] and {data[0] for data in draw["customdata"] if data} == {"draw-1"}
    assert len(set(draw["marker"]["symbol"])) == 3 and "1 more training draw, measured here, is at best 90.0 %" in text_alternative(figure)
    assert draw["hoverinfo"] == "skip" and "skip" not in [t["hoverinfo"] for t in own], "the pointer finds the run's own points only"
    for alone in (["draw-1"], ["draw-1", "draw-2"]):
        figure = accuracy_figure(dict.fromkeys(alone, run()), [], "aime24", PALETTE, draws=alone)
        assert len(traces(figure)) == 3 * len(alone), "without the run they belong to they are runs like any other"


def test_one_question_is_singular():
    assert "on 1 question," in text_alternative(accuracy_figure({"r": run(n=1)}, [], "aime24", PALETTE))


def test_benchmarks_are_one_when_their_names_are():
    assert distinct_benchmarks(["aime24", "mine.jsonl", *(series.benchmark for series in PUBLISHED.series), "mine"]) == ["aime24", "mine.jsonl", "MATH500", "GPQA"]


@pytest.mark.parametrize(
    "cost, rate, x",
    [(XAxis.THINKING, None, 43.0), (XAxis.TOTAL, None, 48.0), (XAxis.SECONDS, 24.0, 2.0)],
)
def test_what_the_axis_counts(cost, rate, x):
    figure = accuracy_figure({"r": run()}, PUBLISHED.series, "aime24", PALETTE, cost=cost, tokens_per_second=rate)
    assert named(figure, "natural")["x"] == [x]
    assert bool(traces(figure, "published")) == (cost is XAxis.THINKING), "the paper gives neither answer tokens nor times"
    assert figure.layout.xaxis.title.text == cost.value


@pytest.mark.parametrize("rate", [None, 0, -1])
def test_seconds_need_a_rate(rate):
    with pytest.raises(InputError, match="rate"):
        accuracy_figure({}, [], "aime24", PALETTE, cost=XAxis.SECONDS, tokens_per_second=rate)


def test_votes_and_rejection_are_series_of_their_own():
    votes = [point(Setting(votes=k), 40.0 * k, 30 + k) for k in (1, 2, 4)]
    rejection = next(series for series in PUBLISHED.series if series.method == "RS")
    figure = accuracy_figure({"r": run([POINTS[3], *votes])}, [rejection], "aime24", PALETTE)
    assert [trace["name"] for trace in traces(figure)] == ["majority votes", "rejection sampling"], "the greedy run is no vote"
    assert named(figure, "majority votes")["x"] == [40.0, 80.0, 160.0]
    assert named(figure, "rejection sampling")["x"] == [dot.thinking_tokens for dot in rejection.points]
    assert "all 4 votes together" in named(figure, "majority votes")["hovertext"][2].replace("<br>", " ")


@pytest.mark.parametrize("points", [POINTS[3:4], POINTS[:1], POINTS[:3], POINTS[3:], POINTS[4:5]], ids=["natural", "only 0", "budgets", "Waits", "one Wait"])
def test_missing_pieces(points):
    figure = accuracy_figure({"r": run(points)}, [], "aime24", PALETTE)
    assert sum(len(marked(t)) for t in traces(figure)) == len(points)
    assert all(x is None or (x > 0 and math.isfinite(x)) for t in traces(figure) for x in t["x"])
    assert points[0].label in text_alternative(figure)


def test_nothing_says_what_to_do():
    figure = accuracy_figure({"r": run()}, [], "math500", PALETTE)
    assert not traces(figure) and "Run a sweep" in figure.layout.annotations[0].text and "Run a sweep" in text_alternative(figure)


def test_the_ends_of_the_first_run_are_named_beside_them():
    def labels(figure):
        return {note.text: (round(10**note.x, 1), note.y) for note in figure.layout.annotations}

    figure = accuracy_figure({"a": run(), "b": run(model="other")}, PUBLISHED.series, "aime24", PALETTE)
    assert labels(figure) == {"budget 0": (8.0, 25.0), "natural": (43.0, 82.5), "Wait x1": (90.0, 95.0), "Wait x2": (140.0, 92.5)}
    narrow = accuracy_figure({"a": run()}, [], "aime24", PALETTE, narrow=True)
    assert list(labels(narrow)) == ["budget 0", "natural", "Wait x2"], "no room for both"
    assert list(labels(accuracy_figure({}, PUBLISHED.series, "AIME24", PALETTE))) == ["budget 500", "natural", "Wait x4"]


def test_what_is_measured_now_has_a_group_of_its_own():
    figure = accuracy_figure({"a": run(), "b": run(command="python -m s1demo sweep --limit 9")}, PUBLISHED.series[:1], "aime24", PALETTE, names={"a": "s1-mini", "b": "s1-mini, 40 questions"}, now=("b",))
    now, before, published = (traces(figure, name) for name in ("now", "measured", "published"))
    assert now and len(now) == len(before) and {t["legendgrouptitle"]["text"] for t in now} == {"measured here now"}
    assert {data[0] for t in now for data in t["customdata"] if data} == {"b"} and all("--limit 9" in t["meta"]["source"] for t in now)
    assert all("measured here now" not in text for t in [*before, *published] for text in t["hovertext"])
    assert {t["line"]["dash"] for t in before} == {"solid"} and {t["line"]["dash"] for t in now} == {"dot"}
    assert "measured here now on 40 questions" in text_alternative(figure)
    for other in (ledger_figure("b", run(), PALETTE, attribution=Attribution.NOW), domains_figure("b", run(), PALETTE, attribution=Attribution.NOW)):
        assert traces(other, "now") and not traces(other, "measured") and "measured here now" in text_alternative(other)
    difference = difference_figure(difference_rows("r", run(), Attribution.NOW), "aime24", PALETTE)
    assert traces(difference, "now")[0]["meta"]["source"][0].startswith("s1-mini: python")
    assert [measured_row(run(), "s1-mini", whose)[0] for whose in (Attribution.NOW, Attribution.MEASURED)] == ["measured here now", "measured here"]


# --- the log axis ----------------------------------------------------------------------------------------------------------


def test_costs_of_a_very_fast_engine_have_a_place_on_the_axis():
    scale = LogAxis.around([0, 1e-6, 2e-4])
    assert 0 < scale.place(0) < scale.place(1e-6) < scale.place(2e-4)


def test_ticks_are_powers_of_two_and_zero_has_a_place_of_its_own():
    scale = LogAxis.around([0, 16, 140])
    axis = scale.layout(PALETTE, "tokens", narrow=False)
    assert list(zip(axis["tickvals"], axis["ticktext"], strict=True)) == [(8.0, "0"), (16.0, "16"), (32.0, "32"), (64.0, "64"), (128.0, "128"), (256.0, "256")]
    assert scale.place(0) == 8.0 and scale.place(16) == 16
    (line,) = scale.breaks(PALETTE)
    assert 8 < line["x0"] == line["x1"] < 16
    assert 10 ** axis["range"][0] < 8 and 10 ** axis["range"][1] > 256
    assert LogAxis.around([16, 140]).breaks(PALETTE) == [] and LogAxis.around([16, 140]).layout(PALETTE, "", False)["ticktext"][0] == "16"


@pytest.mark.parametrize("values", [[], [0], [0, 0], [1], [0.1, 0.3], [16, 16], [1, 2**20]])
@pytest.mark.parametrize("narrow", [False, True])
def test_any_axis_holds_its_values(values, narrow):
    scale = LogAxis.around(values)
    axis = scale.layout(PALETTE, "", narrow)
    left, right = (10**end for end in axis["range"])
    assert all(left < scale.place(value) < right for value in values)
    assert len(axis["tickvals"]) <= (6 if narrow else 10) and len(set(axis["ticktext"])) == len(axis["ticktext"]) >= 2


@pytest.mark.parametrize("values, cut", [([], None), ([0], None), ([1, 2], None), ([0, 1], 1), ([0, 0, 4, 8], 2)])
def test_a_line_breaks_after_zero(values, cut):
    assert gap_after_zero(values) == cut


# --- comparisons, breakdowns, the table --------------------------------------------------------------------------------------


def test_settings_of_one_row_differ_by_symbol_and_are_named_in_the_legend():
    rows = [AccuracyRow("random", 80.0 + n, "mini", Attribution.MEASURED, "command", n=480, setting=setting, note="+1.0 points") for n, setting in enumerate((LEFT_ALONE, ONE_WAIT))]
    natural, wait = traces(ablation_figure(rows, "mini", PALETTE))
    assert natural["y"] == wait["y"] == [0] and (natural["marker"]["symbol"], wait["marker"]["symbol"]) == (["square"], ["triangle-up"])
    assert [natural["name"], wait["name"]] == ["natural", "Wait x1"] and natural["legendgrouptitle"]["text"] == "measured here"
    assert "random, Wait x1: 81.0 %" in wait["hovertext"][0] and "+1.0 points" in wait["hovertext"][0]


def test_comparisons_keep_attribution_apart():
    rows = [
        AccuracyRow("s1", 93.0, "MATH500", Attribution.PUBLISHED, "Figure 2", examples=1000),
        AccuracyRow("o1", 94.8, "MATH500", Attribution.PUBLISHED, "Figure 2"),
        AccuracyRow("s1", 90.0, "MATH500", Attribution.MEASURED, "python -m training", n=500, interval=(87.0, 92.3), examples=1000),
        AccuracyRow("s1", 1.0, "AIME24", Attribution.MEASURED, "python -m training"),
    ]
    scatter, ablation = sample_efficiency_figure(rows, "MATH500", PALETTE), ablation_figure(rows, "MATH500", PALETTE)
    for figure, error in ((scatter, "error_y"), (ablation, "error_x")):
        measured, published = traces(figure, "measured"), traces(figure, "published")
        assert len(measured) == len(published) == 1 and set(published[0]["marker"]["symbol"]) == {"circle-open"} and set(measured[0]["marker"]["symbol"]) == {"circle"}
        assert measured[0][error]["array"] == [2.3] and published[0][error]["array"] == [0, 0], "no interval is invented"
        assert all("Source: Figure 2" in text for text in published[0]["hovertext"]) and measured[0]["meta"]["source"] == ["python -m training"]
    assert traces(scatter, "published")[0]["x"] == [1000, 100_000] and scatter.layout.xaxis.ticktext[-1] == "not told"
    assert list(ablation.layout.yaxis.ticktext) == ["s1", "o1"] and traces(ablation, "measured")[0]["y"] == traces(ablation, "published")[0]["y"][:1]


def test_differences_beyond_chance_have_a_shape():
    figure = difference_figure(difference_rows("r", run()), "aime24", PALETTE)
    (trace,) = traces(figure, "measured")
    assert trace["marker"]["symbol"] == ["triangle-up", "circle"] and trace["x"] == [12.5, 10.0]
    assert trace["error_x"]["array"] == [10.0, 10.0] and trace["error_x"]["arrayminus"] == [10.0, 11.0]
    assert "Wait x1 is +12.5 points against natural, measured here; 1 of 2 may be chance" in text_alternative(figure)


def test_the_ledger_points_up_and_down():
    figure = ledger_figure("r", run(), PALETTE)
    up, down = traces(figure, "measured")
    assert (up["y"], down["y"]) == ([7, 0], [-2, -1]) and up["text"] == ["+7", "+0"]
    assert up["customdata"] == [["r", "Wait x1"], ["r", "Wait x2"]] == down["customdata"]
    assert "net +5 questions against natural" in up["hovertext"][0] and down["marker"]["pattern"]["shape"]
    assert "natural → Wait x1 mends 7 and spoils 2" in text_alternative(figure)
    assert "Sweep with Waits" in ledger_figure("r", run(ledger=()), PALETTE).layout.annotations[0].text


def test_domains_share_their_axes():
    figure = domains_figure("r", run(), PALETTE)
    assert [t["name"] for t in traces(figure, "measured")] == ["letters", "sums"]
    assert list(figure.layout.yaxis.range) == list(figure.layout.yaxis2.range)
    assert traces(figure)[0]["y"] == [10, 30, 50, 70, 90, 90] and traces(figure)[0]["customdata"][0] == ["r", "budget 0", "letters"]
    assert traces(figure)[0]["error_y"]["array"][0] == pytest.approx(wilson(1, 10)[1] - 10, abs=0.01)
    assert "does not tell" in domains_figure("r", run([replace(p, domains={}) for p in POINTS]), PALETTE).layout.annotations[0].text


def test_every_row_of_the_table_says_whose_it_is():
    def by_name(rows):
        return [dict(zip(HEADER, row, strict=True)) for row in rows]

    measured = by_name([measured_row(run(), "s1-mini"), measured_row(run(POINTS[3:4], control=None, scaling=None), "s1-mini")])
    published = by_name(published_rows(PUBLISHED))
    assert len(published) == len(PUBLISHED.metrics.rows) and {r["whose"] for r in published} == {"published (paper)"} and {r["whose"] for r in measured} == {"measured here"}
    assert all("Table 3" in r["source"] for r in published) and all(r["source"].startswith("python -m s1demo sweep") for r in measured)
    cells = measured[0]
    assert (cells["whose"], cells["Control"], cells["Scaling, points per doubling"], cells["Performance"], cells["runs"]) == ("measured here", "100 %", "+7.2", "95.0 %", "6")
    assert measured[1]["Control"] == "–" and cells["method"] == "budget forcing, s1-mini"
    elsewhere = replace(PUBLISHED, series=(replace(PUBLISHED.series[0], benchmark="MATH500"), *PUBLISHED.series))
    assert {r["benchmark"] for r in by_name(published_rows(elsewhere))} == {"AIME24"}, "the table is over one benchmark, whatever other series there are"
    paper = {r["method"]: r for r in published}["token-conditional control"]
    assert tuple(paper.values())[:7] == ("published (paper)", "token-conditional control", "AIME24", "5", "40 %", "-24", "40.0 %") and "does not reproduce" in paper["note"]


# --- all figures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_replacing_colours_by_name_restyles_every_figure(narrow):
    light, dark = all_figures(PALETTE, narrow), all_figures(Palette.of(DARK), narrow)
    for name, figure in light.items():
        text = figure.to_json()
        for colour, value in figure.layout.meta["palette"].items():
            text = text.replace(value, f"@{colour}@")
        for colour in vars(PALETTE):
            text = text.replace(f"@{colour}@", DARK[colour])
        assert json.loads(text) == json.loads(dark[name].to_json()), name


def test_figures_are_small_and_speak():
    many = run([point(Setting(2**n), 2.0**n, n, domains=[(f"domain {d}", 5) for d in range(8)]) for n in range(16)])
    large = {
        "accuracy": accuracy_figure({"a": many, "b": many}, PUBLISHED.series, "aime24", PALETTE),
        "domains": domains_figure("a", many, PALETTE),
    }
    for name, figure in {**all_figures(), **large}.items():
        size = len(figure.to_json())
        assert size < 60_000, (name, size)
    for name, figure in all_figures().items():
        text = text_alternative(figure)
        assert name == "domains" or figure.layout.showlegend is True, name
        assert 20 < len(text) < 700 and text.endswith(".") and "None" not in text, name


def test_narrow_figures_keep_the_width_for_the_plot():
    wide, narrow = all_figures()["accuracy"], all_figures(narrow=True)["accuracy"]
    assert narrow.layout.legend.orientation == "h" and narrow.layout.legend.y > 1 and wide.layout.legend.orientation is None
    assert narrow.layout.font.size < wide.layout.font.size and narrow.layout.width is None is wide.layout.width
    assert len(narrow.layout.xaxis.tickvals) <= len(wide.layout.xaxis.tickvals)


def test_hostile_labels_show_as_they_are():
    """Plotly draws a subset of HTML in every text; customdata is data and stays as it is."""
    for name, figure in all_figures(label=lambda text: HOSTILE + text).items():
        drawn = figure.to_plotly_json()
        for trace in drawn["data"]:
            trace.pop("customdata", None)
            trace.pop("meta")  # for the page, which sets it as text
        drawn["layout"].pop("meta")
        text = json.dumps(drawn, default=list, ensure_ascii=False)
        assert set(re.findall(r"<[^>]*>?", text)) <= {"<br>", "<b>", "</b>"}, name
        assert "<b>x" not in text and "\u202e" not in text and "y" * 500 not in text, name
        assert len(text) < 60_000 and len(text_alternative(figure)) < 1500, name
        assert "hovertemplate" not in text and "texttemplate" not in text, "templates would read %{...} in labels"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize(
    "text, drawn",
    [("a < b & c", "a &lt; b &amp; c"), ("&lt;", "&amp;lt;"), ("two\nlines\t", "two lines"), ("x" * 61, "x" * 59 + "…"), ("é✓", "é✓"), ("", "")],
)
def test_shown(text, drawn):
    assert shown(text) == drawn


def test_hovers_wrap_for_a_phone():
    lines = hover("title <b>", "word " * 40, "", "z" * 1000).split("<br>")
    assert lines[0] == "<b>title &lt;b&gt;</b>" and all(len(line) <= 60 for line in lines[1:]) and len(lines) <= 9
    assert lines[-1].endswith("…") and "" not in lines


def test_published_points_open_nothing_even_beside_measured_ones():
    series = PublishedSeries("BF", "budget forcing", "aime24", 30, "Figure 1", (PublishedPoint(label="natural", thinking_tokens=43.0, accuracy=82.5, setting=LEFT_ALONE),))
    figure = accuracy_figure({"r": run()}, [series], "aime24", PALETTE)
    assert [bool(t.get("customdata")) for t in traces(figure)] == [True, True, True, False]
