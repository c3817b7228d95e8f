"""What asking a remote model would take: requests, tokens, money and hours, from the recipe's prices and rates. Asks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from training.remote.endpoint import CHARACTERS_PER_TOKEN
from training.remote.endpoint_settings import EndpointSettings
from training.remote.replies import Reply

T = TypeVar("T")


def prompt_paragraphs(path: Path) -> list[str]:
    """The paragraphs of a prompt's file, each in one line however it is wrapped there."""
    return [" ".join(paragraph.split()) for paragraph in path.read_text(encoding="utf-8").split("\n\n")]


@dataclass(frozen=True)
class Task(Generic[T]):
    """What a model is asked for.

    Attributes:
        name: what messages and the journal call it.
        read: what a reply says; raises a ReplyFault where it is not what was asked for.
        system: what the system says with every prompt, empty for nothing.
        mean_tokens_out: what a reply takes on average, where the recipe does not say.
        basis: where that number comes from.
    """

    name: str
    read: Callable[[Reply], T]
    system: str = ""
    mean_tokens_out: float = 0.0
    basis: str = ""


@dataclass(frozen=True)
class RequestEstimate:
    """What a run would take; its text is one sentence.

    Attributes:
        requests: how many.
        tokens_in, tokens_out: about how many, all together.
        basis: where the tokens of a reply come from.
        cost: None without prices.
        currency: of the cost.
        hours: at the recipe's rates; None without.
    """

    requests: int
    tokens_in: int
    tokens_out: int
    basis: str
    cost: float | None
    currency: str
    hours: float | None

    def __str__(self) -> str:
        cost = "at a cost nobody knows without price_in and price_out"
        if self.cost is not None:
            cost = f"for about {self.cost:,.2f} {self.currency} at the recipe's prices"
        hours = "in a time nobody knows without requests_per_minute or tokens_per_minute"
        if self.hours is not None:
            hours = f"in at least {self.hours:,.1f} hours at the recipe's rates"
        tokens = f"about {self.tokens_in:,} tokens in and {self.tokens_out:,} out ({self.basis})"
        return f"{self.requests:,} requests, {tokens}, {cost}, {hours}."


def estimate_requests(task: Task[Any], prompts: Iterable[str], settings: EndpointSettings) -> RequestEstimate:
    """What asking would take."""
    lengths = [len(task.system) + len(prompt) for prompt in prompts]
    tokens_in = round(sum(lengths) / CHARACTERS_PER_TOKEN)
    mean = settings.mean_tokens_out or task.mean_tokens_out
    tokens_out = round(len(lengths) * mean)
    rates = ((settings.requests_per_minute, len(lengths)), (settings.tokens_per_minute, tokens_in + tokens_out))
    return RequestEstimate(
        requests=len(lengths),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        basis=f"{mean:,.0f} a reply, " + ("the recipe's mean_tokens_out" if settings.mean_tokens_out else task.basis),
        cost=cost_of(tokens_in, tokens_out, settings),
        currency=settings.currency,
        hours=max((units / rate / 60 for rate, units in rates if rate), default=None),
    )


def cost_of(tokens_in: int, tokens_out: int, settings: EndpointSettings) -> float | None:
    """What so many tokens cost at the recipe's prices; None without prices."""
    if settings.price_in is None or settings.price_out is None:
        return None
    return (tokens_in * settings.price_in + tokens_out * settings.price_out) / 1e6
