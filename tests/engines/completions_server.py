"""A small real HTTP server with the `/v1/completions` protocol over one of our engines, which can be told to misbehave.

It speaks like vLLM, SGLang, llama.cpp or a server that only knows text, obeying what that server obeys and ignoring the rest.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from s1demo.engines.base import Engine
from s1demo.engines.servers.dialects import text_of
from s1demo.events import FinishReason, Request, SamplingParams, Segment

OWNERS = {"vllm": "vllm", "sglang": "sglang", "llama.cpp": "llamacpp", "text": "somebody", "other": "somebody"}


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    Attributes:
        what: die, truncate, stall, hang up, error, garbage, abort, unknown id; or a number, the HTTP status that answers.
        after: events sent before it happens.
        headers: of the answer with that status.
    """

    what: str | int
    after: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class CompletionsServer:
    """Serves an engine's model on a loopback port, inside the running event loop.

    Args:
        engine: what decodes.
        dialect: a key of `OWNERS`.
        model: the name it serves the model under.
        api_key: refuses requests without it, if given.
        faults: what happens to the first completion requests, in order; None for nothing.
    """

    def __init__(self, engine: Engine, dialect: str = "vllm", model: str = "s1-mini", api_key: str = "", faults: Any = ()) -> None:
        self._engine = engine
        self._dialect = dialect
        self._model = model
        self._api_key = api_key
        self._connections: set[asyncio.StreamWriter] = set()
        self.faults: deque[Fault | None] = deque(faults)
        self.bodies: list[dict[str, Any]] = []  # completion requests, as they came
        self.n_connections = 0
        self.streaming = 0  # completions under way
        self.port = 0
        self.root = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> CompletionsServer:
        """Listen; on the same port when started again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """As if killed: nobody listens, every connection is cut."""
        self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> CompletionsServer:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        self.n_connections += 1
        try:
            while line := await reader.readline():
                path, headers = line.split()[1].decode(), {}
                while (header := await reader.readline()).strip():
                    name, _, value = header.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await self._answer(path, headers, body, reader, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, path: str, headers: dict[str, str], body: bytes, reader: Any, writer: Any) -> None:
        if self._api_key and headers.get("authorization") != f"Bearer {self._api_key}":
            return _send_json(writer, 401, {"error": "Unauthorized"})
        if path == "/v1/models":
            entry = {"id": self._model, "owned_by": OWNERS[self._dialect]}
            if self._dialect == "llama.cpp":
                entry["meta"] = {"n_ctx_train": 32768}
            elif self._dialect in ("vllm", "sglang"):
                entry |= {"max_model_len": self._engine.info.context_length, "root": self.root or self._model}
            return _send_json(writer, 200, {"object": "list", "data": [entry]})
        if path == "/props" and self._dialect == "llama.cpp":
            return _send_json(writer, 200, {"default_generation_settings": {"n_ctx": self._engine.info.context_length}})
        if path != "/v1/completions":
            return _send_json(writer, 404, {"detail": "Not Found"})
        asked = json.loads(body)
        self.bodies.append(asked)
        fault = self.faults.popleft() if self.faults else None
        if fault and isinstance(fault.what, int):
            return _send_json(writer, fault.what, {"error": {"message": "told to say so", "code": fault.what}}, fault.headers)
        if asked["model"] != self._model:
            return _send_json(writer, 404, {"error": {"message": f"The model {asked['model']} does not exist.", "code": 404}})
        if self._dialect == "text" and not isinstance(asked["prompt"], str):
            return _send_json(writer, 422, {"error": "invalid type: sequence, expected a string", "error_type": "validation"})
        self.streaming += 1
        try:
            await self._stream(asked, fault, reader, writer)
        finally:
            self.streaming -= 1

    async def _stream(self, asked: dict[str, Any], fault: Fault | None, reader: Any, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        n_sent = 0
        async with aclosing(self._engine.stream(self._request(asked))) as segments:
            async for segment in segments:
                for choice in self._choices(segment, asked):
                    if fault and n_sent == fault.after:
                        return await self._misbehave(fault, choice, reader, writer)
                    if reader.at_eof():
                        raise ConnectionResetError
                    _send_event(writer, {"object": "text_completion", "choices": [choice]})
                    await writer.drain()
                    n_sent += 1
        _send_event(writer, "[DONE]")
        _send_chunk(writer, b"")

    async def _misbehave(self, fault: Fault, choice: dict[str, Any], reader: Any, writer: Any) -> None:
        if fault.what == "stall":
            while not reader.at_eof():
                await asyncio.sleep(0.01)
        elif fault.what == "truncate":
            _send_chunk(writer, f"data: {json.dumps({'choices': [choice]})}\n\n".encode()[:-9])
        elif fault.what == "garbage":
            _send_chunk(writer, b"data: {oops\n\n")
        elif fault.what == "error":
            _send_event(writer, {"error": {"message": "EngineCore\nencountered an issue.", "type": "InternalServerError", "code": 500}})
        elif fault.what == "refuse":
            _send_event(writer, {"error": {"message": "no such thing", "type": "BadRequestError", "code": 400}})
        elif fault.what == "abort":
            _send_event(writer, {"choices": [{"index": 0, "text": "", "token_ids": [], "finish_reason": "abort"}]})
        elif fault.what == "unknown id":
            _send_event(writer, {"choices": [{"index": 0, "text": "", "token_ids": [self._engine.tokenizer.size + 3]}]})
        if fault.what in ("error", "abort", "hang up"):
            _send_event(writer, "[DONE]")
            _send_chunk(writer, b"")
            return
        await writer.drain()
        raise ConnectionResetError  # cuts the connection

    def _request(self, asked: dict[str, Any]) -> Request:
        tokenizer = self._engine.tokenizer
        prompt = asked["prompt"]
        ids = tokenizer.encode(prompt, special=True) if isinstance(prompt, str) else prompt
        sampling = SamplingParams(asked["temperature"], asked["top_p"], asked["seed"])
        min_tokens, stops = 0, set()
        if self._dialect in ("vllm", "sglang"):
            min_tokens, stops = asked["min_tokens"], set(asked["stop_token_ids"])
            if not asked["ignore_eos"]:
                stops.add(tokenizer.end_of_turn_id)
            elif self._dialect == "sglang":
                stops = set()
        elif self._dialect in ("llama.cpp", "other"):
            stops = {tokenizer.end_of_turn_id}
            if banned := asked.get("logit_bias"):
                min_tokens, stops = asked["max_tokens"], stops | {int(stop) for stop in banned}
        else:
            stops = {tokenizer.encode(stop, special=True)[0] for stop in asked["stop"]}
        return Request(tuple(ids), asked["max_tokens"], frozenset(stops), min_tokens, sampling, asked.get("logprobs") is not None)

    def _choices(self, segment: Segment, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """One token an event, the last one with the finish reason, each server in its own way."""
        ids = [*segment.token_ids, *([segment.stop_id] if segment.stop_id is not None else [])]
        choices = []
        for position, token_id in enumerate(ids):
            choice: dict[str, Any] = {"index": 0, "text": "" if token_id == segment.stop_id else text_of((token_id,), self._engine.tokenizer)}
            logprob = segment.logprobs[position] if segment.logprobs else None
            if self._dialect in ("vllm", "sglang"):
                choice["token_ids"] = [token_id]
                if logprob is not None:
                    choice["logprobs"] = {"token_logprobs": [logprob]}
            elif self._dialect == "llama.cpp":
                choice["logprobs"] = {"content": [{"id": token_id, "logprob": logprob}]}
            elif self._dialect == "text" and token_id == segment.stop_id:  # as text-generation-inference: with the stop
                choice["text"] = text_of((token_id,), self._engine.tokenizer)
            choices.append(choice)
        if segment.finish_reason is not None:
            if self._dialect == "llama.cpp" or not choices:
                choices.append({"index": 0, "text": ""})
            choices[-1]["finish_reason"] = str(segment.finish_reason)
            if segment.finish_reason is FinishReason.STOP and self._dialect in ("vllm", "sglang"):
                choices[-1]["stop_reason" if self._dialect == "vllm" else "matched_stop"] = segment.stop_id
        return choices


def _send_json(writer: asyncio.StreamWriter, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
    body = json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def _send_event(writer: asyncio.StreamWriter, event: Any) -> None:
    _send_chunk(writer, f"data: {event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)}\n\n".encode())


def _send_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
