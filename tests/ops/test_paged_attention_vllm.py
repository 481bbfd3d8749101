# SPDX-License-Identifier: Apache-2.0
"""paged_attention_v1 and _v2 as programs written for vLLM call them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from ascend_attention import paged_attention_v1, paged_attention_v2
from ascend_attention.compat.vllm import (
    create_kv_caches_with_random,
    get_max_shared_memory_bytes,
    is_hip,
    ops,
)
from ascend_attention.model import mode, recorded
from ascend_attention.reference import PLAIN_SCORES, ScoreOptions
from ascend_attention.testing import (
    PagedCase,
    compare,
    exact_attention,
    paged_case,
    plain_attention,
)

from tests.ops.vllm_call import PARTITION, arguments_of, partial_buffers

if TYPE_CHECKING:
    from ascend_attention.model import Report

Scale = torch.Tensor | float | int
HEADS, KV_HEADS, HEAD_DIM, BLOCK_SIZE = 8, 2, 64, 16


def make_case(
    *lengths: int,
    heads: tuple[int, int] = (HEADS, KV_HEADS),
    head_dim: int = HEAD_DIM,
    block_size: int = BLOCK_SIZE,
    dtype: torch.dtype = torch.float16,
) -> PagedCase:
    return paged_case(
        lengths,
        heads=heads[0],
        kv_heads=heads[1],
        head_dim=head_dim,
        block_size=block_size,
        dtype=dtype,
    ).filled()


def run_v1(case: PagedCase, *scales: Scale, slopes: torch.Tensor | None = None) -> torch.Tensor:
    out = torch.full_like(case.query, torch.nan)
    paged_attention_v1(out, *arguments_of(case, slopes), *scales)
    return out


def run_v2(case: PagedCase, *scales: Scale, slopes: torch.Tensor | None = None) -> torch.Tensor:
    out = torch.full_like(case.query, torch.nan)
    paged_attention_v2(out, *partial_buffers(case), *arguments_of(case, slopes), *scales)
    return out


RUNS = {"v1": run_v1, "v2": run_v2}
Run = Callable[..., torch.Tensor]


def assert_matches(
    output: torch.Tensor, case: PagedCase, options: ScoreOptions = PLAIN_SCORES
) -> None:
    exact, _ = exact_attention(case, options=options)
    error = compare(output, exact, plain_attention(case, options=options))
    assert error.ok, error.text


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("head_dim", [32, 64, 80, 96, 112, 120, 128, 192, 256])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_head_sizes(run: Run, head_dim: int, dtype: torch.dtype, launches: list[Report]) -> None:
    case = make_case(1, 0, 600, 33, head_dim=head_dim, dtype=dtype)

    assert_matches(run(case), case)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("block_size", [8, 16, 32, 64, 128])
@pytest.mark.parametrize("lengths", [(511, 512, 513), (1024, 1025, 7), (2000,)], ids=str)
def test_block_sizes_and_partition_edges(
    run: Run, block_size: int, lengths: tuple[int, ...], launches: list[Report]
) -> None:
    case = make_case(*lengths, block_size=block_size)

    assert_matches(run(case), case)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("heads", [(4, 4), (6, 1), (40, 8)], ids=str)
def test_alibi(run: Run, heads: tuple[int, int], launches: list[Report]) -> None:
    case = make_case(700, 9, heads=heads)
    slopes = 2.0 ** -torch.arange(1, heads[0] + 1).float()

    output = run(case, slopes=slopes)

    assert_matches(output, case, ScoreOptions(alibi_slopes=slopes.numpy()))


FORMS = {
    "13 and 16 arguments, one kv_scale": (1.0,),
    "two numbers": (1.0, 1.0),
    "two tensors": (torch.ones(()), torch.ones(())),
    "with tp_rank": (1.0, 1.0, 0),
    "all": (torch.ones(()), torch.ones(()), 0, 0, 0, 64, 0),
    "none": (),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_call_forms(run: Run, form: tuple[Scale, ...], launches: list[Report]) -> None:
    case = make_case(600, 3)

    torch.testing.assert_close(run(case, *form), run(case, 1.0, 1.0), rtol=0, atol=0)


def test_the_partial_results_are_those_of_each_partition(launches: list[Report]) -> None:
    case = make_case(1200, 700, dtype=torch.float32)
    out = torch.empty_like(case.query)
    partials = partial_buffers(case)

    paged_attention_v2(out, *partials, *arguments_of(case))

    exp_sums, max_logits, tmp_out = partials

    scale = HEAD_DIM**-0.5
    for row, length, start in ((0, 1200, 0), (1, 700, 1200)):
        for partition in range(-(-length // PARTITION)):
            begin, end = partition * PARTITION, min(length, (partition + 1) * PARTITION)
            own = slice(start + begin, start + end)
            keys = case.keys[own].repeat_interleave(HEADS // KV_HEADS, dim=1).double()
            values = case.values[own].repeat_interleave(HEADS // KV_HEADS, dim=1).double()
            scores = torch.einsum("hd,thd->ht", case.query[row].double(), keys) * scale
            highest = scores.max(dim=1, keepdim=True).values
            weights = torch.exp(scores - highest)
            expected = torch.einsum("ht,thd->hd", weights / weights.sum(1, keepdim=True), values)
            torch.testing.assert_close(
                max_logits[row, :, partition].double(), highest[:, 0], rtol=1e-5, atol=1e-6
            )
            torch.testing.assert_close(
                exp_sums[row, :, partition].double(), weights.sum(1), rtol=1e-5, atol=1e-6
            )
            torch.testing.assert_close(
                tmp_out[row, :, partition].double(), expected, rtol=1e-5, atol=1e-6
            )
    # Partitions without tokens are left alone.
    assert exp_sums[1, :, 2:].isnan().all()


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    "share", [pytest.param(1, marks=pytest.mark.slow, id="full"), pytest.param(16, id="short")]
)
def test_a_program_written_for_vllm(version: str, share: int) -> None:
    """The shape of vLLM's own test: 7 sequences, 40 heads, blocks shuffled with repetition."""
    random.seed(0)
    torch.manual_seed(0)
    num_seqs, num_query_heads, num_kv_heads, head_size, block_size = 7, 40, 40, 64, 16
    num_blocks, dtype, kv_cache_dtype = 4321 // share, torch.bfloat16, "auto"
    max_seq_len = (get_max_shared_memory_bytes() // 4 - 512) // share
    assert not is_hip()
    scale = float(1.0 / (head_size**0.5))
    query = torch.empty(num_seqs, num_query_heads, head_size, dtype=dtype)
    query.uniform_(-scale, scale)
    lengths = [random.randint(1, max_seq_len) for _ in range(num_seqs)]
    lengths[-1] = max_seq_len
    seq_lens = torch.tensor(lengths, dtype=torch.int)
    max_blocks = (max_seq_len + block_size - 1) // block_size
    tables = [[random.randint(0, num_blocks - 1) for _ in range(max_blocks)] for _ in lengths]
    block_tables = torch.tensor(tables, dtype=torch.int)
    key_caches, value_caches = create_kv_caches_with_random(
        num_blocks, block_size, 1, num_kv_heads, head_size, kv_cache_dtype, dtype, 0, "cpu"
    )
    key_cache, value_cache = key_caches[0], value_caches[0]
    alibi_slopes, kv_scale = None, 1.0
    output = torch.empty_like(query)

    with mode("fast"), recorded() as reports:
        if version == "v1":
            ops.paged_attention_v1(
                output,
                query,
                key_cache,
                value_cache,
                num_kv_heads,
                scale,
                block_tables,
                seq_lens,
                block_size,
                max_seq_len,
                alibi_slopes,
                kv_cache_dtype,
                kv_scale,
            )
        else:
            num_partitions = (max_seq_len + PARTITION - 1) // PARTITION
            tmp_output = torch.empty(
                size=(num_seqs, num_query_heads, num_partitions, head_size), dtype=output.dtype
            )
            exp_sums = torch.empty(
                size=(num_seqs, num_query_heads, num_partitions), dtype=torch.float32
            )
            max_logits = torch.empty_like(exp_sums)
            ops.paged_attention_v2(
                output,
                exp_sums,
                max_logits,
                tmp_output,
                query,
                key_cache,
                value_cache,
                num_kv_heads,
                scale,
                block_tables,
                seq_lens,
                block_size,
                max_seq_len,
                alibi_slopes,
                kv_cache_dtype,
                kv_scale,
            )

    assert reports[0].instructions > 0
    for row in (0, num_seqs - 1):
        used = block_tables[row].long()
        keys = key_cache[used].permute(1, 0, 3, 2, 4).reshape(num_kv_heads, -1, head_size)
        values = value_cache[used].permute(1, 0, 3, 2).reshape(num_kv_heads, -1, head_size)
        keys, values = keys[:, : lengths[row]].double(), values[:, : lengths[row]].double()
        weights = torch.softmax(
            torch.einsum("hd,htd->ht", query[row].double(), keys) * scale, dim=1
        )
        exact = torch.einsum("ht,htd->hd", weights, values)
        np.testing.assert_allclose(output[row].double(), exact, atol=2e-5, rtol=2.0**-7)
