# SPDX-License-Identifier: Apache-2.0
"""The main job shows faults as they are, and refuses numbers that it cannot use."""

from __future__ import annotations

from ascend_attention.cli import app
from ascend_attention.job.decode import Result
from ascend_attention.job.table import print_results
from rich.console import Console
from typer.testing import CliRunner


def test_a_fault_is_printed_word_for_word() -> None:
    console = Console(width=140, record=True)
    fault = "UB bytes [0, 1) of block_tables[0, 1] [red] [/red]"

    print_results(console, [Result("case", "kernel", float("nan"), 0.0, None, fault)])

    assert f"case, kernel: {fault}\n" in console.export_text()


def test_a_negative_seed_is_refused() -> None:
    result = CliRunner().invoke(app, ["run", "--seed", "-1"])

    assert result.exit_code == 2
    assert "--seed" in result.output
