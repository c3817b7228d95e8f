"""The published data sets become rows that train: right teacher, right grade, nothing lost silently."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from s1demo.delimiters import S1
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from s1demo.grading import Kind, Outcome
from s1demo.settings import EMBEDDED_MODEL
from training.curation import published
from training.curation.published import published_rows
from training.curation.records import question_id, read_rows
from training.curation.sft_text import encode_row

V11: dict[str, Any] = {
    "solution": "It is 4.", "question": "What is 2 + 2?", "cot_type": "math", "source_type": "qq8933/AIME_1983_2024", "metadata": "{}",
    "gemini_thinking_trajectory": "Two and two.", "gemini_attempt": "Final Answer: 4", "deepseek_thinking_trajectory": "Hmm, 4.",
    "deepseek_attempt": "5", "gemini_grade": "Yes", "gemini_grade_reason": "", "deepseek_grade": "No", "deepseek_grade_reason": "",
}  # fmt: skip
V1: dict[str, Any] = {
    "solution": "B", "question": "Which?", "cot_type": "science", "source_type": "Idavidrein/gpqa", "metadata": "{}", "cot": None,
    "thinking_trajectories": ["Surely B."], "attempt": "B",
}  # fmt: skip


def data_set(folder: Path, rows: list[dict[str, Any]]) -> str:
    """A folder that `datasets` loads as it would load the published one."""
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


def test_each_teacher_s_traces_with_their_grades(tmp_path: Path) -> None:
    repository = data_set(tmp_path / "v11", [V11])
    (r1,), left_out = published_rows("s1K-1.1", repository=repository)
    (gemini,), _ = published_rows("s1K-1.1", "gemini", repository)
    assert (r1.thinking, r1.trace_answer, r1.trace_outcome) == ("Hmm, 4.", "5", Outcome.INCORRECT)
    assert (gemini.thinking, gemini.trace_answer, gemini.trace_outcome) == ("Two and two.", "Final Answer: 4", Outcome.CORRECT)
    assert (r1.kind, r1.source, r1.domain, r1.solution) == (Kind.INTEGER, "qq8933/AIME_1983_2024", "math", "It is 4.")
    assert r1.id == question_id("What is 2 + 2?") and not left_out
    tokenizer = HubTokenizer(EMBEDDED_MODEL)
    texts = [tokenizer.hub.decode(encode_row(row, tokenizer)["input_ids"]) for row in (r1, gemini)]
    assert texts[0].endswith(f"answer\nAnswer: 5{S1.end_of_turn}\n") and texts[1].endswith(f"answer\nFinal Answer: 4{S1.end_of_turn}\n")


def test_s1k_has_gemini_only_and_no_grades(tmp_path: Path) -> None:
    repository = data_set(tmp_path / "v1", [V1])
    (row,), _ = published_rows("s1K", repository=repository)
    assert (row.thinking, row.answer, row.kind, row.trace_outcome) == ("Surely B.", "B", Kind.LETTER, None)
    with pytest.raises(InputError, match=r"no traces of 'r1'\. Choose one of: gemini"):
        published_rows("s1K", "r1", repository)
    with pytest.raises(InputError, match=r"Choose one of: s1K, s1K-1\.1"):
        published_rows("s2K")


def test_the_command_writes_rows_and_counts_what_it_leaves_out(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    rows = [V11, V11 | {"deepseek_thinking_trajectory": f"a {S1.stop} b"}, V11 | {"deepseek_attempt": " "}, V11 | {"question": "\ufffd?"}]
    target = tmp_path / "rows.jsonl"
    command = ["published", "--dataset", "s1K-1.1", "--repository", data_set(tmp_path / "v11", rows), "--to", str(target)]
    monkeypatch.setattr(sys, "argv", command)
    published.main()
    assert "2 rows of s1K-1.1; left out: {'delimiter in the trace': 1, 'no answer': 1}" in capsys.readouterr().out
    assert [row.question for row in read_rows(target)] == ["What is 2 + 2?", "\ufffd?"]
    (tmp_path / "copy.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [V11, V11 | {"question": " "}, V11]))
    monkeypatch.setattr(sys, "argv", [*command[:-3], str(tmp_path / "copy.jsonl"), *command[-2:]])
    published.main()
    assert "1 rows of s1K-1.1; left out: {'no question': 1, 'asked before': 1}" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*command[:-3], str(tmp_path / "nothing"), *command[-2:]])
    with pytest.raises(SystemExit) as ended:
        published.main()
    assert ended.value.code == 2
