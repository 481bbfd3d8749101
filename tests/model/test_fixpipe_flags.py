# SPDX-License-Identifier: Apache-2.0
"""Moves out of L0C that are ordered by unit flags, and stores in atomic mode."""

import ctypes

import numpy as np
import pytest
from ascend_attention import model

from tests.model.fixpipe_case import (
    BF16,
    BLOCKS,
    F322BF16,
    F322F16,
    FILL,
    FLOAT,
    GM,
    HALF,
    INT8,
    INT32,
    NO_QUANT,
    QF322B8,
    ROWS,
    STORED,
    UINT8,
    Operation,
    after,
    launch,
    mode_id,
    move,
    parameter,
    places,
    product,
    state,
    step,
)
from tests.model.harness import (
    Array,
    assert_same_bits,
    covers,
    from_bfloat16,
    raises_fault,
    to_bfloat16,
)

PLAIN = (NO_QUANT, FLOAT, FLOAT)


def fixpipe(unit_flag: int, **fields: object) -> ctypes.Structure:
    return move(
        Operation.FIXPIPE, PLAIN, **{"layout": ROWS, "unit_flag": unit_flag, "m": 16, **fields}
    )


def run(probes: model.Library, *steps: ctypes.Structure, loops: int = 1) -> None:
    launch(probes, state(), *steps, loops=loops)


