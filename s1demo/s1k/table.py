"""An index of s1K rows in memory: search, facets that count, a histogram that filters, order, small summaries.

Knows no page and no file. A table is built once, never changes and may serve any number of visitors: what one of them has chosen
is a `Query`, and what they see is the `TableView` it gives. Sets of rows are the bits of an integer, one for each row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_, or_
from typing import Any

from s1demo.errors import InputError, one_line
from s1demo.s1k.records import NO_QUESTION, S1KRecord, TeacherTrace

SOURCE, DOMAIN, CORRECTNESS, LENGTH = FACETS = ("source", "domain", "correctness", "length")
VERDICTS = {True: "correct", False: "incorrect", None: "not graded"}
INDEX = "index"
ORDERS = (INDEX, *FACETS)
_VERDICT_RANKS = {None: 0, False: 1, True: 2}
TOKENS, CHARACTERS = "tokens", "characters"
TITLE_CHARS = 120
MAX_SUMMARY_BYTES = 100_000
MAX_SEARCH_CHARS = 300
_TITLE_WIDTHS = (TITLE_CHARS, 100, 80, 72, 64, 48, 32, 16)
_TERM = re.compile(r'"([^"]*)(?:"|$)|([^\s"]+)')
_NO_TRACE = TeacherTrace("")


@dataclass(frozen=True)
class Query:
    """What a visitor has chosen.

    Attributes:
        text: words that must all occur in question or thinking, in any case; "quoted words" as one phrase.
        chosen: facet name to the values of which a row must have one; an absent or empty facet leaves all rows.
        teacher: whose trace correctness and length are about, empty for the table's own choice.
        order: one of `ORDERS`; equal rows by index.
        descending: the greatest first.
    """

    text: str = ""
    chosen: Mapping[str, Iterable[str]] = field(default_factory=dict)
    teacher: str = ""
    order: str = "index"
    descending: bool = False


@dataclass(frozen=True)
class FacetValue:
    """One value of a facet.

    Attributes:
        value: what `Query.chosen` calls it; of lengths, the least of its bucket.
        count: rows that have it among those that everything but its own facet leaves.
        chosen: whether the query asks for it.
    """

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class TableView:
    """What a query leaves of a table.

    Attributes:
        query: the query, its teacher filled in.
        indexes: the rows' indexes, in order.
        facets: by name: the values, the most frequent of the whole table first; lengths from short to long without a gap, so
            that they are the histogram too.
    """

    query: Query
    indexes: tuple[int, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]


class S1KTable:
    """Rows, prepared once for search and counting.

    Attributes:
        records: all rows, by position.
        teachers: whose traces there are, the table's own choice first.
        unit: what lengths count: `TOKENS` where every trace's are known, else `CHARACTERS`.
    """

    def __init__(self, records: Iterable[S1KRecord]) -> None:
        """Prepare the rows.

        Raises:
            InputError: two rows with one index, or no row.
        """
        self.records = tuple(records)
        self.teachers = tuple(dict.fromkeys(teacher for record in self.records for teacher in record.traces))
        self._positions = {record.index: position for position, record in enumerate(self.records)}
        if not self.teachers or len(self._positions) != len(self.records):
            raise InputError("These rows cannot be browsed: no trace, or two rows with one index. Load the data set again.")
        known = all(trace.tokens is not None for record in self.records for trace in record.traces.values())
        self.unit = TOKENS if known else CHARACTERS
        self._texts = [_searchable(record) for record in self.records]
        self._facets = {teacher: self._index(teacher) for teacher in self.teachers}

    def record(self, index: int) -> S1KRecord:
        """The whole row that a permalink names.

        Raises:
            InputError: there is no such row.
        """
        if index not in self._positions:
            raise InputError(f"There is no row {index}. Give a row from {min(self._positions)} to {max(self._positions)}.")
        return self.records[self._positions[index]]

    def length(self, record: S1KRecord, teacher: str) -> int:
        """How long a teacher's thinking is, in `unit`; 0 without a trace."""
        trace = record.traces.get(teacher, _NO_TRACE)
        return (trace.tokens or 0) if self.unit == TOKENS else len(trace.thinking)

    def view(self, query: Query = Query()) -> TableView:
        """Search, filter, count and sort.

        Raises:
            InputError: an unknown teacher, facet or order, or a search text that is too long.
        """
        teacher = query.teacher or self.teachers[0]
        _refuse_unknown("teacher", teacher, self.teachers)
        _refuse_unknown("order", query.order, ORDERS)
        for name in query.chosen:
            _refuse_unknown("facet", name, FACETS)
        chosen = {name: frozenset(values) for name, values in query.chosen.items() if values}
        rows_with, found = self._facets[teacher], self._search(query.text)
        left = {name: _union(rows_with[name].get(value, 0) for value in values) for name, values in chosen.items()}
        facets = {}
        for name in FACETS:
            others = reduce(and_, (left[other] for other in left if other != name), found)
            facets[name] = tuple(
                FacetValue(value, (rows & others).bit_count(), value in chosen.get(name, ()))
                for value, rows in rows_with[name].items()
            )
        filled = replace(query, chosen=chosen, teacher=teacher)
        return TableView(filled, self._sorted(reduce(and_, left.values(), found), filled), facets)

    def summaries(self, view: TableView, max_bytes: int = MAX_SUMMARY_BYTES) -> dict[str, Any]:
        """The rows of a view, small enough to send at once; titles are as long as fits, at most `TITLE_CHARS`.

        Args:
            view: which rows, in which order.
            max_bytes: most bytes of the result as compact JSON in UTF-8 (titles of 16 characters may exceed it, never less).

        Returns:
            unit, teacher, sources and domains (lists of names), and rows: lists of index, title (one line), number of the
            source, number of the domain, length in `unit`, and correct (true, false or null).
        """
        records = [self.record(index) for index in view.indexes]
        sources, domains = _numbered(record.source for record in records), _numbered(record.domain for record in records)
        teacher = view.query.teacher
        result: dict[str, Any] = {"unit": self.unit, "teacher": teacher, "sources": [*sources], "domains": [*domains]}
        for width in _TITLE_WIDTHS:
            result["rows"] = [
                [
                    record.index,
                    one_line(record.question, width) or NO_QUESTION,
                    sources[record.source],
                    domains[record.domain],
                    self.length(record, teacher),
                    record.traces.get(teacher, _NO_TRACE).correct,
                ]
                for record in records
            ]
            if len(json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()) <= max_bytes:
                break
        return result

    def _index(self, teacher: str) -> dict[str, dict[str, int]]:
        """For one teacher: facet to value to the rows that have it."""
        facets: dict[str, dict[str, int]] = {name: {} for name in FACETS}
        for position, record in enumerate(self.records):
            trace = record.traces.get(teacher, _NO_TRACE)
            bucket = length_bucket(self.length(record, teacher))
            values = (record.source, record.domain, VERDICTS[trace.correct], str(bucket))
            for name, value in zip(FACETS, values, strict=True):
                facets[name][value] = facets[name].get(value, 0) | 1 << position
        for name in (SOURCE, DOMAIN, CORRECTNESS):
            facets[name] = dict(sorted(facets[name].items(), key=lambda item: (-item[1].bit_count(), item[0])))
        facets[LENGTH] = {value: facets[LENGTH].get(value, 0) for value in _without_gaps(facets[LENGTH])}
        return facets

    def _search(self, text: str) -> int:
        positions: Sequence[int] = range(len(self.records))
        for term in sorted(search_terms(text), key=len, reverse=True):  # long ones are rare: fewer texts are left to the others
            positions = [position for position in positions if term in self._texts[position]]
        return _union(1 << position for position in positions)

    def _sorted(self, rows: int, query: Query) -> tuple[int, ...]:
        keys: dict[str, Callable[[S1KRecord], Any]] = {
            INDEX: lambda record: record.index,
            SOURCE: lambda record: record.source.casefold(),
            DOMAIN: lambda record: record.domain.casefold(),
            CORRECTNESS: lambda record: _VERDICT_RANKS[record.traces.get(query.teacher, _NO_TRACE).correct],
            LENGTH: lambda record: self.length(record, query.teacher),
        }
        by_index = sorted((record for n, record in enumerate(self.records) if rows >> n & 1), key=keys[INDEX])
        return tuple(record.index for record in sorted(by_index, key=keys[query.order], reverse=query.descending))


