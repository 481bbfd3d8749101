# SPDX-License-Identifier: Apache-2.0
"""Random paged cases, and how far an output may be from the float64 reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ascend_attention import reference
from ascend_attention.reference import PLAIN_SCORES, ScoreOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

# Never above these for inputs of unit scale.
ABSOLUTE_CAP = {torch.float16: 2e-3, torch.bfloat16: 1.6e-2, torch.float32: 1e-5}


@dataclass(frozen=True)
class PagedCase:
    """Tensors of one paged decode. Unused cache is NaN; blocks are shuffled."""

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
        seed: Of the generator.
    """
    generator = torch.Generator().manual_seed(seed)
    counts = [-(-length // block_size) for length in seq_lens]
    blocks = sum(counts) + spare_blocks
    order = torch.randperm(blocks, generator=generator).to(torch.int32)
    # Entries past the used blocks point nowhere: nobody may read them.
    tables = torch.full((len(seq_lens), max([*counts, 1])), 2**31 - 1, dtype=torch.int32)
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
        key_cache=torch.full(cache_shape, float("nan"), dtype=dtype),
        value_cache=torch.full(cache_shape, float("nan"), dtype=dtype),
        block_tables=tables,
        seq_lens=torch.tensor(list(seq_lens), dtype=torch.int32),
        keys=normal(tokens, kv_heads, head_dim),
        values=normal(tokens, kv_heads, head_dim),
        slot_mapping=torch.cat([*slots, torch.empty(0, dtype=torch.int64)]),
        query_start_loc=query_start_loc,
    )


@dataclass(frozen=True)
class Error:
    """How far an output is from float64, and how far it may be."""

    worst: float  # largest absolute error
    bound: float  # at the same element
    ok: bool
    text: str  # the worst element, for a failed assertion


def _half_ulp(values: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """Half a unit in the last place of each value in a dtype."""
    info = torch.finfo(dtype)
    smallest = info.tiny * info.eps
    _, exponents = np.frexp(np.abs(values))
    ulps = np.maximum(np.ldexp(info.eps, exponents - 1), smallest)
    return 0.5 * np.where(values == 0, smallest, ulps)


def compare(output: torch.Tensor, exact: np.ndarray, rounded: torch.Tensor) -> Error:
    """Compare an output with the float64 reference.

    Args:
        output: To be judged.
        exact: The reference in float64.
        rounded: What torch computes when it rounds inputs, weights and output to the dtype and
            accumulates in float32.

    Returns:
        The error against twice that of ``rounded`` plus half an ulp of the output, and never above
        the cap of the dtype. The error of ``rounded`` is its largest over the heads of one query
        token: tokens of short sequences must not excuse those of long ones. Shapes, and positions
        of NaN and infinity, must be equal.
    """
    if not output.shape == exact.shape == rounded.shape:
        shapes = f"{tuple(output.shape)}, {exact.shape} and {tuple(rounded.shape)}"
        return Error(float("inf"), 0.0, False, f"shapes differ: {shapes}")
    actual = output.double().numpy()
    special = ~np.isfinite(exact)
    same = np.array_equal(actual[special], exact[special], equal_nan=True)
    if not same or not np.isfinite(actual[~special]).all():
        return Error(float("inf"), 0.0, False, "NaN or infinity at other positions than expected")
    error = np.where(special, 0.0, np.abs(actual - np.where(special, 0.0, exact)))
    plain = np.abs(rounded.double().numpy() - np.where(special, 0.0, exact))
    heads = tuple(range(1, plain.ndim))
    budget = 2 * np.max(np.where(special, 0.0, plain), axis=heads, keepdims=True, initial=0.0)
    cap = ABSOLUTE_CAP[output.dtype]
    bound = np.minimum(budget + _half_ulp(np.where(special, 0.0, exact), output.dtype), cap)
    if error.size == 0:
        return Error(0.0, cap, True, "empty")
    at = np.unravel_index(int(np.argmax(error - bound)), error.shape)
    text = (
        f"at {tuple(int(i) for i in at)}: {actual[at]} against {exact[at]}, error {error[at]:.3g}, "
        f"bound {bound[at]:.3g}, {int((error > bound).sum())} of {error.size} beyond it"
    )
    largest = np.unravel_index(int(np.argmax(error)), error.shape)
    return Error(float(error[largest]), float(bound[largest]), bool((error <= bound).all()), text)


def packed_caches(case: PagedCase) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the caches of a case in the layout of ``paged_attention_v1``."""
    blocks, block_size, heads, head_dim = case.key_cache.shape
    x = 16 // case.key_cache.element_size()
    split = case.key_cache.reshape(blocks, block_size, heads, head_dim // x, x)
    return (
        split.permute(0, 2, 3, 1, 4).contiguous(),
        case.value_cache.permute(0, 2, 3, 1).contiguous(),
    )


def _visible_scores(scores: torch.Tensor, options: ScoreOptions) -> torch.Tensor:
    """Return ``[heads, queries, keys]`` scores as they go into the softmax, in float32."""
    return torch.from_numpy(options.apply(scores.numpy())).float()


def _plain_sequence(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, options: ScoreOptions
) -> torch.Tensor:
    """Attend the ``[queries, heads, head_dim]`` of one sequence to its keys, all in one dtype."""
    heads, group = query.shape[1], query.shape[1] // key.shape[1]
    keys = key.float().repeat_interleave(group, dim=1).transpose(0, 1)
    values = value.float().repeat_interleave(group, dim=1).transpose(0, 1)
    scores = _visible_scores(
        (query.float().transpose(0, 1) @ keys.transpose(1, 2)) * scale, options
    )
    if options.sinks is not None:
        sinks = torch.as_tensor(options.sinks).float()[:, None, None]
        scores = torch.cat((scores, sinks.expand(heads, scores.shape[1], 1)), dim=2)
    weights = torch.softmax(scores, dim=-1)[..., : key.shape[0]].nan_to_num(0.0)
    return (weights.to(query.dtype).float() @ values).transpose(0, 1).to(query.dtype)


def plain_attention(
    case: PagedCase, scale: float | None = None, options: ScoreOptions = PLAIN_SCORES
) -> torch.Tensor:
    """Attend with plain torch: inputs, weights and output rounded, accumulation in float32."""
    factor = case.query.shape[2] ** -0.5 if scale is None else scale
    output = torch.zeros_like(case.query)
    start = 0
    for row, length in enumerate(case.seq_lens.tolist()):
        end = start + length
        own = slice(int(case.query_start_loc[row]), int(case.query_start_loc[row + 1]))
        if length > 0:
            output[own] = _plain_sequence(
                case.query[own], case.keys[start:end], case.values[start:end], factor, options
            )
        start = end
    return output


def exact_attention(
    case: PagedCase, scale: float | None = None, options: ScoreOptions = PLAIN_SCORES
) -> tuple[np.ndarray, np.ndarray]:
    """Return output and log-sum-exp of the reference for a filled case."""
    return reference.paged_attention(
        case.query.float().numpy(),
        case.key_cache.float().numpy(),
        case.value_cache.float().numpy(),
        case.block_tables.numpy(),
        case.seq_lens.numpy(),
        scale=scale,
        query_start_loc=case.query_start_loc.numpy(),
        options=options,
    )
