"""One exchange with a `/v1/completions` server: a request goes out, its stream comes back, refusals get their meaning.

Knows one request and one server. Knows no retries and no other servers; those are in `engine`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from s1demo.engines.servers.dialects import IdReader
from s1demo.errors import EngineError, InputError, one_line
from s1demo.events import Segment

_FULL = (429, 503, 529)
_LONGEST_LINE = 2**22  # bytes; an event is a few hundred, what goes on for longer without a newline is no event stream


class ServerFault(Exception):
    """A server did not serve a request it could have served; another one, or the same one later, may.

    Attributes:
        full: it has no room at the moment.
        answered: it was up and failed by its own account.
        retry_after: seconds it asks to be left alone, 0 where it does not say.
    """

    def __init__(self, reason: str, *, full: bool = False, answered: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.full, self.answered, self.retry_after = full, answered, retry_after


class Refusal(Exception):
    """A server will not serve this request, however often it is asked.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status

    def as_error(self) -> InputError | EngineError:
        """The sentence for people."""
        if self.status in (401, 403):
            return EngineError(f"The server refuses the API key: {self}. Set S1_API_KEY.")
        if self.status in (400, 413, 422):
            return InputError(f"The server refuses the request: {self}")
        return EngineError(f"The server answers with HTTP {self.status}: {self}. Check S1_BASE_URLS and S1_MODEL.")


async def exchange(
    client: httpx.AsyncClient, url: str, body: dict[str, Any], reader: IdReader, **options: Any
) -> AsyncGenerator[Segment, None]:
    """Send one request and follow its stream; closing the iterator closes the connection, which ends the work there.

    Args:
        client: its read time-out is how long the server may take over the next token.
        url: of the completions endpoint.
        body: the request as JSON.
        options: headers and authentication, as httpx takes them.

    Yields:
        What each event brought; the last piece has a finish reason.

    Raises:
        ServerFault: no connection, no token in time, a broken or nonsensical stream, a full or failing server.
        Refusal: the server will not serve this request.
    """
    try:
        async with client.stream("POST", url, json=body, **options) as response:
            if response.status_code != 200:
                raise refusal(response.status_code, reason_of((await response.aread())[:10_000]), response.headers)
            async with contextlib.aclosing(event_data(response.aiter_bytes())) as events:
                async for data in events:
                    piece = _piece(data, reader)
                    if piece.finish_reason is not None:
                        await _drain(events)
                    yield piece
                    if piece.finish_reason is not None:
                        return
    except httpx.TimeoutException as error:
        raise ServerFault("no connection in time" if isinstance(error, httpx.ConnectTimeout) else "no token in time") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise ServerFault(one_line(str(error) or type(error).__name__)) from error
    except ValueError as error:  # no event stream, not UTF-8
        raise ServerFault(f"its answer is no stream of events: {error}", answered=True) from error
    raise ServerFault("its stream ended without a finish reason")


async def event_data(chunks: AsyncIterable[bytes]) -> AsyncGenerator[str, None]:
    """The payload of each complete event; one that the stream's end cuts off is dropped.

    Lines end at newlines only: `httpx.Response.aiter_lines` also splits at U+0085 and U+2028, which JSON may hold.

    Args:
        chunks: the body as it arrives, cut anywhere.

    Yields:
        The `data` of an event; llama.cpp's older `error` field is taken for data too.

    Raises:
        ValueError: this is no event stream, or not UTF-8.
    """
    pending, data = b"", list[str]()
    async for chunk in chunks:
        *lines, pending = (pending + chunk).split(b"\n")
        if len(pending) > _LONGEST_LINE:
            raise ValueError("no line end in sight")
        for line in lines:
            name, _, value = line.rstrip(b"\r").partition(b":")
            if name in (b"data", b"error"):
                data.append(value.removeprefix(b" ").decode())
            elif not name and not value and data:
                yield "\n".join(data)
                data = []


async def _drain(events: AsyncGenerator[str, None]) -> None:
    """Take the rest of a finished stream, so that the connection can serve the next request."""
    with contextlib.suppress(TimeoutError, httpx.HTTPError, httpx.StreamError, ValueError):
        async with asyncio.timeout(0.2):
            async for _ in events:
                pass


def _piece(data: str, reader: IdReader) -> Segment:
    """What one event brought; nothing, where it has no choice (usage, the end mark)."""
    if data.strip() == "[DONE]":
        return Segment(())
    try:
        event = json.loads(data)
        if event.get("error") or event.get("object") == "error":  # HTTP 200 was sent before it went wrong
            details = event.get("error", event)
            code = details.get("code") if isinstance(details, dict) else event.get("code")
            raise refusal(code if isinstance(code, int) and code >= 400 else 500, reason_of(data.encode()), httpx.Headers())
        return reader.read(event["choices"][0]) if event["choices"] else Segment(())
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # not JSON, or not a completion's
        raise ServerFault(f"its stream cannot be used: {one_line(str(error))}", answered=True) from error


def refusal(status: int, reason: str, headers: Mapping[str, str]) -> ServerFault | Refusal:
    """What an HTTP status other than 200 means; the reason is the server's own words."""
    if status in _FULL:
        return ServerFault(reason, full=True, answered=True, retry_after=_retry_after(headers.get("retry-after", "")))
    if status >= 500 or status in (408, 425):
        return ServerFault(f"HTTP {status}: {reason}", answered=True)
    return Refusal(status, reason)


def _retry_after(text: str) -> float:
    """Seconds to wait, from seconds or a date (RFC 9110, section 10.2.3); 0 for anything else."""
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        if text.isascii() and text.isdigit():
            return float(text)
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return 0.0


def reason_of(body: bytes) -> str:
    """The server's own words, in one line."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(text)
        for _ in range(3):
            if isinstance(found, dict):
                found = next((found[key] for key in ("error", "message", "detail") if found.get(key)), text)
        text = found if isinstance(found, str) else text
    return one_line(text) or "no reason given"
