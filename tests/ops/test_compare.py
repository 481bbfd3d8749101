# SPDX-License-Identifier: Apache-2.0
"""The bound that outputs are held to notices wrong ones, however small or rare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from ascend_attention.testing import (
    Error,
    PagedCase,
    compare,
    exact_attention,
    paged_case,
    plain_attention,
)

Change = Callable[[torch.Tensor], torch.Tensor]


def make_case(dtype: torch.dtype) -> PagedCase:
    lengths = (5, 0, 4096)
    return paged_case(
        lengths, heads=4, kv_heads=2, head_dim=64, block_size=128, dtype=dtype
    ).filled()


CASE = make_case(torch.bfloat16)
CASES = {"bf16": CASE, "fp32": make_case(torch.float32)}


def judge(change: Change, case: PagedCase = CASE) -> Error:
    """Judge the exact output, rounded once, after a change."""
    exact, _ = exact_attention(case)
    output = change(torch.from_numpy(exact).to(case.query.dtype))
    return compare(output, exact, plain_attention(case))


def element(place: tuple[int, int, int], factor: float, offset: float = 0.0) -> Change:
    def change(output: torch.Tensor) -> torch.Tensor:
        output[place] = output[place] * factor + offset
        return output

    return change


def without_the_last_token(output: torch.Tensor) -> torch.Tensor:
    shorter = replace(CASE, seq_lens=CASE.seq_lens - (CASE.seq_lens == 4096).int())
    return torch.from_numpy(exact_attention(shorter)[0]).to(output)


WRONG: dict[str, Change] = {
    "one element": element((2, 1, 7), 1.05),
    "two heads swapped": lambda output: output[:, [1, 0, 2, 3]],
    "the last token is missing": without_the_last_token,
    "another scale": lambda output: torch.from_numpy(exact_attention(CASE, 0.13)[0]).to(output),
    "an empty row is not quite zero": element((1, 0, 0), 1.0, 1e-4),
    "NaN": element((2, 1, 7), 1.0, torch.nan),
    "a row too few": lambda output: output[:1],
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_rounded_reference_is_good(case: PagedCase) -> None:
    error = judge(lambda output: output, case)

    assert error.ok, error.text


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_output_is_noticed(name: str) -> None:
    assert not judge(WRONG[name]).ok


@pytest.mark.parametrize("row", [0, 2])
def test_a_float32_output_that_is_off_by_little_is_noticed(row: int) -> None:
    case = CASES["fp32"]

    assert judge(element((row, 1, 7), 1.0, 2e-7), case).worst < 3e-7
    assert not judge(element((row, 1, 7), 1.0, 2e-6), case).ok
    assert plain_attention(case).shape[0] > 1, "several orders of adding"
