"""A question is encoded once, however many runs, probes and answers it gets; a policy is checked against it."""

from __future__ import annotations

import asyncio

import pytest

from s1demo.budget import AUTO, BudgetForcer, BudgetPolicy
from s1demo.decoding import merged
from s1demo.decoding.answers_at_waits import AnswerSoFar, compare_with_answers
from s1demo.decoding.probe import ProbeAt
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import compare, decode_batch, run
from s1demo.decoding.samples import sample
from s1demo.errors import InputError
from s1demo.evals.benchmarks import Problem
from s1demo.evals.journal import Journal
from s1demo.evals.sweep import SweepPlan, sweep
from s1demo.events import SamplingParams
from s1demo.policies import comparison_policies
from s1demo.ui.race import tab as race
from s1demo.ui.stream.verdicts import FormulaJudge, Truth, Verdicts
from s1demo.ui.timeline import tab as timeline
from tests.drivers import stream_events, token_ids
from tests.ui.fake_engine import ScriptedEngine, WordTokenizer

QUESTION = "How many r in raspberry?"
TWO_WAITS = comparison_policies(16, 2)
HOT = SamplingParams(temperature=1.0)


class CountingTokenizer(WordTokenizer):
    """Counts how often the question is encoded."""

    n_questions = 0

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        self.n_questions += text == QUESTION
        return super().encode(text, special=special)


class Engine(ScriptedEngine):
    def __init__(self) -> None:
        super().__init__()
        tokenizer = CountingTokenizer()
        tokenizer.__dict__.update(self.tokenizer.__dict__)
        self.tokenizer = tokenizer


async def swept(engine, tmp_path):
    problems = [Problem(QUESTION, "3")]
    await sweep(engine, problems, SweepPlan((4, 8), (1, 2)), Journal(tmp_path / "journal.jsonl", {}))


async def seen(items) -> list:
    return [item async for item in items]


@pytest.mark.parametrize(
    "work",
    [
        lambda engine, _: seen(compare(engine, QUESTION, TWO_WAITS)),
        lambda engine, _: seen(compare_with_answers(engine, QUESTION, TWO_WAITS, SamplingParams(), Verdicts(Truth("3"), FormulaJudge()))),
        lambda engine, _: seen(sample(engine, QUESTION, 3, BudgetPolicy(), HOT)),
        lambda engine, _: seen(timeline.timeline_events(engine, QUESTION, BudgetPolicy(num_ignore=2), ProbeAt(every=8, waits=True))),
        lambda engine, _: seen(race.race_events(engine, race.RaceChoices(QUESTION, 2, 3, 1.0, 0))),
        swept,
    ],
    ids=["compare", "compare as the page runs it", "samples", "timeline", "race", "sweep"],
)
def test_a_question_is_encoded_once(work, tmp_path):
    engine = Engine()
    asyncio.run(work(engine, tmp_path))
    assert engine.tokenizer.n_questions == 1


def test_no_forcer_is_built_only_to_refuse(monkeypatch):
    built = []
    begin = BudgetForcer.begin

    def __init__(self, *args, original=BudgetForcer.__init__, **options):
        built.append(self)
        original(self, *args, **options)

    monkeypatch.setattr(BudgetForcer, "__init__", __init__)
    monkeypatch.setattr(BudgetForcer, "begin", lambda self: (built.remove(self), begin(self))[1])
    asyncio.run(seen(compare_with_answers(ScriptedEngine(), QUESTION, TWO_WAITS)))
    assert built == [], "built and never begun"


@pytest.mark.parametrize(
    "policy", [BudgetPolicy(10**6), BudgetPolicy(AUTO, max_answer_tokens=10**6), BudgetPolicy(1, max_answer_tokens=10**6)]
)
def test_check_refuses_what_a_run_refuses(engine, policy):
    prompt = Prompt(engine, QUESTION)
    refusals = []
    for work in (lambda: prompt.check(policy), lambda: stream_events(engine, QUESTION, policy)):
        with pytest.raises(InputError) as refused:
            work()
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]
    prompt.check(BudgetPolicy(16, 1))


def test_a_prompt_gives_the_runs_of_its_question(engine):
    prompt, policy = Prompt(engine, QUESTION), BudgetPolicy(40, 2, max_answer_tokens=8)
    assert Prompt.of(engine, prompt) is prompt
    assert token_ids(asyncio.run(seen(run(engine, prompt, policy)))) == token_ids(stream_events(engine, QUESTION, policy))
    other = BudgetPolicy(40, 2, "Hmm", max_answer_tokens=8)  # another extension, the same prompt
    runs = [(prompt, policy), (prompt, other), (QUESTION, policy), (QUESTION, other)]
    first, second, third, fourth = map(token_ids, asyncio.run(decode_batch(engine, runs)))
    assert (first, second) == (third, fourth) and first != second


def test_a_token_of_a_comparison_goes_through_one_queue(monkeypatch):
    made = []

    class Counted(asyncio.Queue):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)
            self.n_items = 0

        def put_nowait(self, item) -> None:
            self.n_items += not isinstance(item, merged._Ended)
            super().put_nowait(item)

    monkeypatch.setattr(asyncio, "Queue", Counted)
    verdicts = Verdicts(Truth("3"), FormulaJudge())
    items = asyncio.run(seen(compare_with_answers(ScriptedEngine(), QUESTION, TWO_WAITS, SamplingParams(), verdicts)))
    assert sum(isinstance(item, AnswerSoFar) for _, item in items) == 2
    assert [queue.n_items for queue in made] == [len(items)]
