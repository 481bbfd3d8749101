# SPDX-License-Identifier: Apache-2.0
"""Loads carry over which bytes are defined, bit by bit; what they have to be ordered with."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, raises_fault
from tests.model.load_case import (
    A1,
    A2,
    B2,
    FRACTAL,
    FRACTALS,
    FROM_GM,
    IMAGE,
    INIT_CONST,
    ROW,
    SIDES,
    SQUARES,
    TYPES,
    ImageLoad,
    case,
    launch,
    numbers,
    poison,
    random_l1,
    square,
)

DEFINED = 0xEE  # of a byte in an array of flags; anything else is undefined
SEEDS = range(6)

# A call, and what it should do to flags as if they were data.
Move = tuple[ctypes.Structure, Callable[[Array], Array]]


def fractals(target: int, transpose: bool) -> Move:
    def moved(flags: Array) -> Array:
        out = poison()
        for i in range(2):
            fractal = flags[i * FRACTAL : (i + 1) * FRACTAL]
            turned = square(flags, i * FRACTAL, 2)[0] if transpose else fractal
            out[2 * i * FRACTAL : (2 * i + 1) * FRACTAL] = turned
        return out

    call = case(FRACTALS, "half", target=target, numbers=numbers(0, 2, 1, 0, 1, int(transpose), 0))
    return call, moved


def squares(target: int, type_: str) -> Move:
    size = TYPES[type_][1].itemsize

    def moved(flags: Array) -> Array:
        out = poison()
        first, second = square(flags, 0, size)
        out[:FRACTAL] = first
        out[2 * FRACTAL : 2 * FRACTAL + second.size] = second
        return out

    return case(SQUARES, type_, target=target, numbers=numbers(0, 1, 1, 0, 1)), moved


def image(target: int, type_: str, load: ImageLoad) -> Move:
    return load.case(IMAGE, type_, target), lambda flags: load.expected(flags, type_, target)


SQUARE_IMAGE = ImageLoad(height=16, width=1, channels=32, columns=32, rows=16)
FLOAT_IMAGE = SQUARE_IMAGE.but(channels=16, columns=16)
MOVES = {
    "fractals_l0a": fractals(A2, False),
    "fractals_transposed_l0b": fractals(B2, True),
    "squares_int8": squares(A2, "int8_t"),
    "squares_half": squares(B2, "half"),
    "squares_float": squares(B2, "float"),
    "image_l0a": image(A2, "half", SQUARE_IMAGE),
    "image_transposed": image(A2, "half", SQUARE_IMAGE.but(transpose=True)),
    "image_l0b": image(B2, "bfloat16_t", SQUARE_IMAGE),
    "image_l0b_float": image(B2, "float", FLOAT_IMAGE),
    "image_ragged_rows": image(A2, "half", SQUARE_IMAGE.but(height=11, rows=11)),
}


def first_undefined(
    probes: model.Library,
    l1: Array,
    call: ctypes.Structure,
    pieces: list[tuple[int, int]],
    address: int,
) -> int | None:
    """The first undefined byte of a row of L0, as a reader of it reports."""
    call.read_address = address
    call.read_bytes = ROW
    try:
        launch(probes, l1, call, pieces)
    except model.ModelError as error:
        fault = error.fault
    else:
        return None
    assert fault.kind == "uninitialized", fault.message
    assert fault.instruction is not None, fault.message
    assert fault.instruction.name == "dump_tensor", fault.message
    return fault.begin


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("call", "moved"), MOVES.values(), ids=MOVES)
def test_defined_bytes_move_with_their_values(
    probes: model.Library, call: ctypes.Structure, moved: Callable[[Array], Array], seed: int
) -> None:
    l1 = random_l1(2 * FRACTAL)
    rows = np.random.default_rng(seed).choice(32, 16, replace=False)
    pieces = [(int(row) * ROW, ROW) for row in rows]
    flags = np.zeros(2 * FRACTAL, np.uint8)
    for begin, bytes_ in pieces:
        flags[begin : begin + bytes_] = DEFINED

    expected = moved(flags)

    for address in range(0, 3 * FRACTAL, 3 * ROW):
        undefined = np.flatnonzero(expected[address : address + ROW] != DEFINED)
        wanted = address + int(undefined[0]) if undefined.size else None
        found = first_undefined(probes, l1, call, pieces, address)
        assert found == wanted, f"row at {address}"


def test_padding_and_constants_are_defined(probes: model.Library) -> None:
    load = SQUARE_IMAGE.but(height=1, pads=(0, 0, 15, 0), pad_value=3)
    l1 = random_l1(2 * FRACTAL)

    rows = [first_undefined(probes, l1, load.case(IMAGE, "half"), [], row * ROW) for row in (0, 15)]
    fill = case(INIT_CONST, "half", value=1, numbers=numbers(1, 1, 0))

    assert rows == [None, 15 * ROW]
    assert first_undefined(probes, l1, fill, [], 15 * ROW) is None


def test_columns_past_the_extension_are_undefined(probes: model.Library) -> None:
    load = SQUARE_IMAGE.but(columns=21)
    everything = [(0, 2 * FRACTAL)]
    l1 = random_l1(2 * FRACTAL)

    plain = first_undefined(probes, l1, load.case(IMAGE, "half"), everything, FRACTAL)
    turned = load.but(transpose=True).case(IMAGE, "half")

    assert plain == FRACTAL + 5 * 2
    assert first_undefined(probes, l1, turned, everything, FRACTAL + 4 * ROW) is None
    assert first_undefined(probes, l1, turned, everything, FRACTAL + 5 * ROW) == FRACTAL + 5 * ROW


# What is loaded, the largest product of defined elements, and products that go beyond it.
RAGGED = SQUARE_IMAGE.but(height=11, rows=11)
PRODUCTS = {
    "rows_of_a": (RAGGED, A2, (11, 16, 32), [(12, 16, 32)]),
    "depth_of_a": (RAGGED.but(transpose=True), A2, (32, 16, 11), [(32, 16, 12), (1, 1, 16)]),
    "depth_of_b": (RAGGED, B2, (16, 32, 11), [(16, 32, 12), (1, 1, 16)]),
    "columns_of_b": (SQUARE_IMAGE.but(columns=21), B2, (16, 21, 16), [(16, 22, 16)]),
}


@pytest.mark.parametrize(("load", "target", "most", "more"), PRODUCTS.values(), ids=PRODUCTS)
def test_products_must_not_use_undefined_elements(
    probes: model.Library,
    load: ImageLoad,
    target: int,
    most: tuple[int, int, int],
    more: list[tuple[int, int, int]],
) -> None:
    def multiply(sizes: tuple[int, int, int]) -> None:
        product = (ctypes.c_uint32 * 3)(*sizes)
        launch(probes, random_l1(2 * FRACTAL), load.case(IMAGE, "half", target, product=product))

    multiply(most)
    for sizes in more:
        with raises_fault("uninitialized", memory="L0A" if target == A2 else "L0B"):
            multiply(sizes)


FORMS = {
    "fractals": (case(FRACTALS, "half", numbers=numbers(0, 1, 1)), "load_cbuf_to_ca"),
    "squares": (
        case(SQUARES, "half", target=B2, numbers=numbers(0, 1, 1)),
        "load_cbuf_to_cb_transpose",
    ),
    "image": (SQUARE_IMAGE.case(IMAGE, "half"), "img2colv2_cbuf_to_ca"),
    "padded_image": (
        SQUARE_IMAGE.but(pads=(0, 0, 1, 0)).case(IMAGE, "half", B2),
        "img2colv2_cbuf_to_cb",
    ),
}


@pytest.mark.parametrize(("call", "name"), FORMS.values(), ids=FORMS)
def test_loads_wait_for_what_fills_l1(
    probes: model.Library, call: ctypes.Structure, name: str
) -> None:
    early = type(call).from_buffer_copy(call)
    early.unordered = 1
    launch(probes, random_l1(1024), call)

    with raises_fault(
        "hazard",
        instruction=name,
        operand="source",
        memory="L1",
        other="copy_gm_to_cbuf",
        pipe="MTE1",
    ):
        launch(probes, random_l1(1024), early)


WRITERS = {
    **FORMS,
    "from_gm": (case(FROM_GM, "half", numbers=numbers(0, 1, 1)), "load_gm_to_ca"),
    "to_l1": (case(FROM_GM, "half", target=A1, numbers=numbers(0, 1, 1)), "load_gm_to_cbuf"),
    "fill": (case(INIT_CONST, "half", numbers=numbers(1, 1, 0)), "create_ca_matrix"),
    "fill_l1": (
        case(INIT_CONST, "half", target=A1, numbers=numbers(1, 1, 0)),
        "create_cbuf_matrix",
    ),
}


@pytest.mark.parametrize(("call", "name"), WRITERS.values(), ids=WRITERS)
def test_loads_into_the_same_fractal_need_a_barrier(
    probes: model.Library, call: ctypes.Structure, name: str
) -> None:
    twice = type(call).from_buffer_copy(call)
    twice.loads = 2
    pipe = "MTE2" if name in ("load_gm_to_ca", "load_gm_to_cbuf", "create_cbuf_matrix") else "MTE1"

    with raises_fault("hazard", instruction=name, operand="target", other=name, pipe=pipe):
        launch(probes, random_l1(1024), twice)


@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_fractals_of_gm_must_be_defined(probes: model.Library, side: int) -> None:
    call = case(FROM_GM, "half", target=side, numbers=numbers(0, 1, 1), store_bytes=32)
    gm = random_l1(1024)
    out = random_l1(32)

    with raises_fault("uninitialized", operand="source"):
        probes.launch("probe_load_data", [model.Out(gm), model.InOut(out), bytes(call)])
