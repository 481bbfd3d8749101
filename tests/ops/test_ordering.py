# SPDX-License-Identifier: Apache-2.0
"""Ordering of our kernels: scheduling orders change nothing, and every edge is needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
import torch
from ascend_attention import paged_attention, reshape_and_cache_flash
from ascend_attention.model import Mutation, checked, mutate, options
from ascend_attention.testing import PagedCase, paged_case

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


RUNS = {
    "paged_attention_d64": decode(64, 16),
    "paged_attention_d128": decode(128, 48),
    "reshape_and_cache": write,
}


def in_pipe_destructor(mutation: Mutation) -> bool:
    """True for what TPipe itself does when it goes: nothing comes after it that it could order.

    It waits for the flags that FreeTensor has raised, so that none is left for the next kernel,
    and puts a barrier on all pipes.
    """
    return any("~TPipe" in place.function for place in mutation.places)


@pytest.mark.skipif(shutil.which("addr2line") is None, reason="needs addr2line of binutils")
@pytest.mark.parametrize("name", RUNS)
def test_every_ordering_edge_of_a_kernel_is_missed_when_taken_away(name: str) -> None:
    mutations = mutate(RUNS[name])

    kernel_sites = [mutation for mutation in mutations if not in_pipe_destructor(mutation)]
    silent = [str(mutation) for mutation in kernel_sites if not mutation.found]
    assert len(kernel_sites) >= 6, "too few sites: are they collected?"
    assert silent == []
