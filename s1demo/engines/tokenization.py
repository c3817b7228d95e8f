"""A model's own tokenizer, as every engine with real ids uses it. The only user of `transformers.AutoTokenizer`."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

from s1demo.errors import ModelError

_QUESTION = "QUESTION-GOES-HERE"
_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


class HubTokenizer:
    """The tokenizer of a model folder or Hub id.

    Args:
        model: folder or Hub id.

    Raises:
        ModelError: there is no usable tokenizer.
    """

    def __init__(self, model: str) -> None:
        from transformers import AutoTokenizer

        check_folder(model)
        try:
            self.hub = AutoTokenizer.from_pretrained(model)
            self._backend = self.hub.backend_tokenizer
        except Exception as error:  # transformers raises many kinds for one cause: no tokenizer there
            raise ModelError(f"Cannot load a tokenizer from {model!r}: {_first_line(error)}") from error
        if self.hub.eos_token_id is None:
            raise ModelError(f"The tokenizer of {model!r} names no end-of-turn token (eos_token), so no answer could ever end.")
        self.end_of_turn_id: int = self.hub.eos_token_id
        self.size: int = len(self.hub)
        self._lock = threading.Lock()  # the backend's special-token switch is a setting, not an argument
        self._line_end_ids: frozenset[int] | None = None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Text to ids; with `special`, special tokens in the text become their single ids, otherwise they are plain text."""
        with self._lock:
            self._backend.encode_special_tokens = not special
            return list(self._backend.encode(_printable(text), add_special_tokens=False).ids)

    def chat_affixes(self) -> tuple[str, str]:
        """The chat template's text before and after one user message, the assistant header included."""
        try:
            text = self.hub.apply_chat_template(
                [{"role": "user", "content": _QUESTION}], tokenize=False, add_generation_prompt=True
            )
        except ValueError as error:
            raise ModelError(f"This model's tokenizer has no chat template: {_first_line(error)}") from error
        before, _, after = str(text).partition(_QUESTION)
        return before, after

    def line_end_ids(self) -> frozenset[int]:
        """The ids whose text ends in a newline."""
        if self._line_end_ids is None:
            texts = self.hub.batch_decode([[token_id] for token_id in range(self.size)], skip_special_tokens=False)
            self._line_end_ids = frozenset(token_id for token_id, text in enumerate(texts) if text.endswith("\n"))
        return self._line_end_ids

    def text_stream(self) -> IncrementalText:
        """A decoder for one sequence."""
        return IncrementalText(self._backend)


class IncrementalText:
    """Ids to text, piece by piece, for one sequence (`tokenizers.decoders.DecodeStream`)."""

    def __init__(self, backend: Any) -> None:
        from tokenizers.decoders import DecodeStream

        self._backend = backend
        self._stream = DecodeStream(skip_special_tokens=False)

    def text(self, token_ids: tuple[int, ...]) -> str:
        """The text these ids complete; a character split over ids comes with its last one."""
        return "".join(self._stream.step(self._backend, token_id) or "" for token_id in token_ids)


def check_folder(model: str) -> None:
    """Refuse a model that can only be a folder and is none, before a hub is asked for it.

    Raises:
        ModelError: there is no such folder, or it holds no model.
    """
    folder = Path(model)
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(f"The folder {model!r} has no config.json, so no model. Name a folder that save_pretrained wrote.")
    elif not _HUB_ID.fullmatch(model) or folder.exists():
        raise ModelError(f"There is no model folder {model!r}. Name an existing folder or a Hub id such as owner/name.")


def _printable(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, become replacement characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
