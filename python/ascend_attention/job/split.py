# SPDX-License-Identifier: Apache-2.0
"""One pass, split KV, and what the tiling chooses, side by side on ragged sequences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

import ascend_attention
from ascend_attention.bench.peak import peak_growth
from ascend_attention.model import ModelError, mode
from ascend_attention.testing import (
    PagedCase,
    compare,
    exact_attention,
    paged_case,
    plain_attention,
)

METHODS = ("v1", "v2", "auto")
# vLLM's own test: multi-head attention over sequences of very different lengths.
SEQUENCES, HEADS, HEAD_DIM, BLOCK_SIZE = 7, 40, 64, 16


@dataclass(frozen=True)
class SplitResult:
    """What one method did.

    Attributes:
        method: That was asked for.
        partitions: Of the longest sequence.
        busiest: Modelled work of the busiest core over the mean of all cores of the chip.
        error: Largest absolute error against float64.
        bound: At the same element.
        extra_bytes: By how much the call raised the peak memory of the process.
        reason: Why the tiling split as it did.
        fault: Of the kernel, or the first value beyond its bound; empty if all is well.
    """

    method: str
    partitions: int
    busiest: float
    error: float
    bound: float
    extra_bytes: int
    reason: str
    fault: str = ""


def split_case(longest: int, seed: int) -> PagedCase:
    """Make the case: one sequence of the longest length, the others between 1 and it."""
    random = np.random.default_rng(seed)
    lengths = [*random.integers(1, longest + 1, SEQUENCES - 1).tolist(), longest]
    return paged_case(
        lengths,
        heads=HEADS,
        kv_heads=HEADS,
        head_dim=HEAD_DIM,
        block_size=BLOCK_SIZE,
        seed=seed,
    ).filled()


def run_methods(case: PagedCase, model_mode: str) -> list[SplitResult]:
    """Attend with each method and judge it.

    Args:
        case: Of ``split_case``.
        model_mode: ``"fast"`` or ``"checked"``.
    """
    exact, _ = exact_attention(case)
    plain = plain_attention(case)
    arguments = (
        case.query,
        case.key_cache,
        case.value_cache,
        case.block_tables,
        case.seq_lens,
    )
    results = []
    for method in METHODS:
        choice = ascend_attention.plan_paged_attention(*arguments, method=method)
        busiest = max(choice.core_cycles) / float(np.mean(choice.core_cycles))
        attend = partial(ascend_attention.paged_attention, *arguments, method=method)
        try:
            with mode(model_mode):
                output, extra = peak_growth(attend)
        except ModelError as error:
            results.append(
                SplitResult(
                    method, choice.partitions, busiest, np.nan, 0.0, 0, choice.reason, str(error)
                )
            )
            continue
        assert isinstance(output, torch.Tensor)
        judged = compare(output, exact, plain)
        results.append(
            SplitResult(
                method,
                choice.partitions,
                busiest,
                judged.worst,
                judged.bound,
                extra,
                choice.reason,
                "" if judged.ok else judged.text,
            )
        )
    return results
