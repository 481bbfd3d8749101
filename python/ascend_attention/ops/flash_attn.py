# SPDX-License-Identifier: Apache-2.0
"""Attention under flash-attention's names and signatures: dense and packed sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.flash_attn_common import (
    FlashOptions,
    Result,
    Window,
    attend,
    check_descales,
    check_dropout,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_DENSE_RANK = 4  # [batch, seqlen, heads, head_dim]
_PACKED_RANK = 3  # [tokens, heads, head_dim]


def _attend(
    checks: Checks,
    tensors: Sequence[torch.Tensor],
    ranks: Sequence[int],
    dropout_p: float,
    options: FlashOptions,
    out: torch.Tensor | None,
    return_attn_probs: bool,
    *,
    pad: bool = True,
    **layout: object,
) -> Result:
    checks.tensors(**dict(zip("qkv", tensors, strict=True)))
    check_dropout(checks, dropout_p)
    for name, tensor, rank in zip("qkv", tensors, ranks, strict=True):
        checks.rank(name, tensor, rank)
    output, lse = attend(checks, tensors, options, out, pad=pad, **layout)
    return (output, lse, None) if return_attn_probs else output


def attend_dense(
    checks: Checks,
    tensors: Sequence[torch.Tensor],
    dropout_p: float,
    options: FlashOptions,
    out: torch.Tensor | None,
    return_attn_probs: bool,
) -> Result:
    """Attend ``[batch, seqlen, heads, head_dim]`` and return what flash-attention does."""
    ranks = (_DENSE_RANK,) * 3
    return _attend(checks, tensors, ranks, dropout_p, options, out, return_attn_probs)


def attend_packed(
    checks: Checks,
    tensors: Sequence[torch.Tensor],
    dropout_p: float,
    options: FlashOptions,
    out: torch.Tensor | None,
    return_attn_probs: bool,
    **layout: object,
) -> Result:
    """Attend ``[tokens, heads, head_dim]`` and return what flash-attention does."""
    paged = layout.get("block_table") is not None
    of_keys = _DENSE_RANK if paged else _PACKED_RANK
    ranks = (_PACKED_RANK, of_keys, of_keys)
    return _attend(
        checks,
        tensors,
        ranks,
        dropout_p,
        options,
        out,
        return_attn_probs,
        pad=not paged,
        **layout,
    )


def flash_attn_func(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: Window = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: torch.Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
    *,
    out: torch.Tensor | None = None,
    learnable_sink: torch.Tensor | None = None,
    num_splits: int = 0,
    q_descale: torch.Tensor | None = None,
    k_descale: torch.Tensor | None = None,
    v_descale: torch.Tensor | None = None,
) -> Result:
    """Attend sequences of one length each for query and keys.

    Query token ``i`` stands at key ``i + seqlen_k - seqlen_q``: masks are aligned at the bottom
    right.

    Args:
        q: ``[batch, seqlen_q, heads, head_dim]``, float16 or bfloat16; ``head_dim`` is at most
            256. The last dimension is contiguous, the others may be strided. Heads of other than a
            multiple of 16 elements are copied and padded with zeros.
        k: ``[batch, seqlen_k, kv_heads, head_dim]``, dtype of ``q``; ``kv_heads`` divides
            ``heads``, and query head ``h`` reads kv head ``h // (heads / kv_heads)``.
        v: ``[batch, seqlen_k, kv_heads, head_dim_v]``, dtype of ``q``; ``head_dim_v`` is at most
            256.
        dropout_p: 0: there is no dropout yet.
        softmax_scale: Multiplies ``Q K^T``. Default ``head_dim ** -0.5``.
        causal: Keys after the position of a query token take no part.
        window_size: ``(left, right)``: so many keys before and after the position take part; -1 or
            None is no limit. With ``causal`` the right side does not count.
        softcap: Scores become ``softcap * tanh(score / softcap)``; 0 leaves them alone.
        alibi_slopes: ``[heads]`` or ``[batch, heads]``, float32; subtracts ``slope`` times the
            distance of key and query position.
        deterministic: Accepted: the result always has the same bits.
        return_attn_probs: Also return the log-sum-exp.
        out: Shape and dtype of the result, which is copied there and returned.
        learnable_sink: ``[heads]``, a floating-point type; one more score a row, whose value is
            zero.
        num_splits: Parts that the keys are split into; 0: chosen.
        q_descale: None: there is no float8 yet; likewise ``k_descale`` and ``v_descale``.
        k_descale: See ``q_descale``.
        v_descale: See ``q_descale``.

    Returns:
        ``[batch, seqlen_q, heads, head_dim_v]`` in the dtype of ``q``; softmax and accumulation
        are float32. Rows that see no key are zero. With ``return_attn_probs`` a tuple: that,
        ``[batch, heads, seqlen_q]`` float32, the natural logarithm of the sum of exponentials,
        sinks included, ``-inf`` for rows that see nothing; and None for the probabilities, which
        exist in no memory.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride or number breaks a rule above; errors from the operator name
            its arguments ``query``, ``key`` and ``value``.
        NotImplementedError: Dropout or float8 is asked for.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Signature and meaning: flash-attention 2. Algorithm: Dao, FlashAttention-2, 2023.
    """
    del deterministic
    checks = Checks("flash_attn_func")
    check_descales(checks, q_descale=q_descale, k_descale=k_descale, v_descale=v_descale)
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    return attend_dense(checks, (q, k, v), dropout_p, options, out, return_attn_probs)


def flash_attn_varlen_func(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    cu_seqlens_q: torch.Tensor,
    cu_seqlens_k: torch.Tensor | None = None,
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
    block_table: torch.Tensor | None = None,
    *,
    out: torch.Tensor | None = None,
    seqused_q: torch.Tensor | None = None,
    seqused_k: torch.Tensor | None = None,
    page_table: torch.Tensor | None = None,
    kv_layout: str = "NHD",
    learnable_sink: torch.Tensor | None = None,
    num_splits: int = 0,
    q_descale: torch.Tensor | None = None,
    k_descale: torch.Tensor | None = None,
    v_descale: torch.Tensor | None = None,
) -> Result:
    """Attend sequences of any lengths, packed one after the other; keys may also be in pages.

    Args:
        q: ``[total_q, heads, head_dim]``; otherwise as for ``flash_attn_func``, like all that is
            not named here.
        k: ``[total_k, kv_heads, head_dim]``. With ``block_table`` pages
            ``[blocks, page_size, kv_heads, head_dim]``, or as ``kv_layout`` says; ``page_size`` is
            a multiple of 16 up to 256, and heads are a multiple of 16.
        v: ``[total_k, kv_heads, head_dim_v]``, or pages.
        cu_seqlens_q: ``[batch + 1]``, int32, or int64 that fits: where the query tokens of each
            sequence begin; from 0 to ``total_q``.
        cu_seqlens_k: Likewise for keys; with ``block_table`` their differences are the lengths.
            None, if ``block_table`` and ``seqused_k`` are given.
        max_seqlen_q: Longest sequence of ``q``; None: taken from ``cu_seqlens_q``.
        max_seqlen_k: Likewise for keys.
        dropout_p: As for ``flash_attn_func``.
        softmax_scale: Likewise.
        causal: Likewise.
        window_size: Likewise.
        softcap: Likewise.
        alibi_slopes: Likewise.
        deterministic: Likewise.
        return_attn_probs: Likewise.
        block_table: ``[batch, max_blocks]``, int32, or int64 that fits: the pages of each
            sequence. Entries past the last used page are ignored.
        out: As for ``flash_attn_func``.
        seqused_q: ``[batch]``, int32, or int64 that fits: query tokens of each sequence that
            count, from its first on; the output of the others means nothing.
        seqused_k: Likewise for keys.
        page_table: Another name of ``block_table``.
        kv_layout: ``"HND"``: pages are ``[blocks, kv_heads, page_size, head_dim]``.
        learnable_sink: As for ``flash_attn_func``.
        num_splits: Likewise.
        q_descale: Likewise.
        k_descale: Likewise.
        v_descale: Likewise.

    Returns:
        ``[total_q, heads, head_dim_v]``; with ``return_attn_probs`` also ``[heads, total_q]`` and
        None, as for ``flash_attn_func``.

    Raises:
        TypeError: As for ``flash_attn_func``.
        ValueError: Likewise.
        NotImplementedError: Likewise.
        ModelError: Likewise.

    Signature and meaning: flash-attention 2.
    """
    del deterministic
    checks = Checks("flash_attn_varlen_func")
    check_descales(checks, q_descale=q_descale, k_descale=k_descale, v_descale=v_descale)
    table = one_of(checks, block_table=block_table, page_table=page_table)
    layout: dict[str, object] = {
        "cu_seqlens_q": cu_seqlens_q,
        "cu_seqlens_k": cu_seqlens_k,
        "seqused_q": seqused_q,
        "seqused_k": seqused_k,
        "block_table": table,
        "max_seqlen_q": max_seqlen_q,
        "max_seqlen_k": max_seqlen_k,
        "kv_layout": kv_layout,
    }
    if cu_seqlens_k is None and (table is None or seqused_k is None):
        raise checks.value_error(
            "cu_seqlens_k", None, "be given, or both block_table and seqused_k"
        )
    if table is not None and cu_seqlens_k is not None:
        checks.tensors(cu_seqlens_k=cu_seqlens_k)
        layout["cu_seqlens_k"] = None
        if seqused_k is None:
            layout["seqused_k"] = cu_seqlens_k.diff()
    options = FlashOptions(
        softmax_scale, causal, window_size, softcap, alibi_slopes, learnable_sink, num_splits
    )
    return attend_packed(checks, (q, k, v), dropout_p, options, out, return_attn_probs, **layout)
