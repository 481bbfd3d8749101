# SPDX-License-Identifier: Apache-2.0
"""flash-attention's functions for query, keys and values in one tensor: views of its parts."""

from __future__ import annotations

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.flash_attn import attend_dense, attend_packed
from ascend_attention.ops.flash_attn_common import FlashOptions, Result, Window


def _parts(
    checks: Checks, name: str, packed: torch.Tensor, count: int, rank: int
) -> tuple[torch.Tensor, ...]:
    """Return ``count`` views along the third dimension from the end."""
    checks.tensors(**{name: packed})
    checks.rank(name, packed, rank)
    if packed.shape[-3] != count:
        shape = list(packed.shape)
        raise checks.value_error(f"{name} shape", shape, f"have {count} as dimension {rank - 3}")
    return packed.unbind(-3)


def flash_attn_qkvpacked_func(
    qkv: torch.Tensor,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Window = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: torch.Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    *,
    learnable_sink: torch.Tensor | None = None,
    num_splits: int = 0,
) -> Result:
    """Attend as ``flash_attn_func``, with query, keys and values in one tensor.

    Args:
        qkv: ``[batch, seqlen, 3, heads, head_dim]``, float16 or bfloat16; read in place.
        dropout_p: As for ``flash_attn_func``, like all below.
        softmax_scale: Likewise.
        causal: Likewise.
        window_size: Likewise.
        softcap: Likewise.
        alibi_slopes: Likewise.
        deterministic: Likewise.
        return_attn_probs: Likewise.
        learnable_sink: Likewise.
        num_splits: Likewise.

    Returns:
        ``[batch, seqlen, heads, head_dim]``, or a tuple as for ``flash_attn_func``.

    Raises:
        TypeError: As for ``flash_attn_func``.
        ValueError: Likewise.
        NotImplementedError: Likewise.
        ModelError: Likewise.

    Signature and meaning: flash-attention 2.
    """
    del deterministic
    checks = Checks("flash_attn_qkvpacked_func")
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    parts = _parts(checks, "qkv", qkv, 3, 5)
    return attend_dense(checks, parts, dropout_p, options, None, return_attn_probs)


def flash_attn_kvpacked_func(
    q: torch.Tensor,
    kv: torch.Tensor,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Window = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: torch.Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    *,
    learnable_sink: torch.Tensor | None = None,
    num_splits: int = 0,
) -> Result:
    """Attend as ``flash_attn_func``, with keys and values in one tensor.

    Args:
        q: ``[batch, seqlen_q, heads, head_dim]``.
        kv: ``[batch, seqlen_k, 2, kv_heads, head_dim]``, dtype of ``q``; read in place.
        dropout_p: As for ``flash_attn_func``, like all below.
        softmax_scale: Likewise.
        causal: Likewise.
        window_size: Likewise.
        softcap: Likewise.
        alibi_slopes: Likewise.
        deterministic: Likewise.
        return_attn_probs: Likewise.
        learnable_sink: Likewise.
        num_splits: Likewise.

    Returns:
        ``[batch, seqlen_q, heads, head_dim]``, or a tuple as for ``flash_attn_func``.

    Raises:
        TypeError: As for ``flash_attn_func``.
        ValueError: Likewise.
        NotImplementedError: Likewise.
        ModelError: Likewise.

    Signature and meaning: flash-attention 2.
    """
    del deterministic
    checks = Checks("flash_attn_kvpacked_func")
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    parts = (q, *_parts(checks, "kv", kv, 2, 5))
    return attend_dense(checks, parts, dropout_p, options, None, return_attn_probs)


def flash_attn_varlen_qkvpacked_func(
    qkv: torch.Tensor,
    cu_seqlens: torch.Tensor,
    max_seqlen: int | None = None,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Window = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: torch.Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    *,
    learnable_sink: torch.Tensor | None = None,
    num_splits: int = 0,
) -> Result:
    """Attend as ``flash_attn_varlen_func``, with query, keys and values in one tensor.

    Args:
        qkv: ``[total, 3, heads, head_dim]``, float16 or bfloat16; read in place.
        cu_seqlens: ``[batch + 1]``, int32, or int64 that fits: where each sequence begins.
        max_seqlen: The longest sequence; None: taken from ``cu_seqlens``.
        dropout_p: As for ``flash_attn_func``, like all below.
        softmax_scale: Likewise.
        causal: Likewise.
        window_size: Likewise.
        softcap: Likewise.
        alibi_slopes: Likewise.
        deterministic: Likewise.
        return_attn_probs: Likewise.
        learnable_sink: Likewise.
        num_splits: Likewise.

    Returns:
        ``[total, heads, head_dim]``, or a tuple as for ``flash_attn_varlen_func``.

    Raises:
        TypeError: As for ``flash_attn_func``.
        ValueError: Likewise.
        NotImplementedError: Likewise.
        ModelError: Likewise.

    Signature and meaning: flash-attention 2.
    """
    del deterministic
    checks = Checks("flash_attn_varlen_qkvpacked_func")
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    return attend_packed(
        checks,
        _parts(checks, "qkv", qkv, 3, 4),
        dropout_p,
        options,
        None,
        return_attn_probs,
        cu_seqlens_q=cu_seqlens,
        cu_seqlens_k=cu_seqlens,
        max_seqlen_q=max_seqlen,
        max_seqlen_k=max_seqlen,
    )


def flash_attn_varlen_kvpacked_func(
    q: torch.Tensor,
    kv: torch.Tensor,
    cu_seqlens_q: torch.Tensor,
    cu_seqlens_k: torch.Tensor,
    max_seqlen_q: int | None = None,
    max_seqlen_k: int | None = None,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Window = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: torch.Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    *,
    learnable_sink: torch.Tensor | None = None,
    num_splits: int = 0,
) -> Result:
    """Attend as ``flash_attn_varlen_func``, with keys and values in one tensor.

    Args:
        q: ``[total_q, heads, head_dim]``.
        kv: ``[total_k, 2, kv_heads, head_dim]``, dtype of ``q``; read in place.
        cu_seqlens_q: ``[batch + 1]``, int32, or int64 that fits: where the query tokens of each
            sequence begin.
        cu_seqlens_k: Likewise for keys.
        max_seqlen_q: Longest sequence of ``q``; None: taken from ``cu_seqlens_q``.
        max_seqlen_k: Likewise for keys.
        dropout_p: As for ``flash_attn_func``, like all below.
        softmax_scale: Likewise.
        causal: Likewise.
        window_size: Likewise.
        softcap: Likewise.
        alibi_slopes: Likewise.
        deterministic: Likewise.
        return_attn_probs: Likewise.
        learnable_sink: Likewise.
        num_splits: Likewise.

    Returns:
        ``[total_q, heads, head_dim]``, or a tuple as for ``flash_attn_varlen_func``.

    Raises:
        TypeError: As for ``flash_attn_func``.
        ValueError: Likewise.
        NotImplementedError: Likewise.
        ModelError: Likewise.

    Signature and meaning: flash-attention 2.
    """
    del deterministic
    checks = Checks("flash_attn_varlen_kvpacked_func")
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    return attend_packed(
        checks,
        (q, *_parts(checks, "kv", kv, 2, 4)),
        dropout_p,
        options,
        None,
        return_attn_probs,
        cu_seqlens_q=cu_seqlens_q,
        cu_seqlens_k=cu_seqlens_k,
        max_seqlen_q=max_seqlen_q,
        max_seqlen_k=max_seqlen_k,
    )
