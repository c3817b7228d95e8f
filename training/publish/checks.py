"""What must not be in an upload: secrets, places on the machine it comes from, and files the Hub does not take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from s1demo.errors import InputError

MOST_BYTES = 50 * 2**30  # of one file; huggingface.co/docs/hub/repositories-recommendations (20 GB recommended)
_MOST_NAMED = 5
_VOCABULARIES = ("tokenizer.json", "vocab.json", "merges.txt")  # their words may look like paths
_WEIGHTS = ".safetensors"
_HEADER_BYTES = 2**24  # of weights, only what comes before the numbers is text
_SECRETS = re.compile(
    rb"hf_[A-Za-z0-9]{20,}"  # Hugging Face
    rb"|\bsk-[A-Za-z0-9_-]{20,}"  # OpenAI and others
    rb"|\bAKIA[0-9A-Z]{16}\b"  # Amazon
    rb"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}"
    rb"|\bAIza[0-9A-Za-z_-]{35}"  # Google
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_NOT_WITHIN = rb"(?<![\w./~-])"  # a longer path or an address
_PLACES = (
    _NOT_WITHIN + rb"/(?:home|root|Users|tmp|var|mnt|work|data|scratch|workspace|opt)/[\w.-]+"
    rb"|\b[A-Za-z]:\\{1,2}Users\\{1,2}\w+"
)


@dataclass(frozen=True)
class File:
    """One file of an upload.

    Attributes:
        name: in the repository.
        path: on this machine.
    """

    name: str
    path: Path

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size


def check(files: Iterable[File], secrets: Iterable[str] = ()) -> None:
    """Refuse an upload that says more than it should.

    Args:
        secrets: texts that must not occur, such as the token that is used.

    Raises:
        InputError: a file is too large, or holds a secret or a place on this machine; the message names file and line.
    """
    here = [re.escape(str(path).encode()) + rb"/" for path in (Path.home(), Path.cwd()) if len(path.parts) > 1]
    places = re.compile(b"|".join([_PLACES, *(_NOT_WITHIN + path for path in here)]))
    found = [sentence for file in files for sentence in _amiss(file, places, [s.encode() for s in secrets if s])]
    if found:
        more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise InputError(f"Not to be uploaded: {'; '.join(found[:_MOST_NAMED])}{more}. Take it out, or leave the file out.")


def _amiss(file: File, places: re.Pattern[bytes], secrets: list[bytes]) -> Iterator[str]:
    if file.size > MOST_BYTES:
        yield f"{file.name} has {file.size / 2**30:.1f} GiB, the Hub takes {MOST_BYTES / 2**30:.0f} a file: save it in shards"
    for number, line in _lines(file):
        if _SECRETS.search(line) or any(secret in line for secret in secrets):
            yield f"{file.name}, line {number}: what looks like a secret"
        elif file.name not in _VOCABULARIES and (place := places.search(line)):
            yield f"{file.name}, line {number}: the place {place[0].decode(errors='replace')} on this machine"


def _lines(file: File) -> Iterator[tuple[int, bytes]]:
    with file.path.open("rb") as content:
        if file.path.suffix == _WEIGHTS:
            length = int.from_bytes(content.read(8), "little")
            yield 1, content.read(min(length, _HEADER_BYTES))
        else:
            yield from enumerate(content, start=1)
