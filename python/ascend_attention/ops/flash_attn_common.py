# SPDX-License-Identifier: Apache-2.0
"""What all functions with flash-attention's signatures share: they end in one operator."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.ops.checks import Checks

Window = tuple[int | None, int | None] | None
Result = torch.Tensor | tuple[torch.Tensor, torch.Tensor, None]

_WHOLE = (numbers.Integral, torch.SymInt)
_REAL = (numbers.Real, torch.SymInt, torch.SymFloat, torch.Tensor)

FRACTAL = 16  # the cube takes heads in multiples of so many elements


@dataclass(frozen=True)
class FlashOptions:
    """The arguments that every function has, under flash-attention's names."""

    softmax_scale: float | None
    causal: bool
    window_size: Window
    softcap: float
    alibi_slopes: torch.Tensor | None
    learnable_sink: torch.Tensor | None
    num_splits: int


def window_of(checks: Checks, window_size: Window, causal: bool) -> tuple[int, int]:
    """Return a window with -1 for no limit, for which flash-attention also takes None.

    With ``causal`` flash-attention does not look at the right side.
    """
    if window_size is None:
        return -1, -1
    rule = "be two whole numbers (left, right)"
    if not isinstance(window_size, tuple | list):
        raise checks.type_error("window_size", window_size, rule)
    if len(window_size) != 2:  # noqa: PLR2004
        raise checks.value_error("window_size", tuple(window_size), rule)
    left, right = (-1 if side is None else side for side in window_size)
    if not isinstance(left, _WHOLE) or not isinstance(right, _WHOLE):
        raise checks.type_error("window_size", tuple(window_size), rule)
    return left, -1 if causal else right


def check_dropout(checks: Checks, dropout_p: float) -> None:
    """Refuse dropout: it is for training, and there is no backward."""
    if not 0.0 <= dropout_p < 1.0:
        raise checks.value_error("dropout_p", dropout_p, "be at least 0 and less than 1")
    if dropout_p > 0.0:
        raise NotImplementedError(
            f"{checks.operator}: dropout_p ({dropout_p}) must be 0: dropout is not supported yet"
        )


def check_descales(checks: Checks, **descales: torch.Tensor | None) -> None:
    """Refuse the scales of float8 tensors."""
    for name, scale in descales.items():
        if scale is not None:
            raise NotImplementedError(
                f"{checks.operator}: {name} must be None: float8 tensors are not supported yet"
            )


def one_of(checks: Checks, **names: torch.Tensor | None) -> torch.Tensor | None:
    """Return an argument that has two names."""
    (first, tensor), (second, other) = names.items()
    if tensor is not None and other is not None:
        raise checks.value_error(second, "given", f"be None: {first} is the same")
    return other if tensor is None else tensor


def pad_heads(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor with zeros after each head, up to the next size that the cube takes."""
    size = tensor.shape[-1]
    missing = -size % FRACTAL if size else FRACTAL
    return torch.nn.functional.pad(tensor, (0, missing)) if missing else tensor


def _check_options(checks: Checks, options: FlashOptions) -> None:
    """Check types: that of a wrong one is not known to the operator before something is written."""
    if not isinstance(options.causal, bool):
        raise checks.type_error("causal", options.causal, "be a bool")
    if not isinstance(options.num_splits, _WHOLE):
        raise checks.type_error("num_splits", options.num_splits, "be a whole number")
    if not isinstance(options.softcap, _REAL):
        raise checks.type_error("softcap", options.softcap, "be a number")
    if options.softmax_scale is not None and not isinstance(options.softmax_scale, _REAL):
        raise checks.type_error("softmax_scale", options.softmax_scale, "be a number or None")
    if options.alibi_slopes is not None:
        checks.tensors(alibi_slopes=options.alibi_slopes)
    sink = options.learnable_sink
    if sink is not None:
        checks.tensors(learnable_sink=sink)
        if not sink.is_floating_point():
            name = str(sink.dtype).removeprefix("torch.")
            raise checks.type_error("learnable_sink dtype", name, "be a floating-point type")


def operator_options(checks: Checks, options: FlashOptions) -> dict[str, object]:
    """Return the options as keyword arguments of ``flash_attention``."""
    _check_options(checks, options)
    sink = options.learnable_sink
    return {
        "scale": options.softmax_scale,
        "causal": options.causal,
        "window_size": window_of(checks, options.window_size, options.causal),
        "softcap": options.softcap,
        "alibi_slopes": options.alibi_slopes,
        "sinks": None if sink is None else sink.float(),
        "num_splits": options.num_splits,
    }


def check_out(checks: Checks, out: torch.Tensor, query: torch.Tensor, value: torch.Tensor) -> None:
    """Demand a tensor that takes the result of these."""
    checks.tensors(out=out)
    checks.shape("out", out, (*query.shape[:-1], value.shape[-1]), "that of the result")
    checks.dtype("out dtype", out, (query.dtype,), " (that of q)")
    checks.device("out", out, query, "q")
    strides = zip(out.shape, out.stride(), strict=True)
    if any(size > 1 and stride == 0 for size, stride in strides):
        raise checks.value_error("out strides", list(out.stride()), "be above 0")
    if out.requires_grad and out.is_leaf and torch.is_grad_enabled():
        raise checks.value_error("out requires_grad", True, "be False: there is no backward")


def attend(
    checks: Checks,
    tensors: Sequence[torch.Tensor],
    options: FlashOptions,
    out: torch.Tensor | None = None,
    *,
    pad: bool = True,
    **layout: object,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Call the operator.

    Args:
        checks: Of the function.
        tensors: Query, key and value.
        options: Of the call.
        out: Takes the output, if given.
        pad: Copy tensors whose heads the cube does not take as they are.
        layout: Metadata and other keyword arguments of ``flash_attention``.

    Returns:
        The output and the log-sum-exp.
    """
    query, key, value = tensors
    keywords = operator_options(checks, options)
    if out is not None:
        check_out(checks, out, query, value)
    if pad:
        if options.softmax_scale is None and query.shape[-1] > 0:
            keywords["scale"] = query.shape[-1] ** -0.5
        query, key = pad_heads(query), pad_heads(key)
    output, lse = torch.ops.ascend_attention.flash_attention(
        query, key, pad_heads(value) if pad else value, **keywords, **layout
    )
    output = output[..., : value.shape[-1]]
    return (output if out is None else out.copy_(output)), lse
