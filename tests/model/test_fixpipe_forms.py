# SPDX-License-Identifier: Apache-2.0
"""Moves out of L0C by the older parameters and by DataCopy, and quantisation number by number."""

import ctypes

import numpy as np
import pytest
from ascend_attention import _native, model

from tests.model.fixpipe_case import (
    BLOCKS,
    BY_COLUMN,
    DEQF16,
    FILL,
    FLOAT,
    GM,
    HALF,
    INT8,
    INT32,
    INTO_L1,
    MODES,
    QF322B8,
    ROWS,
    STORED,
    VDEQF16,
    Operation,
    after,
    check,
    filled,
    form_of,
    launch,
    mode_id,
    move,
    parameter,
    parameters,
    shaped,
    state,
    step,
)
from tests.model.harness import Array, assert_same_bits, covers

# The older parameters: bursts and gaps.


@covers("Fixpipe.gm.old", "value")
@covers("Fixpipe.gm.old.workspace", "value")
@covers("FixpipeParams", "value")
@pytest.mark.parametrize("rows", [False, True], ids=["blocks", "rows"])
@pytest.mark.parametrize("mode", MODES, ids=mode_id)
def test_older_parameters_to_gm(
    probes: model.Library, mode: tuple[int, int, int], rows: bool
) -> None:
    m, n = 24, 64
    size = STORED[mode[2]].itemsize
    gap = 5
    old = {
        "n": n // 16,
        "m": m * 2,
        "src_stride": 1,
        "dst_stride": 70 if rows else gap,
        "nz2nd": int(rows),
        "original_n": 61,
        "scalar": int(parameters(1)[0]),
        "relu": 1,
    }
    form = Operation.FIXPIPE_OLD_WORKSPACE if mode[0] in BY_COLUMN else Operation.FIXPIPE_OLD
    new = {
        **old,
        "m": m,
        "n": 61 if rows else n,
        "src_stride": 32 + 16,
        "dst_stride": 70 if rows else gap + m * 2 * size // 4,
        "layout": ROWS if rows else BLOCKS,
    }
    before = filled(mode[1])

    if size == 1 and not rows:
        new["dst_stride"] = old["dst_stride"] = 40  # bytes of pairs of blocks would overlap
        new["dst_stride"] += m * 2 // 4
    gm, _ = launch(probes, before, *FILL, move(form, mode, **old))

    assert_same_bits(gm, after(before, move(form, mode, **new))[0], "GM")


@covers("Fixpipe.l1.old", "value")
@covers("Fixpipe.l1.old.workspace", "value")
@pytest.mark.parametrize("mode", INTO_L1, ids=mode_id)
def test_older_parameters_to_l1(probes: model.Library, mode: tuple[int, int, int]) -> None:
    m, n, gap = 24, 48, 40
    scalar = int(parameters(1)[0])
    form = Operation.FIXPIPE_OLD_WORKSPACE if mode[0] in BY_COLUMN else Operation.FIXPIPE_OLD
    old = move(
        form, mode, n=n // 16, m=m * 2, src_stride=0, dst_stride=gap, scalar=scalar, into_l1=1
    )
    stride = gap + m * 2 * STORED[mode[2]].itemsize // 4
    new = move(
        form,
        mode,
        n=n,
        m=m,
        src_stride=32,
        dst_stride=stride,
        scalar=scalar,
        into_l1=1,
        layout=BLOCKS,
    )
    before = filled(mode[1])

    _, l1 = launch(probes, before, *FILL, old)

    assert_same_bits(l1, after(before, new)[1], "L1")


# DataCopy, which reads registers that functions set.


def settings(call: ctypes.Structure, fixbuf: int = 0) -> tuple[ctypes.Structure, ...]:
    return (
        step(
            Operation.SET_MATRICES,
            nd_num=call.nd_num,
            src_nd_stride=call.src_nd_stride,
            dst_nd_stride=call.dst_nd_stride,
        ),
        step(Operation.SET_QUANT, scalar=call.scalar),
        step(Operation.LOAD_PARAMETERS, n=2, workspace=call.workspace, to=fixbuf),
        step(Operation.SET_CONFIG, to=fixbuf),
        step(Operation.BARRIER_FIX),
    )


