# SPDX-License-Identifier: Apache-2.0
"""DataCopy from GM to L1 that turns row-major matrices into columns of 32-byte blocks."""

from dataclasses import dataclass

import numpy as np

from tests.model.cube_reference.memory import (
    BLOCK,
    IMAGE_BYTES,
    L1_BYTES,
    Array,
    Expected,
    ceil_div,
    cells,
    put,
)

MOST_BLOCKS = 1 << 16  # that a reference is worth computing for


@dataclass(frozen=True)
class Nd2Nz:
    """A call; sizes in the units of Nd2NzParams, addresses in bytes.

    Attributes:
        size: Of an element, in bytes.
        gm: Offset of the source in its argument.
        l1: Address of the destination.
        image: Address in L1 of what is filled before and read back.
    """

    size: int
    gm: int
    l1: int
    image: int
    nd_num: int
    n_value: int
    d_value: int
    src_nd_matrix_stride: int
    src_d_value: int
    dst_nz_c0_stride: int
    dst_nz_n_stride: int
    dst_nz_matrix_stride: int

    @property
    def blocks_of_row(self) -> int:
        return ceil_div(self.d_value * self.size, BLOCK)

    @property
    def blocks(self) -> int:
        return self.nd_num * self.n_value * self.blocks_of_row


def expect(call: Nd2Nz, source: Array, before: Array) -> Expected:
    """What must be in the image of L1 after the call."""
    expected = Expected(cells(before))
    expected.require(call.l1 % BLOCK == 0, "dst is aligned to 32 bytes")
    expected.require(call.nd_num <= 4095, "ndNum is at most 4095")
    expected.require(call.n_value <= 16384, "nValue is at most 16384")
    expected.require(call.src_d_value >= 1, "srcDValue is at least 1")
    expected.require(1 <= call.dst_nz_c0_stride <= 16384, "dstNzC0Stride is 1 to 16384")
    expected.require(1 <= call.dst_nz_n_stride <= 16384, "dstNzNStride is 1 to 16384")
    # Older documentation allows all of 16 bits.
    expected.doubt(call.dst_nz_matrix_stride > 16384, "dstNzMatrixStride above 16384")
    if call.blocks == 0:
        _move_to_doubt(expected, "an empty call")
        return expected
    last_row = (call.nd_num - 1) * call.src_nd_matrix_stride + (call.n_value - 1) * call.src_d_value
    src_end = call.gm + (last_row + call.d_value) * call.size
    expected.require(src_end <= source.size, "src is inside of its argument")
    step = call.dst_nz_matrix_stride * call.size
    expected.doubt(call.nd_num > 1 and step % BLOCK != 0, "matrices between blocks")
    dst_end = (
        call.l1
        + (call.nd_num - 1) * step
        + (call.n_value - 1) * call.dst_nz_n_stride * BLOCK
        + (call.blocks_of_row - 1) * call.dst_nz_c0_stride * BLOCK
        + BLOCK
    )
    expected.require(dst_end <= L1_BYTES, "dst is inside of L1")
    if not expected.broken:
        _move(call, source, expected)
    return expected


def _move_to_doubt(expected: Expected, use: str) -> None:
    expected.doubtful += [f"{use}: {rule}" for rule in expected.broken]
    expected.broken.clear()


def _move(call: Nd2Nz, source: Array, expected: Expected) -> None:
    matrix, row, byte = np.ogrid[: call.nd_num, : call.n_value, : call.blocks_of_row * BLOCK]
    wanted = byte < call.d_value * call.size
    place = call.gm + byte + call.size * (matrix * call.src_nd_matrix_stride)
    place = place + call.size * (row * call.src_d_value)
    contents = np.where(wanted, cells(source)[np.where(wanted, place, 0)], 0)
    block, within = byte // BLOCK, byte % BLOCK
    target = call.l1 - call.image + matrix * call.dst_nz_matrix_stride * call.size + within
    target = target + (row * call.dst_nz_n_stride + block * call.dst_nz_c0_stride) * BLOCK
    put(expected.after, target, contents, expected)
    assert expected.after.size == IMAGE_BYTES
