# SPDX-License-Identifier: Apache-2.0
"""ReduceMax, ReduceMin and ReduceSum of whole tensors, through their work tensors."""

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, covers, raises_fault
from tests.model.reduce_reference import (
    Value,
    add,
    extreme,
    lane_offsets,
    lanes_per_repeat,
    tree_sum,
)
from tests.model.test_reduce import (
    BITS,
    COUNT,
    COUNTER,
    DTYPES,
    IMAGE_BYTES,
    RESULT,
    SCATTERED,
    SRC,
    ReduceCase,
    Values,
    image_of,
    random_values,
)
from tests.model.ub_image import BLOCK, Image

DST = 0x100
WORK = 0x1000
ELEMENTS = 4  # of Form in probe_reduce.cpp
FUNCTIONS = {"ReduceMax": 8, "ReduceMin": 9, "ReduceSum": 10}
INSTRUCTIONS = {"ReduceMax": "vcmax", "ReduceMin": "vcmin", "ReduceSum": "vcadd"}
SUFFIXES = {BITS: "mask_bits", COUNT: "mask_count", ELEMENTS: "count"}
# With so many repeats ReduceMax and ReduceMin take four steps, and the header uses the mask of the
# third one for the fourth.
FOUR_STEPS = pytest.param(
    1200, marks=pytest.mark.own_front_end("the header reads pairs that no step has written")
)
REPEATS = [1, 2, 3, 31, 32, 33, 64, 65, 129, 255, 256, 300]


