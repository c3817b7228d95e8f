"""A sweep's one pass gives what independent runs give, and survives being killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.errors import InputError
from s1demo.evals.benchmarks import Problem
from s1demo.evals.provenance import Provenance, model_digest
from s1demo.evals.results import read_run
from s1demo.evals.setting import LEFT_ALONE, Setting, run_of
from s1demo.evals.summary import report, summarise
from s1demo.evals.sweep import SweepPlan, decode_question, finished_questions, open_journal, sweep
from s1demo.events import SamplingParams
from s1demo.grading import Outcome, grade
from s1demo.settings import EMBEDDED_MODEL
from tests.cli.test_cli import ROOT, s1demo
from tests.drivers import trace_of, traces_of
from tests.engines.test_local import QUESTIONS

PLAN = SweepPlan(budgets=(0, 1, 9, 16, 33, 64, 128), waits=(1, 2, 4, 6))
HOT = SamplingParams(temperature=0.9, seed=11)
SOURCE = Provenance("s1-mini", "digest", "test", "digest", "command", {})
PROBLEMS = [
    Problem("How many r in raspberry?", "3", "letters", "trained"),
    Problem("What is 27+48+36+9?", "120", "addition", "trained"),
    Problem("Which is larger, 9.11 or 9.8?", "9.8", "decimals", "unseen"),
    Problem("What is 23 times 47?", "1081", "products", "trained"),
    Problem("How many e in nevertheless?", "4", "letters", "unseen"),
    Problem("What is 12 times 9?", "108", "products", "trained"),
]


def same(trace, alone):
    """Everything but thinking text and times."""
    names = ["prompt_ids", "token_ids", "phases", "origins", "answer_text", "answer", "delimiter_text", "waits_used", "wait_positions", "end_of_thinking", "finish_reason", "thinking_budget"]
    return all(getattr(trace, name) == getattr(alone, name) for name in names)


def swept(engine, questions, policies, sampling=SamplingParams()):
    """All questions at once, as a sweep has them."""

    async def gather():
        return await asyncio.gather(*(decode_question(engine, question, policies, sampling) for question in questions))

    return asyncio.run(gather())


@pytest.mark.parametrize(
    "questions, policies, sampling",
    [
        (QUESTIONS[:8], PLAN.policies(), SamplingParams()),
        (QUESTIONS[4:8], SweepPlan((20,), (1, 3), extension="Hmm").policies(), SamplingParams()),
        (QUESTIONS[:4], PLAN.policies(), HOT),
        pytest.param(
            *(QUESTIONS[8:9], {"a": BudgetPolicy(60, 3), "b": BudgetPolicy(90, 1), "c": BudgetPolicy(AUTO, 400), "d": BudgetPolicy(AUTO, 390)}, SamplingParams()),
            marks=pytest.mark.slow,  # four whole contexts
        ),
    ],
    ids=["greedy", "another extension", "sampled", "the context is the limit"],
)
def test_the_shared_trunk_changes_no_id(engine, questions, policies, sampling):
    different = []
    alone = iter(traces_of(engine, [(question, policy, sampling) for question in questions for policy in policies.values()]))
    for question, (traces, engine_tokens) in zip(questions, swept(engine, questions, policies, sampling), strict=True):
        different += [(question, label) for label in policies if not same(traces[label], next(alone))]
        assert engine_tokens < sum(trace.sampled_tokens for trace in traces.values())
    assert not different


def test_plans():
    plan = SweepPlan(budgets=(64, 16, 16), waits=(2, 0, 1))
    assert [setting.label for setting in plan.policies()] == ["budget 16", "budget 64", "natural", "Wait x1", "Wait x2"]
    assert [setting.label for setting in SweepPlan(waits=(1,), extension="Hmm,\n let").policies()] == ["natural", "Hmm, let x1"]
    votes = SweepPlan(samples=6, temperature=0.8)
    assert list(votes.policies()) == [LEFT_ALONE] and [(setting.label, setting.votes) for setting in votes.votes()] == [("maj@1", 1), ("maj@2", 2), ("maj@4", 4), ("maj@6", 6)]
    assert SweepPlan(samples=16, temperature=1).votes() == tuple(Setting(votes=k) for k in (1, 2, 4, 8, 16))
    assert votes.sampling(3) == SamplingParams(), "the natural run beside votes stays greedy"
    seeds = {SweepPlan(samples=6, temperature=0.8, seed=s).sampling(i, n).seed for s in range(3) for i in range(20) for n in range(1, 7)}
    assert len(seeds) == 3 * 20 * 6, "no two samples share their random numbers"
    assert PLAN.sampling(5) == SamplingParams() and PLAN.votes() == ()


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"samples": 0}, "from 1 up"),
        ({"samples": 4}, "Raise --temperature"),
        ({"samples": 4, "temperature": 1, "waits": (1,)}, "sweep them separately"),
        ({"temperature": -1}, "temperature"),
        ({"seed": -1}, "seed"),
        ({"budgets": (-1,)}, "from 0 up"),
        ({"waits": (-1,)}, "from 0 up"),
    ],
)
def test_impossible_plans_are_refused(options, complaint):
    with pytest.raises(InputError, match=complaint):
        SweepPlan(**options)


def run_sweep(engine, tmp_path, plan, problems=PROBLEMS, name="run"):
    with open_journal(tmp_path / f"{name}.traces.jsonl", {"name": name}) as journal:
        asyncio.run(sweep(engine, problems, plan, journal))
    return list(finished_questions(journal.path)), summarise(finished_questions(journal.path), plan, SOURCE)


def test_the_result_is_what_independent_runs_would_give(engine, tmp_path):
    plan = SweepPlan((0, 16, 64), (1, 2, 4))
    records, result = run_sweep(engine, tmp_path, plan)
    assert len(records) == result.n == len(PROBLEMS) and result.provenance == "measured"
    independent = 0
    for setting, policy in plan.policies().items():
        traces = traces_of(engine, [(problem.question, policy, SamplingParams()) for problem in PROBLEMS])
        right = [grade(trace.answer, problem.answer) is Outcome.CORRECT for trace, problem in zip(traces, PROBLEMS, strict=True)]
        independent += sum(trace.sampled_tokens for trace in traces)
        point = result.point(setting)
        assert (point.correct, point.n) == (sum(right), 6) and point.accuracy == round(100 * sum(right) / 6, 2)
        assert point.mean_thinking_tokens == round(sum(trace.thinking_tokens for trace in traces) / 6, 2)
        assert point.mean_answer_tokens == round(sum(trace.answer_tokens for trace in traces) / 6, 2)
        assert sum(point.outcomes.values()) == sum(point.ended.values()) == 6
        assert {name: group.n for name, group in point.domains.items()} == {"addition": 1, "decimals": 1, "letters": 2, "products": 2}
        assert {name: group.n for name, group in point.phrasings.items()} == {"trained": 4, "unseen": 2}
    assert result.independent_tokens == independent > 2 * result.engine_tokens
    assert result.point(Setting(16)).setting.max_thinking_tokens == 16 and result.point(Setting(num_ignore=2)).setting.num_ignore == 2
    assert [(d.setting.label, d.against.label) for d in result.differences] == [("Wait x1", "natural"), ("Wait x2", "natural"), ("Wait x4", "natural"), ("Wait x2", "Wait x1")]
    assert [(e.after.label, e.setting.label) for e in result.ledger] == [("natural", "Wait x1"), ("Wait x1", "Wait x2"), ("Wait x2", "Wait x4")]
    for step in result.ledger:
        assert step.wrong_to_right - step.right_to_wrong == result.point(step.setting).correct - result.point(step.after).correct
    assert result.control == 100 and result.performance == max(point.accuracy for point in result.points)
    assert set(result.scaling_points) <= {point.setting for point in result.points} - {Setting(0)}
    assert "Wait x4" in report(result)


def test_the_journal_holds_every_id(engine, tmp_path):
    plan = SweepPlan((9,), (2,))
    records, _ = run_sweep(engine, tmp_path, plan)
    policies = plan.policies()
    alone = iter(traces_of(engine, [(record["question"], policy, SamplingParams()) for record in records for policy in policies.values()]))
    for record in records:
        for label in policies:
            run, trace = run_of(record, label), next(alone)
            thinking = record["thinking_ids"][: run["thinking_tokens"]]
            ids = [token_id for token_id, phase in zip(trace.token_ids, trace.phases, strict=True) if phase != "delimiter"]
            assert thinking + run["answer_ids"] == ids
            assert (run["answer"], run["end_of_thinking"], run["wait_positions"]) == (trace.answer, trace.end_of_thinking, trace.wait_positions)
        assert record["thinking"] == trace.thinking_text, "the last policy is the longest"


def test_votes(engine, tmp_path):
    plan = SweepPlan(samples=5, temperature=1.2)
    records, result = run_sweep(engine, tmp_path, plan, PROBLEMS[:4])
    assert [point.label for point in result.points] == ["natural", "maj@1", "maj@2", "maj@4", "maj@5"]
    natural, one, two, _, five = result.points
    assert natural.temperature == 0 and natural.setting == LEFT_ALONE
    assert (five.setting.votes, five.temperature, five.n) == (5, 1.2, 4) and sum(five.ended.values()) == 20
    assert one.mean_thinking_tokens < two.mean_thinking_tokens < five.mean_thinking_tokens
    total = sum(record["runs"][f"sample {n}"]["thinking_tokens"] for record in records for n in range(1, 6))
    assert five.mean_thinking_tokens == round(total / 4, 2), "tokens are summed over the votes"
    assert two.correct == one.correct, "a tie goes to the answer seen first"
    for record in records:
        sample = run_of(record, LEFT_ALONE, 2)
        assert sample is record["runs"]["sample 2"]
        alone = trace_of(engine, record["question"], BudgetPolicy(), plan.sampling(record["index"], 2))
        assert sample["answer_text"] == alone.answer_text and sample["thinking_tokens"] == alone.thinking_tokens
    assert result.control is None and LEFT_ALONE not in result.scaling_points
    assert len({record["runs"][f"sample {n}"]["answer_text"] for record in records for n in range(1, 6)}) > len(records), "samples differ"
    again, _ = run_sweep(engine, tmp_path, plan, PROBLEMS[:4], "again")
    assert sorted(again, key=lambda record: record["index"]) == sorted(records, key=lambda record: record["index"])


def test_a_question_that_does_not_fit_is_refused_before_anything_is_decoded(engine, tmp_path):
    fed = engine.decoder.tokens_fed
    for plan, problems in [(SweepPlan((16, 5000)), PROBLEMS), (SweepPlan(), [*PROBLEMS, Problem("why? " * 5000, "1")])]:
        with pytest.raises(InputError, match=r"Question \d+ of the benchmark"):
            run_sweep(engine, tmp_path, plan, problems)
    assert engine.decoder.tokens_fed == fed and not list(tmp_path.iterdir())


def test_an_interrupted_sweep_goes_on_where_it_was(engine, tmp_path):
    plan, finished = SweepPlan((16,), (1,)), []
    path = tmp_path / "run.traces.jsonl"

    def stop_after_three(record):
        finished.append(record["index"])
        if len(finished) == 3:
            raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError, match="plug"), open_journal(path, {}) as journal:
        asyncio.run(sweep(engine, PROBLEMS, plan, journal, stop_after_three, max_concurrent=2))
    assert engine.active_requests == 0
    kept = path.read_bytes()
    path.write_bytes(kept + b'{"index": 5, "question": "torn')
    with open_journal(path, {}) as journal:
        assert journal.done == set(finished) and path.read_bytes() == kept
        asyncio.run(sweep(engine, PROBLEMS, plan, journal))
    assert path.read_bytes().startswith(kept)
    _, whole = run_sweep(engine, tmp_path, plan, name="whole")
    assert summarise(finished_questions(path), plan, SOURCE) == whole
    fed = engine.decoder.tokens_fed
    with open_journal(path, {}) as journal:
        asyncio.run(sweep(engine, PROBLEMS, plan, journal))
    assert engine.decoder.tokens_fed == fed, "a finished sweep decodes nothing"


SWEEP = ["sweep", "--budgets", "0,9,16", "--waits", "1,2", "--seed", "3"]


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps({"question": q, "answer": "3", "domain": q.split()[1]}) + "\n" for q in QUESTIONS[:10]))
    return path


def test_a_killed_sweep_goes_on_and_gives_the_same_result(questions, tmp_path):
    arguments = [*SWEEP, "--benchmark", str(questions), "--out"]
    killed, whole = tmp_path / "killed.json", tmp_path / "whole.json"
    journal = tmp_path / "killed.traces.jsonl"
    process = subprocess.Popen([sys.executable, "-m", "s1demo", *arguments, str(killed)], cwd=ROOT, env={**os.environ, "S1_MAX_CONCURRENT_REQUESTS": "2"}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.perf_counter() + 100
    while (not journal.exists() or journal.read_bytes().count(b"\n") < 4) and time.perf_counter() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = journal.read_bytes()
    assert 4 <= kept.count(b"\n") < 11 and not killed.exists()
    journal.write_bytes(kept + b'{"index": 9, "torn')

    refused = s1demo(*arguments, str(killed), "--extension", "Hmm")
    assert refused.returncode == 2 and "extension was Wait, now it is Hmm" in refused.stderr and refused.stderr.count("\n") == 1

    done = s1demo(*arguments, str(killed))
    assert done.returncode == 0, done.stderr
    assert "going on with" in done.stderr and "tokens/s" in done.stderr
    assert journal.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])
    once = s1demo(*arguments, str(whole), "--json")
    assert once.returncode == 0, once.stderr
    assert json.loads(once.stdout) == json.loads(whole.read_text())
    resumed, uninterrupted = (read_run(path).to_dict() for path in (killed, whole))
    assert resumed.pop("command").endswith("killed.json") and uninterrupted.pop("command").startswith("python -m s1demo sweep --budgets 0,9,16")
    assert resumed == uninterrupted
    assert resumed["n"] == 10 and resumed["benchmark"] == "questions.jsonl"
    assert resumed["versions"]["torch"] and resumed["model_digest"].startswith("sha256:")


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--benchmark", "nonsense", "--out", "{}/a.json"], "Unknown benchmark"),
        (["--benchmark", "mini"], "--out"),
        (["--benchmark", "mini", "--out", "{}/a.jsonl"], "ends in .json"),
        (["--benchmark", "mini", "--out", "{}/a.json", "--limit", "0"], "at least 1"),
        (["--benchmark", "mini", "--out", "{}/a.json", "--budgets", "16,many"], "not a whole number"),
        (["--benchmark", "mini", "--out", "{}/a.json", "--samples", "4"], "Raise --temperature"),
        (["--benchmark", "mini", "--out", "{}/a.json", "--samples", "4", "--temperature", "1", "--waits", "1"], "separately"),
        (["--benchmark", "mini", "--out", "{}/a.json", "--budgets", "9999"], "Ask for at most"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, complaint):
    done = s1demo("sweep", *(argument.format(tmp_path) for argument in arguments))
    assert done.returncode == 2 and complaint in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == "" and not list(tmp_path.iterdir())


def test_a_files_digest_changes_with_the_model(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    first = model_digest(str(tmp_path))
    assert first == model_digest(str(tmp_path)) != model_digest(EMBEDDED_MODEL)
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    assert model_digest(str(tmp_path)) != first
    assert model_digest("owner/name") == "owner/name"
