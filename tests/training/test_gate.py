"""The dev gate reads traces: which way of working a line uses, and whether a claimed agreement is true."""

from collections import Counter
from random import Random

import pytest

from training.mini.gate import KINDS, count, kind_of
from training.mini.problems import DOMAINS, sample_problem
from training.mini.scribe import Pass
from training.mini.working import METHODS, after_disagreement, confirmation, restatement, write_pass


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_way_of_working_is_recognised(domain: str) -> None:
    problem = sample_problem(Random(1), "dev", domain)
    for kind in KINDS:
        working = write_pass(problem, getattr(METHODS[domain], kind), Random(0))
        assert kind_of(working.text.strip(), problem) == kind
        if kind != "draft":
            assert kind_of(after_disagreement(working, ["1", "2"]).text.strip(), problem) == kind
    assert kind_of(confirmation(["1", "1"]).text, problem) == kind_of(restatement("1").text, problem) == "agree"


def test_a_false_agreement_is_counted_as_false() -> None:
    problem = sample_problem(Random(1), "dev", "addition")
    right = write_pass(problem, METHODS["addition"].check_a, Random(0))
    wrong = Pass(tuple((text.replace(f"So {problem.answer}.", "So 1."), slip) for text, slip in right.pieces), "1")
    for second, is_true in ((right, True), (wrong, False)):
        tally: Counter[tuple[str, str, bool]] = Counter()
        lines = [right.text.strip(), second.text.strip(), confirmation([problem.answer, second.conclusion]).text.strip()]
        count(lines, problem, tally)
        assert tally["addition", "agree", is_true] == 1 and tally["addition", "agree", not is_true] == 0
