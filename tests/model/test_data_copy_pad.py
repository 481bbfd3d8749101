# SPDX-License-Identifier: Apache-2.0
"""DataCopyPad and SetPadValue: bursts of bytes, padding, filler, what stays undefined, faults."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.copy_case import (
    GM,
    GM_BYTES,
    GM_UB,
    IMAGE_BYTES,
    PAD,
    PAD_EXT,
    TYPES,
    UB,
    UB_GM,
    Memory,
    assert_memory,
    case,
    launch,
    move,
    random_memory,
)
from tests.model.harness import covers, raises_fault
from tests.model.ub_image import BLOCK, UB_BYTES

FORMS = {PAD: "params", PAD_EXT: "ext"}
VALUE = 0x1122_3344_5566_7788


def rows(kind: str, path: int) -> list[Any]:
    name = {GM_UB: "gm_ub", UB_GM: "ub_gm"}[path]
    return [
        pytest.param(form, marks=covers(f"DataCopyPad.{name}.{suffix}", kind), id=suffix)
        for form, suffix in FORMS.items()
    ]


@dataclass(frozen=True)
class Layout:
    """Bursts by elements; gaps in bytes on the GM side and blocks on the UB side."""

    count: int
    elements: int
    source_gap: int = 0
    destination_gap: int = 0
    left: int = 0
    right: int = 0


LAYOUTS = {
    "one_element": Layout(1, 1),
    "whole_blocks": Layout(3, 32),
    "part_of_a_block": Layout(1, 5),
    "rows": Layout(7, 13),
    "source_gap": Layout(5, 9, source_gap=3),
    "destination_gap": Layout(5, 9, destination_gap=2),
    "both_gaps": Layout(4, 33, source_gap=40, destination_gap=1),
    "no_burst": Layout(0, 9),
    "no_length": Layout(3, 0),
}
PADDED = {
    "right": Layout(3, 5, right=3),
    "left": Layout(3, 5, left=2),
    "both": Layout(4, 9, source_gap=7, destination_gap=1, left=1, right=2),
    "whole_blocks": Layout(2, 30, left=1, right=1),
    "most": Layout(2, 7, left=4, right=4),
}


def row_bytes(layout: Layout, size: int) -> int:
    """Bytes of UB that a burst fills."""
    return -(-(layout.left + layout.elements + layout.right) * size // BLOCK) * BLOCK


def gm_to_ub(memory: Memory, layout: Layout, size: int, value: bytes | None) -> Memory:
    """Bursts with padding of `value`; without it the first element fills the last block."""
    after = memory.copy()
    length = layout.elements * size
    row = row_bytes(layout, size)
    for i in range(layout.count if length else 0):
        source = GM + i * (length + layout.source_gap)
        data = memory.gm[source : source + length].tobytes()
        # Types of 64 bits move as pairs of 32 bits, so half an element fills.
        filler = data[: min(size, 4)] if value is None else value
        before = layout.left * size
        fill = (filler * BLOCK)[: row - before - length]
        target = UB + i * (row + layout.destination_gap * BLOCK)
        burst = (filler * BLOCK)[:before] + data + fill
        after.ub.bytes[target : target + row] = np.frombuffer(burst, np.uint8)
    return after


def layout_arguments(layout: Layout, size: int) -> dict[str, int]:
    return {
        "block_count": layout.count,
        "block_len": layout.elements * size,
        "src_stride": layout.source_gap,
        "dst_stride": layout.destination_gap,
        "left": layout.left,
        "right": layout.right,
    }


@covers("DataCopyExtParams", "value")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("form", rows("value", GM_UB))
@pytest.mark.parametrize("type_", TYPES)
def test_bursts_without_padding_end_with_copies_of_their_first_element(
    probes: model.Library, type_: str, form: int, layout: Layout
) -> None:
    size = TYPES[type_][1].itemsize
    memory = random_memory()

    after = launch(
        probes, memory, case(form, GM_UB, type_, gm=GM + 1, **layout_arguments(layout, size))
    )

    shifted = memory.copy()
    shifted.gm[:-1] = memory.gm[1:]
    expected = gm_to_ub(shifted, layout, size, None)
    assert_memory(after, Memory(expected.ub, memory.gm))


@covers("DataCopyPadParams", "value")
@pytest.mark.parametrize("layout", PADDED.values(), ids=PADDED)
@pytest.mark.parametrize("form", rows("value", GM_UB))
@pytest.mark.parametrize("type_", TYPES)
def test_padding_has_its_value(
    probes: model.Library, type_: str, form: int, layout: Layout
) -> None:
    size = TYPES[type_][1].itemsize
    value = 0 if size == 8 else VALUE
    memory = random_memory()

    after = launch(
        probes,
        memory,
        case(form, GM_UB, type_, is_pad=1, padding_value=value, **layout_arguments(layout, size)),
    )

    bits = value.to_bytes(8, "little")[:size]
    assert_memory(after, gm_to_ub(memory, layout, size, bits))


@covers("SetPadValue", "value")
@pytest.mark.parametrize("type_", TYPES)
def test_set_pad_value_is_the_padding_of_later_moves(probes: model.Library, type_: str) -> None:
    size = TYPES[type_][1].itemsize
    layout = Layout(3, 2, left=1, right=1)
    memory = random_memory()

    after = launch(
        probes,
        memory,
        case(
            PAD_EXT,
            GM_UB,
            type_,
            call_set_pad_value=1,
            set_pad_value=VALUE,
            **layout_arguments(layout, size),
        ),
    )

    bits = VALUE.to_bytes(8, "little")[: min(size, 4)]
    assert_memory(after, gm_to_ub(memory, layout, size, bits))


@pytest.mark.parametrize("form", FORMS, ids=FORMS.values())
def test_own_padding_value_goes_before_that_of_set_pad_value(
    probes: model.Library, form: int
) -> None:
    layout = Layout(2, 3, right=2)
    memory = random_memory()

    after = launch(
        probes,
        memory,
        case(
            form,
            GM_UB,
            "half",
            is_pad=1,
            padding_value=0x3C00,
            call_set_pad_value=1,
            set_pad_value=VALUE,
            **layout_arguments(layout, 2),
        ),
    )

    assert_memory(after, gm_to_ub(memory, layout, 2, b"\x00\x3c"))


@covers("DataCopyExtParams", "value")
@covers("DataCopyPadParams", "value")
@pytest.mark.parametrize("form", FORMS, ids=FORMS.values())
def test_parameters_default_to_one_burst_without_padding(probes: model.Library, form: int) -> None:
    memory = random_memory()

    after = launch(probes, memory, case(form, GM_UB, "half", defaults=1, block_len=10))

    assert_memory(after, gm_to_ub(memory, Layout(1, 5), 2, None))


@pytest.mark.parametrize("form", FORMS, ids=FORMS.values())
def test_data_beside_undefined_padding_are_defined(probes: model.Library, form: int) -> None:
    layout = Layout(1, 5, right=3)
    memory = random_memory()

    call = case(
        form, GM_UB, "half", store_begin=UB, store_end=UB + 10, **layout_arguments(layout, 2)
    )
    after = launch(probes, memory, call)

    assert_memory(after, move(memory, GM_UB, [(0, 0, 10)]))


@pytest.mark.parametrize(
    ("layout", "begin"),
    [
        (Layout(1, 5, left=2), 0),
        (Layout(1, 5, right=3), 10),
        (Layout(1, 12, right=1), 24),
        (Layout(1, 16, left=16), 0),
    ],
    ids=["left", "right", "right_and_filler", "whole_block"],
)
@pytest.mark.parametrize("form", rows("fault", GM_UB))
def test_padding_without_a_value_is_undefined(
    probes: model.Library, form: int, layout: Layout, begin: int
) -> None:
    call = case(
        form, GM_UB, "half", store_begin=UB, store_end=UB + BLOCK, **layout_arguments(layout, 2)
    )

    with raises_fault("uninitialized", instruction="copy_ubuf_to_gm_align") as caught:
        launch(probes, random_memory(), call)
    assert caught.value.fault.begin == UB + begin


@covers("DataCopyExtParams", "value")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("form", rows("value", UB_GM))
@pytest.mark.parametrize("type_", TYPES)
def test_stores_write_exactly_the_bytes_of_their_bursts(
    probes: model.Library, type_: str, form: int, layout: Layout
) -> None:
    size = TYPES[type_][1].itemsize
    length = layout.elements * size
    memory = random_memory()

    # Here the gap on the source side counts blocks and that on the destination side bytes.
    after = launch(
        probes,
        memory,
        case(
            form,
            UB_GM,
            type_,
            block_count=layout.count,
            block_len=length,
            src_stride=layout.destination_gap,
            dst_stride=layout.source_gap,
        ),
    )

    row = -(-length // BLOCK) * BLOCK + layout.destination_gap * BLOCK
    bursts = [(i * (length + layout.source_gap), i * row, length) for i in range(layout.count)]
    assert_memory(after, move(memory, UB_GM, bursts))


# Faults.

COMMON: dict[str, tuple[dict[str, int], dict[str, Any]]] = {
    "ub_misaligned": ({"ub": UB + 16}, {"kind": "alignment"}),
    "ub_beyond_its_end": ({"ub": UB_BYTES}, {"kind": "address"}),
    "gm_beyond_its_end": ({"gm": GM_BYTES - 4}, {"kind": "address"}),
    "too_many_bursts": ({"block_count": 4096}, {"kind": "parameter", "rule": "(4096) must"}),
}
PATHS = {GM_UB: "copy_gm_to_ubuf_align", UB_GM: "copy_ubuf_to_gm_align"}


@covers("DataCopyExtParams", "fault")
@covers("DataCopyPadParams", "fault")
@pytest.mark.parametrize(("changes", "fault"), COMMON.values(), ids=COMMON)
@pytest.mark.parametrize(
    ("path", "form"),
    [
        pytest.param(path, *row.values, marks=row.marks, id=f"{name}-{row.id}")
        for path, name in PATHS.items()
        for row in rows("fault", path)
    ],
)
def test_padded_move_faults(
    probes: model.Library, path: int, form: int, changes: dict[str, int], fault: dict[str, Any]
) -> None:
    call = case(form, path, "half", block_len=10, **changes)

    with raises_fault(instruction=PATHS[path], **fault):
        launch(probes, random_memory(), call)


def test_source_of_a_store_must_have_been_written(probes: model.Library) -> None:
    call = case(PAD_EXT, UB_GM, "half", ub=IMAGE_BYTES, block_len=10)

    with raises_fault("uninitialized", instruction="copy_ubuf_to_gm_align", operand="source"):
        launch(probes, random_memory(), call)


def test_bursts_must_be_at_most_2_mib(probes: model.Library) -> None:
    call = case(PAD_EXT, GM_UB, "half", block_len=2 << 20)

    with raises_fault("parameter", rule="(2097152) must be in 0..2097151"):
        launch(probes, random_memory(), call)


ARGUMENTS: dict[str, tuple[str, dict[str, int], str]] = {
    "part_of_an_element": ("float", {"block_len": 10}, "blockLen (10) must be a multiple"),
    "part_of_64_bits": ("int64_t", {"block_len": 12}, "blockLen (12) must be a multiple"),
    "left": ("half", {"left": 17}, "leftPadding in bytes (34) must be in 0..32"),
    "right": ("double", {"right": 5}, "rightPadding in bytes (40) must be in 0..32"),
    "value_of_64_bits": (
        "uint64_t",
        {"is_pad": 1, "padding_value": 5},
        "paddingValue (5) must be 0",
    ),
}


@covers("DataCopyPadParams", "fault")
@pytest.mark.parametrize(("type_", "changes", "rule"), ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.parametrize("form", FORMS, ids=FORMS.values())
def test_padded_move_arguments(
    probes: model.Library, form: int, type_: str, changes: dict[str, int], rule: str
) -> None:
    with raises_fault("parameter", instruction="DataCopyPad", rule=rule):
        launch(probes, random_memory(), case(form, GM_UB, type_, **{"block_len": 16, **changes}))


@pytest.mark.parametrize("path", PATHS, ids=PATHS.values())
def test_local_side_must_lie_in_ub(probes: model.Library, path: int) -> None:
    with raises_fault("position", instruction="DataCopyPad"):
        launch(probes, random_memory(), case(PAD_EXT, path, "half", position=1, block_len=4))
