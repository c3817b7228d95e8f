"""The miniature's network: building, optimising, saving.

Knows shapes, weights and optimisers; knows no documents and no schedule. `torch` and `transformers` are imported here and in the
stages only.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch
from transformers import GenerationConfig, PreTrainedModel, Qwen2Config, Qwen2ForCausalLM

from training.mini.language.tokenizer import MAX_LENGTH, MiniTokenizer
from training.mini.recipe import ModelShape

VOCABULARY_MULTIPLE = 64


def build_network(shape: ModelShape, tokenizer: MiniTokenizer, seed: int) -> PreTrainedModel:
    """A freshly initialised network.

    Args:
        shape: its size.
        tokenizer: gives the vocabulary (padded to a multiple of 64) and the special ids.
    """
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=-(-tokenizer.vocab_size // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        tie_word_embeddings=True,
        max_position_embeddings=MAX_LENGTH,
        bos_token_id=None,
        eos_token_id=tokenizer.end_of_turn_id,
        pad_token_id=tokenizer.pad_id,
        initializer_range=0.02,
    )
    return Qwen2ForCausalLM(config)  # type: ignore[no-untyped-call]


def make_optimisers(
    network: torch.nn.Module, muon_lr: float, adamw_lr: float, muon_weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases."""
    matrices = [p for name, p in network.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in network.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        torch.optim.Muon(matrices, lr=muon_lr, weight_decay=muon_weight_decay, momentum=0.95),
        torch.optim.AdamW(others, lr=adamw_lr, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def export_network(network: PreTrainedModel, tokenizer_folder: Path, target: Path) -> None:
    """Write a model folder that AutoModelForCausalLM and vLLM load, replacing an older one file by file.

    Its tokenizer.json is to be loaded as it is (PreTrainedTokenizerFast, as `s1demo.engines.tokenization` does): for every model
    that calls itself Qwen2, AutoTokenizer of transformers 5 rebuilds Qwen's own tokenizer around the vocabulary and drops our
    splitting rule.

    Args:
        tokenizer_folder: holds tokenizer.json and tokenizer_config.json.
    """
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    config = network.config
    network.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id, max_length=MAX_LENGTH
    )
    network.save_pretrained(fresh)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, fresh / name)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(fresh.iterdir()):
        path.chmod(0o644)
        os.replace(path, target / path.name)
    fresh.rmdir()
