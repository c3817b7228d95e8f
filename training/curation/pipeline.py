"""The paper's curation at full size, stage by stage (section 2.2): each reads the file before it and writes its own.

A stage that has run on the same input with the same settings is not run again. What is expensive (traces, attempts, verdicts,
domains) goes into journals in the folder's `journals`, from which a killed or repeated stage goes on. Knows the order, the files
and the funnel; each rule is in its own module. The miniature has a pipeline of its own (`training.mini.pool`) on the same rules.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Literal, TypeVar

from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.evals.benchmarks import load_benchmark
from s1demo.events import SamplingParams
from s1demo.grading import Outcome
from s1demo.settings import Settings
from training.curation import domains, traces
from training.curation.collect import collect, collected, rows_of
from training.curation.decontaminate import Batch, clean_sources
from training.curation.difficulty import AttemptSettings, keep_unsolved, make_attempts, with_attempts
from training.curation.diversity import choose_by_rule, kept_outright
from training.curation.funnel import Funnel, Stage
from training.curation.judging import JudgeSettings, graded_attempts, graded_traces
from training.curation.quality import REQUIRED, count_faults, keep_clean, keep_complete, keep_well_formed
from training.curation.records import Row, read_rows, write_rows
from training.curation.sources import SOURCES
from training.recipes import Section, read_section, read_yaml
from training.remote.asking import ask_all
from training.remote.endpoint_settings import EndpointSection
from training.remote.estimate import estimate_requests

T = TypeVar("T")
MODULE = "training.curation"


@dataclass(frozen=True)
class CurationSettings(Section):
    """The `curation` section of a recipe.

    Attributes:
        folder: where every stage's rows, journals and the funnel go.
        tokenizer: folder or Hub id of the tokenizer that counts thinking tokens, the trained model's.
        benchmarks: what the pool must not hold; names of `s1demo.evals.benchmarks` or files of questions.
        sources: another repository or folder for a source, by name.
        allow_missing: sources that the pool may lack.
        max_thinking_tokens: longer traces are dropped, since a cut sample would lose its answer; None for no limit, as the paper.
        n_rows: how many are chosen.
        seed: decides the choice.
        rule: how they are chosen, `paper` or `notebook`; see `diversity.choose_by_rule`.
    """

    folder: Path
    tokenizer: str
    benchmarks: tuple[str, ...] = ("aime24", "aime25", "math500", "gpqa")
    sources: Mapping[str, str] = field(default_factory=dict)
    allow_missing: tuple[str, ...] = ()
    max_thinking_tokens: int | None = None
    n_rows: int = 1000
    seed: int = 42
    rule: Literal["paper", "notebook"] = "paper"


@dataclass(frozen=True)
class DifficultySettings(Section):
    """The `difficulty` section of a recipe: who attempts the questions, and how (defaults: data/bulk_inference.py).

    Attributes:
        models: by name, the settings of `s1demo.settings.Settings` that open each, `model` and `engine` among them.
        temperature: of the one sample.
        max_answer_tokens: limit of an attempt in tokens.
        max_concurrent: attempts under way at once.
        seed: of the sample.
    """

    models: Mapping[str, Mapping[str, Any]]
    temperature: float = 0.05
    max_answer_tokens: int = 32_768
    max_concurrent: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if wrong := [name for name, how in self.models.items() if not isinstance(how, Mapping) or not how.get("model")]:
            raise InputError(f"difficulty: no model is named for {', '.join(wrong)}. Write NAME: {{model: FOLDER_OR_HUB_ID}}.")

    @property
    def attempts(self) -> AttemptSettings:
        """How attempts are made: in plain chat, since these models do not think in the product's format."""
        sampling = SamplingParams(temperature=self.temperature, seed=self.seed)
        return AttemptSettings(None, sampling, self.max_answer_tokens, self.max_concurrent)

    def engine(self, name: str) -> Settings:
        """What opens a model: the environment's settings with the recipe's over them.

        Raises:
            InputError: a setting that does not exist.
        """
        try:
            return Settings.from_env(**self.models[name])
        except TypeError as error:
            raise InputError(f"difficulty: {name} has a key that is no setting ({error}). See s1demo/settings.py.") from error