def round_up(elements: int, dtype: np.dtype[Any]) -> int:
    per_block = BLOCK // dtype.itemsize
    return -(-elements // per_block) * per_block


def work_elements(name: str, repeats: int, dtype: np.dtype[Any], with_index: bool) -> int:
    """What the documentation asks for."""
    if name == "ReduceSum":
        return round_up(repeats, dtype)
    needed = round_up(2 * repeats, dtype)
    while with_index and repeats > 1:
        repeats = -(-2 * repeats // lanes_per_repeat(dtype))
        needed += round_up(2 * repeats, dtype)
    return needed


def case(
    name: str, dtype: np.dtype[Any], form: int, *, mask: int | None = None, **changes: object
) -> ctypes.Structure:
    lanes = lanes_per_repeat(dtype)
    if mask is None:
        mask = (1 << lanes) - 1
    fields: dict[str, object] = {
        "function": FUNCTIONS[name],
        "is_half": int(dtype.itemsize == 2),
        "form": form,
        "image_bytes": IMAGE_BYTES,
        "dst": DST,
        "src": SRC,
        "work": WORK,
        "work_bytes": SRC - WORK,
        "repeats": 1,
        "src_rep_stride": 8,
        "lanes": mask.bit_length(),
        "mask": (ctypes.c_uint64 * 2)(mask & (1 << 64) - 1, mask >> 64 & (1 << 64) - 1),
    }
    return ReduceCase(**{**fields, **changes})


def repeat_values(
    image: Image, dtype: np.dtype[Any], repeats: int, stride: int, mask: int
) -> Iterator[Values]:
    lanes = lanes_per_repeat(dtype)
    for repeat in range(repeats):
        offsets = SRC + lane_offsets(dtype, repeat, 1, stride)
        yield [
            image.view(int(offsets[lane]), 1, dtype)[0] if mask >> lane & 1 else None
            for lane in range(lanes)
        ]


def assert_only_work_changed(before: Image, after: Image, work_bytes: int, results: int) -> None:
    """Nothing but the work tensor, as large as documented, and the results at DST."""
    changed = np.flatnonzero(before.bytes != after.bytes)
    inside = (changed >= WORK) & (changed < WORK + work_bytes)
    inside |= (changed >= DST) & (changed < DST + results)
    assert inside.all(), f"byte {changed[~inside][0]} must not change"


def rows(kind: str, *names: str, forms: tuple[int, ...] = tuple(SUFFIXES)) -> list[Any]:
    """Function and form as parameters, marked as a test of their row."""
    ids = {(name, form): f"{name}.{SUFFIXES[form]}" for name in names for form in forms}
    return [pytest.param(*pair, marks=covers(row, kind), id=row) for pair, row in ids.items()]


def values_with_ties(dtype: np.dtype[Any], count: int) -> Array:
    return np.round(random_values(dtype, count) * 4)


@pytest.mark.parametrize("with_index", [False, True], ids=["value", "value_and_index"])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("repeats", [*REPEATS, FOUR_STEPS])
@pytest.mark.parametrize(
    ("name", "form"), rows("value", "ReduceMax", "ReduceMin", forms=(BITS, COUNT))
)
def test_extreme_of_repeats(
    probes: model.Library,
    name: str,
    form: int,
    repeats: int,
    dtype: np.dtype[Any],
    with_index: bool,
) -> None:
    lanes = lanes_per_repeat(dtype)
    mask = SCATTERED & (1 << lanes) - 1 if form == BITS else (1 << lanes - 3) - 1
    stride = 2
    image = image_of(values_with_ties(dtype, (IMAGE_BYTES - SRC) // dtype.itemsize))

    out = image.run(
        probes,
        "probe_reduce",
        case(
            name,
            dtype,
            form,
            mask=mask,
            repeats=repeats,
            src_rep_stride=stride,
            cal_index=int(with_index),
        ),
    )

    per_block = BLOCK // dtype.itemsize
    flat = [
        value for values in repeat_values(image, dtype, repeats, stride, mask) for value in values
    ]
    found = extreme(flat, name == "ReduceMax")
    assert found is not None
    value, at = found
    index = at // lanes * stride * per_block + at % lanes
    assert out.view(DST, 1, dtype)[0] == value
    if with_index:
        assert out.view(DST + dtype.itemsize, 1, f"u{dtype.itemsize}")[0] == index
    work = work_elements(name, repeats, dtype, with_index) * dtype.itemsize
    results = (2 if with_index else 1) * dtype.itemsize
    assert_only_work_changed(image, out, work, results)


COUNTS = [1, 2, 63, 64, 65, 127, 128, 129, 191, 1000, 2048, 4095, 8320, 16383]


@pytest.mark.parametrize("with_index", [False, True], ids=["value", "value_and_index"])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(
    ("name", "form"), rows("value", "ReduceMax", "ReduceMin", forms=(ELEMENTS,))
)
def test_extreme_of_the_first_elements(
    probes: model.Library, name: str, form: int, count: int, dtype: np.dtype[Any], with_index: bool
) -> None:
    values = values_with_ties(dtype, count + 500)
    image = image_of(values)

    out = image.run(
        probes,
        "probe_reduce",
        case(name, dtype, form, elements=count, cal_index=int(with_index)),
    )

    first = values[:count]
    index = first.argmax() if name == "ReduceMax" else first.argmin()
    assert out.view(DST, 1, dtype)[0] == first[index]
    if with_index:
        assert out.view(DST + dtype.itemsize, 1, f"u{dtype.itemsize}")[0] == index
    whole = max(1, count // lanes_per_repeat(dtype))
    work = max(BLOCK, work_elements(name, whole, dtype, with_index) * dtype.itemsize)
    assert_only_work_changed(image, out, work, (2 if with_index else 1) * dtype.itemsize)


@pytest.mark.parametrize("place", ["first", "body", "tail", "last"])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_nan_is_the_extreme_wherever_it_lies(
    probes: model.Library, dtype: np.dtype[Any], place: str
) -> None:
    count = 16 * lanes_per_repeat(dtype) + 7
    index = {"first": 0, "body": 777, "tail": count - 3, "last": count - 1}[place]
    values = random_values(dtype, count)
    values[index] = np.nan
    image = image_of(values)

    out = image.run(
        probes, "probe_reduce", case("ReduceMax", dtype, ELEMENTS, elements=count, cal_index=1)
    )

    assert np.isnan(out.view(DST, 1, dtype)[0])
    assert out.view(DST + dtype.itemsize, 1, f"u{dtype.itemsize}")[0] == index


def sum_of_repeats(values: Iterator[Values], dtype: np.dtype[Any]) -> Value:
    """A tree in each repeat, then a tree over the sums, a repeat of them at a time."""
    sums: list[Value | None] = [tree_sum(repeat) for repeat in values]
    lanes = lanes_per_repeat(dtype)
    while len(sums) > 1:
        padded = sums + [None] * (-len(sums) % lanes)
        sums = [tree_sum(padded[i : i + lanes]) for i in range(0, len(padded), lanes)]
    return sums[0]


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("repeats", [*REPEATS, FOUR_STEPS])
@pytest.mark.parametrize(("name", "form"), rows("value", "ReduceSum", forms=(BITS, COUNT)))
def test_sum_of_repeats(
    probes: model.Library, name: str, form: int, repeats: int, dtype: np.dtype[Any]
) -> None:
    lanes = lanes_per_repeat(dtype)
    mask = SCATTERED & (1 << lanes) - 1 if form == BITS else (1 << lanes - 3) - 1
    image = image_of(random_values(dtype, (IMAGE_BYTES - SRC) // dtype.itemsize))

    out = image.run(
        probes,
        "probe_reduce",
        case(name, dtype, form, mask=mask, repeats=repeats, src_rep_stride=2),
    )

    expected = sum_of_repeats(repeat_values(image, dtype, repeats, 2, mask), dtype)
    assert out.view(DST, 1, dtype)[0].tobytes() == expected.tobytes()
    work = work_elements(name, repeats, dtype, False) * dtype.itemsize
    assert_only_work_changed(image, out, work, dtype.itemsize)


@covers("ReduceSum.count", "value")
@covers("GetAccVal", "value")
@pytest.mark.parametrize("form", [ELEMENTS, COUNTER], ids=["own_mask", "mask_of_the_caller"])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("count", COUNTS)
def test_sum_of_the_first_elements(
    probes: model.Library, count: int, dtype: np.dtype[Any], form: int
) -> None:
    lanes = lanes_per_repeat(dtype)
    values = random_values(dtype, count)
    image = image_of(values)

    out = image.run(
        probes,
        "probe_reduce",
        case("ReduceSum", dtype, form, elements=count, result=RESULT),
    )

    padded: list[Value | None] = [*values, *[None] * (-count % lanes)]
    total: Value | None = None
    for first in range(0, len(padded), lanes):
        total = add(total, tree_sum(padded[first : first + lanes]))
    assert total is not None
    assert out.view(DST, 1, dtype)[0].tobytes() == total.tobytes()
    assert out.view(RESULT, 1, dtype)[0].tobytes() == total.tobytes()
    assert out.view(RESULT + 8, 1, np.uint64)[0] == total.view(f"u{dtype.itemsize}")


@pytest.mark.parametrize("form", [COUNT, ELEMENTS], ids=["mask_count", "count"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_to_reduce_changes_nothing(probes: model.Library, name: str, form: int) -> None:
    image = image_of(random_values(DTYPES["float"], 64))

    out = image.run(
        probes, "probe_reduce", case(name, DTYPES["float"], form, repeats=0, elements=0)
    )

    out.assert_equal(image)


@pytest.mark.parametrize(
    ("name", "with_index"), [("ReduceMax", 0), ("ReduceMax", 1), ("ReduceMin", 1), ("ReduceSum", 0)]
)
def test_result_may_lie_in_the_work_tensor(
    probes: model.Library, name: str, with_index: int
) -> None:
    dtype = DTYPES["half"]
    image = image_of(values_with_ties(dtype, 4096))
    changes = {"repeats": 30, "cal_index": with_index}
    apart = image.run(probes, "probe_reduce", case(name, dtype, COUNT, **changes))

    shared = image.run(probes, "probe_reduce", case(name, dtype, COUNT, dst=WORK, **changes))

    results = 2 if with_index else 1
    np.testing.assert_array_equal(
        shared.view(WORK, results, np.uint16), apart.view(DST, results, np.uint16)
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_work_tensor_may_be_the_source(probes: model.Library, name: str) -> None:
    dtype = DTYPES["float"]
    image = image_of(random_values(dtype, 64 * 70))
    changes = {"repeats": 70}
    apart = image.run(probes, "probe_reduce", case(name, dtype, COUNT, **changes))

    shared = image.run(probes, "probe_reduce", case(name, dtype, COUNT, work=SRC, **changes))

    assert shared.view(DST, 1, dtype)[0] == apart.view(DST, 1, dtype)[0]


COMMON_FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "src_misaligned": ({"src": SRC + 4}, {"kind": "alignment", "operand": "src"}),
    "src_undefined": ({"src": IMAGE_BYTES - BLOCK}, {"kind": "uninitialized", "operand": "src"}),
    "src_beyond_ub": ({"src": 0x30000}, {"kind": "address", "operand": "src"}),
}


@pytest.mark.parametrize(("changes", "fault"), COMMON_FAULTS.values(), ids=COMMON_FAULTS)
@pytest.mark.parametrize(("name", "form"), rows("fault", *FUNCTIONS))
def test_tensor_reduction_faults(
    probes: model.Library,
    name: str,
    form: int,
    changes: dict[str, Any],
    fault: dict[str, Any],
) -> None:
    image = image_of(random_values(DTYPES["float"], 64))

    with raises_fault(instruction=INSTRUCTIONS[name], **fault):
        image.run(probes, "probe_reduce", case(name, DTYPES["float"], form, elements=64, **changes))


ARGUMENT_FAULTS: dict[str, tuple[int, dict[str, Any], str]] = {
    "mask_too_large": (COUNT, {"lanes": 65}, "mask (65) must"),
    "mask_negative": (COUNT, {"lanes": -1}, "mask (-1) must"),
    "repeats_negative": (BITS, {"repeats": -2}, "repeatTimes (-2) must"),
    "stride_too_large": (BITS, {"src_rep_stride": 65536}, "srcRepStride (65536) must"),
    "count_negative": (ELEMENTS, {"elements": -5}, "count (-5) must"),
    "count_beyond_ub": (ELEMENTS, {"elements": 1 << 20}, "count (1048576) must"),
}


@pytest.mark.parametrize(("form", "changes", "rule"), ARGUMENT_FAULTS.values(), ids=ARGUMENT_FAULTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_of_tensor_reductions(
    probes: model.Library, name: str, form: int, changes: dict[str, Any], rule: str
) -> None:
    image = image_of(random_values(DTYPES["float"], 64))

    with raises_fault("parameter", instruction=name, rule=rule):
        image.run(probes, "probe_reduce", case(name, DTYPES["float"], form, **changes))


@pytest.mark.parametrize("with_index", [0, 1])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_work_tensor_must_hold_the_steps(
    probes: model.Library, name: str, dtype: np.dtype[Any], with_index: int
) -> None:
    repeats = 150
    image = image_of(random_values(dtype, repeats * 16 + 128))
    needed = work_elements(name, repeats, dtype, with_index == 1) * dtype.itemsize
    changes = {"repeats": repeats, "src_rep_stride": 1, "cal_index": with_index}

    image.run(probes, "probe_reduce", case(name, dtype, COUNT, work_bytes=needed, **changes))
    with raises_fault("parameter", instruction=name, rule="size of sharedTmpBuffer"):
        image.run(
            probes, "probe_reduce", case(name, dtype, COUNT, work_bytes=needed - BLOCK, **changes)
        )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tensor_reduction_needs_its_destination_in_ub(probes: model.Library, name: str) -> None:
    image = image_of(random_values(DTYPES["float"], 64))

    with raises_fault("position", instruction=name):
        image.run(
            probes, "probe_reduce", case(name, DTYPES["float"], ELEMENTS, elements=64, position=1)
        )
