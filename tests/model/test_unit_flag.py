# SPDX-License-Identifier: Apache-2.0
"""Unit flags of L0C: what they order, waits that never end, flags left up."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import aligned, covers, raises_fault

PLAIN = covers("Mmad", "fault")
MMAD, FIXPIPE, BARRIER_M, BARRIER_FIX, M_TO_FIX, FIX_TO_M, RESET = range(7)
MOST_STEPS = 16
COLUMN = 128 * 64  # bytes of 16 columns of a tile with 128 rows

Step = tuple[int, int, int, int, int, int]  # as in probe_unit_flag.cpp


def product(unit_flag: int, m: int = 128, n: int = 128, at: int = 0) -> Step:
    return (MMAD, m, n, unit_flag, at, 0)


def fixpipe(unit_flag: int, m: int = 128, n: int = 128, at: int = 0, stride: int = 128) -> Step:
    return (FIXPIPE, m, n, unit_flag, at, stride)


def order(operation: int) -> Step:
    return (operation, 0, 0, 0, 0, 0)


def run(probes: model.Library, *steps: Step) -> None:
    case = np.zeros(1 + 6 * MOST_STEPS, np.int32)
    case[0] = len(steps)
    case[1 : 1 + 6 * len(steps)] = np.array(steps, np.int32).reshape(-1)
    image = aligned(64 * 1024, np.uint8)
    image[:] = 0
    probes.launch("probe_unit_flag", [model.In(image), case.tobytes()])


def test_flags_order_product_and_fixpipe(probes: model.Library) -> None:
    run(probes, product(3), fixpipe(3), product(3), fixpipe(3))
    with raises_fault("hazard", pipe="FIX", other="mad"):
        run(probes, product(0), fixpipe(0))
    with raises_fault("hazard", instruction="mad", pipe="M"):
        run(probes, product(0), order(M_TO_FIX), fixpipe(0), product(0))


def test_a_sum_over_k_keeps_the_flags_down_until_the_last_product(probes: model.Library) -> None:
    run(probes, product(2), product(2), product(3), fixpipe(3), product(2), product(3), fixpipe(3))


@pytest.mark.parametrize(
    "parts",
    [
        [fixpipe(3, 128, 64), fixpipe(3, 128, 64, 4 * COLUMN)],
        [fixpipe(3, 64, 128), fixpipe(3, 64, 128, 64 * 64)],
        [fixpipe(2), fixpipe(3)],
    ],
    ids=["columns", "rows", "twice"],
)
def test_one_product_may_be_taken_away_in_parts(probes: model.Library, parts: list[Step]) -> None:
    run(probes, product(3), *parts, product(3), fixpipe(3))


@pytest.mark.parametrize(("m", "n"), [(16, 16), (112, 128), (128, 144)])
def test_the_next_product_may_have_another_shape(probes: model.Library, m: int, n: int) -> None:
    # The Fixpipe that turned the flags down had waited for the earlier product.
    stride = -(-m // 16) * 16
    run(probes, product(3), fixpipe(3), product(3, m, n), fixpipe(3, m, n, stride=stride))


def test_another_product_in_between_needs_its_own_barrier(probes: model.Library) -> None:
    steps = [product(3), fixpipe(3), product(2, 16, 16)]
    end = [product(3), fixpipe(3)]

    run(probes, *steps, order(BARRIER_M), *end)
    with raises_fault("hazard", instruction="mad", other="mad"):
        run(probes, *steps, *end)


def test_tiles_in_turn(probes: model.Library) -> None:
    half = 64 * 1024
    pair = [product(3), product(3, at=half), fixpipe(3), fixpipe(3, at=half)]

    run(probes, *pair, *pair)


@pytest.mark.parametrize("rows", [1, 8, 9, 16])
def test_blocks_without_valid_rows_have_no_part(probes: model.Library, rows: int) -> None:
    # 8 rows of 16 columns fill the first of the two blocks of a fractal.
    run(probes, product(3, rows, 32), fixpipe(3, rows, 32, stride=16))


@PLAIN
def test_flags_must_be_down_at_the_end(probes: model.Library) -> None:
    with raises_fault("event", instruction="mad", rule="[1024, 1536) must be turned down"):
        run(probes, product(3, 16, 16, 1024))
    with raises_fault("event", instruction="mad", rule="[32768, 33280) must be turned down"):
        run(probes, product(3), fixpipe(3, 128, 64))
    with raises_fault("event", instruction="mad", rule="must be turned down"):
        run(probes, product(3), fixpipe(2))


@PLAIN
@pytest.mark.parametrize("unit_flag", [2, 3])
def test_a_product_waits_for_ever_for_flags_that_are_up(
    probes: model.Library, unit_flag: int
) -> None:
    with raises_fault("event", instruction="mad", rule="the Mmad waits for ever"):
        run(probes, product(3), product(unit_flag))


@pytest.mark.parametrize("unit_flag", [2, 3])
def test_a_fixpipe_waits_for_ever_for_flags_that_are_down(
    probes: model.Library, unit_flag: int
) -> None:
    with raises_fault("event", pipe="FIX", rule="the Fixpipe waits for ever"):
        run(probes, product(2), fixpipe(unit_flag))
    with raises_fault("event", pipe="FIX", rule="[8192, 8704) must have been written by a Mmad"):
        run(probes, product(3, 128, 16), fixpipe(unit_flag, 128, 32))


@PLAIN
def test_both_sides_use_flags_or_neither(probes: model.Library) -> None:
    with raises_fault("event", instruction="mad", rule="both use unitFlag, or neither"):
        run(probes, product(3), product(0))
    with raises_fault("event", pipe="FIX", rule="both use unitFlag, or neither"):
        run(probes, product(3), order(M_TO_FIX), fixpipe(0))


@PLAIN
def test_flags_do_not_order_small_products(probes: model.Library) -> None:
    end = [product(3, 16, 16), fixpipe(3, 16, 16, stride=16)]

    run(probes, product(2, 16, 16), order(BARRIER_M), *end)
    with raises_fault("hazard", instruction="mad", other="mad"):
        run(probes, product(2, 16, 16), *end)


def test_a_fixpipe_without_flags_is_not_ordered_by_them(probes: model.Library) -> None:
    plain = [product(0), order(M_TO_FIX), fixpipe(0)]

    run(probes, *plain, order(FIX_TO_M), product(3), fixpipe(3))
    with raises_fault("hazard", instruction="mad"):
        run(probes, *plain, product(3), fixpipe(3))
    # Nor where a later Fixpipe with flags has taken away other blocks.
    other = 64 * 1024
    with raises_fault("hazard", instruction="mad"):
        run(probes, *plain, product(3, at=other), fixpipe(3, at=other), product(3, 128, 256))


def test_a_reset_puts_the_flags_down_and_orders_nothing(probes: model.Library) -> None:
    partly = [product(3), fixpipe(3, 128, 64), order(RESET)]

    run(probes, *partly)
    run(probes, *partly, order(FIX_TO_M), order(BARRIER_M), product(3), fixpipe(3))
    with raises_fault("hazard", instruction="mad"):
        run(probes, product(3), fixpipe(2), order(RESET), product(3), fixpipe(3))


def test_nothing_of_this_holds_in_fast_mode(probes: model.Library) -> None:
    with model.mode("fast"):
        run(probes, product(3), product(0), fixpipe(0))


@pytest.mark.skipif(model.symbolise([]) is None, reason="needs addr2line")
@pytest.mark.parametrize(
    "fixpipes", [[fixpipe(3)], [fixpipe(2), fixpipe(3)]], ids=["once", "twice"]
)
def test_flags_that_are_not_turned_are_missed(probes: model.Library, fixpipes: list[Step]) -> None:
    steps = [product(2), product(3), *fixpipes, product(3), fixpipe(3)]
    mutations = [
        mutation for mutation in model.mutate(lambda: run(probes, *steps))
        if mutation.kind == "unit_flag"
    ]  # fmt: skip

    assert sorted(mutation.detail for mutation in mutations) == ["FIX", "M"]
    assert [str(mutation) for mutation in mutations if not mutation.found] == []
