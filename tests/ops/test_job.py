# SPDX-License-Identifier: Apache-2.0
"""The main job shows faults as they are, and refuses numbers that it cannot use."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from ascend_attention.cli import app
from ascend_attention.job import decoder
from ascend_attention.job.decode import Result
from ascend_attention.job.decoder import DecoderShape
from ascend_attention.job.generation import (
    PHASES,
    PhaseResult,
    make_generation,
    run_generation,
)
from ascend_attention.job.memory import (
    BATCH,
    HEADS,
    LENGTHS,
    MemoryResult,
    compare_memory,
)
from ascend_attention.job.table import print_memory, print_phases, print_results
from ascend_attention.model import Report
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


SMALL = DecoderShape(layers=2, heads=4, kv_heads=2, head_dim=32, vocabulary=64)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_logits_of_all_phases_agree_with_plain_torch(
    dtype: torch.dtype, launches: list[Report]
) -> None:
    results = run_generation(make_generation(70, 1, dtype, SMALL), "checked")

    assert [result.phase for result in results] == list(PHASES)
    assert not any(result.fault for result in results)
    assert all(result.launches > 0 for result in results)
    kernels = {report.kernel for report in launches}
    assert {"asc_flash_attention", "asc_reshape_and_cache", "asc_rotary_embedding"} <= kernels


@pytest.mark.parametrize("name", ["flash_attn_varlen_func", "flash_attn_with_kvcache"])
def test_another_scale_shows_in_the_logits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, name, partial(getattr(decoder, name), softmax_scale=0.3))

    results = run_generation(make_generation(70, 1, shape=SMALL), "fast")

    assert any(result.fault for result in results)


def test_flash_attention_takes_less_memory_than_standard_attention() -> None:
    short, long = compare_memory(0)

    assert not short.fault
    assert not long.fault
    weights = [BATCH * HEADS * tokens**2 * 4 for tokens in LENGTHS]  # bytes, in float32
    assert short.standard_bytes > weights[0]
    assert long.standard_bytes > weights[1]
    assert long.workspace_bytes < long.flash_bytes < weights[1]


def test_faults_of_phases_and_of_memory_are_printed() -> None:
    console = Console(width=140, record=True)

    print_phases(console, [PhaseResult("decode", 3, 1, 1.0, 0.1, 0.2, "too [red] far")])
    print_memory(console, [MemoryResult(512, 2**20, 2**19, 0, 1.0, "other [red] bits")])

    text = console.export_text()
    assert "decode: too [red] far\n" in text
    assert "512 tokens: other [red] bits\n" in text
