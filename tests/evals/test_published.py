"""The published table of metrics comes out of the published points, but for two rows."""

from __future__ import annotations

import json

import pytest

from s1demo.evals.metrics import control, performance, scaling
from s1demo.evals.published import load_published
from tests.conftest import SHARED_DATA

NOT_REPRODUCED = {"TCC": -23.45, "RS": -28.62}  # printed: -24 and -35
PUBLISHED = load_published()
SERIES = {series.method: series for series in PUBLISHED.series if series.benchmark == "AIME24"}
BENCHMARKS = ("AIME24", "MATH500", "GPQA")  # the columns of the collected reference


@pytest.mark.parametrize("row", PUBLISHED.metrics.rows, ids=lambda row: row.method)
def test_the_metric_table_is_recomputed(row):
    runs = SERIES[row.method].points
    assert control(runs) == row.control
    assert round(performance(runs), 1) == row.performance
    computed = scaling(runs)
    assert computed is not None
    if row.method in NOT_REPRODUCED:
        assert round(computed, 2) == NOT_REPRODUCED[row.method] and round(computed) != row.scaling
        assert "does not reproduce" in row.note
    else:
        assert round(computed) == row.scaling and "does not reproduce" not in row.note


def test_every_accuracy_has_its_table_or_figure():
    lists = [PUBLISHED.extension_strings, PUBLISHED.data, PUBLISHED.data_differences, PUBLISHED.sample_efficiency, PUBLISHED.waits]
    for row in [row for rows in lists for row in rows]:
        assert any(word in row.source for word in ("Table", "Figure", "visuals/")), row
        assert row.benchmark in (*BENCHMARKS, "AIME25")


def test_every_number_has_its_table_or_figure():
    assert {row.method for row in PUBLISHED.metrics.rows} == set(SERIES) > set(NOT_REPRODUCED)
    assert all("Table" in source or "Figure" in source for source in [PUBLISHED.metrics.source, *(s.source for s in PUBLISHED.series)])
    assert "2501.19393" in PUBLISHED.source


def test_the_only_unit_in_which_the_table_comes_out_is_the_doubling():
    """Per 1,000 tokens, as the formula is printed, no row does."""
    for row in PUBLISHED.metrics.rows:
        runs = sorted(SERIES[row.method].points, key=lambda run: run.thinking_tokens)
        pairs = [(a, b) for i, a in enumerate(runs) for b in runs[i + 1 :]]
        slope = sum(1000 * (b.accuracy - a.accuracy) / (b.thinking_tokens - a.thinking_tokens) for a, b in pairs) / len(pairs)
        assert round(slope) != row.scaling


@pytest.fixture(scope="module")
def reference():
    path = SHARED_DATA.parent / "reference" / "published_results.json"
    if not path.is_file():
        pytest.skip("the collected published results are not in this checkout")
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_further_curves_agree_with_the_collected_reference(reference):
    curves = {(series.method, series.benchmark): series for series in PUBLISHED.series}
    for benchmark, name in (("MATH500", "MATH500"), ("GPQA", "GPQA_Diamond")):
        series, found = curves["BF", benchmark], reference["fig1_budget_forcing_curves"][name]
        assert series.n == found["N"]
        assert [(run.thinking_tokens, run.accuracy) for run in series.points] == [(dot["avg_thinking_tokens"], dot["acc"]) for dot in found["points"]]
    votes = curves["MAJ", "GPQA"]
    found = reference["fig4b_GPQA_sequential_vs_majority"]["majority_Qwen2.5-32B-Instruct_T1"]
    assert [(p.label, p.thinking_tokens, p.accuracy) for p in votes.points] == [
        (f"maj@{dot['k']}", round(dot["tokens"] / votes.n, 1), dot["acc"]) for dot in found
    ]


def test_the_ablations_agree_with_the_collected_reference(reference):
    def table(rows):
        return {(row.label, row.benchmark): row.accuracy for row in rows}

    strings, data = reference["extrapolation_string_ablation"]["rows"], reference["data_ablation"]["rows"]
    assert table(PUBLISHED.extension_strings) == {(name, b): v for name, row in strings.items() for b, v in zip(BENCHMARKS, row, strict=True)}
    assert table(PUBLISHED.data) == {(name, b): v for name, row in data.items() for b, v in zip(BENCHMARKS, row["acc"], strict=True)}
    assert {(d.label, d.benchmark): (d.points, list(d.interval)) for d in PUBLISHED.data_differences} == {
        (name, b): (round(v - own, 1), ends)
        for name, row in data.items()
        if row["ci"]
        for b, v, own, ends in zip(BENCHMARKS, row["acc"], data["s1K"]["acc"], row["ci"], strict=True)
    }
    assert {row.label: [row.examples or "N/A", row.accuracy] for row in PUBLISHED.sample_efficiency} == reference["fig2_sample_efficiency_scatter"]["points"]


def test_the_models_with_waits_agree_with_the_collected_reference(reference):
    names = {"s1-32B": "s1", "s1.1-32B": "s1.1"}
    columns, rows = reference["s1_1_appendix_A"]["columns"], reference["s1_1_appendix_A"]["rows"]
    assert len(PUBLISHED.waits) == 4 * sum(row.startswith(("s1 ", "s1.1 ")) for row in rows)
    for row in PUBLISHED.waits:
        kind = "w/o BF" if row.label == "natural" else f"BF {row.label}"
        assert rows[f"{names[row.model]} {kind}"][columns.index(row.benchmark.replace("GPQA", "GPQA_Diamond"))] == row.accuracy


def test_the_asset_agrees_with_the_collected_reference(reference):
    table = reference["method_ablation_AIME24"]["rows"]
    assert {row.method: [row.control, row.scaling, row.performance, row.runs] for row in PUBLISHED.metrics.rows} == table
    for name, kind in (("TCC", "no_intervention"), ("TCC+BF", "with_BF")):
        rows = reference["token_conditional_AIME24"][kind]
        assert [run.thinking_tokens for run in SERIES[name].points] == rows["thinking_tokens"]
        assert [run.accuracy for run in SERIES[name].points] == rows["acc"]
    dots = reference["fig1_budget_forcing_curves"]["AIME24"]["points"]
    assert [(run.thinking_tokens, run.accuracy) for run in SERIES["BF"].points] == [(dot["avg_thinking_tokens"], dot["acc"]) for dot in dots]
    dots = reference["fig6_rejection_sampling_AIME24"]["points"]
    assert [(run.at_most, run.thinking_tokens, run.accuracy) for run in SERIES["RS"].points] == [
        (dot["max_thinking"], dot["avg_thinking_tokens"], dot["acc"]) for dot in dots
    ]
