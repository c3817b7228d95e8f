"""The `endpoint` entry of a recipe's section: which chat model to ask, how fast, how patiently and for how much money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import httpx

from s1demo.errors import InputError

_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_ABOVE_ZERO = (
    "max_tokens",
    "requests_per_minute",
    "tokens_per_minute",
    "silent_seconds",
    "reply_seconds",
    "first_pause_seconds",
    "mean_tokens_out",
)


@dataclass(frozen=True)
class EndpointSettings:
    """The `endpoint` entry of a recipe's section.

    Attributes:
        url: address of the API as its OpenAI client takes it (https://api.deepseek.com/v1); a bare host gets /v1.
        model: what requests call it.
        served_as: further names by which replies may call it; any other is taken for another model.
        api_key_variable: NAME of the environment variable that holds the key; empty for none.
        max_tokens: limit of a reply, None for the server's own.
        temperature: None for the server's own.
        extra: further fields of every request, such as Gemini's thinking_config.
        stream: take replies in pieces, so that a connection that hangs can be told from a model that thinks for long.
        max_concurrent: requests under way at once.
        requests_per_minute, tokens_per_minute: never more than that, None for no limit. Tokens in and out are counted.
        silent_seconds: a connection that sends nothing for that long is taken for dead.
        reply_seconds: longest time for a whole reply.
        tries: how often one request is sent when the server fails or is full.
        first_pause_seconds: before the second try; then twice as long each time, up to a minute.
        most_faults: unusable replies to one question, over all runs, after which it is not asked again.
        may_lack: share of the questions that may stay without a usable reply; with more the run ends with an error.
        mean_tokens_out: what a reply takes on average, for the estimate; None for the task's own assumption.
        price_in, price_out: per million tokens, None where unknown.
        currency: of the prices.
        most_cost: a run whose estimate, or whose replies so far, cost more is refused; None for no limit.
    """

    url: str
    model: str
    served_as: tuple[str, ...] = ()
    api_key_variable: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True
    max_concurrent: int = 16
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    silent_seconds: float = 300.0
    reply_seconds: float = 1800.0
    tries: int = 8
    first_pause_seconds: float = 1.0
    most_faults: int = 3
    may_lack: float = 0.01
    mean_tokens_out: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    currency: str = "USD"
    most_cost: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "served_as", tuple(self.served_as))
        self._check_url()
        if not isinstance(self.model, str) or not self.model.strip():
            raise InputError("endpoint: model is empty. Give the name that requests call it.")
        if self.api_key_variable and not _VARIABLE_NAME.fullmatch(self.api_key_variable):
            raise InputError(  # not shown: it may be the key itself
                "endpoint: api_key_variable is no name of an environment variable in capitals, such as DEEPSEEK_API_KEY. "
                "The key itself does not belong into a recipe."
            )
        for name in ("max_concurrent", "tries", "most_faults"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise InputError(f"endpoint: {name} is {getattr(self, name)!r}. Give a whole number from 1 up.")
        for name in _ABOVE_ZERO:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and value > 0):
                raise InputError(f"endpoint: {name} is {value!r}. Give a number above 0, or leave it out.")
        for name in ("price_in", "price_out", "most_cost", "temperature"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and value >= 0):
                raise InputError(f"endpoint: {name} is {value!r}. Give a number from 0 up, or leave it out.")
        if not 0 <= self.may_lack <= 1:
            raise InputError(f"endpoint: may_lack is {self.may_lack}. Give a share from 0 to 1.")
        if self.most_cost is not None and (self.price_in is None or self.price_out is None):
            raise InputError(
                "endpoint: most_cost is given but not both prices. Fill in price_in and price_out per million tokens, "
                "from the provider's price list (0 for a server of your own)."
            )

    def _check_url(self) -> None:
        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, TypeError) as error:
            raise InputError("endpoint: url is no address. Write it like https://api.deepseek.com/v1") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise InputError("endpoint: url is no address. Write it like https://api.deepseek.com/v1")
        if url.userinfo or url.query or url.fragment:
            raise InputError(
                "endpoint: url holds a user, a password or a query. Put the key into an environment variable "
                "and name that as api_key_variable."
            )

    @property
    def completions(self) -> str:
        """Where requests go."""
        url = self.url.rstrip("/")
        return f"{url}{'/v1' if httpx.URL(url).path in ('', '/') else ''}/chat/completions"

    def how(self) -> dict[str, Any]:
        """All that a reply depends on, for a journal's first line."""
        names = ("model", "max_tokens", "temperature", "extra")
        return {name: getattr(self, name) for name in names}


def endpoint_settings(given: Any, section: str) -> EndpointSettings:
    """The `endpoint` entry of a section, as YAML gives it, as settings.

    Args:
        given: a mapping, or settings already.
        section: of the recipe, for messages.

    Raises:
        InputError: an unknown or missing key, or a value out of range.
    """
    if isinstance(given, EndpointSettings):
        return given
    if not isinstance(given, Mapping):
        raise InputError(f"{section}: endpoint is missing. Give at least its url and model.")
    known = {item.name for item in fields(EndpointSettings)}
    unknown, missing = sorted(set(given) - known), sorted({"url", "model"} - set(given))
    if unknown or missing:
        raise InputError(f"{section}, endpoint: missing keys {missing}, unknown keys {unknown}.")
    return EndpointSettings(**given)
