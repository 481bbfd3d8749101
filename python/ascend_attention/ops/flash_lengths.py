# SPDX-License-Identifier: Apache-2.0
"""Lengths of the sequences of flash attention: checks of metadata that lie on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from ascend_attention.ops.cache_view import CacheView
    from ascend_attention.ops.checks import Checks
    from ascend_attention.ops.flash_inputs import FlashInputs, FlashOptions


@dataclass(frozen=True)
class FlashLengths:
    """Tokens of each sequence, ``[batch]`` int64, and of any at most."""

    query: torch.Tensor
    key: torch.Tensor  # without padding
    max_query: int
    max_key: int


def check_lengths(
    checks: Checks, inputs: FlashInputs, options: FlashOptions, key: CacheView
) -> FlashLengths:
    """Check the values of all metadata and return the lengths that they make.

    Args:
        checks: Of the operator.
        inputs: That have passed ``check_inputs``, on the CPU.
        options: Of the call.
        key: The keys as kernels see them.
    """
    query_lens = _query_lengths(checks, inputs)
    ends, pads = _key_ends(checks, inputs, key)
    key_lens = ends - pads
    lengths = FlashLengths(
        query_lens,
        key_lens,
        _longest(checks, "q", query_lens, options.max_seqlen_q),
        _longest(checks, "k", key_lens, options.max_seqlen_k),
    )
    if inputs.prefix_lens is not None:
        _within(checks, "prefix_lens", inputs.prefix_lens, key_lens, "the keys of the sequence")
    if inputs.kv_batch_idx is not None:
        rows = torch.full_like(key_lens, key.blocks - 1)
        _within(checks, "kv_batch_idx", inputs.kv_batch_idx, rows, "the last row of key")
    if inputs.block_table is not None:
        first = pads.clone()
        left = options.window[0]
        if left >= 0:
            first += (key_lens - query_lens - left).clamp(min=0)
        _check_blocks(checks, inputs.block_table, key, first, ends.where(query_lens > 0, first))
    return lengths


def _query_lengths(checks: Checks, inputs: FlashInputs) -> torch.Tensor:
    starts = inputs.cu_seqlens_q
    if starts is None:
        lengths = torch.full((inputs.batch,), inputs.query.shape[1])
    else:
        _check_starts(checks, "cu_seqlens_q", starts, inputs.query.shape[0])
        lengths = starts.long().diff()
    if inputs.seqused_q is None:
        return lengths
    _within(checks, "seqused_q", inputs.seqused_q, lengths, "the query tokens of the sequence")
    return inputs.seqused_q.long()


def _key_ends(
    checks: Checks, inputs: FlashInputs, key: CacheView
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return where the keys of each sequence end, and where they begin."""
    starts, tables = inputs.cu_seqlens_k, inputs.block_table
    if starts is not None:
        _check_starts(checks, "cu_seqlens_k", starts, inputs.key.shape[0])
        ends = starts.long().diff()
    else:
        tokens = key.block_size * (1 if tables is None else tables.shape[1])
        ends = torch.full((inputs.batch,), tokens)
    if inputs.seqused_k is not None:
        _within(checks, "seqused_k", inputs.seqused_k, ends, "the keys that there are")
        ends = inputs.seqused_k.long()
    if inputs.leftpad_k is None:
        return ends, torch.zeros_like(ends)
    _within(checks, "leftpad_k", inputs.leftpad_k, ends, "the end of the keys")
    return ends, inputs.leftpad_k.long()


def _check_starts(checks: Checks, name: str, starts: torch.Tensor, tokens: int) -> None:
    last = starts.shape[0] - 1
    if int(starts[0]) != 0:
        raise checks.value_error(f"{name}[0]", int(starts[0]), "be 0")
    falls = (starts.diff() < 0).nonzero()
    if falls.numel():
        at = int(falls[0])
        raise checks.value_error(
            f"{name}[{at + 1}]",
            int(starts[at + 1]),
            f"be at least the one before ({int(starts[at])})",
        )
    if int(starts[last]) != tokens:
        raise checks.value_error(
            f"{name}[{last}]", int(starts[last]), f"be the number of tokens ({tokens})"
        )


def _within(checks: Checks, name: str, values: torch.Tensor, most: torch.Tensor, what: str) -> None:
    wrong = ((values < 0) | (values > most)).nonzero()
    if wrong.numel():
        at = int(wrong[0])
        raise checks.value_error(
            f"{name}[{at}]", int(values[at]), f"be in 0..{int(most[at])} ({what})"
        )


def _longest(checks: Checks, side: str, lengths: torch.Tensor, stated: int | None) -> int:
    longest = int(lengths.max()) if lengths.numel() else 0
    if stated is None:
        return longest
    if stated < longest:
        raise checks.value_error(
            f"max_seqlen_{side}", stated, f"be at least the longest sequence ({longest})"
        )
    return stated


def _check_blocks(
    checks: Checks,
    tables: torch.Tensor,
    key: CacheView,
    first: torch.Tensor,
    end: torch.Tensor,
) -> None:
    """Check the entries of the blocks that hold tokens ``[first, end)`` of a sequence."""
    begin = torch.arange(tables.shape[1]) * key.block_size
    used = (begin + key.block_size > first[:, None]) & (begin < end[:, None])
    used &= (first < end)[:, None]
    outside = (used & ((tables < 0) | (tables >= key.blocks))).nonzero()
    if outside.numel():
        row, column = (int(index) for index in outside[0])
        rule = f"be in 0..{key.blocks - 1}" if key.blocks else "not be used: key has no pages"
        raise checks.value_error(f"block_table[{row}, {column}]", int(tables[row, column]), rule)


def check_causal_mask(
    checks: Checks, mask: torch.Tensor, lengths: FlashLengths, prefixes: torch.Tensor | None
) -> None:
    """Demand that a mask that differs between queries shows nothing that causal hides.

    Args:
        checks: Of the operator.
        mask: ``[batch, heads, max_query, max_key]``, True shows.
        lengths: Of the sequences.
        prefixes: ``[batch]``, keys that causal hides from no query; may be None.
    """
    if mask.shape[2] <= 1 or mask.stride(2) == 0:
        return  # it hides whole keys, which goes with any order of the others
    for row, (queries, keys) in enumerate(
        zip(lengths.query.tolist(), lengths.key.tolist(), strict=True)
    ):
        shown = mask[row, :, :queries, :keys]
        if shown.stride(0) == 0:
            shown = shown[:1]
        after = torch.ones(queries, keys, dtype=torch.bool).triu(keys - queries + 1)
        if prefixes is not None:
            after[:, : int(prefixes[row])] = False
        wrong = (shown & after).nonzero()
        if wrong.numel():
            head, query, key = (int(index) for index in wrong[0])
            raise checks.value_error(
                f"attn_mask[{row}, {head}, {query}, {key}]",
                True,
                "be False with causal, which hides that key",
            )
