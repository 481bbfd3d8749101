# SPDX-License-Identifier: Apache-2.0
"""Transpose and TransDataTo5HD: layouts bit by bit, and their faults."""

import ctypes
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, covers, raises_fault
from tests.model.ub_image import BLOCK, UB_BYTES, Image, structure

IMAGE_BYTES = 0x20000
DST = 0x10000
SRC = 0x400
WORK = 0x18000
DST_LIST = 0x100
SRC_LIST = 0x200
MATRIX, EXT, TENSORS, ADDRESSES, ADDRESS_TENSOR = range(5)
ND2ND_B16, NCHW2NHWC, NHWC2NCHW = 10, 11, 12
LISTS = 16

# As in probe_transpose.cpp.
TYPES: dict[str, tuple[int, np.dtype[np.generic]]] = {
    "int8_t": (0, np.dtype(np.int8)),
    "uint8_t": (1, np.dtype(np.uint8)),
    "int16_t": (2, np.dtype(np.int16)),
    "uint16_t": (3, np.dtype(np.uint16)),
    "half": (4, np.dtype(np.float16)),
    "int32_t": (5, np.dtype(np.int32)),
    "uint32_t": (6, np.dtype(np.uint32)),
    "float": (7, np.dtype(np.float32)),
}

TransposeCase = structure(
    "TransposeCase",
    *((name, ctypes.c_int32) for name in ("function", "type")),
    *((name, ctypes.c_uint32) for name in ("image_bytes", "dst", "src", "work", "work_bytes")),
    *((name, ctypes.c_uint32) for name in ("dst_step", "src_step", "dst_list", "src_list")),
    *((name, ctypes.c_int32) for name in ("position", "defaults")),
    *((name, ctypes.c_int32) for name in ("dst_high_half", "src_high_half", "repeats")),
    *((name, ctypes.c_int32) for name in ("dst_rep_stride", "src_rep_stride")),
    *((name, ctypes.c_int32) for name in ("n", "c", "h", "w", "transpose_type")),
)


def case(function: int, type_: str, **changes: int) -> ctypes.Structure:
    fields: dict[str, object] = {
        "function": function,
        "type": TYPES[type_][0],
        "image_bytes": IMAGE_BYTES,
        "dst": DST,
        "src": SRC,
        "work": WORK,
        "work_bytes": IMAGE_BYTES - WORK,
        "dst_step": BLOCK,
        "src_step": BLOCK,
        "dst_list": DST_LIST,
        "src_list": SRC_LIST,
        "repeats": 1,
        "h": 16,
        "w": 16,
        "transpose_type": ND2ND_B16,
    }
    return TransposeCase(**{**fields, **changes})


def source_image(type_: str, count: int) -> tuple[Image, Array]:
    dtype = TYPES[type_][1]
    image = Image(IMAGE_BYTES)
    values = np.random.default_rng(0).integers(0, 256, count * dtype.itemsize, np.uint8)
    image.place(SRC, values)
    return image, values.view(f"u{dtype.itemsize}")


MATRICES = [
    *(
        pytest.param(MATRIX, t, marks=covers("Transpose.16x16", "value"), id=f"plain-{t}")
        for t in ("int16_t", "uint16_t", "half")
    ),
    pytest.param(EXT, "uint16_t", marks=covers("Transpose.ext.nd2nd", "value"), id="ext"),
]


@pytest.mark.parametrize("dst", [DST, SRC], ids=["apart", "in_place"])
@pytest.mark.parametrize(("function", "type_"), MATRICES)
def test_matrix_of_16_by_16(probes: model.Library, function: int, type_: str, dst: int) -> None:
    image, values = source_image(type_, 256)

    out = image.run(probes, "probe_transpose", case(function, type_, dst=dst))

    expected = image.copy()
    expected.place(dst, values.reshape(16, 16).T)
    out.assert_equal(expected)


@covers("TransposeParamsExt", "value")
def test_parameters_default_to_the_matrix(probes: model.Library) -> None:
    image, values = source_image("uint16_t", 256)

    out = image.run(probes, "probe_transpose", case(EXT, "uint16_t", defaults=1))

    np.testing.assert_array_equal(
        out.view(DST, 256, np.uint16).reshape(16, 16), values.reshape(16, 16).T
    )


