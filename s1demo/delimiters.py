"""The delimiters around thinking and answer, "Wait" and "Final Answer:": as text and, through a tokenizer, as ids.

This is the only place that spells them out; a test forbids them everywhere else in the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from s1demo.errors import InputError, ModelError

EXTENSION = "Wait"  # paper section 3.1; the harness's thinking_n_ignore_str (no space, comma or newline)
FINAL_ANSWER = "Final Answer:"  # paper section 3.1: appended when the budget ends the thinking
ANSWER_PREFIX = "Answer: "  # what the s1K training text writes in front of every answer (data/tokenization.py)

# The chat template of s1-mini: ChatML as in Qwen2.5, without its default system prompt (the 32B keeps its own template).
CHATML_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Tokenizer(Protocol):
    """What prompts and delimiters need of a tokenizer; `engines.tokenization.HubTokenizer` is the product's."""

    end_of_turn_id: int

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Text to ids; with `special`, special tokens in the text become their single ids, otherwise they are plain text."""

    def chat_affixes(self) -> tuple[str, str]:
        """The chat template's text before and after one user message, the assistant header included."""

    def line_end_ids(self) -> frozenset[int]:
        """The ids whose text ends in a newline."""


@dataclass(frozen=True)
class ThinkingFormat:
    """How one family of reasoning models writes its thinking and its answer.

    Attributes:
        name: what settings and traces call it.
        think: the text every prompt ends in (without a newline: the model writes that, and it counts).
        end_of_thinking: the end-of-thinking delimiter, of one or several tokens.
        stop: the single token by which the model ends its thinking; the end-of-turn token is always a stop too.
        end_of_turn: the special token that closes the answer, where the format fixes it.
    """

    name: str
    think: str
    end_of_thinking: str
    stop: str
    end_of_turn: str | None = None

    @property
    def forced_answer(self) -> str:
        """What truncation appends: the delimiter, a newline and "Final Answer:" (harness, vllm_causallms.py)."""
        return f"{self.end_of_thinking}\n{FINAL_ANSWER}"


S1 = ThinkingFormat("s1", "<|im_start|>think", "<|im_start|>answer", "<|im_start|>", "<|im_end|>")
THINK_TAGS = ThinkingFormat("think-tags", "<think>", "</think>", "</think>")
FORMATS = {fmt.name: fmt for fmt in (S1, THINK_TAGS)}


@dataclass(frozen=True)
class EncodedFormat:
    """A `ThinkingFormat` and an extension string in the ids of one tokenizer: what budget forcing works with.

    Attributes:
        stop_ids: single tokens that end a segment.
        end_ids: appended after a natural end of thinking.
        newline_ids: put in front of `cut_ids` when the thinking does not end in a newline.
        cut_ids: appended when the budget ends the thinking.
        extension_ids: appended in place of a suppressed end of thinking; may be none.
        line_end_ids: ids whose text ends in a newline.
    """

    stop_ids: frozenset[int]
    end_ids: tuple[int, ...]
    newline_ids: tuple[int, ...]
    cut_ids: tuple[int, ...]
    extension_ids: tuple[int, ...]
    line_end_ids: frozenset[int]

    @property
    def longest_delimiter_tokens(self) -> int:
        """The most tokens the end of thinking can cost."""
        return max(len(self.end_ids), len(self.newline_ids) + len(self.cut_ids))

    def forced_end(self, last_thinking_id: int | None) -> tuple[int, ...]:
        """The ids that truncate thinking whose last token is `last_thinking_id` (None: no thinking at all)."""
        return self.cut_ids if last_thinking_id in self.line_end_ids else self.newline_ids + self.cut_ids


