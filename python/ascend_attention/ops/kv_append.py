# SPDX-License-Identifier: Apache-2.0
"""Appending the K and V of new tokens to a KV cache, in place, with rotary embedding on the way.

A dense cache is seen as a paged one whose pages are its rows, so that one kernel writes both.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define
from ascend_attention.ops.reshape_and_cache import write_rows
from ascend_attention.ops.rotary import check_tables

_DTYPES = (torch.float16, torch.bfloat16, torch.float32)
_PAGE_UNIT = 8
_PAGE_SIZES = (16, 256)
_ROTARY_UNIT = 16


@dataclass(frozen=True)
class KvAppend:
    """New tokens, the cache that they go to, and where in it.

    Attributes:
        key_cache: ``[rows, capacity, kv_heads, head_dim]``, or with a block table ``[blocks,
            page_size, kv_heads, head_dim]``.
        value_cache: The same with a head size of its own.
        key: ``[batch, new tokens, kv_heads, head_dim]``.
        value: Likewise.
        cache_seqlens: ``[batch]``: tokens of each sequence that are in the cache already.
        cache_batch_idx: ``[batch]``: the row of each sequence; None: they follow each other.
        block_table: ``[batch, pages]``: the pages of each sequence.
        rotary_cos: ``[seqlen_ro, rotary_dim / 2]``: keys are rotated before they are written.
        rotary_sin: Likewise.
        interleaved: How keys are rotated: see ``apply_rotary_emb``.
    """

    key_cache: torch.Tensor
    value_cache: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    cache_seqlens: torch.Tensor
    cache_batch_idx: torch.Tensor | None
    block_table: torch.Tensor | None
    rotary_cos: torch.Tensor | None
    rotary_sin: torch.Tensor | None
    interleaved: bool

    @property
    def capacity(self) -> int:
        """Tokens that a sequence may have."""
        page: int = self.key_cache.shape[1]
        return page if self.block_table is None else page * self.block_table.shape[1]

    def positions(self) -> torch.Tensor:
        """Return where each new token stands in its sequence: ``[batch, new tokens]``."""
        first = self.cache_seqlens.long()[:, None]
        return first + torch.arange(self.key.shape[1], device=first.device)

    def slots(self) -> torch.Tensor:
        """Return the slot of each new token: ``[batch, new tokens]``."""
        positions, page = self.positions(), self.key_cache.shape[1]
        if self.block_table is not None:
            blocks = self.block_table.long().gather(1, positions // page)
            return blocks * page + positions % page
        rows = self.cache_batch_idx
        if rows is None:
            rows = torch.arange(self.key.shape[0], device=positions.device)
        return rows.long()[:, None] * page + positions


def _check_metadata(
    checks: Checks, name: str, tensor: torch.Tensor, key: torch.Tensor, rank: int
) -> None:
    checks.tensors(**{name: tensor})
    checks.rank(name, tensor, rank)
    checks.dtype(f"{name} dtype", tensor, (torch.int32, torch.int64))
    checks.device(name, tensor, key, "k")
    if tensor.shape[0] != key.shape[0]:
        raise checks.value_error(
            f"{name} rows", tensor.shape[0], f"be the batch of k ({key.shape[0]})"
        )


def _check_tensors(checks: Checks, call: KvAppend) -> None:
    key, value = call.key, call.value
    tensors = {"k_cache": call.key_cache, "v_cache": call.value_cache, "k": key, "v": value}
    checks.tensors(**tensors)
    checks.dtype("k dtype", key, _DTYPES)
    for name, tensor in tensors.items():
        checks.rank(name, tensor, 4)
        checks.dtype(f"{name} dtype", tensor, (key.dtype,), " (that of k)")
        checks.device(name, tensor, key, "k")
        checks.contiguous_from(name, tensor, 3)
    checks.shape("v", value, (*key.shape[:3], value.shape[3]), "batch, tokens and heads of k")
    for name, cache, source in (
        ("k_cache", call.key_cache, key),
        ("v_cache", call.value_cache, value),
    ):
        rule = f"heads and head_dim of {name[0]}, rows and tokens of k_cache"
        checks.shape(name, cache, (*call.key_cache.shape[:2], *source.shape[2:]), rule)


def check_append(checks: Checks, call: KvAppend) -> None:
    """Check all that does not need the values of a tensor."""
    _check_tensors(checks, call)
    key = call.key
    _check_metadata(checks, "cache_seqlens", call.cache_seqlens, key, 1)
    if call.block_table is not None and call.cache_batch_idx is not None:
        rule = "be None with a block_table, which names the pages of each sequence itself"
        raise checks.value_error("cache_batch_idx", list(call.cache_batch_idx.shape), rule)
    if call.block_table is not None:
        _check_metadata(checks, "block_table", call.block_table, key, 2)
        page, (least, most) = call.key_cache.shape[1], _PAGE_SIZES
        if page % _PAGE_UNIT != 0 or not least <= page <= most:
            rule = f"be a multiple of {_PAGE_UNIT} from {least} to {most}"
            raise checks.value_error("k_cache page size", page, rule)
    elif call.cache_batch_idx is not None:
        _check_metadata(checks, "cache_batch_idx", call.cache_batch_idx, key, 1)
    elif call.key_cache.shape[0] < key.shape[0]:
        rule = f"be at least the batch of k ({key.shape[0]}) without a cache_batch_idx"
        raise checks.value_error("k_cache rows", call.key_cache.shape[0], rule)
    _check_rotary(checks, call)


def _check_rotary(checks: Checks, call: KvAppend) -> None:
    cos, sin = call.rotary_cos, call.rotary_sin
    if cos is None or sin is None:
        if cos is not sin:
            missing, given = ("cos", "sin") if cos is None else ("sin", "cos")
            raise checks.value_error(f"rotary_{missing}", None, f"come with rotary_{given}")
        return
    checks.tensors(rotary_cos=cos, rotary_sin=sin)
    check_tables(checks, ("rotary_cos", "rotary_sin"), (cos, sin), call.key, "k")
    rotary_dim, head_dim = 2 * cos.shape[1], call.key.shape[3]
    if rotary_dim == 0 or rotary_dim % _ROTARY_UNIT != 0 or rotary_dim > head_dim:
        rule = f"be a multiple of {_ROTARY_UNIT} up to the head_dim of k ({head_dim})"
        raise checks.value_error("rotary_dim, twice the columns of rotary_cos", rotary_dim, rule)


def _check_each(
    checks: Checks, name: str, values: torch.Tensor, least: int, most: int, rule: str
) -> None:
    outside = ((values < least) | (values > most)).nonzero()
    if outside.shape[0] > 0:
        at = outside[0].tolist()
        where = f"{name}[{', '.join(str(index) for index in at)}]"
        raise checks.value_error(where, int(values[tuple(at)]), f"be from {least} to {most}{rule}")


def check_append_values(checks: Checks, call: KvAppend, query_tokens: int = 0) -> None:
    """Check the values of metadata: every new token has a place of its own.

    Args:
        checks: Of the operator.
        call: Has passed ``check_append``.
        query_tokens: Query tokens that are rotated like the keys: their positions must be in the
            tables too.
    """
    new = call.key.shape[1]
    room = call.capacity - new
    if room < 0:
        raise checks.value_error("k tokens", new, f"fit the cache, which has {call.capacity}")
    lengths, rows = call.cache_seqlens, call.cache_batch_idx
    rule = f", because {new} new tokens must fit the cache, which has {call.capacity}"
    _check_each(checks, "cache_seqlens", lengths, 0, room, rule)
    if call.rotary_cos is not None and lengths.numel() > 0:
        angles, needed = call.rotary_cos.shape[0], int(lengths.max()) + max(new, query_tokens)
        if angles < needed:
            rule = f"be at least {needed}, one for each position up to the newest token"
            raise checks.value_error("rotary_cos rows", angles, rule)
    if call.block_table is not None:
        _check_pages(checks, call, call.block_table)
    elif rows is not None:
        _check_each(checks, "cache_batch_idx", rows, 0, call.key_cache.shape[0] - 1, "")
        if rows.unique().numel() < rows.numel():
            raise checks.value_error("cache_batch_idx", rows.tolist(), "name each row once")


def _check_pages(checks: Checks, call: KvAppend, table: torch.Tensor) -> None:
    """Demand that the pages of new tokens are there, and no place is written twice."""
    page, last = call.key_cache.shape[1], call.key_cache.shape[0] - 1
    entries = call.positions() // page
    blocks = table.long().gather(1, entries)
    wrong = ((blocks < 0) | (blocks > last)).nonzero()
    if wrong.shape[0] > 0:
        row, token = wrong[0].tolist()
        where = f"block_table[{row}, {int(entries[row, token])}]"
        raise checks.value_error(where, int(blocks[row, token]), f"be from 0 to {last}")
    ordered, _ = call.slots().flatten().sort()
    repeated = ordered[1:] == ordered[:-1]
    if bool(repeated.any()):
        block = int(ordered[1:][repeated][0]) // page
        raise checks.value_error("block_table", block, "name no page for the new tokens of two")


_CHECKS = Checks("append_kv_cache")


def _rows(tokens: torch.Tensor) -> torch.Tensor:
    """See ``[batch, tokens, heads, head_dim]`` as tokens whose heads are contiguous."""
    rows = tokens.flatten(0, 1)
    heads, head_dim = rows.shape[1:]
    return rows if heads == 1 or rows.stride(1) == head_dim else rows.contiguous()


def _append_cpu(*arguments: object) -> None:
    call = KvAppend(*arguments)  # type: ignore[arg-type]
    check_append(_CHECKS, call)
    check_append_values(_CHECKS, call)
    if call.positions().numel() == 0:
        return
    sources = {"k": call.key, "v": call.value, "cache_seqlens": call.cache_seqlens}
    _CHECKS.apart(k_cache=call.key_cache, v_cache=call.value_cache, **sources)
    _CHECKS.apart(v_cache=call.value_cache, **sources)
    key = call.key
    if call.rotary_cos is not None:
        key = torch.ops.ascend_attention.apply_rotary_emb(
            key, call.rotary_cos, call.rotary_sin, call.positions(), call.interleaved
        )
    slots = call.slots().flatten()
    write_rows(_CHECKS, _rows(key), _rows(call.value), call.key_cache, call.value_cache, slots)


def _append_meta(*arguments: object) -> None:
    check_append(_CHECKS, KvAppend(*arguments))  # type: ignore[arg-type]


define(
    "append_kv_cache(Tensor(a!) k_cache, Tensor(b!) v_cache, Tensor k, Tensor v, "
    "Tensor cache_seqlens, Tensor? cache_batch_idx, Tensor? block_table, Tensor? rotary_cos, "
    "Tensor? rotary_sin, bool rotary_interleaved) -> ()",
    cpu=_append_cpu,
    meta=_append_meta,
)


def _check_query(checks: Checks, query: torch.Tensor, key: torch.Tensor) -> None:
    checks.tensors(q=query)
    checks.rank("q", query, 4)
    checks.dtype("q dtype", query, (key.dtype,), " (that of k)")
    checks.device("q", query, key, "k")
    checks.contiguous_from("q", query, 3)
    wanted = (key.shape[0], *query.shape[1:3], key.shape[3])
    checks.shape("q", query, wanted, "batch and head_dim of k")


def rotate_and_append(
    checks: Checks, query: torch.Tensor, call: KvAppend, *, causal_or_local: bool
) -> torch.Tensor:
    """Append new tokens to a cache, in place, and return the query as attention takes it.

    Args:
        checks: Of the operator, whose arguments are those of ``flash_attn_with_kvcache``.
        query: ``[batch, query tokens, heads, head_dim]``, dtype of the keys.
        call: What is appended. With tables of angles, keys are rotated to their positions in the
            cache, and the query is rotated too.
        causal_or_local: Query token ``i`` of a sequence is rotated to the position behind the
            cache plus ``i``; otherwise all are rotated to the position behind the cache.

    Returns:
        The query, rotated if there are tables.

    Raises:
        TypeError: An argument is no tensor, or has another dtype.
        ValueError: A shape, stride or value breaks a rule; nothing was written.

    Meaning: flash-attention's ``flash_attn_with_kvcache`` with ``k``, ``v`` and rotary tables.
    """
    check_append(checks, call)
    _check_query(checks, query, call.key)
    tokens = query.shape[1]
    if call.key.device.type == "cpu" and not torch.compiler.is_compiling():
        check_append_values(checks, call, tokens if causal_or_local else 1)
    torch.ops.ascend_attention.append_kv_cache(
        call.key_cache,
        call.value_cache,
        call.key,
        call.value,
        call.cache_seqlens,
        call.cache_batch_idx,
        call.block_table,
        call.rotary_cos,
        call.rotary_sin,
        call.interleaved,
    )
    if call.rotary_cos is None:
        return query
    positions = call.cache_seqlens.long()[:, None].expand(-1, tokens)
    if causal_or_local:
        positions = positions + torch.arange(tokens, device=query.device)
    rotated: torch.Tensor = torch.ops.ascend_attention.apply_rotary_emb(
        query, call.rotary_cos, call.rotary_sin, positions, call.interleaved
    )
    return rotated
