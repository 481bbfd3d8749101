# SPDX-License-Identifier: Apache-2.0
"""Prefill, chunked prefill and decode of a small decoder, with our kernels and without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from ascend_attention.job.decoder import Decoder, DecoderShape
from ascend_attention.job.decoder_attention import (
    Exact,
    PagedKernels,
    Plain,
    SequenceAttention,
    Step,
)
from ascend_attention.model import ModelError, mode, recorded

if TYPE_CHECKING:
    from ascend_attention.model import Report

SHAPE = DecoderShape()
DTYPES = (torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Phase:
    """Steps that are alike.

    Attributes:
        name: For the table.
        operator: That attends.
        attend: Method of ``PagedKernels`` that calls it.
        steps: New tokens of each sequence in each step.
        is_prompt: The tokens are given. Otherwise each sequence goes on with the token of its
            largest logit; what a step adds behind that is given, as a draft would be.
    """

    name: str
    operator: str
    attend: Callable[..., torch.Tensor]
    steps: tuple[tuple[int, ...], ...]
    is_prompt: bool


PHASES = (
    Phase("prefill", "flash_attn_varlen_func", PagedKernels.packed, ((193, 64, 300),), True),
    Phase(
        "chunked prefill", "flash_attn_varlen_func", PagedKernels.from_pages, ((150, 1, 33),), True
    ),
    Phase("decode", "paged_attention", PagedKernels.decode, ((1, 1, 1),) * 4, False),
    Phase("decode", "flash_attn_with_kvcache", PagedKernels.with_kvcache, ((3, 3, 3),), False),
)
SEQUENCES = len(PHASES[0].steps[0])
CAPACITY = max(map(sum, zip(*(step for phase in PHASES for step in phase.steps), strict=True)))


@dataclass(frozen=True)
class PhaseResult:
    """What a phase did.

    Attributes:
        dtype: Of attention.
        phase: That ran.
        error: Largest difference of a logit from the decoder whose attention is in float64.
        bound: Twice that of the decoder with plain torch attention in the same dtype.
        difference: Largest difference of a logit from that one.
        reports: Of the launches.
        fault: Of a kernel, or what is wrong with the logits; empty if all is well.
    """

    dtype: torch.dtype
    phase: Phase
    error: float
    bound: float
    difference: float
    reports: tuple[Report, ...]
    fault: str = ""


class _Serving:
    """The decoder with three kinds of attention, which see the same tokens."""

    def __init__(self, dtype: torch.dtype, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._decoder = Decoder(SHAPE, seed)
        tables = SHAPE.rotary_tables(CAPACITY)
        self._kernels = PagedKernels(SHAPE, dtype, capacity=CAPACITY, batch=SEQUENCES, seed=seed)
        self._plain = SequenceAttention(Plain(*tables, dtype))
        self._exact = SequenceAttention(Exact(*tables))
        self._lengths = (0,) * SEQUENCES
        self._next = torch.empty(0)  # tokens of the largest logits

    def _tokens(self, step: Step, is_prompt: bool) -> torch.Tensor:
        count = (sum(step.added),)
        tokens = torch.randint(SHAPE.vocabulary, count, generator=self._generator)
        if not is_prompt:
            tokens[step.starts[:-1]] = self._next
        return tokens

    def run(self, phase: Phase, added: tuple[int, ...]) -> torch.Tensor:
        """Take one step.

        Returns:
            ``[3]``: the largest differences of the logits of our kernels from those of float64, of
            plain torch from those of float64, and of our kernels from those of plain torch.
        """
        step = Step(self._lengths, added)
        tokens = self._tokens(step, phase.is_prompt)
        ours, plain, exact = (
            self._decoder(tokens, attend)
            for attend in (
                partial(phase.attend, self._kernels, step),
                self._plain.of(step),
                self._exact.of(step),
            )
        )
        self._lengths = tuple(step.ends.tolist())
        self._next = ours[step.starts[1:] - 1].argmax(dim=1)
        return torch.stack([(ours - exact), (plain - exact), (ours - plain)]).abs().amax((1, 2))


def run_phases(dtype: torch.dtype, model_mode: str, seed: int) -> list[PhaseResult]:
    """Run all phases, one after the other, up to the first fault of a kernel.

    Args:
        dtype: Of attention and cache.
        model_mode: ``"fast"`` or ``"checked"``.
        seed: Of weights and tokens.
    """
    serving = _Serving(dtype, seed)
    results = []
    for phase in PHASES:
        with torch.no_grad(), mode(model_mode), recorded() as reports:
            try:
                worst = torch.stack([serving.run(phase, added) for added in phase.steps])
            except ModelError as fault:
                nan = float("nan")
                results.append(PhaseResult(dtype, phase, nan, nan, nan, tuple(reports), str(fault)))
                break
        error, plain, difference = worst.amax(dim=0).tolist()
        bound = 2 * plain
        text = "" if error <= bound else f"a logit is off by {error:.2e}, more than {bound:.2e}"
        results.append(PhaseResult(dtype, phase, error, bound, difference, tuple(reports), text))
    return results