def encode_format(fmt: ThinkingFormat, tokenizer: Tokenizer, extension: str = EXTENSION) -> EncodedFormat:
    """Encode a format's delimiters and an extension string.

    Args:
        fmt: the model's thinking format.
        tokenizer: the model's tokenizer.
        extension: appended in place of a suppressed end of thinking; may be empty. Special tokens in it stay plain text.

    Raises:
        ModelError: the format's stop is not one token of this tokenizer (it is matched by id, so it must be).
        InputError: the extension has text that encodes to no token at all.
    """
    stop_ids = tokenizer.encode(fmt.stop, special=True)
    if len(stop_ids) != 1:
        raise ModelError(
            f"This tokenizer splits {fmt.stop!r} into {len(stop_ids)} tokens, so the format {fmt.name!r} cannot see thinking "
            f"end. Choose the model's own format with S1_FORMAT ({', '.join(FORMATS)})."
        )
    extension_ids = tuple(tokenizer.encode(extension))
    if extension and not extension_ids:
        raise InputError(f"The extension string {extension!r} encodes to no token. Give it some text, such as {EXTENSION!r}.")
    return EncodedFormat(
        stop_ids=frozenset({stop_ids[0], tokenizer.end_of_turn_id}),
        end_ids=tuple(tokenizer.encode(fmt.end_of_thinking, special=True)),
        newline_ids=tuple(tokenizer.encode("\n")),
        cut_ids=tuple(tokenizer.encode(fmt.forced_answer, special=True)),
        extension_ids=extension_ids,
        line_end_ids=tokenizer.line_end_ids(),
    )


def choose_format(tokenizer: Tokenizer, name: str = "") -> ThinkingFormat:
    """The thinking format of a model: the named one, else the one whose stop is a single token of its vocabulary.

    Raises:
        InputError: `name` is not a key of `FORMATS`.
        ModelError: neither format fits the vocabulary.
    """
    if name:
        if name not in FORMATS:
            raise InputError(f"Unknown thinking format {name!r}. Choose one of: {', '.join(FORMATS)}.")
        return FORMATS[name]
    for fmt in (THINK_TAGS, S1):  # think tags first: vocabularies like Qwen3's hold both
        if len(tokenizer.encode(fmt.stop, special=True)) == 1:
            return fmt
    raise ModelError("This model's vocabulary has neither think tags nor ChatML tokens, so its thinking cannot be delimited.")


def build_prompt(question: str, tokenizer: Tokenizer, fmt: ThinkingFormat) -> tuple[int, ...]:
    """The prompt ids of one question: chat template, bare question, assistant header, opened thinking (harness: no instruction).

    Special tokens spelled out in the question stay plain text.

    Raises:
        InputError: the question is empty.
    """
    question = question.strip()
    if not question:
        raise InputError("The question is empty.")
    before, after = tokenizer.chat_affixes()
    if after.rstrip().endswith(fmt.think):  # some templates open the thinking themselves, with a newline after it
        after = after.rstrip().removesuffix(fmt.think)
    return (
        *tokenizer.encode(before, special=True),
        *tokenizer.encode(question),
        *tokenizer.encode(after + fmt.think, special=True),
    )


def training_text(thinking: str, answer: str, fmt: ThinkingFormat = S1) -> str:
    """The assistant's part of one training text in the s1 format (data/tokenization.py), without the end-of-turn token.

    Args:
        thinking: the reasoning.
        answer: the final answer; "Answer: " is put in front unless it is there.
    """
    if ANSWER_PREFIX.strip() not in answer:
        answer = ANSWER_PREFIX + answer
    return f"{fmt.think}\n{thinking.strip()}\n{fmt.end_of_thinking}\n{answer}"


def split_trace(text: str, fmt: ThinkingFormat) -> tuple[str, str]:
    """Split generated text at the last end-of-thinking delimiter (harness: the LAST one).

    Args:
        text: everything after the prompt, delimiters included.
        fmt: its format.

    Returns:
        Thinking text and answer text, both without delimiters; the answer is empty where the thinking never ended.
    """
    body = text.removeprefix(fmt.think)
    thinking, delimiter, answer = body.rpartition(fmt.end_of_thinking)
    if not delimiter:
        return body, ""
    if fmt.end_of_turn:
        answer = answer.removesuffix(fmt.end_of_turn)
    return thinking, answer
