# SPDX-License-Identifier: Apache-2.0
"""DataCopy between GM and L1 and from L1 to the bias table and Fixpipe buffer: bytes, faults."""

import ctypes
from typing import Any

import numpy as np
import pytest
from ascend_attention import model
from ascend_attention.model.arguments import POISON

from tests.model.copy_case import TYPES
from tests.model.cube_move_case import (
    A2,
    BIAS,
    BLOCK,
    C1,
    COUNT,
    ENHANCED,
    FIXBUF,
    FORMS,
    GM,
    GM_BYTES,
    GM_L1,
    IMAGE_BYTES,
    L1_BIAS,
    L1_BYTES,
    L1_FIXBUF,
    L1_GM,
    LOCAL,
    MEMORY_BYTES,
    MIX_RESERVED,
    PARAMS,
    PATHS,
    PROBE_TYPES,
    VECIN,
    assert_memories,
    case,
    launch,
    random_state,
)
from tests.model.harness import Array, covers, poisoned, raises_fault

INSTRUCTIONS = {
    GM_L1: "copy_gm_to_cbuf",
    L1_GM: "copy_cbuf_to_gm",
    L1_BIAS: "copy_cbuf_to_bt",
    L1_FIXBUF: "copy_cbuf_to_fbuf",
}
PIPES = {GM_L1: "MTE2", L1_GM: "MTE3", L1_BIAS: "MTE1", L1_FIXBUF: "FIX"}
UNITS = {GM_L1: BLOCK, L1_GM: BLOCK, L1_BIAS: 64, L1_FIXBUF: 128}  # of blockLen and dstStride
MEMORIES = {L1_BIAS: BIAS, L1_FIXBUF: FIXBUF}
CONVERT = "half to float"
FLOAT = PROBE_TYPES["float"]


def pairs(*paths: int, forms: tuple[int, ...]) -> list[tuple[int, int]]:
    return [
        (form, path)
        for form in forms
        for path in paths
        if form != ENHANCED or path in (GM_L1, L1_GM)
    ]


def rows(kind: str, *paths: int, forms: tuple[int, ...] = (COUNT, PARAMS, ENHANCED)) -> list[Any]:
    """Form and path as parameters, marked as a test of their row."""
    ids = {
        pair: f"DataCopy.{PATHS[pair[1]]}.{FORMS[pair[0]]}" for pair in pairs(*paths, forms=forms)
    }
    return [pytest.param(*pair, marks=covers(row, kind), id=row) for pair, row in ids.items()]


ALL_PATHS = tuple(PATHS)


