# SPDX-License-Identifier: Apache-2.0
"""Calls of probe_gather: their struct, types and layout of UB."""

import ctypes

import numpy as np

from tests.model.harness import Array
from tests.model.ub_image import Image, structure

IMAGE_BYTES = 0x1C000
DST = 0x10000
SRC = 0x800
SRC1 = 0x6000
RESULT = 0x200

BRCB, GATHER_BITS, GATHER_COUNT, GATHER_ELEMENTS, GATHERB = range(5)
MASK_TENSOR, MASK_PATTERN, READ_COUNT, INDEX_BITS, INDEX_COUNT, INDEX_ELEMENTS = range(5, 11)

# As in probe_gather.cpp; bfloat16 is moved as bits.
TYPES: dict[str, tuple[int, np.dtype[np.generic]]] = {
    "half": (0, np.dtype(np.float16)),
    "bfloat16_t": (1, np.dtype(np.uint16)),
    "int16_t": (2, np.dtype(np.int16)),
    "uint16_t": (3, np.dtype(np.uint16)),
    "int32_t": (4, np.dtype(np.int32)),
    "uint32_t": (5, np.dtype(np.uint32)),
    "float": (6, np.dtype(np.float32)),
}

GatherCase = structure(
    "GatherCase",
    *((name, ctypes.c_int32) for name in ("function", "type")),
    *((name, ctypes.c_uint32) for name in ("image_bytes", "dst", "src", "src1", "result")),
    *((name, ctypes.c_int32) for name in ("position", "defaults", "repeats")),
    *((name, ctypes.c_int32) for name in ("dst_blk_stride", "dst_rep_stride")),
    *((name, ctypes.c_int32) for name in ("src_blk_stride", "src_rep_stride", "src1_rep_stride")),
    *((name, ctypes.c_int32) for name in ("pattern", "reduce_mode", "lanes", "elements")),
    ("src_base_addr", ctypes.c_uint32),
    *((name, ctypes.c_int32) for name in ("first_value", "reserved")),
    ("mask", ctypes.c_uint64 * 2),
)


def case(
    function: int, type_: str, *, mask: int = (1 << 128) - 1, **changes: int
) -> ctypes.Structure:
    """A call with contiguous operands, less what is changed."""
    fields: dict[str, object] = {
        "function": function,
        "type": TYPES[type_][0],
        "image_bytes": IMAGE_BYTES,
        "dst": DST,
        "src": SRC,
        "src1": SRC1,
        "result": RESULT,
        "repeats": 1,
        "dst_blk_stride": 1,
        "dst_rep_stride": 8,
        "src_blk_stride": 1,
        "src_rep_stride": 8,
        "src1_rep_stride": 1,
        "mask": (ctypes.c_uint64 * 2)(mask & (1 << 64) - 1, mask >> 64),
    }
    return GatherCase(**{**fields, **changes})


def random_bits(dtype: np.dtype[np.generic], count: int, seed: int = 0) -> Array:
    """Any bits, NaN with payload among them: these functions move elements as they are."""
    raw = np.random.default_rng(seed).integers(0, 256, count * dtype.itemsize, np.uint8)
    return raw.view(dtype)


def source_image(type_: str, count: int = 4096) -> tuple[Image, Array]:
    image = Image(IMAGE_BYTES)
    values = random_bits(TYPES[type_][1], count)
    image.place(SRC, values)
    return image, values
