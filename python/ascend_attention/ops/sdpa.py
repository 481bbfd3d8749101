# SPDX-License-Identifier: Apache-2.0
"""PyTorch's ``scaled_dot_product_attention``: on the cube, or in float32 with torch's operators."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.flash_attn_common import check_dropout, pad_heads

_CHECKS = Checks("scaled_dot_product_attention")
_CUBE_DTYPES = (torch.float16, torch.bfloat16)
_COMPOSITE_DTYPES = (torch.float32, torch.float64)
_RANK = 4  # [batch, heads, tokens, size]
_CHUNK_SCORES = 2**22  # elements of scores that exist at a time in the composite


@dataclass(frozen=True)
class _Call:
    """A call whose leading dimensions are one batch."""

    query: torch.Tensor  # [batch, heads, queries, head_dim]
    key: torch.Tensor  # [batch, kv_heads, keys, head_dim]
    value: torch.Tensor  # [batch, kv_heads, keys, head_dim_v]
    mask: torch.Tensor | None  # broadcastable to [batch, heads, queries, keys]
    is_causal: bool
    scale: float


def _check(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None,
    is_causal: bool,
) -> None:
    _CHECKS.tensors(query=query, key=key, value=value)
    for name, tensor in (("query", query), ("key", key), ("value", value)):
        if tensor.dim() < 2:  # noqa: PLR2004
            raise _CHECKS.value_error(name, list(tensor.shape), "have 2 dimensions or more")
        _CHECKS.dtype(f"{name} dtype", tensor, (query.dtype,), " (that of query)")
        _CHECKS.device(name, tensor, query, "query")
    _CHECKS.dtype("query dtype", query, (*_CUBE_DTYPES, *_COMPOSITE_DTYPES))
    if key.shape[-1] != query.shape[-1]:
        raise _CHECKS.value_error(
            "key size", key.shape[-1], f"be that of query ({query.shape[-1]})"
        )
    if value.shape[-2] != key.shape[-2]:
        raise _CHECKS.value_error(
            "value keys", value.shape[-2], f"be those of key ({key.shape[-2]})"
        )
    if attn_mask is None:
        return
    if is_causal:  # the type of PyTorch's error
        raise RuntimeError(f"{_CHECKS.operator}: attn_mask must be None if is_causal is True")
    _CHECKS.tensors(attn_mask=attn_mask)
    allowed = dict.fromkeys((torch.bool, query.dtype, torch.float32))
    _CHECKS.dtype("attn_mask dtype", attn_mask, tuple(allowed))
    _CHECKS.device("attn_mask", attn_mask, query, "query")


def _check_groups(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> None:
    """Check the heads of grouped queries."""
    if min(query.dim(), key.dim(), value.dim()) < 3:  # noqa: PLR2004
        raise _CHECKS.value_error("query, key and value", "2 dimensions", "have heads")
    heads, kv_heads = query.shape[-3], key.shape[-3]
    if value.shape[-3] != kv_heads:
        raise _CHECKS.value_error("value heads", value.shape[-3], f"be those of key ({kv_heads})")
    if kv_heads == 0 or heads % kv_heads != 0:
        raise _CHECKS.value_error("query heads", heads, f"be a multiple of key heads ({kv_heads})")


def _with_heads(tensor: torch.Tensor) -> torch.Tensor:
    return tensor[None] if tensor.dim() < 3 else tensor  # noqa: PLR2004


def _broadcast(shapes: list[torch.Size], what: str) -> torch.Size:
    try:
        return torch.Size(torch.broadcast_shapes(*shapes))
    except RuntimeError:
        names = " and ".join(str(list(shape)) for shape in shapes)
        raise _CHECKS.value_error(what, names, "be broadcastable") from None


def _one_batch(tensor: torch.Tensor, batch: torch.Size, heads: int) -> torch.Tensor:
    """Return ``[batch, heads, ...]``; copies only what lies in no order that strides describe."""
    tensor = tensor.expand(*batch, heads, *tensor.shape[-2:])
    return tensor.reshape(math.prod(batch), *tensor.shape[-3:])


def _mask_of_batch(mask: torch.Tensor, scores: torch.Size) -> torch.Tensor:
    """Return a mask with one dimension for the batch; scores are ``[..., Hq, L, S]``."""
    if _broadcast([mask.shape, scores], "attn_mask and scores") != scores:
        rule = f"be broadcastable to {list(scores)}"
        raise _CHECKS.value_error("attn_mask shape", list(mask.shape), rule)
    mask = mask[(None,) * (max(len(scores), _RANK) - mask.dim())]
    batch = mask.shape[:-3]
    if all(size == 1 for size in batch):
        return mask.reshape(1, *mask.shape[-3:])
    return mask.expand(*scores[:-3], *mask.shape[-3:]).flatten(0, -4)


def _call_of(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None,
    is_causal: bool,
    scale: float | None,
    enable_gqa: bool,
) -> tuple[_Call, torch.Size]:
    """Return the call, and the shape of its output."""
    tensors = tuple(_with_heads(tensor) for tensor in (query, key, value))
    query, key, value = tensors
    if enable_gqa:
        _check_groups(query, key, value)
        heads, kv_heads = query.shape[-3], key.shape[-3]
    else:
        heads = _broadcast([tensor.shape[-3:-2] for tensor in tensors], "heads")[0]
        kv_heads = 1 if key.shape[-3] == value.shape[-3] == 1 else heads
    batch = _broadcast([tensor.shape[:-3] for tensor in tensors], "leading dimensions")
    if scale is None:
        scale = query.shape[-1] ** -0.5 if query.shape[-1] else 1.0
    scores = torch.Size((*batch, heads, query.shape[-2], key.shape[-2]))
    call = _Call(
        _one_batch(query, batch, heads),
        _one_batch(key, batch, kv_heads),
        _one_batch(value, batch, kv_heads),
        None if attn_mask is None else _mask_of_batch(attn_mask, scores),
        is_causal,
        scale,
    )
    return call, torch.Size((*scores[:-1], value.shape[-1]))


def _on_cube(call: _Call) -> torch.Tensor:
    """Attend with the operator; returns ``[batch, heads, queries, head_dim_v]``."""
    query, key, value = call.query, call.key, call.value
    window = (-1, -1)
    if call.is_causal:
        # Query i sees keys 0..i; for the operator it stands at key i + keys - queries.
        queries = query.shape[2]
        key, value = key[:, :, :queries], value[:, :, :queries]
        window = (-1, queries - key.shape[2])
    tensors = []
    for tensor in (query, key, value):
        tokens = pad_heads(tensor).transpose(1, 2)
        tensors.append(tokens if tokens.stride(-1) == 1 else tokens.contiguous())
    is_bool = call.mask is not None and call.mask.dtype == torch.bool
    output, _ = torch.ops.ascend_attention.flash_attention(
        *tensors,
        attn_mask=call.mask if is_bool else None,
        attn_bias=None if is_bool else call.mask,
        scale=call.scale,
        window_size=window,
    )
    shown: torch.Tensor = output[..., : value.shape[-1]].transpose(1, 2)
    return shown


def _composite(call: _Call) -> torch.Tensor:
    """Attend some query tokens at a time with torch's operators."""
    batch, heads, queries, _ = call.query.shape
    kv_heads, keys = call.key.shape[1:3]
    group = heads // kv_heads if kv_heads else 1
    chunk = max(_CHUNK_SCORES // max(batch * heads * keys, 1), 1)
    # [batch, kv_heads, group, tokens, size]
    query, key, value = (
        call.query.unflatten(1, (kv_heads, group)),
        call.key.unsqueeze(2),
        call.value.unsqueeze(2),
    )
    mask = call.mask
    if mask is not None:
        mask = mask.expand(-1, heads, queries, -1).unflatten(1, (kv_heads, group))
    outputs = []
    for begin in range(0, queries, chunk):
        own = slice(begin, begin + chunk)
        scores = query[..., own, :] @ key.mT * call.scale
        if call.is_causal:
            tokens = torch.arange(queries, device=query.device)[own, None]
            scores = scores.masked_fill(
                torch.arange(keys, device=query.device) > tokens, -torch.inf
            )
        if mask is not None and mask.dtype == torch.bool:
            scores = scores.masked_fill(~mask[..., own, :], -torch.inf)
        elif mask is not None:
            scores = scores + mask[..., own, :]
        hidden = torch.isneginf(scores).all(dim=-1, keepdim=True)
        weights = torch.softmax(scores.masked_fill(hidden, 0.0), dim=-1).masked_fill(hidden, 0.0)
        outputs.append((weights @ value).flatten(1, 2))
    empty = value.new_zeros(batch, heads, 0, value.shape[-1])
    return torch.cat([empty, *outputs], dim=2)


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Attend as ``torch.nn.functional.scaled_dot_product_attention`` does.

    float16 and bfloat16 run on the cube with ``flash_attention``, whose memory beyond inputs and
    output does not depend on the number of tokens. float32 and float64, which the kernel does not
    take, run as torch's operators over some query tokens at a time: at most 4 Mi scores, or
    those of one query token of every head, exist at once, so that memory is linear in ``S``; that
    path has a gradient, and then torch keeps the weights of all of them.

    Args:
        query: ``[..., Hq, L, E]``; ``[L, E]`` is one head. float16 and bfloat16: ``E`` is at most
            256, and tensors whose heads are no multiple of 16, or whose last dimension is strided,
            are copied.
        key: ``[..., H, S, E]``, dtype of ``query``.
        value: ``[..., H, S, Ev]``, dtype of ``query``; float16 and bfloat16: ``Ev`` is at most 256.
        attn_mask: Broadcastable to ``[..., Hq, L, S]``. Bool: True takes part. The dtype of
            ``query`` or float32: added to the scores.
        dropout_p: 0: there is no dropout yet.
        is_causal: Query token ``i`` sees the keys 0 to ``i``: aligned at the top left, also where
            ``L != S``.
        scale: Multiplies ``Q K^T``. Default ``E ** -0.5``.
        enable_gqa: ``H`` divides ``Hq``; query head ``h`` reads head ``h // (Hq / H)``. Otherwise
            all dimensions before ``L`` and ``S`` are broadcast.

    Returns:
        ``[..., Hq, L, Ev]`` in the dtype of ``query``. A row that sees no key is zero, as it is
        with PyTorch.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape breaks a rule above.
        RuntimeError: ``attn_mask`` is given together with ``is_causal``; PyTorch's type of error.
        NotImplementedError: Dropout is asked for.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Signature and meaning: PyTorch.
    """
    _check(query, key, value, attn_mask, is_causal)
    check_dropout(_CHECKS, dropout_p)
    call, shape = _call_of(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    output = _on_cube(call) if query.dtype in _CUBE_DTYPES else _composite(call)
    one_head = query.dim() == key.dim() == value.dim() == 2  # noqa: PLR2004
    return output.reshape(shape[1:] if one_head else shape)
