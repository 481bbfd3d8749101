# SPDX-License-Identifier: Apache-2.0
"""LoadData of fractals, LoadDataWithTranspose and constant fills: bytes, limits, faults."""

import ctypes
from collections.abc import Iterator

import numpy as np
import pytest
from ascend_attention import _native, model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.load_case import (
    A1,
    A2,
    B2,
    CO1,
    FILL,
    FRACTAL,
    FRACTAL_TYPES,
    FRACTALS,
    FROM_GM,
    INIT_CONST,
    L1_BYTES,
    ROW,
    SIDES,
    SQUARE_TYPES,
    SQUARES,
    TYPES,
    VECIN,
    case,
    launch,
    numbers,
    poison,
    random_l1,
    square,
)

NAMES = {A2: ("load_cbuf_to_ca", "load_gm_to_ca"), B2: ("load_cbuf_to_cb", "load_gm_to_cb")}
TARGET = 3 * FRACTAL
SOURCE = 5 * ROW  # fractals need not start at multiples of themselves in L1


@pytest.fixture(params=_native.levels())
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    best = _native.level()
    _native.set_level(request.param)
    yield request.param
    _native.set_level(best)


def copied(l1: Array, start: int, repeats: int, stride: int, gap: int) -> Array:
    """L0 after fractals were copied from SOURCE to TARGET."""
    out = poison()
    for i in range(repeats):
        source = SOURCE + (start + i * stride) * FRACTAL
        target = TARGET + i * (gap + 1) * FRACTAL
        out[target : target + FRACTAL] = l1[source : source + FRACTAL]
    return out


LAYOUTS = {  # first fractal, repeats, source stride, target gap
    "one": (0, 1, 1, 0),
    "adjacent": (0, 9, 1, 0),
    "source_stride": (0, 5, 4, 0),
    "target_gap": (2, 5, 1, 3),
    "both": (7, 6, 3, 2),
    "the_same_again": (3, 4, 0, 1),
    "as_many_as_fit": (0, 125, 0, 0),
    "no_repeat": (5, 0, 1, 1),
}


@covers("LoadData2DParams", "value")
@covers("LoadData.l1_l0.fractals", "value")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("type_", ["int8_t", "half", "float"])
def test_fractals_from_l1(
    probes: model.Library, type_: str, side: int, layout: tuple[int, int, int, int]
) -> None:
    start, repeats, stride, gap = layout
    l1 = random_l1(32 * 1024)
    call = case(
        FRACTALS,
        type_,
        target=side,
        target_address=TARGET,
        source_address=SOURCE,
        numbers=numbers(start, repeats, stride, 0, gap, 0, 0),
    )

    assert_same_bits(launch(probes, l1, call), copied(l1, start, repeats, stride, gap))


@covers("LoadData.l1_l0.fractals", "value")
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("type_", FRACTAL_TYPES)
def test_every_type_moves_as_bits(probes: model.Library, type_: str, side: int) -> None:
    l1 = random_l1(4096)
    call = case(FRACTALS, type_, target=side, numbers=numbers(1, 3, 2, 0, 1, 0, 0))

    out = launch(probes, l1, call)

    for i in range(3):
        assert_same_bits(
            out[2 * i * FRACTAL : (2 * i + 1) * FRACTAL],
            l1[(1 + 2 * i) * FRACTAL : (2 + 2 * i) * FRACTAL],
        )


@covers("LoadData2DParams", "value")
def test_parameters_of_fractals_default_to_nothing(probes: model.Library) -> None:
    call = case(FRACTALS, "half", defaults=1)

    assert_same_bits(launch(probes, random_l1(1024), call), poison())


@covers("LoadData.l1_l0.fractals", "value")
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("type_", ["half", "bfloat16_t", "int16_t", "uint16_t"])
def test_each_fractal_of_two_byte_elements_is_transposed(
    probes: model.Library, level: str, type_: str, side: int
) -> None:
    l1 = random_l1(16 * 1024)
    call = case(
        FRACTALS, type_, target=side, source_address=SOURCE, numbers=numbers(2, 5, 3, 0, 1, 1, 0)
    )

    expected = poison()
    for i in range(5):
        turned, _ = square(l1, SOURCE + (2 + 3 * i) * FRACTAL, 2)
        expected[2 * i * FRACTAL : (2 * i + 1) * FRACTAL] = turned
    assert_same_bits(launch(probes, l1, call), expected)


