# SPDX-License-Identifier: Apache-2.0
"""Flash attention on the model against torch's, both in float16, and what workspace it takes."""

from __future__ import annotations

from functools import partial

import torch

import ascend_attention
from ascend_attention.bench.timing import Timing, time_in_turn
from ascend_attention.model import mode

BATCH, HEADS, TOKENS, HEAD_DIM = 1, 8, 1024, 128
SHAPE = f"B{BATCH} H{HEADS} S{TOKENS} D{HEAD_DIM}"
WORKSPACE_TOKENS = (TOKENS, 4096, 16384)
MODES = ("fast", "checked")


def bench_flash(repeats: int, *, causal: bool) -> dict[str, Timing]:
    """Time torch and our kernel in each mode of the model, in turn.

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

    def run_on_model(model_mode: str) -> torch.Tensor:
        with mode(model_mode):
            output = ascend_attention.flash_attention(*tokens_first, causal=causal)
        assert isinstance(output, torch.Tensor)
        return output

    difference = (run_torch().transpose(1, 2) - run_on_model("fast")).abs().max()
    if not difference < 1e-2:  # noqa: PLR2004
        raise RuntimeError(f"bench: model and torch differ by {difference}")
    candidates = {name: partial(run_on_model, name) for name in MODES}
    return time_in_turn({"torch": run_torch, **candidates}, repeats=repeats)


def plan_of(tokens: int) -> ascend_attention.FlashAttentionChoice:
    """Return how the shape would be tiled with so many tokens."""
    tensor = torch.empty(BATCH, tokens, HEADS, HEAD_DIM, dtype=torch.float16)
    return ascend_attention.plan_flash_attention(tensor, tensor, tensor)
