# SPDX-License-Identifier: Apache-2.0
"""Calls of probe_mmad: steps, images of L0A and L0B, and products computed in numpy."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from ascend_attention import model

from tests.model.harness import Array, aligned, from_bfloat16, poisoned, to_bfloat16
from tests.model.ub_image import structure

L0_BYTES = 64 * 1024
L0C_BYTES = 128 * 1024
FRACTAL = 512  # bytes of one of L0A and L0B
SIDE = 16
MOST_STEPS = 12
POISON_BITS = 0xFFFFFFFF

MMAD, MMAD_BIAS, BARRIER, HF32_MODE, HF32_TRANS_MODE, LAYOUT_TRANSFORM = range(6)
# As TPosition.
A1, A2, B2, C2, CO1, VECIN = 1, 2, 4, 6, 7, 9

# Number in probe_mmad.cpp, how numpy keeps it, type of the result.
TYPES: dict[str, tuple[int, npt.DTypeLike, npt.DTypeLike]] = {
    "half": (0, np.float16, np.float32),
    "bfloat16_t": (1, np.uint16, np.float32),
    "float": (2, np.float32, np.float32),
    "int8_t": (3, np.int8, np.int32),
}

_NUMBERS = ("operation", "type", "m", "k", "n", "unit_flag", "k_direction_align", "is_bias")
_MORE = ("cmatrix_source", "cmatrix_init_val", "constructor")
_ADDRESSES = ("dst", "fm", "filter", "bias")
_Step = structure(
    "_Step",
    *((name, ctypes.c_int32) for name in _NUMBERS + _MORE),
    *((name, ctypes.c_uint32) for name in _ADDRESSES),
    ("positions", ctypes.c_int32 * 4),
)
_Case = structure(
    "_Case",
    *((name, ctypes.c_uint32) for name in ("fm_bytes", "filter_bytes", "bias_bytes")),
    ("count", ctypes.c_int32),
    ("steps", _Step * MOST_STEPS),
)

Step = ctypes.Structure


def step(operation: int, **fields: object) -> Step:
    """A step; a Mmad without more said starts from 0 at address 0 of everything."""
    usual = {"cmatrix_init_val": 1, "positions": (ctypes.c_int32 * 4)(CO1, A2, B2, C2)}
    return _Step(operation=operation, **{**usual, **fields})


def mmad(type_: str, m: int, k: int, n: int, **fields: object) -> Step:
    return step(MMAD, type=TYPES[type_][0], m=m, k=k, n=n, **fields)


def mmad_bias(type_: str, m: int, k: int, n: int, **fields: object) -> Step:
    fields = {"cmatrix_init_val": 0, **fields}
    return step(MMAD_BIAS, type=TYPES[type_][0], m=m, k=k, n=n, **fields)


def barrier() -> Step:
    return step(BARRIER)


def ceil_to(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def k0_of(type_: str) -> int:
    return 32 // np.dtype(TYPES[type_][1]).itemsize


def left_image(a: Array, k0: int, align_k: int = 0, fill: int = 0xFF) -> Array:
    """Bytes of A [m, k] in L0A, [m1][k1][16][k0]; one row lies as a vector. Padding is ``fill``."""
    m, k = a.shape
    if m == 1:
        vector = np.full(ceil_to(k * a.itemsize, FRACTAL), fill, np.uint8)
        vector[: k * a.itemsize] = a.view(np.uint8).reshape(-1)
        return vector
    rows, columns = ceil_to(m, SIDE), ceil_to(k, align_k or k0)
    padded = np.full((rows, columns * a.itemsize), fill, np.uint8).view(a.dtype)
    padded[:m, :k] = a
    blocks = padded.reshape(rows // SIDE, SIDE, columns // k0, k0).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(blocks).view(np.uint8).reshape(-1)


def right_image(b: Array, k0: int, fill: int = 0xFF) -> Array:
    """Bytes of B [k, n] in L0B: [k1][n1][16 n][k0 k]. Padding is ``fill``."""
    k, n = b.shape
    rows, columns = ceil_to(k, k0), ceil_to(n, SIDE)
    padded = np.full((rows, columns * b.itemsize), fill, np.uint8).view(b.dtype)
    padded[:k, :n] = b
    blocks = padded.reshape(rows // k0, k0, columns // SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(blocks).view(np.uint8).reshape(-1)


def put_result(image: Array, c: Array, dst: int = 0) -> None:
    """Write C [m, n] into an image of L0C, [n1][m1][16 m][16 n], and nothing else."""
    m, n = c.shape
    rows, columns = ceil_to(m, SIDE), ceil_to(n, SIDE)
    place = image[dst : dst + rows * columns * 4].view(c.dtype).reshape(-1, rows, SIDE)
    for block in range(columns // SIDE):
        part = c[:, block * SIDE : (block + 1) * SIDE]
        place[block, :m, : part.shape[1]] = part


def canonical(values: Array) -> Array:
    """With every NaN as the one that the model writes."""
    if values.dtype != np.float32:
        return values
    return np.where(np.isnan(values), np.uint32(0x7FC00000).view(np.float32), values)


def widen(values: Array, type_: str) -> Array:
    """What A or B hold, as numbers of the result's type."""
    return from_bfloat16(values) if type_ == "bfloat16_t" else values.astype(TYPES[type_][2])


