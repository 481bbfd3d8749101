# SPDX-License-Identifier: Apache-2.0
"""What one Exp instruction costs on the model, by architecture level."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ascend_attention import _native
from ascend_attention.bench.timing import Timing, time_in_turn
from ascend_attention.model import InOut, Library, mode

EXP_COUNT = 8192
LOOPS = 1000
LIBRARY = Path(__file__).parent.parent / "libmodel_benchmarks.so"


def bench_exp(repeats: int) -> dict[str, Timing]:
    """Time one Exp of 8192 float32 on every level that this machine has.

    Args:
        repeats: Timed runs of 1000 instructions each.
    """
    library = Library(LIBRARY)
    values = np.random.default_rng(0).standard_normal(EXP_COUNT, dtype=np.float32)
    results = np.empty_like(values)

    def run(level: str, loops: int) -> None:
        _native.set_level(level)
        tiling = np.array([EXP_COUNT, loops], np.int32).tobytes()
        library.launch("bench_exp", [values, InOut(results), None, tiling])

    best = _native.level()
    timings = {}
    try:
        with mode("fast"):
            for level in _native.levels():
                measured = time_in_turn(
                    {"full": partial(run, level, LOOPS), "launch": partial(run, level, 1)},
                    repeats=repeats,
                )
                full, launch = measured["full"], measured["launch"]
                timings[level] = Timing(
                    (full.minimum - launch.minimum) / (LOOPS - 1),
                    (full.median - launch.median) / (LOOPS - 1),
                )
    finally:
        _native.set_level(best)
    return timings
