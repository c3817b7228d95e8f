"""Decontamination: the 8-gram rule against brute force, the sources in order, the question's hash, and the cost."""

import random
import re
import time

import pytest

from tests.training.curation import made_pool
from training.curation.decontaminate import Account, Batch, Decontaminator, clean_sources, ngrams
from training.curation.records import Row, question_id

NINE = "one two three four five six seven eight nine"


def rows_of(*questions: str) -> list[Row]:
    return [Row(question, "") for question in questions]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is 2 + 2?", "38d46ad3618826cf"),
        ("Größe\n", "a57d698fdfb26492"),
        ("Find the least odd prime factor of $2019^8+1$.", "fce28356a73f3e1c"),  # these three are in the notebook's list
        ("2.2.1. Derive the expression of $\\Gamma$", "946592f04101869a"),
        ("Numbers $m$ and $n$ are on the number line. What is the value of $n-m$?", "fe5188c6fa379e51"),
    ],
)
def test_question_ids_are_the_notebooks(question: str, expected: str) -> None:
    assert question_id(question) == expected


def brute_force(rows: list[Row], tests: list[str]) -> list[Row]:
    """Every 8 consecutive words of a row searched as a phrase in every test question."""

    def words(text: str) -> list[str]:
        return re.sub(r"\s+", " ", text.lower().strip()).split(" ")

    padded = [f" {' '.join(words(test))} " for test in tests]
    kept = []
    for row in rows:
        parts = words(row.question)
        phrases = [f" {' '.join(parts[at : at + 8])} " for at in range(len(parts) - 7)]
        if not any(phrase in test for phrase in phrases for test in padded):
            kept.append(row)
    return kept


def test_one_shared_8_gram_removes_and_seven_words_do_not() -> None:
    test = "A  train leaves\nthe STATION at nine and reaches the town."
    shares, seven, short = rows_of(
        "Say when a train leaves the station at nine and",
        "train leaves the station at nine and not before ten",
        "train leaves the station at nine and",
    )
    assert Decontaminator([test]).clean([shares, seven, short]) == [seven, short]
    assert list(ngrams("one two three")) == []


def test_a_benchmark_removes_itself_but_for_its_shortest_questions() -> None:
    tests = [NINE, "What is the value of the sum?", "Seven words are not removed by themselves"]
    assert [row.question for row in Decontaminator(tests).clean(rows_of(*tests))] == tests[1:]


def test_decontamination_agrees_with_brute_force() -> None:
    rng = random.Random(4)
    texts = [" ".join(rng.choice("abcd") for _ in range(rng.randrange(3, 24))) for _ in range(300)]
    rows = rows_of(*texts[:250])
    kept = Decontaminator(texts[250:]).clean(rows)
    assert kept == brute_force(rows, texts[250:]) and 0 < len(kept) < len(rows)


def test_a_stock_phrase_is_enough_as_in_the_reference() -> None:
    """Rows of s1K do share such phrases with AIME 2024 and MATH-500, so the paper's pool did not come through this rule."""
    phrase = "is not divisible by the square of any"
    assert len(phrase.split()) == 8
    rows = rows_of(f"where $n$ {phrase} prime. Find $m+n$.", "where $n$ is square-free. Find $m+n$.")
    assert Decontaminator([f"the area is $m\\sqrt n$, and $n$ {phrase} prime."]).clean(rows) == rows[1:]


# the sources in order


def test_sources_are_cleaned_against_what_was_taken_before() -> None:
    first, second = rows_of(f"{NINE} ten", f"{NINE} eleven"), rows_of(f"zero {NINE}", "nothing shared with any of them at all here")
    pool, accounts = clean_sources([Batch("first", first), Batch("second", second)], [])
    assert pool == [*first, second[1]]
    assert accounts == {"first": Account(2, 0, 0, 0), "second": Account(1, 1, 0, 0)}
    assert clean_sources([Batch("second", second), Batch("first", first)], [])[0] == second  # who comes first, wins


def test_what_is_not_picked_removes_nothing_later() -> None:
    rows = rows_of(f"{NINE} ten", "a b c d e f g h i")
    batches = [Batch("first", rows, pick=lambda clean: clean[1:]), Batch("second", rows_of(f"zero {NINE}", "0 a b c d e f g h"))]
    pool, accounts = clean_sources(batches, [])
    assert [row.question for row in pool] == ["a b c d e f g h i", f"zero {NINE}"]
    assert accounts == {"first": Account(1, 0, 1, 0), "second": Account(1, 1, 0, 0)}


def test_the_pick_sees_only_what_is_clean() -> None:
    rows = rows_of(NINE, "a", "b")
    pool, accounts = clean_sources([Batch("first", rows, pick=lambda clean: clean[:1])], [NINE])
    assert pool == rows[1:2] and accounts["first"] == Account(1, 1, 1, 0)


def test_unchecked_sources_are_appended_and_remove_nothing() -> None:
    aime = Batch("AIME", rows_of(NINE, "short"), unchecked=True)
    later = Batch("later", rows_of(f"{NINE} ten", "short"))
    pool, accounts = clean_sources([aime, later], [NINE.replace("one", "zero")])
    assert [row.question for row in pool] == [NINE, "short"]  # the later one shares words with the test itself
    assert accounts["AIME"] == Account(2, 0, 0, 0) and accounts["later"] == Account(0, 1, 0, 1)
    assert [row.question for row in clean_sources([aime, later], [])[0]] == [NINE, "short", f"{NINE} ten"]


def test_exact_repeats_keep_the_first() -> None:
    rows = [Row("What is 2 + 2?", "4"), Row("What is 2 + 2?", "5"), Row("What is 2 + 2? ", "4")]
    pool, accounts = clean_sources([Batch("one", rows[:2]), Batch("other", [rows[0], rows[2]])], [])
    assert pool == [rows[0], rows[2]] and [account.n_repeats for account in accounts.values()] == [1, 1]


# the cost


def test_the_made_pool_is_as_long_and_as_many_as_said() -> None:
    batches = list(made_pool.made_batches(2000))
    rows = [row for batch in batches for row in batch.rows]
    lengths = sorted(len(row.question.split()) for row in rows)
    assert len(rows) == 2000 and [batch.name for batch in batches][:2] == ["MATH", "OlympicArena"]
    assert 45 < lengths[1000] < 54 and 90 < lengths[1800] < 125
    assert sum(len(batch.rows) for batch in made_pool.made_batches(59_029 // 100)) == 590
    pool, accounts = clean_sources(batches, made_pool.made_questions(200, -1))
    assert 0.8 * len(rows) < len(pool) < len(rows) and accounts["AIME"].n_shared == 0


def test_decontamination_is_linear() -> None:
    def seconds(n_rows: int) -> float:
        batches, tests = list(made_pool.made_batches(n_rows)), list(made_pool.made_questions(200, -1))
        started = time.thread_time()
        clean_sources(batches, tests)
        return time.thread_time() - started

    seconds(500)
    assert seconds(4000) < 30 * max(seconds(500), 0.01)  # 8 times the rows; quadratic would be 64 times
