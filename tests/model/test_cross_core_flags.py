# SPDX-License-Identifier: Apache-2.0
"""CrossCoreSetFlag and CrossCoreWaitFlag: modes, counters, ids, pipes, what they order."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import both_instructions, covers, in_every_order, raises_fault
from tests.model.program import (
    SLOT,
    Step,
    cross_set,
    cross_wait,
    flag,
    load,
    load_out,
    on_aic,
    on_aiv,
    run,
    store,
    sync_all_kinds,
)

A, B = 0, SLOT
MTE2, MTE3 = "copy_gm_to_ubuf", "copy_ubuf_to_gm"
SET, WAIT = "ffts_cross_core_sync", "wait_flag_dev"
MIX = ["MIX_AIC_1_1", "MIX_AIC_1_2"]
Program = list[Step]

WRITE = [load(A), *flag("MTE2_MTE3"), store(0, A)]  # the input into the first slot of the output
READ = [load_out(B, 0), *flag("MTE2_MTE3"), store(SLOT, B)]  # first slot of the output to second


def aiv_count(kernel_type: str, blocks: int) -> int:
    return blocks * (2 if kernel_type == "MIX_AIC_1_2" else 1)


def meet(mode: int, number: int = 0) -> Program:
    return [cross_set(mode, "MTE3", number), cross_wait(number)]


def relayed(pipe: str = "MTE3") -> Program:
    """AIV 0 writes, an AIC passes on that it did, the last AIV reads."""
    return [
        on_aiv(0),
        *WRITE,
        on_aiv(),
        cross_set(2, pipe, 0),
        cross_wait(1),
        on_aic(),
        cross_wait(0),
        cross_set(2, "FIX", 1),
    ]


@covers("CrossCoreSetFlag", "value")
@covers("CrossCoreWaitFlag", "value")
@pytest.mark.parametrize("kernel_type", ["MIX_AIV_1_0", *MIX])
@pytest.mark.parametrize("number", [0, 10])
def test_mode_0_orders_all_cores_of_a_kind(
    probes: model.Library, kernel_type: str, number: int
) -> None:
    last = aiv_count(kernel_type, 3) - 1
    program = [on_aiv(0), *WRITE, on_aiv(), *meet(0, number), on_aiv(last), *READ]

    (out,) = in_every_order(lambda: [run(probes, program, blocks=3, type=kernel_type)])

    np.testing.assert_array_equal(out[16:32], np.arange(16))


def test_mode_1_orders_the_two_aiv_of_a_block(probes: model.Library) -> None:
    program = [on_aiv(2), *WRITE, on_aiv(), *meet(1), on_aiv(3), *READ]

    (out,) = in_every_order(lambda: [run(probes, program, blocks=2, type="MIX_AIC_1_2")])

    np.testing.assert_array_equal(out[16:32], np.arange(16))


def test_mode_1_does_not_order_blocks(probes: model.Library) -> None:
    program = [on_aiv(1), *WRITE, on_aiv(), *meet(1), on_aiv(2), *READ]

    with raises_fault("race", other=MTE3):
        run(probes, program, blocks=2, type="MIX_AIC_1_2")


@pytest.mark.parametrize("kernel_type", MIX)
def test_mode_2_orders_the_aiv_of_a_block_through_its_aic(
    probes: model.Library, kernel_type: str
) -> None:
    program = [*relayed(), on_aiv(aiv_count(kernel_type, 1) - 1), *READ]

    (out,) = in_every_order(lambda: [run(probes, program, type=kernel_type)])

    np.testing.assert_array_equal(out[16:32], np.arange(16))


def test_a_flag_set_by_the_wrong_pipe_orders_nothing(probes: model.Library) -> None:
    # The store is on MTE3; that MTE2 got so far says nothing about it.
    with raises_fault("race", instruction=MTE2, other=MTE3, memory="out") as caught:
        run(probes, relayed("MTE2"), on_aiv(1), READ, type="MIX_AIC_1_2")

    assert [instruction.core for instruction in both_instructions(caught)] == [2, 1]


def test_mode_1_in_a_block_of_one_aiv_waits_for_nobody(probes: model.Library) -> None:
    run(probes, on_aiv(), meet(1), type="MIX_AIC_1_1")


@pytest.mark.parametrize(("pipe", "silent"), [("MTE3", True), ("MTE2", False)])
def test_an_answer_says_what_it_answers(probes: model.Library, pipe: str, silent: bool) -> None:
    # The answer of the AIC tells the AIV that its own store has read A, if the store was before
    # the set. So A may be filled again without a flag from MTE3 to MTE2.
    program = [*relayed(pipe), on_aiv(0), load(A, SLOT)]

    if silent:
        in_every_order(lambda: [run(probes, program, type="MIX_AIC_1_2")])
        return
    with raises_fault("hazard", instruction=MTE2, other=MTE3, memory="UB"):
        run(probes, program, type="MIX_AIC_1_2")


def test_the_wait_holds_back_every_pipe_whatever_its_template_says(probes: model.Library) -> None:
    program = [
        on_aiv(0),
        *WRITE,
        on_aiv(),
        cross_set(0, "MTE3", 0),
        cross_wait(0, 2),  # CrossCoreWaitFlag<2, PIPE_V>
        on_aiv(1),
        load_out(B, 0),
    ]
    run(probes, program, blocks=2, type="MIX_AIV_1_0")


@pytest.mark.parametrize(
    ("pipes", "waits", "silent"),
    [
        (("MTE2", "MTE3"), 1, False),
        (("MTE3", "MTE2"), 1, False),
        (("MTE3", "MTE2"), 2, True),
        (("MTE2", "MTE3"), 2, True),
        (("MTE3", "MTE3"), 1, True),
    ],
)
def test_sets_of_one_flag_by_two_pipes_have_no_order(
    probes: model.Library, pipes: tuple[str, str], waits: int, silent: bool
) -> None:
    waited = [cross_wait(0)]
    program = [
        on_aiv(0),
        *WRITE,
        on_aiv(),
        *[cross_set(0, pipe, 0) for pipe in pipes],
        *waited * waits,
        on_aiv(1),
        *READ,
        on_aiv(),
        *waited * (2 - waits),
    ]
    if silent:
        run(probes, program, blocks=2, type="MIX_AIV_1_0")
        return
    with raises_fault("race", instruction=MTE2, other=MTE3):
        run(probes, program, blocks=2, type="MIX_AIV_1_0")


@pytest.mark.parametrize("kernel_type", MIX)
def test_a_wait_of_the_aic_needs_every_aiv(probes: model.Library, kernel_type: str) -> None:
    program = [on_aiv(0), cross_set(2, "MTE3", 3), on_aic(), cross_wait(3)]
    if kernel_type == "MIX_AIC_1_1":
        run(probes, program, type=kernel_type)
        return
    with raises_fault("deadlock") as caught:
        run(probes, program, type=kernel_type)

    assert caught.value.rule.endswith(
        "block 0 AIC waits for cross-core flag 3 "
        "(set by block 0 AIV 0 (ended); not by block 0 AIV 1 (ended));"
    )


def test_a_deadlock_says_when_nobody_sets_the_flag(probes: model.Library) -> None:
    with raises_fault("deadlock", rule="flag 4 (no set of it is left)"):
        run(probes, on_aiv(), cross_set(2, "MTE3", 3), on_aic(), cross_wait(4), type="MIX_AIC_1_2")


def test_a_deadlock_of_many_names_a_few(probes: model.Library) -> None:
    with raises_fault("deadlock", rule="block 4 AIV (ended) and 3 more)"):
        run(probes, on_aiv(0), meet(0), blocks=8, type="MIX_AIV_1_0")


@pytest.mark.parametrize("sets", [1, 15, 16])
def test_the_counter_holds_15(probes: model.Library, sets: int) -> None:
    program = [
        on_aic(),
        *[cross_set(2, "FIX", 0)] * sets,
        cross_set(2, "FIX", 1),
        on_aiv(),
        cross_wait(1),
        *[cross_wait(0)] * sets,
    ]
    if sets <= 15:
        in_every_order(lambda: [run(probes, program, type="MIX_AIC_1_2")])
        return
    with raises_fault(
        "cross_core", instruction=SET, operand="flag 0", rule="by block 0 AIV 0 before"
    ):
        run(probes, program, type="MIX_AIC_1_2")


def test_sets_ahead_of_a_partner_count_too(probes: model.Library) -> None:
    with raises_fault("cross_core", instruction=SET, rule="15 times ahead of its partners"):
        run(probes, on_aiv(0), [cross_set(1, "MTE3", 0)] * 16, type="MIX_AIC_1_2")


@covers("CrossCoreSetFlag", "fault")
@pytest.mark.parametrize("number", [11, 14, 15, 16])
def test_kernels_have_flags_0_to_10_to_set(probes: model.Library, number: int) -> None:
    with raises_fault("parameter", instruction="CrossCoreSetFlag", rule=f"({number}) must be in"):
        run(probes, cross_set(0, "MTE3", number), cross_core=True)


@covers("CrossCoreWaitFlag", "fault")
@pytest.mark.parametrize("number", [11, 14, 15, 16])
def test_kernels_have_flags_0_to_10_to_wait_for(probes: model.Library, number: int) -> None:
    with raises_fault("parameter", instruction="CrossCoreWaitFlag", rule=f"({number}) must be in"):
        run(probes, cross_wait(number), cross_core=True)


@pytest.mark.parametrize(
    ("step", "function"),
    [(cross_set(4, "MTE3", 0), "CrossCoreSetFlag"), (cross_wait(0, 4), "CrossCoreWaitFlag")],
    ids=["set", "wait"],
)
def test_mode_4_is_for_other_chips(probes: model.Library, step: Step, function: str) -> None:
    with raises_fault("parameter", instruction=function, rule="modeId (4) must be in 0..2"):
        run(probes, step, type="MIX_AIC_1_2")


ON_AIV, ON_AIC = ("V", "MTE2", "MTE3"), ("M", "MTE1", "MTE2", "MTE3", "FIX")


@pytest.mark.parametrize("pipe", ["S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"])
@pytest.mark.parametrize(
    ("kernel_type", "allowed"), [("MIX_AIV_1_0", ON_AIV), ("MIX_AIC_1_0", ON_AIC)]
)
def test_a_flag_is_set_by_a_pipe_of_the_core(
    probes: model.Library, kernel_type: str, allowed: tuple[str, ...], pipe: str
) -> None:
    program = [cross_set(0, pipe, 0), cross_wait(0)]
    if pipe in allowed:
        run(probes, program, blocks=2, type=kernel_type)
        return
    with raises_fault("cross_core", operand=f"pipe ({pipe})", rule="on an " + kernel_type[4:7]):
        run(probes, program, blocks=2, type=kernel_type)


@pytest.mark.parametrize("kernel_type", ["AIV_ONLY", "AIC_ONLY"])
@pytest.mark.parametrize(
    ("step", "instruction"),
    [(cross_set(0, "MTE3", 0), SET), (cross_wait(0), WAIT)],
    ids=["set", "wait"],
)
def test_flags_need_a_mix_type(
    probes: model.Library, kernel_type: str, step: Step, instruction: str
) -> None:
    with raises_fault("cross_core", instruction=instruction, rule="must be a MIX type"):
        run(probes, step, type=kernel_type)


@pytest.mark.parametrize("mode", [1, 2])
@pytest.mark.parametrize("kernel_type", ["MIX_AIV_1_0", "MIX_AIC_1_0"])
def test_modes_1_and_2_need_both_kinds_of_core(
    probes: model.Library, kernel_type: str, mode: int
) -> None:
    with raises_fault("cross_core", operand=f"mode ({mode})", rule="MIX_AIC_1_1 or MIX_AIC_1_2"):
        run(probes, cross_set(mode, "MTE3", 0), type=kernel_type)


def test_mode_1_is_between_aiv(probes: model.Library) -> None:
    with raises_fault("cross_core", operand="mode (1)", rule="between the AIV of a block"):
        run(probes, on_aic(), cross_set(1, "FIX", 0), type="MIX_AIC_1_2")


@pytest.mark.parametrize("order", ["forward", "reversed"])
def test_every_set_is_waited_for(probes: model.Library, order: str) -> None:
    program = [on_aic(), cross_set(2, "FIX", 5), on_aiv(0), cross_wait(5)]

    with (
        model.options(order=order),
        raises_fault("cross_core", instruction=SET, rule="block 0 AIV 1 has 1 left at the end"),
    ):
        run(probes, program, type="MIX_AIC_1_2")


def test_every_set_has_its_partners(probes: model.Library) -> None:
    with raises_fault(
        "cross_core", instruction=SET, rule="flag 5 must be set by block 0 AIV 1 (ended) as often"
    ):
        run(probes, on_aiv(0), cross_set(1, "MTE3", 5), type="MIX_AIC_1_2")


@pytest.mark.parametrize(
    ("program", "where"),
    [
        ([on_aiv(0), cross_set(1, "MTE3", 0), cross_set(2, "MTE3", 0)], "block 0 AIV 0"),
        ([on_aic(), cross_set(0, "FIX", 0), cross_set(2, "FIX", 0)], "block 0 AIC"),
        (
            [on_aiv(), cross_set(1, "MTE3", 0), cross_wait(1), on_aic(), cross_set(2, "FIX", 0)],
            "block 0 AIV 0",
        ),
    ],
    ids=["not set by all", "not waited for", "not waited for by the other"],
)
def test_a_flag_has_one_mode_at_a_time(probes: model.Library, program: Program, where: str) -> None:
    with (
        model.options(order="reversed"),
        raises_fault("cross_core", operand="flag 0", rule=f"of another mode are done on {where}"),
    ):
        run(probes, program, type="MIX_AIC_1_2")


def test_a_flag_may_change_its_mode_when_all_is_done(probes: model.Library) -> None:
    program = [on_aiv(), *meet(1), *meet(0), cross_set(2, "MTE3", 0), on_aic(), cross_wait(0)]

    in_every_order(lambda: [run(probes, program, blocks=2, type="MIX_AIC_1_2")])


@pytest.mark.parametrize("kernel_type", MIX)
def test_without_its_edge_every_flag_is_a_race(probes: model.Library, kernel_type: str) -> None:
    # In 1:1 the reader is the writer, which learns of its own store from the AIC's answer.
    last = on_aiv(aiv_count(kernel_type, 1) - 1)

    def call() -> None:
        run(probes, relayed(), last, READ, type=kernel_type)

    mutations = [m for m in model.mutate(call) if m.kind.startswith("cross_core")]

    assert {mutation.detail for mutation in mutations} == {"MTE3", "FIX", "S"}
    for mutation in mutations:
        assert mutation.fault is not None, mutation
        assert mutation.fault.names_both, mutation
        assert mutation.fault.other is not None
        assert mutation.fault.other.name == MTE3


RENDEZVOUS = [on_aiv(0), *WRITE, on_aic(), sync_all_kinds(), on_aiv(), sync_all_kinds()]


@covers("SyncAll.hard", "value")
@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("kernel_type", MIX)
def test_sync_all_of_both_kinds_orders_all_cores(
    probes: model.Library, kernel_type: str, blocks: int
) -> None:
    last = aiv_count(kernel_type, blocks) - 1
    program = [*RENDEZVOUS, on_aiv(last), *READ]

    (out,) = in_every_order(lambda: [run(probes, program, blocks=blocks, type=kernel_type)])

    np.testing.assert_array_equal(out[16:32], np.arange(16))


@pytest.mark.parametrize("kernel_type", MIX)
def test_sync_all_of_both_kinds_works_again_and_again(
    probes: model.Library, kernel_type: str
) -> None:
    everybody = [on_aic(), sync_all_kinds(), on_aiv(), sync_all_kinds()]
    rounds = [step for turn in range(5) for step in [on_aiv(turn % 2), *WRITE, *everybody]]
    in_every_order(lambda: [run(probes, rounds, blocks=2, type=kernel_type)])


@pytest.mark.parametrize("kernel_type", MIX)
def test_before_sync_all_of_both_kinds_nothing_is_ordered(
    probes: model.Library, kernel_type: str
) -> None:
    last = aiv_count(kernel_type, 2) - 1
    with raises_fault("race", other=MTE3):
        run(
            probes,
            [on_aiv(0), *WRITE, on_aiv(last), *READ, on_aic(), sync_all_kinds()],
            [on_aiv(), sync_all_kinds()],
            blocks=2,
            type=kernel_type,
        )


@pytest.mark.parametrize("kernel_type", MIX)
def test_every_flag_of_sync_all_of_both_kinds_is_needed(
    probes: model.Library, kernel_type: str
) -> None:
    last = on_aiv(aiv_count(kernel_type, 2) - 1)

    def call() -> None:
        run(probes, RENDEZVOUS, last, READ, blocks=2, type=kernel_type)

    mutations = [m for m in model.mutate(call) if m.kind.startswith("cross_core")]

    assert len(mutations) == 6  # three sets, three waits
    for mutation in mutations:
        assert mutation.fault is not None, mutation
        assert mutation.fault.names_both, mutation


def test_sync_all_of_both_kinds_without_an_aic_is_refused(probes: model.Library) -> None:
    with raises_fault("cross_core", operand="mode (2)"):
        run(probes, sync_all_kinds(), blocks=2, cross_core=True)
