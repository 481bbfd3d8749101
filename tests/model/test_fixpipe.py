# SPDX-License-Identifier: Apache-2.0
"""Moves out of L0C: every conversion and layout, compared byte by byte with the documents."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import _native, model

from tests.model.fixpipe_case import (
    BLOCKS,
    BY_COLUMN,
    DEFAULT,
    DEQF16,
    F322F16,
    FILL,
    FLOAT,
    GM,
    HALF,
    INT8,
    INT32,
    L1,
    MODES,
    NO_QUANT,
    QF322B8,
    REQ8,
    ROWS,
    STORED,
    VDEQF16,
    VREQ8,
    Operation,
    State,
    after,
    launch,
    mode_id,
    move,
    parameter,
    state,
    step,
)
from tests.model.harness import Array, assert_same_bits, covers

INTO_L1 = [mode for mode in MODES if mode[0] != NO_QUANT]
SHAPES = {"one": (16, 16), "ragged": (37, 48), "wide": (5, 256), "tall": (200, 32)}  # m, n


def numbers(source: int, seed: int = 3) -> Array:
    """Accumulators of every size, and for floats every special one."""
    random = np.random.default_rng(seed)
    count = 16384
    if source == INT32:
        scale = random.choice([1, 100, 2**15, 2**24, 2**31 - 1], count)
        return (random.uniform(-1, 1, count) * scale).astype(np.int32)
    values = random.standard_normal(count) * random.choice([1e-6, 1, 100, 7e4, 1e30], count)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 0.5, 1.5, -2.5, 65504.0, 65520.0, 1e-7, 3e-45]
    return np.where(random.random(count) < 0.2, random.choice(special, count), values).astype(
        np.float32
    )


def parameters(count: int, seed: int = 4) -> Array:
    random = np.random.default_rng(seed)
    return np.array(
        [
            parameter(
                random.choice([-1, 1]) * random.uniform(0.001, 4),
                offset=int(random.integers(-256, 256)),
                signed=bool(random.integers(2)),
                shift=int(random.integers(0, 17)),
                low=int(random.integers(0, 2**13)),
            )
            for _ in range(count)
        ],
        np.uint64,
    )


def filled(source: int) -> State:
    before = state(numbers(source))
    before.set_parameters(parameters(512))
    return before


def block_stride(mode: tuple[int, int, int], rows: int) -> int:
    """Column blocks close to each other, with one block of 32 bytes between."""
    size = STORED[mode[2]].itemsize
    return rows * max(16 * size, 32) // 32 + 1


def shaped(
    mode: tuple[int, int, int], layout: int, shape: tuple[int, int], **fields: Any
) -> dict[str, Any]:
    m, n = shape
    stride = n + 3 if layout == ROWS else block_stride(mode, m)
    return {
        "layout": layout,
        "m": m,
        "n": n,
        "src_stride": -(-m // 16) * 16,
        "dst_stride": stride,
        "scalar": int(parameters(1)[0]),
        **fields,
    }


def check(probes: model.Library, before: State, *calls: Any, extra: tuple[Any, ...] = ()) -> None:
    gm, l1 = launch(probes, before, *FILL, *extra, *calls)
    expected = after(before, *calls)
    assert_same_bits(gm, expected[0], "GM")
    assert_same_bits(l1, expected[1], "L1")


def form_of(mode: tuple[int, int, int]) -> Operation:
    return Operation.FIXPIPE_WORKSPACE if mode[0] in BY_COLUMN else Operation.FIXPIPE


@covers("Fixpipe.gm", "value")
@covers("Fixpipe.gm.workspace", "value")
@covers("FixpipeParamsV220", "value")
@pytest.mark.parametrize("relu", [0, 1], ids=["plain", "relu"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("layout", [ROWS, BLOCKS], ids=["rows", "blocks"])
@pytest.mark.parametrize("mode", MODES, ids=mode_id)
def test_fixpipe_to_gm(
    probes: model.Library,
    mode: tuple[int, int, int],
    layout: int,
    shape: tuple[int, int],
    relu: int,
) -> None:
    fields = shaped(mode, layout, shape, relu=relu)

    check(probes, filled(mode[1]), move(form_of(mode), mode, **fields))


@covers("Fixpipe.l1", "value")
@covers("Fixpipe.l1.workspace", "value")
@pytest.mark.parametrize("relu", [0, 1], ids=["plain", "relu"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("mode", INTO_L1, ids=mode_id)
def test_fixpipe_to_l1(
    probes: model.Library, mode: tuple[int, int, int], shape: tuple[int, int], relu: int
) -> None:
    fields = shaped(mode, BLOCKS, shape, relu=relu, into_l1=1)

    check(probes, filled(mode[1]), move(form_of(mode), mode, **fields))


@covers("Fixpipe.l1", "value")
@pytest.mark.parametrize("form", [Operation.FIXPIPE, Operation.FIXPIPE_WORKSPACE])
@pytest.mark.parametrize("layout", [ROWS, DEFAULT], ids=["rows", "default"])
def test_l1_takes_blocks_whatever_the_configuration(
    probes: model.Library, layout: int, form: Operation
) -> None:
    mode = (F322F16, FLOAT, HALF) if form == Operation.FIXPIPE else (VDEQF16, INT32, HALF)
    before = filled(mode[1])
    given = move(form, mode, into_l1=1, layout=layout)

    _, l1 = launch(probes, before, *FILL, given)

    assert_same_bits(l1, after(before, move(form, mode, into_l1=1, layout=BLOCKS))[1], "L1")


@pytest.mark.parametrize("n", [1, 7, 15, 17, 20, 100, 255])
@pytest.mark.parametrize("mode", MODES, ids=mode_id)
def test_rows_may_have_any_length(
    probes: model.Library, mode: tuple[int, int, int], n: int
) -> None:
    fields = shaped(mode, ROWS, (9, n), to=GM + 3 * STORED[mode[2]].itemsize)

    check(probes, filled(mode[1]), move(form_of(mode), mode, **fields))


@pytest.mark.parametrize("layout", [ROWS, DEFAULT], ids=["rows", "default"])
def test_rows_are_the_default_and_may_be_close(probes: model.Library, layout: int) -> None:
    mode = (NO_QUANT, FLOAT, FLOAT)
    before = filled(FLOAT)
    fields = shaped(mode, ROWS, (33, 48), dst_stride=48)

    gm, _ = launch(
        probes, before, *FILL, move(Operation.FIXPIPE, mode, **{**fields, "layout": layout})
    )

    assert_same_bits(gm, after(before, move(Operation.FIXPIPE, mode, **fields))[0], "GM")


@pytest.mark.parametrize(
    ("dst_nd_stride", "dst_stride"), [(3000, 40), (40, 121)], ids=["apart", "interleaved"]
)
@pytest.mark.parametrize("src_nd_stride", [1, 2, 5])
@pytest.mark.parametrize("nd_num", [0, 1, 3])
@pytest.mark.parametrize("mode", MODES[:6], ids=mode_id)
def test_several_matrices(
    probes: model.Library,
    mode: tuple[int, int, int],
    nd_num: int,
    src_nd_stride: int,
    dst_nd_stride: int,
    dst_stride: int,
) -> None:
    fields = shaped(
        mode,
        ROWS,
        (20, 37),
        nd_num=nd_num,
        src_nd_stride=src_nd_stride,
        dst_nd_stride=dst_nd_stride,
        dst_stride=dst_stride,
        src_stride=200,
    )

    check(probes, filled(mode[1]), move(form_of(mode), mode, **fields))


@pytest.mark.parametrize("n", [8, 16, 24, 40, 128])
@pytest.mark.parametrize("relu", [0, 1], ids=["plain", "relu"])
def test_channel_split(probes: model.Library, n: int, relu: int) -> None:
    mode = (NO_QUANT, FLOAT, FLOAT)
    fields = shaped(mode, BLOCKS, (19, n), split=1, relu=relu, dst_stride=20)

    check(probes, filled(FLOAT), move(Operation.FIXPIPE, mode, **fields))


@covers("DataCopy.l0c_gm", "value")
def test_channel_split_of_data_copy(probes: model.Library) -> None:
    mode = (NO_QUANT, FLOAT, FLOAT)
    fields = shaped(mode, BLOCKS, (19, 40), split=1, dst_stride=20)

    check(probes, filled(FLOAT), move(Operation.DATA_COPY, mode, **fields))


@pytest.mark.parametrize("constructor", [1, 2, 3])
@covers("FixpipeParamsV220", "value")
def test_constructors(probes: model.Library, constructor: int) -> None:
    # 5 arguments leave out all from the quantisation on, 11 the split.
    mode = ((NO_QUANT, FLOAT, FLOAT), (REQ8, INT32, INT8), (NO_QUANT, FLOAT, FLOAT))[
        constructor - 1
    ]
    extra: dict[str, Any] = {"split": 1, "dst_stride": 40} if constructor == 3 else {}
    layout = BLOCKS if constructor == 3 else ROWS
    fields = shaped(mode, layout, (20, 32), constructor=constructor, relu=1, **extra)

    check(probes, filled(mode[1]), move(Operation.FIXPIPE, mode, **fields))


@pytest.mark.parametrize("size", [{"n": 0}, {"m": 0}, {"nd_num": 0}], ids=str)
def test_nothing_to_do(probes: model.Library, size: dict[str, int]) -> None:
    mode = (NO_QUANT, FLOAT, FLOAT)
    before = filled(FLOAT)

    gm, _ = launch(probes, before, *FILL, move(Operation.FIXPIPE, mode, layout=ROWS, **size))

    assert_same_bits(gm, before.gm, "GM")


@pytest.mark.parametrize("n", [257, 272, 384, 400])
@pytest.mark.parametrize("layout", [ROWS, BLOCKS], ids=["rows", "blocks"])
def test_more_than_256_columns_go_in_steps_of_128(
    probes: model.Library, layout: int, n: int
) -> None:
    mode = (VDEQF16, INT32, HALF)
    count = n if layout == ROWS else n // 16 * 16
    fields = shaped(mode, layout, (13, count))

    check(probes, filled(INT32), move(Operation.FIXPIPE_WORKSPACE, mode, **fields))


def test_bytes_of_each_step_start_where_blocks_of_16_would(probes: model.Library) -> None:
    mode = (VREQ8, INT32, INT8)
    before = filled(INT32)
    m, n, stride = 13, 288, 30
    call = move(
        Operation.FIXPIPE_WORKSPACE,
        mode,
        layout=BLOCKS,
        m=m,
        n=n,
        src_stride=16,
        dst_stride=stride,
    )

    gm, _ = launch(probes, before, *FILL, call)

    parts = []
    expected = before
    for first in range(0, n, 128):
        part = State(before.l0c, before.l1.copy(), expected.gm)
        part.set_parameters(before.parameters[first : first + 128].copy())
        parts.append(
            move(
                Operation.FIXPIPE_WORKSPACE,
                mode,
                layout=BLOCKS,
                m=m,
                n=min(128, n - first),
                src_stride=16,
                dst_stride=stride,
                from_=first // 16 * 16 * 64,
                to=GM + first // 16 * stride * 32,
            )
        )
        expected = State(before.l0c, before.l1, after(part, parts[-1])[0])
    assert_same_bits(gm, expected.gm, "GM")


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


def settings(mode: tuple[int, int, int], call: Any, fixbuf: int = 0) -> tuple[Any, ...]:
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

    check(probes, filled(mode[1]), call, extra=settings(mode, call, fixbuf=0x300))


@covers("DataCopy.l0c_l1", "value")
@pytest.mark.parametrize("mode", INTO_L1, ids=mode_id)
def test_data_copy_to_l1(probes: model.Library, mode: tuple[int, int, int]) -> None:
    call = move(Operation.DATA_COPY, mode, **shaped(mode, BLOCKS, (20, 32), into_l1=1))

    check(probes, filled(mode[1]), call, extra=settings(mode, call))


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
    values = np.resize(np.float32([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.4999, 3.5]), 16)

    result = quantised(probes, values, (QF322B8, FLOAT, INT8), parameter(1.0, signed=True))

    np.testing.assert_array_equal(result[:8], [0, 2, 2, 0, -2, -2, 3, 4])


def test_a_result_is_clipped_to_nine_bits_before_the_offset(probes: model.Library) -> None:
    values = np.resize(np.float32([1e9, 255, 300, -1e9, -256, np.inf, -np.inf, np.nan]), 16)

    bits = parameter(1.0, offset=-150, signed=True)
    result = quantised(probes, values, (QF322B8, FLOAT, INT8), bits)

    np.testing.assert_array_equal(result[:8], [105, 105, 105, -128, -128, 105, -128, -128])


def test_the_shift_rounds_down_and_clips_to_16_bits(probes: model.Library) -> None:
    values = np.resize(np.int32([-1, 7, 2**20, -(2**20), 2**31 - 1, -(2**31), 5, -5]), 16)

    bits = parameter(1.0, shift=2)
    result = quantised(probes, values, (DEQF16, INT32, HALF), bits)

    expected = [-1, 1, 32767, -32768, 32767, -32768, 1, -2]
    np.testing.assert_array_equal(result[:8], np.array(expected, np.float32).astype(np.float16))


@pytest.mark.parametrize("scale", [1.0, 1.5, 65504.0, -3.0])
def test_halves_overflow_to_infinity(probes: model.Library, scale: float) -> None:
    values = np.resize(np.int32([0, 1, 65504, 65519, 65520, -65520, 2**30, -7]), 16)

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
