"""The entries of a mapping or of a JSON object as a checked dataclass; what is wrong is one sentence that names the entry."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import Any, TypeVar

from s1demo.errors import InputError

T = TypeVar("T")
_GROUPED = {"missing": "missing keys", "unexpected_keyword_argument": "unknown keys"}  # kinds of fault that need no value


def fill(kind: type[T], values: Any, where: str = "") -> T:
    """A dataclass from the entries of a mapping, nested ones too; pydantic converts and checks them by its annotations.

    Args:
        values: its entries, or the text of a JSON object.
        where: of what, for messages.

    Raises:
        InputError: an unknown or missing key, or a value out of range.
    """
    from pydantic import TypeAdapter, ValidationError  # here, since not every command fills a dataclass

    adapter = TypeAdapter(kind)
    try:
        return adapter.validate_json(values) if isinstance(values, str) else adapter.validate_python(values)
    except ValidationError as error:
        faults = error.errors()
    for fault in faults:
        if isinstance(own := fault.get("ctx", {}).get("error"), InputError):  # what a __post_init__ refuses
            raise own
    named, others = defaultdict[str, list[str]](list), []
    for fault in faults:
        name = ".".join(map(str, fault["loc"]))
        if fault["type"] in _GROUPED:
            named[_GROUPED[fault["type"]]].append(name)
        else:
            others.append(f"{name} is {fault['input']!r}. {fault['msg'].replace('Input', 'It', 1)}")
    said = [f"{what} {', '.join(sorted(names))}" for what, names in named.items()] + others
    known = f" Known are: {', '.join(item.name for item in fields(kind))}." if named else ""  # type: ignore[arg-type]
    raise InputError(f"{where}{': ' if where else ''}{'; '.join(said)}.{known}")