def search_terms(text: str) -> tuple[bytes, ...]:
    """The words and "quoted phrases" of a search text as `_searchable` writes them; a quote left open is a phrase too.

    Raises:
        InputError: the text is longer than `MAX_SEARCH_CHARS`.
    """
    if len(text) > MAX_SEARCH_CHARS:
        raise InputError(f"The search has {len(text)} characters. Search for a phrase of at most {MAX_SEARCH_CHARS}.")
    terms = (_plain(phrase or word) for phrase, word in _TERM.findall(text))
    return tuple(dict.fromkeys(term for term in terms if term))


def length_bucket(length: int) -> int:
    """The least length of the log2 bucket: 4,096 for 4,096 to 8,191; 0 where there is no trace."""
    return 1 << length.bit_length() - 1 if length > 0 else 0


def _searchable(record: S1KRecord) -> bytes:
    texts = (record.question, *(trace.thinking for trace in record.traces.values()))
    return b"\n".join(map(_plain, texts))  # no term holds a newline, so none is found across two texts


def _plain(text: str) -> bytes:
    return " ".join(text.split()).casefold().encode("utf-8", "replace")


def _without_gaps(buckets: Iterable[str]) -> list[str]:
    lengths = sorted(map(int, buckets))
    powers = [length for length in lengths if length]
    between = [1 << power for power in range(powers[0].bit_length() - 1, powers[-1].bit_length())] if powers else []
    return [str(length) for length in ([0] if 0 in lengths else []) + between]


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def _refuse_unknown(kind: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise InputError(f"Unknown {kind} {name!r}. Choose one of {', '.join(names)}.")
