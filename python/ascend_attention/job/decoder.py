# SPDX-License-Identifier: Apache-2.0
"""A small decoder stack of plain torch modules; how it attends is an argument of every call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from ascend_attention import (
    apply_rotary_emb,
    flash_attn_varlen_func,
    flash_attn_with_kvcache,
    reshape_and_cache_flash,
)
from ascend_attention.testing import NO_BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    # (layer, query, key, value) -> output; [tokens, heads, head_dim], before rotary embedding
    Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

_THETA = 10000.0  # of the rotary embedding


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of a decoder; grouped query heads, rotary embedding of whole heads."""

    layers: int = 2
    heads: int = 8
    kv_heads: int = 2
    head_dim: int = 64
    vocabulary: int = 512

    @property
    def width(self) -> int:
        """Elements of a token between layers."""
        return self.heads * self.head_dim

    def angles(self, positions: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosines and sines ``[positions, head_dim / 2]`` in float32."""
        frequencies = _THETA ** (-torch.arange(0, self.head_dim, 2) / self.head_dim)
        angles = torch.arange(positions)[:, None] * frequencies
        return angles.cos(), angles.sin()


class _Layer(nn.Module):
    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.shape = shape
        width, kv_width = shape.width, shape.kv_heads * shape.head_dim
        self.norm = nn.RMSNorm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, kv_width, bias=False)
        self.value = nn.Linear(width, kv_width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.mlp = nn.Sequential(
            nn.RMSNorm(width), nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )

    def forward(self, tokens: torch.Tensor, layer: int, attend: Attend) -> torch.Tensor:
        normed = self.norm(tokens)
        size = self.shape.head_dim
        query, key, value = (
            part(normed).unflatten(-1, (-1, size)) for part in (self.query, self.key, self.value)
        )
        tokens = tokens + self.output(attend(layer, query, key, value).flatten(-2))
        result: torch.Tensor = tokens + self.mlp(tokens)
        return result


class Decoder(nn.Module):
    """Embedding, layers, and logits of every token; random weights."""

    def __init__(self, shape: DecoderShape, seed: int) -> None:
        super().__init__()
        self.shape = shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(shape.vocabulary, shape.width)
            self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
            self.norm = nn.RMSNorm(shape.width)
            self.logits = nn.Linear(shape.width, shape.vocabulary, bias=False)

    def forward(self, tokens: torch.Tensor, attend: Attend) -> torch.Tensor:
        """Return the logits ``[tokens, vocabulary]`` of token ids ``[tokens]``."""
        state = self.embedding(tokens)
        for layer, block in enumerate(self.layers):
            state = block(state, layer, attend)
        result: torch.Tensor = self.logits(self.norm(state))
        return result


def plain_attend(shape: DecoderShape, lengths: Sequence[int]) -> Attend:
    """Attend whole sequences, packed, with torch alone."""
    cos, sin = shape.angles(max(lengths))

    def rotated(x: torch.Tensor) -> torch.Tensor:
        wide = torch.promote_types(x.dtype, torch.float32)
        c, s = (table[: x.shape[0], None].to(wide) for table in (cos, sin))
        first, second = x.to(wide).chunk(2, dim=-1)
        return torch.cat((first * c - second * s, second * c + first * s), dim=-1).to(x.dtype)

    def attend(_: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        outputs = []
        for q, k, v in zip(*(x.split(list(lengths)) for x in (query, key, value)), strict=True):
            output = nn.functional.scaled_dot_product_attention(
                rotated(q).transpose(0, 1),
                rotated(k).transpose(0, 1),
                v.transpose(0, 1),
                is_causal=True,
                enable_gqa=True,
            )
            outputs.append(output.transpose(0, 1))
        return torch.cat(outputs)

    return attend


class PagedCaches:
    """K and V of all layers in shuffled pages of NaN; our kernels write and read them.

    Attributes:
        lengths: ``[batch]``: tokens of each sequence in the caches, int32.
    """

    def __init__(
        self, shape: DecoderShape, capacities: Sequence[int], page_size: int, dtype: torch.dtype
    ) -> None:
        counts = [-(-capacity // page_size) for capacity in capacities]
        order = torch.randperm(sum(counts), generator=torch.Generator().manual_seed(0)).int()
        self._table = torch.full((len(counts), max(counts)), NO_BLOCK, dtype=torch.int32)
        for row, own in enumerate(order.split(counts)):
            self._table[row, : len(own)] = own
        size = (shape.layers, sum(counts), page_size, shape.kv_heads, shape.head_dim)
        self._keys, self._values = torch.full((2, *size), torch.nan, dtype=dtype)
        self._cos, self._sin = shape.angles(max(capacities))
        self.lengths = torch.zeros(len(counts), dtype=torch.int32)

    def prompt(self, counts: torch.Tensor) -> Attend:
        """Return what writes and attends new tokens of each sequence, packed.

        The first ones of all sequences attend each other as they are; later ones attend the pages,
        where all tokens are by then.

        Args:
            counts: ``[batch]``: how many.
        """
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)]).int()
        rows = torch.arange(len(counts)).repeat_interleave(counts)
        positions = torch.arange(len(rows)) - starts[rows] + self.lengths[rows]
        page_size = self._keys.shape[2]
        slots = self._table[rows, positions // page_size].long() * page_size
        slots += positions % page_size
        is_first = not bool(self.lengths.any())
        ends = self.lengths + counts.int()

        def attend(
            layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
        ) -> torch.Tensor:
            keys, values = self._keys[layer], self._values[layer]
            query, key = (
                apply_rotary_emb(x, self._cos, self._sin, positions=positions) for x in (query, key)
            )
            reshape_and_cache_flash(key, value, keys, values, slots)
            if is_first:
                output = flash_attn_varlen_func(query, key, value, starts, starts, causal=True)
            else:
                output = flash_attn_varlen_func(
                    query,
                    keys,
                    values,
                    starts,
                    causal=True,
                    block_table=self._table,
                    seqused_k=ends,
                )
            assert isinstance(output, torch.Tensor)
            return output

        return attend

    def next_tokens(self) -> Attend:
        """Return what rotates, appends and attends one new token of each sequence in one call."""

        def attend(
            layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
        ) -> torch.Tensor:
            output = flash_attn_with_kvcache(
                query[:, None],
                self._keys[layer],
                self._values[layer],
                key[:, None],
                value[:, None],
                self._cos,
                self._sin,
                self.lengths,
                block_table=self._table,
                causal=True,
                rotary_interleaved=False,
            )
            assert isinstance(output, torch.Tensor)
            return output[:, 0]

        return attend
