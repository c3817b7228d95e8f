"""The paper's sixteen sources (section 2.1, table 7 of v3): which data sets, which of their rows, and how a row becomes a `Row`.

The only place that knows their columns. Every rule is that of simplescaling/s1 at 77272c6 (data/collect_data.py, `load_*` and
`DS_TO_SELECTION`; data/fix_gpqa.py; data/add_aime.py), in its load order, which decides who wins when two sources share a
question. Loading and writing is `collect`'s, cleaning is `decontaminate`'s. The Hub could not be reached where this was written:
no column name but those of the rows in s1K was seen on the real data, and `collect` reports a source whose columns differ.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from s1demo.grading import Kind, extract_answer
from training.curation.records import Row

Record = Mapping[str, Any]  # a row of a data set
Tables = Mapping[str, Iterable[Record]]  # the parts of a source by name

_SEED = 42  # of every shuffle in collect_data.py and fix_gpqa.py
_LONGEST_METADATA = 10_000  # characters of one value; test cases of programming tasks have millions
_SHORT_ANSWER = 2_000  # characters; what is longer is a solution

# collect_data.py forces a list of questions in (TMP_QUESTIONS_TO_KEEP: NuminaMath, SciEval); these are their ids.
_KEPT = """
    00d25f5f50860a58 055ed0ce4bff7964 05db23cb63e30490 07bd325dc05c16b3 09c3e0b974600204 13a076a5b776e203 180877a0455cc7c8
    257da80e88db2e69 2c87b628d8217d03 32e7b37d892b4703 38615feafb3c4ca1 3acec5b9acc18fc8 3ae4538ed0962faf 43f5ae2149327ea0
    4af0fe6aeced98b0 579250a066d2e300 584e53c2592918ca 5b2cfe52b1e0bd57 5be4c41f19dd5944 5d1b7c17b9dffe83 5f418fa131862b3f
    6271c1fa858ce334 645ecd00c6b6dbef 67fb3797b3813dda 688cfb760992f439 69f60ccfcc6a8eb6 71ba3a76955649ba 750cc6ce50e83c6f
    76d2625c59630b86 77e46ff01a300bb7 799dfd9edb062641 7cd41803fc059d16 81ac00800f7063af 8619a2f494ea6e70 8e0881d434e699ed
    922ebc356b75f95b 9aa0ca52638fd106 9b98c021d6c92e7f a172744a83a09bf8 a41f966a77f980a1 a52afd6b18d1e132 a65f20429fd3480b
    a8eda6983192d3d9 ac2a6daf9c0255fd ad8aad6a0abfe866 b0155d4336360610 b6a08e065970ddcc c2d5754e57fe2a30 cd1d969f1416f46d
    cf579fe4ed276aa9 cf81038573bd446f d52d34105e79248b d5c6dfd79e1ed890 d6388500d285b217 dd29a75bae307b5a def2570de1c1b28d
    e598dbc9f90df1f0 ebdb555b0de5aa90 ed0dca7009d34ad9 ef50d4a1a7e9d546 f9e1c906a4eeb7dc fc549d0b6ff2ea3d fcbbc59019833c95
    febfffe6cb5a3d55
