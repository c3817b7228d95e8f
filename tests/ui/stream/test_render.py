"""Events -> view operations, by tables; no server, no browser."""

from __future__ import annotations

import itertools
import random

import pytest

from s1demo.decoding.answers_at_waits import AnswerSoFar, Cost
from s1demo.delimiters import FINAL_ANSWER, S1
from s1demo.events import (
    EndOfThinking,
    EndSuppressed,
    Event,
    Finished,
    FinishReason,
    Origin,
    Phase,
    RunStarted,
    ThinkingEnded,
    Tokens,
)
from s1demo.grading import Kind, Outcome
from s1demo.ui.stream.render import ComparisonView, RunView, coalesce, common_prefix, shared_characters
from s1demo.ui.stream.verdicts import FormulaVerdict, Truth
from s1demo.ui.stream.words import SoFar, seconds_text, sentence


def thought(text: str, *ids: int, origin: Origin = Origin.SAMPLED) -> Tokens:
    return Tokens(tuple(ids), Phase.THINKING, origin, text)


def answered(text: str, *ids: int) -> Tokens:
    return Tokens(tuple(ids), Phase.ANSWER, Origin.SAMPLED, text)


def forced_end(cut: bool) -> Tokens:
    text = "\n" + S1.forced_answer if cut else S1.end_of_thinking
    return Tokens((90, 91), Phase.DELIMITER, Origin.FORCED, text)


EVENT_TABLE: list[tuple[str, list[Event], list[list]]] = [
    ("start", [RunStarted((1, 2), 16)], [["start", "a", 16], ["status", "a", "thinking"]]),
    ("thinking", [thought("So ", 5)], [["text", "a", "thinking", "So "], ["count", "a", 1]]),
    ("half a character", [thought("", 5)], [["text", "a", "thinking", ""], ["count", "a", 1]]),
    (
        "a suppressed end",
        [EndSuppressed(1, 7, 3), thought("Wait", 8, origin=Origin.FORCED)],
        [["wait", "a", 1, 7], ["status", "a", "made to go on 1×"], ["forced", "a", "Wait"], ["count", "a", 1]],
    ),
    (
        "cut by the budget",
        [ThinkingEnded(EndOfThinking.BUDGET, 16), forced_end(cut=True)],
        [
            ["end", "a", "budget", 16],
            ["status", "a", "cut by the budget"],
            ["delimiter", "a", S1.forced_answer, FINAL_ANSWER],
        ],
    ),
    (
        "stopped by itself",
        [ThinkingEnded(EndOfThinking.NATURAL, 24), forced_end(cut=False)],
        [["end", "a", "natural", 24], ["status", "a", "stopped by itself"], ["delimiter", "a", S1.end_of_thinking, ""]],
    ),
    (
        "stopped after Waits",
        [EndSuppressed(1, 7, 3), EndSuppressed(2, 9, 3), ThinkingEnded(EndOfThinking.NATURAL, 24)],
        [
            ["wait", "a", 1, 7],
            ["wait", "a", 2, 9],
            ["status", "a", "made to go on 2×, then stopped"],
            ["end", "a", "natural", 24],
        ],
    ),
    (
        "context full",
        [ThinkingEnded(EndOfThinking.CONTEXT, 900)],
        [["end", "a", "context", 900], ["status", "a", "context full"]],
    ),
    ("the answer", [answered(" 2", 6)], [["text", "a", "answer", " 2"]]),
    (
        "an end that was only suppressed",
        [EndSuppressed(1, 7, 3), thought("So", 8)],
        [["wait", "a", 1, 7], ["status", "a", "made to go on 1×"], ["text", "a", "thinking", "So"], ["count", "a", 1]],
    ),
    ("an answer so far", [AnswerSoFar(1, 7, "\nAnswer: 2")], [["so-far", "a", 1, "2", ""]]),
    ("no answer so far", [AnswerSoFar(1, 7, " ")], [["so-far", "a", 1, "", ""]]),
    ("what it cost", [Cost(30, 50)], [["saved", 30, 50]]),
    (
        "a loop",
        [thought("x", *[1, 2, 3] * 8)],
        [["text", "a", "thinking", "x"], ["count", "a", 24], ["loop", "a", 4, 3]],
    ),
    (
        "a loop seen at the end",
        [thought("x", *range(30)), thought("y", *[1, 2, 3, 4] * 6), ThinkingEnded(EndOfThinking.NATURAL, 54)],
        [
            ["text", "a", "thinking", "xy"],
            ["count", "a", 54],
            ["end", "a", "natural", 54],
            ["status", "a", "stopped by itself"],
            ["loop", "a", 35, 4],
        ],
    ),
]


