# SPDX-License-Identifier: Apache-2.0
"""Architecture levels of the model's arithmetic give the same bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from ascend_attention import _native, paged_attention
from ascend_attention.testing import paged_case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascend_attention.model import Report


@pytest.fixture(params=_native.levels())
def level(request: pytest.FixtureRequest) -> Iterator[str]:
    best = _native.level()
    _native.set_level(request.param)
    yield request.param
    _native.set_level(best)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["fp16", "bf16"])
def test_levels_give_the_same_bits(level: str, dtype: torch.dtype, launches: list[Report]) -> None:
    case = paged_case((3, 150, 64), head_dim=128, dtype=dtype).filled()

    def attend() -> list[torch.Tensor]:
        result = paged_attention(
            case.query,
            case.key_cache,
            case.value_cache,
            case.block_tables,
            case.seq_lens,
            return_lse=True,
        )
        return list(result)

    here = attend()
    _native.set_level("baseline")

    assert all(torch.equal(a, b) for a, b in zip(here, attend(), strict=True))


def test_a_level_that_is_not_here_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"level \(v9\) must be one of levels"):
        _native.set_level("v9")
