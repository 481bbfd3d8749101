# SPDX-License-Identifier: Apache-2.0
"""Calls of probe_load_data: their struct, launch, and what they should leave in L0A, L0B or L1."""

import ctypes
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ascend_attention import model
from ascend_attention.model.arguments import POISON

from tests.model.harness import Array, aligned
from tests.model.ub_image import structure

FRACTAL = 512  # bytes
ROW = 32
L0_BYTES = 64 * 1024
L1_BYTES = 512 * 1024
FRACTALS, FROM_GM, SQUARES, IMAGE, IMAGE_PRO, INIT_CONST, FILL = range(7)
A1, A2, B2, VECIN, CO1 = 1, 2, 4, 9, 7  # TPosition
SIDES = {"l0a": A2, "l0b": B2}

# As in probe_load_data.cpp; bfloat16 is moved as bits.
TYPES: dict[str, tuple[int, np.dtype[Any]]] = {
    "int8_t": (0, np.dtype(np.int8)),
    "uint8_t": (1, np.dtype(np.uint8)),
    "int16_t": (2, np.dtype(np.int16)),
    "uint16_t": (3, np.dtype(np.uint16)),
    "half": (4, np.dtype(np.float16)),
    "bfloat16_t": (5, np.dtype(np.uint16)),
    "int32_t": (6, np.dtype(np.int32)),
    "uint32_t": (7, np.dtype(np.uint32)),
    "float": (8, np.dtype(np.float32)),
    "int64_t": (9, np.dtype(np.int64)),
}
FRACTAL_TYPES = [name for name in TYPES if name != "int64_t"]
SQUARE_TYPES = [name for name in FRACTAL_TYPES if name not in ("int16_t", "uint16_t")]

Piece = structure("Piece", ("begin", ctypes.c_uint32), ("bytes", ctypes.c_uint32))
MOST_PIECES = 16
LoadCase = structure(
    "LoadCase",
    ("value", ctypes.c_uint64),
    *((name, ctypes.c_int32) for name in ("form", "type", "target", "source")),
    *((name, ctypes.c_uint32) for name in ("target_address", "source_address")),
    *((name, ctypes.c_int32) for name in ("defaults", "set")),
    ("numbers", ctypes.c_uint32 * 8),
    ("pads", ctypes.c_uint8 * 4),
    ("image", ctypes.c_uint32 * 18),
    *((name, ctypes.c_int32) for name in ("feature_map", "set_padding", "set_boundary")),
    ("boundary", ctypes.c_uint32),
    ("set_repeat", ctypes.c_int32),
    ("repeat", ctypes.c_uint32 * 3),
    *((name, ctypes.c_int32) for name in ("loads", "unordered")),
    ("pieces", ctypes.c_uint32),
    ("piece", Piece * MOST_PIECES),
    ("product", ctypes.c_uint32 * 3),
    *((name, ctypes.c_uint32) for name in ("read_address", "read_bytes", "store_bytes")),
)


def case(form: int, type_: str, **changes: object) -> ctypes.Structure:
    """A call from address 0 of L1 to address 0 of L0A, less what is changed."""
    fields: dict[str, object] = {
        "form": form,
        "type": TYPES[type_][0],
        "target": A2,
        "source": A1,
        "set": 3,
        "loads": 1,
        "store_bytes": L0_BYTES,
    }
    return LoadCase(**{**fields, **changes})


def numbers(*values: int) -> ctypes.Array[ctypes.c_uint32]:
    return (ctypes.c_uint32 * 8)(*values)


def random_l1(bytes_: int, seed: int = 0) -> Array:
    """Random bytes for L1 or GM."""
    l1 = aligned(bytes_, np.uint8)
    l1[:] = np.random.default_rng(seed).integers(0, 256, bytes_, np.uint8)
    return l1


def launch(
    probes: model.Library,
    l1: Array,
    call: ctypes.Structure,
    pieces: list[tuple[int, int]] | None = None,
    kernel_type: str | None = None,
) -> Array:
    """Load L1 (all of it, or pieces: begin and bytes), run the call, give what its target holds."""
    if pieces is None:
        step = 65535 * ROW
        pieces = [(at, min(step, l1.size - at)) for at in range(0, l1.size, step)]
    call.pieces = len(pieces)
    call.piece = (Piece * MOST_PIECES)(*(Piece(*piece) for piece in pieces))
    out = aligned(max(call.store_bytes, 1), np.uint8)
    out[:] = POISON
    probes.launch(
        "probe_load_data", [model.In(l1), model.InOut(out), bytes(call)], type=kernel_type
    )
    return out[: call.store_bytes]


def poison(bytes_: int = L0_BYTES) -> Array:
    """Local memory as it is at the start of a launch in checked mode."""
    return np.full(bytes_, POISON, np.uint8)


def square(source: Array, at: int, size: int) -> tuple[Array, Array]:
    """The two fractals (the second empty for 2-byte elements) of a transposed square at a byte."""
    kind = np.dtype(f"u{size}")
    if size == 1:
        turned = source[at : at + 1024].reshape(32, 32).T
        return turned[:16].reshape(-1).copy(), turned[16:].reshape(-1).copy()
    if size == 2:
        turned = source[at : at + FRACTAL].view(kind).reshape(16, 16).T
        return turned.reshape(-1).copy().view(np.uint8), np.empty(0, np.uint8)
    left = source[at : at + FRACTAL].view(kind).reshape(16, 8)
    right = source[at + FRACTAL : at + 2 * FRACTAL].view(kind).reshape(16, 8)
    turned = np.hstack([left, right]).T
    parts = [
        np.ascontiguousarray(part).reshape(-1).view(np.uint8)
        for part in (turned[:, :8], turned[:, 8:])
    ]
    return parts[0], parts[1]


