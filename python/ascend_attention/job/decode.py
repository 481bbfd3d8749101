# SPDX-License-Identifier: Apache-2.0
"""Cases of the main job and how one is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

import ascend_attention
from ascend_attention.model import ModelError, mode, recorded
from ascend_attention.testing import (
    PagedCase,
    compare,
    exact_attention,
    paged_case,
    plain_attention,
)

if TYPE_CHECKING:
    from ascend_attention.model import Report

HEADS, KV_HEADS, HEAD_DIM = 32, 8, 128


@dataclass(frozen=True)
class DecodeCase:
    """One row of the main job."""

    name: str
    dtype: torch.dtype
    block_size: int
    seq_lens: tuple[int, ...]
    seed: int


@dataclass(frozen=True)
class Result:
    """What one kernel of a case did."""

    case: str
    kernel: str
    error: float
    bound: float
    report: Report | None
    fault: str = ""
    ok: bool = field(default=False)


def decode_cases(*, batch: int, context: int, seed: int) -> list[DecodeCase]:
    """Return the cases: each dtype with a small and a large block, ragged lengths.

    Args:
        batch: Sequences.
        context: Longest sequence; the others are between 1 and it, one is empty if there are more
            than two.
        seed: Of lengths and inputs.
    """
    random = np.random.default_rng(seed)
    lengths = [context, *random.integers(1, context + 1, max(batch - 1, 0)).tolist()]
    if batch > 2:  # noqa: PLR2004
        lengths[2] = 0
    return [
        DecodeCase(
            f"{str(dtype).removeprefix('torch.')}, blocks of {block_size}",
            dtype,
            block_size,
            tuple(lengths),
            seed,
        )
        for dtype in (torch.float16, torch.bfloat16)
        for block_size in (16, 128)
    ]


def _write(case: PagedCase, name: str) -> Result:
    with recorded() as reports:
        try:
            ascend_attention.reshape_and_cache_flash(
                case.keys, case.values, case.key_cache, case.value_cache, case.slot_mapping
            )
        except ModelError as error:
            return Result(name, "reshape_and_cache_flash", float("nan"), 0.0, None, str(error))
    wrong = 0
    for cache, tokens in ((case.key_cache, case.keys), (case.value_cache, case.values)):
        slots = cache.view(-1, *cache.shape[2:])
        written = torch.zeros(slots.shape[0], dtype=torch.bool)
        written[case.slot_mapping] = True
        wrong += int((slots[case.slot_mapping] != tokens).sum())
        wrong += int((~slots[~written].isnan()).sum())
    return Result(name, "reshape_and_cache_flash", float(wrong), 0.0, reports[0], ok=wrong == 0)


def _attend(case: PagedCase, name: str) -> Result:
    with recorded() as reports:
        try:
            output = ascend_attention.paged_attention(
                case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
            )
        except ModelError as error:
            return Result(name, "paged_attention", float("nan"), 0.0, None, str(error))
    assert isinstance(output, torch.Tensor)
    exact, _ = exact_attention(case)
    judged = compare(output, exact, plain_attention(case))
    fault = "" if judged.ok else judged.text
    return Result(
        name, "paged_attention", judged.worst, judged.bound, reports[0], fault, ok=judged.ok
    )


def run_case(case: DecodeCase, model_mode: str) -> list[Result]:
    """Write the cache, attend, and compare.

    Args:
        case: What to run.
        model_mode: ``"fast"`` or ``"checked"``.
    """
    tensors = paged_case(
        case.seq_lens,
        heads=HEADS,
        kv_heads=KV_HEADS,
        head_dim=HEAD_DIM,
        block_size=case.block_size,
        dtype=case.dtype,
        seed=case.seed,
    )
    with mode(model_mode):
        written = _write(tensors, case.name)
        if not written.ok:
            return [written]
        return [written, _attend(tensors, case.name)]
