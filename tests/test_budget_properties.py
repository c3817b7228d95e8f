"""Budget forcing against a model that may do anything: random policies, formats, contexts and streams of segments.

The model side obeys what engines promise (no stop inside a segment, none before `min_tokens`, at most `max_new_tokens`) and
nothing else: it stops at once, never, on any stop; it hands out its tokens one by one or all together, with empty segments between.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import event, given, settings
from hypothesis import strategies as st

from s1demo.budget import AUTO, BudgetForcer, BudgetPolicy, answer_reserve
from s1demo.delimiters import EncodedFormat
from s1demo.errors import InputError
from s1demo.events import (
    EndOfThinking,
    EndSuppressed,
    Event,
    Finished,
    FinishReason,
    Origin,
    Phase,
    Request,
    RunStarted,
    Segment,
    ThinkingEnded,
    Tokens,
)

WORDS = st.integers(0, 40)  # the model's ordinary ids; those from 30 up end a line
LINE_ENDS = frozenset(range(30, 41))
STOP, END_OF_TURN, ANSWER, FINAL = 90, 91, 92, 93

ENCODED = {  # both thinking formats in made-up ids: S1's delimiter is a stop and a word, that of think tags the stop itself
    "s1": ((STOP, ANSWER), (STOP, ANSWER, 30, FINAL, FINAL)),
    "think-tags": ((STOP,), (STOP, 30, FINAL, FINAL)),
}


@dataclass(frozen=True)
class Case:
    """One forcer's arguments."""

    prompt_ids: tuple[int, ...]
    policy: BudgetPolicy
    encoded: EncodedFormat
    context_length: int

    def forcer(self) -> BudgetForcer:
        return BudgetForcer(self.prompt_ids, self.policy, self.encoded, self.context_length)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    end_ids, cut_ids = ENCODED[draw(st.sampled_from(sorted(ENCODED)))]
    extension_ids = tuple(draw(st.lists(WORDS, max_size=draw(st.sampled_from((0, 1, 2, 12))))))
    newline_ids = draw(st.sampled_from(((30,), (7, 30))))
    encoded = EncodedFormat(frozenset({STOP, END_OF_TURN}), end_ids, newline_ids, cut_ids, extension_ids, LINE_ENDS)
    budget = draw(st.one_of(st.just(AUTO), st.integers(0, 60)))
    policy = BudgetPolicy(
        max_thinking_tokens=budget,
        num_ignore=0 if budget == 0 else draw(st.sampled_from((0, 1, 2, 50))),
        max_answer_tokens=draw(st.one_of(st.just(AUTO), st.integers(1, 12))),
    )
    prompt_ids = tuple(draw(st.lists(WORDS, min_size=1, max_size=8)))
    return Case(prompt_ids, policy, encoded, draw(st.integers(16, 100)))


@st.composite
def segments(draw: st.DrawFn, request: Request) -> list[Segment]:
    """One way to serve a request, piece by piece."""
    limit = request.max_new_tokens
    n_tokens = draw(st.one_of(st.just(limit), st.integers(min(request.min_tokens, limit), min(limit, 6)), st.integers(1, limit)))
    ids = [byte % 41 for byte in draw(st.binary(min_size=n_tokens, max_size=n_tokens))]
    pieces, begin = [], 0
    for end in sorted(draw(st.lists(st.integers(0, n_tokens), max_size=4))):
        pieces.append(Segment(tuple(ids[begin:end])))
        begin = end
    if n_tokens == limit:
        last = Segment(tuple(ids[begin:]), FinishReason.LENGTH)
    else:
        last = Segment(tuple(ids[begin:]), FinishReason.STOP, draw(st.sampled_from((STOP, END_OF_TURN, None))))
    return [*pieces, last]


def play(case: Case, data: st.DataObject) -> tuple[list[Event], list[Request], list[list[Segment]]]:
    """A whole run: its events, the requests it made and how they were served."""
    forcer = case.forcer()
    events, requests, served = forcer.begin(), [], []
    while (request := forcer.next_request()) is not None:
        assert len(requests) <= case.policy.num_ignore + 2, "it does not come to an end"
        assert request.max_new_tokens >= 1, "a request for nothing"
        assert len(request.prompt_ids) + request.max_new_tokens <= case.context_length, "beyond the context"
        assert request.stop_ids == case.encoded.stop_ids
        pieces = data.draw(segments(request))
        for piece in pieces:
            events += forcer.feed(piece)
        requests.append(request)
        served.append(pieces)
    return events, requests, served


