# SPDX-License-Identifier: Apache-2.0
"""LoadData of images (3Dv2): parts of the unfolded matrix in L0A and L0B, registers, faults."""

import numpy as np
import pytest
from ascend_attention import _native, model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.load_case import (
    A2,
    B2,
    IMAGE,
    IMAGE_PRO,
    L1_BYTES,
    ROW,
    SIDES,
    TYPES,
    VECIN,
    ImageLoad,
    launch,
    poison,
    random_l1,
)

TRANSPOSED = ["half", "bfloat16_t", "float", "int32_t", "uint32_t"]
IMAGE_TYPES = ["int8_t", "uint8_t", *TRANSPOSED]
PLAIN = ImageLoad(height=4, width=16, channels=32, columns=32, rows=64)
FORMS = [
    pytest.param(IMAGE, id="v2", marks=covers("LoadData.l1_l0.image", "value")),
    pytest.param(IMAGE_PRO, id="pro", marks=covers("LoadData.l1_l0.image_pro", "value")),
]
FAULT_FORMS = [
    pytest.param(IMAGE, id="v2", marks=covers("LoadData.l1_l0.image", "fault")),
    pytest.param(IMAGE_PRO, id="pro", marks=covers("LoadData.l1_l0.image_pro", "fault")),
]


def assert_load(
    probes: model.Library,
    load: ImageLoad,
    type_: str,
    target: int,
    form: int = IMAGE,
    l1: Array | None = None,
) -> None:
    l1 = random_l1(128 * 1024) if l1 is None else l1

    out = launch(probes, l1, load.case(form, type_, target))

    assert_same_bits(out, load.expected(l1, type_, target))


def channels(type_: str, blocks: int) -> int:
    return blocks * ROW // TYPES[type_][1].itemsize


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("type_", IMAGE_TYPES)
def test_matrix_into_l0a(probes: model.Library, type_: str, blocks: int, form: int) -> None:
    count = channels(type_, blocks)

    assert_load(probes, PLAIN.but(channels=count, columns=count), type_, A2, form)


@pytest.mark.parametrize("level", _native.levels())
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
@pytest.mark.parametrize("type_", TRANSPOSED)
def test_matrix_transposed(
    probes: model.Library, type_: str, blocks: int, side: int, form: int, level: str
) -> None:
    count = channels(type_, blocks)
    load = PLAIN.but(channels=count, columns=count, transpose=side == A2)
    best = _native.level()
    _native.set_level(level)
    try:
        assert_load(probes, load, type_, side, form)
    finally:
        _native.set_level(best)


@covers("LoadData3DParamsV2", "value")
@pytest.mark.parametrize("transpose", [False, True])
def test_loads_into_l0b_are_always_transposed(probes: model.Library, transpose: bool) -> None:
    assert_load(probes, PLAIN.but(transpose=transpose), "half", B2)


