# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscPagedAttention: vector cores or cube, and what the cube is given to do."""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.model import socs

from tests.host.test_paged_attention_tiling import NARROW, RAGGED, SPLITS, plan, problem

L1_BYTES = 512 * 1024 - 256  # what a kernel may use on the 910B
AUTO, CUBE = _native.Strategy.auto, _native.Strategy.cube
FLOAT32 = _native.DataType.float32
PACKED, NZ = _native.CacheLayout.packed, _native.CacheLayout.nz

# changes -> strategy, and what the reason says
CHOICES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a group of 4": ({}, "cube", "cube: 4 rows a key"),
    "a group of 3": ({"heads": 6}, "cube", "cube: 3 rows a key"),
    "a group of 2": ({"heads": 4}, "vector", "keep up with memory for 2 rows a key"),
    "no group": ({"heads": 2}, "vector", "keep up with memory for 1 row a key"),
    "query tokens": (
        {"heads": 2, "query_tokens": 16, "max_query_len": 4, "query_starts": True},
        "cube",
        "cube: 4 rows a key",
    ),
    "float32": ({"dtype": FLOAT32}, "vector", r"query dtype (float32) must be float16 or bfloat16"),
    "packed": ({"layout": PACKED}, "vector", "key_cache layout (packed) must be rows or NZ"),
    "head_dim": ({"head_dim": 120}, "vector", "vector cores: query head_dim (120) must be"),
    "block_size": ({"block_size": 24}, "vector", "vector cores: key_cache block_size (24) must be"),
    "partial results": (
        {"partial_outputs": 1},
        "vector",
        "partitions of exp_sums (1) must be 0 for the cube",
    ),
    "NZ": ({"heads": 2, "layout": NZ}, "cube", "cube: the only one that reads NZ"),
    "pinned to the cube": ({"heads": 2, "strategy": CUBE}, "cube", "cube: asked for"),
    "pinned to vector cores": (
        {"strategy": _native.Strategy.vector},
        "vector",
        "vector cores: asked for",
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_strategy_and_its_reason(name: str) -> None:
    changes, strategy, reason = CHOICES[name]

    planned = plan(**{"strategy": AUTO, **changes})

    assert planned.fields["strategy"] == strategy
    assert reason in planned.fields["reason"]
    kernel_type = {"vector": "KERNEL_TYPE_MIX_AIV_1_0", "cube": "KERNEL_TYPE_MIX_AIC_1_2"}
    assert planned.kernel_type == kernel_type[strategy]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "float32": ({"dtype": FLOAT32}, r"query dtype \(float32\) must be float16 or bfloat16"),
    "packed": ({"layout": PACKED}, r"key_cache layout \(packed\) must be rows or NZ"),
    "head_dim": ({"head_dim": 120}, r"query head_dim \(120\) must be a multiple of 16"),
    "block_size": ({"block_size": 24}, r"key_cache block_size \(24\) must be a multiple of 16"),
    "NZ of float32": (
        {"dtype": FLOAT32, "layout": NZ, "strategy": AUTO},
        r"query dtype \(float32\) must be float16 or bfloat16 for the cube",
    ),
    "splits": (
        {"split_rule": _native.SplitRule.splits, "split_value": 0},
        r"num_splits \(0\) must be from 1",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_cube_cannot_do_is_an_error_if_it_is_asked_for(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match="^paged_attention: .*" + message):
        plan(**{"strategy": CUBE, **changes})


@pytest.mark.parametrize("group", [1, 4, 15, 16, 17, 71])
@pytest.mark.parametrize("block_size", [16, 48, 256])
@pytest.mark.parametrize("head_dim", [16, 64, 80, 128, 192, 256])
@pytest.mark.parametrize("max_query_len", [1, 16, 300])
def test_tiles_fit_into_l1(head_dim: int, block_size: int, group: int, max_query_len: int) -> None:
    fields = plan(
        strategy=CUBE,
        head_dim=head_dim,
        block_size=block_size,
        heads=3 * group,
        kv_heads=3,
        batch=5,
        query_tokens=400,
        query_starts=True,
        max_query_len=max_query_len,
    ).fields

    assert fields["l1_bytes"] <= L1_BYTES
    assert fields["pack"] == group
    assert fields["kv_tile"] >= 256


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kv_heads", [1, 2, 8])
@pytest.mark.parametrize("soc", socs())
def test_ragged_lengths_keep_all_blocks_busy(soc: str, kv_heads: int, known: bool) -> None:
    ragged = problem(
        strategy=CUBE,
        batch=len(RAGGED),
        heads=8 * kv_heads,
        kv_heads=kv_heads,
        max_blocks=1024,
        seq_lens=RAGGED if known else [],
        split_rule=_native.SplitRule.auto if known else _native.SplitRule.vllm,
    )

    work = _native.paged_attention_work(ragged, soc, RAGGED)

    cycles = [core for core, _ in work]
    assert len(work) == socs()[soc].cube_cores
    assert max(cycles) <= (1.35 if known else 1.6) * sum(cycles) / len(cycles)
    assert sum(tokens for _, tokens in work) == 8 * kv_heads * sum(RAGGED)


@pytest.mark.parametrize("partition", [16, 48, 512])
@pytest.mark.parametrize("window", [-1, 0, 33, 700])
def test_every_visible_token_is_read_once(window: int, partition: int) -> None:
    lengths = [1000, 0, 3, 517, 48]
    starts = [0, 2, 3, 3, 8, 12]  # query tokens of each sequence: 2, 1, 0, 5, 4
    queried = problem(
        strategy=CUBE,
        batch=5,
        query_tokens=12,
        max_query_len=5,
        query_starts=True,
        max_blocks=63,
        window_left=window,
        split_rule=_native.SplitRule.partition_tokens,
        split_value=partition,
    )

    work = _native.paged_attention_work(queried, "Ascend910B2", lengths, starts)

    assert _native.plan_paged_attention(queried, "Ascend910B2").fields["row_tile"] >= 20
    expected = 0
    for length, first, end in zip(lengths, starts, starts[1:], strict=False):
        shift = length - (end - first)  # position of the first query token
        lowest = 0 if window < 0 else max(shift - window, 0)
        expected += 2 * 4 * (end - first) * max(length - lowest, 0)
    assert sum(tokens for _, tokens in work) == expected


@pytest.mark.parametrize("name", [name for name in SPLITS if not name.startswith("auto")])
def test_splits_that_were_asked_for(name: str) -> None:
    changes, partitions, reason = SPLITS[name]
    rule = getattr(_native.SplitRule, changes["rule"])
    options = {key: value for key, value in changes.items() if key != "rule"}

    for dtype in NARROW:
        fields = plan(strategy=CUBE, dtype=dtype, split_rule=rule, **options).fields
        assert fields["max_partitions"] == partitions
        assert reason in fields["reason"]


def test_a_single_long_sequence_is_split_over_all_blocks() -> None:
    planned = plan(strategy=CUBE, batch=1, kv_heads=1, heads=8, max_blocks=1024)

    assert planned.blocks > 12
    assert planned.fields["max_partitions"] == planned.blocks
    assert "keys split in partitions of" in planned.fields["reason"]
    assert planned.workspace_bytes > 0
