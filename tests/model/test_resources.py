# SPDX-License-Identifier: Apache-2.0
"""TPipe, its event ids and buffers, and the less common queue functions."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import aligned, assert_same_bits, covers, raises_fault

X = np.arange(64, dtype=np.int32)


def answers(probes: model.Library, kernel: str, count: int, *inputs: np.ndarray) -> list[int]:
    out = aligned(count, np.int64)
    probes.launch(kernel, [*inputs, model.Out(out)])
    return [int(value) for value in out]


@pytest.mark.parametrize(
    "kernel",
    [
        pytest.param("probe_queue_bind", marks=covers("TQueBind", "value")),
        pytest.param(
            "probe_queue_user",
            marks=[covers("TQueBind.EnQue.user", "value"), covers("TQueBind.DeQue.user", "value")],
        ),
    ],
)
def test_a_queue_can_hand_from_mte2_to_mte3(probes: model.Library, kernel: str) -> None:
    out = np.zeros_like(X)
    probes.launch(kernel, [X, model.Out(out)])

    assert_same_bits(out, X)


@covers("TQueBind.DeQue.user", "fault")
def test_enque_and_deque_must_name_the_same_pair(probes: model.Library) -> None:
    with raises_fault("queue", instruction="DeQue", rule="positions must be those of EnQue"):
        probes.launch("probe_queue_user_mixed", [X])


@covers("TQueBind.EnQue.user", "fault")
def test_enque_with_a_pair_keeps_the_depth(probes: model.Library) -> None:
    with raises_fault("queue", instruction="EnQue", rule="as many tensors as its depth"):
        probes.launch("probe_queue_user_beyond", [None])


@covers("TQueBind.GetState", "value")
@covers("TQueBind.FreeAllEvent", "value")
def test_a_buffer_has_a_state_and_gives_its_event_back(probes: model.Library) -> None:
    occupied, free, taken, freed = answers(probes, "probe_queue_states", 4, X)

    assert (occupied, free) == (1, 0)
    assert (taken, freed) == (1, 0)


@covers("GetTPipePtr", "value")
@covers("TPipe", "value")
@covers("TPipe.AllocEventID", "value")
@covers("TPipe.ReleaseEventID", "value")
@covers("TPipe.FetchEventID", "value")
@covers("TPipe.FetchEventID.template", "value")
def test_ids_are_the_lowest_that_are_free(probes: model.Library) -> None:
    pointer, *ids = answers(probes, "probe_event_ids", 7)

    assert pointer == 1
    assert ids == [0, 1, 0, 2, 2, 0]  # FetchEventID does not take what it gives


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(0, marks=covers("TPipe.FetchEventID", "fault")),
        pytest.param(1, marks=covers("TPipe.FetchEventID.template", "fault")),
    ],
)
def test_fetching_needs_a_free_id(probes: model.Library, template: int) -> None:
    with raises_fault("event_id", instruction="FetchEventID", rule="all 8 event ids"):
        probes.launch("probe_fetch_beyond", [np.array([template], np.int32).tobytes()])


@covers("TPipe.Init", "value")
@covers("TPipe.Reset", "value")
@covers("TPipe.Destroy", "value")
@covers("TPipe.destructor", "value")
def test_memory_and_ids_are_free_again_after_reset_and_destroy(probes: model.Library) -> None:
    got = answers(probes, "probe_pipe_reset", 11)

    assert got[:4] == [0, 0, 32, 1]
    assert got[4:6] == [0, 0]  # after Reset
    assert got[6:8] == [0, 0]  # after Destroy and Init
    assert got[8:] == [0, 0, 1]  # a second pipe


@covers("TPipe", "fault")
def test_there_is_one_pipe_at_a_time(probes: model.Library) -> None:
    with raises_fault("queue", instruction="TPipe", rule="one TPipe at a time"):
        probes.launch("probe_two_pipes", [None])


@covers("TPipe", "value")
def test_a_pipe_sets_modes_back(probes: model.Library) -> None:
    probes.launch("probe_pipe_registers", [None])


@covers("TBuf.Get.len", "value")
@covers("TBuf.GetWithOffset", "value")
def test_a_buffer_gives_views(probes: model.Library) -> None:
    assert answers(probes, "probe_buffer_views", 4) == [32, 8, 16, 64]


@covers("TBuf.GetWithOffset", "fault")
def test_a_view_must_fit_into_its_buffer(probes: model.Library) -> None:
    with raises_fault("capacity", instruction="TBuf::GetWithOffset", rule="fit into its buffer"):
        probes.launch("probe_buffer_view_beyond", [None])
