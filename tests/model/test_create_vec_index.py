# SPDX-License-Identifier: Apache-2.0
"""CreateVecIndex: firstValue, firstValue + 1, ..."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from ascend_attention import model
from ascend_attention.model import recorded

from tests.model.gather_case import (
    DST,
    IMAGE_BYTES,
    INDEX_BITS,
    INDEX_COUNT,
    INDEX_ELEMENTS,
    TYPES,
    case,
)
from tests.model.harness import covers, raises_fault
from tests.model.ub_image import BLOCK, REPEAT, UB_BYTES, Image

INDEX_TYPES = ("half", "int16_t", "int32_t", "float")
ROWS = {
    INDEX_BITS: "CreateVecIndex.mask_bits",
    INDEX_COUNT: "CreateVecIndex.mask_count",
    INDEX_ELEMENTS: "CreateVecIndex.count",
}
SCATTERED = 0x8001_F00F_FFFF_0000_A5C3_0F01_0000_FFFF


# Ours does nothing then, like other functions.
WHOLE_BLOCK = pytest.mark.own_front_end("they store the first block whole", headers="8_1")
FIRST_STEP = pytest.mark.own_front_end("the header makes its first step for no element too")


def rows(kind: str, *functions: int) -> list[Any]:
    return [
        pytest.param(function, marks=covers(ROWS[function], kind), id=ROWS[function])
        for function in functions
    ]


@pytest.mark.parametrize("first", [0, -7, 1000])
@pytest.mark.parametrize(
    "count",
    [
        *(pytest.param(count, marks=WHOLE_BLOCK) for count in (1, 7, 8, 9, 15)),
        *(17, 63, 64, 65, 128, 129, 300, 1000),
    ],
)
@pytest.mark.parametrize("function", rows("value", INDEX_ELEMENTS))
@pytest.mark.parametrize("type_", INDEX_TYPES)
def test_index_of_the_first_elements(
    probes: model.Library, type_: str, function: int, count: int, first: int
) -> None:
    dtype = TYPES[type_][1]
    image = Image(IMAGE_BYTES)

    out = image.run(
        probes, "probe_gather", case(function, type_, elements=count, first_value=first)
    )

    index = np.arange(first, first + count).astype(dtype)
    np.testing.assert_array_equal(out.view(DST, count, dtype), index)
    changed = np.flatnonzero(out.bytes != image.bytes)
    assert changed.min() >= DST
    assert changed.max() < DST + count * dtype.itemsize


def test_no_barrier_stands_behind_a_part_of_a_repeat(probes: model.Library) -> None:
    # 8 blocks of 8 floats make a repeat: 7 steps with barrier, then one without. The last barrier
    # is that of the probe.
    with recorded() as reports:
        for count in (64, 65, 128):
            test = case(INDEX_ELEMENTS, "float", elements=count, first_value=0)
            Image(IMAGE_BYTES).run(probes, "probe_gather", test)

    assert [report.pipe("V").instructions for report in reports] == [15, 16, 17]


class Layout(NamedTuple):
    """The mask, by the lanes of a repeat, and where repeats and blocks go."""

    mask: Callable[[int], int]
    repeats: int = 1
    block: int = 1
    repeat: int = 8


LAYOUTS = {
    "one_repeat": Layout(lambda lanes: (1 << lanes) - 1, 1, 1, 8),
    "three_repeats": Layout(lambda lanes: (1 << lanes) - 1, 3, 1, 8),
    "strides": Layout(lambda lanes: (1 << lanes) - 1, 3, 2, 17),
    "most_lanes": Layout(lambda lanes: (1 << lanes - 3) - 1, 2, 1, 8),
    "a_block_and_a_bit": Layout(lambda lanes: (1 << lanes // 8 + 2) - 1, 2, 3, 30),
    "below_a_block": Layout(lambda _: 7, 2, 1, 8),
    "no_lane": Layout(lambda _: 0, 2, 1, 8),
    "no_repeat": Layout(lambda lanes: (1 << lanes) - 1, 0, 1, 8),
}
BIT_LAYOUTS = {"scattered": Layout(lambda lanes: SCATTERED & (1 << lanes) - 1, 3, 2, 17)}


@pytest.mark.parametrize(
    ("function", "layout"),
    [
        pytest.param(
            *(function, layout),
            id=f"{row}-{name}",
            marks=[covers(row, "value"), *([FIRST_STEP] if layout.repeats == 0 else [])],
        )
        for function, row in ROWS.items()
        if function != INDEX_ELEMENTS
        for name, layout in {**LAYOUTS, **(BIT_LAYOUTS if function == INDEX_BITS else {})}.items()
    ],
)
@pytest.mark.parametrize("type_", INDEX_TYPES)
def test_index_of_repeats(probes: model.Library, type_: str, function: int, layout: Layout) -> None:
    dtype = TYPES[type_][1]
    lanes = REPEAT // dtype.itemsize
    mask = layout.mask(lanes)
    image = Image(IMAGE_BYTES)

    out = image.run(
        probes,
        "probe_gather",
        case(
            function,
            type_,
            mask=mask,
            lanes=mask.bit_length(),
            repeats=layout.repeats,
            dst_blk_stride=layout.block,
            dst_rep_stride=layout.repeat,
            first_value=5,
        ),
    )

    expected = image.copy()
    per_block = BLOCK // dtype.itemsize
    for i in range(layout.repeats * lanes):
        repeat, lane = divmod(i, lanes)
        if mask >> lane & 1:
            at = DST + (repeat * layout.repeat + lane // per_block * layout.block) * BLOCK
            expected.view(at + lane % per_block * dtype.itemsize, 1, dtype)[0] = 5 + i
    out.assert_equal(expected)


@FIRST_STEP
@pytest.mark.parametrize("function", rows("value", INDEX_ELEMENTS))
def test_no_element_changes_nothing(probes: model.Library, function: int) -> None:
    image = Image(IMAGE_BYTES)

    image.run(probes, "probe_gather", case(function, "half", elements=0)).assert_equal(image)


FAULTS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "dst_misaligned": ({"dst": DST + 16}, {"kind": "alignment", "instruction": "vadds"}),
    "dst_beyond_ub": ({"dst": UB_BYTES}, {"kind": "address", "instruction": "scalar_store"}),
    "end_beyond_ub": ({"dst": UB_BYTES - BLOCK}, {"kind": "address"}),
    "destination_elsewhere": (
        {"position": 1},
        {"kind": "position", "instruction": "CreateVecIndex"},
    ),
}


@pytest.mark.parametrize(("changes", "fault"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("function", rows("fault", *ROWS))
def test_index_faults(
    probes: model.Library, function: int, changes: dict[str, int], fault: dict[str, Any]
) -> None:
    with raises_fault(**fault):
        Image(IMAGE_BYTES).run(
            probes,
            "probe_gather",
            case(function, "float", repeats=2, lanes=64, elements=128, **changes),
        )


def test_mask_of_an_index_must_not_exceed_the_lanes(probes: model.Library) -> None:
    with raises_fault("parameter", instruction="CreateVecIndex", rule="mask (65) must"):
        Image(IMAGE_BYTES).run(probes, "probe_gather", case(INDEX_COUNT, "float", lanes=65))
