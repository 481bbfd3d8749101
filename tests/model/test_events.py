# SPDX-License-Identifier: Apache-2.0
"""Flags between the pipes of one core: each set has one wait, ids and pairs exist."""

from collections.abc import Callable

import pytest
from ascend_attention import model

from tests.model.harness import covers, raises_fault
from tests.model.program import SLOT, Step, barrier, flag, load, move, run, set_flag, wait_flag

A, B = 0, SLOT
AIV_EVENTS = [
    f"{source}_{target}"
    for source in ("MTE2", "MTE3", "V", "S")
    for target in ("MTE2", "MTE3", "V", "S")
    if source != target
]


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize(
    "event", [*AIV_EVENTS, pytest.param("V_V", marks=covers("HardEvent", "value"))]
)
@covers("SetFlag", "value")
@covers("WaitFlag", "value")
def test_a_pair_of_pipes_has_flags(probes: model.Library, event: str, number: int) -> None:
    run(probes, flag(event, number), flag(event, number))


def test_flags_of_other_ids_and_pairs_do_not_mix(probes: model.Library) -> None:
    run(
        probes,
        set_flag("MTE2_V", 0),
        set_flag("MTE2_V", 1),
        set_flag("V_MTE2", 0),
        wait_flag("MTE2_V", 1),
        wait_flag("V_MTE2", 0),
        wait_flag("MTE2_V", 0),
    )


@covers("SetFlag", "fault")
def test_a_flag_must_be_waited_for_before_it_is_set_again(probes: model.Library) -> None:
    with raises_fault("event", instruction="set_flag", operand="MTE2_V id 3"):
        run(probes, set_flag("MTE2_V", 3), set_flag("MTE2_V", 3))


@covers("WaitFlag", "fault")
def test_a_flag_must_be_set_before_it_is_waited_for(probes: model.Library) -> None:
    with raises_fault("event", instruction="wait_flag", operand="V_MTE3 id 0"):
        run(probes, wait_flag("V_MTE3", 0))


@pytest.mark.parametrize(("event", "number"), [("MTE2_V", 1), ("V_MTE2", 0)])
def test_a_wait_for_another_flag_is_no_wait(probes: model.Library, event: str, number: int) -> None:
    with raises_fault("event", instruction="wait_flag"):
        run(probes, set_flag("MTE2_V", 0), wait_flag(event, number))


def test_a_flag_must_not_outlive_the_kernel(probes: model.Library) -> None:
    with raises_fault("event", instruction="set_flag", rule="before the kernel ends") as caught:
        run(probes, set_flag("MTE2_V"), load(A), set_flag("V_S", 4), wait_flag("MTE2_V"))

    assert "V, S, 4" in caught.value.rule


@pytest.mark.parametrize("number", [-1, 8, 99])
@pytest.mark.parametrize("step", [set_flag, wait_flag], ids=["set", "wait"])
def test_event_ids_go_from_0_to_7(
    probes: model.Library, step: Callable[[str, int], Step], number: int
) -> None:
    with raises_fault("parameter", operand="event id"):
        run(probes, step("MTE2_V", number))


@pytest.mark.parametrize("number", [6, 7])
@pytest.mark.parametrize("step", [set_flag, wait_flag], ids=["SetFlag", "WaitFlag"])
def test_ids_6_and_7_are_reserved(
    probes: model.Library, step: Callable[[str, int], Step], number: int
) -> None:
    with raises_fault("event_id", rule="6 or 7"):
        run(probes, step("MTE2_V", number))


@pytest.mark.parametrize("event", ["M_V", "MTE1_M"])
@covers("HardEvent", "fault")
def test_a_vector_core_has_no_flags_of_cube_pipes(probes: model.Library, event: str) -> None:
    with raises_fault("event", instruction="set_flag", operand=event, rule="AIV"):
        run(probes, set_flag(event))


@pytest.mark.parametrize("pipe", ["V", "MTE2", "MTE3"])
@covers("PipeBarrier", "value")
def test_barriers_that_exist(probes: model.Library, pipe: str) -> None:
    run(probes, load(A), barrier(pipe), barrier(pipe))


@pytest.mark.own_front_end("programs name pipes by number, and PIPE_ALL has another one in CANN")
def test_a_barrier_of_all_pipes(probes: model.Library) -> None:
    run(probes, load(A), barrier("ALL"), barrier("ALL"))


@covers("PipeBarrier", "fault")
def test_the_scalar_pipe_has_no_barrier(probes: model.Library) -> None:
    with raises_fault("barrier", instruction="pipe_barrier", rule="PIPE_S"):
        run(probes, load(A), flag("MTE2_V"), move(B, A), barrier("S"))
