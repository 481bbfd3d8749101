# SPDX-License-Identifier: Apache-2.0
"""Steps for probe_fixpipe, and what they do to GM and L1 by the documented formulas."""

import ctypes
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

import numpy as np
from ascend_attention import model

from tests.model.copy_case import copy_of
from tests.model.harness import Array, assert_same_bits, poisoned, to_bfloat16
from tests.model.ub_image import structure

L0C_BYTES = 128 * 1024
L1_BYTES = 64 * 1024
GM_BYTES = 512 * 1024
GM = 0x400  # where results go
WORKSPACE = 0x800  # in L1: parameters of the columns
L1 = 0x4000  # where results go in L1
MOST_STEPS = 16

HALF, BF16, FLOAT, INT8, UINT8, INT32 = range(6)
NAMES = {HALF: "half", BF16: "bf16", FLOAT: "float", INT8: "int8", UINT8: "uint8", INT32: "int32"}
STORED: dict[int, np.dtype[Any]] = {
    HALF: np.dtype(np.float16),
    BF16: np.dtype(np.uint16),
    FLOAT: np.dtype(np.float32),
    INT8: np.dtype(np.uint8),
    UINT8: np.dtype(np.uint8),
    INT32: np.dtype(np.int32),
}
ROWS, BLOCKS, DEFAULT = range(3)

# As in the Ascend C API.
NO_QUANT, F322F16, VREQ8, REQ8, VDEQF16, DEQF16, F322BF16 = 0, 1, 8, 9, 10, 11, 16
VQF322B8, QF322B8 = 23, 24
BY_COLUMN = (VREQ8, VDEQF16, VQF322B8)
ONE_FOR_ALL = (REQ8, DEQF16, QF322B8)
MODES = (  # quant, source, target
    (NO_QUANT, FLOAT, FLOAT),
    (NO_QUANT, INT32, INT32),
    (F322F16, FLOAT, HALF),
    (F322BF16, FLOAT, BF16),
    (DEQF16, INT32, HALF),
    (VDEQF16, INT32, HALF),
    *((quant, FLOAT, to) for quant in (QF322B8, VQF322B8) for to in (INT8, UINT8)),
    *((quant, INT32, to) for quant in (REQ8, VREQ8) for to in (INT8, UINT8)),
)
MODE_NAMES = {
    NO_QUANT: "NoQuant",
    F322F16: "F322F16",
    F322BF16: "F322BF16",
    DEQF16: "DEQF16",
    VDEQF16: "VDEQF16",
    QF322B8: "QF322B8",
    VQF322B8: "VQF322B8",
    REQ8: "REQ8",
    VREQ8: "VREQ8",
}


def mode_id(mode: tuple[int, int, int]) -> str:
    return f"{MODE_NAMES[mode[0]]}-{NAMES[mode[1]]}-{NAMES[mode[2]]}"


class Operation(IntEnum):
    """As in probe_fixpipe.cpp, in the same order."""

    PRODUCT = 0
    PLACE = auto()
    FIXPIPE = auto()
    FIXPIPE_WORKSPACE = auto()
    FIXPIPE_OLD = auto()
    FIXPIPE_OLD_WORKSPACE = auto()
    DATA_COPY = auto()
    LOAD_PARAMETERS = auto()
    SET_MATRICES = auto()
    SET_QUANT = auto()
    SET_CONFIG = auto()
    SET_CONFIG_BOTH = auto()
    SET_CONFIG_OF_FLAGS = auto()
    PRODUCT_TO_FIXPIPE = auto()
    FIXPIPE_TO_PRODUCT = auto()
    FIXPIPE_TO_LOAD = auto()
    BARRIER_FIX = auto()
    BARRIER_M = auto()
    BARRIER_ALL = auto()
    SET_ATOMIC_ADD = auto()
    SET_ATOMIC_MAX = auto()
    SET_ATOMIC_NONE = auto()


