"""The `endpoint` entry of a recipe's section: which chat model to ask, how fast, how patiently and for how much money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from s1demo.errors import InputError
from training.recipes import Count, NotNegative, Positive, Section, Share

_VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(frozen=True)
class EndpointSettings(Section):
    """The `endpoint` entry of a recipe's section.

    Attributes:
        url: address of the API as its OpenAI client takes it (https://api.deepseek.com/v1); a bare host gets /v1.
        model: what requests call it.
        served_as: further names by which replies may call it; any other is taken for another model.
        api_key_variable: NAME of the environment variable that holds the key; empty for none.
        max_tokens: limit of a reply, None for the server's own.
        temperature: None for the server's own.
        extra: further fields of every request, such as Gemini's thinking_config.
        stream: take replies in pieces, so that a connection that hangs can be distinguished from a model that thinks for long.
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
    model: Annotated[str, Field(min_length=1)]
    served_as: tuple[str, ...] = ()
    api_key_variable: str = ""
    max_tokens: Count | None = None
    temperature: NotNegative | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True
    max_concurrent: Count = 16
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    silent_seconds: Positive = 300.0
    reply_seconds: Positive = 1800.0
    tries: Count = 8
    first_pause_seconds: Positive = 1.0
    most_faults: Count = 3
    may_lack: Share = 0.01
    mean_tokens_out: Positive | None = None
    price_in: NotNegative | None = None
    price_out: NotNegative | None = None
    currency: str = "USD"
    most_cost: NotNegative | None = None

    def __post_init__(self) -> None:
        try:
            url = urlsplit(self.url)
        except ValueError:
            url = urlsplit("")
        if url.scheme not in ("http", "https") or not url.hostname:
            raise InputError("endpoint: url is no address. Write it like https://api.deepseek.com/v1")
        if url.username or url.password or url.query or url.fragment:
            raise InputError(
                "endpoint: url holds a user, a password or a query. Put the key into an environment variable "
                "and name that as api_key_variable."
            )
        if self.api_key_variable and not _VARIABLE_NAME.fullmatch(self.api_key_variable):
            raise InputError(  # not shown: it may be the key itself
                "endpoint: api_key_variable is no name of an environment variable in capitals, such as DEEPSEEK_API_KEY. "
                "The key itself does not belong into a recipe."
            )
        if self.most_cost is not None and (self.price_in is None or self.price_out is None):
            raise InputError(
                "endpoint: most_cost is given but not both prices. Fill in price_in and price_out per million tokens, "
                "from the provider's price list (0 for a server of your own)."
            )

    @property
    def base_url(self) -> str:
        """What `/chat/completions` is added to."""
        url = self.url.rstrip("/")
        return url if urlsplit(url).path else f"{url}/v1"

    def how(self) -> dict[str, Any]:
        """All that a reply depends on, for a journal's first line."""
        names = ("model", "max_tokens", "temperature", "extra")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class EndpointSection(Section):
    """The `traces` and the `domains` section of a recipe: whom to ask."""

    endpoint: EndpointSettings
