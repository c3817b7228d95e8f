"""Rows to training samples: `input_ids` and `labels`, the loss on exactly the reference's span.

The reference masks everything up to and including the assistant header and trains both delimiters, the trace, the answer, the
end of turn and the newline after it (simplescaling/s1, data/tokenization.py and train/sft.py: DataCollatorForCompletionOnlyLM).
Prompt and delimiters are those of `s1demo.delimiters`, so training and decoding cannot drift apart.
"""

from __future__ import annotations

from pathlib import Path

from s1demo.delimiters import S1, build_prompt, training_text
from s1demo.engines.tokenization import HubTokenizer
from s1demo.errors import InputError
from training.curation.quality import BROKEN, format_faults
from training.curation.records import Row, read_rows

IGNORED = -100  # the label that cross-entropy leaves out


def read_trainable(path: Path) -> list[Row]:
    """The rows of a file, each of which must train as it reads.

    Raises:
        InputError: the file cannot be read or is empty, or a row has no trace, no answer or a fault (`quality.format_faults`).
    """
    if not path.exists():
        way = f"python -m training.curation.published --dataset s1K --to {path}"
        raise InputError(f"{path} is not there. Make it ({way}, or training.curation), or name another: --set data=FILE.")
    rows = list(read_rows(path))
    for row in rows:
        faults = format_faults(row) if row.thinking and row.trace_answer else ["no trace or no answer"]
        if faults := [fault for fault in faults if fault != BROKEN]:  # which trains as any other character
            raise InputError(f"{path}: the row {row.id} cannot be trained on ({', '.join(faults)}). Leave it out of the file.")
    if not rows:
        raise InputError(f"{path} holds no rows to train on. Give a file that training.curation wrote.")
    return rows


def encode_row(row: Row, tokenizer: HubTokenizer) -> dict[str, list[int]]:
    """One training sample.

    Args:
        row: with trace and answer; neither may hold delimiters (`quality.format_faults`).
        tokenizer: of the model to be trained.

    Returns:
        `input_ids` and `labels` of the same length; labels are `IGNORED` in the prompt and in the row's masked spans.
    """
    think_ids = tokenizer.encode(S1.think, special=True)
    prompt_ids = list(build_prompt(row.question, tokenizer, S1))[: -len(think_ids)]  # the loss counts the opened thinking
    text = f"{training_text(row.thinking, row.trace_answer.strip())}{S1.end_of_turn}\n"
    target_ids = tokenizer.encode(text, special=True)
    labels = _masked(row, text, target_ids, tokenizer) if row.masked_spans else target_ids
    return {"input_ids": prompt_ids + target_ids, "labels": [IGNORED] * len(prompt_ids) + labels}


def _masked(row: Row, text: str, ids: list[int], tokenizer: HubTokenizer) -> list[int]:
    """The ids, those that hold a character of a masked span replaced by `IGNORED`."""
    encoded = tokenizer.hub(text, add_special_tokens=False, return_offsets_mapping=True)
    assert list(encoded["input_ids"]) == ids, "the tokenizer encodes the same text in two ways"
    shift = text.index(row.thinking.strip()) - (len(row.thinking) - len(row.thinking.lstrip()))
    spans = [(start + shift, end + shift) for start, end in row.masked_spans]
    hidden = (any(first < stop and start < end for start, stop in spans) for first, end in encoded["offset_mapping"])
    return [IGNORED if is_hidden else index for index, is_hidden in zip(ids, hidden, strict=True)]
