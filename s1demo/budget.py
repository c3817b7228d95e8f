"""Budget forcing (paper section 3.1) as a pure state machine over token ids.

| phase     | segment ended by | and                             | then                                                         |
|-----------|------------------|---------------------------------|--------------------------------------------------------------|
| thinking  | stop             | waits left, room for the        | suppress it, append the extension; the next token is no stop |
|           |                  | extension and one token         |                                                              |
| thinking  | stop             | otherwise                       | natural end: append the end-of-thinking delimiter            |
| thinking  | budget           | -                               | cut: newline if missing, delimiter, newline, "Final Answer:" |
| answering | stop or length   | -                               | finished                                                     |

It works on token ids and counts alone, without an engine, a tokenizer or a clock. `decoding.runs` takes `next_request()` to an
engine and brings its segments back to `feed()`. The budget is ONE total over all thinking segments, so each request gets what is
left of it (the reference harness gives every round the full budget again and cuts afterwards). Sampled and forced thinking tokens
count. The suppressed stop and the delimiters do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from s1demo.delimiters import EXTENSION, EncodedFormat
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
    SamplingParams,
    Segment,
    ThinkingEnded,
    Tokens,
)

AUTO: Literal["auto"] = "auto"
Limit = int | Literal["auto"]


@dataclass(frozen=True)
class BudgetPolicy:
    """What to do to the thinking of one run.

    Attributes:
        max_thinking_tokens: the thinking budget in tokens, or `auto`: all that the context leaves.
        num_ignore: how many ends of thinking to suppress (the harness's thinking_n_ignore).
        extension: text appended in place of each suppressed end. Empty: nothing is appended (the "no string" row of the paper's
            table 4), and the model goes on only because its next token cannot be a stop.
        max_answer_tokens: limit of the answer, kept free in the context, or `auto`: an eighth of the context, 1,024 at most.

    Raises:
        InputError: a combination that cannot work; the message says what to change.
    """

    max_thinking_tokens: Limit = AUTO
    num_ignore: int = 0
    extension: str = EXTENSION
    max_answer_tokens: Limit = AUTO

    def __post_init__(self) -> None:
        _check_limit("thinking budget", self.max_thinking_tokens, smallest=0)
        _check_limit("answer limit", self.max_answer_tokens, smallest=1)
        if not _is_int(self.num_ignore) or self.num_ignore < 0:
            raise InputError(f"The number of Waits is {self.num_ignore!r}. Give a whole number from 0 up.")
        if self.num_ignore and self.max_thinking_tokens == 0:
            raise InputError(
                "A thinking budget of 0 leaves no thinking to extend. Raise the budget or set the number of Waits to 0."
            )
        if not isinstance(self.extension, str):
            raise InputError(f"The extension string is {self.extension!r}. Give a text, such as {EXTENSION!r}; it may be empty.")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_limit(what: str, value: object, smallest: int) -> None:
    if value == AUTO:
        return
    if not _is_int(value) or value < smallest:  # type: ignore[operator]
        raise InputError(f"The {what} is {value!r}. Give a whole number of tokens from {smallest} up, or {AUTO!r}.")


def answer_reserve(policy: BudgetPolicy, context_length: int) -> int:
    """Tokens of the context kept free for the answer."""
    return min(1024, context_length // 8) if policy.max_answer_tokens == AUTO else int(policy.max_answer_tokens)


def thinking_budget(policy: BudgetPolicy, prompt_tokens: int, encoded: EncodedFormat, context_length: int) -> int:
    """The most thinking tokens one run may spend.

    Returns:
        The policy's budget, or with `auto` what prompt, delimiters and answer reserve leave of the context.

    Raises:
        InputError: prompt, budget and answer reserve do not fit into the context together.
    """
    reserve = answer_reserve(policy, context_length)
    room = context_length - prompt_tokens - encoded.longest_delimiter_tokens - reserve
    if room < 0:
        raise InputError(
            f"The question takes {prompt_tokens} tokens; with {reserve} kept for the answer that is more than this model's "
            f"context of {context_length}. Shorten the question or lower the answer limit."
        )
    if policy.max_thinking_tokens == AUTO:
        if room == 0:
            raise InputError(
                f"The question and the answer limit fill this model's context of {context_length} tokens. Shorten one of them."
            )
        return room
    if policy.max_thinking_tokens > room:
        raise InputError(
            f"A thinking budget of {policy.max_thinking_tokens} does not fit: this model's context is {context_length} tokens, "
            f"the prompt takes {prompt_tokens} and {reserve} are kept for the answer. Ask for at most {room}, or {AUTO!r}."
        )
    return int(policy.max_thinking_tokens)


class BudgetForcer:
    """One run's budget forcing: call `begin()` once, then alternate `next_request()` and `feed()` until there is no request.

    Args:
        prompt_ids: the prompt, opened thinking included.
        encoded: delimiters and extension in this model's ids.

    Raises:
        InputError: prompt, budget and answer reserve do not fit into the context together.
    """

    def __init__(
        self,
        prompt_ids: tuple[int, ...],
        policy: BudgetPolicy,
        encoded: EncodedFormat,
        context_length: int,
        sampling: SamplingParams = SamplingParams(),
    ) -> None:
        self._policy = policy
        self._encoded = encoded
        self._sampling = sampling
        self._prompt_ids = prompt_ids
        self._ids = list(prompt_ids)
        self._budget = thinking_budget(policy, len(prompt_ids), encoded, context_length)
        self._answer_limit = answer_reserve(policy, context_length)
        self._phase: Phase | None = Phase.THINKING  # None: finished
        self._thinking_tokens = 0
        self._answer_tokens = 0
        self._waits_used = 0

    def begin(self) -> list[Event]:
        """The events before any decoding; with an empty budget thinking ends here."""
        events: list[Event] = [RunStarted(self._prompt_ids, self._budget)]
        return events + self._end_thinking(cut=True) if self._budget == 0 else events

    def next_request(self) -> Request | None:
        """The next segment to decode, or None when the run is finished."""
        if self._phase is None:
            return None
        thinking = self._phase is Phase.THINKING
        return Request(
            prompt_ids=tuple(self._ids),
            max_new_tokens=self._budget - self._thinking_tokens if thinking else self._answer_limit,
            stop_ids=self._encoded.stop_ids,
            min_tokens=1 if thinking and self._waits_used else 0,  # no stop where one was suppressed (harness: min_tokens=1)
            sampling=self._sampling,
        )

    def feed(self, segment: Segment) -> list[Event]:
        """Take what the engine decoded of the current request since the last call; a finish reason ends the request.

        Returns:
            What happened, in order, without text.
        """
        if self._phase is None:
            raise RuntimeError("this run is finished")
        events: list[Event] = []
        if segment.token_ids:
            events.append(self._append(segment.token_ids, self._phase, Origin.SAMPLED))
        if segment.finish_reason is None:
            return events
        if self._phase is Phase.ANSWER:
            self._phase = None
            return [*events, Finished(segment.finish_reason, self._thinking_tokens, self._answer_tokens)]
        if segment.finish_reason is FinishReason.LENGTH:
            return events + self._end_thinking(cut=True)
        if self._may_extend():
            return events + self._extend(segment.stop_id)
        return events + self._end_thinking(cut=False)

    def _may_extend(self) -> bool:
        room = self._budget - self._thinking_tokens
        return self._waits_used < self._policy.num_ignore and room > len(self._encoded.extension_ids)

    def _extend(self, stop_id: int | None) -> list[Event]:
        self._waits_used += 1
        suppressed = EndSuppressed(self._waits_used, self._thinking_tokens, stop_id)
        if not self._encoded.extension_ids:
            return [suppressed]
        return [suppressed, self._append(self._encoded.extension_ids, Phase.THINKING, Origin.FORCED)]

    def _end_thinking(self, cut: bool) -> list[Event]:
        if not cut:
            reason, ids = EndOfThinking.NATURAL, self._encoded.end_ids
        else:
            reason = EndOfThinking.CONTEXT if self._policy.max_thinking_tokens == AUTO else EndOfThinking.BUDGET
            ids = self._encoded.forced_end(self._ids[-1] if self._thinking_tokens else None)
        ended = ThinkingEnded(reason, self._thinking_tokens)
        forced = self._append(ids, Phase.DELIMITER, Origin.FORCED)
        self._phase = Phase.ANSWER
        return [ended, forced]

    def _append(self, token_ids: tuple[int, ...], phase: Phase, origin: Origin) -> Tokens:
        self._ids.extend(token_ids)
        if phase is Phase.THINKING:
            self._thinking_tokens += len(token_ids)
        elif phase is Phase.ANSWER:
            self._answer_tokens += len(token_ids)
        return Tokens(token_ids, phase, origin)
