# SPDX-License-Identifier: Apache-2.0
"""Arguments of paged_attention_v1 and _v2 for a case."""

from __future__ import annotations

from typing import Any

import torch
from ascend_attention.testing import PagedCase, packed_caches

PARTITION = 512  # tokens


def arguments_of(case: PagedCase, alibi_slopes: torch.Tensor | None = None) -> list[Any]:
    """The arguments from query to kv_cache_dtype."""
    return [
        case.query,
        *packed_caches(case),
        case.key_cache.shape[2],
        case.query.shape[2] ** -0.5,
        case.block_tables,
        case.seq_lens,
        case.key_cache.shape[1],
        int(case.seq_lens.max()),
        alibi_slopes,
        "auto",
    ]


def partial_buffers(case: PagedCase) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """exp_sums, max_logits and tmp_out, full of NaN."""
    tokens, heads, head_dim = case.query.shape
    partitions = -(-int(case.seq_lens.max()) // PARTITION)
    sums = torch.full((tokens, heads, partitions), torch.nan)
    outputs = torch.full((tokens, heads, partitions, head_dim), torch.nan, dtype=case.query.dtype)
    return sums, sums.clone(), outputs
