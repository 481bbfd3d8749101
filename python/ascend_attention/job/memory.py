# SPDX-License-Identifier: Apache-2.0
"""Peak memory of standard attention, which holds all scores, and of flash attention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch

import ascend_attention
from ascend_attention import reference
from ascend_attention.backends.model import release_workspace
from ascend_attention.bench.peak import peak_growth
from ascend_attention.model import ModelError, mode
from ascend_attention.testing import compare
from ascend_attention.testing.plain import plain_sequence

LENGTHS = (512, 1024, 2048)
HEADS, HEAD_DIM = 16, 64
DTYPE = torch.bfloat16  # torch multiplies it fast on more machines than float16
JUDGED = 32  # query tokens: the last ones, which see nearly all keys


@dataclass(frozen=True)
class MemoryResult:
    """What both need for one length.

    Attributes:
        tokens: Queries and keys.
        inputs: Bytes of query, key and value.
        standard: Bytes by which standard attention raises the peak of the process.
        flash: Likewise flash attention on the model.
        workspace: Bytes of it that are the workspace of the kernel.
        error: Largest error of the last query tokens against float64.
        bound: At the same element.
        fault: Of the kernel, or the first value beyond its bound; empty if all is well.
    """

    tokens: int
    inputs: int
    standard: int
    flash: int
    workspace: int
    error: float
    bound: float
    fault: str = ""


def standard_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Attend causally by the definition: scores, mask, softmax in float32, weighted sum.

    Args:
        query: ``[batch, tokens, heads, head_dim]``.
        key: Likewise.
        value: Likewise.
    """
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))
    tokens = query.shape[2]
    hidden = torch.full((tokens, tokens), -torch.inf, dtype=query.dtype).triu(1)
    weights = query @ key.transpose(2, 3) * query.shape[3] ** -0.5
    weights = weights + hidden
    weights = torch.softmax(weights, dim=-1, dtype=torch.float32).to(query.dtype)
    return (weights @ value).transpose(1, 2)


def _measure(tokens: int, seed: int) -> MemoryResult:
    generator = torch.Generator().manual_seed(seed)
    shape = (1, tokens, HEADS, HEAD_DIM)
    tensors = tuple(torch.randn(shape, generator=generator).to(DTYPE) for _ in range(3))
    attend = partial(ascend_attention.flash_attention, *tensors, causal=True)
    plan = ascend_attention.plan_flash_attention(*tensors, causal=True)
    _, standard = peak_growth(lambda: standard_attention(*tensors))
    inputs = sum(tensor.nbytes for tensor in tensors)
    try:
        release_workspace()  # that earlier launches have left would not count
        output, flash = peak_growth(attend)
    except ModelError as error:
        nan = float("nan")
        return MemoryResult(tokens, inputs, standard, 0, plan.workspace_bytes, nan, nan, str(error))
    assert isinstance(output, torch.Tensor)
    query, key, value = (tensor[0] for tensor in tensors)
    last = (query[-JUDGED:], key, value)
    options = reference.ScoreOptions(causal=True)
    scale = HEAD_DIM**-0.5
    wide = [tensor.float().numpy() for tensor in last]
    exact, _ = reference.attend(wide[0], wide[1], wide[2], scale, options)
    judged = compare(output[0, -JUDGED:], exact, plain_sequence(last, scale, options))
    return MemoryResult(
        tokens,
        inputs,
        standard,
        flash,
        plan.workspace_bytes,
        judged.worst,
        judged.bound,
        "" if judged.ok else judged.text,
    )


def compare_memory(seed: int) -> list[MemoryResult]:
    """Measure each length in fast mode: what the checks remember is no part of the operator.

    Args:
        seed: Of the inputs.
    """
    with mode("fast"):
        return [_measure(tokens, seed) for tokens in LENGTHS]
