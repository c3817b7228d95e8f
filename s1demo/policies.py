"""Policies by name: those of the exhibit's comparison, and those people write as JSON on the command line or in a file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from s1demo.budget import AUTO, BudgetPolicy, Limit
from s1demo.delimiters import EXTENSION
from s1demo.errors import InputError

TRUNCATED, NATURAL, EXTENDED = "truncated", "natural", "extended"  # the runs of the exhibit's comparison
_KEYS = tuple(field.name for field in fields(BudgetPolicy))
_EXAMPLE = '{"short": {"max_thinking_tokens": 16}, "natural": {}, "long": {"num_ignore": 2}}'


def policy_label(policy: BudgetPolicy) -> str:
    """A name that says what a policy does to the thinking, such as `budget 64`, `natural` or `Wait x2`."""
    parts = [] if policy.max_thinking_tokens == AUTO else [f"budget {policy.max_thinking_tokens}"]
    if policy.num_ignore:
        word = " ".join(policy.extension.split()) or ("newline" if policy.extension else "no text")
        parts.append(f"{word} x{policy.num_ignore}")
    return ", ".join(parts) or NATURAL


def comparison_policies(
    max_thinking_tokens: Limit, num_ignore: int, extension: str = EXTENSION, max_answer_tokens: Limit = AUTO
) -> dict[str, BudgetPolicy]:
    """The exhibit's comparison: one run cut short at the budget, one left alone, one made to go on at each suppressed end."""
    return {
        TRUNCATED: BudgetPolicy(max_thinking_tokens, 0, extension, max_answer_tokens),
        NATURAL: BudgetPolicy(AUTO, 0, extension, max_answer_tokens),
        EXTENDED: BudgetPolicy(AUTO, num_ignore, extension, max_answer_tokens),
    }


def read_policies(text: str) -> dict[str, BudgetPolicy]:
    """Policies by name, from JSON.

    Args:
        text: an object of name -> policy, or a list of policies, each with a "name" or named by what it does; or @FILE with one
            of them. A policy is an object of `BudgetPolicy`'s attributes, each of which may be left out.

    Returns:
        The policies in the order given, at least one.

    Raises:
        InputError: an unreadable file, no JSON, something other than policies, or a name given twice; the message says which.
    """
    source, text = ("--policies", text) if not text.startswith("@") else (text[1:], _read(text[1:]))
    try:
        given = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise InputError(f"{source} is not JSON ({reason}). Give policies by name, such as {_EXAMPLE}") from error
    named = _named(given, source)
    if not named:
        raise InputError(f"{source} names no policy. Give at least one, such as {_EXAMPLE}")
    if twice := [name for name, n in Counter(name for name, _ in named).items() if n > 1]:
        raise InputError(f"{source} has two policies named {twice[0]!r}. Give each a name of its own.")
    return dict(named)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with its keys as they were given, repeated ones included."""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"Cannot read policies from {path!r}: {reason}.") from error


def _named(given: object, source: str) -> list[tuple[str, BudgetPolicy]]:
    if isinstance(given, _Pairs):
        return [(_name(name), _policy(name, value)) for name, value in given]
    if isinstance(given, list):
        return [_listed(number, value) for number, value in enumerate(given, start=1)]
    raise InputError(f"{source} is neither an object nor a list. Give policies by name, such as {_EXAMPLE}")


def _listed(number: int, value: object) -> tuple[str, BudgetPolicy]:
    if not isinstance(value, _Pairs):
        raise InputError(f'Policy number {number} is no object. Give its settings in braces, such as {{"num_ignore": 2}}.')
    names = [item for key, item in value if key == "name"]
    policy = _policy(names[0] if names else f"number {number}", _Pairs(pair for pair in value if pair[0] != "name"))
    if len(names) > 1:
        raise InputError(f"Policy number {number} has two names. Give it one.")
    return _name(names[0] if names else policy_label(policy)), policy


def _name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError(f"{name!r} is no name for a policy. Give it some letters on one line, in quotes.")
    return name


def _policy(name: object, value: object) -> BudgetPolicy:
    if not isinstance(value, _Pairs):
        raise InputError(f'Policy {name!r} is no object. Give its settings in braces, such as {{"num_ignore": 2}}.')
    keys = [key for key, _ in value]
    if unknown := [key for key in keys if key not in _KEYS]:
        raise InputError(f"Policy {name!r} has an unknown setting {unknown[0]!r}. The settings are: {', '.join(_KEYS)}.")
    if len(set(keys)) < len(keys):
        raise InputError(f"Policy {name!r} gives a setting twice. Give each once.")
    try:
        return BudgetPolicy(**dict(value))
    except InputError as error:
        raise InputError(f"Policy {name!r}: {error}") from error
