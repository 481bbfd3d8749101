# SPDX-License-Identifier: Apache-2.0
"""Where instructions may read and write: ranges, alignment, inputs, memory without contents."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import raises_fault
from tests.model.program import (
    IN_BYTES,
    SLOT,
    Step,
    barrier,
    flag,
    load,
    load_out,
    move,
    run,
    scalar_load,
    scalar_load_gm,
    scalar_store,
    store,
    store_in,
)

A, B = 0, SLOT
SOC = model.socs()["Ascend910B2"]
UB_BYTES = SOC.local_bytes["UB"] - SOC.reserved_ub_bytes


def test_data_pass_through_ub_unchanged(probes: model.Library) -> None:
    out = run(
        probes,
        load(A, SLOT),
        flag("MTE2_V"),
        move(B, A),
        flag("V_MTE3"),
        store(0, B),
    )

    np.testing.assert_array_equal(out[: SLOT // 4], np.arange(SLOT // 4, SLOT // 2))
    assert (out[SLOT // 4 :] == -1).all()


def test_ub_is_usable_up_to_the_reserved_end(probes: model.Library) -> None:
    run(probes, load(UB_BYTES - SLOT))


@pytest.mark.parametrize("address", [UB_BYTES, UB_BYTES - 32, 192 * 1024, 1 << 20])
def test_instructions_must_stay_inside_ub(probes: model.Library, address: int) -> None:
    with raises_fault("address", instruction="copy_gm_to_ubuf", operand="target", memory="UB"):
        run(probes, load(address))


# The functions of the library that keep temporaries there run in test_vector_select.py and
# test_vector_dequant.py.
@pytest.mark.parametrize("address", [184 * 1024, 192 * 1024 - SLOT])
@pytest.mark.parametrize("mode", ["fast", "checked"])
def test_the_end_of_ub_belongs_to_the_library(
    probes: model.Library, mode: str, address: int
) -> None:
    with (
        model.options(mode=mode),
        raises_fault("address", instruction="copy_gm_to_ubuf", operand="target", memory="UB"),
    ):
        run(probes, load(address))


def test_scalar_accesses_must_stay_inside_ub(probes: model.Library) -> None:
    with raises_fault("address", instruction="scalar_store", operand="target", memory="UB"):
        run(probes, scalar_store(UB_BYTES))


@pytest.mark.parametrize("offset", [-SLOT, -4, IN_BYTES - SLOT + 4, IN_BYTES, 1 << 30])
def test_reads_of_gm_must_stay_inside_an_argument(probes: model.Library, offset: int) -> None:
    with raises_fault("address", instruction="copy_gm_to_ubuf", operand="source"):
        run(probes, load(A, offset))


@pytest.mark.parametrize("offset", [-4, IN_BYTES - SLOT + 4, IN_BYTES])
def test_writes_to_gm_must_stay_inside_an_argument(probes: model.Library, offset: int) -> None:
    with raises_fault("address", instruction="copy_ubuf_to_gm", operand="target"):
        run(probes, load(A), flag("MTE2_MTE3"), store(offset, A))


def test_scalar_accesses_of_gm_must_stay_inside_an_argument(probes: model.Library) -> None:
    with raises_fault("address", instruction="scalar_load_gm", operand="source"):
        run(probes, scalar_load_gm(IN_BYTES))


def test_inputs_must_not_be_written(probes: model.Library) -> None:
    with raises_fault(
        "read_only", instruction="copy_ubuf_to_gm", operand="target", rule="in is an input"
    ):
        run(probes, load(A), flag("MTE2_MTE3"), store_in(0, A))


@pytest.mark.parametrize(
    ("step", "operand"),
    [(load(4), "target"), (move(16, B), "target"), (move(A, 8), "source"), (store(0, 4), "source")],
    ids=["load", "move to", "move from", "store"],
)
def test_copies_need_ub_addresses_that_are_multiples_of_32(
    probes: model.Library, step: Step, operand: str
) -> None:
    with raises_fault("alignment", operand=operand, rule="multiple of 32"):
        run(probes, load(A), load(B), barrier("ALL"), step)


@pytest.mark.parametrize("step", [scalar_load(2), scalar_store(6)], ids=["load", "store"])
def test_scalar_accesses_need_the_alignment_of_their_type(
    probes: model.Library, step: Step
) -> None:
    with raises_fault("alignment", rule="multiple of 4"):
        run(probes, load(A), barrier("ALL"), step)


def test_scalar_accesses_of_gm_need_the_alignment_of_their_type(probes: model.Library) -> None:
    with raises_fault("alignment", instruction="scalar_load_gm", rule="multiple of 4"):
        run(probes, scalar_load_gm(2), defined=True)


@pytest.mark.parametrize(
    ("step", "instruction"),
    [
        (move(A, B), "copy_ubuf_to_ubuf"),
        (store(0, B), "copy_ubuf_to_gm"),
        (scalar_load(B), "scalar_load"),
    ],
    ids=["V", "MTE3", "S"],
)
def test_ub_must_be_written_before_it_is_read(
    probes: model.Library, step: Step, instruction: str
) -> None:
    with raises_fault("uninitialized", instruction=instruction, memory="UB") as caught:
        run(probes, load(A), barrier("ALL"), step)

    assert caught.value.fault.begin == B


def test_the_fault_names_the_first_byte_that_nothing_wrote(probes: model.Library) -> None:
    with raises_fault("uninitialized", memory="UB") as caught:
        run(probes, load(A, count=32), flag("MTE2_V"), move(B, A))

    assert (caught.value.fault.begin, caught.value.fault.end) == (32, 33)


@pytest.mark.parametrize(
    ("step", "instruction"),
    [(load_out(A), "copy_gm_to_ubuf"), (scalar_load_gm(0), "scalar_load_gm")],
    ids=["MTE2", "S"],
)
def test_outputs_must_be_written_before_they_are_read(
    probes: model.Library, step: Step, instruction: str
) -> None:
    with raises_fault("uninitialized", instruction=instruction, memory="out"):
        run(probes, step)


def test_part_of_an_output_may_be_read_once_it_is_written(probes: model.Library) -> None:
    written = [load(A), *flag("MTE2_MTE3"), store(SLOT, A), barrier("ALL")]

    run(probes, written, load_out(B, SLOT))
    with raises_fault("uninitialized", memory="out") as caught:
        run(probes, written, load_out(B, SLOT + 32))
    assert caught.value.fault.begin == 2 * SLOT


def test_an_output_that_the_caller_filled_may_be_read(probes: model.Library) -> None:
    run(probes, load_out(A), defined=True)


def test_fast_mode_keeps_the_bounds(probes: model.Library) -> None:
    with model.mode("fast"):
        with raises_fault("address", instruction="copy_gm_to_ubuf"):
            run(probes, load(UB_BYTES))
        with raises_fault("address", instruction="copy_gm_to_ubuf"):
            run(probes, load(A, IN_BYTES))
        with raises_fault("read_only"):
            run(probes, load(A), store_in(0, A))
