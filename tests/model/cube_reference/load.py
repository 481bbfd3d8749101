# SPDX-License-Identifier: Apache-2.0
"""LoadData by fractals, with and without transposition, and LoadDataWithTranspose."""

from dataclasses import dataclass

import numpy as np

from tests.model.cube_reference.memory import (
    BLOCK,
    FRACTAL,
    IMAGE_BYTES,
    L0_BYTES,
    L1_BYTES,
    Array,
    Cells,
    Expected,
    cells,
    put,
    unknown,
)

GM, L1, L0A, L0B = range(4)
LIMITS = {L1: L1_BYTES, L0A: L0_BYTES, L0B: L0_BYTES}
ALIGNMENTS = {GM: 1, L1: BLOCK, L0A: FRACTAL, L0B: FRACTAL}
SPARE = 2 * IMAGE_BYTES  # where the image of a destination in L1 lies


@dataclass(frozen=True)
class Load2D:
    """A call; addresses in bytes.

    Attributes:
        size: Of an element, in bytes.
        origin: Memory of the source: GM or L1.
        target: Memory of the destination: L0A, L0B, or L1 for a source in GM.
        src: Address of the source, an offset in its argument for GM.
        dst: Address of the destination.
        image: Address in L1 of what is filled with the source's bytes.
        transposed: 1 for ifTranspose.
    """

    size: int
    origin: int
    target: int
    src: int
    dst: int
    image: int
    start_index: int
    repeat_times: int
    src_stride: int
    dst_gap: int
    transposed: int
    addr_mode: int


@dataclass(frozen=True)
class LoadTransposed:
    """A call of LoadDataWithTranspose from L1; as Load2D, with squares as units of the source."""

    size: int
    target: int
    src: int
    dst: int
    image: int
    start_index: int
    repeat_times: int
    src_stride: int
    dst_gap: int
    dst_frac_gap: int


def l1_of(source: Array, image: int) -> Cells:
    """L1 with the source's bytes at an address, and nothing known elsewhere."""
    memory = unknown(L1_BYTES)
    memory[image : image + source.size] = cells(source)
    return memory


def require_places(
    expected: Expected, call: Load2D | LoadTransposed, origin: int, src: Array, dst: Array, end: int
) -> None:
    """Check the alignment and extent of both operands, given as starts of their fractals."""
    expected.require(call.src % ALIGNMENTS[origin] == 0, "src is aligned")
    expected.require(call.dst % ALIGNMENTS[call.target] == 0, "dst is aligned")
    expected.require(src.min() >= 0 and src.max() + FRACTAL <= end, "src is inside of its memory")
    expected.require(dst.max() + FRACTAL <= LIMITS[call.target], "dst is inside of its memory")


def expect_2d(call: Load2D, source: Array, before: Array) -> Expected:
    """What must be in the image of the destination after the call."""
    expected = Expected(cells(before))
    if call.repeat_times == 0:
        expected.doubt(True, "an empty call")
        return expected
    repeat = np.arange(call.repeat_times)
    way = -1 if call.addr_mode and call.target == L1 else 1
    src = call.src + (call.start_index + way * repeat * call.src_stride) * FRACTAL
    dst = call.dst + repeat * (call.dst_gap + 1) * FRACTAL
    end = source.size if call.origin == GM else L1_BYTES
    require_places(expected, call, call.origin, src, dst, end)
    expected.doubt(bool(call.addr_mode) and call.target != L1, "addrMode of a load into L0")
    fits = call.size == 2 and call.origin == L1
    expected.require(fits or not call.transposed, "ifTranspose is for 16 bits from L1")
    if expected.broken:
        return expected
    memory = cells(source) if call.origin == GM else l1_of(source, call.image)
    byte = np.arange(FRACTAL)
    taken = byte
    if call.transposed:
        row, column = byte // BLOCK, byte % BLOCK // 2
        taken = column * BLOCK + row * 2 + byte % 2
    base = SPARE if call.target == L1 else 0
    contents = memory[src[:, None] + taken]
    put(expected.after, dst[:, None] - base + byte, contents, expected)
    return expected


def expect_transposed(call: LoadTransposed, source: Array, before: Array) -> Expected:
    """What must be in the image of the destination after the call."""
    expected = Expected(cells(before))
    if call.repeat_times == 0:
        expected.doubt(True, "an empty call")
        return expected
    side = 32 if call.size == 1 else 16
    count = side * side * call.size // FRACTAL  # fractals of a square
    repeat, part = np.ogrid[: call.repeat_times, :count]
    square = call.start_index + repeat * call.src_stride
    src = call.src + (square * count + part) * FRACTAL
    dst = call.dst + (repeat * (call.dst_gap + 1) + part * (call.dst_frac_gap + 1)) * FRACTAL
    require_places(expected, call, L1, src, dst, L1_BYTES)
    if expected.broken:
        return expected
    # What row and column of the transposed square each byte of its fractals holds.
    byte = np.arange(FRACTAL)
    columns = BLOCK // call.size
    row = np.broadcast_to(byte // BLOCK, (count, FRACTAL))
    column = np.broadcast_to(byte % BLOCK // call.size, (count, FRACTAL))
    if call.size == 1:
        row = row + 16 * np.arange(count)[:, None]
    else:
        column = column + columns * np.arange(count)[:, None]
    # The source's square has row `column` and column `row` there; its fractals lie below each
    # other for 8 bits and beside each other otherwise.
    if call.size == 1:
        taken = column * BLOCK + row
    else:
        taken = row // columns * FRACTAL + column * BLOCK + row % columns * call.size
    taken = taken + byte % call.size
    starts = call.src + square.reshape(-1, 1, 1) * count * FRACTAL
    contents = l1_of(source, call.image)[starts + taken]
    put(expected.after, dst[:, :, None] + byte, contents, expected)
    return expected
