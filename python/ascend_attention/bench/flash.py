# SPDX-License-Identifier: Apache-2.0
"""Flash attention on the model against torch's scaled_dot_product_attention, both in float16."""

from __future__ import annotations

import torch

import ascend_attention
from ascend_attention.bench.timing import Timing, time_in_turn
from ascend_attention.model import mode

BATCH, HEADS, TOKENS, HEAD_DIM = 1, 8, 1024, 128
SHAPE = f"B{BATCH} H{HEADS} S{TOKENS} D{HEAD_DIM}"


def bench_flash(repeats: int, *, causal: bool) -> dict[str, Timing]:
    """Time torch and our kernel in fast mode, in turn.

    Args:
        repeats: Timed calls of each candidate.
        causal: Hide the keys after each query token.
    """
    generator = torch.Generator().manual_seed(0)
    heads_first = torch.randn(3, BATCH, HEADS, TOKENS, HEAD_DIM, generator=generator).half()
    query, key, value = heads_first
    tokens_first = [tensor.transpose(1, 2).contiguous() for tensor in heads_first]

    def run_torch() -> torch.Tensor:
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)

    def run_on_model() -> torch.Tensor:
        with mode("fast"):
            output = ascend_attention.flash_attention(*tokens_first, causal=causal)
        assert isinstance(output, torch.Tensor)
        return output

    difference = (run_torch().transpose(1, 2) - run_on_model()).abs().max()
    if not difference < 1e-2:  # noqa: PLR2004
        raise RuntimeError(f"bench: model and torch differ by {difference}")
    return time_in_turn({"torch": run_torch, "fast": run_on_model}, repeats=repeats)