def one_unit(form: int, path: int, **changes: object) -> ctypes.Structure:
    """A legal call that moves the smallest length of the path as halves, less what is changed."""
    fields: dict[str, object] = {"count": UNITS[path] // 2, "burst": (1, 1, 0, 0)}
    return case(form, path, "half", **{**fields, **changes})


def moved(path: int, bursts: list[tuple[int, int, int]]) -> tuple[Array, Array]:
    """Local memory and GM after bursts of (target, source, bytes), relative to the tensors."""
    state = random_state()
    gm = state.gm.copy()
    local = (
        poisoned(MEMORY_BYTES[MEMORIES[path]], np.uint8) if path in MEMORIES else state.l1.copy()
    )
    sides = {
        GM_L1: (local, LOCAL, state.gm, GM),
        L1_GM: (gm, GM, state.l1, LOCAL),
    }
    to, base, from_, start = sides.get(path, (local, 0, state.l1, LOCAL))
    for target, source, length in bursts:
        to[base + target : base + target + length] = from_[start + source : start + source + length]
    return local, gm


@pytest.mark.parametrize("units", [0, 1, 3, 8])
@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize(("form", "path"), rows("value", *ALL_PATHS, forms=(COUNT,)))
def test_elements(probes: model.Library, form: int, path: int, type_: str, units: int) -> None:
    bytes_ = units * UNITS[path]
    call = case(form, path, type_, count=bytes_ // TYPES[type_][1].itemsize)

    after = launch(probes, random_state(), call)

    assert_memories(after, *moved(path, [(0, 0, bytes_)]))


@pytest.mark.parametrize(
    "burst",
    [(1, 1, 0, 0), (3, 2, 1, 2), (4, 1, 0, 1), (2, 1, 9, 0), (0, 4, 1, 1), (5, 0, 1, 1)],
    ids=str,
)
@pytest.mark.parametrize("type_", ["int8_t", "half", "float", "uint64_t"])
@pytest.mark.parametrize(("form", "path"), rows("value", *ALL_PATHS, forms=(PARAMS, ENHANCED)))
def test_bursts(
    probes: model.Library, form: int, path: int, type_: str, burst: tuple[int, int, int, int]
) -> None:
    count, length, source_gap, target_gap = burst
    bytes_ = length * UNITS[path]
    bursts = [
        (i * (bytes_ + target_gap * UNITS[path]), i * (bytes_ + source_gap * BLOCK), bytes_)
        for i in range(count)
    ]

    after = launch(probes, random_state(), case(form, path, type_, burst=burst))

    assert_memories(after, *moved(path, bursts))


def test_longest_gap_and_whole_l1(probes: model.Library) -> None:
    state = random_state()
    call = case(COUNT, GM_L1, "int8_t", image_bytes=0, gm=0, local=0, count=GM_BYTES)
    call.local = L1_BYTES - GM_BYTES
    call.store_bytes = L1_BYTES

    local, _ = launch(probes, state, call)

    np.testing.assert_array_equal(local[-GM_BYTES:], state.gm)
    assert (local[:-GM_BYTES] == POISON).all()


@covers("DataCopy.l1_bt.convert", "value")
@pytest.mark.parametrize("burst", [(1, 1, 0, 0), (1, 3, 0, 0), (2, 2, 1, 1), (3, 1, 2, 0)], ids=str)
def test_halves_become_floats(probes: model.Library, burst: tuple[int, int, int, int]) -> None:
    count, length, source_gap, target_gap = burst
    state = random_state()
    halves = np.random.default_rng(7).normal(0, 100, IMAGE_BYTES // 2).astype(np.float16)
    special = np.array([0x0000, 0x8000, 0x0001, 0x83FF, 0x7BFF, 0x7C00, 0xFC00], np.uint16)
    halves[LOCAL // 2 : LOCAL // 2 + special.size] = special.view(np.float16)
    state.l1[:] = halves.view(np.uint8)
    expected = poisoned(1024, np.uint8)
    for i in range(count):
        source = LOCAL + i * (length * 64 + source_gap * BLOCK)
        target = i * (length * 128 + target_gap * 64)
        floats = state.l1[source : source + length * 64].view(np.float16).astype(np.float32)
        expected[target : target + length * 128] = floats.view(np.uint8)

    after = launch(probes, state, case(PARAMS, L1_BIAS, CONVERT, burst=burst))

    assert_memories(after, expected, state.gm)


def test_gm_side_may_start_at_any_byte(probes: model.Library) -> None:
    state = random_state()
    into_l1 = state.l1.copy()
    into_l1[LOCAL : LOCAL + BLOCK] = state.gm[GM + 3 : GM + 3 + BLOCK]

    after = launch(probes, state, one_unit(PARAMS, GM_L1, type=FLOAT, gm=GM + 3))

    assert_memories(after, into_l1, state.gm)


def test_atomic_mode_adds_to_gm(probes: model.Library) -> None:
    state = random_state()
    state.gm[:] = np.arange(GM_BYTES // 2, dtype=np.float16).view(np.uint8)
    state.l1[:] = np.ones(IMAGE_BYTES // 2, np.float16).view(np.uint8)
    expected = state.gm.copy()
    expected[GM : GM + BLOCK].view(np.float16)[:] += 1

    after = launch(probes, state, one_unit(PARAMS, L1_GM, atomic=1))

    assert_memories(after, state.l1, expected)


def test_atomic_mode_of_another_type(probes: model.Library) -> None:
    with raises_fault("type", instruction="copy_cbuf_to_gm", operand="target"):
        launch(probes, random_state(), one_unit(PARAMS, L1_GM, type=FLOAT, atomic=1))


@pytest.mark.parametrize(("form", "path"), rows("fault", *ALL_PATHS, forms=(COUNT,)))
def test_count_must_fill_whole_units(probes: model.Library, form: int, path: int) -> None:
    bytes_ = UNITS[path] + UNITS[path] // 2
    rule = f"count in bytes ({bytes_}) must be a multiple of {UNITS[path]}"

    with raises_fault("parameter", instruction="DataCopy", rule=rule):
        launch(probes, random_state(), case(form, path, "int8_t", count=bytes_))


@pytest.mark.parametrize(("form", "path"), rows("fault", *ALL_PATHS))
def test_address_in_l1_must_be_aligned(probes: model.Library, form: int, path: int) -> None:
    operand = "target" if path == GM_L1 else "source"

    with raises_fault(
        "alignment",
        instruction=INSTRUCTIONS[path],
        pipe=PIPES[path],
        operand=operand,
        rule="must be a multiple of 32 bytes",
    ):
        launch(probes, random_state(), one_unit(form, path, local=LOCAL + 16))


@pytest.mark.parametrize(("form", "path"), rows("fault", L1_BIAS, L1_FIXBUF))
def test_address_of_the_table_must_be_aligned(probes: model.Library, form: int, path: int) -> None:
    rule = f"must be a multiple of {UNITS[path]} bytes"

    with raises_fault("alignment", instruction=INSTRUCTIONS[path], operand="target", rule=rule):
        launch(probes, random_state(), one_unit(form, path, target=UNITS[path] // 2))


@pytest.mark.parametrize(("form", "path"), rows("fault", *ALL_PATHS, forms=(PARAMS, ENHANCED)))
def test_at_most_4095_bursts(probes: model.Library, form: int, path: int) -> None:
    call = one_unit(form, path, burst=(4096, 1, 0, 0))

    with raises_fault("parameter", instruction=INSTRUCTIONS[path], operand="burst count"):
        launch(probes, random_state(), call)


@pytest.mark.parametrize(("form", "path"), rows("fault", *ALL_PATHS))
def test_local_memory_ends(probes: model.Library, form: int, path: int) -> None:
    memories = {L1_BIAS: "BT", L1_FIXBUF: "FB"}
    place = {"target": MEMORY_BYTES[MEMORIES[path]]} if path in MEMORIES else {"local": L1_BYTES}
    memory = memories.get(path, "L1")

    with raises_fault("address", instruction=INSTRUCTIONS[path], memory=memory):
        launch(probes, random_state(), one_unit(form, path, **place))


@pytest.mark.parametrize(
    ("type_", "usable"),
    [("AIC_ONLY", L1_BYTES), ("MIX_AIC_1_0", L1_BYTES - MIX_RESERVED)],
)
def test_end_of_l1_by_kernel_type(probes: model.Library, type_: str, usable: int) -> None:
    call = one_unit(PARAMS, GM_L1, local=usable - BLOCK)
    launch(probes, random_state(), call, type_)
    call.local += BLOCK

    with raises_fault("address", operand="target", memory="L1", rule=f"{usable} bytes"):
        launch(probes, random_state(), call, type_)


# Into the Fixpipe buffer undefined bytes are moved as such: its units reach beyond what is read.
@pytest.mark.parametrize(("form", "path"), rows("fault", L1_GM, L1_BIAS))
def test_l1_must_have_been_written(probes: model.Library, form: int, path: int) -> None:
    call = one_unit(form, path, local=IMAGE_BYTES)

    with raises_fault("uninitialized", instruction=INSTRUCTIONS[path], operand="source"):
        launch(probes, random_state(), call)


@pytest.mark.parametrize(("form", "path"), rows("fault", GM_L1, L1_GM))
def test_gm_ends(probes: model.Library, form: int, path: int) -> None:
    call = one_unit(form, path, gm=GM_BYTES - BLOCK + 1)

    with raises_fault("address", instruction=INSTRUCTIONS[path], memory="GM"):
        launch(probes, random_state(), call)


@pytest.mark.parametrize("path", [L1_GM, L1_BIAS, L1_FIXBUF])
@pytest.mark.parametrize("unordered", [1, 2], ids=["fill before", "fill behind"])
def test_flag_between_fill_and_move(probes: model.Library, path: int, unordered: int) -> None:
    names = (INSTRUCTIONS[path], "copy_gm_to_cbuf")
    later, earlier = names if unordered == 1 else reversed(names)

    with raises_fault("hazard", instruction=later, other=earlier, memory="L1"):
        launch(probes, random_state(), one_unit(PARAMS, path, unordered=unordered))


@pytest.mark.parametrize("unordered", [1, 2])
def test_barrier_between_two_fills(probes: model.Library, unordered: int) -> None:
    with raises_fault("hazard", other="copy_gm_to_cbuf", memory="L1", pipe="MTE2"):
        launch(probes, random_state(), one_unit(PARAMS, GM_L1, unordered=unordered))


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (GM_L1, {"position": A2}),
        (L1_GM, {"position": A2}),
        (L1_BIAS, {"position": A2}),
        (L1_BIAS, {"to": A2}),
        (L1_BIAS, {"to": VECIN}),
        (L1_FIXBUF, {"to": C1}),
        (L1_FIXBUF, {"position": VECIN}),
    ],
    ids=str,
)
def test_positions_without_a_path(
    probes: model.Library, path: int, changes: dict[str, object]
) -> None:
    with raises_fault("position", instruction="DataCopy"):
        launch(probes, random_state(), one_unit(PARAMS, path, **changes))


@covers("DataCopy.l1_bt.convert", "fault")
@pytest.mark.parametrize("changes", [{"position": A2}, {"to": C1}], ids=str)
def test_conversion_goes_from_l1_to_the_bias_table(
    probes: model.Library, changes: dict[str, object]
) -> None:
    with raises_fault("position", instruction="DataCopy"):
        launch(
            probes, random_state(), case(PARAMS, L1_BIAS, CONVERT, burst=(1, 1, 0, 0), **changes)
        )


@covers("DataCopy.l1_bt.convert", "fault")
def test_converted_halves_must_fit(probes: model.Library) -> None:
    call = case(PARAMS, L1_BIAS, CONVERT, burst=(1, 9, 0, 0))

    with raises_fault("address", instruction="copy_cbuf_to_bt", operand="target", memory="BT"):
        launch(probes, random_state(), call)


@covers("DataCopy.gm_l1.params", "fault")
def test_vector_core_cannot_fill_l1(probes: model.Library) -> None:
    with raises_fault("position", instruction="DataCopy", rule="vector core"):
        launch(probes, random_state(), one_unit(PARAMS, GM_L1), "AIV_ONLY")


@pytest.mark.parametrize("path", [L1_GM, L1_BIAS, L1_FIXBUF])
def test_moves_from_l1_do_nothing_on_a_vector_core(probes: model.Library, path: int) -> None:
    state = random_state()

    _, gm = launch(probes, state, one_unit(PARAMS, path, local=1), "AIV_ONLY")

    np.testing.assert_array_equal(gm, state.gm)
