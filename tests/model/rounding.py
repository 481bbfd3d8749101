# SPDX-License-Identifier: Apache-2.0
"""Exact conversions between element types in every rounding mode, one number at a time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import numpy as np

from tests.model.harness import Array, from_bfloat16
from tests.model.vector_call import BFLOAT16, FLOAT, HALF, ElementType
from tests.model.vector_rules import canonical

Number = int | float


class Mode(IntEnum):
    """RoundMode of the API."""

    NONE = 0
    RINT = 1
    FLOOR = 2
    CEIL = 3
    ROUND = 4
    TRUNC = 5
    ODD = 6


def round_number(exact: Fraction, mode: Mode) -> int:
    """To an integer; NONE is RINT."""
    whole = math.trunc(exact)
    away = whole + (1 if exact > 0 else -1)
    rest = abs(exact - whole)
    if mode == Mode.FLOOR:
        return math.floor(exact)
    if mode == Mode.CEIL:
        return math.ceil(exact)
    if mode == Mode.TRUNC:
        return whole
    if mode == Mode.ROUND:
        return away if rest >= Fraction(1, 2) else whole
    if mode == Mode.ODD:
        return away if rest and whole % 2 == 0 else whole
    return round(exact)


def to_integer(value: Number, mode: Mode, low: int, high: int) -> int:
    """Round and clip; NaN gives 0."""
    if isinstance(value, float) and not math.isfinite(value):
        return 0 if math.isnan(value) else (high if value > 0 else low)
    return min(max(round_number(Fraction(value), mode), low), high)


@dataclass(frozen=True)
class FloatFormat:
    """A binary float type: digits including the leading one, exponents of its ends."""

    digits: int
    lowest: int  # exponent of the last digit of a subnormal number
    largest: float


FORMATS = {
    HALF.name: FloatFormat(11, -24, 65504.0),
    BFLOAT16.name: FloatFormat(8, -133, float(from_bfloat16(np.array([0x7F7F], np.uint16))[0])),
    FLOAT.name: FloatFormat(24, -149, float(np.finfo(np.float32).max)),
}


def to_float(value: Number, mode: Mode, form: FloatFormat) -> float:
    """The number of a float type that the mode chooses; beyond the largest one as IEEE 754 says."""
    if value == 0 or (isinstance(value, float) and not math.isfinite(value)):
        return float(value)
    exact = Fraction(value)
    exponent = (
        math.frexp(float(abs(exact)))[1] if isinstance(value, float) else (abs(value).bit_length())
    )
    unit = Fraction(2) ** max(exponent - form.digits, form.lowest)
    result = round_number(exact / unit, mode) * unit
    if abs(result) > Fraction(form.largest):
        inward = {Mode.TRUNC: True, Mode.ODD: True, Mode.FLOOR: value > 0, Mode.CEIL: value < 0}
        return math.copysign(form.largest if inward.get(mode, False) else math.inf, value)
    return math.copysign(float(result), value)


def numbers(values: Array, element: ElementType) -> list[Number]:
    """Elements as Python numbers, exactly."""
    if element is BFLOAT16:
        values = from_bfloat16(values)
    with np.errstate(invalid="ignore"):
        exact: list[Number] = (
            values.astype(np.float64).tolist() if values.dtype.kind == "f" else values.tolist()
        )
    return exact


def store(results: Sequence[Number], element: ElementType) -> Array:
    """Numbers that the type holds, as its bits; NaN is the canonical one."""
    with np.errstate(invalid="ignore"):
        if element is not BFLOAT16:
            return canonical(np.array(results).astype(element.numpy))
        bits = np.array(results, np.float32).view(np.uint32) >> 16
    return np.where(np.isnan(np.array(results)), 0x7FC0, bits).astype(np.uint16)


def converted(values: Array, source: ElementType, target: ElementType, mode: Mode) -> Array:
    """A whole array; source and target may be the same float type, which rounds to integers."""
    exact = numbers(values, source)
    if source is FLOAT and target is FLOAT:
        whole = [
            x if not math.isfinite(x) else round_number(Fraction(x), mode) + 0.0 for x in exact
        ]
        return store(whole, target)
    if target.name in FORMATS:
        return store([to_float(x, mode, FORMATS[target.name]) for x in exact], target)
    low, high = (
        (-8, 7)
        if target.bits == 4
        else (
            int(np.iinfo(target.numpy).min),
            int(np.iinfo(target.numpy).max),
        )
    )
    return np.array([to_integer(x, mode, low, high) for x in exact], target.numpy)