def ids_in(events: list[Event], phase: Phase | None = None, origin: Origin | None = None) -> list[int]:
    return [
        token_id
        for event in events
        if isinstance(event, Tokens) and phase in (None, event.phase) and origin in (None, event.origin)
        for token_id in event.token_ids
    ]


def of_kind(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases(), st.data())
def test_whatever_the_model_does(case, data):
    try:
        case.forcer()
    except InputError as error:
        event("refused")
        assert "context" in str(error)
        return
    events, requests, served = play(case, data)
    encoded, policy = case.encoded, case.policy
    thinking = ids_in(events, Phase.THINKING)
    answer = ids_in(events, Phase.ANSWER)

    # The budget is one total, Waits included, and says so.
    [started], [ended], [finished] = (of_kind(events, kind) for kind in (RunStarted, ThinkingEnded, Finished))
    budget = started.thinking_budget
    assert policy.max_thinking_tokens in (AUTO, budget)
    assert len(thinking) <= budget
    assert ended.thinking_tokens == finished.thinking_tokens == len(thinking)
    assert finished.answer_tokens == len(answer) <= answer_reserve(policy, case.context_length)
    event(f"ended: {ended.reason}")

    # One delimiter, the right one; nothing is thought after it, and no stop hides anywhere else.
    was_cut = ended.reason is not EndOfThinking.NATURAL
    gap = () if thinking and thinking[-1] in LINE_ENDS else encoded.newline_ids
    assert ids_in(events, Phase.DELIMITER) == [*((*gap, *encoded.cut_ids) if was_cut else encoded.end_ids)]
    order = [kind for event in events if isinstance(event, Tokens) for kind in [event.phase] * len(event.token_ids)]
    assert order == sorted(order, key=[Phase.THINKING, Phase.DELIMITER, Phase.ANSWER].index)
    assert not encoded.stop_ids.intersection(thinking + answer)
    if was_cut:
        assert len(thinking) == budget
        assert (ended.reason is EndOfThinking.CONTEXT) == (policy.max_thinking_tokens == AUTO)

    # Every token is accounted for: those sampled, those forced, and each request goes on from exactly these.
    sampled = [token_id for pieces in served for piece in pieces for token_id in piece.token_ids]
    assert ids_in(events, origin=Origin.SAMPLED) == sampled
    suppressed = of_kind(events, EndSuppressed)
    assert ids_in(events, Phase.THINKING, Origin.FORCED) == [*encoded.extension_ids] * len(suppressed)
    everything = [*case.prompt_ids, *ids_in(events)]
    for request, pieces in zip(requests, served, strict=True):
        n_sampled = sum(len(piece.token_ids) for piece in pieces)
        begin = len(request.prompt_ids)
        assert [*request.prompt_ids] == everything[:begin]
        assert everything[begin : begin + n_sampled] == [token_id for piece in pieces for token_id in piece.token_ids]
    assert len(requests[-1].prompt_ids) + len(answer) == len(everything)

    # Waits: as many as asked for and fit, each at a stop, and the next token is no stop.
    *thinking_requests, answering = requests
    stops = [pieces[-1].stop_id for pieces in served[:-1] if pieces[-1].finish_reason is FinishReason.STOP]
    assert [wait.wait_number for wait in suppressed] == [*range(1, len(suppressed) + 1)]
    assert len(suppressed) <= policy.num_ignore
    assert [wait.stop_id for wait in suppressed] == stops[: len(suppressed)]
    assert [request.min_tokens for request in thinking_requests] == [0, *[1] * len(suppressed)][: len(thinking_requests)]
    assert answering.min_tokens == 0
    assert all(
        request.max_new_tokens == budget - (len(request.prompt_ids) - len(case.prompt_ids)) for request in thinking_requests
    )
    if not was_cut and len(suppressed) < policy.num_ignore:
        assert budget - len(thinking) <= len(encoded.extension_ids), "a Wait that fitted was not used"
    event(f"waits: {min(len(suppressed), 3)}")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cases(), st.data())
def test_how_a_stream_is_cut_into_segments_changes_nothing(case, data):
    try:
        whole = case.forcer()
    except InputError:
        return
    events, _, served = play(case, data)
    at_once = whole.begin()
    for pieces in served:
        at_once += whole.feed(Segment.joined(pieces))
    assert whole.next_request() is None
    assert [event for event in at_once if not isinstance(event, Tokens)] == [
        event for event in events if not isinstance(event, Tokens)
    ]
    assert all(ids_in(at_once, phase, origin) == ids_in(events, phase, origin) for phase in Phase for origin in Origin)
