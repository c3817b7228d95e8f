"""Curation rows, the quality filter and the attempts: the paper's rules, damaged files, failing engines, a kill."""

import asyncio
import dataclasses
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from s1demo.budget import BudgetPolicy
from s1demo.engines.local.engine import TransformersEngine
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import EngineError, InputError
from s1demo.events import EngineInfo, FinishReason, Request, Segment
from s1demo.grading import Outcome
from s1demo.settings import EMBEDDED_MODEL
from training.curation.difficulty import AttemptSettings, attempt_all, fingerprint, keep_unsolved, with_attempts
from training.curation.quality import count_faults, format_faults, keep_clean, keep_complete, missing_features, odd_strings
from training.curation.records import Attempt, Row, read_rows, write_rows

ROW = Row("What is 2 + 2?", "4", domain="11", source="made", thinking="2 + 2 = 4. So 4.", trace_answer="4", thinking_tokens=9)


# rows


def test_rows_round_trip(tmp_path: Path) -> None:
    attempts = {"small": Attempt("5", Outcome.INCORRECT, "So 5.", 4), "large": Attempt(None, Outcome.NO_ANSWER)}
    row = dataclasses.replace(ROW, question="Größe?\u2028 \n", attempts=attempts, masked_spans=((0, 3),), meta={"size": 2})
    write_rows(tmp_path / "deep" / "rows.jsonl", [row, ROW])
    assert list(read_rows(tmp_path / "deep" / "rows.jsonl")) == [row, ROW]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: not JSON"),
        ("[]", "line 2: no JSON object"),
        ('{"answer": "4"}', "line 2"),
        ('{"question": 1, "answer": "4"}', "line 2"),
        ('{"question": "q", "answer": "4", "attempts": {"small": {"answer": "4", "outcome": "fine"}}}', "line 2"),
        ('{"question": "q", "answer": "4", "id": "0000000000000000"}', "another question"),
    ],
)
def test_a_damaged_file_is_refused_by_line(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{json.dumps(ROW.to_dict())}\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        list(read_rows(path))


# quality


def test_missing_features() -> None:
    attempted = dataclasses.replace(ROW, attempts={"small": Attempt("5", Outcome.INCORRECT), "large": Attempt("x", Outcome.UNSCORABLE)})
    assert missing_features(ROW) == []
    assert missing_features(dataclasses.replace(ROW, thinking=" \n", trace_answer="")) == ["thinking", "trace_answer"]
    assert missing_features(attempted, ["small", "large", "third"]) == ["attempt of large", "attempt of third"]
    assert keep_complete([ROW, attempted], ["small"]) == [attempted]


@pytest.mark.parametrize(
    ("question", "source", "found"),
    [
        ("Draw it. [asy] draw((0,0)); [/asy]", "qfq/openaimath", ["[asy]"]),
        ("Draw it. [asy] draw((0,0)); [/asy] p7. **12**", "qq8933/AIME_1983_2024", []),
        ("See ![Image](x.png).", "any", ["![Image]"]),
        ("p1. Show it.", "any", ["problem number"]),
        ("Take step p999.", "any", ["problem number"]),
        ("Let x = p1000. And p0. And p01.", "any", []),
        ("**12** apples", "any", ["bold digit"]),
        ("**Problem 12** apples", "any", []),
        ("**bold** has 12 apples", "any", ["bold digit"]),  # the look-ahead sees digits behind the bold text too, as in the notebook
        ("**bold** words", "any", []),
    ],
)
def test_odd_strings_are_the_notebooks(question: str, source: str, found: list[str]) -> None:
    row = dataclasses.replace(ROW, question=question, source=source)
    assert odd_strings(row) == found
    kept = (  # filter.ipynb cell 7, word for word
        "[asy]" not in question
        and "![Image]" not in question
        and not any(f"p{i}." in question for i in range(1, 1000))
        and not re.search(r"\*\*(?=.*\d)[^\s\]]*\*\*", question)
    ) or ("[asy]" in question and "AIME" in source)
    assert bool(keep_clean([row])) == kept


def test_format_faults() -> None:
    assert format_faults(ROW, 9) == []
    assert format_faults(ROW, 8) == ["too long"]
    assert format_faults(dataclasses.replace(ROW, thinking="2 <|im_start|>answer 3")) == ["delimiter in the trace"]
    assert format_faults(dataclasses.replace(ROW, trace_answer="4<|im_end|>")) == ["delimiter in the trace"]
    assert format_faults(dataclasses.replace(ROW, thinking="2 \ufffd")) == ["broken characters"]
    assert format_faults(dataclasses.replace(ROW, masked_spans=((3, 99),))) == ["masked span outside the trace"]
    assert count_faults([ROW, dataclasses.replace(ROW, thinking="")]) == {"no thinking": 1}


# attempts


class ScriptedEngine:
    """Answers every question with its digits' sum; fails after so many requests."""

    active_requests = 0

    def __init__(self, fail_after: int | None = None) -> None:
        self.tokenizer = HubTokenizer(EMBEDDED_MODEL)
        self.info = EngineInfo("scripted", "fake", "CPU", None, 256, "s1")
        self.served, self.fail_after = 0, fail_after
        self.most_at_once = 0

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        self.served += 1
        if self.fail_after is not None and self.served > self.fail_after:
            raise EngineError("The engine broke.")
        self.active_requests += 1
        self.most_at_once = max(self.most_at_once, self.active_requests)
        try:
            await asyncio.sleep(0.001 * (self.served % 3))
            prompt = self.tokenizer.hub.decode(request.prompt_ids)
            total = sum(int(digit) for digit in re.findall(r"\d", prompt.partition("So")[0]))
            if prompt.rstrip().endswith("answer"):
                text = f"\nAnswer: {total}"
            else:
                text = f"\nSo {total}.\n" if "think" in prompt else f"It is\nAnswer: {total}"
            yield Segment(tuple(self.tokenizer.encode(text)), FinishReason.STOP, min(request.stop_ids))
        finally:
            self.active_requests -= 1

    async def close(self) -> None:
        """Nothing to free."""


ASKED = [Row(f"Add {a} and {b}.", str(a + b) if a != 3 else "wrong", domain="addition") for a in range(1, 6) for b in range(1, 5)]


def attempt(engine: object, rows: list[Row], path: Path, settings: AttemptSettings = AttemptSettings(max_concurrent=4)) -> None:
    asyncio.run(attempt_all(engine, rows, path, settings))  # type: ignore[arg-type]


def test_attempts_are_made_graded_and_filtered(tmp_path: Path) -> None:
    engine, path = ScriptedEngine(), tmp_path / "attempts.jsonl"
    attempt(engine, ASKED, path)
    rows = with_attempts(ASKED, "small", path)
    assert [row.attempts["small"].outcome is Outcome.CORRECT for row in rows] == [row.answer != "wrong" for row in ASKED]
    assert rows[0].attempts["small"].thinking == "\nSo 2.\n"
    assert rows[0].attempts["small"].thinking_tokens == len(engine.tokenizer.encode("\nSo 2.\n"))
    assert keep_unsolved(rows, ["small"]) == [row for row in rows if row.answer == "wrong"]
    assert engine.most_at_once == 4 and engine.served == 2 * len(ASKED)


def test_either_model_solving_drops_a_row() -> None:
    right, wrong = Attempt("4", Outcome.CORRECT), Attempt("5", Outcome.INCORRECT)
    rows = [dataclasses.replace(ROW, attempts={"small": one, "large": other}) for one in (right, wrong) for other in (right, wrong)]
    assert keep_unsolved(rows, ["small", "large"]) == rows[3:]


def test_plain_chat_attempts(tmp_path: Path) -> None:
    settings = AttemptSettings(policy=None)
    attempt(ScriptedEngine(), ASKED[:3], tmp_path / "plain.jsonl", settings)
    (first, *_) = with_attempts(ASKED[:3], "large", tmp_path / "plain.jsonl")
    assert first.attempts["large"] == Attempt("2", Outcome.CORRECT, "", 0, "It is\nAnswer: 2")


def test_a_broken_engine_loses_nothing_that_was_attempted(tmp_path: Path) -> None:
    path = tmp_path / "attempts.jsonl"
    with pytest.raises(EngineError, match="The engine broke"):
        attempt(ScriptedEngine(fail_after=15), ASKED, path)
    before = path.read_text().splitlines()
    assert 3 < len(before) < 9
    with path.open("a") as file:
        file.write('{"id": "half a li')  # what a kill leaves
    engine = ScriptedEngine()
    attempt(engine, ASKED, path)
    lines = path.read_text().splitlines()
    assert lines[: len(before)] == before and engine.served == 2 * (len(ASKED) + 1 - len(before))
    assert sorted(json.loads(line)["id"] for line in lines[1:]) == sorted(row.id for row in ASKED)
    attempt(ScriptedEngine(fail_after=0), ASKED, path)  # nothing left to do


def test_attempts_made_otherwise_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "attempts.jsonl"
    attempt(ScriptedEngine(), ASKED[:2], path)
    with pytest.raises(InputError, match="begun with other arguments"):
        attempt(ScriptedEngine(), ASKED, path, AttemptSettings(BudgetPolicy(8)))
    with pytest.raises(InputError, match="begun with other arguments"):
        asyncio.run(attempt_all(ScriptedEngine(), ASKED, path, AttemptSettings(), weights="new"))  # type: ignore[arg-type]


def test_a_question_that_cannot_be_asked_is_unscorable(tmp_path: Path) -> None:
    path = tmp_path / "attempts.jsonl"
    attempt(ScriptedEngine(), [Row("Add " + "1 and " * 400, "400"), ASKED[0]], path)
    long, short = with_attempts([Row("Add " + "1 and " * 400, "400"), ASKED[0]], "small", path)
    assert long.attempts["small"].outcome is Outcome.UNSCORABLE and short.attempts["small"].outcome is Outcome.CORRECT
    assert missing_features(dataclasses.replace(long, attempts=long.attempts), ["small"])[-1] == "attempt of small"


def test_fingerprints_tell_weights_apart(tmp_path: Path) -> None:
    assert fingerprint(EMBEDDED_MODEL) == fingerprint(EMBEDDED_MODEL) != ""
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert fingerprint(str(tmp_path)) not in ("", fingerprint(EMBEDDED_MODEL))
    assert fingerprint("Qwen/Qwen2.5-7B-Instruct") == ""


def test_the_real_engine_attempts(engine: TransformersEngine, tmp_path: Path) -> None:
    rows = [Row(f"What is {a} + {b}?", str(a + b)) for a, b in ((12, 23), (31, 45), (27, 11))]
    asyncio.run(attempt_all(engine, rows, tmp_path / "a.jsonl", AttemptSettings(BudgetPolicy(64))))
    outcomes = [row.attempts["s1-mini"].outcome for row in with_attempts(rows, "s1-mini", tmp_path / "a.jsonl")]
    assert set(outcomes) <= {Outcome.CORRECT, Outcome.INCORRECT} and Outcome.CORRECT in outcomes


def test_attempts_go_on_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "attempts.jsonl"
    code = (
        "import sys; from pathlib import Path; from s1demo.settings import EMBEDDED_MODEL, Settings;"
        "from s1demo.budget import BudgetPolicy; from training.curation.records import Row;"
        "from training.curation.difficulty import AttemptSettings, make_attempts;"
        "rows = [Row(f'What is {a} + {b}?', str(a + b)) for a in range(10, 22) for b in range(10, 22)];"
        "make_attempts(rows, EMBEDDED_MODEL, Path(sys.argv[1]), AttemptSettings(BudgetPolicy(32), max_concurrent=8), Settings())"
    )
    command = [sys.executable, "-c", code, str(path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while (path.read_text().count("\n") if path.exists() else 0) < 20 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = path.read_bytes()
    whole = before[: before.rfind(b"\n") + 1]
    assert 20 <= whole.count(b"\n") < 145
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    after = path.read_bytes()
    assert after.startswith(whole) and after.count(b"\n") == 145
    assert len({json.loads(line)["id"] for line in after.splitlines()[1:]}) == 144
