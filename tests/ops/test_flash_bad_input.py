# SPDX-License-Identifier: Apache-2.0
"""Every wrong tensor or option of flash attention is one sentence, before anything runs."""

from __future__ import annotations

import pytest
import torch
from ascend_attention import flash_attention, plan_flash_attention

from tests.ops.flash_wrong import (
    Case,
    all_three,
    both,
    dense,
    expect_refusal,
    half,
    ints,
    packed,
    paged,
)


def mask_of(*shape: int) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.bool)


TENSORS: dict[str, Case] = {
    "query is a list": (
        dense,
        {"query": torch.Tensor.tolist},
        TypeError,
        r"query \(list\) must be a tensor",
    ),
    "mask is a list": (
        dense,
        {"attn_mask": [True]},
        TypeError,
        r"attn_mask \(list\) must be a tensor",
    ),
    "sparse key": (
        dense,
        {"key": torch.Tensor.to_sparse},
        ValueError,
        r"key \(torch\.sparse_coo\) must be a strided tensor",
    ),
    "float32": (
        dense,
        all_three(torch.Tensor.float),
        TypeError,
        r"query dtype \(float32\) must be float16 or bfloat16 \(scaled_dot_product_attention takes",
    ),
    "float64": (
        dense,
        all_three(torch.Tensor.double),
        TypeError,
        r"query dtype \(float64\) must be float16 or bfloat16",
    ),
    "key dtype": (
        dense,
        {"key": torch.Tensor.bfloat16},
        TypeError,
        r"key dtype \(bfloat16\) must be float16 \(that of query\)",
    ),
    "query rank": (
        dense,
        {"query": half(5, 4, 32)},
        ValueError,
        r"query \(\[5, 4, 32\]\) must have 4 dimensions",
    ),
    "packed query rank": (
        packed,
        {"query": half(1, 5, 4, 32)},
        ValueError,
        r"query \(\[1, 5, 4, 32\]\) must have 3 dimensions",
    ),
    "key rank": (
        dense,
        {"key": half(9, 2, 32)},
        ValueError,
        r"key \(\[9, 2, 32\]\) must have 4 dimensions",
    ),
    "packed value rank": (
        packed,
        {"value": half(1, 12, 2, 32)},
        ValueError,
        r"value \(\[1, 12, 2, 32\]\) must have 3 dimensions",
    ),
    "head_dim contiguous": (
        dense,
        {"query": half(2, 5, 32, 4).transpose(2, 3)},
        ValueError,
        r"query strides \(.*\) must be contiguous from dimension 3 on",
    ),
    "head sizes differ": (
        dense,
        {"key": half(2, 9, 2, 64)},
        ValueError,
        r"key head_dim \(64\) must be that of query \(32\)",
    ),
    "head size": (
        dense,
        all_three(lambda t: t[..., :24].contiguous()),
        ValueError,
        r"query head_dim \(24\) must be a multiple of 16 from 16 to 256",
    ),
    "large value": (
        dense,
        {"value": half(2, 9, 2, 272)},
        ValueError,
        r"value head_dim \(272\) must be a multiple of 16 from 16 to 256",
    ),
    "value tokens": (
        dense,
        {"value": half(2, 8, 2, 32)},
        ValueError,
        r"value shape \(\[2, 8, 2, 32\]\) must be that of key \[2, 9, 2, 32\] but for the last",
    ),
    "rows": (
        dense,
        both(lambda t: t[:1]),
        ValueError,
        r"key rows \(1\) must be the batch \(2\) without kv_batch_idx",
    ),
    "heads do not divide": (
        dense,
        {"query": half(2, 5, 3, 32)},
        ValueError,
        r"query heads \(3\) must be a multiple of key heads \(2\)",
    ),
    "no heads": (
        dense,
        {"query": half(2, 5, 0, 32)},
        ValueError,
        r"query heads \(0\) must be at least 1",
    ),
    "page size": (
        paged,
        both(lambda _: half(4, 24, 2, 32)),
        ValueError,
        r"key page_size \(24\) must be a multiple of 16 from 16 to 256",
    ),
    "large pages": (
        paged,
        both(lambda _: half(4, 272, 2, 32)),
        ValueError,
        r"key page_size \(272\) must be a multiple of 16 from 16 to 256",
    ),
    "slopes": (
        dense,
        {"alibi_slopes": torch.ones(3)},
        ValueError,
        r"alibi_slopes shape \(\[3\]\) must be \[4\] \(one a query head\)",
    ),
    "slopes of sequences": (
        dense,
        {"alibi_slopes": torch.ones(3, 4)},
        ValueError,
        r"alibi_slopes shape \(\[3, 4\]\) must be \[2, 4\] \(one a sequence and query head\)",
    ),
    "sinks dtype": (
        dense,
        {"sinks": half(4)},
        TypeError,
        r"sinks dtype \(float16\) must be float32",
    ),
}

