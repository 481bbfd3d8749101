# SPDX-License-Identifier: Apache-2.0
"""DataCopy of slices of tensors with several dimensions, and from fractals (NZ) to rows (ND)."""

import ctypes
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.copy_case import (
    GM,
    GM_UB,
    MOST_DIMS,
    NZ2ND,
    SLICE,
    TYPES,
    UB,
    UB_GM,
    Slice,
    assert_memory,
    case,
    launch,
    random_memory,
)
from tests.model.harness import covers, raises_fault
from tests.model.ub_image import BLOCK

Info = tuple[int, int, int, int, int]  # start, end, stride, burst, shape
SLICE_TYPES = tuple(TYPES)[:9]


def slices(infos: list[Info]) -> ctypes.Array[ctypes.Structure]:
    return (Slice * MOST_DIMS)(*(Slice(*info) for info in infos))


def elements(infos: list[Info], size: int) -> list[int]:
    """Numbers of the elements of a slice, in the order in which they move."""
    steps = []
    for dim, (start, end, stride, burst, _) in enumerate(infos):
        length = burst * BLOCK // size if dim == 0 else 1
        starts = range(start, end + 1, length + stride)
        steps.append([first + i for first in starts for i in range(length)])
    strides = [1, *itertools.accumulate((info[4] for info in infos[:-1]), lambda a, b: a * b)]
    places = itertools.product(*reversed(steps))
    return [sum(i * s for i, s in zip(reversed(p), strides, strict=True)) for p in places]


def blocks(count: int, size: int) -> int:
    """Elements of so many blocks."""
    return count * BLOCK // size


def one_dimension(size: int) -> tuple[list[Info], list[Info]]:
    b = blocks(1, size)
    whole = [(0, 6 * b - 1, 0, 2, 6 * b)]
    spread = [(b, b + 8 * b - 1, b, 2, 12 * b)]  # three bursts of two blocks, a block apart
    return whole, spread


def two_dimensions(size: int) -> tuple[list[Info], list[Info]]:
    """The example of the documentation, in blocks: rows 0 and 2, two bursts of each."""
    b = blocks(1, size)
    local = [(0, 6 * b - 1, 0, 3, 6 * b), (0, 1, 0, 1, 2)]
    far = [(2 * b, 2 * b + 6 * b + 6, 7, 3, 11 * b), (0, 2, 1, 1, 3)]
    return local, far


def three_dimensions(size: int) -> tuple[list[Info], list[Info]]:
    b = blocks(1, size)
    local = [(b, 2 * b - 1, 0, 1, 3 * b), (0, 1, 0, 1, 2), (1, 3, 0, 1, 4)]
    far = [(0, b - 1, 0, 1, 2 * b), (1, 3, 1, 1, 5), (0, 4, 1, 1, 5)]
    return local, far


SHAPES = {"1d": one_dimension, "2d": two_dimensions, "3d": three_dimensions}
PATHS = {GM_UB: "gm_ub", UB_GM: "ub_gm"}


def paths(kind: str) -> list[Any]:
    return [
        pytest.param(path, marks=covers(f"DataCopy.{name}.slice", kind), id=name)
        for path, name in PATHS.items()
    ]