PARTS: dict[str, dict[str, object]] = {
    "first_row": {"first_row": 16, "rows": 32},
    "odd_first_row": {"first_row": 5, "rows": 32},
    "first_column": {"first_column": 32, "columns": 32, "channels": 96},
    "last_rows": {"first_row": 32, "rows": 32},
    "one_row": {"rows": 1, "height": 1, "width": 1},
    "column_of_pixels": {"height": 64, "width": 1},
    "row_of_pixels": {"height": 1, "width": 64},
    "ragged_rows": {"height": 37, "width": 1, "rows": 37},
    "rows_past_the_image": {"height": 37, "width": 1, "rows": 48},
    "ragged_last_rows": {"height": 37, "width": 1, "first_row": 32, "rows": 3},
    "filter": {"filter": (2, 3), "rows": 32, "columns": 96},
    "filter_column": {"filter": (2, 3), "rows": 32, "first_column": 64, "columns": 64},
    "stride": {"stride": (1, 3), "rows": 16},
    "both_strides": {"height": 9, "stride": (2, 3), "rows": 16},
    "dilation": {"filter": (2, 3), "dilation": (3, 4), "rows": 8},
    "pads": {"pads": (1, 2, 3, 4), "pad_value": 0x1234, "rows": 80, "first_row": 32},
    "all_of_it": {
        "height": 7,
        "width": 9,
        "filter": (3, 2),
        "stride": (2, 1),
        "dilation": (1, 2),
        "pads": (2, 1, 1, 2),
        "pad_value": 0xFEDC,
        "rows": 32,
        "first_row": 3,
        "first_column": 32,
        "columns": 64,
    },
    "bottom_padding_behind_rows": {"pads": (0, 0, 0, 255), "pad_value": 7, "rows": 80},
    "wide_filter": {
        "height": 1,
        "width": 272,
        "channels": 32,
        "filter": (1, 257),
        "rows": 16,
        "first_column": 256 * 16,
        "columns": 16,
    },
    "high_filter": {
        "height": 260,
        "width": 4,
        "channels": 16,
        "filter": (259, 1),
        "rows": 8,
        "first_column": 258 * 16,
        "columns": 16,
    },
    "source": {"source": 7 * ROW},
}


@covers("LoadData3DParamsV2", "value")
@covers("LoadData3DParamsV2Pro", "value")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("side", ["l0a", "l0a_transposed", "l0b"])
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_parts_of_the_unfolded_image(
    probes: model.Library, part: dict[str, object], side: str, form: int
) -> None:
    load = PLAIN.but(**part, transpose=side == "l0a_transposed")

    assert_load(probes, load, "half", B2 if side == "l0b" else A2, form)


@pytest.mark.parametrize("side", ["l0a", "l0a_transposed", "l0b"])
@pytest.mark.parametrize("name", ["filter", "all_of_it", "ragged_rows", "odd_first_row"])
def test_parts_with_four_byte_elements(probes: model.Library, name: str, side: str) -> None:
    load = PLAIN.but(**PARTS[name], transpose=side == "l0a_transposed")

    assert_load(probes, load.but(rows=load.rows - 3), "float", B2 if side == "l0b" else A2)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
@pytest.mark.parametrize("type_", ["half", "float"])
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_fast_mode_moves_the_same_bytes(
    probes: model.Library, side: int, type_: str, part: dict[str, object]
) -> None:
    l1 = random_l1(128 * 1024)
    load = PLAIN.but(**part, transpose=True)

    checked = launch(probes, l1, load.case(IMAGE, type_, side))
    with model.options(mode="fast"):
        fast = launch(probes, l1, load.case(IMAGE, type_, side))

    written = load.expected(l1, type_, side) != 0xFF
    assert_same_bits(fast[written], checked[written])


@covers("LoadData3DParamsV2Pro", "value")
@covers("LoadData3DParamsV2", "value")
@pytest.mark.parametrize("form", FORMS)
def test_parameters_default_to_a_filter_of_one_point(probes: model.Library, form: int) -> None:
    l1 = random_l1(16 * 1024)

    out = launch(probes, l1, PLAIN.case(form, "half", defaults=1))

    assert_same_bits(out, PLAIN.expected(l1, "half", A2))


NOTHING = {
    "no_height": {"height": 0},
    "no_width": {"width": 0},
    "no_channels": {"channels": 0},
    "no_columns": {"columns": 0},
    "no_rows": {"rows": 0},
    "no_filter_width": {"filter": (1, 0)},
    "no_filter_height": {"filter": (0, 1)},
    "no_repeat": {"repeat": (0, 0, 0)},
}


@covers("LoadDataRepeatParam", "value")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", NOTHING.values(), ids=NOTHING)
def test_loads_of_nothing(probes: model.Library, part: dict[str, object], form: int) -> None:
    out = launch(probes, random_l1(16 * 1024), PLAIN.but(**part).case(form, "half"))

    assert_same_bits(out, poison())


