# SPDX-License-Identifier: Apache-2.0
"""On random programs the model finds exactly the hazards that the definition of order gives."""

import pytest
from ascend_attention import model
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.model.hazard_oracle import NAMES, PIPES, first_hazard, have_race
from tests.model.program import (
    EVENTS,
    SLOT,
    Operation,
    Pipe,
    Step,
    barrier,
    flag,
    load,
    load_out,
    move,
    on_block,
    run,
    scalar_load,
    scalar_store,
    set_flag,
    store,
    sync_all,
    wait_flag,
)

PAIRS = ["MTE2_V", "V_MTE2", "V_MTE3", "MTE3_V", "MTE2_MTE3", "MTE3_MTE2"]
PAIRS += ["S_V", "V_S", "S_MTE2", "MTE2_S", "S_MTE3", "MTE3_S"]
SLOTS = [slot * SLOT for slot in range(3)]
FILL = [*(load(slot) for slot in SLOTS), barrier("ALL")]

slots = st.sampled_from(SLOTS)
accesses = st.one_of(
    st.builds(load, slots),
    st.builds(load_out, slots, st.sampled_from(SLOTS[:2])),
    st.builds(move, slots, slots),
    st.builds(store, st.sampled_from(SLOTS[:2]), slots),
    st.builds(scalar_load, slots),
    st.builds(scalar_store, slots),
)
edges = st.one_of(
    st.builds(set_flag, st.sampled_from(PAIRS)),
    st.builds(flag, st.sampled_from(PAIRS), st.just(1)),
    st.builds(barrier, st.sampled_from(["V", "MTE2", "MTE3", "ALL"])),
)
WAIT = "wait for the oldest flag"
programs = st.lists(st.one_of(accesses, edges, st.just(WAIT)), min_size=2, max_size=30)


def balanced(draft: list[Step | list[Step] | str]) -> list[Step]:
    """Make flags come in pairs: no second set before the wait, waits only for what is set."""
    names = {number: name for name, number in EVENTS.items()}
    program: list[Step] = []
    raised: list[str] = []
    for item in draft:
        if isinstance(item, list):
            program += item
        elif item == WAIT:
            program += [wait_flag(raised.pop(0))] if raised else []
        elif isinstance(item, Step) and item.operation == Operation.SET_FLAG:
            if names[item.a] not in raised:
                raised.append(names[item.a])
                program.append(item)
        elif isinstance(item, Step) and not (item.operation == Operation.MOVE and item.a == item.b):
            program.append(item)
    return program + [wait_flag(name) for name in raised]


def hazard_of(probes: model.Library, program: list[Step]) -> model.Fault | None:
    try:
        run(probes, FILL, program, defined=True)
    except model.ModelError as error:
        return error.fault
    return None


@settings(max_examples=400, deadline=None, derandomize=True)
@given(programs)
@example([scalar_store(0), flag("S_V", 1), flag("V_S", 1), load(0)])
def test_the_model_finds_the_hazards_of_the_definition(
    probes: model.Library, draft: list[Step | list[Step] | str]
) -> None:
    program = FILL + balanced(draft)
    expected = first_hazard(program)
    fault = hazard_of(probes, program[len(FILL) :])

    if expected is None:
        assert fault is None, fault
        return
    access, unordered = expected
    assert fault is not None, (access, unordered)
    assert fault.kind == "hazard", fault
    assert fault.instruction is not None
    assert fault.other is not None
    pipe = PIPES[access.step.operation]
    assert (fault.instruction.name, fault.instruction.pipe) == (
        NAMES[access.step.operation],
        pipe.name,
    )
    if pipe != Pipe.S:  # the interpreter itself uses the scalar pipe
        assert fault.instruction.index == access.number
    others = [
        (NAMES[one.step.operation], one.number)
        for one in unordered
        if PIPES[one.step.operation] != Pipe.S
    ]
    if fault.other.pipe != "S":
        assert (fault.other.name, fault.other.index) in others


cores_of_a_phase = st.lists(
    st.lists(st.one_of(accesses, edges), max_size=5), min_size=3, max_size=3
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(cores_of_a_phase, min_size=1, max_size=3))
def test_the_model_finds_the_races_of_the_definition(
    probes: model.Library, drafts: list[list[list[Step | list[Step] | str]]]
) -> None:
    phases = [[balanced(draft) for draft in phase] for phase in drafts]
    program: list[Step] = []
    for phase in phases:
        for core, steps in enumerate(phase):
            program += [on_block(core), *steps]
        program += [on_block(-1), sync_all()]
    alone = [
        first_hazard(FILL + [step for phase in phases for step in [*phase[core], barrier("ALL")]])
        for core in range(3)
    ]
    try:
        run(probes, FILL, program, blocks=3, cross_core=True, defined=True)
        kind = None
    except model.ModelError as error:
        kind = error.kind

    expected: list[str | None] = ["race"] if have_race(phases) else []
    expected += ["hazard"] if any(alone) else []
    assert kind in (expected or [None])


@pytest.mark.parametrize("program", [FILL, []], ids=["fill", "empty"])
def test_the_definition_finds_nothing_in_clean_programs(program: list[Step]) -> None:
    assert first_hazard(program) is None
