# SPDX-License-Identifier: Apache-2.0
"""Ordering of our kernels: scheduling orders change nothing, and every edge is needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from ascend_attention import paged_attention, reshape_and_cache_flash
from ascend_attention.model import Mutation, checked, mutate, options
from ascend_attention.testing import PagedCase, paged_case

from tests.ops.paged_kernel import KernelCase, run_kernel
from tests.ops.test_cache_kernels import copy
from tests.ops.test_merge_kernel import merge, random_state

ORDERS = [{"order": "forward"}, {"order": "reversed"}] + [
    {"order": "seeded", "seed": seed} for seed in range(3)
]


def run(case: PagedCase) -> torch.Tensor:
    reshape_and_cache_flash(
        case.keys, case.values, case.key_cache, case.value_cache, case.slot_mapping
    )
    output = paged_attention(
        case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
    )
    assert isinstance(output, torch.Tensor)
    return output


def test_scheduling_orders_are_silent_and_give_the_same_bits() -> None:
    outputs = []
    for order in ORDERS:
        with checked(), options(**order):
            outputs.append(run(paged_case((300, 7, 0, 129), head_dim=64)))

    assert all(torch.equal(output, outputs[0]) for output in outputs)


def decode(head_dim: int, block_size: int) -> Callable[[], None]:
    """Return decodes in which every core works on several tasks.

    Tasks of several steps reuse the buffers of K and V; tasks of a single step reuse those of the
    query before anything else has ordered it.
    """

    def run_both() -> None:
        for lengths in ((300, 129, 0, 65), (30, 20, 9, 5)):
            case = paged_case(
                lengths, heads=96, kv_heads=48, head_dim=head_dim, block_size=block_size
            ).filled()
            paged_attention(
                case.query,
                case.key_cache,
                case.value_cache,
                case.block_tables,
                case.seq_lens,
                return_lse=True,
            )

    return run_both


def write() -> None:
    """Write so many rows of 16 KiB that every core fills its two buffers several times."""
    key = torch.zeros(1200, 32, 256, dtype=torch.float16)
    cache = torch.zeros(75, 16, 32, 256, dtype=torch.float16)
    reshape_and_cache_flash(key, key.clone(), cache, cache.clone(), torch.arange(1200))


def merge_many() -> None:
    """Merge so many rows that every core fills its buffers several times."""
    for dtype in (torch.float16, torch.float32):
        merge(random_state(1, 700, 29, 64, dtype), random_state(2, 700, 29, 64, dtype))


def attend(*cases: KernelCase) -> Callable[[], None]:
    """Return launches of these cases."""

    def run_all() -> None:
        for case in cases:
            run_kernel(case)

    return run_all


# Every core has several units of several steps; some units have a single step, some no token.
RAGGED = (300, 30, 129, 0, 9, 5, 65, 20)
MANY = KernelCase(RAGGED, heads=96, kv_heads=48, split=("none", 0))
SPLIT = replace(
    MANY, heads=64, kv_heads=32, lengths=(600, 30, 340, 0), split=("partition_tokens", 16)
)
SPOKEN = replace(MANY, query_lens=(5, 1, 9, 2, 1, 1, 16, 3), heads=24, kv_heads=12, alibi=True)


def copy_many() -> None:
    """Copy so many blocks that every core fills its two buffers several times."""
    caches = [torch.zeros(200, 16, 32, 128, dtype=torch.float16) for _ in range(2)]
    blocks = torch.arange(200, dtype=torch.int32)
    copy(caches, caches, torch.stack([blocks[:100], blocks[100:]], dim=1))


RUNS = {
    "paged_attention_d64": decode(64, 16),
    "paged_attention_d128": decode(128, 48),
    "paged_attention_fp32": attend(replace(MANY, dtype=torch.float32, head_dim=32)),
    "paged_attention_packed": attend(
        replace(MANY, layout="packed", head_dim=120),
        replace(MANY, layout="packed", head_dim=120, block_size=24, window_left=83),
        replace(MANY, layout="packed", window_left=1),
    ),
    "paged_attention_packed_fp32": attend(
        replace(MANY, layout="packed", dtype=torch.float32, window_left=83),
        replace(MANY, layout="packed", dtype=torch.float32, window_left=1),
    ),
    "paged_attention_options": attend(
        SPOKEN,
        replace(SPOKEN, window_left=37),
        replace(SPOKEN, window_left=1),
        replace(SPOKEN, softcap=2.0, alibi=False),
        replace(SPOKEN, sinks=True),
        replace(SPOKEN, softcap=2.0, sinks=True, window_left=37),
    ),
    "paged_attention_split": attend(SPLIT, replace(SPLIT, partial_outputs=38)),
    "paged_attention_split_fp32": attend(replace(SPLIT, dtype=torch.float32)),
    "merge_attention_states": merge_many,
    "reshape_and_cache": write,
    "copy_blocks": copy_many,
}


def is_of_the_library(mutation: Mutation) -> bool:
    """True for edges that the library adds itself where something else orders the same.

    The destructor of TPipe waits for the flags that FreeTensor has raised, so that none is left for
    the next kernel, and puts a barrier on all pipes: nothing comes after it. Between the two phases
    of a split, TPipe::Reset waits for those flags and SyncAll begins with a barrier on all pipes:
    either would do.
    """
    functions = [place.function for place in mutation.places]
    barrier_of_sync_all = "PipeBarrier" in functions[0] and any("SyncAll" in f for f in functions)
    return barrier_of_sync_all or any("~TPipe" in f or "TPipe::Reset" in f for f in functions)


@pytest.mark.skipif(shutil.which("addr2line") is None, reason="needs addr2line of binutils")
@pytest.mark.parametrize("name", RUNS)
def test_every_ordering_edge_of_a_kernel_is_missed_when_taken_away(name: str) -> None:
    mutations = mutate(RUNS[name])

    kernel_sites = [mutation for mutation in mutations if not is_of_the_library(mutation)]
    silent = [str(mutation) for mutation in kernel_sites if not mutation.found]
    assert len(kernel_sites) >= 6, "too few sites: are they collected?"
    assert silent == []
