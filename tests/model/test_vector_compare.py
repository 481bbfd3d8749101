# SPDX-License-Identifier: Apache-2.0
"""Compare and CompareScalar: one bit an element, in UB or in the comparison register."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.vector_call import (
    A1,
    ALL,
    FLOAT,
    HALF,
    INT32,
    UINT8,
    VECCALC,
    ElementType,
    Fields,
    FieldValue,
    Form,
    MaskSetup,
    Stride,
    VectorCall,
    fill_operands,
    idle,
    param,
    put,
    run,
    samples,
    scalar_bits,
)
from tests.model.vector_rules import Expected, lane_addresses, mask_of_count, read

KERNEL = "probe_vector_compare"
COMPARE, COMPARE_SCALAR, TO_REGISTER, MOVE_REGISTER = range(4)

# In the order of CMPMODE. A NaN makes every one of them false, also "not equal".
RELATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "lt": np.less,
    "gt": np.greater,
    "eq": np.equal,
    "le": np.less_equal,
    "ge": np.greater_equal,
    "ne": lambda a, b: (a < b) | (a > b),
}
MODES = {name: number for number, name in enumerate(RELATIONS)}
FLOATS = (HALF, FLOAT)
MOST_REPEATS = 252  # of one pass of the count form


def holds(call: VectorCall, a: Array, b: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return list(RELATIONS.values())[call.variant](a, b).astype(bool)


def image_for(call: VectorCall, seed: int) -> Array:
    """Operands that are equal now and then."""
    image = fill_operands(replace(call, type=UINT8), seed)
    count = 4096 if call.source is HALF else 2048
    first = samples(call.source, count, seed)
    second = samples(call.source, count, seed + 1)
    same = np.random.default_rng(seed).random(count) < 0.3
    put(image, call.src0, first)
    put(image, call.src1, np.where(same, first, second))
    return image


def expected_image(call: VectorCall, image: Array) -> Array:
    """Masks have no effect: whole repeats, their bits packed one behind the other."""
    result = image.copy()
    source = call.source
    repeats = call.repeats
    strides = [call.src0_stride, call.src1_stride]
    if call.form in (Form.COUNT, Form.OPERATOR):
        repeats, strides = call.count // source.lanes, [Stride(), Stride()]
    step = source.lanes // 8
    for repeat in range(repeats):
        places = zip((call.src0, call.src1), strides, strict=True)
        lanes = np.arange(source.lanes)
        operands = [
            read(result, lane_addresses(base, stride, source.bits, repeat, lanes), source.numpy)
            for base, stride in places
        ]
        if call.function == COMPARE_SCALAR:
            raw = call.scalar.to_bytes(source.bits // 8, "little")
            operands[1] = np.frombuffer(raw, source.numpy)
        bits = np.packbits(holds(call, *operands), bitorder="little")
        result[call.dst + repeat * step : call.dst + (repeat + 1) * step] = bits
    return Expected(replace(call, form=Form.COUNT)).show_mask(result)


def modes_of(element: ElementType) -> tuple[str, ...]:
    return ("eq",) if element is INT32 else tuple(RELATIONS)


def _value_cases() -> Iterator[object]:
    strided = {"src0_stride": Stride(2, 17), "src1_stride": Stride(0, 1), "mask": (5, 0)}
    for function, name in [(COMPARE, "Compare"), (COMPARE_SCALAR, "CompareScalar")]:
        for source in (*FLOATS, INT32):
            forms: dict[Form, Fields] = {
                Form.MASK_BITS: {"repeats": 3, **strided},
                Form.MASK_COUNT: {"repeats": 4, "mask": (1, 0)},
                Form.COUNT: {"count": 3 * source.lanes},
            }
            for form, fields in forms.items():
                for mode in modes_of(source):
                    call = VectorCall(function, UINT8, form, source, variant=MODES[mode], **fields)
                    call = replace(call, scalar=scalar_bits(1, source))
                    title = f"{name} {source.name} {form.name.lower()} {mode}"
                    row = f"{name}.{form.name.lower()}"
                    yield param(call, row=row, kind="value", name=title)
    for source in FLOATS:
        for mode in RELATIONS:
            call = VectorCall(COMPARE, UINT8, Form.OPERATOR, source, variant=MODES[mode])
            call = replace(call, count=2 * source.lanes)
            row = f"Compare.operator.{mode}"
            yield param(call, row=row, kind="value", name=f"{source.name} {row}")


@covers("CMPMODE", "value")
@pytest.mark.parametrize("call", list(_value_cases()))
def test_every_lane_of_every_repeat_gives_a_bit(probes: model.Library, call: VectorCall) -> None:
    image = image_for(call, 8)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, expected_image(call, image))


@pytest.mark.parametrize("source", FLOATS, ids=lambda element: element.name)
@pytest.mark.parametrize("scalar", [np.nan, -0.0, np.inf])
@pytest.mark.parametrize("mode", RELATIONS)
def test_special_scalars(
    probes: model.Library, source: ElementType, scalar: float, mode: str
) -> None:
    call = VectorCall(COMPARE_SCALAR, UINT8, Form.COUNT, source, count=2 * source.lanes)
    call = replace(call, variant=MODES[mode], scalar=scalar_bits(scalar, source))
    image = image_for(call, 3)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, expected_image(call, image))


@pytest.mark.parametrize("function", [COMPARE, COMPARE_SCALAR], ids=["Compare", "CompareScalar"])
def test_long_counts_run_in_passes(probes: model.Library, function: int) -> None:
    count = 64 * (MOST_REPEATS + 3)
    call = VectorCall(function, UINT8, Form.COUNT, FLOAT, count=count, src0=4096, src1=4096)
    call = replace(call, load_bytes=4096 + 4 * count, store_bytes=4096, mask_at=-1)
    image = np.zeros(call.load_bytes, np.uint8)
    values = samples(FLOAT, count, 5)
    put(image, call.src0, values)

    actual = run(probes, KERNEL, call, image)

    other = values if function == COMPARE else np.zeros(1, np.float32)
    bits = np.packbits(holds(call, values, other), bitorder="little")
    assert_same_bits(actual[: count // 8], bits)


def register_call(form: Form, source: ElementType, mode: str, **fields: FieldValue) -> VectorCall:
    strides = {"src0_stride": Stride(2, 9), "src1_stride": Stride(1, 8)}
    return VectorCall(
        TO_REGISTER, UINT8, form, source, variant=MODES[mode], **{**strides, **fields}
    )


REGISTER_FORMS: dict[Form, Fields] = {
    Form.MASK_BITS: {"mask": (0xAAAA_AAAA_AAAA_AAAA, 0xF0F0)},
    Form.MASK_COUNT: {"mask": (37, 0)},
    Form.CALLER_MASK_BITS: {"mask_setup": MaskSetup.NORMAL, "caller_mask": (0xFFFF, 0)},
    Form.CALLER_MASK_COUNT: {"mask_setup": MaskSetup.NORMAL, "caller_mask": (0xFF00, 0)},
}


@covers("GetCmpMask", "value")
@covers("SetCmpMask", "value")
@pytest.mark.parametrize("mode", RELATIONS)
@pytest.mark.parametrize("source", FLOATS, ids=lambda element: element.name)
@pytest.mark.parametrize(
    ("form", "fields"),
    [
        param(
            form,
            fields,
            row=f"Compare.register.mask_{'bits' if 'BITS' in form.name else 'count'}",
            kind="value",
            name=form.name.lower(),
        )
        for form, fields in REGISTER_FORMS.items()
    ],
)
def test_the_register_keeps_the_bits_of_disabled_lanes(
    probes: model.Library, form: Form, fields: Fields, source: ElementType, mode: str
) -> None:
    call = register_call(form, source, mode, **fields)
    image = image_for(call, 4)
    rules = Expected(call)
    lanes = np.arange(source.lanes)
    operands = [
        read(image, lane_addresses(base, stride, source.bits, 0, lanes), source.numpy)
        for base, stride in [(call.src0, call.src0_stride), (call.src1, call.src1_stride)]
    ]
    low, high = call.mask if form == Form.MASK_BITS else call.caller_mask
    if form == Form.MASK_COUNT:
        low, high = mask_of_count(call.mask[0], source.lanes)
    enabled = np.array([(low | high << 64) >> lane & 1 for lane in range(128)], bool)
    enabled[source.lanes :] = False
    bits = np.unpackbits(image[call.extra : call.extra + 16], bitorder="little")
    bits[enabled] = holds(call, *operands)[enabled[: source.lanes]]
    expected = image.copy()
    expected[call.dst : call.dst + 16] = np.packbits(bits, bitorder="little")
    shown = (low, high) if form != Form.MASK_COUNT else mask_of_count(call.mask[0], source.lanes)
    rules = Expected(replace(call, form=Form.CALLER_MASK_BITS, caller_mask=shown))

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, rules.show_mask(expected))


@covers("GetCmpMask", "value")
@covers("SetCmpMask", "value")
@pytest.mark.parametrize("offset", [0, 16])
def test_the_register_holds_16_bytes(probes: model.Library, offset: int) -> None:
    call = VectorCall(MOVE_REGISTER, UINT8, Form.COUNT)
    call = replace(call, src0=call.src0 + offset, dst=call.dst + 16 - offset)
    image = image_for(call, 2)

    actual = run(probes, KERNEL, call, image)

    expected = Expected(call).show_mask(image.copy())
    expected[call.dst : call.dst + 16] = image[call.src0 : call.src0 + 16]
    assert_same_bits(actual, expected)


def _fault_cases() -> Iterator[object]:
    changes: dict[str, tuple[Fields, str]] = {
        "misaligned dst": ({"dst": 16}, "alignment"),
        "misaligned src0": ({"src0": 8}, "alignment"),
        "dst over src0": ({"dst": 16384 + 64}, "overlap"),
        "never written": ({"src0": 131072}, "uninitialized"),
        "dst in L1": ({"positions": (A1, VECCALC, VECCALC)}, "position"),
        "src0 beyond UB": ({"src0": 192 * 1024 - 32}, "address"),
    }
    for name, function in [("Compare", COMPARE), ("CompareScalar", COMPARE_SCALAR)]:
        for form in (Form.MASK_BITS, Form.MASK_COUNT, Form.COUNT):
            good = VectorCall(function, UINT8, form, FLOAT, count=128, repeats=2)
            for case, (fields, kind) in changes.items():
                row = f"{name}.{form.name.lower()}"
                call = replace(good, **fields)
                yield param(call, kind, row=row, kind="fault", name=f"{row} {case}")
        uneven = VectorCall(function, UINT8, Form.COUNT, HALF, count=127)
        row = f"{name}.count"
        yield param(uneven, "parameter", row=row, kind="fault", name=f"{row} uneven")
    for mode in RELATIONS:
        uneven = VectorCall(COMPARE, UINT8, Form.OPERATOR, FLOAT, count=65, variant=MODES[mode])
        row = f"Compare.operator.{mode}"
        yield param(uneven, "parameter", row=row, kind="fault", name=f"{row} uneven")
    to_register: list[tuple[Form, Fields, str]] = [
        (Form.MASK_BITS, {"src0": 8}, "alignment"),
        (Form.MASK_COUNT, {"mask": (65, 0)}, "parameter"),
    ]
    for form, fields, kind in to_register:
        row = f"Compare.register.{form.name.lower()}"
        call = replace(register_call(form, FLOAT, "lt"), **fields)
        yield param(call, kind, row=row, kind="fault", name=row)
    moves: dict[str, Fields] = {"SetCmpMask": {"src0": 8}, "GetCmpMask": {"dst": 8}}
    for row, fields in moves.items():
        call = replace(VectorCall(MOVE_REGISTER, UINT8, Form.COUNT), **fields)
        yield param(call, "alignment", row=row, kind="fault", name=row)


@pytest.mark.parametrize(("call", "fault"), list(_fault_cases()))
def test_broken_rule_is_a_fault(probes: model.Library, call: VectorCall, fault: str) -> None:
    with raises_fault(fault):
        run(probes, KERNEL, call, image_for(replace(call, src0=16384, dst=0), 0))


@pytest.mark.parametrize("mode", [mode for mode in RELATIONS if mode != "eq"])
@pytest.mark.parametrize("function", [COMPARE, COMPARE_SCALAR], ids=["Compare", "CompareScalar"])
def test_int32_has_only_equality(probes: model.Library, function: int, mode: str) -> None:
    call = VectorCall(function, UINT8, Form.COUNT, INT32, count=64, variant=MODES[mode])

    with raises_fault("type", operand="src0"):
        run(probes, KERNEL, call, image_for(call, 0))


@pytest.mark.parametrize("function", range(4))
def test_a_cube_core_skips_the_function(probes: model.Library, function: int) -> None:
    form = Form.MASK_BITS if function == TO_REGISTER else Form.COUNT
    call = VectorCall(function, UINT8, form, FLOAT, count=64, mask=(ALL, 0))

    run(probes, KERNEL, idle(call), image_for(call, 0), kind="AIC_ONLY")
