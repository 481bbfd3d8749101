# SPDX-License-Identifier: Apache-2.0
"""Memory outside the pool, queues by handle and by configuration, and rules of TPipe and TBuf."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import answers, numbers
from tests.model.harness import aligned, assert_same_bits, covers, raises_fault

SOC = model.socs()["Ascend910B2"]
UB_BYTES = SOC.local_bytes["UB"] - SOC.reserved_ub_bytes
VECIN, VECOUT, VECCALC = 9, 10, 11
TILE = 256  # bytes


@covers("TPipe.GetAbsAddr", "value")
@covers("PopStackBuffer", "value")
def test_memory_outside_the_pool(probes: model.Library) -> None:
    rest = 192 * 1024 - 128 - 96  # behind one buffer, less a message of the library

    got = answers(probes, "probe_memory_outside_the_pool", 12)

    assert got[:3] == [64, 32, VECIN]
    assert got[3:5] == [24, VECOUT]
    assert got[5:10] == [1, rest // 4, VECCALC, 96, rest // 4]
    assert got[10:] == [7, 3]


@covers("TQueBind.handles", "value")
def test_a_queue_takes_handles(probes: model.Library) -> None:
    x, out = np.arange(TILE // 4, dtype=np.int32), aligned(5, np.int64)
    z = np.zeros_like(x)
    probes.launch("probe_queue_handles", [x, model.Out(z), model.Out(out)])

    assert_same_bits(z, x)
    assert out.tolist() == [1, 32, TILE, VECOUT, 1]


@covers("TBuf.queue_names", "value")
def test_a_buffer_has_the_names_of_a_queue(probes: model.Library) -> None:
    assert answers(probes, "probe_buffer_as_queue", 2) == [16, 9]


@covers("TQue", "value")
def test_a_queue_can_fix_its_buffers(probes: model.Library) -> None:
    probes.launch("probe_configured_queue", [numbers(2, TILE)])


@pytest.mark.parametrize(("number", "size"), [(1, TILE), (2, TILE + 32)])
def test_a_queue_gets_the_buffers_that_it_fixes(
    probes: model.Library, number: int, size: int
) -> None:
    with raises_fault("capacity", instruction="InitBuffer", rule="TQueConfig"):
        probes.launch("probe_configured_queue", [numbers(number, size)])


@covers("TPipe.InitBuffer.que", "value")
@pytest.mark.parametrize(("number", "size"), [(1, 1), (64, 32), (1, UB_BYTES), (2, UB_BYTES // 2)])
def test_buffers_of_a_queue_up_to_the_limits(probes: model.Library, number: int, size: int) -> None:
    probes.launch("probe_queue_buffers", [numbers(number, size)])


@covers("TPipe.InitBuffer.que", "fault")
@pytest.mark.parametrize(
    ("number", "size", "rule"),
    [
        (0, 32, "num (0) must be at least 1"),
        (1, 0, "len (0) must be at least 1"),
        (65, 32, "more than 64 buffers"),
        (1, UB_BYTES + 1, "fit into the memory"),
        (64, UB_BYTES // 63, "fit into the memory"),
        (2, 2**31, "fit into the memory"),
    ],
)
def test_buffers_of_a_queue_beyond_the_limits(
    probes: model.Library, number: int, size: int, rule: str
) -> None:
    with raises_fault("capacity", instruction="InitBuffer", rule=rule):
        probes.launch("probe_queue_buffers", [np.array([number, size], np.uint32).tobytes()])


@covers("TQueBind.AllocTensor", "fault")
def test_a_position_has_eight_tensors_at_a_time(probes: model.Library) -> None:
    probes.launch("probe_many_tensors", [numbers(8)])
    with raises_fault("queue", instruction="AllocTensor", rule="more than 8 tensors"):
        probes.launch("probe_many_tensors", [numbers(9)])


def test_the_bench_of_broken_rules_breaks_none(probes: model.Library) -> None:
    probes.launch("probe_resource_nothing_wrong", [])


# Kernel -> API row, kind of fault, function, part of the rule.
BROKEN = {
    "abs_addr_beyond": ("TPipe.GetAbsAddr", "capacity", "GetAbsAddr", "offset (196544) must be"),
    "abs_addr_negative": ("TPipe.GetAbsAddr", "capacity", "GetAbsAddr", "offset (-4) must be"),
    "pop_beyond": ("PopStackBuffer", "address", "scalar_store", "bytes that a kernel may use"),
    "pop_destroyed": ("PopStackBuffer", "queue", "GetTPipePtr", "the core has no TPipe"),
    "free_events_queued": ("TQueBind.FreeAllEvent", "queue", "FreeAllEvent", "still in the queue"),
    "state_of_foreign": ("TQueBind.GetState", "queue", "GetState", "come from this queue"),
    "handle_of_foreign": ("TQueBind.handles", "queue", "EnQue", "come from this queue"),
    "address_of_nothing": ("TQueBind.handles", "queue", "GetBufferAddr", "come from this queue"),
    "bare_buffer": ("TBuf.Get", "capacity", "TBuf::Get", "no memory before InitBuffer"),
    "bare_queue": ("TQueBind.AllocTensor", "queue", "AllocTensor", "no buffers before InitBuffer"),
    "buffer_length": ("TBuf.Get.len", "capacity", "TBuf::Get", "len (9) must give a length"),
    "buffer_nothing": ("TBuf.Get.len", "capacity", "TBuf::Get", "len (0) must give a length"),
    "buffer_offset": (
        *("TBuf.GetWithOffset", "capacity", "TBuf::GetWithOffset"),
        "bufOffset (16) must be a multiple of 32",
    ),
    "destroyed": ("TPipe.Destroy", "queue", "InitBuffer", "not be used after Destroy"),
    "destroyed_twice": ("TPipe.Destroy", "queue", "Destroy", "not be used after Destroy"),
    "destroyed_ids": ("TPipe.AllocEventID", "queue", "AllocEventID", "not be used after Destroy"),
    "destroyed_queue": ("TQueBind.FreeTensor", "queue", "GetTPipePtr", "the core has no TPipe"),
    "reset_queue": ("TQueBind.FreeTensor", "queue", "FreeTensor", "since the last Reset"),
    "no_pipe": ("GetTPipePtr", "queue", "GetTPipePtr", "the core has no TPipe"),
}


@pytest.mark.parametrize(
    ("kernel", "kind", "function", "rule"),
    [
        pytest.param(kernel, *expected, id=kernel, marks=covers(row, "fault"))
        for kernel, (row, *expected) in BROKEN.items()
    ],
)
def test_a_broken_rule_is_a_fault(
    probes: model.Library, kernel: str, kind: str, function: str, rule: str
) -> None:
    with raises_fault(kind, instruction=function, rule=rule):
        probes.launch(f"probe_resource_{kernel}", [])


@covers("TPipe.destructor", "fault")
def test_a_pipe_ends_with_no_tensor_in_a_queue(probes: model.Library) -> None:
    with raises_fault("event", instruction="set_flag", rule="before the kernel ends"):
        probes.launch("probe_queue_leave_queued", [np.zeros(TILE // 4, np.int32)])
