# SPDX-License-Identifier: Apache-2.0
"""Moves out of L0C: every conversion and layout, compared byte by byte with the documents."""

from typing import Any

import pytest
from ascend_attention import model

from tests.model.fixpipe_case import (
    BLOCKS,
    DEFAULT,
    F322F16,
    FILL,
    FLOAT,
    GM,
    HALF,
    INT8,
    INT32,
    INTO_L1,
    MODES,
    NO_QUANT,
    REQ8,
    ROWS,
    SHAPES,
    STORED,
    VDEQF16,
    VREQ8,
    Operation,
    State,
    after,
    check,
    filled,
    form_of,
    launch,
    mode_id,
    move,
    shaped,
)
from tests.model.harness import assert_same_bits, covers


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
