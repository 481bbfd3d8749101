# SPDX-License-Identifier: Apache-2.0
"""A checked call of flash attention as its kernel takes it: the tiling problem and the launch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.flash_lengths import FlashLengths, check_causal_mask, check_lengths

if TYPE_CHECKING:
    from ascend_attention.model import Buffer
    from ascend_attention.ops.cache_view import CacheView
    from ascend_attention.ops.checks import Checks
    from ascend_attention.ops.flash_inputs import FlashInputs, FlashOptions


@dataclass(frozen=True)
class FlashCall:
    """Tensors that kernels can read, and what the host knows of them."""

    inputs: FlashInputs
    options: FlashOptions
    key: CacheView
    value: CacheView
    lengths: FlashLengths
    mask: torch.Tensor | None  # attn_mask or attn_bias as [batch, heads, queries, keys]


def prepare(checks: Checks, inputs: FlashInputs, options: FlashOptions) -> FlashCall:
    """Check the values of all tensors on the CPU and make them what kernels can read.

    Args:
        checks: Of the operator.
        inputs: That have passed ``check_inputs``.
        options: That have passed ``check_options``.
    """
    inputs = _readable(checks, inputs)
    key, value = inputs.views(checks)
    lengths = check_lengths(checks, inputs, options, key)
    sizes = (inputs.batch, inputs.heads, lengths.max_query, lengths.max_key)
    mask = None
    if inputs.attn_mask is not None:
        mask = expanded_mask(checks, "attn_mask", inputs.attn_mask, sizes)
        if options.causal:
            check_causal_mask(checks, mask, lengths, inputs.prefix_lens)
    elif inputs.attn_bias is not None:
        mask = expanded_mask(checks, "attn_bias", inputs.attn_bias, sizes)
    return FlashCall(inputs, options, key, value, lengths, mask)


def expanded_mask(
    checks: Checks, name: str, mask: torch.Tensor, sizes: tuple[int, int, int, int]
) -> torch.Tensor:
    """See a mask as ``[batch, heads, queries, keys]`` with contiguous keys.

    Only what is not contiguous along the keys is copied; all else that is broadcast keeps stride 0.
    """
    whole = mask[(None,) * (4 - mask.dim())]
    fits = all(size in (1, full) for size, full in zip(whole.shape, sizes, strict=True))
    if not fits:
        raise checks.value_error(
            f"{name} shape", list(mask.shape), f"be broadcastable to {list(sizes)}"
        )
    if whole.shape[3] != sizes[3] or whole.stride(3) != 1:
        whole = _without_repeats(whole).expand(-1, -1, -1, sizes[3]).contiguous()
    return whole.expand(sizes)


def _without_repeats(tensor: torch.Tensor) -> torch.Tensor:
    """Take one of each entry that a dimension of stride 0 repeats."""
    for dim in range(tensor.dim() - 1):
        if tensor.stride(dim) == 0:
            tensor = tensor.narrow(dim, 0, min(tensor.shape[dim], 1))
    return tensor


def _readable(checks: Checks, inputs: FlashInputs) -> FlashInputs:
    """Return the call with tensors that kernels can read."""
    metadata = {**inputs.starts(), **inputs.per_sequence()}
    tokens = 2 if inputs.kv_layout == "HND" else -3
    changed = {
        "query": _with_strides(inputs.query, -3, -2),
        "key": _with_strides(inputs.key, tokens),
        "value": _with_strides(inputs.value, tokens),
    }
    for name, tensor in metadata.items():
        changed[name] = checks.int32(name, tensor).contiguous()
    if inputs.block_table is not None:
        table = checks.int32("block_table", inputs.block_table)
        changed["block_table"] = table if table.stride(1) == 1 else table.contiguous()
    if inputs.sinks is not None:
        changed["sinks"] = inputs.sinks.contiguous()
    if inputs.alibi_slopes is not None:
        slopes = inputs.alibi_slopes
        changed["alibi_slopes"] = slopes if slopes.stride(-1) == 1 else slopes.contiguous()
    return replace(inputs, **changed)  # type: ignore[arg-type]


def _token_view(tensor: torch.Tensor) -> _native.TokenView:
    """Return the strides of ``[tokens, heads, ..]`` or ``[rows, tokens, heads, ..]``."""
    row, token, head = (0, *tensor.stride())[-4:-1]
    return _native.TokenView(row, token, head)


def _with_strides(tensor: torch.Tensor, *dims: int) -> torch.Tensor:
    """Return a tensor whose stride along these dimensions can be a stride of copies.

    An expanded one is copied; where there is nothing to stride over, any stride will do.
    """
    if any(tensor.stride(dim) == 0 and tensor.shape[dim] > 1 for dim in dims):
        return tensor.contiguous()
    strides = list(tensor.stride())
    for dim in dims:
        if strides[dim] == 0:
            strides[dim] = max(tensor.shape[-1], 1)
    return tensor.as_strided(tensor.shape, strides)


def problem_of(call: FlashCall) -> _native.FlashProblem:
    """Describe a call for the tiling; output and log-sum-exp are contiguous."""
    inputs, options, lengths = call.inputs, call.options, call.lengths
    problem = _native.FlashProblem()
    _set_sizes(problem, call)
    problem.query = _token_view(inputs.query)
    problem.output = _token_view(torch.empty(inputs.output_shape, device="meta"))
    *_, heads, tokens = inputs.lse_shape
    problem.lse = _native.TokenView(heads * tokens, 1, tokens)
    problem.key = call.key.view
    problem.value = call.value.view
    problem.max_query_tokens = lengths.max_query
    problem.max_key_tokens = lengths.max_key
    problem.query_lens = lengths.query.tolist()
    problem.key_lens = lengths.key.tolist()
    problem.window_left, problem.window_right = options.window
    problem.scale = inputs.head_dim**-0.5 if options.scale is None else options.scale
    problem.softcap = options.softcap
    problem.has_query_starts = inputs.cu_seqlens_q is not None
    problem.has_key_starts = inputs.cu_seqlens_k is not None
    problem.has_query_lens = inputs.seqused_q is not None
    problem.has_key_lens = inputs.seqused_k is not None
    problem.has_key_rows = inputs.kv_batch_idx is not None
    problem.has_key_pads = inputs.leftpad_k is not None
    problem.has_prefixes = inputs.prefix_lens is not None
    problem.has_alibi = inputs.alibi_slopes is not None
    problem.has_sinks = inputs.sinks is not None
    problem.has_mask = inputs.attn_mask is not None
    if call.mask is not None:
        rows, heads, tokens = call.mask.stride()[:3]
        problem.mask = _native.TokenView(rows, tokens, heads)
        problem.bias_bytes = 0 if inputs.attn_bias is None else call.mask.element_size()
    problem.write_lse = True
    for name in ("row_tile", "kv_tile", "lookahead", "pack"):
        setattr(problem, name, getattr(options, name))
    problem.splits = options.num_splits
    problem.score_format = getattr(_native.ScoreFormat, options.score_format)
    return problem


def _set_sizes(problem: _native.FlashProblem, call: FlashCall) -> None:
    inputs = call.inputs
    problem.batch = inputs.batch
    problem.query_tokens = inputs.query.shape[-3]
    problem.heads = inputs.heads
    problem.head_dim = inputs.head_dim
    problem.kv_heads = call.key.kv_heads
    problem.value_dim = call.value.head_dim
    if inputs.block_table is None:
        problem.key_tokens = call.key.block_size
    else:
        problem.page_size = call.key.block_size
        problem.key_tokens = call.key.block_size * inputs.block_table.shape[1]
        problem.block_table_stride = inputs.block_table.stride(0)
    slopes = inputs.alibi_slopes
    if slopes is not None and slopes.dim() == 2:  # noqa: PLR2004
        problem.alibi_stride = slopes.stride(0)


def tiled(checks: Checks, call: FlashCall) -> _native.Plan:
    """Tile a call; ValueError for what the kernel does not do."""
    try:
        return _native.plan_flash_attention(
            dtype_of(call.inputs.query), problem_of(call), soc_name()
        )
    except ValueError as error:
        raise checks.renamed(error) from None


def macs_of_cores(call: FlashCall) -> tuple[int, ...]:
    """Return the multiply-accumulates that each cube core does in a call."""
    prefixes = call.inputs.prefix_lens
    blocks = _native.flash_attention_work(
        dtype_of(call.inputs.query),
        problem_of(call),
        soc_name(),
        call.lengths.query.tolist(),
        call.lengths.key.tolist(),
        [] if prefixes is None else prefixes.tolist(),
    )
    return tuple(sum(unit[-1] for unit in units) for units in blocks)


def run(plan: _native.Plan, call: FlashCall, output: torch.Tensor, lse: torch.Tensor) -> None:
    """Launch.

    Args:
        plan: Of ``tiled``.
        call: That was tiled.
        output: Of ``inputs.output_shape``, contiguous, written.
        lse: Of ``inputs.lse_shape``, float32, contiguous, written.
    """
    inputs = call.inputs
    has_mask = inputs.attn_mask is not None
    run_plan(
        plan,
        argument("query", inputs.query),
        argument("key", inputs.key),
        argument("value", inputs.value),
        _read("cu_seqlens_q", inputs.cu_seqlens_q),
        _read("cu_seqlens_k", inputs.cu_seqlens_k),
        _read("seqused_q", inputs.seqused_q),
        _read("seqused_k", inputs.seqused_k),
        _read("block_table", inputs.block_table),
        _read("kv_batch_idx", inputs.kv_batch_idx),
        _read("leftpad_k", inputs.leftpad_k),
        _read("prefix_lens", inputs.prefix_lens),
        _read("alibi_slopes", inputs.alibi_slopes),
        _read("sinks", inputs.sinks),
        _read("attn_mask", call.mask if has_mask else None),
        _read("attn_bias", None if has_mask else call.mask),
        argument("output", output, writable=True, defined=False),
        argument("lse", lse, writable=True, defined=False),
    )


def _read(name: str, tensor: torch.Tensor | None) -> Buffer | None:
    return None if tensor is None else argument(name, tensor)
