# SPDX-License-Identifier: Apache-2.0
"""Scores that travel between the cores as float16: less traffic, and how much precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from ascend_attention import flash_attention, plan_flash_attention
from ascend_attention.model import Report


def case(dtype: torch.dtype, queries: int, keys: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(0)
    shapes = {"query": (2, queries, 4, 64), "key": (2, keys, 2, 64), "value": (2, keys, 2, 48)}
    return {
        name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()
    }


def attend(tensors: dict[str, Any], **options: Any) -> torch.Tensor:  # noqa: ANN401
    output = flash_attention(**tensors, **options)
    assert isinstance(output, torch.Tensor)
    return output


def expected(
    tensors: dict[str, Any], bias: torch.Tensor | None, *, causal: bool
) -> tuple[torch.Tensor, float]:
    """Attention in float64, and the largest score before the scale."""
    query, key, value = (tensor.double() for tensor in tensors.values())
    key, value = (tensor.repeat_interleave(2, dim=2) for tensor in (key, value))
    scores = torch.einsum("bqhd,bkhd->bhqk", query, key)
    largest = float(scores.abs().max())
    scores = scores / 8 if bias is None else scores / 8 + bias
    if causal:
        queries, keys = scores.shape[2:]
        hidden = torch.ones(queries, keys, dtype=torch.bool).triu(keys - queries + 1)
        scores = scores.masked_fill(hidden, -torch.inf)
    return torch.einsum("bhqk,bkhd->bqhd", scores.softmax(dim=-1), value), largest


@pytest.mark.parametrize("sizes", [(1, 300), (5, 129), (150, 700)])
@pytest.mark.parametrize("extra", ["plain", "causal", "bias"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_scores_cost_no_more_than_their_rounding(
    dtype: torch.dtype, extra: str, sizes: tuple[int, int], launches: list[Report]
) -> None:
    tensors = case(dtype, *sizes)
    bias = torch.randn(4, *sizes, generator=torch.Generator().manual_seed(1))
    choices: dict[str, dict[str, Any]] = {
        "plain": {},
        "causal": {"causal": True},
        "bias": {"attn_bias": bias},
    }
    options = choices[extra]
    wanted, largest = expected(tensors, options.get("attn_bias"), causal=extra == "causal")

    output = attend(tensors, score_format="half", **options)

    # A score of s moves by up to s * 2^-11, its weight by twice that (with that of the maximum).
    weight = 2 * largest / 8 * 2**-11
    values = float(tensors["value"].abs().max())
    exact = float((attend(tensors, **options).double() - wanted).abs().max())
    assert float((output.double() - wanted).abs().max()) <= exact + 2 * weight * values


def test_half_scores_are_rounded_and_repeat_bit_for_bit(launches: list[Report]) -> None:
    tensors = case(torch.float16, 40, 300)

    first = attend(tensors, score_format="half")

    assert torch.equal(first, attend(tensors, score_format="half"))
    assert not torch.equal(first, attend(tensors))


def test_half_scores_move_fewer_bytes(launches: list[Report]) -> None:
    tensors = case(torch.float16, 128, 512)
    pinned: dict[str, Any] = {"row_tile": 128, "kv_tile": 512}

    for score_format in ("float", "half"):
        attend(tensors, score_format=score_format, **pinned)

    whole, half = (report.pipe("FIX", "AIC").gm_written_bytes for report in launches)
    assert whole - half == 2 * 2 * 4 * 128 * 512
    choice = plan_flash_attention(**tensors, score_format="half", **pinned)
    assert "scores as float16" in choice.reason
