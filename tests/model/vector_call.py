# SPDX-License-Identifier: Apache-2.0
"""Calls of single vector functions on an image of UB, with and without broken rules.

``VectorCall`` is the struct that the ``probe_vector_*`` kernels take, and ``run`` makes the call;
``vector_rules`` computes the same.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ascend_attention import model

from tests.model.harness import Array, aligned, poisoned

FieldValue = Any  # of any field of a VectorCall
Fields = dict[str, FieldValue]

BLOCK = 32  # bytes
REPEAT_BITS = 8 * 8 * BLOCK
ALL = (1 << 64) - 1

# Where the operands lie in the image of UB.
DST, SRC0, SRC1, EXTRA, MASK_AT, IMAGE_BYTES = 0, 16384, 32768, 49152, 61440, 65536

VECCALC, A1 = 11, 1  # TPosition


class Form(IntEnum):
    """How a call says which elements it handles; as in vector_call.h."""

    MASK_BITS = 0
    MASK_COUNT = 1
    COUNT = 2
    CALLER_MASK_BITS = 3
    CALLER_MASK_COUNT = 4
    CALLER_COUNT = 5
    OPERATOR = 6


class MaskSetup(IntEnum):
    """Mask mode and mask before the call."""

    AS_IS = 0
    NORMAL = 1
    COUNTER = 2


@dataclass(frozen=True)
class ElementType:
    """An element type: its number in vector_call.h, and the numpy type that holds its bits."""

    name: str
    code: int
    numpy: np.dtype[Any]
    bits: int

    @property
    def lanes(self) -> int:
        """Elements of one repeat."""
        return REPEAT_BITS // self.bits

    @property
    def is_float(self) -> bool:
        """True for the types that numpy computes with as floats."""
        return self.numpy.kind == "f"


def _element_type(name: str, code: int, numpy: str, bits: int = 0) -> ElementType:
    dtype = np.dtype(numpy)
    return ElementType(name, code, dtype, bits or 8 * dtype.itemsize)


HALF = _element_type("half", 0, "float16")
BFLOAT16 = _element_type("bfloat16_t", 1, "uint16")
FLOAT = _element_type("float", 2, "float32")
INT8 = _element_type("int8_t", 3, "int8")
UINT8 = _element_type("uint8_t", 4, "uint8")
INT16 = _element_type("int16_t", 5, "int16")
UINT16 = _element_type("uint16_t", 6, "uint16")
INT32 = _element_type("int32_t", 7, "int32")
UINT32 = _element_type("uint32_t", 8, "uint32")
INT64 = _element_type("int64_t", 9, "int64")
UINT64 = _element_type("uint64_t", 10, "uint64")
INT4 = _element_type("int4b_t", 11, "int8", 4)


@dataclass(frozen=True)
class Stride:
    """In blocks of 32 bytes: from block to block of a repeat, and from repeat to repeat."""

    block: int = 1
    repeat: int = 8


@dataclass(frozen=True)
class VectorCall:
    """One call; the fields of the struct of the same name in vector_call.h."""

    function: int
    type: ElementType
    form: Form
    source_type: ElementType | None = None  # None: as ``type``
    mask: tuple[int, int] = (ALL, ALL)  # the number of lanes comes first
    caller_mask: tuple[int, int] = (ALL, ALL)
    scalar: int = 0  # bits
    variant: int = 0
    count: int = 0
    repeats: int = 1
    dst: int = DST
    src0: int = SRC0
    src1: int = SRC1
    extra: int = EXTRA
    dst_stride: Stride = field(default_factory=Stride)
    src0_stride: Stride = field(default_factory=Stride)
    src1_stride: Stride = field(default_factory=Stride)
    positions: tuple[int, int, int] = (VECCALC, VECCALC, VECCALC)
    mask_setup: MaskSetup = MaskSetup.AS_IS
    mask_at: int = MASK_AT
    load_bytes: int = IMAGE_BYTES
    store_bytes: int = IMAGE_BYTES

    @property
    def source(self) -> ElementType:
        return self.source_type or self.type

    @property
    def lanes(self) -> int:
        """Lanes of a repeat: the widest type decides."""
        return min(self.type.lanes, self.source.lanes)

    def tiling(self) -> bytes:
        """The struct."""
        numbers = [self.function, self.type.code, self.source.code, self.form, self.variant]
        numbers += [self.count, self.repeats, self.dst, self.src0, self.src1, self.extra]
        for stride in (self.dst_stride, self.src0_stride, self.src1_stride):
            numbers += [stride.block, stride.repeat]
        numbers += [*self.positions, self.mask_setup, self.mask_at]
        numbers += [self.load_bytes, self.store_bytes]
        words = (ctypes.c_uint64 * 5)(*self.mask, *self.caller_mask, self.scalar)
        return bytes(words) + bytes((ctypes.c_int32 * len(numbers))(*numbers))


def run(
    probes: model.Library, kernel: str, call: VectorCall, image: Array, *, kind: str = "AIV_ONLY"
) -> Array:
    """Load the image into UB, make the call, and return UB afterwards."""
    out = poisoned(max(call.store_bytes, 32), np.uint8)
    outputs = [model.Out(out, "out"), None]
    probes.launch(kernel, [model.In(image, "in"), *outputs, call.tiling()], type=kind)
    return out


def make_image(seed: int = 0) -> npt.NDArray[np.uint8]:
    """Random bytes: every float type gets NaN, infinities and subnormal numbers now and then."""
    image = aligned(IMAGE_BYTES, np.uint8)
    image[...] = np.random.default_rng(seed).integers(0, 256, IMAGE_BYTES, np.uint8)
    return image


def put(image: Array, address: int, values: Array) -> None:
    """Write values into the image, one behind the other."""
    raw = np.ascontiguousarray(values).view(np.uint8).ravel()
    image[address : address + raw.size] = raw


def specials(element: ElementType) -> Array:
    """Zeros, ends of the range and what lies between and beyond."""
    if element.is_float:
        info = np.finfo(element.numpy)
        numbers = [0.0, 1.0, 0.5, 1.5, 2.5, info.max, info.tiny, info.smallest_subnormal, np.inf]
        values = np.array(numbers + [-x for x in numbers] + [np.nan], element.numpy)
        return np.concatenate([values, -values[-1:]])
    integer = np.iinfo(element.numpy)
    return np.array(
        [0, 1, 2, integer.max, integer.max - 1, integer.min, integer.min + 1], element.numpy
    )


def samples(element: ElementType, count: int, seed: int) -> Array:
    """Values of a type: ordinary ones, any bits, and special ones."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 256, (count, element.numpy.itemsize), np.uint8)
    anything = bits.view(element.numpy).ravel()
    if element.is_float:
        ordinary = rng.normal(0, 3, count).astype(element.numpy)
    else:
        low = -100 if element.numpy.kind == "i" else 0
        ordinary = rng.integers(low, 100, count).astype(element.numpy)
    special = rng.choice(specials(element), count)
    choice = rng.integers(0, 4, count)
    return np.where(choice == 0, anything, np.where(choice == 1, special, ordinary))


