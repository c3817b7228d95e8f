"""The problems: right answers, disjoint splits, nothing from the stage in training, a stable command line."""

import json
import subprocess
import sys
from decimal import Decimal
from random import Random

import pytest

from training.mini.phrasings import TRAINED, UNSEEN, phrase
from training.mini.problems import (
    DOMAINS,
    SHOWCASE,
    SHOWCASE_WORDS,
    SPLITS,
    Problem,
    common_words,
    problem_set,
    sample_problem,
    split_of,
)


def test_answers_are_right() -> None:
    for problem, _ in problem_set(400, 3, "train"):
        if problem.domain == "letters":
            letter, word = problem.operands
            assert problem.answer == str(sum(1 for other in word if other == letter))
        elif problem.domain == "addition":
            assert Decimal(problem.answer) == sum(map(Decimal, problem.operands))
        elif problem.domain == "products":
            first, second = map(int, problem.operands)
            assert int(problem.answer) == sum(first for _ in range(second))
        else:
            assert problem.answer in problem.operands
            assert all(float(problem.answer) >= float(operand) for operand in problem.operands)
            assert float(problem.operands[0]) != float(problem.operands[1])


@pytest.mark.parametrize(
    ("domain", "operands", "answer"),
    [
        ("letters", ("r", "raspberry"), "3"),
        ("letters", ("s", "mississippi"), "4"),
        ("decimals", ("9.11", "9.8"), "9.8"),
        ("decimals", ("9.8", "9.11"), "9.8"),
        ("addition", ("27", "48", "36", "9"), "120"),
        ("products", ("23", "47"), "1081"),
    ],
)
def test_known_answers(domain: str, operands: tuple[str, ...], answer: str) -> None:
    assert Problem(domain, operands).answer == answer


def test_splits_share_no_problem() -> None:
    seen = {split: {problem.canonical for problem, _ in problem_set(1200, 5, split)} for split in SPLITS}
    assert all(len(problems) > 900 for problems in seen.values())
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & seen["dev"]
    assert not seen["dev"] & seen["test"]


def test_the_split_ignores_order_and_phrasing() -> None:
    rng = Random(1)
    for domain in ("addition", "decimals", "products"):
        for _ in range(100):
            problem = sample_problem(rng, "test", domain)
            assert split_of(Problem(domain, problem.operands[::-1])) == "test"


def test_split_is_the_same_on_every_machine() -> None:
    letters = [split_of(Problem("letters", ("e", word))) for word in ("cheese", "amazing", "before")]
    assert [*letters, split_of(Problem("products", ("34", "35")))] == ["train", "test", "dev", "test"]


def test_showcase_never_occurs_in_training() -> None:
    rng = Random(2)
    showcase = {problem.canonical for problem in SHOWCASE}
    for _ in range(8000):
        problem = sample_problem(rng, "train")
        assert problem.canonical not in showcase
        assert problem.domain != "letters" or problem.operands[1] not in SHOWCASE_WORDS
    assert all(split_of(problem) == "showcase" for problem in SHOWCASE)
    assert split_of(Problem("letters", ("p", "raspberry"))) == "showcase"
    assert split_of(Problem("products", ("47", "23"))) == "showcase"


def test_common_words_are_words() -> None:
    words = common_words()
    assert len(words) > 500 and len(set(words)) == len(words)
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 14 for word in words)


def test_phrasings() -> None:
    for domain in DOMAINS:
        assert len(set(TRAINED[domain])) >= 6 and len(UNSEEN[domain]) >= 2
        assert not set(TRAINED[domain]) & set(UNSEEN[domain])
        for unseen in (False, True):
            question = phrase(domain, sample_problem(Random(4), "train", domain).operands, Random(4), unseen=unseen)
            assert "{" not in question and question.strip() == question


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="train, dev, test"):
        sample_problem(Random(0), "validation")


def test_command_line_is_deterministic_and_needs_no_torch() -> None:
    code = "import sys, runpy; runpy.run_module('training.mini.problems', run_name='__main__'); assert 'torch' not in sys.modules"
    command = [sys.executable, "-c", code, "--n", "40", "--seed", "7", "--held-out"]
    outputs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert outputs[0] == outputs[1]
    rows = [json.loads(line) for line in outputs[0].splitlines()]
    assert len(rows) == 40
    assert all(set(row) == {"question", "answer", "domain"} and isinstance(row["answer"], str) for row in rows)
