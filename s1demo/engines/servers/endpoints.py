"""Which servers there are, what each serves, how busy it is and whether it can be used.

Knows no requests and no tokens. A server that failed is suspect: it takes no request before it has passed a health check, that
is, answers /v1/models and still lists the model. Addresses are kept without their credentials, so that any may be shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from s1demo.engines.servers.completions import ServerFault
from s1demo.engines.servers.dialects import DIALECTS, UNKNOWN, Dialect
from s1demo.errors import InputError, ModelError, one_line

CONNECT_SECONDS = 5.0  # to connect, and to answer a health check
_LONGEST_PAUSE = 10.0  # seconds between two health checks of a server that stays away


@dataclass(frozen=True)
class ServedModel:
    """One entry of /v1/models.

    Attributes:
        name: what requests call it.
        root: the folder or Hub id it was loaded from, where the server says.
        context_length: in tokens, None where the server does not say.
        dialect: of the server.
    """

    name: str
    root: str
    context_length: int | None
    dialect: Dialect


@dataclass(eq=False)
class Endpoint:
    """One server.

    Attributes:
        url: its address, without credentials and without /v1.
        auth: user and password of the address, if it had any.
        model: what it serves, None before it was asked.
        dialect: what it understands.
        in_flight: requests it is serving for us.
        suspect: why it must pass a health check before the next request; empty if it need not.
        not_before: when it may be asked again, in seconds of the monotonic clock.
    """

    url: str
    auth: tuple[str, str] | None = field(default=None, repr=False)
    model: ServedModel | None = None
    dialect: Dialect = UNKNOWN
    in_flight: int = 0
    suspect: str = ""
    not_before: float = 0.0
    failed_checks: int = 0
    last_used: float = 0.0

    def serves(self, model: ServedModel) -> None:
        """Note what it serves; from now on it is fine."""
        if self.model is None:
            self.dialect = model.dialect
        self.model, self.suspect, self.failed_checks = model, "", 0

    def failed(self, fault: ServerFault, pause: float) -> None:
        """Note a failed request: a full server is left alone for a while, any other must pass a health check."""
        if fault.full:
            self.not_before = time.monotonic() + max(pause, fault.retry_after)
        else:
            self.suspect = str(fault)

    @contextlib.contextmanager
    def checked(self) -> Iterator[None]:
        """A check, within which any failure makes it suspect."""
        try:
            yield
        except ServerFault as fault:
            self.suspect = str(fault)
        except (httpx.TimeoutException, TimeoutError):
            self.suspect = f"no answer within {CONNECT_SECONDS:.0f} s"
        except httpx.HTTPError as error:
            self.suspect = one_line(str(error)) or type(error).__name__


def parse_endpoints(base_urls: str) -> list[Endpoint]:
    """Comma-separated addresses, each with or without /v1 at its end, to endpoints.

    Raises:
        InputError: there are none, or one is no http address.
    """
    endpoints: list[Endpoint] = []
    for text in filter(None, (part.strip() for part in base_urls.split(","))):
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise InputError(f"S1_BASE_URLS: number {len(endpoints) + 1} is no address. Write it like http://host:8000")
        auth = (url.username, url.password) if url.username else None
        root = str(url.copy_with(username=None, password=None, query=None, fragment=None)).rstrip("/").removesuffix("/v1")
        endpoints.append(Endpoint(root.rstrip("/"), auth))
    if not endpoints:
        raise InputError("S1_BASE_URLS is empty. Name the server, such as http://host:8000, or several with commas between.")
    return endpoints


def discover(endpoints: Sequence[Endpoint], wanted: str, headers: dict[str, str]) -> ServedModel:
    """Ask every server what it serves; those that do not answer become suspect.

    Args:
        wanted: name, folder or Hub id of the model; empty for the first that the first server lists.
        headers: with the API key.

    Returns:
        The model, with the shortest context any of the servers gives it.

    Raises:
        ModelError: no server answers, or none of those that do serves the model.
    """
    found: list[ServedModel] = []
    with httpx.Client(timeout=CONNECT_SECONDS, headers=headers, trust_env=False, verify=ssl.create_default_context()) as client:
        for endpoint in endpoints:
            with endpoint.checked():
                listing = _json(client.get(f"{endpoint.url}/v1/models", auth=endpoint.auth))
                model = choose_model(listing, wanted or (found[0].name if found else ""))
                if model.context_length is None:
                    model = _with_llama_cpp_context(client, endpoint, model)
                endpoint.serves(model)
                found.append(model)
    if not found:
        reasons = "; ".join(f"{endpoint.url}: {endpoint.suspect}" for endpoint in endpoints)
        raise ModelError(f"No server can be used ({reasons}). Start one, or correct S1_BASE_URLS, S1_MODEL or S1_API_KEY.")
    lengths = [model.context_length for model in found if model.context_length]
    return replace(found[0], context_length=min(lengths, default=None))


def choose_model(listing: Any, wanted: str) -> ServedModel:
    """The wanted model of a /v1/models answer, by name or by what it was loaded from; the first one if none is named.

    Raises:
        ServerFault: it is not served here, or the answer is none.
    """
    try:
        served = [
            ServedModel(
                name=str(entry["id"]),
                root=str(entry.get("root") or ""),
                context_length=entry.get("max_model_len") or (entry.get("meta") or {}).get("n_ctx"),
                dialect=DIALECTS.get(str(entry.get("owned_by")), UNKNOWN),
            )
            for entry in listing["data"]
        ]
    except (LookupError, TypeError, AttributeError) as error:
        raise ServerFault("its /v1/models is not that of an OpenAI-compatible server") from error
    for model in served:
        if not wanted or wanted in (model.name, model.root):
            return model
    names = ", ".join(repr(model.name) for model in served) or "no model"
    raise ServerFault(f"it serves {names}, not {wanted!r}" if wanted else "it serves no model")


def _with_llama_cpp_context(client: httpx.Client, endpoint: Endpoint, model: ServedModel) -> ServedModel:
    """llama.cpp reports the context of a slot in /props."""
    with contextlib.suppress(ServerFault, LookupError, TypeError, httpx.HTTPError):
        n_ctx = _json(client.get(f"{endpoint.url}/props", auth=endpoint.auth))["default_generation_settings"]["n_ctx"]
        return replace(model, context_length=int(n_ctx))
    return model


def _json(response: httpx.Response) -> Any:
    if response.status_code in (401, 403):
        raise ServerFault("it refuses the API key")
    if response.status_code != 200:
        raise ServerFault(f"/v1/models answers with HTTP {response.status_code}")
    try:
        return response.json()
    except ValueError as error:
        raise ServerFault("/v1/models answers with something else than JSON") from error


class EndpointPool:
    """Routes each request to the least loaded server that can be used, and checks the others.

    Args:
        wanted: name, folder or Hub id of the model, for health checks.
    """

    def __init__(self, endpoints: Sequence[Endpoint], wanted: str) -> None:
        self._endpoints = endpoints
        self._wanted = wanted
        self._checks: set[asyncio.Task[None]] = set()

    async def pick(self, client: httpx.AsyncClient) -> Endpoint:
        """The server for the next request.

        Raises:
            ServerFault: none can take one now.
        """
        checks = [self._check(client, endpoint) for endpoint in self._due()]
        if self._usable():
            for check in checks:  # no request waits for a server that may be gone while another is there
                task = asyncio.create_task(check)
                self._checks.add(task)
                task.add_done_callback(self._checks.discard)
        else:
            await asyncio.gather(*checks)
        if usable := self._usable():
            endpoint = min(usable, key=lambda endpoint: (endpoint.in_flight, endpoint.last_used))
            endpoint.last_used = time.monotonic()
            return endpoint
        suspects = [f"{endpoint.url}: {endpoint.suspect}" for endpoint in self._endpoints if endpoint.suspect]
        if len(suspects) < len(self._endpoints):
            raise ServerFault("every server is full", full=True)
        raise ServerFault("; ".join(suspects))

    def _usable(self) -> list[Endpoint]:
        now = time.monotonic()
        return [endpoint for endpoint in self._endpoints if not endpoint.suspect and endpoint.not_before <= now]

    def _due(self) -> list[Endpoint]:
        """Suspects whose next check is due; each is handed out once per pause."""
        now = time.monotonic()
        due = [endpoint for endpoint in self._endpoints if endpoint.suspect and endpoint.not_before <= now]
        for endpoint in due:
            endpoint.not_before = now + min(_LONGEST_PAUSE, 0.25 * 2**endpoint.failed_checks)
            endpoint.failed_checks += 1
        return due

    async def _check(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        with endpoint.checked():
            async with asyncio.timeout(CONNECT_SECONDS):
                listing = _json(await client.get(f"{endpoint.url}/v1/models", auth=endpoint.auth))
            endpoint.serves(choose_model(listing, self._wanted))
            endpoint.not_before = 0.0
