"""Benchmarks by name and from files; what cannot be had says why in one line."""

from __future__ import annotations

import json

import pytest

from s1demo.errors import InputError
from s1demo.evals import benchmarks
from s1demo.evals.benchmarks import MINI, NAMES, SOURCES, Problem, digest, load_benchmark, read_problems
from tests.conftest import SHARED_DATA


def test_the_miniatures_problems_are_shipped():
    problems = load_benchmark("mini")
    assert len(problems) == len(MINI.read_text(encoding="utf-8").splitlines()) > 50
    assert all(problem.domain for problem in problems)


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"question": "What is 5+6?", "answer": 11}\n\n{"question": "q", "answer": "x", "domain": "d", "phrasing": "unseen", "more": 1}\n')
    assert load_benchmark(str(path)) == [Problem("What is 5+6?", "11"), Problem("q", "x", "d", "unseen")]


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ('{"question": "q", "answer": "1"}\n{"question": "q"', "line 2: not JSON"),
        ("[1]", "line 1: no JSON object"),
        ('{"answer": "1"}', "line 1: the question is missing"),
        ('{"question": "  ", "answer": "1"}', "the question is missing"),
        ('{"question": "q"}', "the answer is missing"),
        ('{"question": "q", "answer": true}', "the answer is missing"),
        ('{"question": "q", "answer": ""}', "the answer is missing"),
    ],
)
def test_a_bad_file_is_refused_by_its_line(tmp_path, text, complaint):
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint):
        read_problems(path)


@pytest.mark.parametrize("name, complaint", [("nonsense", "Choose one of mini, aime24"), ("no/such.jsonl", "Cannot read the benchmark file")])
def test_unknown_benchmarks(name, complaint):
    with pytest.raises(InputError, match=complaint):
        load_benchmark(name)


@pytest.mark.parametrize("name", SOURCES)
def test_without_a_network_the_remedy_is_one_line(name, monkeypatch):
    def unreachable(*arguments, **options):
        raise ConnectionError("Couldn't reach the Hub\nand much more")

    monkeypatch.setattr("datasets.load_dataset", unreachable)
    with pytest.raises(InputError) as caught:
        load_benchmark(name)
    message = str(caught.value)
    assert "Couldn't reach the Hub" in message and "network" in message and "FILE.jsonl" in message and "\n" not in message
    assert ("hf auth login" in message) == (name == "gpqa")


def test_every_public_benchmark_is_pinned():
    assert NAMES == ("mini", "aime24", "aime25", "math500", "gpqa")
    assert all(source.sha256 or len(source.revision) == 40 for source in SOURCES.values())


def local_rows(file):
    path = SHARED_DATA / file
    if not path.is_file():
        pytest.skip(f"{file} is not in ../shared/data")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_aime24_is_the_papers_own_file(monkeypatch):
    rows = local_rows("aime24_nofigures.jsonl")
    monkeypatch.setattr("datasets.load_dataset", lambda *arguments, **options: rows)
    problems = load_benchmark("aime24")
    assert len(problems) == 30 and all(0 <= int(problem.answer) <= 999 for problem in problems)
    assert digest(problems) == SOURCES["aime24"].sha256
    monkeypatch.setattr("datasets.load_dataset", lambda *arguments, **options: rows[:29])
    with pytest.raises(InputError, match="not the file the paper used"):
        load_benchmark("aime24")


def test_math500_reads_its_columns(monkeypatch):
    rows = local_rows("math500_half.jsonl")
    monkeypatch.setattr("datasets.load_dataset", lambda *arguments, **options: rows)
    problems = load_benchmark("math500")
    assert len(problems) == 250 and "Algebra" in {problem.domain for problem in problems}


def test_gpqa_options_are_shuffled_the_same_way_every_time():
    row = {"Question": " Which?\n", "Correct Answer": "right", "Incorrect Answer 1": "a", "Incorrect Answer 2": "b\n", "Incorrect Answer 3": "c", "High-level domain": "Physics"}
    problems = benchmarks._gpqa([row] * 40)
    assert problems == benchmarks._gpqa([row] * 40)
    assert {problem.answer for problem in problems} == set("ABCD")
    for problem in problems:
        head, blank, *options = problem.question.split("\n")
        assert (head, blank) == ("Which?", "") and f"{problem.answer}) right" in options
        assert sorted(option[3:] for option in options) == ["a", "b", "c", "right"]
