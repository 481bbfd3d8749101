# SPDX-License-Identifier: Apache-2.0
"""Writing the K and V of new tokens into a paged cache, in each of its layouts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.cache_view import CacheView, nz_view, packed_views, rows_view
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.kv_cache_dtype import check_kv_cache_dtype, check_scales, scale_tensors
from ascend_attention.ops.library import define

if TYPE_CHECKING:
    from collections.abc import Callable

    from ascend_attention.ops.kv_cache_dtype import Scale

_DTYPES = (torch.float16, torch.bfloat16, torch.float32)


class _Call(NamedTuple):
    """The arguments in the order of the schema."""

    key: torch.Tensor
    value: torch.Tensor
    key_cache: torch.Tensor
    value_cache: torch.Tensor
    slot_mapping: torch.Tensor
    kv_cache_dtype: str
    k_scale: torch.Tensor
    v_scale: torch.Tensor


_Views = tuple[CacheView, CacheView]


def _views_of_rows(checks: Checks, call: _Call) -> _Views:
    return (
        rows_view(checks, "key_cache", call.key_cache),
        rows_view(checks, "value_cache", call.value_cache),
    )


def _views_packed(checks: Checks, call: _Call) -> _Views:
    return packed_views(checks, call.key_cache, call.value_cache)


def _views_nz(checks: Checks, call: _Call) -> _Views:
    return (
        nz_view(checks, "key_cache", call.key_cache, *call.key.shape[1:]),
        nz_view(checks, "value_cache", call.value_cache, *call.value.shape[1:]),
    )


def _check_slots(checks: Checks, slots: torch.Tensor, cache: CacheView) -> None:
    capacity = cache.blocks * cache.block_size
    outside = slots >= capacity
    if bool(outside.any()):
        row = int(outside.nonzero()[0])
        raise checks.value_error(
            f"slot_mapping[{row}]", int(slots[row]), f"be less than {capacity} (negative skips)"
        )
    ordered, _ = torch.sort(slots[slots >= 0])
    repeated = ordered[1:] == ordered[:-1]
    if bool(repeated.any()):
        slot = int(ordered[1:][repeated][0])
        raise checks.value_error("slot_mapping", slot, "name each slot once")


@dataclass(frozen=True)
class _CacheWrite:
    """One of the operators: they differ in the layout of the caches."""

    checks: Checks
    views_of: Callable[[Checks, _Call], _Views]

    def check(self, call: _Call) -> _Views:
        """Check all that does not need the values of a tensor."""
        checks, key = self.checks, call.key
        check_kv_cache_dtype(checks, call.kv_cache_dtype)
        checks.rank("key", key, 3)
        checks.rank("value", call.value, 3)
        checks.rank("slot_mapping", call.slot_mapping, 1)
        checks.dtype("key dtype", key, _DTYPES)
        for name in ("value", "key_cache", "value_cache"):
            checks.dtype(f"{name} dtype", getattr(call, name), (key.dtype,), " (that of key)")
        checks.dtype("slot_mapping dtype", call.slot_mapping, (torch.int32, torch.int64))
        for name in ("value", "key_cache", "value_cache", "slot_mapping"):
            checks.device(name, getattr(call, name), key, "key")
        check_scales(checks, key, k_scale=call.k_scale, v_scale=call.v_scale)
        views = self.views_of(checks, call)
        self._check_sizes(call, *views)
        return views

    def _check_sizes(self, call: _Call, key_view: CacheView, value_view: CacheView) -> None:
        checks = self.checks
        slots = call.slot_mapping.shape[0]
        pairs = (("key", call.key, key_view), ("value", call.value, value_view))
        for name, source, view in pairs:
            checks.contiguous_from(name, source, 1)
            if (view.kv_heads, view.head_dim) != tuple(source.shape[1:]):
                raise checks.value_error(
                    f"{name}_cache heads and head_dim",
                    [view.kv_heads, view.head_dim],
                    f"be those of {name} {list(source.shape[1:])}",
                )
            if source.shape[0] < slots:
                raise checks.value_error(
                    f"{name} tokens", source.shape[0], f"be at least the slots ({slots})"
                )
        if (value_view.blocks, value_view.block_size) != (key_view.blocks, key_view.block_size):
            raise checks.value_error(
                "value_cache blocks and block_size",
                [value_view.blocks, value_view.block_size],
                f"be those of key_cache {[key_view.blocks, key_view.block_size]}",
            )

    def plan(self, call: _Call, views: _Views, tokens: int) -> _native.Plan:
        """Tile the write of so many tokens."""

        def problem(source: torch.Tensor, view: CacheView) -> _native.CacheWriteProblem:
            return _native.CacheWriteProblem(
                source.shape[0], source.stride(0), view.shape, view.view
            )

        try:
            return _native.plan_reshape_and_cache(
                _native.ReshapeAndCacheProblem(
                    dtype=dtype_of(call.key),
                    tokens=tokens,
                    layout=views[0].layout,
                    key=problem(call.key, views[0]),
                    value=problem(call.value, views[1]),
                ),
                soc_name(),
            )
        except ValueError as error:
            raise self.checks.renamed(error) from None

    def cpu(self, *arguments: torch.Tensor | str) -> None:
        """Run on the model."""
        call = _Call(*arguments)  # type: ignore[arg-type]
        views = self.check(call)
        slots = self.checks.int32("slot_mapping", call.slot_mapping).contiguous()
        sources = {"key": call.key, "value": call.value, "slot_mapping": slots}
        self.checks.apart(key_cache=call.key_cache, value_cache=call.value_cache, **sources)
        self.checks.apart(value_cache=call.value_cache, **sources)
        _check_slots(self.checks, slots, views[0])
        plan = self.plan(call, views, slots.shape[0])
        if slots.shape[0] == 0:
            return
        # The caches are inputs and outputs of the kernel, in one memory.
        caches = (
            argument("key_cache", call.key_cache, writable=True),
            argument("value_cache", call.value_cache, writable=True),
        )
        run_plan(
            plan,
            argument("key", call.key),
            argument("value", call.value),
            *caches,
            argument("slot_mapping", slots),
            *caches,
        )

    def meta(self, *arguments: torch.Tensor) -> None:
        """Check only."""
        self.check(_Call(*arguments))  # type: ignore[arg-type]

    def define(self) -> None:
        """Register the operator."""
        define(
            f"{self.checks.operator}(Tensor key, Tensor value, Tensor(a!) key_cache, "
            "Tensor(b!) value_cache, Tensor slot_mapping, str kv_cache_dtype, Tensor k_scale, "
            "Tensor v_scale) -> ()",
            cpu=self.cpu,
            meta=self.meta,
        )

    def __call__(
        self,
        key: torch.Tensor,
        value: torch.Tensor,
        key_cache: torch.Tensor,
        value_cache: torch.Tensor,
        slot_mapping: torch.Tensor,
        kv_cache_dtype: str,
        k_scale: Scale,
        v_scale: Scale | None,
    ) -> None:
        """Check types and call the operator."""
        self.checks.tensors(
            key=key,
            value=value,
            key_cache=key_cache,
            value_cache=value_cache,
            slot_mapping=slot_mapping,
        )
        getattr(torch.ops.ascend_attention, self.checks.operator)(
            key,
            value,
            key_cache,
            value_cache,
            slot_mapping,
            kv_cache_dtype,
            *scale_tensors(self.checks, k_scale, v_scale, key.device),
        )


_ROWS = _CacheWrite(Checks("reshape_and_cache_flash"), _views_of_rows)
_PACKED = _CacheWrite(Checks("reshape_and_cache"), _views_packed)
_NZ = _CacheWrite(Checks("reshape_and_cache_nz"), _views_nz)
for _operator in (_ROWS, _PACKED, _NZ):
    _operator.define()


def write_rows(
    checks: Checks,
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slots: torch.Tensor,
) -> None:
    """Do what ``reshape_and_cache_flash`` does, as part of another operator on the CPU."""
    one = torch.ones(())
    _CacheWrite(checks, _views_of_rows).cpu(
        *_Call(key, value, key_cache, value_cache, slots, "auto", one, one)
    )


def reshape_and_cache_flash(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str = "auto",
    k_scale: Scale = 1.0,
    v_scale: Scale | None = None,
) -> None:
    """Write the K and V of new tokens into a paged cache whose tokens are rows, in place.

    Args:
        key: ``[tokens, kv_heads, head_dim]``, float16, bfloat16 or float32. Tokens may be strided.
        value: ``[tokens, kv_heads, head_dim_v]``, dtype of ``key``.
        key_cache: ``[blocks, block_size, kv_heads, head_dim]``, dtype of ``key``, written. The
            last dimension is contiguous, the others may be strided: ``cache.transpose(1, 2)`` of an
            HND cache will do.
        value_cache: ``[blocks, block_size, kv_heads, head_dim_v]``, dtype of ``key``, written.
        slot_mapping: ``[slots]``, int32, or int64 that fits; token ``i`` goes to offset
            ``slot % block_size`` of block ``slot // block_size``. Its length, which may be smaller
            than ``tokens``, says how many tokens are written. Negative slots are skipped; no slot
            may come twice.
        kv_cache_dtype: ``"auto"``: the cache has the dtype of ``key``.
        k_scale: For quantised caches; unused. A number or a tensor.
        v_scale: Likewise; None: ``k_scale``.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape, stride or slot breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Schema and meaning: vLLM's ``reshape_and_cache_flash``.
    """
    _ROWS(key, value, key_cache, value_cache, slot_mapping, kv_cache_dtype, k_scale, v_scale)


def reshape_and_cache(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str = "auto",
    k_scale: Scale = 1.0,
    v_scale: Scale | None = None,
) -> None:
    """Write the K and V of new tokens into the caches of ``paged_attention_v1``, in place.

    Args:
        key: As for ``reshape_and_cache_flash``, like all that is not named here.
        value: Likewise.
        key_cache: ``[blocks, kv_heads, head_dim / x, block_size, x]``, dtype of ``key``, written;
            ``x`` elements make 16 bytes.
        value_cache: ``[blocks, kv_heads, head_dim_v, block_size]``, dtype of ``key``, written.
        slot_mapping: See ``reshape_and_cache_flash``.
        kv_cache_dtype: Likewise.
        k_scale: Likewise.
        v_scale: Likewise.

    Raises:
        TypeError: As for ``reshape_and_cache_flash``.
        ValueError: Likewise.
        ModelError: Likewise.

    Schema and meaning: vLLM's ``reshape_and_cache``.
    """
    _PACKED(key, value, key_cache, value_cache, slot_mapping, kv_cache_dtype, k_scale, v_scale)


def reshape_and_cache_nz(
    key: torch.Tensor,
    value: torch.Tensor,
    key_cache: torch.Tensor,
    value_cache: torch.Tensor,
    slot_mapping: torch.Tensor,
    kv_cache_dtype: str = "auto",
    k_scale: Scale = 1.0,
    v_scale: Scale | None = None,
) -> None:
    """Write the K and V of new tokens into caches in the fractal layout of the cube, in place.

    Args:
        key: As for ``reshape_and_cache_flash``, like all that is not named here.
        value: Likewise.
        key_cache: ``[blocks, kv_heads * head_dim / y, block_size, y]``, dtype of ``key``, written;
            ``y`` elements make 32 bytes.
        value_cache: Likewise with the sizes of ``value``.
        slot_mapping: See ``reshape_and_cache_flash``.
        kv_cache_dtype: Likewise.
        k_scale: Likewise.
        v_scale: Likewise.

    Raises:
        TypeError: As for ``reshape_and_cache_flash``.
        ValueError: Likewise.
        ModelError: Likewise.

    Layout: that of ``npu_scatter_pa_kv_cache`` with ``cache_mode="PA_NZ"``.
    """
    _NZ(key, value, key_cache, value_cache, slot_mapping, kv_cache_dtype, k_scale, v_scale)
