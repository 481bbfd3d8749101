# SPDX-License-Identifier: Apache-2.0
"""AscReshapeAndCache in every layout and AscCopyBlocks: exact copies, bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name

from tests.ops.bits import random_bits, same_bits
from tests.ops.layouts import to_nz, to_packed, to_rows

if TYPE_CHECKING:
    from ascend_attention.model import Report

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.int8]
ARRANGED = {"rows": to_rows, "packed": to_packed, "nz": to_nz}


def native_dtype(tensor: torch.Tensor) -> _native.DataType:
    return _native.DataType.int8 if tensor.dtype == torch.int8 else dtype_of(tensor)


def write(layout: str, sources: list[torch.Tensor], slots: torch.Tensor, size: int) -> None:
    """Write into caches of known contents and compare all of their bytes."""
    tokens, heads, dim = sources[0].shape
    blocks = int(slots.max()) // size + 2
    dtype = sources[0].dtype
    before = [random_bits((blocks, size, heads, dim), dtype, 7 + i) for i in range(2)]
    caches = ARRANGED[layout](*before)
    row = heads * dim
    view = (
        _native.PagedCacheView(size * row, row, dim)
        if layout == "rows"
        else _native.PagedCacheView(size * row, 0, size * dim)
    )
    writes = [
        _native.CacheWriteProblem(
            tokens,
            source.stride(0),
            _native.PagedCacheShape(blocks, size, heads, dim),
            view,
        )
        for source in sources
    ]
    plan = _native.plan_reshape_and_cache(
        _native.ReshapeAndCacheProblem(
            dtype=native_dtype(sources[0]),
            tokens=slots.numel(),
            key=writes[0],
            value=writes[1],
            layout=getattr(_native.CacheLayout, layout),
        ),
        soc_name(),
    )
    outputs = [argument(f"cache {i}", cache, writable=True) for i, cache in enumerate(caches)]
    run_plan(
        plan,
        *(argument("source", source) for source in sources),
        *outputs,
        argument("slot_mapping", slots),
        *outputs,
    )

    for old, source in zip(before, sources, strict=True):
        flat = old.view(-1, heads, dim)
        for token, slot in enumerate(slots.tolist()):
            if slot >= 0:
                flat[slot] = source[token]
    assert all(map(same_bits, caches, ARRANGED[layout](*before)))


@pytest.mark.parametrize("layout", ARRANGED)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    ("tokens", "heads", "dim", "size"),
    [(5, 2, 64, 8), (130, 8, 96, 16), (3, 40, 128, 24), (60, 1, 32, 128)],
)
def test_every_layout_is_written_exactly(
    tokens: int,
    heads: int,
    dim: int,
    size: int,
    dtype: torch.dtype,
    layout: str,
    launches: list[Report],
) -> None:
    sources = [random_bits((tokens, heads, dim), dtype, i) for i in range(2)]
    order = torch.randperm(tokens + 40, generator=torch.Generator().manual_seed(3))
    slots = order[:tokens].int()
    slots[::7] = -1
    write(layout, sources, slots, size)


@pytest.mark.parametrize("layout", ["packed", "nz"])
def test_strided_sources(layout: str, launches: list[Report]) -> None:
    both = random_bits((20, 2, 4, 64), torch.float16, 1)
    write(layout, [both[:, 0], both[:, 1]], torch.arange(20).int(), 16)


def copy(
    sources: list[torch.Tensor], targets: list[torch.Tensor], mapping: torch.Tensor
) -> _native.Plan:
    """Copy blocks of one or two caches ``[blocks, ...]``."""
    problems = [
        _native.BlockCopyProblem(
            target[0].numel() * target.element_size(),
            source.stride(0) * source.element_size(),
            target.stride(0) * target.element_size(),
        )
        for source, target in zip(sources, targets, strict=True)
    ]
    value = {"value": problems[1]} if len(problems) > 1 else {}
    plan = _native.plan_copy_blocks(
        _native.CopyBlocksProblem(pairs=mapping.shape[0], key=problems[0], **value), soc_name()
    )
    # A source that is its own target is one writable argument.
    outputs = [argument("target", target, writable=True) for target in targets]
    inputs = [
        output if source is target else argument("source", source)
        for source, target, output in zip(sources, targets, outputs, strict=True)
    ]
    missing = [None] * (2 - len(outputs))
    run_plan(
        plan,
        *inputs,
        *missing,
        *outputs,
        *missing,
        argument("block_mapping", mapping),
        *outputs,
        *missing,
    )
    return plan


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(16, 2, 64), (8, 1, 33), (128, 8, 128), (256, 40, 128)])
@pytest.mark.parametrize("pairs", [1, 5])
def test_blocks_are_copied_exactly(
    pairs: int, shape: tuple[int, int, int], dtype: torch.dtype, launches: list[Report]
) -> None:
    caches = [random_bits((12, *shape), dtype, i) for i in range(2)]
    order = torch.randperm(12, generator=torch.Generator().manual_seed(4))
    mapping = torch.stack([order[:pairs], order[6 : 6 + pairs]], dim=1).int()
    expected = [cache.clone() for cache in caches]
    for cache in expected:
        cache[mapping[:, 1].long()] = cache[mapping[:, 0].long()]

    copy(caches, caches, mapping)

    for cache, wanted in zip(caches, expected, strict=True):
        assert same_bits(cache, wanted)


def test_blocks_move_between_caches_of_different_strides(launches: list[Report]) -> None:
    source = random_bits((6, 2, 16, 2, 32), torch.float16, 1)[:, 1]
    target = random_bits((9, 16, 2, 32), torch.float16, 2)
    mapping = torch.tensor([[0, 8], [5, 0], [3, 3]], dtype=torch.int32)
    expected = target.clone()
    expected[[8, 0, 3]] = source[[0, 5, 3]]

    copy([source], [target], mapping)

    assert same_bits(target, expected)
