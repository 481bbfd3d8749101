# SPDX-License-Identifier: Apache-2.0
"""Brcb, Gather and Gatherb: every byte, and the faults of each."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.gather_case import (
    BRCB,
    DST,
    GATHER_BITS,
    GATHER_COUNT,
    GATHER_ELEMENTS,
    GATHERB,
    IMAGE_BYTES,
    SRC,
    SRC1,
    TYPES,
    case,
    source_image,
)
from tests.model.harness import Array, covers, raises_fault
from tests.model.ub_image import BLOCK, REPEAT, UB_BYTES, Image

SCATTERED = 0x8001_F00F_FFFF_0000_A5C3_0F01_0000_FFFF

# Brcb: block and repeat stride of the destination, repeats.
BROADCASTS = {
    "one_repeat": (1, 8, 1),
    "several_repeats": (1, 8, 5),
    "strides": (2, 19, 4),
    "repeats_interleaved": (3, 1, 3),
    "most_repeats": (1, 1, 255),
    "no_repeat": (1, 8, 0),
}


def broadcast(image: Image, values: Array, block: int, repeat: int, repeats: int) -> Image:
    expected = image.copy()
    per_block = BLOCK // values.itemsize
    for i in range(8 * repeats):
        at = DST + (i // 8 * repeat + i % 8 * block) * BLOCK
        expected.view(at, per_block, values.dtype)[:] = values[i]
    return expected


@covers("Brcb", "value")
@covers("BrcbRepeatParams", "value")
@pytest.mark.parametrize("layout", BROADCASTS.values(), ids=BROADCASTS)
@pytest.mark.parametrize("type_", TYPES)
def test_brcb_fills_a_block_with_each_element(
    probes: model.Library, type_: str, layout: tuple[int, int, int]
) -> None:
    image, values = source_image(type_)
    block, repeat, repeats = layout

    out = image.run(
        probes,
        "probe_gather",
        case(BRCB, type_, dst_blk_stride=block, dst_rep_stride=repeat, repeats=repeats),
    )

    out.assert_equal(broadcast(image, values, block, repeat, repeats))


@covers("BrcbRepeatParams", "value")
def test_brcb_parameters_default_to_contiguous_blocks(probes: model.Library) -> None:
    image, values = source_image("half")

    out = image.run(probes, "probe_gather", case(BRCB, "half", defaults=1, repeats=2))

    out.assert_equal(broadcast(image, values, 1, 8, 2))


BRCB_FAULTS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "src_misaligned": ({"src": SRC + 16}, {"kind": "alignment", "operand": "src"}),
    "dst_misaligned": ({"dst": DST + 16}, {"kind": "alignment", "operand": "dst"}),
    "dst_block_stride_0": ({"dst_blk_stride": 0}, {"kind": "parameter", "rule": "(0) must"}),
    "src_undefined": ({"src": IMAGE_BYTES}, {"kind": "uninitialized", "operand": "src"}),
    "src_beyond_ub": ({"src": UB_BYTES}, {"kind": "address", "operand": "src"}),
    "dst_beyond_ub": ({"dst_rep_stride": 65535}, {"kind": "address", "operand": "dst"}),
    "dst_over_src": ({"dst": SRC}, {"kind": "overlap", "operand": "dst"}),
    "dst_over_src_later": ({"dst": SRC - 8 * BLOCK}, {"kind": "overlap", "operand": "dst"}),
}


@covers("Brcb", "fault")
@covers("BrcbRepeatParams", "fault")
@pytest.mark.parametrize(("changes", "fault"), BRCB_FAULTS.values(), ids=BRCB_FAULTS)
def test_brcb_faults(probes: model.Library, changes: dict[str, int], fault: dict[str, Any]) -> None:
    image, _ = source_image("float")

    with raises_fault(instruction="vbrcb", **fault):
        image.run(probes, "probe_gather", case(BRCB, "float", repeats=2, **changes))


# Gather: mask, repeats, stride of the destination.

GATHER_ROWS = {GATHER_BITS: "Gather.mask_bits", GATHER_COUNT: "Gather.mask_count"}
GATHERS = {
    "one_repeat": (GATHER_BITS, (1 << 128) - 1, 1, 8),
    "three_repeats": (GATHER_COUNT, None, 3, 8),
    "strides": (GATHER_BITS, SCATTERED, 3, 11),
    "first_lane": (GATHER_COUNT, 1, 2, 8),
    "most_lanes": (GATHER_COUNT, 63, 2, 8),
    "same_destination": (GATHER_BITS, SCATTERED, 2, 0),
    "no_repeat": (GATHER_COUNT, None, 0, 8),
    "no_lane": (GATHER_BITS, 0, 2, 8),
}


def random_offsets(count: int, size: int, source_bytes: int, base: int) -> Array:
    random = np.random.default_rng(3)
    return (random.integers(0, (source_bytes - base) // size, count) * size).astype(np.uint32)


@pytest.mark.parametrize("base", [0, 96], ids=["base_0", "base_96"])
@pytest.mark.parametrize(
    ("form", "mask", "repeats", "stride"),
    [
        pytest.param(*layout, id=name, marks=covers(GATHER_ROWS[layout[0]], "value"))
        for name, layout in GATHERS.items()
    ],
)
@pytest.mark.parametrize("type_", TYPES)
def test_gather_takes_elements_by_byte_offset(
    probes: model.Library,
    type_: str,
    form: int,
    mask: int | None,
    repeats: int,
    stride: int,
    base: int,
) -> None:
    image, values = source_image(type_)
    size = values.itemsize
    lanes = REPEAT // size
    offsets = random_offsets(3 * lanes, size, values.nbytes, base)
    image.place(SRC1, offsets)
    count = lanes if mask is None else mask
    bits = mask if form == GATHER_BITS and mask is not None else (1 << count) - 1

    out = image.run(
        probes,
        "probe_gather",
        case(
            form,
            type_,
            mask=bits,
            lanes=count if form == GATHER_COUNT else 0,
            repeats=repeats,
            dst_rep_stride=stride,
            src_base_addr=base,
        ),
    )

    expected = image.copy()
    for i in range(repeats * lanes):
        if bits >> i % lanes & 1:
            at = DST + i // lanes * stride * BLOCK + i % lanes * size
            expected.view(at, 1, values.dtype)[0] = values[(base + int(offsets[i])) // size]
    out.assert_equal(expected)


@covers("Gather.count", "value")
@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 127, 128, 129, 1000])
@pytest.mark.parametrize("type_", TYPES)
def test_gather_of_the_first_elements(probes: model.Library, type_: str, count: int) -> None:
    image, values = source_image(type_)
    offsets = random_offsets(count + 1, values.itemsize, values.nbytes, 0)
    image.place(SRC1, offsets)

    out = image.run(probes, "probe_gather", case(GATHER_ELEMENTS, type_, elements=count))

    expected = image.copy()
    expected.place(DST, values[offsets[:count] // values.itemsize])
    out.assert_equal(expected)


def test_offsets_of_disabled_lanes_are_not_used(probes: model.Library) -> None:
    image, values = source_image("float")
    offsets = np.full(64, 0xFFFF_FFFF, np.uint32)
    offsets[::2] = np.arange(32) * 4
    image.place(SRC1, offsets)

    out = image.run(probes, "probe_gather", case(GATHER_BITS, "float", mask=0x5555_5555_5555_5555))

    np.testing.assert_array_equal(out.view(DST, 64, np.uint32)[::2], values.view(np.uint32)[:32])


GATHER_FAULTS: dict[str, tuple[dict[str, int], int, dict[str, Any]]] = {
    "dst_misaligned": ({"dst": DST + 4}, 0, {"kind": "alignment", "operand": "dst"}),
    "offsets_misaligned": ({"src1": SRC1 + 4}, 0, {"kind": "alignment", "operand": "offset"}),
    "offsets_undefined": (
        {"src1": IMAGE_BYTES},
        0,
        {"kind": "uninitialized", "operand": "offset"},
    ),
    "offsets_beyond_ub": ({"src1": UB_BYTES}, 0, {"kind": "address", "operand": "offset"}),
    "offset_of_half_an_element": ({}, 2, {"kind": "alignment", "operand": "src"}),
    "base_of_half_an_element": (
        {"src_base_addr": 2},
        0,
        {"kind": "alignment", "operand": "src"},
    ),
    "element_beyond_ub": (
        {},
        UB_BYTES - SRC,
        {"kind": "address", "operand": "src", "rule": f"UB byte {UB_BYTES} "},
    ),
    "element_far_beyond_ub": ({}, 0xFFFF_FFFC, {"kind": "address", "operand": "src"}),
    "element_undefined": (
        {},
        IMAGE_BYTES - SRC,
        {"kind": "uninitialized", "operand": "src"},
    ),
    "element_from_dst": ({}, DST - SRC + 8, {"kind": "overlap", "operand": "dst"}),
    "dst_beyond_ub": ({"dst": UB_BYTES - 32}, 0, {"kind": "address", "operand": "dst"}),
}


@pytest.mark.parametrize(("changes", "offset", "fault"), GATHER_FAULTS.values(), ids=GATHER_FAULTS)
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(GATHER_BITS, marks=covers("Gather.mask_bits", "fault"), id="mask_bits"),
        pytest.param(GATHER_COUNT, marks=covers("Gather.mask_count", "fault"), id="mask_count"),
        pytest.param(GATHER_ELEMENTS, marks=covers("Gather.count", "fault"), id="count"),
    ],
)
def test_gather_faults(
    probes: model.Library,
    form: int,
    changes: dict[str, int],
    offset: int,
    fault: dict[str, Any],
) -> None:
    image, _ = source_image("float")
    offsets = np.zeros(64, np.uint32)
    offsets[17] = offset
    image.place(SRC1, offsets)

    with raises_fault(instruction="vgather", **fault):
        image.run(probes, "probe_gather", case(form, "float", lanes=64, elements=64, **changes))


GATHER_ARGUMENTS = {
    "mask_too_large": (GATHER_COUNT, {"lanes": 65}, "parameter", "mask (65) must"),
    "256_repeats": (GATHER_ELEMENTS, {"elements": 64 * 256}, "parameter", "count (16384) must"),
    "destination_elsewhere": (GATHER_BITS, {"position": 1}, "position", "VECIN"),
}


@pytest.mark.parametrize(
    ("form", "changes", "kind", "rule"), GATHER_ARGUMENTS.values(), ids=GATHER_ARGUMENTS
)
def test_gather_arguments(
    probes: model.Library, form: int, changes: dict[str, int], kind: str, rule: str
) -> None:
    image, _ = source_image("float")

    with raises_fault(kind, instruction="Gather", rule=rule):
        image.run(probes, "probe_gather", case(form, "float", **changes))


# Gatherb.

BLOCK_GATHERS = {
    "one_repeat": (1, 8, 1),
    "several_repeats": (1, 8, 5),
    "strides": (2, 19, 3),
    "block_stride_0_counts_as_1": (0, 8, 2),
    "no_repeat": (1, 8, 0),
}


def gather_blocks(image: Image, offsets: Array, block: int, repeat: int, repeats: int) -> Image:
    expected = image.copy()
    for i in range(8 * repeats):
        at = DST + (i // 8 * repeat + i % 8 * max(block, 1)) * BLOCK
        start = SRC + int(offsets[i])
        expected.bytes[at : at + BLOCK] = image.bytes[start : start + BLOCK]
    return expected


@covers("Gatherb", "value")
@covers("GatherRepeatParams", "value")
@pytest.mark.parametrize("layout", BLOCK_GATHERS.values(), ids=BLOCK_GATHERS)
@pytest.mark.parametrize("type_", ["uint16_t", "uint32_t"])
def test_gatherb_takes_blocks_by_byte_offset(
    probes: model.Library, type_: str, layout: tuple[int, int, int]
) -> None:
    image, values = source_image(type_)
    block, repeat, repeats = layout
    offsets = random_offsets(40, BLOCK, values.nbytes, 0)
    image.place(SRC1, offsets)

    out = image.run(
        probes,
        "probe_gather",
        case(GATHERB, type_, dst_blk_stride=block, dst_rep_stride=repeat, repeats=repeats),
    )

    out.assert_equal(gather_blocks(image, offsets, block, repeat, repeats))


@covers("GatherRepeatParams", "value")
def test_gatherb_parameters_default_to_contiguous_blocks(probes: model.Library) -> None:
    image, values = source_image("uint32_t")
    offsets = random_offsets(16, BLOCK, values.nbytes, 0)
    image.place(SRC1, offsets)

    out = image.run(probes, "probe_gather", case(GATHERB, "uint32_t", defaults=1, repeats=2))

    out.assert_equal(gather_blocks(image, offsets, 1, 8, 2))


GATHERB_FAULTS: dict[str, tuple[dict[str, int], int, dict[str, Any]]] = {
    **{
        name: GATHER_FAULTS[name]
        for name in ("dst_misaligned", "offsets_misaligned", "offsets_undefined")
    },
    "offset_within_a_block": ({}, 16, {"kind": "alignment", "operand": "src"}),
    "source_within_a_block": ({"src": SRC + 16}, 0, {"kind": "alignment", "operand": "src"}),
    "block_beyond_ub": ({}, UB_BYTES - SRC, {"kind": "address", "operand": "src"}),
    "block_undefined": ({}, IMAGE_BYTES - SRC, {"kind": "uninitialized", "operand": "src"}),
    "block_from_dst": ({}, DST - SRC, {"kind": "overlap", "operand": "dst"}),
    "dst_beyond_ub": (
        {"dst": UB_BYTES - 32, "dst_blk_stride": 255},
        0,
        {"kind": "address", "operand": "dst"},
    ),
}


@covers("Gatherb", "fault")
@covers("GatherRepeatParams", "fault")
@pytest.mark.parametrize(
    ("changes", "offset", "fault"), GATHERB_FAULTS.values(), ids=GATHERB_FAULTS
)
def test_gatherb_faults(
    probes: model.Library, changes: dict[str, int], offset: int, fault: dict[str, Any]
) -> None:
    image, _ = source_image("uint32_t")
    offsets = np.zeros(8, np.uint32)
    offsets[5] = offset
    image.place(SRC1, offsets)

    with raises_fault(instruction="vgatherb", **fault):
        image.run(probes, "probe_gather", case(GATHERB, "uint32_t", **changes))
