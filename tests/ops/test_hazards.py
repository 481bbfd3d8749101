# SPDX-License-Identifier: Apache-2.0
"""Ordering of our kernels: scheduling orders change nothing, and every edge is needed."""

from __future__ import annotations

import torch
from ascend_attention import paged_attention, reshape_and_cache_flash
from ascend_attention.model import checked, options
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
