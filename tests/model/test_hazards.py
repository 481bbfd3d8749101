# SPDX-License-Identifier: Apache-2.0
"""Two accesses to the same bytes need an ordering edge between them: every rule with and without.

A rule is a pair of instructions on one core and the edge that orders them. Without the edge the
run is a hazard that names both instructions; with it, it is silent.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import both_instructions, raises_fault
from tests.model.program import (
    SLOT,
    Step,
    barrier,
    flag,
    load,
    load_out,
    move,
    run,
    scalar_load,
    scalar_load_gm,
    scalar_store,
    set_flag,
    store,
    wait_flag,
)

A, B, C = (slot * SLOT for slot in range(3))

NAMES = {
    "MTE2": "copy_gm_to_ubuf",
    "V": "copy_ubuf_to_ubuf",
    "MTE3": "copy_ubuf_to_gm",
}


@dataclass(frozen=True)
class Rule:
    """First and second instruction, the edge, and what the hazard has to say."""

    before: list[Step]
    first: Step
    edge: list[Step]
    second: Step
    instruction: str
    operand: str
    other: str
    memory: str = "UB"


def fill(*slots: int) -> list[Step]:
    """Give slots a value and settle everything."""
    return [*(load(slot) for slot in slots), barrier("ALL")]


MTE2, V, MTE3 = NAMES["MTE2"], NAMES["V"], NAMES["MTE3"]
LOAD_S, STORE_S = "scalar_load", "scalar_store"

RULES = {
    # A read after a write.
    "V reads what MTE2 wrote": Rule(
        [], load(A), flag("MTE2_V"), move(B, A), V, "source", MTE2
    ),
    "MTE3 reads what V wrote": Rule(
        fill(A), move(B, A), flag("V_MTE3"), store(0, B), MTE3, "source", V
    ),
    "MTE3 reads what MTE2 wrote": Rule(
        [], load(A), flag("MTE2_MTE3"), store(0, A), MTE3, "source", MTE2
    ),
    "V reads what V wrote": Rule(
        fill(A), move(B, A), [barrier("V")], move(C, B), V, "source", V
    ),
    "scalar reads what V wrote": Rule(
        fill(A), move(B, A), flag("V_S"), scalar_load(B), LOAD_S, "source", V
    ),
    "scalar reads what MTE2 wrote": Rule(
        [], load(A), flag("MTE2_S"), scalar_load(A), LOAD_S, "source", MTE2
    ),
    "V reads what the scalar wrote": Rule(
        fill(A), scalar_store(A), flag("S_V"), move(B, A), V, "source", STORE_S
    ),
    "MTE3 reads what the scalar wrote": Rule(
        fill(A), scalar_store(A), flag("S_MTE3"), store(0, A), MTE3, "source", STORE_S
    ),
    # A write after a read.
    "MTE2 overwrites what V reads": Rule(
        fill(A), move(B, A), flag("V_MTE2"), load(A), MTE2, "target", V
    ),
    "MTE2 overwrites what MTE3 reads": Rule(
        fill(A), store(0, A), flag("MTE3_MTE2"), load(A), MTE2, "target", MTE3
    ),
    "V overwrites what MTE3 reads": Rule(
        fill(A, B), store(0, B), flag("MTE3_V"), move(B, A), V, "target", MTE3
    ),
    "V overwrites what V reads": Rule(
        fill(A, C), move(B, A), [barrier("V")], move(A, C), V, "target", V
    ),
    "scalar overwrites what V reads": Rule(
        fill(A), move(B, A), flag("V_S"), scalar_store(A), STORE_S, "target", V
    ),
    "scalar overwrites what MTE3 reads": Rule(
        fill(A), store(0, A), flag("MTE3_S"), scalar_store(A), STORE_S, "target", MTE3
    ),
    "MTE2 overwrites what the scalar reads": Rule(
        fill(A), scalar_load(A), flag("S_MTE2"), load(A), MTE2, "target", LOAD_S
    ),
    # A write after a write.
    "V overwrites what MTE2 wrote": Rule(
        fill(B), load(A), flag("MTE2_V"), move(A, B), V, "target", MTE2
    ),
    "V overwrites what V wrote": Rule(
        fill(A, C), move(B, A), [barrier("V")], move(B, C), V, "target", V
    ),
    "MTE2 overwrites what MTE2 wrote": Rule(
        [], load(A), [barrier("MTE2")], load(A, SLOT), MTE2, "target", MTE2
    ),
    "MTE2 overwrites what V wrote": Rule(
        fill(A), move(B, A), flag("V_MTE2"), load(B), MTE2, "target", V
    ),
    # Through global memory.
    "MTE2 reads from GM what MTE3 wrote": Rule(
        fill(A), store(0, A), flag("MTE3_MTE2"), load_out(B), MTE2, "source", MTE3, "out"
    ),
    "MTE3 overwrites in GM what MTE3 wrote": Rule(
        fill(A, B), store(0, A), [barrier("MTE3")], store(0, B), MTE3, "target", MTE3, "out"
    ),
    "MTE3 overwrites in GM what MTE2 reads": Rule(
        [*fill(A), store(0, A), barrier("ALL")],
        load_out(B),
        flag("MTE2_MTE3"),
        store(0, A),
        MTE3,
        "target",
        MTE2,
        "out",
    ),
    "scalar reads from GM what MTE3 wrote": Rule(
        fill(A), store(0, A), flag("MTE3_S"), scalar_load_gm(0), "scalar_load_gm", "source",
        MTE3, "out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_without_the_edge_it_is_a_hazard_of_both_instructions(
    probes: model.Library, rule: Rule
) -> None:
    with raises_fault(
        "hazard",
        instruction=rule.instruction,
        operand=rule.operand,
        memory=rule.memory,
        other=rule.other,
    ):
        run(probes, rule.before, rule.first, rule.second)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_with_the_edge_it_is_silent(probes: model.Library, rule: Rule) -> None:
    run(probes, rule.before, rule.first, rule.edge, rule.second)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_barrier_on_all_pipes_orders_every_pair(probes: model.Library, rule: Rule) -> None:
    run(probes, rule.before, rule.first, barrier("ALL"), rule.second)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_fast_mode_does_not_look_for_hazards(probes: model.Library, rule: Rule) -> None:
    with model.mode("fast"):
        run(probes, rule.before, rule.first, rule.second)


def test_accesses_to_different_granules_need_no_edge(probes: model.Library) -> None:
    run(probes, fill(A, B), move(C, A), move(C + SLOT, B), load(C + 2 * SLOT))


def test_two_reads_of_the_same_bytes_need_no_edge(probes: model.Library) -> None:
    run(probes, fill(A), move(B, A), move(C, A), store(0, A), scalar_load(A))


def test_an_edge_through_a_third_pipe_counts(probes: model.Library) -> None:
    # MTE2 -> V -> MTE3: nothing orders MTE3 after MTE2 directly.
    run(probes, load(A), flag("MTE2_V"), flag("V_MTE3"), store(0, A))


def test_an_edge_that_starts_too_early_does_not_count(probes: model.Library) -> None:
    with raises_fault("hazard", instruction=V, other=MTE2):
        run(probes, set_flag("MTE2_V"), load(A), wait_flag("MTE2_V"), move(B, A))


def test_an_edge_that_ends_too_late_does_not_count(probes: model.Library) -> None:
    with raises_fault("hazard", instruction=V, other=MTE2):
        run(probes, load(A), set_flag("MTE2_V"), move(B, A), wait_flag("MTE2_V"))


def test_an_edge_orders_only_its_target_pipe(probes: model.Library) -> None:
    with raises_fault("hazard", instruction=MTE3, other=MTE2):
        run(probes, load(A), flag("MTE2_V"), store(0, A))


def test_a_wait_of_the_scalar_pipe_orders_what_is_issued_later(probes: model.Library) -> None:
    # The scalar pipe issues to the others, so nothing after its wait starts before.
    run(probes, load(A), flag("MTE2_S"), move(B, A))


def test_a_barrier_of_one_pipe_does_not_order_another(probes: model.Library) -> None:
    with raises_fault("hazard", instruction=V, other=MTE2):
        run(probes, load(A), barrier("V"), barrier("MTE2"), move(B, A))


def test_the_earlier_instruction_is_the_one_in_the_way(probes: model.Library) -> None:
    with raises_fault("hazard", instruction=V, other=V) as caught:
        run(probes, fill(A), move(B, A), move(C, A), move(C + SLOT, A), move(C + SLOT, C))

    instruction, other = both_instructions(caught)
    assert (instruction.index, other.index) == (4, 2)  # the move to C, not the one to B before it


def test_a_hazard_says_where_both_instructions_stand_in_the_source(probes: model.Library) -> None:
    with raises_fault("hazard") as caught:
        run(probes, load(A), move(B, A))
    places = [instruction.place() for instruction in both_instructions(caught)]

    if model.symbolise([]) is None:
        assert places == ["", ""]
    else:
        assert all("probe_program.cpp:" in place for place in places)
        assert "probe_program.cpp:" in str(caught.value)


@pytest.mark.parametrize(("reader", "instruction"), [(0, "get_cmpmask"), (1, "vsel")])
@pytest.mark.parametrize(
    ("barrier_between", "compare"), [(1, 0), (0, 0), (0, 1)], ids=["barrier", "none", "compare"]
)
def test_the_comparison_register_needs_a_barrier_after_set_cmp_mask(
    probes: model.Library, barrier_between: int, compare: int, reader: int, instruction: str
) -> None:
    job = np.array([barrier_between, reader, compare], np.int32).tobytes()
    if barrier_between or compare:
        probes.launch("probe_cmpmask", [job])
        return
    with raises_fault("hazard", instruction=instruction, operand="CMPMASK", other="set_cmpmask"):
        probes.launch("probe_cmpmask", [job])
