# SPDX-License-Identifier: Apache-2.0
"""Problems of attention on cube and vector cores, and who does what of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ascend_attention import _native

HALF = _native.DataType.float16
SOC = "Ascend910B2"
CORES = 24


def problem(
    *,
    batch: int = 2,
    queries: int = 1024,
    keys: int | None = None,
    heads: int = 8,
    kv_heads: int = 8,
    head_dim: int = 128,
    value_dim: int | None = None,
    causal: bool = False,
    **fields: Any,  # noqa: ANN401
) -> _native.FlashProblem:
    """A dense problem, or a packed one with lengths; `fields` are those of FlashProblem."""
    keys = queries if keys is None else keys
    value_dim = head_dim if value_dim is None else value_dim
    row = heads * head_dim
    made = _native.FlashProblem()
    made.query = _native.TokenView(queries * row, row, head_dim)
    made.output = _native.TokenView(queries * heads * value_dim, heads * value_dim, value_dim)
    made.lse = _native.TokenView(heads * queries, 1, queries)
    made.key = _native.PagedCacheView(keys * kv_heads * head_dim, kv_heads * head_dim, head_dim)
    made.value = _native.PagedCacheView(
        keys * kv_heads * value_dim, kv_heads * value_dim, value_dim
    )
    made.batch, made.query_tokens, made.key_tokens = batch, queries, keys
    made.heads, made.kv_heads = heads, kv_heads
    made.head_dim, made.value_dim = head_dim, value_dim
    made.max_query_tokens, made.max_key_tokens = queries, keys
    made.window_left, made.window_right = -1, 0 if causal else -1
    made.scale = 0.1
    made.write_lse = True
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def packed(
    query_lens: list[int],
    key_lens: list[int],
    **changes: Any,  # noqa: ANN401
) -> _native.FlashProblem:
    made = problem(batch=len(query_lens), queries=sum(query_lens), keys=sum(key_lens), **changes)
    made.has_query_starts = made.has_key_starts = True
    made.query_lens, made.key_lens = query_lens, key_lens
    made.max_query_tokens = max(query_lens, default=0)
    made.max_key_tokens = max(key_lens, default=0)
    return made


def plan(*, soc: str = SOC, **changes: Any) -> _native.Plan:  # noqa: ANN401
    return _native.plan_flash_attention(HALF, problem(**changes), soc)


@dataclass(frozen=True)
class Unit:
    """What ``flash_attention_work`` says of a unit."""

    sequence: int
    first_head: int
    first_row: int
    rows: int
    first_key: int
    end_key: int
    partition: int
    macs: int


def units_of(
    described: _native.FlashProblem,
    query_lens: Sequence[int] = (),
    key_lens: Sequence[int] = (),
    prefixes: Sequence[int] = (),
) -> list[list[Unit]]:
    blocks = _native.flash_attention_work(HALF, described, SOC, query_lens, key_lens, prefixes)
    return [[Unit(*unit) for unit in block] for block in blocks]
