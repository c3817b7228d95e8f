"""A recording -> view operations and their times for the Replay tab; pure.

The page gets one JSON object and plays it alone, with no server. Its `frames` are a list of [ms, tokens, ops] in order of time:
when it happened, from the start of the recorded run; how many tokens the longest run had by then, which is what reading speed
counts; and the operations of render.py.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from s1demo.decoding.answers_at_waits import AnswerSoFar
from s1demo.engines.base import EngineTokenizer, TextStream
from s1demo.events import EndSuppressed, Event, Finished, Origin, Phase, RunStarted, ThinkingEnded, Tokens
from s1demo.grading import Outcome
from s1demo.policies import EXTENDED, NATURAL, policy_label
from s1demo.traces import Trace
from s1demo.ui.replay.recordings import Recording
from s1demo.ui.stream.render import ComparisonView, Op, coalesce
from s1demo.ui.stream.verdicts import FormulaVerdict, Truth, open_question

MAX_STEPS = 8_000  # a run with more tokens than that is shown several tokens at a time
ENDS_HERE = "recording ends here"
Moment = tuple[float, Event]
Grade = Callable[[str | None, Truth], Outcome]
Frame = tuple[int, int, list[Op]]


def playback(
    recording: Recording, truth: Truth | None, tokenizer: EngineTokenizer | None, grade: Grade | None = None
) -> dict[str, Any]:
    """Everything the page needs to play a recording.

    Args:
        recording: checked (`recordings.check_playable`).
        truth: the true answer where it is known.
        tokenizer: of the recorded model, None where it is missing; it cuts the text into tokens.
        grade: compares what exact rules cannot; without it such answers have no verdict.

    Returns:
        A JSON object: what was recorded, its length in ms, its frames, and whether every token has its own text.
    """
    traces = recording.runs
    exact = all(tokenizer is not None and texts_fit(trace, tokenizer) for trace in traces.values())
    stream = tokenizer.text_stream if exact and tokenizer is not None else None
    longest = max(traces.values(), key=lambda trace: len(trace.token_ids))
    chunk = -(-len(longest.token_ids) // MAX_STEPS) or 1
    events = {name: timed_events(trace, stream() if stream else EvenText(trace), chunk) for name, trace in traces.items()}
    frames = list(frames_of(recording, events, truth, grade))
    return {
        "question": recording.question,
        "gold": truth.answer if truth else None,
        "gold_is_given": bool(recording.true_answer),
        "model": longest.model,
        "device": longest.device,
        "temperature": longest.sampling.temperature,
        "runs": {name: policy_label(trace.policy) for name, trace in traces.items()},
        "tokens": len(longest.token_ids),
        "rate": round(longest.sampled_tokens / longest.seconds, 1) if longest.seconds else None,
        "ms": frames[-1][0],
        "exact": exact,
        "frames": frames,
    }


def answers_at_waits(recording: Recording) -> dict[tuple[str, int], str]:
    """By (run, number of the Wait), what it would have answered there: as saved, and at the first Wait as the natural run did.

    That one is the same request where the natural run's thinking is the extended one's up to its first Wait, token for token.
    """
    known, natural, extended = dict(recording.answers_so_far), recording.runs.get(NATURAL), recording.runs.get(EXTENDED)
    if natural and extended and extended.wait_positions and natural.finish_reason:
        n = extended.wait_positions[0]
        if natural.thinking_tokens == n and natural.token_ids[:n] == extended.token_ids[:n] and not natural.waits_used:
            known.setdefault((EXTENDED, 1), natural.answer_text)
    return known


def frames_of(
    recording: Recording, events: Mapping[str, Iterable[Moment]], truth: Truth | None, grade: Grade | None
) -> Iterator[Frame]:
    """The operations of several runs, those of one millisecond together.

    Args:
        recording: what was recorded.
        events: those of each run.
        truth, grade: as in `playback`.
    """
    view = ComparisonView(list(events), truth)
    answers, tokens = answers_at_waits(recording), dict.fromkeys(events, 0)
    merged = sorted(((seconds, name, event) for name, run in events.items() for seconds, event in run), key=lambda item: item[0])
    for ms, group in itertools.groupby(merged, key=lambda item: round(1000 * item[0])):
        ops: list[Op] = []
        for seconds, name, event in group:
            happened: list[Event | AnswerSoFar] = [event]
            if isinstance(event, Tokens):
                tokens[name] += len(event.token_ids)
            if isinstance(event, EndSuppressed) and (name, event.wait_number) in answers:
                answer_text = answers[name, event.wait_number]
                happened.append(AnswerSoFar(event.wait_number, event.thinking_tokens, answer_text))
            for item in happened:
                ops += (op for op in view.feed(name, item, seconds) if op[0] != "rate")  # the rate is no running model's
                if truth and grade and (found := open_question(item, view.runs[name].answer_text, truth)):
                    number, answer = found
                    ops += view.feed(name, FormulaVerdict(number, grade(answer, truth)), seconds)
        yield ms, max(tokens.values()), coalesce(ops)
    if any(trace.finish_reason is None for trace in recording.runs.values()):  # stopped when it was recorded
        yield round(1000 * merged[-1][0]), max(tokens.values()), [["stopped", ENDS_HERE]]


def timed_events(trace: Trace, text: TextStream, chunk: int = 1) -> Iterator[Moment]:
    """The events a trace was folded from, with their seconds; which tokens an engine brought together is not recorded.

    Args:
        trace: checked.
        text: turns its ids into text, in order.
        chunk: most sampled tokens of one event; it comes when the last of them came.
    """
    yield 0.0, RunStarted(tuple(trace.prompt_ids), trace.thinking_budget)
    at, thinking = 0, trace.thinking_tokens
    waits = dict(zip(trace.wait_positions, itertools.count(1), strict=False))
    while at < len(trace.token_ids):
        phase, origin = trace.phases[at], trace.origins[at]
        end, most = at + 1, chunk if origin is Origin.SAMPLED else len(trace.token_ids)
        while end < min(len(trace.token_ids), at + most) and (trace.phases[end], trace.origins[end]) == (phase, origin):
            if end in waits:  # where nothing was appended, sampled tokens follow sampled ones
                break
            end += 1
        seconds = trace.token_seconds[end - 1]
        if at in waits and phase is Phase.THINKING:
            yield seconds, EndSuppressed(waits[at], at, None)
        if at == thinking:
            yield from _end_of_thinking(trace, seconds, text)
        ids = tuple(trace.token_ids[at:end])
        yield seconds, Tokens(ids, phase, origin, text.text(ids))
        at = end
    if at == thinking:
        yield from _end_of_thinking(trace, trace.seconds, text)
    if trace.finish_reason is not None:
        if rest := text.flush():
            yield trace.seconds, Tokens((), Phase.ANSWER, Origin.SAMPLED, rest)
        yield trace.seconds, Finished(trace.finish_reason, thinking, trace.answer_tokens)


def _end_of_thinking(trace: Trace, seconds: float, text: TextStream) -> Iterator[Moment]:
    if trace.end_of_thinking is not None:
        if rest := text.flush():
            yield seconds, Tokens((), Phase.THINKING, Origin.SAMPLED, rest)
        yield seconds, ThinkingEnded(trace.end_of_thinking, trace.thinking_tokens)


def texts_fit(trace: Trace, tokenizer: EngineTokenizer) -> bool:
    """Whether a tokenizer gives the trace's ids exactly the trace's text."""
    texts = dict.fromkeys(Phase, "")
    try:
        for _, event in timed_events(trace, tokenizer.text_stream()):
            if isinstance(event, Tokens):
                texts[event.phase] += event.text
    except Exception:  # ids of another model: every tokenizer refuses them in its own way
        return False
    return (texts[Phase.THINKING], texts[Phase.DELIMITER], texts[Phase.ANSWER]) == (
        trace.thinking_text,
        trace.delimiter_text,
        trace.answer_text,
    )


class EvenText:
    """The text of a trace whose tokenizer is missing: spread evenly over its tokens, forced text where it was forced.

    Args:
        trace: checked.
    """

    def __init__(self, trace: Trace) -> None:
        self._pieces: list[str] = []
        text, extension = trace.thinking_text, trace.policy.extension
        places = [match.start() for match in re.finditer(re.escape(extension), text)] if extension else []
        first = start = at = 0  # the first place that is left; token and character from which on nothing is laid out yet
        forced = trace.wait_positions if extension else []
        for later, position in zip(reversed(range(len(forced))), forced, strict=True):
            share = (position - start) / max(1, trace.thinking_tokens - start)
            first = _nearest(places, at + share * (len(text) - at), first, len(places) - later)
            end = _end_of_forced(trace, position)
            self._pieces += [*_spread(text[at : places[first]], position - start), extension, *[""] * (end - position - 1)]
            at, start, first = places[first] + len(extension), end, first + 1
        self._pieces += _spread(text[at:], trace.thinking_tokens - start)
        delimiter_tokens = len(trace.token_ids) - trace.thinking_tokens - trace.answer_tokens
        self._pieces += _spread(trace.delimiter_text, delimiter_tokens) + _spread(trace.answer_text, trace.answer_tokens)
        self._at = 0

    def text(self, token_ids: tuple[int, ...]) -> str:
        """The text of as many tokens."""
        self._at += len(token_ids)
        return "".join(self._pieces[self._at - len(token_ids) : self._at])

    def flush(self) -> str:
        """Nothing is left over."""
        return ""


def _end_of_forced(trace: Trace, position: int) -> int:
    end = position
    while end < trace.thinking_tokens and trace.origins[end] is Origin.FORCED:
        end += 1
    return end


def _nearest(places: list[int], wanted: float, first: int, stop: int) -> int:
    """The index, from `first` to before `stop`, of the place nearest to the wanted one."""
    after = min(max(bisect_left(places, wanted), first), stop - 1)
    return min((max(after - 1, first), after), key=lambda i: abs(places[i] - wanted))


def _spread(text: str, n: int) -> list[str]:
    ends = [round(len(text) * i / n) for i in range(n + 1)] if n else []
    return [text[a:b] for a, b in itertools.pairwise(ends)]
