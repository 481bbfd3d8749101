# SPDX-License-Identifier: Apache-2.0
"""Schemas, Meta kernels and mutation annotations of the torch operators."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import ascend_attention
import pytest
import torch
from ascend_attention.testing import PagedCase, packed_caches, paged_case

UTILITIES = (
    "test_schema",
    "test_autograd_registration",
    "test_faketensor",
    "test_aot_dispatch_dynamic",
)


def packed_case(*lengths: int) -> tuple[PagedCase, list[Any]]:
    """A case, and the arguments of paged_attention_v1 behind ``out``."""
    case = paged_case(lengths, head_dim=64).filled()
    one = torch.ones(())
    return case, [
        case.query,
        *packed_caches(case),
        case.key_cache.shape[2],
        0.125,
        case.block_tables,
        case.seq_lens,
        case.key_cache.shape[1],
        int(case.seq_lens.max()),
        None,
        "auto",
        one,
        one,
        0,
        0,
        0,
        64,
        0,
    ]


def paged_calls() -> dict[str, tuple[tuple[Any, ...], dict[str, Any]]]:
    case = paged_case((20, 5), head_dim=64, query_lens=(2, 1)).filled()
    first = paged_case((20, 5), head_dim=64).filled()
    tail = (case.block_tables, case.seq_lens)
    caches = (case.key_cache, case.value_cache)
    return {
        "plain": (
            (first.query, first.key_cache, first.value_cache, first.block_tables, first.seq_lens),
            {"scale": 0.1},
        ),
        "lse": (
            (first.query, first.key_cache, first.value_cache, first.block_tables, first.seq_lens),
            {"return_lse": True, "num_splits": 2},
        ),
        "everything": (
            (case.query, *caches, *tail, case.query_start_loc, torch.ones(8), torch.ones(8)),
            {"softcap": 3.0, "window_size": [4, 0], "method": "vllm", "max_query_len": 2},
        ),
    }


def write_call(layout: str) -> tuple[Any, ...]:
    case = paged_case((20, 5), head_dim=64)
    case.key_cache.zero_()
    case.value_cache.zero_()
    blocks, block_size, heads, head_dim = case.key_cache.shape
    caches = {
        "flash": (case.key_cache, case.value_cache),
        "packed": packed_caches(case),
        "nz": tuple(
            torch.zeros(2, blocks, heads * head_dim // 16, block_size, 16, dtype=torch.float16)
        ),
    }[layout]
    one = torch.ones(())
    return (case.keys, case.values, *caches, case.slot_mapping, "auto", one, one)


def merge_call() -> tuple[Any, ...]:
    states = torch.randn(3, 5, 4, 64)
    lses = torch.randn(3, 4, 5)
    return (states[0].clone(), lses[0].clone(), states[1], lses[1], states[2], lses[2])


def rotary_call() -> tuple[Any, ...]:
    angles = torch.randn(20, 16)
    positions = torch.randint(20, (2, 5), dtype=torch.int32)
    return (torch.randn(2, 5, 4, 64), angles.cos(), angles.sin(), positions, True)


def v1_call() -> tuple[Any, ...]:
    case, call = packed_case(20, 5)
    return (torch.zeros_like(case.query), *call)


def v2_call() -> tuple[Any, ...]:
    case, call = packed_case(600, 5)
    sums = torch.zeros(2, 8, 2)
    outputs = torch.zeros(2, 8, 2, 64).half()
    return (torch.zeros_like(case.query), sums, sums.clone(), outputs, *call)


def flash_calls() -> dict[str, tuple[tuple[Any, ...], dict[str, Any]]]:
    def half(*shape: int) -> torch.Tensor:
        return torch.randn(shape).half()

    starts = torch.tensor([0, 2, 5], dtype=torch.int32)
    pages = (half(4, 16, 2, 32), half(4, 16, 2, 32))
    table = torch.tensor([[0, 1], [2, 3]], dtype=torch.int32)
    ones = torch.ones(4)
    mask = torch.rand(3, 31) < 0.7
    lengths = torch.tensor([20, 31], dtype=torch.int32)
    none = (None,) * 11
    return {
        "dense": ((half(2, 5, 4, 32), half(2, 9, 2, 32), half(2, 9, 2, 64)), {"causal": True}),
        "packed": (
            (half(5, 4, 32), half(5, 2, 32), half(5, 2, 32), starts, starts),
            {"window_size": [2, 1], "max_seqlen_q": 3, "softcap": 5.0},
        ),
        "paged, with a mask": (
            (
                half(5, 4, 32),
                *pages,
                starts,
                None,
                None,
                lengths,
                table,
                *none[:3],
                ones,
                ones,
                mask,
            ),
            {"num_splits": 2},
        ),
        "bias": (
            (half(2, 5, 4, 32), half(2, 9, 2, 32), half(2, 9, 2, 32), *none, half(5, 9)),
            {"row_tile": 16, "kv_tile": 256, "lookahead": 3, "pack": 2},
        ),
    }


CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    **{
        f"paged_attention, {name}": ("paged_attention", args, kwargs)
        for name, (args, kwargs) in paged_calls().items()
    },
    **{
        f"flash_attention, {name}": ("flash_attention", args, kwargs)
        for name, (args, kwargs) in flash_calls().items()
    },
    "reshape_and_cache_flash": ("reshape_and_cache_flash", write_call("flash"), {}),
    "reshape_and_cache": ("reshape_and_cache", write_call("packed"), {}),
    "reshape_and_cache_nz": ("reshape_and_cache_nz", write_call("nz"), {}),
    "paged_attention_v1": ("paged_attention_v1", v1_call(), {}),
    "paged_attention_v2": ("paged_attention_v2", v2_call(), {}),
    "merge_attn_states": ("merge_attn_states", merge_call(), {}),
    "merge_states": ("merge_states", (torch.randn(5, 3, 4, 64), torch.randn(5, 3, 4)), {}),
    "apply_rotary_emb": ("apply_rotary_emb", rotary_call(), {}),
    "apply_rotary_emb_": ("apply_rotary_emb_", rotary_call(), {}),
    "copy_blocks": (
        "copy_blocks",
        ([torch.randn(5, 16, 64)], [torch.randn(5, 16, 64)], torch.tensor([[0, 3], [1, 4]])),
        {},
    ),
    "swap_blocks": (
        "swap_blocks",
        (torch.randn(5, 16, 64), torch.randn(6, 16, 64), torch.tensor([[0, 3], [0, 5]])),
        {},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_operators_pass_opcheck(name: str) -> None:
    operator, args, kwargs = CALLS[name]

    torch.library.opcheck(
        getattr(torch.ops.ascend_attention, operator).default, args, kwargs, test_utils=UTILITIES
    )


def test_a_gradient_is_refused() -> None:
    case = paged_case((20, 5), head_dim=64).filled()
    query = case.query.requires_grad_()

    output = torch.ops.ascend_attention.paged_attention(
        query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
    )[0]

    with pytest.raises(NotImplementedError, match=r"^paged_attention: no gradient exists"):
        output.sum().backward()


def test_a_gradient_of_flash_attention_is_refused() -> None:
    query, key, value = (torch.randn(1, 3, 2, 16).half().requires_grad_() for _ in range(3))

    output = ascend_attention.flash_attention(query, key, value)

    assert isinstance(output, torch.Tensor)
    with pytest.raises(NotImplementedError, match=r"^flash_attention: no gradient exists"):
        output.sum().backward()


V1_TAIL = (
    "Tensor query, Tensor key_cache, Tensor value_cache, int num_kv_heads, float scale, "
    "Tensor block_tables, Tensor seq_lens, int block_size, int max_seq_len, "
    "Tensor? alibi_slopes, str kv_cache_dtype, Tensor k_scale, Tensor v_scale, int tp_rank, "
    "int blocksparse_local_blocks, int blocksparse_vert_stride, int blocksparse_block_size, "
    "int blocksparse_head_sliding_step) -> ()"
)
WRITE = (
    "(Tensor key, Tensor value, Tensor(a!) key_cache, Tensor(b!) value_cache, "
    "Tensor slot_mapping, str kv_cache_dtype, Tensor k_scale, Tensor v_scale) -> ()"
)
# As vLLM published them last.
SCHEMAS = {
    "paged_attention_v1": f"(Tensor(a!) out, {V1_TAIL}",
    "paged_attention_v2": "(Tensor(a!) out, Tensor(b!) exp_sums, Tensor(c!) max_logits, "
    f"Tensor(d!) tmp_out, {V1_TAIL}",
    "reshape_and_cache": WRITE,
    "reshape_and_cache_flash": WRITE,
    "convert_fp8": "(Tensor(a!) dst_cache, Tensor src_cache, float scale, str kv_cache_dtype) "
    "-> ()",
    "copy_blocks": "(Tensor(a!)[] key_caches, Tensor(b!)[] value_caches, Tensor block_mapping) "
    "-> ()",
    "swap_blocks": "(Tensor src, Tensor(a!) dst, Tensor block_mapping) -> ()",
    "merge_attn_states": "(Tensor(a!) output, Tensor(b!)? output_lse, Tensor prefix_output, "
    "Tensor prefix_lse, Tensor suffix_output, Tensor suffix_lse) -> ()",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_those_of_vllm(name: str) -> None:
    schema = str(getattr(torch.ops.ascend_attention, name).default._schema)

    assert schema == f"ascend_attention::{name}{SCHEMAS[name]}"


def test_importing_the_package_imports_neither_torch_npu_nor_triton() -> None:
    code = "import sys, ascend_attention; print({'torch_npu', 'triton'} & set(sys.modules))"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "set()"
