"""A chat model behind an OpenAI-compatible `/chat/completions`: one question in, one reply out, however the server behaves.

The `openai` client sends, reads and times out. Here are rates, retries (also of streams that break off), and the API key, which
is taken out of everything that a server says. Knows no rows and no files; those are `asking`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any

import httpx2
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI, AsyncStream, Omit

from s1demo.engines.servers.completions import Refusal, ServerFault, reason_of, refusal
from s1demo.errors import EngineError, InputError, one_line
from training.remote.endpoint_settings import EndpointSettings
from training.remote.replies import Reply, ReplyFault, read_events

CHARACTERS_PER_TOKEN = 3.0  # of questions with formulas; our assumption, until a reply says how many tokens it was
_CONNECT_SECONDS = 15.0
_LONGEST_PAUSE = 60.0  # seconds between two tries, where the server does not ask for more
_LONGEST_RETRY_AFTER = 900.0  # seconds; a server that asks for more has a quota for the day, and the run ends
_LONGEST_REPLY = 2**24  # bytes; a trace of 32,768 tokens has about 2**17
_SHORTEST_SECRET = 8  # characters; "EMPTY" and the like, which local servers take, are no secrets
_NO_MONEY = ("insufficient_quota", "billing_not_active")  # OpenAI's codes for 429s that waiting does not mend


class Pace:
    """Hands out turns in a steady flow, so that no minute sees more than `per_minute` units; None for no limit."""

    def __init__(self, per_minute: float | None) -> None:
        self._seconds = 60.0 / per_minute if per_minute else 0.0
        self._free_at = 0.0

    def reserve(self, units: float) -> float:
        """When a turn that takes so many units may begin, in seconds of the monotonic clock."""
        start = max(self._free_at, monotonic())
        self._free_at = start + units * self._seconds
        return start

    def correct(self, units: float) -> None:
        """A turn took so many units more, or fewer, than was reserved for it."""
        self._free_at += units * self._seconds


class _Limited(httpx2.AsyncByteStream):
    """A reply's body, given up where it is longer than any reply."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        n_bytes = 0
        async for chunk in self._body:
            n_bytes += len(chunk)
            if n_bytes > _LONGEST_REPLY:
                raise ReplyFault("longer than any reply")
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()


async def _limit(response: httpx2.Response) -> None:
    response.stream = _Limited(response.stream)


