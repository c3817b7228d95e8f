"""Questions as small programs: a text with slots, the expression that answers it, and the numbers that make sense in it.

A line of a file in `bank/` is `question || expression || ranges || answer form`, for example
`{a} birds sit on a wire, {b} fly off. How many stay? || a - b || a 10..60, b 2..40; a > b`. Knows no working and no model.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

from training.mini.domains.reckoning import evaluate, parsed

BANK = Path(__file__).with_name("bank")
SLOT = re.compile(r"\{(\w+)(?::(\w+))?\}")
_RANGE = re.compile(r"(\w+) (-?[\d.]+)\.\.(-?[\d.]+)(?: step ([\d.]+))?")
_ONE_OF = re.compile(r"(\w+) in ([-\d. ]+)")
MOST_TRIES = 2000
FORMS = ("number", "money", "fraction", "time", "yes/no", "choice")


@dataclass(frozen=True)
class Program:
    """One way to ask one kind of question, for any numbers.

    Attributes:
        text: the question, its slots in braces.
        expression: what answers it.
        tree: the expression's syntax tree.
        values: for each slot what it can be.
        conditions: what the numbers must fulfil together.
        form: one of `FORMS`.
        choices: with `choice`, the texts for true and false.
    """

    text: str
    expression: str
    tree: ast.expr
    values: dict[str, tuple[Fraction, ...]]
    conditions: tuple[ast.expr, ...]
    form: str = "number"
    choices: tuple[str, ...] = ()

    def draw(self, rng: Random) -> dict[str, Fraction]:
        """Numbers for the slots.

        Raises:
            ValueError: no numbers fulfil the conditions, as far as could be found.
        """
        for _ in range(MOST_TRIES):
            numbers = {name: rng.choice(options) for name, options in self.values.items()}
            if all(evaluate(condition, numbers) for condition in self.conditions):
                return numbers
        raise ValueError(f"no numbers fit: {self.text}")


def read_program(line: str) -> Program:
    """A line of a bank.

    Raises:
        ValueError: it cannot be read; the message says why.
    """
    text, expression, ranges, form, *_ = [*(part.strip() for part in line.split("||")), "", "", ""]
    if not expression:
        raise ValueError("there is no expression")
    given, _, conditions = ranges.partition(";")
    values = dict(_options(part) for part in _parts(given))
    names = {match[1] for match in SLOT.finditer(text)}
    tree = parsed(expression)
    form = form or "number"
    choices: tuple[str, ...] = ()
    if form.startswith("choice"):
        form, choices = "choice", tuple(part.strip() for part in form.removeprefix("choice").split("|"))
        if len(choices) != 2:
            raise ValueError("a choice needs two texts")
    if form not in FORMS:
        raise ValueError(f"unknown answer form {form!r}")
    used = names | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - _functions(tree)
    if missing := used - set(values):
        raise ValueError(f"no range for {', '.join(sorted(missing))}")
    return Program(text, expression, tree, values, tuple(parsed(part) for part in _parts(conditions)), form, choices)


def read_bank(folder: Path, kind: str) -> list[Program]:
    """All programs of a kind, from every file of that kind in a folder."""
    lines = (folder / f"{kind}.txt").read_text(encoding="utf-8").split("\n")
    return [read_program(line) for line in lines if line.strip() and not line.startswith("#")]


def _functions(tree: ast.expr) -> set[str]:
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def _parts(text: str) -> list[str]:
    """Split at commas outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _options(text: str) -> tuple[str, tuple[Fraction, ...]]:
    if match := _RANGE.fullmatch(text):
        name, low, high, step = match.groups()
        first, unit = Fraction(low), Fraction(step or 1)
        return name, tuple(first + i * unit for i in range(int((Fraction(high) - first) / unit) + 1))
    if match := _ONE_OF.fullmatch(text):
        return match[1], tuple(Fraction(value) for value in match[2].split())
    raise ValueError(f"cannot read the range {text!r}")
