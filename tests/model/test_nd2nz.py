# SPDX-License-Identifier: Apache-2.0
"""DataCopy from GM to L1 with Nd2NzParams: rows become fractals."""

import numpy as np
import pytest
from ascend_attention import _native, model
from ascend_attention.model.arguments import POISON

from tests.model.copy_case import TYPES
from tests.model.cube_move_case import (
    BLOCK,
    GM,
    GM_BYTES,
    GM_L1,
    L1_BYTES,
    LOCAL,
    ND2NZ,
    State,
    assert_memories,
    case,
    launch,
    random_state,
)
from tests.model.harness import Array, covers, in_every_order, raises_fault

ROW = "DataCopy.gm_l1.nd2nz"
INSTRUCTIONS = {
    1: "copy_gm_to_cbuf_multi_nd2nz_b8",
    2: "copy_gm_to_cbuf_multi_nd2nz_b16",
    4: "copy_gm_to_cbuf_multi_nd2nz_b32s",
}
NAMES = (
    "ndNum",
    "nValue",
    "dValue",
    "srcNdMatrixStride",
    "srcDValue",
    "dstNzC0Stride",
    "dstNzNStride",
    "dstNzMatrixStride",
)
Shape = tuple[int, int, int, int, int, int, int, int]
MOVED = [name for name in TYPES if TYPES[name][1].itemsize <= 4]


