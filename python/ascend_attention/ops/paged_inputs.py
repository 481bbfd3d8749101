# SPDX-License-Identifier: Apache-2.0
"""What all forms of paged attention check, and the call of the kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name

if TYPE_CHECKING:
    from ascend_attention.model import Buffer
    from ascend_attention.ops.cache_view import CacheView
    from ascend_attention.ops.checks import Checks

DTYPES = (torch.float16, torch.bfloat16, torch.float32)


@dataclass(frozen=True)
class PagedInputs:
    """Tensors of one call; shapes as in ``ascend_attention.paged_attention``."""

    query: torch.Tensor
    key_cache: torch.Tensor
    value_cache: torch.Tensor
    key: CacheView
    value: CacheView
    block_tables: torch.Tensor
    seq_lens: torch.Tensor
    query_start_loc: torch.Tensor | None = None
    alibi_slopes: torch.Tensor | None = None
    sinks: torch.Tensor | None = None

    @property
    def batch(self) -> int:
        """Sequences."""
        return self.seq_lens.shape[0]


@dataclass(frozen=True)
class PagedOptions:
    """Numbers of one call."""

    scale: float
    softcap: float = 0.0
    window_left: int = -1
    max_query_len: int = 1
    max_seq_len: int = -1  # of the sequences; -1: what the block table can hold
    split_rule: _native.SplitRule = _native.SplitRule.auto
    split_value: int = 0
    strategy: _native.Strategy = _native.Strategy.auto
    write_lse: bool = False


@dataclass(frozen=True)
class Partials:
    """Partial results of the caller: ``[tokens, heads, partitions]``, float32, and outputs."""

    exp_sums: torch.Tensor
    max_logits: torch.Tensor
    outputs: torch.Tensor  # [tokens, heads, partitions, head_dim], dtype of query


def check_inputs(checks: Checks, inputs: PagedInputs) -> None:
    """Check types, devices and shapes; nothing that needs the values of a tensor."""
    query = inputs.query
    checks.rank("query", query, 3)
    checks.rank("block_tables", inputs.block_tables, 2)
    checks.rank("seq_lens", inputs.seq_lens, 1)
    checks.dtype("query dtype", query, DTYPES)
    checks.contiguous_from("query", query, 1)
    for name, cache in (("key_cache", inputs.key_cache), ("value_cache", inputs.value_cache)):
        checks.dtype(f"{name} dtype", cache, (query.dtype,), " (that of query)")
        checks.device(name, cache, query, "query")
    _check_sizes(checks, inputs)
    metadata = {"block_tables": inputs.block_tables, "seq_lens": inputs.seq_lens}
    if inputs.query_start_loc is not None:
        metadata["query_start_loc"] = inputs.query_start_loc
        checks.rank("query_start_loc", inputs.query_start_loc, 1)
    for name, tensor in metadata.items():
        checks.dtype(f"{name} dtype", tensor, (torch.int32, torch.int64))
        checks.device(name, tensor, query, "query")
    _check_batch(checks, inputs)
    for name, per_head in (("alibi_slopes", inputs.alibi_slopes), ("sinks", inputs.sinks)):
        if per_head is not None:
            checks.dtype(f"{name} dtype", per_head, (torch.float32,))
            checks.device(name, per_head, query, "query")
            checks.shape(name, per_head, (query.shape[1],), "one a query head")


def _check_sizes(checks: Checks, inputs: PagedInputs) -> None:
    _, heads, head_dim = inputs.query.shape
    if inputs.value.sizes != inputs.key.sizes:
        raise checks.value_error(
            "value_cache blocks, block_size, heads and head_dim",
            list(inputs.value.sizes),
            f"be those of key_cache {list(inputs.key.sizes)}",
        )
    if inputs.key.head_dim != head_dim:
        raise checks.value_error(
            "key_cache head_dim", inputs.key.head_dim, f"be that of query ({head_dim})"
        )
    for name, count in (
        ("query head_dim", head_dim),
        ("key_cache heads", inputs.key.kv_heads),
        ("query heads", heads),
    ):
        if count == 0:
            raise checks.value_error(name, count, "be at least 1")
    if heads % inputs.key.kv_heads != 0:
        raise checks.value_error(
            "query heads", heads, f"be a multiple of key_cache heads ({inputs.key.kv_heads})"
        )


def _check_batch(checks: Checks, inputs: PagedInputs) -> None:
    tokens = inputs.query.shape[0]
    if inputs.query_start_loc is None:
        for name, tensor in (("block_tables", inputs.block_tables), ("seq_lens", inputs.seq_lens)):
            if tensor.shape[0] != tokens:
                raise checks.value_error(
                    f"{name} rows", tensor.shape[0], f"be the batch of query ({tokens})"
                )
        return
    if inputs.block_tables.shape[0] != inputs.batch:
        raise checks.value_error(
            "block_tables rows",
            inputs.block_tables.shape[0],
            f"be the batch of seq_lens ({inputs.batch})",
        )
    checks.shape(
        "query_start_loc", inputs.query_start_loc, (inputs.batch + 1,), "the batch and one"
    )


def _check_lengths(checks: Checks, inputs: PagedInputs, options: PagedOptions) -> None:
    tables, lengths, max_seq_len = inputs.block_tables, inputs.seq_lens, options.max_seq_len
    block_size = inputs.key.block_size
    capacity = tables.shape[1] * block_size
    wrong = (lengths < 0) | (lengths > capacity)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise checks.value_error(
            f"seq_lens[{row}]",
            int(lengths[row]),
            f"be in 0..{capacity} ({tables.shape[1]} blocks of {block_size} tokens)",
        )
    if max_seq_len >= 0 and inputs.batch and int(lengths.max()) > max_seq_len:
        row = int(lengths.argmax())
        raise checks.value_error(
            f"seq_lens[{row}]", int(lengths[row]), f"be at most max_seq_len ({max_seq_len})"
        )
    first = torch.zeros_like(lengths)
    if options.window_left >= 0:
        counts = 1 if inputs.query_start_loc is None else inputs.query_start_loc.diff()
        first = lengths - counts - min(options.window_left, capacity)
    begin = torch.arange(tables.shape[1]) * block_size
    used = (begin + block_size > first[:, None]) & (begin < lengths[:, None])
    outside = used & ((tables < 0) | (tables >= inputs.key.blocks))
    if bool(outside.any()):
        row, column = (int(index) for index in outside.nonzero()[0])
        blocks = inputs.key.blocks
        rule = f"be in 0..{blocks - 1}" if blocks else "not be used: the cache has no blocks"
        raise checks.value_error(f"block_tables[{row}, {column}]", int(tables[row, column]), rule)


def _check_query_starts(checks: Checks, inputs: PagedInputs, max_query_len: int) -> None:
    starts = inputs.query_start_loc
    if starts is None:
        return
    tokens = inputs.query.shape[0]
    if int(starts[0]) != 0 or int(starts[-1]) != tokens:
        at = 0 if int(starts[0]) != 0 else inputs.batch
        raise checks.value_error(
            f"query_start_loc[{at}]", int(starts[at]), f"be {tokens if at else 0}"
        )
    counts = starts.diff()
    wrong = (counts < 0) | (counts > max_query_len)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise checks.value_error(
            f"query_start_loc[{row + 1}]",
            int(starts[row + 1]),
            f"be at least the one before ({int(starts[row])}) and at most max_query_len "
            f"({max_query_len}) more",
        )


def as_metadata(checks: Checks, inputs: PagedInputs) -> PagedInputs:
    """Return the call with int32 metadata that kernels can read."""
    starts = inputs.query_start_loc
    return replace(
        inputs,
        block_tables=_rows_contiguous(checks.int32("block_tables", inputs.block_tables)),
        seq_lens=checks.int32("seq_lens", inputs.seq_lens).contiguous(),
        query_start_loc=None
        if starts is None
        else checks.int32("query_start_loc", starts).contiguous(),
        alibi_slopes=None if inputs.alibi_slopes is None else inputs.alibi_slopes.contiguous(),
        sinks=None if inputs.sinks is None else inputs.sinks.contiguous(),
    )


def _rows_contiguous(tables: torch.Tensor) -> torch.Tensor:
    inner = tables.shape[1] <= 1 or tables.stride(1) == 1
    return tables if inner else tables.contiguous()


def problem_of(
    inputs: PagedInputs, options: PagedOptions, partitions: int = 0
) -> _native.PagedAttentionProblem:
    """Describe a call whose inputs have passed the checks; ``partitions`` are of ``Partials``."""
    return _native.PagedAttentionProblem(
        dtype=dtype_of(inputs.query),
        batch=inputs.batch,
        query_tokens=inputs.query.shape[0],
        max_query_len=options.max_query_len,
        heads=inputs.query.shape[1],
        query_stride=inputs.query.stride(0),
        layout=inputs.key.layout,
        cache=inputs.key.shape,
        key=inputs.key.view,
        value=inputs.value.view,
        max_blocks=inputs.block_tables.shape[1],
        block_table_stride=inputs.block_tables.stride(0),
        max_seq_len=options.max_seq_len,
        seq_lens=inputs.seq_lens.tolist(),
        scale=options.scale,
        softcap=options.softcap,
        window_left=options.window_left,
        alibi=inputs.alibi_slopes is not None,
        sinks=inputs.sinks is not None,
        query_starts=inputs.query_start_loc is not None,
        write_lse=options.write_lse,
        split_rule=options.split_rule,
        split_value=options.split_value,
        strategy=options.strategy,
        partial_outputs=partitions,
    )


def run(
    checks: Checks,
    inputs: PagedInputs,
    options: PagedOptions,
    output: torch.Tensor,
    lse: torch.Tensor,
    partials: Partials | None = None,
) -> None:
    """Check the values that lie on the CPU, tile, and launch.

    Args:
        checks: Of the operator.
        inputs: That have passed ``check_inputs``.
        options: Of the call.
        output: ``[tokens, heads, head_dim]``, contiguous, written.
        lse: ``[tokens, heads]`` float32, written; ``[0]`` if it is not asked for.
        partials: Written too, if the caller wants them.
    """
    inputs = as_metadata(checks, inputs)
    partitions = 0 if partials is None else partials.exp_sums.shape[2]
    try:
        tiled = _native.plan_paged_attention(problem_of(inputs, options, partitions), soc_name())
    except ValueError as error:
        raise checks.renamed(error) from None
    _check_query_starts(checks, inputs, options.max_query_len)
    _check_lengths(checks, inputs, options)
    if output.numel() == 0:
        return

    run_plan(
        tiled,
        argument("query", inputs.query),
        argument("key_cache", inputs.key_cache),
        argument("value_cache", inputs.value_cache),
        argument("block_tables", inputs.block_tables),
        argument("seq_lens", inputs.seq_lens),
        _read("query_start_loc", inputs.query_start_loc),
        _read("alibi_slopes", inputs.alibi_slopes),
        _read("sinks", inputs.sinks),
        _written("output", output),
        _written("lse", lse),
        _written("exp_sums", None if partials is None else partials.exp_sums),
        _written("max_logits", None if partials is None else partials.max_logits),
        _written("tmp_out", None if partials is None else partials.outputs),
    )


def _read(name: str, tensor: torch.Tensor | None) -> Buffer | None:
    return None if tensor is None else argument(name, tensor)


def _written(name: str, tensor: torch.Tensor | None) -> Buffer | None:
    return None if tensor is None else argument(name, tensor, writable=True, defined=False)