IMAGES = {  # n, c, h, w
    "one_channel": (2, 1, 4, 8),
    "two_channels": (1, 2, 4, 8),
    "three_channels": (2, 3, 4, 8),
    "16_channels": (1, 16, 2, 16),
    "17_channels": (1, 17, 8, 4),
    "33_channels": (2, 33, 1, 32),
    "wide": (1, 5, 1, 96),
    "no_image": (0, 3, 4, 8),
}
DIRECTIONS = {
    NCHW2NHWC: pytest.param(
        NCHW2NHWC, marks=covers("Transpose.ext.nchw2nhwc", "value"), id="nchw2nhwc"
    ),
    NHWC2NCHW: pytest.param(
        NHWC2NCHW, marks=covers("Transpose.ext.nhwc2nchw", "value"), id="nhwc2nchw"
    ),
}


def work_bytes(direction: int, c: int, size: int) -> int:
    """What the documentation asks for."""
    tile = (32 if size == 1 else 16) * BLOCK
    return (c + 2 if direction == NCHW2NHWC else 2 * c + 1) * tile


@covers("TransposeParamsExt", "value")
@pytest.mark.parametrize("shape", IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize("direction", DIRECTIONS.values())
@pytest.mark.parametrize("type_", TYPES)
def test_images(
    probes: model.Library, type_: str, direction: int, shape: tuple[int, int, int, int]
) -> None:
    n, c, h, w = shape
    image, values = source_image(type_, n * c * h * w)
    needed = work_bytes(direction, c, values.itemsize)

    out = image.run(
        probes,
        "probe_transpose",
        case(EXT, type_, n=n, c=c, h=h, w=w, transpose_type=direction, work_bytes=needed),
    )

    expected = image.copy()
    if direction == NCHW2NHWC:
        expected.place(DST, values.reshape(n, c, h, w).transpose(0, 2, 3, 1))
    else:
        expected.place(DST, values.reshape(n, h, w, c).transpose(0, 3, 1, 2))
    expected.bytes[WORK : WORK + needed] = out.bytes[WORK : WORK + needed]
    out.assert_equal(expected)


# TransDataTo5HD.

REARRANGE_ROWS = {
    TENSORS: "TransDataTo5HD.tensors",
    ADDRESSES: "TransDataTo5HD.addresses",
    ADDRESS_TENSOR: "TransDataTo5HD.address_tensor",
}


def rearranged(
    image: Image, type_: str, steps: tuple[int, int], places: tuple[int, int], high: tuple[int, int]
) -> Image:
    """One repeat, from the 16 blocks from places[1] on to those from places[0] on."""
    dtype = np.dtype(f"u{TYPES[type_][1].itemsize}")
    per_block = BLOCK // dtype.itemsize
    rows = np.stack([image.view(places[1] + i * steps[1], per_block, dtype) for i in range(LISTS)])
    result = image.copy()
    targets = [result.view(places[0] + i * steps[0], per_block, dtype) for i in range(LISTS)]
    if dtype.itemsize == 2:
        for j, target in enumerate(targets):
            target[:] = rows[:, j]
    elif dtype.itemsize == 4:
        for j in range(8):
            targets[2 * j][:] = rows[:8, j]
            targets[2 * j + 1][:] = rows[8:, j]
    else:
        for j, target in enumerate(targets):
            target[16 * high[0] : 16 * high[0] + 16] = rows[:, j + 16 * high[1]]
    return result


def without_lists(image: Image) -> Image:
    """The lists of addresses are scratch."""
    copy = image.copy()
    copy.bytes[DST_LIST : SRC_LIST + 128] = 0
    return copy


@pytest.mark.parametrize(
    ("repeats", "strides", "steps"),
    [
        (1, (0, 0), (BLOCK, BLOCK)),
        (1, (0, 0), (3 * BLOCK, 2 * BLOCK)),
        (1, (2, 1), (BLOCK, BLOCK)),
        (4, (16, 1), (BLOCK, 4 * BLOCK)),
        (3, (1, 16), (3 * BLOCK, BLOCK)),
        (0, (16, 16), (BLOCK, BLOCK)),
    ],
    ids=["one", "spread", "one_with_strides", "nchw_to_5hd", "5hd_to_nchw", "none"],
)
@pytest.mark.parametrize(
    "function",
    [pytest.param(f, marks=covers(row, "value"), id=row) for f, row in REARRANGE_ROWS.items()],
)
@pytest.mark.parametrize("type_", TYPES)
def test_blocks_become_columns(
    probes: model.Library,
    type_: str,
    function: int,
    repeats: int,
    strides: tuple[int, int],
    steps: tuple[int, int],
) -> None:
    image, _ = source_image(type_, 0x4000 // TYPES[type_][1].itemsize)

    out = image.run(
        probes,
        "probe_transpose",
        case(
            function,
            type_,
            repeats=repeats,
            dst_rep_stride=strides[0],
            src_rep_stride=strides[1],
            dst_step=steps[0],
            src_step=steps[1],
        ),
    )

    expected = image
    for repeat in range(repeats):
        number = 1 if repeats == 1 else repeat  # a single repeat is one stride on
        places = (DST + number * strides[0] * BLOCK, SRC + number * strides[1] * BLOCK)
        expected = rearranged(expected, type_, steps, places, (0, 0))
    without_lists(out).assert_equal(without_lists(expected))


@covers("TransDataTo5HDParams", "value")
@pytest.mark.parametrize("high", [(0, 0), (0, 1), (1, 0), (1, 1)], ids=str)
@pytest.mark.parametrize("type_", ["int8_t", "uint8_t", "half"])
def test_halves_of_blocks_of_bytes(
    probes: model.Library, type_: str, high: tuple[int, int]
) -> None:
    image, _ = source_image(type_, 0x1000)

    out = image.run(
        probes,
        "probe_transpose",
        case(ADDRESSES, type_, dst_high_half=high[0], src_high_half=high[1]),
    )

    out.assert_equal(rearranged(image, type_, (BLOCK, BLOCK), (DST, SRC), high))


@covers("TransDataTo5HDParams", "value")
def test_rearrange_parameters_default_to_one_repeat(probes: model.Library) -> None:
    image, _ = source_image("half", 0x1000)

    out = image.run(probes, "probe_transpose", case(ADDRESSES, "half", defaults=1))

    out.assert_equal(rearranged(image, "half", (BLOCK, BLOCK), (DST, SRC), (0, 0)))


REARRANGE_FAULTS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "src_undefined": ({"src": IMAGE_BYTES - BLOCK}, {"kind": "uninitialized", "operand": "src"}),
    "src_beyond_ub": ({"src": UB_BYTES - BLOCK}, {"kind": "address", "operand": "src"}),
    "dst_beyond_ub": ({"dst": UB_BYTES - BLOCK}, {"kind": "address", "operand": "dst"}),
    "later_repeat_reads_an_earlier_one": (
        {"dst": SRC + 16 * BLOCK, "repeats": 2, "src_rep_stride": 16, "dst_rep_stride": 16},
        {"kind": "overlap", "operand": "dst"},
    ),
}
MISALIGNED: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "src_misaligned": ({"src": SRC + 16}, {"kind": "alignment", "operand": "src"}),
    "dst_misaligned": ({"dst": DST + 16}, {"kind": "alignment", "operand": "dst"}),
}


