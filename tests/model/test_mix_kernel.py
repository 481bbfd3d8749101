# SPDX-License-Identifier: Apache-2.0
"""Attention over cube and vector cores: values, scheduling orders, work done, ordering edges."""

from collections import Counter

import pytest
import torch
from ascend_attention import model

from tests.model.harness import SEEDS
from tests.model.mix_case import BLOCKS, MixCase, mix_case, run_mix
from tests.model.test_mutation import needs_symbols

ORDERS = [("forward", 0), ("reversed", 0), *(("seeded", seed) for seed in SEEDS)]

# Rows of queries and of keys around the sizes of fractals, parts and tiles.
SIZES = [
    (1, 1),
    (15, 16),
    (16, 17),
    (17, 15),
    (63, 65),
    (100, 127),
    (127, 128),
    (128, 129),
    (129, 1),
    (130, 400),
    (200, 333),
    (333, 200),
    (1, 333),
]
DTYPES = [torch.float16, torch.bfloat16]
UNIT_FLAGS = pytest.mark.parametrize("unit_flag", [False, True], ids=["events", "unit_flags"])


def assert_good(case: MixCase, output: torch.Tensor) -> None:
    error = case.judge(output)
    assert error.ok, error.text


@UNIT_FLAGS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("head_dim", [64, 128])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_output_agrees_with_float64(
    probes: model.Library,
    sizes: tuple[int, int],
    head_dim: int,
    dtype: torch.dtype,
    unit_flag: bool,
) -> None:
    rows, kv_rows = sizes
    case = mix_case(5, rows, kv_rows, head_dim, dtype, seed=rows + kv_rows)
    output, _ = run_mix(probes, case, unit_flag=unit_flag)

    assert_good(case, output)


@UNIT_FLAGS
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_several_tasks_a_block_in_every_order(
    probes: model.Library, dtype: torch.dtype, unit_flag: bool
) -> None:
    case = mix_case(17, 333, 300, 128, dtype)
    assert case.tasks > 2 * BLOCKS
    outputs = []
    for order, seed in ORDERS:
        with model.options(order=order, seed=seed):
            output, _ = run_mix(probes, case, unit_flag=unit_flag)
        outputs.append(output.view(torch.int16))

    assert_good(case, output)
    assert all(torch.equal(output, outputs[0]) for output in outputs)


def test_both_ways_of_ordering_the_products_give_the_same_bits(probes: model.Library) -> None:
    case = mix_case(3, 200, 333, 128, torch.float16)
    events, flags = (run_mix(probes, case, unit_flag=flag)[0] for flag in (False, True))

    assert torch.equal(events.view(torch.int16), flags.view(torch.int16))


@pytest.mark.parametrize("blocks", [1, 2, 7])
def test_the_number_of_blocks_changes_nothing(probes: model.Library, blocks: int) -> None:
    case = mix_case(3, 200, 333, 64, torch.float16)
    many, _ = run_mix(probes, case, unit_flag=False)
    few, _ = run_mix(probes, case, unit_flag=False, blocks=blocks)

    assert torch.equal(many.view(torch.int16), few.view(torch.int16))


@UNIT_FLAGS
def test_the_cube_does_exactly_the_products_that_are_needed(
    probes: model.Library, unit_flag: bool
) -> None:
    case = mix_case(5, 300, 400, 128, torch.float16)
    with model.options(collect_stream=True):
        _, report = run_mix(probes, case, unit_flag=unit_flag)
    names = Counter(entry.name for entry in report.stream)

    assert case.products == 15 * (4 * 2 + 3 * 2 + 1)
    assert names["mad"] == case.products
    assert names["copy_matrix_cc_to_gm"] == 2 * case.steps
    assert report.pipe("V", "AIV").instructions > 0
    assert report.cores == 3 * BLOCKS


def test_scores_run_ahead_of_outputs(probes: model.Library) -> None:
    case = mix_case(1, 128, 5 * 128, 64, torch.float16)
    with model.options(collect_stream=True):
        _, report = run_mix(probes, case, unit_flag=False, blocks=1)
    results = [entry for entry in report.stream if entry.pipe == "FIX"]
    alone = [entry.elsewhere == results[0].elsewhere for entry in results]

    # Three tiles of scores before the cube has heard of the vector cores.
    assert alone == [True, True, True] + [False] * 7


def reason_for_silence(mutation: model.Mutation) -> str | None:
    """Why an edge that is not the kernel's own orders nothing here; None: it has to be missed."""
    functions = [place.function for place in mutation.places]
    if any("TPipe::" in function for function in functions):
        return "TPipe primes flags of its own before everything and drains them after everything"
    if any("SlotRing<" in function and "Close(" in function for function in functions):
        return "Close of a ring takes back the flags that nobody waited for: nothing comes after it"
    if (mutation.kind, mutation.detail) == ("pipe_barrier", "FIX") and any(
        "Fixpipe" in function for function in functions[1:]
    ):
        return "Fixpipe puts a barrier before each move; these moves write different places"
    return None


@needs_symbols
@UNIT_FLAGS
def test_every_ordering_edge_is_missed_when_taken_away(
    probes: model.Library, unit_flag: bool
) -> None:
    # Block 0 has tiles of 128 rows, block 1 of 2 rows. Tasks of several steps, the last one of 16
    # keys, and tasks of a single step.
    cases = [mix_case(3, 130, kv_rows, 128, torch.float16) for kv_rows in (400, 16)]

    def run() -> None:
        for case in cases:
            run_mix(probes, case, unit_flag=unit_flag, blocks=2)

    mutations = model.mutate(run)
    explained = [mutation for mutation in mutations if reason_for_silence(mutation)]
    own = [mutation for mutation in mutations if mutation not in explained]

    rings = 6 if unit_flag else 7
    assert len(explained) == 6 + rings
    assert len(own) >= 60
    assert [str(mutation) for mutation in own if not mutation.found] == []
    kinds = {mutation.kind for mutation in own}
    flags = {"unit_flag"} if unit_flag else set()
    assert kinds == {
        *("set_flag", "wait_flag", "pipe_barrier", "cross_core_set", "cross_core_wait"),
        *flags,
    }
