# SPDX-License-Identifier: Apache-2.0
"""References in numpy: attention and cache writes by their definition, in float64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Array = TypeVar("Array", bound=npt.NDArray[np.generic])


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


@dataclass(frozen=True)
class ScoreOptions:
    """What is done to the scores ``scale * Q K^T`` before the softmax, in this order.

    Keys and query tokens of a sequence are aligned at the end: query token ``i`` of ``queries``
    stands at key ``i + keys - queries``. What may differ by sequence has a first dimension
    ``batch`` until ``of_sequence`` takes it away.

    Attributes:
        softcap: ``softcap * tanh(score / softcap)``; 0 leaves the scores alone.
        alibi_slopes: ``[heads]`` or ``[batch, heads]``; subtracts ``slope`` times the distance of
            key and query position.
        bias: Broadcastable to ``[batch, heads, queries, keys]``; added. Longer queries and keys
            than a sequence has are ignored.
        window: Keys from ``left`` before to ``right`` after the query's position take part;
            -1 is unlimited.
        causal: Keys after the query's position take no part.
        prefix: ``[batch]``; so many keys of a sequence take part whatever ``window`` and ``causal``
            say.
        mask: Like ``bias``; keys where it is False take no part.
        sinks: ``[heads]``; one more score a row, whose value is zero.
    """

    softcap: float = 0.0
    alibi_slopes: FloatArray | None = None
    bias: FloatArray | None = None
    window: tuple[int, int] = (-1, -1)
    causal: bool = True
    prefix: IntArray | None = None
    mask: npt.NDArray[np.bool_] | None = None
    sinks: FloatArray | None = None

    def of_sequence(self, row: int) -> ScoreOptions:
        """Return the options of one sequence of a batch."""
        slopes = None if self.alibi_slopes is None else np.asarray(self.alibi_slopes)
        return replace(
            self,
            alibi_slopes=slopes if slopes is None or slopes.ndim == 1 else slopes[row],
            prefix=None if self.prefix is None else self.prefix[row : row + 1],
            mask=_of_sequence(self.mask, row),
            bias=_of_sequence(self.bias, row),
        )

    def visible(self, queries: int, keys: int) -> npt.NDArray[np.bool_]:
        """Return which keys each query sees: broadcastable to ``[heads, queries, keys]``."""
        distance = _distance(queries, keys)
        left, right = self.window
        seen = np.ones_like(distance, bool)
        if left >= 0:
            seen &= distance >= -left
        if right >= 0:
            seen &= distance <= right
        if self.causal:
            seen &= distance <= 0
        if self.prefix is not None:
            seen |= np.arange(keys) < self.prefix
        return seen if self.mask is None else seen & self.mask[..., :queries, :keys]

    def apply(self, scores: FloatArray) -> FloatArray:
        """Return the scores ``[heads, queries, keys]`` that go into the softmax, in their dtype."""
        _, queries, keys = scores.shape
        if self.softcap > 0:
            scores = self.softcap * np.tanh(scores / self.softcap)
        if self.alibi_slopes is not None:
            distance = np.abs(_distance(queries, keys)).astype(scores.dtype)
            slopes = np.asarray(self.alibi_slopes, scores.dtype)
            scores = scores - slopes[:, None, None] * distance
        if self.bias is not None:
            scores = scores + self.bias[..., :queries, :keys].astype(scores.dtype)
        return np.where(self.visible(queries, keys), scores, -np.inf)


def _distance(queries: int, keys: int) -> IntArray:
    """Return key position minus query position: ``[queries, keys]``."""
    return np.arange(keys) - (np.arange(queries)[:, None] + keys - queries)


def _of_sequence(array: Array | None, row: int) -> Array | None:
    """Return ``[batch or 1, ...]`` of one sequence; up to three dimensions serve all of them."""
    if array is None or array.ndim < 4:  # noqa: PLR2004
        return array
    own: Array = array[row if array.shape[0] > 1 else 0]
    return own


PLAIN_SCORES = ScoreOptions()


def attend(
    query: FloatArray,
    key: FloatArray,
    value: FloatArray,
    scale: float,
    options: ScoreOptions = PLAIN_SCORES,
) -> tuple[FloatArray, FloatArray]:
    """Softmax attention of one sequence; every query head reads its kv head.

    Args:
        query: ``[queries, heads, head_dim]``: the last tokens of the sequence.
        key: ``[length, kv_heads, head_dim]``.
        value: ``[length, kv_heads, head_dim_v]``.
        scale: Multiplies ``Q K^T``.
        options: For the scores.

    Returns:
        The output ``[queries, heads, head_dim_v]`` and the log-sum-exp ``[queries, heads]``
        (natural logarithm, sinks included), in float64. A row that sees no key gives zeros and,
        without a sink, ``-inf``.
    """
    queries, heads, _ = query.shape
    group = heads // key.shape[1]
    # A head at a time: repeating K and V for every head of a group would cost memory.
    output = np.zeros((queries, heads, value.shape[2]))
    scores: FloatArray = np.empty((heads, queries, key.shape[0]))
    for head in range(heads):
        scores[head] = scale * (
            query[:, head].astype(np.float64) @ key[:, head // group].astype(np.float64).T
        )
    scores = options.apply(scores)
    sinks = np.full(heads, -np.inf) if options.sinks is None else np.asarray(options.sinks)
    sinks = np.broadcast_to(sinks.astype(np.float64)[:, None, None], (heads, queries, 1))
    highest = np.max(np.concatenate((scores, sinks), axis=2), axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        empty = np.isneginf(highest)
        weights = np.where(empty, 0.0, np.exp(scores - highest))
        total = weights.sum(axis=2, keepdims=True) + np.where(empty, 0.0, np.exp(sinks - highest))
        lse = np.where(empty, -np.inf, highest + np.log(total))[..., 0]
        shares = np.where(empty, 0.0, weights / total)
    for head in range(heads):
        seen = shares[head] != 0.0
        used = seen.any(axis=0)  # what nobody sees may be NaN
        output[:, head] = shares[head][:, used] @ value[used, head // group].astype(np.float64)
    return output, lse.T


def paged_attention(
    query: FloatArray,
    key_cache: FloatArray,
    value_cache: FloatArray,
    block_tables: IntArray,
    seq_lens: IntArray,
    *,
    scale: float | None = None,
    query_start_loc: IntArray | None = None,
    options: ScoreOptions = PLAIN_SCORES,
) -> tuple[FloatArray, FloatArray]:
    """Attend the newest tokens of each sequence to a paged cache, in float64.

    Args:
        query: ``[tokens, heads, head_dim]``.
        key_cache: ``[blocks, block_size, kv_heads, head_dim]``.
        value_cache: Like ``key_cache``.
        block_tables: ``[batch, max_blocks]``.
        seq_lens: ``[batch]``, in tokens.
        scale: Multiplies ``Q K^T``; default ``head_dim ** -0.5``.
        query_start_loc: ``[batch + 1]``: where the tokens of each sequence begin in ``query``.
            None: one token a sequence.
        options: For the scores.

    Returns:
        The output ``[tokens, heads, head_dim]`` and the log-sum-exp ``[tokens, heads]``.
    """
    tokens, heads, head_dim = query.shape
    factor = head_dim**-0.5 if scale is None else scale
    starts = np.arange(tokens + 1) if query_start_loc is None else np.asarray(query_start_loc)
    output = np.zeros((tokens, heads, value_cache.shape[3]))
    lse = np.full((tokens, heads), -np.inf)
    for row, length in enumerate(int(length) for length in seq_lens):
        own = slice(starts[row], starts[row + 1])
        key = gather_pages(key_cache, block_tables[row], length)
        value = gather_pages(value_cache, block_tables[row], length)
        output[own], lse[own] = attend(query[own], key, value, factor, options)
    return output, lse


@dataclass(frozen=True)
class FlashLayout:
    """Where the sequences of a call lie, named as in ``ascend_attention.flash_attention``.

    Attributes:
        cu_seqlens_q: ``[batch + 1]``: query tokens are packed. None: ``query`` has a row for each
            sequence.
        cu_seqlens_k: ``[batch + 1]``: likewise keys and values.
        seqused_q: ``[batch]``: query tokens of a sequence that count, from its first on.
        seqused_k: ``[batch]``: where the keys of a sequence end.
        block_table: ``[batch, max_blocks]``: keys and values are in pages.
        kv_batch_idx: ``[batch]``: the row of keys and values of each sequence.
        leftpad_k: ``[batch]``: where the keys of a sequence begin.
    """

    cu_seqlens_q: IntArray | None = None
    cu_seqlens_k: IntArray | None = None
    seqused_q: IntArray | None = None
    seqused_k: IntArray | None = None
    block_table: IntArray | None = None
    kv_batch_idx: IntArray | None = None
    leftpad_k: IntArray | None = None

    def batch(self, query: FloatArray) -> int:
        """Return the number of sequences."""
        return query.shape[0] if self.cu_seqlens_q is None else len(self.cu_seqlens_q) - 1

    def query_tokens(self, row: int) -> tuple[int | slice, ...]:
        """Return the index of the query tokens of one sequence, in ``query`` and in its output."""
        if self.cu_seqlens_q is None:
            return row, slice(None if self.seqused_q is None else int(self.seqused_q[row]))
        start, end = (int(at) for at in self.cu_seqlens_q[row : row + 2])
        if self.seqused_q is not None:
            end = min(end, start + int(self.seqused_q[row]))
        return (slice(start, end),)

    def keys(self, tokens: FloatArray, row: int) -> FloatArray:
        """Return ``[keys, kv_heads, size]`` of one sequence from keys or values."""
        end = None if self.seqused_k is None else int(self.seqused_k[row])
        begin = 0 if self.leftpad_k is None else int(self.leftpad_k[row])
        if self.block_table is not None:
            assert end is not None
            return gather_pages(tokens, self.block_table[row], end)[begin:]
        if self.cu_seqlens_k is not None:
            own = tokens[self.cu_seqlens_k[row] : self.cu_seqlens_k[row + 1]]
        else:
            own = tokens[row if self.kv_batch_idx is None else self.kv_batch_idx[row]]
        return own[begin:end]


def flash_attention(
    query: FloatArray,
    key: FloatArray,
    value: FloatArray,
    layout: FlashLayout,
    *,
    scale: float | None = None,
    options: ScoreOptions,
) -> tuple[FloatArray, FloatArray]:
    """Attend sequences wherever they lie, in float64.

    Args:
        query: ``[batch, queries, heads, head_dim]``, or packed ``[tokens, heads, head_dim]``.
        key: ``[rows, keys, kv_heads, head_dim]``, packed ``[tokens, kv_heads, head_dim]``, or
            pages ``[blocks, block_size, kv_heads, head_dim]``.
        value: Like ``key``, with ``head_dim_v``.
        layout: Of the sequences.
        scale: Multiplies ``Q K^T``; default ``head_dim ** -0.5``.
        options: For the scores.

    Returns:
        The output, shaped like ``query`` with ``head_dim_v``, and the log-sum-exp
        ``[batch, heads, queries]`` or ``[heads, tokens]``. Query tokens that do not count have
        zeros and ``-inf``.
    """
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    output = np.zeros((*query.shape[:-1], value.shape[-1]))
    lse = np.full(query.shape[:-1], -np.inf)
    for row in range(layout.batch(query)):
        own = layout.query_tokens(row)
        keys, values = layout.keys(key, row), layout.keys(value, row)
        output[own], lse[own] = attend(query[own], keys, values, factor, options.of_sequence(row))
    return output, lse.swapaxes(-1, -2)


def merge_attention_states(outputs: FloatArray, lses: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Combine attention over parts of the keys into attention over all of them.

    Args:
        outputs: ``[parts, tokens, heads, head_dim]``.
        lses: ``[parts, tokens, heads]``; ``-inf`` and ``+inf`` mark an empty part, whose output is
            not read.

    Returns:
        The output ``[tokens, heads, head_dim]`` and its log-sum-exp ``[tokens, heads]``.
    """
    lses = np.where(np.isposinf(lses), -np.inf, lses.astype(np.float64))
    highest = lses.max(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = np.where(np.isneginf(lses), 0.0, np.exp(lses - highest))
        total = weights.sum(axis=0)
        lse = np.where(total == 0.0, -np.inf, highest + np.log(total))
        shares = np.where(total == 0.0, 0.0, weights / total)[..., None]
    parts = np.where(shares == 0.0, 0.0, outputs.astype(np.float64))
    return (shares * parts).sum(axis=0), lse


def rotary(
    x: FloatArray,
    cos: FloatArray,
    sin: FloatArray,
    positions: IntArray,
    *,
    interleaved: bool,
) -> FloatArray:
    """Rotate pairs of elements of each head as complex numbers, in float64.

    Args:
        x: ``[..., heads, head_dim]``.
        cos: ``[seqlen_ro, rotary_dim / 2]``; elements from ``rotary_dim`` on stay as they are.
        sin: Like ``cos``.
        positions: ``[...]``: which row of the tables is a token's.
        interleaved: A pair is two neighbours; otherwise elements half of ``rotary_dim`` apart.
    """
    half = cos.shape[1]
    columns = np.arange(2 * half)
    first, second = columns.reshape(half, 2).T if interleaved else columns.reshape(2, half)
    turned = x.astype(np.float64)
    turns = (cos.astype(np.float64) + 1j * sin)[positions][..., None, :]
    pairs = (turned[..., first] + 1j * turned[..., second]) * turns
    turned[..., first], turned[..., second] = pairs.real, pairs.imag
    return turned


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
