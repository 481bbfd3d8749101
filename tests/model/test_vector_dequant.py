# SPDX-License-Identifier: Apache-2.0
"""CastDeq: 16-bit integers scaled to bytes, in one half of each destination block."""

from dataclasses import replace

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import Array, assert_same_bits, covers, raises_fault
from tests.model.vector_call import (
    A1,
    FLOAT,
    IMAGE_BYTES,
    INT8,
    INT16,
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
    row_of,
    run,
    scalar_bits,
)
from tests.model.vector_rules import Expected, Indices, lane_addresses, read

KERNEL = "probe_vector_cast"
CAST_DEQ = 1
VEC_DEQ, HIGH_HALF = 1, 2  # bits of `variant`
LANES = 128
NO_FLAG = 1  # of `src1`: the probe leaves the flag from S to V out


def call_of(form: Form, target: ElementType, variant: int, **fields: FieldValue) -> VectorCall:
    scale = scalar_bits(0.37, FLOAT)
    default = {"count": 100, "scalar": scale, "src1": 0, "extra": IMAGE_BYTES}
    return VectorCall(CAST_DEQ, target, form, INT16, variant=variant, **{**default, **fields})


def settings(call: VectorCall) -> tuple[Array, Array]:
    """Scale (without its 13 last digits) and offset of the 16 lanes of a block, as the probe."""
    lane = np.arange(16)
    if call.variant & VEC_DEQ:
        scale, offset = 0.25 * (lane + 1), lane - 8
    else:
        value = np.frombuffer(call.scalar.to_bytes(4, "little"), np.float32)[0]
        scale, offset = np.full(16, value), np.full(16, call.count % 7 - 3)
    bits = scale.astype(np.float32).view(np.uint32) & np.uint32(0xFFFFE000)
    return bits.view(np.float32), offset.astype(np.float32)


def targets(call: VectorCall, repeat: int, lanes: Indices, stride: Stride) -> Indices:
    """Block b of the destination takes the 16 lanes of block b of the source."""
    block = lane_addresses(call.dst, stride, 16, repeat, lanes // 16 * 16)
    return block + lanes % 16 + (16 if call.variant & HIGH_HALF else 0)


def expected_image(call: VectorCall, image: Array) -> Array:
    rules = Expected(call)
    result = image.copy()
    scale, offset = settings(call)
    limits = np.iinfo(call.type.numpy)
    contiguous = call.form == Form.COUNT
    for repeat, lanes in enumerate(rules.repeats()):
        source = Stride() if contiguous else call.src0_stride
        at = lane_addresses(call.src0, source, 16, repeat, lanes)
        scaled = read(image, at, INT16.numpy).astype(np.float32) * scale[lanes % 16]
        whole = np.rint(scaled + offset[lanes % 16])
        to = targets(call, repeat, lanes, Stride() if contiguous else call.dst_stride)
        clipped = np.clip(whole, limits.min, limits.max).astype(call.type.numpy)
        result[to] = clipped.view(np.uint8)
    return rules.show_mask(result)


def image_for(call: VectorCall) -> Array:
    return fill_operands(replace(call, type=UINT8), 4)


FIELDS = {
    "odd lanes, strided": (
        Form.MASK_BITS,
        {
            "mask": (0xAAAA_AAAA_AAAA_AAAA, 0xFFFF),
            "repeats": 3,
            "dst_stride": Stride(2, 17),
            "src0_stride": Stride(1, 8),
        },
    ),
    "first lanes": (Form.MASK_COUNT, {"mask": (70, 0), "repeats": 2}),
    "caller's counter": (
        Form.CALLER_MASK_COUNT,
        {"mask_setup": MaskSetup.COUNTER, "caller_mask": (200, 0)},
    ),
    "count": (Form.COUNT, {"count": 2 * LANES + 21}),
}


@covers("SetDeqScale.scalar", "value")
@covers("SetDeqScale.tensor", "value")
@covers("VdeqInfo", "value")
@pytest.mark.parametrize("variant", [0, VEC_DEQ, HIGH_HALF, VEC_DEQ | HIGH_HALF])
@pytest.mark.parametrize("target", [INT8, UINT8], ids=lambda element: element.name)
@pytest.mark.parametrize(
    ("form", "fields"),
    [
        param(form, fields, row=row_of("CastDeq", form), kind="value", name=name)
        for name, (form, fields) in FIELDS.items()
    ],
)
def test_lanes_are_scaled_shifted_and_clipped(
    probes: model.Library,
    form: Form,
    fields: Fields,
    target: ElementType,
    variant: int,
) -> None:
    call = call_of(form, target, variant, **fields)
    image = image_for(call)

    actual = run(probes, KERNEL, call, image)

    assert_same_bits(actual, expected_image(call, image))


@pytest.mark.parametrize(
    ("form", "changes", "kind"),
    [
        param(form, changes, kind, row=row_of("CastDeq", form), kind="fault", name=name)
        for name, form, changes, kind in [
            ("misaligned", Form.MASK_BITS, {"src0": 16392}, "alignment"),
            ("block stride 0", Form.MASK_BITS, {"dst_stride": Stride(0, 8)}, "parameter"),
            ("too many lanes", Form.MASK_COUNT, {"mask": (129, 0)}, "parameter"),
            ("in place", Form.MASK_COUNT, {"dst": 16384, "mask": (16, 0)}, "overlap"),
            ("never written", Form.COUNT, {"src0": 131072}, "uninitialized"),
            ("in L1", Form.COUNT, {"positions": (A1, VECCALC, VECCALC)}, "position"),
        ]
    ],
)
def test_broken_rule_is_a_fault(
    probes: model.Library, form: Form, changes: Fields, kind: str
) -> None:
    call = call_of(form, INT8, 0, **changes)

    with raises_fault(kind):
        run(probes, KERNEL, call, image_for(call))


@covers("SetDeqScale.tensor", "fault")
def test_settings_must_lie_in_ub(probes: model.Library) -> None:
    call = call_of(Form.COUNT, INT8, VEC_DEQ, positions=(VECCALC, VECCALC, A1))

    with raises_fault("position"):
        run(probes, KERNEL, call, image_for(call))


@covers("SetDeqScale.tensor", "fault")
def test_settings_need_a_flag_from_the_scalar_pipe(probes: model.Library) -> None:
    call = call_of(Form.COUNT, INT8, VEC_DEQ, src1=NO_FLAG)

    with raises_fault("hazard", operand="deq parameters", other="scalar_store"):
        run(probes, KERNEL, call, image_for(call))


def test_a_cube_core_skips_the_function(probes: model.Library) -> None:
    call = call_of(Form.COUNT, INT8, VEC_DEQ, src1=NO_FLAG)

    run(probes, KERNEL, idle(call), image_for(call), kind="AIC_ONLY")
