"""The choice of a thousand rows and the funnel: against the notebook's code, exact probabilities and the paper's numbers."""

import dataclasses
import json
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from s1demo.errors import InputError
from s1demo.grading import Outcome
from training.curation.diversity import (
    AIME,
    GPQA,
    DomainWeights,
    benchmark_mix,
    choose,
    choose_by_rule,
    is_benchmark_like,
    is_long_math,
    kept_outright,
)
from training.curation.funnel import Funnel, Stage
from training.curation.records import Row
from training.curation.sources import SOURCES
from training.curation.subsets import ablations, longest_rows, random_rows

ROW = Row("What is 2 + 2?", "4", domain="11", source="made", thinking="2 + 2 = 4. So 4.", trace_answer="4", thinking_tokens=9)


def made_rows(lengths_by_domain: dict[str, list[int]]) -> list[Row]:
    return [
        dataclasses.replace(ROW, question=f"{domain} question {index}", domain=domain, thinking_tokens=length)
        for domain, lengths in lengths_by_domain.items()
        for index, length in enumerate(lengths)
    ]


# choice


def brute_choice(rows: list[Row], n_rows: int, seed: int, keep: set[str], mix: DomainWeights | None) -> list[str]:
    """The notebook's cells 14 to 21 as they stand, with a seeded numpy generator."""
    rng = np.random.default_rng(seed)
    selected = [row.id for row in rows if row.id in keep]
    all_domains = sorted({row.domain for row in rows})
    benchmark = [domain for domain in all_domains if mix and mix.weights.get(domain)]
    by_domain = {domain: {row.id: row.thinking_tokens for row in rows if row.domain == domain} for domain in all_domains}
    while len(selected) < n_rows:
        if mix is None or len(selected) < mix.after:
            domain = str(rng.choice(all_domains))
        else:
            weights = np.array([mix.weights[domain] for domain in benchmark])
            domain = str(rng.choice(benchmark, p=weights / weights.sum()))
        ids, lengths = list(by_domain[domain]), np.array(list(by_domain[domain].values()))
        ranks = len(lengths) - 1 - np.argsort(np.argsort(lengths))
        weights = np.power(2.0, -ranks)
        picked = ids[rng.choice(len(ids), p=weights / weights.sum())]
        if picked not in selected:
            selected.append(picked)
        by_domain[domain].pop(picked)
        if not by_domain[domain]:
            all_domains = [other for other in all_domains if other != domain]
            benchmark = [other for other in benchmark if other != domain]
    return selected


POOL = made_rows({"a": [90, 70, 50, 30, 10], "b": [100, 20], "c": [60], "d": [1, 2, 3, 4, 5, 6, 7, 8]})
KEPT = {POOL[1].id, POOL[9].id}
MIX = DomainWeights(5, {"a": 3.0, "d": 1.0})


@pytest.mark.parametrize(("keep", "mix"), [(set(), None), (KEPT, None), (set(), MIX), (KEPT, MIX)])
def test_choice_has_the_notebooks_distribution(keep: set[str], mix: DomainWeights | None) -> None:
    """How often each row is chosen, and how often first, over many seeds."""
    runs = 1000
    ours, theirs, firsts, their_firsts = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for seed in range(runs):
        chosen = [row.id for row in choose(POOL, 8, seed, lambda row: row.id in keep, mix)]
        brute = brute_choice(POOL, 8, seed, keep, mix)
        assert len(set(chosen)) == 8 and keep <= set(chosen)
        ours.update(chosen)
        theirs.update(brute)
        firsts[chosen[len(keep)]] += 1
        their_firsts[brute[len(keep)]] += 1
    for one, other in ((ours, theirs), (firsts, their_firsts)):
        for row in POOL:
            share = (one[row.id] + other[row.id]) / (2 * runs)
            assert abs(one[row.id] - other[row.id]) / runs <= 4.5 * (2 * share * (1 - share) / runs) ** 0.5


def test_first_draws_follow_the_stated_weights() -> None:
    runs = 3000
    firsts = Counter(choose(POOL, 1, seed)[0].id for seed in range(runs))
    for domain in "abcd":
        rows = sorted((row for row in POOL if row.domain == domain), key=lambda row: -row.thinking_tokens)
        total = sum(2.0**-rank for rank in range(len(rows)))
        for rank, row in enumerate(rows):
            expected = 2.0**-rank / total / 4
            assert firsts[row.id] / runs == pytest.approx(expected, abs=4.5 * (expected / runs) ** 0.5)


