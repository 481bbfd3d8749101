# SPDX-License-Identifier: Apache-2.0
"""What the model's tests share: expected faults, scheduling orders, arrays, comparisons."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from ascend_attention import _native, model
from ascend_attention.model.arguments import POISON

Array = npt.NDArray[Any]

PROBES = "ASCEND_ATTENTION_TEST_PROBES"  # path of the library, if not beside the package
SEEDS = (1, 2, 3)


def probes_path() -> Path:
    beside = Path(_native.__file__).with_name("libmodel_probes.so")
    return Path(os.environ.get(PROBES, beside))


def covers(row: str, kind: str) -> pytest.MarkDecorator:
    """Mark a test (or a ``pytest.param``) as a ``value`` or ``fault`` test of an API row."""
    assert kind in ("value", "fault"), kind
    return pytest.mark.covers(row, kind)


@contextmanager
def raises_fault(
    kind: str,
    *,
    instruction: str | None = None,
    operand: str | None = None,
    memory: str | None = None,
    other: str | None = None,
    pipe: str | None = None,
    rule: str | None = None,
) -> Iterator[pytest.ExceptionInfo[model.ModelError]]:
    """Expect a fault of this kind; each further argument that is given has to match too.

    Args:
        kind: Of the fault, such as ``hazard``.
        instruction: Name of the instruction or API function at fault.
        operand: Its operand.
        memory: Buffer or argument whose bytes are at fault.
        other: Name of the earlier instruction of a hazard or race.
        pipe: Of the instruction at fault.
        rule: Part of the rule's text.
    """
    with pytest.raises(model.ModelError) as caught:
        yield caught
    fault = caught.value.fault
    assert fault.kind == kind, fault.message
    if instruction is not None:
        assert fault.instruction is not None, fault.message
        assert fault.instruction.name == instruction, fault.message
    if pipe is not None:
        assert fault.instruction is not None, fault.message
        assert fault.instruction.pipe == pipe, fault.message
    if other is not None:
        assert fault.other is not None, fault.message
        assert fault.other.name == other, fault.message
    if operand is not None:
        assert fault.operand == operand, fault.message
    if memory is not None:
        assert fault.memory == memory, fault.message
    if rule is not None:
        assert rule in fault.rule, fault.message


def both_instructions(
    caught: pytest.ExceptionInfo[model.ModelError],
) -> tuple[model.Instruction, model.Instruction]:
    """The instruction at fault and the earlier one."""
    instruction, other = caught.value.instruction, caught.value.other
    assert instruction is not None, caught.value
    assert other is not None, caught.value
    return instruction, other


def in_every_order(run: Callable[[], Sequence[Array]]) -> Sequence[Array]:
    """Run under every scheduling order; all outputs must be the same bits. Returns them."""
    first = run()
    orders = [("reversed", 0), *(("seeded", seed) for seed in SEEDS)]
    for order, seed in orders:
        with model.options(order=order, seed=seed):
            again = run()
        for expected, actual in zip(first, again, strict=True):
            assert_same_bits(actual, expected, f"order {order} {seed}")
    return first


def aligned(shape: int | tuple[int, ...], dtype: npt.DTypeLike, alignment: int = 64) -> Array:
    """An uninitialised array whose address is a multiple of ``alignment`` bytes."""
    wanted = np.dtype(dtype)
    count = int(np.prod(shape))
    storage = np.empty(count * wanted.itemsize + alignment, np.uint8)
    start = -storage.ctypes.data % alignment
    return storage[start : start + count * wanted.itemsize].view(wanted).reshape(shape)


def poisoned(shape: int | tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """An aligned array of 0xFF bytes: NaN in every float type, so that its use shows."""
    array = aligned(shape, dtype)
    array.view(np.uint8)[...] = POISON
    return array


def from_bfloat16(bits: Array) -> npt.NDArray[np.float32]:
    """Value of bfloat16 numbers, which numpy keeps as uint16."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def to_bfloat16(values: npt.ArrayLike) -> npt.NDArray[np.uint16]:
    """Round float32 to the nearest bfloat16 (ties to even), as uint16; NaN becomes 0x7FC0."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where((bits & 0x7FFFFFFF) > 0x7F800000, 0x7FC0, rounded).astype(np.uint16)


def assert_same_bits(actual: Array, expected: Array, what: str = "") -> None:
    """Equal shape, type and bits (so -0 differs from 0); says the first difference and count."""
    assert actual.dtype == expected.dtype, f"{what}: {actual.dtype} is not {expected.dtype}"
    assert actual.shape == expected.shape, f"{what}: {actual.shape} is not {expected.shape}"
    raw = np.dtype(f"u{actual.dtype.itemsize}")
    differs = np.ascontiguousarray(actual).view(raw) != np.ascontiguousarray(expected).view(raw)
    if differs.any():
        at = tuple(int(i) for i in np.argwhere(differs)[0])
        raise AssertionError(
            f"{what}: {int(differs.sum())} of {differs.size} differ, first at {at}: "
            f"{actual[at]!r} is not {expected[at]!r}"
        )


def assert_within_ulp(actual: Array, exact: npt.ArrayLike, ulps: float, what: str = "") -> None:
    """Compare with exact values (float64): NaN and inf where expected, else within ``ulps``.

    An ulp is that of ``actual``'s type at the exact value. Says the worst place, both values, the
    bound and how many are beyond it.
    """
    wanted = np.asarray(exact, np.float64)
    got = actual.astype(np.float64)
    with np.errstate(over="ignore"):
        rounded = wanted.astype(actual.dtype)
    special = ~np.isfinite(rounded)
    assert_same_bits(np.isnan(got), np.isnan(wanted), f"{what}: positions of NaN")
    infinite = special & ~np.isnan(wanted)
    np.testing.assert_array_equal(got[infinite], rounded[infinite].astype(np.float64), what)
    unit = np.spacing(np.abs(np.where(special, 0, rounded))).astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.where(special, 0, np.abs(got - wanted)) / unit
    beyond = error > ulps
    if beyond.any():
        at = np.unravel_index(int(np.argmax(error)), error.shape)
        raise AssertionError(
            f"{what}: {int(beyond.sum())} of {error.size} beyond {ulps} ulp, worst at "
            f"{tuple(int(i) for i in at)}: {got[at]!r} is {error[at]:.3g} ulp from {wanted[at]!r}"
        )
