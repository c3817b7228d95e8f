"""The grader, pinned by a case table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1demo.evals.grading import extract_answer, grade

CASES = json.loads((Path(__file__).parent / "grading_cases.json").read_text())


@pytest.mark.parametrize("case", CASES["extract"], ids=lambda case: repr(case["text"])[:40])
def test_extract(case):
    assert extract_answer(case["text"]) == case["answer"]


@pytest.mark.parametrize("case", CASES["grade"], ids=lambda case: f"{case['answer']!r} for {case['gold']!r}")
def test_grade(case):
    assert grade(case["answer"], case["gold"]) == case["outcome"]
