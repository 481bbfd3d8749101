# SPDX-License-Identifier: Apache-2.0
"""copy_blocks and swap_blocks copy bit by bit, touch nothing else, and name wrong arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch
from ascend_attention import copy_blocks, swap_blocks
from ascend_attention.model import recorded

from tests.ops.bits import random_bits, same_bits

if TYPE_CHECKING:
    from ascend_attention.model import Report

BLOCKS = 9
MAPPING = torch.tensor([[0, 5], [3, 1], [3, 8], [7, 2]])
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.int8, torch.uint8)
SHAPES = [(16, 2, 64), (2, 8, 16, 8), (8, 1, 3), (128, 8, 128)]


def random_cache(seed: int, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return random_bits((BLOCKS, *shape), dtype, seed)


def copied(cache: torch.Tensor, source: torch.Tensor, mapping: torch.Tensor) -> torch.Tensor:
    expected = cache.clone()
    for origin, target in mapping.tolist():
        expected[target] = source[origin]
    return expected


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("layers", [1, 3])
def test_copies_are_exact(
    layers: int, dtype: torch.dtype, shape: tuple[int, ...], launches: list[Report]
) -> None:
    keys = [random_cache(layer, shape, dtype) for layer in range(layers)]
    values = [random_cache(10 + layer, shape[::-1], dtype) for layer in range(layers)]
    expected = [copied(cache, cache, MAPPING) for cache in (*keys, *values)]

    copy_blocks(keys, values, MAPPING)

    assert len(launches) == layers
    assert all(map(same_bits, (*keys, *values), expected))


@pytest.mark.parametrize("mapping_dtype", [torch.int32, torch.int64], ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_swaps_are_exact(
    dtype: torch.dtype, mapping_dtype: torch.dtype, launches: list[Report]
) -> None:
    source, target = (random_cache(seed, (16, 2, 40), dtype) for seed in (1, 2))
    mapping = torch.tensor([[5, 5], [5, 0], [8, 6]], dtype=mapping_dtype)
    before, expected = source.clone(), copied(target, source, mapping)

    swap_blocks(source, target, mapping)

    assert same_bits(source, before)
    assert same_bits(target, expected)


def test_a_cache_may_be_swapped_with_itself(launches: list[Report]) -> None:
    cache = random_cache(3, (16, 2, 64), torch.float16)
    expected = copied(cache, cache, MAPPING)

    swap_blocks(cache, cache, MAPPING)

    assert same_bits(cache, expected)


def test_blocks_may_be_strided(launches: list[Report]) -> None:
    both = torch.stack(
        [random_cache(seed, (16, 2, 64), torch.float16) for seed in (1, 2)], dim=1
    )  # K and V of a block side by side
    expected = [copied(both[:, i], both[:, i], MAPPING) for i in (0, 1)]

    copy_blocks([both[:, 0]], [both[:, 1]], MAPPING)

    assert same_bits(both[:, 0], expected[0])
    assert same_bits(both[:, 1], expected[1])


def test_nothing_to_copy_is_no_launch() -> None:
    cache = random_cache(1, (16, 2, 64), torch.float16)
    nothing = torch.empty(0, 2, dtype=torch.int64)

    with recorded() as launches:
        copy_blocks([], [], MAPPING)
        copy_blocks([cache], [cache.clone()], nothing)
        swap_blocks(cache, cache.clone(), nothing)

    assert not launches


def copy_arguments() -> dict[str, Any]:
    return {
        "key_caches": [torch.zeros(BLOCKS, 16, 2, 64).half()],
        "value_caches": [torch.zeros(BLOCKS, 16, 2, 64).half()],
        "block_mapping": MAPPING.clone(),
    }


def swap_arguments() -> dict[str, Any]:
    return {
        "src": torch.ones(BLOCKS, 16, 2, 64).half(),
        "dst": torch.zeros(BLOCKS, 16, 2, 64).half(),
        "block_mapping": MAPPING.clone(),
    }


Wrong = tuple[Callable[[dict[str, Any]], Any], type[Exception], str]
PAIRS: dict[str, Wrong] = {
    "source out of range": (
        lambda a: a["block_mapping"].__setitem__((1, 0), BLOCKS),
        ValueError,
        r"block_mapping\[1, 0\] \(9\) must be in 0\.\.8",
    ),
    "negative target": (
        lambda a: a["block_mapping"].__setitem__((2, 1), -1),
        ValueError,
        r"block_mapping\[2, 1\] \(-1\) must be in 0\.\.8",
    ),
    "target twice": (
        lambda a: a["block_mapping"].__setitem__((2, 1), 5),
        ValueError,
        r"block_mapping target \(5\) must come once",
    ),
    "mapping shape": (
        lambda a: a.update(block_mapping=MAPPING.t().contiguous()),
        ValueError,
        r"block_mapping shape \(\[2, 4\]\) must be \[pairs, 2\]",
    ),
    "mapping of floats": (
        lambda a: a.update(block_mapping=MAPPING.float()),
        TypeError,
        r"block_mapping dtype \(float32\) must be int64 or int32",
    ),
    "mapping beyond int32": (
        lambda a: a["block_mapping"].__setitem__((0, 0), 2**40),
        ValueError,
        rf"block_mapping \({2**40}\) must fit into int32",
    ),
    "mapping is a list": (
        lambda a: a.update(block_mapping=MAPPING.tolist()),
        TypeError,
        r"block_mapping \(list\) must be a tensor",
    ),
}
COPIES: dict[str, Wrong] = {
    **PAIRS,
    "source is a target too": (
        lambda a: a["block_mapping"].__setitem__((0, 0), 1),
        ValueError,
        r"block_mapping source \(1\) must not be a target too",
    ),
    "caches are a tensor": (
        lambda a: a.update(key_caches=a["key_caches"][0]),
        TypeError,
        r"key_caches \(Tensor\) must be a list of tensors",
    ),
    "fewer values": (
        lambda a: a.update(value_caches=[]),
        ValueError,
        r"value_caches \(0\) must be as many as key_caches \(1\)",
    ),
    "fewer blocks": (
        lambda a: a.update(value_caches=[a["value_caches"][0][:8]]),
        ValueError,
        r"value_caches\[0\] blocks \(8\) must be those of key_caches\[0\] \(9\)",
    ),
    "one cache for both": (
        lambda a: a.update(value_caches=a["key_caches"]),
        ValueError,
        r"key_caches\[0\] \(0x[0-9a-f]+\) must not overlap value_caches\[0\] in memory",
    ),
    "strided block": (
        lambda a: a.update(key_caches=[a["key_caches"][0].transpose(1, 2)]),
        ValueError,
        r"key_caches\[0\] strides \(.*\) must be contiguous from dimension 1 on",
    ),
}
SWAPS: dict[str, Wrong] = {
    **PAIRS,
    "dtypes differ": (
        lambda a: a.update(dst=a["dst"].bfloat16()),
        TypeError,
        r"dst dtype \(bfloat16\) must be float16 \(that of src\)",
    ),
    "blocks differ": (
        lambda a: a.update(dst=a["dst"][:, :8].contiguous()),
        ValueError,
        r"dst shape \(\[9, 8, 2, 64\]\) must be \[9, 16, 2, 64\] \(blocks as those of src\)",
    ),
    "within one cache, source is a target too": (
        lambda a: (
            a.update(src=a["dst"]),
            a["block_mapping"].__setitem__((0, 0), 1),
        ),
        ValueError,
        r"block_mapping source \(1\) must not be a target too",
    ),
    "half of one memory": (
        lambda a: a.update(src=a["dst"][1:]),
        ValueError,
        r"(dst \(0x[0-9a-f]+\) must not overlap src in memory|block_mapping\[)",
    ),
}


OPERATORS: dict[str, tuple[Callable[..., None], dict[str, Wrong], Callable[[], dict[str, Any]]]] = {
    "copy_blocks": (copy_blocks, COPIES, copy_arguments),
    "swap_blocks": (swap_blocks, SWAPS, swap_arguments),
}


@pytest.mark.parametrize(
    ("operator", "name"),
    [("copy_blocks", name) for name in COPIES] + [("swap_blocks", name) for name in SWAPS],
)
def test_the_wrong_argument_is_named_and_nothing_written(operator: str, name: str) -> None:
    function, table, make = OPERATORS[operator]
    change, error, message = table[name]
    call = make()
    written = [*call.get("key_caches", []), *call.get("value_caches", [])] or [call["dst"]]
    change(call)

    with recorded() as launches, pytest.raises(error, match=rf"^{operator}: {message}"):
        function(**call)

    assert not launches
    assert not any(tensor.any() for tensor in written)
