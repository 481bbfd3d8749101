# SPDX-License-Identifier: Apache-2.0
"""Copying whole blocks within caches (copy on write) and between caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, run_plan, soc_name
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

if TYPE_CHECKING:
    from collections.abc import Sequence

_COPY, _SWAP = Checks("copy_blocks"), Checks("swap_blocks")


def _check_mapping(checks: Checks, mapping: torch.Tensor) -> None:
    checks.dtype("block_mapping dtype", mapping, (torch.int64, torch.int32))
    if mapping.dim() != 2 or mapping.shape[1] != 2:  # noqa: PLR2004
        raise checks.value_error(
            "block_mapping shape", list(mapping.shape), "be [pairs, 2]: source and target blocks"
        )


def _check_cache(checks: Checks, name: str, cache: torch.Tensor) -> None:
    if cache.dim() < 2:  # noqa: PLR2004
        raise checks.value_error(name, list(cache.shape), "have blocks as its first dimension")
    checks.contiguous_from(name, cache, 1)


def _check_pairs(
    checks: Checks, mapping: torch.Tensor, sources: int, targets: int, *, one_cache: bool
) -> None:
    """Check the values of a mapping that lies on the CPU."""
    for column, blocks in ((0, sources), (1, targets)):
        outside = (mapping[:, column] < 0) | (mapping[:, column] >= blocks)
        if bool(outside.any()):
            row = int(outside.nonzero()[0])
            rule = f"be in 0..{blocks - 1}" if blocks else "not be there: the cache has no blocks"
            raise checks.value_error(
                f"block_mapping[{row}, {column}]", int(mapping[row, column]), rule
            )
    ordered, _ = torch.sort(mapping[:, 1])
    repeated = ordered[1:] == ordered[:-1]
    if bool(repeated.any()):
        block = int(ordered[1:][repeated][0])
        raise checks.value_error("block_mapping target", block, "come once")
    if one_cache:
        both = torch.isin(mapping[:, 0], mapping[:, 1]) & (mapping[:, 0] != mapping[:, 1])
        if bool(both.any()):
            block = int(mapping[:, 0][both][0])
            raise checks.value_error("block_mapping source", block, "not be a target too")


def _block_bytes(cache: torch.Tensor) -> int:
    return cache[0].numel() * cache.element_size() if cache.shape[0] else 0


def _problem(source: torch.Tensor, target: torch.Tensor) -> _native.BlockCopyProblem:
    size = source.element_size()
    return _native.BlockCopyProblem(
        _block_bytes(source), source.stride(0) * size, target.stride(0) * size
    )


def _launch(
    checks: Checks,
    pairs: torch.Tensor,
    key: tuple[torch.Tensor, torch.Tensor],
    value: tuple[torch.Tensor, torch.Tensor] | None,
) -> None:
    """Copy blocks of one or two caches; each is source and target."""
    problems = [_problem(*caches) for caches in (key, value) if caches is not None]
    try:
        plan = _native.plan_copy_blocks(
            _native.CopyBlocksProblem(pairs=pairs.shape[0], key=problems[0], value=problems[1])
            if len(problems) > 1
            else _native.CopyBlocksProblem(pairs=pairs.shape[0], key=problems[0]),
            soc_name(),
        )
    except ValueError as error:
        raise checks.renamed(error) from None
    # A cache that is source and target is one memory, an input and an output of the kernel.
    sources = [
        None if caches is None else argument("source", caches[0], writable=caches[0] is caches[1])
        for caches in (key, value)
    ]
    targets = [
        None if caches is None else argument("target", caches[1], writable=True)
        for caches in (key, value)
    ]
    run_plan(plan, *sources, *targets, argument("block_mapping", pairs), *targets)


def _check_copy(
    key_caches: Sequence[torch.Tensor],
    value_caches: Sequence[torch.Tensor],
    block_mapping: torch.Tensor,
) -> None:
    if len(key_caches) != len(value_caches):
        raise _COPY.value_error(
            "value_caches", len(value_caches), f"be as many as key_caches ({len(key_caches)})"
        )
    _check_mapping(_COPY, block_mapping)
    for layer, caches in enumerate(zip(key_caches, value_caches, strict=True)):
        for name, cache in zip(("key_caches", "value_caches"), caches, strict=True):
            _check_cache(_COPY, f"{name}[{layer}]", cache)
            _COPY.device(f"{name}[{layer}]", cache, block_mapping, "block_mapping")
            if cache.shape[0] != key_caches[0].shape[0]:
                raise _COPY.value_error(
                    f"{name}[{layer}] blocks",
                    cache.shape[0],
                    f"be those of key_caches[0] ({key_caches[0].shape[0]})",
                )


def _copy_blocks_cpu(
    key_caches: Sequence[torch.Tensor],
    value_caches: Sequence[torch.Tensor],
    block_mapping: torch.Tensor,
) -> None:
    _check_copy(key_caches, value_caches, block_mapping)
    pairs = _COPY.int32("block_mapping", block_mapping).contiguous()
    if not key_caches or pairs.shape[0] == 0:
        return
    blocks = key_caches[0].shape[0]
    _check_pairs(_COPY, pairs, blocks, blocks, one_cache=True)
    named = [
        (f"{name}[{layer}]", cache)
        for name, caches in (("key_caches", key_caches), ("value_caches", value_caches))
        for layer, cache in enumerate(caches)
    ]
    for index, (name, cache) in enumerate(named):
        _COPY.apart(**dict([(name, cache), *named[index + 1 :], ("block_mapping", pairs)]))
    for key, value in zip(key_caches, value_caches, strict=True):
        _launch(_COPY, pairs, (key, key), (value, value))


def _check_swap(src: torch.Tensor, dst: torch.Tensor, block_mapping: torch.Tensor) -> None:
    _check_mapping(_SWAP, block_mapping)
    if block_mapping.device.type not in ("cpu", "meta"):
        raise _SWAP.value_error("block_mapping device", block_mapping.device, "be the CPU")
    _check_cache(_SWAP, "src", src)
    _check_cache(_SWAP, "dst", dst)
    _SWAP.dtype("dst dtype", dst, (src.dtype,), " (that of src)")
    _SWAP.shape("dst", dst, (dst.shape[0], *src.shape[1:]), "blocks as those of src")


def _swap_blocks_cpu(src: torch.Tensor, dst: torch.Tensor, block_mapping: torch.Tensor) -> None:
    _check_swap(src, dst, block_mapping)
    pairs = _SWAP.int32("block_mapping", block_mapping).contiguous()
    if pairs.shape[0] == 0:
        return
    same = src.data_ptr() == dst.data_ptr() and src.stride() == dst.stride()
    _check_pairs(_SWAP, pairs, src.shape[0], dst.shape[0], one_cache=same)
    others = {"block_mapping": pairs} if same else {"src": src, "block_mapping": pairs}
    _SWAP.apart(dst=dst, **others)
    _launch(_SWAP, pairs, (dst if same else src, dst), None)


define(
    "copy_blocks(Tensor(a!)[] key_caches, Tensor(b!)[] value_caches, Tensor block_mapping) -> ()",
    cpu=_copy_blocks_cpu,
    meta=_check_copy,
)
define(
    "swap_blocks(Tensor src, Tensor(a!) dst, Tensor block_mapping) -> ()",
    cpu=_swap_blocks_cpu,
    meta=_check_swap,
)


def copy_blocks(
    key_caches: Sequence[torch.Tensor],
    value_caches: Sequence[torch.Tensor],
    block_mapping: torch.Tensor,
) -> None:
    """Copy whole blocks within the caches of every layer, in place: copy on write.

    Args:
        key_caches: One a layer, ``[blocks, ...]`` of any dtype; each block is contiguous. Written.
        value_caches: As many, likewise; the shape of a block may differ from that of K.
        block_mapping: ``[pairs, 2]``, int64 or int32: source and target. A target comes once and
            is no other pair's source.

    Raises:
        TypeError: An argument is no tensor, or the mapping is not of integers.
        ValueError: A shape, stride or block breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Schema and meaning: vLLM's ``copy_blocks``.
    """
    for name, caches in (("key_caches", key_caches), ("value_caches", value_caches)):
        if not isinstance(caches, list | tuple):
            raise _COPY.type_error(name, type(caches).__name__, "be a list of tensors")
        _COPY.tensors(**{f"{name}[{layer}]": cache for layer, cache in enumerate(caches)})
    _COPY.tensors(block_mapping=block_mapping)
    torch.ops.ascend_attention.copy_blocks(list(key_caches), list(value_caches), block_mapping)


def swap_blocks(src: torch.Tensor, dst: torch.Tensor, block_mapping: torch.Tensor) -> None:
    """Copy whole blocks from one cache to another.

    Args:
        src: ``[blocks, ...]``, any dtype; each block is contiguous.
        dst: ``[blocks, ...]``, dtype of ``src`` and blocks of its shape; written. May be ``src``.
        block_mapping: ``[pairs, 2]``, int64 or int32, on the CPU: block of ``src`` and block of
            ``dst``. A block of ``dst`` comes once.

    Raises:
        TypeError: An argument is no tensor, or dtypes differ.
        ValueError: A shape, stride or block breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Schema and meaning: vLLM's ``swap_blocks``.
    """
    _SWAP.tensors(src=src, dst=dst, block_mapping=block_mapping)
    torch.ops.ascend_attention.swap_blocks(src, dst, block_mapping)