"""
KEPT = frozenset(_KEPT.split())


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
    names = used.split()
    metadata = {name: value for name, value in record.items() if name not in names and _short(value)}
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


# one reader for each source, in load order


def _math(record: Record, part: str) -> Row:
    source = f"simplescaling/openaimath/{record['subject']}"
    answer = {"answer": record["answer"], "kind": Kind.MATH}
    return _row(record, record["problem"], record["solution"], source, "math", "problem solution", **answer)


_OLYMPIC_SUBJECTS = ("Math", "Physics", "Chemistry", "Biology", "Geography", "Astronomy", "CS")
_OLYMPIC_KINDS = {"SC": Kind.LETTER, "MC": Kind.TEXT, "TF": Kind.TEXT}  # one option, several, true or false


def _olympic_arena(record: Record, part: str) -> Row | None:
    """Questions in English without pictures; those of the test split come without answer and solution."""
    if (record["language"], record["modality"]) != ("EN", "text-only"):
        return None
    subject, kind = record["subject"], _OLYMPIC_KINDS.get(record["answer_type"], Kind.MATH)
    source, cot_type = f"GAIR/OlympicArena/{subject}", {"Math": "math", "CS": "coding"}.get(subject, "science")
    answer = {"answer": _text(record["answer"]), "kind": kind}
    return _row(record, record["problem"], record["solution"], source, cot_type, "problem solution", **answer)


def _theorem_qa(record: Record, part: str) -> Row | None:
    if record["Picture"] is not None:
        return None
    kind = {"option": Kind.LETTER, "bool": Kind.TEXT}.get(record["Answer_type"], Kind.MATH)
    source, answer = f"TIGER-Lab/TheoremQA/{record['Answer_type']}", _text(record["Answer"])
    return _row(record, record["Question"], answer, source, "math", "Question Answer", answer=answer, kind=kind)


def _numina_math(tables: Tables) -> Iterator[Row]:
    """All of the AoPS forum; of the other sources a fixed list of 500, and the questions that are forced in."""
    listed = {record["problem"] for record in tables["list of 500"]}
    others, forum = [], []
    for record in tables["all"]:
        question, solution, origin = record["problem"], record["solution"], record["source"]
        row = partial(_row, record, question, solution, f"AI-MO/NuminaMath-CoT/{origin}", "math", "problem solution messages")
        if origin == "aops_forum":
            forum.append(row(**_boxed(solution)))
        elif question in listed or Row(question, "").id in KEPT:
            others.append(row(**_boxed(solution)))
    yield from others + forum


def _omni_math(record: Record, part: str) -> Row:
    answer = {"answer": _text(record["answer"]), "kind": Kind.MATH}
    return _row(record, record["problem"], record["solution"], "KbsdJames/Omni-MATH", "math", "problem solution", **answer)


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


_OLYMPIAD_SUBSETS = tuple(f"{kind}_TO_{subject}_en_COMP" for kind in ("OE", "TP") for subject in ("maths", "physics"))


def _olympiad_bench(record: Record, part: str) -> Row:
    """Open-ended questions and proofs; the column `context` is left out, as a remark in collect_data.py regrets."""
    source = f"Hothan/OlympiadBench/{record['question_type']}/{record['subject']}"
    answer = {"answer": _text(record["final_answer"]), "kind": Kind.MATH}
    return _row(record, record["question"], _first(record["solution"]), source, "math", "question solution", **answer)


def _jee_bench(record: Record, part: str) -> Row:
    subject, answer = record["subject"], _text(record["gold"])
    kind = {"MCQ": Kind.LETTER, "MCQ(multiple)": Kind.TEXT}.get(record["type"], Kind.MATH)
    source, cot_type = f"daman1209arora/jeebench/{subject}", "science" if subject == "chem" else "math"
    return _row(record, record["question"], answer, source, cot_type, "question gold", answer=answer, kind=kind)


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


def _s1_prob(record: Record, part: str) -> Row:
    solution = _text(record["solution"])
    return _row(record, record["question"], solution, "simplescaling/s1-prob", "math", "question solution", **_boxed(solution))


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


def _usaco(record: Record, part: str) -> Row:
    """Programming tasks without a reference solution."""
    return _row(record, record["question"].strip(), None, "codegenning/usacobench_formatted", "coding", "question")


def _s1_teasers(record: Record, part: str) -> Row:
    answer = _text(record["Answer"])
    short = {"answer": answer, "kind": Kind.MATH} if len(answer) <= _SHORT_ANSWER else {}
    return _row(record, record["Question"].strip(), answer, "simplescaling/s1-teasers", "math", "Question Answer", **short)


def _live_code_bench(record: Record, part: str) -> Row | None:
    """Hard programming tasks without a reference solution; the part is the release that brought them."""
    if record["difficulty"] != "hard":
        return None
    question, used = record["question_content"].strip(), "question_content private_test_cases public_test_cases"
    return _row(record, question, None, f"LiveCodeBench/{part}", "coding", used)


_AIME_LAST_YEAR = 2022  # add_aime.py; the paper says 1983-2021


def _aime(record: Record, part: str) -> Row | None:
    if int(record["ID"].split("-")[0]) > _AIME_LAST_YEAR:
        return None
    question, answer = record["Question"], _text(record["Answer"])
    return _row(record, question, answer, "qq8933/AIME_1983_2024", "math", "Question Answer", answer=answer, kind=Kind.INTEGER)


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


SOURCES: dict[str, Source] = {
    "MATH": Source("simplescaling/openaimath", {"train": Part("train")}, _each(_math), 11_999),
    "OlympicArena": Source(
        "GAIR/OlympicArena",
        {f"{subject}/{split}": Part(split, subject) for split in ("test", "val") for subject in _OLYMPIC_SUBJECTS},
        _each(_olympic_arena),
        4_250,
    ),
    "TheoremQA": Source("TIGER-Lab/TheoremQA", {"test": Part("test")}, _each(_theorem_qa), 747),
    "NuminaMath": Source(
        "AI-MO/NuminaMath-CoT",
        {"all": Part("train"), "list of 500": Part("train", repository="simplescaling/numinamath_500")},
        _numina_math,
        30_660,
    ),
    "Omni-MATH": Source("KbsdJames/Omni-MATH", {"test": Part("test")}, _each(_omni_math), 4_238),
    "SciEval": Source(
        "OpenDFM/SciEval", {split: Part(split) for split in ("test", "validation")}, _each(_sci_eval), 227, pick=spread_over_tasks
    ),
    "OlympiadBench": Source(
        "Hothan/OlympiadBench", {subset: Part("train", subset) for subset in _OLYMPIAD_SUBSETS}, _each(_olympiad_bench), 896
    ),
    "JEEBench": Source("daman1209arora/jeebench", {"test": Part("test")}, _each(_jee_bench), 515),
    "AGIEval": Source(
        "baber/agieval",
        {
            f"{subset}/{split}": Part(split, subset)
            for subset in (*_AGIEVAL_WITH_OPTIONS, "aqua_rat", "math_agieval")
            for split in ("test", "few_shot")
        },
        _each(_agi_eval),
        2_385,
    ),
    "s1-prob": Source("simplescaling/s1-prob", {"train": Part("train")}, _each(_s1_prob), 182),
    "GPQA": Source(
        "Idavidrein/gpqa",
        {"extended": Part("train", "gpqa_extended"), "diamond": Part("train", "gpqa_diamond")},
        _gpqa,
        348,
        revision="90b8e5be2b1d3d2dbfe016cdab47981150600c4a",  # as in s1demo.evals.benchmarks
        remedy="its terms accepted on the Hub and `hf auth login`",
    ),
    "xword": Source("0xharib/xword1", {"train": Part("train")}, _each(_xword), 999, pick=some_crosswords),
    "USACO": Source("codegenning/usacobench_formatted", {"test": Part("test")}, _each(_usaco), 519),
    "s1-teasers": Source("simplescaling/s1-teasers", {"train": Part("train")}, _each(_s1_teasers), 23),
    "LiveCodeBench": Source(
        "livecodebench/code_generation_lite",
        {f"release_v{n}": Part("train", file=f"test{n if n > 1 else ''}.jsonl") for n in (1, 2, 3)},
        _each(_live_code_bench),
        151,
    ),
    "AIME": Source("qq8933/AIME_1983_2024", {"train": Part("train")}, _each(_aime), 890, after_decontamination=True),
}
