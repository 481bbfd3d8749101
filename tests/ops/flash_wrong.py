# SPDX-License-Identifier: Apache-2.0
"""Small calls of flash attention in every form, and what becomes of them when they are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ascend_attention import flash_attention
from ascend_attention.model import recorded

Arguments = dict[str, Any]
Changes = dict[str, Any]  # a value, or a function of the value that was there


def half(*shape: int) -> torch.Tensor:
    return torch.zeros(shape, dtype=torch.float16)


def ints(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int32)


def dense() -> Arguments:
    """2 sequences of 5 query tokens and 9 keys."""
    return {"query": half(2, 5, 4, 32), "key": half(2, 9, 2, 32), "value": half(2, 9, 2, 32)}


def packed() -> Arguments:
    """Sequences of 2, 0 and 3 query tokens and 4, 2 and 6 keys."""
    return {
        "query": half(5, 4, 32),
        "key": half(12, 2, 32),
        "value": half(12, 2, 32),
        "cu_seqlens_q": ints(0, 2, 2, 5),
        "cu_seqlens_k": ints(0, 4, 6, 12),
    }


def paged() -> Arguments:
    """2 sequences of 5 query tokens, 20 and 40 keys in pages of 16."""
    return {
        "query": half(2, 5, 4, 32),
        "key": half(4, 16, 2, 32),
        "value": half(4, 16, 2, 32),
        "block_table": torch.tensor([[0, 1, -7], [2, 3, 0]], dtype=torch.int32),
        "seqused_k": ints(20, 40),
    }


def with_item(index: tuple[int, ...], value: int) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        changed = tensor.clone()
        changed[index] = value
        return changed

    return change


def both(change: Callable[[torch.Tensor], torch.Tensor]) -> Changes:
    return {"key": change, "value": change}


def all_three(change: Callable[[torch.Tensor], torch.Tensor]) -> Changes:
    return {"query": change, **both(change)}


Case = tuple[Callable[[], Arguments], Changes, type[Exception], str]


def expect_refusal(case: Case) -> None:
    """Run the changed call: it is refused with one sentence, and nothing is launched."""
    form, changes, error, message = case
    arguments = form()
    for argument, change in changes.items():
        arguments[argument] = change(arguments[argument]) if callable(change) else change

    with recorded() as launches, pytest.raises(error, match=r"^flash_attention: " + message):
        flash_attention(**arguments)

    assert not launches
