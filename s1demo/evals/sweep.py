"""A whole accuracy-against-thinking curve in one pass over the questions: budgets, natural stopping, Waits; or votes.

Each setting is an ordinary `BudgetForcer` run; only its requests go to the engine through a `CoalescingEngine`, which has decoded
most of them already: the thinking under a budget is a prefix of the natural one, and k + 1 Waits go on from k. Ids equal those
of independent runs (`tests/test_sweep.py`). What is measured goes to a journal at once, and the result is a fold over it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.merged import map_or_cancel
from s1demo.decoding.prompt import Prompt
from s1demo.decoding.runs import run_to_end
from s1demo.delimiters import EXTENSION
from s1demo.engines.base import Engine
from s1demo.engines.coalescing import CoalescingEngine
from s1demo.errors import InputError
from s1demo.evals.benchmarks import Problem
from s1demo.evals.journal import Journal, records
from s1demo.evals.provenance import Provenance
from s1demo.evals.setting import LEFT_ALONE, Setting, run_label
from s1demo.events import EngineInfo, Finished, Origin, Phase, SamplingParams, Tokens
from s1demo.grading import Judge, Kind, Outcome, decide, extract_answer, grade
from s1demo.settings import Settings
from s1demo.traces import Trace, TraceBuilder

Name = TypeVar("Name")


@dataclass(frozen=True)
class SweepPlan:
    """What to measure.

    Attributes:
        budgets: thinking budgets in tokens.
        waits: numbers of ends to suppress, in runs whose budget is all that the context leaves.
        extension: what replaces each of them.
        samples: 1, or how many natural runs per question to sample for majority votes.
        temperature: of the runs; with several samples, of the samples, and the natural run stays greedy.
        seed: of sampling and of the bootstrap.

    Raises:
        InputError: a combination that cannot work; the message says what to change.
    """

    budgets: tuple[int, ...] = ()
    waits: tuple[int, ...] = ()
    extension: str = EXTENSION
    samples: int = 1
    temperature: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise InputError(f"The number of samples is {self.samples}. Give a whole number from 1 up.")
        if self.samples > 1 and not self.temperature:
            raise InputError(f"{self.samples} samples at temperature 0 are {self.samples} times the same. Raise --temperature.")
        if self.samples > 1 and (self.budgets or self.waits):
            raise InputError("Votes are taken over natural runs. Leave out --budgets and --waits, or sweep them separately.")
        SamplingParams(self.temperature, seed=self.seed)
        object.__setattr__(self, "budgets", tuple(sorted(set(self.budgets))))
        object.__setattr__(self, "waits", tuple(sorted({n for n in self.waits if n})))  # no Wait at all is the natural run
        self.policies()

    def policies(self) -> dict[Setting, BudgetPolicy]:
        """The settings that are decoded, from the least thinking to the most; natural stopping is always one."""
        budgets = [Setting(n) for n in self.budgets]
        waits = [Setting(AUTO, n, self.extension) for n in self.waits]
        return {setting: setting.policy for setting in (*budgets, LEFT_ALONE, *waits)}

    def votes(self) -> tuple[Setting, ...]:
        """The majorities that are taken: over 1, 2, 4, ... and all samples; none with a single sample."""
        counts = [2**n for n in range(self.samples.bit_length()) if 2**n < self.samples] + [self.samples]
        return tuple(Setting(votes=n) for n in counts) if self.samples > 1 else ()

    def sampling(self, index: int, sample: int = 0) -> SamplingParams:
        """How to pick the tokens of one run.

        Args:
            index: the question's position.
            sample: 0 for the runs that share a trunk, from 1 up for independent samples.
        """
        if not self.temperature or (self.samples > 1 and not sample):
            return SamplingParams()
        return SamplingParams(self.temperature, seed=self.seed).numbered(index, sample)


def traces_depend_on(
    plan: SweepPlan, source: Provenance, n_questions: int, settings: Settings, info: EngineInfo
) -> dict[str, Any]:
    """All that the traces of a sweep depend on, as its journal keeps it.

    Args:
        source: model and questions.
        settings, info: what decodes, in which precision and thinking format.
    """
    return asdict(plan) | {
        "benchmark": source.benchmark,
        "questions": n_questions,
        "questions_sha256": source.questions_sha256,
        "model_digest": source.model_digest,
        "runs_on": [settings.engine, info.device, settings.dtype, info.format],
    }


def open_journal(path: Path, arguments: Mapping[str, Any]) -> Journal:
    """The journal of a sweep, for `sweep` to go on with.

    Args:
        path: the file, made where there is none.
        arguments: all that the traces depend on (`traces_depend_on`).

    Raises:
        InputError: see `Journal`.
    """
    return Journal(path, {"sweep": arguments}, "index")


def finished_questions(path: Path) -> Iterator[dict[str, Any]]:
    """The records in the journal of a sweep, each question once.

    Raises:
        InputError: the file cannot be read, or is no journal.
    """
    seen = set()
    for record in records(path, "index"):
        if record["index"] not in seen:
            seen.add(record["index"])
            yield record


async def decode_question(
    engine: Engine, question: Prompt | str, policies: Mapping[Name, BudgetPolicy], sampling: SamplingParams = SamplingParams()
) -> tuple[dict[Name, Trace], int]:
    """Run several policies on one question over a shared trunk.

    Args:
        policies: by whatever tells them apart.
        sampling: the same for all.

    Returns:
        The trace of each (without thinking text and times), and the tokens the engine decoded for all of them.

    Raises:
        InputError: see `runs.run`.
        EngineError: decoding failed.
    """
    shared, prompt, traces = CoalescingEngine(engine), Prompt.of(engine, question), {}

    def reach(name: Name) -> tuple[bool, int, int]:
        policy = policies[name]
        auto = policy.max_thinking_tokens == AUTO
        return auto, policy.num_ignore, 0 if auto else int(policy.max_thinking_tokens)

    for name in sorted(policies, key=reach, reverse=True):  # the longest first: the others then need little but an answer
        traces[name] = await _decode(shared, prompt, policies[name], sampling)
    return {name: traces[name] for name in policies}, shared.engine_tokens


async def _decode(engine: Engine, prompt: Prompt, policy: BudgetPolicy, sampling: SamplingParams) -> Trace:
    builder = TraceBuilder(prompt.question, engine.info, policy, sampling, clock=lambda: 0.0)
    text = engine.tokenizer.text_stream()
    for event in await run_to_end(engine, prompt.forcer(policy, sampling)):
        if isinstance(event, Finished):
            builder.add(Tokens((), Phase.ANSWER, Origin.SAMPLED, text.flush()))
        if isinstance(event, Tokens) and event.phase is not Phase.THINKING:
            event = replace(event, text=text.text(event.token_ids))
        builder.add(event)
    return builder.trace()


async def sweep(
    engine: Engine,
    problems: Sequence[Problem],
    plan: SweepPlan,
    journal: Journal,
    on_question: Callable[[dict[str, Any]], None] = lambda record: None,
    max_concurrent: int = 16,
    judge: Judge = grade,
) -> None:
    """Decode what a journal lacks, several questions at once, and add each to it as soon as it is finished.

    Args:
        on_question: called with the record of each finished question.
        judge: what grades; a `Grader`'s compares formulas too, in a thread, while other questions are decoded.

    Raises:
        InputError: a question, a budget or the answer do not fit the model's context; nothing has been decoded then.
        EngineError: decoding failed; what was finished is in the journal.
    """
    prompts = _checked(engine, problems, plan)

    async def one(index: int) -> None:
        record = await _decode_problem(engine, problems[index], prompts[index], index, plan, judge)
        journal.append(record)
        on_question(record)

    await map_or_cancel(one, [index for index in range(len(problems)) if index not in journal.done], max_concurrent)


def _checked(engine: Engine, problems: Sequence[Problem], plan: SweepPlan) -> list[Prompt]:
    """The questions, encoded; refuses the plan where one of them leaves no room for the longest runs."""
    policies, prompts = list(plan.policies().values()), []
    demanding = [policies[-1], *policies[: len(plan.budgets)][-1:]]  # the longest thinking, and the largest budget
    for number, problem in enumerate(problems, start=1):
        try:
            prompts.append(Prompt(engine, problem.question))
            for policy in demanding:
                prompts[-1].check(policy)
        except InputError as error:
            raise InputError(f"Question {number} of the benchmark: {error}") from error
    return prompts


async def _decode_problem(
    engine: Engine, problem: Problem, prompt: Prompt, index: int, plan: SweepPlan, judge: Judge
) -> dict[str, Any]:
    """One line of the journal."""
    shared, engine_tokens = await decode_question(engine, prompt, plan.policies(), plan.sampling(index))
    trunk = max(map(thinking_ids, shared.values()), key=len)
    traces = {(setting, 0): trace for setting, trace in shared.items()}
    for sample in range(1, plan.samples + 1) if plan.samples > 1 else ():
        name = (LEFT_ALONE, sample)
        alone, tokens = await decode_question(engine, prompt, {name: LEFT_ALONE.policy}, plan.sampling(index, sample))
        traces |= alone
        engine_tokens += tokens
    return {
        "index": index,
        "question": problem.question,
        "true_answer": problem.answer,
        "domain": problem.domain,
        "phrasing": problem.phrasing,
        "thinking_ids": trunk,
        "thinking": _text(engine, trunk),
        **({} if problem.kind is Kind.TEXT else {"kind": problem.kind}),
        "runs": {
            run_label(setting, sample): {"setting": asdict(setting), "sample": sample}
            | await _run_record(engine, trace, trunk, problem, judge)
            for (setting, sample), trace in traces.items()
        },
        "engine_tokens": engine_tokens,
        "independent_tokens": sum(trace.sampled_tokens for trace in traces.values()),
    }


async def _run_record(engine: Engine, trace: Trace, trunk: list[int], problem: Problem, judge: Judge) -> dict[str, Any]:
    """What one run adds to the shared trunk: how far it thought along it, and its answer."""
    thinking = thinking_ids(trace)
    answer = extract_answer(trace.answer_text, problem.kind)
    apart = {} if thinking == trunk[: len(thinking)] else {"thinking_ids": thinking, "thinking": _text(engine, thinking)}
    return {
        "thinking_tokens": trace.thinking_tokens,
        "wait_positions": trace.wait_positions,
        "end_of_thinking": trace.end_of_thinking,
        "answer_ids": [i for i, phase in zip(trace.token_ids, trace.phases, strict=True) if phase is Phase.ANSWER],
        "answer_text": trace.answer_text,
        "answer": answer,
        "outcome": await _outcome(answer, problem, judge),
        **apart,
    }


async def _outcome(answer: str | None, problem: Problem, judge: Judge) -> Outcome:
    decided = decide(answer, problem.answer, problem.kind)
    if decided is not None:
        return decided
    return await asyncio.to_thread(judge, answer, problem.answer, problem.kind)


def thinking_ids(trace: Trace) -> list[int]:
    """The ids of a trace's thinking, forced ones included."""
    return [token_id for token_id, phase in zip(trace.token_ids, trace.phases, strict=True) if phase is Phase.THINKING]


def _text(engine: Engine, token_ids: list[int]) -> str:
    stream = engine.tokenizer.text_stream()
    return stream.text(tuple(token_ids)) + stream.flush()
