"""The rules that every kind of problem obeys: right answers, sound slips, readable passes of bounded length, varied questions."""

import importlib
import pkgutil
import re
import string
from collections import Counter
from functools import cache
from itertools import combinations
from random import Random
from statistics import mean, median

import pytest

import training.mini.domains as package
from training.mini.domains.base import LARGE, MEDIUM, SIZES, SMALL, Domain, Operands, write_pass
from training.mini.domains.scribe import Pass
from training.mini.problems import Problem, split_of
from training.mini.wording.phrasings import SECTIONS, phrasings

MODULES = [importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)]
DOMAINS: list[Domain] = [module.DOMAIN for module in MODULES if hasattr(module, "DOMAIN")]
every_domain = pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)

TOKEN = re.compile(r" ?[A-Za-z]+| ?\d|[^\sA-Za-z\d]|\n")
STEP = re.compile(r"(\d+) ([+×-]) (\d+) = \d+")
CHECKS = ("check_a", "check_b")
METHODS = ("draft", "rough", *CHECKS)
N_PROBLEMS, N_DISTINCT, MOST_DRAWS = 120, 5000, 40_000
FEWER = {"binary": 2000}  # all numbers up to 255, both ways
LONGEST_CHECK, LONGEST_DRAFT, SHORTEST_CHECK = 360, 60, 12  # tokens
TYPICAL_ROUGH, LONGEST_ROUGH = (20, 55), 120  # tokens, of medium and large problems: the mean's limits and the most
ROUGH_SHARE = 0.7  # of the length of check A, at most
TYPICAL_CHECK = {SMALL: (20, 100), MEDIUM: (30, 150), LARGE: (45, 300)}  # tokens, of the median
READABLE = set(string.ascii_letters + string.digits + " .,:;?!'\"()+-=×÷/<>%°€£$\n")
WRONG_PLACES = re.compile(r"  | [.,;:?]|\.\.|,,|,\.|\.,|:\.")
UNFILLED = re.compile(r"  |\{|\}|\bNone\b")
MOST_SHARED_STEPS = 0.6  # of the sums and products of check A


def n_tokens(text: str) -> int:
    return len(TOKEN.findall(text))


@cache
def problems(domain: Domain) -> tuple[Operands, ...]:
    rng = Random(f"{domain.name} problems")
    return (*domain.showcase, *(domain.sample(rng) for _ in range(N_PROBLEMS)))


@cache
def passes(domain: Domain, method: str) -> tuple[tuple[Operands, Pass], ...]:
    """The problems worked without a slip."""
    return tuple((operands, write_pass(operands, getattr(domain, method), Random(0))) for operands in problems(domain))


@cache
def slipped(domain: Domain, method: str) -> tuple[tuple[Operands, Pass], ...]:
    """The problems worked with one slip each."""
    rng = Random(f"{domain.name} slips")
    return tuple((operands, write_pass(operands, getattr(domain, method), rng, 1.0)) for operands in problems(domain) * 2)


def first_words(text: str) -> tuple[str, ...]:
    return tuple(text.removeprefix(",").split()[:4])


def test_there_are_domains_and_their_names_differ() -> None:
    assert DOMAINS
    assert len({domain.name for domain in DOMAINS}) == len(DOMAINS) == len({domain.title for domain in DOMAINS})
    assert all(re.fullmatch("[a-z]+", domain.name) for domain in DOMAINS)


@every_domain
@pytest.mark.parametrize("method", METHODS)
def test_without_a_slip_every_method_concludes_the_answer(domain: Domain, method: str) -> None:
    for operands, working in passes(domain, method):
        assert working.conclusion == domain.answer(operands), (operands, working.text)
        assert working.text.endswith(f". So {domain.answer(operands)}.\n"), working.text
        assert not any(slip for _, slip in working.pieces)