@covers("DataCopy.l0c_gm", "value")
@covers("DataCopyCO12DstParams", "value")
@covers("SetFixpipeNz2ndFlag", "value")
@covers("SetFixpipePreQuantFlag", "value")
@covers("SetFixPipeConfig.one", "value")
@pytest.mark.parametrize("constructor", [0, 1], ids=["fields", "constructor"])
@pytest.mark.parametrize("nd_num", [1, 2])
@pytest.mark.parametrize("layout", [ROWS, BLOCKS], ids=["rows", "blocks"])
@pytest.mark.parametrize("mode", MODES, ids=mode_id)
def test_data_copy_to_gm(
    probes: model.Library,
    mode: tuple[int, int, int],
    layout: int,
    nd_num: int,
    constructor: int,
) -> None:
    fields = shaped(
        mode,
        layout,
        (20, 32),
        nd_num=nd_num,
        src_nd_stride=8,
        dst_nd_stride=2000,
        nz2nd=int(layout == ROWS),
        constructor=constructor,
        relu=1,
    )
    call = move(Operation.DATA_COPY, mode, **fields)

    check(probes, filled(mode[1]), call, extra=settings(call, fixbuf=0x300))


@covers("DataCopy.l0c_l1", "value")
@pytest.mark.parametrize("mode", INTO_L1, ids=mode_id)
def test_data_copy_to_l1(probes: model.Library, mode: tuple[int, int, int]) -> None:
    call = move(Operation.DATA_COPY, mode, **shaped(mode, BLOCKS, (20, 32), into_l1=1))

    check(probes, filled(mode[1]), call, extra=settings(call))


@covers("SetFixPipeConfig.two", "value")
def test_both_tensors_of_the_configuration(probes: model.Library) -> None:
    mode = (VDEQF16, INT32, HALF)
    call = move(Operation.DATA_COPY, mode, **shaped(mode, BLOCKS, (20, 16)))
    extra = (
        step(Operation.LOAD_PARAMETERS, n=1, workspace=call.workspace, to=0x180),
        step(Operation.SET_CONFIG_BOTH, to=0x180),
        step(Operation.BARRIER_FIX),
    )

    check(probes, filled(INT32), call, extra=extra)


# Quantisation, number by number.


def quantised(probes: model.Library, values: Array, mode: tuple[int, int, int], bits: int) -> Array:
    """One row of 16 results."""
    before = state(values)
    call = move(Operation.FIXPIPE, mode, layout=ROWS, m=1, n=16, scalar=bits, dst_stride=16, relu=0)
    gm, _ = launch(probes, before, *FILL, call)
    size = STORED[mode[2]].itemsize
    return gm[GM : GM + 16 * size].view(np.int8 if mode[2] == INT8 else STORED[mode[2]])


def test_ties_go_to_the_even_number(probes: model.Library) -> None:
    values = np.resize(np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.4999, 3.5], np.float32), 16)

    result = quantised(probes, values, (QF322B8, FLOAT, INT8), parameter(1.0, signed=True))

    np.testing.assert_array_equal(result[:8], [0, 2, 2, 0, -2, -2, 3, 4])


def test_a_result_is_clipped_to_nine_bits_before_the_offset(probes: model.Library) -> None:
    values = np.resize(
        np.array([1e9, 255, 300, -1e9, -256, np.inf, -np.inf, np.nan], np.float32), 16
    )

    bits = parameter(1.0, offset=-150, signed=True)
    result = quantised(probes, values, (QF322B8, FLOAT, INT8), bits)

    np.testing.assert_array_equal(result[:8], [105, 105, 105, -128, -128, 105, -128, -128])


def test_the_shift_rounds_down_and_clips_to_16_bits(probes: model.Library) -> None:
    values = np.resize(np.array([-1, 7, 2**20, -(2**20), 2**31 - 1, -(2**31), 5, -5], np.int32), 16)

    bits = parameter(1.0, shift=2)
    result = quantised(probes, values, (DEQF16, INT32, HALF), bits)

    expected = [-1, 1, 32767, -32768, 32767, -32768, 1, -2]
    np.testing.assert_array_equal(result[:8], np.array(expected, np.float32).astype(np.float16))


@pytest.mark.parametrize("scale", [1.0, 1.5, 65504.0, -3.0])
def test_halves_overflow_to_infinity(probes: model.Library, scale: float) -> None:
    values = np.resize(np.array([0, 1, 65504, 65519, 65520, -65520, 2**30, -7], np.int32), 16)

    result = quantised(probes, values, (DEQF16, INT32, HALF), parameter(scale))

    with np.errstate(over="ignore"):
        expected = (values.astype(np.float32) * np.float32(scale)).astype(np.float16)
    assert_same_bits(result, expected, "halves")


def test_every_level_gives_the_same_bits(probes: model.Library) -> None:
    best = _native.level()
    results: list[Array] = []
    try:
        for level in _native.levels():
            _native.set_level(level)
            for mode in MODES:
                call = move(form_of(mode), mode, **shaped(mode, ROWS, (33, 75), relu=0))
                gm, _ = launch(probes, filled(mode[1]), *FILL, call)
                results.append(gm)
    finally:
        _native.set_level(best)
    for i, gm in enumerate(results):
        assert_same_bits(gm, results[i % len(MODES)], mode_id(MODES[i % len(MODES)]))
