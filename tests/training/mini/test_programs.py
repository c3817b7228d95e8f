"""The bank of questions: every program can be read and asked, and every way of working comes to the expression's own value."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from training.mini.domains.reckoning import (
    at_once,
    by_digits,
    by_parts,
    evaluate,
    in_big_parts,
    in_steps,
    one_expression,
    parsed,
    written,
)
from training.mini.domains.scribe import Scribe
from training.mini.wording.programs import BANK, SLOT, read_bank, read_program

KINDS = ("add", "averages", "divide", "equations", "fractions", "geometry", "mixed", "money", "multiply", "number_theory", "percent", "powers", "subtract", "units", "word_problems")


@pytest.mark.parametrize("kind", KINDS)
def test_every_question_can_be_asked_and_worked_out(kind):
    rng, programs = Random(kind), read_bank(BANK, kind)
    assert len(programs) >= 300
    for number, program in enumerate(programs):
        numbers = program.draw(rng)
        assert all(match[1] in numbers for match in SLOT.finditer(program.text))
        right, work = evaluate(program.tree, numbers), (at_once, in_big_parts, by_parts, by_digits)[number % 4]
        assert in_steps(program.tree, numbers, Scribe(rng), work) == right, (program.text, numbers, work)
        assert one_expression(program.tree, numbers, Scribe(rng)) == right


def test_word_problems_have_many_structures():
    assert len({program.expression for program in read_bank(BANK, "word_problems")}) >= 150


@pytest.mark.parametrize(
    "expression, numbers, text",
    [
        ("a - b", {"a": 503, "b": 278}, " 503 - 200 = 303, 303 - 70 = 233, 233 - 8 = 225."),
        ("a / b", {"a": 756, "b": 21}, " 756 / 21: 21 × 30 = 630, 756 - 630 = 126, 21 × 6 = 126, 126 - 126 = 0, 30 + 6 = 36."),
        ("(a + b) / 2", {"a": 12, "b": 31}, " 12 + 30 = 42, 42 + 1 = 43. 43 / 2: 2 × 20 = 40, 43 - 40 = 3, 2 × 1 = 2, 3 - 2 = 1, 20 + 1 = 21 and 1/2, that is 21.5."),
    ],
)
def test_working(expression, numbers, text):
    scribe = Scribe(Random(0))
    in_steps(parsed(expression), {name: Fraction(value) for name, value in numbers.items()}, scribe, by_parts)
    assert "".join(piece for piece, _ in scribe.pieces) == text


def test_a_slip_goes_on():
    scribe = Scribe(Random(1), slip_at=0)
    found = in_steps(parsed("a + b"), {"a": Fraction(34), "b": Fraction(27)}, scribe, by_parts)
    assert found != 61 and "".join(text for text, _ in scribe.pieces).endswith(f"= {found}.")


@pytest.mark.parametrize("value, text", [("12", "12"), ("3.75", "3.75"), ("-5", "-5"), ("7/12", "7/12"), ("1/8", "0.125")])
def test_numbers_as_people_write_them(value, text):
    assert written(Fraction(value)) == text


@pytest.mark.parametrize("line", ["How many?", "{a}? || a || b 1..2", "{a}? || a || a 1-2", "{a}? || __import__('os') || a 1..2", "{a}? || a || a 1..2 || poem"])
def test_a_line_that_cannot_be_read_is_refused(line):
    with pytest.raises(ValueError):
        program = read_program(line)
        evaluate(program.tree, program.draw(Random(0)))
