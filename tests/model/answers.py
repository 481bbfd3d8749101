# SPDX-License-Identifier: Apache-2.0
"""Numbers to and from probes: a tiling of int32 values, and answers as int64 values."""

import numpy as np
from ascend_attention import model

from tests.model.harness import Array, aligned

LINE = 8  # answers of a core, one cache line


def numbers(*values: int) -> bytes:
    """A tiling that holds these values."""
    return np.array(values, np.int32).tobytes()


def answers(
    probes: model.Library,
    kernel: str,
    count: int,
    *inputs: Array,
    tiling: bytes | None = None,
    type: str | None = None,
) -> list[int]:
    """Launch a probe and return the ``count`` values that it wrote.

    The arguments of the probe are the inputs, the answers and, if given, the tiling.
    """
    out = aligned(count, np.int64)
    behind = [] if tiling is None else [tiling]
    probes.launch(kernel, [*inputs, model.Out(out), *behind], type=type)
    return [int(value) for value in out]


def answers_of_cores(
    probes: model.Library, kernel: str, cores: int, count: int, *, blocks: int, type: str
) -> list[list[int]]:
    """The same for a probe whose cores write a line each."""
    out = aligned((cores, LINE), np.int64)
    probes.launch(kernel, [model.Out(out)], blocks=blocks, type=type)
    return [[int(value) for value in core[:count]] for core in out]
