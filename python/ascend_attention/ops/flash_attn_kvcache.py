# SPDX-License-Identifier: Apache-2.0
"""flash-attention's attention to a KV cache: appends new tokens in place, then attends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.flash_attention import plan_flash_attention
from ascend_attention.ops.flash_attn_common import (
    FlashOptions,
    Window,
    attend,
    check_descales,
    check_out,
    one_of,
    operator_options,
    window_of,
)
from ascend_attention.ops.kv_append import (
    KvAppend,
    check_append,
    check_append_values,
    rotate_and_append,
)

_CHECKS = Checks("flash_attn_with_kvcache")


@dataclass(frozen=True)
class _Cache:
    """A cache whose tokens are rows, and where its sequences are."""

    key: torch.Tensor  # [rows or blocks, tokens, kv_heads, head_dim]
    value: torch.Tensor
    block_table: torch.Tensor | None
    batch_idx: torch.Tensor | None
    leftpad: torch.Tensor | None

    def tensors(self, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values as ``flash_attention`` takes them."""
        if self.block_table is None and self.batch_idx is None:
            return self.key[:batch], self.value[:batch]
        return self.key, self.value

    def layout(self, ends: torch.Tensor | None) -> dict[str, object]:
        """Return the metadata as ``flash_attention`` takes them.

        Args:
            ends: ``[batch]``: where the keys of each sequence end; None: at the end of its row.
        """
        return {
            "block_table": self.block_table,
            "kv_batch_idx": self.batch_idx,
            "leftpad_k": self.leftpad,
            "seqused_k": ends,
        }


def _lengths(
    q: torch.Tensor, cache: _Cache, cache_seqlens: int | torch.Tensor | None
) -> torch.Tensor | None:
    """Return the tokens of each sequence that are in the cache; None: all that it has room for."""
    if isinstance(cache_seqlens, torch.Tensor):
        _CHECKS.rank("cache_seqlens", cache_seqlens, 1)
        _CHECKS.dtype("cache_seqlens dtype", cache_seqlens, (torch.int32, torch.int64))
        return cache_seqlens
    if cache_seqlens is not None and not isinstance(cache_seqlens, int | torch.SymInt):
        kind = type(cache_seqlens).__name__
        raise _CHECKS.type_error("cache_seqlens", kind, "be a tensor, a whole number or None")
    if cache_seqlens is None:
        if cache.block_table is None:
            return None
        cache_seqlens = cache.block_table.shape[1] * cache.key.shape[1]
    return torch.full((q.shape[0],), cache_seqlens, dtype=torch.int64, device=q.device)


def _check_new_tokens(
    k: torch.Tensor | None,
    v: torch.Tensor | None,
    rotary_cos: torch.Tensor | None,
    rotary_sin: torch.Tensor | None,
    cache_seqlens: int | torch.Tensor | None,
) -> None:
    """Check which arguments go together."""
    if (k is None) != (v is None):
        given, missing = ("k", "v") if v is None else ("v", "k")
        raise _CHECKS.value_error(missing, None, f"be given with {given}")
    if k is None and (rotary_cos is not None or rotary_sin is not None):
        raise _CHECKS.value_error("k", None, "be given with rotary_cos and rotary_sin")
    if k is not None and cache_seqlens is None:
        raise _CHECKS.value_error("cache_seqlens", None, "be given with k")


def _rows(cache: torch.Tensor, name: str, kv_layout: str, block_table: object) -> torch.Tensor:
    """See a cache with tokens before heads."""
    _CHECKS.rank(name, cache, 4)
    if kv_layout not in ("NHD", "HND"):
        raise _CHECKS.value_error("kv_layout", kv_layout, "be one of NHD, HND")
    if kv_layout == "HND" and block_table is None:
        raise _CHECKS.value_error("kv_layout", kv_layout, "be NHD without block_table")
    return cache.transpose(1, 2) if kv_layout == "HND" else cache


def _append(
    q: torch.Tensor, cache: _Cache, new: KvAppend, ends: torch.Tensor, options: FlashOptions
) -> torch.Tensor:
    """Append, and return the query rotated; attention is checked before anything is written."""
    check_append(_CHECKS, new)
    if q.device.type == "cpu" and not torch.compiler.is_compiling():
        check_append_values(_CHECKS, new)
        key, value = cache.tensors(q.shape[0])
        keywords: dict[str, Any] = {**operator_options(_CHECKS, options), **cache.layout(ends)}
        plan_flash_attention(q, key, value, **keywords)
    window = window_of(_CHECKS, options.window_size, options.causal)
    local = options.causal or max(window) >= 0
    return rotate_and_append(_CHECKS, q, new, causal_or_local=local)


