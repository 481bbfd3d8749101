# SPDX-License-Identifier: Apache-2.0
"""flash_attn_with_kvcache: appends in place, rotates, and attends to what the cache holds then."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from ascend_attention import apply_rotary_emb, flash_attn_with_kvcache
from ascend_attention.model import Report, recorded
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import FlashCase, flash_case

from tests.ops.bits import same_bits
from tests.ops.flash_attend import ALL_KEYS, State, assert_flash_matches

Index = tuple[torch.Tensor, torch.Tensor]  # rows or blocks, and tokens in them
FORMS = ["dense", "cache", "paged"]
QUERIES, KEYS = (4, 4, 4), (37, 20, 66)
CAUSAL = ScoreOptions(causal=True)


def make_case(form: str, **changes: Any) -> FlashCase:  # noqa: ANN401
    return flash_case(QUERIES, KEYS, form=form, **changes)


def cache_arguments(case: FlashCase) -> dict[str, Any]:
    """Return where the sequences are, under flash-attention's names."""
    metadata = case.metadata
    return {
        "cache_batch_idx": metadata.get("kv_batch_idx"),
        "cache_leftpad": metadata.get("leftpad_k"),
        "block_table": metadata.get("block_table"),
        "kv_layout": case.kv_layout,
    }


def newest(case: FlashCase, new: int) -> Index:
    """Return where the newest tokens of each sequence are in the cache: ``[batch, new]``."""
    metadata = case.metadata
    at = metadata["seqused_k"].long()[:, None] + torch.arange(-new, 0)
    if "block_table" in metadata:
        page = case.key.shape[2 if case.kv_layout == "HND" else 1]
        return metadata["block_table"].long().gather(1, at // page), at % page
    rows = metadata.get("kv_batch_idx", torch.arange(len(at)))
    return rows.long()[:, None].expand_as(at), at


def tokens_of(case: FlashCase, cache: torch.Tensor) -> torch.Tensor:
    """See a cache with tokens before heads."""
    return cache.transpose(1, 2) if case.kv_layout == "HND" else cache


def take_newest(case: FlashCase, new: int) -> tuple[FlashCase, torch.Tensor, torch.Tensor]:
    """Return the case without its newest keys and values, and these."""
    index = newest(case, new)
    shorter = replace(case, key=case.key.clone(), value=case.value.clone())
    taken = []
    for cache in (tokens_of(case, shorter.key), tokens_of(case, shorter.value)):
        taken.append(cache[index])
        cache[index] = torch.nan
    return shorter, taken[0], taken[1]


def state_of(case: FlashCase, result: object) -> State:
    assert isinstance(result, tuple)
    output, lse = result
    return case.used(output), case.used_lse(lse)


@pytest.mark.parametrize("new", [1, 3, 17])
@pytest.mark.parametrize("form", FORMS)
def test_new_tokens_are_appended_and_seen(form: str, new: int, launches: list[Report]) -> None:
    case = make_case(form, head_dim_v=32)
    cache, k, v = take_newest(case, new)

    result = flash_attn_with_kvcache(
        cache.query,
        cache.key,
        cache.value,
        k,
        v,
        cache_seqlens=case.metadata["seqused_k"] - new,
        causal=True,
        return_softmax_lse=True,
        **cache_arguments(case),
    )

    assert same_bits(cache.key, case.key)
    assert same_bits(cache.value, case.value)
    assert_flash_matches(case, state_of(case, result), CAUSAL)


OPTIONS = {
    "all keys": (ALL_KEYS, False),
    "causal": (CAUSAL, True),
    "window": (ScoreOptions(causal=False, window=(30, 2)), True),
}


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", OPTIONS)
def test_new_keys_and_queries_are_rotated(
    name: str, form: str, interleaved: bool, launches: list[Report]
) -> None:
    options, moves = OPTIONS[name]
    case, new = make_case(form), 3
    angles = torch.rand(max(KEYS) + 16, 16, generator=torch.Generator().manual_seed(0)) * 7
    tables = angles.cos().half(), angles.sin().half()
    before = case.metadata["seqused_k"] - new
    cache, k, v = take_newest(case, new)

    result = flash_attn_with_kvcache(
        cache.query,
        cache.key,
        cache.value,
        k,
        v,
        *tables,
        before,
        causal=options.causal,
        window_size=options.window,
        rotary_interleaved=interleaved,
        return_softmax_lse=True,
        **cache_arguments(case),
    )

    keys = apply_rotary_emb(k, *tables, interleaved, seqlen_offsets=before)
    steps = torch.arange(QUERIES[0]) if moves else torch.zeros(QUERIES[0], dtype=torch.int64)
    positions = before[:, None] + steps
    query = apply_rotary_emb(case.query, *tables, interleaved, positions=positions)
    assert torch.equal(cache.key[newest(case, new)], keys)
    rotated = replace(
        case,
        query=query,
        key=cache.key,
        sequences=tuple(
            (query[row], torch.cat([old[:-new], keys[row]]), values)
            for row, (_, old, values) in enumerate(case.sequences)
        ),
    )
    assert_flash_matches(rotated, state_of(case, result), options)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_appended_without_new_keys(form: str, launches: list[Report]) -> None:
    case = make_case(form)
    before = case.key.clone(), case.value.clone()

    result = flash_attn_with_kvcache(
        case.query,
        case.key,
        case.value,
        cache_seqlens=case.metadata["seqused_k"],
        return_softmax_lse=True,
        softmax_scale=0.3,
        num_splits=3,
        **cache_arguments(case),
    )

    assert same_bits(case.key, before[0])
    assert same_bits(case.value, before[1])
    assert_flash_matches(case, state_of(case, result), scale=0.3)


def test_pages_with_heads_first(launches: list[Report]) -> None:
    case = make_case("paged", kv_layout="HND", page_size=32)
    cache, k, v = take_newest(case, 2)
    arguments = cache_arguments(case)
    arguments["page_table"] = arguments.pop("block_table")

    result = flash_attn_with_kvcache(
        cache.query,
        cache.key,
        cache.value,
        k,
        v,
        cache_seqlens=case.metadata["seqused_k"] - 2,
        return_softmax_lse=True,
        **arguments,
    )

    assert same_bits(cache.key, case.key)
    assert_flash_matches(case, state_of(case, result))


def test_one_length_for_all_sequences(launches: list[Report]) -> None:
    whole = flash_case((4, 4), (20, 20))
    # A cache may have more rows than there are sequences.
    key, value = (
        torch.cat([cache, torch.full_like(cache, torch.nan)]) for cache in (whole.key, whole.value)
    )
    caches = whole.query, key, value
    output = flash_attn_with_kvcache(*caches, cache_seqlens=20, return_softmax_lse=True)
    everything = flash_attn_with_kvcache(*caches, return_softmax_lse=True)
    paged = flash_case((4, 4), (32, 32), form="paged")
    all_pages = flash_attn_with_kvcache(
        paged.query,
        paged.key,
        paged.value,
        block_table=paged.metadata["block_table"],
        return_softmax_lse=True,
    )

    assert_flash_matches(whole, state_of(whole, output))
    assert_flash_matches(whole, state_of(whole, everything))
    assert_flash_matches(paged, state_of(paged, all_pages))


def with_bad_page(arguments: dict[str, Any]) -> None:
    arguments["block_table"][2, 0] = 99


WRONG: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "an old page": ("block_table[2, 0] (99) must be in 0..", with_bad_page),
    "a window": (
        "window_size ((-4, -1)) must be two numbers",
        lambda arguments: arguments.update(window_size=(-4, -1)),
    ),
    "slopes": (
        "alibi_slopes shape ([3]) must be [4]",
        lambda arguments: arguments.update(alibi_slopes=torch.ones(3)),
    ),
    "a length": (
        "cache_seqlens[1] (900) must be from 0 to",
        lambda arguments: arguments["cache_seqlens"].fill_(0)[1].fill_(900),
    ),
    "an output of another dtype": (
        "out dtype (float32) must be float16 (that of q)",
        lambda arguments: arguments.update(out=torch.zeros(3, 4, 4, 64)),
    ),
    "an output of another shape": (
        "out shape ([3, 4, 4, 16]) must be [3, 4, 4, ",
        lambda arguments: arguments.update(out=torch.zeros(3, 4, 4, 16).half()),
    ),
    "a question instead of an answer": (
        "causal (maybe) must be a bool",
        lambda arguments: arguments.update(causal="maybe"),
    ),
    "lengths in a list": (
        "cache_seqlens (list) must be a tensor, a whole number or None",
        lambda arguments: arguments.update(cache_seqlens=[1, 2, 3]),
    ),
    "a number of lengths beyond int32": (
        "cache_seqlens[0] (1099511627776) must be from 0 to",
        lambda arguments: arguments.update(cache_seqlens=2**40),
    ),
    "left padding behind the end": (
        "leftpad_k[0] (900) must be in 0..",
        lambda arguments: arguments.update(cache_leftpad=torch.tensor([900, 0, 0])),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_appends_nothing(name: str) -> None:
    message, change = WRONG[name]
    case = make_case("paged")
    cache, k, v = take_newest(case, 1)
    before = cache.key.clone(), cache.value.clone()
    arguments = {**cache_arguments(case), "cache_seqlens": case.metadata["seqused_k"] - 1}
    change(arguments)

    message = re.escape(message)
    with recorded() as reports, pytest.raises((TypeError, ValueError), match=message):
        flash_attn_with_kvcache(cache.query, cache.key, cache.value, k, v, **arguments)

    assert not reports
    assert same_bits(cache.key, before[0])
    assert same_bits(cache.value, before[1])
