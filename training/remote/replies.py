"""What a chat model replied, in any of the shapes that OpenAI-compatible servers have, and what makes a reply unusable.

Thinking comes in a field of its own (DeepSeek, SGLang, older vLLM: `reasoning_content`; vLLM from 0.11, OpenRouter: `reasoning`;
Ollama: `thinking`), as parts of the content, or between tags in front of the answer. Knows no network and no file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from s1demo.delimiters import THINK_TAGS, ThinkingFormat, split_trace

_THINKING_FIELDS = ("reasoning_content", "reasoning", "thinking")
_THINKING_PARTS = ("thinking", "reasoning")
_HIDDEN_DETAILS = ("reasoning.summary", "reasoning.encrypted")  # OpenRouter's reasoning_details
_THOUGHT_TAGS = ThinkingFormat("thought-tags", "<thought>", "</thought>", "</thought>")  # Gemini's OpenAI-compatible endpoint
_FINISHED = ("stop", "eos", "eos_token", "end_turn")
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character; JSON may hold it, UTF-8 may not


class ReplyFault(Exception):
    """A reply came and cannot be used; the message says why in a few words, the same for every reply with that fault."""


@dataclass(frozen=True)
class Reply:
    """What a model replied.

    Attributes:
        content: the visible text.
        reasoning: the thinking, where it came apart from the content.
        finish_reason: why it ended, in the server's word; empty where it did not say.
        model: who replied, by its own account; empty where it did not say.
        tokens_in, tokens_out: as the server counts them, thinking included; 0 where it does not say.
        reasoning_tokens: how many of `tokens_out` were thought, by the server's account; 0 where it does not say.
        hidden: whether the server says that it keeps the thinking to itself or sums it up.
    """

    content: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    reasoning_tokens: int = 0
    hidden: bool = False

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Reply:
        """Read a reply from a journal's record; further keys are left out."""
        return cls(**{item.name: record[item.name] for item in fields(cls) if item.name in record})

    def through(self, change: Callable[[str], str]) -> Reply:
        """The same reply with every text changed."""
        texts: dict[str, Any] = {name: change(value) for name, value in vars(self).items() if isinstance(value, str)}
        return replace(self, **texts)


def read_events(events: Iterable[Any]) -> Reply:
    """A reply that came in pieces, put together.

    Args:
        events: the chunks of a stream in order, or the one object of a reply without a stream.

    Raises:
        ReplyFault: there is no reply in them.
    """
    content, reasoning, found = list[str](), list[str](), False
    known: dict[str, Any] = {"hidden": False}
    for event in events:
        try:
            known |= _usage(event.get("usage"))
            known |= {"model": event["model"]} if isinstance(event.get("model"), str) and event["model"] else {}
            if not event.get("choices"):
                continue
            choice = event["choices"][0]
            message = choice.get("message") or choice.get("delta") or {}
            content.append(_content(message.get("content")))
            reasoning.append(_reasoning(message))
            known["hidden"] |= any(detail.get("type") in _HIDDEN_DETAILS for detail in message.get("reasoning_details") or ())
            known |= {"finish_reason": str(choice["finish_reason"])} if choice.get("finish_reason") else {}
            found = True
        except (LookupError, TypeError, AttributeError) as error:
            raise ReplyFault("no reply in the JSON") from error
    if not found:
        raise ReplyFault("no reply in the JSON")
    return Reply("".join(content), "".join(reasoning), **known).through(_whole_characters)


def _whole_characters(text: str) -> str:
    """Halves of characters joined, which chunks of a stream may cut; a half that stays alone becomes U+FFFD."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _content(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _reasoning(message: Mapping[str, Any]) -> str:
    for name in _THINKING_FIELDS:
        if isinstance(message.get(name), str) and message[name]:
            return str(message[name])
    parts = message.get("content")
    if not isinstance(parts, list):
        return ""
    inside = (part.get("thinking") or part.get("text") for part in parts if part.get("type") in _THINKING_PARTS)
    return "".join(_content(text) if isinstance(text, list) else str(text or "") for text in inside)


def _usage(usage: Any) -> dict[str, int]:
    """The server's counts, as far as they are counts."""
    if not isinstance(usage, dict):
        return {}
    details = usage.get("completion_tokens_details")
    found = {
        "tokens_in": usage.get("prompt_tokens"),
        "tokens_out": usage.get("completion_tokens"),
        "reasoning_tokens": details.get("reasoning_tokens") if isinstance(details, dict) else None,
    }
    return {name: count for name, count in found.items() if isinstance(count, int) and count > 0}


def check_reply(reply: Reply, names: Iterable[str]) -> None:
    """What every task asks of a reply: the model that was asked, an end of its own, and something said.

    Args:
        names: of the model, as replies may give them; a path in front and case do not count.

    Raises:
        ReplyFault: it falls short.
    """
    if reply.model and _bare(reply.model) not in map(_bare, names):
        raise ReplyFault(f"another model ({reply.model[:100]})")
    if reply.finish_reason == "length":
        raise ReplyFault("cut by length")
    if reply.finish_reason not in _FINISHED:
        raise ReplyFault(f"ended by {reply.finish_reason[:50]!r}" if reply.finish_reason else "no finish reason")
    if not reply.content.strip():
        raise ReplyFault("empty")


def _bare(model: str) -> str:
    return model.rpartition("/")[2].casefold()


def thinking_and_answer(reply: Reply) -> tuple[str, str]:
    """The trace and the answer of a reply, white space around them left out.

    Raises:
        ReplyFault: one of the two is missing, or the thinking is not the one that was thought.
    """
    thinking, answer = reply.reasoning, reply.content
    for tags in (THINK_TAGS, _THOUGHT_TAGS):
        n_ends = answer.count(tags.end_of_thinking)
        if n_ends > 1:
            raise ReplyFault("several ends of thinking")
        if n_ends or answer.lstrip().startswith(tags.think):
            tagged, answer = split_trace(answer.lstrip(), tags)
            thinking = thinking or tagged
    thinking, answer = thinking.strip(), answer.strip()
    if not thinking:
        raise ReplyFault("no thinking")
    if reply.hidden or reply.reasoning_tokens > len(thinking):  # less than a character for every token that was thought
        raise ReplyFault("a summary of the thinking")
    if not answer:
        raise ReplyFault("no answer behind the thinking")
    return thinking, answer