_SIGNED = (
    *("operation", "source", "target", "into_l1", "layout", "constructor", "n", "m"),
    "src_stride",
)
_REST = (
    *("quant", "nd_num", "src_nd_stride", "dst_nd_stride", "relu", "unit_flag", "split", "nz2nd"),
    "original_n",
)
_Step = structure(
    "Step",
    ("scalar", ctypes.c_uint64),
    *((name, ctypes.c_int32) for name in _SIGNED),
    ("dst_stride", ctypes.c_uint32),
    *((name, ctypes.c_int32) for name in _REST),
    *((name, ctypes.c_uint32) for name in ("from_", "to", "workspace")),
    ("positions", ctypes.c_int32 * 3),
)
_Case = structure(
    "FixpipeCase",
    *((name, ctypes.c_uint32) for name in ("l1_bytes", "store_bytes")),
    *((name, ctypes.c_int32) for name in ("loops", "count")),
    ("steps", _Step * MOST_STEPS),
)


def step(operation: Operation, **fields: object) -> ctypes.Structure:
    return _Step(operation=int(operation), **fields)


def product(m: int = 128, n: int = 256, unit_flag: int = 0, at: int = 0) -> ctypes.Structure:
    return step(Operation.PRODUCT, m=m, n=n, unit_flag=unit_flag, from_=at)


# All of L0C defined and as its image says.
FILL = (product(), step(Operation.BARRIER_ALL), step(Operation.PLACE))


def move(operation: Operation, mode: tuple[int, int, int], **fields: object) -> ctypes.Structure:
    """A move out of L0C of one matrix of 16 x 16 that ends at the usual place, unless changed."""
    quant, source, target = mode
    usual: dict[str, Any] = {
        "quant": quant,
        "source": source,
        "target": target,
        "n": 16,
        "m": 16,
        "src_stride": 16,
        "dst_stride": 16,
        "nd_num": 1,
        "to": L1 if fields.get("into_l1") else GM,
        "workspace": WORKSPACE,
    }
    return step(operation, **{**usual, **fields})


@dataclass
class State:
    """Images of L0C and L1, and GM, before a launch."""

    l0c: Array
    l1: Array
    gm: Array
    seed: int = 0
    parameters: Array = field(init=False)  # of columns, as L1 has them

    def __post_init__(self) -> None:
        self.parameters = self.l1[WORKSPACE:L1].view(np.uint64)

    def set_parameters(self, parameters: Array) -> None:
        self.parameters[: parameters.size] = parameters


def state(values: Array | None = None, seed: int = 0) -> State:
    """Random images; L0C holds `values` over and over."""
    random = np.random.default_rng(seed)
    l0c = aligned_words(values, L0C_BYTES, random)
    return State(
        l0c,
        copy_of(random.integers(0, 256, L1_BYTES, np.uint8)),
        copy_of(random.integers(0, 256, GM_BYTES, np.uint8)),
        seed,
    )


