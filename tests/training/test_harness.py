"""Our decoder in lm-evaluation-harness: the outcomes of our own sweep, the reference's names, and clear refusals."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.delimiters import S1, THINK_TAGS
from s1demo.errors import InputError
from s1demo.evals.benchmarks import MINI, read_problems
from s1demo.evals.sweep import SweepPlan, decode_question
from s1demo.events import SamplingParams

pytest.importorskip("lm_eval", reason="lm-evaluation-harness is optional")

from lm_eval import simple_evaluate
from lm_eval.api.instance import Instance
from lm_eval.tasks import TaskManager

from training.harness import GEN_KWARGS, TASKS, S1DemoLM, read_gen_kwargs

ROOT = Path(__file__).parents[2]
PROBLEMS = read_problems(MINI)[:8]
ONE_WAIT = {"thinking_n_ignore": 1, "thinking_n_ignore_str": "Wait"}
CONTEXT = 2048


@pytest.fixture(scope="module")
def model():
    model = S1DemoLM()
    yield model
    model.close()


@pytest.fixture(scope="module")
def sweep(engine):
    """Our own traces of the same questions, with and without a Wait."""
    policies = {setting.label: policy for setting, policy in SweepPlan(waits=(1,)).policies().items()}

    async def decode():
        return [(await decode_question(engine, problem.question, policies))[0] for problem in PROBLEMS]

    return asyncio.run(decode())


@pytest.fixture(scope="module")
def manager(tmp_path_factory):
    file = tmp_path_factory.mktemp("harness") / "eight.jsonl"
    file.write_text("".join(json.dumps({"question": p.question, "answer": p.answer}) + "\n" for p in PROBLEMS))
    return TaskManager(include_path=str(TASKS), include_defaults=False, metadata={"file": str(file)})


def evaluated(model, manager, gen_kwargs, **more):
    found = simple_evaluate(model, tasks=["s1_file"], task_manager=manager, gen_kwargs=gen_kwargs, bootstrap_iters=0, **more)
    return found["results"]["s1_file"], sorted(found["samples"]["s1_file"], key=lambda sample: sample["doc_id"])


@pytest.mark.parametrize("label, gen_kwargs", [("natural", {}), ("Wait x1", ONE_WAIT)])
def test_the_harness_gets_the_outcomes_of_our_sweep(model, manager, sweep, label, gen_kwargs):
    results, samples = evaluated(model, manager, gen_kwargs, apply_chat_template=True)
    assert [sample["resps"][0][0] for sample in samples] == [traces[label].answer_text for traces in sweep]
    right = [traces[label].answer == problem.answer for traces, problem in zip(sweep, PROBLEMS, strict=True)]
    assert [bool(sample["correct"]) for sample in samples] == right
    assert results["correct,none"] == sum(right) / len(right)
    if label == "natural":
        assert 0 < sum(right) < len(right), "all alike would show nothing"


def test_the_two_settings_differ(sweep):
    assert [traces["natural"].answer for traces in sweep] != [traces["Wait x1"].answer for traces in sweep]


def test_finished_requests_are_cached_and_not_decoded_again(model, manager, tmp_path, monkeypatch):
    cached = {"use_cache": str(tmp_path / "answers"), "apply_chat_template": True}
    first = evaluated(model, manager, {"max_tokens_thinking": 4}, limit=2, **cached)
    monkeypatch.setattr("training.harness.decode_question", None)
    again = evaluated(model, manager, {"max_tokens_thinking": 4}, limit=2, **cached)
    assert [sample["resps"] for sample in first[1]] == [sample["resps"] for sample in again[1]]


def request(question, repeats=1, doc_id=0, **gen_kwargs):
    return Instance("generate_until", {}, (question, gen_kwargs), 0, ("task", doc_id, repeats))


def test_answers_come_in_order_each_under_its_own_policy(model, engine):
    asked = [(problem.question, budget) for problem, budget in zip(PROBLEMS, (0, AUTO, 3, 16, AUTO), strict=False)]
    texts = model.generate_until([request(question, max_tokens_thinking=budget) for question, budget in asked])
    for (question, budget), text in zip(asked, texts, strict=True):
        traces, _ = asyncio.run(decode_question(engine, question, {"run": BudgetPolicy(budget, extension="")}))
        assert text == traces["run"].answer_text


def test_a_templated_question_is_the_same_question(model):
    question = PROBLEMS[0].question
    templated = model.apply_chat_template([{"role": "user", "content": question}])
    assert templated != question
    assert len(set(model.generate_until([request(question), request(templated)]))) == 1


def test_until_cuts_the_answer_and_thinking_is_kept_on_request(model, monkeypatch):
    question = PROBLEMS[0].question
    (answer,) = model.generate_until([request(question)])
    label = answer.strip().partition(":")[0]
    assert model.generate_until([request(question, until=[label, "\t"])]) == [answer.partition(label)[0]]
    monkeypatch.setattr(model, "_keep_thinking", True)
    (whole,) = model.generate_until([request(question)])
    assert whole.endswith(S1.end_of_thinking + answer) and len(whole) > len(S1.end_of_thinking + answer)


def test_samples_are_those_of_a_sweep_with_votes(model, engine):
    question, plan = PROBLEMS[1].question, SweepPlan(samples=2, temperature=1.0)
    repeated = request(question, repeats=2, doc_id=5, do_sample=True, temperature=1.0)
    texts = model.generate_until([repeated, repeated])
    for k, text in enumerate(texts, start=1):
        traces, _ = asyncio.run(decode_question(engine, question, {"run": BudgetPolicy(extension="")}, plan.sampling(5, k)))
        assert text == traces["run"].answer_text


def test_the_references_names():
    found = read_gen_kwargs(
        {"max_tokens_thinking": 500, "thinking_n_ignore": 2, "thinking_n_ignore_str": "Wait", "max_gen_toks": 32768, "until": "Q:", "do_sample": False, "temperature": 0.0, "thinking_start": S1.think},
        S1,
        CONTEXT,
    )
    assert found.policy == BudgetPolicy(500, 2, "Wait")
    assert (found.until, found.sampling) == (("Q:",), SamplingParams())
    assert read_gen_kwargs({}, S1, CONTEXT).policy == BudgetPolicy(extension="")
    assert read_gen_kwargs({"max_gen_toks": 100}, S1, CONTEXT).policy.max_answer_tokens == 100
    assert read_gen_kwargs({"do_sample": True, "temperature": 0.7, "top_p": 0.9}, S1, CONTEXT, seed=4).sampling == SamplingParams(0.7, 0.9, 4)


@pytest.mark.parametrize(
    "given, complaint",
    [
        ({"min_tokens_thinking": 5}, "min_tokens_thinking: not known to this decoder"),
        ({"rejection_sample": True, "temperature_thinking": 1}, "rejection_sample, temperature_thinking: not known"),
        ({"thinking_start": S1.stop}, "thinking_start is"),
        ({"max_tokens_thinking": "much"}, "thinking budget is 'much'"),
        ({"thinking_n_ignore": -1}, "number of Waits is -1"),
        ({"thinking_n_ignore": 2, "max_tokens_thinking": 0}, "no thinking to extend"),
        ({"temperature": 1.0}, "without do_sample"),
        ({"do_sample": True}, "at temperature 0"),
    ],
)
def test_what_cannot_work_is_refused(given, complaint):
    with pytest.raises(InputError, match=complaint):
        read_gen_kwargs(given, S1, CONTEXT)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError) as refused:
        read_gen_kwargs({"thinking_ignore": 1}, THINK_TAGS, CONTEXT)
    assert all(name in str(refused.value) for name in GEN_KWARGS)


def test_nothing_is_decoded_where_one_request_cannot_work(model, monkeypatch):
    monkeypatch.setattr("training.harness.decode_question", None)
    with pytest.raises(InputError, match="does not fit"):
        model.generate_until([request(PROBLEMS[0].question), request(PROBLEMS[1].question, max_tokens_thinking=10**6)])


def test_examples_instructions_and_likelihoods_are_refused(model):
    user = {"role": "user", "content": "1+1?"}
    for history, more in (([{"role": "system", "content": "Be brief."}, user], {}), ([user], {"add_generation_prompt": False})):
        with pytest.raises(InputError, match="bare questions"):
            model.apply_chat_template(history, **more)
    for method in (model.loglikelihood, model.loglikelihood_rolling):
        with pytest.raises(InputError, match="gives no likelihoods"):
            method([request("1+1?")])


def test_the_tasks_are_the_benchmarks():
    manager = TaskManager(include_path=str(TASKS), include_defaults=False)
    assert set(manager.all_tasks) == {"s1_mini", "s1_aime24", "s1_aime25", "s1_math500", "s1_gpqa", "s1_file"}
    task = manager.load(["s1_mini"])["tasks"]["s1_mini"]
    docs = list(task.test_docs())
    assert [(doc["question"], doc["answer"]) for doc in docs[:8]] == [(p.question, p.answer) for p in PROBLEMS]
    assert task.process_results(docs[0], [docs[0]["answer"]]) == {"correct": 1.0, "no_answer": 0.0, "unscorable": 0.0}
    assert task.process_results(docs[0], [""]) == {"correct": 0.0, "no_answer": 1.0, "unscorable": 0.0}


def test_without_the_harness_the_remedy_is_one_line():
    code = "import sys, runpy; sys.modules['lm_eval'] = None; runpy.run_module('training.harness', run_name='__main__')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 1 and found.stderr.strip().endswith("python -m pip install lm-eval==0.4.13")
    assert found.stderr.count("\n") == 1
