# SPDX-License-Identifier: Apache-2.0
"""Paged decode on the model against torch: gather the pages, then SDPA with the group packed."""

from __future__ import annotations

import torch

import ascend_attention
from ascend_attention.bench.timing import Timing, time_in_turn
from ascend_attention.model import mode
from ascend_attention.testing import PagedCase, paged_case


def gather_and_attend(case: PagedCase) -> torch.Tensor:
    """Attend with torch alone; all lengths of the case are equal."""
    batch, heads, head_dim = case.query.shape
    kv_heads = case.key_cache.shape[2]
    length = int(case.seq_lens[0])

    def gather(cache: torch.Tensor) -> torch.Tensor:
        pages = cache[
            case.block_tables.long()
        ]  # [batch, max_blocks, block_size, kv_heads, head_dim]
        return pages.reshape(batch, -1, kv_heads, head_dim)[:, :length].transpose(1, 2)

    # The query heads of a group become rows of one small matrix: K and V are read once.
    query = case.query.view(batch, kv_heads, heads // kv_heads, head_dim)
    output = torch.nn.functional.scaled_dot_product_attention(
        query, gather(case.key_cache), gather(case.value_cache)
    )
    return output.reshape(batch, heads, head_dim)


def run_on_model(case: PagedCase, model_mode: str) -> torch.Tensor:
    """Attend with our kernel."""
    with mode(model_mode):
        output = ascend_attention.paged_attention(
            case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
        )
    assert isinstance(output, torch.Tensor)
    return output


def bench_decode(context: int, repeats: int) -> dict[str, Timing]:
    """Time batch 8, 32/8 heads of 128, float16, blocks of 128.

    Args:
        context: Tokens of every sequence.
        repeats: Timed calls of each candidate.
    """
    case = paged_case((context,) * 8, heads=32, kv_heads=8, head_dim=128, block_size=128).filled()
    difference = (gather_and_attend(case) - run_on_model(case, "fast")).abs().max()
    if not difference < 1e-2:  # noqa: PLR2004
        raise RuntimeError(f"bench: model and torch differ by {difference}")
    return time_in_turn(
        {
            "torch": lambda: gather_and_attend(case),
            "fast": lambda: run_on_model(case, "fast"),
            "checked": lambda: run_on_model(case, "checked"),
        },
        repeats=repeats,
    )
