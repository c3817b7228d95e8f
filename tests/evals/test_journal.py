"""The journal of sweeps and of training: whole lines only, one writer, and never another file's or another run's lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from s1demo.errors import InputError
from s1demo.evals.journal import Journal, delete_unless_open, records
from s1demo.evals.sweep import finished_questions, open_journal


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_journal_keeps_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.traces.jsonl"
    with open_journal(path, {"budgets": (16,)}) as journal:
        assert journal.done == set()
        for index in (4, 2):
            journal.append({"index": index, "text": "\ud800 ü 🍓\u2028"})
    whole = path.read_bytes()
    for torn in (b"", b"{", b'{"index": 7, "text": "' + b"x" * 200_000):
        path.write_bytes(whole + torn)
        assert [found["index"] for found in records(path, "index")] == [4, 2]
        with open_journal(path, {"budgets": (16,)}) as journal:
            assert journal.done == {2, 4} and path.read_bytes() == whole
    assert next(records(path, "index"))["text"] == "\ud800 ü 🍓\u2028"
    with open_journal(path, {"budgets": [16]}) as journal:
        journal.append({"index": 4, "text": "twice"})
    assert [found["index"] for found in finished_questions(path)] == [4, 2]


def test_a_journal_without_a_record_leaves_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", {"task": "t"}):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cut", [0, 1, 9])
def test_a_first_line_that_a_kill_cut_is_written_again(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"task": "t"}\n'[:cut])
    with Journal(path, {"task": "t"}) as journal:
        assert journal.done == set()
        journal.append({"id": "a"})
    assert lines(path) == [{"task": "t"}, {"id": "a"}] and list(records(path)) == [{"id": "a"}]


@pytest.mark.parametrize("text", ["my notes", "my notes\n", '{"question": "q", "answer": "a"}', '{"sweep": {}}\n{"index": 1}\nno json\n', '{"sweep": {}}\n{"other": 1}\n', '{"sweep": {}}\n{"index": 1}\n[1]\n{"tor'])
def test_another_file_is_never_touched(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.traces.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=r"[nN]ame another file"):
        open_journal(path, {})
    assert path.read_text() == text


@pytest.mark.parametrize("now", [{"budgets": [32]}, {}, {"budgets": [16], "waits": [1]}])
def test_other_arguments_are_refused(tmp_path: Path, now: dict[str, Any]) -> None:
    path = tmp_path / "run.traces.jsonl"
    with open_journal(path, {"budgets": [16]}) as journal:
        journal.append({"index": 0})
    with pytest.raises(InputError, match=r"begun with other arguments: \w+ was .*, now it is .*Delete"):
        open_journal(path, now)


def test_two_runs_cannot_write_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"task": "t"}) as journal:
        with pytest.raises(InputError, match="Another run is writing"):
            Journal(path, {"task": "t"})
        code = "import sys; from pathlib import Path; from s1demo.evals.journal import Journal; Journal(Path(sys.argv[1]), {'task': 't'})"
        other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
        assert "Another run is writing j" in other.stderr
        journal.append({"id": "a"})
    with Journal(path, {"task": "t"}) as journal:
        assert journal.done == {"a"}


def test_an_open_journal_is_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, {"task": "t"}) as journal:
        journal.append({"id": "a"})
        delete_unless_open(path)
        assert path.exists()
    delete_unless_open(path)
    assert not path.exists()


def test_a_journal_deleted_between_opening_and_locking_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    from s1demo.evals import journal as module

    path, locks = tmp_path / "j", []

    def flock(file: Any, how: int) -> None:
        locks.append(how)
        if len(locks) == 1:
            path.unlink()
        fcntl.flock(file, how)

    monkeypatch.setattr(module, "fcntl", type("", (), {"flock": staticmethod(flock), "LOCK_EX": fcntl.LOCK_EX, "LOCK_NB": fcntl.LOCK_NB}))
    with Journal(path, {"task": "t"}) as journal:
        journal.append({"id": "a"})
    assert len(locks) == 2 and lines(path) == [{"task": "t"}, {"id": "a"}]


@pytest.mark.parametrize(("line", "words"), [("{oops", "line 3: not JSON"), ("[]", "line 3: no JSON object"), ("{}", "line 3: no JSON object with 'id'"), ('{"id": []}', "line 3"), ("[" * 100_000, "line 3: not JSON")])
def test_a_damaged_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "j").write_text(f'{{"task": "t"}}\n{{"id": "a"}}\n{line}\n{{"id": "b"}}\n')
    with pytest.raises(InputError, match=words):
        list(records(tmp_path / "j"))


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    path, text = tmp_path / "journal.jsonl", "x" * 1000
    code = (
        "import resource, signal, sys; from pathlib import Path; from s1demo.evals.journal import Journal;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500));"
        "journal = Journal(Path(sys.argv[1]), {'task': 't'});"
        "[journal.append({'id': str(number), 'text': 'x' * 1000}) for number in range(9)]"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert "Cannot write to" in done.stderr and "what is in it stays" in done.stderr
    assert lines(path) == [{"task": "t"}, {"id": "0", "text": text}, {"id": "1", "text": text}]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Cannot write to"):
        Journal(tmp_path / "deep" / "j", {})
