# SPDX-License-Identifier: Apache-2.0
"""Shape and strides of a paged cache ``[blocks, block_size, kv_heads, head_dim]`` for a tiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ascend_attention import _native

if TYPE_CHECKING:
    import torch


def cache_shape(cache: torch.Tensor) -> _native.PagedCacheShape:
    """Return the four sizes."""
    blocks, block_size, heads, head_dim = cache.shape
    return _native.PagedCacheShape(blocks, block_size, heads, head_dim)


def cache_view(cache: torch.Tensor) -> _native.PagedCacheView:
    """Return the strides of the first three dimensions, in elements."""
    return _native.PagedCacheView(cache.stride(0), cache.stride(1), cache.stride(2))
