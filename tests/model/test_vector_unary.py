# SPDX-License-Identifier: Apache-2.0
"""Vector functions with one source: values over types, forms, strides and masks, and faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, assert_within_ulp, raises_fault
from tests.model.vector_call import (
    FAULTS,
    FLOAT,
    HALF,
    INT16,
    INT32,
    UINT16,
    ElementType,
    Form,
    VectorCall,
    faulty,
    fill_operands,
    idle,
    layouts,
    param,
    row_of,
    run,
)
from tests.model.vector_rules import Expected, canonical, read, rounded, write

KERNEL = "probe_vector_unary"
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Function:
    """One function of the API: its number in the probe, its types, and its exact result."""

    name: str
    number: int
    types: tuple[ElementType, ...]
    exact: Callable[[Array], Array]
    ulps: float = 0  # of the result; 0: rounded correctly


def _ln(x: Doubles) -> Doubles:
    return np.where(x == 0, -np.inf, np.log(np.where(x == 0, 1, x)))


def _rsqrt(x: Doubles) -> Doubles:
    return 1 / np.sqrt(x)  # the square root of -0 is -0, whose reciprocal is -inf


def _relu(x: Array) -> Array:
    return np.where(x <= 0, 0, x)


FLOATS = (HALF, FLOAT)
FUNCTIONS = (
    Function("Abs", 0, FLOATS, np.abs),
    Function("Exp", 1, FLOATS, np.exp, ulps=1),
    Function("Ln", 2, FLOATS, _ln, ulps=1),
    Function("Sqrt", 3, FLOATS, np.sqrt),
    Function("Rsqrt", 4, FLOATS, _rsqrt),
    Function("Reciprocal", 5, FLOATS, lambda x: 1 / x),
    Function("Relu", 6, (*FLOATS, INT32), _relu),
    Function("Not", 7, (INT16, UINT16), np.invert),
)
FORMS = (
    Form.MASK_BITS,
    Form.MASK_COUNT,
    Form.COUNT,
    Form.CALLER_MASK_BITS,
    Form.CALLER_MASK_COUNT,
)


def _value_cases() -> Iterator[object]:
    for function in FUNCTIONS:
        for element in function.types:
            for form in FORMS:
                for layout, fields in layouts(form, element.lanes):
                    name = f"{function.name} {element.name} {form.name.lower()} {layout}"
                    call = VectorCall(function.number, element, form, **fields)
                    yield param(
                        function, call, row=row_of(function.name, form), kind="value", name=name
                    )


class Compute:
    """The function on arrays; keeps the exact results of float types, in order."""

    def __init__(self, function: Function, element: ElementType) -> None:
        self.function, self.element = function, element
        self.exact: list[Doubles] = []

    def __call__(self, source: Array, _: Array) -> Array:
        if not self.element.is_float:
            return self.function.exact(source).astype(source.dtype)
        with np.errstate(all="ignore"):
            self.exact.append(self.function.exact(source.astype(np.float64)))
        return rounded(self.exact[-1], self.element)


@pytest.mark.parametrize(("function", "call"), list(_value_cases()))
def test_result_follows_the_function(
    probes: model.Library, function: Function, call: VectorCall
) -> None:
    image = fill_operands(call, function.number)

    actual = run(probes, KERNEL, call, image)

    compute = Compute(function, call.type)
    expected = Expected(call).apply(image, compute, 1)
    if function.ulps and compute.exact:
        to = Expected(call).written()
        got = read(actual, to, call.type.numpy)
        assert_same_bits(canonical(got), got, "NaN")
        assert_within_ulp(got, np.concatenate(compute.exact), function.ulps, function.name)
        write(expected, to, got)
    assert_same_bits(actual, expected, function.name)


@pytest.mark.parametrize("element", FLOATS, ids=lambda element: element.name)
@pytest.mark.parametrize(
    ("number", "source", "result"),
    [
        (0, [-0.0, -np.inf, np.inf], [0.0, np.inf, np.inf]),
        (1, [-np.inf, np.inf, 0.0, -0.0], [0.0, np.inf, 1.0, 1.0]),
        (2, [0.0, -0.0, np.inf, 1.0], [-np.inf, -np.inf, np.inf, 0.0]),
        (3, [0.0, -0.0, np.inf], [0.0, -0.0, np.inf]),
        (4, [0.0, -0.0, np.inf], [np.inf, -np.inf, 0.0]),
        (5, [0.0, -0.0, np.inf, -np.inf], [np.inf, -np.inf, 0.0, -0.0]),
        (6, [-0.0, 0.0, -np.inf, np.inf], [0.0, 0.0, 0.0, np.inf]),
    ],
    ids=["Abs", "Exp", "Ln", "Sqrt", "Rsqrt", "Reciprocal", "Relu"],
)
def test_boundary_values_are_those_of_the_document(
    probes: model.Library,
    element: ElementType,
    number: int,
    source: list[float],
    result: list[float],
) -> None:
    call = VectorCall(number, element, Form.COUNT, count=len(source))
    image = fill_operands(call, 1)
    first = np.arange(len(source)) * element.numpy.itemsize
    write(image, call.src0 + first, np.array(source, element.numpy))

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(read(actual, call.dst + first, element.numpy), np.array(result, element.numpy))


@pytest.mark.parametrize("number", [2, 3, 4], ids=["Ln", "Sqrt", "Rsqrt"])
@pytest.mark.parametrize("element", FLOATS, ids=lambda element: element.name)
def test_negative_input_gives_the_canonical_nan(
    probes: model.Library, element: ElementType, number: int
) -> None:
    call = VectorCall(number, element, Form.COUNT, count=3)
    image = fill_operands(call, 1)
    at = np.arange(3) * element.numpy.itemsize
    write(image, call.src0 + at, np.array([-1.0, -np.inf, -0.001], element.numpy))

    actual = read(run(probes, KERNEL, call, image), call.dst + at, element.numpy)

    assert_same_bits(actual, rounded(np.full(3, np.nan), element))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_in_place_gives_the_same_bits(probes: model.Library, function: Function) -> None:
    element = function.types[-1]
    apart = VectorCall(function.number, element, Form.COUNT, count=3 * element.lanes + 1)
    image = fill_operands(apart, 3)
    at = Expected(apart).written()

    in_place = run(probes, KERNEL, replace(apart, dst=apart.src0), image)

    beside = run(probes, KERNEL, apart, image)
    assert_same_bits(in_place[at + apart.src0 - apart.dst], beside[at])


def _fault_cases() -> Iterator[object]:
    by_form = {
        Form.MASK_BITS: ["misaligned dst", "partial overlap", "dst block stride 0", "src0 in L1"],
        Form.MASK_COUNT: ["too many lanes", "dst beyond UB", "src0 never written"],
        Form.COUNT: ["misaligned src0", "negative count", "dst in L1", "src0 beyond UB"],
    }
    for function in FUNCTIONS:
        for form, cases in by_form.items():
            element = function.types[0]
            good = VectorCall(function.number, element, form, count=element.lanes, repeats=2)
            if form == Form.MASK_COUNT:
                good = VectorCall(function.number, element, form, mask=(5, 0), repeats=2)
            for case in cases:
                row = row_of(function.name, form)
                yield param(faulty(good, case), case, row=row, kind="fault", name=f"{row} {case}")


@pytest.mark.parametrize(("call", "case"), list(_fault_cases()))
def test_broken_rule_is_a_fault(probes: model.Library, call: VectorCall, case: str) -> None:
    kind, operand = FAULTS[case]

    with raises_fault(kind, operand=operand):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_cube_core_skips_the_function(probes: model.Library, function: Function) -> None:
    call = VectorCall(function.number, function.types[0], Form.COUNT, count=8)

    run(probes, KERNEL, idle(call), fill_operands(call, 0), kind="AIC_ONLY")
