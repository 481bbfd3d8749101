# SPDX-License-Identifier: Apache-2.0
"""Select in its three modes: bits choose between two tensors, or a tensor and a scalar."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.vector_call import (
    A1,
    FLOAT,
    HALF,
    IMAGE_BYTES,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    VECCALC,
    ElementType,
    Fields,
    Form,
    VectorCall,
    fill_operands,
    idle,
    layouts,
    param,
    put,
    run,
    scalar_bits,
)
from tests.model.vector_rules import Compute, Expected

KERNEL = "probe_vector_select"
TENSOR, SCALAR, BARE_TENSOR, BARE_SCALAR = range(4)
BY_REGISTER, TENSOR_SCALAR, TENSOR_TENSOR = range(3)  # SELMODE
FLOATS = (HALF, FLOAT)
REGISTER_AT = 57344  # where the bare forms load the comparison register from


def choose(call: VectorCall, image: Array) -> Compute:
    """Takes the operands repeat by repeat; the bits run on unless they are in the register."""
    expected = Expected(replace(call, source_type=None))
    place = REGISTER_AT if in_register(call) and call.function == BARE_TENSOR else call.extra
    bits = np.unpackbits(image[place : place + 4096], bitorder="little").astype(bool)
    repeats = iter(enumerate(expected.repeats()))

    def of(src0: Array, *others: Array) -> Array:
        repeat, lanes = next(repeats)
        first = 0 if in_register(call) else repeat * call.type.lanes
        raw = call.scalar.to_bytes(8, "little")[: call.type.bits // 8]
        scalar = np.frombuffer(raw, call.type.numpy)
        other = scalar if call.function in (SCALAR, BARE_SCALAR) else others[0]
        unsigned = np.dtype(f"u{call.type.numpy.itemsize}")  # moves keep every bit of a NaN
        return np.where(bits[first + lanes], src0.view(unsigned), other.view(unsigned))

    return of


def in_register(call: VectorCall) -> bool:
    return call.function in (TENSOR, BARE_TENSOR) and call.variant == BY_REGISTER


def expected_image(call: VectorCall, image: Array) -> Array:
    sources = 1 if call.function in (SCALAR, BARE_SCALAR) else 2
    return Expected(replace(call, source_type=None)).apply(image, choose(call, image), sources)


def image_for(call: VectorCall, seed: int) -> Array:
    """Operands, selection bits, and for the bare forms the contents of the register."""
    image = fill_operands(replace(call, source_type=None), seed)
    if call.function == BARE_SCALAR:
        put(image, REGISTER_AT, np.full(16 // (call.type.bits // 8), call.scalar, bits_of(call)))
    elif call.function == BARE_TENSOR and call.variant == TENSOR_TENSOR:
        put(image, REGISTER_AT, np.full(4, call.extra, np.uint32))
    return image


def bits_of(call: VectorCall) -> np.dtype[Any]:
    return np.dtype(f"u{call.type.numpy.itemsize}")


def _value_cases() -> Iterator[object]:
    selectors = (UINT8, UINT16, UINT32, UINT64)
    modes = [(TENSOR, "tensor", BY_REGISTER), (TENSOR, "tensor", TENSOR_TENSOR)]
    modes += [(SCALAR, "scalar", TENSOR_SCALAR)]
    for function, kind, mode in modes:
        for element in FLOATS:
            for form in (Form.MASK_BITS, Form.MASK_COUNT, Form.COUNT):
                for number, (layout, fields) in enumerate(layouts(form, element.lanes)):
                    bits = selectors[number % len(selectors)]
                    call = VectorCall(function, element, form, bits, variant=mode, **fields)
                    call = replace(call, scalar=scalar_bits(-2.5, element))
                    row = f"Select.{kind}.{form.name.lower()}"
                    name = f"{element.name} {row} mode {mode} {layout}"
                    yield param(call, row=row, kind="value", name=name)
    bare = [(BARE_TENSOR, "tensor", BY_REGISTER), (BARE_TENSOR, "tensor", TENSOR_TENSOR)]
    bare += [(BARE_SCALAR, "scalar", TENSOR_SCALAR)]
    for function, kind, mode in bare:
        for element in FLOATS:
            for layout, fields in layouts(Form.CALLER_MASK_BITS, element.lanes):
                form = Form.CALLER_MASK_BITS
                call = VectorCall(function, element, form, UINT8, variant=mode, **fields)
                if function == BARE_SCALAR:
                    call = replace(call, scalar=scalar_bits(0.75, element))
                row = f"Select.bare.{kind}"
                name = f"{element.name} {row} mode {mode} {layout}"
                yield param(call, row=row, kind="value", name=name)


def for_probe(call: VectorCall) -> VectorCall:
    """The bare forms of the probe take the place of the register's contents as their scalar."""
    bare = call.function in (BARE_TENSOR, BARE_SCALAR)
    return replace(call, scalar=REGISTER_AT) if bare else call


