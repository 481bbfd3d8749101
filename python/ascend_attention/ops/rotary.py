# SPDX-License-Identifier: Apache-2.0
"""Rotary position embedding of the heads of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHECKS = Checks("apply_rotary_emb")
_DTYPES = (torch.float16, torch.bfloat16, torch.float32)
_DENSE_RANK = 4  # [batch, seqlen, heads, head_dim]
_PACKED_RANK = 3  # [tokens, heads, head_dim]


def check_tables(
    checks: Checks, names: Sequence[str], tables: Sequence[torch.Tensor], x: torch.Tensor, of: str
) -> None:
    """Check all but the size of the tables of cosines and sines.

    Args:
        checks: Of the operator.
        names: Of the arguments.
        tables: ``[seqlen_ro, rotary_dim / 2]`` each.
        x: What is rotated.
        of: The name of ``x``.
    """
    (cos_name, _), (cos, _) = names, tables
    for name, table in zip(names, tables, strict=True):
        checks.rank(name, table, 2)
        checks.dtype(f"{name} dtype", table, (x.dtype, torch.float32), f" (that of {of}, or float)")
        checks.dtype(f"{name} dtype", table, (cos.dtype,), f" (that of {cos_name})")
        checks.shape(name, table, cos.shape, f"that of {cos_name}")
        checks.device(name, table, x, of)
        checks.contiguous_from(name, table, 1)


def check_positions(
    checks: Checks, name: str, positions: torch.Tensor, cos_name: str, cos: torch.Tensor
) -> None:
    """Demand that every position is one of the tables; looks at values."""
    outside = (positions < 0) | (positions >= cos.shape[0])
    if bool(outside.any()):
        at = outside.nonzero()[0].tolist()
        value = int(positions[tuple(at)])
        where = ", ".join(str(index) for index in at)
        rule = f"be at least 0 and less than {cos.shape[0]}, the rows of {cos_name}"
        raise checks.value_error(f"{name}[{where}]", value, rule)


def _check(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, positions: torch.Tensor) -> None:
    _CHECKS.rank("x", x, _DENSE_RANK)
    _CHECKS.dtype("x dtype", x, _DTYPES)
    _CHECKS.contiguous_from("x", x, 3)
    check_tables(_CHECKS, ("cos", "sin"), (cos, sin), x, "x")
    _CHECKS.dtype("positions dtype", positions, (torch.int32, torch.int64))
    _CHECKS.shape("positions", positions, x.shape[:2], "those of the tokens of x")
    _CHECKS.device("positions", positions, x, "x")


def _view(x: torch.Tensor) -> _native.TokenView:
    return _native.TokenView(x.stride(0), x.stride(1), x.stride(2))


def _rotate_into(
    output: torch.Tensor,
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    positions: torch.Tensor,
    interleaved: bool,
) -> None:
    tokens = _CHECKS.int32("positions", positions).contiguous()
    tables = {"cos": cos, "sin": sin, "positions": tokens}
    _CHECKS.apart(x=output, **tables)
    check_positions(_CHECKS, "positions", tokens, "cos", cos)
    batch, sequence, heads, head_dim = x.shape
    try:
        plan = _native.plan_rotary(
            _native.RotaryProblem(
                dtype=dtype_of(x),
                factor_dtype=dtype_of(cos),
                batch=batch,
                sequence=sequence,
                heads=heads,
                head_dim=head_dim,
                rotary_dim=2 * cos.shape[1],
                x=_view(x),
                output=_view(output),
                cos_stride=cos.stride(0),
                sin_stride=sin.stride(0),
                interleaved=interleaved,
            ),
            soc_name(),
        )
    except ValueError as error:
        raise _CHECKS.renamed(error) from None
    if x.numel() == 0:
        return
    run_plan(
        plan,
        argument("x", x),
        *(argument(name, tensor) for name, tensor in tables.items()),
        argument("output", output, writable=True, defined=output is x),
    )


def _apply_cpu(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    positions: torch.Tensor,
    interleaved: bool,
) -> torch.Tensor:
    _check(x, cos, sin, positions)
    output = x.new_empty(x.shape)
    _rotate_into(output, x, cos, sin, positions, interleaved)
    return output


def _apply_meta(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    positions: torch.Tensor,
    interleaved: bool,
) -> torch.Tensor:
    _check(x, cos, sin, positions)
    return x.new_empty(x.shape)


def _apply_in_place_cpu(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    positions: torch.Tensor,
    interleaved: bool,
) -> None:
    _check(x, cos, sin, positions)
    _rotate_into(x, x, cos, sin, positions, interleaved)


def _apply_in_place_meta(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    positions: torch.Tensor,
    interleaved: bool,
) -> None:
    _check(x, cos, sin, positions)


define(
    "apply_rotary_emb(Tensor x, Tensor cos, Tensor sin, Tensor positions, bool interleaved) "
    "-> Tensor",
    cpu=_apply_cpu,
    meta=_apply_meta,
)
define(
    "apply_rotary_emb_(Tensor(a!) x, Tensor cos, Tensor sin, Tensor positions, bool interleaved) "
    "-> ()",
    cpu=_apply_in_place_cpu,
    meta=_apply_in_place_meta,
)


def _offsets(seqlen_offsets: int | torch.Tensor, batch: int, x: torch.Tensor) -> int | torch.Tensor:
    if isinstance(seqlen_offsets, int | torch.SymInt):
        return seqlen_offsets
    if not isinstance(seqlen_offsets, torch.Tensor):
        kind = type(seqlen_offsets).__name__
        raise _CHECKS.type_error("seqlen_offsets", kind, "be a whole number or a tensor")
    _CHECKS.shape("seqlen_offsets", seqlen_offsets, (batch,), "one a sequence")
    _CHECKS.dtype("seqlen_offsets dtype", seqlen_offsets, (torch.int32, torch.int64))
    _CHECKS.device("seqlen_offsets", seqlen_offsets, x, "x")
    return seqlen_offsets


def _packed_positions(
    x: torch.Tensor, cu_seqlens: torch.Tensor, seqlen_offsets: int | torch.Tensor
) -> torch.Tensor:
    _CHECKS.tensors(cu_seqlens=cu_seqlens)
    _CHECKS.rank("cu_seqlens", cu_seqlens, 1)
    _CHECKS.dtype("cu_seqlens dtype", cu_seqlens, (torch.int32, torch.int64))
    _CHECKS.device("cu_seqlens", cu_seqlens, x, "x")
    tokens, batch = x.shape[0], cu_seqlens.shape[0] - 1
    bounds = cu_seqlens.long()
    if x.device.type == "cpu" and (
        batch < 0
        or int(bounds[0]) != 0
        or int(bounds[-1]) != tokens
        or bool((bounds.diff() < 0).any())
    ):
        rule = f"rise from 0 to the tokens of x ({tokens})"
        raise _CHECKS.value_error("cu_seqlens", cu_seqlens.tolist(), rule)
    offsets = _offsets(seqlen_offsets, batch, x)
    token = torch.arange(tokens, device=x.device)
    row = torch.searchsorted(bounds[1:], token, right=True)
    first = offsets[row] if isinstance(offsets, torch.Tensor) else offsets
    return (token - bounds[row] + first)[None]


def _positions_of(
    x: torch.Tensor,
    seqlen_offsets: int | torch.Tensor,
    cu_seqlens: torch.Tensor | None,
    positions: torch.Tensor | None,
) -> torch.Tensor:
    """Return the position of each token: ``[batch, seqlen]``, a single row for packed tokens."""
    packed = x.dim() == _PACKED_RANK
    if positions is not None:
        _CHECKS.tensors(positions=positions)
        if cu_seqlens is not None or not isinstance(seqlen_offsets, int) or seqlen_offsets != 0:
            rule = "come without seqlen_offsets and cu_seqlens"
            raise _CHECKS.value_error("positions", tuple(positions.shape), rule)
        _CHECKS.shape("positions", positions, x.shape[:-2], "those of the tokens of x")
        return positions[None] if packed else positions
    if packed != (cu_seqlens is not None):
        rule = "have 3 dimensions with cu_seqlens or positions, and 4 without cu_seqlens"
        raise _CHECKS.value_error("x", list(x.shape), rule)
    if cu_seqlens is not None:
        return _packed_positions(x, cu_seqlens, seqlen_offsets)
    batch, sequence = x.shape[:2]
    offsets = _offsets(seqlen_offsets, batch, x)
    first = offsets[:, None] if isinstance(offsets, torch.Tensor) else offsets
    return (torch.arange(sequence, device=x.device) + first).expand(batch, sequence)


def apply_rotary_emb(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    interleaved: bool = False,
    inplace: bool = False,
    seqlen_offsets: int | torch.Tensor = 0,
    cu_seqlens: torch.Tensor | None = None,
    max_seqlen: int | None = None,
    *,
    positions: torch.Tensor | None = None,
) -> torch.Tensor:
    """Rotate pairs of elements of each head by angles that depend on the token's position.

    Args:
        x: ``[batch, seqlen, heads, head_dim]``, or ``[tokens, heads, head_dim]`` with
            ``cu_seqlens`` or ``positions``; float16, bfloat16 or float32; the last dimension is
            contiguous, the others may be strided. ``head_dim`` is at most 512.
        cos: ``[seqlen_ro, rotary_dim / 2]``, float32 or the dtype of ``x``: the cosine of each
            angle at each position. ``rotary_dim``, a multiple of 16, is at most ``head_dim``;
            elements from there on stay as they are.
        sin: Like ``cos``, in its dtype.
        interleaved: A pair is two neighbours (GPT-J); False: elements ``i`` and
            ``i + rotary_dim / 2`` (GPT-NeoX).
        inplace: Write to ``x``, and return it.
        seqlen_offsets: Position of the first token of each sequence: a number, or ``[batch]``,
            int32 or int64.
        cu_seqlens: ``[batch + 1]``, int32 or int64: where each sequence begins in packed tokens.
        max_seqlen: Unused; flash-attention's place for the longest sequence.
        positions: ``[batch, seqlen]`` or ``[tokens]``, int32, or int64 that fits: the position of
            each token, instead of ``seqlen_offsets`` and ``cu_seqlens``.

    Returns:
        Shape and dtype of ``x``; computed in float32 and rounded once.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride or position breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Signature and meaning: flash-attention's ``apply_rotary_emb``; algorithm: Su et al., RoFormer,
    2021.
    """
    _CHECKS.tensors(x=x, cos=cos, sin=sin)
    if x.dim() not in (_PACKED_RANK, _DENSE_RANK):
        raise _CHECKS.value_error("x", list(x.shape), "have 3 or 4 dimensions")
    where = _positions_of(x, seqlen_offsets, cu_seqlens, positions)
    rows = x[None] if x.dim() == _PACKED_RANK else x
    if inplace:
        torch.ops.ascend_attention.apply_rotary_emb_(rows, cos, sin, where, interleaved)
        return x
    output: torch.Tensor = torch.ops.ascend_attention.apply_rotary_emb(
        rows, cos, sin, where, interleaved
    )
    return output[0] if x.dim() == _PACKED_RANK else output
