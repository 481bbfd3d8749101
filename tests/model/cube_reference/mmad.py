# SPDX-License-Identifier: Apache-2.0
"""Mmad: sums of products in ascending k, from fractals or from one row of A."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.model.cube_reference.memory import (
    BLOCK,
    FRACTAL,
    L0_BYTES,
    L0C_BYTES,
    Array,
    ceil_div,
)

ZERO, KEEP, BIAS, BIAS_OF_L0C, BIAS_IGNORED = range(5)  # what a sum starts from
BIAS_BYTES = 1024
ROWS = 16  # of a fractal
INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class Step:
    """One Mmad: its depth, the addresses of A and B in bytes, and its switches."""

    k: int
    a: int
    b: int
    start: int
    unit_flag: int
    k_direction_align: int


@dataclass(frozen=True)
class Mmad:
    """Mmads of one result, which a Fixpipe then stores row by row.

    Attributes:
        type: int8_t, bfloat16_t, half or float.
        size: Of an element of A and B, in bytes.
        m: Rows of the result.
        n: Columns of the result.
        c: Byte address of the result in L0C.
        bias: Byte address in the bias table.
        fixpipe_unit_flag: Of the Fixpipe.
        steps: The Mmads.
    """

    type: str
    size: int
    m: int
    n: int
    c: int
    bias: int
    fixpipe_unit_flag: int
    steps: tuple[Step, ...]

    @property
    def c0(self) -> int:
        """Elements of a block."""
        return BLOCK // self.size


class Sums(NamedTuple):
    """The result, where it is known, and in float64 with the bound of its error."""

    values: Array
    known: Array
    exact: Array
    bound: Array


def _blocks_of_k(call: Mmad, step: Step) -> int:
    """Blocks along k that lie in L0A for each row of fractals."""
    if step.k_direction_align and call.size == 4:
        return 2 * ceil_div(step.k, 16)
    return ceil_div(step.k, call.c0)


def places_of_a(call: Mmad, step: Step) -> Array:
    """Byte address of each element of A, ``[m, k]``."""
    m, k = np.ogrid[: call.m, : step.k]
    if call.m == 1:
        return np.asarray(step.a + k * call.size)
    fractal = m // ROWS * _blocks_of_k(call, step) + k // call.c0
    return np.asarray(step.a + fractal * FRACTAL + m % ROWS * BLOCK + k % call.c0 * call.size)


def places_of_b(call: Mmad, step: Step) -> Array:
    """Byte address of each element of B, ``[k, n]``."""
    k, n = np.ogrid[: step.k, : call.n]
    fractal = k // call.c0 * ceil_div(call.n, ROWS) + n // ROWS
    return np.asarray(step.b + fractal * FRACTAL + n % ROWS * BLOCK + k % call.c0 * call.size)


def rules(call: Mmad) -> tuple[list[str], list[str]]:
    """Rules that the call breaks, and its uses that the documentation leaves open."""
    broken: list[str] = []
    doubtful: list[str] = []
    if max(call.m, call.n, *(step.k for step in call.steps)) > 4095:
        broken.append("m, n and k are at most 4095")
    if call.c % 1024:
        broken.append("dst is aligned to 1024 bytes")
    if call.c + ceil_div(call.m, ROWS) * ceil_div(call.n, ROWS) * 1024 > L0C_BYTES:
        broken.append("dst is inside of L0C")
    for step in call.steps:
        if step.k == 0:
            doubtful.append("an empty call")
            continue
        if not broken:
            broken += _extents(call, step)
        _check_bias(call, step, broken, doubtful)
    _check_unit_flags(call, broken, doubtful)
    return broken, doubtful


def _check_bias(call: Mmad, step: Step, broken: list[str], doubtful: list[str]) -> None:
    if step.start not in (BIAS, BIAS_IGNORED):
        return
    end = call.bias + ceil_div(call.n, ROWS) * 64
    if call.bias % 64 or end > BIAS_BYTES:
        # A bias that does not count need not be right.
        (broken if step.start == BIAS else doubtful).append("bias is in the bias table")
    elif call.bias % 128:
        doubtful.append("bias at an odd multiple of 64 bytes")  # 8.1 checks for 128


def _check_unit_flags(call: Mmad, broken: list[str], doubtful: list[str]) -> None:
    if any(step.unit_flag == 1 for step in call.steps):
        broken.append("unitFlag is 0, 2 or 3")
    flags = [step.unit_flag for step in call.steps if step.k > 0]  # an empty call raises none
    if call.fixpipe_unit_flag == 0:
        if any(flags):
            (broken if 3 in flags else doubtful).append("both or none use unit flags")
    elif flags[-1:] != [3] or 3 in flags[:-1]:
        broken.append("the last Mmad raises the flags, and no earlier one")
    elif 0 in flags:
        doubtful.append("unit flags in the last Mmads only")


def _extents(call: Mmad, step: Step) -> list[str]:
    broken = []
    if step.a % FRACTAL or step.b % FRACTAL:
        broken.append("A and B are aligned to 512 bytes")
    if int(places_of_a(call, step).max()) + call.size > L0_BYTES:
        broken.append("A is inside of L0A")
    if int(places_of_b(call, step).max()) + call.size > L0_BYTES:
        broken.append("B is inside of L0B")
    return broken


def sums(call: Mmad, operands: list[tuple[Array, Array]], bias: Array) -> Sums:
    """Result of the Mmads for the values of A and B of each, float32 or int64, and the bias."""
    shape = (call.m, call.n)
    exact, bound = np.zeros(shape), np.zeros(shape)
    depth = 1
    if call.type == "int8_t":
        return _integer_sums(call, operands, bias)
    values = np.zeros(shape, np.float32)
    with np.errstate(all="ignore"):
        for step, (a, b) in zip(call.steps, operands, strict=True):
            if step.k == 0:
                continue
            if step.start in (ZERO, BIAS_IGNORED):
                values, exact, bound = np.zeros(shape, np.float32), np.zeros(shape), np.zeros(shape)
            elif step.start == BIAS:
                values = np.broadcast_to(bias[: call.n], shape).astype(np.float32)
                exact = values.astype(np.float64)
                bound = np.abs(exact)
            for i in range(step.k):
                values = values + a[:, i, None] * b[None, i, :]
            wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
            exact = exact + wide_a @ wide_b
            bound = bound + np.abs(wide_a) @ np.abs(wide_b)
            depth += step.k
        bound = bound * (1.01 * (depth + 1)) * 2.0**-24 + depth * 2.0**-149
    return Sums(values, np.ones(shape, bool), exact, bound)


def _integer_sums(call: Mmad, operands: list[tuple[Array, Array]], bias: Array) -> Sums:
    """Saturated sums; where saturation within a sum would change it, it is not known."""
    shape = (call.m, call.n)
    total = np.zeros(shape, np.int64)
    known = np.ones(shape, bool)
    for step, (a, b) in zip(call.steps, operands, strict=True):
        if step.k == 0:
            continue
        if step.start in (ZERO, BIAS_IGNORED):
            total, known = np.zeros(shape, np.int64), np.ones(shape, bool)
        elif step.start == BIAS:
            total = np.broadcast_to(bias[: call.n], shape).astype(np.int64)
            known = np.ones(shape, bool)
        product, size = a @ b, np.abs(a) @ np.abs(b)
        beyond = (total + size > INT32.max) | (total - size < INT32.min)
        known &= ~beyond | (np.abs(product) == size)
        total = np.clip(total + product, INT32.min, INT32.max)
    wide = total.astype(np.float64)
    return Sums(total.astype(np.int32), known, wide, np.where(known, 0.0, np.inf))
