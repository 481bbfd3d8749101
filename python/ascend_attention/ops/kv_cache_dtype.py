# SPDX-License-Identifier: Apache-2.0
"""``kv_cache_dtype`` and the scales of quantised caches, in every form that vLLM has had."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

if TYPE_CHECKING:
    from typing import NoReturn

Scale = torch.Tensor | float

_FP8 = "be auto: float8 caches are not supported yet"


def check_kv_cache_dtype(checks: Checks, kv_cache_dtype: str) -> None:
    """Demand a cache in the dtype of the query or key."""
    if kv_cache_dtype != "auto":
        raise checks.value_error("kv_cache_dtype", kv_cache_dtype, _FP8)


def scale_tensor(checks: Checks, argument: str, scale: Scale, device: torch.device) -> torch.Tensor:
    """Return a scale given as a number or a tensor as a tensor."""
    if isinstance(scale, torch.Tensor):
        return scale
    if not isinstance(scale, Real):
        raise checks.type_error(argument, type(scale).__name__, "be a number or a tensor")
    return torch.as_tensor(scale, dtype=torch.float32, device=device)


def scale_tensors(
    checks: Checks, k_scale: Scale, v_scale: Scale | None, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both scales as tensors; one alone (``kv_scale``) serves K and V."""
    key = scale_tensor(checks, "k_scale", k_scale, device)
    value = key if v_scale is None else scale_tensor(checks, "v_scale", v_scale, device)
    return key, value


def check_scales(checks: Checks, like: torch.Tensor, **scales: torch.Tensor) -> None:
    """Demand scales on the device of ``like``: without quantisation nothing else matters."""
    for name, scale in scales.items():
        checks.device(name, scale, like, "query" if checks.operator.startswith("paged") else "key")


def _refuse(*_: object) -> NoReturn:
    raise NotImplementedError("convert_fp8: float8 caches are not supported yet")


define(
    "convert_fp8(Tensor(a!) dst_cache, Tensor src_cache, float scale, str kv_cache_dtype) -> ()",
    cpu=_refuse,
    meta=_refuse,
)


def convert_fp8(
    output: torch.Tensor, input: torch.Tensor, scale: float = 1.0, kv_dtype: str = "fp8"
) -> None:
    """Convert a cache to or from float8: not supported yet.

    Raises:
        NotImplementedError: Always.

    Schema: vLLM's ``convert_fp8``.
    """
    torch.ops.ascend_attention.convert_fp8(output, input, scale, kv_dtype)
