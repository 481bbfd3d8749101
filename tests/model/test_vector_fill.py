# SPDX-License-Identifier: Apache-2.0
"""Duplicate, Copy, and the functions that set the vector mask."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.vector_call import (
    ALL,
    BFLOAT16,
    BLOCK,
    FAULTS,
    FLOAT,
    HALF,
    INT16,
    INT32,
    UINT16,
    UINT32,
    ElementType,
    Fields,
    FieldValue,
    Form,
    MaskSetup,
    Stride,
    VectorCall,
    faulty,
    fill_operands,
    idle,
    layouts,
    make_image,
    param,
    row_of,
    run,
)
from tests.model.vector_rules import Compute, Expected, mask_of_count

KERNEL = "probe_vector_fill"
DUPLICATE, COPY, SET_MASK = range(3)
TYPES = (HALF, BFLOAT16, INT16, UINT16, INT32, UINT32, FLOAT)
SIGNALLING_NAN = {16: 0x7D01, 32: 0x7FA12345}  # whose bits only a move keeps


def filled(call: VectorCall) -> Compute:
    """The scalar in every lane, bit for bit."""

    def of(old: Array) -> Array:
        raw = call.scalar.to_bytes(8, "little")[: call.type.bits // 8]
        return np.frombuffer(raw * len(old), call.type.numpy)

    return of


def copied(source: Array, _: Array) -> Array:
    return source


def _value_cases() -> Iterator[object]:
    for function, name in [(DUPLICATE, "Duplicate"), (COPY, "Copy")]:
        for element in TYPES:
            forms = tuple(Form)[:5] if function == DUPLICATE else (0, 1, 3, 4)
            for form in map(Form, forms):
                for layout, fields in layouts(form, element.lanes):
                    if function == COPY and "counter" in layout:
                        continue  # its counter mode differs; see below
                    call = VectorCall(function, element, form, **fields)
                    call = replace(call, scalar=SIGNALLING_NAN[element.bits])
                    row = row_of(name, form)
                    title = f"{name} {element.name} {form.name.lower()} {layout}"
                    yield param(call, row=row, kind="value", name=title)


@pytest.mark.parametrize("call", list(_value_cases()))
def test_every_bit_arrives(probes: model.Library, call: VectorCall) -> None:
    image = fill_operands(call, 3)

    actual = run(probes, KERNEL, call, image)

    rules = Expected(call)
    if call.function == COPY:
        expected = rules.apply(image, copied, 1)
    else:
        expected = rules.apply(image, filled(call), 0)
    assert_same_bits(actual, expected)


def counted_copy(call: VectorCall, image: Array) -> Array:
    """Counter mode of Copy: so many elements of each repeat, block after block."""
    result = image.copy()
    count = call.caller_mask[0] * call.type.bits // 8
    for repeat in range(call.repeats):
        for first in range(0, count, BLOCK):
            block = first // BLOCK
            to = (
                call.dst + (repeat * call.dst_stride.repeat + block * call.dst_stride.block) * BLOCK
            )
            at = (repeat * call.src0_stride.repeat + block * call.src0_stride.block) * BLOCK
            size = min(BLOCK, count - first)
            result[to : to + size] = result[call.src0 + at : call.src0 + at + size]
    return Expected(call).show_mask(result)


@covers("Copy.mask_bits", "value")
@pytest.mark.parametrize("element", [HALF, FLOAT], ids=lambda element: element.name)
@pytest.mark.parametrize("count", [1, 16, 63, 128, 144, 200, 256])
@pytest.mark.parametrize(
    ("repeats", "dst_stride", "src0_stride"),
    [(1, Stride(1, 8), Stride(8, 8)), (3, Stride(1, 40), Stride(2, 70)), (0, Stride(), Stride())],
    ids=["one repeat", "three repeats", "no repeat"],
)
def test_copy_counts_the_elements_of_each_repeat_in_counter_mode(
    probes: model.Library,
    element: ElementType,
    count: int,
    repeats: int,
    dst_stride: Stride,
    src0_stride: Stride,
) -> None:
    call = VectorCall(
        COPY,
        element,
        Form.CALLER_MASK_COUNT,
        mask_setup=MaskSetup.COUNTER,
        caller_mask=(count, 0),
        repeats=repeats,
        dst_stride=dst_stride,
        src0_stride=src0_stride,
    )
    image = make_image(5)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, counted_copy(call, image))


@covers("Copy.mask_bits", "fault")
@pytest.mark.parametrize(
    "changes", [{"dst_stride": Stride(1, 4096)}, {"src0_stride": Stride(1, 4096)}]
)
def test_repeat_strides_of_copy_have_12_bits(probes: model.Library, changes: Fields) -> None:
    call = VectorCall(COPY, FLOAT, Form.MASK_BITS, **changes)

    with raises_fault("parameter", instruction="vcopy", rule="0..4095"):
        run(probes, KERNEL, call, make_image())


def test_a_long_copy_must_not_overlap(probes: model.Library) -> None:
    call = VectorCall(
        COPY,
        FLOAT,
        Form.CALLER_MASK_COUNT,
        mask_setup=MaskSetup.COUNTER,
        caller_mask=(100, 0),
        src0=BLOCK,
    )

    with raises_fault("overlap", operand="src"):
        run(probes, KERNEL, call, make_image())


def _fault_cases() -> Iterator[object]:
    by_form = {
        Form.MASK_BITS: ["misaligned dst", "dst block stride 0", "dst in L1"],
        Form.MASK_COUNT: ["too many lanes", "dst beyond UB"],
        Form.COUNT: ["misaligned dst", "negative count", "dst in L1"],
    }
    copy = {
        Form.MASK_BITS: [*by_form[Form.MASK_BITS], "misaligned src0", "partial overlap"],
        Form.MASK_COUNT: [*by_form[Form.MASK_COUNT], "src0 never written", "src0 in L1"],
    }
    for function, name, forms in [(DUPLICATE, "Duplicate", by_form), (COPY, "Copy", copy)]:
        for form, cases in forms.items():
            good = VectorCall(function, FLOAT, form, count=64, repeats=2)
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


# Variants of the probe, in its order: set bits, set length, both for counter mode, reset, modes.
SET_BITS, SET_LENGTH, SET_COUNTER_BITS, SET_COUNTER_LENGTH, RESET, NORMAL, COUNTER = range(7)


def masked(probes: model.Library, call: VectorCall) -> Array:
    """Lanes of 16 bits that the next instruction handles."""
    image = make_image()
    image[call.mask_at :] = 0
    actual = run(probes, KERNEL, call, image)
    return actual[call.mask_at :].view(np.int16)


def lanes_of(low: int, high: int) -> Array:
    enabled = [(low | high << 64) >> lane & 1 for lane in range(128)]
    return np.array(enabled, np.int16)


def mask_call(variant: int, element: ElementType = HALF, **fields: FieldValue) -> VectorCall:
    return VectorCall(SET_MASK, element, Form.COUNT, variant=variant, **fields)


@covers("SetVectorMask.bits", "value")
@covers("MaskMode", "value")
def test_mask_bits_enable_lanes(probes: model.Library) -> None:
    low, high = 0x123456789ABCDEF0, 0xF0E1D2C3B4A59687

    shown = masked(probes, mask_call(SET_BITS, mask=(low, high)))

    assert_same_bits(shown[:128], lanes_of(low, high))


@covers("SetVectorMask.len", "value")
@pytest.mark.parametrize("element", [HALF, FLOAT], ids=lambda element: element.name)
@pytest.mark.parametrize("count", [0, 1, 31, 63, 64, 65, 127, 128, 200])
def test_mask_length_enables_the_first_lanes(
    probes: model.Library, element: ElementType, count: int
) -> None:
    shown = masked(probes, mask_call(SET_LENGTH, element, count=count))

    assert_same_bits(shown[:128], lanes_of(*mask_of_count(count, element.lanes)))


@covers("SetVectorMask.bits", "value")
@covers("SetVectorMask.len", "value")
@covers("SetMaskCount", "value")
@covers("MaskMode", "value")
@pytest.mark.parametrize("variant", [SET_COUNTER_BITS, SET_COUNTER_LENGTH])
@pytest.mark.parametrize("count", [0, 1, 100, 300])
def test_counter_mode_counts_the_elements_of_the_instruction(
    probes: model.Library, variant: int, count: int
) -> None:
    shown = masked(probes, mask_call(variant, mask=(count, 0), count=count))

    assert shown.tolist() == [1] * count + [0] * (len(shown) - count)


@covers("ResetMask", "value")
@covers("SetMaskNorm", "value")
@pytest.mark.parametrize(
    ("variant", "enabled"), [(RESET, (ALL, ALL)), (NORMAL, (0xF0, 0xFF))], ids=["reset", "normal"]
)
def test_reset_enables_all_lanes_and_normal_mode_keeps_the_mask(
    probes: model.Library, variant: int, enabled: tuple[int, int]
) -> None:
    call = mask_call(variant, mask_setup=MaskSetup.NORMAL, caller_mask=(0xF0, 0xFF))

    assert_same_bits(masked(probes, call)[:128], lanes_of(*enabled))


@covers("SetMaskNorm", "value")
def test_normal_mode_reads_the_count_as_bits(probes: model.Library) -> None:
    call = mask_call(NORMAL, mask_setup=MaskSetup.COUNTER, caller_mask=(5, 0))

    assert_same_bits(masked(probes, call)[:128], lanes_of(5, 0))


@pytest.mark.parametrize("function", [DUPLICATE, COPY, SET_MASK])
def test_a_cube_core_skips_the_function(probes: model.Library, function: int) -> None:
    form = Form.COUNT if function == DUPLICATE else Form.MASK_BITS
    call = VectorCall(function, FLOAT, form, count=8, variant=SET_BITS)

    run(probes, KERNEL, idle(call), fill_operands(call, 0), kind="AIC_ONLY")
