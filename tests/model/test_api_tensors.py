# SPDX-License-Identifier: Apache-2.0
"""What tensors carry besides elements, operators on whole tensors, and the ends of a tensor."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import answers
from tests.model.harness import Array, aligned, assert_same_bits, covers, raises_fault

COUNT = 64


@covers("GlobalTensor.SetShapeInfo", "value")
@covers("GlobalTensor.GetShapeInfo", "value")
@covers("LocalTensor.SetShapeInfo", "value")
@covers("LocalTensor.GetShapeInfo", "value")
def test_a_tensor_keeps_its_shape_and_hands_it_to_slices(probes: model.Library) -> None:
    x = np.zeros(COUNT, np.int32)

    assert answers(probes, "probe_tensor_shapes", 8, x) == [2, 4, 8, 2] * 2


@covers("LocalTensor.operator()", "value")
def test_element_references_are_values_and_places(probes: model.Library) -> None:
    assert answers(probes, "probe_element_references", 5) == [1, 7, 12, 3, 2]


@covers("LocalTensor.GetValue", "value")
@covers("LocalTensor.SetValue", "value")
def test_a_cube_core_has_no_ub(probes: model.Library) -> None:
    assert answers(probes, "probe_ub_of_a_cube_core", 1, type="AIC_ONLY") == [0]


def operator(probes: model.Library, name: str, x: Array, y: Array, out: Array) -> Array:
    probes.launch(f"probe_operator_{name}", [x, y, model.Out(out)])
    return out


@covers("LocalTensor.operators", "value")
def test_operators_work_on_whole_tensors(probes: model.Library) -> None:
    random = np.random.default_rng(0)
    x, y = (random.integers(-1000, 1000, COUNT, dtype=np.int32) for _ in range(2))
    left, right = (random.standard_normal(COUNT).astype(np.float32) for _ in range(2))

    total = operator(probes, "add", x, y, aligned(COUNT, np.int32))
    bits = operator(probes, "less", left, right, aligned(COUNT // 8, np.uint8))

    assert_same_bits(total, x + y)
    assert_same_bits(bits, np.packbits(left < right, bitorder="little"))


@pytest.mark.parametrize(
    ("kernel", "kind", "function", "rule"),
    [
        pytest.param(
            *("slice_beyond", "parameter", "LocalTensor::operator[]"),
            "index (16) must be less than the size of the tensor",
            marks=covers("LocalTensor.operator[]", "fault"),
        ),
        pytest.param(
            *("size_beyond", "parameter", "SetSize"),
            "leave the tensor inside its memory",
            marks=covers("LocalTensor.SetSize", "fault"),
        ),
        pytest.param(
            *("set_tag", "parameter", "SetUserTag", "come from a queue or a TBuf"),
            marks=covers("LocalTensor.SetUserTag", "fault"),
        ),
        pytest.param(
            *("get_tag", "parameter", "GetUserTag", "come from a queue or a TBuf"),
            marks=covers("LocalTensor.GetUserTag", "fault"),
        ),
        pytest.param(
            *("read_l1", "position", "GetValue", "VECIN, VECCALC or VECOUT"),
            marks=covers("LocalTensor.GetValue", "fault"),
        ),
        pytest.param(
            *("unaligned_operator", "alignment", "vadd", "multiple of 32"),
            marks=covers("LocalTensor.operators", "fault"),
        ),
    ],
)
def test_a_local_tensor_ends_somewhere(
    probes: model.Library, kernel: str, kind: str, function: str, rule: str
) -> None:
    with raises_fault(kind, instruction=function, rule=rule):
        probes.launch(f"probe_tensor_{kernel}", [])
