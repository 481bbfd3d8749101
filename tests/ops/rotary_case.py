# SPDX-License-Identifier: Apache-2.0
"""Random rotary embeddings, and the bounds that they are held to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from ascend_attention import reference
from ascend_attention.testing import compare

POSITIONS = 300


@dataclass(frozen=True)
class RotaryCase:
    """What is rotated, and by what; rows of the tables that no token uses are NaN."""

    x: torch.Tensor  # [batch, seqlen, heads, head_dim]
    cos: torch.Tensor  # [POSITIONS, rotary_dim / 2]
    sin: torch.Tensor
    positions: torch.Tensor  # [batch, seqlen], int32
    interleaved: bool


def rotary_case(
    shape: tuple[int, int, int, int],
    rotary_dim: int,
    *,
    dtype: torch.dtype = torch.float16,
    table_dtype: torch.dtype | None = None,
    interleaved: bool = False,
    positions: torch.Tensor | None = None,
) -> RotaryCase:
    """Make a case; None: tables in the dtype of ``x``, and positions at random."""
    generator = torch.Generator().manual_seed(sum(shape) + rotary_dim)
    if positions is None:
        positions = torch.randint(POSITIONS, shape[:2], generator=generator, dtype=torch.int32)
    angles = 7 * torch.rand(POSITIONS, rotary_dim // 2, generator=generator)
    unused = torch.ones(POSITIONS, dtype=torch.bool)
    unused[positions.flatten().long()] = False
    angles[unused] = torch.nan
    return RotaryCase(
        torch.randn(shape, generator=generator).to(dtype),
        angles.cos().to(table_dtype or dtype),
        angles.sin().to(table_dtype or dtype),
        positions,
        interleaved,
    )


def plain_rotary(case: RotaryCase) -> torch.Tensor:
    """Rotate with plain torch: in float32, rounded once."""
    rotary_dim = 2 * case.cos.shape[1]
    x = case.x[..., :rotary_dim].float()
    cos, sin = (
        table[case.positions.long()].float()[..., None, :] for table in (case.cos, case.sin)
    )
    if case.interleaved:
        first, second = x[..., ::2], x[..., 1::2]
    else:
        first, second = x.chunk(2, dim=-1)
    halves = first * cos - second * sin, second * cos + first * sin
    turned = torch.stack(halves, dim=-1).flatten(-2) if case.interleaved else torch.cat(halves, -1)
    return torch.cat((turned.to(case.x.dtype), case.x[..., rotary_dim:]), dim=-1)


def assert_rotated(case: RotaryCase, output: torch.Tensor) -> None:
    """Hold an output to the float64 reference."""
    exact = reference.rotary(
        case.x.double().numpy(),
        case.cos.double().numpy(),
        case.sin.double().numpy(),
        case.positions.numpy(),
        interleaved=case.interleaved,
    )
    error = compare(
        output.flatten(0, 1),
        exact.reshape(-1, *exact.shape[2:]),
        plain_rotary(case).flatten(0, 1)[None],
    )
    assert error.ok, error.text
