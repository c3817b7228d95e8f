"""Rough checks: what each domain's looks like, with and without a slip, and that their arithmetic holds."""

import re
from random import Random
from typing import Any

import pytest

from training.mini.domains import DOMAINS
from training.mini.domains.base import SIZES, Operands, work, write_pass
from training.mini.domains.scribe import Pass, Scribe
from training.mini.problems import SPLITS, sample_problem

N_PROBLEMS = 400
EQUATION = re.compile(r"(?<!\S)-?\d+(?: [+×-] \d+)+ = -?\d+")
EVENTS, LIST = DOMAINS["stories"].showcase[1], DOMAINS["items"].showcase[1]
CASES: list[tuple[str, Operands, str, int, str]] = [  # domain, operands, the check, which value slips, what follows
    ("letters", ("r", "strawberry"), ", let me count in two pieces: r in s t r a w: 1, r in b e r r y: 2, 1 + 2 = 3. So 3.", 0, "r in s t r a w: 2, r in b e r r y: 2, 2 + 2 = 4. So 4."),
    ("items", LIST, ", let me take five at a time. dog cat bird cat cat: 3. dog frog bird cat dog: 1. cat frog: 1. 3 + 1 + 1 = 5. So 5.", 1, "dog frog bird cat dog: 2. cat frog: 1. 3 + 2 + 1 = 6. So 6."),
    ("items", ("fig", "fig", "pear", "fig"), ", let me take five at a time. fig pear fig: 2. So 2.", 0, "fig pear fig: 3. So 3."),
    ("addition", ("984", "738", "77"), ", let me start from the last: 77 + 738 = 815, 815 + 984 = 1799. So 1799.", 0, "77 + 738 = 816, 816 + 984 = 1800. So 1800."),
    ("addition", ("45", "678"), ", let me start from the last: 678 + 40 = 718, 718 + 5 = 723. So 723.", 0, "678 + 40 = 719, 719 + 5 = 724. So 724."),
    ("subtraction", ("503", "278"), ", let me split 278: 503 - 78 = 425, 425 - 200 = 225. So 225.", 0, "503 - 78 = 426, 426 - 200 = 226. So 226."),
    ("subtraction", ("503", "200"), ", let me split 200: 503 - 200 = 303. So 303.", 0, "503 - 200 = 304. So 304."),
    ("products", ("27", "22"), ", let me multiply in big parts: 27 × 20 = 540, 27 × 2 = 54, 540 + 54 = 594. So 594.", 1, "27 × 2 = 55, 540 + 55 = 595. So 595."),
    ("products", ("6", "345"), ", let me multiply in big parts: 6 × 300 = 1800, 6 × 45 = 270, 1800 + 270 = 2070. So 2070.", 2, "1800 + 270 = 2071. So 2071."),
    ("products", ("30", "7"), ", let me multiply in big parts: 30 × 7 = 210. So 210.", 0, "30 × 7 = 211. So 211."),
    ("mixed", DOMAINS["mixed"].showcase[2], ", let me work in whole steps: 8 × 6 = 48, 35 + 48 = 83, 83 - 27 = 56, 9 × 4 = 36, 56 + 36 = 92. So 92.", 1, "35 + 48 = 84, 84 - 27 = 57, 9 × 4 = 36, 57 + 36 = 93. So 93."),
    ("mixed", ("6", "×", "6", "-", "3"), ", let me work in whole steps: 6 × 6 = 36, 36 - 3 = 33. So 33.", 0, "6 × 6 = 37, 37 - 3 = 34. So 34."),
    ("equations", ("7x - 5", "3x + 19"), ", let me find x: 7x - 3x = 4x, 19 + 5 = 24, 24 is 4 × 6. So 6.", 0, "7x - 3x = 5x, 19 + 5 = 24, 24 is nearly 5 × 4. So 4."),
    ("equations", ("10 - x", "4"), ", let me find x: 10 - 4 = 6. So 6.", 0, "10 - 4 = 7. So 7."),
    ("stories", EVENTS, ", let me take whole steps: 25 + 2 × 8 = 41, 41 - 5 = 36, 36 is 4 × 9. So 9.", 0, "25 + 2 × 8 = 42, 42 - 5 = 37, 37 is nearly 4 × 9. So 9."),
    ("decimals", ("largest", "9.11", "9.8"), ", let me look where they differ. Tenths 1, 8: largest 8, left 9.8. So 9.8.", 1, "largest 1, left 9.11. So 9.11."),
    ("decimals", ("largest", "0.7", "0.65", "0.705"), ", let me look where they differ. Tenths 7, 6, 7: largest 7, left 0.7 and 0.705. Thousandths 0, 5: largest 5, left 0.705. So 0.705.", 0, "Hundredths 0, 5, 0: largest 5, left 0.65. So 0.65."),
    ("sorting", ("52", "17", "88", "25", "9", "61"), ", let me take both ends: 9 and 88, left 52, 17, 25, 61. 17 and 61, left 52, 25. 25 and 52. So 9, 17, 25, 52, 61, 88.", 2, "52 and 61, left 17, 25. 17 and 25. So 9, 52, 17, 25, 61, 88."),
    ("sequences", ("1", "2", "4", "7", "11"), ", let me write the steps: plus 1, 2, 3, 4, then 5. 11 + 5 = 16. So 16.", 4, "plus 1, 2, 3, 5, then 6. 11 + 6 = 17. So 17."),
    ("sequences", ("92", "87", "82", "77"), ", let me write the steps: minus 5, 5, 5, then 5. 77 - 5 = 72. So 72.", 0, "plus 5, 5, 5, then 5. 77 + 5 = 82. So 82."),
    ("sequences", ("3", "6", "12", "24"), ", let me write the steps: times 2, 2, 2, then 2. 24 × 2 = 48. So 48.", 3, "times 2, 2, 2, then 3. 24 × 3 = 72. So 72."),
    ("weekdays", ("Thursday", "298", "later"), ", let me subtract weeks. 298 - 294 = 4. 4 days after Thursday is Monday. So Monday.", 1, "298 - 294 = 5. 5 days after Thursday is Tuesday. So Tuesday."),
    ("weekdays", ("Thursday", "298", "ago"), ", let me subtract weeks. 298 - 294 = 4. 4 days before Thursday is Sunday. So Sunday.", 0, "280 = 18. 18 days before Thursday is Sunday. So Sunday."),
    ("weekdays", ("January", "5", "Monday", "28"), ", let me subtract weeks. 28 - 5 = 23. 23 - 21 = 2. 2 days after Monday is Wednesday. So Wednesday.", 0, "28 - 5 = 24. 24 - 21 = 3. 3 days after Monday is Thursday. So Thursday."),
    ("powers", ("7", "12", "+", "3", "9"), ", let me use cycles. 7, 9, 3, 1. Power 12 is number 4: 1. 3, 9, 7, 1. Power 9 is number 1: 3. 1 + 3 = 4. So 4.", 3, "Power 12 is number 1: 7. 3, 9, 7, 1. Power 9 is number 1: 3. 7 + 3 = 10. So 0."),
    ("powers", ("16", "30"), ", let me use cycles. 6, always 6. So 6.", 0, "6, always 0. So 0."),
    ("gcd", ("252", "105"), ", let me find what is left: 252 - 2 × 105 = 42, 105 - 2 × 42 = 21, 42 - 2 × 21 = 0. So 21.", 3, "105 - 2 × 42 = 22, 42 - 1 × 22 = 20, 22 - 1 × 20 = 2, 20 - 10 × 2 = 0. So 2."),
    ("gcd", ("252", "105"), ", let me find what is left: 252 - 2 × 105 = 42, 105 - 2 × 42 = 21, 42 - 2 × 21 = 0. So 21.", 0, "252 - 3 × 105 = -63, 105 - 1 × 63 = 42, 63 - 1 × 42 = 21, 42 - 2 × 21 = 0. So 21."),
    ("binary", ("507", "binary"), ", let me cut it in two: 507 is 31 × 16 + 11, 31 is 11111, 11 is 1011. So 111111011.", 3, "11 is 0000. So 111110000."),
    ("binary", ("101101", "decimal"), ", let me cut it in two: 101 is 5, 101 is 5, 5 × 8 = 40, 40 + 5 = 45. So 45.", 0, "101 is 6, 101 is 5, 6 × 8 = 48, 48 + 5 = 53. So 53."),
    ("units", ("3", "hours", "25", "minutes"), ", let me work with 60: 3 × 60 = 180, 180 + 25 = 205. So 205 minutes.", 0, "3 × 60 = 181, 181 + 25 = 206. So 206 minutes."),
    ("units", ("200", "minutes", "hours"), ", let me work with 60: 3 × 60 = 180, 200 - 180 = 20. So 3 hours 20 minutes.", 1, "181, 200 - 181 = 19. So 3 hours 19 minutes."),
    ("units", ("200", "minutes", "hours"), ", let me work with 60: 3 × 60 = 180, 200 - 180 = 20. So 3 hours 20 minutes.", 0, "1 × 60 = 60, 200 - 60 = 140. So 1 hour 140 minutes."),
]  # fmt: skip