@every_domain
@pytest.mark.parametrize("method", METHODS)
def test_after_a_slip_a_method_goes_on_and_concludes_something(domain: Domain, method: str) -> None:
    marks = []
    for _, working in slipped(domain, method):
        assert working.conclusion and working.text.endswith(f" So {working.conclusion}.\n"), working.text
        assert n_tokens(working.text) <= LONGEST_CHECK, working.text
        marks.append(sum(slip for _, slip in working.pieces))
    assert max(marks) == 1 and sum(marks) > 0.5 * len(marks)  # a choice between equal options cannot slip


@every_domain
@pytest.mark.parametrize("method", METHODS)
def test_what_follows_builds_on_the_slipped_value(domain: Domain, method: str) -> None:
    """A method that computed on from the right value would mostly conclude the answer."""
    wrong = [working.conclusion != domain.answer(operands) for operands, working in slipped(domain, method)]
    assert sum(wrong) > 0.25 * len(wrong)


@every_domain
@pytest.mark.parametrize("method", METHODS)
def test_every_pass_is_one_readable_line(domain: Domain, method: str) -> None:
    for _, working in (*passes(domain, method), *slipped(domain, method)):
        assert working.text.count("\n") == 1
        assert not set(working.text) - READABLE, set(working.text) - READABLE
        assert not WRONG_PLACES.search(working.text), working.text


@every_domain
def test_openings_tell_the_methods_apart(domain: Domain) -> None:
    seen = {method: {first_words(working.text) for _, working in passes(domain, method)} for method in METHODS}
    assert not any(seen[one] & seen[other] for one, other in combinations(METHODS, 2))
    assert all(working.text[0].isupper() for _, working in passes(domain, "draft"))
    assert all(re.match(r", let me [a-z]", working.text) for method in METHODS[1:] for _, working in passes(domain, method))
    rough = {words[:3] for words in seen["rough"]}
    assert len(rough) == 1 and not rough & {words[:3] for check in CHECKS for words in seen[check]}


@every_domain
def test_passes_are_as_long_as_their_size(domain: Domain) -> None:
    lengths = {
        (method, size): [n_tokens(working.text) for operands, working in passes(domain, method) if domain.size(operands) == size]
        for method in METHODS
        for size in SIZES
    }
    assert max(max(lengths["draft", size]) for size in SIZES) <= LONGEST_DRAFT
    for check in CHECKS:
        assert min(map(min, (lengths[check, size] for size in SIZES))) >= SHORTEST_CHECK
        assert max(map(max, (lengths[check, size] for size in SIZES))) <= LONGEST_CHECK
        for size, (low, high) in TYPICAL_CHECK.items():
            assert low <= median(lengths[check, size]) <= high, (check, size, median(lengths[check, size]))
            assert median(lengths[check, size]) > median(lengths["draft", size])
        assert median(lengths[check, SMALL]) < median(lengths[check, LARGE])


@every_domain
def test_a_rough_check_is_short(domain: Domain) -> None:
    """On what is not small it takes clearly fewer tokens than a careful check."""
    rough, check_a, check_b = (
        [n_tokens(working.text) for operands, working in passes(domain, method) if domain.size(operands) > SMALL]
        for method in ("rough", *CHECKS)
    )
    low, high = TYPICAL_ROUGH
    assert low <= mean(rough) <= high and max(rough) <= LONGEST_ROUGH, (mean(rough), max(rough))
    assert mean(rough) <= ROUGH_SHARE * mean(check_a) and mean(rough) < mean(check_b), (mean(rough), mean(check_a), mean(check_b))


@every_domain
def test_the_checks_share_few_steps(domain: Domain) -> None:
    shared, steps = 0, 0
    for (_, one), (_, other) in zip(passes(domain, "check_a"), passes(domain, "check_b"), strict=True):
        found = Counter(STEP.findall(one.text))
        steps += found.total()
        shared += (found & Counter(STEP.findall(other.text))).total()
    assert shared <= MOST_SHARED_STEPS * steps, f"{shared} of {steps}"


@every_domain
def test_every_size_occurs_often(domain: Domain) -> None:
    rng = Random(f"{domain.name} sizes")
    counts = Counter(domain.size(domain.sample(rng)) for _ in range(500))
    assert set(counts) == set(SIZES)
    assert min(counts.values()) >= 0.05 * counts.total() and max(counts.values()) <= 0.75 * counts.total()


