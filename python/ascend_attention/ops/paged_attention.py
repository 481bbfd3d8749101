# SPDX-License-Identifier: Apache-2.0
"""Paged attention of one new token a sequence."""

from __future__ import annotations

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.cache_view import cache_shape, cache_view
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

_CHECKS = Checks("paged_attention")
_DTYPES = (torch.float16, torch.bfloat16, torch.float32)


def _check_shapes(
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
) -> None:
    for name, value, rank in (
        ("query", query, 3),
        ("key_cache", key_cache, 4),
        ("value_cache", value_cache, 4),
        ("block_tables", block_tables, 2),
        ("seq_lens", seq_lens, 1),
    ):
        _CHECKS.rank(name, value, rank)
    _CHECKS.dtype("query dtype", query, _DTYPES)
    for name, tensor in (("key_cache", key_cache), ("value_cache", value_cache)):
        _CHECKS.dtype(f"{name} dtype", tensor, (query.dtype,), " (that of query)")
        _CHECKS.device(name, tensor, query, "query")
        _CHECKS.contiguous_from(name, tensor, 3)
    _CHECKS.contiguous_from("query", query, 1)
    batch, heads, head_dim = query.shape
    _CHECKS.shape("value_cache", value_cache, key_cache.shape, "that of key_cache")
    if key_cache.shape[3] != head_dim:
        raise _CHECKS.value_error(
            "key_cache head_dim", key_cache.shape[3], f"be that of query ({head_dim})"
        )
    kv_heads = key_cache.shape[2]
    for name, count in (
        ("query head_dim", head_dim),
        ("key_cache heads", kv_heads),
        ("query heads", heads),
    ):
        if count == 0:
            raise _CHECKS.value_error(name, count, "be at least 1")
    if heads % kv_heads != 0:
        raise _CHECKS.value_error(
            "query heads", heads, f"be a multiple of key_cache heads ({kv_heads})"
        )
    for name, tensor in (("block_tables", block_tables), ("seq_lens", seq_lens)):
        _CHECKS.dtype(f"{name} dtype", tensor, (torch.int32, torch.int64))
        _CHECKS.device(name, tensor, query, "query")
        if tensor.shape[0] != batch:
            raise _CHECKS.value_error(
                f"{name} rows", tensor.shape[0], f"be the batch of query ({batch})"
            )


def _check_metadata(key_cache: torch.Tensor, tables: torch.Tensor, lengths: torch.Tensor) -> None:
    """Check values that lie on the CPU: lengths, and the ids of the blocks they reach."""
    blocks, block_size = key_cache.shape[:2]
    capacity = tables.shape[1] * block_size
    wrong = (lengths < 0) | (lengths > capacity)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise _CHECKS.value_error(
            f"seq_lens[{row}]",
            int(lengths[row]),
            f"be in 0..{capacity} ({tables.shape[1]} blocks of {block_size} tokens)",
        )
    used = torch.arange(tables.shape[1]) * block_size < lengths[:, None]
    outside = used & ((tables < 0) | (tables >= blocks))
    if bool(outside.any()):
        row, column = (int(index) for index in outside.nonzero()[0])
        raise _CHECKS.value_error(
            f"block_tables[{row}, {column}]", int(tables[row, column]), f"be in 0..{blocks - 1}"
        )


def _paged_attention_cpu(
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
    *,
    scale: float | None = None,
    return_lse: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_shapes(query, key_cache, value_cache, block_tables, seq_lens)
    tables = _CHECKS.int32("block_tables", block_tables)
    _CHECKS.contiguous_from("block_tables", tables, 1)
    lengths = _CHECKS.int32("seq_lens", seq_lens).contiguous()

    batch, heads, head_dim = query.shape
    output = query.new_empty((batch, heads, head_dim))
    lse = query.new_empty((batch, heads) if return_lse else (0,), dtype=torch.float32)
    plan = _native.plan_paged_attention(
        _native.PagedAttentionProblem(
            dtype=dtype_of(query),
            batch=batch,
            heads=heads,
            query_stride=query.stride(0),
            cache=cache_shape(key_cache),
            key=cache_view(key_cache),
            value=cache_view(value_cache),
            max_blocks=tables.shape[1],
            block_table_stride=tables.stride(0),
            scale=head_dim**-0.5 if scale is None else scale,
            write_lse=return_lse,
        ),
        soc_name(),
    )
    _check_metadata(key_cache, tables, lengths)
    if batch == 0:
        return output, lse
    run_plan(
        plan,
        argument("query", query),
        argument("key_cache", key_cache),
        argument("value_cache", value_cache),
        argument("block_tables", tables),
        argument("seq_lens", lengths),
        None,
        None,
        None,
        argument("output", output, writable=True, defined=False),
        argument("lse", lse, writable=True, defined=False),
        None,
        None,
        None,
    )
    return output, lse


def _paged_attention_meta(
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
    *,
    scale: float | None = None,
    return_lse: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_shapes(query, key_cache, value_cache, block_tables, seq_lens)
    lse_shape = query.shape[:2] if return_lse else (0,)
    return query.new_empty(query.shape), query.new_empty(lse_shape, dtype=torch.float32)


define(
    "paged_attention(Tensor query, Tensor key_cache, Tensor value_cache, Tensor block_tables, "
    "Tensor seq_lens, *, float? scale=None, bool return_lse=False) -> (Tensor, Tensor)",
    cpu=_paged_attention_cpu,
    meta=_paged_attention_meta,
)


def paged_attention(
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
    *,
    scale: float | None = None,
    return_lse: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """Attend one new token a sequence to a paged KV cache.

    Args:
        query: ``[batch, heads, head_dim]``, float16, bfloat16 or float32; ``head_dim`` is a
            multiple of 8 up to 256. The batch may be strided.
        key_cache: ``[blocks, block_size, kv_heads, head_dim]``, dtype of ``query``; ``block_size``
            counts tokens and is a multiple of 8 up to 256; ``kv_heads`` divides ``heads``. The
            last dimension is contiguous, the others may be strided. Blocks that no sequence uses
            may hold anything.
        value_cache: Like ``key_cache``. Its strides may differ.
        block_tables: ``[batch, max_blocks]``, int32, or int64 that fits. Entries past the last
            used block are ignored.
        seq_lens: ``[batch]``, int32, or int64 that fits; in tokens, at most
            ``max_blocks * block_size``. Length 0 gives a zero row.
        scale: Multiplies ``Q K^T``. Default ``head_dim ** -0.5``.
        return_lse: Also return the log-sum-exp.

    Returns:
        ``[batch, heads, head_dim]`` in the dtype of ``query``; softmax and accumulation are
        float32. With ``return_lse`` also ``[batch, heads]``, float32, natural logarithm, ``-inf``
        for length 0.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride, length or block id breaks a rule above.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    The operator ``torch.ops.ascend_attention.paged_attention`` always returns both tensors; its
    log-sum-exp has shape ``[0]`` when it was not asked for.

    Algorithm: Kwon et al., PagedAttention, SOSP 2023; online softmax, Milakov and Gimelshein, 2018.
    """
    _CHECKS.tensors(
        query=query,
        key_cache=key_cache,
        value_cache=value_cache,
        block_tables=block_tables,
        seq_lens=seq_lens,
    )
    output, lse = torch.ops.ascend_attention.paged_attention(
        query,
        key_cache,
        value_cache,
        block_tables,
        seq_lens,
        scale=scale,
        return_lse=return_lse,
    )
    return (output, lse) if return_lse else output
