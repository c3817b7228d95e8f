"""The problems: right answers, disjoint splits, nothing from the stage in training, question files that can be made again."""

import json
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from training.mini.domains import DOMAINS
from training.mini.domains.letters import SHOWCASE_WORDS, common_words
from training.mini.problems import SHOWCASE, SPLITS, Problem, problem_set, sample_problem, split_of
from training.mini.wording.phrasings import SECTIONS, TRAINED, UNSEEN, hurry, phrase, plain_phrase
from training.mini.wording.texts import misspell

KNOWN = [
    ("letters", ("r", "raspberry"), "3"),
    ("letters", ("s", "mississippi"), "4"),
    ("addition", ("27", "48", "36", "9"), "120"),
    ("subtraction", ("503", "278"), "225"),
    ("products", ("23", "47"), "1081"),
    ("powers", ("7", "23"), "3"),
    ("gcd", ("84", "36"), "12"),
    ("binary", ("45", "binary"), "101101"),
    ("binary", ("101101", "decimal"), "45"),
]


@pytest.mark.parametrize(("domain", "operands", "answer"), KNOWN)
def test_known_answers(domain: str, operands: tuple[str, ...], answer: str) -> None:
    assert Problem(domain, operands).answer == answer


@pytest.mark.parametrize("name", DOMAINS)
def test_showcase_answers_by_hand(name: str) -> None:
    by_hand = {
        "What is 348 + 275 + 96?": "719",
        "What is 4002 - 1357?": "2645",
        "What is 68 × 79?": "5372",
        "What is 50 - 6 × 8 + 15?": "17",
        "Solve 3x + 7 = 52.": "15",
        "Which is larger, 9.11 or 9.8?": "9.8",
        "What comes next: 1, 2, 4, 7, 11?": "16",
        "Today is Tuesday. What day is it in 45 days?": "Friday",
        "What is the last digit of 3^34?": "9",
        "What is the greatest common divisor of 252 and 105?": "21",
    }
    for problem in SHOWCASE:
        if problem.domain == name:
            question = plain_phrase(DOMAINS[name], problem.operands)
            assert by_hand.get(question, problem.answer) == problem.answer


def test_splits_share_no_problem() -> None:
    seen = {split: {problem.canonical for problem, _ in problem_set(1600, 5, split)} for split in SPLITS}
    assert all(len(problems) > 1200 for problems in seen.values())
    assert not seen["train"] & seen["test"] and not seen["train"] & seen["dev"] and not seen["dev"] & seen["test"]


def test_the_stage_is_in_no_split() -> None:
    assert {split_of(problem) for problem in SHOWCASE} == {"showcase"}
    assert split_of(Problem("letters", ("b", "raspberry"))) == "showcase"
    rng = Random(1)
    for name in DOMAINS:
        for _ in range(100):
            assert split_of(sample_problem(rng, "train", name)) == "train"
    assert not any(problem.operands[1] in SHOWCASE_WORDS for problem, _ in problem_set(800, 2, "train", domains=("letters",)))


def test_the_order_of_summands_does_not_move_a_problem() -> None:
    assert split_of(Problem("addition", ("12", "345", "6"))) == split_of(Problem("addition", ("6", "12", "345")))


def test_unseen_phrasings_ask_about_the_same_problems() -> None:
    trained, unseen = (list(problem_set(32, 3, "test", wording)) for wording in (TRAINED, UNSEEN))
    assert [problem for problem, _ in trained] == [problem for problem, _ in unseen]
    assert all(one != other for (_, one), (_, other) in zip(trained, unseen, strict=True))


def test_words_are_plain() -> None:
    words = common_words()
    assert len(words) > 1000 and len(set(words)) == len(words)
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 14 for word in words)


def test_questions_are_clean() -> None:
    rng = Random(4)
    for name, domain in DOMAINS.items():
        for wording in SECTIONS:
            question = phrase(domain, sample_problem(rng, "train", name).operands, rng, wording)
            assert "{" not in question and question.strip() == question


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="train, dev, test"):
        sample_problem(Random(0), "validation", "letters")


def test_the_question_files_are_the_same_each_time_and_need_no_torch(tmp_path: Path) -> None:
    code = "import sys, runpy; runpy.run_module('training.mini.benchmarks', run_name='__main__'); assert 'torch' not in sys.modules"
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        subprocess.run([sys.executable, "-c", code, "--to", str(folder)], check=True)
    for name in ("questions.jsonl", "benchmarks/mini.jsonl", "benchmarks/mini-unseen.jsonl", "benchmarks/mini-elsewhere.jsonl"):
        first, second = ((folder / name).read_bytes() for folder in folders)
        assert first == second
    rows = [json.loads(line) for line in (folders[0] / "benchmarks" / "mini.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 80 * len(DOMAINS) and {row["domain"] for row in rows} == set(DOMAINS)
    assert all(isinstance(row["answer"], str) and row["answer"] for row in rows)


def test_a_hurried_phrasing_keeps_its_placeholders() -> None:
    templates = {hurry("Could you please count each {letter} in {word} for me?", Random(seed)) for seed in range(400)}
    assert len(templates) > 10 and all(re.findall(r"\{\w+\}", template) == ["{letter}", "{word}"] for template in templates)


def test_a_misspelt_word_differs_by_a_letter() -> None:
    assert {misspell("strong", Random(seed)) for seed in range(40)} >= {"storng", "tsrong", "srong", "strng"}
