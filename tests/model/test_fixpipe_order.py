# SPDX-License-Identifier: Apache-2.0
"""Moves out of L0C: overlap, definedness, and the order of what happens."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.fixpipe_case import (
    CAST,
    FILL,
    HALF,
    INT8,
    INT32,
    L1_BYTES,
    ONE,
    PLAIN,
    REQ8,
    ROWS,
    VDEQF16,
    Operation,
    launch,
    move,
    product,
    state,
    step,
)
from tests.model.fixpipe_case import run_moves as run
from tests.model.fixpipe_case import with_registers as call
from tests.model.harness import both_instructions, raises_fault

TO_GM = "copy_matrix_cc_to_gm"
TO_L1 = "copy_matrix_cc_to_cbuf"
# Overlap.


@pytest.mark.parametrize(
    ("mode", "fields"),
    [
        (PLAIN, {"layout": ROWS, "dst_stride": 15}),
        (PLAIN, {"n": 32, "dst_stride": 31}),
        (CAST, {"n": 32, "dst_stride": 15}),
        ((REQ8, INT32, INT8), {"n": 64, "dst_stride": 15}),
        ((REQ8, INT32, INT8), {"n": 48, "dst_stride": 15}),
        (PLAIN, {"n": 16, "split": 1, "dst_stride": 15}),
        (PLAIN, {"layout": ROWS, "nd_num": 2, "src_nd_stride": 1, "dst_nd_stride": 15}),
        (PLAIN, {"layout": ROWS, "nd_num": 3, "src_nd_stride": 1, "dst_nd_stride": 160}),
        (
            PLAIN,
            {
                "layout": ROWS,
                "nd_num": 2,
                "src_nd_stride": 1,
                "dst_nd_stride": 329,
                "dst_stride": 40,
            },
        ),
    ],
    ids=str,
)
def test_targets_must_not_overlap(
    probes: model.Library, mode: tuple[int, int, int], fields: dict[str, Any]
) -> None:
    with raises_fault("overlap", instruction=TO_GM, operand="target"):
        run(probes, *call(Operation.FIXPIPE, mode, scalar=ONE, **fields))


@pytest.mark.parametrize(
    ("mode", "fields"),
    [
        (PLAIN, {"layout": ROWS, "dst_stride": 1, "m": 1}),
        (PLAIN, {"n": 16, "dst_stride": 1}),
        (PLAIN, {"n": 32, "dst_stride": 32}),
        (CAST, {"n": 32, "dst_stride": 16}),
        ((REQ8, INT32, INT8), {"n": 48, "dst_stride": 16}),
        ((REQ8, INT32, INT8), {"n": 32, "dst_stride": 1}),
        (PLAIN, {"n": 16, "split": 1, "dst_stride": 16}),
        (PLAIN, {"layout": ROWS, "nd_num": 3, "src_nd_stride": 1, "dst_nd_stride": 256}),
        (
            PLAIN,
            {
                "layout": ROWS,
                "nd_num": 2,
                "src_nd_stride": 1,
                "dst_nd_stride": 16,
                "dst_stride": 32,
            },
        ),
    ],
    ids=str,
)
def test_targets_may_touch(
    probes: model.Library, mode: tuple[int, int, int], fields: dict[str, Any]
) -> None:
    run(probes, *call(Operation.FIXPIPE, mode, scalar=ONE, **fields))


# What is read must be there.


@pytest.mark.parametrize(
    ("fields", "defined"),
    [
        ({"m": 20, "n": 41, "src_stride": 32}, False),
        ({"m": 21, "n": 40, "src_stride": 32}, False),
        ({"m": 20, "n": 40, "src_stride": 32}, True),
        ({"m": 8, "n": 1, "src_stride": 99}, True),
    ],
    ids=["column", "row", "exact", "corner"],
)
def test_exactly_the_moved_elements_must_be_defined(
    probes: model.Library, fields: dict[str, Any], defined: bool
) -> None:
    steps = [
        product(20, 40),
        step(Operation.PRODUCT_TO_FIXPIPE),
        move(Operation.FIXPIPE, PLAIN, layout=ROWS, dst_stride=64, **fields),
    ]
    if defined:
        run(probes, *steps, fill=False)
        return
    with raises_fault("uninitialized", instruction=TO_GM, operand="source", memory="L0C"):
        run(probes, *steps, fill=False)


def test_parameters_must_be_defined(probes: model.Library) -> None:
    steps = [
        step(Operation.LOAD_PARAMETERS, n=1, workspace=0x800, to=0),
        step(Operation.SET_CONFIG, to=0),
        step(Operation.BARRIER_FIX),
        *call(Operation.DATA_COPY, (VDEQF16, INT32, HALF), n=32),
    ]
    with raises_fault("uninitialized", operand="quantPre", memory="FB"):
        run(probes, *steps)


def test_parameters_beyond_the_columns_may_be_undefined(probes: model.Library) -> None:
    # 20 columns are 160 bytes: the load of 256 bytes reaches into what nothing wrote.
    end = L1_BYTES - 160
    before = state(np.array([1], np.int32))
    before.l1[end:].view(np.uint64)[:] = ONE
    fields = {"layout": ROWS, "n": 20, "dst_stride": 20, "workspace": end}

    launch(
        probes, before, *FILL, *call(Operation.FIXPIPE_WORKSPACE, (VDEQF16, INT32, HALF), **fields)
    )

    fields["workspace"] = end + 32
    with raises_fault("uninitialized", operand="quantPre", memory="FB"):
        launch(
            probes,
            before,
            *FILL,
            *call(Operation.FIXPIPE_WORKSPACE, (VDEQF16, INT32, HALF), **fields),
        )


def test_parameters_must_fit_in_the_fixpipe_buffer(probes: model.Library) -> None:
    steps = [
        step(Operation.SET_CONFIG, to=1024),
        *call(Operation.DATA_COPY, (VDEQF16, INT32, HALF), n=144, src_stride=16),
    ]
    with raises_fault("address", operand="quantPre", memory="FB"):
        run(probes, *steps)


# Order.


def test_a_product_comes_before_its_move(probes: model.Library) -> None:
    with raises_fault("hazard", instruction=TO_GM, other="mad", memory="L0C") as caught:
        run(probes, product(16, 16), *call(Operation.FIXPIPE), fill=False)
    assert [one.pipe for one in both_instructions(caught)] == ["FIX", "M"]


def test_a_move_comes_before_the_next_product(probes: model.Library) -> None:
    steps = [
        product(16, 16),
        step(Operation.PRODUCT_TO_FIXPIPE),
        *call(Operation.FIXPIPE),
        step(Operation.BARRIER_M),
        product(16, 16),
    ]
    with raises_fault("hazard", instruction="mad", other=TO_GM, memory="L0C"):
        run(probes, *steps, fill=False)


def test_a_flag_each_way_orders_both(probes: model.Library) -> None:
    steps = [
        product(16, 16),
        step(Operation.PRODUCT_TO_FIXPIPE),
        *call(Operation.FIXPIPE),
        step(Operation.FIXPIPE_TO_PRODUCT),
        step(Operation.BARRIER_FIX),  # between the stores of two loops
    ]
    run(probes, *steps, fill=False, loops=3)


def test_loading_parameters_needs_no_barrier_behind_the_move_that_used_the_last(
    probes: model.Library,
) -> None:
    fields = {"layout": ROWS, "n": 300, "dst_stride": 300}
    calls = call(Operation.FIXPIPE_WORKSPACE, (VDEQF16, INT32, HALF), **fields)
    other = call(Operation.FIXPIPE_WORKSPACE, (VDEQF16, INT32, HALF), **fields, to=0x20000)

    run(probes, *calls, *other)


def test_a_move_needs_a_barrier_behind_the_load_of_its_parameters(probes: model.Library) -> None:
    steps = [
        step(Operation.LOAD_PARAMETERS, n=1, workspace=0x800, to=0),
        step(Operation.SET_CONFIG, to=0),
        *call(Operation.DATA_COPY, (VDEQF16, INT32, HALF)),
    ]
    with raises_fault("hazard", instruction=TO_GM, other="copy_cbuf_to_fbuf", memory="FB"):
        run(probes, *steps)


def test_two_loads_of_parameters_need_a_barrier(probes: model.Library) -> None:
    load = step(Operation.LOAD_PARAMETERS, n=1, workspace=0x800, to=0)
    with raises_fault("hazard", instruction="copy_cbuf_to_fbuf", other="copy_cbuf_to_fbuf"):
        run(probes, load, load)
