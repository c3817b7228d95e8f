"""What budget forcing needs of an engine: token ids in, token ids out, a stream that can be closed.

An engine knows nothing of thinking, budgets or users: it decodes requests.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from s1demo.delimiters import Tokenizer
from s1demo.errors import EngineError, InputError
from s1demo.events import EngineInfo, Request, Segment


class TextStream(Protocol):
    """Turns the ids of one sequence into text, piece by piece."""

    def text(self, token_ids: tuple[int, ...]) -> str:
        """The text these ids complete; a character split over ids comes with its last one."""

    def flush(self) -> str:
        """The text of ids whose character never came, as replacement characters."""


class EngineTokenizer(Tokenizer, Protocol):
    """The tokenizer of an engine's model, which also turns ids into text."""

    def text_stream(self) -> TextStream:
        """A decoder for one sequence."""


class Engine(Protocol):
    """A model that decodes requests, several at once."""

    @property
    def info(self) -> EngineInfo:
        """Its description of itself."""

    @property
    def tokenizer(self) -> EngineTokenizer:
        """Its model's tokenizer."""

    @property
    def active_requests(self) -> int:
        """Requests being decoded or waiting; for metrics and tests, decoding does not depend on it."""

    def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Decode one request.

        Yields:
            Segments as tokens are sampled; the last one has a finish reason. Closing the iterator ends the work at once.

        Raises:
            InputError: the request cannot be served as given.
            EngineError: decoding failed.
        """

    async def close(self) -> None:
        """Free the model; streams under way end with an error."""


def closed_error() -> EngineError:
    """What a request to a closed engine gets."""
    return EngineError("The engine is closed. Start it again.")


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
