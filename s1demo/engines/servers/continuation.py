"""How far a request has come, over however many servers and streams: what is still to be asked for, and how long to keep trying.

Knows ids and a clock. Knows no network.
"""

from __future__ import annotations

import asyncio
import random
import time

from s1demo.engines.servers.completions import ServerFault
from s1demo.errors import EngineError
from s1demo.events import FinishReason, Request, Segment

_MOST_FAILURES = 5  # of a server that answers and fails, without one new token in between
_MOST_REJECTED = 20  # ids of one request; trained models hardly ever sample the unused end of their embedding
_LONGEST_PAUSE = 5.0  # seconds between two tries


class Continuation:
    """Folds the pieces of one or several streams into the segments of one request: nothing is lost and nothing comes twice.

    Stops, min_tokens and the limit are enforced here whatever the server does. At a temperature, an id that the tokenizer does
    not know ends a stream: what came before it is kept and the rest is asked for with other random numbers, which samples as if
    the id were masked.

    Args:
        context_length: of the model, in tokens.
        vocabulary: how many ids the tokenizer knows.
    """

    def __init__(self, request: Request, context_length: int, vocabulary: int) -> None:
        self._request = request
        self._limit = min(request.max_new_tokens, context_length - len(request.prompt_ids))
        self._vocabulary = vocabulary
        self._received: list[int] = []
        self._before_stream = 0
        self.n_rejected = 0  # unknown ids so far
        self.stream_is_over = False

    def next_stream(self) -> Request:
        """The request for everything that is still missing."""
        self._before_stream = len(self._received)
        self.stream_is_over = False
        return self._request.after(self._received, self._limit - len(self._received))

    def take(self, piece: Segment) -> Segment:
        """What a piece adds. When `stream_is_over` afterwards, the segment has no finish reason and the next stream is due.

        Raises:
            EngineError: the server sampled a stop before min_tokens, or has another vocabulary.
        """
        stops = self._request.stop_ids | ({piece.stop_id} if piece.stop_id is not None else set())
        for position, token_id in enumerate(piece.token_ids):
            if token_id in stops:
                if len(self._received) < self._request.min_tokens:
                    raise EngineError("The server ends a text before min_tokens. Use one that knows min_tokens, such as vLLM.")
                return self._segment(piece, position, FinishReason.STOP, token_id)
            if token_id >= self._vocabulary and self._request.sampling.temperature > 0:
                self.n_rejected += 1
                if self.n_rejected > _MOST_REJECTED:
                    raise EngineError(
                        "The server samples ids that the tokenizer does not know. Set S1_TOKENIZER to the model's own."
                    )
                self.stream_is_over = True
                return self._segment(piece, position)
            self._received.append(token_id)
            if len(self._received) == self._limit:
                return self._segment(piece, position + 1, FinishReason.LENGTH)
        if piece.finish_reason is FinishReason.LENGTH and len(self._received) > self._before_stream:
            self.stream_is_over = True  # it was asked for less than the whole, or limits texts itself
            return self._segment(piece, len(piece.token_ids))
        return self._segment(piece, len(piece.token_ids), piece.finish_reason, piece.stop_id)

    def _segment(self, piece: Segment, n_kept: int, reason: FinishReason | None = None, stop_id: int | None = None) -> Segment:
        """The first ids of a piece, with their log-probabilities and, behind them, that of a stop among the ids."""
        logprobs = None
        if self._request.logprobs and piece.logprobs is not None:
            logprobs = piece.logprobs[: n_kept + (reason is FinishReason.STOP)]
        return Segment(piece.token_ids[:n_kept], reason, stop_id, logprobs)


class Patience:
    """Waits between tries, longer each time and never in step with others, until it runs out.

    Args:
        seconds: how long a text may go without a new token before it fails.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.renew()

    def renew(self) -> None:
        """There was a new token."""
        self._since = time.monotonic()
        self._failures: list[ServerFault] = []

    def pause(self) -> float:
        """Seconds to wait after the failures so far."""
        return min(_LONGEST_PAUSE, 0.05 * 2.0 ** len(self._failures)) * random.uniform(0.5, 1)

    async def wait_after(self, fault: ServerFault) -> None:
        """Wait for the next try.

        Raises:
            EngineError: there have been enough.
        """
        self._failures.append(fault)
        pause = self.pause()
        spent = time.monotonic() - self._since + pause > self._seconds
        if spent or sum(failure.answered and not failure.full for failure in self._failures) >= _MOST_FAILURES:
            if fault.full:
                raise EngineError("The servers are full. Try again in a moment.") from fault
            tries = f"after {len(self._failures)} tries ({fault})"
            raise EngineError(f"No server could go on with this text, {tries}. Try again once one is up.") from fault
        await asyncio.sleep(pause)
