# SPDX-License-Identifier: Apache-2.0
"""flash_attention on the AI Core model: single cases, empty things, strides, NaN, same bits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from ascend_attention import flash_attention
from ascend_attention.model import checked, options
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import flash_case

from tests.ops.bits import same_bits
from tests.ops.flash_attend import State, assert_flash_matches, attend_flash
from tests.ops.test_ordering import ORDERS

if TYPE_CHECKING:
    from ascend_attention.model import Report

CAUSAL = ScoreOptions()
SINKS = np.array([-1.0, 0.0, 1.0, 2.0])
LENGTHS = (140, 3, 0, 300), (300, 200, 40, 513)


def assert_same(first: State, second: State) -> None:
    assert same_bits(first[0], second[0])
    assert same_bits(first[1], second[1])


TILINGS = list(
    itertools.product((1, 16, 48, 64, 72, 128, 256), (128, 256, 384, 512), (1, 2, 3, 4, 6), (1, 2))
)


@pytest.mark.parametrize(
    ("row_tile", "kv_tile", "lookahead", "pack"),
    [
        pytest.param(*tiling, marks=[pytest.mark.slow] if number % 17 else [])
        for number, tiling in enumerate(TILINGS)
    ],
)
def test_every_tiling(
    row_tile: int, kv_tile: int, lookahead: int, pack: int, launches: list[Report]
) -> None:
    case = flash_case(*LENGTHS, form="gapped", head_dim_v=128)
    scores = ScoreOptions(window=(290, 0), sinks=SINKS)

    state = attend_flash(
        case, scores, row_tile=row_tile, kv_tile=kv_tile, lookahead=lookahead, pack=pack
    )

    assert_flash_matches(case, state, scores)


@pytest.mark.parametrize("splits", [1, 2, 3, 4, 5, 7, 30])
@pytest.mark.parametrize("form", ["packed", "paged", "cache"])
def test_every_number_of_splits(form: str, splits: int, launches: list[Report]) -> None:
    case = flash_case((3, 1, 0, 17), (1300, 7, 40, 513), form=form)
    scores = ScoreOptions(sinks=SINKS)

    assert_flash_matches(case, attend_flash(case, scores, num_splits=splits), scores)


def test_scheduling_orders_give_the_same_bits() -> None:
    case = flash_case(*LENGTHS, form="paged")
    scores = ScoreOptions(alibi_slopes=SINKS / 9, sinks=SINKS, window=(280, 0))
    states = []
    for order in ORDERS:
        with checked(), options(**order):
            states.append(attend_flash(case, scores, num_splits=2))

    for state in states[1:]:
        assert_same(state, states[0])


def test_repeated_runs_give_the_same_bits(launches: list[Report]) -> None:
    case = flash_case(*LENGTHS, form="packed")

    assert_same(attend_flash(case, CAUSAL), attend_flash(case, CAUSAL))


def test_bits_do_not_depend_on_other_sequences(launches: list[Report]) -> None:
    case = flash_case(*LENGTHS, form="packed")
    query, key, value = case.sequences[3]
    alone = flash_case((300,), (513,), form="packed")
    alone = replace(alone, query=query, key=key, value=value, sequences=case.sequences[3:])

    together, single = (
        attend_flash(each, CAUSAL, row_tile=64, kv_tile=256) for each in (case, alone)
    )

    assert_same((together[0][-300:], together[1][-300:]), single)


@pytest.mark.parametrize("form", ["dense", "packed", "cache", "paged"])
def test_sequences_without_keys_or_without_queries(form: str, launches: list[Report]) -> None:
    case = flash_case((4, 0, 4, 0), (0, 7, 20, 0), form=form)
    with_sinks = ScoreOptions(sinks=SINKS)

    output, lse = attend_flash(case, CAUSAL)

    assert not output[:4].any()
    assert bool(torch.isneginf(lse[:4]).all())
    assert bool(lse[4:].isfinite().all())
    state = attend_flash(case, with_sinks)
    assert_flash_matches(case, state, with_sinks)
    torch.testing.assert_close(state[1][:4], torch.from_numpy(SINKS).float().expand(4, -1))


def test_query_tokens_that_do_not_count_are_zero(launches: list[Report]) -> None:
    case = flash_case((4, 1), (9, 9))

    result = flash_attention(case.query, case.key, case.value, return_lse=True, **case.arguments)

    assert isinstance(result, tuple)
    assert not result[0][1, 1:].any()
    assert bool(torch.isneginf(result[1][1, :, 1:]).all())


@pytest.mark.parametrize(
    ("query", "key"),
    [((0, 3), (0, 5)), ((2, 0), (2, 5)), ((2, 3), (2, 0))],
    ids=["no batch", "no queries", "no keys"],
)
def test_empty_tensors(query: tuple[int, int], key: tuple[int, int]) -> None:
    tensors = torch.ones(*query, 4, 16).half(), *torch.ones(2, *key, 2, 16).half()

    result = flash_attention(*tensors, return_lse=True)

    assert isinstance(result, tuple)
    assert result[0].shape == tensors[0].shape
    assert not result[0].any()
    assert bool(torch.isneginf(result[1]).all())


def test_scale_multiplies_the_scores(launches: list[Report]) -> None:
    case = flash_case(*LENGTHS, form="packed")

    assert_flash_matches(case, attend_flash(case, scale=0.03), scale=0.03)


def test_int64_metadata_gives_the_same_bits(launches: list[Report]) -> None:
    case = flash_case(*LENGTHS, form="paged")
    wide = replace(case, metadata={name: data.long() for name, data in case.metadata.items()})

    assert_same(attend_flash(case), attend_flash(wide))


@pytest.mark.parametrize("form", ["dense", "packed", "paged"])
def test_strided_tensors_give_the_same_bits(form: str, launches: list[Report]) -> None:
    case = flash_case(*LENGTHS, form=form)

    assert_same(attend_flash(case.strided()), attend_flash(case))


def apart(tensor: torch.Tensor, dim: int) -> torch.Tensor:
    """Return the tensor with more than 2^16 elements between the entries of a dimension."""
    memory = tensor.new_full((tensor.shape[dim], 2**16 + 40 + tensor[0].numel()), torch.nan)
    inner = tensor.movedim(dim, 0)[0].contiguous()
    view = memory.as_strided((tensor.shape[dim], *inner.shape), (memory.stride(0), *inner.stride()))
    return view.copy_(tensor.movedim(dim, 0)).movedim(0, dim)


@pytest.mark.parametrize("pack", [1, 4])
@pytest.mark.parametrize("dim", [0, 1], ids=["tokens", "heads"])
def test_tokens_or_heads_far_apart(dim: int, pack: int, launches: list[Report]) -> None:
    case = flash_case((21, 5), (40, 7), form="packed", heads=4, kv_heads=1, head_dim=16)
    query, key, value = (apart(tensor, dim) for tensor in (case.query, case.key, case.value))
    far = replace(case, query=query, key=key, value=value)

    assert_same(attend_flash(far, CAUSAL, pack=pack), attend_flash(case, CAUSAL, pack=pack))


def test_pages_whose_first_keys_are_left_out(launches: list[Report]) -> None:
    case = flash_case((5, 9, 1), (70, 40, 33), form="paged")
    pads = torch.tensor([17, 0, 33])
    left = replace(
        case,
        metadata={**case.metadata, "leftpad_k": pads.int()},
        sequences=tuple(
            (query, keys[pad:], values[pad:])
            for pad, (query, keys, values) in zip(pads, case.sequences, strict=True)
        ),
    )

    assert_flash_matches(left, attend_flash(left, CAUSAL), CAUSAL)


def test_infinite_scores_count_as_in_the_reference(launches: list[Report]) -> None:
    case = flash_case((3, 4), (40, 40))
    case.key[1, :, 1] = 0.0
    case.key[0, 3, 0, 0] = torch.inf  # a score of -inf: weight 0
    case.query[:, :, :, 0] = -case.query[:, :, :, 0].abs()
    sequences = tuple(
        (case.query[row, :count], case.key[row], case.value[row])
        for row, count in enumerate((3, 4))
    )
    case = replace(case, sequences=sequences)

    assert_flash_matches(case, attend_flash(case))


def test_nan_in_a_used_key_reaches_its_rows_and_no_other_head(launches: list[Report]) -> None:
    case = flash_case((20, 20), (20, 20))
    case.key[0, 12, 1, 7] = torch.nan  # kv head 1: query heads 2 and 3

    output = attend_flash(case, CAUSAL)[0].view(2, 20, 4, 64)

    assert bool(output[0, 12:, 2:].isnan().all())
    assert not bool(output[0, :, :2].isnan().any())
    assert not bool(output[1].isnan().any())


def test_the_model_computes_the_same_in_both_modes(launches: list[Report]) -> None:
    case = flash_case(*LENGTHS, form="packed", dtype=torch.bfloat16)
    state = attend_flash(case, CAUSAL)
    with options(mode="fast"):
        fast = attend_flash(case, CAUSAL)
    launches.pop()

    assert_same(state, fast)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["packed", "paged"])
def test_long_sequences(form: str, launches: list[Report]) -> None:
    case = flash_case((1500, 1), (9000, 66000), form=form, heads=2, kv_heads=1, page_size=128)

    assert_flash_matches(case, attend_flash(case, CAUSAL), CAUSAL)
