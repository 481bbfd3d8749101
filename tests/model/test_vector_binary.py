# SPDX-License-Identifier: Apache-2.0
"""Vector functions with two sources of one type: values, accumulation, overlap, faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, raises_fault
from tests.model.vector_call import (
    ALL,
    FAULTS,
    FLOAT,
    HALF,
    INT16,
    INT32,
    UINT16,
    UINT32,
    ElementType,
    Fields,
    Form,
    Stride,
    VectorCall,
    faulty,
    fill_operands,
    idle,
    layouts,
    param,
    put,
    row_of,
    run,
)
from tests.model.vector_rules import Compute, Expected, larger, read, relu, rounded, smaller

KERNEL = "probe_vector_binary"
FLOATS = (HALF, FLOAT)
NUMBERS = (HALF, FLOAT, INT16, INT32)


@dataclass(frozen=True)
class Function:
    """One function of the API.

    ``exact`` takes float64 or int64 and gives the result before it is rounded to the type.
    """

    name: str
    number: int
    types: tuple[ElementType, ...]
    exact: Callable[[Array, Array], Array]
    relu: bool = False
    with_target: bool = False  # dst = exact(src0, dst), rounded, + src1
    accumulates: bool = False
    operator: bool = False

    @property
    def forms(self) -> tuple[Form, ...]:
        return tuple(Form)[:5] + ((Form.OPERATOR,) if self.operator else ())

    def types_of(self, form: Form) -> tuple[ElementType, ...]:
        bits = self.types == (INT16, UINT16)
        wide = bits and form in (Form.COUNT, Form.OPERATOR)
        return (*self.types, INT32, UINT32) if wide else self.types

    def compute(self, element: ElementType) -> Compute:
        def of(src0: Array, src1: Array, old: Array) -> Array:
            if not element.is_float:
                result = self.exact(src0.astype(np.int64), src1.astype(np.int64))
                limit = np.iinfo(np.int16).max
                return (np.clip(result, 0, limit) if self.relu else result).astype(src0.dtype)
            with np.errstate(all="ignore"):
                a, b, target = (x.astype(np.float64) for x in (src0, src1, old))
                result = rounded(self.exact(a, target if self.with_target else b), element)
                if self.with_target:
                    result = rounded(result.astype(np.float64) + b, element)
            return relu(result) if self.relu else result

        return of


FUNCTIONS = (
    Function("Add", 0, NUMBERS, np.add, accumulates=True, operator=True),
    Function("Sub", 1, NUMBERS, np.subtract, accumulates=True, operator=True),
    Function("Mul", 2, NUMBERS, np.multiply, accumulates=True, operator=True),
    Function("Div", 3, FLOATS, np.divide, operator=True),
    Function("Max", 4, NUMBERS, larger, accumulates=True),
    Function("Min", 5, NUMBERS, smaller, accumulates=True),
    Function("AddRelu", 6, (INT16, *FLOATS), np.add, relu=True, accumulates=True),
    Function("SubRelu", 7, (INT16, *FLOATS), np.subtract, relu=True, accumulates=True),
    Function("FusedMulAdd", 8, FLOATS, np.multiply, with_target=True),
    Function("FusedMulAddRelu", 9, FLOATS, np.multiply, relu=True, with_target=True),
    Function("And", 10, (INT16, UINT16), np.bitwise_and, operator=True),
    Function("Or", 11, (INT16, UINT16), np.bitwise_or, operator=True),
)


def as_executed(call: VectorCall) -> VectorCall:
    """And and Or handle 16 bits: the count form counts those, the operator whole elements."""
    if call.function < 10 or call.type not in (INT32, UINT32):
        return call
    factor = 2 if call.form == Form.OPERATOR else 1
    return replace(call, type=INT16, count=factor * call.count)


def _value_cases() -> Iterator[object]:
    for function in FUNCTIONS:
        for form in function.forms:
            for element in function.types_of(form):
                for layout, fields in layouts(form, element.lanes):
                    name = f"{function.name} {element.name} {form.name.lower()} {layout}"
                    call = VectorCall(function.number, element, form, **fields)
                    if function.with_target and layout == "255 repeats":
                        call = replace(call, dst_stride=Stride(1, 1))
                    yield param(
                        function, call, row=row_of(function.name, form), kind="value", name=name
                    )


@pytest.mark.parametrize(("function", "call"), list(_value_cases()))
def test_result_follows_the_function(
    probes: model.Library, function: Function, call: VectorCall
) -> None:
    image = fill_operands(call, function.number)

    actual = run(probes, KERNEL, call, image)

    executed = as_executed(call)
    expected = Expected(executed).apply(image, function.compute(executed.type), 2)
    assert_same_bits(actual, expected, function.name)


# [src0, src1, dst before, result] by function, from the boundary value tables of the documents.
BOUNDARIES: dict[str, list[tuple[float | str, ...]]] = {
    "Add": [(-0.0, -0.0, 0, -0.0), (np.inf, -np.inf, 0, np.nan)],
    "Sub": [(np.inf, np.inf, 0, np.nan)],
    "Mul": [(0.0, np.inf, 0, np.nan)],
    "Div": [(1.0, 0.0, 0, np.inf), (-1.0, 0.0, 0, -np.inf), (0.0, 0.0, 0, np.nan)],
    "Max": [(0.0, -0.0, 0, 0.0), (-0.0, 0.0, 0, 0.0), (1.0, np.nan, 0, np.nan)],
    "Min": [(0.0, -0.0, 0, -0.0), (-0.0, 0.0, 0, -0.0), (np.nan, 1.0, 0, np.nan)],
    "AddRelu": [(-0.0, -0.0, 0, 0.0), (np.nan, 1.0, 0, np.nan), (-3.0, 1.0, 0, 0.0)],
    "SubRelu": [(1.0, 3.0, 0, 0.0), (np.inf, np.inf, 0, np.nan)],
    "FusedMulAdd": [("max", -np.inf, "max", np.nan)],  # not fused: that would give -inf
    "FusedMulAddRelu": [("max", -np.inf, "max", np.nan), (1.0, -3.0, 1.0, 0.0)],
}


@pytest.mark.parametrize("element", FLOATS, ids=lambda element: element.name)
@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for name, cases in BOUNDARIES.items() for case in cases],
    ids=str,
)
def test_boundary_values_are_those_of_the_document(
    probes: model.Library, element: ElementType, name: str, case: tuple[float | str, ...]
) -> None:
    number = next(function.number for function in FUNCTIONS if function.name == name)
    values = [np.finfo(element.numpy).max if x == "max" else x for x in case]
    call = VectorCall(number, element, Form.COUNT, count=1)
    image = fill_operands(call, 0)
    for address, value in zip((call.src0, call.src1, call.dst), values, strict=False):
        put(image, address, np.array([value], element.numpy))

    actual = run(probes, KERNEL, call, image)

    expected = rounded(np.array([values[3]], np.float64), element)
    assert_same_bits(read(actual, np.array([call.dst]), element.numpy), expected)


def accumulating(function: Function, element: ElementType) -> VectorCall:
    """Dst = src1 stays in place while src0 moves on: each repeat reads what the last one wrote."""
    return VectorCall(
        function.number,
        element,
        Form.MASK_BITS,
        mask=(ALL, ALL),
        repeats=5,
        src1=0,
        dst_stride=Stride(1, 0),
        src1_stride=Stride(1, 0),
    )


@pytest.mark.parametrize(
    ("function", "element"),
    [
        (function, element)
        for function in FUNCTIONS
        if function.accumulates
        for element in function.types
        if element != INT16
    ],
    ids=lambda value: value.name,
)
def test_repeats_may_accumulate_into_the_second_source(
    probes: model.Library, function: Function, element: ElementType
) -> None:
    call = accumulating(function, element)
    image = fill_operands(call, 7)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, Expected(call).apply(image, function.compute(element), 2))


@pytest.mark.parametrize(
    ("function", "element"),
    [
        (function, element)
        for function in FUNCTIONS
        for element in function.types
        if not function.accumulates or element == INT16
    ],
    ids=lambda value: value.name,
)
def test_other_functions_and_types_must_not_accumulate(
    probes: model.Library, function: Function, element: ElementType
) -> None:
    call = accumulating(function, element)

    with raises_fault("overlap", rule="written by repeat 0 and read by repeat 1"):
        run(probes, KERNEL, call, fill_operands(call, 7))


@pytest.mark.parametrize(
    "changes",
    [
        {"src0": 0, "src0_stride": Stride(1, 0), "src1": 32768, "dst_stride": Stride(1, 0)},
        {"src1": 0, "src1_stride": Stride(1, 4), "dst_stride": Stride(1, 4)},
        {"src0": 0, "src0_stride": Stride(1, 0)},
    ],
    ids=["the first source", "without a stride of 0", "a source that stays"],
)
def test_a_repeat_must_not_read_what_an_earlier_one_wrote(
    probes: model.Library, changes: Fields
) -> None:
    call = VectorCall(0, FLOAT, Form.MASK_BITS, repeats=3, **changes)

    with raises_fault("overlap", instruction="vadd", rule="must not share bytes with dst"):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize(
    "changes",
    [
        {"src0": 0},
        {"src0": 0, "src1": 0},
        {"src0": 0, "mask": (0x0F0F, 0), "repeats": 1, "src0_stride": Stride(1, 3)},
        {"src0": 32, "mask": (0xFF, 0), "repeats": 1},
        {
            "src0": 32,
            "mask": (0xFF00FF, 0),
            "dst_stride": Stride(2, 8),
            "src0_stride": Stride(2, 8),
        },
        {"src0": 8 * 32, "repeats": 1},
        {"src0": 8 * 32, "src0_stride": Stride(1, 16), "dst_stride": Stride(1, 16)},
    ],
    ids=[
        "in place",
        "all three the same",
        "in place, some lanes",
        "next block, one block a repeat",
        "alternating blocks",
        "behind the destination",
        "interleaved repeats",
    ],
)
def test_operands_may_be_the_same_or_apart(probes: model.Library, changes: Fields) -> None:
    call = VectorCall(0, FLOAT, Form.MASK_BITS, **{"repeats": 2, **changes})
    image = fill_operands(call, 0)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, Expected(call).apply(image, FUNCTIONS[0].compute(FLOAT), 2))


@pytest.mark.parametrize(
    "changes",
    [
        {"src0": 32},
        {"src0": 64, "src0_stride": Stride(0, 8)},
        {"src0": 0, "src0_stride": Stride(2, 16)},
        {"src0": 32, "mask": (0xFFFF, 0), "src0_stride": Stride(0, 0)},
    ],
    ids=["one block later", "one shared block", "other strides", "two blocks, one shared"],
)
def test_operands_must_not_overlap_in_part(probes: model.Library, changes: Fields) -> None:
    call = VectorCall(0, FLOAT, Form.MASK_BITS, **changes)

    with raises_fault("overlap", instruction="vadd", operand="src0", rule="different lanes"):
        run(probes, KERNEL, call, fill_operands(call, 0))


def _fault_cases() -> Iterator[object]:
    by_form = {
        Form.MASK_BITS: ["misaligned dst", "partial overlap", "dst block stride 0", "src0 in L1"],
        Form.MASK_COUNT: ["too many lanes", "dst beyond UB", "src0 never written"],
        Form.COUNT: ["misaligned src1", "negative count", "dst in L1", "src0 beyond UB"],
        Form.OPERATOR: ["misaligned src0", "partial overlap", "src0 never written"],
    }
    for function in FUNCTIONS:
        for form in set(by_form) & set(function.forms):
            element = function.types[0]
            good = VectorCall(function.number, element, form, count=element.lanes, repeats=2)
            if form == Form.MASK_COUNT:
                good = replace(good, mask=(5, 0))
            for case in by_form[form]:
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
