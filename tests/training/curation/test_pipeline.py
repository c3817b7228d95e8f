"""The full-size pipeline, every stage on small local data: files, resuming, refusals, the dry run. The modules that ask remote
models are stand-ins here; they have tests of their own."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.grading import Outcome
from s1demo.settings import EMBEDDED_MODEL, Settings
from training.curation import domains, pipeline, traces
from training.curation.__main__ import main
from training.curation.difficulty import AttemptSettings
from training.curation.judging import JudgeSettings
from training.curation.pipeline import STEPS, Curation, CurationSettings, DifficultySettings
from training.curation.records import Row, read_rows
from training.curation.sft_text import encode_row
from training.curation.sources import SOURCES
from training.recipes import read_section
from training.remote.endpoint_settings import EndpointSettings
from training.remote.estimate import Task

RECIPE = Path(pipeline.__file__).parents[1] / "recipes" / "s1k.yaml"
ALREADY = "What number do you get if you add twenty to this one?"
asked: list[str] = []  # what the stand-ins were asked, in order
break_after: list[int] = []  # the teacher breaks after so many traces


def journal(path: Path) -> dict[str, Any]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(json.loads(line) for line in lines)


def append(path: Path, row_id: str, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps([row_id, value]) + "\n")


def ask_all(task: Task[Any], prompts: Mapping[str, str], path: Path, settings: EndpointSettings) -> None:
    """Stands in for the teacher and for the model that knows the domains."""
    made = journal(path)
    for row_id, question in prompts.items():
        if task is domains.TASK:
            append(path, row_id, "" if "unclassified" in question else ("Algebra", "Geometry", "Physics")[len(question) % 3])
        elif row_id not in made:
            if break_after and len(journal(path)) >= break_after[0]:
                raise KeyboardInterrupt
            asked.append(question)
            append(path, row_id, "" if "no trace" in question else f"Hm. {'More. ' * (int(row_id, 16) % 9)}")


def with_traces(rows: Iterable[Row], path: Path, count_tokens: Callable[[str], int]) -> list[Row]:
    made = journal(path)
    return [replace(row, thinking=made[row.id], trace_answer=f"Answer: {row.answer}", thinking_tokens=count_tokens(made[row.id])) for row in rows]


def graded_attempts(rows: Iterable[Row], path: Path, settings: JudgeSettings) -> list[Row]:
    return list(rows)


def graded_traces(rows: Iterable[Row], path: Path, settings: JudgeSettings) -> list[Row]:
    return [replace(row, trace_outcome=Outcome.INCORRECT if "7" in row.question else Outcome.CORRECT) for row in rows]


def with_domains(rows: Iterable[Row], path: Path) -> list[Row]:
    titles = journal(path)
    return [replace(row, domain=titles[row.id]) for row in rows]


def make_attempts(rows: Sequence[Row], model: str, path: Path, settings: AttemptSettings, engine: Settings) -> None:
    """Both models solve what says "easy", the larger also what says "medium"."""
    assert settings.policy is None and settings.sampling.temperature == 0.05 and engine.model == model
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lines:
        lines.write("{}\n")
        for row in rows:
            solved = "easy" in row.question or ("medium" in row.question and model == "the large one")
            record = {"id": row.id, "thinking": "", "thinking_tokens": 0, "answer_text": f"Answer: {row.answer if solved else 'D' if row.answer == 'A' else '990099' if row.answer.isdigit() else 'A'}"}
            lines.write(json.dumps(record) + "\n")


def write(path: Path, *records: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe on three sources in local folders, with stand-ins for the remote models."""
    asked.clear()
    break_after.clear()
    monkeypatch.setattr(traces, "with_traces", with_traces)
    monkeypatch.setattr(domains, "with_domains", with_domains)
    for stand_in in (ask_all, graded_attempts, graded_traces):
        monkeypatch.setattr(pipeline, stand_in.__name__, stand_in)
    monkeypatch.setattr(pipeline, "make_attempts", make_attempts)
    monkeypatch.setattr(pipeline, "SOURCES", {name: SOURCES[name] for name in ("MATH", "GPQA", "AIME")})
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    math = [{"problem": problem, "solution": "s", "answer": str(n), "subject": "Algebra", "level": 1, "unique_id": str(n)} for n, problem in enumerate([
        *(f"Problem {n} is hard." for n in range(20)), *(f"Problem {n} is easy." for n in range(6)), "Problem 1 is medium.", "Draw [asy] it.",
        "Has no trace.", "It is unclassified.", ALREADY, "Problem 1 is hard.",
    ])]  # fmt: skip
    gpqa = [{"Question": f"Which of {n}?", "Correct Answer": "beta", **{f"Incorrect Answer {k}": f"{k}" for k in (1, 2, 3)}, "Explanation": "e", "High-level domain": "Physics"} for n in range(8)]
    write(tmp_path / "math" / "train.jsonl", *math)
    write(tmp_path / "gpqa" / "extended.jsonl", *gpqa)
    write(tmp_path / "gpqa" / "diamond.jsonl", gpqa[0])
    configs = "".join(f"- config_name: gpqa_{name}\n  data_files:\n  - split: train\n    path: {name}.jsonl\n" for name in ("extended", "diamond"))
    (tmp_path / "gpqa" / "README.md").write_text(f"---\nconfigs:\n{configs}---\n", encoding="utf-8")
    write(tmp_path / "aime" / "train.jsonl", *({"ID": f"1990-{n}", "Year": 1990, "Problem Number": n, "Question": f"Contest {n}.", "Answer": n, "Part": None} for n in range(10)))
    write(tmp_path / "test.jsonl", {"question": f"Now then: {ALREADY}", "answer": "1"})
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump({
        "curation": {"folder": str(tmp_path / "run"), "tokenizer": EMBEDDED_MODEL, "benchmarks": [str(tmp_path / "test.jsonl")], "n_rows": 20, "rule": "notebook",
                     "sources": {name: str(tmp_path / name.lower()) for name in ("MATH", "GPQA", "AIME")}},
        "traces": {"endpoint": {"url": "http://h", "model": "teacher"}}, "difficulty": {"models": {"small": {"model": "the small one"}, "large": {"model": "the large one"}}},
        "judge": {"grader": "rules"}, "domains": {"endpoint": {"url": "http://h", "model": "librarian"}},
    }), encoding="utf-8")  # fmt: skip
    return path


