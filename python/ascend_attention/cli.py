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
    context: Annotated[
        int, typer.Option(min=1, help="Longest sequence of paged decode, in tokens.")
    ] = 4096,
    batch: Annotated[int, typer.Option(min=1, help="Sequences of paged decode.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of inputs and lengths.")] = 0,
) -> None:
    """Run attention as a server would, and compare it with float64 and with plain torch.

    Ragged sequences are written into shuffled blocks of a cache filled with NaN and decoded, in one
    pass, split over cores, and as the tiling chooses. Then a small decoder with random weights goes
    through prefill, chunked prefill and decode, and standard and flash attention are compared in
    memory. Exit code 1 when anything is beyond its bound or a kernel breaks a rule.
    """
    from ascend_attention.job import parts  # noqa: PLC0415
    from ascend_attention.job.table import make_console  # noqa: PLC0415

    console = make_console()
    options = parts.JobOptions(mode.value, context, batch, seed)
    console.print(f"Attention on the AI Core model ({mode.value} mode)")
    if not all([part(console, options) for part in parts.PARTS]):
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
