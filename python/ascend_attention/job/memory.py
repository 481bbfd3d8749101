# SPDX-License-Identifier: Apache-2.0
"""Peak memory of standard attention, which holds every score, against flash attention."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

import ascend_attention
from ascend_attention.bench.peak import peak_growth
from ascend_attention.model import ModelError, mode

BATCH, HEADS, HEAD_DIM = 2, 16, 64
LENGTHS = (512, 1024)
_AGREEMENT = 4e-3  # twice what either may be off in float16


@dataclass(frozen=True)
class MemoryResult:
    """What both took for one length.

    Attributes:
        tokens: Of each sequence.
        standard_bytes: By how much standard attention raised the peak memory of the process.
        flash_bytes: The same of flash attention on the model.
        workspace_bytes: Of that, what the kernel uses beside its tensors: also on an NPU.
        difference: Largest difference of the two outputs.
        fault: Of the kernel, or that the outputs differ; empty if all is well.
    """

    tokens: int
    standard_bytes: int
    flash_bytes: int
    workspace_bytes: int
    difference: float
    fault: str = ""


def standard_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attend causally with a matrix of all scores, as written in textbooks.

    Args:
        query: ``[batch, heads, tokens, head_dim]``, float16.
        key: Likewise.
        value: Likewise.
    """
    tokens = query.shape[2]
    hidden = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    scores = query @ key.mT / math.sqrt(query.shape[3])
    scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    return weights @ value


def _flash_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    output = ascend_attention.flash_attention(
        *(tensor.transpose(1, 2) for tensor in (query, key, value)), causal=True
    )
    assert isinstance(output, torch.Tensor)
    return output.transpose(1, 2)


def _compare(tokens: int, seed: int) -> MemoryResult:
    generator = torch.Generator().manual_seed(seed)
    shape = (3, BATCH, HEADS, tokens, HEAD_DIM)
    query, key, value = torch.randn(*shape, generator=generator).half()
    plan = ascend_attention.plan_flash_attention(
        *(tensor.transpose(1, 2) for tensor in (query, key, value)), causal=True
    )
    standard, standard_bytes = peak_growth(lambda: standard_attention(query, key, value))
    sizes = (tokens, standard_bytes)
    try:
        flash, flash_bytes = peak_growth(lambda: _flash_attention(query, key, value))
    except ModelError as error:
        return MemoryResult(*sizes, 0, plan.workspace_bytes, float("nan"), str(error))
    difference = float((flash.float() - standard.float()).abs().max())
    fault = "" if difference <= _AGREEMENT else f"the outputs differ by {difference:.3g}"
    return MemoryResult(*sizes, flash_bytes, plan.workspace_bytes, difference, fault)


def compare_memory(seed: int) -> list[MemoryResult]:
    """Measure both for two lengths, in fast mode: checks have memory of their own."""
    with mode("fast"):
        # A tiny run first: code and libraries are not what is measured.
        _flash_attention(*torch.zeros(3, 1, 1, 16, 16, dtype=torch.float16))
        return [_compare(tokens, seed) for tokens in LENGTHS]
