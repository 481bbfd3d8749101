# SPDX-License-Identifier: Apache-2.0
"""Caches ``[blocks, block_size, heads, head_dim]`` of K and V in the memory order of a layout."""

from __future__ import annotations

import torch
from ascend_attention.testing import pack_caches

Caches = tuple[torch.Tensor, torch.Tensor]


def to_rows(key: torch.Tensor, value: torch.Tensor) -> Caches:
    """Copy them as they are."""
    return key.clone(), value.clone()


def to_packed(key: torch.Tensor, value: torch.Tensor) -> Caches:
    """Bring them into the layout of ``reshape_and_cache``."""
    return pack_caches(key, value)


def to_nz(key: torch.Tensor, value: torch.Tensor) -> Caches:
    """Bring them into the layout of ``reshape_and_cache_nz``."""
    return _fractals(key), _fractals(value)


def _fractals(cache: torch.Tensor) -> torch.Tensor:
    blocks, block_size, heads, head_dim = cache.shape
    y = 32 // cache.element_size()
    columns = cache.reshape(blocks, block_size, heads * head_dim // y, y)
    return columns.permute(0, 2, 1, 3).contiguous()
