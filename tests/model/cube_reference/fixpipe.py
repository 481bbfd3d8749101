# SPDX-License-Identifier: Apache-2.0
"""Fixpipe: L0C to GM or L1, with conversion, ReLU, and a choice of layouts."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tests.model.cube_reference.memory import (
    BLOCK,
    IMAGE_BYTES,
    L0C_BYTES,
    L1_BYTES,
    UNKNOWN,
    Array,
    Expected,
    ceil_div,
    cells,
    put,
)

COLUMNS = 16  # of a fractal
C0_BYTES = 64  # of a row of a fractal in L0C
QUANTS = (
    "NoQuant",
    "F322F16",
    "F322BF16",
    "DEQF16",
    "VDEQF16",
    "QF322B8_PRE",
    "VQF322B8_PRE",
    "REQ8",
    "VREQ8",
)
SIZES = {"int8_t": 1, "uint8_t": 1, "half": 2, "bfloat16_t": 2, "float": 4, "int32_t": 4}
MODES: dict[tuple[str, str], tuple[str, ...]] = {  # by types of source and destination
    ("float", "float"): ("NoQuant",),
    ("float", "half"): ("F322F16",),
    ("float", "bfloat16_t"): ("F322BF16",),
    ("float", "int8_t"): ("QF322B8_PRE", "VQF322B8_PRE"),
    ("float", "uint8_t"): ("QF322B8_PRE", "VQF322B8_PRE"),
    ("int32_t", "int32_t"): ("NoQuant",),
    ("int32_t", "half"): ("DEQF16", "VDEQF16"),
    ("int32_t", "int8_t"): ("REQ8", "VREQ8"),
    ("int32_t", "uint8_t"): ("REQ8", "VREQ8"),
}
NUMPY: dict[str, np.dtype[Any]] = {
    "int8_t": np.dtype(np.int8),
    "uint8_t": np.dtype(np.uint8),
    "half": np.dtype(np.float16),
    "bfloat16_t": np.dtype(np.uint16),
    "float": np.dtype(np.float32),
    "int32_t": np.dtype(np.int32),
}
MOST_PARAMETERS = 256  # of one tensor of parameters that the Fixpipe buffer holds at once


@dataclass(frozen=True)
class Fixpipe:
    """A call; addresses in bytes, the rest as in FixpipeParamsV220.

    Attributes:
        source_type: float or int32_t.
        target_type: Of the destination.
        to_l1: 1: into L1; 0: into GM.
        row_major: 1 for CFG_ROW_MAJOR, 0 for CFG_NZ.
        vector: 1 for the overload with a tensor of parameters.
        src: Address in L0C.
        dst: Address in L1 or offset in the argument.
        workspace: Address in L1 of the tensor of parameters.
        quant: Name of the mode.
        scalar: deqScalar.
    """

    source_type: str
    target_type: str
    to_l1: int
    row_major: int
    vector: int
    src: int
    dst: int
    workspace: int
    quant: str
    n_size: int
    m_size: int
    src_stride: int
    dst_stride: int
    nd_num: int
    src_nd_stride: int
    dst_nd_stride: int
    relu: int
    channel_split: int
    scalar: int

    @property
    def size(self) -> int:
        """Of an element of the destination, in bytes."""
        return SIZES[self.target_type]

    @property
    def matrices(self) -> int:
        return self.nd_num if self.row_major else 1


class Converted(NamedTuple):
    """Values in the type of the destination: one of the two at each place, or anything."""

    values: Array
    others: Array
    known: Array


def places(call: Fixpipe) -> tuple[Array, Array]:
    """Byte addresses of the elements in source and destination, ``[matrix, m, n]``."""
    matrix, m, n = np.ogrid[: call.matrices, : call.m_size, : call.n_size]
    src = call.src + matrix * call.src_nd_stride * 16 * C0_BYTES
    src = src + (n // COLUMNS * call.src_stride + m) * C0_BYTES + n % COLUMNS * 4
    if call.row_major:
        element = matrix * call.dst_nd_stride + m * call.dst_stride + n
        return src, call.dst + element * call.size
    columns = 8 if call.channel_split else 32 if call.size == 1 else COLUMNS
    dst = call.dst + n // columns * call.dst_stride * BLOCK
    return src, dst + (m * columns + n % columns) * call.size


def rules(call: Fixpipe, parameters: Array, gm_bytes: int) -> Expected:
    """Rules that the call breaks and leaves open; says nothing of the contents."""
    expected = Expected(cells(np.zeros(0, np.uint8)))
    expected.require(call.src % C0_BYTES == 0, "src is aligned to 64 bytes")
    if call.to_l1 or not call.row_major:
        expected.require(call.dst % BLOCK == 0, "dst is aligned to 32 bytes")
    else:
        expected.doubt(call.dst % call.size != 0, "dst between elements")
    expected.require(call.n_size <= 4095, "nSize is at most 4095")
    split_allowed = call.source_type == call.target_type == "float"
    split_allowed = split_allowed and not call.row_major and not call.to_l1
    if call.channel_split:
        expected.require(split_allowed, "channel split is for float to float in NZ")
        expected.require(call.n_size % 8 == 0, "nSize is a multiple of 8")
    elif not call.row_major:
        expected.require(call.n_size % 16 == 0, "nSize is a multiple of 16")
    if call.row_major:
        expected.require(call.m_size <= 8192, "mSize is at most 8192")
        expected.require(call.src_nd_stride <= 512 or call.nd_num < 2, "srcNdStride")
        zero = call.nd_num > 1 and 0 in (call.src_nd_stride, call.dst_nd_stride)
        expected.doubt(zero, "a matrix stride of 0")  # 8.1 checks for 1
    expected.doubt(call.src_nd_stride > 512, "srcNdStride that does not count")
    expected.require(call.dst_stride != 0, "dstStride is not 0")
    modes = MODES[call.source_type, call.target_type]
    expected.require(call.quant in modes, "the mode fits to the types")
    tensor = call.quant.startswith("V")
    expected.require(bool(call.vector) or not tensor, "a tensor mode has its tensor")
    expected.doubt(bool(call.vector) and not tensor, "a tensor without its mode")
    _check_parameters(call, parameters, expected)
    if 0 in (call.m_size, call.n_size, call.matrices):
        # The pages call it empty, the checks of 8.1 refuse it.
        expected.doubtful += ["an empty call", *expected.broken]
        expected.broken.clear()
        return expected
    _check_places(call, gm_bytes, expected)
    return expected


def _check_parameters(call: Fixpipe, parameters: Array, expected: Expected) -> None:
    if call.quant.startswith("V") and call.vector:
        expected.require(call.workspace % BLOCK == 0, "cbufWorkspace is aligned to 32 bytes")
        used = parameters[: call.n_size]
    elif call.quant in ("DEQF16", "QF322B8_PRE", "REQ8"):
        used = np.array([call.scalar], np.uint64)
    else:
        return
    exponent = used >> np.uint64(23) & np.uint64(0xFF)
    mantissa = used & np.uint64(0x7FFFFF)
    normal = (exponent != 0) | (mantissa == 0)
    rule = "factors are neither infinite nor NaN nor subnormal"
    expected.require(bool((normal & (exponent != 0xFF)).all()), rule)
    if call.size == 1:
        signed = used >> np.uint64(46) & np.uint64(1)
        expected.doubt(bool((signed != (call.target_type == "int8_t")).any()), "sign of the type")


def _check_places(call: Fixpipe, gm_bytes: int, expected: Expected) -> None:
    last_n, last_m, last = call.n_size - 1, call.m_size - 1, call.matrices - 1
    src = call.src + last * call.src_nd_stride * 16 * C0_BYTES
    src += (last_n // COLUMNS * call.src_stride + last_m) * C0_BYTES + last_n % COLUMNS * 4
    # Of L0C the tests fill the image only; the rest of it holds nothing defined.
    expected.require(src + 4 <= min(IMAGE_BYTES, L0C_BYTES), "src is inside of what is defined")
    if call.row_major:
        end = last * call.dst_nd_stride + last_m * call.dst_stride + call.n_size
        end = call.dst + end * call.size
    else:
        columns = 8 if call.channel_split else 32 if call.size == 1 else COLUMNS
        end = call.dst + last_n // columns * call.dst_stride * BLOCK
        end += (last_m + 1) * columns * call.size
    limit = L1_BYTES if call.to_l1 else gm_bytes
    odd = call.size == 1 and not call.row_major and ceil_div(call.n_size, COLUMNS) % 2 == 1
    if odd and end > limit:
        expected.doubt(True, "half a fractal at the end of the memory")
    else:
        expected.require(end <= limit, "dst is inside of its memory")
    # Pieces of 128 columns: 8.1 counts merged fractals twice.
    expected.doubt(_in_pieces(call), "merged channels in pieces")


def _in_pieces(call: Fixpipe) -> bool:
    merged = call.size == 1 and not call.row_major
    return bool(merged and call.vector and call.n_size > MOST_PARAMETERS)


def factors(call: Fixpipe, parameters: Array) -> tuple[Array, Array]:
    """Parameters of each column as 64 bits, and their factors, in 19 of the bits of float32."""
    if call.quant.startswith("V"):
        words = np.resize(parameters, call.n_size).astype(np.uint64)
    else:
        words = np.full(call.n_size, call.scalar, np.uint64)
    bits = (words & np.uint64(0xFFFFE000)).astype(np.uint32)
    return words, bits.view(np.float32)


def convert(call: Fixpipe, values: Array, parameters: Array) -> Converted:
    """Convert values, ``[..., n]``, to the type of the destination."""
    with np.errstate(all="ignore"):
        if call.quant == "NoQuant":
            return _activate(call, values)
        if call.quant in ("F322F16", "F322BF16"):
            return _round(call, _activate(call, values).values)
        return _quantise(call, values, parameters)


def _activate(call: Fixpipe, values: Array) -> Converted:
    if not call.relu:
        return Converted(values, values, np.ones(values.shape, bool))
    known = ~np.isnan(values) if values.dtype == np.float32 else np.ones(values.shape, bool)
    positive = np.where(values > 0, values, values.dtype.type(0))
    positive = np.where(known, positive, values)
    return Converted(positive, np.where(positive == 0, -positive, positive), known)


def _round(call: Fixpipe, values: Array) -> Converted:
    """Round to the nearest number of 16 bits, ties to even."""
    known = ~np.isnan(values)
    if call.target_type == "half":
        return _either_zero_or_end(call, values.astype(np.float16).view(np.uint16), 0x7C00, known)
    wide = values.view(np.uint32).astype(np.uint64)
    tie = wide >> np.uint64(16) & np.uint64(1)
    rounded = ((wide + np.uint64(0x7FFF) + tie) >> np.uint64(16)).astype(np.uint16)
    return _either_zero_or_end(call, rounded, 0x7F80, known)


def _either_zero_or_end(call: Fixpipe, bits: Array, infinite: int, known: Array) -> Converted:
    """Numbers of 16 bits by their bits, with what else the pages allow.

    The API's page keeps infinities unless the core saturates; the page of the instruction and the
    script of the example saturate always. ReLU may leave a zero of either sign.
    """
    size = bits & np.uint16(0x7FFF)
    others = np.where(size == infinite, bits - np.uint16(1), bits)
    if call.relu:
        others = np.where(size == 0, bits ^ np.uint16(0x8000), others)
    return Converted(bits, others, known)


def _quantise(call: Fixpipe, values: Array, parameters: Array) -> Converted:
    words, factor = factors(call, parameters)
    known = np.ones(values.shape, bool)
    numbers = values
    if values.dtype == np.int32:
        shifted = (words >> np.uint64(36) & np.uint64(1)).astype(bool)
        distance = (words >> np.uint64(32) & np.uint64(15)).astype(np.int32) + 1
        narrow = values >> distance
        known &= ~shifted | (np.abs(narrow.astype(np.int64)) <= 32767) | (call.size == 1)
        numbers = np.where(shifted, np.clip(narrow, -32768, 32767), values)
    real = numbers.astype(np.float32)
    slope = np.where(real < 0, np.float32(0), factor) if call.relu else factor
    scaled = (real * slope).astype(np.float32)
    known &= ~np.isnan(scaled)
    if call.target_type == "half":
        return _either_zero_or_end(call, scaled.astype(np.float16).view(np.uint16), 0x7C00, known)
    whole = np.rint(np.clip(np.where(known, scaled, 0), -256, 255)).astype(np.int32)
    offset = (words >> np.uint64(37) & np.uint64(0x1FF)).astype(np.int32)
    offset = np.where(offset > 255, offset - 512, offset)
    signed = (words >> np.uint64(46) & np.uint64(1)).astype(bool)
    least, most = np.where(signed, -128, 0), np.where(signed, 127, 255)
    result = np.clip(whole + offset, least, most).astype(np.uint8)
    return Converted(result, result, known)


def expect(
    call: Fixpipe, values: Array, parameters: Array, before: Array
) -> tuple[Expected, Array]:
    """What must be in the destination after the call, and what may be there instead.

    Args:
        call: The call.
        values: Image of L0C, in the type of the source.
        parameters: Tensor of parameters, of 64 bits.
        before: Contents of the image of L1, or of the argument in GM.
    """
    expected = rules(call, parameters, before.size)
    expected.after = cells(before)
    others = expected.after.copy()
    empty = 0 in (call.m_size, call.n_size, call.matrices)
    if expected.broken or empty:
        return expected, others
    src, dst = places(call)
    converted = convert(call, values[src // 4], parameters)
    byte = np.arange(call.size)
    target = dst[..., None] + byte
    for image, chosen in ((expected.after, converted.values), (others, converted.others)):
        whole = np.ascontiguousarray(chosen)
        assert whole.itemsize == call.size
        contents = cells(whole).reshape(target.shape)
        contents = np.where(converted.known[..., None], contents, UNKNOWN).astype(np.int16)
        put(image, target, contents, expected)
    if call.size == 1 and not call.row_major and ceil_div(call.n_size, COLUMNS) % 2 == 1:
        # Half a merged fractal: the pages do not say how its rows lie.
        start = call.dst + call.n_size // 32 * call.dst_stride * BLOCK
        expected.after[start : start + call.m_size * 32] = UNKNOWN
    if _in_pieces(call) or (call.vector and not call.quant.startswith("V")):
        expected.after[:] = UNKNOWN
    return expected, others
