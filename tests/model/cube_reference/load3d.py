# SPDX-License-Identifier: Apache-2.0
"""LoadData with LoadData3DParamsV2: an image turned into the matrix of its convolution windows."""

from dataclasses import dataclass

import numpy as np

from tests.model.cube_reference.load import L0A, L0B, l1_of
from tests.model.cube_reference.memory import (
    BLOCK,
    FRACTAL,
    L0_BYTES,
    L1_BYTES,
    UNKNOWN,
    Array,
    Expected,
    ceil_div,
    cells,
    put,
)

ROWS = 16  # of a fractal
TAILS = {1: (4, 8, 16), 2: (4, 8), 4: (4,)}  # channels beside whole blocks, by bytes an element


@dataclass(frozen=True)
class Load3D:
    """A call; addresses in bytes, the rest as in LoadData3DParamsV2.

    Attributes:
        size: Of an element, in bytes.
        target: L0A or L0B.
        src: Address of the source in L1.
        dst: Address of the destination.
        image: Address in L1 of what is filled with the source's bytes.
        pad_bits: Of the padding value, in the element's bytes.
    """

    size: int
    target: int
    src: int
    dst: int
    image: int
    pad_bits: int
    pad_left: int
    pad_right: int
    pad_top: int
    pad_bottom: int
    l1_h: int
    l1_w: int
    channel_size: int
    k_extension: int
    m_extension: int
    k_start_pt: int
    m_start_pt: int
    stride_w: int
    stride_h: int
    filter_w: int
    filter_h: int
    dilation_w: int
    dilation_h: int
    transposed: int

    @property
    def c0(self) -> int:
        """Elements of a block."""
        return BLOCK // self.size

    @property
    def out_h(self) -> int:
        window = (self.filter_h - 1) * self.dilation_h + 1
        return (self.l1_h + self.pad_top + self.pad_bottom - window) // self.stride_h + 1

    @property
    def out_w(self) -> int:
        window = (self.filter_w - 1) * self.dilation_w + 1
        return (self.l1_w + self.pad_left + self.pad_right - window) // self.stride_w + 1

    @property
    def rows(self) -> int:
        """Of the whole matrix: positions of the window."""
        return max(self.out_h, 0) * max(self.out_w, 0)

    @property
    def columns(self) -> int:
        """Of the whole matrix: elements of a window, channels in whole blocks."""
        return ceil_div(self.channel_size, self.c0) * self.filter_h * self.filter_w * self.c0

    @property
    def turned(self) -> bool:
        """Whether the destination holds the transposed matrix."""
        return self.target == L0B or (self.transposed != 0 and self.size > 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Fractals of the destination along the rows and the columns of the matrix."""
        m, k = self.m_extension, self.k_extension
        if not self.turned:
            return ceil_div(m, ROWS), ceil_div(k, self.c0)
        # A block holds c0 rows of the matrix; fractals come in whole squares of 16 x 16.
        return ceil_div(m, ROWS) * ROWS // self.c0, ceil_div(k, ROWS)

    @property
    def fractals(self) -> int:
        return self.shape[0] * self.shape[1]


def expect(call: Load3D, source: Array, before: Array) -> Expected:
    """What must be in the image of the destination after the call."""
    expected = Expected(cells(before))
    sizes = (call.l1_h, call.l1_w, call.channel_size, call.k_extension, call.m_extension)
    if 0 in sizes or 0 in (call.filter_h, call.filter_w):
        expected.doubt(True, "an empty call")
        return expected
    expected.require(call.src % BLOCK == 0, "src is aligned to 32 bytes")
    expected.require(call.dst % FRACTAL == 0, "dst is aligned to 512 bytes")
    expected.require(max(call.l1_h, call.l1_w) <= 32767, "l1H and l1W are at most 32767")
    expected.require(call.k_start_pt % call.c0 == 0, "kStartPt is a multiple of a block")
    expected.require(call.m_start_pt <= 32767, "mStartPt is at most 32767")
    expected.require(max(call.stride_h, call.stride_w) <= 63, "strides are at most 63")
    tail = call.channel_size % call.c0
    expected.require(tail in (0, *TAILS[call.size]), "channelSize has a tail that is listed")
    if call.size == 1:
        expected.require(call.target == L0A, "loads into L0B are for 16 and 32 bits")
        expected.doubt(bool(call.transposed), "transposition of 8 bits")
    # The ranges begin at 0, of which the pages do not say what it means.
    zeros = 0 in (call.stride_h, call.stride_w, call.dilation_h, call.dilation_w)
    expected.doubt(zeros, "a stride or dilation of 0")
    expected.require(call.dst + call.fractals * FRACTAL <= L0_BYTES, "dst is inside of its memory")
    if zeros:
        expected.after[:] = UNKNOWN
        return expected
    if not expected.require(call.out_h > 0 and call.out_w > 0, "the window fits into the image"):
        return expected
    _check_edges(call, expected)
    expected.doubt(tail != 0, "channels beside whole blocks")
    _move(call, source, expected)
    if tail or (call.size == 1 and call.transposed):
        expected.after[call.dst : call.dst + call.fractals * FRACTAL] = UNKNOWN
    return expected


def _check_edges(call: Load3D, expected: Expected) -> None:
    """Only the last fractals, at the lower and the right edge of the matrix, may be in part."""
    m_end = call.m_start_pt + call.m_extension
    k_end = call.k_start_pt + call.k_extension
    expected.doubt(m_end > call.rows, "rows beyond the matrix")
    expected.doubt(k_end > call.columns, "columns beyond the matrix")
    whole = call.k_extension % call.c0 == 0
    expected.require(whole or k_end > call.columns - call.c0, "kExtension is in whole blocks")
    left = call.rows - call.m_start_pt
    whole = call.size == 4 or call.m_extension % ROWS == 0
    whole = whole or call.m_extension > (left - 1) // ROWS * ROWS
    expected.require(whole, "mExtension is in whole fractals")


def _move(call: Load3D, source: Array, expected: Expected) -> None:
    m, k = np.ogrid[: call.m_extension, : call.k_extension]
    row, column = call.m_start_pt + m, call.k_start_pt + k
    block, channel = column // call.c0, column % call.c0
    window = call.filter_h * call.filter_w
    point = block % window
    y = row // call.out_w * call.stride_h - call.pad_top
    y = y + point // call.filter_w * call.dilation_h
    x = row % call.out_w * call.stride_w - call.pad_left
    x = x + point % call.filter_w * call.dilation_w
    inside = (y >= 0) & (y < call.l1_h) & (x >= 0) & (x < call.l1_w)
    in_matrix = (row < call.rows) & (column < call.columns)
    place = ((block // window * call.l1_h + y) * call.l1_w + x) * BLOCK + channel * call.size
    place = np.where(inside & in_matrix, call.src + place, call.src)
    if not expected.require(int(place.max()) + call.size <= L1_BYTES, "src is inside of L1"):
        return
    byte = np.arange(call.size)
    memory = l1_of(source, call.image)
    padding = np.array([call.pad_bits >> 8 * int(i) & 0xFF for i in byte], np.int16)
    contents = np.where(inside[..., None], memory[place[..., None] + byte], padding)
    contents = np.where(in_matrix[..., None], contents, UNKNOWN)
    end = call.dst + call.fractals * FRACTAL
    if end > L0_BYTES:
        return
    expected.after[call.dst : end] = UNKNOWN
    target = _places(call, m, k)[..., None] + byte
    put(expected.after, target, contents.astype(np.int16), expected)


def _places(call: Load3D, m: Array, k: Array) -> Array:
    """Byte address in the destination of each element of the matrix."""
    m_fractals, k_fractals = call.shape
    if not call.turned:
        fractal = m // ROWS * k_fractals + k // call.c0
        within = m % ROWS * BLOCK + k % call.c0 * call.size
    elif call.target == L0A:
        fractal = k // ROWS * m_fractals + m // call.c0
        within = k % ROWS * BLOCK + m % call.c0 * call.size
    else:
        fractal = m // call.c0 * k_fractals + k // ROWS
        within = k % ROWS * BLOCK + m % call.c0 * call.size
    return np.asarray(call.dst + fractal * FRACTAL + within)
