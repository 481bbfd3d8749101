# SPDX-License-Identifier: Apache-2.0
"""Several cores: races through GM, SyncAll, deadlocks, and how many cores there are."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import (
    assert_same_bits,
    both_instructions,
    covers,
    in_every_order,
    raises_fault,
)
from tests.model.program import (
    IN_BYTES,
    SLOT,
    Step,
    barrier,
    clean,
    flag,
    load,
    load_out,
    on_block,
    run,
    scalar_load_gm,
    scalar_store_gm,
    set_atomic,
    store,
    sync_all,
)

A, B = 0, SLOT
MTE2, MTE3 = "copy_gm_to_ubuf", "copy_ubuf_to_gm"


def fill_and_store(gm: int, count: int = SLOT) -> list[Step]:
    return [load(A), *flag("MTE2_MTE3"), store(gm, A, count)]


def test_cores_may_write_neighbouring_bytes(probes: model.Library) -> None:
    program = [
        on_block(0),
        *fill_and_store(0, 32),
        on_block(1),
        *fill_and_store(32, 32),
    ]
    (out,) = in_every_order(lambda: [run(probes, program, blocks=2)])

    np.testing.assert_array_equal(out[:16], [*range(8), *range(8)])


@pytest.mark.parametrize("order", ["forward", "reversed", "seeded"])
def test_two_cores_must_not_write_one_place(probes: model.Library, order: str) -> None:
    with (
        model.options(order=order),
        raises_fault(
            "race", instruction=MTE3, operand="target", memory="out", other=MTE3
        ) as caught,
    ):
        run(probes, fill_and_store(0), blocks=2)

    assert {instruction.core for instruction in both_instructions(caught)} == {0, 1}


def test_a_race_names_an_instruction_of_a_core_that_has_ended(probes: model.Library) -> None:
    # Block 0 waits in SyncAll while block 1 runs to its end.
    with raises_fault("race", instruction=MTE3, other=MTE3) as caught:
        run(probes, sync_all(), fill_and_store(0), blocks=2, cross_core=True)

    assert caught.value.fault.names_both


def test_a_core_must_not_read_what_another_writes(probes: model.Library) -> None:
    program = [on_block(0), *fill_and_store(0), on_block(1), load_out(A)]

    with raises_fault("race", instruction=MTE2, operand="source", memory="out", other=MTE3):
        run(probes, program, blocks=2, defined=True)
    with (
        model.options(order="reversed"),
        raises_fault("race", instruction=MTE3, operand="target", memory="out", other=MTE2),
    ):
        run(probes, program, blocks=2, defined=True)


@covers("SyncAll.hard", "value")
@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_sync_all_orders_all_cores(probes: model.Library, blocks: int) -> None:
    program = [
        on_block(0),
        *fill_and_store(0),
        on_block(-1),
        sync_all(),
        on_block(blocks - 1),
        load_out(B),
        *flag("MTE2_MTE3"),
        store(SLOT, B),
    ]
    (out,) = in_every_order(lambda: [run(probes, program, blocks=blocks, cross_core=True)])

    np.testing.assert_array_equal(out[16:32], np.arange(16))


def test_sync_all_works_again_and_again(probes: model.Library) -> None:
    rounds = [
        step
        for turn in range(6)
        for step in (on_block(turn % 3), *fill_and_store(0), on_block(-1), sync_all())
    ]
    in_every_order(lambda: [run(probes, rounds, blocks=3, cross_core=True)])


@covers("SyncAll.hard", "fault")
def test_sync_all_needs_a_kernel_type_with_flags_between_cores(probes: model.Library) -> None:
    with raises_fault("cross_core", instruction="ffts_cross_core_sync", rule="MIX"):
        run(probes, sync_all(), blocks=2)


def test_a_core_that_skips_sync_all_is_a_deadlock(probes: model.Library) -> None:
    with raises_fault("deadlock") as caught:
        run(probes, on_block(0), sync_all(), on_block(2), sync_all(), blocks=3, cross_core=True)

    missing = "cross-core flag 14 (set by block 0 AIV, block 2 AIV; not by block 1 AIV (ended));"
    assert f"block 0 AIV waits for {missing}" in caught.value.rule
    assert f"block 2 AIV waits for {missing}" in caught.value.rule


@pytest.mark.parametrize("read", [scalar_load_gm(0), load_out(A)], ids=["S", "MTE2"])
def test_a_flag_does_not_show_what_is_still_in_a_data_cache(
    probes: model.Library, read: Step
) -> None:
    written = [on_block(0), scalar_store_gm(0, 5)]
    synced = [on_block(-1), sync_all()]
    program = [*synced, on_block(1), read, *synced, on_block(0), clean(0)]

    with raises_fault("data_cache", memory="out", rule="in the data cache of block 0"):
        run(probes, written, program, blocks=2, cross_core=True, defined=True)
    run(probes, written, clean(0), program, blocks=2, cross_core=True, defined=True)


def test_atomic_adds_of_several_cores_do_not_race(probes: model.Library) -> None:
    program = [load(A), *flag("MTE2_MTE3"), set_atomic(True), store(0, A), set_atomic(False)]

    def add() -> list[np.ndarray]:
        return [run(probes, program, blocks=3, defined=True)]

    (out,) = in_every_order(add)
    assert_same_bits(out[:16], np.arange(16, dtype=np.int32) * 3 - 1)


def test_an_atomic_add_races_with_a_plain_read(probes: model.Library) -> None:
    program = [
        on_block(0),
        load(A),
        *flag("MTE2_MTE3"),
        set_atomic(True),
        store(0, A),
        set_atomic(False),
        on_block(1),
        load_out(A),
    ]
    with raises_fault("race", instruction=MTE2, other=MTE3):
        run(probes, program, blocks=2, defined=True)


@pytest.mark.parametrize(
    ("kinds", "silent"),
    [
        (("add", "add"), True),
        (("max", "max"), True),
        (("add", "max"), False),
        (("max", "add"), False),
        (("add", "add_float"), False),
    ],
)
def test_atomics_of_two_kinds_race(
    probes: model.Library, kinds: tuple[str, str], silent: bool
) -> None:
    program = [load(A), *flag("MTE2_MTE3")]
    for block, kind in enumerate(kinds):
        program += [on_block(block), set_atomic(True, kind), store(0, A), set_atomic(False)]
    if silent:
        run(probes, program, blocks=2, defined=True)
        return
    with raises_fault("race", instruction=MTE3, other=MTE3):
        run(probes, program, blocks=2, defined=True)


@pytest.mark.parametrize("soc", model.socs())
def test_blocks_go_up_to_the_vector_cores_of_the_chip(probes: model.Library, soc: str) -> None:
    most = model.socs()[soc].vector_cores
    with model.options(soc=soc):
        run(probes, blocks=most)
        with raises_fault("launch", rule=f"blocks ({most + 1}) must be in 1..{most} on {soc}"):
            run(probes, blocks=most + 1)


@pytest.mark.parametrize("blocks", [0, -1])
def test_a_launch_needs_a_block(probes: model.Library, blocks: int) -> None:
    with raises_fault("launch", rule=f"blocks ({blocks}) must be in 1.."):
        run(probes, blocks=blocks)


def test_cores_share_nothing_but_gm(probes: model.Library) -> None:
    with raises_fault("uninitialized", instruction=MTE3, memory="UB"):
        run(probes, on_block(0), load(A), on_block(1), store(0, A), blocks=2)


def test_the_input_is_free_for_every_core(probes: model.Library) -> None:
    everything = [load(A, 0, IN_BYTES), barrier("ALL")]
    in_every_order(lambda: [run(probes, everything, blocks=4)])
