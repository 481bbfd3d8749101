# SPDX-License-Identifier: Apache-2.0
"""TPipe, TQue and TBuf: a pipeline that works, and every way to break the protocol."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import assert_same_bits, covers, in_every_order, raises_fault

COUNT = 64  # elements of a tile
SOC = model.socs()["Ascend910B2"]
UB_BYTES = SOC.local_bytes["UB"] - SOC.reserved_ub_bytes


def launch(probes: model.Library, name: str) -> model.Report:
    return probes.launch(f"probe_queue_{name}", [np.arange(COUNT, dtype=np.int32)])


def init_buffers(probes: model.Library, number: int, size: int) -> None:
    probes.launch("probe_init_buffers", [np.array([number, size], np.int32).tobytes()])


@covers("TQue", "value")
@covers("TPipe.InitBuffer.que", "value")
@covers("TQueBind.AllocTensor", "value")
@covers("TQueBind.EnQue", "value")
@covers("TQueBind.DeQue", "value")
@covers("TQueBind.FreeTensor", "value")
@pytest.mark.parametrize("tiles", [0, 1, 2, 3, 7])
def test_a_double_buffered_pipeline_copies_every_tile(probes: model.Library, tiles: int) -> None:
    source = np.arange(tiles * COUNT, dtype=np.int32)

    def copy() -> list[np.ndarray]:
        target = np.zeros_like(source)
        tiling = np.array([tiles], np.int32).tobytes()
        probes.launch("probe_pipeline", [source, model.Out(target), tiling])
        return [target]

    (target,) = in_every_order(copy)
    assert_same_bits(target, source)


@covers("TQueBind.AllocTensor", "fault")
@covers("TQueBind.EnQue", "fault")
@covers("TQueBind.DeQue", "fault")
@covers("TQueBind.FreeTensor", "fault")
@pytest.mark.parametrize(
    ("name", "function", "rule"),
    [
        ("alloc_beyond", "AllocTensor", "every buffer of the queue is in use"),
        ("enque_foreign", "EnQue", "must come from this queue"),
        ("enque_twice", "EnQue", "allocated and not be in the queue"),
        ("enque_beyond_depth", "EnQue", "as many tensors as its depth"),
        ("deque_twice", "DeQue", "the queue is empty"),
        ("free_twice", "FreeTensor", "free already"),
        ("free_queued", "FreeTensor", "still in the queue"),
    ],
)
def test_a_queue_keeps_its_protocol(
    probes: model.Library, name: str, function: str, rule: str
) -> None:
    with raises_fault("queue", instruction=function, rule=rule):
        launch(probes, name)


@covers("TPipe.destructor", "fault")
@covers("TPipe.Destroy", "fault")
def test_a_tensor_must_not_stay_in_the_queue(probes: model.Library) -> None:
    with raises_fault("event", instruction="set_flag", rule="before the kernel ends"):
        launch(probes, "leave_queued")


def test_a_tensor_must_be_dequeued_before_it_is_read(probes: model.Library) -> None:
    with raises_fault("hazard", instruction="copy_ubuf_to_ubuf", other="copy_gm_to_ubuf"):
        launch(probes, "read_before_deque")


def test_a_tensor_must_not_be_read_after_it_was_freed(probes: model.Library) -> None:
    with raises_fault("hazard", instruction="copy_gm_to_ubuf", other="copy_ubuf_to_ubuf"):
        launch(probes, "read_after_free")


@covers("TQueBind.VacantInQue", "value")
@covers("TQueBind.HasTensorInQue", "value")
@covers("TQueBind.GetTensorCountInQue", "value")
@covers("TQueBind.HasIdleBuffer", "value")
def test_a_queue_counts_its_tensors(probes: model.Library) -> None:
    launch(probes, "counts")


def test_all_eight_ids_of_the_pipe_are_usable(probes: model.Library) -> None:
    launch(probes, "every_id")


@covers("TPipe.AllocEventID", "fault")
def test_a_pair_of_pipes_has_eight_ids(probes: model.Library) -> None:
    with raises_fault("event_id", instruction="AllocEventID", rule="all 8 event ids"):
        launch(probes, "nine_ids")


@covers("TPipe.ReleaseEventID", "fault")
def test_only_an_allocated_id_can_be_released(probes: model.Library) -> None:
    with raises_fault("event_id", instruction="ReleaseEventID", rule="released once"):
        launch(probes, "release_free_id")


@covers("TBuf.Get.len", "fault")
def test_a_tensor_must_fit_into_its_buffer(probes: model.Library) -> None:
    with raises_fault("capacity", instruction="TBuf::Get", rule="fit into its buffer"):
        launch(probes, "tbuf_beyond")


@pytest.mark.parametrize(("number", "size"), [(1, UB_BYTES), (64, 1), (60, UB_BYTES // 60)])
def test_buffers_up_to_the_limits(probes: model.Library, number: int, size: int) -> None:
    init_buffers(probes, number, size)


@covers("TPipe.InitBuffer.tbuf", "fault")
@pytest.mark.parametrize(
    ("number", "size", "rule"),
    [
        (1, UB_BYTES + 1, "fit into the memory"),
        (2, UB_BYTES // 2 + 1, "fit into the memory"),
        (65, 32, "more than 64 buffers"),
        (1, 0, "at least 1"),
    ],
)
def test_buffers_beyond_the_limits(
    probes: model.Library, number: int, size: int, rule: str
) -> None:
    with raises_fault("capacity", instruction="InitBuffer", rule=rule):
        init_buffers(probes, number, size)