class FirstChoice(Random):
    """Makes every slip the first wrong value there is."""

    def choice(self, seq: Any) -> Any:
        return seq[0]


def worked(name: str, operands: Operands, slip_at: int | None) -> tuple[Scribe, Pass]:
    """A rough check and the pen that wrote it."""
    scribe = Scribe(FirstChoice(), slip_at)
    return scribe, work(operands, DOMAINS[name].rough, scribe)


def written(name: str, operands: Operands, slip_at: int | None) -> str:
    """The whole line."""
    return worked(name, operands, slip_at)[1].text.rstrip("\n")


@pytest.mark.parametrize(("name", "operands", "clean", "slip_at", "slipped"), CASES)
def test_a_rough_check_reads_like_this_and_follows_its_slip(
    name: str, operands: Operands, clean: str, slip_at: int, slipped: str
) -> None:
    assert written(name, operands, None) == clean
    followed = written(name, operands, slip_at)
    assert followed.endswith(f" {slipped}") and clean.startswith(followed.removesuffix(slipped)), followed


def test_every_domain_has_a_case() -> None:
    assert {name for name, *_ in CASES} == set(DOMAINS)


def false_equations(text: str) -> list[str]:
    """The equations of a line that do not hold, such as "25 + 2 × 8 = 42"."""
    sides = [found.replace("×", "*").split("=") for found in EQUATION.findall(text)]
    return [f"{left}={right}" for left, right in sides if eval(left) != int(right)]


