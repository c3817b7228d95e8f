"""The shared vocabulary, as plain frozen data.

First the words: why a segment ended, why thinking ended, which part of a run a token belongs to, who wrote it. Then what goes to
an engine and comes back: a `Request`, answered by `Segment`s. Then what happens in a run: `Event`s. Every pane, plot, recorded
trace and result is made from these events. Nothing here knows an engine, a tokenizer or a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from s1demo.errors import InputError


class FinishReason(StrEnum):
    """Why an engine ended a segment."""

    STOP = "stop"  # a stop id was sampled; it is not part of the segment's ids
    LENGTH = "length"  # max_new_tokens were sampled


class EndOfThinking(StrEnum):
    """Why thinking ended."""

    NATURAL = "natural"  # the model stopped by itself
    BUDGET = "budget"  # the thinking budget was spent
    CONTEXT = "context"  # an `auto` budget was spent: the context is full


class Phase(StrEnum):
    """Which part of a run a token belongs to."""

    THINKING = "thinking"
    DELIMITER = "delimiter"  # the end-of-thinking delimiter, with newline and "Final Answer:" where the budget cut the thinking
    ANSWER = "answer"


class Origin(StrEnum):
    """Who wrote a token."""

    SAMPLED = "sampled"  # the model
    FORCED = "forced"  # budget forcing


@dataclass(frozen=True)
class SamplingParams:
    """How an engine picks tokens.

    Attributes:
        temperature: 0 is greedy.
        top_p: only the most probable tokens that together reach this probability are sampled (nucleus sampling), in (0, 1];
            ignored when greedy.
        seed: the sample at position p of a sequence depends on (seed, p) only, so equal prefixes sample equal tokens.

    Raises:
        InputError: a value out of range; the message says the range.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 10:
            raise InputError(f"The temperature is {self.temperature}. Give a number from 0 (greedy) to 10.")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top-p is {self.top_p}. Give a number above 0 and at most 1.")
        if not 0 <= self.seed < 2**63:
            raise InputError(f"The seed is {self.seed}. Give a whole number from 0 to {2**63 - 1}.")

    def numbered(self, *numbers: int) -> SamplingParams:
        """The same parameters with another seed, made of this one and the numbers; near numbers give unrelated seeds."""
        source = hashlib.sha256("/".join(map(str, (self.seed, *numbers))).encode()).digest()
        return replace(self, seed=int.from_bytes(source[:7]))


@dataclass(frozen=True)
class Request:
    """One segment to decode.

    Attributes:
        prompt_ids: everything before the segment.
        stop_ids: ids that end the segment without becoming part of it.
        min_tokens: stop ids are masked until this many tokens are sampled.
        logprobs: also report how probable each sampled token was.
    """

    prompt_ids: tuple[int, ...]
    max_new_tokens: int
    stop_ids: frozenset[int] = frozenset()
    min_tokens: int = 0
    sampling: SamplingParams = SamplingParams()
    logprobs: bool = False

    def after(self, token_ids: Sequence[int], max_new_tokens: int) -> Request:
        """The request that goes on behind the first ids decoded of this one."""
        prompt_ids, min_tokens = (*self.prompt_ids, *token_ids), max(0, self.min_tokens - len(token_ids))
        return replace(self, prompt_ids=prompt_ids, max_new_tokens=max_new_tokens, min_tokens=min_tokens)


@dataclass(frozen=True)
class Segment:
    """Newly sampled tokens of a request; the last one of a request carries its finish reason.

    Attributes:
        token_ids: ids sampled since the previous `Segment` of the same request, stop excluded; may be empty.
        finish_reason: None while more is to come.
        stop_id: the stop that was sampled, with `FinishReason.STOP`; None where the engine does not know which.
        logprobs: the natural logarithm of the model's own probability (temperature 1, nothing masked) of each of the ids, then
            of the stop where one was sampled; None where not asked for, shorter or None where the engine does not know them.
    """

    token_ids: tuple[int, ...]
    finish_reason: FinishReason | None = None
    stop_id: int | None = None
    logprobs: tuple[float, ...] | None = None

    @staticmethod
    def joined(parts: Sequence[Segment]) -> Segment:
        """All segments of a request so far, at least one, as one."""
        last = parts[-1]
        known = [part.logprobs for part in parts if part.token_ids or part.finish_reason is FinishReason.STOP]
        logprobs = None if not known or None in known else tuple(value for values in known if values for value in values)
        ids = tuple(token_id for part in parts for token_id in part.token_ids)
        return Segment(ids, last.finish_reason, last.stop_id, logprobs)


@dataclass(frozen=True)
class EngineInfo:
    """An engine's description of itself: the model and where it runs.

    Attributes:
        model: the model's folder name or Hub id.
        engine: transformers, vllm, openai or replay.
        device: such as `CPU` or the GPU's name.
        parameters: number of weights, where known.
        context_length: most tokens of prompt, thinking, delimiters and answer together.
        format: name of the model's thinking format.
        samples_by_position: at a temperature, the sample at a position depends on (seed, position) only, so that a request may
            go on from any point of another. Otherwise only equal requests sample equal tokens.
    """

    model: str
    engine: str
    device: str
    parameters: int | None
    context_length: int
    format: str
    samples_by_position: bool = False


@dataclass(frozen=True)
class RunStarted:
    """A run begins.

    Attributes:
        prompt_ids: the prompt, opened thinking included.
        thinking_budget: most thinking tokens this run can spend (an `auto` budget, resolved).
    """

    prompt_ids: tuple[int, ...]
    thinking_budget: int


@dataclass(frozen=True)
class Tokens:
    """Tokens were added.

    Attributes:
        text: their text, filled in by `decoding.runs.run` (a character split over tokens appears with its last token).
    """

    token_ids: tuple[int, ...]
    phase: Phase
    origin: Origin
    text: str = ""


@dataclass(frozen=True)
class EndSuppressed:
    """The model tried to end its thinking and was made to go on; the extension, if it has text, follows as forced `Tokens`.

    Attributes:
        wait_number: 1 for the first suppressed end.
        thinking_tokens: thinking tokens so far, the extension not included.
        stop_id: the suppressed stop.
    """

    wait_number: int
    thinking_tokens: int
    stop_id: int | None


@dataclass(frozen=True)
class ThinkingEnded:
    """Thinking is over; the delimiter follows as forced `Tokens`.

    Attributes:
        thinking_tokens: all thinking tokens, sampled and forced.
    """

    reason: EndOfThinking
    thinking_tokens: int


@dataclass(frozen=True)
class Finished:
    """The answer is complete.

    Attributes:
        finish_reason: `stop`, or `length` when the answer met its limit.
        thinking_tokens: all thinking tokens, sampled and forced.
        answer_tokens: sampled answer tokens.
    """

    finish_reason: FinishReason
    thinking_tokens: int
    answer_tokens: int


Event = RunStarted | Tokens | EndSuppressed | ThinkingEnded | Finished
