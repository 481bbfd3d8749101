# SPDX-License-Identifier: Apache-2.0
"""Random paged cases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from ascend_attention import reference
from ascend_attention.reference import PLAIN_SCORES, ScoreOptions
from ascend_attention.testing.plain import orders, plain_sequence

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_BLOCK = 2**31 - 1  # entry of a block table that nobody may read


@dataclass(frozen=True)
class PagedCase:
    """Tensors of one paged decode. Unused cache is poisoned; blocks are shuffled."""

    query: torch.Tensor  # [query tokens, heads, head_dim]
    key_cache: torch.Tensor  # [blocks, block_size, kv_heads, head_dim]
    value_cache: torch.Tensor
    block_tables: torch.Tensor  # [batch, max_blocks], int32
    seq_lens: torch.Tensor  # [batch], int32
    keys: torch.Tensor  # [tokens, kv_heads, head_dim]: what was written, sequence by sequence
    values: torch.Tensor
    slot_mapping: torch.Tensor  # [tokens], int64
    query_start_loc: torch.Tensor  # [batch + 1], int32: where each sequence begins in query

    def filled(self) -> PagedCase:
        """Write keys and values into the caches with torch."""
        for cache, tokens in ((self.key_cache, self.keys), (self.value_cache, self.values)):
            cache.view(-1, *cache.shape[2:])[self.slot_mapping] = tokens
        return self

    def without_hidden(self, window_left: int, poison: float = float("nan")) -> PagedCase:
        """Return a filled case that lacks all tokens before the windows of its query tokens.

        Args:
            window_left: Tokens before its own that a query token sees.
            poison: Takes their place. Blocks without other tokens are taken out of the table.
        """
        block_size = self.key_cache.shape[1]
        tables = self.block_tables.clone()
        caches = self.key_cache.clone(), self.value_cache.clone()
        query_lens = self.query_start_loc.diff().tolist()
        start = 0
        for row, length in enumerate(self.seq_lens.tolist()):
            hidden = max(0, length - query_lens[row] - window_left)
            tables[row, : hidden // block_size] = NO_BLOCK
            for cache in caches:
                slots = self.slot_mapping[start : start + hidden]
                cache.view(-1, *cache.shape[2:])[slots] = poison
            start += length
        return replace(self, block_tables=tables, key_cache=caches[0], value_cache=caches[1])


def paged_case(
    seq_lens: Sequence[int],
    *,
    heads: int = 8,
    kv_heads: int = 2,
    head_dim: int = 128,
    block_size: int = 16,
    dtype: torch.dtype = torch.float16,
    query_lens: Sequence[int] | None = None,
    spare_blocks: int = 3,
    poison: float = float("nan"),
    seed: int = 0,
) -> PagedCase:
    """Make a case of unit-normal inputs over a shuffled block table.

    Args:
        seq_lens: Tokens of each sequence.
        heads: Query heads.
        kv_heads: Divides ``heads``.
        head_dim: Elements a head.
        block_size: Tokens a block.
        dtype: Of query and caches.
        query_lens: Query tokens of each sequence; None: one.
        spare_blocks: Blocks that no sequence uses.
        poison: What unused cache holds.
        seed: Of the generator.
    """
    generator = torch.Generator().manual_seed(seed)
    counts = [-(-length // block_size) for length in seq_lens]
    blocks = sum(counts) + spare_blocks
    order = torch.randperm(blocks, generator=generator).to(torch.int32)
    tables = torch.full((len(seq_lens), max([*counts, 1])), NO_BLOCK, dtype=torch.int32)
    slots = []
    taken = 0
    for row, (length, count) in enumerate(zip(seq_lens, counts, strict=True)):
        own = order[taken : taken + count]
        tables[row, :count] = own
        positions = torch.arange(length)
        slots.append(own.long()[positions // block_size] * block_size + positions % block_size)
        taken += count
    tokens = sum(seq_lens)
    query_ends = np.cumsum([1] * len(seq_lens) if query_lens is None else query_lens).tolist()
    query_start_loc = torch.tensor([0, *query_ends], dtype=torch.int32)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).to(dtype)

    cache_shape = (blocks, block_size, kv_heads, head_dim)
    return PagedCase(
        query=normal(int(query_start_loc[-1]), heads, head_dim),
        key_cache=torch.full(cache_shape, poison, dtype=dtype),
        value_cache=torch.full(cache_shape, poison, dtype=dtype),
        block_tables=tables,
        seq_lens=torch.tensor(list(seq_lens), dtype=torch.int32),
        keys=normal(tokens, kv_heads, head_dim),
        values=normal(tokens, kv_heads, head_dim),
        slot_mapping=torch.cat([*slots, torch.empty(0, dtype=torch.int64)]),
        query_start_loc=query_start_loc,
    )


def pack_caches(
    key_cache: torch.Tensor, value_cache: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bring caches ``[blocks, block_size, heads, head_dim]`` into those of paged_attention_v1."""
    blocks, block_size, heads, head_dim = key_cache.shape
    x = 16 // key_cache.element_size()
    split = key_cache.reshape(blocks, block_size, heads, head_dim // x, x)
    return split.permute(0, 2, 3, 1, 4).contiguous(), value_cache.permute(0, 2, 3, 1).contiguous()


def packed_caches(case: PagedCase) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the caches of a case in the layout of ``paged_attention_v1``."""
    return pack_caches(case.key_cache, case.value_cache)


def plain_attention(
    case: PagedCase, scale: float | None = None, options: ScoreOptions = PLAIN_SCORES
) -> torch.Tensor:
    """Attend with plain torch: inputs, weights and output rounded, accumulation in float32.

    Returns:
        ``[orders, tokens, heads, head_dim]``: the outputs of several orders of adding for float32,
        whose error is that of adding, and of one for other dtypes.
    """
    factor = case.query.shape[2] ** -0.5 if scale is None else scale
    output = case.query.new_zeros(orders(case.query.dtype), *case.query.shape)
    start = 0
    for row, length in enumerate(case.seq_lens.tolist()):
        end = start + length
        own = slice(int(case.query_start_loc[row]), int(case.query_start_loc[row + 1]))
        tensors = case.query[own], case.keys[start:end], case.values[start:end]
        output[:, own] = plain_sequence(tensors, factor, options)
        start = end
    return output


def as_numpy(tensor: torch.Tensor) -> np.ndarray:
    """Return the values as an array; numpy has no bfloat16, but float32 holds all of its values."""
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def exact_attention(
    case: PagedCase, scale: float | None = None, options: ScoreOptions = PLAIN_SCORES
) -> tuple[np.ndarray, np.ndarray]:
    """Return output and log-sum-exp of the reference for a filled case."""
    return reference.paged_attention(
        as_numpy(case.query),
        as_numpy(case.key_cache),
        as_numpy(case.value_cache),
        case.block_tables.numpy(),
        case.seq_lens.numpy(),
        scale=scale,
        query_start_loc=case.query_start_loc.numpy(),
        options=options,
    )
