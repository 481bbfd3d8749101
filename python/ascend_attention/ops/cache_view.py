# SPDX-License-Identifier: Apache-2.0
"""Layouts of a paged KV cache, and its shape and strides as a tiling takes them.

Every layout is seen as ``[blocks, block_size, kv_heads, head_dim]``; ``x`` elements make 16 bytes,
``y`` make 32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascend_attention import _native

if TYPE_CHECKING:
    import torch

    from ascend_attention.ops.checks import Checks

KV_LAYOUTS = ("NHD", "HND", "packed", "NZ")


@dataclass(frozen=True)
class CacheView:
    """One cache, K or V, as kernels see it."""

    layout: _native.CacheLayout
    blocks: int
    block_size: int
    kv_heads: int
    head_dim: int
    strides: tuple[int, int, int]  # of block, token and head, in elements

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Blocks, block size, kv heads, head dimension."""
        return self.blocks, self.block_size, self.kv_heads, self.head_dim

    @property
    def shape(self) -> _native.PagedCacheShape:
        """The four sizes, for a tiling."""
        return _native.PagedCacheShape(*self.sizes)

    @property
    def view(self) -> _native.PagedCacheView:
        """The strides, for a tiling."""
        return _native.PagedCacheView(*self.strides)


def rows_view(checks: Checks, name: str, cache: torch.Tensor, kv_layout: str = "NHD") -> CacheView:
    """See a cache whose tokens are rows.

    Args:
        checks: Of the operator.
        name: Of the argument.
        cache: ``[blocks, block_size, kv_heads, head_dim]`` (NHD) or ``[blocks, kv_heads,
            block_size, head_dim]`` (HND); the last dimension is contiguous.
        kv_layout: ``"NHD"`` or ``"HND"``.
    """
    checks.rank(name, cache, 4)
    checks.contiguous_from(name, cache, 3)
    rows = cache if kv_layout == "NHD" else cache.transpose(1, 2)
    blocks, block_size, heads, head_dim = rows.shape
    strides = (rows.stride(0), rows.stride(1), rows.stride(2))
    return CacheView(_native.CacheLayout.rows, blocks, block_size, heads, head_dim, strides)


def _packed_view(cache: torch.Tensor, head_dim: int, block_size: int) -> CacheView:
    blocks, heads = cache.shape[:2]
    strides = (cache.stride(0), 0, cache.stride(1))
    return CacheView(_native.CacheLayout.packed, blocks, block_size, heads, head_dim, strides)


def packed_views(
    checks: Checks, key_cache: torch.Tensor, value_cache: torch.Tensor
) -> tuple[CacheView, CacheView]:
    """See the caches of vLLM's first kernels.

    Args:
        checks: Of the operator.
        key_cache: ``[blocks, kv_heads, head_dim / x, block_size, x]``; each head of a block is
            contiguous.
        value_cache: ``[blocks, kv_heads, head_dim, block_size]``; likewise.
    """
    checks.rank("key_cache", key_cache, 5)
    checks.rank("value_cache", value_cache, 4)
    x = 16 // key_cache.element_size()
    if key_cache.shape[4] != x:
        raise checks.value_error(
            "key_cache last dimension", key_cache.shape[4], f"be {x} (16 bytes of the dtype)"
        )
    checks.contiguous_from("key_cache", key_cache, 2)
    checks.contiguous_from("value_cache", value_cache, 2)
    block_size = key_cache.shape[3]
    key = _packed_view(key_cache, key_cache.shape[2] * x, block_size)
    value = _packed_view(value_cache, value_cache.shape[2], value_cache.shape[3])
    if value.block_size != block_size:
        raise checks.value_error(
            "value_cache block_size", value.block_size, f"be that of key_cache ({block_size})"
        )
    return key, value


def kv_views(
    checks: Checks,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    kv_layout: str,
    head_dim: int,
) -> tuple[CacheView, CacheView]:
    """See caches in the layout of this name.

    Args:
        checks: Of the operator.
        key_cache: In the layout.
        value_cache: Likewise.
        kv_layout: One of ``KV_LAYOUTS``.
        head_dim: Of the query: the shape of NZ does not tell heads from their elements.
    """
    if kv_layout not in KV_LAYOUTS:
        raise checks.value_error("kv_layout", kv_layout, f"be one of {', '.join(KV_LAYOUTS)}")
    if kv_layout == "packed":
        return packed_views(checks, key_cache, value_cache)
    if kv_layout == "NZ":
        return (
            _nz_view_of_heads(checks, "key_cache", key_cache, head_dim),
            _nz_view_of_heads(checks, "value_cache", value_cache, head_dim),
        )
    return (
        rows_view(checks, "key_cache", key_cache, kv_layout),
        rows_view(checks, "value_cache", value_cache, kv_layout),
    )


def nz_view(
    checks: Checks, name: str, cache: torch.Tensor, kv_heads: int, head_dim: int
) -> CacheView:
    """See a cache in the fractal layout of the cube.

    Args:
        checks: Of the operator.
        name: Of the argument.
        cache: ``[blocks, kv_heads * head_dim / y, block_size, y]``; each block is contiguous.
        kv_heads: Of the tokens to write.
        head_dim: Likewise.
    """
    checks.rank(name, cache, 4)
    y = 32 // cache.element_size()
    blocks, columns, block_size, width = cache.shape
    if width != y:
        raise checks.value_error(f"{name} last dimension", width, f"be {y} (32 bytes of the dtype)")
    if columns * y != kv_heads * head_dim:
        raise checks.value_error(
            f"{name} columns",
            columns,
            f"be kv_heads * head_dim / {y} ({kv_heads} * {head_dim} / {y})",
        )
    checks.contiguous_from(name, cache, 1)
    strides = (cache.stride(0), 0, 0)
    return CacheView(_native.CacheLayout.nz, blocks, block_size, kv_heads, head_dim, strides)


def _nz_view_of_heads(checks: Checks, name: str, cache: torch.Tensor, head_dim: int) -> CacheView:
    """See a cache in the fractal layout whose columns are heads of this size."""
    checks.rank(name, cache, 4)
    elements = cache.shape[1] * cache.shape[3]
    if head_dim == 0 or elements % head_dim != 0:
        raise checks.value_error(
            f"{name} elements of a token", elements, f"be a multiple of head_dim ({head_dim})"
        )
    return nz_view(checks, name, cache, elements // head_dim, head_dim)