@pytest.mark.parametrize("name", DOMAINS)
def test_rough_checks_are_right_and_only_a_slip_breaks_an_equation(name: str) -> None:
    rng, sizes = Random(f"{name} rough"), set()
    for _ in range(N_PROBLEMS):
        problem = sample_problem(rng, rng.choice(SPLITS), name)
        working = write_pass(problem.operands, DOMAINS[name].rough, rng)
        sizes.add(problem.size)
        assert working.conclusion == problem.answer and not false_equations(working.text), working.text
        slipped = write_pass(problem.operands, DOMAINS[name].rough, rng, 1.0)
        assert len(false_equations(slipped.text)) <= 1, slipped.text
    assert sizes == set(SIZES)


def test_false_equations_are_found() -> None:
    assert false_equations("5 + 9 = 14, 20 + 8 × 6 = 69, 252 - 3 × 105 = -63, -5 + 3 = -3.") == ["20 + 8 * 6 = 69", "-5 + 3 = -3"]


@pytest.mark.parametrize("name", DOMAINS)
def test_the_last_value_that_can_slip_decides(name: str) -> None:
    rng = Random(f"{name} last")
    for _ in range(N_PROBLEMS // 4):
        operands = DOMAINS[name].sample(rng)
        clean, right = worked(name, operands, None)
        slips = (worked(name, operands, slip_at)[1] for slip_at in reversed(range(clean.n_values)))
        slipped = next(working for working in slips if any(slip for _, slip in working.pieces))
        assert slipped.conclusion != right.conclusion or (name, right.conclusion) == ("gcd", "1"), operands  # nothing is left of 1, also after a slip
