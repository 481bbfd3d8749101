# SPDX-License-Identifier: Apache-2.0
"""Every wrong argument is one sentence with argument, value and rule, before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ascend_attention import paged_attention, reshape_and_cache_flash
from ascend_attention.model import recorded
from ascend_attention.testing import paged_case

Change = Callable[[dict[str, Any]], None]


def attention_arguments() -> dict[str, Any]:
    case = paged_case((20, 5), heads=8, kv_heads=2, head_dim=64).filled()
    return {
        "query": case.query,
        "key_cache": case.key_cache,
        "value_cache": case.value_cache,
        "block_tables": case.block_tables,
        "seq_lens": case.seq_lens,
    }


def put(name: str, change: Callable[[torch.Tensor], Any]) -> Change:
    def apply(arguments: dict[str, Any]) -> None:
        arguments[name] = change(arguments[name])

    return apply


def both_caches(change: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    def apply(arguments: dict[str, Any]) -> None:
        for name in ("key_cache", "value_cache"):
            arguments[name] = change(arguments[name])

    return apply


def with_item(index: tuple[int, ...], value: int) -> Callable[[torch.Tensor], torch.Tensor]:
    def change(tensor: torch.Tensor) -> torch.Tensor:
        changed = tensor.clone()
        changed[index] = value
        return changed

    return change


ATTENTION = {
    "query is a list": (
        put("query", lambda t: t.tolist()),
        TypeError,
        r"query \(list\) must be a tensor",
    ),
    "query dtype": (
        put("query", torch.Tensor.double),
        TypeError,
        r"query dtype \(float64\) must be float16 or bfloat16 or float32",
    ),
    "cache dtype": (
        put("key_cache", torch.Tensor.bfloat16),
        TypeError,
        r"key_cache dtype \(bfloat16\) must be float16 \(that of query\)",
    ),
    "query rank": (
        put("query", lambda t: t[0]),
        ValueError,
        r"query \(\[8, 64\]\) must have 3 dimensions",
    ),
    "cache rank": (
        put("value_cache", lambda t: t[0]),
        ValueError,
        r"value_cache \(.*\) must have 4 dimensions",
    ),
    "head sizes differ": (
        both_caches(lambda t: t[..., :32].contiguous()),
        ValueError,
        r"key_cache head_dim \(32\) must be that of query \(64\)",
    ),
    "cache shapes differ": (
        put("value_cache", lambda t: t[:1]),
        ValueError,
        r"value_cache blocks, block_size, heads and head_dim \(\[1, 16, 2, 64\]\) must be those of "
        r"key_cache \[6, 16, 2, 64\]",
    ),
    "heads do not divide": (
        put("query", lambda t: t[:, :7].contiguous()),
        ValueError,
        r"query heads \(7\) must be a multiple of key_cache heads \(2\)",
    ),
    "no heads": (
        put("query", lambda t: t[:, :0]),
        ValueError,
        r"query heads \(0\) must be at least 1",
    ),
    "no kv heads": (
        both_caches(lambda t: t[:, :, :0]),
        ValueError,
        r"key_cache heads \(0\) must be at least 1",
    ),
    "no head_dim": (
        lambda a: (put("query", lambda t: t[..., :0])(a), both_caches(lambda t: t[..., :0])(a))[0],
        ValueError,
        r"query head_dim \(0\) must be at least 1",
    ),
    "sparse query": (
        put("query", torch.Tensor.to_sparse),
        ValueError,
        r"query \(torch\.sparse_coo\) must be a strided tensor",
    ),
    "head size": (
        lambda a: (
            put("query", lambda t: t[..., :44].contiguous())(a),
            both_caches(lambda t: t[..., :44].contiguous())(a),
        )[0],
        ValueError,
        r"query head_dim \(44\) must be a multiple of 8 from 8 to 256",
    ),
    "block size": (
        both_caches(lambda t: t[:, :12].contiguous()),
        ValueError,
        r"key_cache block_size \(12\) must be a multiple of 8 from 8 to 256",
    ),
    "batch of the tables": (
        put("block_tables", lambda t: t[:1]),
        ValueError,
        r"block_tables rows \(1\) must be the batch of query \(2\)",
    ),
    "batch of the lengths": (
        put("seq_lens", lambda t: t[:1]),
        ValueError,
        r"seq_lens rows \(1\) must be the batch of query \(2\)",
    ),
    "float metadata": (
        put("seq_lens", torch.Tensor.float),
        TypeError,
        r"seq_lens dtype \(float32\) must be int32 or int64",
    ),
    "int64 that does not fit": (
        put("block_tables", lambda t: with_item((0, 0), 2**40)(t.long())),
        ValueError,
        rf"block_tables \({2**40}\) must fit into int32",
    ),
    "negative length": (
        put("seq_lens", with_item((1,), -1)),
        ValueError,
        r"seq_lens\[1\] \(-1\) must be in 0\.\.32",
    ),
    "length beyond the table": (
        put("seq_lens", with_item((0,), 33)),
        ValueError,
        r"seq_lens\[0\] \(33\) must be in 0\.\.32 \(2 blocks of 16 tokens\)",
    ),
    "block id too large": (
        put("block_tables", with_item((0, 1), 6)),
        ValueError,
        r"block_tables\[0, 1\] \(6\) must be in 0\.\.5",
    ),
    "negative block id": (
        put("block_tables", with_item((0, 0), -1)),
        ValueError,
        r"block_tables\[0, 0\] \(-1\) must be in 0\.\.5",
    ),
    "strided head": (
        put("query", lambda t: torch.stack([t, t], dim=-1)[..., 0]),
        ValueError,
        r"query strides \(.*\) must be contiguous from dimension 1 on",
    ),
    "meta cache": (
        put("key_cache", lambda t: t.to("meta")),
        ValueError,
        r"key_cache device \(meta\) must be that of query \(cpu\)",
    ),
    "scale": (
        lambda a: a.update(scale=float("nan")),
        ValueError,
        r"scale \(.*nan.*\) must be finite",
    ),
    "alibi of the wrong length": (
        lambda a: a.update(alibi_slopes=torch.ones(7)),
        ValueError,
        r"alibi_slopes shape \(\[7\]\) must be \[8\] \(one a query head\)",
    ),
    "alibi dtype": (
        lambda a: a.update(alibi_slopes=torch.ones(8).half()),
        TypeError,
        r"alibi_slopes dtype \(float16\) must be float32",
    ),
    "sinks of the wrong length": (
        lambda a: a.update(sinks=torch.ones(2)),
        ValueError,
        r"sinks shape \(\[2\]\) must be \[8\] \(one a query head\)",
    ),
    "sinks are a list": (
        lambda a: a.update(sinks=[1.0] * 8),
        TypeError,
        r"sinks \(list\) must be a tensor",
    ),
    "negative softcap": (
        lambda a: a.update(softcap=-1.0),
        ValueError,
        r"softcap \(-1\.0\) must be 0 \(none\) or more",
    ),
    "window of one number": (
        lambda a: a.update(window_size=(3,)),
        ValueError,
        r"window_size \(\(3,\)\) must be two numbers",
    ),
    "window below -1": (
        lambda a: a.update(window_size=(-2, 0)),
        ValueError,
        r"window_size \(\(-2, 0\)\) must be two numbers",
    ),
    "kv_layout": (
        lambda a: a.update(kv_layout="DNH"),
        ValueError,
        r"kv_layout \(DNH\) must be one of NHD, HND, packed, NZ",
    ),
    "fractals that are none": (
        lambda a: a.update(kv_layout="NZ"),
        ValueError,
        r"key_cache last dimension \(64\) must be 16 \(32 bytes of the dtype\)",
    ),
    "fractals of another head size": (
        lambda a: (both_caches(lambda t: t.new_zeros(6, 7, 16, 16))(a), a.update(kv_layout="NZ"))[
            0
        ],
        ValueError,
        r"key_cache elements of a token \(112\) must be a multiple of head_dim \(64\)",
    ),
    "fractals on vector cores": (
        lambda a: (
            both_caches(lambda t: t.view(-1, 8, 16, 16))(a),
            a.update(kv_layout="NZ", strategy="vector"),
        )[0],
        ValueError,
        r"strategy \(vector\) must be cube or auto for the layout NZ",
    ),
    "fractals of float32": (
        lambda a: (
            put("query", torch.Tensor.float)(a),
            both_caches(lambda t: t.float().view(-1, 16, 16, 8))(a),
            a.update(kv_layout="NZ"),
        )[0],
        ValueError,
        r"query dtype \(float32\) must be float16 or bfloat16 for the cube",
    ),
    "strategy": (
        lambda a: a.update(strategy="mma"),
        ValueError,
        r"strategy \(mma\) must be one of auto, vector, cube",
    ),
    "cube of another head size": (
        lambda a: (
            put("query", lambda t: t[..., :40].contiguous())(a),
            both_caches(lambda t: t[..., :40].contiguous())(a),
            a.update(strategy="cube"),
        )[0],
        ValueError,
        r"query head_dim \(40\) must be a multiple of 16",
    ),
    "method": (
        lambda a: a.update(method="v3"),
        ValueError,
        r"method \(v3\) must be one of auto, v1, v2, vllm",
    ),
    "negative splits": (
        lambda a: a.update(num_splits=-1),
        ValueError,
        r"num_splits \(-1\) must be 0 \(chosen\) or more",
    ),
    "splits and a method": (
        lambda a: a.update(num_splits=2, method="v1"),
        ValueError,
        r"num_splits \(2\) must be 0 with the method v1",
    ),
    "partition that is no multiple of the block": (
        lambda a: (both_caches(lambda t: t.repeat(1, 2, 1, 1)[:, :24])(a), a.update(method="v2"))[
            0
        ],
        ValueError,
        r"partition_size \(512\) must be a positive multiple of block_size \(24\)",
    ),
    "query_start_loc that is too short": (
        lambda a: a.update(query_start_loc=torch.tensor([0, 2])),
        ValueError,
        r"query_start_loc shape \(\[2\]\) must be \[3\] \(the batch and one\)",
    ),
    "query_start_loc that decreases": (
        lambda a: a.update(query_start_loc=torch.tensor([0, 3, 2])),
        ValueError,
        r"query_start_loc\[2\] \(2\) must be at least the one before \(3\)",
    ),
    "query_start_loc that ends elsewhere": (
        lambda a: a.update(query_start_loc=torch.tensor([0, 1, 3])),
        ValueError,
        r"query_start_loc\[2\] \(3\) must be 2",
    ),
    "query_start_loc that begins elsewhere": (
        lambda a: a.update(query_start_loc=torch.tensor([1, 1, 2])),
        ValueError,
        r"query_start_loc\[0\] \(1\) must be 0",
    ),
    "float query_start_loc": (
        lambda a: a.update(query_start_loc=torch.tensor([0.0, 1.0, 2.0])),
        TypeError,
        r"query_start_loc dtype \(float32\) must be int32 or int64",
    ),
    "longer than max_query_len": (
        lambda a: a.update(query_start_loc=torch.tensor([0, 2, 2]), max_query_len=1),
        ValueError,
        r"query_start_loc\[1\] \(2\) must be at least .* at most max_query_len \(1\) more",
    ),
    "max_query_len": (
        lambda a: a.update(max_query_len=0),
        ValueError,
        r"max_query_len \(0\) must be at least 1",
    ),
    "a cache without blocks": (
        both_caches(lambda t: t[:0]),
        ValueError,
        r"block_tables\[0, 0\] \(\d+\) must not be used: the cache has no blocks",
    ),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_paged_attention_names_the_wrong_argument(name: str) -> None:
    change, error, message = ATTENTION[name]
    arguments = attention_arguments()
    change(arguments)

    with recorded() as launches, pytest.raises(error, match=r"^paged_attention: " + message):
        paged_attention(**arguments)

    assert not launches


def write_arguments() -> dict[str, Any]:
    return {
        "key": torch.randn(4, 2, 64).half(),
        "value": torch.randn(4, 2, 64).half(),
        "key_cache": torch.zeros(3, 16, 2, 64).half(),
        "value_cache": torch.zeros(3, 16, 2, 64).half(),
        "slot_mapping": torch.tensor([0, 5, -1, 40]),
    }


WRITES = {
    "key dtype": (
        put("key", torch.Tensor.double),
        TypeError,
        r"key dtype \(float64\) must be float16 or bfloat16 or float32",
    ),
    "cache dtype": (
        put("value_cache", torch.Tensor.float),
        TypeError,
        r"value_cache dtype \(float32\) must be float16 \(that of key\)",
    ),
    "slots dtype": (
        put("slot_mapping", torch.Tensor.float),
        TypeError,
        r"slot_mapping dtype \(float32\) must be int32 or int64",
    ),
    "slot rank": (
        put("slot_mapping", lambda t: t[None]),
        ValueError,
        r"slot_mapping \(\[1, 4\]\) must have 1 dimensions",
    ),
    "too many slots": (
        put("slot_mapping", lambda t: torch.arange(5)),
        ValueError,
        r"key tokens \(4\) must be at least the slots \(5\)",
    ),
    "slot too large": (
        put("slot_mapping", with_item((1,), 48)),
        ValueError,
        r"slot_mapping\[1\] \(48\) must be less than 48 \(negative skips\)",
    ),
    "slot beyond int32": (
        put("slot_mapping", with_item((1,), 2**33)),
        ValueError,
        rf"slot_mapping \({2**33}\) must fit into int32",
    ),
    "slot twice": (
        put("slot_mapping", with_item((1,), 40)),
        ValueError,
        r"slot_mapping \(40\) must name each slot once",
    ),
    "heads differ": (
        put("value", lambda t: t[:, :1].contiguous()),
        ValueError,
        r"value_cache heads and head_dim \(\[2, 64\]\) must be those of value \[1, 64\]",
    ),
    "blocks differ": (
        put("value_cache", lambda t: t[:2].contiguous()),
        ValueError,
        r"value_cache blocks and block_size \(\[2, 16\]\) must be those of key_cache \[3, 16\]",
    ),
    "no heads": (
        lambda a: a.update({name: a[name][..., :0, :] for name in a if name != "slot_mapping"}),
        ValueError,
        r"key heads \(0\) must be from 1 to",
    ),
    "no head_dim": (
        lambda a: a.update({name: a[name][..., :0] for name in a if name != "slot_mapping"}),
        ValueError,
        r"key head_dim \(0\) must be from 1 to",
    ),
    "sparse slots": (
        put("slot_mapping", torch.Tensor.to_sparse),
        ValueError,
        r"slot_mapping \(torch\.sparse_coo\) must be a strided tensor",
    ),
    "scale on another device": (
        lambda a: a.update(k_scale=torch.ones(1, device="meta")),
        ValueError,
        r"k_scale device \(meta\) must be that of key \(cpu\)",
    ),
    "scale is text": (
        lambda a: a.update(v_scale="1"),
        TypeError,
        r"v_scale \(str\) must be a number or a tensor",
    ),
    "slots inside the cache": (
        lambda a: a.update(slot_mapping=a["key_cache"].view(torch.int32).view(-1)[:4]),
        ValueError,
        r"key_cache \(0x[0-9a-f]+\) must not overlap slot_mapping in memory",
    ),
    "one cache for both": (
        lambda a: a.update(value_cache=a["key_cache"]),
        ValueError,
        r"key_cache \(0x[0-9a-f]+\) must not overlap value_cache in memory",
    ),
    "source inside the cache": (
        lambda a: a.update(key=a["key_cache"][0, :4]),
        ValueError,
        r"key_cache \(0x[0-9a-f]+\) must not overlap key in memory",
    ),
    "expanded cache": (
        put("key_cache", lambda t: t[:1].expand(3, 16, 2, 64)),
        ValueError,
        r"key_cache block stride \(0\) must be at least 64",
    ),
    "kv_cache_dtype": (
        lambda a: a.update(kv_cache_dtype="fp8"),
        ValueError,
        r"kv_cache_dtype \(fp8\) must be auto",
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_reshape_and_cache_names_the_wrong_argument_and_writes_nothing(name: str) -> None:
    change, error, message = WRITES[name]
    arguments = write_arguments()
    change(arguments)
    caches = [arguments["key_cache"].clone(), arguments["value_cache"].clone()]

    with (
        recorded() as launches,
        pytest.raises(error, match=r"^reshape_and_cache_flash: " + message),
    ):
        reshape_and_cache_flash(**arguments)

    assert not launches
    assert torch.equal(arguments["key_cache"], caches[0])
    assert torch.equal(arguments["value_cache"], caches[1])
