"""A model's own tokenizer, as every engine with real ids uses it. The only place that loads one."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any

from s1demo.errors import ModelError, first_line

_QUESTION = "QUESTION-GOES-HERE"
_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


class HubTokenizer:
    """The tokenizer of a model folder or Hub id.

    Args:
        model: folder or Hub id.

    Attributes:
        hub: the transformers tokenizer.
        end_of_turn_id: the id that closes a turn.
        size: number of ids it knows.

    Raises:
        ModelError: there is no usable tokenizer.
    """

    def __init__(self, model: str) -> None:
        check_folder(model)
        try:
            self.hub = _load(model)
            self._backend = self.hub.backend_tokenizer
        except Exception as error:  # transformers raises many kinds for one cause: no tokenizer there
            raise ModelError(f"Cannot load a tokenizer from {model!r}{not_a_folder(model)}: {first_line(error)}") from error
        if self.hub.eos_token_id is None:
            raise ModelError(f"The tokenizer of {model!r} names no end-of-turn token (eos_token), so no answer could ever end.")
        self.end_of_turn_id: int = self.hub.eos_token_id
        self.size: int = len(self.hub)
        self._make_added_tokens_special()
        self._lock = threading.Lock()  # the backend's special-token switch is a setting, not an argument
        self._affixes: tuple[str, str] | None = None
        self._line_end_ids: frozenset[int] | None = None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Text to ids; with `special`, special tokens in the text become their single ids, otherwise they are plain text."""
        with self._lock:
            self._backend.encode_special_tokens = not special
            return list(self._backend.encode(_encodable(text), add_special_tokens=False).ids)

    def chat_affixes(self) -> tuple[str, str]:
        """The chat template's text before and after one user message, the assistant header included."""
        if self._affixes is None:
            messages = [{"role": "user", "content": _QUESTION}]
            try:
                text = self.hub.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            except Exception as error:  # no template, or one that jinja cannot render
                raise ModelError(f"This model's tokenizer has no usable chat template: {first_line(error)}") from error
            before, _, after = str(text).partition(_QUESTION)
            self._affixes = before, after
        return self._affixes

    def line_end_ids(self) -> frozenset[int]:
        """The ids whose text ends in a newline."""
        if self._line_end_ids is None:
            texts = self.hub.batch_decode([[token_id] for token_id in range(self.size)], skip_special_tokens=False)
            self._line_end_ids = frozenset(token_id for token_id, text in enumerate(texts) if text.endswith("\n"))
        return self._line_end_ids

    def text_stream(self) -> IncrementalText:
        """A decoder for one sequence."""
        return IncrementalText(self._backend)

    def _make_added_tokens_special(self) -> None:
        """Only special tokens can be switched to plain text. Think tags are added tokens, but often not special ones."""
        from tokenizers import AddedToken

        added = self._backend.get_added_tokens_decoder().values()
        plain = [AddedToken(token.content, special=True, normalized=False) for token in added if not token.special]
        if plain:
            self._backend.add_special_tokens(plain)


class IncrementalText:
    """Ids to text, piece by piece, for one sequence (`tokenizers.decoders.DecodeStream`)."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._restart()

    def _restart(self) -> None:
        from tokenizers.decoders import DecodeStream

        self._stream = DecodeStream(skip_special_tokens=False)
        self._incomplete: list[int] = []  # ids that have completed no character yet

    def text(self, token_ids: tuple[int, ...]) -> str:
        """The text these ids complete; a character split over ids comes with its last one."""
        pieces = []
        for token_id in token_ids:
            piece = self._stream.step(self._backend, token_id)
            self._incomplete = [] if piece else [*self._incomplete, token_id]
            pieces.append(piece or "")
        return "".join(pieces)

    def flush(self) -> str:
        """The text of ids whose character never came, as replacement characters."""
        if not self._incomplete:
            return ""
        text = str(self._backend.decode(self._incomplete, skip_special_tokens=False))
        self._restart()
        return text


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


def shown_name(model: str) -> str:
    """A Hub id as it is; of a folder only its last part, because a path says something about the machine and not the model."""
    is_hub_id = model.count("/") == 1 and not model.startswith((".", "/")) and not Path(model).is_dir()
    return model if is_hub_id else Path(model).name


def not_a_folder(model: str) -> str:
    """Words for an error about a model that may be a mistyped folder, so that the fault is not sought on the Hub."""
    return "" if Path(model).is_dir() else " (no folder here, so taken for a Hub id)"


def _load(model: str) -> Any:
    """The tokenizer; a local PreTrainedTokenizerFast is loaded as that, from its tokenizer.json alone.

    For model type qwen2, AutoTokenizer of transformers 5 replaces the splitting rule of tokenizer.json by Qwen's own.
    """
    from huggingface_hub.utils import logging
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # without a network every retry would print its own line; ours says it once
    config = Path(model) / "tokenizer_config.json"
    if config.is_file() and json.loads(config.read_text(encoding="utf-8")).get("tokenizer_class") == "PreTrainedTokenizerFast":
        return PreTrainedTokenizerFast.from_pretrained(model)
    return AutoTokenizer.from_pretrained(model, trust_remote_code=False)


def _encodable(text: str) -> str:
    """The text with question marks for lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
