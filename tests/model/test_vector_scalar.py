# SPDX-License-Identifier: Apache-2.0
"""Vector functions with a tensor and a scalar: values over types, forms, scalars, and faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, raises_fault
from tests.model.vector_call import (
    FAULTS,
    FLOAT,
    HALF,
    INT16,
    INT32,
    UINT16,
    UINT32,
    ElementType,
    Form,
    VectorCall,
    faulty,
    fill_operands,
    idle,
    layouts,
    param,
    put,
    row_of,
    run,
    scalar_bits,
)
from tests.model.vector_rules import Compute, Expected, larger, read, rounded, smaller

KERNEL = "probe_vector_scalar"
FLOATS = (HALF, FLOAT)
NUMBERS = (HALF, FLOAT, INT16, INT32)
SHIFTED = (INT16, UINT16, INT32, UINT32)
FORMS = tuple(Form)[:6]


@dataclass(frozen=True)
class Function:
    """One function of the API; ``exact`` takes float64 or int64 arrays and a scalar."""

    name: str
    number: int
    types: tuple[ElementType, ...]
    exact: Callable[[Array, Array], Array]
    shifts: bool = False

    def scalars(self, element: ElementType) -> tuple[float, ...]:
        if self.shifts:
            return (0, 1, 3, element.bits - 1, element.bits)
        if element.is_float:
            return (1.5, -0.3, -0.0, np.inf, np.nan)
        return (3, -7, int(np.iinfo(element.numpy).max))

    def compute(self, element: ElementType, scalar: float) -> Compute:
        value = np.array(scalar).astype(element.numpy)

        def of(source: Array, _: Array) -> Array:
            with np.errstate(all="ignore"):
                if element.is_float:
                    exact = self.exact(source.astype(np.float64), value.astype(np.float64))
                    return rounded(exact, element)
                return self.exact(source.astype(np.int64), value.astype(np.int64)).astype(
                    element.numpy
                )

        return of


def _leaky(x: Array, scalar: Array) -> Array:
    """The sign bit decides."""
    return np.where(np.signbit(x), x * scalar, x)


def _shift_left(element: ElementType) -> Callable[[Array, Array], Array]:
    """Signed: the sign stays and the digit below it is lost. The result has the low bits."""
    sign = 1 << (element.bits - 1) if element.numpy.kind == "i" else 0

    def of(x: Array, count: Array) -> Array:
        return (x & sign) | ((x << count) & ((1 << element.bits) - 1) & ~sign)

    return of


def _shift_right(rounds: bool) -> Callable[[Array, Array], Array]:
    def of(x: Array, count: Array) -> Array:
        carry = (x >> (count - 1)) & 1 if rounds and count > 0 else 0
        return (x >> count) + carry

    return of


FUNCTIONS = (
    Function("Adds", 0, NUMBERS, np.add),
    Function("Muls", 1, NUMBERS, np.multiply),
    Function("Maxs", 2, NUMBERS, larger),
    Function("Mins", 3, NUMBERS, smaller),
    Function("LeakyRelu", 4, FLOATS, _leaky),
    *(Function("ShiftLeft", 5, (element,), _shift_left(element), True) for element in SHIFTED),
    Function("ShiftRight", 6, SHIFTED, _shift_right(False), True),
)
NAMES = {function.name: function for function in FUNCTIONS}


def _value_cases() -> Iterator[object]:
    for function in FUNCTIONS:
        for element in function.types:
            for form in FORMS:
                scalars = function.scalars(element)
                for number, (layout, fields) in enumerate(layouts(form, element.lanes)):
                    scalar = scalars[number % len(scalars)]
                    name = f"{function.name} {element.name} {form.name.lower()} {layout}"
                    call = VectorCall(function.number, element, form, **fields)
                    row = row_of(function.name, form)
                    yield param(function, call, scalar, row=row, kind="value", name=name)
            for scalar in function.scalars(element):
                call = VectorCall(function.number, element, Form.COUNT, count=200)
                name = f"{function.name} {element.name} by {scalar}"
                row = row_of(function.name, Form.COUNT)
                yield param(function, call, scalar, row=row, kind="value", name=name)


@pytest.mark.parametrize(("function", "call", "scalar"), list(_value_cases()))
def test_result_follows_the_function(
    probes: model.Library, function: Function, call: VectorCall, scalar: float
) -> None:
    image = fill_operands(call, function.number)
    call = replace(call, scalar=scalar_bits(scalar, call.type))

    actual = run(probes, KERNEL, call, image)

    expected = Expected(call).apply(image, function.compute(call.type, scalar), 1)
    assert_same_bits(actual, expected, function.name)


@pytest.mark.parametrize("element", SHIFTED, ids=lambda element: element.name)
@pytest.mark.parametrize("count", [0, 1, 5, 15, 16])
@pytest.mark.parametrize("form", [Form.MASK_BITS, Form.MASK_COUNT], ids=lambda form: form.name)
def test_rounding_adds_the_last_bit_shifted_out_of_signed_types(
    probes: model.Library, element: ElementType, count: int, form: Form
) -> None:
    call = VectorCall(6, element, form, mask=(60, 0), scalar=count, variant=1)
    image = fill_operands(call, 5)

    actual = run(probes, KERNEL, call, image)

    rounding = Function("", 6, (), _shift_right(element.numpy.kind == "i"), True)
    expected = Expected(call).apply(image, rounding.compute(element, count), 1)
    assert_same_bits(actual, expected)


# [source, count, result] of ShiftLeft and ShiftRight, as bits of 16, from their pages.
@pytest.mark.parametrize(
    ("name", "element", "source", "count", "result"),
    [
        ("ShiftLeft", UINT16, 0b1010101010101010, 1, 0b0101010101010100),
        ("ShiftLeft", INT16, 0b1010101010101010, 1, 0b1101010101010100),
        ("ShiftLeft", INT16, 0b1010101010101010, 3, 0b1101010101010000),
        ("ShiftRight", UINT16, 0b1010101010101010, 1, 0b0101010101010101),
        ("ShiftRight", INT16, 0b1010101010101010, 1, 0b1101010101010101),
        ("ShiftRight", INT16, 0b1010101010101010, 3, 0b1111010101010101),
    ],
)
def test_shifts_are_those_of_the_document(
    probes: model.Library, name: str, element: ElementType, source: int, count: int, result: int
) -> None:
    call = VectorCall(NAMES[name].number, element, Form.COUNT, count=1, scalar=count)
    image = fill_operands(call, 0)
    put(image, call.src0, np.array([source], np.uint16))

    actual = run(probes, KERNEL, call, image)

    assert read(actual, np.array([call.dst]), np.dtype(np.uint16)).tolist() == [result]


@pytest.mark.parametrize("element", FLOATS, ids=lambda element: element.name)
@pytest.mark.parametrize(
    ("source", "scalar", "result"),
    [(0.0, np.nan, 0.0), (0.0, np.inf, 0.0), (-0.0, np.inf, np.nan), (-2.0, 0.5, -1.0)],
)
def test_leaky_relu_multiplies_by_the_sign_bit(
    probes: model.Library, element: ElementType, source: float, scalar: float, result: float
) -> None:
    call = VectorCall(4, element, Form.COUNT, count=1, scalar=scalar_bits(scalar, element))
    image = fill_operands(call, 0)
    put(image, call.src0, np.array([source], element.numpy))

    actual = run(probes, KERNEL, call, image)

    expected = rounded(np.array([result]), element)
    assert_same_bits(read(actual, np.array([call.dst]), element.numpy), expected)


def _fault_cases() -> Iterator[object]:
    by_form = {
        Form.MASK_BITS: ["misaligned dst", "partial overlap", "dst block stride 0", "src0 in L1"],
        Form.MASK_COUNT: ["too many lanes", "dst beyond UB", "src0 never written"],
        Form.COUNT: ["misaligned src0", "negative count", "dst in L1", "src0 beyond UB"],
    }
    for function in NAMES.values():
        for form, cases in by_form.items():
            element = function.types[0]
            good = VectorCall(function.number, element, form, count=element.lanes, repeats=2)
            if form == Form.MASK_COUNT:
                good = replace(good, mask=(5, 0))
            for case in cases:
                row = row_of(function.name, form)
                yield param(faulty(good, case), case, row=row, kind="fault", name=f"{row} {case}")


@pytest.mark.parametrize(("call", "case"), list(_fault_cases()))
def test_broken_rule_is_a_fault(probes: model.Library, call: VectorCall, case: str) -> None:
    kind, operand = FAULTS[case]

    with raises_fault(kind, operand=operand):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize("name", ["ShiftLeft", "ShiftRight"])
@pytest.mark.parametrize("element", SHIFTED, ids=lambda element: element.name)
@pytest.mark.parametrize("beyond", ["width + 1", "negative"])
def test_shift_count_must_not_exceed_the_width(
    probes: model.Library, name: str, element: ElementType, beyond: str
) -> None:
    count = element.bits + 1 if beyond == "width + 1" else (1 << element.bits) - 1
    call = VectorCall(NAMES[name].number, element, Form.COUNT, count=8, scalar=count)

    with raises_fault("parameter", operand="scalarValue"):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize("function", NAMES.values(), ids=lambda function: function.name)
def test_a_cube_core_skips_the_function(probes: model.Library, function: Function) -> None:
    call = VectorCall(function.number, function.types[0], Form.COUNT, count=8)

    run(probes, KERNEL, idle(call), fill_operands(call, 0), kind="AIC_ONLY")
