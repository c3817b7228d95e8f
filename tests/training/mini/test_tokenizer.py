"""The tokenizer: every text round-trips, special tokens are single and stay out of visitors' text, the saved files load."""

from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from s1demo.delimiters import ANSWER_PREFIX, EXTENSION, S1, encode_format
from training.mini.language.chains import OTHER_EXTENSIONS
from training.mini.language.tokenizer import MiniTokenizer, save_tokenizer

EXPORT = Path(__file__).resolve().parents[3] / "assets" / "s1-mini"
TEXTS = [
    "How many r in raspberry?",
    "Größe, naïve café, ÀÉ",
    "多少个字母 r？",
    "🍓🍓 = 2\t\ttabs\r\nand  spaces \n\n",
    "e\u0301 combining, \u200bzero width, \ufeffmark, نص",
    "27+48+36+9 = 9.11×3",
    " leading and trailing ",
    f"{S1.stop} spelled out {S1.end_of_turn}",
]


@pytest.fixture(scope="module")
def hub() -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast.from_pretrained(EXPORT)


@pytest.fixture(scope="module")
def mini() -> MiniTokenizer:
    return MiniTokenizer(EXPORT)


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_round_trips(mini: MiniTokenizer, hub: PreTrainedTokenizerFast, text: str) -> None:
    ids = mini.encode(text)
    assert mini.decode(ids) == text
    assert hub.decode(ids, clean_up_tokenization_spaces=False) == text
    assert hub(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] == ids


def test_special_tokens_are_single_ids_and_never_come_from_plain_text(mini: MiniTokenizer, hub: PreTrainedTokenizerFast) -> None:
    assert S1.end_of_turn is not None
    for special in (S1.stop, S1.end_of_turn):
        (index,) = mini.encode(special, special=True)
        assert hub(special, add_special_tokens=False)["input_ids"] == [index]
        assert index not in mini.encode(f"a {special} b")
        assert index not in hub(f"a {special} b", add_special_tokens=False, split_special_tokens=True)["input_ids"]


WORDS = [EXTENSION, *OTHER_EXTENSIONS, "\n", ".\n", "think", "answer", "Final", " Answer", ":", " r", " 7", " ×"]


@pytest.mark.parametrize("text", WORDS)
def test_words_of_the_format_are_single_tokens(mini: MiniTokenizer, text: str) -> None:
    assert len(mini.encode(text)) == 1


def test_numbers_are_split_into_digits(mini: MiniTokenizer) -> None:
    assert len(mini.encode("1081")) == 4 and len(mini.encode(" 1081")) == 4


def test_line_ends(mini: MiniTokenizer) -> None:
    ends = mini.line_end_ids()
    assert mini.encode("\n")[0] in ends and mini.encode("So 3.\n")[-1] in ends and mini.encode(".")[0] not in ends


def test_chat_template_and_affixes_agree(mini: MiniTokenizer, hub: PreTrainedTokenizerFast) -> None:
    before, after = mini.chat_affixes()
    text = hub.apply_chat_template([{"role": "user", "content": "QUESTION"}], add_generation_prompt=True, tokenize=False)
    assert text == f"{before}QUESTION{after}"
    assert hub.eos_token_id == mini.end_of_turn_id


def test_joined_text_has_the_ids_of_its_pieces(mini: MiniTokenizer) -> None:
    line = "At a glance I see 2 r in raspberry. So 2.\n"
    check = ", let me go letter by letter: r 1, a 1. So 1.\n"
    pieces = ["\n", line, EXTENSION, check]
    assert mini.encode("".join(pieces)) == [index for piece in pieces for index in mini.encode(piece)]


def test_the_format_encodes_and_decodes(mini: MiniTokenizer) -> None:
    assert encode_format(S1, mini).extension_ids == tuple(mini.encode(EXTENSION))
    assert mini.decode(list(encode_format(S1, mini).cut_ids)) == S1.forced_answer
    assert ANSWER_PREFIX.strip() in mini.decode(mini.encode(ANSWER_PREFIX))


def test_the_exported_tokenizer_is_the_one_this_code_builds(tmp_path: Path) -> None:
    save_tokenizer(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (EXPORT / name).read_text(encoding="utf-8") == (tmp_path / name).read_text(encoding="utf-8")