@pytest.mark.parametrize("shape_in_tensors", [0, 1], ids=["own_shape", "shape_of_the_tensors"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("path", paths("value"))
@pytest.mark.parametrize("type_", SLICE_TYPES)
def test_slices(
    probes: model.Library,
    type_: str,
    path: int,
    shape: Callable[[int], tuple[list[Info], list[Info]]],
    shape_in_tensors: int,
) -> None:
    size = TYPES[type_][1].itemsize
    local, far = shape(size)
    memory = random_memory()
    dst, src = (local, far) if path == GM_UB else (far, local)

    after = launch(
        probes,
        memory,
        case(
            SLICE,
            path,
            type_,
            dims=len(local),
            dst_slices=slices(dst),
            src_slices=slices(src),
            shape_in_tensors=shape_in_tensors,
        ),
    )

    expected = memory.copy()
    raw = np.dtype(f"u{size}")
    ub = expected.ub.bytes[UB:].view(raw)
    gm = expected.gm[GM:].view(raw)
    if path == GM_UB:
        ub[elements(local, size)] = gm[elements(far, size)]
    else:
        gm[elements(far, size)] = ub[elements(local, size)]
    assert_memory(after, expected)


# For half: a block has 16 elements.
GOOD: list[Info] = [(0, 31, 0, 1, 32), (0, 1, 0, 1, 2)]
SLICE_FAULTS: dict[str, tuple[list[Info], int, str]] = {
    "no_dimension": (GOOD, 0, "dimValue (0) must be in 1..8"),
    "nine_dimensions": ([*GOOD, *[(0, 0, 0, 1, 1)] * 7], 9, "dimValue (9) must be in 1..8"),
    "end_before_start": ([(16, 15, 0, 1, 32)], 1, "endIndex of a slice (15) must"),
    "end_beyond_the_shape": ([(0, 47, 0, 1, 32)], 1, "endIndex of a slice (47) must"),
    "no_burst": ([(0, 31, 0, 0, 32)], 1, "burstLen of a slice (0) must"),
    "burst_of_rows": ([(0, 31, 0, 1, 32), (0, 1, 0, 2, 2)], 2, "burstLen of a slice (2) must"),
    "part_of_a_burst": ([(0, 23, 0, 1, 32)], 1, "endIndex of a slice (23) must end"),
}


@pytest.mark.parametrize(("infos", "dims", "rule"), SLICE_FAULTS.values(), ids=SLICE_FAULTS)
@pytest.mark.parametrize("path", paths("fault"))
def test_slices_must_be_well_formed(
    probes: model.Library, path: int, infos: list[Info], dims: int, rule: str
) -> None:
    call = case(SLICE, path, "half", dims=dims, dst_slices=slices(infos), src_slices=slices(infos))

    with raises_fault("parameter", instruction="DataCopy", rule=rule):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize(
    ("local", "far", "rule"),
    [
        ([(0, 31, 0, 2, 32)], [(0, 31, 0, 1, 32)], "burstLen of dst"),
        ([(0, 15, 0, 1, 32)], [(0, 31, 0, 1, 32)], "bursts of dst"),
        ([(0, 34, 3, 1, 64)], [(0, 31, 0, 1, 32)], "stride of the local slice in bytes (6) must"),
    ],
    ids=["bursts_of_other_lengths", "another_number_of_bursts", "gap_within_a_block"],
)
def test_slices_of_both_sides_must_agree(
    probes: model.Library, local: list[Info], far: list[Info], rule: str
) -> None:
    call = case(SLICE, GM_UB, "half", dst_slices=slices(local), src_slices=slices(far))

    with raises_fault("parameter", instruction="DataCopy", rule=rule):
        launch(probes, random_memory(), call)


# NZ to ND.

NZ_TYPES = ("int16_t", "uint16_t", "half", "bfloat16_t", "int32_t", "uint32_t", "float")
# matrices, rows, elements of a row, matrix stride, column stride, row stride, matrix stride in GM
FRACTALS = {
    "one_column": (1, 5, 16, 1, 0, 16, 1),
    "two_columns": (1, 4, 32, 1, 4, 40, 1),
    "matrices": (2, 4, 32, 1, 4, 160, 48),
    "overlapping_columns": (1, 3, 48, 1, 1, 50, 1),
    "no_matrix": (0, 4, 16, 1, 4, 16, 1),
}


def nz_case(type_: str, fields: tuple[int, ...], **changes: int) -> ctypes.Structure:
    return case(NZ2ND, UB_GM, type_, nz=(ctypes.c_int32 * 7)(*fields), **changes)


@covers("DataCopy.ub_gm.nz2nd", "value")
@pytest.mark.parametrize("fields", FRACTALS.values(), ids=FRACTALS)
@pytest.mark.parametrize("type_", NZ_TYPES)
def test_columns_of_16_become_rows(
    probes: model.Library, type_: str, fields: tuple[int, ...]
) -> None:
    matrices, rows, row_length, src_matrix, src_column, dst_row, dst_matrix = fields
    raw = np.dtype(f"u{TYPES[type_][1].itemsize}")
    memory = random_memory()

    after = launch(probes, memory, nz_case(type_, fields))

    expected = memory.copy()
    ub = memory.ub.bytes[UB:].view(raw)
    gm = expected.gm[GM:].view(raw)
    for matrix, column, row in itertools.product(
        range(matrices), range(row_length // 16), range(rows)
    ):
        source = matrix * src_matrix * 256 + (column * src_column + row) * 16
        target = matrix * dst_matrix + row * dst_row + column * 16
        gm[target : target + 16] = ub[source : source + 16]
    assert_memory(after, expected)


@covers("DataCopy.ub_gm.nz2nd", "fault")
@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        (0, 4096, "ndNum (4096) must"),
        (1, 0, "nValue (0) must"),
        (1, 8193, "nValue (8193) must"),
        (2, 8, "dValue (8) must be a multiple of 16"),
        (3, 513, "srcNdMatrixStride (513) must"),
        (4, 4096, "srcNStride (4096) must"),
        (5, 0, "dstDStride (0) must"),
        (6, 0, "dstNdMatrixStride (0) must"),
    ],
    ids=str,
)
def test_fractal_parameters(probes: model.Library, field: int, value: int, rule: str) -> None:
    fields = [1, 4, 16, 1, 4, 16, 1]
    fields[field] = value

    with raises_fault("parameter", instruction="DataCopy", rule=rule):
        launch(probes, random_memory(), nz_case("half", tuple(fields)))


@covers("DataCopy.ub_gm.nz2nd", "fault")
def test_fractals_must_be_aligned_in_ub(probes: model.Library) -> None:
    with raises_fault("alignment", instruction="copy_ubuf_to_gm_align", operand="source"):
        launch(probes, random_memory(), nz_case("half", FRACTALS["one_column"], ub=UB + 2))
