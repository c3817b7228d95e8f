"""The paper's sixteen sources (section 2.1, table 7 of v3): which data sets, which of their rows, and how a row becomes a `Row`.

`sources.yaml` lists them with their columns; here are the readers of those whose rows need more than that. Every rule is that
of simplescaling/s1 at 77272c6 (data/collect_data.py, `load_*` and `DS_TO_SELECTION`; data/fix_gpqa.py; data/add_aime.py), in its
load order, which decides who wins when two sources share a question. Loading and writing is `collect`'s, cleaning is
`decontaminate`'s. The Hub could not be reached where this was written: no column name but those of the rows in s1K was seen on
the real data, and `collect` reports a source whose columns differ.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import yaml

from s1demo.grading import Kind, extract_answer
from training.curation.records import Row

Record = Mapping[str, Any]  # a row of a data set
Tables = Mapping[str, Iterable[Record]]  # the parts of a source by name

_SEED = 42  # of every shuffle in collect_data.py and fix_gpqa.py
_LONGEST_METADATA = 10_000  # characters of one value; test cases of programming tasks have millions
_SHORT_ANSWER = 2_000  # characters; what is longer is a solution
_FOLDER = Path(__file__).parent
# collect_data.py forces a list of questions in (TMP_QUESTIONS_TO_KEEP: NuminaMath, SciEval); these are their ids.
KEPT = frozenset((_FOLDER / "forced.txt").read_text(encoding="utf-8").split())


@dataclass(frozen=True)
class Part:
    """One table of a source, as `datasets.load_dataset` finds it.

    Attributes:
        split: which split.
        subset: which configuration, None where there is one only.
        file: a JSON-lines file of the repository, for repositories whose own loading needs a script (not run by datasets >= 4).
        repository: another one than the source's.
    """

    split: str
    subset: str | None = None
    file: str | None = None
    repository: str | None = None


@dataclass(frozen=True)
class Source:
    """One of the paper's sources.

    Attributes:
        repository: on the Hugging Face Hub.
        parts: its tables by name.
        read: the tables as rows, in order.
        n_paper: how many questions of it are among the paper's 59,029, after decontamination.
        pick: which of the decontaminated rows are taken, None for all.
        after_decontamination: its rows are added unchecked (AIME: add_aime.py).
        revision: a commit, or "main" where no commit is known for certain; what "main" was is noted when it is loaded.
        remedy: what to do when it does not load, beside having a network.
    """

    repository: str
    parts: Mapping[str, Part]
    read: Callable[[Tables], Iterator[Row]]
    n_paper: int
    pick: Callable[[list[Row]], list[Row]] | None = None
    after_decontamination: bool = False
    revision: str = "main"
    remedy: str = ""


def _each(read: Callable[[Record, str], Row | None]) -> Callable[[Tables], Iterator[Row]]:
    """A reader of tables from a reader of records, which gets the part's name and gives None for what is not taken."""

    def read_all(tables: Tables) -> Iterator[Row]:
        for name, table in tables.items():
            yield from (row for record in table if (row := read(record, name)) is not None)

    return read_all


def _row(record: Record, question: str, solution: Any, source: str, cot_type: str, used: str, **answer: Any) -> Row:
    """A row whose `meta` holds the paper's cot_type and, as metadata, the columns that are not used for something else."""
    metadata = {name: value for name, value in record.items() if name not in used.split() and _short(value)}
    meta = {"cot_type": cot_type, "metadata": json.loads(json.dumps(metadata, default=str))}
    return Row(question, solution=_text(solution), source=source, meta=meta, **{"answer": "", **answer})


def _short(value: Any) -> bool:
    return len(value if isinstance(value, str) else repr(value)) <= _LONGEST_METADATA


def _text(value: Any) -> str:
    """A column's value as text: nothing for none, the only one of a list, several with commas between."""
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _first(values: Any) -> str:
    return _text(values[0]) if isinstance(values, list | tuple) and values else _text(values)


def _boxed(solution: str) -> dict[str, Any]:
    """The boxed answer of a worked solution; a proof has none."""
    answer = extract_answer(solution, Kind.MATH) if "\\boxed" in solution else None
    return {"answer": answer, "kind": Kind.MATH} if answer and len(answer) <= _SHORT_ANSWER else {}


