# SPDX-License-Identifier: Apache-2.0
"""Every wrong length or page of flash attention is one sentence, before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from ascend_attention import flash_attention

from tests.ops.flash_wrong import (
    Arguments,
    Case,
    both,
    dense,
    expect_refusal,
    ints,
    packed,
    paged,
    with_item,
)

METADATA: dict[str, Case] = {
    "starts dtype": (
        packed,
        {"cu_seqlens_q": torch.Tensor.float},
        TypeError,
        r"cu_seqlens_q dtype \(float32\) must be int32 or int64",
    ),
    "starts rank": (
        packed,
        {"cu_seqlens_k": lambda t: t[None]},
        ValueError,
        r"cu_seqlens_k \(\[1, 4\]\) must have 1 dimensions",
    ),
    "no starts": (
        packed,
        {"cu_seqlens_q": ints()},
        ValueError,
        r"cu_seqlens_q entries \(0\) must be the batch and one",
    ),
    "batch of keys": (
        packed,
        {"cu_seqlens_k": ints(0, 12)},
        ValueError,
        r"cu_seqlens_k shape \(\[2\]\) must be \[4\] \(the batch and one\)",
    ),
    "starts begin": (
        packed,
        {"cu_seqlens_q": ints(1, 2, 2, 5)},
        ValueError,
        r"cu_seqlens_q\[0\] \(1\) must be 0",
    ),
    "starts decrease": (
        packed,
        {"cu_seqlens_k": ints(0, 6, 4, 12)},
        ValueError,
        r"cu_seqlens_k\[2\] \(4\) must be at least the one before \(6\)",
    ),
    "starts end": (
        packed,
        {"cu_seqlens_q": ints(0, 2, 2, 4)},
        ValueError,
        r"cu_seqlens_q\[3\] \(4\) must be the number of tokens \(5\)",
    ),
    "int64 that does not fit": (
        packed,
        {"cu_seqlens_q": torch.tensor([0, 2, 2, 2**31])},
        ValueError,
        r"cu_seqlens_q \(2147483648\) must fit into int32",
    ),
    "longest query": (
        packed,
        {"max_seqlen_q": 2},
        ValueError,
        r"max_seqlen_q \(2\) must be at least the longest sequence \(3\)",
    ),
    "longest key": (
        packed,
        {"max_seqlen_k": 5},
        ValueError,
        r"max_seqlen_k \(5\) must be at least the longest sequence \(6\)",
    ),
    "negative longest": (
        dense,
        {"max_seqlen_q": -1},
        ValueError,
        r"max_seqlen_q \(-1\) must be 0 or more",
    ),
    "used queries": (
        dense,
        {"seqused_q": ints(5, 6)},
        ValueError,
        r"seqused_q\[1\] \(6\) must be in 0..5 \(the query tokens of the sequence\)",
    ),
    "used keys": (
        dense,
        {"seqused_k": ints(9, 10)},
        ValueError,
        r"seqused_k\[1\] \(10\) must be in 0..9 \(the keys that there are\)",
    ),
    "used packed keys": (
        packed,
        {"seqused_k": ints(4, 3, 6)},
        ValueError,
        r"seqused_k\[1\] \(3\) must be in 0..2 \(the keys that there are\)",
    ),
    "used paged keys": (
        paged,
        {"seqused_k": ints(20, 49)},
        ValueError,
        r"seqused_k\[1\] \(49\) must be in 0..48 \(the keys that there are\)",
    ),
    "negative used keys": (
        dense,
        {"seqused_k": ints(-1, 4)},
        ValueError,
        r"seqused_k\[0\] \(-1\) must be in 0..9",
    ),
    "used keys of another batch": (
        dense,
        {"seqused_k": ints(4)},
        ValueError,
        r"seqused_k shape \(\[1\]\) must be \[2\] \(the batch\)",
    ),
    "left padding": (
        dense,
        {"leftpad_k": ints(0, 8), "seqused_k": ints(9, 7)},
        ValueError,
        r"leftpad_k\[1\] \(8\) must be in 0..7 \(the end of the keys\)",
    ),
    "row": (
        dense,
        {"kv_batch_idx": ints(0, 2)},
        ValueError,
        r"kv_batch_idx\[1\] \(2\) must be in 0..1 \(the last row of key\)",
    ),
    "prefix": (
        dense,
        {"prefix_lens": ints(10, 2), "causal": True},
        ValueError,
        r"prefix_lens\[0\] \(10\) must be in 0..9 \(the keys of the sequence\)",
    ),
    "table rank": (
        paged,
        {"block_table": ints(0, 1)},
        ValueError,
        r"block_table \(\[2\]\) must have 2 dimensions",
    ),
    "table rows": (
        paged,
        {"block_table": lambda t: t[:1]},
        ValueError,
        r"block_table rows \(1\) must be the batch \(2\)",
    ),
    "page below": (
        paged,
        {"block_table": with_item((0, 1), -1)},
        ValueError,
        r"block_table\[0, 1\] \(-1\) must be in 0..3",
    ),
    "page above": (
        paged,
        {"block_table": with_item((1, 2), 4)},
        ValueError,
        r"block_table\[1, 2\] \(4\) must be in 0..3",
    ),
    "first page within the window": (
        paged,
        {"block_table": with_item((1, 1), 9), "window_size": (4, -1)},
        ValueError,
        r"block_table\[1, 1\] \(9\) must be in 0..3",
    ),
    "no pages": (
        paged,
        both(lambda t: t[:0]),
        ValueError,
        r"block_table\[0, 0\] \(0\) must not be used: key has no pages",
    ),
}


@pytest.mark.parametrize("name", METADATA)
def test_flash_attention_names_the_wrong_entry(name: str) -> None:
    expect_refusal(METADATA[name])


@pytest.mark.parametrize("form", [dense, packed, paged])
def test_what_the_cases_change_is_right_without_the_change(form: Callable[[], Arguments]) -> None:
    arguments = form()

    output, lse = flash_attention(**arguments, return_lse=True)

    assert output.shape == arguments["query"].shape
    assert not output.any()
    assert lse.isfinite().all()


def test_pages_before_every_window_are_ignored() -> None:
    arguments = paged()
    arguments["block_table"] = with_item((1, 0), 99)(arguments["block_table"])

    _, lse = flash_attention(**arguments, window_size=(4, 0), return_lse=True)

    assert lse.exp().round().eq(5).all()
