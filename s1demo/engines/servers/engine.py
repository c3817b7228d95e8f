"""A model behind any OpenAI-compatible `/v1/completions`: vLLM serve (one GPU or a cluster), SGLang, llama.cpp, others.

Token ids go out and token ids come back; `dialects` says how, and what a server costs that only knows text. A request goes to
the least loaded of several servers. When its stream breaks, the rest is asked for at any server that is fine, from the ids
already received: nothing is lost and nothing comes twice. Under greedy decoding the ids are those of an unbroken stream, as far
as servers compute the same logits for the same ids. At a temperature, an unbroken request samples the same each time; after a
break the rest is a fresh sample of the same distribution, and what was received stays.
"""

from __future__ import annotations

import asyncio
import ssl
import weakref
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx

from s1demo.delimiters import choose_format
from s1demo.engines.base import check_request, closed_error
from s1demo.engines.servers.completions import Refusal, ServerFault, exchange
from s1demo.engines.servers.continuation import Continuation, Patience
from s1demo.engines.servers.dialects import TEXT_ONLY, UNKNOWN, IdReader, completion_body
from s1demo.engines.servers.endpoints import CONNECT_SECONDS, Endpoint, EndpointPool, discover, parse_endpoints
from s1demo.engines.tokenization import HubTokenizer, shown_name
from s1demo.errors import InputError, ModelError
from s1demo.events import EngineInfo, Request, Segment
from s1demo.settings import Settings


class OpenAIEngine:
    """Decodes on other machines; see `Engine`.

    Raises:
        InputError: something that cannot be an address or a key.
        ModelError: no server answers, the model is not served there, or its tokenizer cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self._headers = _authorization(settings.api_key.strip())
        endpoints, model = parse_endpoints(settings.base_urls), settings.model
        served = discover(endpoints, model, self._headers)
        length = settings.server_context_length or served.context_length
        if length is None:
            raise ModelError("The servers do not say how long the context is. Set S1_SERVER_CONTEXT_LENGTH to its tokens.")
        self.tokenizer = _tokenizer(settings.tokenizer or model or served.root or served.name, chosen=bool(settings.tokenizer))
        name = served.dialect.name + (" server" if len(endpoints) == 1 else " servers")
        self.info = EngineInfo(
            model=shown_name(served.name),
            engine="openai",
            device=name if len(endpoints) == 1 else f"{len(endpoints)} {name}",
            parameters=None,
            context_length=length,
            format=choose_format(self.tokenizer, settings.format).name,
        )
        self._pool = EndpointPool(endpoints, model or served.name)
        self._timeout = httpx.Timeout(settings.server_token_seconds, connect=CONNECT_SECONDS, pool=None)
        self._patience_seconds = settings.server_patience_seconds
        self._tls = ssl.create_default_context()
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = weakref.WeakKeyDictionary()
        self.active_requests = 0
        self._closed = False

    async def stream(self, request: Request) -> AsyncGenerator[Segment, None]:
        """Decode one request; see `Engine.stream`. Closing the iterator closes the connection: the server frees the request."""
        check_request(request, self.info.context_length)
        progress = Continuation(request, self.info.context_length, self.tokenizer.size)
        patience = Patience(self._patience_seconds)
        self.active_requests += 1
        try:
            while True:
                endpoint = None
                try:
                    endpoint = await self._pool.pick(self._client())
                    async with aclosing(self._pieces(endpoint, progress)) as pieces:
                        async for piece in pieces:
                            self._check_open()
                            segment = progress.take(piece)
                            if segment.token_ids:
                                patience.renew()
                            if segment.token_ids or segment.finish_reason:
                                yield segment
                            if segment.finish_reason:
                                return
                            if progress.stream_is_over:
                                break
                except ServerFault as fault:
                    self._check_open()
                    if endpoint is not None:
                        endpoint.failed(fault, patience.pause())
                    await patience.wait_after(fault)
        finally:
            self.active_requests -= 1

    async def close(self) -> None:
        """Close the connections; streams under way end with an error."""
        self._closed = True
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _pieces(self, endpoint: Endpoint, progress: Continuation) -> AsyncGenerator[Segment, None]:
        """One stream from one server. One of no known kind that refuses ids is tried with text, and kept so where that works."""
        rest = progress.next_stream()
        dialects = (UNKNOWN, TEXT_ONLY) if endpoint.dialect is UNKNOWN else (endpoint.dialect,)
        assert endpoint.model is not None  # it was picked, so it has been asked
        for dialect in dialects:
            body = completion_body(dialect, endpoint.model.name, rest, self.tokenizer, progress.n_rejected)
            options: dict[str, Any] = {"auth": endpoint.auth} if endpoint.auth else {}
            url, reader = f"{endpoint.url}/v1/completions", IdReader(rest, self.tokenizer)
            endpoint.in_flight += 1
            try:
                async with aclosing(exchange(self._client(), url, body, reader, **options)) as pieces:
                    async for piece in pieces:
                        endpoint.dialect = dialect
                        yield piece
                return
            except Refusal as refusal:
                if dialect is dialects[-1] or refusal.status not in (400, 415, 422):
                    raise refusal.as_error() from refusal
            finally:
                endpoint.in_flight -= 1

    def _client(self) -> httpx.AsyncClient:
        """The HTTP client of the running event loop. No proxy and no netrc: the servers are named as they are reached."""
        self._check_open()
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = httpx.AsyncClient(
                headers=self._headers,
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
                trust_env=False,
                verify=self._tls,
            )
        return self._clients[loop]

    def _check_open(self) -> None:
        if self._closed:
            raise closed_error()


def _authorization(api_key: str) -> dict[str, str]:
    if not (api_key.isascii() and api_key.isprintable()):
        raise InputError("S1_API_KEY holds characters that no key has. Copy it again.")
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}


def _tokenizer(source: str, chosen: bool) -> HubTokenizer:
    try:
        return HubTokenizer(source)
    except ModelError as error:
        if chosen:
            raise
        raise ModelError(f"{error} Set S1_TOKENIZER to the folder or Hub id of the served model's tokenizer.") from error
