# SPDX-License-Identifier: Apache-2.0
"""merge_states: any number of states against float64, empty ones too; wrong arguments."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from ascend_attention import merge_attn_states, merge_states
from ascend_attention.model import recorded
from ascend_attention.reference import merge_attention_states
from ascend_attention.testing import compare, paged_case

from tests.ops.attend import DTYPE_NAMES, DTYPES, assert_matches
from tests.ops.test_merge_attn_states import state_of_part

if TYPE_CHECKING:
    from ascend_attention.model import Report

States = tuple[torch.Tensor, torch.Tensor]


def random_states(
    tokens: int, states: int, heads: int, head_dim: int, dtype: torch.dtype = torch.float32
) -> States:
    generator = torch.Generator().manual_seed(tokens + states)
    v = torch.randn(tokens, states, heads, head_dim, generator=generator).to(dtype)
    return v, 4 * torch.randn(tokens, states, heads, generator=generator)


def plain_merge(v: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """Merge with plain torch in float32, adding states in several orders: ``[orders, ...]``."""
    lses = s.masked_fill(s == torch.inf, -torch.inf)
    weights = torch.softmax(lses, dim=1).nan_to_num(0.0)[..., None]
    parts = torch.where(weights == 0, 0.0, weights * v.float())
    outputs = []
    for order in range(4):
        generator = torch.Generator().manual_seed(order)
        output = torch.zeros_like(parts[:, 0])
        for state in torch.randperm(v.shape[1], generator=generator).tolist():
            output += parts[:, state]
        outputs.append(output.to(v.dtype))
    return torch.stack(outputs)


def assert_merged(v: torch.Tensor, s: torch.Tensor) -> None:
    output, lse = merge_states(v, s)

    exact, exact_lse = merge_attention_states(
        v.double().transpose(0, 1).numpy(), s.double().transpose(0, 1).numpy()
    )
    error = compare(output, exact, plain_merge(v, s))
    assert error.ok, error.text
    np.testing.assert_allclose(lse.double(), exact_lse, rtol=2e-6, atol=4e-6)


# tokens, heads, head_dim: rows around the 128 and the 4096 elements of a tile, heads in several.
SHAPES = [(1, 1, 64), (5, 8, 128), (130, 3, 80), (7, 40, 120), (3, 2, 1024), (2, 200, 100)]


@pytest.mark.parametrize("states", [1, 2, 3, 8, 65])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_merged_states_match_the_reference(
    dtype: torch.dtype, shape: tuple[int, int, int], states: int, launches: list[Report]
) -> None:
    tokens, heads, head_dim = shape
    assert_merged(*random_states(tokens, states, heads, head_dim, dtype))


@pytest.mark.parametrize("empty", [torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_empty_states_among_others_are_not_read(
    dtype: torch.dtype, empty: float, launches: list[Report]
) -> None:
    v, s = random_states(33, 5, 4, 64, dtype)
    generator = torch.Generator().manual_seed(1)
    nothing = torch.rand(33, 5, 4, generator=generator) < 0.5
    nothing[7] = True  # a token without any keys
    s[nothing] = empty
    s[nothing.flip(0) & nothing] = -empty
    v[nothing] = torch.nan

    assert_merged(v, s)


@pytest.mark.parametrize("full", range(4))
@pytest.mark.parametrize("empty", [torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_merging_with_empty_states_is_the_identity(
    dtype: torch.dtype, empty: float, full: int, launches: list[Report]
) -> None:
    v, s = random_states(20, 4, 6, 96, dtype)
    for state in set(range(4)) - {full}:
        v[:, state], s[:, state] = torch.nan, empty

    output, lse = merge_states(v, s)

    assert torch.equal(output, v[:, full])
    assert torch.equal(lse, s[:, full])


def test_nothing_but_empty_states_give_zeros(launches: list[Report]) -> None:
    v, s = torch.full((9, 3, 2, 64), torch.nan), torch.full((9, 3, 2), torch.inf)
    s[:, 1] = -torch.inf

    output, lse = merge_states(v, s)

    assert torch.equal(output, torch.zeros(9, 2, 64))
    assert torch.equal(lse, torch.full((9, 2), -torch.inf))


@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_parts_of_the_keys_give_the_whole(dtype: torch.dtype, launches: list[Report]) -> None:
    case = paged_case((200,), head_dim=64, dtype=dtype).filled()
    cuts = (0, 1, 15, 15, 80, 144, 200)
    parts = [state_of_part(case, *ends) for ends in itertools.pairwise(cuts)]
    outputs, lses = (torch.stack(tensors, dim=1) for tensors in zip(*parts, strict=True))

    assert_matches(case, merge_states(outputs, lses))


@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_two_states_are_a_prefix_and_a_suffix(dtype: torch.dtype, launches: list[Report]) -> None:
    v, s = random_states(50, 2, 7, 80, dtype)
    output, lse = torch.empty_like(v[:, 0]), torch.empty(7, 50)

    merge_attn_states(output, v[:, 0], s[:, 0].t(), v[:, 1], s[:, 1].t(), lse)

    merged = merge_states(v, s)
    assert torch.equal(merged[0], output)
    assert torch.equal(merged[1], lse.t())


def test_tokens_and_states_may_be_strided(launches: list[Report]) -> None:
    v, s = random_states(21, 5, 4, 64)
    around = torch.full((7, 23, 4, 64), torch.nan)
    inside = around[1:6, 2:].transpose(0, 1)
    inside.copy_(v)
    by_heads = s.permute(2, 1, 0).contiguous().permute(2, 1, 0)

    output, lse = merge_states(inside, by_heads)

    expected = merge_states(v, s)
    assert torch.equal(output, expected[0])
    assert torch.equal(lse, expected[1])


def test_nan_reaches_exactly_its_row(launches: list[Report]) -> None:
    v, s = random_states(4, 3, 2, 64)
    s[2, 1, 1] = torch.nan

    output, lse = merge_states(v, s)

    expected = torch.zeros(4, 2, dtype=torch.bool)
    expected[2, 1] = True
    assert torch.equal(lse.isnan(), expected)
    assert torch.equal(output.isnan().all(dim=2), expected)
    assert torch.equal(output.isnan().any(dim=2), expected)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_a_state_that_is_not_empty_is_read_however_little_it_weighs(
    dtype: torch.dtype, order: tuple[int, int], launches: list[Report]
) -> None:
    v, s = random_states(5, 2, 3, 64, dtype)
    v[1, 0] = torch.nan
    s[:, 0] = s[:, 1] - 200  # exp(-200) is 0 in float32

    output, lse = merge_states(v[:, order], s[:, order])

    assert output[1].isnan().all()
    others = [0, 2, 3, 4]
    assert torch.equal(output[others], v[others, 1])
    assert torch.equal(lse, s[:, 1])


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], type[Exception], str]] = {
    "rank": (
        lambda a: a.update(v=a["v"][:, 0]),
        ValueError,
        r"v \(\[5, 4, 64\]\) must have 4 dimensions",
    ),
    "dtype": (
        lambda a: a.update(v=a["v"].double()),
        TypeError,
        r"v dtype \(float64\) must be float16 or bfloat16 or float32",
    ),
    "lse shape": (
        lambda a: a.update(s=a["s"].transpose(1, 2)),
        ValueError,
        r"s shape \(\[5, 4, 3\]\) must be \[5, 3, 4\] \(tokens, states and heads of v\)",
    ),
    "lse dtype": (
        lambda a: a.update(s=a["s"].half()),
        TypeError,
        r"s dtype \(float16\) must be float32",
    ),
    "lse is a list": (
        lambda a: a.update(s=a["s"].tolist()),
        TypeError,
        r"s \(list\) must be a tensor",
    ),
    "lse is expanded": (
        lambda a: a.update(s=a["s"][..., :1].expand(5, 3, 4)),
        ValueError,
        r"s head stride \(0\) must be from 1 to 1073741823",
    ),
    "strided heads": (
        lambda a: a.update(v=torch.randn(5, 3, 8, 64)[:, :, ::2]),
        ValueError,
        r"v strides \(.*\) must be contiguous from dimension 2 on",
    ),
    "head_dim": (
        lambda a: a.update(v=torch.randn(5, 3, 4, 1025)),
        ValueError,
        r"v head_dim \(1025\) must be from 1 to 1024",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_argument_is_named(name: str) -> None:
    change, error, message = WRONG[name]
    call: dict[str, Any] = dict(zip(("v", "s"), random_states(5, 3, 4, 64), strict=True))
    change(call)

    with recorded() as launches, pytest.raises(error, match=rf"^merge_states: {message}"):
        merge_states(**call)

    assert not launches


@pytest.mark.parametrize("sizes", [(0, 3), (5, 0)], ids=["tokens", "states"])
def test_nothing_to_merge_is_no_launch(sizes: tuple[int, int]) -> None:
    with recorded() as launches:
        output, lse = merge_states(*random_states(*sizes, 4, 64))

    assert not launches
    assert torch.equal(output, torch.zeros(sizes[0], 4, 64))
    assert torch.equal(lse, torch.full((sizes[0], 4), -torch.inf))