def flash_attn_with_kvcache(
    q: torch.Tensor,
    k_cache: torch.Tensor,
    v_cache: torch.Tensor,
    k: torch.Tensor | None = None,
    v: torch.Tensor | None = None,
    rotary_cos: torch.Tensor | None = None,
    rotary_sin: torch.Tensor | None = None,
    cache_seqlens: int | torch.Tensor | None = None,
    cache_batch_idx: torch.Tensor | None = None,
    cache_leftpad: torch.Tensor | None = None,
    block_table: torch.Tensor | None = None,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Window = (-1, -1),
    softcap: float = 0.0,
    rotary_interleaved: bool = True,
    alibi_slopes: torch.Tensor | None = None,
    num_splits: int = 0,
    return_softmax_lse: bool = False,
    *,
    out: torch.Tensor | None = None,
    page_table: torch.Tensor | None = None,
    kv_layout: str = "NHD",
    learnable_sink: torch.Tensor | None = None,
    q_descale: torch.Tensor | None = None,
    k_descale: torch.Tensor | None = None,
    v_descale: torch.Tensor | None = None,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """Append new keys and values to a cache, in place, and attend to all that it holds then.

    Args:
        q: ``[batch, seqlen_q, heads, head_dim]``, float16 or bfloat16; ``head_dim`` is a multiple
            of 16 up to 256. The last dimension is contiguous here as below, the others may be
            strided.
        k_cache: ``[rows, capacity, kv_heads, head_dim]``, dtype of ``q``, or with ``block_table``
            ``[blocks, page_size, kv_heads, head_dim]``; ``page_size`` is a multiple of 16 up to
            256. Written if ``k`` is given. Tokens that no sequence uses may hold anything.
        v_cache: Like ``k_cache``, with a head size of its own.
        k: ``[batch, seqlen_new, kv_heads, head_dim]``: appended at ``cache_seqlens``.
        v: Likewise.
        rotary_cos: ``[seqlen_ro, rotary_dim / 2]``, the dtype of ``q`` or float32: with ``k``.
            New keys are rotated to their positions in the cache. With ``causal`` or a window so is
            the query: its token ``i`` to ``cache_seqlens + i``; otherwise all of it to
            ``cache_seqlens``. ``rotary_dim`` is a multiple of 16 up to ``head_dim``.
        rotary_sin: Likewise.
        cache_seqlens: Tokens of each sequence in the cache before anything is appended: a number,
            or ``[batch]``, int32, or int64 that fits. Needed with ``k``; None: all that fit.
        cache_batch_idx: ``[batch]``, int32, or int64 that fits: the row of each sequence. None:
            the first rows, in order.
        cache_leftpad: ``[batch]``, likewise: where the keys of each sequence begin.
            ``cache_seqlens`` counts what is before it.
        block_table: ``[batch, max_blocks]``, likewise: the pages of each sequence.
        softmax_scale: Multiplies ``Q K^T``. Default ``head_dim ** -0.5``.
        causal: As for ``flash_attn_func``: the last query token stands at the newest key.
        window_size: Likewise.
        softcap: Likewise.
        rotary_interleaved: Pairs that are rotated are neighbours (GPT-J); False: elements ``i``
            and ``i + rotary_dim / 2`` (GPT-NeoX).
        alibi_slopes: As for ``flash_attn_func``.
        num_splits: Likewise.
        return_softmax_lse: Also return the log-sum-exp.
        out: As for ``flash_attn_func``.
        page_table: Another name of ``block_table``.
        kv_layout: ``"HND"``: pages are ``[blocks, kv_heads, page_size, head_dim]``.
        learnable_sink: As for ``flash_attn_func``.
        q_descale: Likewise.
        k_descale: Likewise.
        v_descale: Likewise.

    Returns:
        ``[batch, seqlen_q, heads, head_dim_v]``; with ``return_softmax_lse`` also
        ``[batch, heads, seqlen_q]``, float32, natural logarithm, ``-inf`` for rows that see
        nothing.

    Raises:
        TypeError: As for ``flash_attn_func``.
        ValueError: Likewise; nothing was appended.
        NotImplementedError: Likewise.
        ModelError: Likewise.

    Signature and meaning: flash-attention 2. Writing and rotating are kernels of their own.
    """
    check_descales(_CHECKS, q_descale=q_descale, k_descale=k_descale, v_descale=v_descale)
    _CHECKS.tensors(q=q, k_cache=k_cache, v_cache=v_cache)
    _CHECKS.rank("q", q, 4)
    table = one_of(_CHECKS, block_table=block_table, page_table=page_table)
    _check_new_tokens(k, v, rotary_cos, rotary_sin, cache_seqlens)
    cache = _Cache(
        _rows(k_cache, "k_cache", kv_layout, table),
        _rows(v_cache, "v_cache", kv_layout, table),
        table,
        cache_batch_idx,
        cache_leftpad,
    )
    ends = _lengths(q, cache, cache_seqlens)
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    if out is not None:
        check_out(_CHECKS, out, q, cache.value)
    if k is not None and v is not None and ends is not None:
        new = KvAppend(
            cache.key,
            cache.value,
            k,
            v,
            ends,
            cache_batch_idx,
            table,
            rotary_cos,
            rotary_sin,
            rotary_interleaved,
        )
        ends = ends + k.shape[1]
        q = _append(q, cache, new, ends, options)
    tensors = (q, *cache.tensors(q.shape[0]))
    output, lse = attend(_CHECKS, tensors, options, out, pad=False, **cache.layout(ends))
    return (output, lse) if return_softmax_lse else output