def aligned_words(values: Array | None, count: int, random: np.random.Generator) -> Array:
    if values is None:
        return copy_of(random.integers(0, 256, count, np.uint8))
    return copy_of(np.resize(values, count // values.itemsize).view(np.uint8))


def launch(
    probes: model.Library,
    before: State,
    *steps: ctypes.Structure,
    loops: int = 1,
    tiling_key: int = 0,
) -> tuple[Array, Array]:
    """GM and L1 after the steps."""
    assert len(steps) <= MOST_STEPS
    case = _Case(l1_bytes=L1_BYTES, store_bytes=L1_BYTES, loops=loops, count=len(steps))
    for i, one in enumerate(steps):
        case.steps[i] = one
    gm = copy_of(before.gm)
    out = poisoned(L1_BYTES, np.uint8)
    arguments = [model.In(before.l0c), model.In(before.l1), model.InOut(gm), model.InOut(out)]
    probes.launch("probe_fixpipe", [*arguments, bytes(case)], tiling_key=tiling_key)
    return gm, out


# What the documents say.


def parameter(
    scale: float, *, offset: int = 0, signed: bool = False, shift: int = 0, low: int = 0
) -> int:
    """A parameter of quantisation; `low` are mantissa bits that the hardware does not use."""
    bits = int(np.float32(scale).view(np.uint32)) & 0xFFFFE000 | low
    bits |= (offset & 0x1FF) << 37 | int(signed) << 46
    return bits | (1 << 36 | (shift - 1) << 32 if shift else 0)


def elements(before: State, call: ctypes.Structure) -> Array:
    """The matrices [ndNum, m, n] of L0C, as float32 or int32."""
    i, row, column = np.ogrid[: call.nd_num if call.layout == ROWS else 1, : call.m, : call.n]
    at = call.from_ + i * call.src_nd_stride * 1024 + row * 64
    at = at + column // 16 * call.src_stride * 64 + column % 16 * 4
    words = before.l0c.view(STORED[call.source])
    return np.asarray(words[at // 4])


def converted(values: Array, call: ctypes.Structure, parameters: Array) -> Array:
    """What the target holds; `parameters`: one a column."""
    if call.quant in (NO_QUANT, F322F16, F322BF16):
        if call.relu:
            values = np.where(values <= 0, values.dtype.type(0), values)
        return plain(values, call.target, keep=call.quant == NO_QUANT and not call.relu)
    scale = (parameters & np.uint64(0xFFFFE000)).astype(np.uint32).view(np.float32)
    if call.source == INT32:
        shift = (parameters >> np.uint64(32) & np.uint64(0xF)).astype(np.int32) + 1
        narrow = np.clip(values >> shift, -(2**15), 2**15 - 1)
        values = np.where((parameters >> np.uint64(36) & np.uint64(1)) == 1, narrow, values)
    numbers = values.astype(np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (numbers * scale).astype(np.float32)
    if call.relu:
        scaled = np.where(numbers < 0, np.float32(0), scaled)
    if call.target == HALF:
        return plain(scaled, HALF, keep=False)
    offset = (parameters >> np.uint64(37) & np.uint64(0x1FF)).astype(np.int32)
    offset = np.where(offset < 256, offset, offset - 512)
    nine = np.clip(np.rint(np.nan_to_num(scaled, nan=0.0)), -256, 255).astype(np.int32)
    signed = (parameters >> np.uint64(46) & np.uint64(1)) == 1
    low, high = np.where(signed, -128, 0), np.where(signed, 127, 255)
    return np.asarray(np.clip(nine + offset, low, high).astype(np.int16).astype(np.uint8))


def plain(values: Array, target: int, *, keep: bool) -> Array:
    """Rounded to nearest even; NaN is canonical unless the bits are kept."""
    if target == INT32 or keep:
        return values
    if target == BF16:
        return to_bfloat16(values)
    with np.errstate(over="ignore"):
        rounded = values.astype(STORED[target])
    return np.where(np.isnan(values), STORED[target].type(np.nan), rounded)


def places(call: ctypes.Structure) -> Array:
    """Byte offset in the target of each element [ndNum, m, n]."""
    size = STORED[call.target].itemsize
    i, row, column = np.ogrid[: call.nd_num if call.layout == ROWS else 1, : call.m, : call.n]
    if call.layout == ROWS:
        return np.asarray((i * call.dst_nd_stride + row * call.dst_stride + column) * size)
    if call.split:
        width = np.full_like(column, 8)
    elif size == 1:
        width = np.where(column < call.n // 32 * 32, 32, 16)
    else:
        width = np.full_like(column, 16)
    block = column // np.where(width == 16, 32 if size == 1 else 16, width)
    inner = column - block * np.where(size == 1, 32, width)
    return np.asarray(i + block * call.dst_stride * 32 + (row * width + inner) * size)


def after(before: State, *calls: ctypes.Structure) -> tuple[Array, Array]:
    """GM and L1 after the moves, one behind the other."""
    gm, l1 = copy_of(before.gm), copy_of(before.l1)
    for call in calls:
        many = call.quant in BY_COLUMN
        given = before.parameters[: call.n] if many else np.full(call.n, call.scalar, np.uint64)
        results = np.ascontiguousarray(converted(elements(before, call), call, given))
        scatter(l1 if call.into_l1 else gm, call.to + places(call), results)
    return gm, l1


def scatter(memory: Array, at: Array, results: Array) -> None:
    size = results.dtype.itemsize
    raw = results.view(np.uint8).reshape(*results.shape, size)
    memory[at[..., None] + np.arange(size)] = raw


# Inputs and calls that the tests share.


INTO_L1 = [mode for mode in MODES if mode[0] != NO_QUANT]
SHAPES = {"one": (16, 16), "ragged": (37, 48), "wide": (5, 256), "tall": (200, 32)}  # m, n


def numbers(source: int, seed: int = 3) -> Array:
    """Accumulators of every size, and for floats every special one."""
    random = np.random.default_rng(seed)
    count = 16384
    if source == INT32:
        scale = random.choice([1, 100, 2**15, 2**24, 2**31 - 1], count)
        return np.asarray((random.uniform(-1, 1, count) * scale).astype(np.int32))
    values = random.standard_normal(count) * random.choice([1e-6, 1, 100, 7e4, 1e30], count)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 0.5, 1.5, -2.5, 65504.0, 65520.0, 1e-7, 3e-45]
    return np.where(random.random(count) < 0.2, random.choice(special, count), values).astype(
        np.float32
    )


def parameters(count: int, seed: int = 4) -> Array:
    random = np.random.default_rng(seed)
    return np.array(
        [
            parameter(
                random.choice([-1, 1]) * random.uniform(0.001, 4),
                offset=int(random.integers(-256, 256)),
                signed=bool(random.integers(2)),
                shift=int(random.integers(0, 17)),
                low=int(random.integers(0, 2**13)),
            )
            for _ in range(count)
        ],
        np.uint64,
    )


def filled(source: int) -> State:
    before = state(numbers(source))
    before.set_parameters(parameters(512))
    return before


def block_stride(mode: tuple[int, int, int], rows: int) -> int:
    """Column blocks close to each other, with one block of 32 bytes between."""
    size = STORED[mode[2]].itemsize
    return rows * max(16 * size, 32) // 32 + 1


def shaped(
    mode: tuple[int, int, int], layout: int, shape: tuple[int, int], **fields: object
) -> dict[str, Any]:
    m, n = shape
    stride = n + 3 if layout == ROWS else block_stride(mode, m)
    return {
        "layout": layout,
        "m": m,
        "n": n,
        "src_stride": -(-m // 16) * 16,
        "dst_stride": stride,
        "scalar": int(parameters(1)[0]),
        **fields,
    }


def check(
    probes: model.Library,
    before: State,
    *calls: ctypes.Structure,
    extra: tuple[ctypes.Structure, ...] = (),
) -> None:
    gm, l1 = launch(probes, before, *FILL, *extra, *calls)
    expected = after(before, *calls)
    assert_same_bits(gm, expected[0], "GM")
    assert_same_bits(l1, expected[1], "L1")


def form_of(mode: tuple[int, int, int]) -> Operation:
    return Operation.FIXPIPE_WORKSPACE if mode[0] in BY_COLUMN else Operation.FIXPIPE


PLAIN = (NO_QUANT, FLOAT, FLOAT)
CAST = (F322F16, FLOAT, HALF)
ONE = parameter(1.0)


def run_moves(
    probes: model.Library, *calls: ctypes.Structure, fill: bool = True, loops: int = 1
) -> None:
    before = state(np.array([1.0, 2.0], np.float32))
    before.set_parameters(np.full(512, ONE, np.uint64))
    launch(probes, before, *(FILL if fill else ()), *calls, loops=loops)


def with_registers(
    operation: Operation, mode: tuple[int, int, int] = PLAIN, **fields: object
) -> list[ctypes.Structure]:
    """The move, with the registers that its form needs."""
    layout = fields.setdefault("layout", BLOCKS)
    matrices = {
        name: fields[name]
        for name in ("nd_num", "src_nd_stride", "dst_nd_stride")
        if name in fields
    }
    if operation == Operation.DATA_COPY and layout == ROWS:
        fields["nz2nd"] = 1
        return [
            step(Operation.SET_MATRICES, **{"nd_num": 1, **matrices}),
            move(operation, mode, **fields),
        ]
    return [move(operation, mode, **fields)]
