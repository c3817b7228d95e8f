"""A chat model behind an OpenAI-compatible `/chat/completions`: one question in, one reply out, however the server behaves.

Knows rates, retries and the API key. Knows no rows and no files; those are `asking`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from time import monotonic
from types import TracebackType
from typing import Any

import httpx

from s1demo.engines.servers.completions import Refusal, ServerFault, event_data, one_line, reason_of, refusal
from s1demo.errors import EngineError, InputError
from training.remote.endpoint_settings import EndpointSettings
from training.remote.replies import Reply, ReplyFault, parse, read_events

CHARACTERS_PER_TOKEN = 3.0  # of questions with formulas; our assumption, until a reply says how many tokens it was
_CONNECT_SECONDS = 15.0
_LONGEST_PAUSE = 60.0  # seconds between two tries, where the server does not ask for more
_LONGEST_RETRY_AFTER = 900.0  # seconds; who asks for more has a quota for the day, and the run ends
_LONGEST_REPLY = 2**24  # bytes; a trace of 32,768 tokens has about 2**17
_LONGEST_REASON = 2**16  # bytes of an error's body that are read
_SHORTEST_SECRET = 8  # characters; "EMPTY" and the like, which local servers take, are no secrets
_NO_MONEY = ("insufficient_quota", "billing_not_active")  # OpenAI's codes for 429s that waiting does not mend


class Pace:
    """Hands out turns in a steady flow, so that no minute sees more than it may.

    Args:
        per_minute: units a minute, None for no limit.
    """

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


class ChatEndpoint:
    """Asks a chat model. Use it as an asynchronous context manager.

    Args:
        settings: which, and how.
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
        url = httpx.URL(settings.url)
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx.Timeout(settings.silent_seconds, connect=_CONNECT_SECONDS, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=settings.max_concurrent),
            trust_env=url.host not in ("localhost", "127.0.0.1", "::1"),  # the environment's proxies
            verify=ssl.create_default_context() if url.scheme == "https" else False,  # making one takes long
        )

    async def __aenter__(self) -> ChatEndpoint:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

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
            EngineError: it wants to be left alone for longer than a run can wait.
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
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _exchange(self, messages: list[dict[str, str]]) -> Reply:
        """Send one request, once."""
        settings = self._settings
        body: dict[str, Any] = {"model": settings.model, "messages": messages}
        if settings.max_tokens is not None:
            body["max_tokens"] = settings.max_tokens
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        if settings.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        try:
            async with self._client.stream("POST", settings.completions, json=body | dict(settings.extra)) as response:
                if response.status_code != 200:
                    raise self._refused(response.status_code, await _beginning(response), response.headers)
                kind = response.headers.get("content-type", "").partition(";")[0].strip()
                reply = await (self._streamed(response) if kind == "text/event-stream" else self._whole(response, kind))
        except httpx.TimeoutException as error:
            silent = f"nothing came for {settings.silent_seconds:g} s"
            raise ServerFault("no connection in time" if isinstance(error, httpx.ConnectTimeout) else silent) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise ServerFault(one_line(self._hide(str(error)) or type(error).__name__)) from error
        return reply.through(self._hide)

    async def _whole(self, response: httpx.Response, kind: str) -> Reply:
        body = b"".join([chunk async for chunk in _limited(response)])
        if kind and "json" not in kind:
            raise ReplyFault(f"not JSON but {self._hide(kind)[:50]}")
        event = parse(body)
        self._check_error(event)
        return read_events([event])

    async def _streamed(self, response: httpx.Response) -> Reply:
        events: list[dict[str, Any]] = []
        try:
            async with aclosing(event_data(_limited(response))) as stream:
                async for data in stream:
                    if data.strip() != "[DONE]":
                        events.append(parse(data))
                        self._check_error(events[-1])
        except ValueError as error:
            raise ReplyFault("no stream of events") from error
        reply = read_events(events)
        if not reply.finish_reason:  # as when a server dies
            raise ServerFault("its stream ended without a finish reason", answered=True)
        return reply

    def _check_error(self, event: Mapping[str, Any]) -> None:
        """Some servers say 200 first and report an error then."""
        if error := event.get("error"):
            code = error.get("code") if isinstance(error, dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 500
            raise self._refused(status, json.dumps({"error": error}).encode())

    def _refused(self, status: int, body: bytes, headers: httpx.Headers | None = None) -> ServerFault | Refusal:
        reason = self._hide(reason_of(self._hide(body.decode("utf-8", "replace")).encode()))
        if status == 429 and any(code in reason or code.encode() in body for code in _NO_MONEY):
            return Refusal(402, reason)
        return refusal(status, reason, headers or httpx.Headers())

    def _hide(self, text: str) -> str:
        """A text without the key, which some servers repeat."""
        return text.replace(self._key, "[API key]") if len(self._key) >= _SHORTEST_SECRET else text


async def _limited(response: httpx.Response) -> AsyncIterator[bytes]:
    n_bytes = 0
    async for chunk in response.aiter_bytes():
        n_bytes += len(chunk)
        if n_bytes > _LONGEST_REPLY:
            raise ReplyFault("longer than any reply")
        yield chunk


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _LONGEST_REASON:
            break
    return body


def _api_key(variable: str) -> str:
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(f"The environment variable {variable} is not set. Put the endpoint's API key into it.")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InputError(f"The environment variable {variable} holds characters that no API key has. Copy the key again.")
    return key
