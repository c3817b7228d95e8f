"""Collection: every source of the paper as rows, one file each with a note of where it came from (paper section 2.1).

A source that is there already is not loaded again, so a run that was killed, or that lacked one source, goes on. A source that
cannot be loaded, or whose columns are others than its reader knows, is reported, and the run ends with an error unless it was
allowed to be missing. What a source is and which of its rows are taken is in `sources`; nothing is compared between sources here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from s1demo.errors import InputError, first_line
from training.curation.records import Row, read_rows, write_rows
from training.curation.sources import SOURCES, Part, Source

UNKNOWN_COMMIT = "commit unknown"
_SCRIPT_REMEDY = "write the data set out once with datasets < 4, which still runs loading scripts, and give that folder"


@dataclass(frozen=True)
class Origin:
    """What was loaded, noted beside the rows.

    Attributes:
        repositories: for each repository or folder, the commit that was loaded; a folder has none.
        asked: the repositories and revisions as asked for; another question means loading again.
        n_loaded: records of all parts, before the source's own selection.
        n_rows: rows kept.
        n_blank: rows left out because their question was empty.
    """

    repositories: Mapping[str, str]
    asked: Mapping[str, str]
    n_loaded: int
    n_rows: int
    n_blank: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{name} ({commit})" for name, commit in self.repositories.items())


def collect(
    folder: Path,
    replaced: Mapping[str, str] | None = None,
    allow_missing: Collection[str] = (),
    sources: Mapping[str, Source] = SOURCES,
) -> dict[str, Origin]:
    """Load the sources that are not there yet.

    Args:
        folder: gets NAME.jsonl and NAME.origin.json for every source.
        replaced: another repository or a folder instead of a source's (by its name) or of any repository (by the repository's).
        allow_missing: names of sources that may fail.

    Returns:
        Where each source that is there came from, in load order.

    Raises:
        InputError: an unknown name, or sources are missing; the message names each with its reason and what to do.
    """
    known = {*sources, *(part.repository or source.repository for source in sources.values() for part in source.parts.values())}
    if unknown := sorted({*(replaced or {}), *allow_missing} - known):
        raise InputError(f"There is no source called {', '.join(unknown)}. Choose among {', '.join(sources)}.")
    origins: dict[str, Origin] = {}
    failures: dict[str, str] = {}
    for name, source in sources.items():
        try:
            origins[name] = _collect_one(folder, name, source, replaced or {})
            print(f"{name}: {origins[name].n_rows:,} rows from {origins[name]}", flush=True)
        except InputError as error:
            failures[name] = str(error)
            print(f"{name}: MISSING. {error}", flush=True)
    if refused := [name for name in failures if name not in allow_missing]:
        reasons = "\n".join(f"  {name}: {failures[name]}" for name in refused)
        raise InputError(
            f"{len(refused)} of {len(sources)} sources are missing; those that were loaded are kept in {folder}.\n{reasons}\n"
            f"Run this again when that is mended, or go on without: --allow-missing {' '.join(refused)}"
        )
    return origins


def collected(folder: Path, sources: Mapping[str, Source] = SOURCES) -> dict[str, Origin]:
    """Where the sources in a folder came from, in load order; none of them is loaded."""
    return {name: origin for name in sources if (origin := _noted(folder, name))}


def rows_of(folder: Path, name: str) -> list[Row]:
    """The collected rows of one source."""
    return list(read_rows(folder / f"{name}.jsonl"))


def _noted(folder: Path, name: str) -> Origin | None:
    """The note beside a source's rows, None where either is not there; the note is written last."""
    note = folder / f"{name}.origin.json"
    if not note.exists() or not (folder / f"{name}.jsonl").exists():
        return None
    try:
        return Origin(**json.loads(note.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise InputError(f"{note} cannot be read ({error}). Remove it, and the source is loaded again.") from error


def _collect_one(folder: Path, name: str, source: Source, replaced: Mapping[str, str]) -> Origin:
    places = {part_name: _place(name, source, part, replaced) for part_name, part in source.parts.items()}
    asked = dict(places.values())
    noted = _noted(folder, name)
    if noted and noted.asked == asked:
        return noted
    (folder / f"{name}.origin.json").unlink(missing_ok=True)
    commits = {place: _commit(place, revision) for place, revision in asked.items()}
    tables = {}
    for part_name, part in source.parts.items():
        place, revision = places[part_name]
        commit = commits[place] if commits[place] not in ("", UNKNOWN_COMMIT) else revision
        tables[part_name] = _load(place, part, commit, source.remedy)
    rows = _read(source, tables)
    asked_rows = [row for row in rows if row.question.strip()]
    write_rows(folder / f"{name}.jsonl", asked_rows)
    repositories = {place: commit or "folder" for place, commit in commits.items()}
    n_loaded = sum(len(table) for table in tables.values())
    origin = Origin(repositories, asked, n_loaded, len(asked_rows), len(rows) - len(asked_rows))
    (folder / f"{name}.origin.json").write_text(json.dumps(asdict(origin), indent=2) + "\n", encoding="utf-8")
    return origin


def _place(name: str, source: Source, part: Part, replaced: Mapping[str, str]) -> tuple[str, str]:
    """The repository or folder of a part, and its revision."""
    repository = part.repository or source.repository
    other = replaced.get(repository) or (None if part.repository else replaced.get(name))
    if other:
        place, _, revision = other.partition("@")
        return place, "" if Path(place).is_dir() else revision or "main"
    return repository, "main" if part.repository else source.revision


def _commit(place: str, revision: str) -> str:
    """The commit that a revision is now, so that exactly it is loaded; nothing for a folder."""
    if not revision:
        return ""
    try:
        from huggingface_hub import HfApi

        return HfApi().dataset_info(place, revision=revision).sha or UNKNOWN_COMMIT
    except Exception:  # no network: what `datasets` has kept may do, and if it does not, loading says why
        return revision if len(revision) == 40 else UNKNOWN_COMMIT


def _load(place: str, part: Part, revision: str, remedy: str) -> Any:
    """One table.

    Raises:
        InputError: it cannot be loaded; the message says why and what to do.
    """
    try:
        from datasets import load_dataset
        from huggingface_hub.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # every retry would print a line; ours says it once
        if part.file:
            at = f"hf://datasets/{place}@{revision}/{part.file}" if revision else str(Path(place) / part.file)
            return load_dataset("json", data_files=at, split=part.split)
        return load_dataset(place, part.subset, split=part.split, revision=revision or None)
    except Exception as error:  # datasets raises many kinds for few causes: no network, no access, a changed layout
        reason = first_line(error).rstrip(".")
        which = " ".join(filter(None, (place, part.subset, part.split, part.file)))
        needs = "Check the folder" if not revision else "It needs a network connection" + (f", {remedy}" if remedy else "")
        if "scripts are no longer supported" in reason:
            needs = f"To load it, {_SCRIPT_REMEDY}"
        raise InputError(f"{which} cannot be loaded: {reason}. {needs}, or name a copy: --source NAME=FOLDER") from error


def _read(source: Source, tables: Mapping[str, Any]) -> list[Row]:
    """The rows of a source.

    Raises:
        InputError: the columns are not those its reader knows, or none of the records is taken.
    """
    try:
        if rows := list(source.read(tables)):
            return rows
        fault = "none of its records fits the paper's selection; its columns hold other values than they did"
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        fault = f"its columns have changed ({type(error).__name__}: {error})"
    has = "; ".join(f"{name}: {', '.join(table.column_names)}" for name, table in tables.items())
    raise InputError(
        f"{fault}. There are: {has}. Load an older revision, --source NAME=REPOSITORY@COMMIT, or change its columns in "
        "training/curation/sources.yaml"
    )
