# SPDX-License-Identifier: Apache-2.0
"""GM between the two kinds of core: what one stores and the other loads needs a flag."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import both_instructions, in_every_order, raises_fault
from tests.model.program import (
    SLOT,
    Step,
    cross_set,
    cross_wait,
    flag,
    load,
    load_out,
    on_aic,
    on_aiv,
    run,
    store,
)

A, B = 0, SLOT
KIND = "MIX_AIC_1_2"
AIC, AIV = 0, 2  # numbers of the AIC and of the second AIV of block 0
LOADS = {AIC: "copy_gm_to_cbuf", AIV: "copy_gm_to_ubuf"}
STORES = {AIC: "copy_cbuf_to_gm", AIV: "copy_ubuf_to_gm"}
Program = list[Step]

STORE = [load(A), *flag("MTE2_MTE3"), store(0, A)]
LOAD = [load_out(B, 0), *flag("MTE2_MTE3"), store(SLOT, B)]


def on(core: int) -> Step:
    return on_aic() if core == AIC else on_aiv(1)


def handed_over(
    writer: int, *, pipe: str | None = "MTE3", waits: bool = True, early: bool = False
) -> Program:
    """One core stores, the other loads; ``early``: the flag is set before the store."""
    reader = AIV if writer == AIC else AIC
    steps: Program = []
    setting = [] if pipe is None else [cross_set(2, pipe, 0)]
    if writer == AIC:
        steps += [on_aic(), *(setting + STORE if early else STORE + setting)]
        steps += [on_aiv(), *([cross_wait(0)] if waits else [])]
    else:
        steps += [on_aiv(), *(setting if early else []), on(AIV), *STORE]
        steps += [on_aiv(), *([] if early else setting)]
        steps += [on_aic(), *([cross_wait(0)] if waits else [])]
    return [*steps, on(reader), *LOAD]


@pytest.mark.parametrize("writer", [AIC, AIV], ids=["AIC", "AIV"])
def test_a_flag_hands_gm_over(probes: model.Library, writer: int) -> None:
    program = handed_over(writer)

    (out,) = in_every_order(lambda: [run(probes, program, type=KIND)])

    np.testing.assert_array_equal(out[16:32], np.arange(16))


@pytest.mark.parametrize("writer", [AIC, AIV], ids=["AIC", "AIV"])
@pytest.mark.parametrize(
    "mistake",
    [
        {"pipe": None, "waits": False},
        {"pipe": "MTE2"},
        {"waits": False},
        {"early": True},
    ],
    ids=["no flag", "other pipe", "no wait", "set too early"],
)
def test_without_the_right_flag_it_is_a_race_of_both_instructions(
    probes: model.Library, mistake: dict[str, Any], writer: int
) -> None:
    reader = AIV if writer == AIC else AIC
    # The writer first, so that it is the reader that comes too early.
    order = "forward" if writer == AIC else "reversed"
    with (
        model.options(order=order),
        raises_fault(
            "race", instruction=LOADS[reader], other=STORES[writer], operand="source", memory="out"
        ) as caught,
    ):
        run(probes, handed_over(writer, **mistake), type=KIND, defined=True)

    later, earlier = both_instructions(caught)
    assert (later.core, earlier.core) == (reader, writer)
    assert (later.pipe, earlier.pipe) == ("MTE2", "MTE3")
    if model.symbolise([]) is not None:
        assert "probe_program.cpp:" in later.place()
        assert "probe_program.cpp:" in earlier.place()


@pytest.mark.parametrize("pipe", ["M", "MTE1", "FIX"])
def test_a_flag_of_another_cube_pipe_does_not_speak_for_the_store(
    probes: model.Library, pipe: str
) -> None:
    with raises_fault("race", instruction=LOADS[AIV], other=STORES[AIC]):
        run(probes, handed_over(AIC, pipe=pipe), type=KIND)


@pytest.mark.parametrize("reader", [AIC, AIV], ids=["AIC", "AIV"])
def test_a_slot_is_not_filled_again_before_it_was_read(probes: model.Library, reader: int) -> None:
    writer = AIV if reader == AIC else AIC
    order = "forward" if reader == AIC else "reversed"
    with (
        model.options(order=order),
        raises_fault("race", instruction=STORES[writer], other=LOADS[reader], operand="target"),
    ):
        run(probes, on(reader), load_out(B, 0), on(writer), STORE, type=KIND, defined=True)


@pytest.mark.parametrize("writer", [AIC, AIV], ids=["AIC", "AIV"])
def test_both_ends_of_the_hand_over_are_needed(probes: model.Library, writer: int) -> None:
    mutations = model.mutate(lambda: run(probes, handed_over(writer), type=KIND))

    assert [m.kind for m in mutations if m.kind.startswith("cross")] == [
        "cross_core_set",
        "cross_core_wait",
    ]
    for mutation in mutations:
        assert mutation.fault is not None, mutation
        assert mutation.fault.names_both, mutation
