# SPDX-License-Identifier: Apache-2.0
"""Appending K and V to dense and paged caches: exact copies, rotated keys and queries, errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from ascend_attention import apply_rotary_emb
from ascend_attention.model import recorded
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.kv_append import KvAppend, rotate_and_append

from tests.ops.attend import DTYPE_NAMES, DTYPES
from tests.ops.bits import random_bits, same_bits
from tests.ops.rotary_case import RotaryCase, assert_rotated
from tests.ops.test_registration import UTILITIES

if TYPE_CHECKING:
    from ascend_attention.model import Report

CHECKS = Checks("flash_attn_with_kvcache")
CAPACITY = 96


def append_of(
    lengths: tuple[int, ...],
    new: int,
    *,
    dtype: torch.dtype = torch.float16,
    page: int | None = None,
    rows: tuple[int, ...] | None = None,
    head_dims: tuple[int, int] = (64, 64),
) -> KvAppend:
    """Return an append of any bits to caches of any bits; pages are shuffled."""
    batch, heads = len(lengths), 3
    generator = torch.Generator().manual_seed(batch + new)
    pages = -(-CAPACITY // page) if page else 0
    table = None
    if page:
        table = torch.randperm(batch * pages + 2, generator=generator)[: batch * pages]
        table = table.reshape(batch, pages).int()
    shape = (batch * pages + 2, page) if page else (batch + 2, CAPACITY)
    keys, values = (
        (
            random_bits((*shape, heads, dim), dtype, 1),
            random_bits((batch, new, heads, dim), dtype, 2),
        )
        for dim in head_dims
    )
    return KvAppend(
        key_cache=keys[0],
        value_cache=values[0],
        key=keys[1],
        value=values[1],
        cache_seqlens=torch.tensor(lengths, dtype=torch.int32),
        cache_batch_idx=None if rows is None else torch.tensor(rows, dtype=torch.int32),
        block_table=table,
        rotary_cos=None,
        rotary_sin=None,
        interleaved=False,
    )


def with_angles(call: KvAppend, rotary_dim: int, *, interleaved: bool) -> KvAppend:
    """Return the append with keys that are numbers, and with tables of angles."""
    generator = torch.Generator().manual_seed(3)
    angles = 7 * torch.rand(CAPACITY, rotary_dim // 2, generator=generator)
    key = torch.randn(call.key.shape, generator=generator).to(call.key.dtype)
    cos, sin = (table.to(key.dtype) for table in (angles.cos(), angles.sin()))
    return replace(call, key=key, rotary_cos=cos, rotary_sin=sin, interleaved=interleaved)


def query_of(call: KvAppend, tokens: int, heads: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    shape = (call.key.shape[0], tokens, heads, call.key.shape[3])
    return torch.randn(shape, generator=generator).to(call.key.dtype)


def append(
    call: KvAppend, query: torch.Tensor | None = None, *, causal: bool = True
) -> torch.Tensor:
    if query is None:
        query = query_of(call, call.key.shape[1])
    return rotate_and_append(CHECKS, query, call, causal_or_local=causal)


def expected(call: KvAppend, cache: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Write the tokens of one source one by one, with torch."""
    written = cache.clone()
    for row, length in enumerate(call.cache_seqlens.tolist()):
        for token in range(source.shape[1]):
            position = length + token
            if call.block_table is None:
                own = row if call.cache_batch_idx is None else int(call.cache_batch_idx[row])
            else:
                own = int(call.block_table[row, position // cache.shape[1]])
            written[own, position % cache.shape[1]] = source[row, token]
    return written


LENGTHS = (40, 0, 79)
PLACES: dict[str, dict[str, Any]] = {
    "dense": {},
    "rows": {"rows": (4, 0, 2)},
    "page 16": {"page": 16},
    "page 48": {"page": 48},
    "page 256": {"page": 256},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("new", [1, 2, 17])
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
@pytest.mark.parametrize("head_dims", [(64, 64), (192, 128), (20, 256)], ids=str)
def test_tokens_arrive_bit_by_bit(
    head_dims: tuple[int, int], dtype: torch.dtype, new: int, place: str, launches: list[Report]
) -> None:
    call = append_of(LENGTHS, new, dtype=dtype, head_dims=head_dims, **PLACES[place])
    keys, values = (
        expected(call, call.key_cache, call.key),
        expected(call, call.value_cache, call.value),
    )
    query = query_of(call, new)

    assert append(call, query) is query

    assert same_bits(call.key_cache, keys)
    assert same_bits(call.value_cache, values)
    assert len(launches) == 1


@pytest.mark.parametrize("place", ["rows", "page 16"])
def test_caches_and_sources_may_be_strided(place: str, launches: list[Report]) -> None:
    call = append_of(LENGTHS, 5, **PLACES[place])
    both = torch.stack((call.key_cache, call.value_cache), dim=2)  # K and V token by token
    by_heads = call.value_cache.transpose(1, 2).contiguous().transpose(1, 2)
    fused = torch.cat((call.key, call.value, call.key), dim=2)  # heads of Q, K and V of a token
    strided = replace(
        call,
        key_cache=both[:, :, 0],
        value_cache=by_heads,
        key=fused[:, :, :3],
        value=call.value.transpose(1, 2).contiguous().transpose(1, 2),
    )
    others = both[:, :, 1].clone()

    append(strided)
    append(call)

    assert same_bits(strided.key_cache, call.key_cache)
    assert same_bits(strided.value_cache, call.value_cache)
    assert same_bits(both[:, :, 1], others)


@pytest.mark.parametrize("interleaved", [False, True], ids=["halves", "interleaved"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dtype", DTYPES, ids=DTYPE_NAMES)
def test_keys_are_rotated_to_their_positions(
    dtype: torch.dtype, place: str, interleaved: bool, launches: list[Report]
) -> None:
    plain = append_of(LENGTHS, 6, dtype=dtype, **PLACES[place])
    call = with_angles(plain, 48, interleaved=interleaved)
    positions = call.cache_seqlens[:, None] + torch.arange(6)
    given = call.key.clone()
    assert call.rotary_cos is not None
    assert call.rotary_sin is not None
    key = apply_rotary_emb(
        given, call.rotary_cos, call.rotary_sin, interleaved, positions=positions
    )
    keys = expected(call, call.key_cache, key)
    values = expected(call, call.value_cache, call.value)

    append(call)

    assert_rotated(
        RotaryCase(given, call.rotary_cos, call.rotary_sin, positions.int(), interleaved), key
    )
    assert same_bits(call.key_cache, keys)
    assert same_bits(call.value_cache, values)
    assert torch.equal(call.key, given)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("tokens", [1, 6, 9])
def test_queries_are_rotated_one_behind_the_other_if_causal(
    tokens: int, causal: bool, launches: list[Report]
) -> None:
    call = with_angles(append_of((40, 0, 79), 6), 64, interleaved=True)
    query = query_of(call, tokens)
    given = query.clone()
    positions = call.cache_seqlens[:, None] + torch.arange(tokens) * int(causal)
    assert call.rotary_cos is not None
    assert call.rotary_sin is not None

    rotated = append(call, query, causal=causal)

    assert_rotated(
        RotaryCase(given, call.rotary_cos, call.rotary_sin, positions.int(), interleaved=True),
        rotated,
    )
    assert torch.equal(query, given)


def dense() -> KvAppend:
    return with_angles(append_of((10, 60), 4, rows=(3, 1)), 32, interleaved=False)


def paged() -> KvAppend:
    return replace(append_of((10, 60), 4, page=16), interleaved=True)


def put(**changes: torch.Tensor | None) -> Callable[[KvAppend], KvAppend]:
    return lambda call: replace(call, **changes)  # type: ignore[arg-type]


def with_page(row: int, column: int, block: int) -> Callable[[KvAppend], KvAppend]:
    def change(call: KvAppend) -> KvAppend:
        assert call.block_table is not None
        table = call.block_table.clone()
        table[row, column] = block
        return replace(call, block_table=table)

    return change


def share_a_page(call: KvAppend) -> KvAppend:
    assert call.block_table is not None
    call = with_page(1, 0, int(call.block_table[0, 0]))(call)
    return replace(call, cache_seqlens=torch.tensor([10, 12], dtype=torch.int32))


INT = torch.int32
WRONG: dict[
    str, tuple[Callable[[], KvAppend], Callable[[KvAppend], KvAppend], type[Exception], str]
] = {
    "capacity": (
        dense,
        put(cache_seqlens=torch.tensor([10, 93], dtype=INT)),
        ValueError,
        r"cache_seqlens\[1\] \(93\) must be from 0 to 92, because 4 new tokens must fit the cache",
    ),
    "capacity of pages": (
        paged,
        put(cache_seqlens=torch.tensor([93, 10], dtype=INT)),
        ValueError,
        r"cache_seqlens\[0\] \(93\) must be from 0 to 92, because 4 new tokens must fit the cache",
    ),
    "negative length": (
        dense,
        put(cache_seqlens=torch.tensor([-1, 10], dtype=INT)),
        ValueError,
        r"cache_seqlens\[0\] \(-1\) must be from 0 to 92",
    ),
    "more tokens than the cache": (
        dense,
        put(key=torch.zeros(2, 97, 3, 64).half(), value=torch.zeros(2, 97, 3, 64).half()),
        ValueError,
        r"k tokens \(97\) must fit the cache, which has 96",
    ),
    "row out of range": (
        dense,
        put(cache_batch_idx=torch.tensor([3, 4], dtype=INT)),
        ValueError,
        r"cache_batch_idx\[1\] \(4\) must be from 0 to 3",
    ),
    "row twice": (
        dense,
        put(cache_batch_idx=torch.tensor([3, 3], dtype=INT)),
        ValueError,
        r"cache_batch_idx \(\[3, 3\]\) must name each row once",
    ),
    "rows and pages": (
        paged,
        put(cache_batch_idx=torch.tensor([0, 1], dtype=INT)),
        ValueError,
        r"cache_batch_idx \(\[2\]\) must be None with a block_table",
    ),
    "too few rows": (
        dense,
        put(
            cache_batch_idx=None,
            key_cache=torch.zeros(1, 96, 3, 64).half(),
            value_cache=torch.zeros(1, 96, 3, 64).half(),
        ),
        ValueError,
        r"k_cache rows \(1\) must be at least the batch of k \(2\) without a cache_batch_idx",
    ),
    "page size": (
        paged,
        lambda c: replace(c, key_cache=c.key_cache[:, :12], value_cache=c.value_cache[:, :12]),
        ValueError,
        r"k_cache page size \(12\) must be a multiple of 8 from 16 to 256",
    ),
    "page out of range": (
        paged,
        with_page(1, 3, 14),
        ValueError,
        r"block_table\[1, 3\] \(14\) must be from 0 to 13",
    ),
    "page of two sequences": (
        paged,
        share_a_page,
        ValueError,
        r"block_table \(\d+\) must name no page for the new tokens of two",
    ),
    "rank": (
        dense,
        lambda c: replace(c, key=c.key[0]),
        ValueError,
        r"k \(\[4, 3, 64\]\) must have 4 dimensions",
    ),
    "rank of lengths": (
        dense,
        lambda c: replace(c, cache_seqlens=c.cache_seqlens[:, None]),
        ValueError,
        r"cache_seqlens \(\[2, 1\]\) must have 1 dimensions",
    ),
    "dtype of lengths": (
        dense,
        lambda c: replace(c, cache_seqlens=c.cache_seqlens.float()),
        TypeError,
        r"cache_seqlens dtype \(float32\) must be int32 or int64",
    ),
    "batch of lengths": (
        dense,
        lambda c: replace(c, cache_seqlens=c.cache_seqlens[:1]),
        ValueError,
        r"cache_seqlens rows \(1\) must be the batch of k \(2\)",
    ),
    "dtype of the cache": (
        dense,
        lambda c: replace(c, value_cache=c.value_cache.float()),
        TypeError,
        r"v_cache dtype \(float32\) must be float16 \(that of k\)",
    ),
    "dtype": (
        dense,
        lambda c: replace(c, key=c.key.double()),
        TypeError,
        r"k dtype \(float64\) must be float16 or bfloat16 or float32",
    ),
    "tokens of v": (
        dense,
        lambda c: replace(c, value=c.value[:, 1:]),
        ValueError,
        r"v shape \(\[2, 3, 3, 64\]\) must be \[2, 4, 3, 64\] \(batch, tokens and heads of k\)",
    ),
    "heads of the cache": (
        dense,
        lambda c: replace(c, key_cache=c.key_cache[:, :, 1:]),
        ValueError,
        r"k_cache shape \(\[4, 96, 2, 64\]\) must be \[4, 96, 3, 64\] \(heads and head_dim of k",
    ),
    "one table of angles": (
        dense,
        put(rotary_sin=None),
        ValueError,
        r"rotary_sin \(None\) must come with rotary_cos",
    ),
    "rotary_dim": (
        dense,
        lambda c: replace(
            c, rotary_cos=torch.zeros(96, 40).half(), rotary_sin=torch.zeros(96, 40).half()
        ),
        ValueError,
        r"rotary_dim, twice the columns of rotary_cos \(80\) must be a multiple of 16 up to the "
        r"head_dim of k \(64\)",
    ),
    "rows of angles": (
        dense,
        lambda c: replace(
            c, rotary_cos=torch.zeros(63, 16).half(), rotary_sin=torch.zeros(63, 16).half()
        ),
        ValueError,
        r"rotary_cos rows \(63\) must be at least 64, one for each position up to the newest",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_argument_is_named_and_nothing_written(name: str) -> None:
    make, change, error, message = WRONG[name]
    query = query_of(make(), 4)
    call = change(make())
    before = call.key_cache.clone(), call.value_cache.clone()

    with recorded() as launches, pytest.raises(error, match=f"^{CHECKS.operator}: {message}"):
        append(call, query)

    assert not launches
    assert same_bits(call.key_cache, before[0])
    assert same_bits(call.value_cache, before[1])


WRONG_QUERY: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], type[Exception], str]] = {
    "rank": (lambda q: q[0], ValueError, r"q \(\[4, 6, 64\]\) must have 4 dimensions"),
    "dtype": (lambda q: q.float(), TypeError, r"q dtype \(float32\) must be float16"),
    "batch": (lambda q: q[:1], ValueError, r"q shape \(\[1, 4, 6, 64\]\) must be \[2, 4, 6, 64\]"),
    "positions": (
        lambda q: q.repeat(1, 10, 1, 1),
        ValueError,
        r"rotary_cos rows \(96\) must be at least 100",
    ),
}


@pytest.mark.parametrize("name", WRONG_QUERY)
def test_a_wrong_query_is_named_and_nothing_written(name: str) -> None:
    change, error, message = WRONG_QUERY[name]
    call = dense()

    with recorded() as launches, pytest.raises(error, match=f"^{CHECKS.operator}: {message}"):
        append(call, change(query_of(call, 4)))

    assert not launches


@pytest.mark.parametrize("place", ["rows", "page 16"])
def test_the_operator_passes_opcheck(place: str) -> None:
    call = with_angles(
        append_of(LENGTHS, 3, dtype=torch.float32, **PLACES[place]), 32, interleaved=True
    )
    numbers = [torch.zeros_like(call.key_cache), torch.ones_like(call.value_cache)]
    call = replace(call, key_cache=numbers[0], value_cache=numbers[1], value=call.key + 1)
    arguments = tuple(getattr(call, field.name) for field in fields(call))

    torch.library.opcheck(
        torch.ops.ascend_attention.append_kv_cache.default, arguments, test_utils=UTILITIES
    )


@pytest.mark.parametrize("place", PLACES)
def test_no_tokens_are_no_launch(place: str) -> None:
    call = append_of(LENGTHS, 0, **PLACES[place])

    with recorded() as launches:
        append(call)

    assert not launches