def test_choice_is_seeded_and_ignores_the_pools_order() -> None:
    shuffled = random.Random(3).sample(POOL, len(POOL))
    assert choose(POOL, 9, 5) == choose(shuffled, 9, 5) != choose(POOL, 9, 6)


def test_a_pool_that_is_too_small_is_refused() -> None:
    assert len(choose(POOL, len(POOL), 0)) == len(POOL)
    with pytest.raises(InputError, match=f"Only {len(POOL)} of {len(POOL) + 1}"):
        choose(POOL, len(POOL) + 1, 0)
    with pytest.raises(InputError, match="16 rows are kept outright, more than the 9"):
        choose(POOL, 9, 0, lambda row: True)
    with pytest.raises(InputError, match="weighted domains"):
        choose(POOL, 9, 0, domain_weights_after=DomainWeights(2, {"c": 1.0}))


def test_drawing_a_kept_row_uses_it_up_without_growing_the_choice() -> None:
    rows = made_rows({"a": [9, 8], "b": [5]})
    assert {row.id for row in choose(rows, 3, 1, lambda row: True)} == {row.id for row in rows}
    assert len(choose(rows, 2, 1, lambda row: row.domain == "b")) == 2


def test_the_benchmark_mix_is_the_notebooks() -> None:
    aime = [dataclasses.replace(ROW, question=f"a{i}", domain="11" if i < 7 else "05", source="aime") for i in range(10)]
    gpqa = [dataclasses.replace(ROW, question=f"g{i}", domain="81" if i < 5 else "92", source="gpqa") for i in range(6)]
    # 0.5 * 10 / 6 = 0.833: 5 -> 4, 1 -> 0
    assert benchmark_mix([*aime, *gpqa, ROW], {"aime"}, {"gpqa"}) == {"05": 3.0, "11": 7.0, "81": 4.0}


# the choice at full size

RIGHT, WRONG = Outcome.CORRECT, Outcome.INCORRECT


@pytest.mark.parametrize(
    ("source", "outcome", "tokens", "kept"),
    [
        (AIME, RIGHT, 1, True),
        (AIME, WRONG, 9000, False),
        (AIME, None, 9000, False),
        (AIME, Outcome.UNSCORABLE, 9000, False),
        (GPQA, RIGHT, 1, True),
        (GPQA, WRONG, 1, False),
        ("qfq/openaimath/Geometry", RIGHT, 5601, True),  # as s1K names MATH
        ("simplescaling/openaimath/Geometry", RIGHT, 5601, True),  # as it is collected
        ("simplescaling/openaimath/Geometry", RIGHT, 5600, False),
        ("simplescaling/openaimath/Geometry", WRONG, 9000, False),
        ("AI-MO/NuminaMath-CoT/aops_forum", RIGHT, 9000, False),
        ("KbsdJames/Omni-MATH", RIGHT, 9000, False),
    ],
)
def test_what_is_kept_outright(source: str, outcome: Outcome | None, tokens: int, kept: bool) -> None:
    row = dataclasses.replace(ROW, source=source, trace_outcome=outcome, thinking_tokens=tokens)
    assert kept_outright(row) == kept == (outcome is RIGHT and (is_benchmark_like(row) or is_long_math(row)))


def test_the_names_of_stage_a_are_those_that_are_collected() -> None:
    tables = {"train": [{"ID": "1983-1", "Question": "q", "Answer": "1"}]}
    (aime,) = SOURCES["AIME"].read(tables)
    record = {"Question": "q", "Correct Answer": "a", **{f"Incorrect Answer {n}": str(n) for n in (1, 2, 3)}, "Explanation": "e"}
    (gpqa,) = SOURCES["GPQA"].read({"extended": [record], "diamond": []})
    (math,) = SOURCES["MATH"].read({"train": [{"problem": "q", "solution": "s", "answer": "1", "subject": "Algebra"}]})
    assert is_benchmark_like(aime) and is_benchmark_like(gpqa)
    assert not is_long_math(math) and is_long_math(dataclasses.replace(math, thinking_tokens=5601))


def full_pool(seed: int, n: int) -> list[Row]:
    """A made pool with every kind of row that the rules tell apart."""
    rng = random.Random(seed)
    sources = [AIME, GPQA, "simplescaling/openaimath/Algebra", "AI-MO/NuminaMath-CoT/aops_forum", "KbsdJames/Omni-MATH"]
    return [
        dataclasses.replace(
            ROW,
            question=f"question {number}",
            source=rng.choice(sources),
            domain=rng.choice("aaabbbccdefg"),
            thinking_tokens=rng.sample(range(100, 9000), 1)[0],
            trace_outcome=rng.choice([RIGHT, WRONG, WRONG, Outcome.UNSCORABLE]),
        )
        for number in range(n)
    ]


