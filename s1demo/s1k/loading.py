"""s1K and s1K-1.1 from the Hub at pinned revisions, and the miniature's own 1,000 rows from its assets.

Nothing is loaded at import and nothing is kept in memory here: whoever calls keeps the records, in an
`s1demo.s1k.table.S1KTable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from s1demo.errors import InputError, first_line
from s1demo.json_lines import json_object
from s1demo.s1k.records import S1_MINI_1K, S1K, S1K_1_1, S1KRecord, read_records
from s1demo.settings import ASSETS

OWN_ROWS = ASSETS / "s1-mini-1k.jsonl"
REPOSITORIES = {S1K_1_1: "simplescaling/s1K-1.1", S1K: "simplescaling/s1K"}
REVISIONS = {
    S1K_1_1: "96c411f1fe4c49d20f0e2a1565f61e1a28b0b84d",  # the upload with grades, printed in simplescaling/s1 data/grading.ipynb
    S1K: "d070fdb085608970b8388905c78045b1f84085dc",  # the only commit in the Hub's history of its data folder
}
CONNECT_SECONDS = 3.0
_OFFLINE = Lock()  # the switch of `datasets` is one for the whole process
VERSIONS = (*REPOSITORIES, S1_MINI_1K)
_FILE_KINDS = {".json": "json", ".jsonl": "json", ".parquet": "parquet", ".csv": "csv"}  # suffix -> builder of `datasets`
DESCRIPTIONS = {
    S1K_1_1: "s1K-1.1: the paper's 1,000 questions, with traces of DeepSeek-R1 and of Gemini, graded",
    S1K: "s1K: the paper's 1,000 questions, with the traces of Gemini that s1-32B was trained on",
    S1_MINI_1K: "s1-mini-1k: the miniature's own thousand, not s1K. Problems and traces are written by rule",
}


def load_s1k(
    version: str,
    *,
    repository: str | None = None,
    report: Callable[[str], None] = lambda sentence: None,
) -> list[S1KRecord]:
    """Load a data set; `datasets` keeps the download on disk, so that the network is needed once.

    Args:
        version: one of `VERSIONS`.
        repository: another Hub data set, or a folder or file, with the version's columns.
        report: called with a sentence on what is being done, whenever that changes.

    Raises:
        InputError: an unknown version, no network, or a missing column; the message says what to do.
    """
    if version not in VERSIONS:
        raise InputError(f"Unknown data set {version!r}. Choose one of {', '.join(VERSIONS)}.")
    if version == S1_MINI_1K:
        return read_own_rows(Path(repository) if repository else OWN_ROWS)
    return read_records(version, _download(version, repository, report))


def _download(version: str, elsewhere: str | None, report: Callable[[str], None]) -> Any:
    silent, repository, revision = "", elsewhere or REPOSITORIES[version], None if elsewhere else REVISIONS[version]
    copy = Path(repository)
    if copy.suffix in _FILE_KINDS or copy.exists():
        return _read_copy(version, copy)
    try:
        report(f"Asking the Hugging Face Hub for {version}.")
        silent = unreachable()
        report(f"Looking for a copy of {version} kept here." if silent else f"Loading {version}. The first time takes a minute.")
        from datasets import load_dataset
        from huggingface_hub.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # every retry would print a line; ours says it once
        with _offline() if silent else nullcontext():
            return load_dataset(repository, split="train", revision=revision)
    except Exception as error:  # datasets raises many kinds for few causes: no network, a changed layout
        reason = silent or first_line(error).rstrip(".")
        raise InputError(
            f"Cannot load {version} ({repository}): {reason}. The first load needs a network connection; "
            f"without one, browse the miniature's own rows ({S1_MINI_1K})."
        ) from error


def _read_copy(version: str, copy: Path) -> Any:
    """A data set's rows from a folder or file of this machine.

    Raises:
        InputError: it is not there or cannot be read.
    """
    from datasets import load_dataset

    try:
        if copy.suffix in _FILE_KINDS:
            return load_dataset(_FILE_KINDS[copy.suffix], data_files=str(copy), split="train")
        return load_dataset(str(copy), split="train")
    except Exception as error:  # datasets raises many kinds: no such file, broken JSON, no known file in the folder
        reason = first_line(error).rstrip(".")
        way = f"Give a file ({', '.join(_FILE_KINDS)}) or a folder of such files."
        raise InputError(f"Cannot read {version} from {copy}: {reason}. {way}") from error


def unreachable(seconds: float = CONNECT_SECONDS) -> str:
    """Why the Hub cannot be reached, empty if it can; `datasets` itself goes on trying for half a minute.

    Args:
        seconds: the longest wait, the look-up of the name included, which no time-out of a connection covers.
    """
    from huggingface_hub import constants, get_session

    if constants.is_offline_mode():
        return "HF_HUB_OFFLINE is set"
    host = urlsplit(constants.ENDPOINT).hostname
    answers: Queue[str] = Queue()

    def ask() -> None:
        try:
            get_session().head(constants.ENDPOINT, timeout=seconds)
            answers.put("")
        except Exception as error:  # of whatever library the Hub's client uses
            answers.put(f"{host} cannot be reached ({str(error).split('] ')[-1].strip() or type(error).__name__})")

    Thread(target=ask, name="ask the Hub", daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return f"{host} does not answer within {seconds:.0f} s"


@contextmanager
def _offline() -> Iterator[None]:
    """Let `datasets` look only at what it has kept."""
    from datasets import config

    with _OFFLINE:
        before, config.HF_HUB_OFFLINE = config.HF_HUB_OFFLINE, True
        try:
            yield
        finally:
            config.HF_HUB_OFFLINE = before


def read_own_rows(path: Path = OWN_ROWS) -> list[S1KRecord]:
    """The rows that the miniature was fine-tuned on, as training/curation writes them: JSON lines.

    Raises:
        InputError: the file cannot be read, or a line of it is no row.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            numbered = enumerate(lines, start=1)
            rows = [json_object(line, f"{path.name}, line {number}") for number, line in numbered if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise InputError(f"Cannot read the miniature's own rows, {path.name}: {reason}. Choose another data set.") from error
    return read_records(S1_MINI_1K, rows)
