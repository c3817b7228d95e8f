"""Budget forcing by tables: no engine, no model, ids made up."""

from __future__ import annotations

import dataclasses

import pytest

from s1demo.budget import AUTO, BudgetForcer, BudgetPolicy
from s1demo.delimiters import EncodedFormat
from s1demo.errors import InputError
from s1demo.events import EndSuppressed, Finished, FinishReason, Origin, Phase, RunStarted, Segment, ThinkingEnded, Tokens

NEWLINE, WAIT, START, ANSWER, FINAL, END_OF_TURN, LINE_END = 10, 20, 90, 91, 92, 99, 11
ENCODED = EncodedFormat(
    stop_ids=frozenset({START, END_OF_TURN}),
    end_ids=(START, ANSWER),
    newline_ids=(NEWLINE,),
    cut_ids=(START, ANSWER, NEWLINE, FINAL),
    extension_ids=(WAIT, WAIT + 1),
    line_end_ids=frozenset({NEWLINE, LINE_END}),
)
PROMPT = (1, 2, 3)
CONTEXT = 200


def play(
    policy: BudgetPolicy, script: list[tuple[list[int], str]], context: int = CONTEXT, encoded: EncodedFormat = ENCODED
) -> tuple[list, list]:
    """Feed scripted segments ("stop" or "cap") and return events and requests."""
    forcer = BudgetForcer(PROMPT, policy, encoded, context)
    events, requests = forcer.begin(), []
    for ids, ending in script:
        request = forcer.next_request()
        assert request is not None
        requests.append(request)
        reason = FinishReason.STOP if ending == "stop" else FinishReason.LENGTH
        if reason is FinishReason.LENGTH:
            assert len(ids) == request.max_new_tokens
        events += forcer.feed(Segment(tuple(ids), reason, START if ending == "stop" else None))
    assert forcer.next_request() is None
    return events, requests


def ids_by(events: list, phase: Phase, origin: Origin | None = None) -> list[int]:
    return [
        i
        for e in events
        if isinstance(e, Tokens) and e.phase is phase and (origin is None or e.origin is origin)
        for i in e.token_ids
    ]


CASES = [
    # name, policy, script, thinking ids, delimiter ids, why it ended, waits
    ("natural", BudgetPolicy(), [([5, 6], "stop"), ([7], "stop")], [5, 6], [START, ANSWER], "natural", 0),
    ("natural, nothing thought", BudgetPolicy(), [([], "stop"), ([7], "stop")], [], [START, ANSWER], "natural", 0),
    (
        "cut in a line",
        BudgetPolicy(2),
        [([5, 6], "cap"), ([7], "stop")],
        [5, 6],
        [NEWLINE, START, ANSWER, NEWLINE, FINAL],
        "budget",
        0,
    ),
    (
        "cut after a newline",
        BudgetPolicy(2),
        [([5, LINE_END], "cap"), ([7], "stop")],
        [5, LINE_END],
        [START, ANSWER, NEWLINE, FINAL],
        "budget",
        0,
    ),
    ("empty budget", BudgetPolicy(0), [([7], "stop")], [], [NEWLINE, START, ANSWER, NEWLINE, FINAL], "budget", 0),
    (
        "one wait",
        BudgetPolicy(50, 1),
        [([5], "stop"), ([6], "stop"), ([7], "stop")],
        [5, WAIT, WAIT + 1, 6],
        [START, ANSWER],
        "natural",
        1,
    ),
    (
        "waits share one budget",
        BudgetPolicy(6, 3),
        [([5, 5], "stop"), ([6, 6], "cap"), ([7], "stop")],
        [5, 5, WAIT, WAIT + 1, 6, 6],
        [NEWLINE, START, ANSWER, NEWLINE, FINAL],
        "budget",
        1,
    ),
    ("no wait after a cut", BudgetPolicy(1, 2), [([5], "cap"), ([7], "stop")], [5], [NEWLINE, START, ANSWER, NEWLINE, FINAL], "budget", 0),
    ("room for the extension but no token", BudgetPolicy(4, 2), [([5, 5], "stop"), ([7], "stop")], [5, 5], [START, ANSWER], "natural", 0),
    ("room for the extension and one token", BudgetPolicy(5, 2), [([5, 5], "stop"), ([6], "cap"), ([7], "stop")], [5, 5, WAIT, WAIT + 1, 6], [NEWLINE, START, ANSWER, NEWLINE, FINAL], "budget", 1),
]  # fmt: skip


@pytest.mark.parametrize("name, policy, script, thinking, delimiter, why, waits", CASES, ids=[case[0] for case in CASES])
def test_forcing(name, policy, script, thinking, delimiter, why, waits):
    events, _ = play(policy, script)
    assert ids_by(events, Phase.THINKING) == thinking
    assert ids_by(events, Phase.DELIMITER) == delimiter
    assert ids_by(events, Phase.ANSWER) == [7]
    ended = [e for e in events if isinstance(e, ThinkingEnded)]
    assert [(e.reason, e.thinking_tokens) for e in ended] == [(why, len(thinking))]
    assert len([e for e in events if isinstance(e, EndSuppressed)]) == waits
    assert events[-1] == Finished(FinishReason.STOP, len(thinking), 1)


