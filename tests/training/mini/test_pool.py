"""The miniature's pool: the teacher's stop rule, and every training set from the same curation code as the 32B's."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from s1demo.delimiters import EXTENSION
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.grading import Outcome
from s1demo.settings import EMBEDDED_MODEL, Settings
from training.curation.difficulty import AttemptSettings
from training.curation.records import Attempt, Row, read_rows
from training.curation.sft_text import encode_row
from training.mini import pool
from training.mini.domains import DOMAINS
from training.mini.domains.base import LARGE, write_pass
from training.mini.pool import CurationKnobs, conclusion, curate, make_pool, taught, teach
from training.mini.problems import split_of
from training.recipes import read_section

KNOBS = CurationKnobs(Path("unused"), {"small": EMBEDDED_MODEL, "large": EMBEDDED_MODEL}, n_problems=400, n_rows=48)


def scripted_attempts(rows: Sequence[Row], model: str, path: Path, settings: AttemptSettings, engine: Settings) -> None:
    """Drafts of which more than half are wrong, and an answer that follows them; now and then no conclusion at all."""
    problems = make_pool(KNOBS)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lines:
        lines.write("{}\n")
        for number, row in enumerate(rows):
            problem = problems[row.id][1]
            draft = write_pass(problem.operands, DOMAINS[problem.domain].draft, Random(f"{row.id}-{path.name}"), 0.6)
            thinking = "\nHm.\n" if number % 40 == 7 else f"\n{draft.text}{EXTENSION}, never shown. So 1.\n"
            record = {"id": row.id, "thinking": thinking, "thinking_tokens": 9, "answer_text": f"\nAnswer: {draft.conclusion}"}
            lines.write(json.dumps(record) + "\n")


@pytest.fixture
def curated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[CurationKnobs, dict[str, int]]:
    """The folder of a curation run on scripted attempts, and its funnel."""
    monkeypatch.setattr(pool, "make_attempts", scripted_attempts)
    knobs = dataclasses.replace(KNOBS, folder=tmp_path)
    return knobs, {stage.name: stage.n_rows for stage in curate(knobs, Settings()).stages}


def test_the_pool_is_training_problems_only() -> None:
    made = make_pool(KNOBS)
    assert len(made) > 390 and made == make_pool(KNOBS)
    for row_id, (row, problem) in made.items():
        assert row.id == row_id and split_of(problem) == "train" and row.answer == problem.answer
        assert row.domain == f"{problem.domain}, {row.meta['size']}" and row.source == problem.domain
    plain = make_pool(dataclasses.replace(KNOBS, domains_by_size=False))
    assert {row.domain for row, _ in plain.values()} == set(DOMAINS)


def test_the_teachers_stop_rule() -> None:
    seen = Counter[tuple[int, str]]()
    for _, problem in make_pool(KNOBS).values():
        for careful in (0.0, 1.0):
            knobs = dataclasses.replace(KNOBS, second_check=careful, rough_slip=0.5, agreement_said=0.5)
            checks = teach(problem, Random(repr(problem)), knobs)
            assert bool(checks) == bool(problem.size) and all(check.conclusion == problem.answer for check in checks[1:])
            text = "".join(check.text for check in checks)
            assert ("They differ" in text) == (len(checks) > 2 and checks[0].conclusion != problem.answer)
            agree = "Two of them agree" if "They differ" in text else "They agree"
            assert (" agree." in text) == (agree in checks[-1].text if checks else False)
            seen[problem.size, f"{len(checks)}{' differ' * ('They differ' in text)}{' agree' * (' agree.' in text)}"] += 1
    assert set(seen) == {(0, "0"), (1, "1"), *((2, checks) for checks in ("1", "2", "3 agree", "3 differ", "4 differ agree"))}


def test_a_slip_is_no_target_and_its_trace_follows_it() -> None:
    knobs = dataclasses.replace(KNOBS, second_check=1.0, rough_slip=1.0, agreement_said=0.0)
    tokenizer, slipped, large = HubTokenizer(EMBEDDED_MODEL), 0, 0
    for row, problem in list(make_pool(knobs).values())[:200]:
        attempt = Attempt("12", Outcome.INCORRECT, "\nQuickly. So 12.\nWait, never shown. So 1.\n", 9)
        row = taught(dataclasses.replace(row, attempts={"large": attempt}), problem, tokenizer, knobs)
        lines = row.thinking.splitlines()
        assert lines[0] == "Quickly. So 12." and all(line.startswith(EXTENSION) for line in lines[1:])
        assert conclusion(row.thinking) == row.trace_answer == (problem.answer if problem.size else "12")
        assert problem.size == LARGE or not row.masked_spans
        for _, end in row.masked_spans:
            assert row.thinking[:end].count("\n") == 1  # in the rough check, the second line
        slipped += bool(row.masked_spans)
        large += problem.size == LARGE
    assert large > 40 and slipped > 0.9 * large  # some check has no value in which to slip


def test_a_draft_without_a_conclusion_makes_no_trace() -> None:
    row, problem = next(iter(make_pool(KNOBS).values()))
    for thinking in ("\nThis is not a kind of problem I know.\n", ""):
        attempt = Attempt(None, Outcome.INCORRECT, thinking, 9)
        assert taught(dataclasses.replace(row, attempts={"large": attempt}), problem, HubTokenizer(EMBEDDED_MODEL), KNOBS).thinking == ""
    assert conclusion("So 3, 4, 5.\n") == "3, 4, 5" and conclusion("So 9.8.") == "9.8"


def test_every_stage_and_every_set(curated: tuple[CurationKnobs, dict[str, int]]) -> None:
    knobs, stages = curated
    sets = {name: list(read_rows(knobs.folder / f"{name}.jsonl")) for name in ("curated", "random", "diverse", "longest", "whole")}
    assert list(stages) == ["pool", "nothing missing", "well formed", "unsolved by both", "chosen"]
    assert stages["pool"] > stages["nothing missing"] == len(sets["whole"]) > stages["unsolved by both"] > stages["chosen"] == 48
    assert all(len(rows) == 48 for name, rows in sets.items() if name != "whole")
    for row in sets["curated"]:
        assert [row.attempts[name].outcome for name in ("small", "large")] == [Outcome.INCORRECT] * 2
        assert row.thinking.startswith(row.attempts["large"].thinking.strip().splitlines()[0] + "\n")
        assert row.trace_answer == conclusion(row.thinking) and "never shown" not in row.thinking
        assert row.trace_answer == row.answer or row.meta["size"] == "small"
    sizes = Counter(row.meta["size"] for row in sets["curated"])
    assert min(sizes.values()) >= 6  # diversity by kind and size: small problems are not crowded out
    mean = {name: sum(row.thinking_tokens for row in rows) / len(rows) for name, rows in sets.items()}
    assert mean["longest"] == max(mean.values())
    funnel = json.loads((knobs.folder / "funnel.json").read_text())
    assert funnel["stages"][-1]["notes"]["small"] == sizes["small"]


def test_curation_is_seeded(curated: tuple[CurationKnobs, dict[str, int]], tmp_path: Path) -> None:
    knobs, _ = curated
    curate(dataclasses.replace(knobs, folder=tmp_path / "again"), Settings())
    assert (knobs.folder / "curated.jsonl").read_bytes() == (tmp_path / "again" / "curated.jsonl").read_bytes()


def test_the_draft_can_be_left_out_of_the_loss(curated: tuple[CurationKnobs, dict[str, int]], tmp_path: Path) -> None:
    knobs, _ = curated
    curate(dataclasses.replace(knobs, folder=tmp_path / "masked", train_draft=False, rough_slip=0.0), Settings())
    tokenizer = HubTokenizer(EMBEDDED_MODEL)
    for row in list(read_rows(tmp_path / "masked" / "curated.jsonl"))[:10]:
        sample = encode_row(row, tokenizer)
        draft, _, rest = row.thinking.partition("\n")
        trained = tokenizer.hub.decode([index for index in sample["labels"] if index >= 0])
        assert draft not in trained and rest.strip() in trained


def test_the_section_is_checked(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("curation: {folder: f, models: {small: a, large: b}}\n", encoding="utf-8")
    assert read_section(recipe, "curation", CurationKnobs, ["n_rows=7"]).n_rows == 7
    for wrong, words in (("models={small: a}", "small, large"), ("second_check=2", "second_check is 2. It should be less than or equal to 1"), ("n=1", "unknown keys")):
        with pytest.raises(InputError, match=words):
            read_section(recipe, "curation", CurationKnobs, [wrong])
