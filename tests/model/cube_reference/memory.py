# SPDX-License-Identifier: Apache-2.0
"""Memory as the references of the cube side see it, and what they say about a call."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Cells = npt.NDArray[np.int16]  # a byte a cell, or UNKNOWN

UNKNOWN = 256  # contents that the documentation leaves open
BLOCK = 32  # bytes
FRACTAL = 512  # bytes
L1_BYTES = 512 * 1024
L0_BYTES = 64 * 1024  # of L0A and of L0B
L0C_BYTES = 128 * 1024
IMAGE_BYTES = 64 * 1024  # of memory that the tests fill and read back


def cells(memory: Array) -> Cells:
    """The bytes of an array as cells."""
    return np.ascontiguousarray(memory).reshape(-1).view(np.uint8).astype(np.int16)


def unknown(count: int) -> Cells:
    """Cells that nothing is known of."""
    return np.full(count, UNKNOWN, np.int16)


def ceil_div(count: int, unit: int) -> int:
    return -(-count // unit)


@dataclass
class Expected:
    """What the documentation says about a call.

    Attributes:
        broken: Rules that it breaks: the model must refuse it.
        doubtful: Uses that the documentation leaves open: the model may refuse it or not.
        after: Contents of the destination when the call is not refused.
    """

    after: Cells
    broken: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)

    def require(self, holds: bool, rule: str) -> bool:
        """Note a rule of the documentation as broken unless it holds."""
        if not holds:
            self.broken.append(rule)
        return holds

    def doubt(self, open_: bool, use: str) -> None:
        """Note a use that the documentation leaves open."""
        if open_:
            self.doubtful.append(use)


def put(after: Cells, places: Array, contents: Array, expected: Expected) -> None:
    """Write cells at byte addresses; where two writes meet, the contents are open.

    Places outside of ``after`` are memory that the test does not read back.
    """
    flat = np.ascontiguousarray(places).reshape(-1)
    inside = (flat >= 0) & (flat < after.size)
    targets = flat[inside]
    after[targets] = np.broadcast_to(contents, places.shape).reshape(-1)[inside]
    times = np.bincount(targets, minlength=after.size)
    if np.unique(flat).size != flat.size:
        expected.doubt(True, "writes overlap")
        after[times > 1] = UNKNOWN
