"""What the s1K tab asks for and what it is sent. Pure: knows the tables, no component and no clock.

The page asks with plain, untrusted values. An answer holds numbers of rows and, once for each data set and teacher, the rows'
summaries; the text of a row travels only when that row is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from s1demo.errors import InputError
from s1demo.s1k.loading import DESCRIPTIONS, VERSIONS
from s1demo.s1k.records import TEACHERS, is_gradable, parts_of
from s1demo.s1k.table import FACETS, VERDICTS, Query, S1KTable

_MOST_VALUES = 200  # chosen values of one facet; the data sets have fewer


@dataclass(frozen=True)
class BrowseRequest:
    """What a visitor asked for.

    Attributes:
        number: counts the page's requests; the answer repeats it.
        version: one of `VERSIONS`, empty for whatever is best to show.
        query: search, facets and order; its teacher may be unknown to the table.
        have: data set and teacher whose summaries the page holds, as `catalogue_name` writes them.
        row: the row to be shown whole, None where a list was asked for.
        again: whether a data set that could not be had is to be tried again.
    """

    number: int = 0
    version: str = ""
    query: Query = field(default_factory=Query)
    have: str = ""
    row: int | None = None
    again: bool = False


def read_request(data: Any) -> BrowseRequest:
    """Read what the page sent.

    Raises:
        InputError: it is nothing that this page sends, or names an unknown data set.
    """
    if not isinstance(data, Mapping):
        raise InputError("The page asked for nothing. Reload it.")
    version = _text(data, "set")
    if version and version not in VERSIONS:
        raise InputError(f"There is no data set {version[:40]!r}. Choose one of {', '.join(VERSIONS)}.")
    chosen = data.get("chosen") or {}
    if not isinstance(chosen, Mapping):
        raise InputError("The filters cannot be read. Clear them and filter again.")
    order = _text(data, "order") or "index"
    query = Query(
        text=_text(data, "search"),
        chosen={name: _texts(chosen[name]) for name in FACETS if chosen.get(name)},
        teacher=_text(data, "teacher"),
        order=order.removeprefix("-"),
        descending=order.startswith("-"),
    )
    row = data.get("row")
    opened = None if row in (None, "") else _whole(row)
    return BrowseRequest(_whole(data.get("n", 0)), version, query, _text(data, "have"), opened, data.get("again") is True)


def list_answer(version: str, table: S1KTable, request: BrowseRequest) -> dict[str, Any]:
    """What a query leaves of a table.

    Returns:
        n, set, teacher, rows (numbers of rows, in order), facets (name to lists of value, count, chosen), and catalogue: the
        summaries of the whole table where the page does not hold them, else None.

    Raises:
        InputError: a query that cannot be answered.
    """
    query = request.query
    if query.teacher not in table.teachers:
        query = replace(query, teacher="")
    view = table.view(query)
    teacher = view.query.teacher
    held = request.have == catalogue_name(version, teacher)
    return {
        "n": request.number,
        "set": version,
        "teacher": teacher,
        "rows": list(view.indexes),
        "facets": {name: [[value.value, value.count, value.chosen] for value in values] for name, values in view.facets.items()},
        "catalogue": None if held else _catalogue(version, table, teacher),
    }


def catalogue_name(version: str, teacher: str) -> str:
    """What the page calls the summaries it holds."""
    return f"{version}/{teacher}"


@lru_cache(maxsize=8)  # tables never change; there are four pairs of data set and teacher
def _catalogue(version: str, table: S1KTable, teacher: str) -> dict[str, Any]:
    whole = table.view(Query(teacher=teacher))
    return {
        "name": catalogue_name(version, teacher),
        "about": DESCRIPTIONS[version],
        "teachers": [[name, TEACHERS.get(name, name)] for name in table.teachers],
        "totals": {value.value: value.count for value in whole.facets["length"]},
        **table.summaries(whole),
    }


def row_answer(version: str, table: S1KTable, request: BrowseRequest) -> dict[str, Any]:
    """One whole row.

    Returns:
        n, set, row, source, origin, domain, answer (the true one, empty where none is known), gradable, question, parts (lists
        of kind, teacher, heading, text), unit (of lengths), and traces (lists of teacher, name, length, verdict, reason for it).

    Raises:
        InputError: there is no such row.
    """
    record = table.record(request.row if request.row is not None else -1)
    return {
        "n": request.number,
        "set": version,
        "row": record.index,
        "source": record.source,
        "origin": record.origin,
        "domain": record.domain,
        "answer": record.answer or "",
        "gradable": is_gradable(record.answer),
        "parts": [list(part) for part in parts_of(record)],
        "unit": table.unit,
        "traces": [
            [teacher, TEACHERS.get(teacher, teacher), table.length(record, teacher), VERDICTS[trace.correct], trace.reason]
            for teacher, trace in record.traces.items()
        ],
    }


def _text(data: Mapping[Any, Any], name: str) -> str:
    value = data.get(name, "")
    return value if isinstance(value, str) else ""


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or len(values) > _MOST_VALUES or not all(isinstance(value, str) for value in values):
        raise InputError("The filters cannot be read. Clear them and filter again.")
    return values


def _whole(value: Any) -> int:
    try:
        return int(str(value)[:12])
    except ValueError:
        raise InputError(f"{str(value)[:40]!r} is no number of a row. Give a whole number.") from None
