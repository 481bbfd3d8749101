# SPDX-License-Identifier: Apache-2.0
"""AscPagedAttention called as the host calls it, and its float64 reference with every option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.model import Buffer, Report

Split = tuple[str, int]  # name of a SplitRule, value


@dataclass(frozen=True)
class KernelCase:
    """What is asked of the kernel. Unused cache is NaN, unused table entries point nowhere."""

    lengths: Sequence[int]
    query_lens: Sequence[int] | None = None  # None: one query token a sequence
    dtype: torch.dtype = torch.float16
    heads: int = 8
    kv_heads: int = 2
    head_dim: int = 64
    block_size: int = 16
    layout: str = "nhd"  # or hnd, packed
    window_left: int = -1
    softcap: float = 0.0
    alibi: bool = False
    sinks: bool = False
    split: Split = ("auto", 0)
    partial_outputs: int = 0
    seed: int = 0


@dataclass(frozen=True)
class KernelRun:
    """Inputs and results of one launch."""

    output: torch.Tensor  # [query tokens, heads, head_dim]
    lse: torch.Tensor  # [query tokens, heads]
    partials: tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # sums, maxima, outputs
    exact: np.ndarray
    exact_lse: np.ndarray
    plain: torch.Tensor
    plan: _native.Plan
    report: Report


def _pack(cache: torch.Tensor, key: bool) -> torch.Tensor:
    """Bring ``[blocks, block_size, heads, head_dim]`` into the order of the packed layout."""
    blocks, block_size, heads, head_dim = cache.shape
    if not key:
        return cache.permute(0, 2, 3, 1).contiguous()
    x = 16 // cache.element_size()
    chunks = cache.view(blocks, block_size, heads, head_dim // x, x)
    return chunks.permute(0, 2, 3, 1, 4).contiguous()


def _view(case: KernelCase) -> _native.PagedCacheView:
    d, tokens, heads = case.head_dim, case.block_size, case.kv_heads
    if case.layout == "nhd":
        return _native.PagedCacheView(tokens * heads * d, heads * d, d)
    return _native.PagedCacheView(heads * tokens * d, d if case.layout == "hnd" else 0, tokens * d)


def _attend(
    case: KernelCase, tensors: Sequence[torch.Tensor], weight_dtype: torch.dtype | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend the query tokens of one sequence in the dtype of the inputs.

    Args:
        case: Window, softcap and what is used of the following.
        tensors: Query ``[query tokens, heads, head_dim]``, key ``[tokens, kv_heads, head_dim]``,
            value, ALiBi slopes ``[heads]`` and sinks ``[heads]``.
        weight_dtype: What weights are rounded to.
    """
    query, key, value, slopes, sinks = tensors
    count, length = query.shape[0], key.shape[0]
    group = case.heads // case.kv_heads
    key, value = (t.repeat_interleave(group, dim=1).transpose(0, 1) for t in (key, value))
    scores = query.transpose(0, 1) @ key.transpose(1, 2) * case.head_dim**-0.5
    if case.softcap:
        scores = case.softcap * torch.tanh(scores / case.softcap)
    position = torch.arange(length - count, length)[:, None]
    token = torch.arange(length)[None, :]
    if case.alibi:
        scores = scores + slopes[:, None, None] * (token - position)
    hidden = token > position
    if case.window_left >= 0:
        hidden = hidden | (token < position - case.window_left)
    scores = scores.masked_fill(hidden, -torch.inf)
    if case.sinks:
        scores = torch.cat([scores, sinks[:, None, None].expand(-1, count, 1)], dim=2)
    lse = torch.logsumexp(scores, dim=2)
    weights = torch.exp(scores - lse[:, :, None]).nan_to_num(0.0)[:, :, :length]
    if weight_dtype is not None:
        weights = weights.to(weight_dtype).to(value.dtype)
    return (weights @ value).transpose(0, 1), lse.transpose(0, 1)


@dataclass(frozen=True)
class _Inputs:
    """Tensors of one launch, and what attention over them is."""

    query: torch.Tensor
    caches: torch.Tensor  # [2, blocks, block_size, kv_heads, head_dim]
    tables: torch.Tensor
    starts: torch.Tensor
    slopes: torch.Tensor
    sinks: torch.Tensor
    exact: torch.Tensor
    exact_lse: torch.Tensor
    plain: torch.Tensor


