"""Every `python -m` in documents, docstrings and the Makefile is a command, and a module that is none says so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"-m (training(?:\.\w+)+)")
SOURCES = [ROOT / "Makefile", *ROOT.glob("*.md"), *(p for folder in ("training", "docs", "tests") for p in (ROOT / folder).rglob("*") if p.suffix in {".py", ".md", ".sh", ".slurm", ".yaml"})]
COMMANDS = sorted({name for path in SOURCES if path != Path(__file__) for name in NAMED.findall(path.read_text(encoding="utf-8"))} - {"training.something"})


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_named_as_a_command_is_one(name: str) -> None:
    path = ROOT.joinpath(*name.split("."))
    file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    assert "main()" in file.read_text(encoding="utf-8")


def test_there_are_such_commands() -> None:
    assert {"training.curation", "training.sft", "training.publish", "training.mini", "training.mini.gate", "training.harness"} <= set(COMMANDS)


@pytest.mark.parametrize("name", ["training.sft", "training.publish"])
def test_help_is_shown(name: str) -> None:
    found = run(name, "--help")
    assert found.returncode == 0 and "usage:" in found.stdout and "--" in found.stdout


@pytest.mark.parametrize("name", ["training.mini.recipe", "training.curation.records", "training.mini.domains.letters", "training.sft.trainer"])
def test_a_module_that_is_no_command_says_so(name: str) -> None:
    found = run(name)
    assert found.returncode == 1 and f"{name} is no command" in found.stderr and not found.stdout


def test_problems_are_printed() -> None:
    found = [json.loads(line) for line in run("training.mini.problems", "--n", "20", "--seed", "7", "--held-out").stdout.splitlines()]
    assert len(found) == 20 and set(found[0]) == {"question", "answer", "domain", "phrasing"}
    trained = run("training.mini.problems", "--n", "20", "--seed", "7").stdout
    assert len(trained.splitlines()) == 20 and found[0]["question"] not in trained
