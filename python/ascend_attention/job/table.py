# SPDX-License-Identifier: Apache-2.0
"""How the main job shows progress and results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ascend_attention.job.decode import Result
    from ascend_attention.job.generation import PhaseResult
    from ascend_attention.job.memory import MemoryResult
    from ascend_attention.job.split import SplitResult

TABLE_WIDTH = 140
PIPES = ("MTE2", "M", "V", "MTE3")


def progress(console: Console) -> Progress:
    """Return a progress bar with the number of finished cases and the time."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def make_console() -> Console:
    """Return a console that is wide enough for the table where there is no terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=TABLE_WIDTH)


def _count(number: float) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= limit:
            return f"{number / (1e3 if unit == 'k' else limit):.1f} {unit}"
    return f"{number:.0f} "


def _row(result: Result) -> list[str]:
    if result.report is None:
        return [result.case, result.kernel, "", "", *("" for _ in PIPES), "", "", "[red]1[/]"]
    report = result.report
    counters = [report.pipe(pipe, "AIC") + report.pipe(pipe, "AIV") for pipe in PIPES]
    instructions = [_count(count.instructions) for count in counters]
    read = sum(count.gm_read_bytes for count in report.counters.values())
    written = sum(count.gm_written_bytes for count in report.counters.values())
    exact = result.bound == 0.0
    return [
        result.case,
        result.kernel,
        f"{result.error:.0f} wrong" if exact else f"{result.error:.2e}",
        "0 wrong" if exact else f"{result.bound:.2e}",
        *instructions,
        _count(read) + "B",
        _count(written) + "B",
        "0" if result.ok else "[red]0, wrong values[/]",
    ]


def print_results(console: Console, results: Sequence[Result]) -> None:
    """Print one row a kernel, and every fault in full below the table."""
    table = Table(title="Paged decode", title_justify="left")
    table.add_column("case")
    table.add_column("kernel")
    for column in ("error", "bound"):
        table.add_column(column, justify="right")
    for pipe in PIPES:
        table.add_column(f"{pipe}\ninstr.", justify="right")
    for column in ("GM\nread", "GM\nwritten", "hazards"):
        table.add_column(column, justify="right")
    for result in results:
        table.add_row(*_row(result))
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"[red]{result.case}, {result.kernel}[/]: {escape(result.fault)}")
    good = sum(result.ok for result in results)
    console.print(f"{good} of {len(results)} kernels within their bound and free of faults")


def print_methods(console: Console, results: Sequence[SplitResult]) -> None:
    """Print one row a method, why the tiling chose, and every fault in full."""
    table = Table(title="One pass (v1), split KV (v2) and auto", title_justify="left")
    table.add_column("method")
    for column in ("partitions", "busiest core\n/ mean", "error", "bound", "peak memory\nbeyond"):
        table.add_column(column, justify="right")
    table.add_column("why", overflow="fold")
    for result in results:
        table.add_row(
            result.method,
            str(result.partitions),
            f"{result.busiest:.2f}",
            f"[{'red' if result.fault else 'default'}]{result.error:.2e}[/]",
            f"{result.bound:.2e}",
            f"{result.extra_bytes / 2**20:.1f} MiB",
            escape(result.reason),
        )
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"[red]{result.method}[/]: {escape(result.fault)}")


def print_phases(console: Console, results: Sequence[PhaseResult]) -> None:
    """Print one row a phase, and every fault in full."""
    table = Table(title="Logits of a decoder stack against float64", title_justify="left")
    table.add_column("phase")
    for column in ("tokens", "launches", "error", "of plain torch", "bound"):
        table.add_column(column, justify="right")
    for result in results:
        table.add_row(
            result.phase,
            str(result.tokens),
            str(result.launches),
            f"[{'red' if result.fault else 'default'}]{result.error:.2e}[/]",
            f"{result.plain:.2e}",
            f"{result.bound:.2e}",
        )
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"[red]{result.phase}[/]: {escape(result.fault)}")


def print_memory(console: Console, results: Sequence[MemoryResult]) -> None:
    """Print one row a length, and every fault in full."""
    table = Table(title="Peak memory beyond the inputs", title_justify="left")
    for column in ("tokens", "standard", "flash", "of that workspace", "difference"):
        table.add_column(column, justify="right")
    for result in results:
        table.add_row(
            str(result.tokens),
            *(
                f"{size / 2**20:.1f} MiB"
                for size in (result.standard_bytes, result.flash_bytes, result.workspace_bytes)
            ),
            f"[{'red' if result.fault else 'default'}]{result.difference:.2e}[/]",
        )
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"[red]{result.tokens} tokens[/]: {escape(result.fault)}")