def _inputs(case: KernelCase) -> _Inputs:
    random = torch.Generator().manual_seed(case.seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random)

    batch, size, dim = len(case.lengths), case.block_size, case.head_dim
    query_lens = [1] * batch if case.query_lens is None else list(case.query_lens)
    starts = np.concatenate([[0], np.cumsum(query_lens)]).astype(np.int32)
    tokens = int(starts[-1])
    counts = [-(-length // size) for length in case.lengths]
    blocks = sum(counts) + 2
    order = torch.randperm(blocks, generator=random)
    tables = torch.full((batch, max([*counts, 1]) + 1), 2**31 - 1, dtype=torch.int32)
    caches = torch.full((2, blocks, size, case.kv_heads, dim), torch.nan, dtype=case.dtype)
    query = normal(tokens, case.heads, dim).to(case.dtype)
    slopes, sinks = normal(case.heads).abs() / 8, normal(case.heads)
    exact, plain = torch.zeros(tokens, case.heads, dim).double(), torch.zeros_like(query)
    exact_lse = torch.full((tokens, case.heads), -torch.inf).double()

    taken = 0
    for row, (length, count) in enumerate(zip(case.lengths, counts, strict=True)):
        own = order[taken : taken + count]
        taken += count
        pair = normal(2, length, case.kv_heads, dim).to(case.dtype)
        mine = slice(int(starts[row]), int(starts[row + 1]))
        # Tokens that nobody sees may be overwritten, and their blocks may be gone.
        first = 0 if case.window_left < 0 else max(0, length - query_lens[row] - case.window_left)
        position = torch.arange(first, length)
        caches[:, own[position // size], position % size] = pair[:, first:]
        tables[row, first // size : count] = own[first // size :].int()
        if query_lens[row] > 0:
            tensors = (query[mine], *pair, slopes, sinks)
            exact[mine], exact_lse[mine] = _attend(case, [t.double() for t in tensors], None)
            rounded, _ = _attend(case, [t.float() for t in tensors], case.dtype)
            plain[mine] = rounded.to(case.dtype)
    return _Inputs(
        query, caches, tables, torch.from_numpy(starts), slopes, sinks, exact, exact_lse, plain
    )


def _plan(case: KernelCase, inputs: _Inputs) -> _native.Plan:
    _, blocks, size, kv_heads, dim = inputs.caches.shape
    query_lens = [1] if case.query_lens is None else [*case.query_lens, 1]
    return _native.plan_paged_attention(
        _native.PagedAttentionProblem(
            dtype=dtype_of(inputs.query),
            batch=len(case.lengths),
            query_tokens=inputs.query.shape[0],
            max_query_len=max(query_lens),
            heads=case.heads,
            query_stride=case.heads * dim,
            cache=_native.PagedCacheShape(blocks, size, kv_heads, dim),
            layout=getattr(_native.CacheLayout, "packed" if case.layout == "packed" else "rows"),
            key=_view(case),
            value=_view(case),
            max_blocks=inputs.tables.shape[1],
            block_table_stride=inputs.tables.shape[1],
            max_seq_len=max([*case.lengths, 0]),
            scale=dim**-0.5,
            softcap=case.softcap,
            window_left=case.window_left,
            alibi=case.alibi,
            sinks=case.sinks,
            query_starts=case.query_lens is not None,
            write_lse=True,
            split_rule=getattr(_native.SplitRule, case.split[0]),
            split_value=case.split[1],
            partial_outputs=case.partial_outputs,
        ),
        soc_name(),
    )


def run_kernel(case: KernelCase) -> KernelRun:
    """Make inputs, launch, and compute the reference."""
    inputs = _inputs(case)
    key, value = inputs.caches[0], inputs.caches[1]
    if case.layout == "hnd":
        key, value = (t.transpose(1, 2).contiguous() for t in (key, value))
    elif case.layout == "packed":
        key, value = _pack(key, True), _pack(value, False)
    output = torch.empty_like(inputs.query)
    lse = torch.empty(output.shape[:2])
    shape = (*lse.shape, case.partial_outputs)
    partials = (
        torch.empty(shape),
        torch.empty(shape),
        torch.empty((*shape, case.head_dim), dtype=case.dtype),
    )

    def out(name: str, tensor: torch.Tensor) -> Buffer | None:
        return argument(name, tensor, writable=True, defined=False)

    plan = _plan(case, inputs)
    report = run_plan(
        plan,
        argument("query", inputs.query),
        argument("key_cache", key),
        argument("value_cache", value),
        argument("block_tables", inputs.tables),
        argument("seq_lens", torch.tensor(list(case.lengths), dtype=torch.int32)),
        argument("query_start_loc", inputs.starts) if case.query_lens is not None else None,
        argument("alibi_slopes", inputs.slopes) if case.alibi else None,
        argument("sinks", inputs.sinks) if case.sinks else None,
        out("out", output),
        out("lse", lse),
        *(out("partial", tensor) for tensor in partials),
    )
    return KernelRun(
        output,
        lse,
        partials,
        inputs.exact.numpy(),
        inputs.exact_lse.numpy(),
        inputs.plain,
        plan,
        report,
    )