@pytest.mark.parametrize("form", [FRACTALS, SQUARES], ids=["fractals", "squares"])
def test_fast_mode_moves_the_same_bytes(probes: model.Library, form: int) -> None:
    l1 = random_l1(16 * 1024)
    moved = 8 * FRACTAL
    call = case(form, "half", numbers=numbers(1, 8, 2, 0, 0, int(form == FRACTALS), 0))

    checked = launch(probes, l1, call)
    with model.options(mode="fast"):
        fast = launch(probes, l1, call)

    assert_same_bits(fast[:moved], checked[:moved])


GM_TARGETS = {"l0a": A2, "l0b": B2, "l1": A1}


@covers("LoadData.gm.fractals", "value")
@pytest.mark.parametrize("target", GM_TARGETS.values(), ids=GM_TARGETS)
@pytest.mark.parametrize("type_", FRACTAL_TYPES)
def test_fractals_from_gm(probes: model.Library, type_: str, target: int) -> None:
    gm = random_l1(16 * 1024)
    odd = TYPES[type_][1].itemsize  # an address of GM need not be aligned to more than elements
    call = case(
        FROM_GM,
        type_,
        target=target,
        target_address=TARGET,
        source_address=odd,
        numbers=numbers(1, 6, 3, 0, 2, 0, 0),
    )

    expected = poison()
    for i in range(6):
        source = odd + (1 + 3 * i) * FRACTAL
        expected[TARGET + 3 * i * FRACTAL :][:FRACTAL] = gm[source : source + FRACTAL]
    assert_same_bits(launch(probes, gm, call, pieces=[]), expected)


@covers("LoadData.gm.fractals", "value")
def test_a_load_to_l1_can_go_down_in_gm(probes: model.Library) -> None:
    gm = random_l1(16 * 1024)
    call = case(FROM_GM, "float", target=A1, numbers=numbers(9, 4, 3, 0, 1, 0, 1))

    expected = poison()
    for i in range(4):
        source = (9 - 3 * i) * FRACTAL
        expected[2 * i * FRACTAL :][:FRACTAL] = gm[source : source + FRACTAL]
    assert_same_bits(launch(probes, gm, call, pieces=[]), expected)


SQUARE_LAYOUTS = {  # first square, repeats, source stride, gap, gap within a square
    "one": (0, 1, 1, 0, 0),
    "pairs_apart": (0, 3, 1, 0, 2),
    "pairs_together": (1, 3, 2, 1, 0),
    "both_gaps": (2, 4, 3, 3, 1),
    "the_same_again": (1, 2, 0, 1, 0),
    "no_repeat": (1, 0, 1, 0, 0),
}


@covers("LoadData2dTransposeParams", "value")
@covers("LoadDataWithTranspose", "value")
@pytest.mark.parametrize("layout", SQUARE_LAYOUTS.values(), ids=SQUARE_LAYOUTS)
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("type_", SQUARE_TYPES)
def test_squares_are_transposed(
    probes: model.Library, level: str, type_: str, side: int, layout: tuple[int, int, int, int, int]
) -> None:
    start, repeats, stride, gap, part_gap = layout
    size = TYPES[type_][1].itemsize
    bytes_ = FRACTAL if size == 2 else 2 * FRACTAL
    l1 = random_l1(20 * 1024)
    call = case(
        SQUARES,
        type_,
        target=side,
        target_address=TARGET,
        source_address=SOURCE,
        numbers=numbers(start, repeats, stride, gap, part_gap, 0),
    )

    expected = poison()
    for i in range(repeats):
        first, second = square(l1, SOURCE + (start + i * stride) * bytes_, size)
        target = TARGET + i * (gap + 1) * FRACTAL
        expected[target : target + FRACTAL] = first
        target += (part_gap + 1) * FRACTAL
        expected[target : target + second.size] = second
    assert_same_bits(launch(probes, l1, call), expected)


@covers("LoadData2dTransposeParams", "value")
def test_parameters_of_squares_default_to_nothing(probes: model.Library) -> None:
    call = case(SQUARES, "half", defaults=1)

    assert_same_bits(launch(probes, random_l1(1024), call), poison())


FILL_TYPES = [name for name in FRACTAL_TYPES if TYPES[name][1].itemsize > 1]
FILL_BLOCKS = {"l1": (A1, ROW), "l0a": (A2, FRACTAL), "l0b": (B2, FRACTAL)}