@covers("TransDataTo5HDParams", "fault")
@pytest.mark.parametrize(
    ("function", "changes", "fault"),
    [
        pytest.param(function, *fault, id=f"{row}-{name}", marks=covers(row, "fault"))
        for function, row in REARRANGE_ROWS.items()
        for name, fault in {
            **REARRANGE_FAULTS,
            # Block numbers in a tensor have no bits for less than a block.
            **({} if function == ADDRESS_TENSOR else MISALIGNED),
        }.items()
    ],
)
def test_rearrange_faults(
    probes: model.Library, function: int, changes: dict[str, int], fault: dict[str, Any]
) -> None:
    image, _ = source_image("half", 256)

    with raises_fault(instruction="scatter_vnchwconv_b16", **fault):
        image.run(probes, "probe_transpose", case(function, "half", **changes))


def test_lists_of_addresses_must_be_aligned(probes: model.Library) -> None:
    image, _ = source_image("half", 256)

    with raises_fault("alignment", instruction="vld_va_reg"):
        image.run(probes, "probe_transpose", case(ADDRESS_TENSOR, "half", src_list=SRC_LIST + 8))


MATRIX_FAULTS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    **MISALIGNED,
    "src_undefined": ({"src": IMAGE_BYTES}, {"kind": "uninitialized", "operand": "src"}),
    "src_beyond_ub": ({"src": UB_BYTES - BLOCK}, {"kind": "address", "operand": "src"}),
    "dst_beyond_ub": ({"dst": UB_BYTES - BLOCK}, {"kind": "address", "operand": "dst"}),
    "partly_in_place": ({"dst": SRC + BLOCK}, {"kind": "overlap", "operand": "dst"}),
}


