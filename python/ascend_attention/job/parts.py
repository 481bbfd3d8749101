# SPDX-License-Identifier: Apache-2.0
"""The parts of the main job: each computes, prints what came out, and says whether all is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ascend_attention.job.decode import decode_cases, run_case
from ascend_attention.job.memory import HEAD_DIM, HEADS, compare_memory
from ascend_attention.job.serving import DTYPES, SEQUENCES, SHAPE, run_phases
from ascend_attention.job.split import run_methods, split_case
from ascend_attention.job.table import (
    print_memory,
    print_methods,
    print_phases,
    print_results,
    progress,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console


@dataclass(frozen=True)
class JobOptions:
    """What the command line says."""

    mode: str  # of the model
    context: int  # longest sequence
    batch: int
    seed: int


def paged_decode(console: Console, options: JobOptions) -> bool:
    """Write caches of ragged sequences and attend to them."""
    cases = decode_cases(batch=options.batch, context=options.context, seed=options.seed)
    console.print(
        f"Paged decode: {options.batch} sequences of up to {options.context} tokens, 32/8 heads of "
        "128"
    )
    results = []
    with progress(console) as bar:
        for case in bar.track(cases, description="Running"):
            bar.console.print(f"  {case.name}")
            results.extend(run_case(case, options.mode))
    print_results(console, results)
    return all(result.ok for result in results)


def split_keys(console: Console, options: JobOptions) -> bool:
    """Attend in one pass, split over cores, and as the tiling chooses."""
    longest = 4 * options.context
    console.print(
        f"7 sequences of up to {longest} tokens, 40/40 heads of 64, blocks of 16: one pass, split, "
        "and what the tiling chooses"
    )
    results = run_methods(split_case(longest, options.seed), options.mode)
    print_methods(console, results)
    return not any(result.fault for result in results)


def serve_decoder(console: Console, options: JobOptions) -> bool:
    """Prefill, chunked prefill and decode of a small decoder."""
    console.print(
        f"A decoder of {SHAPE.layers} layers, {SHAPE.heads}/{SHAPE.kv_heads} heads of "
        f"{SHAPE.head_dim}, random weights, {SEQUENCES} sequences: our kernels over pages, plain "
        "torch, float64"
    )
    results = []
    with progress(console) as bar:
        for dtype in bar.track(DTYPES, description="Running"):
            results.extend(run_phases(dtype, options.mode, options.seed))
    print_phases(console, results)
    return not any(result.fault for result in results)


def weigh_memory(console: Console, options: JobOptions) -> bool:
    """Compare the memory of standard and of flash attention."""
    console.print(
        f"Causal attention of {HEADS} heads of {HEAD_DIM} in bfloat16, fast mode: standard "
        "attention, which holds all scores, and flash attention"
    )
    results = compare_memory(options.seed)
    print_memory(console, results)
    return not any(result.fault for result in results)


PARTS: tuple[Callable[[Console, JobOptions], bool], ...] = (
    paged_decode,
    split_keys,
    serve_decoder,
    weigh_memory,
)
