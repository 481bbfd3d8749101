# SPDX-License-Identifier: Apache-2.0
"""Attention of one sequence with plain torch, rounding where kernels round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.reference import ScoreOptions

# Plain torch loses more or less by the order in which it adds. Where that is all it loses, one
# order may be exact by luck, so that several are tried.
_FLOAT32_ORDERS = 4


def _visible_scores(scores: torch.Tensor, options: ScoreOptions) -> torch.Tensor:
    """Return ``[heads, queries, keys]`` scores as they go into the softmax, in float32."""
    return torch.from_numpy(options.apply(scores.numpy())).float()


def orders(dtype: torch.dtype) -> int:
    """Return how many orders of adding are tried for a dtype."""
    return _FLOAT32_ORDERS if dtype == torch.float32 else 1


def plain_sequence(
    tensors: Sequence[torch.Tensor], scale: float, options: ScoreOptions
) -> torch.Tensor:
    """Attend the query of one sequence: inputs, weights and output rounded, float32 sums.

    Args:
        tensors: Query ``[queries, heads, head_dim]``, keys ``[keys, kv_heads, head_dim]`` and
            values ``[keys, kv_heads, head_dim_v]``, all in one dtype.
        scale: Multiplies ``Q K^T``.
        options: For the scores.

    Returns:
        ``[orders, queries, heads, head_dim_v]``: the outputs of several orders of adding for
        float32, whose error is that of adding, and of one for other dtypes.
    """
    query, key, value = tensors
    if key.shape[0] == 0:
        return value.new_zeros(orders(query.dtype), *query.shape[:2], value.shape[2])
    return torch.stack(
        [_in_order(tensors, scale, options, order) for order in range(orders(query.dtype))]
    )


def _in_order(
    tensors: Sequence[torch.Tensor], scale: float, options: ScoreOptions, order: int
) -> torch.Tensor:
    """Attend in one order of adding: 0: as things lie in memory, others: shuffled."""
    query, key, value = (tensor.float() for tensor in tensors)
    length, _, head_dim = key.shape
    heads, group = query.shape[1], query.shape[1] // key.shape[1]
    dims: torch.Tensor | slice = slice(None)
    tokens: torch.Tensor | slice = slice(None)
    if order > 0:
        generator = torch.Generator().manual_seed(order)
        dims, tokens = (torch.randperm(n, generator=generator) for n in (head_dim, length))
    keys = key[..., dims].repeat_interleave(group, dim=1).transpose(0, 1)
    scores = (query[..., dims].transpose(0, 1) @ keys.transpose(1, 2)) * scale
    scores = _visible_scores(scores, options)[..., tokens]
    if options.sinks is not None:
        sinks = torch.as_tensor(options.sinks).float()[:, None, None]
        scores = torch.cat((scores, sinks.expand(heads, scores.shape[1], 1)), dim=2)
    weights = torch.softmax(scores, dim=-1)[..., :length].nan_to_num(0.0)
    values = value[tokens].repeat_interleave(group, dim=1).transpose(0, 1)
    dtype = tensors[0].dtype
    return (weights.to(dtype).float() @ values).transpose(0, 1).to(dtype)
