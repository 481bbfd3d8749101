# SPDX-License-Identifier: Apache-2.0
"""Random slots and mappings: exact copies, or an error and nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from ascend_attention import (
    copy_blocks,
    reshape_and_cache,
    reshape_and_cache_flash,
    reshape_and_cache_nz,
    swap_blocks,
)
from hypothesis import strategies as st

from tests.ops.bits import random_bits, same_bits
from tests.ops.fuzz import (
    DTYPES,
    OUT_OF_REACH,
    call,
    is_readable,
    metadata,
    mostly,
    one_in,
    run_examples,
)
from tests.ops.layouts import to_nz, to_packed, to_rows

WRITES = {
    "rows": (reshape_and_cache_flash, to_rows),
    "packed": (reshape_and_cache, to_packed),
    "nz": (reshape_and_cache_nz, to_nz),
}


@dataclass(frozen=True)
class CacheWrite:
    """A call of one of the cache writes."""

    layout: str
    dtype: torch.dtype
    blocks: int
    block_size: int
    heads: int
    head_dims: tuple[int, int]  # of K and of V
    tokens: int
    slots: torch.Tensor
    checked: bool

    @property
    def is_valid(self) -> bool:
        slots = self.slots.tolist()
        written = [slot for slot in slots if slot >= 0]
        return (
            is_readable(self.slots)
            and len(slots) <= self.tokens
            and len(set(written)) == len(written)
            and all(slot < self.blocks * self.block_size for slot in written)
        )


@st.composite
def cache_writes(draw: st.DrawFn) -> CacheWrite:
    blocks, block_size = draw(st.integers(0, 4)), draw(st.sampled_from((8, 16, 24)))
    capacity = blocks * block_size
    slot = st.integers(-1, capacity - 1) if capacity else st.just(-1)
    slots = draw(
        mostly(
            st.lists(slot, max_size=12, unique=True),
            st.lists(mostly(slot, OUT_OF_REACH, 6), max_size=12),
            4,
        )
    )
    dims = st.sampled_from((16, 32, 48, 80))
    return CacheWrite(
        draw(st.sampled_from(sorted(WRITES))),
        draw(DTYPES),
        blocks,
        block_size,
        draw(st.integers(1, 3)),
        draw(st.tuples(dims, dims)),
        draw(mostly(st.integers(len(slots), len(slots) + 2), st.integers(0, 3))),
        draw(metadata(slots, len(slots))),
        draw(one_in(8)),
    )


def check_write(example: CacheWrite) -> int:
    write, convert = WRITES[example.layout]
    sources, caches = (
        [
            random_bits((*sizes, example.heads, dim), example.dtype, seed + i)
            for i, dim in enumerate(example.head_dims)
        ]
        for sizes, seed in (((example.tokens,), 0), ((example.blocks, example.block_size), 2))
    )
    written = list(convert(*caches))
    valid = example.is_valid

    arguments: list[Any] = [*sources, *written, example.slots]

    _, launches = call(
        lambda: write(*arguments),
        written,
        checked=example.checked,
        valid=valid,
    )

    if valid:
        slots = example.slots.long()
        for cache, source in zip(caches, sources, strict=True):
            rows = cache.view(-1, *source.shape[1:])
            rows[slots[slots >= 0]] = source[: len(slots)][slots >= 0]
        assert all(map(same_bits, written, convert(*caches)))
    return launches


@dataclass(frozen=True)
class BlockCopy:
    """A call of copy_blocks or swap_blocks."""

    dtype: torch.dtype
    blocks: tuple[int, int]  # of sources and targets
    block_shape: tuple[int, ...]
    layers: int  # -1: swap_blocks between two caches, -2: within one
    mapping: torch.Tensor
    checked: bool

    @property
    def within_one(self) -> bool:
        return self.layers != -1

    @property
    def is_valid(self) -> bool:
        if not is_readable(self.mapping):
            return False
        if self.layers == 0:
            return True
        pairs = self.mapping.tolist()
        targets = [target for _, target in pairs]
        sources, capacity = self.blocks[0], self.blocks[0 if self.within_one else 1]
        return (
            len(set(targets)) == len(targets)
            and all(0 <= source < sources and 0 <= target < capacity for source, target in pairs)
            and not (
                self.within_one
                and any(source in targets and source != target for source, target in pairs)
            )
        )


@st.composite
def block_copies(draw: st.DrawFn) -> BlockCopy:
    blocks = draw(st.tuples(st.integers(0, 7), st.integers(0, 7)))
    layers = draw(st.sampled_from((-2, -1, -1, 0, 1, 1, 2)))
    capacity = blocks[1] if layers == -1 else blocks[0]
    order = draw(st.permutations(range(capacity)))
    cut = draw(st.integers(0, capacity))
    origins = range(blocks[0]) if layers == -1 else order[cut:]
    right = [(draw(st.sampled_from(origins)), target) for target in order[:cut] if origins]
    block = mostly(st.integers(0, max(blocks)), OUT_OF_REACH)
    wrong = st.lists(st.tuples(block, block), max_size=6)
    pairs = draw(mostly(st.just(right), wrong, 3))
    return BlockCopy(
        draw(st.sampled_from((torch.float16, torch.float32, torch.int8, torch.uint8))),
        blocks,
        draw(st.sampled_from(((16, 2, 64), (3,), (8, 1, 33), (2, 8, 16, 8)))),
        layers,
        draw(metadata([list(pair) for pair in pairs], len(pairs), 2)),
        draw(one_in(8)),
    )


def check_copy(example: BlockCopy) -> int:
    def make(count: int, seed: int) -> torch.Tensor:
        return random_bits((count, *example.block_shape), example.dtype, seed)

    pairs, valid = example.mapping, example.is_valid
    if example.layers < 0:
        target = make(example.blocks[0 if example.within_one else 1], 1)
        source = target if example.within_one else make(example.blocks[0], 2)
        caches, sources = [target], [source.clone()]
        run = lambda: swap_blocks(source, target, pairs)  # noqa: E731
    else:
        caches = [make(example.blocks[0], seed) for seed in range(2 * example.layers)]
        sources = [cache.clone() for cache in caches]
        keys, values = caches[: example.layers], caches[example.layers :]
        run = lambda: copy_blocks(keys, values, pairs)  # noqa: E731
    expected = [cache.clone() for cache in caches]

    _, launches = call(run, caches, checked=example.checked, valid=valid)

    if valid:
        for cache, origin, wanted in zip(caches, sources, expected, strict=True):
            wanted[pairs[:, 1].long()] = origin[pairs[:, 0].long()]
            assert same_bits(cache, wanted)
    return launches


@pytest.mark.parametrize("count", [100, pytest.param(6000, marks=pytest.mark.slow)])
def test_cache_writes(count: int) -> None:
    run_examples(cache_writes(), check_write, count)


@pytest.mark.parametrize("count", [100, pytest.param(4000, marks=pytest.mark.slow)])
def test_block_copies(count: int) -> None:
    run_examples(block_copies(), check_copy, count)
