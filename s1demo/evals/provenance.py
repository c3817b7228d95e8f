"""Where measured figures come from: model, benchmark, command and versions, precisely enough to have them again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from s1demo.evals.benchmarks import Problem, digest

_READ_WHOLE = 2**30  # model folders up to this many bytes are told apart by their contents, larger ones by sizes and dates
_LIBRARIES = ("torch", "transformers", "tokenizers", "numpy")


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from; `RunResult` describes the fields."""

    model: str
    model_digest: str
    benchmark: str
    questions_sha256: str
    command: str
    versions: dict[str, str]


def provenance(model: str, model_path: str, benchmark: str, problems: Sequence[Problem], command: str) -> Provenance:
    """Collect it.

    Args:
        model: the name the engine gives its model.
        model_path: its folder or file, or a Hub id.
        benchmark: as named on the command line; of a file only its name is kept.
    """
    versions = {"python": platform.python_version()} | {name: found for name in _LIBRARIES if (found := _version(name))}
    return Provenance(model, model_digest(model_path), Path(benchmark).name, digest(problems), command, versions)


def model_digest(model_path: str) -> str:
    """A digest that changes when the model does, so that no sweep goes on with another model than it began with.

    Args:
        model_path: a model folder, a file of recorded traces, or a Hub id (which is its own digest).
    """
    path = Path(model_path)
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        return model_path
    whole = sum(file.stat().st_size for file in files) <= _READ_WHOLE
    found = hashlib.sha256()
    for file in files:
        about = file.stat()
        found.update(f"{file.name}\0{about.st_size}\0".encode())
        found.update(file.read_bytes() if whole else str(about.st_mtime_ns).encode())
    return f"sha256:{found.hexdigest()}" if whole else f"sizes-and-dates:{found.hexdigest()}"


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
