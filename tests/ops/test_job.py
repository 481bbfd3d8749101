# SPDX-License-Identifier: Apache-2.0
"""The main job shows what is wrong as it is, and then ends with exit code 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ascend_attention
import pytest
import torch
from ascend_attention.cli import app
from ascend_attention.job import memory, parts
from ascend_attention.job.decode import Result
from ascend_attention.job.memory import MemoryResult, standard_attention
from ascend_attention.job.serving import PHASES, PhaseResult, run_phases
from ascend_attention.job.table import print_memory, print_phases, print_results
from ascend_attention.model import options, recorded
from rich.console import Console
from typer.testing import CliRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result as Ended

WRONG_CALLS = {
    "flash_attn_varlen_func": {"softmax_scale": 1.02 * 64**-0.5},
    "paged_attention": {"scale": 1.02 * 64**-0.5},
    "flash_attn_with_kvcache": {"rotary_interleaved": True},
}


def run_parts(
    monkeypatch: pytest.MonkeyPatch, *chosen: Callable[..., bool], model_mode: str = "fast"
) -> Ended:
    monkeypatch.setattr(parts, "PARTS", chosen)
    return CliRunner().invoke(app, ["run", "--mode", model_mode])


def replace_operator(monkeypatch: pytest.MonkeyPatch, name: str, **keywords: object) -> None:
    """Let the job call an operator with other arguments than it says."""
    operator = getattr(ascend_attention, name)

    def other(*arguments: object, **given: object) -> object:
        return operator(*arguments, **{**given, **keywords})

    monkeypatch.setattr(ascend_attention, name, other)


def test_a_fault_is_printed_word_for_word() -> None:
    console = Console(width=140, record=True)
    fault = "UB bytes [0, 1) of block_tables[0, 1] [red] [/red]"

    print_results(console, [Result("case", "kernel", float("nan"), 0.0, None, fault)])

    assert f"case, kernel: {fault}\n" in console.export_text()


def test_faults_of_phases_and_of_memory_are_printed_word_for_word() -> None:
    console = Console(width=140, record=True)

    phase = PhaseResult(torch.float16, PHASES[2], 1.0, 0.1, 1.0, (), "too [red] far")
    print_phases(console, [phase])
    print_memory(console, [MemoryResult(512, 1, 2, 0, 1, 1.0, 0.1, "other [red] bits")])

    text = console.export_text()
    assert "float16, decode: too [red] far\n" in text
    assert "512 tokens: other [red] bits\n" in text


def test_a_negative_seed_is_refused() -> None:
    result = CliRunner().invoke(app, ["run", "--seed", "-1"])

    assert result.exit_code == 2
    assert "--seed" in result.output


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_every_phase_runs_its_kernels_within_its_bound(dtype: torch.dtype) -> None:
    results = run_phases(dtype, "checked", seed=1)

    assert [result.phase for result in results] == list(PHASES)
    for result in results:
        assert not result.fault
        assert 0.0 < result.error <= result.bound
        kernels = {report.kernel for report in result.reports}
        is_paged = result.phase.operator == "paged_attention"
        assert ("asc_paged_attention" if is_paged else "asc_flash_attention") in kernels
        assert all(report.mode == "checked" for report in result.reports)


@pytest.mark.parametrize(("operator", "keywords"), WRONG_CALLS.items(), ids=WRONG_CALLS)
def test_a_phase_with_wrong_attention_is_beyond_its_bound(
    operator: str, keywords: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_operator(monkeypatch, operator, **keywords)

    results = run_phases(torch.float16, "fast", seed=0)

    first = [phase.operator for phase in PHASES].index(operator)
    assert not any(result.fault for result in results[:first])
    assert results[first].fault.startswith("a logit is off by")


def test_all_parts_of_the_job_end_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LENGTHS", (128,))

    result = run_parts(monkeypatch, parts.serve_decoder, parts.weigh_memory)

    assert result.exit_code == 0, result.output
    assert f"{2 * len(PHASES)} of {2 * len(PHASES)} phases within their bound" in result.output


def test_wrong_logits_end_the_job_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    replace_operator(monkeypatch, "paged_attention", scale=0.1)

    result = run_parts(monkeypatch, parts.serve_decoder)

    assert result.exit_code == 1
    assert "decode: a logit is off by" in result.output


def test_tokens_missing_in_the_cache_end_the_job_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    write = ascend_attention.reshape_and_cache_flash

    def write_all_but_one(
        key: torch.Tensor,
        value: torch.Tensor,
        key_cache: torch.Tensor,
        value_cache: torch.Tensor,
        slots: torch.Tensor,
    ) -> None:
        slots = torch.cat((slots[:-1], slots.new_tensor([-1])))
        write(key, value, key_cache, value_cache, slots)

    monkeypatch.setattr(ascend_attention, "reshape_and_cache_flash", write_all_but_one)

    result = run_parts(monkeypatch, parts.serve_decoder)

    assert result.exit_code == 1
    assert "chunked prefill: a logit is off by nan" in result.output


def test_a_hazard_ends_the_job_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    with options(collect_sites=True), recorded() as reports:
        run_phases(torch.float16, "checked", seed=0)
    waits = {
        site.chain
        for report in reports
        for site in report.sites
        if report.kernel == "asc_flash_attention" and site.kind == "cross_core_wait"
    }

    with options(mutated_sites=tuple(waits)):
        result = run_parts(monkeypatch, parts.serve_decoder, model_mode="checked")

    assert result.exit_code == 1
    assert "float16, prefill" in result.output
    assert "asc_flash_attention" in result.output


def test_standard_attention_is_what_torch_computes() -> None:
    tensors = torch.randn(3, 1, 40, 2, 16, generator=torch.Generator().manual_seed(0))
    query, key, value = tensors.double().transpose(2, 3)

    exact = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)

    difference = standard_attention(*tensors) - exact.transpose(1, 2)
    assert difference.abs().max() < 1e-5


@pytest.mark.own_front_end("copies for the other front end take memory too")
def test_flash_attention_takes_less_memory_than_all_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "LENGTHS", (1024,))

    (result,) = memory.compare_memory(seed=0)

    assert not result.fault
    scores = memory.HEADS * 1024**2 * memory.DTYPE.itemsize
    assert result.standard > scores
    assert result.flash < result.standard


def test_wrong_output_in_the_comparison_of_memory_ends_the_job_with_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "LENGTHS", (128,))
    replace_operator(monkeypatch, "flash_attention", causal=False)

    result = run_parts(monkeypatch, parts.weigh_memory)

    assert result.exit_code == 1
    assert "128 tokens: at (" in result.output
