# SPDX-License-Identifier: Apache-2.0
"""What a product on the cube and the moves around it cost on the model, by level."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ascend_attention import _native
from ascend_attention.bench.timing import Timing, time_in_turn
from ascend_attention.model import InOut, Library, mode

LOOPS = 20  # short runs: one that is not interrupted shows in the minimum
LIBRARY = Path(__file__).parent.parent / "libmodel_benchmarks.so"
GOALS = {(128, 128, 128): 60.0, (16, 128, 128): 40.0}  # GFLOP/s of m, k, n at level v3
MOVED = (128, 128, 128)  # shape whose operands the moves carry
FUNCTIONS = (  # as the kernel
    *("Mmad", "ND2NZ", "LoadData A", "LoadData transposed A", "LoadData B"),
    *("Fixpipe", "Fixpipe to half"),
)

Shape = tuple[int, int, int]


def flops(shape: Shape) -> int:
    """Of one product: a multiplication and an addition each."""
    m, k, n = shape
    return 2 * m * k * n


def bench_cube(repeats: int) -> dict[tuple[str, str, Shape], Timing]:
    """Time one product or one whole operand, by level, function and shape, on every level.

    Args:
        repeats: Timed runs of 20 instructions each.
    """
    library = Library(LIBRARY)
    source = np.zeros(128 * 128, np.float16)
    target = np.zeros(128 * 128, np.float32)

    def run(level: str, function: str, shape: Shape, loops: int) -> None:
        _native.set_level(level)
        tiling = np.array([FUNCTIONS.index(function), *shape, loops], np.int32).tobytes()
        library.launch("bench_cube", [source, InOut(target), None, tiling])

    cases = [("Mmad", shape) for shape in GOALS]
    cases += [(function, MOVED) for function in FUNCTIONS[1:]]
    best = _native.level()
    timings = {}
    try:
        with mode("fast"):
            for level in _native.levels():
                for function, shape in cases:
                    call = partial(run, level, function, shape)
                    measured = time_in_turn(
                        {"full": partial(call, LOOPS), "launch": partial(call, 1)},
                        repeats=repeats,
                    )
                    full, launch = measured["full"], measured["launch"]
                    timings[level, function, shape] = Timing(
                        (full.minimum - launch.minimum) / (LOOPS - 1),
                        (full.median - launch.median) / (LOOPS - 1),
                    )
    finally:
        _native.set_level(best)
    return timings
