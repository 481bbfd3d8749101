# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscRotaryEmbedding: tiles cover every row, errors name value and rule."""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels

HALF, BFLOAT16, FLOAT = (
    _native.DataType.float16,
    _native.DataType.bfloat16,
    _native.DataType.float32,
)
TYPES = ((HALF, HALF), (HALF, FLOAT), (BFLOAT16, BFLOAT16), (BFLOAT16, FLOAT), (FLOAT, FLOAT))


def plan(
    *,
    dtype: _native.DataType = HALF,
    factor_dtype: _native.DataType | None = None,
    batch: int = 2,
    sequence: int = 50,
    heads: int = 8,
    head_dim: int = 128,
    rotary_dim: int = 64,
    token_stride: int | None = None,
    head_stride: int | None = None,
    soc: str = "Ascend910B2",
) -> _native.Plan:
    token = heads * head_dim if token_stride is None else token_stride
    head = head_dim if head_stride is None else head_stride
    view = _native.TokenView(sequence * token, token, head)
    problem = _native.RotaryProblem(
        dtype=dtype,
        factor_dtype=dtype if factor_dtype is None else factor_dtype,
        batch=batch,
        sequence=sequence,
        heads=heads,
        head_dim=head_dim,
        rotary_dim=rotary_dim,
        x=view,
        output=view,
        cos_stride=rotary_dim // 2,
        sin_stride=rotary_dim // 2,
        interleaved=True,
    )
    return _native.plan_rotary(problem, soc)


@pytest.mark.parametrize("heads", [1, 8, 31, 300])
@pytest.mark.parametrize("tokens", [1, 47, 49, 5000])
@pytest.mark.parametrize("dims", [(16, 16), (64, 32), (100, 96), (128, 128), (512, 512)], ids=str)
@pytest.mark.parametrize("types", TYPES, ids=lambda types: "-".join(t.name for t in types))
def test_tiles_cover_every_row(
    types: tuple[_native.DataType, _native.DataType], dims: tuple[int, int], tokens: int, heads: int
) -> None:
    planned = plan(
        dtype=types[0],
        factor_dtype=types[1],
        batch=1,
        sequence=tokens,
        heads=heads,
        head_dim=dims[0],
        rotary_dim=dims[1],
    )
    fields = planned.fields

    assert fields["tiles"] == -(-tokens // fields["token_tile"]) * -(-heads // fields["head_tile"])
    assert fields["token_tile"] * fields["head_tile"] <= min(255, 4096 // dims[0])
    assert fields["token_tile"] * dims[1] <= max(2048, dims[1])
    assert fields["token_tile"] == 1 or fields["head_tile"] == heads
    assert planned.blocks == min(fields["tiles"], 48)


def test_the_kernels_declare_the_type_of_each_variant() -> None:
    declared = {
        key: type_
        for (name, key), type_ in kernels().kernel_types.items()
        if name == "asc_rotary_embedding"
    }
    planned = {
        variant.tiling_key: variant.kernel_type.removeprefix("KERNEL_TYPE_")
        for variant in (plan(dtype=dtype, factor_dtype=factor) for dtype, factor in TYPES)
    }

    assert declared == planned


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "types": (
        {"dtype": HALF, "factor_dtype": BFLOAT16},
        r"cos dtype \(bfloat16\) must be float32 or that of x \(float16\)",
    ),
    "int8": ({"dtype": _native.DataType.int8}, r"cos dtype \(int8\) must be float32 or that of x"),
    "head_dim": ({"head_dim": 513}, r"x head_dim \(513\) must be from 16 to 512"),
    "rotary_dim": ({"rotary_dim": 40}, r"rotary_dim, .* \(40\) must be a multiple of 16 up to"),
    "heads": ({"heads": 0}, r"x heads \(0\) must be from 1"),
    "tokens": ({"sequence": 2**30}, r"x tokens \(1073741824\) must be from 0 to 1073741823"),
    "head stride": ({"head_stride": 100}, r"x head stride \(100\) must be from 128 to"),
    "tiles": (
        {"batch": 1, "sequence": 2**30, "heads": 2**20, "token_stride": 2**27},
        r"x heads \(1048576\) must make fewer than 2147483647 tiles over 1073741824 tokens",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_the_kernel_does_not_do_is_named(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match=r"^apply_rotary_emb: " + message):
        plan(**changes)
