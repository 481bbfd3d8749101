# SPDX-License-Identifier: Apache-2.0
"""Scalar types and plain structs: int4b_t, bfloat16_t as a scalar, ShapeInfo, enumerations."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import answers, numbers
from tests.model.harness import (
    Array,
    aligned,
    assert_same_bits,
    covers,
    from_bfloat16,
    raises_fault,
    to_bfloat16,
)


def nibbles(values: Array) -> Array:
    """Two int4 values a byte, the first in the low half, as int8."""
    halves = np.stack([values & 0xF, values >> 4], axis=-1).reshape(-1).astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8)


@covers("int4b_t", "value")
@covers("GlobalTensor.GetValue", "value")
def test_int4_elements_are_read_from_either_half_of_a_byte(probes: model.Library) -> None:
    packed = np.arange(256, dtype=np.uint8)
    out = aligned(512, np.int8)
    probes.launch("probe_int4_unpack", [packed, model.Out(out), numbers(512)])

    assert_same_bits(out, nibbles(packed))


@covers("int4b_t", "value")
@covers("GlobalTensor.SetValue", "value")
def test_int4_elements_are_stored_into_either_half_of_a_byte(probes: model.Library) -> None:
    packed = np.arange(256, dtype=np.uint8)
    out = aligned(256, np.uint8)
    out[...] = 0
    probes.launch("probe_int4_pack", [nibbles(packed), model.InOut(out), numbers(512)])

    assert_same_bits(out, packed)


@covers("int4b_t", "value")
def test_int4_scalars_compare_as_numbers(probes: model.Library) -> None:
    assert answers(probes, "probe_int4_compare", 8) == [1, 1, 1, 0, 0, 0, 1, 1]


@covers("int4b_t", "value")
@covers("LocalTensor.GetSize", "value")
def test_a_local_tensor_of_int4_counts_two_elements_a_byte(probes: model.Library) -> None:
    assert answers(probes, "probe_int4_local", 5) == [64, -1, 5, 48, 32]


def test_offsets_of_int4_tensors_are_even(probes: model.Library) -> None:
    with raises_fault("parameter", instruction="LocalTensor::operator[]", rule="must be even"):
        probes.launch("probe_int4_odd_offset", [])


@covers("ToFloat", "value")
@covers("bfloat16_t", "value")
@pytest.mark.filterwarnings("ignore:invalid value encountered in add")
def test_bfloat16_scalars(probes: model.Library) -> None:
    bits = np.random.default_rng(0).integers(0, 1 << 16, 128, dtype=np.uint16)
    bits = np.where((bits & 0x7F80) == 0x7F80, bits & 0xFF80, bits).astype(np.uint16)  # no NaN
    wide, sums = aligned(bits.size, np.float32), aligned(bits.size, np.uint16)
    outputs = [model.Out(wide), model.Out(sums)]
    probes.launch("probe_bfloat16_scalar", [bits, *outputs, numbers(bits.size)])

    assert_same_bits(wide, from_bfloat16(bits), "ToFloat")
    exact = from_bfloat16(bits) + from_bfloat16(np.roll(bits, -1))
    assert_same_bits(sums, to_bfloat16(exact), "sum")


@covers("ToBfloat16", "value")
def test_to_bfloat16_rounds_to_nearest_even(probes: model.Library) -> None:
    tie, odd_tie = 1 + 2**-8, 1 + 3 * 2**-8
    special = [0.0, -0.0, np.inf, -np.inf, tie, odd_tie, -tie, 3.0e38, 3.4e38, -1.0e-40, 65504.0]
    random = np.random.default_rng(0).standard_normal(117)
    floats = np.concatenate([random, special]).astype(np.float32)
    narrow = aligned(floats.size, np.uint16)
    probes.launch("probe_to_bfloat16", [floats, model.Out(narrow), numbers(floats.size)])

    assert_same_bits(narrow, to_bfloat16(floats), "ToBfloat16")


@covers("ShapeInfo", "value")
@covers("GetShapeSize", "value")
def test_a_shape_has_two_lists_of_sizes_and_a_format(probes: model.Library) -> None:
    short, formatted, full = [3, 3, 0, 24, 2, 3, 4], [2, 2, 1, 6, 2, 3], [3, 2, 4, 24, 6, 5]

    got = answers(probes, "probe_shape_info", len(short + formatted + full))

    assert got == short + formatted + full


@covers("ShapeInfo", "fault")
def test_a_shape_has_at_most_eight_dimensions(probes: model.Library) -> None:
    probes.launch("probe_shape_dims", [numbers(8)])
    with raises_fault("parameter", instruction="ShapeInfo", rule="shapeDim (9) must be in 0..8"):
        probes.launch("probe_shape_dims", [numbers(9)])


@covers("Hardware", "value")
@covers("CacheLine", "value")
@covers("MaskMode", "value")
def test_enumerations_have_the_documented_values(probes: model.Library) -> None:
    got = answers(probes, "probe_enumerations", 18)

    assert got == [*range(9), *range(2), *range(4), 0, 1, 0]
