"""A small real HTTP server with the `/v1/chat/completions` protocol, in a thread of its own, which fails, stalls and lies as told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter, dict[str, Any]], Awaitable[None]]
Script = Callable[[str, int], Act]


class ChatServer:
    """Answers every request as a script says; use it as a context manager.

    Args:
        script: what happens to a request, from the user's text and how often the same was asked before.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: Counter[str] = Counter()  # requests by the user's text
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.times: list[float] = []  # of arrival, in seconds
        self.at_once = self.most_at_once = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> ChatServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                headers = {}
                while (header := await reader.readline()).strip():
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                question = body["messages"][-1]["content"]
                n_before = self.asked[question]
                self.asked[question] += 1
                self.bodies.append(body)
                self.times.append(time.monotonic())
                self.headers.append(headers)
                self.paths.append(line.split()[1].decode())
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                try:
                    await asyncio.sleep(0)
                    await self.script(question, n_before)(reader, writer, body)
                    await writer.drain()
                finally:
                    self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def reply(content: Any = "So 4.\nAnswer: 4", thinking: str | None = "2 + 2 = 4.", field: str = "reasoning_content", **other: Any) -> Act:
    """A reply in the shape that the request asks for; `other` replaces model, finish_reason, usage or message fields."""
    message = {"content": content} | ({field: thinking} if thinking is not None else {}) | other.pop("message", {})
    finish = other.pop("finish_reason", "stop")
    told = {"model": "teacher", "usage": {"prompt_tokens": 10, "completion_tokens": 20}} | other

    async def act(reader: Any, writer: Any, body: dict[str, Any]) -> None:
        if not body.get("stream"):
            return _send(writer, 200, json.dumps(told | {"choices": [{"message": message, "finish_reason": finish}]}).encode())
        _begin_events(writer)
        for name, text in message.items():
            pieces = [text[:3], text[3:]] if isinstance(text, str) else [text]
            for piece in pieces:
                _event(writer, {"model": told["model"], "choices": [{"delta": {name: piece}, "finish_reason": None}]})
        _event(writer, {"model": told["model"], "choices": [{"delta": {}, "finish_reason": finish}]})
        _event(writer, {"model": told["model"], "choices": [], "usage": told["usage"]})
        _chunk(writer, b"data: [DONE]\n\n")
        _chunk(writer, b"")

    return act


def status(http: int, message: str = "told to say so", headers: dict[str, str] | None = None, **error: Any) -> Act:
    """An HTTP status with an error in OpenAI's shape."""

    async def act(reader: Any, writer: Any, body: dict[str, Any]) -> None:
        _send(writer, http, json.dumps({"error": {"message": message, **error}}).encode(), headers)

    return act


def raw(data: bytes, kind: str = "application/json") -> Act:
    """HTTP 200 with any body."""

    async def act(reader: Any, writer: Any, body: dict[str, Any]) -> None:
        _send(writer, 200, data, {"Content-Type": kind})

    return act


def events(*payloads: Any, end: bool = True) -> Act:
    """A stream of these events, then its end or a cut connection."""

    async def act(reader: Any, writer: Any, body: dict[str, Any]) -> None:
        _begin_events(writer)
        for payload in payloads:
            _event(writer, payload)
        if not end:
            await writer.drain()
            raise ConnectionResetError
        _chunk(writer, b"")

    return act


def stall() -> Act:
    """The beginning of a stream, then nothing until the client leaves."""

    async def act(reader: Any, writer: Any, body: dict[str, Any]) -> None:
        _begin_events(writer)
        _event(writer, {"choices": [{"delta": {"content": "So"}}]})
        await writer.drain()
        await reader.read()
        raise ConnectionResetError

    return act


def hang_up() -> Act:
    """The connection is closed without a word."""

    async def act(reader: Any, writer: Any, body: dict[str, Any]) -> None:
        raise ConnectionResetError

    return act


def _send(writer: Any, code: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    every = {"Content-Type": "application/json", "Content-Length": str(len(body))} | (headers or {})
    lines = [f"HTTP/1.1 {code} Told", *(f"{name}: {value}" for name, value in every.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def _begin_events(writer: Any) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n")


def _event(writer: Any, payload: Any) -> None:
    _chunk(writer, f"data: {payload if isinstance(payload, str) else json.dumps(payload)}\n\n".encode())


def _chunk(writer: Any, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
