# SPDX-License-Identifier: Apache-2.0
"""TQueSync, DataSyncBarrier, and cores that wait for each other through GM."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import numbers
from tests.model.harness import (
    Array,
    aligned,
    assert_same_bits,
    covers,
    in_every_order,
    raises_fault,
)

COUNT = 16  # elements of a tile
SLOT = 8  # words of a core in a workspace


def words(count: int, value: int = 0) -> Array:
    array = aligned(count, np.int32)
    array[...] = value
    return array


@covers("TQueSync.SetFlag", "value")
@covers("TQueSync.WaitFlag", "value")
@covers("DataSyncBarrier", "value")
@pytest.mark.parametrize("number", range(6))
def test_a_flag_by_pipes_orders_them(probes: model.Library, number: int) -> None:
    out = words(COUNT)
    report = probes.launch("probe_queue_sync", [model.Out(out), numbers(number)])

    assert_same_bits(out, np.arange(COUNT, dtype=np.int32))
    assert report.pipe("MTE3").instructions == 2  # the wait and the copy


def test_ids_6_and_7_of_a_pipe_are_usable(probes: model.Library) -> None:
    probes.launch("probe_queue_sync_managed", [])


@pytest.mark.parametrize("number", [6, 7])
def test_literal_ids_6_and_7_are_reserved(probes: model.Library, number: int) -> None:
    with raises_fault("event_id", instruction="TQueSync::SetFlag", rule="6 or 7"):
        probes.launch("probe_queue_sync", [model.Out(words(COUNT)), numbers(number)])


@covers("TQueSync.SetFlag", "fault")
def test_a_flag_by_pipes_must_not_be_set_twice(probes: model.Library) -> None:
    with raises_fault("event", instruction="set_flag", operand="S_MTE3 id 0"):
        probes.launch("probe_queue_sync_set_twice", [])


@covers("TQueSync.WaitFlag", "fault")
def test_a_flag_by_pipes_must_be_set_first(probes: model.Library) -> None:
    with raises_fault("event", instruction="wait_flag", operand="S_MTE3 id 2"):
        probes.launch("probe_queue_sync_wait_only", [])


def test_a_barrier_of_scalar_accesses_orders_nothing_else(probes: model.Library) -> None:
    with raises_fault("hazard", instruction="copy_ubuf_to_gm", other="scalar_store"):
        probes.launch("probe_scalar_barrier_only", [model.Out(words(COUNT))])


def soft_sync(
    probes: model.Library,
    rounds: int,
    *,
    blocks: int,
    used: int = 0,
    room: int | None = None,
    value: int = 0,
) -> Array:
    """Tiles after cores have added to their own and then to the next one's."""
    out = words((used or blocks) * COUNT)
    space = words((room or blocks) * SLOT, value)
    job = numbers(rounds, used)
    probes.launch(
        "probe_soft_sync", [model.InOut(space, "space"), model.InOut(out), job], blocks=blocks
    )
    return out.reshape(-1, COUNT)


@covers("SyncAll.soft", "value")
@pytest.mark.parametrize(("blocks", "used"), [(1, 0), (3, 0), (4, 2), (5, 5)])
@pytest.mark.parametrize("rounds", [1, 3])
def test_sync_all_through_gm_orders_the_cores(
    probes: model.Library, rounds: int, blocks: int, used: int
) -> None:
    (tiles,) = in_every_order(lambda: [soft_sync(probes, rounds, blocks=blocks, used=used)])

    cores = np.arange(used or blocks, dtype=np.int32)
    expected = np.repeat(rounds * (cores[:, None] + 101), COUNT, axis=1).astype(np.int32)
    assert_same_bits(np.ascontiguousarray(tiles), expected)


@covers("SyncAll.soft", "fault")
@pytest.mark.parametrize(
    ("change", "kind", "rule"),
    [
        ({"value": 1}, "cross_core", "must be zero before the first SyncAll"),
        ({"room": 2}, "address", "hold 32 bytes for each core"),
        ({"used": 4}, "parameter", "must be in 0..3"),
    ],
    ids=["not zero", "too small", "too many cores"],
)
def test_sync_all_through_gm_needs_its_counters(
    probes: model.Library, change: dict[str, int], kind: str, rule: str
) -> None:
    with raises_fault(kind, instruction="sync_all_through_gm", rule=rule):
        soft_sync(probes, 1, blocks=3, **change)


def test_sync_all_through_gm_is_always_of_the_same_cores(probes: model.Library) -> None:
    space = model.InOut(words(3 * SLOT))
    probes.launch("probe_soft_sync_changes", [space], blocks=2)
    with raises_fault("cross_core", operand="number of cores", rule="(3) must be that of earlier"):
        probes.launch("probe_soft_sync_changes", [model.InOut(words(3 * SLOT))], blocks=3)


def test_sync_all_through_gm_has_a_counter_for_each_aiv(probes: model.Library) -> None:
    out, space = model.InOut(words(2 * COUNT)), model.InOut(words(2 * SLOT))
    with raises_fault("parameter", instruction="SyncAll", rule="isAIVOnly (1) must be 0"):
        probes.launch("probe_soft_sync", [space, out, numbers(1, 0)], type="MIX_AIC_1_2")


