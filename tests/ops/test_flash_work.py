# SPDX-License-Identifier: Apache-2.0
"""What the cube multiplies and loads: no less than it must, and nothing that a mask hides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from ascend_attention import plan_flash_attention
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import FlashCase, flash_case

from tests.ops.flash_attend import ALL_KEYS, attend_flash, option_arguments
from tests.ops.flash_options import KINDS, Setting

if TYPE_CHECKING:
    from ascend_attention.model import Report

HEADS, SIZE = 2, 128
CAUSAL = ScoreOptions()


def square(tokens: int) -> FlashCase:
    return flash_case((tokens,), (tokens,), heads=HEADS, kv_heads=1, head_dim=SIZE)


def planned(case: FlashCase, options: ScoreOptions, **arguments: Any) -> int:  # noqa: ANN401
    """Return the multiply-accumulates of all cores."""
    given = {**case.arguments, **option_arguments(options, torch.float32), **arguments}
    return sum(plan_flash_attention(case.query, case.key, case.value, **given).core_macs)


def executed(report: Report) -> int:
    """Return the multiply-accumulates of all cubes."""
    return report.pipe("M", "AIC").macs


def needed(case: FlashCase, options: ScoreOptions) -> int:
    """Return the multiply-accumulates of the pairs of query token and key that are visible."""
    pairs = 0
    for row, (query, keys, _) in enumerate(case.sequences):
        seen = options.of_sequence(row).visible(len(query), len(keys))
        pairs += int(seen.sum()) * (1 if seen.ndim > 2 else query.shape[1])
    return pairs * (case.query.shape[-1] + case.value.shape[-1])


@pytest.mark.parametrize("row_tile", [0, 64, 128, 256])
def test_full_attention_multiplies_all_and_no_more(row_tile: int, launches: list[Report]) -> None:
    case = square(512)

    attend_flash(case, row_tile=row_tile)

    rectangle = needed(case, ALL_KEYS)
    assert executed(launches[0]) == planned(case, ALL_KEYS, row_tile=row_tile) == rectangle


@pytest.mark.parametrize("row_tile", [0, 64, 128, 256])
def test_what_causal_hides_is_skipped(row_tile: int, launches: list[Report]) -> None:
    case = square(1024)

    attend_flash(case, CAUSAL, row_tile=row_tile)

    done, rectangle = executed(launches[0]), needed(case, ALL_KEYS)
    # Half of it, and at most the other half of a tile of 128 keys and rows along the diagonal.
    assert needed(case, CAUSAL) <= planned(case, CAUSAL, row_tile=row_tile) == done
    assert done <= rectangle * (0.5 + 0.5 * SIZE / 1024) * 1.05


@pytest.mark.parametrize("kind", KINDS)
def test_no_less_is_multiplied_than_is_visible(kind: str, launches: list[Report]) -> None:
    lengths = (300, 1, 77), (300, 500, 129)
    case = flash_case(*lengths, form="packed", heads=4)
    options = KINDS[kind](Setting(*lengths, 4, torch.float16, 1))

    attend_flash(case, options)

    assert executed(launches[0]) == planned(case, options) >= needed(case, options)


@pytest.mark.parametrize("form", ["packed", "paged"])
def test_a_window_skips_the_keys_before_it(form: str, launches: list[Report]) -> None:
    case = flash_case((64,), (4000,), form=form)

    attend_flash(case, num_splits=1)
    attend_flash(case, ScoreOptions(window=(100, -1)), num_splits=1)

    loaded = [report.pipe("MTE2", "AIC").gm_read_bytes for report in launches]
    assert loaded[1] < loaded[0] / 4


def test_memory_besides_the_tensors_does_not_grow_with_the_length() -> None:
    plans = [
        plan_flash_attention(*(torch.empty(1, tokens, 8, 128, dtype=torch.float16),) * 3)
        for tokens in (4096, 8192, 16384)
    ]

    assert len({plan.workspace_bytes for plan in plans}) == 1
    assert plans[0].workspace_bytes < 64 * 2**20