REPEATS = {
    "below": {"repeat": (1, 3, 0), "rows": 16},
    "below_apart": {"repeat": (2, 2, 0), "rows": 16},
    "below_again": {"repeat": (0, 2, 0), "rows": 32},
    "beside": {"repeat": (1, 3, 1), "columns": 16, "channels": 64},
    "beside_apart": {"repeat": (2, 2, 1), "columns": 16, "channels": 64},
    "beside_overlapping": {"repeat": (1, 3, 1), "columns": 32, "channels": 64},
}


@covers("SetLoadDataRepeat", "value")
@covers("LoadDataRepeatParam", "value")
@pytest.mark.parametrize("type_", ["half", "float"])
@pytest.mark.parametrize("side", ["l0a", "l0a_transposed", "l0b"])
@pytest.mark.parametrize("part", REPEATS.values(), ids=REPEATS)
def test_repeats_form_one_matrix(
    probes: model.Library, part: dict[str, object], side: str, type_: str
) -> None:
    load = PLAIN.but(**part, transpose=side == "l0a_transposed")

    assert_load(probes, load, type_, B2 if side == "l0b" else A2)


@covers("LoadDataRepeatParam", "value")
def test_repeat_parameters_default_to_once(probes: model.Library) -> None:
    l1 = random_l1(16 * 1024)

    out = launch(probes, l1, PLAIN.case(IMAGE, "half", set_repeat=2))

    assert_same_bits(out, PLAIN.expected(l1, "half", A2))


@covers("SetLoadDataBoundary", "value")
@pytest.mark.parametrize("boundary", [1024, 1536, 4096])
@pytest.mark.parametrize("source", [0, 640])
def test_addresses_from_the_boundary_on_start_again(
    probes: model.Library, source: int, boundary: int
) -> None:
    assert_load(probes, PLAIN.but(boundary=boundary, source=source), "half", A2)


CONFIGS = {"nothing": 0, "feature_map": 1, "padding": 2, "both": 3}


@covers("IsResetLoad3dConfig", "value")
@covers("SetFmatrix", "value")
@covers("SetLoadDataPaddingValue", "value")
@pytest.mark.parametrize("set_", CONFIGS.values(), ids=CONFIGS)
def test_configuration_says_which_registers_a_load_sets(probes: model.Library, set_: int) -> None:
    l1 = random_l1(16 * 1024)
    load = PLAIN.but(pads=(1, 1, 1, 1), pad_value=0x4321, rows=96)

    out = launch(probes, l1, load.case(IMAGE, "half", set=set_, feature_map=1, set_padding=1))

    assert_same_bits(out, load.expected(l1, "half", A2))


@covers("IsResetLoad3dConfig", "value")
def test_padding_is_zero_until_it_is_set(probes: model.Library) -> None:
    l1 = random_l1(16 * 1024)
    load = PLAIN.but(pads=(1, 1, 1, 1), pad_value=0x4321, rows=96)

    out = launch(probes, l1, load.case(IMAGE, "half", set=1))

    assert_same_bits(out, load.but(pad_value=0).expected(l1, "half", A2))


@covers("SetLoadDataPaddingValue", "value")
@pytest.mark.parametrize("type_", IMAGE_TYPES)
def test_padding_has_the_type_of_the_image(probes: model.Library, type_: str) -> None:
    size = TYPES[type_][1].itemsize
    value = 0x81E4D2F7 % 2 ** (8 * size)
    load = PLAIN.but(pads=(0, 3, 0, 0), pad_value=value, rows=76)
    l1 = random_l1(16 * 1024)

    out = launch(probes, l1, load.case(IMAGE_PRO, type_))

    assert_same_bits(out, load.expected(l1, type_, A2))


@covers("SetFmatrix", "value")
@covers("FmatrixMode", "value")
@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
def test_either_register_can_describe_the_image(probes: model.Library, right: bool) -> None:
    assert_load(probes, PLAIN.but(right=right), "half", A2, IMAGE_PRO)


# Rules.


