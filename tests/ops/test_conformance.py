# SPDX-License-Identifier: Apache-2.0
"""The whole grid of paged attention against float64; a sample of it that covers all pairs is quick.

Unused cache is NaN or infinite, unused table entries point nowhere, and reading workspace before
writing it is a fault.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import torch
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import paged_case

from tests.ops.attend import (
    DTYPE_NAMES,
    DTYPES,
    HEAD_DIMS,
    LAYOUTS,
    STRATEGIES,
    STRATEGY_LAYOUTS,
    assert_matches,
    attend,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.model import Report

T = TypeVar("T")

BLOCK_SIZES = [8, 16, 24, 32, 40, 64, 128, 136, 256]
HEADS = {
    "vector": [(8, 2), (4, 4), (6, 1), (3, 3)],
    "cube": [(8, 2), (4, 4), (6, 1), (3, 3), (40, 4), (24, 1)],
}
POISONS = [torch.nan, torch.inf, -torch.inf]
# None: what the tiling chooses.
SPLITS: list[dict[str, Any]] = [{}, {"num_splits": 3}, {"method": "v1"}, {"num_splits": 7}]
# One of so many is quick; shares no factor with the length of any axis.
SAMPLE = {"vector": 23, "cube": 11}

GENERATOR = torch.Generator().manual_seed(0)
SLOPES = (torch.randn(40, generator=GENERATOR).abs() / 8).numpy()
SINKS = torch.randn(40, generator=GENERATOR).numpy()
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "alibi": {"alibi_slopes": SLOPES},
    "softcap": {"softcap": 2.0},
    "window": {"window": (20, -1)},
    "window of one": {"window": (0, -1)},
    "sinks": {"sinks": SINKS},
    "all": {"alibi_slopes": SLOPES, "softcap": 3.0, "window": (70, -1), "sinks": SINKS},
}
QUERIES: dict[str, tuple[int, ...] | None] = {
    "decode": None,
    "speculative": (2, 1, 16, 1, 5),
    "more than there is": (4, 2, 9, 3, 7),
    "none": (0, 3, 0, 16, 1),
}


@dataclass(frozen=True)
class Point:
    """One point of the grid; what is no axis of it changes from point to point."""

    strategy: str
    dtype: torch.dtype
    head_dim: int
    block_size: int
    layout: str
    options: str
    number: int

    def turn(self, choices: Sequence[T], slowly: int = 1) -> T:
        """Return one of the choices, the same one for so many numbers."""
        return choices[self.number // slowly % len(choices)]

    def lengths(self) -> tuple[int, ...]:
        """Return lengths around the edges of a page, of a step of the kernel, and ragged ones."""
        page = self.block_size
        step = 16 * 1024 // (self.head_dim * self.dtype.itemsize)
        if self.strategy == "cube":
            step = 512 if self.head_dim <= 128 else 256
        edges: list[tuple[int, ...]] = [
            (3, 0, 130, 1, 257),
            (page - 1, page, page + 1, 1, 2 * page),
            (step - 1, step, step + 1, 0, 2 * step),
            (1, 511, 512, 513, 2),
            (page * 3 + 1, 1, 7, 65, 64),
        ]
        return edges[self.number % len(edges)]

    def __str__(self) -> str:
        name = DTYPE_NAMES[DTYPES.index(self.dtype)]
        sizes = f"d{self.head_dim}-page{self.block_size}"
        return f"{self.strategy}-{name}-{sizes}-{self.layout}-{self.options}"


def scores_of(name: str, heads: int) -> ScoreOptions:
    """Return options for so many heads."""
    values = dict(OPTIONS[name])
    for per_head in ("alibi_slopes", "sinks"):
        if per_head in values:
            values[per_head] = values[per_head][:heads]
    return ScoreOptions(**values)


def grid_of(strategy: str) -> list[Point]:
    """Return all that a strategy does: on the cube no float32, and sizes of whole fractals."""
    unit = 16 if strategy == "cube" else 8
    axes: list[list[Any]] = [
        [dtype for dtype in DTYPES if strategy == "vector" or dtype != torch.float32],
        [head_dim for head_dim in HEAD_DIMS if head_dim % unit == 0],
        [block_size for block_size in BLOCK_SIZES if block_size % unit == 0],
        LAYOUTS[strategy],
        list(OPTIONS),
    ]
    values = enumerate(itertools.product(*axes))
    return list(itertools.starmap(Point, ((strategy, *point, n) for n, point in values)))


GRID = [
    pytest.param(
        point,
        id=str(point),
        marks=[pytest.mark.slow] if point.number % SAMPLE[point.strategy] else [],
    )
    for strategy in STRATEGIES
    for point in grid_of(strategy)
]


@pytest.mark.parametrize("point", GRID)
def test_error_is_within_the_bound(point: Point, launches: list[Report]) -> None:
    heads, kv_heads = point.turn(HEADS[point.strategy])
    options = scores_of(point.options, heads)
    case = paged_case(
        point.lengths(),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=point.head_dim,
        block_size=point.block_size,
        dtype=point.dtype,
        query_lens=QUERIES[point.turn(list(QUERIES), 5)],
        poison=point.turn(POISONS),
        seed=point.number,
    ).filled()

    state = attend(case, point.layout, options, strategy=point.strategy, **point.turn(SPLITS, 11))

    assert_matches(case, state, options)


def test_the_sample_covers_all_pairs() -> None:
    points = [param.values[0] for param in GRID if not param.marks]
    axes = ("dtype", "head_dim", "block_size", "layout", "options")
    for first, second in itertools.combinations(axes, 2):
        sampled, wanted = (
            {tuple(getattr(point, axis) for axis in ("strategy", first, second)) for point in some}
            for some in (points, [param.values[0] for param in GRID])
        )
        assert sampled == wanted, f"{first} and {second}"


@pytest.mark.parametrize("queries", [None, (0, 3, 0, 16, 1)], ids=["decode", "speculative"])
@pytest.mark.parametrize(
    ("strategy", "layout"),
    [("vector", "NHD"), ("vector", "packed"), ("cube", "NHD"), ("cube", "NZ")],
)
@pytest.mark.parametrize("splits", [*range(1, 8), 32, 100])
def test_every_number_of_splits(
    splits: int,
    strategy: str,
    layout: str,
    queries: tuple[int, ...] | None,
    launches: list[Report],
) -> None:
    case = paged_case((500, 3, 0, 417, 64), head_dim=64, query_lens=queries).filled()

    assert_matches(case, attend(case, layout, num_splits=splits, strategy=strategy))


@pytest.mark.parametrize("method", ["auto", "v1", "v2", "vllm"])
@pytest.mark.parametrize(
    ("strategy", "layout", "dtype"),
    [
        (*variant, dtype)
        for variant, dtype in itertools.product(STRATEGY_LAYOUTS, DTYPES)
        if variant[0] == "vector" or dtype != torch.float32
    ],
)
def test_every_method(
    strategy: str, layout: str, dtype: torch.dtype, method: str, launches: list[Report]
) -> None:
    case = paged_case((1100, 512, 0, 513), head_dim=64, dtype=dtype).filled()

    assert_matches(case, attend(case, layout, method=method, strategy=strategy))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_bits_do_not_depend_on_other_sequences(strategy: str, launches: list[Report]) -> None:
    case = paged_case((700, 90, 300)).filled()
    alone = paged_case((700,)).filled()
    alone.query[0] = case.query[0]
    for cache, tokens in ((alone.key_cache, case.keys), (alone.value_cache, case.values)):
        cache.view(-1, *cache.shape[2:])[alone.slot_mapping] = tokens[:700]

    both = [attend(each, num_splits=6, strategy=strategy) for each in (case, alone)]

    assert torch.equal(both[0][0][0], both[1][0][0])
    assert torch.equal(both[0][1][0], both[1][1][0])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_window_skips_the_pages_before_it(strategy: str, launches: list[Report]) -> None:
    case = paged_case((4000,), head_dim=64).filled()

    attend(case, method="v1", strategy=strategy)
    attend(case, "NHD", ScoreOptions(window=(100, -1)), method="v1", strategy=strategy)

    moved = [report.pipe("MTE2").gm_read_bytes for report in launches]
    assert moved[1] < moved[0] / 20
