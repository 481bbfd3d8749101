# SPDX-License-Identifier: Apache-2.0
"""PagedAttention on the cube: sizes that the grid leaves out, fractals, work, what chooses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from ascend_attention import paged_attention, plan_paged_attention, reshape_and_cache_nz
from ascend_attention.testing import PagedCase, paged_case

from tests.ops.attend import assert_matches, attend
from tests.ops.layouts import to_nz

if TYPE_CHECKING:
    from ascend_attention.model import Report


@pytest.mark.parametrize("layout", ["NHD", "NZ"])
@pytest.mark.parametrize("head_dim", [16, 48, 144, 160, 176, 208, 224, 240])
def test_every_multiple_of_16_is_a_head_size(
    head_dim: int, layout: str, launches: list[Report]
) -> None:
    case = paged_case((300, 7, 0, 129), head_dim=head_dim, block_size=48).filled()

    assert_matches(case, attend(case, layout, strategy="cube"))


@pytest.mark.parametrize("queries", [None, (3, 0, 17)], ids=["decode", "speculative"])
@pytest.mark.parametrize("group", [*range(1, 10), 15, 16, 17, 31, 33, 71, 128, 130])
def test_every_group_of_heads(
    group: int, queries: tuple[int, ...] | None, launches: list[Report]
) -> None:
    case = paged_case(
        (150, 65, 33), heads=2 * group, kv_heads=2, head_dim=32, query_lens=queries
    ).filled()

    assert_matches(case, attend(case, strategy="cube"))


@pytest.mark.parametrize("lengths", [range(1, 40), range(110, 146), range(500, 530)], ids=str)
@pytest.mark.parametrize("splits", [1, 3])
def test_every_length_around_the_edges(lengths: range, splits: int, launches: list[Report]) -> None:
    case = paged_case(tuple(lengths), heads=3, kv_heads=1, head_dim=16).filled()

    assert_matches(case, attend(case, num_splits=splits, strategy="cube"))


def in_fractals(case: PagedCase) -> tuple[torch.Tensor, torch.Tensor]:
    """Write the tokens of a case into empty caches of fractals."""
    caches = to_nz(case.key_cache, case.value_cache)
    reshape_and_cache_nz(case.keys, case.values, *caches, case.slot_mapping)
    return caches


def test_fractals_give_the_same_bits_wherever_they_lie(launches: list[Report]) -> None:
    case = paged_case((300, 7, 0, 129), head_dim=80, block_size=32)
    fractals = in_fractals(case)
    expected = attend(case.filled(), strategy="cube")[0]
    apart = torch.stack(fractals, dim=1)  # [blocks, 2, ...]

    for key_cache, value_cache in (fractals, apart.unbind(1)):
        output = paged_attention(
            case.query, key_cache, value_cache, case.block_tables, case.seq_lens, kv_layout="NZ"
        )
        assert isinstance(output, torch.Tensor)
        assert torch.equal(output, expected)


@pytest.mark.parametrize(("heads", "most"), [(4, 1.15), (16, 1.3)])
def test_every_key_and_value_is_multiplied_once(
    heads: int, most: float, launches: list[Report]
) -> None:
    case = paged_case((1300, 1, 0, 500), heads=heads, kv_heads=2).filled()

    attend(case, strategy="cube")

    # The cube reads keys and values, and for each of its products the few rows beside them.
    needed = sum(tensor.numel() * tensor.itemsize for tensor in (case.keys, case.values))
    assert needed <= launches[-1].pipe("M", "AIC").local_read_bytes <= most * needed


def kind_of(report: Report) -> str:
    """Say which cores multiplied."""
    return "cube" if report.pipe("M", "AIC").instructions > 0 else "vector"


@pytest.mark.parametrize(("heads", "strategy"), [(2, "vector"), (4, "vector"), (6, "cube")])
def test_what_is_planned_is_run(heads: int, strategy: str, launches: list[Report]) -> None:
    case = paged_case((130, 20), heads=heads, kv_heads=2).filled()
    arguments = case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens

    chosen = plan_paged_attention(*arguments)
    paged_attention(*arguments)

    assert chosen.strategy == strategy
    assert ("rows a key" in chosen.reason) or ("row a key" in chosen.reason)
    assert len(chosen.core_cycles) == chosen.cores
    assert kind_of(launches[-1]) == strategy
    for pinned in ("vector", "cube"):
        assert plan_paged_attention(*arguments, strategy=pinned).strategy == pinned
        paged_attention(*arguments, strategy=pinned)
        assert kind_of(launches[-1]) == pinned
