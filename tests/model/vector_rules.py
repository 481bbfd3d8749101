# SPDX-License-Identifier: Apache-2.0
"""What a vector call leaves in UB: the rules of masks, repeats, strides and rounding.

``Expected`` applies a function to the image of UB element by element and repeat by repeat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.model.harness import Array
from tests.model.vector_call import (
    ALL,
    BLOCK,
    ElementType,
    Form,
    MaskSetup,
    Stride,
    VectorCall,
)

Indices = npt.NDArray[np.int64]


def mask_of_count(count: int, lanes: int) -> tuple[int, int]:
    """The register value for a number of lanes of a type that has ``lanes`` in a repeat."""
    if count == 64:
        return (ALL, 0)
    if count in (lanes, 128) or count > 128:
        return (ALL, ALL)
    bits = (1 << count) - 1
    return (bits & ALL, bits >> 64)


def lane_addresses(
    base: int, stride: Stride, bits: int, repeat: int, lanes: npt.ArrayLike
) -> Indices:
    """Bytes where the lanes of a repeat start."""
    per_block = 8 * BLOCK // bits
    lane = np.asarray(lanes, np.int64)
    block = lane // per_block * stride.block + repeat * stride.repeat
    return base + block * BLOCK + lane % per_block * bits // 8


def read(image: Array, addresses: Indices, dtype: np.dtype[Any]) -> Array:
    """Elements at any addresses."""
    raw = image[addresses[:, None] + np.arange(dtype.itemsize)]
    return np.ascontiguousarray(raw).view(dtype).ravel()


def write(image: Array, addresses: Indices, values: Array) -> None:
    """Store elements at any addresses."""
    raw = np.ascontiguousarray(values).view(np.uint8).reshape(len(addresses), -1)
    image[addresses[:, None] + np.arange(raw.shape[1])] = raw


# Takes the sources and then the old destination: of the enabled lanes of one repeat.
Compute = Callable[..., Array]


@dataclass(frozen=True)
class Expected:
    """The rules of masks, repeats and strides for one call."""

    call: VectorCall

    def repeats(self) -> list[Indices]:
        """The enabled lanes of each repeat."""
        call = self.call
        if call.form in (Form.COUNT, Form.OPERATOR):
            return self._counted(call.count)
        if call.form in (Form.MASK_BITS, Form.MASK_COUNT):
            low, high = self.register()
        elif call.mask_setup == MaskSetup.COUNTER:
            return self._counted(call.caller_mask[0])
        else:
            low, high = call.caller_mask
        repeats = 1 if call.form == Form.CALLER_COUNT else call.repeats
        bits = low | high << 64
        lanes = [lane for lane in range(call.lanes) if bits >> lane & 1]
        return [np.array(lanes, np.int64)] * repeats

    def _counted(self, count: int) -> list[Indices]:
        lanes = self.call.lanes
        return [
            np.arange(min(lanes, count - first), dtype=np.int64) for first in range(0, count, lanes)
        ]

    def register(self) -> tuple[int, int]:
        """The mask register after the call."""
        call = self.call
        if call.form == Form.MASK_BITS:
            return call.mask
        if call.form == Form.MASK_COUNT:
            return mask_of_count(call.mask[0], max(call.type.lanes, call.source.lanes))
        if call.form in (Form.COUNT, Form.OPERATOR):
            return (ALL, ALL)
        return call.caller_mask

    def stride(self, stride: Stride, element: ElementType) -> Stride:
        """Strides of an operand: those of the call, or contiguous where the form has none."""
        if self.call.form not in (Form.COUNT, Form.OPERATOR, Form.CALLER_COUNT):
            return stride
        return Stride(1, 8 * self.call.lanes // element.lanes)

    def apply(self, image: Array, compute: Compute, sources: int) -> Array:
        """The image after the call; ``compute(*sources, old destination)`` gives new values."""
        call = self.call
        result = image.copy()
        places = [(call.src0, call.src0_stride), (call.src1, call.src1_stride)][:sources]
        for repeat, lanes in enumerate(self.repeats()):
            values = []
            for base, stride in places:
                strides = self.stride(stride, call.source)
                at = lane_addresses(base, strides, call.source.bits, repeat, lanes)
                values.append(read(result, at, call.source.numpy))
            strides = self.stride(call.dst_stride, call.type)
            to = lane_addresses(call.dst, strides, call.type.bits, repeat, lanes)
            write(result, to, compute(*values, read(result, to, call.type.numpy)))
        return self.show_mask(result)

    def show_mask(self, image: Array) -> Array:
        """The image with what the probe shows of the mask register."""
        if self.call.mask_at < 0:
            return image
        if self.call.mask_setup == MaskSetup.COUNTER:
            lanes = list(range(self.register()[0]))
        else:
            low, high = self.register()
            lanes = [lane for lane in range(128) if (low | high << 64) >> lane & 1]
        at = self.call.mask_at + 2 * np.array(lanes, np.int64)
        write(image, at, np.ones(len(lanes), np.int16))
        return image

    def written(self) -> Indices:
        """Where the destination elements lie, repeat by repeat."""
        strides = self.stride(self.call.dst_stride, self.call.type)
        return np.concatenate(
            [
                lane_addresses(self.call.dst, strides, self.call.type.bits, repeat, lanes)
                for repeat, lanes in enumerate(self.repeats())
            ]
        )


def canonical(values: Array) -> Array:
    """The same numbers with every NaN as the canonical one."""
    result = values.copy()
    if values.dtype == np.float16:
        result.view(np.uint16)[np.isnan(values)] = 0x7E00
    elif values.dtype == np.float32:
        result.view(np.uint32)[np.isnan(values)] = 0x7FC00000
    return result


def rounded(values: npt.NDArray[np.float64], element: ElementType) -> Array:
    """Round exact (or float64) values to a float type, to nearest even."""
    with np.errstate(all="ignore"):
        return canonical(values.astype(element.numpy))


def relu(values: Array) -> Array:
    """max(x, 0), +0 for -0; NaN stays."""
    return np.where(values <= 0, np.zeros_like(values), values)


def larger(a: Array, b: Array) -> Array:
    """Maximum that takes +0 over -0 and NaN over everything."""
    return np.where((a == 0) & (b == 0), a + b, np.maximum(a, b))


def smaller(a: Array, b: Array) -> Array:
    """Minimum that takes -0 over +0 and NaN over everything."""
    return np.where((a == 0) & (b == 0), -(-a - b), np.minimum(a, b))
