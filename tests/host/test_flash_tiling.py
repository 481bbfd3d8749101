# SPDX-License-Identifier: Apache-2.0
"""Host tiling of AscFlashAttention: tiles that fit, the choices and their reasons, errors."""

from __future__ import annotations

from typing import Any

import pytest
from ascend_attention import _native
from ascend_attention.backends.model import kernels
from ascend_attention.model import socs

from tests.host.flash_problem import CORES, HALF, SOC, packed, plan, problem

UB_BYTES = 192 * 1024 - 256 - 8 * 1024  # what a kernel may use on the 910B
L1_BYTES = 512 * 1024
DIMS = [(16, 16), (64, 64), (80, 80), (96, 96), (128, 128), (192, 128), (192, 192), (256, 256)]
EXTRAS: dict[str, dict[str, Any]] = {
    "plain": {},
    "mask": {"has_mask": True},
    "float bias": {"bias_bytes": 4},
    "half scores": {"score_format": _native.ScoreFormat.half},
    "split": {"splits": 4},
}


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("queries", [1, 65, 4096])
@pytest.mark.parametrize("value_dim", [16, 128, 144, 256])
@pytest.mark.parametrize("head_dim", range(16, 257, 16))
def test_tiles_fit_on_chip(head_dim: int, value_dim: int, queries: int, extra: str) -> None:
    fields = plan(
        head_dim=head_dim, value_dim=value_dim, queries=queries, keys=4096, **EXTRAS[extra]
    ).fields

    assert fields["l1_bytes"] <= L1_BYTES
    assert fields["ub_bytes"] <= UB_BYTES
    assert fields["slice_rows"] >= 8
    assert fields["slice_rows"] % 8 == 0
    assert sum(fields["slots"]) <= 8  # event ids between MTE2 and MTE1


@pytest.mark.parametrize("lookahead", [1, 6])
@pytest.mark.parametrize("kv_tile", [128, 256, 384, 512])
@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize(
    ("head_dim", "value_dim", "row_tile"),
    [
        (*dims, rows)
        for dims in DIMS
        for rows in ([1, 16, 100, 128, 256] if max(dims) <= 128 else [1, 16, 100, 128])
    ],
)
def test_all_tiles_that_may_be_asked_for_fit_on_chip(
    head_dim: int, value_dim: int, row_tile: int, extra: str, kv_tile: int, lookahead: int
) -> None:
    fields = plan(
        head_dim=head_dim,
        value_dim=value_dim,
        row_tile=row_tile,
        kv_tile=kv_tile,
        lookahead=lookahead,
        **EXTRAS[extra],
    ).fields

    assert (fields["row_tile"], fields["kv_tile"], fields["lookahead"]) == (
        row_tile,
        kv_tile,
        lookahead,
    )
    assert fields["l1_bytes"] <= L1_BYTES
    assert fields["ub_bytes"] <= UB_BYTES


def test_long_prefill_takes_the_large_tile() -> None:
    fields = plan(queries=8192).fields

    assert (fields["row_tile"], fields["kv_tile"], fields["lookahead"]) == (256, 512, 2)
    assert fields["is_dealt"]
    assert fields["slots"] == (1, 3, 2, 2)


def test_short_prefill_takes_more_tasks() -> None:
    assert plan(batch=1, queries=512).fields["row_tile"] <= 128


def test_large_heads_take_half_the_rows() -> None:
    assert plan(queries=8192, head_dim=256).fields["row_tile"] == 128
    assert plan(queries=8192, head_dim=192, value_dim=128).fields["row_tile"] == 128


def test_few_query_tokens_share_a_task_with_their_group() -> None:
    grouped: dict[str, Any] = {"heads": 32, "kv_heads": 4, "keys": 4096}

    assert plan(queries=1, **grouped).fields["pack"] == 8
    assert plan(queries=4, **grouped).fields["pack"] == 8
    assert plan(queries=8192, **grouped).fields["pack"] == 1


def test_a_single_long_sequence_is_split_over_cores() -> None:
    long: dict[str, Any] = {"batch": 1, "queries": 1, "keys": 65536, "heads": 8, "kv_heads": 1}
    split = plan(**long)
    whole = plan(splits=1, **long)

    assert split.fields["max_partitions"] >= 12
    assert split.blocks >= 12
    assert whole.fields["max_partitions"] == 1
    assert split.fields["model_cycles"] < whole.fields["model_cycles"] / 4
    assert "keys split in partitions of" in split.fields["reason"]


def test_no_split_takes_more_workspace_than_a_fixed_amount_a_core() -> None:
    lengths = [65536, *[4096] * 4]
    queries = [1, *[4096] * 4]  # partial results are kept for all query tokens

    planned = _native.plan_flash_attention(HALF, packed(queries, lengths, heads=32), SOC)

    assert planned.workspace_bytes <= CORES * (planned.fields["ring_bytes"] + 4 * 1024 * 1024)


def test_enough_sequences_are_not_split() -> None:
    fields = plan(batch=64, queries=1, keys=4096, heads=32, kv_heads=8).fields

    assert fields["max_partitions"] == 1
    assert "no split of the keys" in fields["reason"]


@pytest.mark.parametrize(
    "metadata", ["has_query_starts", "has_query_lens", "has_key_lens", "has_key_pads"]
)
def test_units_of_unknown_lengths_are_shared_not_dealt(metadata: str) -> None:
    assert plan().fields["is_dealt"]
    changes: dict[str, Any] = {metadata: True}
    assert not plan(**changes).fields["is_dealt"]


@pytest.mark.parametrize("soc", socs())
def test_no_more_blocks_than_cube_cores_or_units(soc: str) -> None:
    assert plan(soc=soc, queries=8192).blocks == socs()[soc].cube_cores
    assert plan(soc=soc, batch=1, queries=1, keys=16, heads=3, kv_heads=3).blocks == 3


