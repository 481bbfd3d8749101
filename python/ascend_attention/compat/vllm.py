# SPDX-License-Identifier: Apache-2.0
"""What programs written for vLLM's custom operators import.

``from ascend_attention.compat.vllm import ops`` stands for ``from vllm import _custom_ops as ops``,
and the helpers below for those of ``vllm.utils``.
"""

from __future__ import annotations

import torch

import ascend_attention as ops
from ascend_attention.model import current_options, socs

__all__ = ["create_kv_caches_with_random", "get_max_shared_memory_bytes", "is_hip", "ops"]

_PACKED_BYTES = 16


def is_hip() -> bool:
    """Say whether this is a ROCm platform: never."""
    return False


def get_max_shared_memory_bytes(gpu: int = 0) -> int:
    """Return the bytes of on-chip memory that a core computes in: the unified buffer."""
    del gpu
    return socs()[current_options().soc].local_bytes["UB"]


def create_kv_caches_with_random(
    num_blocks: int,
    block_size: int,
    num_layers: int,
    num_heads: int,
    head_size: int,
    cache_dtype: str | torch.dtype | None,
    model_dtype: str | torch.dtype | None = None,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Make random caches in the layout of ``paged_attention_v1``.

    Args:
        num_blocks: Blocks of a cache.
        block_size: Tokens of a block.
        num_layers: How many pairs of caches.
        num_heads: KV heads.
        head_size: Elements of a head.
        cache_dtype: A dtype, or ``"auto"`` for that of the model.
        model_dtype: A dtype or its name.
        seed: Of the generator.
        device: Of the caches.

    Returns:
        ``num_layers`` key caches ``[blocks, heads, head_size / x, block_size, x]`` and as many
        value caches ``[blocks, heads, head_size, block_size]``, uniform within plus and minus
        ``head_size ** -0.5``.
    """
    chosen = model_dtype if cache_dtype in (None, "auto") else cache_dtype
    dtype = getattr(torch, chosen) if isinstance(chosen, str) else chosen
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point or dtype.itemsize == 1:
        raise ValueError(
            f"create_kv_caches_with_random: cache_dtype ({cache_dtype}) must be auto with a "
            "floating-point model_dtype of 2 or 4 bytes, or such a dtype"
        )
    x = _PACKED_BYTES // dtype.itemsize
    generator = torch.Generator(device).manual_seed(seed)
    scale = head_size**-0.5

    def uniform(*shape: int) -> torch.Tensor:
        cache = torch.empty(shape, dtype=dtype, device=device)
        return cache.uniform_(-scale, scale, generator=generator)

    keys = [
        uniform(num_blocks, num_heads, head_size // x, block_size, x) for _ in range(num_layers)
    ]
    values = [uniform(num_blocks, num_heads, head_size, block_size) for _ in range(num_layers)]
    return keys, values
