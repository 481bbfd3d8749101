# SPDX-License-Identifier: Apache-2.0
"""AscMergeAttentionStates against float64, with empty states of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name

if TYPE_CHECKING:
    from ascend_attention.model import Report

State = tuple[torch.Tensor, torch.Tensor]  # output [tokens, heads, head_dim], lse [tokens, heads]
ULP = {torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8, torch.float32: 2.0**-22}


def view(state: State) -> _native.StateView:
    lse_token_stride, lse_head_stride = state[1].stride()
    return _native.StateView(
        token_stride=state[0].stride(0),
        lse_token_stride=lse_token_stride,
        lse_head_stride=lse_head_stride,
    )


def merge(prefix: State, suffix: State, *, write_lse: bool = True) -> State:
    output = torch.empty(prefix[0].shape, dtype=prefix[0].dtype)
    lse = torch.empty(prefix[1].shape[::-1]).t() if write_lse else torch.empty(1, 1)
    tokens, heads, head_dim = output.shape
    plan = _native.plan_merge_states(
        _native.MergeStatesProblem(
            dtype=dtype_of(output),
            tokens=tokens,
            heads=heads,
            head_dim=head_dim,
            prefix=view(prefix),
            suffix=view(suffix),
            output=view((output, lse)),
            write_lse=write_lse,
        ),
        soc_name(),
    )
    run_plan(
        plan,
        argument("prefix_output", prefix[0]),
        argument("prefix_lse", prefix[1]),
        argument("suffix_output", suffix[0]),
        argument("suffix_lse", suffix[1]),
        argument("output", output, writable=True, defined=False),
        argument("output_lse", lse, writable=True, defined=False) if write_lse else None,
    )
    return output, lse


def random_state(
    seed: int, tokens: int, heads: int, head_dim: int, dtype: torch.dtype, *, by_heads: bool = True
) -> State:
    random = torch.Generator().manual_seed(seed)
    output = torch.randn(tokens, heads, head_dim, generator=random).to(dtype)
    shape = (heads, tokens) if by_heads else (tokens, heads)
    lse = 3 * torch.randn(*shape, generator=random)
    return output, lse.t() if by_heads else lse


def check(prefix: State, suffix: State, merged: State) -> None:
    lses = [
        state[1].double().masked_fill(state[1] == torch.inf, -torch.inf)
        for state in (prefix, suffix)
    ]
    lse = torch.logaddexp(*lses)
    weights = [torch.exp(each - lse).nan_to_num(0.0)[..., None] for each in lses]
    exact = sum(
        torch.where(weight > 0, weight * state[0].double(), 0.0)
        for weight, state in zip(weights, (prefix, suffix), strict=True)
    )
    assert isinstance(exact, torch.Tensor)
    size = max(float(exact.abs().max()), 1.0)
    np.testing.assert_allclose(
        merged[0].double(), exact, rtol=ULP[merged[0].dtype], atol=2.0**-22 * size
    )
    np.testing.assert_allclose(merged[1].double(), lse, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("by_heads", [True, False])
@pytest.mark.parametrize(
    "shape", [(1, 1, 64), (5, 8, 128), (130, 3, 80), (7, 40, 120), (3, 2, 512), (2, 200, 100)]
)
@pytest.mark.parametrize("dtype", ULP, ids=["fp16", "bf16", "fp32"])
def test_merged_states(
    dtype: torch.dtype, shape: tuple[int, int, int], by_heads: bool, launches: list[Report]
) -> None:
    prefix = random_state(1, *shape, dtype, by_heads=by_heads)
    suffix = random_state(2, *shape, dtype, by_heads=not by_heads)

    check(prefix, suffix, merge(prefix, suffix))


@pytest.mark.parametrize("empty", [torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", ULP, ids=["fp16", "bf16", "fp32"])
def test_merging_with_an_empty_state_is_the_identity(
    dtype: torch.dtype, empty: float, launches: list[Report]
) -> None:
    full = random_state(1, 20, 6, 96, dtype)
    nothing = torch.full_like(full[0], torch.nan), torch.full_like(full[1], empty)

    for merged in (merge(full, nothing), merge(nothing, full)):
        assert torch.equal(merged[0], full[0])
        assert torch.equal(merged[1], full[1])

    output, lse = merge(nothing, nothing)
    assert torch.equal(output, torch.zeros_like(output))
    assert torch.equal(lse, torch.full_like(lse, -torch.inf))


def test_empty_rows_among_others(launches: list[Report]) -> None:
    prefix = random_state(1, 33, 4, 64, torch.float16)
    suffix = random_state(2, 33, 4, 64, torch.float16)
    for lse, step in ((prefix[1], 3), (suffix[1], 5)):
        lse[::step] = torch.inf
        lse[1::step, 1] = -torch.inf

    check(prefix, suffix, merge(prefix, suffix))


def test_without_lse_and_with_strided_tokens(launches: list[Report]) -> None:
    prefix = random_state(1, 9, 4, 64, torch.float16)
    suffix = random_state(2, 9, 4, 64, torch.float16)
    both = torch.stack([prefix[0], suffix[0]], dim=1)  # tokens two states apart

    output, _ = merge((both[:, 0], prefix[1]), (both[:, 1], suffix[1]), write_lse=False)

    assert torch.equal(output, merge(prefix, suffix)[0])


def test_nan_reaches_exactly_its_row(launches: list[Report]) -> None:
    prefix = random_state(1, 4, 2, 64, torch.float16)
    suffix = random_state(2, 4, 2, 64, torch.float16)
    prefix[1][2, 1] = torch.nan

    output, lse = merge(prefix, suffix)

    expected = torch.zeros(4, 2, dtype=torch.bool)
    expected[2, 1] = True
    assert torch.equal(lse.isnan(), expected)
    assert torch.equal(output.isnan().all(dim=2), expected)
    assert torch.equal(output.isnan().any(dim=2), expected)
