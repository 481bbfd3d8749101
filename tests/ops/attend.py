# SPDX-License-Identifier: Apache-2.0
"""Paged attention of a case in any layout with any option, and the bounds that it is held to."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ascend_attention import paged_attention
from ascend_attention.reference import PLAIN_SCORES, ScoreOptions
from ascend_attention.testing import (
    PagedCase,
    compare,
    exact_attention,
    pack_caches,
    plain_attention,
)

from tests.ops.layouts import to_nz

State = tuple[torch.Tensor, torch.Tensor]  # output [tokens, heads, head_dim], lse [tokens, heads]

DTYPES = [torch.float16, torch.bfloat16, torch.float32]
DTYPE_NAMES = ["fp16", "bf16", "fp32"]
HEAD_DIMS = [32, 64, 80, 96, 112, 120, 128, 192, 256]
LAYOUTS = {"vector": ["NHD", "HND", "packed"], "cube": ["NHD", "HND", "NZ"]}  # of a strategy
STRATEGIES = list(LAYOUTS)
STRATEGY_LAYOUTS = [(strategy, layout) for strategy in STRATEGIES for layout in LAYOUTS[strategy]]


def in_layout(
    key_cache: torch.Tensor, value_cache: torch.Tensor, layout: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bring caches ``[blocks, block_size, kv_heads, head_dim]`` into a ``kv_layout``."""
    if layout == "packed":
        return pack_caches(key_cache, value_cache)
    if layout == "NZ":
        return to_nz(key_cache, value_cache)
    if layout == "HND":
        return key_cache.transpose(1, 2).contiguous(), value_cache.transpose(1, 2).contiguous()
    return key_cache, value_cache


def option_arguments(options: ScoreOptions) -> dict[str, Any]:
    """Return the arguments of ``paged_attention`` that stand for these options."""
    tensors = {"alibi_slopes": options.alibi_slopes, "sinks": options.sinks}
    return {
        "softcap": options.softcap,
        "window_size": options.window,
        **{
            name: None if values is None else torch.from_numpy(np.asarray(values)).float()
            for name, values in tensors.items()
        },
    }


def attend(
    case: PagedCase,
    layout: str = "NHD",
    options: ScoreOptions = PLAIN_SCORES,
    **arguments: object,
) -> State:
    """Attend; what a window hides from all query tokens of a sequence is taken out before."""
    if options.window[0] >= 0:
        case = case.without_hidden(options.window[0])
    counts = case.query_start_loc.diff()
    starts = None if bool((counts == 1).all()) else case.query_start_loc
    given: dict[str, Any] = {**option_arguments(options), **arguments}
    result = paged_attention(
        case.query,
        *in_layout(case.key_cache, case.value_cache, layout),
        case.block_tables,
        case.seq_lens,
        query_start_loc=starts,
        kv_layout=layout,
        return_lse=True,
        **given,
    )
    assert isinstance(result, tuple)
    return result


def assert_matches(
    case: PagedCase,
    state: State,
    options: ScoreOptions = PLAIN_SCORES,
    scale: float | None = None,
) -> None:
    """Hold an output and its log-sum-exp to the float64 reference."""
    exact, exact_lse = exact_attention(case, scale, options)
    error = compare(state[0], exact, plain_attention(case, scale, options))
    assert error.ok, error.text
    np.testing.assert_allclose(state[1].double().numpy(), exact_lse, rtol=2e-6, atol=4e-6)