Run = Callable[["Curation", list[Row], Funnel], Sequence[Row]]


@dataclass(frozen=True)
class Step:
    """One stage of the pipeline.

    Attributes:
        reads: the stage before it, empty for the first.
        writes: its file in the recipe's folder; the first stage's is a folder.
        does: in a few words.
        run: rows to rows, noting what is left.
        knobs: entries of the `curation` section that it depends on.
        sections: other sections of the recipe that it depends on.
    """

    reads: str
    writes: str
    does: str
    run: Run
    knobs: Sequence[str] = ()
    sections: Sequence[str] = ()


STEPS: dict[str, Step] = {}


def step(
    name: str, reads: str, writes: str, does: str, *, knobs: Sequence[str] = (), sections: Sequence[str] = ()
) -> Callable[[Run], Run]:
    """Makes a function a stage, see `Step`; stages run in the order in which they stand in this file."""
    return lambda run: STEPS.setdefault(name, Step(reads, writes, does, run, knobs, sections)).run


class Curation:
    """One recipe's curation.

    Args:
        recipe: a YAML file with the sections curation, traces, difficulty, judge and domains.
        overrides: `key=value` pairs for the curation section.
        sources: another repository or folder for sources by name, over the recipe's.
        allow_missing: sources that the pool may lack, beside the recipe's.
    """

    def __init__(
        self,
        recipe: Path,
        overrides: Sequence[str] = (),
        sources: Mapping[str, str] | None = None,
        allow_missing: Sequence[str] = (),
    ) -> None:
        self.recipe = recipe
        given = read_section(recipe, "curation", CurationSettings, overrides)
        missing = (*given.allow_missing, *allow_missing)
        self.settings = replace(given, sources={**given.sources, **(sources or {})}, allow_missing=missing)
        self.folder = self.settings.folder

    def section(self, name: str, kind: type[T]) -> T:
        """Another section of the recipe."""
        return read_section(self.recipe, name, kind)

    def journal(self, name: str) -> Path:
        """Where a journal goes."""
        return self.folder / "journals" / f"{name}.jsonl"

    def path(self, stage: str) -> Path:
        """What a stage writes."""
        return self.folder / STEPS[stage].writes

    def run(self, stages: Sequence[str] = (), *, again: bool = False) -> Funnel:
        """Run stages in order.

        Args:
            stages: some of `STEPS`; all of them by default.
            again: run them even if input and settings are what they were.

        Returns:
            The funnel so far, which is also in the folder's funnel.json.

        Raises:
            InputError: a stage's input is not there; the message says which command makes it.
        """
        for name in (name for name in STEPS if name in (stages or STEPS)):
            stamp = self._stamp(name)
            if not again and self._noted(name).get("stamp") == stamp:
                print(f"--- {name}: done before, with this input and these settings", flush=True)
                continue
            print(f"--- {name}: {STEPS[name].does}", flush=True)
            self._run(name, stamp)
        funnel = self.funnel()
        self.folder.mkdir(parents=True, exist_ok=True)
        funnel.write(self.folder / "funnel.json")
        return funnel

    def funnel(self) -> Funnel:
        """What the stages left that have run so far."""
        return Funnel(stages=[Stage(**stage) for name in STEPS for stage in self._noted(name).get("funnel", [])])

    def plan(self) -> str:
        """What each stage would read and write, and what is there already; nothing is run."""
        return "\n".join(self._planned(name) for name in STEPS)

    def _run(self, name: str, stamp: str) -> None:
        step = STEPS[name]
        self._note(name).unlink(missing_ok=True)
        source = self.path(step.reads) if step.reads else None
        funnel = Funnel(n_lines(source) if source else None)
        left = step.run(self, list(read_rows(source)) if source and source.is_file() else [], funnel)
        if source and not left:
            raise InputError(f"The stage {name} leaves no row, so nothing was written:\n{funnel.table()}")
        if not self.path(name).is_dir():
            write_rows(self.path(name), left)
        self._note(name).parent.mkdir(parents=True, exist_ok=True)
        note = {"stamp": stamp, "funnel": funnel.to_dict()["stages"]}
        self._note(name).write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def _note(self, name: str) -> Path:
        return self.folder / "notes" / f"{name}.json"

    def _noted(self, name: str) -> dict[str, Any]:
        """What was noted when a stage ran last, nothing if it did not or its rows are gone."""
        if not self._note(name).exists() or not self.path(name).exists():
            return {}
        try:
            return dict(json.loads(self._note(name).read_text(encoding="utf-8")))
        except ValueError as error:
            raise InputError(f"{self._note(name)} cannot be read ({error}). Remove it, and the stage is run again.") from error

    def _stamp(self, name: str) -> str:
        """Tells input and settings of a stage from others.

        Raises:
            InputError: the input is not there.
        """
        step = STEPS[name]
        depends_on = {knob: getattr(self.settings, knob) for knob in step.knobs}
        depends_on |= {section: read_yaml(self.recipe).get(section) for section in step.sections}
        digest = sha256(repr(depends_on).encode())
        if step.reads:
            source = self.path(step.reads)
            if not source.exists():
                raise InputError(
                    f"{source} is missing, which {name} reads. Make it first: "
                    f"python -m {MODULE} --recipe {self.recipe} --only {step.reads}"
                )
            for file in sorted(source.glob("*.json*")) if source.is_dir() else [source]:
                with file.open("rb") as content:
                    digest.update(file.name.encode() + file_digest(content, "sha256").digest())
        return digest.hexdigest()

    def _planned(self, name: str) -> str:
        step, written = STEPS[name], self.path(name)
        source = self.path(step.reads) if step.reads else None
        if source and not source.exists():
            state = f"waits for {source}"
        elif written.exists():
            done = self._noted(name).get("stamp") == self._stamp(name)
            age = "up to date" if done else "of another input or other settings, so it would run again"
            state = f"{n_lines(written):,} rows there, {age}"
        else:
            state = "would run" + (f" on {n_lines(source):,} rows" if source else "")
        cost = ""
        if name == "traces" and source and source.is_file() and not written.exists():
            endpoint = self.section("traces", EndpointSection).endpoint
            cost = f"\n{'':15}{estimate_requests(traces.TASK, traces.prompts(read_rows(source)).values(), endpoint)}"
        return f"{name:15}{step.does}\n{'':15}-> {written}: {state}{cost}"


