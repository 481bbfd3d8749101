# SPDX-License-Identifier: Apache-2.0
"""Random appends to a cache: exact copies where they belong, or an error and nothing written."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from ascend_attention.ops.kv_append import KvAppend
from hypothesis import strategies as st

from tests.ops.bits import same_bits
from tests.ops.fuzz import (
    DTYPES,
    OUT_OF_REACH,
    call,
    metadata,
    mostly,
    one_in,
    run_examples,
)
from tests.ops.test_kv_append import append, append_of, expected, query_of


@dataclass(frozen=True)
class Append:
    """A call, in checked mode or not."""

    call: KvAppend
    checked: bool

    def places(self) -> list[tuple[int, int]]:
        """Return block and row of each new token, as Python works them out."""
        call, page = self.call, self.call.key_cache.shape[1]
        places = []
        for row, length in enumerate(call.cache_seqlens.tolist()):
            for position in range(length, length + call.key.shape[1]):
                if not 0 <= position < call.capacity:
                    places.append((-1, position))
                elif call.block_table is not None:
                    block = int(call.block_table[row, position // page])
                    places.append((block, position % page))
                else:
                    rows = call.cache_batch_idx
                    places.append((row if rows is None else int(rows[row]), position))
        return places

    @property
    def is_valid(self) -> bool:
        given = (self.call.cache_seqlens, self.call.cache_batch_idx, self.call.block_table)
        if not all(tensor is None or tensor.dtype != torch.float32 for tensor in given):
            return False
        new, batch = self.call.key.shape[1], self.call.key.shape[0]
        lengths, rows = self.call.cache_seqlens.tolist(), self.call.cache_batch_idx
        places, blocks = self.places(), self.call.key_cache.shape[0]
        numbers = [] if rows is None else rows.tolist()
        return (
            all(0 <= length <= self.call.capacity - new for length in lengths)
            and all(0 <= row < blocks for row in numbers)
            and len(set(numbers)) == len(numbers)
            and all(0 <= block < blocks for block, _ in places)
            and len(set(places)) == len(places) == new * batch
        )


@st.composite
def appends(draw: st.DrawFn) -> Append:
    page = draw(st.sampled_from((None, None, 16, 24, 48, 256)))
    batch, new = draw(st.integers(0, 3)), draw(st.integers(0, 6))
    length = mostly(st.integers(0, 90), mostly(st.integers(91, 300), OUT_OF_REACH), 20)
    lengths = draw(st.lists(length, min_size=batch, max_size=batch))
    made = append_of(
        (0,) * batch,
        new,
        dtype=draw(DTYPES),
        page=page,
        head_dims=draw(st.sampled_from(((16, 16), (48, 16), (16, 80)))),
    )
    made = replace(made, cache_seqlens=draw(metadata(lengths, batch)))
    blocks = made.key_cache.shape[0]
    if made.block_table is not None:
        pages = made.block_table.tolist()
        block = mostly(st.integers(0, blocks - 1), OUT_OF_REACH, 4)
        for row in range(batch):
            if draw(one_in(6)):
                pages[row][draw(st.integers(0, len(pages[row]) - 1))] = draw(block)
        table = draw(metadata(pages, *made.block_table.shape))
        made = replace(made, block_table=table)
    elif draw(st.booleans()):
        order = draw(st.permutations(range(blocks)))[:batch]
        number = mostly(st.integers(0, blocks - 1), OUT_OF_REACH, 4)
        rows = draw(mostly(st.just(order), st.lists(number, min_size=batch, max_size=batch), 5))
        made = replace(made, cache_batch_idx=draw(metadata(rows, batch)))
    return Append(made, draw(one_in(8)))


def check_append(example: Append) -> int:
    made = example.call
    keys, values = made.key_cache.clone(), made.value_cache.clone()
    valid = example.is_valid
    query = query_of(made, made.key.shape[1])

    _, launches = call(
        lambda: append(made, query),
        [made.key_cache, made.value_cache],
        checked=example.checked,
        valid=valid,
    )

    if valid:
        assert same_bits(made.key_cache, expected(made, keys, made.key))
        assert same_bits(made.value_cache, expected(made, values, made.value))
    return launches


@pytest.mark.parametrize("count", [100, pytest.param(4000, marks=pytest.mark.slow)])
def test_appends(count: int) -> None:
    run_examples(appends(), check_append, count)
