# SPDX-License-Identifier: Apache-2.0
"""Calls of probe_data_copy: their struct, types, memory and launch."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from ascend_attention import model

from tests.model.harness import Array, aligned, assert_same_bits
from tests.model.ub_image import Image, structure

IMAGE_BYTES = 0x8000
UB = 0x1000
FROM = 0x4000  # source within UB
GM_BYTES = 0x8000
GM = 0x200  # offset of the tensor in GM
COUNT, PARAMS, ENHANCED, SLICE, NZ2ND, PAD, PAD_EXT = range(7)
GM_UB, UB_GM, UB_UB = range(3)
PATHS = {GM_UB: "gm_ub", UB_GM: "ub_gm", UB_UB: "ub_ub"}
ATOMIC_NONE, ATOMIC_ADD, ATOMIC_MAX, ATOMIC_MIN, ATOMIC_MAX_THEN_TYPE = range(5)

# As in probe_data_copy.cpp; bfloat16 is moved as bits.
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
    "uint64_t": (10, np.dtype(np.uint64)),
    "double": (11, np.dtype(np.float64)),
}
MOST_DIMS = 9

Slice = structure(
    "Slice", *((name, ctypes.c_uint32) for name in ("start", "end", "stride", "burst", "shape"))
)
CopyCase = structure(
    "CopyCase",
    *((name, ctypes.c_uint64) for name in ("padding_value", "set_pad_value")),
    *((name, ctypes.c_int32) for name in ("form", "path", "type", "atomic")),
    *((name, ctypes.c_uint32) for name in ("image_bytes", "store_begin", "store_end")),
    *((name, ctypes.c_uint32) for name in ("gm", "ub", "src")),
    *((name, ctypes.c_int32) for name in ("position", "defaults")),
    *((name, ctypes.c_uint32) for name in ("count", "block_count", "block_len")),
    *((name, ctypes.c_uint32) for name in ("src_stride", "dst_stride")),
    *((name, ctypes.c_int32) for name in ("is_pad", "left", "right", "call_set_pad_value")),
    *((name, ctypes.c_int32) for name in ("dims", "shape_in_tensors")),
    ("dst_slices", Slice * MOST_DIMS),
    ("src_slices", Slice * MOST_DIMS),
    ("nz", ctypes.c_int32 * 7),
)


@dataclass
class Memory:
    """What a launch starts from, or leaves behind: UB and the GM argument."""

    ub: Image
    gm: Array  # bytes

    def copy(self) -> "Memory":
        """The same bytes in memory of its own."""
        return Memory(self.ub.copy(), copy_of(self.gm))


def copy_of(gm: Array) -> Array:
    copy = aligned(gm.size, np.uint8)
    copy[:] = gm
    return copy


def random_memory(seed: int = 0) -> Memory:
    random = np.random.default_rng(seed)
    image = Image(IMAGE_BYTES)
    image.bytes[:] = random.integers(0, 256, IMAGE_BYTES, np.uint8)
    return Memory(image, copy_of(random.integers(0, 256, GM_BYTES, np.uint8)))


def case(form: int, path: int, type_: str, **changes: object) -> ctypes.Structure:
    """A call on the usual places, less what is changed."""
    fields: dict[str, object] = {
        "form": form,
        "path": path,
        "type": TYPES[type_][0],
        "image_bytes": IMAGE_BYTES,
        "store_end": IMAGE_BYTES,
        "gm": GM,
        "ub": UB,
        "src": FROM,
        "block_count": 1,
        "dims": 1,
    }
    return CopyCase(**{**fields, **changes})


def launch(probes: model.Library, memory: Memory, call: ctypes.Structure) -> Memory:
    """What UB (as far as it is stored) and GM hold afterwards."""
    after = memory.copy()
    out = copy_of(memory.ub.bytes)
    reads_gm = call.path == GM_UB
    gm = model.In(memory.gm) if reads_gm else model.InOut(after.gm)
    arguments = [model.In(memory.ub.bytes), gm, model.InOut(out), bytes(call)]
    probes.launch("probe_data_copy", arguments)
    after.ub.bytes[:] = out
    return after


def assert_memory(actual: Memory, expected: Memory) -> None:
    actual.ub.assert_equal(expected.ub, "UB")
    assert_same_bits(actual.gm, expected.gm, "GM")


def move(memory: Memory, path: int, bursts: list[tuple[int, int, int]]) -> Memory:
    """Memory after bursts of (destination, source, bytes), relative to the tensors."""
    after = memory.copy()
    sides = {
        GM_UB: (after.ub.bytes, UB, memory.gm, GM),
        UB_GM: (after.gm, GM, memory.ub.bytes, UB),
        UB_UB: (after.ub.bytes, UB, memory.ub.bytes, FROM),
    }
    target, to, source, from_ = sides[path]
    for dst, src, length in bursts:
        target[to + dst : to + dst + length] = source[from_ + src : from_ + src + length]
    return after
