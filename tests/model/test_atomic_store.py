# SPDX-License-Identifier: Apache-2.0
"""Stores in atomic mode: what each operation does to GM for each type, and its faults."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.copy_case import (
    ATOMIC_ADD,
    ATOMIC_MAX,
    ATOMIC_MAX_THEN_TYPE,
    ATOMIC_MIN,
    COUNT,
    GM,
    PAD_EXT,
    PARAMS,
    TYPES,
    UB,
    UB_GM,
    Memory,
    assert_memory,
    case,
    copy_of,
    launch,
    random_memory,
)
from tests.model.harness import (
    Array,
    covers,
    from_bfloat16,
    poisoned,
    raises_fault,
    to_bfloat16,
)
from tests.model.ub_image import BLOCK

ATOMIC_TYPES = ("half", "bfloat16_t", "float", "int8_t", "int16_t", "int32_t")
OPERATIONS = {ATOMIC_ADD: "SetAtomicAdd", ATOMIC_MAX: "SetAtomicMax", ATOMIC_MIN: "SetAtomicMin"}
SPECIAL = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 65504.0, -65504.0, 3e38, 1e-7, 2.0**-24]


def values_of(type_: str, count: int, seed: int) -> Array:
    """Any integers; floats of all kinds, bfloat16 as its bits."""
    random = np.random.default_rng(seed)
    dtype = TYPES[type_][1]
    if type_ not in ("half", "bfloat16_t", "float"):
        info = np.iinfo(dtype)
        return random.integers(info.min, info.max, count, dtype, endpoint=True)
    numbers = np.where(
        random.random(count) < 0.3, random.choice(SPECIAL, count), random.standard_normal(count)
    )
    with np.errstate(over="ignore"):
        return to_bfloat16(numbers) if type_ == "bfloat16_t" else numbers.astype(dtype)


def larger(a: Array, b: Array) -> Array:
    """As vmax: NaN wins, +0 is larger than -0."""
    with np.errstate(invalid="ignore"):
        best = np.maximum(a, b)
    return np.where((best == 0) & ~(np.signbit(a) & np.signbit(b)), np.abs(best), best)


def combined(operation: int, type_: str, old: Array, new: Array) -> Array:
    if type_ == "bfloat16_t":
        result = combined(operation, "float", from_bfloat16(old), from_bfloat16(new))
        return to_bfloat16(result)
    integer = old.dtype.kind == "i"
    with np.errstate(over="ignore", invalid="ignore"):
        if operation == ATOMIC_ADD:
            result = old + new
        elif integer:
            result = np.maximum(old, new) if operation == ATOMIC_MAX else np.minimum(old, new)
        elif operation == ATOMIC_MAX:
            result = larger(old, new)
        else:
            result = -larger(-old, -new)
    result = result.astype(old.dtype)
    return result if integer else np.where(np.isnan(result), old.dtype.type(np.nan), result)


def memory_of(old: Array, new: Array) -> Memory:
    memory = random_memory()
    memory.ub.place(UB, new)
    memory.gm[GM : GM + old.nbytes] = old.view(np.uint8)
    return memory


def result_of(memory: Memory, results: Array) -> Memory:
    after = memory.copy()
    after.gm[GM : GM + results.nbytes] = results.view(np.uint8)
    return after


@pytest.mark.parametrize(
    ("form", "amount"),
    [(COUNT, {"count": 512}), (PARAMS, {"block_len": 64}), (PAD_EXT, {"block_len": 1030})],
    ids=["count", "blocks", "bytes"],
)
@pytest.mark.parametrize(
    "operation",
    [pytest.param(o, marks=covers(row, "value"), id=row) for o, row in OPERATIONS.items()],
)
@pytest.mark.parametrize("type_", ATOMIC_TYPES)
def test_stores_combine_with_what_is_there(
    probes: model.Library, type_: str, operation: int, form: int, amount: dict[str, int]
) -> None:
    size = TYPES[type_][1].itemsize
    count = amount.get(
        "count", (BLOCK if form == PARAMS else 1) * amount.get("block_len", 0) // size
    )
    amount = {**amount, "block_len": count * size} if form == PAD_EXT else amount
    old, new = values_of(type_, count, 1), values_of(type_, count, 2)
    memory = memory_of(old, new)

    after = launch(probes, memory, case(form, UB_GM, type_, atomic=operation, **amount))

    assert_memory(after, result_of(memory, combined(operation, type_, old, new)))


def test_every_burst_is_combined(probes: model.Library) -> None:
    old, new = values_of("int32_t", 64, 1), values_of("int32_t", 64, 2)
    memory = memory_of(old, new)

    # Rows of 5 elements, a block apart in UB and without a gap in GM.
    call = case(PAD_EXT, UB_GM, "int32_t", atomic=ATOMIC_ADD, block_count=4, block_len=20)
    after = launch(probes, memory, call)

    rows = new.reshape(8, 8)[:4, :5].reshape(-1)
    assert_memory(after, result_of(memory, old[:20] + rows))


@covers("SetAtomicType", "value")
@pytest.mark.parametrize("type_", ATOMIC_TYPES)
def test_set_atomic_type_keeps_the_operation(probes: model.Library, type_: str) -> None:
    size = TYPES[type_][1].itemsize
    old, new = values_of(type_, 64 // size, 1), values_of(type_, 64 // size, 2)
    memory = memory_of(old, new)

    call = case(COUNT, UB_GM, type_, atomic=ATOMIC_MAX_THEN_TYPE, count=64 // size)
    after = launch(probes, memory, call)

    assert_memory(after, result_of(memory, combined(ATOMIC_MAX, type_, old, new)))


def test_atomic_mode_is_off_by_default(probes: model.Library) -> None:
    old, new = values_of("float", 16, 1), values_of("float", 16, 2)
    memory = memory_of(old, new)

    after = launch(probes, memory, case(COUNT, UB_GM, "float", count=16))

    assert_memory(after, result_of(memory, new))


@pytest.mark.parametrize(
    "operation",
    [pytest.param(o, marks=covers(row, "fault"), id=row) for o, row in OPERATIONS.items()],
)
@pytest.mark.parametrize(("form", "amount"), [(COUNT, {"count": 16}), (PAD_EXT, {"block_len": 20})])
def test_atomic_stores_need_a_value_in_gm(
    probes: model.Library, operation: int, form: int, amount: dict[str, Any]
) -> None:
    memory = random_memory()
    call = case(form, UB_GM, "float", atomic=operation, **amount)
    out = copy_of(memory.ub.bytes)
    gm = model.Out(poisoned(4096, np.uint8), "result")

    with raises_fault("uninitialized", operand="target", memory="result"):
        probes.launch(
            "probe_data_copy",
            [model.In(memory.ub.bytes), gm, model.InOut(out), bytes(call)],
        )
