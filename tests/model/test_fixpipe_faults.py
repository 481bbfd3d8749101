# SPDX-License-Identifier: Apache-2.0
"""Moves out of L0C: every limit broken once."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.fixpipe_case import (
    BLOCKS,
    BY_COLUMN,
    CAST,
    DEQF16,
    F322BF16,
    F322F16,
    FILL,
    FLOAT,
    GM,
    GM_BYTES,
    HALF,
    INT8,
    INT32,
    L0C_BYTES,
    MODES,
    NAMES,
    NO_QUANT,
    ONE,
    PLAIN,
    QF322B8,
    REQ8,
    ROWS,
    UINT8,
    VDEQF16,
    VREQ8,
    Operation,
    launch,
    mode_id,
    move,
    state,
    step,
)
from tests.model.fixpipe_case import run_moves as run
from tests.model.fixpipe_case import with_registers as call
from tests.model.harness import covers, raises_fault

TO_GM = "copy_matrix_cc_to_gm"
TO_L1 = "copy_matrix_cc_to_cbuf"
FORMS = {Operation.FIXPIPE: "Fixpipe.gm", Operation.DATA_COPY: "DataCopy.l0c_gm"}
BOTH_FORMS = pytest.mark.parametrize(
    "form", [pytest.param(form, marks=covers(row, "fault"), id=row) for form, row in FORMS.items()]
)


@BOTH_FORMS
@pytest.mark.parametrize(
    ("fields", "operand", "rule"),
    [
        ({"n": 4096}, "nSize", "(4096) must be in 0..4095"),
        ({"n": 24}, "nSize", "(24) must be a multiple of 16"),
        ({"n": 20, "split": 1}, "nSize", "(20) must be a multiple of 8"),
        ({"m": 8193, "layout": ROWS}, "mSize", "(8193) must be in 0..8192"),
        ({"dst_stride": 0}, "dstStride", "(0) must be in 1..4294967295"),
        ({"dst_stride": 0, "layout": ROWS}, "dstStride", "(0) must be in 1..4294967295"),
        ({"split": 1, "unit_flag": 3}, "channelSplit", "must be 0 unless"),
        ({"split": 1, "layout": ROWS}, "channelSplit", "must be 0 unless"),
        ({"unit_flag": 1}, "unitFlag", "(1) must be 0, 2 or 3"),
        (
            {"nd_num": 2, "src_nd_stride": 0, "dst_nd_stride": 9, "layout": ROWS},
            "srcNdStride",
            "(0) must be in 1..512",
        ),
        (
            {"nd_num": 2, "src_nd_stride": 1, "dst_nd_stride": 0, "layout": ROWS},
            "dstNdStride",
            "(0) must be in 1..65535",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_limits(
    probes: model.Library, form: Operation, fields: dict[str, Any], operand: str, rule: str
) -> None:
    with raises_fault("parameter", instruction=TO_GM, operand=operand, rule=rule):
        run(probes, *call(form, **fields))


def test_the_distance_of_matrices_is_limited(probes: model.Library) -> None:
    fields = {"nd_num": 2, "src_nd_stride": 513, "dst_nd_stride": 999, "layout": ROWS}
    with raises_fault("parameter", operand="srcNdStride", rule="(513) must be in 1..512"):
        run(probes, *call(Operation.FIXPIPE, PLAIN, **fields))


@covers("SetFixpipeNz2ndFlag", "fault")
def test_the_function_limits_the_distance_too(probes: model.Library) -> None:
    with raises_fault("parameter", rule="srcNdStride (513) must be in 0..512"):
        run(probes, step(Operation.SET_MATRICES, nd_num=1, src_nd_stride=513))


@covers("DataCopyCO12DstParams", "fault")
def test_relu_is_off_or_on(probes: model.Library) -> None:
    with raises_fault("parameter", operand="reluPre", rule="(2) must be in 0..1"):
        run(probes, *call(Operation.DATA_COPY, relu=2))


@covers("DataCopy.l0c_gm", "fault")
def test_rows_need_their_register(probes: model.Library) -> None:
    with raises_fault("parameter", operand="nz2ndEn", rule="must follow SetFixpipeNz2ndFlag"):
        run(probes, move(Operation.DATA_COPY, PLAIN, nz2nd=1))


@covers("SetFixpipePreQuantFlag", "fault")
def test_one_parameter_needs_its_register(probes: model.Library) -> None:
    with raises_fault("parameter", operand="quantPre", rule="must follow SetFixpipePreQuantFlag"):
        run(probes, *call(Operation.DATA_COPY, (DEQF16, INT32, HALF)))


@covers("SetFixPipeConfig.one", "fault")
def test_parameters_of_columns_need_their_register(probes: model.Library) -> None:
    with raises_fault("parameter", operand="quantPre", rule="must follow SetFixPipeConfig"):
        run(probes, *call(Operation.DATA_COPY, (VDEQF16, INT32, HALF)))


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(Operation.SET_CONFIG, marks=covers("SetFixPipeConfig.one", "fault")),
        pytest.param(Operation.SET_CONFIG_BOTH, marks=covers("SetFixPipeConfig.two", "fault")),
    ],
)
@pytest.mark.parametrize(
    ("fields", "kind", "rule"),
    [
        ({"to": 64}, "parameter", "quantPre address (64) must be a multiple of 128 bytes"),
        ({"positions": (0, 1, 0)}, "position", "quantPre (in L1) must lie in C2PIPE2GM"),
        ({"positions": (0, 7, 0)}, "position", "quantPre (in L0C) must lie in C2PIPE2GM"),
    ],
    ids=["address", "L1", "L0C"],
)
def test_parameters_lie_in_the_fixpipe_buffer(
    probes: model.Library, operation: Operation, fields: dict[str, Any], kind: str, rule: str
) -> None:
    with raises_fault(kind, instruction="SetFixPipeConfig", rule=rule):
        run(probes, step(operation, **fields))


@pytest.mark.parametrize(
    ("bits", "what"),
    [(0x7F800000, "inf"), (0xFFC00000, "NaN"), (0x00400000, "denormal"), (1, "denormal")],
    ids=["inf", "nan", "denormal", "unused_bits"],
)
@pytest.mark.parametrize("mode", [(QF322B8, FLOAT, INT8), (VREQ8, INT32, UINT8)], ids=mode_id)
def test_scales_are_normal_numbers(
    probes: model.Library, mode: tuple[int, int, int], bits: int, what: str
) -> None:
    before = state(np.array([1], np.int32))
    before.set_parameters(np.array([*[ONE] * 5, bits, *[ONE] * 10], np.uint64))
    form = Operation.FIXPIPE_WORKSPACE if mode[0] in BY_COLUMN else Operation.FIXPIPE
    with raises_fault("parameter", operand="scale", rule=what):
        launch(probes, before, *FILL, *call(form, mode, scalar=bits))


# Types.


ALL = [
    (quant, source, target)
    for quant in sorted({mode[0] for mode in MODES})
    for source in (FLOAT, INT32)
    for target in NAMES
]


@BOTH_FORMS
@pytest.mark.parametrize("mode", [m for m in ALL if m not in MODES and m[0] not in BY_COLUMN])
def test_conversions_that_do_not_exist(
    probes: model.Library, form: Operation, mode: tuple[int, int, int]
) -> None:
    with raises_fault("type", instruction=TO_GM, operand="quantPre"):
        run(probes, *call(form, mode))


@covers("Fixpipe.gm.workspace", "fault")
@pytest.mark.parametrize("mode", [m for m in ALL if m not in MODES and m[0] in BY_COLUMN])
def test_conversions_by_column_that_do_not_exist(
    probes: model.Library, mode: tuple[int, int, int]
) -> None:
    with raises_fault("type", instruction=TO_GM, operand="quantPre"):
        run(probes, *call(Operation.FIXPIPE_WORKSPACE, mode))


@pytest.mark.parametrize("form", [Operation.FIXPIPE, Operation.DATA_COPY])
@pytest.mark.parametrize("mode", [PLAIN, (NO_QUANT, INT32, INT32)], ids=mode_id)
def test_l1_takes_no_wide_results(
    probes: model.Library, form: Operation, mode: tuple[int, int, int]
) -> None:
    with raises_fault("type", instruction=TO_L1, operand="quantPre", rule="in L1"):
        run(probes, *call(form, mode, into_l1=1))


@covers("DataCopy.l0c_l1", "fault")
@pytest.mark.parametrize(
    ("fields", "operand"), [({"nz2nd": 1}, "nz2ndEn"), ({"split": 1}, "channelSplit")]
)
def test_l1_takes_blocks_only(probes: model.Library, fields: dict[str, Any], operand: str) -> None:
    with raises_fault("parameter", instruction=TO_L1, operand=operand, rule="must be 0"):
        run(probes, move(Operation.DATA_COPY, CAST, into_l1=1, **fields))


# Which form takes which parameters.


@covers("FixpipeParamsV220", "fault")
@covers("FixpipeParams", "fault")
@covers("Fixpipe.gm.old", "fault")
@covers("Fixpipe.l1.old", "fault")
@pytest.mark.parametrize("into_l1", [0, 1])
@pytest.mark.parametrize("form", [Operation.FIXPIPE, Operation.FIXPIPE_OLD])
@pytest.mark.parametrize("quant", BY_COLUMN)
def test_parameters_of_columns_come_with_a_tensor(
    probes: model.Library, quant: int, form: Operation, into_l1: int
) -> None:
    with raises_fault("parameter", instruction="Fixpipe", rule="come with cbufWorkspace"):
        run(probes, *call(form, (quant, INT32, HALF), into_l1=into_l1))


@covers("Fixpipe.gm.workspace", "fault")
@covers("Fixpipe.l1.workspace", "fault")
@covers("Fixpipe.gm.old.workspace", "fault")
@covers("Fixpipe.l1.old.workspace", "fault")
@pytest.mark.parametrize("into_l1", [0, 1])
@pytest.mark.parametrize("form", [Operation.FIXPIPE_WORKSPACE, Operation.FIXPIPE_OLD_WORKSPACE])
@pytest.mark.parametrize("quant", [NO_QUANT, F322F16, F322BF16, DEQF16, QF322B8, REQ8])
def test_a_tensor_comes_with_parameters_of_columns(
    probes: model.Library, quant: int, form: Operation, into_l1: int
) -> None:
    with raises_fault("parameter", instruction="Fixpipe", rule="with cbufWorkspace"):
        run(probes, *call(form, (quant, INT32, HALF), into_l1=into_l1))


def test_columns_are_limited_before_they_go_in_steps(probes: model.Library) -> None:
    mode = (VDEQF16, INT32, HALF)
    with raises_fault("parameter", instruction="Fixpipe", rule="nSize (4096) must be in 0..4095"):
        run(probes, *call(Operation.FIXPIPE_WORKSPACE, mode, n=4096))


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(Operation.FIXPIPE_OLD, marks=covers("Fixpipe.l1.old", "fault")),
        pytest.param(
            Operation.FIXPIPE_OLD_WORKSPACE, marks=covers("Fixpipe.l1.old.workspace", "fault")
        ),
    ],
)
def test_older_parameters_have_no_rows_in_l1(probes: model.Library, form: Operation) -> None:
    with raises_fault("parameter", instruction="Fixpipe", rule="nz2ndEn (1) must be false"):
        run(probes, *call(form, CAST, into_l1=1, nz2nd=1, original_n=16))


@covers("Fixpipe.gm.old", "fault")
def test_older_parameters_name_the_columns_of_rows(probes: model.Library) -> None:
    with raises_fault("parameter", instruction="Fixpipe", rule="originalNSize (0) must not be 0"):
        run(probes, *call(Operation.FIXPIPE_OLD, nz2nd=1))


ROW_OF_FORM = {
    (Operation.FIXPIPE, 0): "Fixpipe.gm",
    (Operation.FIXPIPE, 1): "Fixpipe.l1",
    (Operation.FIXPIPE_WORKSPACE, 0): "Fixpipe.gm.workspace",
    (Operation.FIXPIPE_WORKSPACE, 1): "Fixpipe.l1.workspace",
    (Operation.FIXPIPE_OLD, 0): "Fixpipe.gm.old",
    (Operation.FIXPIPE_OLD, 1): "Fixpipe.l1.old",
    (Operation.FIXPIPE_OLD_WORKSPACE, 0): "Fixpipe.gm.old.workspace",
    (Operation.FIXPIPE_OLD_WORKSPACE, 1): "Fixpipe.l1.old.workspace",
    (Operation.DATA_COPY, 0): "DataCopy.l0c_gm",
    (Operation.DATA_COPY, 1): "DataCopy.l0c_l1",
}
WITH_TENSOR = (Operation.FIXPIPE_WORKSPACE, Operation.FIXPIPE_OLD_WORKSPACE)
EVERY_FORM = pytest.mark.parametrize(
    ("form", "into_l1"),
    [pytest.param(*pair, marks=covers(row, "fault"), id=row) for pair, row in ROW_OF_FORM.items()],
)


def legal_mode(form: Operation) -> tuple[int, int, int]:
    return (VDEQF16, INT32, HALF) if form in WITH_TENSOR else CAST


@EVERY_FORM
def test_the_source_lies_in_l0c(probes: model.Library, form: Operation, into_l1: int) -> None:
    with raises_fault("position", rule="src (in L1) must lie in CO1"):
        run(probes, *call(form, legal_mode(form), into_l1=into_l1, positions=(1, 0, 0)))


@EVERY_FORM
def test_the_source_is_aligned(probes: model.Library, form: Operation, into_l1: int) -> None:
    with raises_fault("alignment", operand="source", rule="must be a multiple of 64 bytes"):
        run(probes, *call(form, legal_mode(form), into_l1=into_l1, from_=32))


@EVERY_FORM
def test_column_blocks_are_aligned(probes: model.Library, form: Operation, into_l1: int) -> None:
    fields = {"to": GM + 16, "layout": BLOCKS, "into_l1": into_l1}
    with raises_fault("alignment", operand="target", rule="must be a multiple of 32 bytes"):
        run(probes, *call(form, legal_mode(form), **fields))


@EVERY_FORM
def test_the_source_must_be_inside(probes: model.Library, form: Operation, into_l1: int) -> None:
    with raises_fault("address", operand="source", memory="L0C"):
        run(probes, *call(form, legal_mode(form), into_l1=into_l1, from_=L0C_BYTES - 512))


@EVERY_FORM
def test_the_target_must_be_inside(probes: model.Library, form: Operation, into_l1: int) -> None:
    end = 512 * 1024 - 256 if into_l1 else GM_BYTES - 256
    old = form in (Operation.FIXPIPE_OLD, Operation.FIXPIPE_OLD_WORKSPACE)
    size = {"n": 1, "m": 32, "src_stride": 0} if old else {}
    with raises_fault("address", operand="target"):
        run(probes, *call(form, legal_mode(form), into_l1=into_l1, to=end, **size))


@pytest.mark.parametrize("form", [form for form, into_l1 in ROW_OF_FORM if into_l1])
def test_a_local_target_is_l1(probes: model.Library, form: Operation) -> None:
    with raises_fault("position", rule="dst (in UB) must lie in A1, B1 or C1"):
        run(probes, *call(form, legal_mode(form), into_l1=1, positions=(0, 9, 0)))


@pytest.mark.parametrize("form", WITH_TENSOR)
def test_the_tensor_of_parameters_lies_in_l1(probes: model.Library, form: Operation) -> None:
    with raises_fault("position", rule="cbufWorkspace (in UB) must lie in C1"):
        run(probes, *call(form, legal_mode(form), positions=(0, 0, 9)))


@pytest.mark.parametrize("form", WITH_TENSOR)
def test_the_tensor_of_parameters_is_aligned(probes: model.Library, form: Operation) -> None:
    with raises_fault("alignment", instruction="copy_cbuf_to_fbuf", operand="source"):
        run(probes, *call(form, legal_mode(form), workspace=0x810))


# Cores.


@EVERY_FORM
def test_a_vector_core_does_nothing(probes: model.Library, form: Operation, into_l1: int) -> None:
    before = state()
    fields = {"into_l1": into_l1, "scalar": ONE}
    gm, _ = launch(probes, before, *call(form, legal_mode(form), **fields), tiling_key=1)

    np.testing.assert_array_equal(gm, before.gm)
