# SPDX-License-Identifier: Apache-2.0
"""Ordering of flash attention: every edge of its kernel is needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from ascend_attention.model import mutate
from ascend_attention.testing import flash_case

from tests.ops.flash_attend import attend_flash
from tests.ops.flash_options import KINDS, Setting, bias_dtype
from tests.ops.test_ordering import is_of_the_library, takes_flags_back

Lengths = tuple[tuple[int, ...], tuple[int, ...]]

# Every block has several units; of some steps each, or of a single one.
LONG: Lengths = (300, 200, 40, 1, 77, 0, 130), (700, 513, 300, 65, 0, 30, 131)
# A vector core may have the rows of a single query token.
FEW: Lengths = (5, 9, 5, 9, 1, 5) * 3, (40, 70, 9, 30, 131, 5) * 3
SHORT: Lengths = (33, 20, 16, 1, 5, 70, 3) * 2, (130, 20, 9, 65, 0, 30, 131) * 2


def attention(
    kind: str,
    lengths: Lengths,
    form: str,
    sizes: dict[str, int],
    **tiling: Any,  # noqa: ANN401
) -> Callable[[], object]:
    """Return attention with one kind of scores."""
    case = flash_case(*lengths, form=form, **sizes)  # type: ignore[arg-type]
    setting = Setting(*lengths, sizes.get("heads", 4), torch.float16, 0)
    scores, dtype = KINDS[kind](setting), bias_dtype(kind, torch.float16)
    return partial(attend_flash, case, scores, dtype, **tiling)


def all_kinds() -> list[Callable[[], object]]:
    sizes = {"heads": 6, "kv_heads": 3}
    kinds = (
        *("all with bias", "all with a mask", "all with a prefix", "bias of heads", "causal"),
        *("both", "mask", "own key", "prefix", "sinks", "slopes of sequences", "softcap"),
    )
    as_half = ("all with a mask", "bias", "causal", "softcap")
    wide = {"head_dim": 256, "head_dim_v": 192}
    return [
        *(attention(kind, SHORT, "packed", sizes, row_tile=32, lookahead=1) for kind in kinds),
        *(
            attention(kind, SHORT, "paged", sizes, row_tile=32, score_format="half")
            for kind in as_half
        ),
        attention("own key", FEW, "packed", sizes, row_tile=32, pack=2),
        attention("causal", LONG, "cache", wide, row_tile=64, kv_tile=256),
        attention("both", LONG, "packed", {"kv_heads": 4}, row_tile=128),
        attention(
            "causal", ((300, 300), (900, 513)), "packed", {"heads": 8}, row_tile=256, lookahead=1
        ),
    ]


@pytest.mark.own_front_end("launches with an edge taken away have nothing to compare with")
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("addr2line") is None, reason="needs addr2line of binutils")
def test_every_ordering_edge_is_missed_when_taken_away() -> None:
    runs = all_kinds()

    mutations = mutate(lambda: [run() for run in runs])

    kernel_sites = [
        mutation
        for mutation in mutations
        if not is_of_the_library(mutation) and not takes_flags_back(mutation)
    ]
    silent = [str(mutation) for mutation in kernel_sites if not mutation.found]
    assert len(kernel_sites) >= 100, "too few sites: are they collected?"
    assert silent == []
