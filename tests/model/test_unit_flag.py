# SPDX-License-Identifier: Apache-2.0
"""Unit flags of L0C: what they order, waits that never end, flags left up."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import covers, raises_fault
from tests.model.mmad_case import L0_BYTES, Inputs, Step, barrier, mmad, run

PLAIN = covers("Mmad", "fault")


def filled() -> Inputs:
    zeros = np.zeros(L0_BYTES, np.uint8)
    return Inputs(zeros, zeros)


def tile(unit_flag: int, m: int = 128, n: int = 128, dst: int = 0) -> Step:
    return mmad("half", m, 16, n, unit_flag=unit_flag, dst=dst)


@PLAIN
def test_flags_must_be_down_at_the_end(probes: model.Library) -> None:
    with raises_fault("event", instruction="mad", rule="[1024, 1536) must be turned down"):
        run(probes, filled(), tile(3, 16, 16, 1024))


@PLAIN
@pytest.mark.parametrize("unit_flag", [2, 3])
def test_a_product_waits_for_ever_for_flags_that_are_up(
    probes: model.Library, unit_flag: int
) -> None:
    with raises_fault("event", instruction="mad", rule="the Mmad waits for ever"):
        run(probes, filled(), tile(3), tile(unit_flag))


@PLAIN
def test_a_product_without_flags_must_leave_flagged_blocks_alone(probes: model.Library) -> None:
    with raises_fault("event", instruction="mad", rule="both use unitFlag, or neither"):
        run(probes, filled(), tile(3), tile(0))


def test_flag_2_leaves_the_flags_down(probes: model.Library) -> None:
    run(probes, filled(), tile(2), tile(2), tile(2))


@PLAIN
def test_flags_do_not_order_small_products(probes: model.Library) -> None:
    run(probes, filled(), tile(2, 16, 16), barrier(), tile(2, 16, 16))
    with raises_fault("hazard", instruction="mad", other="mad"):
        run(probes, filled(), tile(2, 16, 16), tile(2, 16, 16))


def test_nothing_of_this_holds_in_fast_mode(probes: model.Library) -> None:
    with model.mode("fast"):
        run(probes, filled(), tile(3), tile(0))
