"""s1K below its tab: the columns, what cannot be loaded, search and facets against brute force, what travels, hostile rows."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from s1demo.errors import InputError, one_line
from s1demo.grading import Outcome
from s1demo.s1k import loading, table
from s1demo.s1k.loading import REVISIONS, VERSIONS, load_s1k, read_own_rows
from s1demo.s1k.records import (
    GEMINI,
    MINIATURE,
    NO_QUESTION,
    NOT_STATED,
    R1,
    S1_MINI_1K,
    S1K,
    S1K_1_1,
    S1KRecord,
    TeacherTrace,
    benchmark_name,
    is_gradable,
    parts_of,
    read_records,
    short_answer,
)
from s1demo.s1k.table import (
    CHARACTERS,
    FACETS,
    MAX_SUMMARY_BYTES,
    ORDERS,
    TITLE_CHARS,
    TOKENS,
    VERDICTS,
    Query,
    S1KTable,
    length_bucket,
    search_terms,
)
from tests.conftest import SHARED_DATA
from tests.test_layering import imports
from training.curation.records import Attempt, Row, write_rows

LATEX = "Let  $a$ be real.\n\\[ a^2 \\geq 0 \\]"
S1K_ROW = {
    "solution": "25",
    "question": LATEX,
    "cot_type": "math",
    "source_type": "qq8933/AIME_1983_2024",
    "metadata": "{'Year': 1984}",
    "cot": None,
    "thinking_trajectories": ["First I try 24.\nNo, 25."],
    "attempt": "The answer is 25.",
}
S1K_1_1_ROW = {
    "solution": "We get $\\boxed{\\frac12}$.",
    "question": LATEX,
    "cot_type": "math",
    "source_type": "qfq/openaimath/Precalculus",
    "metadata": "{}",
    "gemini_thinking_trajectory": "gemini thinks",
    "gemini_attempt": "one third",
    "deepseek_thinking_trajectory": "r1 thinks longer",
    "deepseek_attempt": "one half",
    "gemini_grade": "No",
    "gemini_grade_reason": "One third is not one half.\nNo",
    "deepseek_grade": "Yes",
    "deepseek_grade_reason": "It agrees.\nYes",
}


def hub_folder(folder: Path, rows: list[dict], kind: str) -> str:
    """Rows as a Hub data set lies on disk."""
    import pyarrow
    import pyarrow.parquet

    (folder / "data").mkdir()
    if kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "data" / "train-00000-of-00001.parquet")
    else:
        (folder / "data" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Downloads and prepared rows are kept for this test only."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("kind", ["parquet", "json"])
def test_s1k_through_datasets(tmp_path, cache, kind):
    folder = hub_folder(tmp_path, [S1K_ROW, S1K_ROW | {"attempt": None, "cot_type": None, "metadata": None, "solution": "A proof.\nDone."}], kind)
    first, second = load_s1k(S1K, repository=folder)
    assert first == S1KRecord(
        index=0,
        question=LATEX,
        solution="25",
        answer="25",
        source="AIME",
        origin="qq8933/AIME_1983_2024",
        domain="math",
        traces={GEMINI: TeacherTrace("First I try 24.\nNo, 25.", "The answer is 25.")},
        metadata="{'Year': 1984}",
    )
    assert (second.index, second.answer, second.domain, second.metadata, second.traces[GEMINI].answer) == (1, None, NOT_STATED, "", "")


def test_s1k_1_1_through_datasets(tmp_path, cache):
    folder = hub_folder(tmp_path, [S1K_1_1_ROW | {"text": "of the tokenized copy"}], "parquet")
    (record,) = load_s1k(S1K_1_1, repository=folder)
    assert list(record.traces) == [R1, GEMINI]
    assert record.traces[R1] == TeacherTrace("r1 thinks longer", "one half", None, True, "It agrees.\nYes")
    assert record.traces[GEMINI] == TeacherTrace("gemini thinks", "one third", None, False, "One third is not one half.\nNo")
    assert (record.source, record.origin, record.answer) == ("MATH", "qfq/openaimath/Precalculus", "\\frac12")


def test_the_miniatures_rows_are_what_curation_writes(tmp_path):
    attempts = {"small": Attempt("3", Outcome.INCORRECT, "At a glance 3.\n", 9)}
    rows = [
        Row("How many b in bebub?", "3", domain="letters, small", source="letters", attempts=attempts, thinking="b e b u b.\nSo 3.\n", trace_answer="3", thinking_tokens=14, meta={"size": "small"}),
        Row("What is 5+6?", "11", thinking="So 12.\n", trace_answer="12", thinking_tokens=4),
        Row("What is 7+6?", "13", thinking="Hm.\n"),
    ]
    write_rows(tmp_path / "own.jsonl", rows)
    first, second, third = load_s1k(S1_MINI_1K, repository=str(tmp_path / "own.jsonl"))
    assert first.traces == {MINIATURE: TeacherTrace("b e b u b.\nSo 3.\n", "3", 14, True)}
    assert (first.question, first.answer, first.source, first.domain) == ("How many b in bebub?", "3", "letters", "letters, small")
    assert json.loads(first.metadata)["attempts"]["small"]["outcome"] == "incorrect"
    assert [record.traces[MINIATURE].correct for record in (second, third)] == [False, None]
    assert S1KTable([first, second, third]).unit == TOKENS


def test_the_shipped_rows_are_readable():
    records = read_own_rows()
    assert len(records) == 1000 and all(record.question and record.answer and record.traces[MINIATURE].tokens for record in records)


@pytest.mark.parametrize(
    "version, row, column",
    [(S1K, S1K_ROW, "thinking_trajectories"), (S1K_1_1, S1K_1_1_ROW, "gemini_thinking_trajectory"), (S1K_1_1, S1K_1_1_ROW, "question"), (S1_MINI_1K, {"question": "q", "answer": "1", "thinking": "t"}, "answer")],
)
def test_a_missing_column_is_named(version, row, column):
    assert len(read_records(version, [row, row])) == 2
    with pytest.raises(InputError, match=f"^Row 1 of {version} has no column '{column}'"):
        read_records(version, [row, {name: value for name, value in row.items() if name != column}])


def test_no_rows_is_an_error():
    with pytest.raises(InputError, match="s1K has no rows"):
        read_records(S1K, [])


@pytest.mark.parametrize("version", REVISIONS)
def test_without_a_network_one_line_offers_the_miniatures_rows(version, cache):
    with pytest.raises(InputError) as caught:  # the real `datasets`: conftest.py keeps it offline
        load_s1k(version)
    message = str(caught.value)
    assert f"Cannot load {version} (simplescaling/{version})" in message and "\n" not in message
    assert "network" in message and S1_MINI_1K in message


class Client:
    """The Hub's client: answers, cannot, or never comes back."""

    def __init__(self, answer):
        self.answer = answer

    def head(self, url, timeout):
        if isinstance(self.answer, Exception):
            raise self.answer
        self.answer.wait(30)


