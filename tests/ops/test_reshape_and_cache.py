# SPDX-License-Identifier: Apache-2.0
"""Cache writes on the AI Core model: exact copies, nothing else touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from ascend_attention import (
    reference,
    reshape_and_cache,
    reshape_and_cache_flash,
    reshape_and_cache_nz,
)

from tests.ops.bits import random_bits
from tests.ops.layouts import to_nz, to_packed

if TYPE_CHECKING:
    from ascend_attention.model import Report

BITS = {torch.float16: torch.int16, torch.bfloat16: torch.int16, torch.float32: torch.int32}


def bits(tensor: torch.Tensor) -> np.ndarray:
    return tensor.contiguous().view(BITS[tensor.dtype]).numpy()


def write_and_compare(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slots: torch.Tensor,
) -> None:
    expected = [
        reference.reshape_and_cache_flash(bits(source), bits(cache), slots.numpy())
        for source, cache in ((key, key_cache), (value, value_cache))
    ]

    reshape_and_cache_flash(key, value, key_cache, value_cache, slots)

    np.testing.assert_array_equal(bits(key_cache), expected[0])
    np.testing.assert_array_equal(bits(value_cache), expected[1])


@pytest.mark.parametrize("tokens", [1, 2, 47, 48, 49, 200])
@pytest.mark.parametrize("head_dim", [1, 64, 100, 128, 256])
@pytest.mark.parametrize("dtype", BITS, ids=["fp16", "bf16", "fp32"])
def test_tokens_arrive_bit_by_bit(
    dtype: torch.dtype, head_dim: int, tokens: int, launches: list[Report]
) -> None:
    heads, block_size, blocks = 3, 16, 20
    slots = torch.randperm(blocks * block_size, generator=torch.Generator().manual_seed(tokens))
    slots = slots[:tokens].clone()
    slots[tokens // 2] = -1  # padding

    write_and_compare(
        random_bits((tokens, heads, head_dim), dtype, 1),
        random_bits((tokens, heads, head_dim), dtype, 2),
        random_bits((blocks, block_size, heads, head_dim), dtype, 3),
        random_bits((blocks, block_size, heads, head_dim), dtype, 4),
        slots,
    )


def test_the_slots_say_how_many_tokens_are_written(launches: list[Report]) -> None:
    key = random_bits((9, 2, 64), torch.float16, 1)
    cache = random_bits((4, 16, 2, 64), torch.float16, 2)

    write_and_compare(key, key.clone(), cache, cache.clone(), torch.tensor([60, 3, 17, 5]))


def test_a_row_larger_than_the_buffer_is_split(launches: list[Report]) -> None:
    key = random_bits((3, 256, 256), torch.float32, 1)  # 256 KiB a token
    cache = random_bits((2, 4, 256, 256), torch.float32, 2)

    write_and_compare(key, key.clone(), cache, cache.clone(), torch.tensor([6, 0, 3]))


def test_key_and_value_may_have_other_head_sizes(launches: list[Report]) -> None:
    write_and_compare(
        random_bits((5, 2, 192), torch.bfloat16, 1),
        random_bits((5, 2, 128), torch.bfloat16, 2),
        random_bits((3, 16, 2, 192), torch.bfloat16, 3),
        random_bits((3, 16, 2, 128), torch.bfloat16, 4),
        torch.tensor([40, 0, -7, 13, 25]),
    )


def test_strided_sources_and_caches(launches: list[Report]) -> None:
    fused = random_bits((6, 3, 2, 64), torch.float16, 1)  # [tokens, (q, k, v), heads, head_dim]
    caches = random_bits((4, 2, 16, 2, 64), torch.float16, 2)  # [blocks, 2, ...]
    by_heads = random_bits((4, 2, 16, 64), torch.float16, 3).transpose(1, 2)  # HND
    slots = torch.tensor([1, 33, 2, 0, 63, 17])

    write_and_compare(fused[:, 1], fused[:, 2], caches[:, 0], caches[:, 1], slots)
    write_and_compare(fused[:, 1], fused[:, 2], by_heads, by_heads.clone(), slots)


@pytest.mark.parametrize("dim", range(4), ids=["halves", "blocks", "tokens", "heads"])
def test_caches_may_share_one_tensor(dim: int, launches: list[Report]) -> None:
    shape = [4, 16, 2, 64]
    shape.insert(dim, 2)  # where K and V take turns
    key_cache, value_cache = random_bits(tuple(shape), torch.float16, 1).unbind(dim)
    key, value = (random_bits((3, 2, 64), torch.float16, seed) for seed in (2, 3))

    write_and_compare(key, value, key_cache, value_cache, torch.tensor([1, 33, 2]))


def test_only_padding_writes_nothing(launches: list[Report]) -> None:
    key = random_bits((2, 2, 64), torch.float16, 1)
    cache = random_bits((2, 16, 2, 64), torch.float16, 2)

    write_and_compare(key, key.clone(), cache, cache.clone(), torch.tensor([-1, -5]))


def test_no_tokens_write_nothing() -> None:
    key = random_bits((2, 2, 64), torch.float16, 1)
    cache = random_bits((2, 16, 2, 64), torch.float16, 2)

    write_and_compare(key, key.clone(), cache, cache.clone(), torch.empty(0, dtype=torch.int64))


LAYOUTS = {"packed": (reshape_and_cache, to_packed), "nz": (reshape_and_cache_nz, to_nz)}


@pytest.mark.parametrize("tokens", [1, 33, 200])
@pytest.mark.parametrize("sizes", [(2, 64, 64), (1, 80, 32), (3, 128, 256)], ids=str)
@pytest.mark.parametrize("block_size", [8, 16, 128])
@pytest.mark.parametrize("dtype", BITS, ids=["fp16", "bf16", "fp32"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_other_layouts_arrive_bit_by_bit(
    layout: str,
    dtype: torch.dtype,
    block_size: int,
    sizes: tuple[int, int, int],
    tokens: int,
    launches: list[Report],
) -> None:
    write, convert = LAYOUTS[layout]
    heads, head_dim, value_dim = sizes
    generator = torch.Generator().manual_seed(tokens)
    key = torch.randn(tokens, heads, head_dim, generator=generator).to(dtype)
    value = torch.randn(tokens, heads, value_dim, generator=generator).to(dtype)
    blocks = -(-tokens // block_size) + 2
    slots = torch.randperm(blocks * block_size, generator=generator)[:tokens]
    slots[::5] = -1
    caches = [
        torch.full((blocks, block_size, heads, dim), torch.nan, dtype=dtype)
        for dim in (head_dim, value_dim)
    ]
    packed = convert(*caches)
    for cache, source in zip(caches, (key, value), strict=True):
        rows = cache.view(-1, *source.shape[1:])
        rows[slots[slots >= 0]] = source[slots >= 0]

    write(key, value, *packed, slots, "auto", 1.0)

    for written, expected in zip(packed, convert(*caches), strict=True):
        assert torch.equal(written.view(torch.uint8), expected.view(torch.uint8))