def _by_columns(columns: Mapping[str, Any], record: Record, part: str) -> Row | None:
    """A row by the `columns` of `sources.yaml`."""
    if not all(re.fullmatch(pattern, _text(record[name])) for name, pattern in columns.get("where", {}).items()):
        return None
    used = [columns[name] for name in ("question", "solution") if name in columns]
    question, solution = record[used[0]], _first(record[used[1]]) if len(used) > 1 else ""
    kind, answer = _chosen(columns.get("kind"), record), dict[str, Any]()
    if kind == "boxed":
        answer = _boxed(solution)
    elif kind and not (columns["answer"] == columns["solution"] and len(solution) > _SHORT_ANSWER):
        answer = {"answer": _text(record[columns["answer"]]), "kind": Kind(kind)}
    source, unused = columns["source"].format(**{**record, "part": part}), [*used, *columns.get("unused", ())]
    question = question.strip() if columns.get("strip") else question
    return _row(record, question, solution, source, _chosen(columns["cot_type"], record), " ".join(unused), **answer)


def _chosen(rule: Any, record: Record) -> Any:
    """A value, or the one that a column's value stands for."""
    return rule.get(record[rule["by"]], rule["else"]) if isinstance(rule, dict) else rule


# the readers of single sources


def _numina_math(tables: Tables) -> Iterator[Row]:
    """All of the AoPS forum; of the other sources a fixed list of 500, and the questions that are forced in."""
    listed = {record["problem"] for record in tables["list of 500"]}
    others, forum = list[Row](), list[Row]()
    for record in tables["all"]:
        question, solution, origin = record["problem"], record["solution"], record["source"]
        if origin == "aops_forum" or question in listed or Row(question, "").id in KEPT:
            source, used = f"AI-MO/NuminaMath-CoT/{origin}", "problem solution messages"
            row = _row(record, question, solution, source, "math", used, **_boxed(solution))
            (forum if origin == "aops_forum" else others).append(row)
    yield from others + forum


_SCIEVAL_COT_TYPES = {"MedQA": "health science", "PubMedQA": "health science"}
_SCIEVAL_ENDINGS = {f"\nOptimal {what}:": f"\nWhat is the optimal {what}?" for what in ("solvent", "ligand", "reactant")}


def _sci_eval(record: Record, part: str) -> Row | None:
    """Questions with an answer; a request to complete ("Answer:", "Optimal solvent:") becomes a question."""
    if record["answer"] is None:
        return None
    question = record["question"].split("\n\nAnswer:")[0]
    for ending, asked in _SCIEVAL_ENDINGS.items():
        question = question.replace(ending, asked)
    answer, task = _first(record["answer"]), record["task_name"]
    kind = Kind.LETTER if len(answer.strip()) == 1 and answer.strip().isalpha() else Kind.TEXT
    source = f"OpenDFM/SciEval/{record['category']}/{record['type']}/{task}"
    cot_type = _SCIEVAL_COT_TYPES.get(task, "science")
    return _row(record, question, answer, source, cot_type, "question answer", answer=answer, kind=kind)


_AGIEVAL_WITH_OPTIONS = ("sat_en", "sat_math", "lsat_ar", "lsat_lr", "lsat_rc", "logiqa")
_AGIEVAL_ENGLISH = {"sat_en", "lsat_ar", "lsat_lr", "lsat_rc"}


def _agi_eval(record: Record, part: str) -> Row | None:
    """Exams with their options; AQuA without (so its letter grades nothing); of MATH the hardest level only."""
    subset = part.partition("/")[0]
    source, question = f"baber/agieval/{subset}", record["question"]
    answer: dict[str, Any] = {}
    if subset in _AGIEVAL_WITH_OPTIONS:
        question = "\n".join([_text(record["passage"]).strip() + question, *record["options"]])
        answer = {"answer": _text(record["label"]), "kind": Kind.LETTER}
    elif subset == "math_agieval":
        if _text(record["level"]) != "5":
            return None
        answer = {"answer": _text(record["answer"]), "kind": Kind.MATH}
    cot_type = "english" if subset in _AGIEVAL_ENGLISH else "math"
    return _row(record, question, record["solution"], source, cot_type, "passage question options solution", **answer)