def chain(probes: model.Library, rounds: int, *, blocks: int, event: int) -> list[Array]:
    out, flags = words(COUNT), words((event + 1) * blocks * SLOT)
    buffers = [model.InOut(flags), model.InOut(out)]
    probes.launch("probe_ib_chain", [*buffers, numbers(rounds, event)], blocks=blocks)
    return [out, flags]


@covers("IBSet", "value")
@covers("IBWait", "value")
@pytest.mark.parametrize("blocks", [1, 2, 4])
@pytest.mark.parametrize("event", [0, 2])
def test_a_core_waits_for_the_flag_of_another(
    probes: model.Library, blocks: int, event: int
) -> None:
    out, flags = in_every_order(lambda: chain(probes, 1, blocks=blocks, event=event))

    assert_same_bits(out, words(COUNT, blocks * (blocks + 1) // 2))
    assert not flags.any()  # every flag was taken


@pytest.mark.parametrize("kind", ["load_gm_flags", "store_gm_flags"])
def test_the_flag_is_what_orders_the_cores(probes: model.Library, kind: str) -> None:
    mutations = model.mutate(lambda: chain(probes, 1, blocks=3, event=0))

    faults = [mutation.fault for mutation in mutations if mutation.kind == kind]
    assert "race" in {fault.kind for fault in faults if fault is not None}


def ib_call(
    probes: model.Library, *call: int, room: int = 2 * SLOT, value: int = 0, blocks: int = 2
) -> None:
    flags = model.InOut(words(room, value), "flags")
    probes.launch("probe_ib_call", [flags, numbers(*call)], blocks=blocks)


@pytest.mark.parametrize(
    ("call", "function"),
    [
        pytest.param(0, "IBSet", marks=covers("IBSet", "fault")),
        pytest.param(1, "IBWait", marks=covers("IBWait", "fault")),
    ],
)
def test_a_flag_in_gm_has_a_place(probes: model.Library, call: int, function: str) -> None:
    with raises_fault("parameter", instruction=function, rule="blockIdx (2) must be in 0..1"):
        ib_call(probes, call, 2, 0)
    with raises_fault("parameter", instruction=function, rule="eventID (-1) must be in"):
        ib_call(probes, call, 0, -1)
    with raises_fault("address", instruction="copy_gm_to_ubuf", rule="32 bytes for each flag"):
        ib_call(probes, call, 1, 1)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        pytest.param(0, 1, marks=covers("IBSet", "fault"), id="IBSet"),
        pytest.param(1, 0, marks=covers("IBWait", "fault"), id="IBWait"),
    ],
)
def test_a_flag_that_nobody_changes_is_a_deadlock(
    probes: model.Library, call: int, value: int
) -> None:
    with raises_fault("deadlock", rule="block 0 AIV polls global memory"):
        ib_call(probes, call, 0, 0, value=value, blocks=1)


def turns(probes: model.Library, rounds: int, *, blocks: int, value: int) -> list[Array]:
    out = words(COUNT, 1)
    flags = words(blocks * SLOT, value)
    buffers = [model.InOut(flags), model.InOut(out)]
    probes.launch("probe_turns", [*buffers, numbers(rounds)], blocks=blocks)
    return [out, flags]


@covers("InitDetermineComputeWorkspace", "value")
@covers("WaitPreBlock", "value")
@covers("NotifyNextBlock", "value")
@pytest.mark.parametrize(("blocks", "rounds"), [(1, 3), (2, 1), (4, 1), (3, 4)])
@pytest.mark.parametrize("value", [0, -1])
def test_blocks_take_turns_in_order(
    probes: model.Library, blocks: int, rounds: int, value: int
) -> None:
    out, flags = in_every_order(lambda: turns(probes, rounds, blocks=blocks, value=value))

    number = 1
    for block in list(range(blocks)) * rounds:
        number = 2 * number + block
    assert_same_bits(out, words(COUNT, number))
    assert not flags.reshape(blocks, SLOT)[:, 0].any()  # the last block has ended the round


@covers("NotifyNextBlock", "fault")
@covers("WaitPreBlock", "fault")
def test_a_turn_that_is_not_passed_on_is_a_deadlock(probes: model.Library) -> None:
    buffers = [model.InOut(words(2 * SLOT)), model.InOut(words(COUNT))]
    with raises_fault("deadlock", rule="block 1 AIV polls global memory"):
        probes.launch("probe_turns_not_passed_on", buffers, blocks=2)


@covers("InitDetermineComputeWorkspace", "fault")
def test_turns_need_room_for_the_number_of_the_round(probes: model.Library) -> None:
    with raises_fault("parameter", instruction="SetValue", rule="less than the size of the tensor"):
        probes.launch("probe_turns_short_space", [model.InOut(words(2 * SLOT))], blocks=2)


@covers("NotifyNextBlock", "fault")
def test_turns_need_a_beginning(probes: model.Library) -> None:
    with raises_fault("uninitialized", instruction="scalar_load", memory="UB"):
        probes.launch("probe_turns_unprepared", [model.InOut(words(2 * SLOT))], blocks=2)
