"""What the exhibit says of the embedded model is true of the files it ships."""

import asyncio
import re
from pathlib import Path

import pytest

from s1demo.budget import AUTO, BudgetPolicy
from s1demo.decoding.runs import decode_batch
from s1demo.engines.local.engine import TransformersEngine
from s1demo.evals.benchmarks import digest, load_benchmark
from s1demo.evals.provenance import model_digest
from s1demo.evals.results import RunResult, read_run
from s1demo.evals.setting import LEFT_ALONE, Setting
from s1demo.events import Event, Phase, Tokens
from s1demo.grading import extract_answer, grade
from s1demo.settings import ASSETS, EMBEDDED_MODEL
from training.mini import benchmarks
from training.mini.measure import MEASURED, MEASUREMENTS, SELF, curve_table, domain_table

ROOT = ASSETS.parent
ASKED = load_benchmark("mini")[:96]
SETTINGS = (Setting(16), LEFT_ALONE, Setting(num_ignore=2))
ODD = Path(__file__).with_name("odd_questions.txt")  # short or strange, as visitors type
GARBLED, MOST_GARBLED = re.compile("think|[Aa]nswer"), 2
MOST_DIFFERENT = 2  # another processor may round a logit the other way


@pytest.fixture(scope="module")
def curve() -> RunResult:
    return read_run(MEASURED / "curve.json")


@pytest.mark.parametrize("name", ["questions.jsonl", "benchmarks/mini.jsonl", "benchmarks/mini-unseen.jsonl", "benchmarks/mini-elsewhere.jsonl"])
def test_the_question_files_are_those_this_code_writes(name: str, tmp_path: Path) -> None:
    benchmarks.write_all(tmp_path)
    assert (tmp_path / name).read_text(encoding="utf-8") == (ASSETS / name).read_text(encoding="utf-8")


def test_the_curve_is_of_the_shipped_weights_and_questions(curve: RunResult) -> None:
    assert curve.model_digest == model_digest(EMBEDDED_MODEL)
    assert curve.questions_sha256 == digest(load_benchmark("mini")) and curve.n >= 1000


@pytest.mark.parametrize("path", sorted(MEASURED.glob("*.json")), ids=lambda path: path.stem)
def test_every_measured_file_is_one_of_ours_with_its_command(path: Path) -> None:
    run, options = read_run(path), MEASUREMENTS[path.stem].options
    assert run.command.startswith("python -m s1demo sweep")
    assert all(option in run.command for option in options if option)
    assert (run.model_digest == model_digest(EMBEDDED_MODEL)) == (MEASUREMENTS[path.stem].model == SELF)


def test_the_documents_show_the_measured_tables(curve: RunResult) -> None:
    readme, training = ((ROOT / path).read_text(encoding="utf-8") for path in ("docs/results.md", "training/README.md"))
    assert "\n".join(curve_table(curve)) in readme
    assert "\n".join(domain_table(curve)) in training


@pytest.mark.parametrize("setting", [*SETTINGS[:2], pytest.param(SETTINGS[2], marks=pytest.mark.slow)], ids=lambda setting: setting.label)
def test_the_shipped_weights_do_what_was_measured(engine: TransformersEngine, curve: RunResult, setting: Setting) -> None:
    """The first questions again, by the batch driver instead of the sweep."""
    runs = asyncio.run(decode_batch(engine, [(problem.question, setting.policy) for problem in ASKED]))
    verdicts = [verdict(engine, events, problem.answer) for events, problem in zip(runs, ASKED, strict=True)]
    pairs = zip(verdicts, curve.point(setting).verdicts, strict=False)
    assert sum(found != measured for found, measured in pairs) <= MOST_DIFFERENT


def test_odd_questions_bring_no_garbled_text(engine: TransformersEngine) -> None:
    """Delimiters as words of the working: what version 5 did in 13 of these before its bases learned to write delimiters."""
    asked = ODD.read_text(encoding="utf-8").splitlines()
    runs = asyncio.run(decode_batch(engine, [(question, BudgetPolicy(AUTO, 8)) for question in asked]))
    garbled = [question for question, events in zip(asked, runs, strict=True) if GARBLED.search(thinking(engine, events))]
    assert len(asked) == 101 and len(garbled) <= MOST_GARBLED, garbled


def thinking(engine: TransformersEngine, events: list[Event]) -> str:
    ids = [i for event in events if isinstance(event, Tokens) and event.phase is Phase.THINKING for i in event.token_ids]
    return engine.tokenizer.hub.decode(ids)


def verdict(engine: TransformersEngine, events: list[Event], true_answer: str) -> str:
    ids = [i for event in events if isinstance(event, Tokens) and event.phase is Phase.ANSWER for i in event.token_ids]
    return grade(extract_answer(engine.tokenizer.hub.decode(ids)), true_answer)[0]