def fill_operands(call: VectorCall, seed: int) -> npt.NDArray[np.uint8]:
    """An image whose operand areas hold samples of the types of the call."""
    image = make_image(seed)
    areas = [(DST, call.type), (SRC0, call.source), (SRC1, call.source)]
    for number, (address, element) in enumerate(areas):
        count = (SRC1 - SRC0) // element.numpy.itemsize
        put(image, address, samples(element, count, seed + number))
    return image


def scalar_bits(value: float, element: ElementType) -> int:
    """A scalar as the probes take it."""
    with np.errstate(all="ignore"):
        raw = np.array(value).astype(element.numpy).tobytes()
    return int.from_bytes(raw, "little")


def layouts(form: Form, lanes: int) -> Sequence[tuple[str, Fields]]:
    """Ways to call a form, each with a name: whole and partial repeats, strides, masks.

    Args:
        form: Of the call.
        lanes: Of one repeat.
    """
    odd = 0xAAAA_AAAA_AAAA_AAAA
    strided = {
        "dst_stride": Stride(2, 17),
        "src0_stride": Stride(3, 25),
        "src1_stride": Stride(1, 9),
    }
    shared = {"src0_stride": Stride(0, 1), "src1_stride": Stride(1, 0)}
    if form in (Form.COUNT, Form.OPERATOR):
        return [(f"count {n}", {"count": n}) for n in (1, 2 * lanes + 5, 3 * lanes)]
    if form == Form.MASK_COUNT:
        tall = {
            "dst_stride": Stride(1, 1),
            "src0_stride": Stride(1, 1),
            "src1_stride": Stride(1, 1),
        }
        return [
            ("whole repeats", {"mask": (lanes, 0), "repeats": 3}),
            ("first lanes, strided", {"mask": (lanes // 2 + 3, 0), "repeats": 4, **strided}),
            ("255 repeats", {"mask": (4, 0), "repeats": 255, **tall}),
        ]
    if form == Form.MASK_BITS:
        return [
            ("odd lanes, strided", {"mask": (odd, odd), "repeats": 4, **strided}),
            ("shared source", {"mask": (ALL, ALL), "repeats": 3, **shared}),
            ("no repeat", {"mask": (ALL, ALL), "repeats": 0}),
        ]
    counter = {"mask_setup": MaskSetup.COUNTER, "caller_mask": (2 * lanes + 5, 0)}
    normal = {"mask_setup": MaskSetup.NORMAL, "caller_mask": (odd, odd)}
    if form == Form.CALLER_COUNT:
        return [("counter mode", counter | {"count": 1}), ("normal mode", normal | {"count": 1})]
    return [
        ("counter mode, strided", counter | strided),
        ("normal mode", normal | {"repeats": 3}),
    ]


def row_of(function: str, form: Form) -> str:
    """The row of the API list that a form belongs to; forms by the caller's mask share rows."""
    names = {
        Form.MASK_BITS: "mask_bits",
        Form.MASK_COUNT: "mask_count",
        Form.COUNT: "count",
        Form.CALLER_MASK_BITS: "mask_bits",
        Form.CALLER_MASK_COUNT: "mask_count",
        Form.CALLER_COUNT: "count",
        Form.OPERATOR: "operator",
    }
    return f"{function}.{names[form]}"


def idle(call: VectorCall) -> VectorCall:
    """The call alone, without the movement of the image: for a core that must skip it."""
    return replace(call, load_bytes=0, store_bytes=0, mask_at=-1)


def faulty(call: VectorCall, case: str) -> VectorCall:
    """Break one rule in a call that keeps them all."""
    misaligned = 8
    return {
        "misaligned dst": replace(call, dst=call.dst + misaligned),
        "misaligned src0": replace(call, src0=call.src0 + misaligned),
        "misaligned src1": replace(call, src1=call.src1 + misaligned),
        "dst beyond UB": replace(call, dst=192 * 1024 - 32),
        "src0 beyond UB": replace(call, src0=192 * 1024 - 32),
        "src0 never written": replace(call, src0=2 * IMAGE_BYTES),
        "dst in L1": replace(call, positions=(A1, VECCALC, VECCALC)),
        "src0 in L1": replace(call, positions=(VECCALC, A1, VECCALC)),
        "partial overlap": replace(call, src0=call.dst + BLOCK),
        "negative count": replace(call, count=-1),
        "too many lanes": replace(call, mask=(129, 0)),
        "dst block stride 0": replace(call, dst_stride=Stride(0, 8)),
    }[case]


# Kind of fault, and the operand it names, of each case of ``faulty``.
FAULTS: dict[str, tuple[str, str | None]] = {
    "misaligned dst": ("alignment", "dst"),
    "misaligned src0": ("alignment", None),
    "misaligned src1": ("alignment", "src1"),
    "dst beyond UB": ("address", "dst"),
    "src0 beyond UB": ("address", None),
    "src0 never written": ("uninitialized", None),
    "dst in L1": ("position", None),
    "src0 in L1": ("position", None),
    "partial overlap": ("overlap", None),
    "negative count": ("parameter", None),
    "too many lanes": ("parameter", None),
    "dst block stride 0": ("parameter", "dst block stride"),
}


def param(*values: object, row: str, kind: str, name: str) -> object:
    """One case of a table of tests, marked with the row that it covers."""
    return pytest.param(*values, id=name, marks=pytest.mark.covers(row, kind))
