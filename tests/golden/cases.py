# SPDX-License-Identifier: Apache-2.0
"""The golden set: small launches whose instruction streams are kept as digests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ascend_attention
import torch
from ascend_attention.model import options, recorded, stream_digest
from ascend_attention.testing import flash_case, paged_case

DIGESTS = Path(__file__).with_name("streams.toml")


def _decode(dtype: torch.dtype, head_dim: int, block_size: int, strategy: str = "vector") -> None:
    case = paged_case(
        (1, 0, 130, 17), head_dim=head_dim, dtype=dtype, block_size=block_size
    ).filled()
    ascend_attention.paged_attention(
        case.query,
        case.key_cache,
        case.value_cache,
        case.block_tables,
        case.seq_lens,
        strategy=strategy,
        return_lse=True,
    )


def _attend(form: str, head_dim: int, **arguments: object) -> None:
    case = flash_case((130, 0, 7), (200, 5, 300), form=form, head_dim=head_dim)
    given: dict[str, Any] = {**case.arguments, **arguments}
    ascend_attention.flash_attention(case.query, case.key, case.value, **given)


def _write(dtype: torch.dtype, head_dim: int) -> None:
    case = paged_case((40, 3), head_dim=head_dim, dtype=dtype)
    slots = case.slot_mapping.clone()
    slots[::7] = -1
    ascend_attention.reshape_and_cache_flash(
        case.keys, case.values, case.key_cache, case.value_cache, slots
    )


def _rotate(dtype: torch.dtype, *, interleaved: bool) -> None:
    angles = torch.zeros(40, 32)
    positions = torch.arange(40).reshape(2, 20)
    ascend_attention.apply_rotary_emb(
        torch.zeros(2, 20, 5, 80, dtype=dtype), angles, angles, interleaved, positions=positions
    )


CASES: dict[str, Callable[[], None]] = {
    "paged_attention_fp16_d64_block16": lambda: _decode(torch.float16, 64, 16),
    "paged_attention_fp16_d128_block128": lambda: _decode(torch.float16, 128, 128),
    "paged_attention_bf16_d256_block48": lambda: _decode(torch.bfloat16, 256, 48),
    "paged_attention_cube_fp16_d128": lambda: _decode(torch.float16, 128, 16, "cube"),
    "paged_attention_cube_bf16_d64": lambda: _decode(torch.bfloat16, 64, 128, "cube"),
    "flash_attention_packed_causal_d128": lambda: _attend("packed", 128, causal=True),
    "flash_attention_paged_split_d64": lambda: _attend("paged", 64, num_splits=3),
    "flash_attention_packed_window_softcap_d192": lambda: _attend(
        "packed", 192, window_size=(40, 9), softcap=5.0
    ),
    "reshape_and_cache_flash_fp16_d128": lambda: _write(torch.float16, 128),
    "reshape_and_cache_flash_fp32_d20": lambda: _write(torch.float32, 20),
    "rotary_embedding_fp16_halves": lambda: _rotate(torch.float16, interleaved=False),
    "rotary_embedding_bf16_interleaved": lambda: _rotate(torch.bfloat16, interleaved=True),
    "rotary_embedding_fp32_interleaved": lambda: _rotate(torch.float32, interleaved=True),
}


def digests() -> dict[str, str]:
    """Run every case and return the digest of its streams."""
    found = {}
    for name, run in CASES.items():
        with options(mode="checked", collect_stream=True), recorded() as reports:
            run()
        found[name] = " ".join(stream_digest(report) for report in reports)
    return found