BAD = {
    "l1H": ({"height": 32768, "width": 1}, "l1H", "1..32767"),
    "l1W": ({"height": 1, "width": 40000}, "l1W", "1..32767"),
    "strideW": ({"stride": (1, 64)}, "strideW", "1..63"),
    "strideH": ({"stride": (64, 1)}, "strideH", "1..63"),
    "strideH_0": ({"stride": (0, 1)}, "strideH", "1..63"),
    "dilationW": ({"dilation": (1, 0)}, "dilationFilterW", "1..255"),
    "dilationH": ({"dilation": (0, 1)}, "dilationFilterH", "1..255"),
    "filter_wider": ({"filter": (1, 17)}, "width that the filter covers", "1..16"),
    "filter_higher": ({"filter": (2, 1), "dilation": (4, 1)}, "height that the filter", "1..4"),
    "channels": ({"channels": 20}, "channelSize", "multiple of 16"),
    "kStartPt": ({"first_column": 8, "columns": 16}, "kStartPt", "multiple of 16"),
    "mStartPt": ({"first_row": 32768}, "mStartPt", "0..32767"),
    "kExtension_ragged": ({"columns": 8}, "kExtension", "multiple of 16"),
    "kExtension_beyond": ({"columns": 48}, "kExtension", "within the 32"),
    "mExtension_ragged": ({"rows": 40}, "mExtension", "multiple of 16"),
    "mExtension_beyond": ({"rows": 80}, "mExtension", "within the 64"),
    "mStartPt_beyond": ({"first_row": 64}, "mExtension", "within the 64"),
    "boundary_small": ({"boundary": 1000}, "boundary", "1024.."),
    "source_beyond": ({"boundary": 1024, "source": 1024}, "source address", "0..1023"),
    "repeats_beyond": ({"repeat": (2, 3, 0), "rows": 16}, "mExtension", "within the 64"),
    "repeats_beside": ({"repeat": (1, 3, 1), "columns": 16}, "kExtension", "within the 32"),
}


@covers("SetFmatrix", "fault")
@covers("SetLoadDataBoundary", "fault")
@covers("SetLoadDataRepeat", "fault")
@pytest.mark.parametrize("form", FAULT_FORMS)
@pytest.mark.parametrize(("part", "operand", "rule"), BAD.values(), ids=BAD)
def test_parameters_outside_their_range(
    probes: model.Library, part: dict[str, object], operand: str, rule: str, form: int
) -> None:
    with raises_fault("parameter", instruction="img2colv2_cbuf_to_ca", rule=rule) as caught:
        launch(probes, random_l1(32), PLAIN.but(**part).case(form, "half"))

    assert caught.value.fault.operand.startswith(operand)


@pytest.mark.parametrize("part", [{"columns": 24}, {"columns": 9, "first_column": 16}], ids=str)
def test_the_last_column_of_fractals_may_be_ragged(
    probes: model.Library, part: dict[str, object]
) -> None:
    assert_load(probes, PLAIN.but(**part), "half", A2)


def test_rows_of_four_byte_elements_may_be_ragged_anywhere(probes: model.Library) -> None:
    assert_load(probes, PLAIN.but(rows=21), "float", A2)


@covers("SetLoadDataRepeat", "fault")
def test_repeats_below_each_other_are_whole_fractals(probes: model.Library) -> None:
    load = PLAIN.but(repeat=(1, 2, 0), rows=21)

    with raises_fault("parameter", operand="mExtension"):
        launch(probes, random_l1(32), load.case(IMAGE, "float"))


@covers("SetLoadDataRepeat", "fault")
def test_repeat_mode_is_0_or_1(probes: model.Library) -> None:
    with raises_fault("parameter", instruction="SetLoadDataRepeat", rule="repeatMode (2)"):
        launch(probes, random_l1(32), PLAIN.but(repeat=(0, 1, 2)).case(IMAGE, "half"))