@pytest.mark.parametrize(("changes", "fault"), MATRIX_FAULTS.values(), ids=MATRIX_FAULTS)
@pytest.mark.parametrize(
    "function",
    [
        pytest.param(MATRIX, marks=covers("Transpose.16x16", "fault"), id="plain"),
        pytest.param(EXT, marks=covers("Transpose.ext.nd2nd", "fault"), id="ext"),
    ],
)
def test_matrix_faults(
    probes: model.Library, function: int, changes: dict[str, int], fault: dict[str, Any]
) -> None:
    image, _ = source_image("uint16_t", 512)

    with raises_fault(instruction="vtranspose", **fault):
        image.run(probes, "probe_transpose", case(function, "uint16_t", **changes))


EXT_ARGUMENTS: dict[str, tuple[str, dict[str, int], str]] = {
    "matrix_of_half": ("half", {}, "uint16_t with TRANSPOSE_ND2ND_B16"),
    "matrix_of_another_size": ("uint16_t", {"h": 8}, "hSize * wSize (128) must be 16 * 16"),
    "type_of_another_chip": ("half", {"transpose_type": 7}, "transposeType (7) must"),
}
IMAGE_ARGUMENTS: dict[str, tuple[dict[str, int], str]] = {
    "channels": ({"c": 4096}, "cSize (4096) must"),
    "area": ({"h": 64, "w": 64}, "hSize * wSize (4096) must"),
    "area_in_bytes": ({"h": 3, "w": 3}, "hSize * wSize in bytes (18) must be a multiple of 32"),
    "work_space": ({"work_bytes": 4 * 512}, "size of sharedTmpBuffer (2048) must"),
}


@covers("TransposeParamsExt", "fault")
@pytest.mark.parametrize(
    ("type_", "changes", "rule"),
    [
        *(pytest.param(*fields, id=name) for name, fields in EXT_ARGUMENTS.items()),
        *(
            pytest.param(
                "half",
                {"n": 1, "c": 3, "h": 4, "w": 8, "transpose_type": direction, **changes},
                rule,
                id=f"{row}-{name}",
                marks=covers(row, "fault"),
            )
            for direction, row in {
                NCHW2NHWC: "Transpose.ext.nchw2nhwc",
                NHWC2NCHW: "Transpose.ext.nhwc2nchw",
            }.items()
            for name, (changes, rule) in IMAGE_ARGUMENTS.items()
        ),
    ],
)
def test_arguments_of_the_extended_form(
    probes: model.Library, type_: str, changes: dict[str, int], rule: str
) -> None:
    image, _ = source_image(type_, 4096)

    with raises_fault("parameter", instruction="Transpose", rule=rule):
        image.run(probes, "probe_transpose", case(EXT, type_, **changes))


@pytest.mark.parametrize(
    ("function", "name"),
    [(MATRIX, "Transpose"), (EXT, "Transpose"), (TENSORS, "TransDataTo5HD")],
    ids=["plain", "ext", "rearrange"],
)
def test_destination_must_lie_in_ub(probes: model.Library, function: int, name: str) -> None:
    image, _ = source_image("uint16_t", 256)

    with raises_fault("position", instruction=name):
        image.run(probes, "probe_transpose", case(function, "uint16_t", position=1))
