# SPDX-License-Identifier: Apache-2.0
"""Reductions as the documentation defines them, element by element in numpy."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.model.harness import Array
from tests.model.ub_image import BLOCK, REPEAT

Value = Any  # np.float16 or np.float32


def lanes_per_repeat(dtype: np.dtype[Any]) -> int:
    return REPEAT // dtype.itemsize


def lane_offsets(dtype: np.dtype[Any], repeat: int, block_stride: int, repeat_stride: int) -> Array:
    """Byte offset of every lane of a repeat."""
    lanes = np.arange(lanes_per_repeat(dtype))
    per_block = BLOCK // dtype.itemsize
    blocks = repeat * repeat_stride + lanes // per_block * block_stride
    return blocks * BLOCK + lanes % per_block * dtype.itemsize


def add(left: Value | None, right: Value | None) -> Value | None:
    """A node of the tree: rounds to the type; a lane that is off leaves the other as it is."""
    if left is None or right is None:
        return right if left is None else left
    with np.errstate(over="ignore", invalid="ignore"):
        return canonical(left + right)


def canonical(value: Value) -> Value:
    """The one NaN that arithmetic gives."""
    return type(value)(np.nan) if np.isnan(value) else value


def tree_sum(values: Sequence[Value | None]) -> Value | None:
    """Neighbours first, then neighbours of those."""
    level = list(values)
    while len(level) > 1:
        level = [add(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return None if level[0] is None else canonical(level[0])


def extreme(values: Sequence[Value | None], largest: bool) -> tuple[Value, int] | None:
    """Best enabled value and its first lane. A NaN wins; zeros of both signs are equal."""
    best: tuple[Value, int] | None = None
    for lane, value in enumerate(values):
        if value is None:
            continue
        if np.isnan(value):
            return canonical(value), lane
        if best is None or (value > best[0] if largest else value < best[0]):
            best = value, lane
    return best


def block_extreme(values: Sequence[Value | None], largest: bool) -> Value | None:
    """As vmax and vmin: +0 is larger than -0."""
    enabled = [value for value in values if value is not None]
    if not enabled:
        return None
    if any(np.isnan(value) for value in enabled):
        return canonical(enabled[0] * np.float16(np.nan))
    choose = max if largest else min
    return choose(enabled, key=lambda value: (value, not np.signbit(value)))
