# SPDX-License-Identifier: Apache-2.0
"""Reductions of blocks, pairs and repeats: every byte against the documented definition."""

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, covers, raises_fault
from tests.model.reduce_reference import (
    Value,
    block_extreme,
    extreme,
    lane_offsets,
    lanes_per_repeat,
    tree_sum,
)
from tests.model.ub_image import BLOCK, UB_BYTES, Image, structure

SRC = 0x8000
DST = 0x400
IMAGE_BYTES = 0x1C000
BITS, COUNT, PRESET, COUNTER = range(4)  # of Form in probe_reduce.cpp
FULL = (1 << 128) - 1

ReduceCase = structure(
    "ReduceCase",
    *((name, ctypes.c_int32) for name in ("function", "is_half", "form")),
    *((name, ctypes.c_uint32) for name in ("image_bytes", "dst", "src", "work", "work_bytes")),
    ("result", ctypes.c_uint32),
    *(
        (name, ctypes.c_int32)
        for name in (
            *("position", "repeats", "dst_rep_stride", "src_blk_stride", "src_rep_stride"),
            *("order", "cal_index", "lanes", "elements"),
        )
    ),
    ("mask", ctypes.c_uint64 * 2),
)

Values = Sequence[Value | None]


def per_block(values: Values, one: Callable[[Values], Value | None]) -> list[Value | None]:
    size = len(values) // 8
    return [one(values[i : i + size]) for i in range(0, len(values), size)]


def of_pairs(values: Values) -> list[Value | None]:
    return [tree_sum(values[i : i + 2]) for i in range(0, len(values), 2)]


@dataclass(frozen=True)
class Function:
    """A reduction that gives values only."""

    number: int
    reduce: Callable[[Values], list[Value | None]]
    instruction: str
    alignment: dict[int, int]  # of dst, by bytes of an element

    @property
    def forms(self) -> tuple[str, ...]:
        """Suffixes of its rows."""
        return ("",) if self.number == 4 else (".mask_bits", ".mask_count")


FUNCTIONS = {
    "BlockReduceSum": Function(0, lambda v: per_block(v, tree_sum), "vcgadd", {2: 16, 4: 32}),
    "BlockReduceMax": Function(
        1, lambda v: per_block(v, lambda b: block_extreme(b, True)), "vcgmax", {2: 16, 4: 32}
    ),
    "BlockReduceMin": Function(
        2, lambda v: per_block(v, lambda b: block_extreme(b, False)), "vcgmin", {2: 16, 4: 32}
    ),
    "PairReduceSum": Function(3, of_pairs, "vcpadd", {2: 32, 4: 32}),
    "RepeatReduceSum": Function(4, lambda v: [tree_sum(v)], "vcadd", {2: 2, 4: 4}),
    "WholeReduceSum": Function(5, lambda v: [tree_sum(v)], "vcadd", {2: 2, 4: 4}),
}
DTYPES: dict[str, np.dtype[Any]] = {"half": np.dtype(np.float16), "float": np.dtype(np.float32)}


@dataclass(frozen=True)
class Layout:
    """Repeats, strides and the mask, by lanes of a repeat."""

    repeats: int = 1
    dst: int = 1
    block: int = 1
    repeat: int = 8
    form: int = COUNT
    mask: Callable[[int], int] = lambda lanes: (1 << lanes) - 1
    elements: int = 0  # of counter mode, in repeats of 64ths

    def lanes_on(self, lanes: int) -> list[list[int]]:
        """For every repeat its enabled lanes."""
        if self.form == COUNTER:
            count = self.elements * lanes // 64
            return [list(range(min(lanes, count - first))) for first in range(0, count, lanes)]
        mask = self.mask(lanes)
        return [[lane for lane in range(lanes) if mask >> lane & 1]] * self.repeats


