# SPDX-License-Identifier: Apache-2.0
"""Paired timing: candidates take turns, so that a machine whose speed drifts treats them alike."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Timing:
    """Seconds of one candidate."""

    minimum: float
    median: float


def time_in_turn(
    candidates: Mapping[str, Callable[[], object]], *, repeats: int
) -> dict[str, Timing]:
    """Time candidates in turn, after one warm-up each.

    Args:
        candidates: Functions without arguments, by name.
        repeats: Timed calls of each.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()
    for _ in range(repeats):
        for name, candidate in candidates.items():
            start = time.perf_counter()
            candidate()
            seconds[name].append(time.perf_counter() - start)
    return {
        name: Timing(min(measured), statistics.median(measured))
        for name, measured in seconds.items()
    }
