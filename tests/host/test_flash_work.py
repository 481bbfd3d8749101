# SPDX-License-Identifier: Apache-2.0
"""Units of attention on cube and vector cores: all work once, in balance, and little more."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ascend_attention import _native

from tests.host.flash_problem import CORES, Unit, packed, problem, units_of


def visible(described: _native.FlashProblem, queries: int, keys: int, token: int) -> set[int]:
    """Keys that a query token sees."""
    position = keys - queries + token
    left, right = described.window_left, described.window_right
    first = 0 if left < 0 else max(position - left, 0)
    end = keys if right < 0 else min(position + right + 1, keys)
    return set(range(first, max(end, 0)))


def scores_of(
    blocks: list[list[Unit]], described: _native.FlashProblem, query_lens: list[int], pack: int
) -> Counter[tuple[int, int, int, int]]:
    """How often each (sequence, head, query token, key) lies in a unit."""
    counted: Counter[tuple[int, int, int, int]] = Counter()
    for unit in (unit for block in blocks for unit in block):
        assert unit.first_row + unit.rows <= query_lens[unit.sequence] * pack
        for row in range(unit.first_row, unit.first_row + unit.rows):
            token, head = row // pack, unit.first_head + row % pack
            for key in range(unit.first_key, unit.end_key):
                counted[unit.sequence, head, token, key] += 1
    return counted


WINDOWS = {"all": (-1, -1), "causal": (-1, 0), "window": (37, 5), "left": (0, 0)}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("pack", [1, 2])
@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize("form", ["dense", "packed"])
def test_every_score_that_is_seen_lies_in_one_unit(
    form: str, splits: int, pack: int, window: str
) -> None:
    query_lens, key_lens = (
        ([40, 40], [300, 300]) if form == "dense" else ([33, 0, 1], [20, 50, 400])
    )
    left, right = WINDOWS[window]
    shape: dict[str, Any] = {"heads": 4, "kv_heads": 2, "pack": pack, "row_tile": 16}
    shape |= {"splits": splits, "window_left": left, "window_right": right}
    described = (
        problem(queries=40, keys=300, **shape)
        if form == "dense"
        else packed(query_lens, key_lens, **shape)
    )
    blocks = units_of(described, query_lens, key_lens)

    counted = scores_of(blocks, described, query_lens, pack)
    assert set(counted.values()) <= {1}
    wanted = {
        (sequence, head, token, key)
        for sequence, (queries, keys) in enumerate(zip(query_lens, key_lens, strict=True))
        for head in range(4)
        for token in range(queries)
        for key in visible(described, queries, keys, token)
    }
    assert wanted <= set(counted)


def test_rows_that_see_nothing_belong_to_a_unit() -> None:
    query_lens, key_lens = [5, 3], [0, 1]  # one sequence without keys, tokens before the first key

    described = packed(query_lens, key_lens, causal=True, heads=1, kv_heads=1)

    units = [unit for block in units_of(described, query_lens, key_lens) for unit in block]

    assert [(unit.sequence, unit.first_row, unit.rows) for unit in units] == [(0, 0, 5), (1, 0, 3)]
    assert units[0].macs == 0


def test_a_prefix_is_seen_by_all_query_tokens() -> None:
    described = packed([64], [300], causal=True, has_prefixes=True, heads=1, kv_heads=1)

    def ends(prefix: int) -> list[int]:
        blocks = units_of(described, [64], [300], [prefix])
        return [unit.end_key for block in blocks for unit in block]

    assert min(ends(0)) < 290
    assert min(ends(290)) == 290
    assert max(ends(290)) == 300


PREFILL = {
    "1 x 8k, 8 heads": {"batch": 1, "queries": 8192},
    "1 x 1k, 8 heads": {"batch": 1, "queries": 1024},
    "2 x 4k, GQA": {"queries": 4096, "heads": 32},
    "4 x 2k, 40 heads": {"batch": 4, "queries": 2048, "heads": 40, "kv_heads": 40},
    "1 x 32k, 1 head": {"batch": 1, "queries": 32768, "heads": 1, "kv_heads": 1},
    "chunk of 2k before 16k": {"batch": 1, "queries": 2048, "keys": 16384},
}


@pytest.mark.parametrize("name", PREFILL)
def test_causal_prefill_is_balanced(name: str) -> None:
    described = problem(causal=True, **PREFILL[name])

    blocks = units_of(described)

    assert len(blocks) == CORES
    assert_balanced(blocks)


def test_packed_prefill_is_balanced() -> None:
    lengths = [3000, 17, 900, 1, 5000, 128, 129, 2048]
    described = packed(lengths, lengths, causal=True, heads=16, kv_heads=4)

    blocks = units_of(described, lengths, lengths)

    assert len(blocks) == CORES
    assert_balanced(blocks)


def keys_of(unit: Unit) -> int:
    return unit.end_key - unit.first_key


def assert_balanced(blocks: list[list[Unit]]) -> None:
    """The busiest block has at most a tenth and a unit more than the mean, in keys."""
    largest = max(keys_of(unit) for block in blocks for unit in block)
    sums = [sum(keys_of(unit) for unit in block) for block in blocks]
    assert max(sums) <= 1.1 * sum(sums) / len(sums) + largest


@pytest.mark.parametrize("causal", [False, True])
def test_steps_multiply_what_is_seen_and_little_more(causal: bool) -> None:
    described = problem(batch=1, queries=4096, heads=1, kv_heads=1, causal=causal)

    macs = sum(unit.macs for block in units_of(described) for unit in block)

    seen = 4096 * 4097 // 2 if causal else 4096 * 4096
    assert seen * 256 <= macs <= 1.04 * seen * 256


RAGGED = [16384, *range(60, 91)]  # one long sequence and many short ones


@pytest.mark.parametrize("kv_heads", [1, 8])
def test_one_long_sequence_among_short_ones_is_split(kv_heads: int) -> None:
    ragged: dict[str, Any] = {"heads": 8 * kv_heads, "kv_heads": kv_heads}
    described = packed([1] * 32, RAGGED, **ragged)

    assert_balanced(units_of(described, [1] * 32, RAGGED))
    whole = units_of(packed([1] * 32, RAGGED, splits=1, **ragged), [1] * 32, RAGGED)
    longest = max(keys_of(unit) for block in whole for unit in block)
    split = max(
        sum(keys_of(unit) for unit in block) for block in units_of(described, [1] * 32, RAGGED)
    )
    assert split <= longest / 2
