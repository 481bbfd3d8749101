# SPDX-License-Identifier: Apache-2.0
"""Kernels that would hang, crash or end the process: the model says what happened instead."""

import subprocess
import sys

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import aligned, raises_fault

STACK_LEVELS = 512  # of probe_descend that do not fit in 512 KiB


def job(*, storer: int = -1, before: int = 0, drops: int = 1) -> bytes:
    return np.array([storer, before, drops], np.int32).tobytes()


def zeros(count: int) -> np.ndarray:
    array = aligned(count, np.int32)
    array[...] = 0
    return array


def poll(probes: model.Library, blocks: int, **how: int) -> list[int]:
    out = zeros(16 * blocks)
    words = model.InOut(zeros(16), "words")
    probes.launch("probe_poll", [words, model.InOut(out), job(**how)], blocks=blocks)
    return [int(value) for value in out[::16]]


@pytest.mark.parametrize("order", ["forward", "reversed", "seeded"])
@pytest.mark.parametrize("before", [0, 1000])
def test_a_loop_that_looks_at_gm_lets_others_run(
    probes: model.Library, order: str, before: int
) -> None:
    with model.options(mode="fast", order=order):
        assert poll(probes, 3, storer=1, before=before) == [7, 0, 7]


def test_a_loop_that_looks_at_gm_is_no_synchronisation(probes: model.Library) -> None:
    with (
        model.options(order="reversed"),
        raises_fault("race", instruction="scalar_load_gm", other="data_cache_write_back"),
    ):
        poll(probes, 2, storer=1)


@pytest.mark.parametrize("mode", ["fast", "checked"])
def test_nobody_changes_what_a_loop_looks_at(probes: model.Library, mode: str) -> None:
    with (
        model.options(mode=mode),
        raises_fault(
            "deadlock", rule="block 0 AIV polls global memory; block 1 AIV polls global memory;"
        ),
    ):
        poll(probes, 2)


def test_a_loop_that_never_drops_its_line_does_not_see_the_store(probes: model.Library) -> None:
    with model.options(mode="fast"), raises_fault("deadlock", rule="block 0 AIV polls"):
        poll(probes, 2, storer=1, drops=0)


def test_reading_a_table_often_is_no_polling(probes: model.Library) -> None:
    with model.options(mode="fast"):
        probes.launch("probe_read_often", [model.In(zeros(16)), job(before=500_000)], blocks=2)


def test_cores_that_take_turns_make_progress_however_often(probes: model.Library) -> None:
    rounds = 11_000  # more than the rounds of polling that count as a deadlock
    out, flags = zeros(16), zeros(32)
    turns = np.array([rounds, 0], np.int64).tobytes()
    with model.options(mode="fast"):
        probes.launch("probe_ib_chain", [model.InOut(flags), model.InOut(out), turns], blocks=2)

    assert (out == 3 * rounds).all()


@pytest.fixture
def plain_stacks(probes: model.Library) -> None:
    """Frames as they are: AddressSanitizer makes them larger, and finds their end itself."""
    if "asan" in str(probes.path):
        pytest.skip("AddressSanitizer minds the stacks")


@pytest.mark.parametrize("mode", ["fast", "checked"])
def test_a_kernel_must_fit_in_its_stack(
    probes: model.Library, mode: str, plain_stacks: None
) -> None:
    out = model.InOut(zeros(16))
    with model.options(mode=mode):
        probes.launch("probe_descend", [out, job(before=STACK_LEVELS // 2)], blocks=2)
        for _ in range(2):  # the same stack again
            with raises_fault("capacity", instruction="scalar_load_gm", rule="the 512 KiB"):
                probes.launch("probe_descend", [out, job(before=STACK_LEVELS)], blocks=2)
        probes.launch("probe_descend", [out, job(before=STACK_LEVELS // 2)], blocks=2)


def test_a_stack_is_checked_at_the_end_too(probes: model.Library, plain_stacks: None) -> None:
    with raises_fault("capacity", rule="the stack of the kernel"):
        probes.launch("probe_descend_silently", [job()])


def test_a_stack_without_end_is_named_before_the_process_dies(
    probes: model.Library, plain_stacks: None
) -> None:
    script = (
        "from ascend_attention import model\n"
        f"model.Library({str(probes.path)!r}).launch('probe_descend_for_ever', [], blocks=2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.returncode < 0
    assert "probe_descend_for_ever: block 0, AIV: the kernel runs off the end" in done.stderr


@pytest.mark.parametrize(
    ("which", "what"), [(0, "std::bad_alloc"), (1, "of its own"), (2, "not a std::exception")]
)
def test_an_exception_of_a_kernel_is_a_fault(probes: model.Library, which: int, what: str) -> None:
    for _ in range(2):
        with raises_fault("launch", rule=f"no exception ({what}) must leave a kernel") as caught:
            probes.launch("probe_throw", [job(before=which)], blocks=2)
        assert caught.value.fault.block == 0
