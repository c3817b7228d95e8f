"""Domains by a remote model: the last two characters are a class of the MSC, or the reply is a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s1demo.errors import EngineError, InputError
from s1demo.reading import fill
from tests.training.remote.chat_server import ChatServer, reply
from training.curation.domains import MSC_CLASSES, SYSTEM, TASK, code_of, prompts, with_domains
from training.curation.records import Row
from training.remote.asking import ask_all, count_faults
from training.remote.endpoint_settings import EndpointSection, EndpointSettings
from training.remote.replies import Reply, ReplyFault

ROWS = [Row(f"Question {number}", str(number), meta={"year": 1999}) for number in range(4)]


def settings_for(server: ChatServer, **changes: Any) -> EndpointSettings:
    quick = {"first_pause_seconds": 0.001, "silent_seconds": 30.0, "may_lack": 0.0}
    return EndpointSettings(**{"url": server.url, "model": "teacher", **quick, **changes})


def test_the_classes_are_the_references() -> None:
    codes = (  # simplescaling/s1, data/msc.json at 77272c6
        "03 05 06 08 11 12 13 14 15 16 17 18 19 20 22 26 28 30 31 32 33 34 35 37 39 40 41 42 43 44 45 46 47 49 51 52 53 54 55 57 58 "
        "60 62 65 68 70 74 76 78 80 81 82 83 85 86 90 91 92 93 94 97"
    )
    assert list(MSC_CLASSES) == codes.split() and len(set(MSC_CLASSES.values())) == len(MSC_CLASSES) == 61
    assert all(f"\n{code} {title}\n" in SYSTEM for code, title in MSC_CLASSES.items())


@pytest.mark.parametrize(
    ("content", "code"),
    [("It counts.\n05", "05"), ("11", "11"), ("Code: 60 \n", "60"), ("It is about rings.\n**13**.", "13"), ("`51`", "51")],
)
def test_the_last_two_characters_are_the_code(content: str, code: str) -> None:
    assert code_of(Reply(content)) == code


@pytest.mark.parametrize("content", ["Combinatorics", "05 Combinatorics", "00", "99", "5", "In 1911", "", "٠٥", "²³", "11 or 05?"])
def test_anything_else_is_no_code(content: str) -> None:
    with pytest.raises(ReplyFault, match="no code"):
        code_of(Reply(content))


def test_rows_get_the_title_and_the_code(tmp_path: Path) -> None:
    path = tmp_path / "domains.jsonl"
    codes = {0: "05", 1: "92", 2: "11"}

    def script(question: str, n: int) -> Any:
        number = int(question.split()[-1])
        return reply(f"Because.\n{codes[number]}" if number in codes else "I cannot say.", None)

    with ChatServer(script) as server:
        with pytest.raises(EngineError, match="3 of 4 replies"):
            ask_all(TASK, prompts(ROWS), path, settings_for(server))
        assert count_faults(path) == {"no code of a class": 3}
        assert server.bodies[0]["messages"][0] == {"role": "system", "content": SYSTEM}
        rows = with_domains(ROWS, path)
        ask_all(TASK, prompts(ROWS), path, settings_for(server, may_lack=0.25))
        assert server.asked.total() == 6
    assert [row.domain for row in rows] == ["Combinatorics", "Biology and other natural sciences", "Number theory", ""]
    assert rows[0].meta == {"year": 1999, "msc": "05"} and rows[3] == ROWS[3]


def test_the_section_needs_its_endpoint() -> None:
    with pytest.raises(InputError, match="domains: missing keys endpoint"):
        fill(EndpointSection, {}, "domains")