@pytest.mark.parametrize("answer, reason", [("at once", ""), (OSError(-2, "Name or service not known"), "huggingface.co cannot be reached (Name or service not known)"), ("never", "huggingface.co does not answer within 0 s")])
def test_a_silent_hub_is_noticed_soon(monkeypatch, answer, reason):
    event = threading.Event()
    if answer == "at once":
        event.set()
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: False)
    monkeypatch.setattr("huggingface_hub.get_session", lambda: Client(answer if isinstance(answer, Exception) else event))
    assert loading.unreachable(0.3 if answer == "never" else 30) == reason
    event.set()


@pytest.mark.parametrize("reason", ["", "huggingface.co does not answer within 3 s"])
def test_without_the_hub_only_what_was_kept_is_looked_at(monkeypatch, reason):
    from datasets import config

    told, offline = [], []

    def load_dataset(path, **options):
        offline.append(config.HF_HUB_OFFLINE)
        if reason:
            raise ConnectionError("Couldn't reach the Hub")
        return [S1K_ROW]

    monkeypatch.setattr(config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    monkeypatch.setattr(loading, "unreachable", lambda: reason)
    if reason:
        with pytest.raises(InputError, match=f"Cannot load s1K .*{reason}"):
            load_s1k(S1K, report=told.append)
    else:
        assert load_s1k(S1K, report=told.append)
    assert told[0] == "Asking the Hugging Face Hub for s1K." and ("copy of s1K kept here" in told[1]) == bool(reason)
    assert offline == [bool(reason)] and config.HF_HUB_OFFLINE is False


def test_public_versions_are_pinned(monkeypatch):
    asked = []
    monkeypatch.setattr("datasets.load_dataset", lambda path, **options: asked.append((path, options["revision"])) or [S1K_ROW | S1K_1_1_ROW])
    for version in REVISIONS:
        load_s1k(version)
    load_s1k(S1K, repository="someone/copy")
    assert all(len(revision) == 40 and set(revision) <= set("0123456789abcdef") for revision in REVISIONS.values())
    assert asked == [("simplescaling/s1K-1.1", REVISIONS[S1K_1_1]), ("simplescaling/s1K", REVISIONS[S1K]), ("someone/copy", None)]


@pytest.mark.parametrize("module", [loading, table])
def test_nothing_is_loaded_at_import(module):
    assert not {"datasets", "huggingface_hub", "gradio"} & {name.split(".")[0] for name in imports(Path(module.__file__), top_level_only=True)}


@pytest.mark.parametrize(
    "text, complaint",
    [(None, "Cannot read the miniature's own rows, own.jsonl: No such file"), ("", "has no rows"), ('{"question": "q"', "own.jsonl, line 1: not JSON"), ("\n[1]\n", "own.jsonl, line 2: no JSON object"), ('{"question": "q", "answer": "1"}', "no column 'thinking'")],
)
def test_bad_own_rows(tmp_path, text, complaint):
    path = tmp_path / "own.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_own_rows(path)
    assert complaint in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_unknown_version():
    with pytest.raises(InputError, match=r"Choose one of s1K-1\.1, s1K, s1-mini-1k"):
        load_s1k("s2K")
    assert VERSIONS == (S1K_1_1, S1K, S1_MINI_1K)


@pytest.mark.parametrize(
    "source_type, name",
    [("qq8933/AIME_1983_2024", "AIME"), ("qfq/openaimath/Number Theory", "MATH"), ("AI-MO/NuminaMath-CoT/aops_forum", "NuminaMath"), ("new/benchmark/part/of", "new/benchmark"), ("one", "one"), ("", NOT_STATED)],
)
def test_benchmark_names(source_type, name):
    assert benchmark_name(source_type) == name


@pytest.mark.parametrize(
    "solution, answer",
    [
        ("25", "25"),
        (" \\frac{1}{2} ", "\\frac{1}{2}"),
        ("BCD", "BCD"),
        ("Long.\nThe final answer is \\(\\boxed{2320}\\)", "2320"),
        ("### Answer: MARINER \n ### Explanation: Definition: seaman", "MARINER"),
        ("1. Suppose not.\n2. Contradiction.\n\n\\(\\blacksquare\\)", None),
        ("So the number of possible tuples, which we count one by one, is as you see 1007.", None),
        ("answer: " + "long " * 60, None),
        ("Trailing label.\nAnswer:", None),
        ("", None),
        ("\\boxed{" * 200_000, None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_short_answers(solution, answer):
    assert short_answer(solution) == answer


@pytest.mark.parametrize("solution, gradable", [("25", True), ("1", True), ("0", True), ("BCD", True), ("\\frac{1}{2}", False), ("A proof.\nDone.", False)])
def test_what_can_be_graded_is_known(solution, gradable):
    (record,) = read_records(S1K, [S1K_ROW | {"solution": solution}])
    assert (record.question, is_gradable(record.answer)) == (LATEX, gradable)


def test_the_parts_of_a_row_keep_their_latex_untouched():
    (record,) = read_records(S1K_1_1, [S1K_1_1_ROW | {"gemini_attempt": ""}])
    assert [(part.kind, part.teacher, part.heading, part.text) for part in parts_of(record)] == [
        ("question", "", "Question", LATEX),
        ("solution", "", "Solution", "We get $\\boxed{\\frac12}$."),
        ("thinking", R1, "Thinking (DeepSeek-R1)", "r1 thinks longer"),
        ("answer", R1, "Answer (DeepSeek-R1)", "one half"),
        ("thinking", GEMINI, "Thinking (Gemini 2.0 Flash Thinking)", "gemini thinks"),
    ]


# ------------------------------------------------------------------------------------------------------------ the real rows


@pytest.fixture(scope="module")
def real_rows() -> list[S1KRecord]:
    path = SHARED_DATA / "s1k_questions_solutions.jsonl"
    if not path.is_file():
        pytest.skip("s1k_questions_solutions.jsonl is not in ../shared/data")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    records = read_records(S1K, [row | {"thinking_trajectories": [row["solution"]]} for row in rows])
    return [replace(record, index=row["s1k_index"]) for record, row in zip(records, rows, strict=True)]


def test_real_rows_have_known_sources_and_mostly_an_answer(real_rows):
    assert len(real_rows) == 693 and not any("/" in record.source for record in real_rows)
    aime = [record for record in real_rows if record.source == "AIME"]
    assert len(aime) == 287 and all(is_gradable(record.answer) and record.answer.isdigit() for record in aime if len(record.solution) <= 3)
    assert sum(record.answer is not None for record in real_rows) > 500
    assert sum(is_gradable(record.answer) for record in real_rows) > 400


def test_a_thousand_real_summaries_fit_in_100_kb(real_rows):
    rng = Random(0)
    full = [replace(rng.choice(real_rows), index=index) for index in range(1000 - len(real_rows))]
    grades = [replace(record, index=index, traces={R1: TeacherTrace("x" * rng.randrange(100_000), correct=rng.choice([True, False, None]))}) for index, record in enumerate([*real_rows, *full])]
    table = S1KTable(grades)
    sent = table.summaries(table.view())
    size = len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode())
    assert len(sent["rows"]) == 1000 and 50_000 < size <= MAX_SUMMARY_BYTES
    for index, title, source, domain, length, correct in sent["rows"]:
        record = table.record(index)
        assert title and len(title) <= TITLE_CHARS and title.isprintable()
        assert (sent["sources"][source], sent["domains"][domain]) == (record.source, record.domain)
        assert (length, correct) == (len(record.traces[R1].thinking), record.traces[R1].correct)
    few = table.summaries(table.view(Query(chosen={"source": ["crosswords"]})))
    assert max(len(row[1]) for row in few["rows"]) == TITLE_CHARS  # a short list has room for whole titles


# ------------------------------------------------------------------------------------------------------- search and facets

WORDS = ("Wait", "prime", "PRIMES", "$\\frac{a}{b}$", "straße", "two three", "x", "<b>")


def random_records(seed: int, n: int = 60) -> list[S1KRecord]:
    rng = Random(seed)

    def text(longest: int) -> str:
        return rng.choice([" ", "\n", "  \t"]).join(rng.choices(WORDS, k=rng.randrange(longest)))

    def trace() -> TeacherTrace:
        return TeacherTrace(text(30), correct=rng.choice([True, False, None]))

    indexes = rng.sample(range(1000), n)
    return [
        S1KRecord(index, text(6), "", None, rng.choice("ABC"), "", rng.choice(["math", "science", NOT_STATED]), {teacher: trace() for teacher in (R1, GEMINI) if teacher == R1 or rng.random() < 0.8})
        for index in indexes
    ]


def has(record: S1KRecord, name: str, values, teacher: str) -> bool:
    trace = record.traces.get(teacher, TeacherTrace(""))
    length = len(trace.thinking)
    value = {"source": record.source, "domain": record.domain, "correctness": VERDICTS[trace.correct], "length": str(0 if not length else 2 ** (len(bin(length)) - 3))}[name]
    return not values or value in values


def finds(record: S1KRecord, terms: list[str]) -> bool:
    texts = [" ".join(text.split()).casefold() for text in (record.question, *(trace.thinking for trace in record.traces.values()))]
    return all(any(term.casefold() in text for text in texts) for term in terms)


@pytest.mark.parametrize("seed", range(40))
def test_filters_and_counts_agree_with_brute_force(seed):
    records = random_records(seed % 8)
    table, rng = S1KTable(records), Random(seed)
    terms = rng.sample(["wait", "prime", "STRASSE", "two three", "x <b>", "nowhere"], k=rng.randrange(3))
    values = {"source": list("ABCD"), "domain": ["math", "science", "art"], "correctness": list(VERDICTS.values()), "length": ["0", "16", "64", "128", "4096"]}
    chosen = {name: rng.sample(values[name], k=rng.randrange(3)) for name in FACETS if rng.random() < 0.6}
    teacher, order, descending = rng.choice([R1, GEMINI]), rng.choice(ORDERS), rng.random() < 0.5
    view = table.view(Query(" ".join(f'"{term}"' for term in terms), chosen, teacher, order, descending))

    def left(besides: str = "") -> list[S1KRecord]:
        return [record for record in records if finds(record, terms) and all(has(record, name, wanted, teacher) for name, wanted in chosen.items() if name != besides)]

    assert sorted(view.indexes) == sorted(record.index for record in left())
    for name in FACETS:
        listed = {value.value for value in view.facets[name]}
        assert all(any(has(record, name, [value], teacher) for value in listed) for record in records)
        for value in view.facets[name]:
            assert value.count == sum(has(record, name, [value.value], teacher) for record in left(besides=name)), (name, value)
            assert value.chosen == (value.value in chosen.get(name, ()))
    keys = [(table.length(table.record(index), teacher), index) for index in view.indexes]
    if order == "length":
        assert keys == sorted(keys, key=lambda key: (-key[0] if descending else key[0], key[1]))


def record(index: int, question: str = "q", thinking: str = "t", **more) -> S1KRecord:
    values = {"solution": "", "answer": None, "source": "s", "origin": "", "domain": "d", "traces": {R1: TeacherTrace(thinking)}}
    return S1KRecord(index=index, question=question, **(values | more))


@pytest.mark.parametrize(
    "text, terms",
    [("", ()), ("  ", ()), ("Wait  wait", ("wait",)), ('two "Three  Four" five', ("two", "three four", "five")), ('"open  End', ("open end",)), ('""', ()), ('a"b c"d', ("a", "b c", "d")), ("$\\frac{1}{2}$", ("$\\frac{1}{2}$",)), ("Straße", ("strasse",)), ("\ud800", ("?",))],
)
def test_search_terms(text, terms):
    assert search_terms(text) == tuple(term.encode() for term in terms)


@pytest.mark.parametrize(
    "text, found",
    [("", [0, 1, 2]), ("PRIME wait", [0]), ('"of the prime"', [0, 1]), ("of prime", [0, 1]), ('"prime wait"', []), ("absent", []), ("[.*", [2]), ('"end start"', [])],
)
def test_search(text, found):
    rows = [record(0, "Sum of\n  the prime", "Wait, no"), record(1, "q", "of the PRIMES"), record(2, "the end", "start [.* (")]
    assert list(S1KTable(rows).view(Query(text)).indexes) == found


def test_lengths_make_a_histogram_without_gaps_that_filters():
    rows = [record(n, traces={R1: TeacherTrace("x", tokens=tokens)}) for n, tokens in enumerate([0, 5, 7, 8, 40, 63])]
    table = S1KTable(rows)
    assert table.unit == TOKENS
    bars = [(bar.value, bar.count) for bar in table.view().facets["length"]]
    assert bars == [("0", 1), ("4", 2), ("8", 1), ("16", 0), ("32", 2)]
    view = table.view(Query(chosen={"length": ["4", "32"]}, order="length", descending=True))
    assert view.indexes == (5, 4, 2, 1)
    assert [(bar.count, bar.chosen) for bar in view.facets["length"]] == [(1, False), (2, True), (1, False), (0, False), (2, True)]
    assert [length_bucket(n) for n in (0, 1, 2, 3, 4, 4095, 4096)] == [0, 1, 2, 2, 4, 2048, 4096]
    assert S1KTable([*rows, record(9)]).unit == CHARACTERS  # one uncounted trace, and lengths would not compare


def test_the_teacher_decides_what_correctness_and_length_mean():
    table = S1KTable(read_records(S1K_1_1, [S1K_1_1_ROW]))
    assert table.teachers == (R1, GEMINI) and table.view().query.teacher == R1
    verdicts = {teacher: [value.value for value in table.view(Query(teacher=teacher)).facets["correctness"]] for teacher in table.teachers}
    assert verdicts == {R1: ["correct"], GEMINI: ["incorrect"]}


def test_what_is_left_can_be_turned_round():
    table = S1KTable([record(n, source="even" if n % 2 == 0 else "odd") for n in (4, 2, 3, 0, 1)])
    assert table.view(Query(chosen={"source": ["even"]})).indexes == (0, 2, 4)
    assert table.view(Query(order="index", descending=True)).indexes == (4, 3, 2, 1, 0)


@pytest.mark.parametrize(
    "query, complaint",
    [(Query(teacher="claude"), "Unknown teacher 'claude'. Choose one of r1."), (Query(order="size"), "Unknown order"), (Query(chosen={"colour": ["red"]}), "Unknown facet"), (Query("x" * 301), "at most 300")],
)
def test_impossible_queries(query, complaint):
    with pytest.raises(InputError, match=complaint):
        S1KTable([record(0)]).view(query)


def test_permalinks():
    table = S1KTable([record(7, "seven"), record(12)])
    assert table.record(7).question == "seven"
    for index in (0, -1, 13):
        with pytest.raises(InputError, match=f"There is no row {index}. Give a row from 7 to 12."):
            table.record(index)
    for rows in ([], [record(1), record(1)]):
        with pytest.raises(InputError, match="cannot be browsed"):
            S1KTable(rows)


# ----------------------------------------------------------------------------------------------------------- hostile rows

HOSTILE = [
    "<script>alert(1)</script>",
    "![](javascript:alert(1))",
    "\\[ \\frac{1}{ $$ \\begin{align} unbalanced",
    "x" * 1_000_000,
    "line\r\nbreak\u2028and\u0085more\x00\x1b[31m\u202eevil",
    "\ud800 half a character",
    "",
    None,
    ["a list", None, 3],
    12,
]


def test_hostile_rows_stay_text_and_small():
    names = [name for name in S1K_1_1_ROW if name != "question"]
    rows = [S1K_1_1_ROW | {"question": text} | {name: text for name in names} for text in HOSTILE] + [S1K_1_1_ROW | dict.fromkeys(S1K_1_1_ROW)]
    table = S1KTable(read_records(S1K_1_1, rows))
    sent = json.dumps(table.summaries(table.view()), ensure_ascii=False, separators=(",", ":"))
    assert len(sent.encode("utf-8")) < 5000  # encodes at all, and the 1 MB line stays at home
    titles = [row[1] for row in json.loads(sent)["rows"]]
    assert all(title.isprintable() and len(title) <= TITLE_CHARS for title in titles)
    assert titles[0] == HOSTILE[0] and titles[3] == "x" * 119 + "…" and titles[6] == titles[7] == titles[-1] == NO_QUESTION
    assert [table.record(n).question for n in range(4)] == HOSTILE[:4]  # kept to the letter: whoever shows it shows text
    assert table.view(Query("<SCRIPT>alert(1)")).indexes == (0,)
    assert table.record(8).traces[R1].thinking == "a list\n\n3" and table.record(9).question == "12"
    assert not is_gradable(table.record(7).answer)


@pytest.mark.parametrize("text, n_chars, line", [("  a\n b ", 9, "a b"), ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("abcd efg", 6, "abcd…"), ("\n" * 500 + "a", 5, "a"), ("a\x00b", 5, "a b"), ("", 5, "")])
def test_one_line(text, n_chars, line):
    assert one_line(text, n_chars) == line
