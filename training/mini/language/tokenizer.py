"""The miniature's tokenizer: single digits and letters, whole words of the working, bytes for everything else.

Knows text and ids, nothing of models or training. Byte-level without learned merges, so any text round-trips exactly; a word is
one token only when it is in the vocabulary. The saved files are what PreTrainedTokenizerFast loads; `training.mini.pretrain`
writes them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache, cached_property
from pathlib import Path
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

from s1demo.delimiters import ANSWER_PREFIX, CHATML_TEMPLATE, EXTENSION, FINAL_ANSWER, S1
from training.mini.domains import DOMAINS
from training.mini.domains.base import write_pass
from training.mini.language.chains import OTHER_EXTENSIONS, REFUSAL, REFUSAL_PASSES, after_disagreement, confirmation, restatement
from training.mini.wording.phrasings import ENDINGS, OPENINGS, phrasings

PAD = "<|pad|>"
MAX_LENGTH = 2048
SAMPLES_PER_DOMAIN = 1000  # enough to meet every word of the working
COMMON = 4  # phrasings that a question's word must occur in (a lower-cased first word counts as another)
PIECE = r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|[\r\n]|\s+(?!\S)|\s"


def split(text: str) -> list[str]:
    """A text in words (with a leading space), digits and marks, as the tokenizer cuts it before it looks at its vocabulary."""
    return [piece for piece, _ in pre_tokenizers.Split(Regex(PIECE), "isolated").pre_tokenize_str(text)]


def question_words() -> set[str]:
    """The words that occur in several phrasings; the others are spelled, so that unknown words are nothing new to the model."""
    templates = [*OPENINGS, *ENDINGS, *(template for name in DOMAINS for template in phrasings(name))]
    texts = [text for template in templates for text in {template, template[0].lower() + template[1:]}]
    counts = Counter(piece for text in texts for piece in set(split(re.sub(r"\{\w+\}", " 0 ", text))))
    return {piece for piece, count in counts.items() if count >= COMMON}


@cache
def template_words() -> list[str]:
    """Every word (with its leading space, if any) of chat, questions and working that deserves a token of its own."""
    rng = Random("vocabulary")
    texts = [S1.forced_answer.removeprefix(S1.stop), ANSWER_PREFIX, FINAL_ANSWER, S1.think.removeprefix(S1.stop)]
    texts += [EXTENSION, *OTHER_EXTENSIONS, "user\n", "assistant\n", "system\n", ".\n"]
    texts += [confirmation(["0", "0"]).text, confirmation(["1", "0", "0"]).text, restatement("0").text]
    texts += [f" {REFUSAL}", *(refusal.text for refusal in REFUSAL_PASSES)]
    for name, domain in DOMAINS.items():
        for _ in range(SAMPLES_PER_DOMAIN):
            shown = ("1", "121") if name == "letters" else domain.sample(rng)  # the words of these questions are spelled
            if name != "letters":
                texts += domain.fields(shown, rng).values()
            passes = [write_pass(shown, method, rng) for method in domain.methods().values()]
            texts += [f"{working.text} {working.conclusion}" for working in passes]
            texts.append(after_disagreement(passes[1], ["1", "0"]).text)
    found = {piece for text in texts for piece in split(text)} | question_words()
    inside = {f" {piece}" for piece in found if piece.isalpha()}  # the first word of a line may follow an opening
    return sorted(word for word in found | inside if word.strip(" "))


def build_tokenizer() -> Tokenizer:
    """The tokenizer, built from the templates alone (no corpus, no learned merges)."""
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    letters = [f" {letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    words = [byte_level.pre_tokenize_str(word)[0][0] for word in [*letters, *template_words()]]
    tokens = list(dict.fromkeys([*sorted(pre_tokenizers.ByteLevel.alphabet()), *words]))
    tokenizer = Tokenizer(models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PIECE), "isolated"), byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    assert S1.end_of_turn is not None
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in (PAD, S1.stop, S1.end_of_turn)])
    return tokenizer


def save_tokenizer(folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json into a folder.

    Args:
        folder: created if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    build_tokenizer().save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": S1.end_of_turn,
        "pad_token": PAD,
        "additional_special_tokens": [S1.stop],
        "model_max_length": MAX_LENGTH,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHATML_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


class MiniTokenizer:
    """The saved tokenizer as `s1demo.delimiters.Tokenizer` wants it; the pipeline's only way from text to ids.

    Attributes:
        end_of_turn_id: closes a turn.
        pad_id: fills a batch.
        vocab_size: number of tokens.
    """

    def __init__(self, folder: Path) -> None:
        """Load from a folder that `save_tokenizer` wrote."""
        path = str(folder / "tokenizer.json")
        self._special, self._plain = Tokenizer.from_file(path), Tokenizer.from_file(path)
        self._plain.encode_special_tokens = True
        (self.end_of_turn_id,) = self.encode(S1.end_of_turn or "", special=True)
        (self.pad_id,) = self.encode(PAD, special=True)
        self.vocab_size = self._special.get_vocab_size()

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Text to ids; with `special`, special tokens in the text become their single ids, otherwise plain text."""
        return (self._special if special else self._plain).encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        """Ids to text, special tokens spelled out."""
        return self._special.decode(ids, skip_special_tokens=False)

    def chat_affixes(self) -> tuple[str, str]:
        """The chat template's text before and after one user message, the assistant header included."""
        return f"{S1.stop}user\n", f"{S1.end_of_turn}\n{S1.stop}assistant\n"

    def line_end_ids(self) -> frozenset[int]:
        """The ids whose text ends in a newline."""
        return frozenset(index for index, text in enumerate(self.texts) if text.endswith("\n"))

    @cached_property
    def texts(self) -> list[str]:
        """The text of every id (bytes that are no text of their own as a replacement character)."""
        return [self.decode([index]) for index in range(self.vocab_size)]
