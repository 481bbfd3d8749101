# SPDX-License-Identifier: Apache-2.0
"""Cast in every pair and mode, and arithmetic that converts its result."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.rounding import Mode, converted
from tests.model.vector_call import (
    BFLOAT16,
    FAULTS,
    FLOAT,
    HALF,
    INT4,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    ElementType,
    Fields,
    Form,
    Stride,
    VectorCall,
    faulty,
    fill_operands,
    idle,
    layouts,
    make_image,
    param,
    put,
    row_of,
    run,
    scalar_bits,
)
from tests.model.vector_rules import Compute, Expected, lane_addresses, read, relu, rounded

KERNEL = "probe_vector_cast"
CAST, ADD_RELU_CAST, SUB_RELU_CAST, MUL_CAST = 0, 2, 3, 4
FORMS = tuple(Form)[:5]

MODES = {letter: mode for letter, mode in zip("NRFCAZO", Mode, strict=True)}
# Source, target and the modes of the pair.
PAIRS = (
    (INT8, HALF, "N"),
    (UINT8, HALF, "N"),
    (INT16, HALF, "NRFCAZ"),
    (INT16, FLOAT, "N"),
    (HALF, INT8, "NRFCAZ"),
    (HALF, UINT8, "NRFCAZ"),
    (HALF, INT16, "RFCAZ"),
    (HALF, INT32, "RFCAZ"),
    (HALF, FLOAT, "N"),
    (BFLOAT16, INT32, "RFCAZ"),
    (BFLOAT16, FLOAT, "N"),
    (INT32, INT16, "N"),
    (INT32, FLOAT, "NRFCAZ"),
    (INT32, INT64, "N"),
    (FLOAT, INT16, "RFCAZ"),
    (FLOAT, HALF, "NRFCAZO"),
    (FLOAT, BFLOAT16, "RFCAZ"),
    (FLOAT, INT32, "RFCAZ"),
    (FLOAT, FLOAT, "RFCAZ"),
    (FLOAT, INT64, "RFCAZ"),
    (INT64, INT32, "N"),
    (INT64, FLOAT, "RFCAZ"),
)


def compute(call: VectorCall) -> Compute:
    return lambda source, _: converted(source, call.source, call.type, Mode(call.variant))


def around_the_steps(source: ElementType, target: ElementType) -> Array:
    """Values at, half-way between and just beside neighbouring numbers of the target."""
    if source.numpy.kind != "f":
        return np.zeros(0, source.numpy)
    steps = np.array([0.5, 1.5, 2.5, 126.5, 127.5, 255.5, 32766.5, 2047.5, 2049], np.float64)
    if target is HALF:
        ulp = np.array([1 + 2**-11, 1 + 3 * 2**-11, 2**-25, 3 * 2**-25, 65519, 65520, 65536, 1e30])
        steps = np.concatenate([steps, ulp])
    if target is BFLOAT16:
        steps = np.concatenate([steps, [1 + 2**-8, 1 + 3 * 2**-8, 2.0**-134, 3.4e38]])
    with np.errstate(over="ignore"):
        exact = steps.astype(source.numpy)
    near = [exact, np.nextafter(exact, np.inf), np.nextafter(exact, -np.inf)]
    return np.concatenate([*near, *(-x for x in near)]).astype(source.numpy)


def image_for(call: VectorCall, seed: int) -> Array:
    """Samples in the source, and first of all the values that rounding has to get right."""
    image = fill_operands(call, seed)
    put(image, call.src0, around_the_steps(call.source, call.type))
    return image


def _value_cases() -> Iterator[object]:
    for source, target, letters in PAIRS:
        lanes = min(source.lanes, target.lanes)
        for letter in letters:
            call = VectorCall(CAST, target, Form.COUNT, source, count=3 * lanes + 2)
            call = replace(call, variant=MODES[letter])
            name = f"{source.name} {target.name} {letter}"
            yield param(call, row="Cast.count", kind="value", name=name)
        for form in FORMS:
            for layout, fields in layouts(form, lanes):
                call = VectorCall(CAST, target, form, source, **fields)
                call = replace(call, variant=MODES[letters[0]])
                name = f"{source.name} {target.name} {form.name.lower()} {layout}"
                yield param(call, row=row_of("Cast", form), kind="value", name=name)


@covers("RoundMode", "value")
@pytest.mark.parametrize("call", list(_value_cases()))
def test_cast_rounds_as_its_mode_says(probes: model.Library, call: VectorCall) -> None:
    image = image_for(call, 11)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, Expected(call).apply(image, compute(call), 1))


def nibbles(values: Array) -> Array:
    """Packs numbers of 4 bits, the first in the low half of a byte."""
    low, high = values[0::2] & 0xF, values[1::2] & 0xF
    return (low | high << 4).astype(np.uint8)


NIBBLE_LAYOUTS = {
    "count": (Form.COUNT, {"count": 128 + 6}),
    "pairs of lanes, strided": (
        Form.MASK_BITS,
        {
            "mask": (0xCCCC_CCCC_CCCC_CCCC, 0x3333_3333_3333_3333),
            "repeats": 3,
            "dst_stride": Stride(2, 9),
            "src0_stride": Stride(1, 8),
        },
    ),
    "first lanes": (Form.MASK_COUNT, {"mask": (70, 0), "repeats": 2}),
}


def nibble_bytes(call: VectorCall, base: int, stride: Stride) -> list[Array]:
    """For each repeat, the byte of every second enabled lane of an int4b_t operand."""
    expected = Expected(call)
    return [
        lane_addresses(base, expected.stride(stride, INT4), 4, repeat, lanes[0::2])
        for repeat, lanes in enumerate(expected.repeats())
    ]


@pytest.mark.parametrize("letter", "NRFCAZ")
@pytest.mark.parametrize(
    ("form", "fields"),
    [
        param(form, fields, row=row_of("Cast", form), kind="value", name=name)
        for name, (form, fields) in NIBBLE_LAYOUTS.items()
    ],
)
def test_half_becomes_pairs_of_nibbles(
    probes: model.Library, form: Form, fields: Fields, letter: str
) -> None:
    call = VectorCall(CAST, INT4, form, HALF, variant=MODES[letter], **fields)
    image = make_image(3)
    put(image, call.src0, np.random.default_rng(1).normal(0, 6, 1024).astype(np.float16))
    expected = Expected(call).show_mask(image.copy())
    stride = Expected(call).stride(call.src0_stride, HALF)
    lanes = Expected(call).repeats()
    for repeat, at in enumerate(nibble_bytes(call, call.dst, call.dst_stride)):
        source = lane_addresses(call.src0, stride, 16, repeat, lanes[repeat])
        values = converted(read(image, source, HALF.numpy), HALF, INT4, Mode(call.variant))
        expected[at] = nibbles(values)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, expected)


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        param(form, fields, row=row_of("Cast", form), kind="value", name=name)
        for name, (form, fields) in NIBBLE_LAYOUTS.items()
    ],
)
def test_nibbles_become_half(probes: model.Library, form: Form, fields: Fields) -> None:
    call = VectorCall(CAST, HALF, form, INT4, **fields)
    image = make_image(3)
    expected = Expected(call).show_mask(image.copy())
    stride = Expected(call).stride(call.dst_stride, HALF)
    for repeat, at in enumerate(nibble_bytes(call, call.src0, call.src0_stride)):
        pairs = image[at].astype(np.int8)
        values = np.stack([pairs << 4 >> 4, pairs >> 4], 1).astype(np.float16).ravel()
        lanes = Expected(call).repeats()[repeat]
        target = lane_addresses(call.dst, stride, 16, repeat, lanes)
        expected[target[:, None] + np.arange(2)] = values.view(np.uint8).reshape(-1, 2)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, expected)


@covers("SetDeqScale.half", "value")
@pytest.mark.parametrize("mode", [Mode.NONE, Mode.CEIL])
@pytest.mark.parametrize("scale", [0.0037, -2.0, 65504.0])
def test_int32_to_half_multiplies_by_the_scale(
    probes: model.Library, scale: float, mode: Mode
) -> None:
    call = VectorCall(CAST, HALF, Form.COUNT, INT32, count=133, variant=mode)
    call = replace(call, scalar=scalar_bits(scale, HALF))
    image = fill_operands(call, 6)
    factor = np.float32(np.float16(scale))

    def scaled(source: Array, _: Array) -> Array:
        shifted = source.astype(np.float32) * np.float32(2.0**-17) * factor
        with np.errstate(all="ignore"):
            return rounded((shifted * np.float32(2.0**17)).astype(np.float64), HALF)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, Expected(call).apply(image, scaled, 1))


@pytest.mark.parametrize(
    ("source", "target", "mode"),
    [
        (source, target, mode)
        for source, target, letters in PAIRS
        for letter, mode in MODES.items()
        if letter not in letters
    ],
    ids=lambda value: value.name,
)
def test_mode_must_exist_for_the_pair(
    probes: model.Library, source: ElementType, target: ElementType, mode: Mode
) -> None:
    call = VectorCall(CAST, target, Form.COUNT, source, count=8, variant=mode)

    with raises_fault("parameter", operand="roundMode"):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize(("source", "target"), [(INT4, HALF), (HALF, INT4)])
@pytest.mark.parametrize(
    "fields",
    [
        {"form": Form.COUNT, "count": 7},
        {"form": Form.MASK_COUNT, "mask": (3, 0)},
        {"form": Form.MASK_BITS, "mask": (0b0110, 0)},
        {"form": Form.MASK_BITS, "mask": (0, 1 << 63)},
    ],
    ids=["odd count", "odd mask", "halves of two bytes", "last nibble"],
)
def test_nibbles_must_be_enabled_in_pairs(
    probes: model.Library, source: ElementType, target: ElementType, fields: Fields
) -> None:
    call = VectorCall(CAST, target, source_type=source, **fields)

    with raises_fault("parameter", operand="mask", rule="both int4b_t"):
        run(probes, KERNEL, call, make_image())


def test_a_narrowing_cast_may_be_in_place(probes: model.Library) -> None:
    call = VectorCall(CAST, HALF, Form.COUNT, FLOAT, count=200, src0=0, variant=Mode.RINT)
    image = make_image()
    put(image, call.src0, np.linspace(-3, 9, 200).astype(np.float32))

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, Expected(call).apply(image, compute(call), 1))


@pytest.mark.parametrize("source", [0, 256, 384], ids=["start", "half-way", "end"])
def test_a_widening_cast_must_not_overlap(probes: model.Library, source: int) -> None:
    call = VectorCall(CAST, FLOAT, Form.COUNT, HALF, count=192, src0=source)

    with raises_fault("overlap", instruction="vconv_f162f32", operand="src"):
        run(probes, KERNEL, call, make_image())


RELU_PAIRS = ((HALF, INT8), (FLOAT, HALF), (INT16, INT8))


def relu_cast(call: VectorCall) -> Compute:
    """convert(max(src0 +- src1, 0)), with the sum in the source type; NaN gives 0."""
    sign = 1 if call.function == ADD_RELU_CAST else -1

    def of(src0: Array, src1: Array, _: Array) -> Array:
        if call.source is INT16:
            total = src0.astype(np.int64) + sign * src1.astype(np.int64)
            clipped: Array = np.clip(total, 0, 127).astype(np.int8)
            return clipped
        with np.errstate(all="ignore"):
            total = rounded(src0.astype(np.float64) + sign * src1.astype(np.float64), call.source)
        positive = np.where(np.isnan(total), 0, relu(total)).astype(call.source.numpy)
        return converted(positive, call.source, call.type, Mode.RINT)

    return of


def mul_cast(call: VectorCall) -> Compute:
    """convert(src0 * src1), with the product in half."""

    def of(src0: Array, src1: Array, _: Array) -> Array:
        with np.errstate(all="ignore"):
            product = rounded(src0.astype(np.float64) * src1.astype(np.float64), HALF)
        return converted(product, HALF, call.type, Mode.RINT)

    return of


CONVERTING = (
    ("AddReluCast", ADD_RELU_CAST, RELU_PAIRS, FORMS),
    ("SubReluCast", SUB_RELU_CAST, RELU_PAIRS, FORMS),
    ("MulCast", MUL_CAST, ((HALF, INT8), (HALF, UINT8)), FORMS[:3]),
)


def _converting_cases() -> Iterator[object]:
    for name, function, pairs, forms in CONVERTING:
        for source, target in pairs:
            for form in forms:
                for layout, fields in layouts(form, min(source.lanes, target.lanes)):
                    call = VectorCall(function, target, form, source, **fields)
                    title = f"{name} {source.name} {target.name} {form.name.lower()} {layout}"
                    yield param(call, row=row_of(name, form), kind="value", name=title)


@pytest.mark.parametrize("call", list(_converting_cases()))
def test_result_is_converted(probes: model.Library, call: VectorCall) -> None:
    image = fill_operands(call, 9)
    small = np.random.default_rng(2).normal(0, 40, 256).astype(call.source.numpy)
    put(image, call.src0, small)
    put(image, call.src1, small[::-1].copy())

    actual = run(probes, KERNEL, call, image)

    of = mul_cast(call) if call.function == MUL_CAST else relu_cast(call)
    assert_same_bits(actual, Expected(call).apply(image, of, 2))


def _fault_cases() -> Iterator[object]:
    by_form = {
        Form.MASK_BITS: ["misaligned dst", "dst block stride 0", "src0 in L1"],
        Form.MASK_COUNT: ["too many lanes", "dst beyond UB", "src0 never written"],
        Form.COUNT: ["misaligned src0", "dst in L1", "src0 beyond UB"],
    }
    functions = [("Cast", CAST, FLOAT, HALF)]
    functions += [(name, number, *pairs[0]) for name, number, pairs, _ in CONVERTING]
    for name, function, source, target in functions:
        for form, cases in by_form.items():
            good = VectorCall(function, target, form, source, count=128, repeats=2)
            if form == Form.MASK_COUNT:
                good = replace(good, mask=(5, 0))
            for case in cases:
                row = row_of(name, form)
                yield param(faulty(good, case), case, row=row, kind="fault", name=f"{row} {case}")


@pytest.mark.parametrize(("call", "case"), list(_fault_cases()))
def test_broken_rule_is_a_fault(probes: model.Library, call: VectorCall, case: str) -> None:
    kind, operand = FAULTS[case]

    with raises_fault(kind, operand=operand):
        run(probes, KERNEL, call, fill_operands(call, 0))


def test_a_count_beyond_the_lanes_of_the_wider_type_is_a_fault(probes: model.Library) -> None:
    call = VectorCall(CAST, HALF, Form.MASK_COUNT, FLOAT, mask=(65, 0))

    with raises_fault("parameter", instruction="Cast", rule="mask (65)"):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize(
    "function", [CAST, ADD_RELU_CAST, SUB_RELU_CAST, MUL_CAST], ids=["Cast", "Add", "Sub", "Mul"]
)
def test_a_cube_core_skips_the_function(probes: model.Library, function: int) -> None:
    call = VectorCall(function, INT8, Form.COUNT, HALF, count=8)

    run(probes, KERNEL, idle(call), fill_operands(call, 0), kind="AIC_ONLY")