def stages_run(output: str) -> list[str]:
    return [line.split()[1].rstrip(":") for line in output.splitlines() if line.startswith("--- ") and "done before" not in line]


def test_every_stage_in_order(recipe: Path, tmp_path: Path) -> None:
    funnel = Curation(recipe).run()
    lefts = {stage.name: (stage.n_rows, stage.removed) for stage in funnel.stages}
    assert lefts == {
        "collected": (32 + 7 + 10, 0),
        "decontaminated": (30 + 7 + 10, 2),  # the benchmark's question and a repeat
        "traced": (46, 1),
        "attempted": (46, 0),
        "nothing missing": (46, 0),
        "no odd strings": (45, 1),
        "well formed": (45, 0),
        "unsolved by both": (38, 7),
        "teacher graded": (38, 0),
        "classified": (37, 1),
        "chosen": (20, 17),
    }
    assert json.loads((tmp_path / "run" / "funnel.json").read_text()) == funnel.to_dict()
    notes = {stage.name: stage.notes for stage in funnel.stages}
    assert notes["decontaminated"]["MATH (paper: 11,999)"] == 30 and notes["decontaminated"]["MATH, shares eight words"] == 1
    assert notes["attempted"] == {"large: correct": 7, "large: incorrect": 39, "small: correct": 6, "small: incorrect": 40}
    chosen = list(read_rows(tmp_path / "run" / "chosen.jsonl"))
    kept = [row for row in chosen if row.source != SOURCES["MATH"].repository + "/Algebra"]
    assert len(chosen) == 20 == notes["chosen"]["kept outright"] + sum("openaimath" in row.source for row in chosen) + sum(row.trace_outcome is not Outcome.CORRECT for row in kept)
    assert not any("easy" in row.question or "asy" in row.question or row.question == ALREADY for row in chosen)
    sample = encode_row(chosen[0], HubTokenizer(EMBEDDED_MODEL))
    assert len(sample["input_ids"]) == len(sample["labels"])


