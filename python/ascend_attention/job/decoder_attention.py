# SPDX-License-Identifier: Apache-2.0
"""Attention of the small decoder: by our kernels over pages, by plain torch, and in float64."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

import ascend_attention
from ascend_attention import reference
from ascend_attention.testing import NO_BLOCK
from ascend_attention.testing.plain import plain_sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ascend_attention.job.decoder import DecoderShape

PAGE_SIZE = 16  # tokens
SPARE_PAGES = 3
CAUSAL = reference.ScoreOptions(causal=True)


@dataclass(frozen=True)
class Step:
    """Tokens that one pass through the decoder adds to each sequence."""

    before: tuple[int, ...]  # tokens that each sequence has
    added: tuple[int, ...]

    @property
    def ends(self) -> torch.Tensor:
        """Tokens of each sequence afterwards: ``[batch]``."""
        return torch.tensor([sum(counts) for counts in zip(self.before, self.added, strict=True)])

    @property
    def starts(self) -> torch.Tensor:
        """Where the new tokens of each sequence begin: ``[batch + 1]``."""
        return torch.tensor([0, *accumulate(self.added)])

    @property
    def positions(self) -> torch.Tensor:
        """Of each new token in its sequence: ``[tokens]``."""
        spans = zip(self.before, self.ends.tolist(), strict=True)
        return torch.cat([torch.arange(*span) for span in spans])

    def rows(self) -> Iterator[slice]:
        """Which new tokens are those of each sequence."""
        for begin, end in pairwise(self.starts.tolist()):
            yield slice(begin, end)


class _Arithmetic(Protocol):
    """How a decoder without kernels computes."""

    def rotate(self, x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Return the rotated heads in the precision of this attention."""

    def attend(self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Attend the last tokens of a sequence to all of it, causally."""

    def round(self, x: torch.Tensor) -> torch.Tensor:
        """Return a tensor in the precision of this attention."""


@dataclass(frozen=True)
class Exact:
    """Everything in float64, nothing rounded on the way."""

    cos: torch.Tensor
    sin: torch.Tensor

    def round(self, x: torch.Tensor) -> torch.Tensor:
        """Widen."""
        return x.double()

    def rotate(self, x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Rotate as the reference does."""
        tables = self.cos.numpy(), self.sin.numpy()
        turned = reference.rotary(x.numpy(), *tables, positions.numpy(), interleaved=False)
        return torch.from_numpy(turned)

    def attend(self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Attend as the reference does."""
        scale = query.shape[-1] ** -0.5
        output, _ = reference.attend(query.numpy(), keys.numpy(), values.numpy(), scale, CAUSAL)
        return torch.from_numpy(output)


@dataclass(frozen=True)
class Plain:
    """Plain torch: inputs, weights and outputs rounded to a dtype, float32 in between."""

    cos: torch.Tensor
    sin: torch.Tensor
    dtype: torch.dtype

    def round(self, x: torch.Tensor) -> torch.Tensor:
        """Round."""
        return x.to(self.dtype)

    def rotate(self, x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Rotate in float32 and round once."""
        first, second = x.to(self.dtype).float().chunk(2, dim=-1)
        cos, sin = (table[positions, None] for table in (self.cos, self.sin))
        turned = (first * cos - second * sin, first * sin + second * cos)
        return torch.cat(turned, dim=-1).to(self.dtype)

    def attend(self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Attend."""
        return plain_sequence((query, keys, values), query.shape[-1] ** -0.5, CAUSAL)[0]


class SequenceAttention:
    """Attention without kernels, sequence by sequence; keys and values are kept in one piece."""

    def __init__(self, arithmetic: _Arithmetic) -> None:
        self._arithmetic = arithmetic
        self._kept: dict[tuple[int, int], tuple[torch.Tensor, torch.Tensor]] = {}

    def of(
        self, step: Step
    ) -> Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]:
        """Return the attention of one step."""

        def attend(
            layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
        ) -> torch.Tensor:
            query, key = (self._arithmetic.rotate(x, step.positions) for x in (query, key))
            new = key, self._arithmetic.round(value)
            outputs = []
            for row, own in enumerate(step.rows()):
                kept = self._kept.get((layer, row), (key[:0], new[1][:0]))
                keys, values = (
                    torch.cat((old, tokens[own])) for old, tokens in zip(kept, new, strict=True)
                )
                self._kept[layer, row] = keys, values
                outputs.append(self._arithmetic.attend(query[own], keys, values))
            return torch.cat(outputs).float()

        return attend


class PagedKernels:
    """Attention by our kernels over a paged cache, which begins as NaN and is written by them.

    Args:
        shape: Of the decoder.
        dtype: Of attention and cache.
        capacity: Tokens that each sequence has room for.
        batch: Sequences.
        seed: Of the order of pages.
    """

    def __init__(
        self, shape: DecoderShape, dtype: torch.dtype, *, capacity: int, batch: int, seed: int
    ) -> None:
        self._dtype = dtype
        self._tables = shape.rotary_tables(capacity)
        pages = -(-capacity // PAGE_SIZE)
        order = np.random.default_rng(seed).permutation(batch * pages + SPARE_PAGES)
        self._block_table = torch.from_numpy(order[: batch * pages]).int().view(batch, pages)
        size = (len(order), PAGE_SIZE, shape.kv_heads, shape.head_dim)
        self._caches = [
            (torch.full(size, torch.nan, dtype=dtype), torch.full(size, torch.nan, dtype=dtype))
            for _ in range(shape.layers)
        ]

    def _table_of(self, step: Step) -> torch.Tensor:
        """Return the block table with entries for the tokens that there are after a step only."""
        used = torch.arange(self._block_table.shape[1]) * PAGE_SIZE < step.ends[:, None]
        return self._block_table.masked_fill(~used, NO_BLOCK)

    def _slots_of(self, step: Step) -> torch.Tensor:
        rows = torch.arange(len(step.added)).repeat_interleave(torch.tensor(step.added))
        pages = self._block_table[rows, step.positions // PAGE_SIZE].long()
        return pages * PAGE_SIZE + step.positions % PAGE_SIZE

    def _rotate_and_write(
        self,
        step: Step,
        layer: int,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        query, key = (
            ascend_attention.apply_rotary_emb(
                x.to(self._dtype), *self._tables, positions=step.positions
            )
            for x in (query, key)
        )
        value = value.to(self._dtype)
        ascend_attention.reshape_and_cache_flash(
            key, value, *self._caches[layer], self._slots_of(step)
        )
        return query, key, value

    def packed(self, step: Step, layer: int, *new: torch.Tensor) -> torch.Tensor:
        """Attend new sequences, packed one after the other."""
        query, key, value = self._rotate_and_write(step, layer, *new)
        output = ascend_attention.flash_attn_varlen_func(
            query, key, value, step.starts, step.starts, causal=True
        )
        assert isinstance(output, torch.Tensor)
        return output.float()

    def from_pages(self, step: Step, layer: int, *new: torch.Tensor) -> torch.Tensor:
        """Attend the next tokens of each sequence, any number of them, to its pages."""
        query, _, _ = self._rotate_and_write(step, layer, *new)
        output = ascend_attention.flash_attn_varlen_func(
            query,
            *self._caches[layer],
            step.starts,
            seqused_k=step.ends,
            causal=True,
            block_table=self._table_of(step),
        )
        assert isinstance(output, torch.Tensor)
        return output.float()

    def decode(self, step: Step, layer: int, *new: torch.Tensor) -> torch.Tensor:
        """Attend one new token of each sequence to its pages."""
        query, _, _ = self._rotate_and_write(step, layer, *new)
        output = ascend_attention.paged_attention(
            query, *self._caches[layer], self._table_of(step), step.ends.int()
        )
        assert isinstance(output, torch.Tensor)
        return output.float()

    def with_kvcache(self, step: Step, layer: int, *new: torch.Tensor) -> torch.Tensor:
        """Rotate, append and attend in one call; every sequence has as many new tokens."""
        query, key, value = (x.to(self._dtype).unflatten(0, (len(step.added), -1)) for x in new)
        output = ascend_attention.flash_attn_with_kvcache(
            query,
            *self._caches[layer],
            key,
            value,
            *self._tables,
            cache_seqlens=torch.tensor(step.before),
            block_table=self._table_of(step),
            causal=True,
            rotary_interleaved=False,
        )
        assert isinstance(output, torch.Tensor)
        return output.flatten(0, 1).float()
