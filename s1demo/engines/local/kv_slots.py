"""The key/value cache of the batched decode loop: one row of every layer's tensors per slot, active rows first.

Knows tensors and lengths. Knows no request and no model: a transformers model writes to it through `update`, the one method its
attention layers call on `past_key_values`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_GRAIN = 256  # rows grow in these steps, so that a long context costs memory only once it is used


class KVSlots:
    """Keys and values of many sequences in one pair of tensors per layer, [slots, kv_heads, capacity, head_dim].

    Before a forward pass, `aim(...)` says which rows it is for and where its tokens go; `update` then stores each layer's new
    keys and values in place and hands the attention views, so that no token's cache is ever copied or computed twice.

    Args:
        n_slots: how many sequences fit.
        context_length: the longest sequence.
    """

    is_compileable = False

    def __init__(self, n_slots: int, context_length: int) -> None:
        self._n_slots = n_slots
        self._context_length = context_length
        self._n_rows = 0  # allocated so far, of n_slots
        self._capacity = 0  # allocated so far, of context_length
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []
        self._rows: slice | torch.Tensor = slice(0, 0)
        self._positions: slice | torch.Tensor = slice(0, 0)
        self._view = slice(0, 0)
        self._start = 0
        self._end = 0

    def aim_row(self, row: int, start: int, n_tokens: int) -> None:
        """The next forward pass feeds `n_tokens` tokens to one row, from position `start` on."""
        self._rows, self._positions = slice(row, row + 1), slice(start, start + n_tokens)
        self._view, self._start, self._end = slice(row, row + 1), start, start + n_tokens
        self._reserve(row + 1, self._end)

    def aim_step(self, rows: torch.Tensor, positions: torch.Tensor, longest: int) -> None:
        """The next forward pass feeds one token to each of the first rows.

        Args:
            rows: [batch] 0, 1, 2, ...
            positions: [batch] where each row's token goes.
            longest: largest position + 1.
        """
        self._rows, self._positions = rows, positions
        self._view, self._end = slice(0, len(rows)), longest
        self._reserve(len(rows), longest)

    def update(self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
        """Store one layer's new keys and values and return all that its attention needs.

        Args:
            keys, values: [batch, kv_heads, new tokens, head_dim].
            layer: index of the layer.

        Returns:
            Views [batch, kv_heads, longest sequence, head_dim]; columns beyond a row's own length hold leftovers to be masked.
        """
        if layer == len(self._keys):
            self._add_layer(keys)
        all_keys, all_values = self._keys[layer], self._values[layer]
        for kept, new in ((all_keys, keys), (all_values, values)):
            kept[self._rows, :, self._positions] = new if isinstance(self._rows, slice) else new[:, :, 0]
        return all_keys[self._view, :, : self._end], all_values[self._view, :, : self._end]

    def copy_prefix(self, source: int, target: int, n_tokens: int) -> None:
        """Give row `target` the first `n_tokens` of row `source`."""
        self._reserve(max(source, target) + 1, n_tokens)
        for tensor in (*self._keys, *self._values):
            tensor[target, :, :n_tokens] = tensor[source, :, :n_tokens]

    def swap(self, a: int, b: int, n_tokens: int) -> None:
        """Exchange the first `n_tokens` of two rows."""
        self._reserve(max(a, b) + 1, n_tokens)
        for tensor in (*self._keys, *self._values):
            held = tensor[a, :, :n_tokens].clone()
            tensor[a, :, :n_tokens] = tensor[b, :, :n_tokens]
            tensor[b, :, :n_tokens] = held

    # What transformers' mask builder asks of a cache when a lone row is fed without a mask.
    def get_seq_length(self, *_: object) -> int:
        """Tokens stored before the present pass."""
        return self._start

    get_query_offset = get_seq_length  # the position of the first token of the present pass

    def get_mask_sizes(self, *_: object) -> tuple[int, int]:
        """Columns the attention sees, and the position of the first of them."""
        return self._end, 0

    def _add_layer(self, like: torch.Tensor) -> None:
        shape = (self._n_rows, like.shape[1], self._capacity, like.shape[3])
        self._keys.append(like.new_zeros(shape))
        self._values.append(like.new_zeros(shape))

    def _reserve(self, n_rows: int, longest: int) -> None:
        """Grow the tensors; doubling, so that growth costs each token one copy on average."""
        if n_rows <= self._n_rows and longest <= self._capacity:
            return
        if n_rows > self._n_rows:
            self._n_rows = min(max(n_rows, 2 * self._n_rows), max(self._n_slots, n_rows))
        if longest > self._capacity:
            wanted = -(-max(longest, 2 * self._capacity) // _GRAIN) * _GRAIN
            self._capacity = min(wanted, max(self._context_length, longest))
        for tensors in (self._keys, self._values):
            for layer, old in enumerate(tensors):
                tensors[layer] = old.new_zeros((self._n_rows, old.shape[1], self._capacity, old.shape[3]))
                tensors[layer][: old.shape[0], :, : old.shape[2]] = old