@covers("InitConstValueParams", "value")
@pytest.mark.parametrize(("target", "block"), FILL_BLOCKS.values(), ids=FILL_BLOCKS)
@pytest.mark.parametrize("type_", FILL_TYPES)
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(INIT_CONST, id="InitConstValue", marks=covers("InitConstValue", "value")),
        pytest.param(FILL, id="Fill", marks=covers("Fill", "value")),
    ],
)
def test_constant_fills_blocks_between_gaps(
    probes: model.Library, form: int, type_: str, target: int, block: int
) -> None:
    size = TYPES[type_][1].itemsize
    value = 0x9ABCDEF0 % 2 ** (8 * size)
    call = case(
        form,
        type_,
        target=target,
        target_address=TARGET,
        value=value,
        numbers=numbers(4, 3, 2),
    )

    expected = poison()
    pattern = np.full(3 * block // size, value, f"u{size}").view(np.uint8)
    for i in range(4):
        at = TARGET + i * 5 * block
        expected[at : at + 3 * block] = pattern
    assert_same_bits(launch(probes, random_l1(32), call, pieces=[]), expected)


@covers("InitConstValueParams", "value")
def test_fill_parameters_without_blocks_fill_nothing(probes: model.Library) -> None:
    call = case(INIT_CONST, "half", defaults=1, value=7, numbers=numbers(4))

    assert_same_bits(launch(probes, random_l1(32), call, pieces=[]), poison())


# Rules.


@covers("LoadData.l1_l0.fractals", "fault")
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_a_fractal_must_end_inside_l1(probes: model.Library, side: int) -> None:
    last = L1_BYTES // FRACTAL - 1
    call = case(FRACTALS, "half", target=side, numbers=numbers(last, 1, 1, 0, 0, 0, 0))
    launch(probes, random_l1(ROW), call)

    call.source_address = ROW
    with raises_fault("address", instruction=NAMES[side][0], operand="source", memory="L1"):
        launch(probes, random_l1(ROW), call)


@covers("LoadData.l1_l0.fractals", "fault")
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_fractals_must_end_inside_l0(probes: model.Library, side: int) -> None:
    call = case(FRACTALS, "half", target=side, numbers=numbers(0, 128, 0, 0, 0, 0, 0))
    launch(probes, random_l1(FRACTAL), call)

    call.target_address = FRACTAL
    with raises_fault("address", instruction=NAMES[side][0], operand="target"):
        launch(probes, random_l1(FRACTAL), call)


FORMS = {
    "fractals": (FRACTALS, covers("LoadData.l1_l0.fractals", "fault")),
    "gm": (FROM_GM, covers("LoadData.gm.fractals", "fault")),
    "squares": (SQUARES, covers("LoadDataWithTranspose", "fault")),
    "InitConstValue": (INIT_CONST, covers("InitConstValue", "fault")),
    "Fill": (FILL, covers("Fill", "fault")),
}
EVERY_FORM = [pytest.param(form, id=name, marks=mark) for name, (form, mark) in FORMS.items()]


def one(form: int, type_: str = "half", **changes: object) -> ctypes.Structure:
    """One fractal or block."""
    values = (1, 1, 0) if form in (INIT_CONST, FILL) else (0, 1, 1)
    return case(form, type_, **{"numbers": numbers(*values), **changes})


@pytest.mark.parametrize("form", EVERY_FORM)
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_l0_addresses_are_whole_fractals(probes: model.Library, side: int, form: int) -> None:
    call = one(form, target=side, target_address=256)

    with raises_fault("alignment", operand="target", rule="multiple of 512"):
        launch(probes, random_l1(1024), call)


@pytest.mark.parametrize("form", EVERY_FORM[:1] + EVERY_FORM[2:3])
def test_l1_addresses_are_whole_blocks(probes: model.Library, form: int) -> None:
    with raises_fault("alignment", operand="source", rule="multiple of 32"):
        launch(probes, random_l1(1024), one(form, source_address=16))


@pytest.mark.parametrize("form", EVERY_FORM[1:2] + EVERY_FORM[3:])
def test_targets_in_l1_are_whole_blocks(probes: model.Library, form: int) -> None:
    with raises_fault("alignment", operand="target", rule="multiple of 32"):
        launch(probes, random_l1(1024), one(form, target=A1, target_address=16))


@pytest.mark.parametrize("form", EVERY_FORM)
@pytest.mark.parametrize("position", [VECIN, CO1], ids=["ub", "l0c"])
def test_target_must_be_a_buffer_that_loads_reach(
    probes: model.Library, position: int, form: int
) -> None:
    with raises_fault("position"):
        launch(probes, random_l1(1024), one(form, target=position, store_bytes=0))


@pytest.mark.parametrize("form", EVERY_FORM[:1] + EVERY_FORM[2:3])
def test_source_must_be_l1(probes: model.Library, form: int) -> None:
    with raises_fault("position", rule="src (in UB) must lie in A1 or B1"):
        launch(probes, random_l1(1024), one(form, source=VECIN))


NOT_TYPES = {
    "fractals_int64": (FRACTALS, "int64_t", 0),
    "fractals_transposed_int8": (FRACTALS, "int8_t", 1),
    "fractals_transposed_float": (FRACTALS, "float", 1),
    "gm_int64": (FROM_GM, "int64_t", 0),
    "squares_int16": (SQUARES, "int16_t", 0),
    "squares_uint16": (SQUARES, "uint16_t", 0),
    "squares_int64": (SQUARES, "int64_t", 0),
    "fill_int8": (INIT_CONST, "int8_t", 0),
    "fill_int64": (FILL, "int64_t", 0),
}


@pytest.mark.parametrize(("form", "type_", "transpose"), NOT_TYPES.values(), ids=NOT_TYPES)
def test_types_that_a_form_does_not_have(
    probes: model.Library, form: int, type_: str, transpose: int
) -> None:
    call = case(form, type_, numbers=numbers(0, 1, 1, 0, 0, transpose, 0))

    with raises_fault("type", operand="target", rule=f"of type {type_}"):
        launch(probes, random_l1(1024), call)


@covers("LoadData.gm.fractals", "fault")
def test_only_l1_can_be_transposed_or_gm_go_down(probes: model.Library) -> None:
    with raises_fault("parameter", instruction="LoadData", rule="ifTranspose (1) must be 0"):
        launch(probes, random_l1(1024), case(FROM_GM, "half", numbers=numbers(0, 1, 1, 0, 0, 1)))
    down = numbers(0, 1, 1, 0, 0, 0, 1)
    for form in (FROM_GM, FRACTALS):
        with raises_fault("parameter", instruction="LoadData", rule="addrMode (1) must be 0"):
            launch(probes, random_l1(1024), case(form, "half", numbers=down))
    with raises_fault("parameter", instruction="LoadDataWithTranspose", rule="addrMode (1)"):
        launch(probes, random_l1(1024), case(SQUARES, "half", numbers=numbers(0, 1, 1, 0, 0, 1)))


@covers("LoadData.gm.fractals", "fault")
@pytest.mark.parametrize("mode", [0, 1], ids=["up", "down"])
def test_fractals_must_lie_in_an_argument(probes: model.Library, mode: int) -> None:
    call = case(FROM_GM, "half", target=A1, numbers=numbers(1, 3, 1, 0, 0, 0, mode))

    with raises_fault("address", instruction="load_gm_to_cbuf", operand="source", memory="GM"):
        launch(probes, random_l1(3 * FRACTAL), call, pieces=[])


@covers("LoadDataWithTranspose", "fault")
@pytest.mark.parametrize("type_", ["int8_t", "float"])
def test_fractals_of_squares_must_not_meet(probes: model.Library, type_: str) -> None:
    apart = case(SQUARES, type_, numbers=numbers(0, 3, 1, 1, 0))
    launch(probes, random_l1(8192), apart)

    with raises_fault("overlap", instruction="load_cbuf_to_ca_transpose", operand="target"):
        launch(probes, random_l1(8192), case(SQUARES, type_, numbers=numbers(0, 3, 1, 0, 1)))


@covers("LoadDataWithTranspose", "fault")
def test_a_square_must_end_inside_l1(probes: model.Library) -> None:
    last = L1_BYTES // 1024 - 1
    call = case(SQUARES, "int8_t", target=B2, numbers=numbers(last, 1, 1, 0, 0))
    launch(probes, random_l1(ROW), call)

    call.source_address = ROW
    with raises_fault("address", instruction="load_cbuf_to_cb_transpose", operand="source"):
        launch(probes, random_l1(ROW), call)


@pytest.mark.parametrize("form", EVERY_FORM[3:])
@pytest.mark.parametrize("field", ["repeatTimes", "blockNum", "dstGap"])
def test_fields_of_fills_have_15_bits(probes: model.Library, field: str, form: int) -> None:
    values = {"repeatTimes": 1, "blockNum": 1, "dstGap": 0} | {field: 32768}

    with raises_fault("parameter", operand=field, rule="0..32767"):
        launch(probes, random_l1(32), case(form, "half", numbers=numbers(*values.values())))


@pytest.mark.parametrize("form", EVERY_FORM)
def test_vector_cores_have_nothing_to_load(probes: model.Library, form: int) -> None:
    call = one(form, store_bytes=0)
    out = random_l1(32)

    report = probes.launch(
        "probe_load_data", [model.In(out), model.InOut(out), bytes(call)], type="AIV_ONLY"
    )

    assert [report.pipe(pipe).instructions for pipe in ("MTE1", "MTE2")] == [0, 0]
