# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscPagedAttention: every head once, tiles that fit, errors with value and rule."""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels
from ascend_attention.model import socs

UB_BYTES = 192 * 1024 - 256 - 8 * 1024  # what a kernel may use on the 910B


def plan(
    *,
    dtype: _native.DataType = _native.DataType.float16,
    batch: int = 4,
    heads: int = 8,
    kv_heads: int = 2,
    head_dim: int = 128,
    block_size: int = 16,
    max_blocks: int = 10,
    token_stride: int | None = None,
    scale: float = 0.1,
    soc: str = "Ascend910B2",
) -> _native.Plan:
    row = kv_heads * head_dim if token_stride is None else token_stride
    view = _native.PagedCacheView(block_size * row, row, head_dim)
    problem = _native.PagedAttentionProblem(
        dtype=dtype,
        batch=batch,
        heads=heads,
        query_stride=heads * head_dim,
        cache=_native.PagedCacheShape(64, block_size, kv_heads, head_dim),
        key=view,
        value=view,
        max_blocks=max_blocks,
        block_table_stride=max_blocks,
        scale=scale,
        write_lse=True,
    )
    return _native.plan_paged_attention(problem, soc)


@pytest.mark.parametrize("group", [1, 2, 4, 15, 16, 17, 32, 33, 71, 128])
@pytest.mark.parametrize("head_dim", [64, 128, 192, 256])
def test_tiles_fit_into_ub_and_cover_every_head(head_dim: int, group: int) -> None:
    fields = plan(head_dim=head_dim, heads=3 * group, kv_heads=3, batch=5).fields

    assert fields["ub_bytes"] <= UB_BYTES
    assert 1 <= fields["group_tile"] <= group
    assert fields["task_count"] == 5 * 3 * -(-group // fields["group_tile"])


@pytest.mark.parametrize("soc", socs())
@pytest.mark.parametrize("batch", [1, 3, 20, 21, 500])
def test_blocks_are_tasks_up_to_the_vector_cores(soc: str, batch: int) -> None:
    planned = plan(batch=batch, soc=soc)

    assert planned.blocks == min(planned.fields["task_count"], socs()[soc].vector_cores)


def test_few_tasks_split_the_group_to_use_more_cores() -> None:
    alone = plan(batch=1, kv_heads=1, heads=32)
    many = plan(batch=96, kv_heads=1, heads=32)

    assert alone.blocks > many.fields["task_count"] // 96
    assert many.fields["group_tile"] > alone.fields["group_tile"]


def test_a_plan_depends_on_nothing_but_its_problem() -> None:
    assert plan().tiling == plan().tiling
    assert plan().tiling != plan(batch=5).tiling


def test_the_kernels_declare_the_type_of_each_variant() -> None:
    declared = {
        key: type_
        for (name, key), type_ in kernels().kernel_types.items()
        if name == "asc_paged_attention"
    }
    planned = {
        variant.tiling_key: variant.kernel_type.removeprefix("KERNEL_TYPE_")
        for variant in (plan(), plan(dtype=_native.DataType.bfloat16))
    }

    assert declared == planned


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "dtype": ({"dtype": _native.DataType.float32}, r"query dtype \(float32\) must be float16"),
    "head_dim": ({"head_dim": 96}, r"query head_dim \(96\) must be a multiple of 64"),
    "large head_dim": ({"head_dim": 320}, r"query head_dim \(320\) must be a multiple of 64"),
    "heads": ({"heads": 9}, r"query heads \(9\) must be a multiple of key_cache heads \(2\)"),
    "no kv heads": ({"kv_heads": 0}, r"key_cache heads \(0\) must be at least 1"),
    "block_size": ({"block_size": 24}, r"key_cache block_size \(24\) must be a multiple of 16"),
    "large block": ({"block_size": 144}, r"key_cache block_size \(144\) must be a multiple of 16"),
    "columns": ({"max_blocks": 2**31}, r"block_tables columns \(2147483648\) must be from 0"),
    "stride": ({"token_stride": 4}, r"key_cache token stride \(4\) must be from 128"),
    "scale": ({"scale": float("inf")}, r"scale \(inf\) must be finite"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_the_kernel_does_not_do_is_named(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match=r"^paged_attention: " + message):
        plan(**changes)


def test_the_chip_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"soc \(Ascend999\) must be a known chip"):
        plan(soc="Ascend999")
