# SPDX-License-Identifier: Apache-2.0
"""DataCopy in whole blocks between GM and UB and within UB: bytes, gaps, limits, faults."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.copy_case import (
    COUNT,
    ENHANCED,
    GM,
    GM_BYTES,
    GM_UB,
    IMAGE_BYTES,
    PARAMS,
    PATHS,
    TYPES,
    UB,
    UB_GM,
    UB_UB,
    assert_memory,
    case,
    copy_of,
    launch,
    move,
    random_memory,
)
from tests.model.harness import covers, raises_fault
from tests.model.ub_image import BLOCK, UB_BYTES

FORMS = {COUNT: "count", PARAMS: "params", ENHANCED: "enhanced"}
INSTRUCTIONS = {
    GM_UB: "copy_gm_to_ubuf",
    UB_GM: "copy_ubuf_to_gm",
    UB_UB: "copy_ubuf_to_ubuf",
}


def rows(kind: str, *forms: int, paths: tuple[int, ...] = tuple(PATHS)) -> list[Any]:
    """Form and path as parameters, marked as a test of their row."""
    ids = {
        (form, path): f"DataCopy.{PATHS[path]}.{FORMS[form]}" for form in forms for path in paths
    }
    return [pytest.param(*pair, marks=covers(row, kind), id=row) for pair, row in ids.items()]


@pytest.mark.parametrize("blocks", [0, 1, 2, 7, 100])
@pytest.mark.parametrize(("form", "path"), rows("value", COUNT))
@pytest.mark.parametrize("type_", TYPES)
def test_copy_of_elements(
    probes: model.Library, type_: str, form: int, path: int, blocks: int
) -> None:
    memory = random_memory()
    count = blocks * BLOCK // TYPES[type_][1].itemsize

    after = launch(probes, memory, case(form, path, type_, count=count))

    assert_memory(after, move(memory, path, [(0, 0, blocks * BLOCK)]))


LAYOUTS = {  # count, length, source gap, destination gap, in blocks
    "one_burst": (1, 3, 0, 0),
    "adjacent": (4, 2, 0, 0),
    "source_gap": (5, 1, 3, 0),
    "destination_gap": (5, 2, 0, 2),
    "both_gaps": (3, 4, 1, 5),
    "many": (60, 1, 1, 2),
    "no_burst": (0, 4, 0, 0),
    "no_length": (3, 0, 1, 1),
}


# Within UB the form with enhanced parameters exists for the types of the cube only.
CUBE_TYPES = ("half", "bfloat16_t", "float", "int32_t", "uint32_t")
BURST_CASES = [
    pytest.param(*row.values, type_, marks=row.marks, id=f"{row.id}-{type_}")
    for row in rows("value", PARAMS, ENHANCED)
    for type_ in (CUBE_TYPES if row.values == (ENHANCED, UB_UB) else TYPES)
]


@covers("DataCopyParams", "value")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(("form", "path", "type_"), BURST_CASES)
def test_copy_of_bursts(
    probes: model.Library,
    form: int,
    path: int,
    type_: str,
    layout: tuple[int, int, int, int],
) -> None:
    count, length, source_gap, destination_gap = layout
    memory = random_memory()

    after = launch(
        probes,
        memory,
        case(
            form,
            path,
            type_,
            block_count=count,
            block_len=length,
            src_stride=source_gap,
            dst_stride=destination_gap,
        ),
    )

    bursts = [
        (i * (length + destination_gap) * BLOCK, i * (length + source_gap) * BLOCK, length * BLOCK)
        for i in range(count)
    ]
    assert_memory(after, move(memory, path, bursts))


@covers("DataCopyParams", "value")
def test_parameters_default_to_one_burst(probes: model.Library) -> None:
    memory = random_memory()

    after = launch(probes, memory, case(PARAMS, GM_UB, "half", defaults=1, block_len=2))

    assert_memory(after, move(memory, GM_UB, [(0, 0, 2 * BLOCK)]))


def test_most_bursts(probes: model.Library) -> None:
    bursts = 4095
    memory = random_memory()
    memory.gm = copy_of(np.random.default_rng(1).integers(0, 256, bursts * BLOCK, np.uint8))

    # UB behind the image is written too, but not stored again.
    call = case(PARAMS, GM_UB, "half", ub=0, gm=0, block_count=bursts, block_len=1)
    after = launch(probes, memory, call)

    np.testing.assert_array_equal(after.ub.bytes, memory.gm[:IMAGE_BYTES])


def test_copy_within_ub_may_be_in_place(probes: model.Library) -> None:
    memory = random_memory()

    call = case(
        PARAMS, UB_UB, "half", src=UB, block_count=3, block_len=2, src_stride=1, dst_stride=1
    )

    assert_memory(launch(probes, memory, call), memory)


# Faults.

SIDES = {GM_UB: ("source", "target"), UB_GM: ("target", "source"), UB_UB: ("source", "target")}


@covers("DataCopyParams", "fault")
@pytest.mark.parametrize(("form", "path"), rows("fault", COUNT, PARAMS, ENHANCED))
def test_ub_side_must_be_aligned(probes: model.Library, form: int, path: int) -> None:
    call = case(form, path, "half", ub=UB + 16, count=16, block_len=1)

    with raises_fault("alignment", instruction=INSTRUCTIONS[path]):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize(("form", "path"), rows("fault", COUNT, PARAMS, ENHANCED))
def test_ub_side_must_lie_within_ub(probes: model.Library, form: int, path: int) -> None:
    call = case(form, path, "half", ub=UB_BYTES - BLOCK, count=32, block_len=2)

    with raises_fault("address", instruction=INSTRUCTIONS[path]):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize(
    ("form", "path"), rows("fault", COUNT, PARAMS, ENHANCED, paths=(GM_UB, UB_GM))
)
def test_gm_side_must_lie_within_an_argument(probes: model.Library, form: int, path: int) -> None:
    call = case(form, path, "half", gm=GM_BYTES - BLOCK, count=32, block_len=2)

    with raises_fault("address", instruction=INSTRUCTIONS[path], operand=SIDES[path][0]):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize(
    ("form", "path"), rows("fault", COUNT, PARAMS, ENHANCED, paths=(GM_UB, UB_GM))
)
def test_gm_side_must_hold_whole_elements(probes: model.Library, form: int, path: int) -> None:
    call = case(form, path, "float", gm=GM + 2, count=8, block_len=1)

    with raises_fault("parameter", instruction="DataCopy", rule="multiple of the element size"):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize(
    ("form", "path"), rows("fault", COUNT, PARAMS, ENHANCED, paths=(UB_GM, UB_UB))
)
def test_source_in_ub_must_have_been_written(probes: model.Library, form: int, path: int) -> None:
    call = case(form, path, "half", ub=IMAGE_BYTES, src=IMAGE_BYTES + BLOCK, count=16, block_len=1)

    with raises_fault("uninitialized", instruction=INSTRUCTIONS[path], operand="source"):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize("path", [GM_UB, UB_UB])
def test_target_on_a_vector_core_must_lie_in_ub(probes: model.Library, path: int) -> None:
    call = case(PARAMS, path, "half", position=1, block_len=1)

    with raises_fault("position", instruction="DataCopy"):
        launch(probes, random_memory(), call)


def test_input_must_not_be_written(probes: model.Library) -> None:
    memory = random_memory()
    call = case(PARAMS, UB_GM, "half", block_len=1)
    arguments = [model.In(memory.ub.bytes), model.In(memory.gm)]

    with raises_fault("read_only", instruction="copy_ubuf_to_gm", memory="GM"):
        probes.launch(
            "probe_data_copy", [*arguments, model.Out(memory.ub.bytes.copy()), bytes(call)]
        )


@pytest.mark.parametrize(
    ("form", "changes", "rule"),
    [
        (COUNT, {"count": 15}, "count in bytes (30) must be a multiple of 32"),
        (COUNT, {"count": 65536 * 16}, "count in blocks (65536) must be in 0..65535"),
    ],
    ids=["part_of_a_block", "too_many_blocks"],
)
def test_count_must_be_whole_blocks(
    probes: model.Library, form: int, changes: dict[str, int], rule: str
) -> None:
    with raises_fault("parameter", instruction="DataCopy", rule=rule):
        launch(probes, random_memory(), case(form, GM_UB, "half", **changes))


@pytest.mark.parametrize("path", [GM_UB, UB_GM, UB_UB], ids=PATHS.values())
def test_bursts_must_be_at_most_4095(probes: model.Library, path: int) -> None:
    call = case(PARAMS, path, "half", block_count=4096, block_len=1)

    with raises_fault(
        "parameter", instruction=INSTRUCTIONS[path], rule="(4096) must be in 0..4095"
    ):
        launch(probes, random_memory(), call)


@pytest.mark.parametrize("source", [UB - BLOCK, UB + BLOCK], ids=["forward", "backward"])
def test_copy_within_ub_must_not_overlap_in_part(probes: model.Library, source: int) -> None:
    call = case(PARAMS, UB_UB, "half", src=source, block_len=4)

    with raises_fault("overlap", instruction="copy_ubuf_to_ubuf"):
        launch(probes, random_memory(), call)


def test_interleaved_copies_within_ub_do_not_overlap(probes: model.Library) -> None:
    memory = random_memory()
    call = case(
        PARAMS,
        UB_UB,
        "half",
        src=UB + BLOCK,
        block_count=4,
        block_len=1,
        src_stride=1,
        dst_stride=1,
    )

    after = launch(probes, memory, call)

    expected = memory.copy()
    for start in range(UB, UB + 8 * BLOCK, 2 * BLOCK):
        expected.ub.bytes[start : start + BLOCK] = memory.ub.bytes[
            start + BLOCK : start + 2 * BLOCK
        ]
    assert_memory(after, expected)