def product(a: Array, b: Array, start: Array | float = 0) -> Array:
    """Start plus the products of ascending k, each product and each sum rounded to float32."""
    m, n = a.shape[0], b.shape[1]
    if a.dtype == np.int32:
        exact = a.astype(np.int64) @ b.astype(np.int64) + np.asarray(start, np.int64)
        return np.clip(exact, -(2**31), 2**31 - 1).astype(np.int32)
    sums = np.broadcast_to(np.asarray(start, np.float32), (m, n)).copy()
    with np.errstate(all="ignore"):
        for i in range(a.shape[1]):
            sums = sums + a[:, i, None] * b[None, i, :]
    return canonical(sums)


def random_operand(type_: str, shape: tuple[int, int], seed: int = 0) -> Array:
    random = np.random.default_rng(seed)
    if type_ == "int8_t":
        return random.integers(-128, 128, shape, np.int8)
    values = random.standard_normal(shape).astype(np.float32)
    return to_bfloat16(values) if type_ == "bfloat16_t" else values.astype(TYPES[type_][1])


@dataclass
class Inputs:
    """Images of L0A, L0B and the bias table from address 0 on; empty is not loaded."""

    fm: Array
    filter: Array
    bias: Array = field(default_factory=lambda: np.zeros(0, np.uint8))


def inputs_of(a: Array, b: Array, type_: str, *, align_k: int = 0, bias: Array | None = None,
              fill: int = 0xFF) -> Inputs:  # fmt: skip
    k0 = k0_of(type_)
    table = np.zeros(0, np.uint8)
    if bias is not None:
        table = np.full(1024, 0xFF, np.uint8)
        table[: bias.nbytes] = bias.view(np.uint8)
    return Inputs(left_image(a, k0, align_k, fill), right_image(b, k0, fill), table)


def _argument(image: Array) -> Array:
    array = aligned(max(image.size, 32), np.uint8)
    array[: image.size] = image
    return array


def run(probes: model.Library, inputs: Inputs, *steps: Step) -> Array:
    """Bytes of L0C after the steps; what nothing wrote is 0xFF."""
    out = poisoned(L0C_BYTES, np.uint8)
    images = (inputs.fm, inputs.filter, inputs.bias)
    case = _Case(*(image.size for image in images), len(steps), (_Step * MOST_STEPS)(*steps))
    fm, filter_, bias = (model.In(_argument(image)) for image in images)
    probes.launch("probe_mmad", [fm, filter_, bias, model.Out(out), bytes(case)])
    return out


def tiling_of(*steps: Step) -> bytes:
    """Of a launch without images."""
    return bytes(_Case(0, 0, 0, len(steps), (_Step * MOST_STEPS)(*steps)))


def untouched() -> Array:
    """L0C as checked mode leaves it where nothing writes."""
    return np.full(L0C_BYTES, 0xFF, np.uint8)
