"""The working: without a slip every written step is right, with one the rest follows from it."""

import re
from random import Random

import pytest

from training.mini.problems import DOMAINS, Problem, sample_problem
from training.mini.scribe import Pass
from training.mini.working import METHODS, confirmation, round_parts, write_pass

EQUATION = re.compile(r"(\d+(?: [+×] \d+)+) = (\d+)")


def wrong_equations(text: str) -> list[str]:
    """Equations in a text whose two sides differ."""
    wrong = []
    for left, right in EQUATION.findall(text):
        total = sum(int(term) for term in left.split(" + ")) if "×" not in left else None
        if total is None:
            first, second = left.split(" × ")
            total = int(first) * int(second)
        if total != int(right):
            wrong.append(f"{left} = {right}")
    return wrong


def passes(domain: str, slip_rate: float, n: int = 150) -> list[tuple[Problem, str, Pass]]:
    """Passes of all three methods about random problems."""
    rng = Random(f"{domain}-{slip_rate}")
    result = []
    for _ in range(n):
        problem = sample_problem(rng, "train", domain)
        for name in ("draft", "check_a", "check_b"):
            result.append((problem, name, write_pass(problem, getattr(METHODS[domain], name), rng, slip_rate)))
    return result


@pytest.mark.parametrize("domain", DOMAINS)
def test_working_without_slips_is_right(domain: str) -> None:
    for problem, _, working in passes(domain, 0.0):
        assert working.conclusion == problem.answer
        assert working.text.endswith(f" So {problem.answer}.\n") and working.text.count("\n") == 1
        assert wrong_equations(working.text) == []
        assert not any(is_slip for _, is_slip in working.pieces)


@pytest.mark.parametrize("domain", ["addition", "products"])
def test_one_slip_is_one_wrong_equation(domain: str) -> None:
    for _, _, working in passes(domain, 1.0):
        slips = [text for text, is_slip in working.pieces if is_slip]
        assert len(slips) == 1
        assert len(wrong_equations(working.text)) == 1  # everything after the slip follows from it


@pytest.mark.parametrize("domain", DOMAINS)
def test_slips_change_conclusions_and_are_marked(domain: str) -> None:
    worked = passes(domain, 1.0)
    assert all(sum(is_slip for _, is_slip in working.pieces) == 1 for _, _, working in worked)
    wrong = sum(working.conclusion != problem.answer for problem, _, working in worked)
    assert wrong > 0.8 * len(worked)


def test_tally_counts_every_letter() -> None:
    rng = Random(0)
    for name, letters in (("check_a", "raspberry"), ("check_b", "yrrebpsar")):
        text = write_pass(Problem("letters", ("r", "raspberry")), getattr(METHODS["letters"], name), rng).text
        steps = re.findall(r"(\w)(\d+)", text.split(":")[1].split(".")[0])
        assert "".join(letter for letter, _ in steps) == letters
        assert [int(count) for _, count in steps] == [letters[: n + 1].count("r") for n in range(len(letters))]


def test_decimals_are_compared_place_by_place() -> None:
    text = write_pass(Problem("decimals", ("9.11", "9.8")), METHODS["decimals"].check_a, Random(0)).text
    assert "9.11 and 9.80. Wholes: 9 and 9, the same. Tenths: 1 and 8, number two is larger. So 9.8." in text


def test_round_parts() -> None:
    assert [round_parts(number) for number in (304, 20, 7, 0)] == [[300, 4], [20], [7], []]


def test_confirmation_names_what_the_checks_said() -> None:
    assert "719 and 719, they agree. So 719." in confirmation(["719", "719"]).text
    assert "799, 719 and 719, two of them agree. So 719." in confirmation(["799", "719", "719"]).text
