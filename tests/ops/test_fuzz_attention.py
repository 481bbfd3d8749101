# SPDX-License-Identifier: Apache-2.0
"""Random block tables, lengths and query starts: attention as in float64, or an error."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from ascend_attention import paged_attention, paged_attention_v1, paged_attention_v2, reference
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import pack_caches
from hypothesis import strategies as st

from tests.ops.attend import LAYOUTS, STRATEGIES, in_layout, option_arguments
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

Pair = tuple[torch.Tensor, torch.Tensor]  # K and V
PARTITION = 512  # tokens, of paged_attention_v2


@dataclass(frozen=True)
class Cache:
    """A cache, and the metadata of the sequences in it."""

    dtype: torch.dtype
    blocks: int
    block_size: int
    heads: int
    kv_heads: int
    head_dim: int
    tables: torch.Tensor
    lengths: torch.Tensor
    seed: int
    checked: bool

    @property
    def batch(self) -> int:
        return self.lengths.shape[0]

    def normal(self, *shape: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed + len(shape))
        return torch.randn(*shape, generator=generator).to(self.dtype)

    def used(self, counts: list[int], left: int) -> list[tuple[int, range]]:
        """Return the sequence and the columns of its table that any query token looks at."""
        size = self.block_size
        return [
            (row, range(max(length - count - left, 0) // size, -(-length // size)))
            for row, (length, count) in enumerate(zip(self.lengths.tolist(), counts, strict=True))
        ]

    def is_valid(self, counts: list[int], left: int) -> bool:
        lengths, columns = self.lengths.tolist(), self.tables.shape[1]
        return (
            is_readable(self.tables)
            and is_readable(self.lengths)
            and all(0 <= length <= columns * self.block_size for length in lengths)
            and all(
                0 <= self.tables[row, column] < self.blocks
                for row, used in self.used(counts, left)
                for column in used
            )
        )

    def tensors(self, counts: list[int], left: int, *, valid: bool) -> Pair:
        """Return K and V; all that nobody looks at is poisoned."""
        shape = (self.blocks, self.block_size, self.kv_heads, self.head_dim)
        pair = self.normal(2, *shape)
        if valid:
            unused = torch.ones(shape[:2], dtype=torch.bool)
            for row, columns in self.used(counts, left):
                for column in columns:
                    end = int(self.lengths[row]) - column * self.block_size
                    unused[int(self.tables[row, column]), :end] = False
            pair[:, unused] = (torch.nan, torch.inf, -torch.inf)[self.seed % 3]
        return pair[0], pair[1]

    def assert_close(
        self,
        state: tuple[torch.Tensor, torch.Tensor | None],
        query: torch.Tensor,
        caches: Pair,
        starts: list[int],
        options: ScoreOptions,
    ) -> None:
        """Compare with the reference: within a few roundings of what is added up."""
        tables = self.tables.long()
        tables[(tables < 0) | (tables >= self.blocks)] = 0  # nobody looks there
        with np.errstate(invalid="ignore"):
            exact, exact_lse = reference.paged_attention(
                query.float().numpy(),
                caches[0].float().numpy(),
                caches[1].float().numpy(),
                tables.numpy(),
                self.lengths.numpy(),
                query_start_loc=np.array(starts),
                options=options,
            )
        eps = torch.finfo(self.dtype).eps
        largest = max(float(np.abs(exact).max(initial=0.0)), 1.0)
        np.testing.assert_allclose(
            state[0].double().numpy(), exact, rtol=0, atol=max(2 * eps * largest, 4e-6)
        )
        if state[1] is not None:
            np.testing.assert_allclose(state[1].double().numpy(), exact_lse, rtol=1e-5, atol=1e-5)


@st.composite
def block_caches(draw: st.DrawFn, block_sizes: tuple[int, ...]) -> Cache:
    blocks, size = draw(st.integers(0, 6)), draw(st.sampled_from(block_sizes))
    batch, columns = draw(st.integers(0, 4)), draw(st.integers(0, 5))
    capacity = columns * size
    block = st.integers(0, blocks - 1) if blocks else OUT_OF_REACH
    wild = draw(one_in(5))  # the others are right in all entries that count
    entry = mostly(block, OUT_OF_REACH) if wild else block
    tables = draw(
        st.lists(
            st.lists(entry, min_size=columns, max_size=columns), min_size=batch, max_size=batch
        )
    )
    edges = [n * size + d for n in range(columns + 1) for d in (-1, 0, 1)]
    edges = [edge for edge in edges if 0 <= edge <= capacity]
    length = st.one_of(st.integers(0, capacity), st.sampled_from(edges))
    if not blocks:
        length = st.just(0)
    length = mostly(length, st.one_of(OUT_OF_REACH, st.just(capacity + 1))) if wild else length
    lengths = draw(st.lists(length, min_size=batch, max_size=batch))
    for row, tokens in zip(tables, lengths, strict=True):
        end = min(max(-(-tokens // size), 0), columns)
        row[end:] = [draw(OUT_OF_REACH.filter(lambda x: abs(x) < 2**31))] * (columns - end)
    kv_heads = draw(st.integers(1, 2))
    return Cache(
        draw(DTYPES),
        blocks,
        size,
        kv_heads * draw(st.sampled_from((1, 2, 3))),
        kv_heads,
        draw(st.sampled_from((8, 32, 72))),
        draw(metadata(tables, batch, columns)),
        draw(metadata(lengths, batch)),
        draw(st.integers(0, 2**16)),
        draw(one_in(8)),
    )


@dataclass(frozen=True)
class Attention:
    """A call of paged_attention."""

    cache: Cache
    layout: str
    tokens: int  # of the query
    starts: torch.Tensor | None
    arguments: dict[str, Any]
    options: ScoreOptions

    @property
    def counts(self) -> list[int]:
        if self.starts is None:
            return [1] * self.cache.batch
        starts = self.starts.tolist()
        return [int(end) - int(begin) for begin, end in itertools.pairwise(starts)]

    @property
    def left(self) -> int:
        left = self.options.window[0]
        return 2**40 if left < 0 else left

    @property
    def has_strategy(self) -> bool:
        """Say whether there is a variant for it."""
        cache, strategy = self.cache, self.arguments["strategy"]
        is_whole = cache.head_dim % 16 == 0 and cache.block_size % 16 == 0
        if self.layout == "packed" or cache.dtype == torch.float32 or not is_whole:
            return strategy != "cube" and self.layout != "NZ"
        return strategy != "vector" or self.layout != "NZ"

    @property
    def is_valid(self) -> bool:
        method, splits = self.arguments["method"], self.arguments["num_splits"]
        most = self.arguments["max_query_len"]
        starts_are_right = self.tokens == self.cache.batch
        if self.starts is not None:
            starts = self.starts.tolist()
            starts_are_right = (
                is_readable(self.starts)
                and starts[0] == 0
                and starts[-1] == self.tokens
                and all(count >= 0 for count in self.counts)
            )
        return (
            starts_are_right
            and self.has_strategy
            and self.cache.is_valid(self.counts, self.left)
            and (most is None or most >= max([1, *self.counts]))
            and min(self.options.window) >= -1
            and self.options.softcap >= 0
            and splits >= 0
            and (splits == 0 or method == "auto")
            and not (method == "v2" and PARTITION % self.cache.block_size)
        )


@st.composite
def attentions(draw: st.DrawFn) -> Attention:
    cache = draw(block_caches((8, 16, 24)))
    tokens, starts = cache.batch, None
    if draw(st.booleans()):
        count = st.integers(0, 5)
        counts = draw(st.lists(count, min_size=cache.batch, max_size=cache.batch))
        ends = [0, *itertools.accumulate(counts)]
        tokens = ends[-1]
        if draw(one_in(12)):
            ends[draw(st.integers(0, cache.batch))] += draw(st.integers(-2, 2))
        starts = draw(metadata(ends, len(ends)))
    tokens += draw(mostly(st.just(0), st.just(1), 30))
    random = np.random.default_rng(cache.seed)
    slopes, sinks = random.standard_normal((2, cache.heads)).astype(np.float32)
    window = mostly(st.just(-1), st.integers(0, 60), 2)
    options = ScoreOptions(
        softcap=draw(mostly(st.just(0.0), st.sampled_from((2.0, 30.0, -1.0)), 4)),
        alibi_slopes=draw(st.sampled_from((None, abs(slopes) / 8))),
        window=(draw(mostly(window, st.just(-2), 30)), -1),
        sinks=draw(st.sampled_from((None, sinks))),
    )
    arguments = {
        "method": draw(mostly(st.just("auto"), st.sampled_from(("v1", "v2", "vllm")), 3)),
        "num_splits": draw(mostly(st.just(0), st.sampled_from((1, 2, 3, 7, 100, -1)), 3)),
        "max_query_len": draw(mostly(st.none(), st.integers(0, 6), 8)),
        "strategy": draw(mostly(st.just("auto"), st.sampled_from(STRATEGIES), 3)),
    }
    layouts = sorted({*LAYOUTS["vector"], *LAYOUTS["cube"]})
    if cache.kv_heads * cache.head_dim * cache.dtype.itemsize % 32 != 0:
        layouts.remove("NZ")
    return Attention(cache, draw(st.sampled_from(layouts)), tokens, starts, arguments, options)


def check_attention(example: Attention) -> int:
    cache, valid = example.cache, example.is_valid
    query = cache.normal(example.tokens, cache.heads, cache.head_dim)
    caches = cache.tensors(example.counts, example.left, valid=valid)

    arguments: dict[str, Any] = {
        "query_start_loc": example.starts,
        "kv_layout": example.layout,
        "return_lse": True,
        **option_arguments(example.options),
        **example.arguments,
    }

    state, launches = call(
        lambda: paged_attention(
            query, *in_layout(*caches, example.layout), cache.tables, cache.lengths, **arguments
        ),
        [],
        checked=cache.checked,
        valid=valid,
    )

    if valid:
        assert isinstance(state, tuple)
        starts = [0, *itertools.accumulate(example.counts)]
        cache.assert_close(state, query, caches, starts, example.options)
    return launches


@dataclass(frozen=True)
class VllmCall:
    """A call of paged_attention_v1 or _v2."""

    cache: Cache
    version: int
    max_seq_len: int
    alibi_slopes: torch.Tensor | None
    partitions: int  # of the buffers
    num_kv_heads: int
    block_size: int

    @property
    def is_valid(self) -> bool:
        cache, tokens = self.cache, self.max_seq_len
        given = (self.num_kv_heads, self.block_size)
        slopes = self.alibi_slopes
        return (
            cache.is_valid([1] * cache.batch, 2**40)
            and tokens >= max([0, *cache.lengths.tolist()])
            and given == (cache.kv_heads, cache.block_size)
            and (slopes is None or slopes.shape == (cache.heads,))
            and (
                self.version == 1
                or (PARTITION % given[1] == 0 and self.partitions == -(-tokens // PARTITION))
            )
        )


@st.composite
def vllm_calls(draw: st.DrawFn) -> VllmCall:
    cache = draw(block_caches((8, 16, 24, 128, 256)))
    longest = max([0, *(int(length) for length in cache.lengths if abs(length) < 2**20)])
    max_seq_len = draw(
        mostly(st.integers(longest, longest + 600), st.integers(longest - 600, longest), 10)
    )
    partitions = max(-(-max_seq_len // PARTITION), 0)
    slopes = cache.normal(cache.heads).float().abs() / 8
    return VllmCall(
        cache,
        draw(st.sampled_from((1, 2, 2))),
        max_seq_len,
        draw(mostly(st.sampled_from((None, slopes)), st.just(slopes[:-1]), 30)),
        draw(mostly(st.just(partitions), st.integers(0, 3), 12)),
        draw(mostly(st.just(cache.kv_heads), st.integers(0, 3), 30)),
        draw(mostly(st.just(cache.block_size), st.just(32), 30)),
    )


def check_vllm_call(example: VllmCall) -> int:
    cache, valid = example.cache, example.is_valid
    query = cache.normal(cache.batch, cache.heads, cache.head_dim)
    caches = cache.tensors([1] * cache.batch, 2**40, valid=valid)
    state = (cache.batch, cache.heads, example.partitions)
    partials = [
        torch.full(state, torch.nan),
        torch.full(state, torch.nan),
        torch.full((*state, cache.head_dim), torch.nan, dtype=cache.dtype),
    ]
    out = torch.full_like(query, torch.nan)
    written = [out, *partials] if example.version > 1 else [out]
    function = paged_attention_v2 if example.version > 1 else paged_attention_v1

    arguments: list[Any] = [
        *written,
        query,
        *pack_caches(*caches),
        example.num_kv_heads,
        cache.head_dim**-0.5,
        cache.tables,
        cache.lengths,
        example.block_size,
        example.max_seq_len,
        example.alibi_slopes,
        "auto",
        1.0,
    ]

    _, launches = call(lambda: function(*arguments), written, checked=cache.checked, valid=valid)

    if valid:
        slopes = example.alibi_slopes
        options = ScoreOptions(alibi_slopes=None if slopes is None else slopes.numpy())
        cache.assert_close((out, None), query, caches, list(range(cache.batch + 1)), options)
    return launches


@pytest.mark.parametrize("count", [150, pytest.param(8000, marks=pytest.mark.slow)])
def test_paged_attention(count: int) -> None:
    run_examples(attentions(), check_attention, count)


@pytest.mark.parametrize("count", [100, pytest.param(5000, marks=pytest.mark.slow)])
def test_paged_attention_v1_and_v2(count: int) -> None:
    run_examples(vllm_calls(), check_vllm_call, count)
