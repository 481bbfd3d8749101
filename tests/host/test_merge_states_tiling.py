# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscMergeAttentionStates: tiles cover every row, errors name value and rule."""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels

DTYPES = (_native.DataType.float16, _native.DataType.bfloat16, _native.DataType.float32)


def plan(
    *,
    dtype: _native.DataType = _native.DataType.float16,
    tokens: int = 100,
    heads: int = 8,
    head_dim: int = 128,
    token_stride: int | None = None,
    lse_head_stride: int = 1,
    states: int = 1,
    suffix: bool = True,
) -> _native.Plan:
    row = heads * head_dim if token_stride is None else token_stride
    state = _native.StateView(
        token_stride=row, lse_token_stride=heads, lse_head_stride=lse_head_stride
    )
    problem = _native.MergeStatesProblem(
        dtype=dtype,
        tokens=tokens,
        heads=heads,
        head_dim=head_dim,
        prefix_states=states,
        prefix=state,
        suffix=state if suffix else None,
        output=state,
        write_lse=True,
    )
    return _native.plan_merge_states(problem, "Ascend910B2")


@pytest.mark.parametrize("heads", [1, 8, 31, 200])
@pytest.mark.parametrize("tokens", [1, 47, 49, 5000])
@pytest.mark.parametrize("head_dim", [1, 64, 100, 512, 1024])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
def test_tiles_cover_every_row(
    dtype: _native.DataType, head_dim: int, tokens: int, heads: int
) -> None:
    planned = plan(dtype=dtype, tokens=tokens, heads=heads, head_dim=head_dim)
    fields = planned.fields

    assert fields["tiles"] == -(-tokens // fields["token_tile"]) * -(-heads // fields["head_tile"])
    assert fields["token_tile"] * fields["head_tile"] <= 128
    assert fields["token_tile"] == 1 or fields["head_tile"] == heads
    assert planned.blocks == min(fields["tiles"], 48)


@pytest.mark.parametrize(("states", "suffix"), [(1, True), (1, False), (7, True), (7, False)])
def test_the_suffix_is_one_more_state(states: int, suffix: bool) -> None:
    assert plan(states=states, suffix=suffix).fields["states"] == states + int(suffix)


def test_the_kernels_declare_the_type_of_each_variant() -> None:
    declared = {
        key: type_
        for (name, key), type_ in kernels().kernel_types.items()
        if name == "asc_merge_attention_states"
    }
    planned = {
        variant.tiling_key: variant.kernel_type.removeprefix("KERNEL_TYPE_")
        for variant in (plan(dtype=dtype) for dtype in DTYPES)
    }

    assert declared == planned


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "head_dim": ({"head_dim": 1025}, r"prefix_output head_dim \(1025\) must be from 1 to 1024"),
    "heads": ({"heads": 0}, r"prefix_output heads \(0\) must be from 1"),
    "tokens": ({"tokens": 2**31}, r"prefix_output tokens \(2147483648\) must be from 0"),
    "stride": ({"token_stride": 5}, r"prefix_output token stride \(5\) must be from 1024"),
    "states": ({"states": 0}, r"prefix_output states \(0\) must be from 1 to 2147483646"),
    "tiles": (
        {"tokens": 2**31 - 1, "heads": 2**20, "head_dim": 1024},
        r"prefix_output heads \(1048576\) must make fewer than 2147483647 tiles over 2147483647",
    ),
    "lse": ({"lse_head_stride": 0}, r"prefix_lse head stride \(0\) must be from 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_the_kernel_does_not_do_is_named(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match=r"^merge_attn_states: " + message):
        plan(**changes)