@every_domain
def test_there_are_thousands_of_problems(domain: Domain) -> None:
    rng, found = Random(f"{domain.name} distinct"), set()
    for _ in range(MOST_DRAWS):
        found.add(domain.canonical(domain.sample(rng)))
        if len(found) >= FEWER.get(domain.name, N_DISTINCT):
            return
    pytest.fail(f"only {len(found)} among {MOST_DRAWS}")


@every_domain
def test_the_same_seed_draws_the_same_problems(domain: Domain) -> None:
    first, second = Random(5), Random(5)
    assert [domain.sample(first) for _ in range(20)] == [domain.sample(second) for _ in range(20)]
    assert all(isinstance(operand, str) and operand for operands in problems(domain) for operand in operands)


@every_domain
def test_answers_are_spread(domain: Domain) -> None:
    """A constant guess stays far from what the drafts should reach."""
    answers = Counter(domain.answer(operands) for operands in problems(domain))
    assert answers.most_common(1)[0][1] <= 0.6 * answers.total()


@every_domain
def test_phrasings_are_many_and_no_two_are_the_same(domain: Domain) -> None:
    for section, least in zip(SECTIONS, (80, 4, 4), strict=True):
        assert len(phrasings(domain.name, section)) >= least
    asked = [re.sub(r"\W+", " ", phrasing.lower()).strip() for section in SECTIONS[1:] for phrasing in phrasings(domain.name, section)]
    assert len(set(asked)) == len(asked)
    assert not set(asked) & {re.sub(r"\W+", " ", phrasing.lower()).strip() for phrasing in phrasings(domain.name)}


@every_domain
def test_every_phrasing_can_be_filled(domain: Domain) -> None:
    rng = Random(f"{domain.name} questions")
    for operands in problems(domain)[:40]:
        for phrasing in (phrasing for section in SECTIONS for phrasing in phrasings(domain.name, section)):
            for fields in (domain.fields(operands, None), domain.fields(operands, rng)):
                question = phrasing.format(**fields)
                assert question.strip() == question and "\n" not in question and not UNFILLED.search(question), question


@every_domain
def test_a_question_has_one_answer(domain: Domain) -> None:
    """Whatever a question leaves out cannot matter to its answer."""
    answers: dict[str, str] = {}
    for operands in problems(domain):
        for phrasing in (phrasing for section in SECTIONS for phrasing in phrasings(domain.name, section)):
            question = phrasing.format(**domain.fields(operands, None))
            assert answers.setdefault(question, domain.answer(operands)) == domain.answer(operands), question


@every_domain
def test_the_plain_wording_never_changes(domain: Domain) -> None:
    for operands in problems(domain):
        assert domain.fields(operands, None) == domain.fields(operands, None)


@every_domain
def test_different_problems_have_different_questions(domain: Domain) -> None:
    """Otherwise the same question could be trained on and tested."""
    asked: dict[str, Operands] = {}
    for operands in problems(domain):
        question = phrasings(domain.name)[0].format(**domain.fields(operands, None))
        assert asked.setdefault(question, domain.canonical(operands)) == domain.canonical(operands), question


@every_domain
def test_the_canonical_order_is_the_same_problem(domain: Domain) -> None:
    for operands in problems(domain):
        canonical = domain.canonical(operands)
        assert domain.canonical(canonical) == canonical
        assert domain.answer(canonical) == domain.answer(operands)


@every_domain
def test_the_showcase_is_varied_and_kept_out(domain: Domain) -> None:
    assert len(domain.showcase) >= 2
    shown = {domain.canonical(operands) for operands in domain.showcase}
    assert len(shown) == len(domain.showcase)
    assert len({domain.answer(operands) for operands in domain.showcase}) > 1
    for operands in domain.showcase:
        assert {split_of(Problem(domain.name, shown)) for shown in (operands, domain.canonical(operands))} == {"showcase"}
    held_out = [operands for operands in problems(domain)[len(domain.showcase) :] if domain.held_out(operands)]
    assert len(held_out) < 0.1 * N_PROBLEMS  # else there is little left to learn from
