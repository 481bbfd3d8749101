# SPDX-License-Identifier: Apache-2.0
"""The scalar pipe: loads and stores of UB and GM, and the data cache between it and GM."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import aligned, covers, raises_fault
from tests.model.program import (
    SLOT,
    Step,
    barrier,
    clean,
    encode,
    flag,
    load,
    load_out,
    on_block,
    run,
    scalar_load_gm,
    scalar_store,
    scalar_store_gm,
    store,
    sync_all,
)

A, B = 0, SLOT
LINE = 64  # bytes of a cache line


def test_a_scalar_store_reaches_ub(probes: model.Library) -> None:
    out = run(probes, load(A), barrier("ALL"), scalar_store(A + 8, 77), barrier("ALL"), store(0, A))

    assert out[:4].tolist() == [0, 1, 77, 3]


def test_scalar_stores_to_gm_arrive_with_a_clean(probes: model.Library) -> None:
    out = run(probes, scalar_store_gm(0, 5), scalar_store_gm(12, 6), clean(0))

    assert out[:4].tolist() == [5, -1, -1, 6]


@covers("DataCacheCleanAndInvalid.gm.dst", "value")
def test_a_clean_of_the_whole_cache_writes_every_line(probes: model.Library) -> None:
    out = run(probes, scalar_store_gm(0, 5), scalar_store_gm(4 * LINE, 6), clean(LINE, entire=True))

    assert (out[0], out[LINE]) == (5, 6)


def test_a_scalar_store_may_be_the_first_touch_of_an_output(probes: model.Library) -> None:
    run(probes, scalar_store_gm(0, 5), scalar_store_gm(0, 6), scalar_load_gm(0), clean(0))


def test_a_scalar_store_defines_only_its_own_bytes(probes: model.Library) -> None:
    with raises_fault("uninitialized", instruction="copy_gm_to_ubuf", memory="out") as caught:
        run(probes, scalar_store_gm(0, 5), clean(0), flag("S_MTE2"), load_out(A))

    assert caught.value.fault.begin == 4


@covers("DataCacheCleanAndInvalid.gm.dst", "fault")
@pytest.mark.parametrize("other_line", [[], [clean(LINE)]], ids=["no clean", "another line"])
def test_scalar_stores_must_be_cleaned_before_the_kernel_ends(
    probes: model.Library, other_line: list[Step]
) -> None:
    with raises_fault("data_cache", rule="DataCacheCleanAndInvalid"):
        run(probes, scalar_store_gm(0, 5), other_line)


def test_mte2_does_not_see_a_scalar_store_in_the_cache(probes: model.Library) -> None:
    with raises_fault("hazard", instruction="copy_gm_to_ubuf", operand="source", memory="out"):
        run(probes, scalar_store_gm(0, 5), load_out(A, count=32), defined=True)


@pytest.mark.parametrize("last", [load_out(A), store(32, A, 32)], ids=["MTE2", "MTE3"])
def test_moves_must_not_pass_a_store_that_is_still_in_the_cache(
    probes: model.Library, last: Step
) -> None:
    program = [load(A), barrier("ALL"), scalar_store_gm(32, 5), barrier("ALL"), last]

    with raises_fault("data_cache", memory="out", rule="in the data cache"):
        run(probes, program, defined=True)


def test_a_clean_and_a_flag_order_mte2_after_a_scalar_store(probes: model.Library) -> None:
    run(probes, scalar_store_gm(0, 5), clean(0), flag("S_MTE2"), load_out(A), defined=True)


def test_a_line_must_be_dropped_when_mte3_has_changed_gm(probes: model.Library) -> None:
    stale = [load(A), barrier("ALL"), scalar_load_gm(0), *flag("S_MTE3"), store(0, A)]

    with raises_fault("data_cache", instruction="scalar_load_gm", rule="has changed"):
        run(probes, stale, flag("MTE3_S"), scalar_load_gm(0), defined=True)
    run(probes, stale, flag("MTE3_S"), clean(0), scalar_load_gm(0), defined=True)


def test_two_cores_must_not_store_into_one_line(probes: model.Library) -> None:
    program = [
        on_block(0),
        scalar_store_gm(0, 5),
        on_block(1),
        scalar_store_gm(4, 6),
        on_block(-1),
        sync_all(),
        clean(0),
    ]
    with raises_fault("race", instruction="data_cache_write_back"):
        run(probes, program, blocks=2, cross_core=True)


def test_two_cores_may_store_into_lines_of_their_own(probes: model.Library) -> None:
    program = [
        on_block(0),
        scalar_store_gm(0, 5),
        clean(0),
        on_block(1),
        scalar_store_gm(LINE, 6),
        clean(LINE),
    ]
    out = run(probes, program, blocks=2)

    assert (out[0], out[LINE // 4]) == (5, 6)


def test_a_store_of_one_core_reaches_a_load_of_another(probes: model.Library) -> None:
    program = [
        on_block(0),
        scalar_store_gm(0, 5),
        clean(0),
        on_block(-1),
        sync_all(),
        on_block(1),
        scalar_load_gm(0),
    ]
    run(probes, program, blocks=2, cross_core=True)


def test_a_line_read_before_another_core_stores_is_stale(probes: model.Library) -> None:
    program = [
        on_block(1),
        scalar_load_gm(0),
        on_block(-1),
        sync_all(),
        on_block(0),
        scalar_store_gm(0, 5),
        clean(0),
        on_block(-1),
        sync_all(),
        on_block(1),
    ]
    with raises_fault("data_cache", instruction="scalar_load_gm", rule="has changed"):
        run(probes, program, scalar_load_gm(0), blocks=2, cross_core=True, defined=True)
    run(probes, program, clean(0), scalar_load_gm(0), blocks=2, cross_core=True, defined=True)


@pytest.mark.parametrize("mode", ["fast", "checked"])
@pytest.mark.parametrize("words", range(1, 16, 3))
def test_arguments_that_share_a_line_do_not_meet_in_the_cache(
    probes: model.Library, words: int, mode: str
) -> None:
    program = encode(scalar_store_gm(0, 5), clean(0), scalar_load_gm(0))
    memory = aligned(words + program.size, np.int32)
    out, tiling = memory[:words], memory[words:]  # the kernel reads both by scalar loads
    out[...], tiling[...] = -1, program

    with model.mode(mode):
        probes.launch("probe_program", [None, model.Out(out, "out"), model.In(tiling)])

    assert out.tolist() == [5, *[-1] * (words - 1)]
    np.testing.assert_array_equal(tiling, program)
