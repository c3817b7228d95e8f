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
        given = json.loads(text, object_pairs_hook=_without_repeats)
    except InputError as error:
        raise InputError(f"{source} {error}") from error
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise InputError(f"{source} is not JSON ({reason}). Give policies by name, such as {_EXAMPLE}") from error
    if isinstance(given, dict):
        named = [(_name(name), _policy(repr(name), value)) for name, value in given.items()]
    elif isinstance(given, list):
        named = [_listed(number, value) for number, value in enumerate(given, start=1)]
    else:
        raise InputError(f"{source} is neither an object nor a list. Give policies by name, such as {_EXAMPLE}")
    if not named:
        raise InputError(f"{source} names no policy. Give at least one, such as {_EXAMPLE}")
    if twice := [name for name, n in Counter(name for name, _ in named).items() if n > 1]:
        raise InputError(f"{source} has two policies named {twice[0]!r}. Give each a name of its own.")
    return dict(named)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys differ; `json` itself would keep the last of two."""
    if twice := [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]:
        raise InputError(f"gives {twice[0]!r} twice in one object. Give each policy a name of its own, each setting once.")
    return dict(pairs)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise InputError(f"Cannot read policies from {path!r}: {reason}.") from error


def _listed(number: int, value: object) -> tuple[str, BudgetPolicy]:
    if not isinstance(value, dict) or "name" not in value:
        policy = _policy(f"number {number}", value)
        return _name(policy_label(policy)), policy
    settings = {key: setting for key, setting in value.items() if key != "name"}
    return _name(value["name"]), _policy(repr(value["name"]), settings)


def _name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError(f"{name!r} is no name for a policy. Give it some letters on one line, in quotes.")
    return name


def _policy(name: str, value: object) -> BudgetPolicy:
    if not isinstance(value, dict):
        raise InputError(f'Policy {name} is no object. Give its settings in braces, such as {{"num_ignore": 2}}.')
    if unknown := [key for key in value if key not in _KEYS]:
        raise InputError(f"Policy {name} has an unknown setting {unknown[0]!r}. The settings are: {', '.join(_KEYS)}.")
    try:
        return BudgetPolicy(**value)
    except InputError as error:
        raise InputError(f"Policy {name}: {error}") from error
