"""What the kinds of `/v1/completions` servers understand, and how the ids come back from each. Knows no network.

| server    | prompt | ids back                         | masks stops for min_tokens                             |
|-----------|--------|----------------------------------|--------------------------------------------------------|
| vLLM      | ids    | `token_ids` (`return_token_ids`) | `min_tokens`                                           |
| SGLang    | ids    | `token_ids` (`return_token_ids`) | `min_tokens`                                           |
| llama.cpp | ids    | `id` of each token's log-prob    | a first request of min_tokens with the stops biased out |
| others    | ids    | as above, else text re-encoded   | the same two requests                                  |
| text only | text   | text re-encoded, line by line    | where the server knows `logit_bias`                    |

Text is the last resort (text-generation-inference, older servers). Where the model sampled another split of a text than the
tokenizer's, other ids come back, so counts can differ by a few and greedy continuations diverge. And ids come line by line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from s1demo.engines.base import EngineTokenizer
from s1demo.events import FinishReason, Request, Segment

_FINISHES = {
    "stop": FinishReason.STOP,
    "eos_token": FinishReason.STOP,  # text-generation-inference
    "stop_sequence": FinishReason.STOP,
    "length": FinishReason.LENGTH,
}


@dataclass(frozen=True)
class Dialect:
    """What a kind of server understands.

    Attributes:
        name: for people.
        takes_ids: a prompt may be token ids.
        masks_stops: `min_tokens` keeps stops from being sampled.
        bias_out: the `logit_bias` of an id that must not be sampled.
    """

    name: str
    takes_ids: bool = True
    masks_stops: bool = False
    bias_out: float | bool = -100


VLLM = Dialect("vLLM", masks_stops=True)
SGLANG = Dialect("SGLang", masks_stops=True)
LLAMA_CPP = Dialect("llama.cpp", bias_out=False)  # false: minus infinity
UNKNOWN = Dialect("OpenAI-compatible")
TEXT_ONLY = Dialect("text-only", takes_ids=False)
DIALECTS = {"vllm": VLLM, "sglang": SGLANG, "llamacpp": LLAMA_CPP}  # by `owned_by` in /v1/models


def completion_body(dialect: Dialect, model: str, request: Request, tokenizer: EngineTokenizer, salt: int = 0) -> dict[str, Any]:
    """The JSON of one request. Whatever a server would take from the model's generation_config (top-k, penalties) is set to off.

    The seed sent is made of the seed and the length of the prompt: the same request samples the same, and a continuation does not
    repeat the random numbers of what it continues.

    Where the server cannot mask stops, only the first min_tokens are asked for.

    Args:
        dialect: what the server understands.
        model: the model's name there.
        salt: another number gives another sample of the same request; 0 for the first.
    """
    sampling, stops = request.sampling, sorted(request.stop_ids)
    two_requests = bool(request.min_tokens and stops) and not dialect.masks_stops
    body: dict[str, Any] = {
        "model": model,
        "prompt": list(request.prompt_ids) if dialect.takes_ids else text_of(request.prompt_ids, tokenizer),
        "stream": True,
        "max_tokens": min(request.min_tokens, request.max_new_tokens) if two_requests else request.max_new_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.numbered(len(request.prompt_ids), *([salt] if salt else [])).seed,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
    }
    if two_requests:
        body["logit_bias"] = {str(stop): dialect.bias_out for stop in stops}
    if request.logprobs:
        body["logprobs"] = 1
    if not dialect.takes_ids:
        return body | {"stop": [text_of((stop,), tokenizer) for stop in stops]}
    body |= {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True}
    if dialect is LLAMA_CPP:  # stops come back as ids and end the segment here; its ignore_eos would ban the end of a turn
        return body | {"repeat_penalty": 1.0, "logprobs": 1}
    return body | {
        "stop_token_ids": stops,
        "min_tokens": min(request.min_tokens, request.max_new_tokens),
        # SGLang's ignore_eos switches stop_token_ids off as well; stops are then cut here.
        "ignore_eos": dialect is VLLM or tokenizer.end_of_turn_id not in request.stop_ids,
        "add_special_tokens": False,
        "skip_special_tokens": False,
        "spaces_between_special_tokens": False,
    }


def text_of(token_ids: Iterable[int], tokenizer: EngineTokenizer) -> str:
    """Ids to text, special tokens included."""
    stream = tokenizer.text_stream()
    return stream.text(tuple(token_ids)) + stream.flush()


class IdReader:
    """Finds the ids in the events of one stream; only where a server sends none is its text encoded, line by line."""

    def __init__(self, request: Request, tokenizer: EngineTokenizer) -> None:
        self._tokenizer = tokenizer
        texts = {text_of((stop,), tokenizer): stop for stop in request.stop_ids}
        self._stop_texts = {text: stop for text, stop in texts.items() if text.strip("\ufffd")}  # no parts of characters
        self._text = ""  # of the line under way

    def read(self, choice: dict[str, Any]) -> Segment:
        """What one `choices[0]` brought; unlike an engine's own segments, a stop may be among the ids.

        Raises:
            ValueError: the server gave up on the text, or this is no completion.
        """
        finish = choice.get("finish_reason")
        if finish is not None and finish not in _FINISHES:
            raise ValueError(f"it gave the text up ({str(finish)[:50]})")
        stop = choice.get("stop_reason", choice.get("matched_stop"))
        reason = None if finish is None else _FINISHES[finish]
        stop_id = stop if isinstance(stop, int) and reason is FinishReason.STOP else None
        reported = choice.get("logprobs") or {}
        text = str(choice.get("text") or "")
        ids, logprobs = choice.get("token_ids"), reported.get("token_logprobs")
        if ids is None and reported.get("content"):  # llama.cpp
            ids = [entry["id"] for entry in reported["content"]]
            logprobs = [entry.get("logprob") for entry in reported["content"]]
            if len(ids) == 1 and text and not self._tokenizer.text_stream().text((ids[0],)):
                ids = self._tokenizer.encode(text)  # of a character split over tokens it reports the last one only
        if ids is None:
            return self._encode(text, reason)
        if not isinstance(ids, list) or not all(isinstance(token_id, int) and token_id >= 0 for token_id in ids):
            raise ValueError("its token ids are no ids")
        if logprobs is None or len(logprobs) != len(ids) or None in logprobs:
            return Segment(tuple(ids), reason, stop_id)
        return Segment(tuple(ids), reason, stop_id, tuple(logprobs))

    def _encode(self, new_text: str, reason: FinishReason | None) -> Segment:
        self._text += new_text
        found = [(at, stop) for stop in self._stop_texts if (at := self._text.find(stop)) >= 0]
        if found:
            at, stop = min(found)
            ids = self._tokenizer.encode(self._text[:at], special=True)
            return Segment(tuple(ids), FinishReason.STOP, self._stop_texts[stop])
        # A line end followed by more text is a boundary of tokens in every tokenizer that splits before whitespace.
        end = len(self._text) if reason else self._text.rstrip().rfind("\n") + 1
        ready, self._text = self._text[:end], self._text[end:]
        return Segment(tuple(self._tokenizer.encode(ready, special=True)) if ready else (), reason)
