# SPDX-License-Identifier: Apache-2.0
"""PagedAttention on the AI Core model: single cases against float64, strides, empty things, NaN."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from ascend_attention import model
from ascend_attention.testing import paged_case

from tests.ops.attend import STRATEGIES, assert_matches, attend

if TYPE_CHECKING:
    from ascend_attention.model import Report


@pytest.fixture(params=STRATEGIES)
def strategy(request: pytest.FixtureRequest) -> str:
    """Which cores multiply."""
    return str(request.param)


def test_a_group_of_71_heads_is_split_into_tasks(launches: list[Report], strategy: str) -> None:
    case = paged_case((70, 9), heads=71, kv_heads=1, head_dim=64).filled()

    assert_matches(case, attend(case, strategy=strategy))


def test_length_0_gives_zeros_and_minus_infinity(launches: list[Report], strategy: str) -> None:
    case = paged_case((0, 5, 0)).filled()

    output, lse = attend(case, strategy=strategy)

    assert torch.equal(output[[0, 2]], torch.zeros_like(output[[0, 2]]))
    assert torch.equal(lse[[0, 2]], torch.full_like(lse[[0, 2]], -torch.inf))
    assert bool(lse[1].isfinite().all())
    assert launches


def test_an_empty_batch_gives_an_empty_output(strategy: str) -> None:
    case = paged_case((4,)).filled()
    empty = replace(
        case,
        query=case.query[:0],
        block_tables=case.block_tables[:0],
        seq_lens=case.seq_lens[:0],
    )

    output, lse = attend(empty, strategy=strategy)

    assert output.shape == (0, 8, 128)
    assert lse.shape == (0, 8)


@pytest.mark.slow
def test_length_131072(launches: list[Report], strategy: str) -> None:
    case = paged_case((131072,), heads=2, kv_heads=1, head_dim=64, block_size=128).filled()

    assert_matches(case, attend(case, strategy=strategy))


def test_the_length_is_bounded_by_the_block_table_only(
    launches: list[Report], strategy: str
) -> None:
    case = paged_case((8192 + 77,), heads=1, kv_heads=1, head_dim=64).filled()

    assert_matches(case, attend(case, strategy=strategy))


def test_scale_multiplies_the_scores(launches: list[Report], strategy: str) -> None:
    case = paged_case((33, 64)).filled()

    assert_matches(case, attend(case, scale=0.03, strategy=strategy), scale=0.03)


def test_int64_metadata_gives_the_same_bits(launches: list[Report], strategy: str) -> None:
    case = paged_case((33, 64)).filled()
    wide = replace(case, block_tables=case.block_tables.long(), seq_lens=case.seq_lens.long())

    assert torch.equal(attend(case, strategy=strategy)[0], attend(wide, strategy=strategy)[0])


def test_strided_caches_and_queries_give_the_same_bits(
    launches: list[Report], strategy: str
) -> None:
    case = paged_case((33, 64, 7)).filled()
    both = torch.stack([case.key_cache, case.value_cache], dim=1)  # [blocks, 2, ...]
    queries = torch.stack([case.query, case.query], dim=1)[:, 1]
    # Heads before tokens in memory (HND), seen as [blocks, block_size, heads, head_dim].
    by_heads = case.key_cache.transpose(1, 2).contiguous().transpose(1, 2)

    expected = attend(case, strategy=strategy)[0]

    interleaved = replace(case, query=queries, key_cache=both[:, 0], value_cache=both[:, 1])
    assert torch.equal(attend(interleaved, strategy=strategy)[0], expected)
    assert torch.equal(attend(replace(case, key_cache=by_heads), strategy=strategy)[0], expected)


@pytest.mark.parametrize("mode", ["fast", "checked"])
@pytest.mark.parametrize("first", range(0, 17, 4))
def test_metadata_may_lie_side_by_side(mode: str, first: int, strategy: str) -> None:
    case = paged_case((20, 5, 7), heads=4, head_dim=64).filled()
    (batch, columns), end = case.block_tables.shape, first + case.seq_lens.numel()
    metadata = torch.zeros(64, dtype=torch.int32)  # the two share lines of 64 bytes
    lengths = metadata[first:end].copy_(case.seq_lens)
    tables = metadata[end : end + batch * columns].view(batch, columns).copy_(case.block_tables)

    with model.mode(mode):
        case = replace(case, seq_lens=lengths, block_tables=tables)
        assert_matches(case, attend(case, strategy=strategy))


def test_infinite_scores_count_as_in_the_reference(launches: list[Report], strategy: str) -> None:
    case = paged_case((40, 40), head_dim=64)
    case.keys[3, 0, 0] = torch.inf  # scores of +inf and -inf, by the sign of the query
    case.keys[50, 1] = 0.0
    case.filled()
    case.query[:, :, 0] = -case.query[:, :, 0].abs()  # all of them -inf: weight 0

    assert_matches(case, attend(case, strategy=strategy))


def test_nan_in_a_used_row_reaches_exactly_its_heads(launches: list[Report], strategy: str) -> None:
    case = paged_case((20, 20), heads=4, kv_heads=2)
    case.keys[4, 1, 7] = torch.nan  # sequence 0, kv head 1: query heads 2 and 3
    case.filled()

    output, _ = attend(case, strategy=strategy)

    assert bool(output[0, 2:].isnan().all())
    assert not bool(output[0, :2].isnan().any())
    assert not bool(output[1].isnan().any())


def test_repeated_runs_give_the_same_bits(launches: list[Report], strategy: str) -> None:
    case = paged_case((300, 41)).filled()

    assert torch.equal(attend(case, strategy=strategy)[0], attend(case, strategy=strategy)[0])
