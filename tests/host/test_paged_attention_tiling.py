# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscPagedAttention: every head once, tiles that fit, errors with value and rule.

On the vector cores, if nothing else is said; test_paged_attention_strategy.py is about the cube.
"""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels
from ascend_attention.model import socs

NARROW = (_native.DataType.float16, _native.DataType.bfloat16)
UB_BYTES = 192 * 1024 - 256 - 8 * 1024  # what a kernel may use on the 910B


def problem(
    *,
    dtype: _native.DataType = _native.DataType.float16,
    batch: int = 4,
    heads: int = 8,
    kv_heads: int = 2,
    head_dim: int = 128,
    block_size: int = 16,
    max_blocks: int = 10,
    token_stride: int | None = None,
    scale: float = 0.1,
    strategy: _native.Strategy = _native.Strategy.vector,
    **options: Any,  # noqa: ANN401
) -> _native.PagedAttentionProblem:
    row = kv_heads * head_dim if token_stride is None else token_stride
    view = _native.PagedCacheView(block_size * row, row, head_dim)
    return _native.PagedAttentionProblem(
        dtype=dtype,
        batch=batch,
        heads=heads,
        query_stride=heads * head_dim,
        cache=_native.PagedCacheShape(64, block_size, kv_heads, head_dim),
        key=view,
        value=view,
        max_blocks=max_blocks,
        block_table_stride=max_blocks,
        scale=scale,
        write_lse=True,
        strategy=strategy,
        **options,
    )


def plan(*, soc: str = "Ascend910B2", **changes: Any) -> _native.Plan:  # noqa: ANN401
    return _native.plan_paged_attention(problem(**changes), soc)


@pytest.mark.parametrize("group", [1, 4, 15, 16, 17, 71])
@pytest.mark.parametrize("block_size", [8, 16, 24, 256])
@pytest.mark.parametrize("head_dim", [32, 64, 80, 96, 112, 120, 128, 192, 256])
@pytest.mark.parametrize("layout", [_native.CacheLayout.rows, _native.CacheLayout.packed])
@pytest.mark.parametrize("dtype", [_native.DataType.float16, _native.DataType.float32])
def test_tiles_fit_into_ub(
    dtype: _native.DataType,
    layout: _native.CacheLayout,
    head_dim: int,
    block_size: int,
    group: int,
) -> None:
    fields = plan(
        dtype=dtype,
        layout=layout,
        head_dim=head_dim,
        block_size=block_size,
        heads=3 * group,
        kv_heads=3,
        batch=5,
    ).fields

    assert fields["ub_bytes"] <= UB_BYTES
    assert 1 <= fields["row_tile"] <= group
    assert fields["kv_tile"] >= 16


@pytest.mark.parametrize("soc", socs())
@pytest.mark.parametrize("batch", [1, 3, 20, 21, 500])
def test_blocks_are_units_up_to_the_vector_cores(soc: str, batch: int) -> None:
    planned = plan(batch=batch, soc=soc, split_rule=_native.SplitRule.none)
    units = batch * 2 * -(-4 // planned.fields["row_tile"])

    assert planned.blocks == min(units, socs()[soc].vector_cores)


def test_few_tasks_split_the_group_to_use_more_cores() -> None:
    one_pass: dict[str, Any] = {
        "kv_heads": 1,
        "heads": 32,
        "split_rule": _native.SplitRule.none,
    }
    alone = plan(batch=1, **one_pass)
    many = plan(batch=96, **one_pass)

    assert alone.blocks > 1
    assert many.fields["row_tile"] > alone.fields["row_tile"]


RAGGED = [16384, *range(60, 91)]  # one long sequence and many short ones


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2, 8])
def test_ragged_lengths_keep_all_cores_busy(kv_heads: int, known: bool) -> None:
    ragged = problem(
        batch=len(RAGGED),
        heads=8 * kv_heads,
        kv_heads=kv_heads,
        max_blocks=1024,
        seq_lens=RAGGED if known else [],
        split_rule=_native.SplitRule.auto if known else _native.SplitRule.vllm,
    )

    work = _native.paged_attention_work(ragged, "Ascend910B2", RAGGED)

    cycles = [core for core, _ in work]
    assert len(work) == 48
    assert max(cycles) <= 1.35 * sum(cycles) / len(cycles)
    assert sum(tokens for _, tokens in work) == 8 * kv_heads * sum(RAGGED)


def test_one_pass_leaves_cores_idle_where_a_split_does_not() -> None:
    def busiest(rule: _native.SplitRule) -> int:
        ragged = problem(batch=32, max_blocks=1024, seq_lens=RAGGED, split_rule=rule)
        return max(core for core, _ in _native.paged_attention_work(ragged, "Ascend910B2", RAGGED))

    assert busiest(_native.SplitRule.none) > 5 * busiest(_native.SplitRule.auto)


@pytest.mark.parametrize("cores", ["Ascend910B2", "Ascend910B4"])
@pytest.mark.parametrize("partition", [16, 48, 512])
@pytest.mark.parametrize("window", [-1, 0, 33, 700])
def test_every_visible_token_is_read_once(window: int, partition: int, cores: str) -> None:
    lengths = [1000, 0, 3, 517, 48]
    starts = [0, 2, 3, 3, 8, 12]  # query tokens of each sequence: 2, 1, 0, 5, 4
    queried = problem(
        batch=5,
        query_tokens=12,
        max_query_len=5,
        query_starts=True,
        max_blocks=63,
        window_left=window,
        split_rule=_native.SplitRule.partition_tokens,
        split_value=partition,
    )

    work = _native.paged_attention_work(queried, cores, lengths, starts)

    row_tile = _native.plan_paged_attention(queried, cores).fields["row_tile"]
    expected = 0
    for length, first, end in zip(lengths, starts, starts[1:], strict=False):
        rows = [length - (end - first) + token for token in range(end - first) for _ in range(4)]
        for begin in range(0, len(rows), row_tile):
            tile = rows[begin : begin + row_tile]
            lowest = 0 if window < 0 else max(tile[0] - window, 0)
            expected += 2 * len(tile) * max(max(tile[-1] + 1, 0) - lowest, 0)
    assert sum(tokens for _, tokens in work) == expected


SPLITS: dict[str, tuple[dict[str, Any], int, str]] = {
    "one partition": ({"max_blocks": 32, "rule": "vllm"}, 1, "V1 by vLLM's rule: one partition"),
    "few rows": ({"max_blocks": 33, "rule": "vllm"}, 2, "V2 by vLLM's rule: 32 <= 512 rows"),
    "512 rows": (
        {"max_blocks": 33, "batch": 64, "rule": "vllm"},
        2,
        "V2 by vLLM's rule: 512 <= 512 rows",
    ),
    "many rows": (
        {"max_blocks": 33, "batch": 65, "rule": "vllm"},
        1,
        "V1 by vLLM's rule: 520 > 512 rows",
    ),
    "long": (
        {"max_blocks": 513, "batch": 65, "rule": "vllm"},
        17,
        "V2 by vLLM's rule: more than 8192 tokens",
    ),
    "a bound on the lengths": ({"max_seq_len": 512, "max_blocks": 999, "rule": "vllm"}, 1, "V1"),
    "one pass": ({"max_blocks": 999, "rule": "none"}, 1, "V1: one pass was asked for"),
    "5 splits": ({"max_blocks": 1000, "rule": "splits", "split_value": 5}, 5, "num_splits is 5"),
    "1 split": ({"max_blocks": 1000, "rule": "splits", "split_value": 1}, 1, "num_splits is 1"),
    "48 tokens": (
        {"max_blocks": 10, "rule": "partition_tokens", "split_value": 48},
        4,
        "V2: partitions of 48 tokens were asked for",
    ),
    "auto, small": ({"max_blocks": 2, "batch": 64, "rule": "auto"}, 1, "V1: no split"),
}


@pytest.mark.parametrize("name", SPLITS)
def test_the_split_and_its_reason(name: str) -> None:
    changes, partitions, reason = SPLITS[name]
    rule = getattr(_native.SplitRule, changes["rule"])
    options = {key: value for key, value in changes.items() if key != "rule"}

    fields = plan(split_rule=rule, **options).fields

    assert fields["max_partitions"] == partitions
    assert reason in fields["reason"]


def test_a_single_long_sequence_is_split_over_all_cores() -> None:
    planned = plan(batch=1, kv_heads=1, heads=1, max_blocks=1024)

    assert planned.fields["max_partitions"] > 30
    assert "; V2 in partitions of" in planned.fields["reason"]
    assert planned.workspace_bytes > 0


def test_a_plan_depends_on_nothing_but_its_problem() -> None:
    assert plan().tiling == plan().tiling
    assert plan().tiling != plan(batch=5).tiling


def test_the_kernels_declare_the_type_of_each_variant() -> None:
    declared = {
        key: type_
        for (name, key), type_ in kernels().kernel_types.items()
        if name == "asc_paged_attention"
    }
    planned = {
        variant.tiling_key: variant.kernel_type.removeprefix("KERNEL_TYPE_")
        for variant in (
            *(
                plan(dtype=dtype, layout=layout)
                for dtype in (*NARROW, _native.DataType.float32)
                for layout in (_native.CacheLayout.rows, _native.CacheLayout.packed)
            ),
            *(plan(dtype=dtype, strategy=_native.Strategy.cube) for dtype in NARROW),
        )
    }

    assert declared == planned


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "dtype": ({"dtype": _native.DataType.int8}, r"query dtype \(int8\) must be float16, bfloat16"),
    "head_dim": ({"head_dim": 100}, r"query head_dim \(100\) must be a multiple of 8"),
    "large head_dim": ({"head_dim": 264}, r"query head_dim \(264\) must be a multiple of 8"),
    "heads": ({"heads": 9}, r"query heads \(9\) must be a multiple of key_cache heads \(2\)"),
    "no kv heads": ({"kv_heads": 0}, r"key_cache heads \(0\) must be at least 1"),
    "block_size": ({"block_size": 12}, r"key_cache block_size \(12\) must be a multiple of 8"),
    "large block": ({"block_size": 264}, r"key_cache block_size \(264\) must be a multiple of 8"),
    "layout": ({"layout": _native.CacheLayout.nz}, r"strategy \(vector\) must be cube or auto for"),
    "softcap": ({"softcap": -1.0}, r"softcap \(-1\) must be 0 \(none\) or from 1e-30 to 1e\+30"),
    "no softcap": ({"softcap": float("nan")}, r"softcap \(nan\) must be 0 \(none\) or from"),
    "large softcap": ({"softcap": 3e38}, r"softcap \(3e\+38\) must be 0 \(none\) or from"),
    "small softcap": ({"softcap": 1e-39}, r"softcap \(1e-39\) must be 0 \(none\) or from"),
    "query tokens": ({"query_tokens": 5}, r"query tokens \(5\) must equal the batch \(4\)"),
    "query length": ({"max_query_len": 0}, r"max_query_len \(0\) must be from 1"),
    "lengths": ({"seq_lens": [1]}, r"seq_lens entries \(1\) must be the batch \(4\)"),
    "partition": (
        {"split_rule": _native.SplitRule.partition_tokens, "split_value": 40},
        r"partition_size \(40\) must be a positive multiple of block_size \(16\)",
    ),
    "splits": (
        {"split_rule": _native.SplitRule.splits, "split_value": 0},
        r"num_splits \(0\) must be from 1",
    ),
    "vLLM's partition": (
        {"split_rule": _native.SplitRule.vllm, "block_size": 24, "max_blocks": 40},
        r"block_size \(24\) must divide 512",
    ),
    "partial outputs": (
        {"split_rule": _native.SplitRule.splits, "split_value": 4, "partial_outputs": 3},
        r"partitions of exp_sums \(3\) must be at least 4",
    ),
    "columns": ({"max_blocks": 2**31}, r"block_tables columns \(2147483648\) must be from 0"),
    "stride": ({"token_stride": 4}, r"key_cache token stride \(4\) must be from 128"),
    "scale": ({"scale": float("inf")}, r"scale \(inf\) must be finite"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_the_kernel_does_not_do_is_named(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match=r"^paged_attention: " + message):
        plan(**changes)


def test_the_chip_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"soc \(Ascend999\) must be a known chip"):
        plan(soc="Ascend999")
