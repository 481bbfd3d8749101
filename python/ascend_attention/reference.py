# SPDX-License-Identifier: Apache-2.0
"""References in numpy: paged attention and cache writes by their definition, in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]


def gather_pages(cache: FloatArray, block_table: IntArray, length: int) -> FloatArray:
    """Return the first ``length`` tokens of one sequence.

    Args:
        cache: ``[blocks, block_size, kv_heads, head_dim]``.
        block_table: ``[max_blocks]``.
        length: In tokens.

    Returns:
        ``[length, kv_heads, head_dim]``.
    """
    block_size = cache.shape[1]
    used = block_table[: -(-length // block_size)]
    return cache[used].reshape(-1, *cache.shape[2:])[:length]


def attend(
    query: FloatArray, key: FloatArray, value: FloatArray, scale: float
) -> tuple[FloatArray, FloatArray]:
    """Softmax attention of one query token; every query head reads its kv head.

    Args:
        query: ``[heads, head_dim]``.
        key: ``[length, kv_heads, head_dim]``.
        value: Like ``key``.
        scale: Multiplies ``Q K^T``.

    Returns:
        The output ``[heads, head_dim]`` and the log-sum-exp ``[heads]`` (natural logarithm), in
        float64. Length 0 gives zeros and ``-inf``.
    """
    heads, head_dim = query.shape
    length, kv_heads, _ = key.shape
    if length == 0:
        return np.zeros((heads, head_dim)), np.full(heads, -np.inf)
    grouped = query.astype(np.float64).reshape(kv_heads, heads // kv_heads, head_dim)
    keys = key.astype(np.float64).transpose(1, 0, 2)
    values = value.astype(np.float64).transpose(1, 0, 2)
    scores = scale * grouped @ keys.transpose(0, 2, 1)
    highest = scores.max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        weights = np.exp(scores - highest)
    total = weights.sum(axis=-1, keepdims=True)
    output = (weights / total) @ values
    lse = (highest + np.log(total))[..., 0]
    return output.reshape(heads, head_dim), lse.reshape(heads)


def paged_attention(
    query: FloatArray,
    key_cache: FloatArray,
    value_cache: FloatArray,
    block_tables: IntArray,
    seq_lens: IntArray,
    *,
    scale: float | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Attend one new token a sequence to a paged cache, in float64.

    Args:
        query: ``[batch, heads, head_dim]``.
        key_cache: ``[blocks, block_size, kv_heads, head_dim]``.
        value_cache: Like ``key_cache``.
        block_tables: ``[batch, max_blocks]``.
        seq_lens: ``[batch]``, in tokens.
        scale: Multiplies ``Q K^T``; default ``head_dim ** -0.5``.

    Returns:
        The output ``[batch, heads, head_dim]`` and the log-sum-exp ``[batch, heads]``.
    """
    batch, heads, head_dim = query.shape
    factor = head_dim**-0.5 if scale is None else scale
    output = np.zeros((batch, heads, head_dim))
    lse = np.full((batch, heads), -np.inf)
    for row in range(batch):
        length = int(seq_lens[row])
        key = gather_pages(key_cache, block_tables[row], length)
        value = gather_pages(value_cache, block_tables[row], length)
        output[row], lse[row] = attend(query[row], key, value, factor)
    return output, lse


def reshape_and_cache_flash(
    key: npt.NDArray[np.generic], cache: npt.NDArray[np.generic], slot_mapping: IntArray
) -> npt.NDArray[np.generic]:
    """Return a copy of ``cache`` with ``key`` written to its slots; negative slots are skipped.

    Args:
        key: ``[tokens, kv_heads, head_dim]``; K or V.
        cache: ``[blocks, block_size, kv_heads, head_dim]``.
        slot_mapping: ``[slots]`` with ``slots <= tokens``.
    """
    written = cache.copy()
    slots = written.reshape(-1, *cache.shape[2:])
    for token, slot in enumerate(slot_mapping):
        if slot >= 0:
            slots[slot] = key[token]
    return written
