# SPDX-License-Identifier: Apache-2.0
"""Tensors and numbers of one call of flash attention, and what their shapes must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ascend_attention.ops.cache_view import rows_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.ops.cache_view import CacheView
    from ascend_attention.ops.checks import Checks

DTYPES = (torch.float16, torch.bfloat16)
KV_LAYOUTS = ("NHD", "HND")
SCORE_FORMATS = ("float", "half")


@dataclass(frozen=True)
class FlashInputs:
    """Tensors of one call; shapes as in ``ascend_attention.flash_attention``."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    cu_seqlens_q: torch.Tensor | None = None
    cu_seqlens_k: torch.Tensor | None = None
    seqused_q: torch.Tensor | None = None
    seqused_k: torch.Tensor | None = None
    block_table: torch.Tensor | None = None
    kv_batch_idx: torch.Tensor | None = None
    leftpad_k: torch.Tensor | None = None
    prefix_lens: torch.Tensor | None = None
    alibi_slopes: torch.Tensor | None = None
    sinks: torch.Tensor | None = None
    attn_mask: torch.Tensor | None = None
    attn_bias: torch.Tensor | None = None
    kv_layout: str = "NHD"

    @property
    def batch(self) -> int:
        """Sequences."""
        starts = self.cu_seqlens_q
        return self.query.shape[0] if starts is None else starts.shape[0] - 1

    @property
    def heads(self) -> int:
        """Query heads."""
        return self.query.shape[-2]

    @property
    def head_dim(self) -> int:
        """Of query and key."""
        return self.query.shape[-1]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output."""
        return (*self.query.shape[:-1], self.value.shape[-1])

    @property
    def lse_shape(self) -> tuple[int, ...]:
        """Shape of the log-sum-exp."""
        *rows, tokens, heads, _ = self.query.shape
        return (*rows, heads, tokens)

    def per_sequence(self) -> dict[str, torch.Tensor]:
        """Return the metadata that have one entry a sequence."""
        optional = {
            "seqused_q": self.seqused_q,
            "seqused_k": self.seqused_k,
            "kv_batch_idx": self.kv_batch_idx,
            "leftpad_k": self.leftpad_k,
            "prefix_lens": self.prefix_lens,
        }
        return {name: tensor for name, tensor in optional.items() if tensor is not None}

    def starts(self) -> dict[str, torch.Tensor]:
        """Return the metadata that say where packed sequences begin."""
        optional = {"cu_seqlens_q": self.cu_seqlens_q, "cu_seqlens_k": self.cu_seqlens_k}
        return {name: tensor for name, tensor in optional.items() if tensor is not None}

    def views(self, checks: Checks) -> tuple[CacheView, CacheView]:
        """See key and value as rows or blocks of tokens; one row if sequences are packed."""
        if self.cu_seqlens_k is None:
            return (
                rows_view(checks, "key", self.key, self.kv_layout),
                rows_view(checks, "value", self.value, self.kv_layout),
            )
        checks.rank("key", self.key, 3)
        checks.rank("value", self.value, 3)
        return (
            rows_view(checks, "key", self.key[None], "NHD"),
            rows_view(checks, "value", self.value[None], "NHD"),
        )


@dataclass(frozen=True)
class FlashOptions:
    """Numbers of one call; 0 or None: chosen."""

    max_seqlen_q: int | None = None
    max_seqlen_k: int | None = None
    scale: float | None = None
    causal: bool = False
    window_size: Sequence[int] = (-1, -1)
    softcap: float = 0.0
    num_splits: int = 0
    row_tile: int = 0
    kv_tile: int = 0
    lookahead: int = 0
    pack: int = 0
    score_format: str = "float"

    @property
    def window(self) -> tuple[int, int]:
        """Keys seen before and after the position of a query token; -1: all."""
        left, right = self.window_size
        return left, 0 if self.causal else right


def check_window(checks: Checks, window_size: Sequence[int]) -> None:
    """Check the window; torch would spread a single number."""
    if len(window_size) != 2 or min(window_size) < -1:  # noqa: PLR2004
        raise checks.value_error(
            "window_size", tuple(window_size), "be two numbers (left, right), -1 for no limit"
        )


def check_options(checks: Checks, options: FlashOptions, *, has_prefixes: bool) -> None:
    """Check what needs no tensor."""
    check_window(checks, options.window_size)
    window = tuple(options.window_size)
    if options.causal and window[1] > 0:
        raise checks.value_error("window_size right", window[1], "be -1 or 0 with causal")
    if has_prefixes and not options.causal:
        raise checks.value_error("causal", options.causal, "be True with prefix_lens")
    if has_prefixes and window[0] >= 0:
        raise checks.value_error("window_size left", window[0], "be -1 with prefix_lens")
    if options.softcap < 0:
        raise checks.value_error("softcap", options.softcap, "be 0 (none) or more")
    if options.score_format not in SCORE_FORMATS:
        raise checks.value_error(
            "score_format", options.score_format, f"be one of {', '.join(SCORE_FORMATS)}"
        )
    for name in ("num_splits", "row_tile", "kv_tile", "lookahead", "pack"):
        if getattr(options, name) < 0:
            raise checks.value_error(name, getattr(options, name), "be 0 (chosen) or more")
    for name in ("max_seqlen_q", "max_seqlen_k"):
        if (getattr(options, name) or 0) < 0:
            raise checks.value_error(name, getattr(options, name), "be 0 or more")


def check_inputs(checks: Checks, inputs: FlashInputs) -> None:
    """Check types, devices and shapes; nothing that needs the values of a tensor."""
    query = inputs.query
    if query.dtype == torch.float32:
        raise checks.type_error(
            "query dtype",
            "float32",
            "be float16 or bfloat16 (scaled_dot_product_attention takes float32)",
        )
    checks.dtype("query dtype", query, DTYPES)
    for name, tensor in (("key", inputs.key), ("value", inputs.value)):
        checks.dtype(f"{name} dtype", tensor, (query.dtype,), " (that of query)")
        checks.device(name, tensor, query, "query")
    _check_form(checks, inputs)
    checks.rank("query", query, 4 if inputs.cu_seqlens_q is None else 3)
    checks.contiguous_from("query", query, query.dim() - 1)
    _check_metadata(checks, inputs)
    _check_sizes(checks, inputs, *inputs.views(checks))
    _check_per_head(checks, inputs)
    for name, mask, dtypes in (
        ("attn_mask", inputs.attn_mask, (torch.bool,)),
        ("attn_bias", inputs.attn_bias, (query.dtype, torch.float32)),
    ):
        if mask is not None:
            checks.dtype(f"{name} dtype", mask, dtypes)
            checks.device(name, mask, query, "query")
            if not 2 <= mask.dim() <= 4:  # noqa: PLR2004
                raise checks.value_error(name, list(mask.shape), "have 2 to 4 dimensions")


def _check_form(checks: Checks, inputs: FlashInputs) -> None:
    """Check which arguments go together."""

    def apart(argument: str, other: str, rule: str = "") -> None:
        if getattr(inputs, argument) is not None and getattr(inputs, other) is not None:
            raise checks.value_error(argument, "a tensor", f"be None with {other}{rule}")

    if inputs.kv_layout not in KV_LAYOUTS:
        raise checks.value_error(
            "kv_layout", inputs.kv_layout, f"be one of {', '.join(KV_LAYOUTS)}"
        )
    if inputs.kv_layout != "NHD" and inputs.block_table is None:
        raise checks.value_error("kv_layout", inputs.kv_layout, "be NHD without block_table")
    apart("cu_seqlens_k", "block_table", ", which takes the lengths as seqused_k")
    apart("kv_batch_idx", "block_table")
    apart("kv_batch_idx", "cu_seqlens_k")
    apart("attn_bias", "attn_mask")
    if inputs.block_table is not None and inputs.seqused_k is None:
        raise checks.value_error("seqused_k", None, "be given with block_table")


def _check_metadata(checks: Checks, inputs: FlashInputs) -> None:
    starts, entries = inputs.starts(), inputs.per_sequence()
    metadata = {**starts, **entries}
    for name, tensor in metadata.items():
        checks.rank(name, tensor, 1)
    if inputs.block_table is not None:
        metadata["block_table"] = inputs.block_table
        checks.rank("block_table", inputs.block_table, 2)
    for name, tensor in metadata.items():
        checks.dtype(f"{name} dtype", tensor, (torch.int32, torch.int64))
        checks.device(name, tensor, inputs.query, "query")
    if inputs.cu_seqlens_q is not None and inputs.cu_seqlens_q.shape[0] == 0:
        raise checks.value_error("cu_seqlens_q entries", 0, "be the batch and one")
    for name, tensor in starts.items():
        checks.shape(name, tensor, (inputs.batch + 1,), "the batch and one")
    for name, tensor in entries.items():
        checks.shape(name, tensor, (inputs.batch,), "the batch")
    if inputs.block_table is not None and inputs.block_table.shape[0] != inputs.batch:
        raise checks.value_error(
            "block_table rows", inputs.block_table.shape[0], f"be the batch ({inputs.batch})"
        )


def _check_sizes(checks: Checks, inputs: FlashInputs, key: CacheView, value: CacheView) -> None:
    if value.sizes[:3] != key.sizes[:3]:
        raise checks.value_error(
            "value shape",
            list(inputs.value.shape),
            f"be that of key {list(inputs.key.shape)} but for the last dimension",
        )
    if key.head_dim != inputs.head_dim:
        raise checks.value_error(
            "key head_dim", key.head_dim, f"be that of query ({inputs.head_dim})"
        )
    for name, count in (("key heads", key.kv_heads), ("query heads", inputs.heads)):
        if count == 0:
            raise checks.value_error(name, count, "be at least 1")
    if inputs.heads % key.kv_heads != 0:
        raise checks.value_error(
            "query heads", inputs.heads, f"be a multiple of key heads ({key.kv_heads})"
        )
    is_dense = inputs.block_table is None and inputs.cu_seqlens_k is None
    if is_dense and inputs.kv_batch_idx is None and key.blocks != inputs.batch:
        raise checks.value_error(
            "key rows", key.blocks, f"be the batch ({inputs.batch}) without kv_batch_idx"
        )


def _check_per_head(checks: Checks, inputs: FlashInputs) -> None:
    for name, tensor in (("alibi_slopes", inputs.alibi_slopes), ("sinks", inputs.sinks)):
        if tensor is None:
            continue
        checks.dtype(f"{name} dtype", tensor, (torch.float32,))
        checks.device(name, tensor, inputs.query, "query")
        if name == "alibi_slopes" and tensor.dim() == 2:  # noqa: PLR2004
            expected = (inputs.batch, inputs.heads)
            checks.shape(name, tensor, expected, "one a sequence and query head")
        else:
            checks.shape(name, tensor, (inputs.heads,), "one a query head")
