# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscReshapeAndCache: pieces, columns and tiles that fit its buffer."""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels

BYTES = {
    _native.DataType.float16: 2,
    _native.DataType.bfloat16: 2,
    _native.DataType.float32: 4,
    _native.DataType.int8: 1,
}


def plan(
    *,
    dtype: _native.DataType = _native.DataType.float16,
    tokens: int = 100,
    heads: int = 8,
    head_dim: int = 128,
    block_size: int = 16,
    blocks: int = 32,
    by_heads: bool = False,
    block_stride: int | None = None,
    layout: _native.CacheLayout = _native.CacheLayout.rows,
) -> _native.Plan:
    row = heads * head_dim
    token, head = (head_dim, block_size * head_dim) if by_heads else (row, head_dim)
    block = block_size * row if block_stride is None else block_stride
    write = _native.CacheWriteProblem(
        tokens,
        row,
        _native.PagedCacheShape(blocks, block_size, heads, head_dim),
        _native.PagedCacheView(block, token, head),
    )
    problem = _native.ReshapeAndCacheProblem(
        dtype=dtype, tokens=tokens, key=write, value=write, layout=layout
    )
    return _native.plan_reshape_and_cache(problem, "Ascend910B2")


@pytest.mark.parametrize("by_heads", [False, True], ids=["nhd", "hnd"])
@pytest.mark.parametrize("heads", [1, 8, 128])
@pytest.mark.parametrize("head_dim", [1, 100, 128, 4096])
@pytest.mark.parametrize("dtype", BYTES, ids=lambda dtype: dtype.name)
def test_a_tile_fits_its_buffer_and_columns_cover_a_token(
    dtype: _native.DataType, head_dim: int, heads: int, by_heads: bool
) -> None:
    fields = plan(dtype=dtype, heads=heads, head_dim=head_dim, by_heads=by_heads).fields
    key = fields["key"]

    pitch = -(-key["columns"] * BYTES[dtype] // 32) * 32
    rows = key["tokens_per_tile"] * key["pieces_per_tile"]
    assert rows * pitch <= fields["buffer_bytes"]
    assert rows <= 4095
    assert key["tokens_per_tile"] == 1 or key["pieces_per_tile"] == key["pieces"]
    assert key["pieces"] * key["piece_size"] == heads * head_dim
    assert 1 <= key["columns"] <= key["piece_size"]
    assert key["pieces"] == (heads if by_heads and heads > 1 else 1)


@pytest.mark.parametrize("heads", [1, 8, 128])
@pytest.mark.parametrize("dtype", BYTES, ids=lambda dtype: dtype.name)
def test_pieces_of_other_layouts(dtype: _native.DataType, heads: int) -> None:
    size = BYTES[dtype]
    packed = plan(dtype=dtype, heads=heads, layout=_native.CacheLayout.packed).fields
    nz = plan(dtype=dtype, heads=heads, layout=_native.CacheLayout.nz).fields

    for fields, key, value in ((packed, 16 // size, 1), (nz, 32 // size, 32 // size)):
        assert fields["key"]["piece_size"] == key
        assert fields["value"]["piece_size"] == value
        for part in ("key", "value"):
            assert fields[part]["pieces"] * fields[part]["piece_size"] == heads * 128
            assert fields[part]["pieces_per_tile"] * 32 <= fields["buffer_bytes"]


@pytest.mark.parametrize("tokens", [1, 47, 48, 49, 10000])
def test_blocks_are_tokens_up_to_the_vector_cores(tokens: int) -> None:
    assert plan(tokens=tokens).blocks == min(tokens, 48)


def test_the_kernels_declare_the_type_of_each_variant() -> None:
    declared = {
        key: type_
        for (name, key), type_ in kernels().kernel_types.items()
        if name == "asc_reshape_and_cache"
    }
    planned = {
        variant.tiling_key: variant.kernel_type.removeprefix("KERNEL_TYPE_")
        for variant in (plan(dtype=dtype) for dtype in BYTES)
    }

    assert declared == planned


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "head_dim": ({"head_dim": 0}, r"key head_dim \(0\) must be from 1"),
    "heads": ({"heads": 0}, r"key heads \(0\) must be from 1"),
    "block_size": ({"block_size": 0}, r"key_cache block_size \(0\) must be from 1"),
    "slots": ({"blocks": 2**30}, r"key_cache blocks \(1073741824\) must be from 0 to 134217728"),
    "packed": (
        {"head_dim": 100, "layout": _native.CacheLayout.packed},
        r"key head_dim \(100\) must be a multiple of 8",
    ),
    "nz": (
        {"head_dim": 9, "layout": _native.CacheLayout.nz},
        r"key heads times head_dim \(72\) must be a multiple of 16",
    ),
    "packed overlap": (
        {"block_stride": 100, "layout": _native.CacheLayout.packed},
        r"key_cache block stride \(100\) must be at least 16384",
    ),
    "overlap": ({"block_stride": 100}, r"key_cache block stride \(100\) must be at least"),
    "tokens": ({"tokens": 2**31}, r"slot_mapping entries \(2147483648\) must be from 0"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_the_kernel_does_not_do_is_named(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match=r"^reshape_and_cache: " + message):
        plan(**changes)
