"""Batched greedy budget forcing for the miniature: every budget and every number of extensions of a problem set at once.

Knows the network and the encoded format; knows no domains and no files. The rules are the product's (extension in place of a
suppressed stop, forced end at the budget); this is a small batch version for curves, checked against the product's own tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from transformers import DynamicCache, PreTrainedModel

from s1demo.delimiters import ANSWER_PREFIX, FINAL_ANSWER, EncodedFormat
from training.mini.tokenizer import MiniTokenizer

MAX_ANSWER_TOKENS = 12


@dataclass
class Trail:
    """What one question has produced so far.

    Attributes:
        prompt: prompt ids.
        thinking: thinking ids, forced extensions included.
        ends: thinking length at each natural end: after 0, 1, 2, ... extensions.
    """

    prompt: list[int]
    thinking: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


@torch.inference_mode()
def continue_greedily(
    network: PreTrainedModel, prefixes: Sequence[list[int]], limits: Sequence[int], stops: frozenset[int], *, not_first: bool
) -> list[list[int]]:
    """Greedy continuation of many prefixes in one batch (left-padded).

    Args:
        network: the model.
        prefixes: ids to continue.
        limits: the most new tokens for each.
        stops: ids that end a continuation; they are included in the result.
        not_first: forbid a stop as the first new token.

    Returns:
        The new ids of each prefix.
    """
    longest, n = max(map(len, prefixes)), len(prefixes)
    ids, mask = torch.zeros(n, longest, dtype=torch.long), torch.zeros(n, longest, dtype=torch.long)
    for row, prefix in enumerate(prefixes):
        ids[row, longest - len(prefix) :] = torch.tensor(prefix)
        mask[row, longest - len(prefix) :] = 1
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=network.config)
    results: list[list[int]] = [[] for _ in prefixes]
    rows = torch.arange(n)
    for step in range(max(limits)):
        output = network(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        logits = output.logits[:, -1]
        if step == 0 and not_first:
            logits[:, list(stops)] = -torch.inf
        chosen = logits.argmax(-1)
        going = []
        for index, row in enumerate(rows.tolist()):
            results[row].append(int(chosen[index]))
            if results[row][-1] not in stops and len(results[row]) < limits[row]:
                going.append(index)
        if not going:
            break
        if len(going) < len(rows):
            keep = torch.tensor(going)
            rows, chosen, mask, positions = rows[keep], chosen[keep], mask[keep], positions[keep]
            cache.batch_select_indices(keep)
        ids, mask = chosen[:, None], torch.cat([mask, torch.ones(len(rows), 1, dtype=torch.long)], 1)
        positions = positions[:, -1:] + 1
    return results


def think(
    network: PreTrainedModel, prompts: Sequence[Sequence[int]], encoded: EncodedFormat, n_extensions: int, context: int
) -> list[Trail]:
    """Let every prompt think to its natural end, then force it to go on `n_extensions` times.

    Args:
        network: the model.
        prompts: prompt ids.
        encoded: the format in ids.
        n_extensions: how many ends are suppressed.
        context: the most tokens of prompt, thinking and answer together.
    """
    trails = [Trail(list(prompt)) for prompt in prompts]
    reserve = MAX_ANSWER_TOKENS + encoded.longest_delimiter_tokens + len(encoded.extension_ids)
    for round_ in range(n_extensions + 1):
        if round_:
            for trail in trails:
                trail.thinking += encoded.extension_ids
        limits = [max(1, context - reserve - len(trail.prompt) - len(trail.thinking)) for trail in trails]
        prefixes = [trail.prompt + trail.thinking for trail in trails]
        news = continue_greedily(network, prefixes, limits, encoded.stop_ids, not_first=round_ > 0)
        for trail, new in zip(trails, news, strict=True):
            trail.thinking += new[:-1] if new[-1] in encoded.stop_ids else new
            trail.ends.append(len(trail.thinking))
    return trails


def answers(
    network: PreTrainedModel,
    trails: Sequence[Trail],
    lengths: Sequence[int],
    forced: Sequence[bool],
    encoded: EncodedFormat,
    tokenizer: MiniTokenizer,
) -> list[str]:
    """The answer of every trail when its thinking ends after so many tokens.

    Args:
        network: the model.
        trails: what has been thought.
        lengths: how many thinking tokens of each trail to keep.
        forced: whether the product ends the thinking (else the model did).
        encoded: the format in ids.
        tokenizer: decodes the answers.
    """
    prefixes = []
    for trail, length, is_forced in zip(trails, lengths, forced, strict=True):
        kept = trail.thinking[:length]
        end = encoded.forced_end(kept[-1] if kept else None) if is_forced else encoded.end_ids
        prefixes.append([*trail.prompt, *kept, *end])
    written = continue_greedily(network, prefixes, [MAX_ANSWER_TOKENS] * len(prefixes), encoded.stop_ids, not_first=False)
    texts = (tokenizer.decode([index for index in ids if index not in encoded.stop_ids]) for ids in written)
    return [text.replace(FINAL_ANSWER, "").replace(ANSWER_PREFIX, "").strip() for text in texts]
