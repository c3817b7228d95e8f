"""What budget forcing needs of an engine: token ids in, token ids out, a stream that can be closed.

An engine knows nothing of thinking, budgets or users; it decodes one `Request` at a time for whoever asks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from s1demo.errors import InputError
from s1demo.events import FinishReason, Request, SamplingParams, Segment


@dataclass(frozen=True)
class EngineInfo:
    """What a person is told about the model and where it runs.

    Attributes:
        model: the model's folder name or Hub id.
        engine: transformers, vllm, openai or replay.
        device: such as `CPU` or the GPU's name.
        parameters: number of weights, where known.
        context_length: most tokens of prompt, thinking, delimiters and answer together.
        format: name of the model's thinking format.
        samples_by_position: at a temperature, the sample at a position depends on (seed, position) only, so that a request may
            go on from any point of another. Where it does not, equal requests sample equal tokens, and continuations their own.
    """

    model: str
    engine: str
    device: str
    parameters: int | None
    context_length: int
    format: str
    samples_by_position: bool = False


@dataclass(frozen=True)
class RecordedSegment:
    """A request as an engine once served it, for replay.

    Attributes:
        prefix_ids: the request's prompt.
        token_ids: the sampled ids, stop excluded; may be empty.
        requested: seconds from the start of the run to the request.
        seconds: when each of the ids arrived, from the start of the run.
        finish_reason: how it ended; None in a run that was stopped within it.
        sampling: how tokens were picked.
    """

    prefix_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    requested: float
    seconds: tuple[float, ...]
    finish_reason: FinishReason | None
    sampling: SamplingParams


class TextStream(Protocol):
    """Turns the ids of one sequence into text, piece by piece."""

    def text(self, token_ids: tuple[int, ...]) -> str:
        """The text these ids complete; a character split over ids comes with its last one."""

    def flush(self) -> str:
        """The text of ids whose character never came, as replacement characters."""


class EngineTokenizer(Protocol):
    """The tokenizer of an engine's model."""

    end_of_turn_id: int

    def encode(self, text: str, *, special: bool = False) -> list[int]: ...

    def chat_affixes(self) -> tuple[str, str]: ...

    def line_end_ids(self) -> frozenset[int]: ...

    def text_stream(self) -> TextStream: ...


class Engine(Protocol):
    """A model that decodes requests, several at once."""

    @property
    def info(self) -> EngineInfo:
        """What a person is told about it."""

    @property
    def tokenizer(self) -> EngineTokenizer:
        """Its model's tokenizer."""

    @property
    def active_requests(self) -> int:
        """Requests being decoded or waiting."""

    def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Decode one request.

        Args:
            request: the segment to decode.

        Yields:
            Segments as tokens are sampled; the last one has a finish reason. Closing the iterator ends the work at once.

        Raises:
            InputError: the request cannot be served as given.
            EngineError: decoding failed.
        """

    async def close(self) -> None:
        """Free the model; streams under way end with an error."""


def check_request(request: Request, context_length: int) -> None:
    """Refuse a request no engine could serve.

    Raises:
        InputError: an empty or overlong prompt, or no tokens asked for.
    """
    if not request.prompt_ids:
        raise InputError("The prompt is empty.")
    if len(request.prompt_ids) >= context_length:
        raise InputError(
            f"The prompt takes {len(request.prompt_ids)} tokens, but the context is {context_length}. Shorten the question."
        )
    if request.max_new_tokens < 1:
        raise InputError(f"max_new_tokens is {request.max_new_tokens}. Ask for at least 1 token.")
