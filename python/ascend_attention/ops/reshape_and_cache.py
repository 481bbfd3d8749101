# SPDX-License-Identifier: Apache-2.0
"""Writing the K and V of new tokens into a paged cache."""

from __future__ import annotations

from numbers import Real

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.cache_view import cache_shape, cache_view
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

_CHECKS = Checks("reshape_and_cache_flash")
_DTYPES = (torch.float16, torch.bfloat16, torch.float32)


def _check_pair(name: str, source: torch.Tensor, cache: torch.Tensor) -> None:
    if tuple(cache.shape[2:]) != tuple(source.shape[1:]):
        raise _CHECKS.value_error(
            f"{name}_cache shape",
            list(cache.shape),
            f"end in the heads and head_dim of {name} {list(source.shape[1:])}",
        )
    _CHECKS.contiguous_from(name, source, 1)
    _CHECKS.contiguous_from(f"{name}_cache", cache, 3)


def _check_shapes(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    k_scale: torch.Tensor,
    v_scale: torch.Tensor,
) -> None:
    for name, tensor, rank in (
        ("key", key, 3),
        ("value", value, 3),
        ("key_cache", key_cache, 4),
        ("value_cache", value_cache, 4),
        ("slot_mapping", slot_mapping, 1),
    ):
        _CHECKS.rank(name, tensor, rank)
        _CHECKS.device(name, tensor, key, "key")
    for name, tensor in (("k_scale", k_scale), ("v_scale", v_scale)):
        _CHECKS.device(name, tensor, key, "key")
    _CHECKS.dtype("key dtype", key, _DTYPES)
    for name, tensor in (
        ("value", value),
        ("key_cache", key_cache),
        ("value_cache", value_cache),
    ):
        _CHECKS.dtype(f"{name} dtype", tensor, (key.dtype,), " (that of key)")
    _CHECKS.dtype("slot_mapping dtype", slot_mapping, (torch.int32, torch.int64))
    _check_pair("key", key, key_cache)
    _check_pair("value", value, value_cache)
    if value_cache.shape[:2] != key_cache.shape[:2]:
        raise _CHECKS.value_error(
            "value_cache blocks and block_size",
            list(value_cache.shape[:2]),
            f"be those of key_cache {list(key_cache.shape[:2])}",
        )
    tokens = slot_mapping.shape[0]
    for name, tensor in (("key", key), ("value", value)):
        if tensor.shape[0] < tokens:
            raise _CHECKS.value_error(
                f"{name} tokens", tensor.shape[0], f"be at least the slots ({tokens})"
            )


def _check_slots(slots: torch.Tensor, cache: torch.Tensor) -> None:
    capacity = cache.shape[0] * cache.shape[1]
    outside = slots >= capacity
    if bool(outside.any()):
        row = int(outside.nonzero()[0])
        raise _CHECKS.value_error(
            f"slot_mapping[{row}]", int(slots[row]), f"be less than {capacity} (negative skips)"
        )
    ordered, _ = torch.sort(slots[slots >= 0])
    repeated = ordered[1:] == ordered[:-1]
    if bool(repeated.any()):
        slot = int(ordered[1:][repeated][0])
        raise _CHECKS.value_error("slot_mapping", slot, "name each slot once")


def _check_kv_cache_dtype(kv_cache_dtype: str) -> None:
    if kv_cache_dtype != "auto":
        raise _CHECKS.value_error(
            "kv_cache_dtype", kv_cache_dtype, "be auto (quantised caches are not supported yet)"
        )


def _plan(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    tokens: int,
) -> _native.Plan:
    def problem(source: torch.Tensor, cache: torch.Tensor) -> _native.CacheWriteProblem:
        return _native.CacheWriteProblem(
            source.shape[0], source.stride(0), cache_shape(cache), cache_view(cache)
        )

    try:
        return _native.plan_reshape_and_cache(
            _native.ReshapeAndCacheProblem(
                dtype=dtype_of(key),
                tokens=tokens,
                key=problem(key, key_cache),
                value=problem(value, value_cache),
            ),
            soc_name(),
        )
    except ValueError as error:
        raise _CHECKS.renamed(error) from None


