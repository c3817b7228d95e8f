"""The page's scripts share one scope: no name may be given twice there, and none may close the script element."""

from __future__ import annotations

import re
from collections import Counter

from s1demo.ui.page.bundle import SCRIPTS, STYLES, UI, head


def names(script: str) -> list[str]:
    """What a script declares at its top level; every declaration begins its line there."""
    found = []
    for declared in re.findall(r"^(const|let|class|(?:async )?function\*?)\s+(.*)$", script, re.M):
        kind, rest = declared
        found += re.findall(r"(?:^|,\s*)([\w$]+)\s*=", rest) if kind in ("const", "let") and "(" not in rest.split("=")[0] else [re.match(r"[\w$]+", rest).group()]
    return found


def test_no_name_is_given_twice():
    counts = Counter(name for script in SCRIPTS for name in names((UI / f"{script}.js").read_text()))
    assert counts["make"] == 1 and counts["Stream"] == 1
    assert [name for name, n in counts.items() if n > 1] == []


def test_every_file_is_used():
    assert {path.relative_to(UI).with_suffix("").as_posix() for path in UI.glob("*/*.js")} == set(SCRIPTS)
    assert {path.relative_to(UI).with_suffix("").as_posix() for path in UI.glob("*/*.css")} == set(STYLES)
    assert head().count("</script") == 1