SCATTERED = 0x8001_F00F_FFFF_0000_A5C3_0F01_0000_FFFF
LAYOUTS = {
    "one_repeat": Layout(),
    "three_repeats": Layout(repeats=3),
    "strides": Layout(repeats=4, dst=3, block=2, repeat=17),
    "most_repeats": Layout(repeats=255, repeat=1),
    "same_repeat_again": Layout(repeats=3, repeat=0),
    "one_block_again": Layout(repeats=2, block=0),
    "no_repeat": Layout(repeats=0),
    "first_lane": Layout(repeats=2, mask=lambda _: 1),
    "most_lanes": Layout(repeats=2, mask=lambda lanes: (1 << lanes - 1) - 1),
    "half_of_the_lanes": Layout(repeats=2, mask=lambda lanes: (1 << lanes // 2) - 1),
    "no_lane": Layout(repeats=2, mask=lambda _: 0),
    "full_bits": Layout(repeats=2, form=BITS),
    "scattered_bits": Layout(repeats=3, dst=2, form=BITS, mask=lambda _: SCATTERED),
    "preset_mask": Layout(repeats=2, form=PRESET, mask=lambda _: SCATTERED),
    "counter_below_a_repeat": Layout(form=COUNTER, elements=21),
    "counter_of_whole_repeats": Layout(form=COUNTER, elements=128),
    "counter_with_a_rest": Layout(dst=2, form=COUNTER, elements=64 * 3 + 21),
}


def random_values(dtype: np.dtype[Any], count: int, seed: int = 0) -> Array:
    """Values whose sum depends on the order of addition."""
    random = np.random.default_rng(seed)
    return (random.standard_normal(count) * 2.0 ** random.integers(-6, 6, count)).astype(dtype)


def tiling(
    function: int, dtype: np.dtype[Any], layout: Layout, **changes: object
) -> ctypes.Structure:
    lanes = lanes_per_repeat(dtype)
    mask = layout.mask(lanes)
    fields: dict[str, object] = {
        "function": function,
        "is_half": int(dtype.itemsize == 2),
        "form": layout.form,
        "image_bytes": IMAGE_BYTES,
        "dst": DST,
        "src": SRC,
        "repeats": layout.repeats,
        "dst_rep_stride": layout.dst,
        "src_blk_stride": layout.block,
        "src_rep_stride": layout.repeat,
        "lanes": mask.bit_length(),
        "elements": layout.elements * lanes // 64,
        "mask": (ctypes.c_uint64 * 2)(mask & (1 << 64) - 1, mask >> 64 & (1 << 64) - 1),
    }
    return ReduceCase(**{**fields, **changes})


def source_values(image: Image, dtype: np.dtype[Any], layout: Layout) -> Iterator[Values]:
    """For every repeat its lanes, None for those that are off."""
    for repeat, lanes_on in enumerate(layout.lanes_on(lanes_per_repeat(dtype))):
        values: list[Value | None] = [None] * lanes_per_repeat(dtype)
        offsets = lane_offsets(dtype, repeat, layout.block, layout.repeat)
        for lane in lanes_on:
            values[lane] = image.view(SRC + int(offsets[lane]), 1, dtype)[0]
        yield values


def expected_image(image: Image, function: Function, dtype: np.dtype[Any], layout: Layout) -> Image:
    expected = image.copy()
    for repeat, values in enumerate(source_values(image, dtype, layout)):
        results = function.reduce(values)
        start = DST + repeat * layout.dst * len(results) * dtype.itemsize
        for i, result in enumerate(results):
            if result is not None:
                expected.view(start + i * dtype.itemsize, 1, dtype)[0] = result
    return expected


def image_of(values: Array) -> Image:
    image = Image(IMAGE_BYTES)
    image.place(SRC, values)
    return image


def form_of(layout: Layout) -> str:
    return ".mask_bits" if layout.form == BITS else ".mask_count"


def value_cases() -> Iterator[Any]:
    for name, function in FUNCTIONS.items():
        for label, layout in LAYOUTS.items():
            if function.forms == ("",) and layout.form == BITS:
                continue
            row = name if function.forms == ("",) else name + form_of(layout)
            yield pytest.param(function, layout, id=f"{name}-{label}", marks=covers(row, "value"))


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize(("function", "layout"), list(value_cases()))
def test_reduction_gives_the_documented_bits(
    probes: model.Library, function: Function, layout: Layout, dtype: np.dtype[Any]
) -> None:
    image = image_of(random_values(dtype, 0x10000 // dtype.itemsize))

    out = image.run(probes, "probe_reduce", tiling(function.number, dtype, layout))

    out.assert_equal(expected_image(image, function, dtype, layout))


SPECIAL = [np.inf, -np.inf, np.nan, 0.0, -0.0, 65504.0, -65504.0, 6e-8, 1.0]


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_reduction_of_special_values(
    probes: model.Library, function: Function, dtype: np.dtype[Any]
) -> None:
    random = np.random.default_rng(1)
    layout = Layout(repeats=40)
    values = random.choice(SPECIAL, 40 * lanes_per_repeat(dtype))
    values[random.random(values.size) < 0.7] = 1.0  # so that not every result is NaN
    image = image_of(values.astype(dtype))

    out = image.run(probes, "probe_reduce", tiling(function.number, dtype, layout))

    out.assert_equal(expected_image(image, function, dtype, layout))


# Largest and smallest with index.

EXTREMES = {"WholeReduceMax": (6, True, "vcmax"), "WholeReduceMin": (7, False, "vcmin")}
VALUE_INDEX, INDEX_VALUE, ONLY_VALUE, ONLY_INDEX = range(4)
ORDERS = {
    "value_index": VALUE_INDEX,
    "index_value": INDEX_VALUE,
    "only_value": ONLY_VALUE,
    "only_index": ONLY_INDEX,
}


def packed(order: int, value: Value, index: int, dtype: np.dtype[Any]) -> bytes:
    """Result of one repeat. Index bits are as wide as the value, 4 bytes when alone."""
    number = np.array([value], dtype).tobytes()
    bits = np.array([index], f"u{dtype.itemsize}").tobytes()
    return {
        VALUE_INDEX: number + bits,
        INDEX_VALUE: bits + number,
        ONLY_VALUE: number,
        ONLY_INDEX: np.array([index], np.uint32).tobytes(),
    }[order]


def expected_extremes(
    image: Image, largest: bool, order: int, dtype: np.dtype[Any], layout: Layout
) -> Image:
    expected = image.copy()
    for repeat, values in enumerate(source_values(image, dtype, layout)):
        found = extreme(values, largest)
        if found is not None:
            result = packed(order, *found, dtype)
            start = DST + repeat * layout.dst * len(result)
            expected.bytes[start : start + len(result)] = np.frombuffer(result, np.uint8)
    return expected


def extreme_cases() -> Iterator[Any]:
    for name, (number, largest, _) in EXTREMES.items():
        for label, layout in LAYOUTS.items():
            marks = [covers(name + form_of(layout), "value"), covers("ReduceOrder", "value")]
            yield pytest.param(number, largest, layout, id=f"{name}-{label}", marks=marks)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize(("number", "largest", "layout"), list(extreme_cases()))
def test_extreme_and_its_first_lane(
    probes: model.Library,
    number: int,
    largest: bool,
    layout: Layout,
    dtype: np.dtype[Any],
    order: int,
) -> None:
    values = np.round(random_values(dtype, 0x10000 // dtype.itemsize) * 2)  # so that ties occur
    image = image_of(values)

    out = image.run(probes, "probe_reduce", tiling(number, dtype, layout, order=order))

    out.assert_equal(expected_extremes(image, largest, order, dtype, layout))


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize(("number", "largest"), [(6, True), (7, False)], ids=EXTREMES)
def test_extreme_of_special_values(
    probes: model.Library, number: int, largest: bool, dtype: np.dtype[Any]
) -> None:
    layout = Layout(repeats=40)
    random = np.random.default_rng(2)
    values = random.choice(SPECIAL, 40 * lanes_per_repeat(dtype)).astype(dtype)
    values[: values.size // 2] = np.where(random.random(values.size // 2) < 0.5, 0.0, -0.0)
    image = image_of(values)

    out = image.run(probes, "probe_reduce", tiling(number, dtype, layout))

    out.assert_equal(expected_extremes(image, largest, VALUE_INDEX, dtype, layout))


RESULT = 0x200


@covers("GetReduceMaxMinCount", "value")
@pytest.mark.parametrize("repeats", [1, 2, 37])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize(("number", "largest"), [(6, True), (7, False)], ids=EXTREMES)
def test_register_holds_the_extreme_of_all_repeats(
    probes: model.Library, number: int, largest: bool, dtype: np.dtype[Any], repeats: int
) -> None:
    lanes = lanes_per_repeat(dtype)
    values = np.round(random_values(dtype, repeats * lanes) * 2)
    image = image_of(values)

    case = tiling(number, dtype, Layout(repeats=repeats), result=RESULT)
    out = image.run(probes, "probe_reduce", case)

    best = values.argmax() if largest else values.argmin()
    bits = f"u{dtype.itemsize}"
    wanted = values[best]
    assert out.view(RESULT, 1, dtype)[0] == wanted
    assert out.view(RESULT + dtype.itemsize, 1, bits)[0] == best
    assert list(out.view(RESULT + 8, 2, np.uint32)) == [wanted.view(bits), best]


# Faults.

ALL = {name: function.number for name, function in FUNCTIONS.items()} | {
    name: fields[0] for name, fields in EXTREMES.items()
}
INSTRUCTIONS = {name: function.instruction for name, function in FUNCTIONS.items()} | {
    name: fields[2] for name, fields in EXTREMES.items()
}


def rows(name: str) -> tuple[tuple[str, int], ...]:
    """The rows of a function with the form of the mask."""
    if name == "RepeatReduceSum":
        return ((name, COUNT),)
    return ((f"{name}.mask_bits", BITS), (f"{name}.mask_count", COUNT))


def fault_cases() -> Iterator[Any]:
    for name, number in ALL.items():
        for row, form in rows(name):
            marks = [covers(row, "fault")]
            if name in EXTREMES:
                marks.append(covers("ReduceOrder", "fault"))
            yield pytest.param(number, INSTRUCTIONS[name], form, id=row, marks=marks)


FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "src_misaligned": ({"src": SRC + 16}, {"kind": "alignment", "operand": "src"}),
    "dst_misaligned": ({"dst": DST + 1}, {"kind": "alignment", "operand": "dst"}),
    "repeats_above_255": (
        {"repeats": 256},
        {"kind": "parameter", "rule": "(256) must be in 0..255"},
    ),
    "repeats_negative": ({"repeats": -1}, {"kind": "parameter", "operand": "repeat times"}),
    "dst_stride_too_large": (
        {"dst_rep_stride": 65536},
        {"kind": "parameter", "operand": "dst repeat stride"},
    ),
    "src_block_stride_too_large": (
        {"src_blk_stride": 65536},
        {"kind": "parameter", "operand": "src block stride"},
    ),
    "src_repeat_stride_negative": (
        {"src_rep_stride": -1},
        {"kind": "parameter", "operand": "src repeat stride"},
    ),
    "src_beyond_ub": ({"src": UB_BYTES - 128}, {"kind": "address", "operand": "src"}),
    "dst_beyond_ub": ({"dst": UB_BYTES}, {"kind": "address", "operand": "dst"}),
    "src_undefined": ({"src": IMAGE_BYTES - BLOCK}, {"kind": "uninitialized", "operand": "src"}),
}


@pytest.mark.parametrize(("changes", "fault"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(("number", "instruction", "form"), list(fault_cases()))
def test_reduction_faults(
    probes: model.Library,
    number: int,
    instruction: str,
    form: int,
    changes: dict[str, Any],
    fault: dict[str, Any],
) -> None:
    dtype = DTYPES["float"]
    image = image_of(random_values(dtype, 64 * 4))

    with raises_fault(instruction=instruction, **fault):
        image.run(probes, "probe_reduce", tiling(number, dtype, Layout(form=form), **changes))


@pytest.mark.parametrize("name", ALL)
def test_reduction_needs_its_destination_in_ub(probes: model.Library, name: str) -> None:
    dtype = DTYPES["float"]
    image = image_of(random_values(dtype, 64))

    with raises_fault("position", instruction=name):
        image.run(probes, "probe_reduce", tiling(ALL[name], dtype, Layout(), position=1))


@pytest.mark.parametrize("name", ALL)
def test_mask_must_not_exceed_the_lanes_of_a_repeat(probes: model.Library, name: str) -> None:
    dtype = DTYPES["float"]
    image = image_of(random_values(dtype, 64))

    with raises_fault("parameter", instruction=name, rule="mask (65) must"):
        image.run(probes, "probe_reduce", tiling(ALL[name], dtype, Layout(), lanes=65))


@pytest.mark.parametrize(
    ("name", "dtype", "offset"),
    [
        (name, dtype, function.alignment[dtype.itemsize])
        for name, function in FUNCTIONS.items()
        for dtype in DTYPES.values()
    ],
    ids=str,
)
def test_destination_alignment_is_that_of_the_results(
    probes: model.Library, name: str, dtype: np.dtype[Any], offset: int
) -> None:
    image = image_of(random_values(dtype, 256))
    number = ALL[name]

    image.run(probes, "probe_reduce", tiling(number, dtype, Layout(), dst=DST + offset))
    with raises_fault("alignment", operand="dst", rule=f"multiple of {offset} bytes"):
        image.run(probes, "probe_reduce", tiling(number, dtype, Layout(), dst=DST + offset // 2))


@pytest.mark.parametrize("name", ALL)
def test_a_repeat_must_not_read_an_earlier_result(probes: model.Library, name: str) -> None:
    dtype = DTYPES["float"]
    image = image_of(random_values(dtype, 64 * 4))

    # The results of the first repeat lie where the second repeat starts to read.
    case = tiling(ALL[name], dtype, Layout(repeats=2), dst=SRC + 256)
    with raises_fault("overlap", instruction=INSTRUCTIONS[name], operand="dst"):
        image.run(probes, "probe_reduce", case)


@pytest.mark.parametrize("name", ALL)
def test_results_may_replace_what_was_read(probes: model.Library, name: str) -> None:
    dtype = DTYPES["float"]
    image = image_of(random_values(dtype, 64 * 4))
    apart = image.run(probes, "probe_reduce", tiling(ALL[name], dtype, Layout(repeats=4)))

    in_place = image.run(
        probes, "probe_reduce", tiling(ALL[name], dtype, Layout(repeats=4), dst=SRC)
    )

    results = 4 * (128 if name == "PairReduceSum" else BLOCK)
    changed = apart.bytes[DST : DST + results] != image.bytes[DST : DST + results]
    written = np.flatnonzero(changed).max() + 1
    np.testing.assert_array_equal(
        in_place.bytes[SRC : SRC + written], apart.bytes[DST : DST + written]
    )


READS = {"GetReduceMaxMinCount": 11, "GetAccVal": 12}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=covers(name, "fault"), id=name) for name in READS]
)
def test_register_must_have_been_written(probes: model.Library, name: str) -> None:
    with raises_fault("uninitialized"):
        Image(IMAGE_BYTES).run(
            probes, "probe_reduce", tiling(READS[name], DTYPES["float"], Layout())
        )


@pytest.mark.parametrize(
    "layout",
    [Layout(repeats=2, block=2), Layout(repeats=2, repeat=9), Layout(form=COUNTER, elements=64)],
    ids=["block_stride", "repeat_stride", "counter_mode"],
)
def test_register_of_extremes_needs_contiguous_data(probes: model.Library, layout: Layout) -> None:
    image = image_of(random_values(DTYPES["float"], 64 * 8))

    with raises_fault("uninitialized", operand="MAX_MIN_CNT"):
        image.run(probes, "probe_reduce", tiling(6, DTYPES["float"], layout, result=RESULT))
