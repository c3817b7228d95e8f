"""Files of one JSON object per line: traces, benchmarks, rows of training data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from s1demo.errors import InputError, first_line


def read_objects(path: Path, what: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read a file line by line; empty lines are skipped.

    Args:
        path: the file.
        what: what it should hold, for the error when it cannot be read.

    Yields:
        (file and line, for errors about the object; the object).

    Raises:
        InputError: the file cannot be read, or a line is no JSON object; the message says which.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    where = f"{path}, line {number}"
                    yield where, json_object(line, where)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {what} {path}: {error}") from error


def json_object(text: str | bytes, where: str) -> dict[str, Any]:
    """The JSON object that a text is.

    Raises:
        InputError: it is none; the message begins with `where`.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a number or a nesting that is too large
        raise InputError(f"{where}: not JSON ({first_line(error)[:100]}).") from error
    if not isinstance(value, dict):
        raise InputError(f"{where}: no JSON object.")
    return value
