# SPDX-License-Identifier: Apache-2.0
"""Commands: ``run`` the main job, ``doctor`` for what is there and what is not."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    help="Attention operators for Ascend NPUs, run and checked on any machine.",
    no_args_is_help=True,
    add_completion=False,
)


class Mode(str, Enum):
    """How the AI Core model executes kernels."""

    fast = "fast"
    checked = "checked"


@app.command()
def run(
    mode: Annotated[
        Mode, typer.Option(help="checked finds every missing synchronisation; fast computes only.")
    ] = Mode.checked,
    context: Annotated[int, typer.Option(min=1, help="Longest sequence, in tokens.")] = 4096,
    batch: Annotated[int, typer.Option(min=1, help="Sequences.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of inputs and lengths.")] = 0,
) -> None:
    """Run attention with our kernels and compare with references.

    A paged decode: K and V of ragged sequences are written through reshape_and_cache_flash into
    shuffled blocks of a cache filled with NaN, then paged_attention reads them: 32 query and 8 kv
    heads of 128. The same attention in one pass, split over cores, and as the tiling chooses. A
    decoder stack of two layers: prefill, chunked prefill and decode over a paged cache, judged by
    its logits. The memory of standard attention and of flash attention.
    """
    from ascend_attention.job.decode import decode_cases, run_case  # noqa: PLC0415
    from ascend_attention.job.generation import make_generation, run_generation  # noqa: PLC0415
    from ascend_attention.job.memory import compare_memory  # noqa: PLC0415
    from ascend_attention.job.split import run_methods, split_case  # noqa: PLC0415
    from ascend_attention.job.table import (  # noqa: PLC0415
        make_console,
        print_memory,
        print_methods,
        print_phases,
        print_results,
        progress,
    )

    console = make_console()
    cases = decode_cases(batch=batch, context=context, seed=seed)
    console.print(
        f"Paged decode on the AI Core model ({mode.value} mode): {batch} sequences of up to "
        f"{context} tokens, 32/8 heads of 128"
    )
    results = []
    with progress(console) as bar:
        for case in bar.track(cases, description="Running"):
            bar.console.print(f"  {case.name}")
            results.extend(run_case(case, mode.value))
    print_results(console, results)
    longest = 4 * context
    console.print(
        f"7 sequences of up to {longest} tokens, 40/40 heads of 64, blocks of 16: one pass, split, "
        "and what the tiling chooses"
    )
    methods = run_methods(split_case(longest, seed), mode.value)
    print_methods(console, methods)
    console.print("Prefill, chunked prefill and decode: 2 layers, 8/2 heads of 64, pages of 16")
    phases = run_generation(make_generation(context, seed), mode.value)
    print_phases(console, phases)
    console.print("Standard and flash attention: 2 sequences, 16 heads of 64, causal, float16")
    memory = compare_memory(seed)
    print_memory(console, memory)
    faults = [result.fault for part in (methods, phases, memory) for result in part]
    if not all(result.ok for result in results) or any(faults):
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Say which backends are there, why others are not, and what would enable each."""
    from ascend_attention.backends.discovery import find_backends  # noqa: PLC0415

    table = Table(title="Backends", title_justify="left")
    for column in ("device", "backend", "state", "why, and what enables it"):
        table.add_column(column, overflow="fold")
    backends = find_backends()
    for backend in backends:
        state = "[green]ready[/]" if backend.ready else "[yellow]not here[/]"
        table.add_row(backend.device, backend.name, state, backend.reason)
    Console().print(table)
    if not any(backend.ready for backend in backends):
        raise typer.Exit(1)