class ChatEndpoint:
    """Asks a chat model. Use it as an asynchronous context manager.

    Args:
        settings: which model, and how it is asked.
        mean_tokens_out: what a reply is expected to take, for the limit of tokens a minute.

    Raises:
        InputError: the API key's variable is not set, or holds no key.
    """

    def __init__(self, settings: EndpointSettings, mean_tokens_out: float = 0.0) -> None:
        self._settings, self._mean_tokens_out = settings, mean_tokens_out
        self._key = _api_key(settings.api_key_variable)
        self._requests, self._tokens = Pace(settings.requests_per_minute), Pace(settings.tokens_per_minute)
        self._not_before = 0.0
        self._stopping = asyncio.Event()
        url = httpx2.URL(settings.base_url)
        self._client = AsyncOpenAI(
            api_key=self._key or "EMPTY",  # it must be given one
            base_url=settings.base_url,
            max_retries=0,  # `ask` tries again: every try takes a turn, and a stream may break off in its middle
            http_client=httpx2.AsyncClient(
                headers={"Accept-Encoding": "identity"},  # so that the limit of a reply's length holds
                timeout=httpx2.Timeout(settings.silent_seconds, connect=_CONNECT_SECONDS, pool=None),
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=settings.max_concurrent),
                trust_env=url.host not in ("localhost", "127.0.0.1", "::1"),  # the environment's proxies
                verify=url.scheme == "https",
                event_hooks={"response": [_limit]},
            ),
        )
        self._client.organization = self._client.project = None  # the environment's are OpenAI's; this may be another's server

    async def __aenter__(self) -> ChatEndpoint:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.close()

    def stop(self) -> None:
        """Let the requests under way end, and send none again."""
        self._stopping.set()

    async def ask(self, prompt: str, system: str = "") -> Reply:
        """Ask until there is a reply.

        Args:
            prompt: what the user says.
            system: what the system says, empty for nothing.

        Raises:
            ReplyFault: the reply cannot be read.
            Refusal: the server will not answer this, however often it is asked.
            ServerFault: it could not answer in `tries` tries.
            EngineError: it asks for a longer pause than a run can wait.
        """
        messages = [{"role": "system", "content": system}] if system else []
        expected = (len(prompt) + len(system)) / CHARACTERS_PER_TOKEN + self._mean_tokens_out
        fault = ServerFault("not asked, since the run was stopped")
        for n_failed in range(self._settings.tries):
            await self._turn(expected)
            if self._stopping.is_set():
                break
            try:
                async with asyncio.timeout(self._settings.reply_seconds):
                    reply = await self._exchange([*messages, {"role": "user", "content": prompt}])
            except TimeoutError:
                fault = ServerFault(f"no whole reply within {self._settings.reply_seconds:g} s")
            except ServerFault as failed:
                fault = failed
            else:
                self._tokens.correct(reply.tokens_in + reply.tokens_out - expected if reply.tokens_out else 0)
                return reply
            if n_failed + 1 < self._settings.tries:
                await self._pause(fault, n_failed)
        raise fault

    async def _turn(self, tokens: float) -> None:
        """Wait until the next request may be sent."""
        start = max(self._requests.reserve(1), self._tokens.reserve(tokens))
        while (seconds := max(start, self._not_before) - monotonic()) > 0 and not self._stopping.is_set():
            await self._sleep(seconds)

    async def _pause(self, fault: ServerFault, n_failed: int) -> None:
        """Wait before the next try; while the server is full, nobody asks."""
        if fault.retry_after > _LONGEST_RETRY_AFTER:
            hours = fault.retry_after / 3600
            raise EngineError(f"The endpoint wants to be left alone for {hours:.1f} hours ({fault}).")
        pause = min(_LONGEST_PAUSE, self._settings.first_pause_seconds * 2.0**n_failed) * random.uniform(0.5, 1)
        if fault.full:
            self._not_before = max(self._not_before, monotonic() + max(pause, fault.retry_after))
        else:
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _exchange(self, messages: list[dict[str, str]]) -> Reply:
        """Send one request, once; no error holds the key, and none is chained to one that may."""
        settings = self._settings
        body: dict[str, Any] = {"model": settings.model, "messages": messages, "extra_body": settings.extra}
        if not self._key:
            body["extra_headers"] = {"Authorization": Omit()}
        body |= {name: value for name in ("max_tokens", "temperature") if (value := getattr(settings, name)) is not None}
        if settings.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        try:
            async with self._client.chat.completions.with_streaming_response.create(**body) as response:
                return (await self._read(response.http_response)).through(self._hide)
        except (APITimeoutError, httpx2.TimeoutException) as error:
            connecting = isinstance(error.__cause__, httpx2.ConnectTimeout)
            silent = f"nothing came for {settings.silent_seconds:g} s"
            raise ServerFault("no connection in time" if connecting else silent) from None
        except APIStatusError as error:
            raise self._refused(error.status_code, error.body, error.response.headers) from None
        except (APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            cause = error.__cause__ or error
            raise ServerFault(one_line(self._hide(str(cause)) or type(cause).__name__)) from None
        except APIError as error:  # in a stream
            raise self._failed(error.body) from None
        except (ValueError, RecursionError):  # not UTF-8, a number or a nesting beyond all measure
            raise ReplyFault("not JSON") from None

    async def _read(self, response: httpx2.Response) -> Reply:
        """A reply as the server sends it, in events or whole, whichever was asked for."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "text/event-stream":
            events = AsyncStream[Any](cast_to=object, response=response, client=self._client)
            reply = read_events([event async for event in events])
            if not reply.finish_reason:  # as when a server dies
                raise ServerFault("its stream ended without a finish reason", answered=True)
            return reply
        if kind and "json" not in kind:
            raise ReplyFault(f"not JSON but {self._hide(kind)[:50]}")
        event = json.loads(await response.aread())
        if isinstance(event, dict) and event.get("error"):
            raise self._failed(event["error"])
        return read_events([event])

    def _failed(self, error: Any) -> ServerFault | Refusal:
        """What an error means that is reported behind HTTP 200."""
        code = error.get("code") if isinstance(error, dict) else None
        return self._refused(code if isinstance(code, int) and 400 <= code < 600 else 500, error, httpx2.Headers())

    def _refused(self, status: int, body: Any, headers: httpx2.Headers) -> ServerFault | Refusal:
        said = self._hide(body if isinstance(body, str) else json.dumps(body))
        if status == 429 and any(code in said for code in _NO_MONEY):
            status = 402
        return refusal(status, reason_of(said.encode()), headers)

    def _hide(self, text: str) -> str:
        """A text without the key, which some servers repeat."""
        return text.replace(self._key, "[API key]") if len(self._key) >= _SHORTEST_SECRET else text


def _api_key(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(f"The environment variable {variable} is not set. Put the endpoint's API key into it.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InputError(f"The environment variable {variable} holds characters that no API key has. Copy the key again.")
    return key
