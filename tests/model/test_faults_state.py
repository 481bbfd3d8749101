# SPDX-License-Identifier: Apache-2.0
"""State that must not be left behind at the end of a kernel: atomic mode, mask mode."""

from ascend_attention import model

from tests.model.harness import covers, raises_fault
from tests.model.program import (
    SLOT,
    barrier,
    flag,
    load,
    run,
    set_atomic,
    set_counter_mode,
    store,
)

A = 0


@covers("SetAtomicAdd", "value")
@covers("SetAtomicNone", "value")
def test_atomic_mode_adds_until_it_is_switched_off(probes: model.Library) -> None:
    out = run(
        probes,
        load(A),
        flag("MTE2_MTE3"),
        set_atomic(True),
        store(0, A),
        set_atomic(False),
        store(SLOT, A),
        defined=True,
    )

    assert out[:3].tolist() == [-1, 0, 1]  # -1 was there
    assert out[16:19].tolist() == [0, 1, 2]


@covers("SetAtomicAdd", "fault")
@covers("SetAtomicNone", "fault")
def test_atomic_mode_must_be_off_at_the_end(probes: model.Library) -> None:
    with raises_fault("atomic", rule="atomic mode must be switched off"):
        run(probes, load(A), barrier("ALL"), set_atomic(True), store(0, A), defined=True)


@covers("SetMaskCount", "fault")
@covers("SetMaskNorm", "fault")
def test_counter_mode_must_be_off_at_the_end(probes: model.Library) -> None:
    with raises_fault("mask_mode", rule="counter mode must be left"):
        run(probes, set_counter_mode(True))
    run(probes, set_counter_mode(True), set_counter_mode(False))
