# SPDX-License-Identifier: Apache-2.0
"""The whole grid of flash attention against float64; a sample of it that covers all pairs is quick.

Unused memory is NaN or infinite, unused table entries point nowhere, and reading workspace before
writing it is a fault.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import torch
from ascend_attention.testing import FORMS, flash_case

from tests.ops.flash_attend import assert_flash_matches, attend_flash
from tests.ops.flash_options import KINDS, Setting, bias_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.model import Report

T = TypeVar("T")

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}
# Of query and key, and of value.
HEAD_DIMS = [
    *((size, size) for size in (16, 48, 64, 80, 96, 128, 192, 256)),
    *((192, 128), (64, 256), (112, 16)),
]
LAYOUTS = [  # form, page size, layout of pages
    *((form, 16, "NHD") for form in FORMS if "paged" not in form),
    *(("paged", *pages) for pages in ((16, "NHD"), (32, "HND"), (48, "NHD"), (256, "HND"))),
    *(("paged packed", *pages) for pages in ((16, "HND"), (128, "NHD"))),
]
HEADS = [(4, 4), (4, 2), (6, 1), (3, 3), (10, 2)]
POISONS = [torch.nan, torch.inf, -torch.inf]
EDGES = [1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513]
# None: what the tiling chooses.
TILINGS: list[dict[str, Any]] = [
    {},
    {"row_tile": 128, "kv_tile": 512, "lookahead": 1},
    {"num_splits": 3},
    {"row_tile": 64, "kv_tile": 256, "lookahead": 2, "pack": 1},
    {"row_tile": 256, "kv_tile": 256, "lookahead": 2},
    {"row_tile": 17, "kv_tile": 384, "lookahead": 3, "num_splits": 2},
    {"row_tile": 128, "kv_tile": 128, "lookahead": 4},
]
SAMPLE = 13  # one of so many is quick; shares no factor with the length of any axis


@dataclass(frozen=True)
class Point:
    """One point of the grid; what is no axis of it changes from point to point."""

    dtype: str
    head_dim: tuple[int, int]
    layout: tuple[str, int, str]
    kind: str
    number: int

    def turn(self, choices: Sequence[T]) -> T:
        """Return one of the choices; the step from one point of a kind to the next is prime."""
        return choices[(self.number + 5 * (self.number // len(KINDS))) % len(choices)]

    def lengths(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return lengths around the edges of tiles, of pages, and none."""
        first, second = self.number * 5, self.number * 11
        queries = EDGES[first % 16], EDGES[second // 16 % 9], 0, 5
        keys = EDGES[second % 16], EDGES[first // 7 % 16], 9, 0
        order = self.number % 4
        return queries[order:] + queries[:order], keys[order:] + keys[:order]

    def tiling(self) -> dict[str, Any]:
        """Return a tiling that fits the heads."""
        tiling = dict(self.turn(TILINGS))
        if max(self.head_dim) > 128 and tiling.get("row_tile") == 256:
            tiling["row_tile"] = 112
        return tiling

    def __str__(self) -> str:
        where = "-".join(map(str, self.layout))
        return f"{self.dtype}-d{self.head_dim[0]}x{self.head_dim[1]}-{where}-{self.kind}"


AXES = itertools.product(DTYPES, HEAD_DIMS, LAYOUTS, KINDS)
GRID = [
    pytest.param(point, id=str(point), marks=[pytest.mark.slow] if point.number % SAMPLE else [])
    for point in itertools.starmap(Point, ((*values, n) for n, values in enumerate(AXES)))
]


@pytest.mark.parametrize("point", GRID)
def test_error_is_within_the_bound(point: Point, launches: list[Report]) -> None:
    heads, kv_heads = point.turn(HEADS)
    form, page_size, kv_layout = point.layout
    query_lens, key_lens = point.lengths()
    dtype = DTYPES[point.dtype]
    case = flash_case(
        query_lens,
        key_lens,
        form=form,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=point.head_dim[0],
        head_dim_v=point.head_dim[1],
        page_size=page_size,
        kv_layout=kv_layout,
        dtype=dtype,
        poison=point.turn(POISONS),
        seed=point.number,
    )
    options = KINDS[point.kind](Setting(query_lens, key_lens, heads, dtype, point.number))

    given = case.strided() if point.turn([False, True]) else case
    state = attend_flash(given, options, bias_dtype(point.kind, dtype), **point.tiling())

    assert_flash_matches(case, state, options)


def test_the_sample_covers_all_pairs() -> None:
    points = [param.values[0] for param in GRID if not param.marks]
    axes = ("dtype", "head_dim", "layout", "kind")
    for first, second in itertools.combinations(axes, 2):
        sampled, wanted = (
            {(getattr(point, first), getattr(point, second)) for point in some}
            for some in (points, [param.values[0] for param in GRID])
        )
        assert sampled == wanted, f"{first} and {second}"


LENGTHS = [
    pytest.param(queries, keys, marks=[pytest.mark.slow] if n % 9 else [])
    for n, (queries, keys) in enumerate(itertools.product(EDGES, EDGES))
]


@pytest.mark.parametrize("kind", ["all keys", "causal", "both"])
@pytest.mark.parametrize(("queries", "keys"), LENGTHS)
def test_lengths_around_every_edge(
    queries: int, keys: int, kind: str, launches: list[Report]
) -> None:
    case = flash_case((queries, 1), (keys, 1), form="packed", heads=2, kv_heads=1)
    options = KINDS[kind](Setting((queries, 1), (keys, 1), 2, torch.float16, 0))

    for tiling in TILINGS[:3]:
        state = attend_flash(case, options, **tiling)
        assert_flash_matches(case, state, options)


@pytest.mark.parametrize("kv_heads", [1, 2, 3, 4, 6, 12])
@pytest.mark.parametrize("pack", [0, 1, -1])
@pytest.mark.parametrize("form", ["packed", "paged"])
def test_every_ratio_of_heads(form: str, pack: int, kv_heads: int, launches: list[Report]) -> None:
    case = flash_case((1, 35, 3), (140, 35, 9), form=form, heads=12, kv_heads=kv_heads)
    options = KINDS["causal"](Setting((1, 35, 3), (140, 35, 9), 12, torch.float16, 0))

    state = attend_flash(case, options, pack=12 // kv_heads if pack < 0 else pack)

    assert_flash_matches(case, state, options)