@covers("SELMODE", "value")
@pytest.mark.parametrize("call", list(_value_cases()))
def test_a_set_bit_takes_the_first_source(probes: model.Library, call: VectorCall) -> None:
    image = image_for(call, 6)

    actual = run(probes, KERNEL, for_probe(call), image)

    assert_same_bits(actual, expected_image(call, image))


def test_selections_in_a_row_do_not_disturb_each_other(probes: model.Library) -> None:
    first = VectorCall(SCALAR, FLOAT, Form.COUNT, UINT8, variant=TENSOR_SCALAR, count=70)
    image = image_for(first, 1)
    for scalar in (1.0, 2.0):
        call = replace(first, scalar=scalar_bits(scalar, FLOAT))
        actual = run(probes, KERNEL, call, image)
        assert_same_bits(actual, expected_image(call, image))


def good_call(function: int, form: Form, element: ElementType = HALF) -> VectorCall:
    mode = TENSOR_SCALAR if function in (SCALAR, BARE_SCALAR) else TENSOR_TENSOR
    call = VectorCall(function, element, form, UINT8, variant=mode, repeats=2, count=256)
    return replace(call, mask=(5, 0)) if form == Form.MASK_COUNT else call


def _fault_cases() -> Iterator[object]:
    cases: dict[str, tuple[Fields, str]] = {
        "misaligned bits": ({"extra": 49152 + 16}, "alignment"),
        "bits never written": ({"extra": IMAGE_BYTES}, "uninitialized"),
        "bits within dst": ({"extra": 256}, "overlap"),
        "dst over src0": ({"dst": 16384 + 32}, "overlap"),
        "dst in L1": ({"positions": (A1, VECCALC, VECCALC)}, "position"),
        "src0 beyond UB": ({"src0": 192 * 1024 - 32}, "address"),
    }
    for function, kind in [(TENSOR, "tensor"), (SCALAR, "scalar")]:
        for form in (Form.MASK_BITS, Form.MASK_COUNT, Form.COUNT):
            for case, (fields, fault) in cases.items():
                call = replace(good_call(function, form), **fields)
                if form == Form.MASK_COUNT and "over" in case:
                    call = replace(call, mask=(64, 0))
                row = f"Select.{kind}.{form.name.lower()}"
                yield param(call, fault, row=row, kind="fault", name=f"{row} {case}")
            wrong = TENSOR_SCALAR if function == TENSOR else BY_REGISTER
            call = replace(good_call(function, form), variant=wrong)
            row = f"Select.{kind}.{form.name.lower()}"
            yield param(call, "parameter", row=row, kind="fault", name=f"{row} wrong mode")
    for function, kind in [(BARE_TENSOR, "tensor"), (BARE_SCALAR, "scalar")]:
        row = f"Select.bare.{kind}"
        call = replace(good_call(function, Form.CALLER_MASK_BITS), dst=8)
        yield param(call, "alignment", row=row, kind="fault", name=row)


@pytest.mark.parametrize(("call", "fault"), list(_fault_cases()))
def test_broken_rule_is_a_fault(probes: model.Library, call: VectorCall, fault: str) -> None:
    with raises_fault(fault):
        run(probes, KERNEL, for_probe(call), image_for(replace(call, extra=49152), 0))


def test_an_address_of_bits_outside_ub_is_a_fault(probes: model.Library) -> None:
    call = replace(good_call(BARE_TENSOR, Form.CALLER_MASK_BITS), extra=1 << 30)

    with raises_fault("address", operand="selMask"):
        run(probes, KERNEL, for_probe(call), image_for(call, 0))


@pytest.mark.parametrize("function", range(4))
def test_a_cube_core_skips_the_function(probes: model.Library, function: int) -> None:
    form = Form.COUNT if function < BARE_TENSOR else Form.CALLER_MASK_BITS
    call = good_call(function, form)

    run(probes, KERNEL, idle(for_probe(call)), image_for(call, 0), kind="AIC_ONLY")
