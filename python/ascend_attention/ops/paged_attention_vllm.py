# SPDX-License-Identifier: Apache-2.0
"""``paged_attention_v1`` and ``paged_attention_v2`` with vLLM's schemas and call forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from ascend_attention import _native
from ascend_attention.ops.cache_view import packed_views
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.kv_cache_dtype import (
    check_kv_cache_dtype,
    check_scales,
    scale_tensors,
)
from ascend_attention.ops.library import define
from ascend_attention.ops.paged_inputs import (
    PagedInputs,
    PagedOptions,
    Partials,
    check_inputs,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.ops.kv_cache_dtype import Scale

V1, V2 = Checks("paged_attention_v1"), Checks("paged_attention_v2")
V2_PARTITION = 512  # tokens
PARTITIONS_RULE = f"one partition for each {V2_PARTITION} tokens of max_seq_len"

_TAIL = (
    "Tensor query, Tensor key_cache, Tensor value_cache, int num_kv_heads, float scale, "
    "Tensor block_tables, Tensor seq_lens, int block_size, int max_seq_len, "
    "Tensor? alibi_slopes, str kv_cache_dtype, Tensor k_scale, Tensor v_scale, int tp_rank, "
    "int blocksparse_local_blocks, int blocksparse_vert_stride, int blocksparse_block_size, "
    "int blocksparse_head_sliding_step) -> ()"
)


class _Call(NamedTuple):
    """The arguments that both have, in the order of the schema."""

    query: torch.Tensor
    key_cache: torch.Tensor
    value_cache: torch.Tensor
    num_kv_heads: int
    scale: float
    block_tables: torch.Tensor
    seq_lens: torch.Tensor
    block_size: int
    max_seq_len: int
    alibi_slopes: torch.Tensor | None
    kv_cache_dtype: str
    k_scale: torch.Tensor
    v_scale: torch.Tensor
    tp_rank: int = 0
    blocksparse_local_blocks: int = 0
    blocksparse_vert_stride: int = 0
    blocksparse_block_size: int = 64
    blocksparse_head_sliding_step: int = 0


def _check(checks: Checks, out: torch.Tensor, call: _Call) -> PagedInputs:
    """Check all that does not need the values of a tensor."""
    query = call.query
    check_kv_cache_dtype(checks, call.kv_cache_dtype)
    check_scales(checks, query, k_scale=call.k_scale, v_scale=call.v_scale)
    if call.blocksparse_vert_stride > 1:
        raise checks.value_error(
            "blocksparse_vert_stride",
            call.blocksparse_vert_stride,
            "be 0 or 1: there is no block-sparse mask",
        )
    checks.rank("query", query, 3)
    key, value = packed_views(checks, call.key_cache, call.value_cache)
    inputs = PagedInputs(
        query,
        call.key_cache,
        call.value_cache,
        key,
        value,
        call.block_tables,
        call.seq_lens,
        alibi_slopes=call.alibi_slopes,
    )
    check_inputs(checks, inputs)
    _check_output(checks, "out", out, query.shape, query)
    for name, given, real in (
        ("num_kv_heads", call.num_kv_heads, key.kv_heads),
        ("block_size", call.block_size, key.block_size),
    ):
        if given != real:
            raise checks.value_error(name, given, f"be that of key_cache ({real})")
    if call.max_seq_len < 0:
        raise checks.value_error("max_seq_len", call.max_seq_len, "be 0 or more")
    return inputs


def _check_output(
    checks: Checks,
    name: str,
    tensor: torch.Tensor,
    shape: Sequence[int],
    query: torch.Tensor,
    why: str = "that of query",
) -> None:
    checks.shape(name, tensor, shape, why)
    checks.dtype(f"{name} dtype", tensor, (query.dtype,), " (that of query)")
    checks.device(name, tensor, query, "query")
    checks.contiguous_from(name, tensor, 0)


def _check_apart(checks: Checks, call: _Call, written: dict[str, torch.Tensor]) -> None:
    """Demand that outputs share no memory with each other or with an input."""
    others = {
        name: value for name, value in call._asdict().items() if isinstance(value, torch.Tensor)
    }
    for name, tensor in reversed(written.items()):
        checks.apart(**{name: tensor}, **others)
        others[name] = tensor


def _v1_cpu(out: torch.Tensor, *arguments: object) -> None:
    call = _Call(*arguments)  # type: ignore[arg-type]
    inputs = _check(V1, out, call)
    _check_apart(V1, call, {"out": out})
    options = PagedOptions(
        scale=call.scale, max_seq_len=call.max_seq_len, split_rule=_native.SplitRule.none
    )
    run(V1, inputs, options, out, out.new_empty(0, dtype=torch.float32))


def _v1_meta(out: torch.Tensor, *arguments: object) -> None:
    _check(V1, out, _Call(*arguments))  # type: ignore[arg-type]


def _check_partials(call: _Call, partials: Partials) -> None:
    tokens, heads, head_dim = call.query.shape
    if V2_PARTITION % call.block_size != 0:
        raise V2.value_error(
            "block_size", call.block_size, f"divide the tokens of a partition ({V2_PARTITION})"
        )
    partitions = -(-call.max_seq_len // V2_PARTITION)
    for name, tensor in (("exp_sums", partials.exp_sums), ("max_logits", partials.max_logits)):
        V2.shape(name, tensor, (tokens, heads, partitions), PARTITIONS_RULE)
        V2.dtype(f"{name} dtype", tensor, (torch.float32,))
        V2.device(name, tensor, call.query, "query")
        V2.contiguous_from(name, tensor, 0)
    shape = (tokens, heads, partitions, head_dim)
    _check_output(V2, "tmp_out", partials.outputs, shape, call.query, PARTITIONS_RULE)


def _v2_cpu(
    out: torch.Tensor,
    exp_sums: torch.Tensor,
    max_logits: torch.Tensor,
    tmp_out: torch.Tensor,
    *arguments: object,
) -> None:
    call = _Call(*arguments)  # type: ignore[arg-type]
    inputs = _check(V2, out, call)
    partials = Partials(exp_sums, max_logits, tmp_out)
    _check_partials(call, partials)
    _check_apart(
        V2,
        call,
        {"out": out, "exp_sums": exp_sums, "max_logits": max_logits, "tmp_out": tmp_out},
    )
    # Without tokens there is nothing to split, and no room for partial results.
    rule = _native.SplitRule.partition_tokens if call.max_seq_len else _native.SplitRule.none
    options = PagedOptions(
        scale=call.scale,
        max_seq_len=call.max_seq_len,
        split_rule=rule,
        split_value=V2_PARTITION,
    )
    lse = out.new_empty(0, dtype=torch.float32)
    run(V2, inputs, options, out, lse, partials if call.max_seq_len else None)


def _v2_meta(
    out: torch.Tensor,
    exp_sums: torch.Tensor,
    max_logits: torch.Tensor,
    tmp_out: torch.Tensor,
    *arguments: object,
) -> None:
    call = _Call(*arguments)  # type: ignore[arg-type]
    _check(V2, out, call)
    _check_partials(call, Partials(exp_sums, max_logits, tmp_out))


define(f"paged_attention_v1(Tensor(a!) out, {_TAIL}", cpu=_v1_cpu, meta=_v1_meta)
define(
    "paged_attention_v2(Tensor(a!) out, Tensor(b!) exp_sums, Tensor(c!) max_logits, "
    f"Tensor(d!) tmp_out, {_TAIL}",
    cpu=_v2_cpu,
    meta=_v2_meta,
)


def _check_types(checks: Checks, alibi_slopes: object, **tensors: object) -> None:
    checks.tensors(**tensors)
    if alibi_slopes is not None:
        checks.tensors(alibi_slopes=alibi_slopes)


def paged_attention_v1(
    out: torch.Tensor,
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    num_kv_heads: int,
    scale: float,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
    block_size: int,
    max_seq_len: int,
    alibi_slopes: torch.Tensor | None,
    kv_cache_dtype: str,
    k_scale: Scale = 1.0,
    v_scale: Scale | None = None,
    tp_rank: int = 0,
    blocksparse_local_blocks: int = 0,
    blocksparse_vert_stride: int = 0,
    blocksparse_block_size: int = 64,
    blocksparse_head_sliding_step: int = 0,
) -> None:
    """Attend one new token a sequence to a paged cache in one pass, into ``out``.

    Every call form that vLLM has had works: one float ``kv_scale`` in the place of ``k_scale``, two
    floats, two tensors, with or without the arguments behind them. Runs on the vector cores, which
    alone read caches of this form.

    Args:
        out: ``[batch, heads, head_dim]``, dtype of ``query``, contiguous; written.
        query: ``[batch, heads, head_dim]``, float16, bfloat16 or float32.
        key_cache: ``[blocks, num_kv_heads, head_dim / x, block_size, x]``, dtype of ``query``;
            ``x`` elements make 16 bytes.
        value_cache: ``[blocks, num_kv_heads, head_dim, block_size]``, dtype of ``query``.
        num_kv_heads: That of ``key_cache``; divides ``heads``.
        scale: Multiplies ``Q K^T``.
        block_tables: ``[batch, max_blocks]``, int32, or int64 that fits.
        seq_lens: ``[batch]``, int32, or int64 that fits; in tokens.
        block_size: That of ``key_cache``, in tokens; a multiple of 8 up to 256.
        max_seq_len: No sequence is longer.
        alibi_slopes: ``[heads]``, float32, or None; adds ``slope * (position - seq_len + 1)``.
        kv_cache_dtype: ``"auto"``: the cache has the dtype of ``query``.
        k_scale: For quantised caches; unused.
        v_scale: Likewise; None: ``k_scale``.
        tp_rank: For block-sparse masks; unused.
        blocksparse_local_blocks: Likewise.
        blocksparse_vert_stride: 0 or 1: no block-sparse mask.
        blocksparse_block_size: Unused.
        blocksparse_head_sliding_step: Unused.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride, length or block id breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Schema and meaning: vLLM's ``paged_attention_v1``.
    """
    _check_types(
        V1,
        alibi_slopes,
        out=out,
        query=query,
        key_cache=key_cache,
        value_cache=value_cache,
        block_tables=block_tables,
        seq_lens=seq_lens,
    )
    torch.ops.ascend_attention.paged_attention_v1(
        out,
        query,
        key_cache,
        value_cache,
        num_kv_heads,
        scale,
        block_tables,
        seq_lens,
        block_size,
        max_seq_len,
        alibi_slopes,
        kv_cache_dtype,
        *scale_tensors(V1, k_scale, v_scale, query.device),
        tp_rank,
        blocksparse_local_blocks,
        blocksparse_vert_stride,
        blocksparse_block_size,
        blocksparse_head_sliding_step,
    )


def paged_attention_v2(
    out: torch.Tensor,
    exp_sums: torch.Tensor,
    max_logits: torch.Tensor,
    tmp_out: torch.Tensor,
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    num_kv_heads: int,
    scale: float,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
    block_size: int,
    max_seq_len: int,
    alibi_slopes: torch.Tensor | None,
    kv_cache_dtype: str,
    k_scale: Scale = 1.0,
    v_scale: Scale | None = None,
    tp_rank: int = 0,
    blocksparse_local_blocks: int = 0,
    blocksparse_vert_stride: int = 0,
    blocksparse_block_size: int = 64,
    blocksparse_head_sliding_step: int = 0,
) -> None:
    """Attend one new token a sequence to a paged cache, split into partitions, into ``out``.

    Runs on the vector cores, as ``paged_attention_v1`` does.

    Args:
        out: As for ``paged_attention_v1``, like all that is not named here.
        exp_sums: ``[batch, heads, partitions]``, float32, contiguous; written: the sum of
            ``exp(score - max_logit)`` of each partition of the sequences that have more than one.
            A partition has 512 tokens, a multiple of ``block_size``; ``partitions`` is
            ``ceil(max_seq_len / 512)``.
        max_logits: Like ``exp_sums``; written: the largest score of each partition.
        tmp_out: ``[batch, heads, partitions, head_dim]``, dtype of ``query``, contiguous; written:
            the output of each partition by itself.
        query: See ``paged_attention_v1``.
        key_cache: Likewise.
        value_cache: Likewise.
        num_kv_heads: Likewise.
        scale: Likewise.
        block_tables: Likewise.
        seq_lens: Likewise.
        block_size: Likewise.
        max_seq_len: Likewise.
        alibi_slopes: Likewise.
        kv_cache_dtype: Likewise.
        k_scale: Likewise.
        v_scale: Likewise.
        tp_rank: Likewise.
        blocksparse_local_blocks: Likewise.
        blocksparse_vert_stride: Likewise.
        blocksparse_block_size: Likewise.
        blocksparse_head_sliding_step: Likewise.

    Raises:
        TypeError: As for ``paged_attention_v1``.
        ValueError: Likewise.
        ModelError: Likewise.

    Schema and meaning: vLLM's ``paged_attention_v2``.
    """
    _check_types(
        V2,
        alibi_slopes,
        out=out,
        exp_sums=exp_sums,
        max_logits=max_logits,
        tmp_out=tmp_out,
        query=query,
        key_cache=key_cache,
        value_cache=value_cache,
        block_tables=block_tables,
        seq_lens=seq_lens,
    )
    torch.ops.ascend_attention.paged_attention_v2(
        out,
        exp_sums,
        max_logits,
        tmp_out,
        query,
        key_cache,
        value_cache,
        num_kv_heads,
        scale,
        block_tables,
        seq_lens,
        block_size,
        max_seq_len,
        alibi_slopes,
        kv_cache_dtype,
        *scale_tensors(V2, k_scale, v_scale, query.device),
        tp_rank,
        blocksparse_local_blocks,
        blocksparse_vert_stride,
        blocksparse_block_size,
        blocksparse_head_sliding_step,
    )
