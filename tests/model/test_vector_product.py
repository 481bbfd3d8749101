# SPDX-License-Identifier: Apache-2.0
"""MulAddDst, Axpy and AddDeqRelu: functions that read what they write, or take several steps."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, raises_fault
from tests.model.vector_call import (
    ALL,
    FAULTS,
    FLOAT,
    HALF,
    INT32,
    FieldValue,
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
    scalar_bits,
)
from tests.model.vector_rules import Compute, Expected, read, relu, rounded

KERNEL = "probe_vector_product"
MUL_ADD_DST, AXPY, ADD_DEQ_RELU = 0, 1, 2
PAIRS = ((HALF, HALF), (FLOAT, FLOAT), (FLOAT, HALF))  # destination, source
NAMES = {MUL_ADD_DST: "MulAddDst", AXPY: "Axpy", ADD_DEQ_RELU: "AddDeqRelu"}
SCALAR = -1.7


def compute(call: VectorCall) -> Compute:
    """Dst + src0 * (src1 or the scalar): the product rounds to the type of dst, then the sum."""
    scalar = np.array(SCALAR).astype(call.source.numpy)

    def of(*operands: Array) -> Array:
        with np.errstate(all="ignore"):
            sources = [x.astype(np.float64) for x in operands]
            factor = sources[1] if call.function == MUL_ADD_DST else scalar.astype(np.float64)
            product = rounded(sources[0] * factor, call.type).astype(np.float64)
            return rounded(product + sources[-1], call.type)

    return of


def sources_of(call: VectorCall) -> int:
    return 2 if call.function == MUL_ADD_DST else 1


def _value_cases() -> Iterator[object]:
    for function in (MUL_ADD_DST, AXPY):
        for target, source in PAIRS:
            for form in tuple(Form)[:5]:
                for layout, fields in layouts(form, min(target.lanes, source.lanes)):
                    call = VectorCall(function, target, form, source, **fields)
                    name = f"{NAMES[function]} {target.name} {source.name} {form.name} {layout}"
                    row = row_of(NAMES[function], form)
                    yield param(call, row=row, kind="value", name=name)


@pytest.mark.parametrize("call", list(_value_cases()))
def test_result_is_the_rounded_sum_of_the_rounded_product(
    probes: model.Library, call: VectorCall
) -> None:
    call = replace(call, scalar=scalar_bits(SCALAR, call.source))
    image = fill_operands(call, 2)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, Expected(call).apply(image, compute(call), sources_of(call)))


@pytest.mark.parametrize("function", [MUL_ADD_DST, AXPY], ids=NAMES.get)
def test_repeats_must_not_accumulate(probes: model.Library, function: int) -> None:
    call = VectorCall(function, FLOAT, Form.MASK_BITS, repeats=2, dst_stride=Stride(1, 0))

    with raises_fault("overlap", operand="dst", rule="written by repeat 0 and read by repeat 1"):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize("function", [MUL_ADD_DST, AXPY], ids=NAMES.get)
@pytest.mark.parametrize("source", [0, 256, 480], ids=["start", "half-way", "last block"])
def test_a_float_destination_must_be_apart_from_half_sources(
    probes: model.Library, function: int, source: int
) -> None:
    call = VectorCall(function, FLOAT, Form.COUNT, HALF, count=128, src0=source)

    with raises_fault("overlap", operand="src0" if function == MUL_ADD_DST else "src"):
        run(probes, KERNEL, call, fill_operands(call, 0))


def deq_values(count: int, seed: int) -> Array:
    """Sums from small to beyond the range of half after scaling; a few overflow int32."""
    rng = np.random.default_rng(seed)
    values = rng.integers(-(1 << 24), 1 << 24, count, np.int32)
    values[rng.integers(0, count, count // 16)] = np.iinfo(np.int32).max
    return values


def deq_image(call: VectorCall, seed: int) -> Array:
    image = fill_operands(call, seed)
    count = 4096
    put(image, call.src0, deq_values(count, seed))
    put(image, call.src1, deq_values(count, seed + 1))
    return image


def deq_relu(scale: float) -> Compute:
    """max(half(float(src0 + src1) 2^-17 scale 2^17), 0), each step in float."""
    factor = np.float32(np.float16(scale))

    def of(src0: Array, src1: Array, _: Array) -> Array:
        with np.errstate(all="ignore"):
            total = (src0.astype(np.int64) + src1).astype(np.int32).astype(np.float32)
            scaled = total * np.float32(2.0**-17) * factor * np.float32(2.0**17)
            return relu(rounded(scaled.astype(np.float64), HALF))

    return of


def deq_call(form: Form, **fields: FieldValue) -> VectorCall:
    strides = {"dst_stride": Stride(1, 4), "src0_stride": Stride(1, 8)}
    scale = scalar_bits(0.0037, HALF)
    return VectorCall(ADD_DEQ_RELU, HALF, form, INT32, scalar=scale, **{**strides, **fields})


@pytest.mark.parametrize(
    "call",
    [
        param(call, row=row_of("AddDeqRelu", call.form), kind="value", name=name)
        for name, call in {
            "count 1": deq_call(Form.COUNT, count=1),
            "count 261": deq_call(Form.COUNT, count=261),
            "two passes": deq_call(Form.COUNT, count=2048 + 72),
            "first lanes": deq_call(Form.MASK_COUNT, mask=(37, 0), repeats=3),
            "whole repeats, two passes": deq_call(Form.MASK_COUNT, mask=(64, 0), repeats=35),
            "odd lanes": deq_call(Form.MASK_BITS, mask=(0xAAAA_AAAA_AAAA_AAAA, 0), repeats=2),
            "strided sum": deq_call(
                Form.MASK_COUNT,
                mask=(64, 0),
                repeats=4,
                src0_stride=Stride(2, 17),
                src1_stride=Stride(1, 16),
                dst_stride=Stride(3, 15),
            ),
        }.items()
    ],
)
def test_add_deq_relu_scales_the_sum(probes: model.Library, call: VectorCall) -> None:
    image = deq_image(call, 4)
    expected = Expected(call).apply(image, deq_relu(0.0037), 2)
    at = Expected(call).written()

    actual = run(probes, KERNEL, call, image)

    # The function overwrites its sources with intermediate values.
    assert_same_bits(read(actual, at, HALF.numpy), read(expected, at, HALF.numpy), "destination")
    untouched = np.delete(np.arange(call.src0), np.concatenate([at, at + 1]))
    assert_same_bits(actual[untouched], image[untouched], "around the destination")
    assert_same_bits(actual[call.mask_at :], expected[call.mask_at :], "mask register")


def _fault_cases() -> Iterator[object]:
    by_form = {
        Form.MASK_BITS: ["misaligned dst", "partial overlap", "dst block stride 0", "src0 in L1"],
        Form.MASK_COUNT: ["too many lanes", "dst beyond UB", "src0 never written"],
        Form.COUNT: ["misaligned src0", "negative count", "dst in L1", "src0 beyond UB"],
    }
    for function, (target, source) in [(MUL_ADD_DST, PAIRS[0]), (AXPY, PAIRS[1])]:
        for form, cases in by_form.items():
            good = VectorCall(function, target, form, source, count=target.lanes, repeats=2)
            if form == Form.MASK_COUNT:
                good = replace(good, mask=(5, 0))
            for case in cases:
                row = row_of(NAMES[function], form)
                yield param(faulty(good, case), case, row=row, kind="fault", name=f"{row} {case}")
    for form, case in [
        (Form.MASK_BITS, "misaligned dst"),
        (Form.MASK_COUNT, "too many lanes"),
        (Form.COUNT, "src0 never written"),
        (Form.COUNT, "negative count"),
    ]:
        good = deq_call(form, mask=(ALL, 0) if form == Form.MASK_BITS else (5, 0), count=64)
        row = row_of("AddDeqRelu", form)
        yield param(faulty(good, case), case, row=row, kind="fault", name=f"{row} {case}")


@pytest.mark.parametrize(("call", "case"), list(_fault_cases()))
def test_broken_rule_is_a_fault(probes: model.Library, call: VectorCall, case: str) -> None:
    kind, operand = FAULTS[case]

    with raises_fault(kind, operand=operand):
        run(probes, KERNEL, call, fill_operands(call, 0))


@pytest.mark.parametrize("function", NAMES, ids=NAMES.get)
def test_a_cube_core_skips_the_function(probes: model.Library, function: int) -> None:
    types = (HALF, INT32) if function == ADD_DEQ_RELU else (HALF, HALF)
    call = VectorCall(function, types[0], Form.COUNT, types[1], count=8)

    run(probes, KERNEL, idle(call), fill_operands(call, 0), kind="AIC_ONLY")