def nz(state: State, shape: Shape, size: int) -> Array:
    """L1 after the move, element by element."""
    matrices, n, d, source_matrix, source_d, c0_stride, n_stride, target_matrix = shape
    l1 = state.l1.copy()
    per_block = BLOCK // size
    for matrix in range(matrices):
        for row in range(n):
            for column in range(-(-d // per_block) * per_block):
                source = GM + (matrix * source_matrix + row * source_d + column) * size
                target = (
                    LOCAL
                    + matrix * target_matrix * size
                    + (column // per_block * c0_stride + row * n_stride) * BLOCK
                    + column % per_block * size
                )
                element = state.gm[source : source + size] if column < d else 0
                l1[target : target + size] = element
    return l1


@covers(ROW, "value")
@pytest.mark.parametrize(
    "shape",
    [
        (1, 16, 23, 0, 32, 16, 1, 0),
        (2, 8, 23, 384, 32, 37, 2, 1536),
        (1, 5, 1, 0, 1, 16, 1, 0),
        (1, 1, 64, 0, 64, 1, 1, 0),
        (1, 17, 33, 0, 40, 32, 1, 0),
        (3, 4, 16, 0, 16, 4, 1, 128),
        (1, 3, 40, 0, 48, 1, 6, 0),
        (2, 2, 8, 100, 9, 4, 2, 1024),
        (1, 4, 16, 0, 3, 4, 1, 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("type_", MOVED)
def test_rows_become_fractals(probes: model.Library, type_: str, shape: Shape) -> None:
    size = TYPES[type_][1].itemsize
    state = random_state()

    after = launch(probes, state, case(ND2NZ, GM_L1, type_, nd=shape))

    assert_memories(after, nz(state, shape, size), state.gm)


@covers(ROW, "value")
def test_pairs_of_int4_move_as_bytes(probes: model.Library) -> None:
    state = random_state()
    shape = (1, 6, 40, 0, 48, 16, 1, 0)

    after = launch(probes, state, case(ND2NZ, GM_L1, "int4b_t", nd=shape))

    assert_memories(after, nz(state, shape, 1), state.gm)


@covers("Nd2NzParams", "value")
@pytest.mark.parametrize("name", ["ndNum", "nValue", "dValue"])
def test_nothing_to_move(probes: model.Library, name: str) -> None:
    shape = [1, 16, 16, 0, 16, 16, 1, 0]
    shape[NAMES.index(name)] = 0
    state = random_state()

    after = launch(probes, state, case(ND2NZ, GM_L1, "half", nd=tuple(shape), gm=GM_BYTES))

    assert_memories(after, state.l1, state.gm)


def test_gm_rows_may_start_at_any_byte(probes: model.Library) -> None:
    state = random_state()
    shape = (1, 4, 20, 0, 21, 4, 1, 0)
    shifted = State(state.l1, np.roll(state.gm, -1))

    after = launch(probes, state, case(ND2NZ, GM_L1, "half", nd=shape, gm=GM + 1))

    assert_memories(after, nz(shifted, shape, 2), state.gm)


def test_only_the_fractals_are_defined(probes: model.Library) -> None:
    """What rows and columns of the fractals the move leaves out stays as it was: undefined."""
    shape = (1, 3, 20, 0, 20, 16, 1, 0)
    state = random_state()
    state.l1[:] = POISON

    local, _ = launch(
        probes, state, case(ND2NZ, GM_L1, "half", nd=shape, image_bytes=0, local=LOCAL)
    )

    np.testing.assert_array_equal(local, nz(state, shape, 2))


@covers(ROW, "value")
def test_same_bits_on_every_level(probes: model.Library) -> None:
    state = random_state()
    shape = (1, 33, 57, 0, 60, 48, 1, 0)
    expected = nz(state, shape, 2)
    best = _native.level()
    try:
        for level in _native.levels():
            _native.set_level(level)
            assert_memories(
                launch(probes, state, case(ND2NZ, GM_L1, "half", nd=shape)), expected, state.gm
            )
    finally:
        _native.set_level(best)


def test_every_scheduling_order(probes: model.Library) -> None:
    state = random_state()
    call = case(ND2NZ, GM_L1, "float", nd=(1, 20, 12, 0, 12, 32, 1, 0))

    in_every_order(lambda: launch(probes, state, call))


@covers(ROW, "fault")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ndNum", 4096),
        ("nValue", 16385),
        ("srcDValue", 0),
        ("dstNzC0Stride", 0),
        ("dstNzC0Stride", 16385),
        ("dstNzNStride", 0),
        ("dstNzNStride", 16385),
    ],
)
@pytest.mark.parametrize("type_", ["int8_t", "half", "float"])
def test_parameters_out_of_range(probes: model.Library, type_: str, name: str, value: int) -> None:
    shape = [1, 2, 16, 0, 16, 2, 1, 0]
    shape[NAMES.index(name)] = value
    instruction = INSTRUCTIONS[TYPES[type_][1].itemsize]

    with raises_fault("parameter", instruction=instruction, operand=name, pipe="MTE2"):
        launch(probes, random_state(), case(ND2NZ, GM_L1, type_, nd=tuple(shape)))


def test_highest_strides(probes: model.Library) -> None:
    """The largest values of the ranges are legal where the result lies inside L1."""
    state = random_state()
    shape = (1, 1, 16, 0, 65535, 16384, 16384, 65535)

    after = launch(probes, state, case(ND2NZ, GM_L1, "half", nd=shape))

    assert_memories(after, nz(state, (1, 1, 16, 0, 16, 1, 1, 0), 2), state.gm)


@covers(ROW, "fault")
def test_matrices_start_on_blocks(probes: model.Library) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(2, 2, 16, 0, 16, 2, 1, 40))

    with raises_fault("parameter", operand="dstNzMatrixStride in bytes", rule="(80)"):
        launch(probes, random_state(), call)


@covers(ROW, "fault")
def test_target_must_be_aligned(probes: model.Library) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(1, 2, 16, 0, 16, 2, 1, 0), local=LOCAL + 2)

    with raises_fault("alignment", instruction=INSTRUCTIONS[2], operand="target"):
        launch(probes, random_state(), call)


@covers(ROW, "fault")
@pytest.mark.parametrize(
    "shape",
    [
        (1, 16, 32, 0, 32, 15, 1, 0),
        (1, 4, 32, 0, 32, 2, 2, 0),
        (2, 2, 16, 0, 16, 2, 1, 0),
        (2, 2, 16, 0, 16, 2, 1, 16),
        (1, 3, 48, 0, 48, 2, 4, 0),
    ],
    ids=str,
)
def test_blocks_of_the_result_must_not_overlap(probes: model.Library, shape: Shape) -> None:
    with raises_fault("overlap", instruction=INSTRUCTIONS[2], operand="target"):
        launch(probes, random_state(), case(ND2NZ, GM_L1, "half", nd=shape))


def test_interleaved_columns_do_not_overlap(probes: model.Library) -> None:
    """Steps of rows and columns cross, but no two blocks meet."""
    state = random_state()
    shape = (1, 4, 32, 0, 32, 3, 2, 0)

    after = launch(probes, state, case(ND2NZ, GM_L1, "half", nd=shape))

    assert_memories(after, nz(state, shape, 2), state.gm)


@covers(ROW, "fault")
def test_result_must_lie_in_l1(probes: model.Library) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(1, 16, 32, 0, 32, 16, 1, 0), local=L1_BYTES - 1024 + 32)

    with raises_fault("address", operand="target", memory="L1"):
        launch(probes, random_state(), call)


@covers(ROW, "fault")
def test_rows_must_lie_in_gm(probes: model.Library) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(1, 3, 16, 0, 16, 16, 1, 0), gm=GM_BYTES - 94)

    with raises_fault("address", operand="source", memory="GM"):
        launch(probes, random_state(), call)


@covers(ROW, "fault")
def test_a_fill_before_it_needs_a_barrier(probes: model.Library) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(1, 2, 16, 0, 16, 2, 1, 0), unordered=1)

    with raises_fault("hazard", instruction=INSTRUCTIONS[2], other="copy_gm_to_cbuf"):
        launch(probes, random_state(), call)


@covers(ROW, "fault")
@pytest.mark.parametrize("position", [2, 9], ids=["A2", "VECIN"])
def test_target_must_be_l1(probes: model.Library, position: int) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(1, 2, 16, 0, 16, 2, 1, 0), position=position)

    with raises_fault("position", instruction="DataCopy with Nd2NzParams"):
        launch(probes, random_state(), call)


@covers(ROW, "fault")
def test_vector_core_cannot_fill_l1(probes: model.Library) -> None:
    call = case(ND2NZ, GM_L1, "half", nd=(1, 2, 16, 0, 16, 2, 1, 0))

    with raises_fault("position", instruction="DataCopy with Nd2NzParams", rule="vector core"):
        launch(probes, random_state(), call, "AIV_ONLY")