def _gpqa(tables: Tables) -> Iterator[Row]:
    """The extended set without Diamond; options in a seeded order (fix_gpqa.py, which shuffles another set of rows)."""
    diamond, rng = {record["Question"] for record in tables["diamond"]}, Random(_SEED)
    for record in tables["extended"]:
        if record["Question"] in diamond:
            continue
        right = record["Correct Answer"].strip("\n")
        options = [*(record[f"Incorrect Answer {n}"].strip("\n") for n in (1, 2, 3)), right]
        rng.shuffle(options)
        letter = "ABCD"[options.index(right)]
        lines = [record["Question"], "Answer Choices:", *(f"({name}) {text}" for name, text in zip("ABCD", options, strict=True))]
        solution = f"{_text(record['Explanation'])}\n\nAnswer: {letter}"
        answer = {"answer": letter, "kind": Kind.LETTER}
        yield _row(record, "\n".join(lines), solution, "Idavidrein/gpqa", "science", "Question Explanation", **answer)


_CROSSWORD = "Solve the crossword puzzle. You are presented with a clue as input and the number of letters in brackets."


def _xword(record: Record, part: str) -> Row:
    """The clue under one fixed instruction; the solution names the answer first and then explains it."""
    question, solution = f"{_CROSSWORD}\n\n{record['input'].split('### Clue: ')[1]}", record["output"]
    answer = solution.partition("### Answer:")[2].partition("### Explanation:")[0].strip()
    return _row(record, question, solution, "0xharib/xword1", "crossword", "input output", answer=answer)


# what is picked of the sources that are not taken whole


def _shuffled(rows: list[Row]) -> list[Row]:
    """The order of `datasets.Dataset.shuffle(seed=42)`."""
    import numpy as np

    return [rows[index] for index in np.random.default_rng(_SEED).permutation(len(rows))]


def some_crosswords(rows: list[Row], n_rows: int = 1000) -> list[Row]:
    """A seeded draw."""
    return _shuffled(rows)[:n_rows]


def spread_over_tasks(rows: list[Row], n_rows: int = 250) -> list[Row]:
    """SciEval, spread evenly over tasks and topics (collect_data.py, `select_examples_scieval`).

    A row counts against its topic's quota and against its task's, as often as either is open; so some count twice, and in the
    end there are fewer different rows (the paper has 227). A topic's quota also uses up that of SocraticQA, the task with
    topics. The reference can run past `n_rows` when a row counts twice; this stops.
    """
    forced = [row for row in rows if row.id in KEPT]
    n_free = n_rows - len(forced)
    described = [(row, row.meta["metadata"]["task_name"], row.meta["metadata"]["topic"]) for row in _shuffled(rows)]
    tasks, topics = {task for _, task, _ in described}, {topic for _, _, topic in described}
    per_task = math.ceil(n_free / max(1, len(tasks)))
    left_of_task = Counter(dict.fromkeys(tasks, per_task))
    left_of_topic = Counter(dict.fromkeys(topics, math.ceil(per_task / max(1, len(topics)))))
    taken: list[Row] = []
    for row, task, topic in described:
        if len(taken) >= n_free:
            break
        if left_of_topic[topic] > 0:
            taken.append(row)
            left_of_topic[topic] -= 1
            left_of_task["SocraticQA"] -= 1
        if left_of_task[task] > 0:
            taken.append(row)
            left_of_task[task] -= 1
    return taken + forced


_READERS: dict[str, Callable[[Tables], Iterator[Row]]] = {
    "NuminaMath": _numina_math,
    "SciEval": _each(_sci_eval),
    "AGIEval": _each(_agi_eval),
    "GPQA": _gpqa,
    "xword": _each(_xword),
}
_PICKS = {"SciEval": spread_over_tasks, "xword": some_crosswords}


def _source(name: str, listed: dict[str, Any]) -> Source:
    """A source as `sources.yaml` lists it."""
    columns, parts = listed.pop("columns", {}), listed.pop("parts")
    if isinstance(parts, dict):
        tables = {part: Part(**fields) for part, fields in parts.items()}
    else:
        tables = {part: Part(part.rpartition("/")[2], part.rpartition("/")[0] or None) for part in parts}
    return Source(parts=tables, read=_READERS.get(name) or _each(partial(_by_columns, columns)), pick=_PICKS.get(name), **listed)


_LISTED = yaml.safe_load((_FOLDER / "sources.yaml").read_text(encoding="utf-8"))
SOURCES = {name: _source(name, listed) for name, listed in _LISTED.items()}