OPTIONS: dict[str, Case] = {
    "table without lengths": (
        paged,
        {"seqused_k": None},
        ValueError,
        r"seqused_k \(None\) must be given with block_table",
    ),
    "table and packed keys": (
        paged,
        {"cu_seqlens_k": ints(0, 20, 40)},
        ValueError,
        r"cu_seqlens_k \(a tensor\) must be None with block_table, which takes the lengths as seq",
    ),
    "table and rows": (
        paged,
        {"kv_batch_idx": ints(0, 1)},
        ValueError,
        r"kv_batch_idx \(a tensor\) must be None with block_table",
    ),
    "packed keys and rows": (
        packed,
        {"kv_batch_idx": ints(0, 0, 0)},
        ValueError,
        r"kv_batch_idx \(a tensor\) must be None with cu_seqlens_k",
    ),
    "layout": (
        paged,
        {"kv_layout": "NDH"},
        ValueError,
        r"kv_layout \(NDH\) must be one of NHD, HND",
    ),
    "layout without pages": (
        dense,
        {"kv_layout": "HND"},
        ValueError,
        r"kv_layout \(HND\) must be NHD without block_table",
    ),
    "window of one number": (
        dense,
        {"window_size": (3,)},
        ValueError,
        r"window_size \(\(3,\)\) must be two numbers \(left, right\), -1 for no limit",
    ),
    "negative window": (
        dense,
        {"window_size": (-2, 0)},
        ValueError,
        r"window_size \(\(-2, 0\)\) must be two numbers",
    ),
    "causal with a window behind": (
        dense,
        {"causal": True, "window_size": (-1, 3)},
        ValueError,
        r"window_size right \(3\) must be -1 or 0 with causal",
    ),
    "prefix without causal": (
        dense,
        {"prefix_lens": ints(1, 2)},
        ValueError,
        r"causal \(False\) must be True with prefix_lens",
    ),
    "prefix with a window": (
        dense,
        {"prefix_lens": ints(1, 2), "causal": True, "window_size": (3, 0)},
        ValueError,
        r"window_size left \(3\) must be -1 with prefix_lens",
    ),
    "softcap": (
        dense,
        {"softcap": -1.0},
        ValueError,
        r"softcap \(-1.0\) must be 0 \(none\) or more",
    ),
    "scale": (dense, {"scale": float("inf")}, ValueError, r"scale \(inf\) must be finite"),
    "splits": (dense, {"num_splits": -1}, ValueError, r"num_splits \(-1\) must be 0 \(chosen\) or"),
    "row_tile": (dense, {"row_tile": 130}, ValueError, r"row_tile \(130\) must be from 1 to 128"),
    "kv_tile": (dense, {"kv_tile": 64}, ValueError, r"kv_tile \(64\) must be a multiple of 128"),
    "lookahead": (dense, {"lookahead": 9}, ValueError, r"lookahead \(9\) must be from 1 to 6"),
    "pack": (dense, {"pack": 3}, ValueError, r"pack \(3\) must be 1 or the query heads of a key"),
    "score format": (
        dense,
        {"score_format": "int8"},
        ValueError,
        r"score_format \(int8\) must be one of float, half",
    ),
}

