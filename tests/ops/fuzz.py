# SPDX-License-Identifier: Apache-2.0
"""Metadata of all kinds, right and wrong, and what an operator owes its caller for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
import torch
from ascend_attention.model import mode, recorded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ops.bits import same_bits

T = TypeVar("T")

DTYPES = st.sampled_from((torch.float16, torch.bfloat16, torch.float32))
OUT_OF_REACH = st.sampled_from((-(2**31), -7, -1, 1000, 2**31 - 1, 2**31, -(2**40)))


def run_examples(strategy: st.SearchStrategy[T], check: Callable[[T], int], count: int) -> None:
    """Check so many examples, the same ones every time; ``check`` returns its launches."""
    launched = []
    profile = settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @profile
    @given(strategy)
    def examine(example: T) -> None:
        launched.append(check(example))

    examine()
    assert len(launched) >= count * 3 // 4, "too few examples: have they run out?"
    assert sum(launched) >= len(launched) // 4, "hardly any kernel was launched"


def one_in(count: int) -> st.SearchStrategy[bool]:
    """Draw True one time in so many."""
    return st.integers(1, count).map(lambda die: die == count)


def mostly(
    right: st.SearchStrategy[T], wrong: st.SearchStrategy[T], one: int = 16
) -> st.SearchStrategy[T]:
    """Draw from what is right, and one time in ``one`` from what is wrong."""
    return one_in(one).flatmap(lambda unlucky: wrong if unlucky else right)


@st.composite
def metadata(draw: st.DrawFn, values: list[int] | list[list[int]], *shape: int) -> torch.Tensor:
    """Draw an int32 or int64 tensor of these values, seldom one of floats."""
    dtypes = mostly(st.sampled_from((torch.int32, torch.int64)), st.just(torch.float32), 40)
    return torch.tensor(values, dtype=torch.int64).reshape(shape).to(draw(dtypes))


def is_readable(tensor: torch.Tensor) -> bool:
    """Say whether operators take the dtype of metadata, and all values fit into int32."""
    if tensor.dtype not in (torch.int32, torch.int64):
        return False
    wide = tensor.long()
    return bool(((wide >= -(2**31)) & (wide < 2**31)).all())


def call(
    function: Callable[[], T], written: list[torch.Tensor], *, checked: bool, valid: bool
) -> tuple[T | None, int]:
    """Call an operator; returns its result and its launches.

    Args:
        function: The call.
        written: What it writes; all of it stays as it is if the call is wrong.
        checked: Run the model in checked mode.
        valid: The call is right; otherwise it must end in a TypeError or ValueError.
    """
    with mode("checked" if checked else "fast"), recorded() as reports:
        if valid:
            result = function()
            return result, len(reports)
        before = [tensor.clone() for tensor in written]
        with pytest.raises((TypeError, ValueError)):
            function()
    assert not reports, "a wrong call was launched"
    assert all(map(same_bits, before, written)), "a wrong call has written"
    return None, 0