def test_what_was_done_is_not_done_again(recipe: Path, tmp_path: Path, capsys: Any) -> None:
    Curation(recipe).run()
    first, n_asked = (tmp_path / "run" / "chosen.jsonl").read_bytes(), len(asked)
    capsys.readouterr()
    Curation(recipe).run()
    assert stages_run(capsys.readouterr().out) == []
    Curation(recipe, ["seed=7"]).run()
    assert stages_run(capsys.readouterr().out) == ["choose"] and (tmp_path / "run" / "chosen.jsonl").read_bytes() != first
    Curation(recipe).run()
    assert (tmp_path / "run" / "chosen.jsonl").read_bytes() == first and len(asked) == n_asked
    capsys.readouterr()
    Curation(recipe, ["max_thinking_tokens=1000"]).run()
    assert stages_run(capsys.readouterr().out) == ["quality"]  # which leaves the same rows
    Curation(recipe, ["max_thinking_tokens=14"]).run()
    assert stages_run(capsys.readouterr().out) == ["quality", "grade", "domains", "choose"]


def test_a_changed_input_runs_what_follows_again(recipe: Path, tmp_path: Path, capsys: Any) -> None:
    Curation(recipe).run()
    write(tmp_path / "test.jsonl", {"question": "Nothing of this is in the pool at all, not a word.", "answer": "1"})
    (tmp_path / "run" / "pool.jsonl").unlink()
    n_asked = len(asked)
    capsys.readouterr()
    funnel = Curation(recipe).run()
    assert stages_run(capsys.readouterr().out) == [name for name in STEPS if name != "collect"]
    assert asked[n_asked:] == [ALREADY]  # the journal had the others
    assert {stage.name: stage.n_rows for stage in funnel.stages}["decontaminated"] == 48


def test_only_runs_what_is_named_even_again(recipe: Path, capsys: Any) -> None:
    main(["--recipe", str(recipe), "--only", "collect", "decontaminate"])
    output = capsys.readouterr().out
    assert stages_run(output) == ["collect", "decontaminate"] and "decontaminated" in output
    main(["--recipe", str(recipe), "--only", "decontaminate"])
    assert stages_run(capsys.readouterr().out) == ["decontaminate"]


def test_a_kill_in_the_middle_loses_nothing(recipe: Path, tmp_path: Path) -> None:
    break_after.append(20)
    with pytest.raises(KeyboardInterrupt):
        Curation(recipe).run()
    assert not (tmp_path / "run" / "traced.jsonl").exists() and len(asked) == 20
    break_after.clear()
    Curation(recipe).run()
    interrupted = (tmp_path / "run" / "chosen.jsonl").read_bytes()
    assert len(asked) == len(set(asked)) == 47
    Curation(recipe, [f"folder={tmp_path / 'again'}"]).run()
    assert (tmp_path / "again" / "chosen.jsonl").read_bytes() == interrupted


def test_a_kill_between_rows_and_note_runs_the_stage_again(recipe: Path, tmp_path: Path, capsys: Any) -> None:
    Curation(recipe).run()
    (tmp_path / "run" / "notes" / "quality.json").unlink()
    capsys.readouterr()
    funnel = Curation(recipe).run()
    assert stages_run(capsys.readouterr().out) == ["quality"] and [stage.name for stage in funnel.stages][-1] == "chosen"


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """What the command says when it cannot run."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_a_missing_input_names_the_command_that_makes_it(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"pool.jsonl is missing, which traces reads. .* --only decontaminate$"):
        Curation(recipe).run(["traces"])
    said = refused(capsys, ["--recipe", str(recipe), "--only", "decontaminate"])
    assert said.startswith("error: ") and "--only collect" in said


def test_a_stage_that_leaves_nothing_ends_the_run(recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a judge that calls every attempt correct: the stages behind it would go on without a word."""

    def all_solved(rows: Iterable[Row], path: Path, settings: JudgeSettings) -> list[Row]:
        return [replace(row, attempts={name: replace(made, outcome=Outcome.CORRECT) for name, made in row.attempts.items()}) for row in rows]

    monkeypatch.setattr(pipeline, "graded_attempts", all_solved)
    with pytest.raises(InputError, match=r"(?s)quality leaves no row, so nothing was written.*unsolved"):
        Curation(recipe).run()
    assert (tmp_path / "run" / "attempted.jsonl").exists() and not (tmp_path / "run" / "hard.jsonl").exists()


