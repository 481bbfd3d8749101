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
    from ascend_attention.job.memory import MemoryResult
    from ascend_attention.job.serving import PhaseResult
    from ascend_attention.job.split import SplitResult

TABLE_WIDTH = 140
PIPES = ("MTE2", "M", "V", "MTE3")
PHASE_PIPES = (("AIC", "M"), ("AIV", "V"))


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


def _span(counts: Sequence[int]) -> str:
    """Name equal numbers once."""
    return str(counts[0]) if len(set(counts)) == 1 else "/".join(map(str, counts))


def _phase_row(result: PhaseResult) -> list[str]:
    phase, reports = result.phase, result.reports
    counters = [count for report in reports for count in report.counters.values()]
    instructions = [
        sum(report.pipe(pipe, core).instructions for report in reports)
        for core, pipe in PHASE_PIPES
    ]
    moved = sum(count.gm_read_bytes + count.gm_written_bytes for count in counters)
    steps = f"{len(phase.steps)} x " if len(phase.steps) > 1 else ""
    color = "red" if result.fault else "default"
    return [
        str(result.dtype).removeprefix("torch."),
        phase.name,
        steps + _span(phase.steps[0]),
        phase.operator,
        f"[{color}]{result.error:.1e}[/]",
        f"{result.bound:.1e}",
        f"{result.difference:.1e}",
        str(len(reports)),
        *(_count(number) for number in instructions),
        _count(moved) + "B",
    ]


def print_phases(console: Console, results: Sequence[PhaseResult]) -> None:
    """Print one row a phase and dtype, and every fault in full."""
    table = Table(title="Logits of a decoder, by its attention", title_justify="left")
    for column in ("dtype", "phase", "new tokens", "attention by"):
        table.add_column(column)
    for column in ("from\nfloat64", "bound", "from\ntorch", "kernels"):
        table.add_column(column, justify="right")
    for core, pipe in PHASE_PIPES:
        table.add_column(f"{core} {pipe}\ninstr.", justify="right")
    table.add_column("GM\nmoved", justify="right")
    for result in results:
        table.add_row(*_phase_row(result))
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"[red]{result.dtype}, {result.phase.name}[/]: {escape(result.fault)}")
    good = sum(not result.fault for result in results)
    console.print(
        f"{good} of {len(results)} phases within their bound and free of faults; the bound is "
        "twice what plain torch attention in the same dtype is from float64"
    )


def print_memory(console: Console, results: Sequence[MemoryResult]) -> None:
    """Print one row a length, and every fault in full."""
    table = Table(title="Peak memory beyond the inputs", title_justify="left")
    for column in (
        "tokens",
        "inputs",
        "standard",
        "flash",
        "of it\nworkspace",
        "standard\n/ flash",
    ):
        table.add_column(column, justify="right")
    for column in ("error", "bound"):
        table.add_column(column, justify="right")
    for result in results:
        sizes = (result.inputs, result.standard, result.flash, result.workspace)
        table.add_row(
            str(result.tokens),
            *(f"{size / 2**20:.1f} MiB" for size in sizes),
            f"{result.standard / result.flash:.1f}" if result.flash else "",
            f"[{'red' if result.fault else 'default'}]{result.error:.2e}[/]",
            f"{result.bound:.2e}",
        )
    console.print(table)
    for result in results:
        if result.fault:
            console.print(f"[red]{result.tokens} tokens[/]: {escape(result.fault)}")
    console.print(
        "Workspace is a fixed amount a core for the chosen tiles; the rest of flash is its output "
        "and the on-chip memory of the cores"
    )
