"""The gate reads traces: which way of working a line uses, and whether a claimed agreement is true."""

from collections import Counter
from random import Random

import pytest

from training.mini.domains import DOMAINS
from training.mini.domains.base import write_pass
from training.mini.gate import AGREE, CHECK_A, CHECK_B, DRAFT, KINDS, ROUGH, kind_of, share, tally_trace, verdict
from training.mini.language.chains import after_disagreement, confirmation, restatement
from training.mini.problems import sample_problem


@pytest.mark.parametrize("name", DOMAINS)
def test_every_way_of_working_is_recognised(name: str) -> None:
    rng = Random(1)
    for _ in range(20):
        operands = DOMAINS[name].sample(rng)
        for kind, method in DOMAINS[name].methods().items():
            working = write_pass(operands, method, rng)
            line = working.text.strip() if kind == DRAFT else f"Wait{working.text.strip()}"
            assert kind_of(line, name, first=kind == DRAFT) == kind
            if kind != DRAFT:
                assert kind_of(f"Wait{after_disagreement(working, ['1', '2']).text.strip()}", name, first=False) == kind
    for working in (confirmation(["1", "1"]), restatement("1")):
        assert kind_of(f"Wait{working.text}", name, first=False) == AGREE


def test_a_false_agreement_is_counted_as_false() -> None:
    problem = sample_problem(Random(1), "dev", "addition")
    methods = DOMAINS["addition"].methods()
    draft, right = (write_pass(problem.operands, methods[kind], Random(0)).text for kind in (DRAFT, CHECK_A))
    wrong = right.replace(f"So {problem.answer}.", "So 1.")
    for second, is_true in ((right, True), (wrong, False)):
        thinking = f"\n{draft}Wait{right}Wait{second}Wait{confirmation([problem.answer, problem.answer]).text}"
        tally = tally_trace(thinking, "addition", problem.answer)
        assert tally["addition", AGREE, is_true] == 1 and tally["addition", AGREE, not is_true] == 0
        assert tally["addition", DRAFT, True] == 1 and tally["addition", CHECK_A, True] == 1 + is_true


def test_the_verdict_names_what_is_amiss() -> None:
    good = {DRAFT: 60, ROUGH: 80, CHECK_A: 92, CHECK_B: 97, AGREE: 99}

    def judged(**changes: int) -> str:
        shares = good | changes
        tally = Counter({("gcd", kind, right): n if right else 100 - n for kind, n in shares.items() for right in (True, False)})
        assert share(tally, "gcd", DRAFT) == (shares[DRAFT], 100)
        return verdict(tally, "gcd")

    assert judged() == ""
    assert "check_a 80" in judged(check_a=80)
    assert "rough 65" in judged(rough=65)
    assert "draft 90" in judged(draft=90)
    assert "agreement true 90" in judged(agree=90)
    assert set(good) | {"other"} == set(KINDS) and CHECK_B in good