def test_a_missing_source_ends_the_run_unless_it_may_be_missing(recipe: Path, tmp_path: Path, capsys: Any) -> None:
    away = ["--recipe", str(recipe), "--source", f"AIME={tmp_path / 'nowhere'}"]
    assert "1 of 3 sources are missing" in refused(capsys, away)
    assert not (tmp_path / "run" / "pool.jsonl").exists()
    main([*away, "--allow-missing", "AIME", "--only", "collect", "decontaminate"])
    assert {row.source for row in read_rows(tmp_path / "run" / "pool.jsonl")} == {"simplescaling/openaimath/Algebra", "Idavidrein/gpqa"}
    assert "lacks AIME" in refused(capsys, [*away, "--only", "decontaminate"])


def test_the_judge_decides_what_a_missing_feature_is(recipe: Path) -> None:
    """By rules a row needs a short answer, for a judge model a solution will do; without either it is dropped."""
    curation = Curation(recipe)
    attempts = {name: next(iter(read_attempts())) for name in ("small", "large")}
    row = Row("Prove it.", "", solution="Because.", source="s", thinking="t", trace_answer="a", attempts=attempts)
    bare = dataclasses.replace(row, question="Do it.", solution="")
    assert pipeline._quality(curation, [row, bare], pipeline.Funnel(2)) == []
    told = yaml.safe_load(recipe.read_text(encoding="utf-8")) | {"judge": {"grader": "endpoint", "endpoint": {"url": "http://h", "model": "m"}}}
    recipe.write_text(yaml.safe_dump(told), encoding="utf-8")
    assert pipeline._quality(curation, [row, bare], pipeline.Funnel(2)) == [row]


def read_attempts() -> Iterable[Any]:
    from training.curation.records import Attempt

    yield Attempt("5", Outcome.INCORRECT)


def test_a_dry_run_shows_everything_and_writes_nothing(recipe: Path, tmp_path: Path, capsys: Any) -> None:
    main(["--recipe", str(recipe), "--dry-run"])
    output = capsys.readouterr().out
    assert all(name in output for name in STEPS) and "collect        load" in output and "waits for" in output
    assert not (tmp_path / "run").exists()
    main(["--recipe", str(recipe), "--only", "collect", "decontaminate"])
    capsys.readouterr()
    main(["--recipe", str(recipe), "--dry-run"])
    output = capsys.readouterr().out
    assert "47 rows there, up to date" in output and "would run on 47 rows" in output and "47 requests, about" in output
    main(["--recipe", str(recipe), "--dry-run", "--set", "benchmarks=[mini]"])
    assert "of another input or other settings" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "words"),
    [("rule=best", "'paper' or 'notebook'"), ("benchmarks=aime24", "benchmarks is 'aime24'. It should be a valid tuple"), ("rows=7", "unknown keys")],
)
def test_the_section_is_checked(recipe: Path, key: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=words):
        Curation(recipe, [key])
    assert "Write --source NAME=FOLDER" in refused(capsys, ["--recipe", str(recipe), "--source", "MATH"])


def test_the_shipped_recipe_is_the_papers() -> None:
    settings = read_section(RECIPE, "curation", CurationSettings)
    assert (settings.n_rows, settings.benchmarks) == (1000, ("aime24", "aime25", "math500", "gpqa"))
    assert settings.allow_missing == () and settings.sources == {}
    difficulty = read_section(RECIPE, "difficulty", DifficultySettings)
    assert [how["model"] for how in difficulty.models.values()] == ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-32B-Instruct"]
    assert difficulty.engine("qwen-32b").vllm_tensor_parallel_size == 2 and difficulty.engine("qwen-7b").engine == "vllm"
    assert (difficulty.attempts.policy, difficulty.attempts.max_answer_tokens) == (None, 32_768)
    told = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    assert set(told) == {"curation", *(section for step in STEPS.values() for section in step.sections)}


def test_a_model_that_cannot_be_opened_as_told_is_refused() -> None:
    with pytest.raises(InputError, match=r"no model is named for small"):
        DifficultySettings({"small": {"engine": "vllm"}})
    with pytest.raises(InputError, match="no setting"):
        DifficultySettings({"small": {"model": "m", "gpus": 2}}).engine("small")


def test_every_step_reads_what_another_writes() -> None:
    names = list(STEPS)
    assert [step.reads for step in STEPS.values()] == ["", *names[:-1]]
    assert len({step.writes for step in STEPS.values()}) == len(STEPS)
    fields = {field.name for field in dataclasses.fields(CurationSettings)}
    assert {knob for step in STEPS.values() for knob in step.knobs} == fields - {"folder"}
