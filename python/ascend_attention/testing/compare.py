# SPDX-License-Identifier: Apache-2.0
"""How far an output may be from the float64 reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

# Never above these for inputs of unit scale.
ABSOLUTE_CAP = {torch.float16: 2e-3, torch.bfloat16: 1.6e-2, torch.float32: 1e-5}


@dataclass(frozen=True)
class Error:
    """How far an output is from float64, and how far it may be."""

    worst: float  # largest absolute error
    bound: float  # at the same element
    ok: bool
    text: str  # the worst element, for a failed assertion


def _half_ulp(values: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """Half a unit in the last place of each value in a dtype."""
    info = torch.finfo(dtype)
    smallest = info.tiny * info.eps
    _, exponents = np.frexp(np.abs(values))
    ulps = np.maximum(np.ldexp(info.eps, exponents - 1), smallest)
    return 0.5 * np.where(values == 0, smallest, ulps)


def compare(output: torch.Tensor, exact: np.ndarray, rounded: torch.Tensor) -> Error:
    """Compare an output with the float64 reference.

    Args:
        output: To be judged.
        exact: The reference in float64.
        rounded: ``[orders, ...]``: what torch computes, adding in one order or another, when it
            rounds inputs, weights and output to the dtype and accumulates in float32.

    Returns:
        The error against twice that of ``rounded`` plus half an ulp of the output, and never above
        the cap of the dtype. In float32 it is a whole ulp: what is divided by the sum of weights
        has been rounded just as much. The error of ``rounded`` is its largest over the orders and
        over the heads of one query token: tokens of short sequences must not excuse those of long
        ones. Shapes, and positions of NaN and infinity, must be equal.
    """
    if not output.shape == exact.shape == rounded.shape[1:]:
        shapes = f"{tuple(output.shape)}, {exact.shape} and {tuple(rounded.shape[1:])}"
        return Error(float("inf"), 0.0, False, f"shapes differ: {shapes}")
    actual = output.double().numpy()
    special = ~np.isfinite(exact)
    same = np.array_equal(actual[special], exact[special], equal_nan=True)
    if not same or not np.isfinite(actual[~special]).all():
        return Error(float("inf"), 0.0, False, "NaN or infinity at other positions than expected")
    error = np.where(special, 0.0, np.abs(actual - np.where(special, 0.0, exact)))
    plain = np.abs(rounded.double().numpy() - np.where(special, 0.0, exact)).max(axis=0)
    heads = tuple(range(1, plain.ndim))
    budget = 2 * np.max(np.where(special, 0.0, plain), axis=heads, keepdims=True, initial=0.0)
    cap = ABSOLUTE_CAP[output.dtype]
    roundings = 2 if output.dtype == torch.float32 else 1
    half_ulp = _half_ulp(np.where(special, 0.0, exact), output.dtype)
    bound = np.minimum(budget + roundings * half_ulp, cap)
    if error.size == 0:
        return Error(0.0, cap, True, "empty")
    at = np.unravel_index(int(np.argmax(error - bound)), error.shape)
    text = (
        f"at {tuple(int(i) for i in at)}: {actual[at]} against {exact[at]}, error {error[at]:.3g}, "
        f"bound {bound[at]:.3g}, {int((error > bound).sum())} of {error.size} beyond it"
    )
    largest = np.unravel_index(int(np.argmax(error)), error.shape)
    return Error(float(error[largest]), float(bound[largest]), bool((error <= bound).all()), text)
