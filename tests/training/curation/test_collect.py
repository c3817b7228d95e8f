"""Collection: every source's reader on rows with its columns, and loading through `datasets` from folders, with failures."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from s1demo.errors import InputError
from s1demo.grading import Kind, Outcome, decide
from training.curation import sources
from training.curation.collect import collect, collected, rows_of
from training.curation.records import Row
from training.curation.sources import KEPT, SOURCES, Part, Source, some_crosswords, spread_over_tasks

LONG = "x" * 20_000
Record = dict[str, Any]

OLYMPIC = {"id": "Astronomy_1", "problem": "How far?\nA: 1\nB: 2", "prompt": "p", "figure_urls": None, "answer": ["B"], "answer_type": "SC", "unit": None, "subject": "Astronomy", "language": "EN", "modality": "text-only", "difficulty": "Knowledge Recall", "solution": "By Kepler."}
THEOREM = {"Question": "How many?", "Answer": "[7, 8]", "Answer_type": "list of integer", "Picture": None}
NUMINA = {"source": "aops_forum", "problem": "Find n.", "solution": "So $\\boxed{12}$.", "messages": [{"role": "user", "content": "Find n."}]}
SCIEVAL = {"id": "1", "question": "What is crossed?\n\nA. Glucose\nB. Protons\n\nAnswer:", "answer": ["B"], "type": "multiple-choice", "category": "biology", "topic": "cells", "ability": "Base Knowledge", "task_name": "SocraticQA"}
OLYMPIAD = {"id": 1, "question": "Find I.", "solution": ["First,", "second"], "final_answer": ["$I=2$", "3"], "context": "A dipole.", "image_1": None, "modality": "Text-only", "difficulty": "Competition", "is_multiple_answer": True, "unit": None, "answer_type": "Numerical", "error": None, "question_type": "Open-ended", "subfield": "EM", "subject": "Physics", "language": "English"}
JEE = {"subject": "phy", "description": "Paper 1", "gold": "C", "index": 1, "type": "MCQ", "question": "Which?\n\n(A) 1\n\n(B) 2"}
AGI = {"passage": " Once. ", "question": "Who?", "options": ["(A) I", "(B) you"], "label": "B", "answer": None, "solution": None, "other": None}
GPQA = {"Question": "Which decay?", "Correct Answer": "beta\n", "Incorrect Answer 1": "alpha", "Incorrect Answer 2": "gamma", "Incorrect Answer 3": "none", "Explanation": "Charge.", "High-level domain": "Physics", "Record ID": "rec1"}
TASK = {"question_content": " Sort them. \n", "difficulty": "hard", "platform": "leetcode", "private_test_cases": LONG, "public_test_cases": "[]", "question_id": "1"}

CASES: list[tuple[str, Mapping[str, list[Record]], tuple[Any, ...]]] = [
    # source, tables, (question, answer, kind, solution, source_type, cot_type) of the first row
    ("MATH", {"train": [{"problem": "1+1?", "solution": "It is $\\boxed{2}$.", "answer": "2", "subject": "Algebra", "level": 1, "unique_id": "train/algebra/1.json"}]},
     ("1+1?", "2", Kind.MATH, "It is $\\boxed{2}$.", "simplescaling/openaimath/Algebra", "math")),
    ("OlympicArena", {"Astronomy/test": [OLYMPIC]}, (OLYMPIC["problem"], "B", Kind.LETTER, "By Kepler.", "GAIR/OlympicArena/Astronomy", "science")),
    ("OlympicArena", {"CS/test": [OLYMPIC | {"subject": "CS", "answer": None, "solution": None, "answer_type": "CODE"}]}, (OLYMPIC["problem"], "", Kind.MATH, "", "GAIR/OlympicArena/CS", "coding")),
    ("TheoremQA", {"test": [THEOREM]}, ("How many?", "[7, 8]", Kind.MATH, "[7, 8]", "TIGER-Lab/TheoremQA/list of integer", "math")),
    ("TheoremQA", {"test": [THEOREM | {"Answer_type": "option", "Answer": "(b)"}]}, ("How many?", "(b)", Kind.LETTER, "(b)", "TIGER-Lab/TheoremQA/option", "math")),
    ("TheoremQA", {"test": [THEOREM | {"Answer_type": "bool", "Answer": True}]}, ("How many?", "True", Kind.TEXT, "True", "TIGER-Lab/TheoremQA/bool", "math")),
    ("NuminaMath", {"all": [NUMINA], "list of 500": []}, ("Find n.", "12", Kind.MATH, NUMINA["solution"], "AI-MO/NuminaMath-CoT/aops_forum", "math")),
    ("NuminaMath", {"all": [NUMINA | {"solution": "Proof."}], "list of 500": []}, ("Find n.", "", Kind.TEXT, "Proof.", "AI-MO/NuminaMath-CoT/aops_forum", "math")),
    ("Omni-MATH", {"test": [{"domain": ["Algebra"], "difficulty": 5.0, "problem": "x?", "solution": "s", "answer": "3", "source": "HMMT"}]}, ("x?", "3", Kind.MATH, "s", "KbsdJames/Omni-MATH", "math")),
    ("SciEval", {"test": [SCIEVAL]}, ("What is crossed?\n\nA. Glucose\nB. Protons", "B", Kind.LETTER, "B", "OpenDFM/SciEval/biology/multiple-choice/SocraticQA", "science")),
    ("SciEval", {"test": [SCIEVAL | {"question": "Solvents: CO,C\nOptimal solvent:", "answer": ["CO"], "type": "filling", "category": "chemistry", "task_name": "reagent selection"}]},
     ("Solvents: CO,C\nWhat is the optimal solvent?", "CO", Kind.TEXT, "CO", "OpenDFM/SciEval/chemistry/filling/reagent selection", "science")),
    ("SciEval", {"test": [SCIEVAL | {"task_name": "MedQA"}]}, ("What is crossed?\n\nA. Glucose\nB. Protons", "B", Kind.LETTER, "B", "OpenDFM/SciEval/biology/multiple-choice/MedQA", "health science")),
    ("OlympiadBench", {"OE_TO_physics_en_COMP": [OLYMPIAD]}, ("Find I.", "$I=2$, 3", Kind.MATH, "First,", "Hothan/OlympiadBench/Open-ended/Physics", "math")),
    ("OlympiadBench", {"TP_TO_maths_en_COMP": [OLYMPIAD | {"final_answer": None, "question_type": "Theorem proof", "subject": "Math"}]}, ("Find I.", "", Kind.MATH, "First,", "Hothan/OlympiadBench/Theorem proof/Math", "math")),
    ("JEEBench", {"test": [JEE]}, (JEE["question"], "C", Kind.LETTER, "C", "daman1209arora/jeebench/phy", "math")),
    ("JEEBench", {"test": [JEE | {"subject": "chem", "type": "MCQ(multiple)", "gold": "BCD"}]}, (JEE["question"], "BCD", Kind.TEXT, "BCD", "daman1209arora/jeebench/chem", "science")),
    ("JEEBench", {"test": [JEE | {"type": "Numeric", "gold": "2.3"}]}, (JEE["question"], "2.3", Kind.MATH, "2.3", "daman1209arora/jeebench/phy", "math")),
    ("AGIEval", {"sat_en/test": [AGI]}, ("Once.Who?\n(A) I\n(B) you", "B", Kind.LETTER, "", "baber/agieval/sat_en", "english")),
    ("AGIEval", {"logiqa/few_shot": [AGI | {"passage": None, "solution": "Think."}]}, ("Who?\n(A) I\n(B) you", "B", Kind.LETTER, "Think.", "baber/agieval/logiqa", "math")),
    ("AGIEval", {"aqua_rat/test": [AGI | {"solution": "Answer is C"}]}, ("Who?", "", Kind.TEXT, "Answer is C", "baber/agieval/aqua_rat", "math")),
    ("AGIEval", {"math_agieval/test": [AGI | {"level": 5, "answer": "\\frac12", "solution": "s"}]}, ("Who?", "\\frac12", Kind.MATH, "s", "baber/agieval/math_agieval", "math")),
    ("s1-prob", {"train": [{"question": "Prove it.", "solution": "Because."}]}, ("Prove it.", "", Kind.TEXT, "Because.", "simplescaling/s1-prob", "math")),
    ("xword", {"train": [{"instruction": "i", "input": "### Clue: Noticed minor changes (8,4)", "output": "### Answer: INCIDENT ROOM \n ### Explanation: an anagram"}]},
     ("Solve the crossword puzzle. You are presented with a clue as input and the number of letters in brackets.\n\nNoticed minor changes (8,4)", "INCIDENT ROOM", Kind.TEXT, "### Answer: INCIDENT ROOM \n ### Explanation: an anagram", "0xharib/xword1", "crossword")),
    ("USACO", {"test": [{"question": " Cows. \n", "solution_python3": "print(1)"}]}, ("Cows.", "", Kind.TEXT, "", "codegenning/usacobench_formatted", "coding")),
    ("s1-teasers", {"train": [{"Question": " A spy. ", "Answer": "7"}]}, ("A spy.", "7", Kind.MATH, "7", "simplescaling/s1-teasers", "math")),
    ("LiveCodeBench", {"release_v2": [TASK]}, ("Sort them.", "", Kind.TEXT, "", "LiveCodeBench/release_v2", "coding")),
    ("AIME", {"train": [{"ID": "1983-1", "Year": 1983, "Problem Number": 1, "Question": "Find w.", "Answer": "060", "Part": None}]}, ("Find w.", "060", Kind.INTEGER, "060", "qq8933/AIME_1983_2024", "math")),
]  # fmt: skip


def read(name: str, tables: Mapping[str, list[Record]]) -> list[Row]:
    return list(SOURCES[name].read(tables))


@pytest.mark.parametrize(("name", "tables", "expected"), CASES)
def test_every_reader_gives_the_references_row(name: str, tables: Mapping[str, list[Record]], expected: tuple[Any, ...]) -> None:
    assert set(tables) <= set(SOURCES[name].parts)
    (row,) = read(name, tables)
    assert (row.question, row.answer, row.kind, row.solution, row.source, row.meta["cot_type"]) == expected
    assert Row.from_dict(json.loads(json.dumps(row.to_dict()))) == row


def test_the_sources_are_the_papers_in_load_order() -> None:
    assert sum(source.n_paper for source in SOURCES.values()) == 59_029 and len(SOURCES) == 16
    assert {name for name, _, _ in CASES} | {"GPQA"} == set(SOURCES)
    assert next(iter(SOURCES)) == "MATH" and [name for name, source in SOURCES.items() if source.after_decontamination] == ["AIME"]
    assert len(KEPT) == 64 and all(re.fullmatch("[0-9a-f]{16}", kept) for kept in KEPT)


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("OlympicArena", {"Math/val": [OLYMPIC | {"language": "ZH"}, OLYMPIC | {"modality": "multi-modal"}]}),
        ("TheoremQA", {"test": [THEOREM | {"Picture": "an image"}]}),
        ("NuminaMath", {"all": [NUMINA | {"source": "olympiads"}], "list of 500": []}),
        ("SciEval", {"validation": [SCIEVAL | {"answer": None}]}),
        ("AGIEval", {"math_agieval/test": [AGI | {"level": 4, "answer": "1"}]}),
        ("LiveCodeBench", {"release_v1": [TASK | {"difficulty": "easy"}]}),
        ("AIME", {"train": [{"ID": "2023-I-1", "Question": "q", "Answer": "1"}]}),
        ("GPQA", {"extended": [GPQA], "diamond": [GPQA]}),
    ],
)
def test_what_the_paper_does_not_take(name: str, tables: Mapping[str, list[Record]]) -> None:
    assert read(name, tables) == []


def test_numina_math_takes_the_list_and_what_is_forced_in(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [NUMINA | {"source": "olympiads", "problem": problem} for problem in ("listed", "forced", "neither")]
    monkeypatch.setattr(sources, "KEPT", {Row("forced", "").id})
    rows = read("NuminaMath", {"all": [NUMINA, *others], "list of 500": [{"problem": "listed"}]})
    assert [row.question for row in rows] == ["listed", "forced", "Find n."]


def test_gpqa_gets_options_in_a_seeded_order_and_a_letter_that_is_right() -> None:
    records = [GPQA | {"Question": f"Which of {n}?"} for n in range(40)]
    rows = read("GPQA", {"extended": records, "diamond": [GPQA | {"Question": "Which of 3?"}]})
    assert len(rows) == 39 and rows == read("GPQA", {"extended": records, "diamond": [records[3]]})
    for row in rows:
        question, heading, *options = row.question.split("\n")
        assert heading == "Answer Choices:" and [option[:4] for option in options] == ["(A) ", "(B) ", "(C) ", "(D) "]
        assert options["ABCD".index(row.answer)] == f"({row.answer}) beta" and "Which of" in question
        assert row.solution == f"Charge.\n\nAnswer: {row.answer}" and row.kind is Kind.LETTER
    assert {row.answer for row in rows} == set("ABCD")


def test_metadata_keeps_the_other_columns_but_no_test_cases() -> None:
    (row,) = read("LiveCodeBench", {"release_v1": [TASK]})
    assert row.meta["metadata"] == {"difficulty": "hard", "platform": "leetcode", "question_id": "1"}
    (row,) = read("USACO", {"test": [{"question": "q", "tests": LONG, "solution": [LONG], "when": Path("p")}]})
    assert row.meta["metadata"] == {"when": "p"}


def test_the_readers_gold_answers_can_be_graded() -> None:
    rows = [row for name, tables, _ in CASES for row in read(name, tables) if row.answer]
    assert [row.answer for row in rows if decide(row.answer, row.answer, row.kind) is not Outcome.CORRECT] == []


# what is picked


def scieval_rows(n: int) -> list[Row]:
    tasks = [("SocraticQA", f"topic {n % 5}") for n in range(n // 2)] + [("MedQA", None), ("PubMedQA", None)] * (n // 4)
    return [Row(f"q{i}", "", meta={"metadata": {"task_name": task, "topic": topic}}) for i, (task, topic) in enumerate(tasks)]


def test_scieval_is_spread_over_tasks() -> None:
    rows = scieval_rows(2000)
    picked = spread_over_tasks(rows)
    assert len(picked) == 250 and picked == spread_over_tasks(rows) and len({row.id for row in picked}) < 250
    tasks = [row.meta["metadata"]["task_name"] for row in picked]
    assert all(tasks.count(task) > 50 for task in ("SocraticQA", "MedQA", "PubMedQA"))
    assert len({row.meta["metadata"]["topic"] for row in picked}) == 6


def test_forced_rows_are_taken_and_count(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = scieval_rows(2000)
    monkeypatch.setattr(sources, "KEPT", {rows[7].id, rows[8].id})
    picked = spread_over_tasks(rows)
    assert picked[-2:] == rows[7:9] and len(picked) == 250


def test_crosswords_are_drawn_in_the_order_of_datasets_shuffle() -> None:
    from datasets import Dataset

    rows = [Row(f"q{n}", "") for n in range(50)]
    shuffled = Dataset.from_dict({"n": list(range(50))}).shuffle(seed=42)["n"]
    assert [row.question for row in some_crosswords(rows, 20)] == [f"q{n}" for n in shuffled[:20]]


# loading


def numbers(tables: Mapping[str, Any]) -> Any:
    for name, table in tables.items():
        yield from (Row(record["question"], str(record["n"]), source=name) for record in table if record["n"] >= 0)


FEW = {
    "plain": Source("someone/plain", {"train": Part("train")}, numbers, 2),
    "parts": Source("someone/parts", {"a": Part("train", "first"), "b": Part("validation", "second")}, numbers, 2),
    "files": Source("someone/files", {"a": Part("train", file="test.jsonl"), "b": Part("train", file="test2.jsonl")}, numbers, 2),
    "two": Source("someone/two", {"a": Part("train"), "b": Part("train", repository="someone/list")}, numbers, 2),
}


def write(path: Path, *records: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A folder for every repository of FEW, laid out as `datasets` finds its subsets and splits."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    one, two = {"question": "one?", "n": 1}, {"question": "two?", "n": 2}
    write(tmp_path / "plain" / "train.jsonl", one, two, {"question": " ", "n": 3}, {"question": "no?", "n": -1})
    configs = [f"- config_name: {name}\n  data_files:\n  - split: {split}\n    path: {name}.jsonl\n" for name, split in (("first", "train"), ("second", "validation"))]
    write(tmp_path / "parts" / "first.jsonl", one)
    write(tmp_path / "parts" / "second.jsonl", two)
    (tmp_path / "parts" / "README.md").write_text(f"---\nconfigs:\n{''.join(configs)}---\n", encoding="utf-8")
    write(tmp_path / "files" / "test.jsonl", one)
    write(tmp_path / "files" / "test2.jsonl", two)
    write(tmp_path / "two" / "train.jsonl", one)
    write(tmp_path / "list" / "train.jsonl", two)
    return {**{name: str(tmp_path / name) for name in FEW}, "someone/list": str(tmp_path / "list")}


def test_sources_are_loaded_through_datasets(copies: dict[str, str], tmp_path: Path) -> None:
    origins = collect(tmp_path / "out", copies, sources=FEW)
    assert origins == collected(tmp_path / "out", FEW) and list(origins) == list(FEW)
    for name in FEW:
        assert [(row.question, row.answer) for row in rows_of(tmp_path / "out", name)] == [("one?", "1"), ("two?", "2")]
    assert [row.source for row in rows_of(tmp_path / "out", "parts")] == ["a", "b"]
    assert (origins["plain"].n_loaded, origins["plain"].n_rows, origins["plain"].n_blank) == (4, 2, 1)
    assert str(origins["two"]) == f"{copies['two']} (folder), {copies['someone/list']} (folder)"


def test_a_missing_source_is_named_and_the_others_are_kept(copies: dict[str, str], tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "parts" / "second.jsonl").unlink()
    with pytest.raises(InputError) as caught:
        collect(tmp_path / "out", copies, sources=FEW)
    message = str(caught.value)
    assert "1 of 4 sources" in message and f"{copies['parts']} second validation cannot be loaded" in message
    assert "--source NAME=FOLDER" in message and "--allow-missing parts" in message
    assert list(collected(tmp_path / "out", FEW)) == ["plain", "files", "two"]
    assert "parts: MISSING" in capsys.readouterr().out
    assert list(collect(tmp_path / "out", copies, ["parts"], FEW)) == ["plain", "files", "two"]


def test_what_was_collected_is_not_loaded_again(copies: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parts" / "second.jsonl").rename(tmp_path / "later.jsonl")
    with pytest.raises(InputError):
        collect(tmp_path / "out", copies, sources=FEW)
    (tmp_path / "later.jsonl").rename(tmp_path / "parts" / "second.jsonl")
    import datasets

    loaded = []
    real = datasets.load_dataset
    monkeypatch.setattr("datasets.load_dataset", lambda path, *more, **named: loaded.append(path) or real(path, *more, **named))
    assert list(collect(tmp_path / "out", copies, sources=FEW)) == list(FEW)
    assert set(loaded) == {copies["parts"]}
    (tmp_path / "out" / "plain.jsonl").unlink()  # a note without rows counts for nothing
    collect(tmp_path / "out", copies, sources=FEW)
    assert loaded[-1] == copies["plain"]


def test_changed_columns_are_reported_with_what_there_is(copies: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "plain" / "train.jsonl", {"Question": "one?", "n": 1})
    with pytest.raises(InputError, match=r"its columns have changed .*question.*There are: train: Question, n"):
        collect(tmp_path / "out", copies, sources=FEW)
    write(tmp_path / "plain" / "train.jsonl", {"question": "one?", "n": -1})
    with pytest.raises(InputError, match="none of its records fits the paper's selection"):
        collect(tmp_path / "out", copies, sources=FEW)


def test_without_a_network_every_source_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:  # conftest.py keeps `datasets` offline
        collect(tmp_path / "out")
    message = str(caught.value)
    assert "16 of 16 sources are missing" in message and all(f"  {name}: " in message for name in SOURCES)
    assert "its terms accepted on the Hub" in message and "It needs a network connection" in message


def test_a_loading_script_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("Dataset scripts are no longer supported, but found plain.py")

    monkeypatch.setattr("datasets.load_dataset", refuse)
    with pytest.raises(InputError, match="write the data set out once with datasets < 4"):
        collect(tmp_path / "out", sources={"plain": FEW["plain"]})


def test_the_commit_that_main_is_now_is_loaded_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import Dataset

    asked = []
    monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", lambda self, place, revision: type("Info", (), {"sha": f"{revision}-of-{place}"}))
    monkeypatch.setattr("datasets.load_dataset", lambda *place, split, revision=None, data_files=None: asked.append((*place, revision, data_files)) or Dataset.from_list([{"question": "one?", "n": 1}]))
    origins = collect(tmp_path / "out", {"parts": "another/copy@v2"}, sources=FEW)
    assert asked[0] == ("someone/plain", None, "main-of-someone/plain", None)
    assert asked[1] == ("another/copy", "first", "v2-of-another/copy", None)
    assert asked[3] == ("json", None, "hf://datasets/someone/files@main-of-someone/files/test.jsonl")
    assert origins["plain"].repositories == {"someone/plain": "main-of-someone/plain"}
    assert asked[6][0] == "someone/list"


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no source called Math. Choose among MATH"):
        collect(tmp_path, {"Math": "folder"})
    with pytest.raises(InputError, match="no source called Math"):
        collect(tmp_path, allow_missing=["Math"])


def test_a_damaged_note_is_named(copies: dict[str, str], tmp_path: Path) -> None:
    collect(tmp_path / "out", copies, sources=FEW)
    (tmp_path / "out" / "plain.origin.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"plain.origin.json cannot be read"):
        collected(tmp_path / "out", FEW)
