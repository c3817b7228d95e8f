"""What answers along a trace are worth, in signs and words, and which of them are the same."""

from __future__ import annotations

import pytest

from s1demo.grading.answers import Verdict, judged, same_answer, spoken


@pytest.mark.parametrize(
    "answer, true_answer, verdict",
    [
        ("4", "4", Verdict.RIGHT),
        ("4.0", "4", Verdict.RIGHT),
        ("7", "4", Verdict.WRONG),
        (None, "4", Verdict.NONE),
        ("", None, Verdict.NONE),
        ("7", None, Verdict.UNKNOWN),
        ("\\frac{1}{2}", "0.5", Verdict.UNKNOWN),  # what the cheap rules cannot judge
    ],
)
def test_what_an_answer_is_worth(answer, true_answer, verdict):
    assert judged(answer, true_answer) is verdict


@pytest.mark.parametrize(
    "a, b, same", [("7", "7.0", True), ("7", "9", False), (None, "", True), (None, "7", False), ("x+1", "x+1", True)]
)
def test_two_ways_to_write_an_answer_are_one_answer(a, b, same):
    assert same_answer(a, b) is same and same_answer(b, a) is same


def test_answers_are_told_in_words():
    assert spoken("7", Verdict.WRONG) == "7 (wrong)" and spoken(None, Verdict.NONE) == "no answer"
    assert spoken("x" * 99, Verdict.RIGHT) == "x" * 29 + "… (right)"
