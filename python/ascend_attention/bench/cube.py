# SPDX-License-Identifier: Apache-2.0
"""What instructions of the cube cost on the model, by architecture level."""

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
FUNCTIONS = ("mmad",)  # in the order of the kernel's enum


def flops(shape: tuple[int, int, int]) -> int:
    """Of one product: a multiplication and an addition each."""
    m, k, n = shape
    return 2 * m * k * n


def bench_cube(repeats: int) -> dict[tuple[str, str, tuple[int, int, int]], Timing]:
    """Time one instruction, by level, function and shape, on every level that this machine has.

    Args:
        repeats: Timed runs of 20 instructions each.
    """
    library = Library(LIBRARY)
    source = np.zeros(128 * 128, np.float32)
    target = np.zeros(128 * 128, np.float32)

    def run(level: str, function: str, shape: tuple[int, int, int], loops: int) -> None:
        _native.set_level(level)
        tiling = np.array([FUNCTIONS.index(function), *shape, loops], np.int32).tobytes()
        library.launch("bench_cube", [source, InOut(target), None, tiling])

    best = _native.level()
    timings = {}
    try:
        with mode("fast"):
            for level in _native.levels():
                for function, shape in (("mmad", shape) for shape in GOALS):
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