@dataclass(frozen=True)
class ImageLoad:
    """One load of an image, in the words of the documentation."""

    height: int
    width: int
    channels: int
    columns: int
    rows: int
    first_column: int = 0
    first_row: int = 0
    stride: tuple[int, int] = (1, 1)  # height, width
    filter: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # left, right, top, bottom
    transpose: bool = False
    boundary: int = 0
    repeat: tuple[int, int, int] = (0, 1, 0)  # stride, times, mode
    source: int = 0
    pad_value: int = 0
    right: bool = False

    def case(self, form: int, type_: str, target: int = A2, **changes: object) -> ctypes.Structure:
        """The call; registers that are not part of it are set before."""
        widths = [size % 256 if size > 256 else size for size in self.filter]
        image = (ctypes.c_uint32 * 18)(
            self.height,
            self.width,
            self.channels,
            self.columns,
            self.rows,
            self.first_column,
            self.first_row,
            self.stride[1],
            self.stride[0],
            widths[1],
            widths[0],
            self.dilation[1],
            self.dilation[0],
            self.transpose,
            False,
            self.filter[1] > 256,
            self.filter[0] > 256,
            self.right,
        )
        fields: dict[str, object] = {
            "target": target,
            "image": image,
            "pads": (ctypes.c_uint8 * 4)(*self.pads),
            "value": self.pad_value,
            "source_address": self.source,
            "set_boundary": 1,
            "boundary": self.boundary,
            "set_repeat": 1,
            "repeat": (ctypes.c_uint32 * 3)(*self.repeat),
        }
        if form == IMAGE_PRO:
            fields |= {"feature_map": 2 if self.right else 1, "set_padding": 1}
        return case(form, type_, **{**fields, **changes})

    def but(self, **changes: object) -> "ImageLoad":
        """The same with some fields changed."""
        fields: dict[str, Any] = dict(changes)
        return replace(self, **fields)

    def places(self) -> tuple[int, int]:
        """How many places the filter takes: height, width."""
        padded = (self.height + self.pads[2] + self.pads[3], self.width + sum(self.pads[:2]))
        reach = [(f - 1) * d + 1 for f, d in zip(self.filter, self.dilation, strict=True)]
        high, wide = (
            (size - covered) // step + 1
            for size, covered, step in zip(padded, reach, self.stride, strict=True)
        )
        return high, wide

    def unfolded(self, l1: Array, size: int) -> Array:
        """The whole matrix, element by element from the definition: [places][columns]."""
        block = ROW // size
        kind = np.dtype(f"u{size}")
        high, wide = self.places()
        pad = np.full(block, self.pad_value, np.uint64).astype(kind)
        rows = []
        for place in range(high * wide):
            pieces = []
            for c1 in range(self.channels // block):
                for fh in range(self.filter[0]):
                    for fw in range(self.filter[1]):
                        h = place // wide * self.stride[0] + fh * self.dilation[0] - self.pads[2]
                        w = place % wide * self.stride[1] + fw * self.dilation[1] - self.pads[0]
                        if not (0 <= h < self.height and 0 <= w < self.width):
                            pieces.append(pad)
                            continue
                        at = self.source + ((c1 * self.height + h) * self.width + w) * ROW
                        at = at % self.boundary if self.boundary else at
                        pieces.append(l1[at : at + ROW].view(kind))
            rows.append(np.concatenate(pieces))
        return np.array(rows)

    def taken(self, l1: Array, size: int) -> Array:
        """The parts of all repeats as one matrix; rows past the end of the image are poison."""
        matrix = self.unfolded(l1, size)
        stride, times, mode = self.repeat
        block = ROW // size
        rows = -(-self.rows // 16) * 16
        columns = -(-self.columns // block) * block
        parts = []
        for i in range(times):
            row = self.first_row + (i * stride * 16 if mode == 0 else 0)
            column = self.first_column + (i * stride * block if mode == 1 else 0)
            part = np.full((rows, columns), np.iinfo(matrix.dtype).max, matrix.dtype)
            piece = matrix[row : row + self.rows, column : column + columns]
            part[: piece.shape[0], : piece.shape[1]] = piece
            parts.append(part)
        return np.vstack(parts) if mode == 0 else np.hstack(parts)

    def expected(self, l1: Array, type_: str, target: int) -> Array:
        """Bytes of L0A (zZ) or L0B (nZ) after the load into address 0."""
        size = TYPES[type_][1].itemsize
        block = ROW // size
        matrix = self.taken(l1, size)
        out = poison().view(matrix.dtype)
        if target == A2:
            rows = matrix.T if self.transpose else matrix
            return _zz(out, rows, block)
        return _nz(out, matrix, block)


def _zz(out: Array, matrix: Array, block: int) -> Array:
    """L0A: fractals of 16 rows in rows of fractals; rows beyond the matrix are not written."""
    wide = matrix.shape[1] // block
    for (row, column), value in np.ndenumerate(matrix):
        fractal = row // 16 * wide + column // block
        out[(fractal * 16 + row % 16) * block + column % block] = value
    return out.view(np.uint8)


def _nz(out: Array, matrix: Array, block: int) -> Array:
    """L0B: the matrix is [k][n]; fractals [k1][n1] of 16 n by one block of k."""
    wide = -(-matrix.shape[1] // 16)
    for (k, n), value in np.ndenumerate(matrix):
        fractal = k // block * wide + n // 16
        out[(fractal * 16 + n % 16) * block + k % block] = value
    return out.view(np.uint8)
