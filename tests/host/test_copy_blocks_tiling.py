# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscCopyBlocks: chunks that cover every byte, errors with value and rule."""

from __future__ import annotations

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels


def plan(
    *, pairs: int = 4, key: int = 65536, value: int = 4096, stride: int | None = None
) -> _native.Plan:
    def blocks(size: int) -> _native.BlockCopyProblem:
        return _native.BlockCopyProblem(size, size if stride is None else stride, size)

    problem = _native.CopyBlocksProblem(pairs=pairs, key=blocks(key), value=blocks(value))
    return _native.plan_copy_blocks(problem, "Ascend910B2")


@pytest.mark.parametrize("pairs", [1, 3, 1000])
@pytest.mark.parametrize("key", [1, 31, 4096, 65537, 10**7])
@pytest.mark.parametrize("value", [0, 5000])
def test_chunks_cover_the_blocks(key: int, value: int, pairs: int) -> None:
    planned = plan(pairs=pairs, key=key, value=value)
    chunk = planned.fields["chunk_bytes"]

    assert 4096 <= chunk <= 65536
    assert planned.fields["pieces"] == pairs * (-(-key // chunk) + -(-value // chunk))
    assert planned.blocks == min(planned.fields["pieces"], 48)


def test_the_kernel_declares_the_type_of_its_variant() -> None:
    assert kernels().kernel_types["asc_copy_blocks", plan().tiling_key] == "AIV_ONLY"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pairs": -1}, r"block_mapping pairs \(-1\) must be from 0"),
        ({"key": -1}, r"key_cache block bytes \(-1\) must be from 0"),
        ({"stride": 5}, r"key_cache block stride \(5\) must be at least 65536"),
    ],
)
def test_a_problem_that_the_kernel_does_not_do_is_named(
    changes: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=r"^copy_blocks: " + message):
        plan(**changes)