def test_no_extension_only_suppresses_and_the_next_token_is_no_stop():
    """Table 4's "no string": nothing is forced, and without `min_tokens` the model would stop at the same place again."""
    encoded = dataclasses.replace(ENCODED, extension_ids=())
    script = [([5], "stop"), ([6], "stop"), ([8], "stop"), ([7], "stop")]
    events, requests = play(BudgetPolicy(50, 2, extension=""), script, encoded=encoded)
    assert ids_by(events, Phase.THINKING) == [5, 6, 8]
    assert ids_by(events, Phase.THINKING, Origin.FORCED) == []
    assert all(event.token_ids for event in events if isinstance(event, Tokens))
    assert [event.thinking_tokens for event in events if isinstance(event, EndSuppressed)] == [1, 2]
    assert [request.min_tokens for request in requests] == [0, 1, 1, 0]
    assert [request.prompt_ids[3:] for request in requests[:3]] == [(), (5,), (5, 6)]
    full, _ = play(BudgetPolicy(1, 2, extension=""), [([5], "stop"), ([7], "stop")], encoded=encoded)
    assert not [event for event in full if isinstance(event, EndSuppressed)], "no room for one more token"


def test_requests_carry_the_remaining_budget_and_forbid_a_stop_after_a_wait():
    policy = BudgetPolicy(20, 2, max_answer_tokens=9)
    _, requests = play(policy, [([5] * 4, "stop"), ([6] * 3, "stop"), ([8], "stop"), ([7], "stop")])
    assert [r.max_new_tokens for r in requests] == [20, 20 - 4 - 2, 20 - 4 - 2 - 3 - 2, 9]
    assert [r.min_tokens for r in requests] == [0, 1, 1, 0]
    assert requests[1].prompt_ids == (*PROMPT, 5, 5, 5, 5, WAIT, WAIT + 1)
    assert all(r.stop_ids == {START, END_OF_TURN} for r in requests)


def test_end_of_turn_inside_thinking_is_suppressed_too():
    forcer = BudgetForcer(PROMPT, BudgetPolicy(50, 1), ENCODED, CONTEXT)
    forcer.begin()
    events = forcer.feed(Segment((5,), FinishReason.STOP, END_OF_TURN))
    assert EndSuppressed(1, 1, END_OF_TURN) in events


def test_streamed_pieces_equal_whole_segments():
    whole, _ = play(BudgetPolicy(30, 1), [([5, 6, 7], "stop"), ([8, 9], "stop"), ([7, 7], "stop")])
    forcer = BudgetForcer(PROMPT, BudgetPolicy(30, 1), ENCODED, CONTEXT)
    pieces = forcer.begin()
    for ids in ([5, 6, 7], [8, 9], [7, 7]):
        for token_id in ids:
            pieces += forcer.feed(Segment((token_id,)))
        pieces += forcer.feed(Segment((), FinishReason.STOP, START))
    for phase in Phase:
        assert ids_by(pieces, phase) == ids_by(whole, phase)
    assert [e for e in pieces if not isinstance(e, Tokens)] == [e for e in whole if not isinstance(e, Tokens)]


def test_auto_budget_is_what_the_context_leaves_and_says_so():
    policy = BudgetPolicy(AUTO, max_answer_tokens=40)
    room = CONTEXT - len(PROMPT) - 5 - 40
    events, requests = play(policy, [([5] * room, "cap"), ([7], "stop")])
    assert events[0] == RunStarted(PROMPT, room)
    assert requests[0].max_new_tokens == room
    assert next(e for e in events if isinstance(e, ThinkingEnded)).reason == "context"


def test_the_whole_run_never_leaves_the_context():
    policy = BudgetPolicy(AUTO, 3)
    forcer = BudgetForcer(PROMPT, policy, ENCODED, CONTEXT)
    forcer.begin()
    while (request := forcer.next_request()) is not None:
        assert len(request.prompt_ids) + request.max_new_tokens <= CONTEXT
        last = request
        forcer.feed(Segment((5,) * request.max_new_tokens, FinishReason.LENGTH))
    assert len(last.prompt_ids) + last.max_new_tokens <= CONTEXT


@pytest.mark.parametrize(
    "values, remedy",
    [
        ({"max_thinking_tokens": -1}, "from 0 up"),
        ({"max_thinking_tokens": 1.5}, "whole number"),
        ({"max_thinking_tokens": True}, "whole number"),
        ({"max_thinking_tokens": "lots"}, "'auto'"),
        ({"max_answer_tokens": 0}, "from 1 up"),
        ({"num_ignore": -1}, "from 0 up"),
        ({"num_ignore": 2, "max_thinking_tokens": 0}, "Raise the budget"),
        ({"extension": None}, "Give a text"),
    ],
)
def test_impossible_policies_are_refused_when_built(values, remedy):
    with pytest.raises(InputError, match=remedy):
        BudgetPolicy(**values)


@pytest.mark.parametrize(
    "policy, context, remedy",
    [
        (BudgetPolicy(100, max_answer_tokens=100), 200, "Ask for at most 92"),
        (BudgetPolicy(0, max_answer_tokens=400), 200, "lower the answer limit"),
        (BudgetPolicy(AUTO, max_answer_tokens=192), 200, "Shorten"),
    ],
)
def test_a_budget_beyond_the_context_is_refused_with_the_most_that_fits(policy, context, remedy):
    with pytest.raises(InputError, match=remedy):
        BudgetForcer(PROMPT, policy, ENCODED, context)


def test_the_most_that_fits_fits():
    BudgetForcer(PROMPT, BudgetPolicy(92, max_answer_tokens=100), ENCODED, 200)