def test_workspace_grows_with_the_cores_and_not_with_the_lengths() -> None:
    short, long = plan(queries=8192), plan(queries=131072)

    assert short.workspace_bytes == long.workspace_bytes
    assert long.workspace_bytes == CORES * long.fields["ring_bytes"]


PINNED = {
    "row_tile": 64,
    "kv_tile": 384,
    "lookahead": 5,
    "pack": 2,
}


@pytest.mark.parametrize("name", PINNED)
def test_a_choice_can_be_pinned_and_the_reason_says_so(name: str) -> None:
    pinned: dict[str, Any] = {name: PINNED[name]}
    fields = plan(heads=16, **pinned).fields

    assert fields[name] == PINNED[name]
    assert f"pinned: {name}" in fields["reason"]


def test_num_splits_counts_partitions_of_the_longest_sequence() -> None:
    fields = plan(keys=1500, splits=3).fields

    assert fields["max_partitions"] == 3
    assert fields["partition_tokens"] == 512
    assert "pinned: num_splits" in fields["reason"]


def test_half_scores_take_less_workspace() -> None:
    pinned: dict[str, Any] = {"row_tile": 128, "kv_tile": 256, "lookahead": 4}

    half = plan(score_format=_native.ScoreFormat.half, **pinned)

    assert half.workspace_bytes < plan(**pinned).workspace_bytes


def test_a_plan_depends_on_nothing_but_its_problem() -> None:
    assert plan().tiling == plan().tiling
    assert plan().tiling != plan(batch=5).tiling


def test_the_kernel_declares_the_type_of_each_variant() -> None:
    declared = {
        key: type_
        for (name, key), type_ in kernels().kernel_types.items()
        if name == "asc_flash_attention"
    }
    planned = {
        variant.tiling_key: variant.kernel_type.removeprefix("KERNEL_TYPE_")
        for variant in (
            _native.plan_flash_attention(dtype, problem(), SOC)
            for dtype in (HALF, _native.DataType.bfloat16)
        )
    }

    assert declared == planned


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "head_dim": ({"head_dim": 100}, r"query head_dim \(100\) must be a multiple of 16 from 16"),
    "large head_dim": ({"head_dim": 272}, r"query head_dim \(272\) must be a multiple of 16"),
    "value dim": ({"value_dim": 8}, r"value head_dim \(8\) must be a multiple of 16"),
    "heads": ({"heads": 9}, r"query heads \(9\) must be a multiple of key heads \(8\)"),
    "no kv heads": ({"kv_heads": 0}, r"key heads \(0\) must be at least 1"),
    "page": ({"page_size": 24}, r"key page_size \(24\) must be a multiple of 16 from 16 to 256"),
    "large page": ({"page_size": 512}, r"key page_size \(512\) must be a multiple of 16"),
    "layout": (
        {"layout": _native.CacheLayout.packed},
        r"key layout \(1\) must be rows \(0\) or nz \(2\)",
    ),
    "nz": ({"layout": _native.CacheLayout.nz}, r"key page_size \(0\) must be given with"),
    "scale": ({"scale": float("nan")}, r"scale \(nan\) must be finite"),
    "softcap": ({"softcap": -1.0}, r"softcap \(-1\) must be 0 \(none\) or from 1e-30 to 1e\+30"),
    "no softcap": ({"softcap": float("nan")}, r"softcap \(nan\) must be 0 \(none\) or from"),
    "large softcap": ({"softcap": 3e38}, r"softcap \(3e\+38\) must be 0 \(none\) or from"),
    "small softcap": ({"softcap": 1e-39}, r"softcap \(1e-39\) must be 0 \(none\) or from"),
    "prefix": ({"has_prefixes": True, "window_left": 3}, r"window_size left \(3\) must be -1"),
    "mask and bias": (
        {"has_mask": True, "bias_bytes": 2},
        r"attn_bias element bytes \(2\) must be 0 with attn_mask",
    ),
    "lengths": ({"query_lens": [1]}, r"query lengths \(1\) must be the batch \(2\)"),
    "row_tile": ({"row_tile": 200}, r"row_tile \(200\) must be from 1 to 128, or 256"),
    "wide row_tile": (
        {"row_tile": 256, "head_dim": 192},
        r"row_tile \(256\) must be at most 128 with head_dim greater than 128",
    ),
    "kv_tile": ({"kv_tile": 100}, r"kv_tile \(100\) must be a multiple of 128 from 128 to 512"),
    "lookahead": ({"lookahead": 7}, r"lookahead \(7\) must be from 1 to 6"),
    "pack": (
        {"pack": 3, "heads": 16},
        r"pack \(3\) must be 1 or the query heads of a key head \(2\)",
    ),
    "splits": ({"splits": -1}, r"num_splits \(-1\) must be from 0"),
    "tokens": (
        {"queries": 2**30, "keys": 1},
        r"query heads \(8\) must be at most 2147483647 over all 2147483648 query tokens",
    ),
    "stride": (
        {"query": _native.TokenView(0, -1, 128)},
        r"query stride \(-1\) must be from 0",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_that_the_kernel_does_not_do_is_named(name: str) -> None:
    changes, message = WRONG[name]

    with pytest.raises(ValueError, match=r"^flash_attention: " + message):
        plan(**changes)


def test_float32_is_refused() -> None:
    with pytest.raises(ValueError, match=r"query dtype \(float32\) must be float16 or bfloat16"):
        _native.plan_flash_attention(_native.DataType.float32, problem(), SOC)


def test_the_chip_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"soc \(Ascend999\) must be a known chip"):
        plan(soc="Ascend999")