def n_lines(path: Path) -> int:
    """Rows in a file, or in all row files of a folder."""
    count = 0
    for file in path.glob("*.jsonl") if path.is_dir() else [path]:
        with file.open("rb") as lines:
            count += sum(1 for _ in lines)
    return count


# the stages, in order


@step("collect", "", "collected", "load the sixteen sources", knobs=["sources", "allow_missing"])
def _collect(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    folder = run.path("collect")
    origins = collect(folder, run.settings.sources, run.settings.allow_missing, SOURCES)
    loaded = [replace(row, solution="", meta={}) for name in origins for row in rows_of(folder, name)]
    notes = {f"{name}, from {origin}": origin.n_rows for name, origin in origins.items()}
    return funnel.note("collected", loaded, notes)


@step("decontaminate", "collect", "pool.jsonl", "remove benchmark questions and repeats", knobs=["benchmarks", "allow_missing"])
def _decontaminate(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    folder = run.path("collect")
    origins = collected(folder, SOURCES)
    if missing := [name for name in SOURCES if name not in origins and name not in run.settings.allow_missing]:
        raise InputError(f"{folder} lacks {', '.join(missing)}. Run: python -m {MODULE} --recipe {run.recipe} --only collect")
    tests = [problem.question for name in run.settings.benchmarks for problem in load_benchmark(name)]
    batches = (
        Batch(name, rows_of(folder, name), SOURCES[name].pick, unchecked=SOURCES[name].after_decontamination) for name in origins
    )
    pool, accounts = clean_sources(batches, tests)
    notes = {}
    for name, account in accounts.items():
        notes[f"{name} (paper: {SOURCES[name].n_paper:,})"] = account.n_left
        lost = {"shares eight words": account.n_shared, "not picked": account.n_not_picked, "repeat": account.n_repeats}
        notes |= {f"{name}, {reason}": count for reason, count in lost.items() if count}
    return funnel.note("decontaminated", pool, notes)


@step("traces", "decontaminate", "traced.jsonl", "ask the teacher for a trace of each", knobs=["tokenizer"], sections=["traces"])
def _traces(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    endpoint, tokenizer = run.section("traces", EndpointSection).endpoint, HubTokenizer(run.settings.tokenizer)
    ask_all(traces.TASK, traces.prompts(rows), run.journal("traces"), endpoint)
    traced = traces.with_traces(rows, run.journal("traces"), lambda text: len(tokenizer.encode(text)))
    return funnel.note("traced", [row for row in traced if row.thinking.strip()])


@step("difficulty", "traces", "attempted.jsonl", "let both models attempt each", sections=["difficulty", "judge"])
def _difficulty(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    settings = run.section("difficulty", DifficultySettings)
    for name, how in settings.models.items():
        path = run.journal(f"attempts-{name}")
        make_attempts(rows, how["model"], path, settings.attempts, settings.engine(name))
        rows = with_attempts(rows, name, path)
    rows = graded_attempts(rows, run.journal("attempts-graded"), run.section("judge", JudgeSettings))
    outcomes = Counter(f"{name}: {attempt.outcome}" for row in rows for name, attempt in row.attempts.items())
    return funnel.note("attempted", rows, dict(sorted(outcomes.items())))


@step(
    *("quality", "difficulty", "hard.jsonl", "keep what is complete, clean and unsolved"),
    knobs=["max_thinking_tokens"],
    sections=["difficulty", "judge"],
)
def _quality(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    """Filters in the notebook's order; domains are asked for later, of the rows that are left."""
    models = list(run.section("difficulty", DifficultySettings).models)
    by_rules = run.section("judge", JudgeSettings).grader == "rules"
    required = [name for name in REQUIRED if name not in ("domain", "answer")] + (["answer"] if by_rules else [])
    limit = run.settings.max_thinking_tokens
    gradable = [row for row in rows if row.answer.strip() or row.solution.strip()]
    ungradable = {"no answer and no solution": len(rows) - len(gradable)} if len(gradable) < len(rows) else {}
    faults = ungradable | count_faults(gradable, models, limit, required)
    complete = funnel.note("nothing missing", keep_complete(gradable, models, required), faults)
    clean = funnel.note("no odd strings", keep_clean(complete))
    good = funnel.note("well formed", keep_well_formed(clean, limit))
    return funnel.note("unsolved by both", keep_unsolved(good, models))


@step("grade", "quality", "graded.jsonl", "grade the teacher's answers", sections=["judge"])
def _grade(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    graded = graded_traces(rows, run.journal("traces-graded"), run.section("judge", JudgeSettings))
    outcomes = Counter(f"teacher: {row.trace_outcome or 'not graded'}" for row in graded)
    return funnel.note("teacher graded", graded, dict(outcomes))


@step("domains", "grade", "classified.jsonl", "classify each", sections=["domains"])
def _domains(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    ask_all(domains.TASK, domains.prompts(rows), run.journal("domains"), run.section("domains", EndpointSection).endpoint)
    classified = domains.with_domains(rows, run.journal("domains"))
    return funnel.note("classified", [row for row in classified if row.domain.strip()])


@step("choose", "domains", "chosen.jsonl", "choose the training rows", knobs=["n_rows", "seed", "rule"])
def _choose(run: Curation, rows: list[Row], funnel: Funnel) -> Sequence[Row]:
    settings = run.settings
    chosen = choose_by_rule(rows, settings.n_rows, settings.seed, settings.rule)
    right = sum(row.trace_outcome is Outcome.CORRECT for row in chosen)
    notes = {"kept outright": sum(map(kept_outright, chosen)), "teacher correct": right}
    by_source = Counter(row.source for row in chosen)
    return funnel.note("chosen", chosen, {**notes, **dict(by_source.most_common())})
