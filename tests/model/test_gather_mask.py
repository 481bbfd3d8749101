# SPDX-License-Identifier: Apache-2.0
"""GatherMask: which elements it keeps, in what order, how many, and its faults."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.gather_case import (
    DST,
    IMAGE_BYTES,
    MASK_PATTERN,
    MASK_TENSOR,
    READ_COUNT,
    RESULT,
    SRC,
    SRC1,
    TYPES,
    case,
    random_bits,
    source_image,
)
from tests.model.harness import Array, covers, raises_fault
from tests.model.ub_image import BLOCK, REPEAT, UB_BYTES, Image

PATTERNS = {1: (0, 2), 2: (1, 2), 3: (0, 4), 4: (1, 4), 5: (2, 4), 6: (3, 4), 7: (0, 1)}


@dataclass(frozen=True)
class Layout:
    """Repeats and strides; `elements` of each repeat with reduceMode, None for 256 bytes."""

    repeats: int = 1
    block: int = 1
    repeat: int = 8
    bits_repeat: int = 1
    elements: int | None = None

    def per_repeat(self, size: int) -> int:
        """Elements that a repeat looks at."""
        return REPEAT // size if self.elements is None else self.elements


LAYOUTS = {
    "one_repeat": Layout(),
    "four_repeats": Layout(repeats=4),
    "strides": Layout(repeats=3, block=2, repeat=21, bits_repeat=2),
    "same_bits_again": Layout(repeats=3, bits_repeat=0),
    "counter_70": Layout(repeats=2, repeat=9, bits_repeat=0, elements=70),
    "counter_1": Layout(repeats=5, repeat=1, elements=1),
    "counter_beyond_a_repeat": Layout(repeats=2, repeat=40, bits_repeat=3, elements=333),
    "no_repeat": Layout(repeats=0),
}


def elements_of(image: Image, dtype: np.dtype[Any], layout: Layout, repeat: int) -> Array:
    """The elements that a repeat looks at, in order."""
    per_block = BLOCK // dtype.itemsize
    numbers = np.arange(layout.per_repeat(dtype.itemsize))
    at = SRC + (repeat * layout.repeat + numbers // per_block * layout.block) * BLOCK
    at += numbers % per_block * dtype.itemsize
    return np.array([image.view(int(place), 1, dtype)[0] for place in at], dtype)


def assert_kept(image: Image, out: Image, kept: Array) -> None:
    expected = image.copy()
    expected.place(DST, kept)
    expected.place(RESULT, np.array([kept.size, kept.size], np.uint64))
    out.assert_equal(expected)


def layout_arguments(layout: Layout) -> dict[str, int]:
    return {
        "repeats": layout.repeats,
        "src_blk_stride": layout.block,
        "src_rep_stride": layout.repeat,
        "src1_rep_stride": layout.bits_repeat,
        "reduce_mode": int(layout.elements is not None),
        "elements": layout.elements or 0,
    }


@covers("GatherMask.pattern", "value")
@covers("GetGatherMaskRemainCount", "value")
@covers("GatherMaskParams", "value")
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("type_", ["half", "float"])
def test_patterns_keep_elements_of_every_repeat(
    probes: model.Library, type_: str, layout: Layout, pattern: int
) -> None:
    dtype = TYPES[type_][1]
    image, _ = source_image(type_)

    out = image.run(
        probes,
        "probe_gather",
        case(MASK_PATTERN, type_, pattern=pattern, **layout_arguments(layout)),
    )

    first, step = PATTERNS[pattern]
    kept = [elements_of(image, dtype, layout, r)[first::step] for r in range(layout.repeats)]
    assert_kept(image, out, np.concatenate([np.empty(0, dtype), *kept]))


@pytest.mark.parametrize("type_", TYPES)
def test_patterns_move_every_type(probes: model.Library, type_: str) -> None:
    image, values = source_image(type_)

    out = image.run(probes, "probe_gather", case(MASK_PATTERN, type_, pattern=2, repeats=2))

    assert_kept(image, out, values[: 2 * REPEAT // values.itemsize][1::2])


@covers("GatherMask.tensor", "value")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("type_", TYPES)
def test_bits_of_a_tensor_choose_the_elements(
    probes: model.Library, type_: str, layout: Layout
) -> None:
    dtype = TYPES[type_][1]
    image, _ = source_image(type_)
    bits = random_bits(np.dtype(np.uint8), 2048, seed=5)
    image.place(SRC1, bits)

    out = image.run(probes, "probe_gather", case(MASK_TENSOR, type_, **layout_arguments(layout)))

    kept = [np.empty(0, dtype)]
    for repeat in range(layout.repeats):
        start = repeat * layout.bits_repeat * BLOCK
        chosen = np.unpackbits(bits[start:], bitorder="little").astype(bool)
        elements = elements_of(image, dtype, layout, repeat)
        kept.append(elements[chosen[: elements.size]])
    assert_kept(image, out, np.concatenate(kept))


@covers("GatherMaskParams", "value")
def test_parameters_default_to_contiguous_data(probes: model.Library) -> None:
    image, values = source_image("float")
    image.place(SRC1, np.full(8 * BLOCK + 8, 0xFF, np.uint8))  # the second repeat is 8 blocks on

    out = image.run(probes, "probe_gather", case(MASK_TENSOR, "float", defaults=1, repeats=2))

    assert_kept(image, out, values[:128])


def test_source_may_be_compressed_in_place(probes: model.Library) -> None:
    image, values = source_image("half")

    out = image.run(
        probes, "probe_gather", case(MASK_PATTERN, "half", pattern=1, repeats=8, dst=SRC)
    )

    expected = values[: 8 * 128][::2].view(np.uint16)
    np.testing.assert_array_equal(out.view(SRC, 512, np.uint16), expected)


ROWS = [
    pytest.param(MASK_TENSOR, marks=covers("GatherMask.tensor", "fault"), id="tensor"),
    pytest.param(MASK_PATTERN, marks=covers("GatherMask.pattern", "fault"), id="pattern"),
]
FAULTS: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "src_misaligned": ({"src": SRC + 16}, {"kind": "alignment", "operand": "src0"}),
    "dst_misaligned": ({"dst": DST + 16}, {"kind": "alignment", "operand": "dst"}),
    "repeats_above_255": ({"repeats": 256}, {"kind": "parameter", "rule": "(256) must"}),
    "src_undefined": ({"src": IMAGE_BYTES - BLOCK}, {"kind": "uninitialized", "operand": "src0"}),
    "src_beyond_ub": ({"src": UB_BYTES - BLOCK}, {"kind": "address", "operand": "src0"}),
    "dst_beyond_ub": ({"dst": UB_BYTES - BLOCK}, {"kind": "address", "operand": "dst"}),
    "dst_over_a_later_repeat": (
        {"dst": SRC + REPEAT, "repeats": 2},
        {"kind": "overlap", "operand": "dst"},
    ),
}


@covers("GatherMaskParams", "fault")
@pytest.mark.parametrize(("changes", "fault"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("function", ROWS)
def test_gather_mask_faults(
    probes: model.Library, function: int, changes: dict[str, int], fault: dict[str, Any]
) -> None:
    image, _ = source_image("float")
    image.place(SRC1, np.full(512, 0xFF, np.uint8))

    with raises_fault(instruction="vreducev2", **fault):
        image.run(probes, "probe_gather", case(function, "float", pattern=7, **changes))


BITS_FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    "misaligned": (SRC1 + 16, {"kind": "alignment"}),
    "undefined": (IMAGE_BYTES, {"kind": "uninitialized"}),
    "beyond_ub": (UB_BYTES, {"kind": "address"}),
}


@pytest.mark.parametrize(("address", "fault"), BITS_FAULTS.values(), ids=BITS_FAULTS)
def test_faults_of_the_pattern_tensor(
    probes: model.Library, address: int, fault: dict[str, Any]
) -> None:
    image, _ = source_image("float")

    with raises_fault(instruction="vreducev2", operand="src1", **fault):
        image.run(probes, "probe_gather", case(MASK_TENSOR, "float", src1=address))


@pytest.mark.parametrize(
    ("changes", "kind", "rule"),
    [
        ({"pattern": 0}, "parameter", "src1Pattern (0) must"),
        ({"pattern": 8}, "parameter", "src1Pattern (8) must"),
        ({"pattern": 1, "reduce_mode": 1}, "parameter", "mask (0) must"),
        ({"pattern": 1, "position": 1}, "position", "VECIN"),
    ],
    ids=["pattern_0", "pattern_8", "no_elements", "destination_elsewhere"],
)
def test_gather_mask_arguments(
    probes: model.Library, changes: dict[str, int], kind: str, rule: str
) -> None:
    image, _ = source_image("float")

    with raises_fault(kind, instruction="GatherMask", rule=rule):
        image.run(probes, "probe_gather", case(MASK_PATTERN, "float", **changes))


@covers("GetGatherMaskRemainCount", "fault")
def test_number_of_elements_needs_a_gather_mask_before(probes: model.Library) -> None:
    image, _ = source_image("float")

    with raises_fault("uninitialized", instruction="get_rsvd_cnt"):
        image.run(probes, "probe_gather", case(READ_COUNT, "float"))
