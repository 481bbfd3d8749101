# SPDX-License-Identifier: Apache-2.0
"""Prefill, chunked prefill and decode of a decoder stack, judged by its logits."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ascend_attention.job.decoder import Decoder, DecoderShape, PagedCaches, plain_attend
from ascend_attention.model import ModelError, mode, recorded

if TYPE_CHECKING:
    from ascend_attention.job.decoder import Attend

PHASES = ("prefill", "chunked prefill", "decode")
SEQUENCES, STEPS, PAGE_SIZE = 4, 6, 16
_LONGEST_PROMPT = 300
_NONE = (float("nan"), float("nan"), 0.0)  # error, that of plain torch, and bound
_CHUNK = 32  # tokens of a sequence at a time


@dataclass(frozen=True)
class Generation:
    """Token ids of some sequences, and how many of each belong to each phase."""

    shape: DecoderShape
    dtype: torch.dtype
    tokens: tuple[torch.Tensor, ...]  # of each sequence
    counts: torch.Tensor  # [phases, sequences]
    seed: int

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sequence."""
        return [len(own) for own in self.tokens]


@dataclass(frozen=True)
class PhaseResult:
    """What one phase did.

    Attributes:
        phase: Its name.
        tokens: New tokens of all sequences.
        launches: Of kernels.
        error: Largest absolute error of a logit against float64.
        plain: That of plain torch attention in the same dtype.
        bound: Of ``error``: twice that of ``plain``, and a unit in the last place.
        fault: Of a kernel, or that the bound does not hold; empty if all is well.
    """

    phase: str
    tokens: int
    launches: int
    error: float
    plain: float
    bound: float
    fault: str = ""


def make_generation(
    context: int, seed: int, dtype: torch.dtype = torch.float16, shape: DecoderShape | None = None
) -> Generation:
    """Make ragged sequences of random tokens.

    Args:
        context: Tokens that no prompt is longer than; the longest has at most 300.
        seed: Of lengths, tokens and weights.
        dtype: Of the weights.
        shape: Of the decoder.
    """
    random = np.random.default_rng(seed)
    longest = min(context, _LONGEST_PROMPT)
    prompts = [longest, *random.integers(1, longest + 1, SEQUENCES - 1)]
    later = random.integers(0, longest // 2 + 2, SEQUENCES)
    counts = torch.tensor(np.stack([prompts, later, np.full(SEQUENCES, STEPS)]))
    chosen = shape or DecoderShape()
    tokens = tuple(
        torch.from_numpy(random.integers(0, chosen.vocabulary, int(count)))
        for count in counts.sum(dim=0)
    )
    return Generation(chosen, dtype, tokens, counts, seed)


class _Progress:
    """Feeds tokens to a decoder and collects the logits of each sequence."""

    def __init__(self, generation: Generation, decoder: Decoder) -> None:
        self.generation, self.decoder = generation, decoder
        self.caches = PagedCaches(generation.shape, generation.lengths, PAGE_SIZE, generation.dtype)
        self.logits: list[list[torch.Tensor]] = [[] for _ in generation.tokens]

    def feed(self, counts: torch.Tensor, attend: Attend) -> None:
        """Feed so many next tokens of each sequence."""
        starts = self.caches.lengths.tolist()
        parts = [
            own[start : start + count]
            for own, start, count in zip(
                self.generation.tokens, starts, counts.tolist(), strict=True
            )
        ]
        logits = self.decoder(torch.cat(parts), attend)
        for own, part in zip(self.logits, logits.split(counts.tolist()), strict=True):
            own.append(part)
        self.caches.lengths += counts.int()

    def run(self, phase: str, counts: torch.Tensor) -> None:
        """Feed the tokens of a phase the way it does."""
        if phase == "decode":
            for _ in range(int(counts[0])):
                self.feed(torch.ones_like(counts), self.caches.next_tokens())
            return
        left, chunk = counts.clone(), int(counts.max()) if phase == "prefill" else _CHUNK
        while bool(left.any()):
            now = left.clamp(max=chunk)
            self.feed(now, self.caches.prompt(now))
            left -= now


def _plain_logits(generation: Generation, decoder: Decoder) -> tuple[torch.Tensor, ...]:
    attend = plain_attend(generation.shape, generation.lengths)
    logits: torch.Tensor = decoder(torch.cat(generation.tokens), attend)
    return tuple(logits.double().split(generation.lengths))


def _largest_error(
    logits: list[torch.Tensor], exact: tuple[torch.Tensor, ...], begin: list[int], end: list[int]
) -> float:
    """Return the largest difference over the tokens ``begin .. end`` of each sequence."""
    differences = [
        (own.double()[first:last] - right[first:last]).abs().amax() if last > first else 0.0
        for own, right, first, last in zip(logits, exact, begin, end, strict=True)
    ]
    return float(max(differences))


def _judge(
    generation: Generation,
    logits: list[torch.Tensor],
    exact: tuple[torch.Tensor, ...],
    plain: tuple[torch.Tensor, ...],
    phase: int,
) -> tuple[float, float, float]:
    """Return the error of the logits of a phase, that of plain torch, and the bound."""
    ends = generation.counts.cumsum(dim=0)
    begin, end = (ends[phase] - generation.counts[phase]).tolist(), ends[phase].tolist()
    rounded = _largest_error(list(plain), exact, begin, end)
    largest = float(max(own.abs().max() for own in exact))
    bound = 2 * rounded + torch.finfo(generation.dtype).eps * largest
    return _largest_error(logits, exact, begin, end), rounded, bound


def run_generation(generation: Generation, model_mode: str) -> list[PhaseResult]:
    """Run the phases with our kernels, up to the first fault, and judge the logits of each.

    Args:
        generation: Of ``make_generation``.
        model_mode: ``"fast"`` or ``"checked"``.
    """
    decoder = Decoder(generation.shape, generation.seed).to(generation.dtype).eval()
    results: list[PhaseResult] = []
    with torch.no_grad(), mode(model_mode):
        exact = _plain_logits(generation, copy.deepcopy(decoder).double())
        plain = _plain_logits(generation, decoder)
        progress = _Progress(generation, decoder)
        for index, (phase, counts) in enumerate(zip(PHASES, generation.counts, strict=True)):
            tokens = int(counts.sum())
            with recorded() as reports:
                try:
                    progress.run(phase, counts)
                except ModelError as error:
                    return [*results, PhaseResult(phase, tokens, len(reports), *_NONE, str(error))]
            logits = [torch.cat(own) for own in progress.logits]
            judged = _judge(generation, logits, exact, plain, index)
            fault = "" if judged[0] <= judged[2] else "the logits are beyond their bound"
            results.append(PhaseResult(phase, tokens, len(reports), *judged, fault))
    return results
