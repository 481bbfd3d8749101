# SPDX-License-Identifier: Apache-2.0
"""UB as one image: what a probe of probes/probe_image.h loads, changes and stores."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt
from ascend_attention import model

from tests.model.harness import Array, aligned, assert_same_bits, poisoned

FILL = 0x5A  # of bytes that a test does not place
BLOCK = 32  # bytes
REPEAT = 256
SOC = model.socs()["Ascend910B2"]
UB_BYTES = SOC.local_bytes["UB"] - SOC.reserved_ub_bytes


class Image:
    """Bytes of UB from address 0 on."""

    def __init__(self, size: int) -> None:
        self.bytes = aligned(-(-size // BLOCK) * BLOCK, np.uint8)
        self.bytes[:] = FILL

    def view(self, address: int, count: int, dtype: npt.DTypeLike) -> Array:
        """``count`` elements at a byte address; writing into them changes the image."""
        bytes_ = count * np.dtype(dtype).itemsize
        return self.bytes[address : address + bytes_].view(dtype)

    def place(self, address: int, array: Array) -> None:
        """Put an array at a byte address."""
        self.view(address, array.size, array.dtype)[:] = array.reshape(-1)

    def copy(self) -> Image:
        """The same bytes in an image of its own."""
        other = Image(self.bytes.size)
        other.bytes[:] = self.bytes
        return other

    def assert_equal(self, expected: Image, what: str = "") -> None:
        """Same bytes everywhere, also where the function had nothing to write."""
        assert_same_bits(self.bytes, expected.bytes, what)

    def run(self, probes: model.Library, kernel: str, tiling: ctypes.Structure) -> Image:
        """Load this image, run the probe on it, and return the image it leaves behind."""
        out = poisoned(self.bytes.size, np.uint8)
        probes.launch(kernel, [model.In(self.bytes), model.Out(out), bytes(tiling)])
        result = Image(self.bytes.size)
        result.bytes[:] = out
        return result


def structure(name: str, *fields: tuple[str, Any]) -> type[ctypes.Structure]:
    """The tiling struct of a probe, with the fields and types that the C++ struct has."""
    return type(name, (ctypes.Structure,), {"_fields_": list(fields)})