@pytest.mark.parametrize("size", [(16, 16), (8, 16), (3, 5), (40, 72)], ids=str)
def test_unit_flags_order_a_product_and_its_move(
    probes: model.Library, size: tuple[int, int]
) -> None:
    m, n = size
    steps = (
        product(m, n, 3),
        fixpipe(3, m=m, n=n, src_stride=-(-m // 16) * 16, dst_stride=n),
        step(Operation.BARRIER_FIX),  # between the stores of two loops
    )

    run(probes, *steps, loops=3)


def test_flag_2_leaves_the_result_to_a_second_move(probes: model.Library) -> None:
    run(probes, product(16, 16, 3), fixpipe(2), fixpipe(3, to=0x8000))


def test_several_products_with_flag_2_come_before_the_last(probes: model.Library) -> None:
    run(probes, product(16, 16, 2), step(Operation.BARRIER_ALL), product(16, 16, 3), fixpipe(3))


def test_the_parts_of_a_product_may_leave_one_by_one(probes: model.Library) -> None:
    right = fixpipe(3, from_=16 * 64, to=0x8000)
    run(probes, product(16, 32, 3), fixpipe(3), right)


@pytest.mark.parametrize("flag", [2, 3])
@covers("Fixpipe.gm", "fault")
def test_a_move_waits_for_ever_without_a_product(probes: model.Library, flag: int) -> None:
    with raises_fault("event", instruction="copy_matrix_cc_to_gm", rule="waits for ever"):
        run(probes, product(16, 16), step(Operation.BARRIER_ALL), fixpipe(flag))


def test_a_product_waits_for_ever_for_the_move(probes: model.Library) -> None:
    with raises_fault("event", instruction="mad", rule="waits for ever"):
        run(probes, product(16, 16, 3), step(Operation.BARRIER_ALL), product(16, 16, 3))


def test_both_must_use_flags(probes: model.Library) -> None:
    with raises_fault("event", rule="must both use unitFlag, or neither"):
        run(probes, product(16, 16, 3), step(Operation.BARRIER_ALL), fixpipe(0))


def test_flags_must_be_down_at_the_end(probes: model.Library) -> None:
    with raises_fault("event"):
        run(probes, product(16, 16, 3), fixpipe(2))


@pytest.mark.parametrize(
    "operation",
    [Operation.SET_CONFIG, Operation.SET_CONFIG_BOTH, Operation.SET_CONFIG_OF_FLAGS],
)
def test_the_configuration_puts_flags_down(probes: model.Library, operation: Operation) -> None:
    run(probes, product(16, 32, 3), fixpipe(3), step(operation, unit_flag=1))


def test_the_configuration_may_leave_flags(probes: model.Library) -> None:
    with raises_fault("event"):
        run(probes, product(16, 32, 3), fixpipe(3), step(Operation.SET_CONFIG))


def test_taking_a_unit_flag_away_is_a_hazard(probes: model.Library) -> None:
    steps = (product(16, 16, 3), fixpipe(3))

    mutations = model.mutate(lambda: run(probes, *steps))

    turned = {one.detail: one.fault for one in mutations if one.kind == "unit_flag"}
    assert turned.keys() == {"M", "FIX"}
    fault = turned["M"]
    assert fault is not None
    assert fault.kind == "hazard"
    assert fault.other is not None
    assert fault.other.name == "mad"


# Atomic stores.

ATOMIC = (
    (NO_QUANT, FLOAT, FLOAT),
    (NO_QUANT, INT32, INT32),
    (F322F16, FLOAT, HALF),
    (F322BF16, FLOAT, BF16),
    (QF322B8, FLOAT, INT8),
)


def combined(target: int, old: Array, new: Array, maximum: bool) -> Array:
    if target == BF16:
        wide = combined(FLOAT, from_bfloat16(old), from_bfloat16(new), maximum)
        return to_bfloat16(wide)
    if target == INT8:
        old, new = old.view(np.int8), new.view(np.int8)
    return np.asarray(np.maximum(old, new) if maximum else old + new)


@pytest.mark.parametrize("maximum", [False, True], ids=["add", "max"])
@pytest.mark.parametrize("layout", [ROWS, BLOCKS], ids=["rows", "blocks"])
@pytest.mark.parametrize("mode", ATOMIC, ids=mode_id)
def test_stores_combine_with_what_is_there(
    probes: model.Library, mode: tuple[int, int, int], layout: int, maximum: bool
) -> None:
    random = np.random.default_rng(5)
    whole = random.integers(-40, 40, 8192)
    before = state(whole.astype(np.int32 if mode[1] == INT32 else np.float32))
    target = mode[2]
    stored = STORED[target]
    small = random.integers(-40, 40, before.gm.size // stored.itemsize)
    if target == BF16:
        before.gm[:] = (
            (small.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        )
    else:
        before.gm[:] = small.astype(np.int8 if target == INT8 else stored).view(np.uint8)
    call = move(
        Operation.FIXPIPE,
        mode,
        layout=layout,
        m=19,
        n=48,
        src_stride=32,
        dst_stride=60 if layout == ROWS else 200,
        scalar=parameter(1.0, signed=True),
    )
    kind = Operation.SET_ATOMIC_MAX if maximum else Operation.SET_ATOMIC_ADD

    gm, _ = launch(
        probes, before, *FILL, step(kind, target=target), call, step(Operation.SET_ATOMIC_NONE)
    )

    expected = before.gm.copy()
    fresh = after(before, call)[0]
    at = (GM + places(call))[..., None] + np.arange(stored.itemsize)
    old, new = (np.ascontiguousarray(one[at]).view(stored) for one in (before.gm, fresh))
    result = np.ascontiguousarray(combined(target, old, new, maximum))
    expected[at] = result.view(np.uint8).reshape(at.shape)
    assert_same_bits(gm, expected, "GM")


@pytest.mark.parametrize("mode", [(F322F16, FLOAT, HALF), (QF322B8, FLOAT, UINT8)], ids=mode_id)
def test_the_atomic_mode_must_be_of_the_type_stored(
    probes: model.Library, mode: tuple[int, int, int]
) -> None:
    steps = (
        step(Operation.SET_ATOMIC_ADD, target=FLOAT),
        move(Operation.FIXPIPE, mode, scalar=parameter(1.0)),
    )
    with raises_fault("type", operand="target", rule="that the atomic mode was set for"):
        run(probes, *FILL, *steps)


def test_the_atomic_mode_has_no_effect_on_l1(probes: model.Library) -> None:
    before = state(np.array([1.0, 2.0, -3.0], np.float32))
    call = move(Operation.FIXPIPE, (F322F16, FLOAT, HALF), layout=BLOCKS, into_l1=1)

    _, l1 = launch(
        probes,
        before,
        *FILL,
        step(Operation.SET_ATOMIC_ADD, target=HALF),
        call,
        step(Operation.SET_ATOMIC_NONE),
    )

    assert_same_bits(l1, after(before, call)[1], "L1")