@pytest.mark.parametrize(("events", "expected"), [row[1:] for row in EVENT_TABLE], ids=[row[0] for row in EVENT_TABLE])
def test_operations_of_events(events, expected):
    view = ComparisonView(["a"])
    ops = coalesce(op for event in events for op in view.feed("a", event, 1.0))
    assert sorted(map(str, ops)) == sorted(map(str, expected))


@pytest.mark.parametrize(
    ("gold", "text", "reason", "shown", "verdict"),
    [
        ("3", "Answer: 3", FinishReason.STOP, "3", "right"),
        ("3", "Answer: 2", FinishReason.STOP, "2", "wrong"),
        (None, "Answer: 2", FinishReason.STOP, "2", ""),
        ("3", "", FinishReason.STOP, "", ""),
        ("3", "Answer: 3", FinishReason.LENGTH, "3", "right"),
    ],
)
def test_the_final_operation(gold, text, reason, shown, verdict):
    view = ComparisonView(["a"], gold and Truth(gold))
    for event in (thought("x", 1, 2), thought("Wait", 3, origin=Origin.FORCED), answered(text, 4, 5)):
        view.feed("a", event, 0.5)
    kind, run, answer, given, details = view.feed("a", Finished(reason, 3, 2), 2.0)[0]
    assert (kind, run, answer, given) == ("answer", "a", shown, verdict)
    assert details[0] == "3 thinking · 2 answer tokens"
    assert details[1] == "2.00 s · 2 tok/s", "the forced token is not the model's speed"
    assert ("answer cut at its limit" in details) == (reason is FinishReason.LENGTH)


@pytest.mark.parametrize(
    ("gold", "kind", "text", "verdict"),
    [
        ("3", Kind.TEXT, "Answer: 3", "right"),
        ("3", Kind.TEXT, "Answer: 2", "wrong"),
        ("3", Kind.TEXT, " ", ""),
        (None, Kind.TEXT, "Answer: 2", ""),
        ("x^2+1", Kind.MATH, "Answer: $1+x^2$", ""),  # comes later
        ("7", Kind.MATH, "So \\boxed{7}.", "right"),
        ("B", Kind.LETTER, "Answer: (B) because", "right"),
        ("B", Kind.LETTER, "the second", "unclear"),
    ],
)
def test_answers_so_far_are_judged(gold, kind, text, verdict):
    view = ComparisonView(["a"], gold and Truth(gold, kind))
    assert view.feed("a", AnswerSoFar(1, 7, text), 0.1)[0][-1] == verdict


def test_verdicts_that_take_longer_come_later():
    view = ComparisonView(["a"], Truth("x^2+1", Kind.MATH))
    assert ["truth", "x^2+1"] in view.feed("a", RunStarted((1,), 16), 0.0)
    view.feed("a", AnswerSoFar(2, 7, "Answer: $x+1$"), 0.1)
    view.feed("a", answered("Answer: $1+x^2$", 5), 0.1)
    view.feed("a", Finished(FinishReason.STOP, 7, 1), 0.1)
    assert view.feed("a", FormulaVerdict(2, Outcome.INCORRECT), 0.2)[0] == ["so-far", "a", 2, "x+1", "wrong"]
    ops = view.feed("a", FormulaVerdict(None, Outcome.CORRECT), 0.2)
    assert ops[0] == ["verdict", "a", "right"]
    assert "answered x+1 (wrong) after 7 tokens" in ops[1][1] and "answered 1+x^2 (right)" in ops[1][1]
    assert view.feed("a", FormulaVerdict(None, Outcome.UNSCORABLE), 0.2)[0] == ["verdict", "a", "unclear"]


def test_the_sentence_is_told_anew_for_an_answer_so_far_that_comes_last():
    view = ComparisonView(["a"], Truth("3"))
    assert [op[0] for op in view.feed("a", AnswerSoFar(1, 7, "2"), 0.1)] == ["so-far"], "nothing is told while all think"
    view.feed("a", Finished(FinishReason.STOP, 9, 1), 0.1)
    told = view.feed("a", AnswerSoFar(2, 9, "3"), 0.1)[-1]
    assert told[0] == "sentence" and "would have answered 2 (wrong) after 7 tokens and 3 (right) after 9 tokens" in told[1]


def test_the_rate_comes_when_all_runs_are_done():
    view = ComparisonView(["a", "b"])
    done = Finished(FinishReason.STOP, 0, 0)
    assert "rate" not in [op[0] for op in view.feed("a", done, 1.0)]
    assert "rate" in [op[0] for op in view.feed("b", done, 1.0)]


def shared(ops: list[list]) -> dict[str, tuple[int, int]]:
    return {op[1]: (op[2], op[3]) for op in ops if op[0] == "shared"}


