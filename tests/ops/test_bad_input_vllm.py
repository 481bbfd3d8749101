# SPDX-License-Identifier: Apache-2.0
"""Wrong arguments of paged_attention_v1 and _v2: one sentence, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from ascend_attention import convert_fp8, paged_attention_v1, paged_attention_v2
from ascend_attention.model import recorded
from ascend_attention.testing import packed_caches, paged_case

Arguments = dict[str, Any]
MAX_SEQ_LEN = 600
V2_OUTPUTS = ("exp_sums", "max_logits", "tmp_out")


def arguments_of(version: str) -> Arguments:
    case = paged_case((600, 5), heads=8, kv_heads=2, head_dim=64).filled()
    key_cache, value_cache = packed_caches(case)
    arguments: Arguments = {
        "out": torch.zeros_like(case.query),
        "query": case.query,
        "key_cache": key_cache,
        "value_cache": value_cache,
        "num_kv_heads": 2,
        "scale": 0.125,
        "block_tables": case.block_tables,
        "seq_lens": case.seq_lens,
        "block_size": 16,
        "max_seq_len": MAX_SEQ_LEN,
        "alibi_slopes": None,
        "kv_cache_dtype": "auto",
        "k_scale": 1.0,
    }
    if version == "v2":
        arguments["exp_sums"] = torch.zeros(2, 8, 2)
        arguments["max_logits"] = torch.zeros(2, 8, 2)
        arguments["tmp_out"] = torch.zeros(2, 8, 2, 64).half()
    return arguments


def put(**changes: Callable[[Arguments], Any]) -> Callable[[Arguments], None]:
    def apply(arguments: Arguments) -> None:
        arguments.update({name: change(arguments) for name, change in changes.items()})

    return apply


BOTH = {
    "out is a list": (
        put(out=lambda a: a["out"].tolist()),
        TypeError,
        r"out \(list\) must be a tensor",
    ),
    "out shape": (
        put(out=lambda a: a["out"][:1]),
        ValueError,
        r"out shape \(\[1, 8, 64\]\) must be \[2, 8, 64\] \(that of query\)",
    ),
    "out dtype": (
        put(out=lambda a: a["out"].float()),
        TypeError,
        r"out dtype \(float32\) must be float16 \(that of query\)",
    ),
    "out strides": (
        put(out=lambda a: torch.zeros(2, 16, 64).half()[:, ::2]),
        ValueError,
        r"out strides \(.*\) must be contiguous from dimension 0 on",
    ),
    "out is query": (
        put(out=lambda a: a["query"]),
        ValueError,
        r"out \(0x[0-9a-f]+\) must not overlap query in memory",
    ),
    "out inside the cache": (
        put(out=lambda a: a["value_cache"].view(-1)[: 2 * 8 * 64].view(2, 8, 64)),
        ValueError,
        r"out \(0x[0-9a-f]+\) must not overlap value_cache in memory",
    ),
    "x": (
        put(key_cache=lambda a: a["key_cache"].reshape(-1, 2, 16, 16, 4)),
        ValueError,
        r"key_cache last dimension \(4\) must be 8 \(16 bytes of the dtype\)",
    ),
    "key cache rank": (
        put(key_cache=lambda a: a["value_cache"]),
        ValueError,
        r"key_cache \(.*\) must have 5 dimensions",
    ),
    "block sizes differ": (
        put(value_cache=lambda a: a["value_cache"][..., :8].contiguous()),
        ValueError,
        r"value_cache block_size \(8\) must be that of key_cache \(16\)",
    ),
    "num_kv_heads": (
        put(num_kv_heads=lambda a: 4),
        ValueError,
        r"num_kv_heads \(4\) must be that of key_cache \(2\)",
    ),
    "block_size": (
        put(block_size=lambda a: 32),
        ValueError,
        r"block_size \(32\) must be that of key_cache \(16\)",
    ),
    "max_seq_len below a length": (
        put(max_seq_len=lambda a: 599),
        ValueError,
        r"seq_lens\[0\] \(600\) must be at most max_seq_len \(599\)",
    ),
    "negative max_seq_len": (
        put(max_seq_len=lambda a: -1),
        ValueError,
        r"max_seq_len \(-1\) must be 0 or more",
    ),
    "alibi of the wrong length": (
        put(alibi_slopes=lambda a: torch.ones(2)),
        ValueError,
        r"alibi_slopes shape \(\[2\]\) must be \[8\]",
    ),
    "fp8": (
        put(kv_cache_dtype=lambda a: "fp8"),
        ValueError,
        r"kv_cache_dtype \(fp8\) must be auto: float8 caches are not supported yet",
    ),
    "scale is text": (
        put(k_scale=lambda a: "1"),
        TypeError,
        r"k_scale \(str\) must be a number or a tensor",
    ),
    "scale on another device": (
        put(v_scale=lambda a: torch.ones((), device="meta")),
        ValueError,
        r"v_scale device \(meta\) must be that of query \(cpu\)",
    ),
    "block-sparse": (
        put(blocksparse_vert_stride=lambda a: 8),
        ValueError,
        r"blocksparse_vert_stride \(8\) must be 0 or 1: there is no block-sparse mask",
    ),
    "float lengths": (
        put(seq_lens=lambda a: a["seq_lens"].float()),
        TypeError,
        r"seq_lens dtype \(float32\) must be int32 or int64",
    ),
    "int64 lengths that do not fit": (
        put(seq_lens=lambda a: a["seq_lens"].long() + 2**40),
        ValueError,
        r"seq_lens \(\d+\) must fit into int32",
    ),
    "block id": (
        put(block_tables=lambda a: torch.full_like(a["block_tables"], 99)),
        ValueError,
        r"block_tables\[0, 0\] \(99\) must be in 0\.\.",
    ),
}
V2_ONLY = {
    "exp_sums of the wrong shape": (
        put(exp_sums=lambda a: torch.zeros(2, 8, 1)),
        ValueError,
        r"exp_sums shape \(\[2, 8, 1\]\) must be \[2, 8, 2\] \(one partition for each 512 tokens",
    ),
    "max_logits dtype": (
        put(max_logits=lambda a: a["max_logits"].half()),
        TypeError,
        r"max_logits dtype \(float16\) must be float32",
    ),
    "tmp_out of the wrong shape": (
        put(tmp_out=lambda a: torch.zeros(2, 8, 64, 2).half()),
        ValueError,
        r"tmp_out shape \(\[2, 8, 64, 2\]\) must be \[2, 8, 2, 64\]",
    ),
    "tmp_out dtype": (
        put(tmp_out=lambda a: a["tmp_out"].float()),
        TypeError,
        r"tmp_out dtype \(float32\) must be float16 \(that of query\)",
    ),
    "one tensor for both": (
        put(max_logits=lambda a: a["exp_sums"]),
        ValueError,
        r"exp_sums \(0x[0-9a-f]+\) must not overlap max_logits in memory",
    ),
    "partition that is no multiple of the block": (
        put(
            key_cache=lambda a: torch.zeros(30, 2, 8, 24, 8).half(),
            value_cache=lambda a: torch.zeros(30, 2, 64, 24).half(),
            block_size=lambda a: 24,
        ),
        ValueError,
        r"block_size \(24\) must divide the tokens of a partition \(512\)",
    ),
}
CASES = [(version, name) for version in ("v1", "v2") for name in BOTH] + [
    ("v2", name) for name in V2_ONLY
]


@pytest.mark.parametrize(("version", "name"), CASES)
def test_the_wrong_argument_is_named_and_nothing_written(version: str, name: str) -> None:
    change, error, message = {**BOTH, **V2_ONLY}[name]
    arguments = arguments_of(version)
    written = {name: arguments[name] for name in ("out", *V2_OUTPUTS) if name in arguments}
    change(arguments)
    functions: dict[str, Callable[..., None]] = {
        "v1": paged_attention_v1,
        "v2": paged_attention_v2,
    }

    with (
        recorded() as launches,
        pytest.raises(error, match=rf"^paged_attention_{version}: {message}"),
    ):
        functions[version](**arguments)

    assert not launches
    assert not any(tensor.any() for tensor in written.values())


def test_convert_fp8_says_that_it_does_not_exist_yet() -> None:
    source = torch.zeros(4, 8, dtype=torch.float16)

    with pytest.raises(NotImplementedError, match=r"^convert_fp8: float8 caches are not supported"):
        convert_fp8(torch.zeros(4, 8, dtype=torch.uint8), source, 1.0, "fp8")
