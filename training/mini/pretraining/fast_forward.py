"""The training forward pass of a Qwen2 network: its own weights and maths, written so that two CPU cores are kept busy.

All tokens of a batch lie behind each other in one row of fixed length, so everything but attention has one shape and is compiled
once; attention runs per group of equally long documents.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, embedding, linear, silu
from transformers import PreTrainedModel

from training.mini.pretraining.batching import IGNORED, Batch

DOCUMENTS_AT_ONCE = 8  # in attention: their scores stay in the processor's cache


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Root-mean-square norm over the last dimension."""
    return weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of tokens x heads x head size."""
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


class FastForward:
    """Computes the summed loss of batches with the weights of a Qwen2 network."""

    def __init__(self, network: PreTrainedModel, *, bf16: bool, compiled: bool) -> None:
        """Prepare the rotary tables.

        Args:
            network: a Qwen2ForCausalLM with as many key heads as heads; its parameters get the gradients.
            bf16: matrix products in bfloat16; sums, norms and the loss stay in float32.
            compiled: whether to torch.compile.
        """
        config = network.config
        self.model: Any = network.model
        self.dtype = torch.bfloat16 if bf16 else torch.float32
        self.heads, self.eps = config.num_attention_heads, config.rms_norm_eps
        angles = torch.outer(torch.arange(config.max_position_embeddings).float(), self.model.rotary_emb.inv_freq)
        self.cos, self.sin = angles.cos().unsqueeze(1), angles.sin().unsqueeze(1)
        length = config.max_position_embeddings
        self.future = torch.full((length, length), -torch.inf, dtype=self.dtype).triu(1)
        wrap: Any = torch.compile(dynamic=False) if compiled else lambda function: function
        self.before_attention, self.after_attention, self.loss = (
            wrap(part) for part in (self._before_attention, self._after_attention, self._loss)
        )

    def __call__(self, batch: Batch) -> Tensor:
        """The loss, summed over the targets."""
        x = embedding(batch.ids, self.model.embed_tokens.weight)
        cos, sin = self.cos[batch.places], self.sin[batch.places]
        for layer in self.model.layers:
            a, m = layer.self_attn, layer.mlp
            projections = (a.q_proj, a.k_proj, a.v_proj)
            weights, biases = [part.weight for part in projections], [part.bias for part in projections]
            q, k, v = self.before_attention(x, layer.input_layernorm.weight, weights, biases, cos, sin)
            attended = self._attention(q, k, v, batch.groups)
            matrices = (a.o_proj.weight, m.gate_proj.weight, m.up_proj.weight, m.down_proj.weight)
            x = self.after_attention(x, attended, layer.post_attention_layernorm.weight, *matrices)
        loss: Tensor = self.loss(x, self.model.norm.weight, self.model.embed_tokens.weight, batch.targets)
        return loss

    def _before_attention(
        self, x: Tensor, norm: Tensor, weights: list[Tensor], biases: list[Tensor], cos: Tensor, sin: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        weight, bias = torch.cat(weights).to(self.dtype), torch.cat(biases).to(self.dtype)
        projected = linear(rms_norm(x, norm, self.eps).to(self.dtype), weight, bias)
        queries, keys, values = projected.view(len(x), 3, self.heads, -1).unbind(1)
        return rotate(queries, cos, sin).to(self.dtype), rotate(keys, cos, sin).to(self.dtype), values.contiguous()

    def _attention(self, q: Tensor, k: Tensor, v: Tensor, groups: list[tuple[int, int]]) -> Tensor:
        """Causal attention, a few documents at a time so that their scores stay in the cache."""
        sizes = [rows * length for rows, length in groups]
        at_once = self.heads * DOCUMENTS_AT_ONCE
        attended = []
        for (rows, length), *qkv in zip(groups, *(torch.split(part, sizes) for part in (q, k, v)), strict=True):
            by_head = [part.view(rows, length, self.heads, -1).transpose(1, 2).flatten(0, 1) for part in qkv]
            parts = [self._attend(*some) for some in zip(*(torch.split(part, at_once) for part in by_head), strict=True)]
            attended.append(torch.cat(parts).view(rows, self.heads, length, -1).transpose(1, 2).flatten(0, 1))
        return torch.cat(attended).flatten(1)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        length, size = q.shape[1:]
        scores = torch.baddbmm(self.future[:length, :length], q, k.transpose(1, 2), alpha=size**-0.5)
        return torch.bmm(scores.softmax(-1), v)

    def _after_attention(
        self, x: Tensor, attended: Tensor, norm: Tensor, out: Tensor, gate: Tensor, up: Tensor, down: Tensor
    ) -> Tensor:
        x = x + linear(attended, out.to(self.dtype))
        normed = rms_norm(x, norm, self.eps).to(self.dtype)
        hidden = silu(linear(normed, gate.to(self.dtype))) * linear(normed, up.to(self.dtype))
        return x + linear(hidden, down.to(self.dtype))

    def _loss(self, x: Tensor, norm: Tensor, vocabulary: Tensor, targets: Tensor) -> Tensor:
        logits = linear(rms_norm(x, norm, self.eps).to(self.dtype), vocabulary.to(self.dtype)).float()
        return cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")