def test_shared_text_is_what_the_run_beside_has_token_for_token():
    view = ComparisonView(["truncated", "natural", "extended"])
    ops: list[list] = []
    for name, words in {"truncated": "ab", "natural": "abcd", "extended": "abcde"}.items():
        for word in words:
            ops += view.feed(name, thought(word, ord(word)), 0.1)
    assert shared(ops) == {"truncated": (2, 2), "natural": (2, 2), "extended": (4, 4)}
    assert view.trunk() == 2


def test_equal_text_of_other_tokens_is_not_shared():
    view = ComparisonView(["a", "b"])
    ops = view.feed("a", thought("rr", 1, 1), 0.1) + view.feed("b", thought("rr", 2), 0.1)
    assert shared(ops) == {}


def test_shared_text_that_ends_inside_a_chunk_stops_where_the_texts_part():
    run, beside = RunView("a"), RunView("b")
    run.append([1, 2], "one two")
    run.append([3, 4, 5], " three four five")
    beside.append([1, 2, 3], "one two three")
    beside.append([9], " nine")
    tokens = common_prefix(run.ids, beside.ids)
    assert tokens == 3
    assert shared_characters(run, beside, tokens) == len("one two three ")  # the space both texts go on with
    assert shared_characters(beside, run, tokens) == len("one two three")


def test_coalescing_keeps_the_order_of_text_and_marks():
    ops = [
        ["text", "a", "thinking", "x"],
        ["count", "a", 1],
        ["text", "a", "thinking", "y"],
        ["text", "b", "thinking", "z"],
        ["wait", "a", 1, 2],
        ["forced", "a", "Wa"],
        ["count", "a", 2],
        ["forced", "a", "it"],
        ["text", "a", "thinking", "w"],
        ["status", "b", "thinking"],
    ]
    assert coalesce(ops) == [
        ["text", "a", "thinking", "xy"],
        ["count", "a", 2],
        ["text", "b", "thinking", "z"],
        ["wait", "a", 1, 2],
        ["forced", "a", "Wait"],
        ["text", "a", "thinking", "w"],
        ["status", "b", "thinking"],
    ]


def test_coalescing_in_any_batches_gives_the_same_operations():
    view = ComparisonView(["a", "b"], Truth("2"))
    ops: list[list] = []
    for name, i in itertools.product("ab", range(20)):
        ops += view.feed(name, thought(f"{i} ", i), 0.1)
        if i % 7 == 6:
            ops += view.feed(name, EndSuppressed(i // 7 + 1, i, 3), 0.1)
            ops += view.feed(name, thought("Wait", 99, origin=Origin.FORCED), 0.1)
    whole = coalesce(ops)
    for seed in range(20):
        rng, batched, at = random.Random(seed), [], 0
        while at < len(ops):
            step = rng.randint(1, 9)
            batched += coalesce(ops[at : at + step])
            at += step
        assert coalesce(batched) == whole


def test_the_sentence_tells_the_whole_comparison():
    truncated = RunView("truncated", [1] * 16, reason=EndOfThinking.BUDGET, finished=True, answer="2", verdict="wrong")
    extended = RunView("extended", [1] * 81, waits=2, reason=EndOfThinking.NATURAL, finished=True, answer="3", verdict="right")
    running = RunView("natural", [1] * 20)
    assert sentence([truncated, running, extended], 16) == (
        "All runs share their first 16 thinking tokens. "
        "The truncated run was cut after 16 thinking tokens and answered 2 (wrong). "
        "The natural run is still thinking after 20 thinking tokens. "
        "The extended run was made to go on 2 times, stopped by itself after 81 thinking tokens and answered 3 (right)."
    )


def test_the_sentence_tells_of_answers_so_far_and_loops():
    so_far = {1: SoFar(24, "2", "wrong"), 3: SoFar(90, "3", "right"), 2: SoFar(76, "3", "right"), 4: SoFar(99, "", "unclear")}
    run = RunView("extended", [*range(60), *[1, 2, 3] * 20], waits=4, so_far=so_far)
    run.watch.search(run.ids, now=True)
    assert sentence([run], 0) == (
        "The extended run would have answered 2 (wrong) after 24 tokens, 3 (right) after 76 and 90 tokens and nothing (not "
        "comparable with the true answer) after 99 tokens, was made to go on 4 times, repeats itself from token 64 on and is still "
        "thinking after 120 thinking tokens."
    )


@pytest.mark.parametrize(("seconds", "text"), [(0.083, "0.08 s"), (9.99, "9.99 s"), (61.4, "61 s")])
def test_durations_carry_their_unit(seconds, text):
    assert seconds_text(seconds) == text
