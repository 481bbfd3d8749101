# SPDX-License-Identifier: Apache-2.0
"""Paged attention of the newest tokens of each sequence, in one pass or split over cores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ascend_attention import _native
from ascend_attention.backends.model import soc_name
from ascend_attention.ops.cache_view import kv_views
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define
from ascend_attention.ops.paged_inputs import (
    PagedInputs,
    PagedOptions,
    as_metadata,
    check_inputs,
    problem_of,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHECKS = Checks("paged_attention")

# method -> rule, and whether num_splits goes with it
METHODS = {
    "auto": _native.SplitRule.auto,
    "v1": _native.SplitRule.none,
    "v2": _native.SplitRule.partition_tokens,
    "vllm": _native.SplitRule.vllm,
}
V2_PARTITION = 512  # tokens, as in vLLM
STRATEGIES = {
    "auto": _native.Strategy.auto,
    "vector": _native.Strategy.vector,
    "cube": _native.Strategy.cube,
}


def _split(method: str, num_splits: int) -> tuple[_native.SplitRule, int]:
    if method not in METHODS:
        raise _CHECKS.value_error("method", method, f"be one of {', '.join(METHODS)}")
    if num_splits < 0:
        raise _CHECKS.value_error("num_splits", num_splits, "be 0 (chosen) or more")
    if num_splits == 0:
        return METHODS[method], V2_PARTITION if method == "v2" else 0
    if method != "auto":
        raise _CHECKS.value_error("num_splits", num_splits, f"be 0 with the method {method}")
    return _native.SplitRule.splits, num_splits


def _strategy(strategy: str) -> _native.Strategy:
    if strategy not in STRATEGIES:
        raise _CHECKS.value_error("strategy", strategy, f"be one of {', '.join(STRATEGIES)}")
    return STRATEGIES[strategy]


def _window_left(window_size: Sequence[int]) -> int:
    if len(window_size) != 2 or min(window_size) < -1:  # noqa: PLR2004
        raise _CHECKS.value_error(
            "window_size", tuple(window_size), "be two numbers (left, right), -1 for no limit"
        )
    return window_size[0]


@dataclass(frozen=True)
class _Call:
    """The arguments in the order of the schema, with its defaults."""

    query: torch.Tensor
    key_cache: torch.Tensor
    value_cache: torch.Tensor
    block_tables: torch.Tensor
    seq_lens: torch.Tensor
    query_start_loc: torch.Tensor | None = None
    alibi_slopes: torch.Tensor | None = None
    sinks: torch.Tensor | None = None
    max_query_len: int | None = None
    scale: float | None = None
    softcap: float = 0.0
    window_size: Sequence[int] = (-1, -1)
    kv_layout: str = "NHD"
    method: str = "auto"
    num_splits: int = 0
    strategy: str = "auto"
    return_lse: bool = False

    def inputs(self) -> PagedInputs:
        """Check all that does not need the values of a tensor."""
        _CHECKS.rank("query", self.query, 3)
        inputs = PagedInputs(
            self.query,
            self.key_cache,
            self.value_cache,
            *kv_views(
                _CHECKS, self.key_cache, self.value_cache, self.kv_layout, self.query.shape[2]
            ),
            self.block_tables,
            self.seq_lens,
            self.query_start_loc,
            self.alibi_slopes,
            self.sinks,
        )
        check_inputs(_CHECKS, inputs)
        return inputs

    def options(self, inputs: PagedInputs) -> PagedOptions:
        """Check the numbers; reads the values of ``query_start_loc``."""
        if self.softcap < 0:
            raise _CHECKS.value_error("softcap", self.softcap, "be 0 (none) or more")
        rule, value = _split(self.method, self.num_splits)
        return PagedOptions(
            scale=self.query.shape[2] ** -0.5 if self.scale is None else self.scale,
            softcap=self.softcap,
            window_left=_window_left(self.window_size),
            max_query_len=_longest_query(inputs, self.max_query_len),
            split_rule=rule,
            split_value=value,
            strategy=_strategy(self.strategy),
            write_lse=self.return_lse,
        )


def _longest_query(inputs: PagedInputs, max_query_len: int | None) -> int:
    if max_query_len is not None:
        if max_query_len < 1:
            raise _CHECKS.value_error("max_query_len", max_query_len, "be at least 1")
        return max_query_len
    starts = inputs.query_start_loc
    if starts is None or inputs.batch == 0:
        return 1
    return max(int(starts.diff().max()), 1)


def _paged_attention_cpu(
    *arguments: torch.Tensor | None, **options: object
) -> tuple[torch.Tensor, torch.Tensor]:
    call = _Call(*arguments, **options)  # type: ignore[arg-type]
    inputs = call.inputs()
    query = call.query
    output = query.new_empty(query.shape)
    lse = query.new_empty(query.shape[:2] if call.return_lse else (0,), dtype=torch.float32)
    run(_CHECKS, inputs, call.options(inputs), output, lse)
    return output, lse


def _paged_attention_meta(
    *arguments: torch.Tensor | None, **options: object
) -> tuple[torch.Tensor, torch.Tensor]:
    call = _Call(*arguments, **options)  # type: ignore[arg-type]
    call.inputs()
    _split(call.method, call.num_splits)
    _strategy(call.strategy)
    _window_left(call.window_size)
    query = call.query
    lse_shape = query.shape[:2] if call.return_lse else (0,)
    return query.new_empty(query.shape), query.new_empty(lse_shape, dtype=torch.float32)


define(
    "paged_attention(Tensor query, Tensor key_cache, Tensor value_cache, Tensor block_tables, "
    "Tensor seq_lens, Tensor? query_start_loc=None, Tensor? alibi_slopes=None, "
    "Tensor? sinks=None, *, int? max_query_len=None, float? scale=None, float softcap=0.0, "
    'int[2] window_size=[-1, -1], str kv_layout="NHD", str method="auto", int num_splits=0, '
    'str strategy="auto", '
    "bool return_lse=False) -> (Tensor, Tensor)",
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
    query_start_loc: torch.Tensor | None = None,
    max_query_len: int | None = None,
    alibi_slopes: torch.Tensor | None = None,
    sinks: torch.Tensor | None = None,
    scale: float | None = None,
    softcap: float = 0.0,
    window_size: Sequence[int] = (-1, -1),
    kv_layout: str = "NHD",
    method: str = "auto",
    num_splits: int = 0,
    strategy: str = "auto",
    return_lse: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """Attend the newest tokens of each sequence to a paged KV cache.

    The mask is causal and aligned at the bottom right: the last query token of a sequence stands
    at its end and sees all of it, the one before it all but the last token, and so on.

    Args:
        query: ``[tokens, heads, head_dim]``, float16, bfloat16 or float32; ``head_dim`` is a
            multiple of 8 up to 256. Tokens may be strided.
        key_cache: ``[blocks, block_size, kv_heads, head_dim]`` (NHD), dtype of ``query``;
            ``block_size`` counts tokens and is a multiple of 8 up to 256; ``kv_heads`` divides
            ``heads``. The last dimension is contiguous, the others may be strided. Blocks that no
            sequence uses, and rows past the end of one, may hold anything.
        value_cache: Like ``key_cache``. Its strides may differ.
        block_tables: ``[batch, max_blocks]``, int32, or int64 that fits. Entries past the last
            used block, and of blocks before the window of every query token, are ignored.
        seq_lens: ``[batch]``, int32, or int64 that fits; in tokens, the new ones included, at most
            ``max_blocks * block_size``. Length 0 gives zero rows.
        query_start_loc: ``[batch + 1]``, int32, or int64 that fits: where the query tokens of each
            sequence begin. None: one token a sequence.
        max_query_len: Query tokens of a sequence at most; None: taken from ``query_start_loc``.
        alibi_slopes: ``[heads]``, float32; adds ``slope * (key position - query position)``.
        sinks: ``[heads]``, float32; one more score a row, whose value is zero.
        scale: Multiplies ``Q K^T``. Default ``head_dim ** -0.5``.
        softcap: Scores become ``softcap * tanh(score / softcap)``; 0 leaves them alone, others are
            from 1e-30 to 1e30.
        window_size: ``(left, right)``: a query token sees itself and ``left`` tokens before it; -1
            is no limit. ``right`` makes no difference under the causal mask.
        kv_layout: ``"HND"``: the caches are ``[blocks, kv_heads, block_size, head_dim]``.
            ``"packed"``: they are those of ``paged_attention_v1``. ``"NZ"``: those of
            ``reshape_and_cache_nz``, for the cube only.
        method: ``"auto"`` splits sequences over cores where that is modelled to be faster;
            ``"v1"`` never; ``"v2"`` always, in partitions of 512 tokens; ``"vllm"`` chooses between
            these two as vLLM does. ``plan_paged_attention`` says what becomes of it.
        num_splits: Partitions of the longest sequence; 0: chosen by ``method``.
        strategy: ``"vector"`` runs on the vector cores alone. ``"cube"`` multiplies on the cube
            cores: float16 or bfloat16, ``head_dim`` and ``block_size`` in multiples of 16, layouts
            other than packed. ``"auto"`` takes the one that keeps up with the memory of the chip.
        return_lse: Also return the log-sum-exp.

    Returns:
        ``[tokens, heads, head_dim]`` in the dtype of ``query``; softmax and accumulation are
        float32. With ``return_lse`` also ``[tokens, heads]``, float32, natural logarithm, sinks
        included, ``-inf`` for rows that see nothing.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride, length or block id breaks a rule above.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    The operator ``torch.ops.ascend_attention.paged_attention`` always returns both tensors; its
    log-sum-exp has shape ``[0]`` when it was not asked for.

    Algorithm: Kwon et al., PagedAttention, SOSP 2023; online softmax, Milakov and Gimelshein, 2018;
    split KV, Dao et al., Flash-Decoding, 2023.
    """
    tensors: dict[str, object] = {
        "query": query,
        "key_cache": key_cache,
        "value_cache": value_cache,
        "block_tables": block_tables,
        "seq_lens": seq_lens,
    }
    optional = {
        "query_start_loc": query_start_loc,
        "alibi_slopes": alibi_slopes,
        "sinks": sinks,
    }
    _CHECKS.tensors(**tensors, **{name: t for name, t in optional.items() if t is not None})
    _window_left(window_size)
    output, lse = torch.ops.ascend_attention.paged_attention(
        query,
        key_cache,
        value_cache,
        block_tables,
        seq_lens,
        query_start_loc,
        alibi_slopes,
        sinks,
        max_query_len=max_query_len,
        scale=scale,
        softcap=softcap,
        window_size=window_size,
        kv_layout=kv_layout,
        method=method,
        num_splits=num_splits,
        strategy=strategy,
        return_lse=return_lse,
    )
    return (output, lse) if return_lse else output


@dataclass(frozen=True)
class PagedAttentionChoice:
    """How ``paged_attention`` would run a call.

    Attributes:
        strategy: ``"vector"`` or ``"cube"``: the cores that multiply.
        method: ``"v1"``: one pass. ``"v2"``: split, partial results combined.
        reason: Why.
        partition_tokens: Tokens of a partition (V2).
        partitions: Of the longest sequence.
        cores: That take part: vector cores, or cube cores with two vector cores each.
        core_cycles: Modelled work of each of them, for the balance; ratios matter.
    """

    strategy: str
    method: str
    reason: str
    partition_tokens: int
    partitions: int
    cores: int
    core_cycles: tuple[int, ...]


def plan_paged_attention(
    query: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    block_tables: torch.Tensor,
    seq_lens: torch.Tensor,
    *,
    query_start_loc: torch.Tensor | None = None,
    max_query_len: int | None = None,
    window_size: Sequence[int] = (-1, -1),
    kv_layout: str = "NHD",
    method: str = "auto",
    num_splits: int = 0,
    strategy: str = "auto",
) -> PagedAttentionChoice:
    """Say how ``paged_attention`` would split the work of these arguments, without running it.

    Args:
        query: As for ``paged_attention``, like all below.
        key_cache: Likewise.
        value_cache: Likewise.
        block_tables: Likewise.
        seq_lens: Likewise.
        query_start_loc: Likewise.
        max_query_len: Likewise.
        window_size: Likewise.
        kv_layout: Likewise.
        method: Likewise.
        num_splits: Likewise.
        strategy: Likewise.

    Returns:
        What is chosen, and why.

    Raises:
        TypeError: As for ``paged_attention``.
        ValueError: Likewise.
    """
    call = _Call(
        query,
        key_cache,
        value_cache,
        block_tables,
        seq_lens,
        query_start_loc,
        max_query_len=max_query_len,
        window_size=window_size,
        kv_layout=kv_layout,
        method=method,
        num_splits=num_splits,
        strategy=strategy,
    )
    inputs = call.inputs()
    options = call.options(inputs)
    inputs = as_metadata(_CHECKS, inputs)
    problem = problem_of(inputs, options)
    tiled = _native.plan_paged_attention(problem, soc_name())
    starts = [] if inputs.query_start_loc is None else inputs.query_start_loc.tolist()
    work = _native.paged_attention_work(problem, soc_name(), inputs.seq_lens.tolist(), starts)
    partitions = tiled.fields["max_partitions"]
    return PagedAttentionChoice(
        strategy=tiled.fields["strategy"],
        method="v2" if partitions > 1 else "v1",
        reason=tiled.fields["reason"],
        partition_tokens=tiled.fields["partition_tokens"],
        partitions=partitions,
        cores=tiled.blocks,
        core_cycles=tuple(cycles for cycles, _ in work),
    )
