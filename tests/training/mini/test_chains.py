"""Chains: checks in turn, the rough one first, disagreements named and worked on, agreements that are true."""

from pathlib import Path
from random import Random

from training.mini.language.chains import REFUSAL, confirmation, refusal_chain, write_chain
from training.mini.problems import Problem
from training.mini.recipe import DocumentKnobs, load_recipe

RECIPE = load_recipe(Path(__file__).resolve().parents[3] / "training" / "recipes" / "s1-mini.yaml")
RASPBERRY = Problem("letters", ("r", "raspberry"))


def knobs(**changes: object) -> DocumentKnobs:
    """No slips, no cuts, no rough check, first careful method first, unless changed."""
    plain: dict[str, object] = {
        "domain_weights": {"letters": 1.0},
        "elsewhere": 0.0,
        "draft_slip": 0.0,
        "draft_trained": (1.0, 1.0, 1.0),
        "rough_slip": 0.0,
        "check_a_slip": 0.0,
        "check_b_slip": 0.0,
        "disagreement": 0.0,
        "rough_first": 0.0,
        "b_first": 0.0,
        "cut": 0.0,
        "cut_at_zero": 0.0,
        "cut_at_line_end": 0.0,
        "extra_waits": (1.0,),
        "other_extension": 0.0,
        "most_tokens": 1000,
    }
    return DocumentKnobs(**{**plain, **changes})  # type: ignore[arg-type]


def test_confirmations_are_true_of_their_traces() -> None:
    rng, disagreements = Random(3), 0
    for _ in range(400):
        concluded: list[str] = []
        for link in write_chain(RASPBERRY, 8, RECIPE.documents, rng)[1:]:
            text = link.working.text
            if " agree" in text:
                assert concluded.count(link.working.conclusion) >= 2
                continue
            if len(concluded) > 1:
                disagreements += 1
                assert len(set(concluded)) == len(concluded)
                assert f"the checks said {', '.join(concluded[:-1])} and {concluded[-1]}. They differ, so let me" in text
            concluded.append(link.working.conclusion)
    assert disagreements > 20


def test_two_checks_that_agree_end_the_work() -> None:
    texts = [link.working.text for link in write_chain(RASPBERRY, 5, knobs(), Random(0))]
    assert "cut it into pieces" in texts[1] and "letter by letter" in texts[2]
    assert texts[3] == ", the checks said 3 and 3. They agree. So 3.\n"
    assert texts[4] == texts[5] == ", two checks agree, so I am done. So 3.\n"


def test_the_rough_check_comes_first_then_the_careful_ones() -> None:
    texts = [link.working.text for link in write_chain(RASPBERRY, 3, knobs(rough_first=1.0, rough_slip=1.0), Random(2))]
    assert "count in two pieces" in texts[1] and "cut it into pieces" in texts[2]
    assert "They differ, so let me go letter by letter" in texts[3]
    swapped = [link.working.text for link in write_chain(RASPBERRY, 2, knobs(rough_first=1.0, b_first=1.0), Random(2))]
    assert "count in two pieces" in swapped[1] and "letter by letter" in swapped[2]


def test_checks_that_differ_are_followed_by_the_careful_methods_in_turn() -> None:
    for b_first, third in ((0.0, "cut it into pieces"), (1.0, "go letter by letter")):
        chain = write_chain(RASPBERRY, 3, knobs(disagreement=1.0, b_first=b_first), Random(1))
        assert chain[1].working.conclusion != chain[2].working.conclusion
        assert f"They differ, so let me {third}" in chain[3].working.text


def test_a_draft_may_be_left_out_of_the_loss() -> None:
    chain = write_chain(RASPBERRY, 1, knobs(draft_trained=(0.0, 1.0, 1.0)), Random(0))
    assert [link.trained for link in chain] == [False, True]


def test_lists_are_set_apart_by_semicolons() -> None:
    assert "the checks said 8, 12; 8, 12. They agree" in confirmation(["8, 12", "8, 12"]).text


def test_refusals_stay_refusals() -> None:
    chain = refusal_chain(2)
    assert {link.working.conclusion for link in chain} == {REFUSAL}
    assert [link.extension for link in chain] == ["", "Wait", "Wait"]