MASKS: dict[str, Case] = {
    "mask and bias": (
        dense,
        {"attn_mask": mask_of(5, 9), "attn_bias": half(5, 9)},
        ValueError,
        r"attn_bias \(a tensor\) must be None with attn_mask",
    ),
    "mask dtype": (
        dense,
        {"attn_mask": torch.ones(5, 9)},
        TypeError,
        r"attn_mask dtype \(float32\) must be bool",
    ),
    "bias dtype": (
        dense,
        {"attn_bias": mask_of(5, 9)},
        TypeError,
        r"attn_bias dtype \(bool\) must be float16 or float32",
    ),
    "bias of the other dtype": (
        dense,
        {"attn_bias": torch.zeros(5, 9).bfloat16()},
        TypeError,
        r"attn_bias dtype \(bfloat16\) must be float16 or float32",
    ),
    "mask of rank 1": (
        dense,
        {"attn_mask": mask_of(9)},
        ValueError,
        r"attn_mask \(\[9\]\) must have 2 to 4 dimensions",
    ),
    "bias of rank 5": (
        dense,
        {"attn_bias": half(1, 2, 4, 5, 9)},
        ValueError,
        r"attn_bias \(\[1, 2, 4, 5, 9\]\) must have 2 to 4 dimensions",
    ),
    "mask of other keys": (
        dense,
        {"attn_mask": mask_of(5, 8)},
        ValueError,
        r"attn_mask shape \(\[5, 8\]\) must be broadcastable to \[2, 4, 5, 9\]",
    ),
    "mask of other heads": (
        dense,
        {"attn_mask": mask_of(2, 2, 5, 9)},
        ValueError,
        r"attn_mask shape \(\[2, 2, 5, 9\]\) must be broadcastable to \[2, 4, 5, 9\]",
    ),
    "mask of packed sequences": (
        packed,
        {"attn_mask": mask_of(3, 1, 3, 7)},
        ValueError,
        r"attn_mask shape \(\[3, 1, 3, 7\]\) must be broadcastable to \[3, 4, 3, 6\]",
    ),
    "mask that shows what causal hides": (
        dense,
        {"attn_mask": mask_of(5, 9), "causal": True},
        ValueError,
        r"attn_mask\[0, 0, 0, 5\] \(True\) must be False with causal, which hides that key",
    ),
    "mask of one sequence that shows what causal hides": (
        dense,
        {
            "attn_mask": torch.stack([mask_of(5, 9).tril(4), mask_of(5, 9).tril(5)])[:, None],
            "causal": True,
        },
        ValueError,
        r"attn_mask\[1, 0, 0, 5\] \(True\) must be False with causal",
    ),
}

CASES = {**TENSORS, **OPTIONS, **MASKS}


@pytest.mark.parametrize("name", CASES)
def test_flash_attention_names_the_wrong_argument(name: str) -> None:
    expect_refusal(CASES[name])


def test_a_mask_over_whole_keys_goes_with_causal() -> None:
    keys = mask_of(2, 1, 1, 9)
    keys[1, ..., :3] = False

    output, lse = flash_attention(**dense(), attn_mask=keys, causal=True, return_lse=True)

    counts = lse[:, 0].exp().round()
    assert counts.tolist() == [[5, 6, 7, 8, 9], [2, 3, 4, 5, 6]]
    assert not output.any()


def test_the_plan_refuses_what_the_operator_refuses() -> None:
    with pytest.raises(ValueError, match=r"^flash_attention: kv_tile \(64\) must be a multiple"):
        plan_flash_attention(**dense(), kv_tile=64)


def test_the_plan_takes_tensors_only() -> None:
    with pytest.raises(TypeError, match=r"^flash_attention: sinks \(list\) must be a tensor"):
        plan_flash_attention(**dense(), sinks=[1.0])
