# SPDX-License-Identifier: Apache-2.0
"""Tensors of any bits, and what an exact copy is."""

from __future__ import annotations

import torch


def random_bits(shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> torch.Tensor:
    """Return elements of any bits, NaN and infinity of all kinds among them."""
    generator = torch.Generator().manual_seed(seed)
    bits = torch.randint(0, 256, (*shape, dtype.itemsize), generator=generator, dtype=torch.uint8)
    return bits.view(dtype).view(shape)


def same_bits(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Say whether shapes and all bytes are equal."""
    if first.shape != second.shape or first.numel() == 0:
        return first.shape == second.shape
    return torch.equal(first.contiguous().view(torch.uint8), second.contiguous().view(torch.uint8))
