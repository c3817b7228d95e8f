"""A journal: one JSON line a record, appended as soon as it is there, from which a killed run goes on.

Its first line says what all its records depend on. A journal that was begun otherwise is refused and stays as it is. Who has one
open holds a lock on it, so that two processes never write one file, and none is deleted while it is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from s1demo.errors import InputError
from s1demo.json_lines import json_object

try:
    import fcntl
except ImportError:  # Windows, where nothing keeps two runs from writing one file
    fcntl = None  # type: ignore[assignment]

_BLOCK_BYTES = 2**16
_REMEDY = "Delete {} to start anew, or name another file."


class Journal:
    """A journal that is open for appending; use it as a context manager, or close it.

    A last line without its end was being written when a process died. It is cut off, and its record is made again.

    Args:
        path: the file, made where there is none.
        header: all that the records depend on; the first line.
        key: the entry that tells records apart.

    Attributes:
        path: the file.
        done: the keys of the records that were there when it was opened.

    Raises:
        InputError: the file was begun with another header, is no journal, or another process has it open.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], key: str = "id") -> None:
        self.path = path
        self._unwritten = b""
        self._file = _open_locked(path)
        try:
            self._check(json.loads(json.dumps(header)))  # as it will be read back
            self.done = {record[key] for record in records(path, key)}
            self._cut_unfinished_line()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; one that got no record is removed."""
        if not self._file.closed:
            if not os.fstat(self._file.fileno()).st_size:
                self.path.unlink(missing_ok=True)
            self._file.close()

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one record; it is in the file when this returns, whole or not at all.

        Raises:
            InputError: the disk does not take it.
        """
        line, end = self._unwritten + _json_line(record), self._file.seek(0, os.SEEK_END)
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:])
            self._unwritten = b""
        except OSError as error:
            self._file.truncate(end)  # half a line would spoil what is appended next
            raise InputError(f"Cannot write to {self.path}: {error}. Make room and start again; what is in it stays.") from error

    def _check(self, header: dict[str, Any]) -> None:
        line = _json_line(header)
        with self.path.open("rb") as lines:
            first = lines.readline()
        if line.startswith(first) and first != line:
            self._unwritten = line  # with the first record, so that a run that got none leaves nothing to be refused
            return
        try:
            kept = json.loads(first)
        except ValueError:
            kept = None
        if not isinstance(kept, dict) or not first.endswith(b"\n"):
            raise InputError(f"{self.path} is no journal. Name another file.")
        if kept != header:
            difference = _difference(kept, header)
            raise InputError(f"{self.path} was begun with other arguments: {difference}. {_REMEDY.format(self.path.name)}")

    def _cut_unfinished_line(self) -> None:
        end = 0 if self._unwritten else self._file.seek(0, os.SEEK_END)
        while end:  # look for the end of the last whole line, a block at a time
            begin = max(0, end - _BLOCK_BYTES)
            self._file.seek(begin)
            newline = (self._file.read(end - begin) or b"").rfind(b"\n")
            end = begin + newline + 1 if newline >= 0 else begin
            if newline >= 0:
                break
        self._file.truncate(end)


def records(path: Path, key: str = "id") -> Iterator[dict[str, Any]]:
    """The records of a journal, one at a time, without its first line; an unfinished last line is left out.

    Raises:
        InputError: the file cannot be read, or a line of it is no JSON object with this key.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if number > 1 and line.endswith(b"\n"):
                    yield _record(line, key, path, number)
    except OSError as error:
        raise InputError(f"Cannot read the journal {path}: {error}") from error


def delete_unless_open(path: Path) -> None:
    """Delete a journal, except where a process has it open."""
    with suppress(InputError), closing(_open_locked(path)):
        path.unlink()


def _open_locked(path: Path) -> FileIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            file = path.open("a+b", buffering=0)
            try:
                _lock(file, path)
            except InputError:
                file.close()
                raise
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
            file.close()  # deleted between being opened and being locked
    except OSError as error:
        raise InputError(f"Cannot write to {path}: {error}. Name another file.") from error


def _lock(file: FileIO, path: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(f"Another run is writing {path.name}. Wait for it, or name another file.") from error
    except OSError:  # a file system without locks
        pass


def _record(line: bytes, key: str, path: Path, number: int) -> dict[str, Any]:
    where = f"{path}, line {number}"
    try:
        record = json_object(line, where)
        if isinstance(record.get(key), str | int):
            return record
        raise InputError(f"{where}: no JSON object with {key!r}.")
    except InputError as error:
        raise InputError(f"{error} Remove that line. {_REMEDY.format(path.name)}") from error


def _difference(kept: dict[str, Any], now: dict[str, Any]) -> str:
    name = next(name for name in [*now, *kept] if kept.get(name, "nothing") != now.get(name, "nothing"))
    before, after = kept.get(name, "nothing"), now.get(name, "nothing")
    if isinstance(before, dict) and isinstance(after, dict):
        return _difference(before, after)
    return f"{name} was {before}, now it is {after}"


def _json_line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"

