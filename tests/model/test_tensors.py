# SPDX-License-Identifier: Apache-2.0
"""GlobalTensor, LocalTensor and the scalar types: views, element access, conversions."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import (
    Array,
    aligned,
    assert_same_bits,
    covers,
    from_bfloat16,
    raises_fault,
    to_bfloat16,
)

X = np.arange(64, dtype=np.int32) * 3


def answers(probes: model.Library, kernel: str, *inputs: Array, count: int) -> list[int]:
    out = aligned(count, np.int64)
    probes.launch(kernel, [*inputs, model.Out(out)])
    return [int(value) for value in out]


def number(value: int) -> bytes:
    return np.array([value], np.int32).tobytes()


@covers("GlobalTensor", "value")
@covers("GlobalTensor.SetGlobalBuffer", "value")
@covers("GlobalTensor.SetGlobalBuffer.size", "value")
@covers("GlobalTensor.GetSize", "value")
@covers("GlobalTensor.GetPhyAddr", "value")
@covers("GlobalTensor.GetPhyAddr.offset", "value")
@covers("GlobalTensor.GetValue", "value")
@covers("GlobalTensor.operator[]", "value")
@covers("GlobalTensor.SetL2CacheHint", "value")
def test_global_tensors_are_views(probes: model.Library) -> None:
    got = answers(probes, "probe_global_views", X, count=8)

    assert (got[0], got[2]) == (40, 40)
    assert got[3:5] == [1, 3]  # the same address; a distance
    assert [got[1], *got[5:]] == [X[7], X[5], X[6], X[9]]


def test_a_tensor_without_a_size_has_size_0(probes: model.Library) -> None:
    assert answers(probes, "probe_open_tensor", X, count=1) == [0]
    assert answers(probes, "probe_no_tensor", count=2) == [0, 0]


@covers("GlobalTensor.SetValue", "value")
@covers("GlobalTensor.operator()", "value")
def test_elements_of_gm_can_be_stored(probes: model.Library) -> None:
    out = aligned(3, np.int32)
    probes.launch("probe_global_stores", [model.Out(out)])

    assert out.tolist() == [1, 2, 3]


@covers("GlobalTensor.GetValue", "fault")
@covers("GlobalTensor.operator()", "fault")
@pytest.mark.parametrize("index", [64, -1, 1 << 20])
def test_elements_of_gm_end_with_the_argument(probes: model.Library, index: int) -> None:
    with raises_fault("address", instruction="scalar_load_gm", operand="source"):
        probes.launch("probe_global_element", [X, number(index)])


@covers("GlobalTensor.SetValue", "fault")
def test_elements_of_an_input_cannot_be_stored(probes: model.Library) -> None:
    with raises_fault("read_only", instruction="scalar_store_gm", rule="is an input"):
        probes.launch("probe_global_stores", [X])


@covers("LocalTensor", "value")
@covers("LocalTensor.GetSize", "value")
@covers("LocalTensor.SetSize", "value")
@covers("LocalTensor.GetPhyAddr", "value")
@covers("LocalTensor.GetPhyAddr.offset", "value")
@covers("LocalTensor.GetPosition", "value")
@covers("LocalTensor.operator[]", "value")
@covers("LocalTensor.ReinterpretCast", "value")
@covers("LocalTensor.SetUserTag", "value")
@covers("LocalTensor.GetUserTag", "value")
@covers("LocalTensor.deprecated", "value")
@covers("TBuf", "value")
@covers("TBuf.Get", "value")
@covers("TPipe.InitBuffer.tbuf", "value")
def test_local_tensors_are_views(probes: model.Library) -> None:
    got = answers(probes, "probe_local_views", count=11)

    assert got[:2] == [32, 128]  # the buffer of 100 bytes is 128 long
    assert got[2:5] == [64, 12, 11]  # behind the other buffer; VECCALC
    assert got[5:7] == [28, 16]
    assert got[7:] == [8, 64, 8, 17]


@covers("LocalTensor.GetValue", "value")
@covers("LocalTensor.SetValue", "value")
@covers("LocalTensor.operator()", "value")
def test_elements_of_ub(probes: model.Library) -> None:
    assert answers(probes, "probe_local_elements", count=4) == [1, 2, 3, 3]


@pytest.mark.parametrize("kernel", ["probe_local_get", "probe_local_reference"])
def test_elements_of_ub_must_be_written_before_they_are_read(
    probes: model.Library, kernel: str
) -> None:
    with raises_fault("uninitialized", instruction="scalar_load", memory="UB"):
        probes.launch(kernel, [number(3)])


@pytest.mark.parametrize("index", [16, -1])
@pytest.mark.parametrize(
    ("kernel", "function"),
    [
        pytest.param("probe_local_get", "GetValue", marks=covers("LocalTensor.GetValue", "fault")),
        pytest.param("probe_local_set", "SetValue", marks=covers("LocalTensor.SetValue", "fault")),
        pytest.param(
            "probe_local_reference",
            "LocalTensor::operator()",
            marks=covers("LocalTensor.operator()", "fault"),
        ),
    ],
)
def test_elements_of_ub_end_with_the_tensor(
    probes: model.Library, kernel: str, function: str, index: int
) -> None:
    with raises_fault("parameter", instruction=function, rule="less than the size"):
        probes.launch(kernel, [number(index)])


def finite_halves(seed: int) -> Array:
    bits = np.random.default_rng(seed).integers(0, 1 << 16, 500, dtype=np.uint16)
    corners = np.array([0x0000, 0x8000, 0x0001, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x3C00], np.uint16)
    values = np.concatenate([corners, bits]).view(np.float16)
    return values[np.isfinite(values)]


@covers("half", "value")
@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_scalar_arithmetic_of_half_rounds_each_step(probes: model.Library) -> None:
    left = finite_halves(1)
    right = np.roll(left, 5)
    out = aligned((4, left.size), np.float16)
    probes.launch("probe_half_arithmetic", [left, right, model.Out(out), number(left.size)])

    expected = np.stack([left + right, left - right, left * right, left / right])
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(out), nan)
    assert_same_bits(np.where(nan, 0, out), np.where(nan, 0, expected).astype(np.float16))


def test_half_can_be_negated(probes: model.Library) -> None:
    values = finite_halves(1)
    out = aligned(values.size, np.float16)
    probes.launch("probe_half_negate", [values, model.Out(out), number(values.size)])

    assert_same_bits(out, -values)


FLOATS = np.concatenate(
    [
        np.random.default_rng(2).standard_normal(300) * 10.0 ** np.arange(-9, 6, 0.05),
        [0.0, -0.0, np.inf, -np.inf, 65504, 65519.996, 65520, 2.0**-24, 2.0**-25, 3e38, -3.4e38],
        [1 + 2.0**-8, 1 + 3 * 2.0**-8, 1 + 2.0**-11, 1 + 3 * 2.0**-11],  # ties
    ]
).astype(np.float32)


@covers("half", "value")
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_half_converts_to_float_and_back(probes: model.Library) -> None:
    bits = np.resize(np.arange(0, 1 << 16, 211, dtype=np.uint16), FLOATS.size)
    halves = bits.view(np.float16)
    wide, narrow = aligned(FLOATS.size, np.float32), aligned(FLOATS.size, np.float16)
    probes.launch(
        "probe_half_convert",
        [halves, FLOATS, model.Out(wide), model.Out(narrow), number(FLOATS.size)],
    )

    np.testing.assert_array_equal(wide, halves.astype(np.float32))
    assert_same_bits(narrow, FLOATS.astype(np.float16))


@covers("bfloat16_t", "value")
def test_bfloat16_converts_to_float_and_back(probes: model.Library) -> None:
    bits = np.resize(np.arange(0, 1 << 16, 211, dtype=np.uint16), FLOATS.size)
    wide, narrow = aligned(FLOATS.size, np.float32), aligned(FLOATS.size, np.uint16)
    probes.launch(
        "probe_bfloat16_convert",
        [bits, FLOATS, model.Out(wide), model.Out(narrow), number(FLOATS.size)],
    )

    np.testing.assert_array_equal(wide, from_bfloat16(bits))
    assert_same_bits(narrow, to_bfloat16(FLOATS))


@covers("TPosition", "value")
@covers("UnaryRepeatParams", "value")
@covers("BinaryRepeatParams", "value")
@covers("GM_ADDR", "value")
def test_plain_types_have_the_documented_values(probes: model.Library) -> None:
    got = answers(probes, "probe_plain_types", count=26)

    assert got[:6] == [0, 9, 10, 11, 11, 16]
    assert got[6:10] == [1, 1, 2, 3]
    assert got[10:14] == [8, 8, 4, 5]
    assert got[14:] == [1, 1, 1, 8, 8, 8, 1, 2, 3, 4, 5, 6]