def notebook_rule(rows: Sequence[Row], n_rows: int, seed: int, rule: str) -> list[str]:
    """Cells 14 to 21 from the rows' own fields: an implementation apart from the product's."""
    keep = set()
    for row in rows:
        if row.trace_outcome == "correct" and (
            row.source in ("Idavidrein/gpqa", "qq8933/AIME_1983_2024") or ("openaimath" in row.source and row.thinking_tokens > 5600)
        ):
            keep.add(row.id)
    gpqa = Counter(row.domain for row in rows if row.source == "Idavidrein/gpqa")
    aime = Counter(row.domain for row in rows if row.source == "qq8933/AIME_1983_2024")
    ratio = 0.5 * sum(aime.values()) / sum(gpqa.values())
    mix = Counter({domain: int(count * ratio) for domain, count in gpqa.items()}) + aime
    weights = DomainWeights(n_rows * 7 // 10, mix) if rule == "notebook" else None
    return brute_choice(list(rows), n_rows, seed, keep, weights)


@pytest.mark.parametrize("rule", ["paper", "notebook"])
def test_the_full_rule_has_the_notebooks_distribution(rule: str) -> None:
    pool, runs = full_pool(1, 40), 600
    assert 2 < sum(map(kept_outright, pool)) < 10
    ours, theirs = Counter[str](), Counter[str]()
    for seed in range(runs):
        ours.update(row.id for row in choose_by_rule(pool, 20, seed, rule))
        theirs.update(notebook_rule(pool, 20, seed, rule))
    for row in pool:
        share = (ours[row.id] + theirs[row.id]) / (2 * runs)
        assert abs(ours[row.id] - theirs[row.id]) / runs <= 4.5 * (2 * share * (1 - share) / runs) ** 0.5


def same_stream(rows: Sequence[Row], n_rows: int, seed: int, rule: str) -> list[str]:
    """The rule once more, on the product's random numbers, so that every single draw must agree."""
    rng = random.Random(f"{seed}-diversity")
    left = sorted(rows, key=lambda row: (-row.thinking_tokens, row.id))
    chosen = [row.id for row in left if kept_outright(row)]
    mix = benchmark_mix(rows, {AIME}, {GPQA})
    while len(chosen) < n_rows:
        domains = sorted({row.domain for row in left})
        mixed = rule == "notebook" and 10 * len(chosen) >= 7 * n_rows
        (domain,) = rng.choices(domains, [mix.get(domain, 0) if mixed else 1 for domain in domains])
        pool = [row for row in left if row.domain == domain][:60]
        (row,) = rng.choices(pool, [1 / 2**rank for rank in range(len(pool))])
        left.remove(row)
        chosen += [row.id] if row.id not in chosen else []
    return chosen


@pytest.mark.parametrize("rule", ["paper", "notebook"])
def test_every_draw_agrees_on_the_same_random_numbers(rule: str) -> None:
    pool = full_pool(5, 120)
    for seed in range(60):
        assert [row.id for row in choose_by_rule(pool, 60, seed, rule)] == same_stream(pool, 60, seed, rule)


def test_the_rules_differ_only_after_seven_tenths() -> None:
    pool = full_pool(2, 400)
    paper, notebook = choose_by_rule(pool, 100, 3, "paper"), choose_by_rule(pool, 100, 3, "notebook")
    assert paper[:70] == notebook[:70] and paper[70:] != notebook[70:]
    assert [row for row in paper if kept_outright(row)][:5] == paper[:5]
    with pytest.raises(InputError, match="Choose one of: paper, notebook"):
        choose_by_rule(pool, 100, 3, "papers")


def exact_sets(pools: tuple[tuple[int, ...], ...], chosen: frozenset[int], n_rows: int) -> dict[frozenset[int], Fraction]:
    """The probability of every outcome of stage B, by following every draw; each pool longest first."""
    if len(chosen) == n_rows:
        return {chosen: Fraction(1)}
    open_pools = [index for index, pool in enumerate(pools) if pool]
    result: Counter[frozenset[int]] = Counter()
    for index in open_pools:
        pool = pools[index]
        total = sum(Fraction(1, 2**rank) for rank in range(len(pool)))
        for rank, item in enumerate(pool):
            rest = (*pools[:index], pool[:rank] + pool[rank + 1 :], *pools[index + 1 :])
            share = Fraction(1, len(open_pools)) * Fraction(1, 2**rank) / total
            for outcome, probability in exact_sets(rest, chosen | {item}, n_rows).items():
                result[outcome] += share * probability
    return dict(result)


@pytest.mark.parametrize("kept", [frozenset[int](), frozenset({40})])
def test_every_set_is_as_likely_as_the_exact_probabilities_say(kept: frozenset[int]) -> None:
    """Chi-square over the possible sets; a row of stage A stays in its pool and can be drawn to no effect."""
    lengths = {"a": [90, 50, 40], "b": [80, 30], "c": [60]}
    pool, runs = made_rows(lengths), 3000
    expected = exact_sets(tuple(tuple(values) for values in lengths.values()), kept, 3)
    assert sum(expected.values()) == 1
    seen = Counter(frozenset(row.thinking_tokens for row in choose(pool, 3, seed, lambda row: row.thinking_tokens in kept)) for seed in range(runs))
    assert set(seen) <= set(expected)
    statistic = sum((seen[outcome] - runs * float(p)) ** 2 / (runs * float(p)) for outcome, p in expected.items())
    freedom = len(expected) - 1
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5


def test_ablation_sets() -> None:
    good = [row for row in POOL if row.domain != "c"]
    sets = ablations([*POOL, dataclasses.replace(ROW, thinking="")], good, 6, 2)
    assert {name: len(rows) for name, rows in sets.items()} == {"random": 6, "diverse": 6, "longest": 6, "whole": len(POOL)}
    assert [row.thinking_tokens for row in sets["longest"]] == [100, 90, 70, 60, 50, 30]
    assert not any(row.domain == "c" for row in sets["random"] + sets["diverse"])
    assert random_rows(POOL, 5, 1) == random_rows(POOL[::-1], 5, 1) != random_rows(POOL, 5, 2)
    assert longest_rows(POOL, 99) == sorted(POOL, key=lambda row: -row.thinking_tokens)
    domains = Counter(row.domain for seed in range(400) for row in choose(POOL, 1, seed, by_length=False))
    assert all(70 < domains[domain] < 130 for domain in "abcd")


# funnel


def test_funnel_arithmetic() -> None:
    funnel = Funnel()
    assert funnel.note("pool", POOL) == POOL
    funnel.note("half", POOL[:5], {"too long": 3})
    funnel.note("none", [])
    stages = funnel.to_dict()["stages"]
    assert [(stage["n_rows"], stage["removed"]) for stage in stages] == [(16, 0), (5, 11), (0, 5)]
    assert all(sum(stage["domains"].values()) == sum(stage["sources"].values()) == stage["n_rows"] for stage in stages)
    assert stages[1]["thinking_tokens"] == 250
    lines = funnel.table().splitlines()
    assert lines[2].split() == ["half", "5", "11", "1", "50.0"] and "3 x too long" in lines[3]
    assert json.loads(json.dumps(funnel.to_dict())) == funnel.to_dict()


@pytest.mark.parametrize(
    ("lefts", "removed"),
    [
        ([59_029, 54_116, 51_581, 24_496, 1_000], [0, 4_913, 2_535, 27_085, 23_496]),  # the paper, section 2.2
        ([59_029, 58_986, 54_116, 51_607, 24_517, 1_000], [0, 43, 4_870, 2_509, 27_090, 23_517]),  # filter.ipynb
    ],
)
def test_the_funnel_subtracts_as_the_papers_numbers_do(lefts: list[int], removed: list[int]) -> None:
    funnel = Funnel()
    for left in lefts:
        funnel.note("stage", [ROW] * left)
    assert [stage.removed for stage in funnel.stages] == removed
    assert sum(removed) == lefts[0] - lefts[-1]
    assert f"{lefts[1]:,}" in funnel.table()


def test_a_funnel_goes_on_from_what_was_noted_before() -> None:
    first = Funnel()
    first.note("pool", POOL, {"odd": 2})
    assert [Stage(**stage) for stage in json.loads(json.dumps(first.to_dict()))["stages"]] == first.stages
    later = Funnel(len(POOL))
    later.note("half", POOL[:5])
    assert later.stages[0].removed == 11
    assert Funnel(stages=[*first.stages, *later.stages]).table().splitlines()[-1].split()[:3] == ["half", "5", "11"]
