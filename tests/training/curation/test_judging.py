"""Grades of teachers' answers and base models' attempts: by rules and kind, or by a judge model that says Yes or No."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from s1demo.errors import EngineError, InputError
from s1demo.grading import Kind, Outcome, extract_answer, grade
from s1demo.reading import fill
from tests.training.remote.chat_server import ChatServer, reply
from training.curation.difficulty import keep_unsolved, with_attempts
from training.curation.judging import JudgeSettings, graded_attempts, graded_traces, verdict
from training.curation.pipeline import DifficultySettings
from training.curation.records import Attempt, Row
from training.remote.asking import count_faults
from training.remote.endpoint_settings import EndpointSettings
from training.remote.replies import Reply, ReplyFault

NOWHERE = Path("never") / "written"


def judge(server: ChatServer, **changes: Any) -> JudgeSettings:
    quick = {"first_pause_seconds": 0.001, "silent_seconds": 30.0, "may_lack": 0.0, "most_faults": 2}
    return JudgeSettings("endpoint", EndpointSettings(**{"url": server.url, "model": "teacher", **quick, **changes}))


def traced(answer: str, said: str, kind: Kind = Kind.MATH, **other: Any) -> Row:
    return Row(f"Question of {answer} and {said}", answer, kind, thinking="Hm.", trace_answer=said, **other)


# rules

CASES = [
    (traced(r"\frac{1}{2}", r"So it is **$\boxed{0.5}$**."), Outcome.CORRECT),
    (traced(r"\frac{\sqrt{3}}{2}", r"Thus the answer is $\boxed{\sqrt{\tfrac34}}$."), Outcome.CORRECT),
    (traced(r"\frac{\sqrt{3}}{2}", r"\boxed{\sqrt{3}}"), Outcome.INCORRECT),
    (traced("073", "Final Answer: 73", Kind.INTEGER), Outcome.CORRECT),
    (traced("C", "The right option is (C) because of it.", Kind.LETTER), Outcome.CORRECT),
    (traced("C", "None of them.", Kind.LETTER), Outcome.UNSCORABLE),
    (traced("12", "Answer: 12", Kind.TEXT), Outcome.CORRECT),
    (traced("", "It holds, q.e.d."), Outcome.UNSCORABLE),
    (traced("", "Answer: 13", Kind.TEXT), Outcome.UNSCORABLE),
    (traced("7", ""), None),
]


def test_rules_grade_by_the_rows_kind() -> None:
    rows = graded_traces([row for row, _ in CASES], NOWHERE, JudgeSettings(processes=1))
    assert [row.trace_outcome for row in rows] == [outcome for _, outcome in CASES]
    assert [dataclasses.replace(row, trace_outcome=None) for row in rows] == [row for row, _ in CASES] and not NOWHERE.exists()


def attempts_file(path: Path, texts: dict[str, str]) -> Path:
    records = [{"id": row_id, "thinking": "", "thinking_tokens": 0, "answer_text": text} for row_id, text in texts.items()]
    path.write_text("".join(json.dumps(record) + "\n" for record in ({"model": "m"}, *records)))
    return path


def test_attempts_are_graded_by_kind_too(tmp_path: Path) -> None:
    cases = [case for case in CASES[1:] if case[0].trace_answer]
    rows = [row for row, _ in cases]
    path = attempts_file(tmp_path / "attempts.jsonl", {row.id: row.trace_answer for row in rows})
    found = with_attempts(rows, "7B", path)
    assert [row.attempts["7B"].outcome for row in found] == [outcome for _, outcome in cases]
    assert [row.attempts["7B"].answer_text for row in found] == [row.trace_answer for row in rows]
    assert keep_unsolved(found, ["7B"]) == [found[1], found[4], found[6], found[7]]
    assert graded_attempts(found, NOWHERE, JudgeSettings()) == found


def test_the_miniatures_attempts_are_graded_as_ever(tmp_path: Path) -> None:
    """Kind.TEXT rows get what the cheap rules alone say, also when two rows share a question."""
    said = ["\nAnswer: 12", "12.0", "Answer: blue", r"\boxed{12}", "", "x^2", "So 12"]
    rows = [Row(f"Question {n // 2}", true) for n, (_, true) in enumerate((text, true) for text in said for true in ("12", "Blue"))]
    path = attempts_file(tmp_path / "a.jsonl", {row.id: text for row, text in zip(rows[::2], said, strict=True)})
    expected = [grade(extract_answer(text), true) for text in said for true in ("12", "Blue")]
    assert [row.attempts["small"].outcome for row in with_attempts(rows, "small", path)] == expected
    assert set(expected) == set(Outcome)


def test_the_papers_attempts() -> None:
    paper = DifficultySettings({}).attempts
    assert paper.policy is None and paper.sampling.temperature == 0.05 and paper.max_answer_tokens == 32_768


# a judge model


@pytest.mark.parametrize(
    ("content", "outcome"),
    [("It agrees.\nYes", Outcome.CORRECT), ("No", Outcome.INCORRECT), ("Wrong sign.\n\n**No.** \n", Outcome.INCORRECT), ("yes", Outcome.CORRECT)],
)
def test_the_last_line_is_the_verdict(content: str, outcome: Outcome) -> None:
    assert verdict(Reply(content)) is outcome


@pytest.mark.parametrize("content", ["Yes, it agrees", "Yes\nThat is all", "Maybe", "", "Correct", "Yes or No", "The verdict: No"])
def test_anything_else_is_no_verdict(content: str) -> None:
    with pytest.raises(ReplyFault, match="neither Yes nor No"):
        verdict(Reply(content))


def test_a_judge_grades_traces(tmp_path: Path) -> None:
    path = tmp_path / "grades.jsonl"
    right, wrong, vague = traced("7", "It is 7."), traced("8", "It is 9."), traced("9", "mumble")
    proof = traced("", "Q.e.d.", solution="By induction.")
    lost, empty = traced("", "It is 7."), traced("7", "")

    def script(question: str, n: int) -> Any:
        return reply({"It is 7.": "Same.\nYes", "It is 9.": "No", "Q.e.d.": "Sound.\nYes"}.get(question.rpartition("\n\n")[2], "Hm."), None)

    rows = [right, wrong, vague, proof, lost, empty]
    with ChatServer(script) as server:
        with pytest.raises(EngineError, match="3 of 4 replies"):
            graded_traces(rows, path, judge(server))
        found = graded_traces(rows, path, judge(server, may_lack=0.3))
        assert server.asked.total() == 5 and count_faults(path) == {"neither Yes nor No": 2}
        again = graded_traces([dataclasses.replace(wrong, trace_answer="It is 7.")], path, judge(server))
        assert again[0].trace_outcome is Outcome.CORRECT and server.asked.total() == 6  # another answer is judged anew
        prompt = next(body["messages"] for body in server.bodies if "induction" in str(body))
    assert [row.trace_outcome for row in found] == [Outcome.CORRECT, Outcome.INCORRECT, Outcome.UNSCORABLE, Outcome.CORRECT, Outcome.UNSCORABLE, None]
    assert [message["role"] for message in prompt] == ["system", "user"]
    assert prompt[1]["content"] == f"# Question\n\n{proof.question}\n\n# Reference\n\nBy induction.\n\n# Student's solution\n\nQ.e.d."


def test_a_judge_grades_attempts(tmp_path: Path) -> None:
    attempts = {
        "7B": Attempt("6", Outcome.INCORRECT, answer_text="It is 6."),
        "32B": Attempt("seven", Outcome.UNSCORABLE, answer_text="It is seven."),
        "lost": Attempt(None, Outcome.UNSCORABLE),
    }
    rows = [Row("What is 3 + 4?", "7", Kind.MATH, attempts=attempts), Row("Plain", "1"), Row("No reference", "", attempts=attempts)]
    with ChatServer(lambda question, n: reply("Yes" if "seven" in question else "No", None)) as server:
        found = graded_attempts(rows, tmp_path / "g", judge(server))
        assert server.asked.total() == 2 and graded_attempts(rows, tmp_path / "g", judge(server)) == found
        assert server.asked.total() == 2
    assert [attempt.outcome for attempt in found[0].attempts.values()] == [Outcome.INCORRECT, Outcome.CORRECT, Outcome.UNSCORABLE]
    assert found[0].attempts["32B"].answer == "seven" and found[1] == rows[1]
    assert {attempt.outcome for attempt in found[2].attempts.values()} == {Outcome.UNSCORABLE}


def test_nothing_to_judge_asks_nobody(tmp_path: Path) -> None:
    settings = JudgeSettings("endpoint", EndpointSettings("http://127.0.0.1:1", "m"))
    assert graded_traces([traced("", "x")], tmp_path / "g", settings)[0].trace_outcome is Outcome.UNSCORABLE
    assert not (tmp_path / "g").exists()


def test_settings_that_cannot_work() -> None:
    with pytest.raises(InputError, match="judge: grader is 'oracle'"):
        fill(JudgeSettings, {"grader": "oracle"}, "judge")
    with pytest.raises(InputError, match="judge: endpoint is missing"):
        JudgeSettings("endpoint")