def _reshape_and_cache_flash_cpu(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str,
    k_scale: torch.Tensor,
    v_scale: torch.Tensor,
) -> None:
    _check_kv_cache_dtype(kv_cache_dtype)
    _check_shapes(key, value, key_cache, value_cache, slot_mapping, k_scale, v_scale)
    slots = _CHECKS.int32("slot_mapping", slot_mapping).contiguous()
    sources = {"key": key, "value": value, "slot_mapping": slots}
    _CHECKS.apart(key_cache=key_cache, value_cache=value_cache, **sources)
    _CHECKS.apart(value_cache=value_cache, **sources)
    _check_slots(slots, key_cache)
    tokens = slots.shape[0]

    plan = _plan(key, value, key_cache, value_cache, tokens)
    if tokens == 0:
        return
    # The caches are inputs and outputs of the kernel, in one memory.
    caches = (
        argument("key_cache", key_cache, writable=True),
        argument("value_cache", value_cache, writable=True),
    )
    run_plan(
        plan,
        argument("key", key),
        argument("value", value),
        *caches,
        argument("slot_mapping", slots),
        *caches,
    )


def _reshape_and_cache_flash_meta(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str,
    k_scale: torch.Tensor,
    v_scale: torch.Tensor,
) -> None:
    _check_kv_cache_dtype(kv_cache_dtype)
    _check_shapes(key, value, key_cache, value_cache, slot_mapping, k_scale, v_scale)


define(
    "reshape_and_cache_flash(Tensor key, Tensor value, Tensor(a!) key_cache, "
    "Tensor(b!) value_cache, Tensor slot_mapping, str kv_cache_dtype, Tensor k_scale, "
    "Tensor v_scale) -> ()",
    cpu=_reshape_and_cache_flash_cpu,
    meta=_reshape_and_cache_flash_meta,
)


def _scale(argument: str, scale: torch.Tensor | float, key: torch.Tensor) -> torch.Tensor:
    if isinstance(scale, torch.Tensor):
        return scale
    if not isinstance(scale, Real):
        raise _CHECKS.type_error(argument, type(scale).__name__, "be a number or a tensor")
    return torch.as_tensor(scale, dtype=torch.float32, device=key.device)


def reshape_and_cache_flash(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str = "auto",
    k_scale: torch.Tensor | float = 1.0,
    v_scale: torch.Tensor | float = 1.0,
) -> None:
    """Write the K and V of new tokens into a paged cache, in place.

    Args:
        key: ``[tokens, kv_heads, head_dim]``, float16, bfloat16 or float32. Tokens may be strided.
        value: ``[tokens, kv_heads, head_dim_v]``, dtype of ``key``.
        key_cache: ``[blocks, block_size, kv_heads, head_dim]``, dtype of ``key``, written. The
            last dimension is contiguous, the others may be strided.
        value_cache: ``[blocks, block_size, kv_heads, head_dim_v]``, dtype of ``key``, written.
        slot_mapping: ``[slots]``, int32, or int64 that fits; token ``i`` goes to offset
            ``slot % block_size`` of block ``slot // block_size``. Its length, which may be smaller
            than ``tokens``, says how many tokens are written. Negative slots are skipped; no slot
            may come twice.
        kv_cache_dtype: ``"auto"``: the cache has the dtype of ``key``.
        k_scale: For quantised caches; unused.
        v_scale: For quantised caches; unused.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride or slot breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Schema and meaning: vLLM's ``reshape_and_cache_flash``.
    """
    _CHECKS.tensors(
        key=key,
        value=value,
        key_cache=key_cache,
        value_cache=value_cache,
        slot_mapping=slot_mapping,
    )
    torch.ops.ascend_attention.reshape_and_cache_flash(
        key,
        value,
        key_cache,
        value_cache,
        slot_mapping,
        kv_cache_dtype,
        _scale("k_scale", k_scale, key),
        _scale("v_scale", v_scale, key),
    )
