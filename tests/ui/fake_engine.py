"""A stand-in engine for tests of the page: scripted words at a chosen speed, one id per word, no model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from s1demo.delimiters import S1
from s1demo.events import EngineInfo, FinishReason, Request, Segment

SPECIAL = re.compile(r"(<\|im_start\|>|<\|im_end\|>)")
WORD = re.compile(r"\s*\S+|\s+")
THINKING = (
    "\nI guess 2. Spell raspberry: r a s p b e r r y. Number of r: 2. So 2.",
    ", let me check. Backwards: y0 r1 r2 e2 b2 p2 s2 a2 r3. So 3.",
    ", let me check. Count: r1 a1 s1 p1 b1 e1 r2 r3 y3. So 3.",
)


class WordTokenizer:
    """Every word with the space before it is a token; special tokens are single ids when asked for."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._ids: dict[str, int] = {}
        self.end_of_turn_id = self._id(str(S1.end_of_turn))
        self.stop_id = self._id(S1.stop)
        self._newline = self._id("\n")

    def _id(self, word: str) -> int:
        if word not in self._ids:
            self._ids[word] = len(self._words)
            self._words.append(word)
        return self._ids[word]

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Text to ids."""
        ids: list[int] = []
        for part in SPECIAL.split(text) if special else [text]:
            words = [part] if special and SPECIAL.fullmatch(part) else WORD.findall(part)
            ids += [self._id(word if special or not SPECIAL.fullmatch(word) else word + "\0") for word in words]
        return ids

    def chat_affixes(self) -> tuple[str, str]:
        """A template of two lines."""
        return "user\n", "\nassistant\n"

    def line_end_ids(self) -> frozenset[int]:
        """Only the newline."""
        return frozenset({self._newline})

    def text_stream(self) -> WordTokenizer:
        """The tokenizer itself: no token is part of a character."""
        return self

    def text(self, token_ids: tuple[int, ...]) -> str:
        """Ids to text."""
        return "".join(self._words[i] for i in token_ids).replace("\0", "")

    def flush(self) -> str:
        return ""  # every id is whole words


class ScriptedEngine:
    """Thinks the given segments, one after each suppressed end, then answers.

    Args:
        seconds_per_token: how slowly it decodes.
        thinking: what it thinks before the first, second ... end; the last is repeated.
        answers: what it answers after so many ends were suppressed; the last is repeated.
        chunk: tokens per segment.
        context_length: the model's context.

    Attributes:
        held_at: after so many tokens a request waits until this is None or larger, so that a test decides what comes first.
    """

    def __init__(
        self,
        seconds_per_token: float = 0.0,
        thinking: Sequence[str] = THINKING,
        answers: Sequence[str] = ("\nAnswer: 2", "\nAnswer: 3"),
        chunk: int = 1,
        context_length: int = 1024,
    ) -> None:
        self.info = EngineInfo("scripted", "scripted", "CPU", 1_400_000, context_length, S1.name)
        self.tokenizer = WordTokenizer()
        self._thinking = [self.tokenizer.encode(text) for text in thinking]
        self._answers = [self.tokenizer.encode(text) for text in answers]
        self._seconds = seconds_per_token
        self._chunk = chunk
        self._think = tuple(self.tokenizer.encode(S1.think, special=True))
        self._end = tuple(self.tokenizer.encode(S1.end_of_thinking, special=True))
        self._cut = tuple(self.tokenizer.encode(S1.forced_answer, special=True))
        self.held_at: int | None = None
        self.active_requests = 0
        self.decoded_tokens = 0

    async def stream(self, request: Request) -> AsyncIterator[Segment]:
        """Decode one request from the script."""
        self.active_requests += 1
        try:
            script, stop = self._script(request.prompt_ids)
            for at in range(0, len(script), self._chunk):
                await asyncio.sleep(self._seconds * self._chunk)
                while self.held_at is not None and at >= self.held_at:
                    await asyncio.sleep(0.01)
                ids = tuple(script[at : at + self._chunk])[: request.max_new_tokens - at]
                self.decoded_tokens += len(ids)
                if at + len(ids) >= request.max_new_tokens:
                    yield Segment(ids, FinishReason.LENGTH)
                    return
                yield Segment(ids)
            yield Segment((), FinishReason.STOP, stop)
        finally:
            self.active_requests -= 1

    async def close(self) -> None:
        """Nothing to free."""

    def _script(self, prompt: tuple[int, ...]) -> tuple[list[int], int]:
        begin = _last(prompt, self._think) + len(self._think)
        tail = prompt[begin:]
        done = 0
        rest = tail
        while done < 64 and (words := self._segment(done)) and rest[: len(words)] == tuple(words) and len(rest) > len(words):
            rest = rest[len(words) :]
            if rest[: len(self._end)] == self._end or self._is_cut(rest):
                return self._answer(done), self.tokenizer.end_of_turn_id
            done, rest = done + 1, rest[1:]
        if self._is_cut(rest):
            return self.tokenizer.encode(
                " " + self.tokenizer.text(tuple(self._answer(done)[-1:])).strip()
            ), self.tokenizer.end_of_turn_id
        return self._segment(done), self.tokenizer.stop_id

    def _segment(self, n: int) -> list[int]:
        return self._thinking[min(n, len(self._thinking) - 1)]

    def _answer(self, n: int) -> list[int]:
        return self._answers[min(n, len(self._answers) - 1)]

    def _is_cut(self, ids: tuple[int, ...]) -> bool:
        return _last(ids, self._cut) >= 0


def _last(ids: tuple[int, ...], part: tuple[int, ...]) -> int:
    return next((i for i in range(len(ids) - len(part), -1, -1) if ids[i : i + len(part)] == part), -1)