@pytest.mark.parametrize("form", FAULT_FORMS)
@pytest.mark.parametrize(
    ("type_", "target", "transpose"),
    [("int8_t", B2, 0), ("uint8_t", A2, 1), ("int16_t", A2, 0), ("int64_t", A2, 0)],
    ids=["l0b_int8", "transposed_uint8", "int16", "int64"],
)
def test_types_that_images_do_not_have(
    probes: model.Library, type_: str, target: int, transpose: int, form: int
) -> None:
    load = PLAIN.but(transpose=bool(transpose))

    with raises_fault("type", operand="target", rule=f"of type {type_}"):
        launch(probes, random_l1(32), load.case(form, type_, target))


@pytest.mark.parametrize("form", FAULT_FORMS)
def test_addresses_are_aligned(probes: model.Library, form: int) -> None:
    with raises_fault("alignment", operand="target", rule="multiple of 512"):
        launch(probes, random_l1(32), PLAIN.case(form, "half", target_address=1024 + 32))
    with raises_fault("alignment", operand="source", rule="multiple of 32"):
        launch(probes, random_l1(32), PLAIN.but(source=16).case(form, "half"))


@pytest.mark.parametrize("form", FAULT_FORMS)
@pytest.mark.parametrize("side", SIDES.values(), ids=SIDES)
def test_loads_stay_inside_l1_and_l0(probes: model.Library, side: int, form: int) -> None:
    at_the_end = PLAIN.but(source=L1_BYTES - 64 * 2 * ROW)
    launch(probes, random_l1(32), at_the_end.case(form, "half", side))

    beyond = at_the_end.but(source=at_the_end.source + ROW)
    with raises_fault("address", operand="source", memory="L1"):
        launch(probes, random_l1(32), beyond.case(form, "half", side))
    with raises_fault("address", operand="source", memory="L1"):  # the way of padded images
        launch(
            probes, random_l1(32), beyond.but(pads=(0, 0, 1, 0), rows=80).case(form, "half", side)
        )
    with raises_fault("address", operand="target"):
        launch(probes, random_l1(32), PLAIN.case(form, "half", side, target_address=63 * 1024))
    with raises_fault("address", operand="target", rule="must fit into 65536 bytes"):
        large = PLAIN.but(height=1024, width=2, rows=2048)
        launch(probes, random_l1(32), large.case(form, "half", side))


@pytest.mark.parametrize("form", FAULT_FORMS)
def test_positions_are_l1_and_l0(probes: model.Library, form: int) -> None:
    with raises_fault("position", instruction="LoadData", rule="dst (in UB)"):
        launch(probes, random_l1(32), PLAIN.case(form, "half", VECIN, store_bytes=0))
    with raises_fault("position", instruction="LoadData", rule="src (in UB)"):
        launch(probes, random_l1(32), PLAIN.case(form, "half", source=VECIN))


@covers("SetFmatrix", "fault")
@pytest.mark.parametrize("right", [False, True], ids=["left", "right"])
def test_the_image_must_be_described(probes: model.Library, right: bool) -> None:
    load = PLAIN.but(right=right)

    with raises_fault("uninitialized", operand="feature map", rule="must be set before"):
        launch(probes, random_l1(32), load.case(IMAGE, "half", set=0))


def test_vector_cores_have_no_registers_of_images(probes: model.Library) -> None:
    call = PLAIN.case(IMAGE_PRO, "half", store_bytes=0)

    assert launch(probes, random_l1(32), call, pieces=[], kernel_type="AIV_ONLY").size == 0


def test_the_unfolded_reference_is_a_sliding_window() -> None:
    load = PLAIN.but(height=5, width=6, channels=16, filter=(3, 2), rows=0)
    l1 = random_l1(5 * 6 * ROW)
    image = l1.view(np.uint16).reshape(5, 6, 16)

    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 2), axis=(0, 1))

    expected = windows.transpose(0, 1, 3, 4, 2).reshape(15, -1)
    assert_same_bits(load.unfolded(l1, 2), np.ascontiguousarray(expected))
