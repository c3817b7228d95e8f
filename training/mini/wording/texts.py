"""Lists of texts in files, and misspelt words. Knows nothing of what the texts are for."""

from __future__ import annotations

import string
from functools import cache
from pathlib import Path
from random import Random


@cache
def read_sections(path: Path) -> dict[str, tuple[str, ...]]:
    """The texts of a file by section: "[name]" lines, one text a line, "#" before a comment.

    Args:
        path: its file.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            name = line.strip("[]")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def misspell(word: str, rng: Random) -> str:
    """A word with two letters swapped, or one left out, doubled or wrong.

    Args:
        word: two letters or more.
        rng: source of the choice.
    """
    at = rng.randrange(len(word) - 1)
    first, second = word[at], word[at + 1]
    typo = rng.choice((second + first, first, first + first + second, rng.choice(string.ascii_lowercase) + second))
    return word[:at] + typo + word[at + 2 :]
