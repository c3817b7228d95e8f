"""Files of others as checked values: lines of JSON as objects, and the entries of a mapping as a dataclass.

Whatever is wrong is one sentence that names the line or the entry.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from s1demo.errors import InputError, first_line

T = TypeVar("T")
_GROUPED = {"missing": "missing keys", "unexpected_keyword_argument": "unknown keys"}  # kinds of fault that need no value


def json_object(line: str | bytes, where: str) -> dict[str, Any]:
    """The JSON object that a line is.

    Raises:
        InputError: it is none; the message begins with `where`.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a number or a nesting that is too large
        raise InputError(f"{where}: not JSON ({first_line(error)[:100]}).") from error
    if not isinstance(found, dict):
        raise InputError(f"{where}: no JSON object.")
    return found


def json_lines(path: Path, what: str, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects in a file of JSON lines, each behind the words for where it stands; blank lines are left out.

    Args:
        what: what the file holds, for messages.
        name: what messages call the file; its whole path where it is empty.

    Raises:
        InputError: the file cannot be read, or a line of it is no JSON object.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    where = f"{name or path}, line {number}"
                    yield where, json_object(line, where)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise InputError(f"Cannot read {what}, {name or path}: {reason}. Choose another.") from error


def fill(kind: type[T], values: Any, where: str = "") -> T:
    """A dataclass from the entries of a mapping, nested ones too; pydantic converts and checks them by its annotations.

    Args:
        values: its entries, or the text of a JSON object.
        where: of what, for messages.

    Raises:
        InputError: an unknown or missing key, or a value out of range.
    """
    from pydantic import TypeAdapter, ValidationError  # here, since not every command fills a dataclass

    adapter = TypeAdapter(kind)
    try:
        return adapter.validate_json(values) if isinstance(values, str) else adapter.validate_python(values)
    except ValidationError as error:
        faults = error.errors()
    for fault in faults:
        if isinstance(own := fault.get("ctx", {}).get("error"), InputError):  # what a __post_init__ refuses
            raise own
    named, others = defaultdict[str, list[str]](list), []
    for fault in faults:
        name = ".".join(map(str, fault["loc"]))
        if fault["type"] in _GROUPED:
            named[_GROUPED[fault["type"]]].append(name)
        else:
            others.append(f"{name} is {fault['input']!r}. {fault['msg'].replace('Input', 'It', 1)}")
    said = [f"{what} {', '.join(sorted(names))}" for what, names in named.items()] + others
    known = f" Known are: {', '.join(item.name for item in fields(kind))}." if named else ""  # type: ignore[arg-type]
    raise InputError(f"{where}{': ' if where else ''}{'; '.join(said)}.{known}")
