# SPDX-License-Identifier: Apache-2.0
"""flash-attention's functions: signatures, what each passes on, and what they refuse."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import ascend_attention
import pytest
import torch
from ascend_attention import (
    flash_attn_func,
    flash_attn_kvpacked_func,
    flash_attn_qkvpacked_func,
    flash_attn_varlen_func,
    flash_attn_varlen_kvpacked_func,
    flash_attn_varlen_qkvpacked_func,
    flash_attn_with_kvcache,
)
from ascend_attention.compat import flash_attn
from ascend_attention.model import Report
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import FlashCase, flash_case

from tests.ops.flash_attend import ALL_KEYS, assert_flash_matches

TAIL = (
    "dropout_p=0.0, softmax_scale=None, causal=False, window_size=(-1, -1), softcap=0.0, "
    "alibi_slopes=None, deterministic=False, return_attn_probs=False"
)
# Of flash-attention 2, in order. Lengths that it demands may be left out here.
POSITIONAL = {
    "flash_attn_func": f"q, k, v, {TAIL}",
    "flash_attn_qkvpacked_func": f"qkv, {TAIL}",
    "flash_attn_kvpacked_func": f"q, kv, {TAIL}",
    "flash_attn_varlen_func": (
        "q, k, v, cu_seqlens_q, cu_seqlens_k=None, max_seqlen_q=None, max_seqlen_k=None, "
        f"{TAIL}, block_table=None"
    ),
    "flash_attn_varlen_qkvpacked_func": f"qkv, cu_seqlens, max_seqlen=None, {TAIL}",
    "flash_attn_varlen_kvpacked_func": (
        f"q, kv, cu_seqlens_q, cu_seqlens_k, max_seqlen_q=None, max_seqlen_k=None, {TAIL}"
    ),
    "flash_attn_with_kvcache": (
        "q, k_cache, v_cache, k=None, v=None, rotary_cos=None, rotary_sin=None, "
        "cache_seqlens=None, cache_batch_idx=None, cache_leftpad=None, block_table=None, "
        "softmax_scale=None, causal=False, window_size=(-1, -1), softcap=0.0, "
        "rotary_interleaved=True, alibi_slopes=None, num_splits=0, return_softmax_lse=False"
    ),
}
SLOPES = torch.tensor([0.5, 0.25, 0.125, 0.0625])
SINKS = torch.tensor([-1.0, 0.0, 1.0, 2.0])


@pytest.mark.parametrize("name", POSITIONAL)
def test_positional_order_and_defaults_are_those_of_flash_attention(name: str) -> None:
    function = getattr(ascend_attention, name)
    parameters = inspect.signature(function).parameters.values()

    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert ", ".join(str(p.replace(annotation=p.empty)) for p in positional) == POSITIONAL[name]
    assert getattr(flash_attn, name) is function


def tensor(result: object) -> torch.Tensor:
    assert isinstance(result, torch.Tensor)
    return result


def state_of(case: FlashCase, result: object) -> tuple[torch.Tensor, torch.Tensor]:
    assert isinstance(result, tuple)
    output, lse, probabilities = result
    assert probabilities is None
    return case.used(output), case.used_lse(lse)


def metadata(case: FlashCase) -> dict[str, Any]:
    return dict(case.metadata)


OPTIONS = ScoreOptions(
    softcap=3.0, alibi_slopes=SLOPES.numpy(), window=(9, -1), causal=True, sinks=SINKS.numpy()
)
ARGUMENTS: dict[str, Any] = {
    "softmax_scale": 0.2,
    "softcap": 3.0,
    "alibi_slopes": SLOPES,
    "window_size": (9, None),
    "causal": True,
    "learnable_sink": SINKS.to(torch.bfloat16),
    "deterministic": True,
    "return_attn_probs": True,
    "num_splits": 2,
}


def test_dense(launches: list[Report]) -> None:
    case = flash_case((7, 7), (19, 19), head_dim_v=32)

    plain = tensor(flash_attn_func(case.query, case.key, case.value))
    state = state_of(case, flash_attn_func(case.query, case.key, case.value, **ARGUMENTS))

    assert_flash_matches(case, state, OPTIONS, 0.2)
    result = flash_attn_func(case.query, case.key, case.value, return_attn_probs=True)
    everything = state_of(case, result)
    assert torch.equal(everything[0], case.used(plain))
    assert_flash_matches(case, everything)


@pytest.mark.parametrize("form", ["packed", "gapped"])
def test_packed(form: str, launches: list[Report]) -> None:
    case = flash_case((7, 0, 12), (19, 4, 33), form=form)

    result = flash_attn_varlen_func(case.query, case.key, case.value, **metadata(case), **ARGUMENTS)

    assert_flash_matches(case, state_of(case, result), OPTIONS, 0.2)


@pytest.mark.parametrize("kv_layout", ["NHD", "HND"])
def test_packed_over_pages(kv_layout: str, launches: list[Report]) -> None:
    case = flash_case((7, 0, 12), (19, 4, 33), form="paged packed", kv_layout=kv_layout)
    table, lengths = case.metadata["block_table"], case.metadata["seqused_k"]
    ends = torch.cat([torch.zeros(1), lengths.cumsum(0)]).to(torch.int32)
    tensors = case.query, case.key, case.value, case.metadata["cu_seqlens_q"]

    # As flash-attention 2 gives the lengths of keys in pages, and as vLLM's does.
    cumulative = flash_attn_varlen_func(
        *tensors, ends, 12, 33, block_table=table, kv_layout=kv_layout, return_attn_probs=True
    )
    each = flash_attn_varlen_func(
        *tensors,
        seqused_k=lengths,
        max_seqlen_q=12,
        max_seqlen_k=33,
        page_table=table,
        kv_layout=kv_layout,
        return_attn_probs=True,
        q_descale=None,
        k_descale=None,
        v_descale=None,
    )

    assert_flash_matches(case, state_of(case, cumulative))
    assert torch.equal(state_of(case, each)[0], state_of(case, cumulative)[0])


def test_parts_of_one_tensor_are_views_of_it(launches: list[Report]) -> None:
    qkv = torch.randn(2, 21, 3, 4, 64, dtype=torch.float16)
    q, k, v = (part.contiguous() for part in qkv.unbind(2))
    starts = torch.tensor([0, 21, 42], dtype=torch.int32)
    expected = tensor(flash_attn_func(q, k, v, causal=True))
    packed, tokens = expected.flatten(0, 1), qkv.flatten(0, 1)
    one = (tokens, starts, 21)
    two = (tokens[:, 0], tokens[:, 1:], starts, starts, 21, 21)

    assert torch.equal(tensor(flash_attn_qkvpacked_func(qkv, causal=True)), expected)
    kv = qkv[:, :, 1:]
    assert torch.equal(tensor(flash_attn_kvpacked_func(q, kv, causal=True)), expected)
    assert torch.equal(tensor(flash_attn_varlen_qkvpacked_func(*one, causal=True)), packed)
    assert torch.equal(tensor(flash_attn_varlen_kvpacked_func(*two, causal=True)), packed)


@pytest.mark.parametrize("size", [8, 40, 72, 100])
def test_heads_of_any_size_are_padded(size: int, launches: list[Report]) -> None:
    case = flash_case((5, 9), (20, 20), form="packed", head_dim=size, head_dim_v=size - 1)

    result = flash_attn_varlen_func(
        case.query, case.key, case.value, **metadata(case), return_attn_probs=True
    )

    assert_flash_matches(case, state_of(case, result), ALL_KEYS)


def test_out_is_written_and_returned(launches: list[Report]) -> None:
    case = flash_case((7,), (19,))
    tensors = case.query, case.key, case.value
    out = torch.full_like(case.query, torch.nan)

    result = flash_attn_func(*tensors, out=out)

    assert result is out
    assert torch.equal(out, tensor(flash_attn_func(*tensors)))


CASE = flash_case((7, 7), (19, 19))
PAGED = flash_case((7, 7), (19, 19), form="paged packed")
TENSORS = CASE.query, CASE.key, CASE.value
PAGED_TENSORS = PAGED.query, PAGED.key, PAGED.value, PAGED.metadata["cu_seqlens_q"]


def dense(**arguments: Any) -> object:  # noqa: ANN401
    return flash_attn_func(*TENSORS, **arguments)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "dropout": (
        lambda: flash_attn_func(*TENSORS, 0.1),
        "flash_attn_func: dropout_p (0.1) must be 0: dropout is not supported yet",
    ),
    "dropout of packed tensors": (
        lambda: flash_attn_qkvpacked_func(torch.stack(TENSORS[1:] + TENSORS[2:], 2), 0.5),
        "flash_attn_qkvpacked_func: dropout_p (0.5) must be 0: dropout is not supported yet",
    ),
    "all is dropped": (
        lambda: flash_attn_func(*TENSORS, 1.0),
        "flash_attn_func: dropout_p (1.0) must be at least 0 and less than 1",
    ),
    "float8": (
        lambda: flash_attn_func(*TENSORS, k_descale=torch.ones(1)),
        "flash_attn_func: k_descale must be None: float8 tensors are not supported yet",
    ),
    "a list": (
        lambda: flash_attn_func([1.0], *TENSORS[1:]),  # type: ignore[arg-type]
        "flash_attn_func: q (list) must be a tensor",
    ),
    "packed tokens without lengths": (
        lambda: flash_attn_func(CASE.query[0], *TENSORS[1:]),
        "flash_attn_func: q ([7, 4, 64]) must have 4 dimensions",
    ),
    "a window of one number": (
        lambda: flash_attn_func(*TENSORS, window_size=(3,)),  # type: ignore[arg-type]
        "flash_attn_func: window_size ((3,)) must be two whole numbers (left, right)",
    ),
    "out of another dtype": (
        lambda: flash_attn_func(*TENSORS, out=torch.empty_like(CASE.query, dtype=torch.float32)),
        "flash_attn_func: out dtype (float32) must be float16 (that of q)",
    ),
    "float32": (
        lambda: flash_attn_func(CASE.query.float(), CASE.key.float(), CASE.value.float()),
        "flash_attention: query dtype (float32) must be float16 or bfloat16 "
        "(scaled_dot_product_attention takes float32)",
    ),
    "two of four parts": (
        lambda: flash_attn_kvpacked_func(CASE.query, torch.stack([CASE.key] * 3, 2)),
        "flash_attn_kvpacked_func: kv shape ([2, 19, 3, 2, 64]) must have 2 as dimension 2",
    ),
    "a block table without lengths": (
        lambda: flash_attn_varlen_func(*PAGED_TENSORS, block_table=PAGED.metadata["block_table"]),
        "flash_attn_varlen_func: cu_seqlens_k (None) must be given, or both block_table and "
        "seqused_k",
    ),
    "two block tables": (
        lambda: flash_attn_varlen_func(
            *PAGED_TENSORS,
            block_table=PAGED.metadata["block_table"],
            page_table=PAGED.metadata["block_table"],
        ),
        "flash_attn_varlen_func: page_table (given) must be None: block_table is the same",
    ),
    "keys and values of a step": (
        lambda: flash_attn_with_kvcache(*TENSORS, k=CASE.key[:, :1], cache_seqlens=3),
        "flash_attn_with_kvcache: v (None) must be given with k",
    ),
    "rotary tables without keys": (
        lambda: flash_attn_with_kvcache(*TENSORS, rotary_cos=torch.ones(4, 8)),
        "flash_attn_with_kvcache: k (None) must be given with rotary_cos and rotary_sin",
    ),
    "new keys behind an unknown length": (
        lambda: flash_attn_with_kvcache(*TENSORS, CASE.key[:, :1], CASE.value[:, :1]),
        "flash_attn_with_kvcache: cache_seqlens (None) must be given with k",
    ),
    "a number for a window": (
        lambda: dense(window_size=3),
        "flash_attn_func: window_size (3) must be two whole numbers (left, right)",
    ),
    "a broken window": (
        lambda: dense(window_size=(1.5, 0)),
        "flash_attn_func: window_size ((1.5, 0)) must be two whole numbers (left, right)",
    ),
    "whole sinks": (
        lambda: dense(learnable_sink=torch.ones(4, dtype=torch.int32)),
        "flash_attn_func: learnable_sink dtype (int32) must be a floating-point type",
    ),
    "scale in words": (
        lambda: dense(softmax_scale="half"),
        "flash_attn_func: softmax_scale (half) must be a number or None",
    ),
    "softcap of nothing": (
        lambda: dense(softcap=None),
        "flash_attn_func: softcap (None) must be a number",
    ),
    "splits of a half": (
        lambda: dense(num_splits=1.5),
        "flash_attn_func: num_splits (1.5) must be a whole number",
    ),
    "softcap beyond float32": (
        lambda: dense(softcap=3e38),
        "flash_attention: softcap (3e+38) must be 0 (none) or from 1e-30 to 1e+30",
    ),
    "one place for all outputs": (
        lambda: dense(out=CASE.query[:, :1].expand_as(CASE.query)),
        "flash_attn_func: out strides ([1792, 0, 64, 1]) must be above 0",
    ),
    "an output with a gradient": (
        lambda: dense(out=CASE.query.clone().requires_grad_()),
        "flash_attn_func: out requires_grad (True) must be False: there is no backward",
    ),
    "HND without pages": (
        lambda: flash_attn_with_kvcache(*TENSORS, kv_layout="HND"),
        "flash_attn_with_kvcache: kv_layout (HND) must be NHD without block_table",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_named(name: str) -> None:
    call, message = REFUSED[name]

    with pytest.raises((TypeError, ValueError, NotImplementedError)) as caught:
        call()

    assert str(caught.value) == message


COMPILED: dict[str, Callable[[], object]] = {
    "dense": lambda: flash_attn_func(*TENSORS, causal=True),
    "packed over pages": lambda: flash_attn_varlen_func(
        *PAGED_TENSORS,
        block_table=PAGED.metadata["block_table"],
        seqused_k=PAGED.metadata["seqused_k"],
    ),
    "cache": lambda: flash_attn_with_kvcache(
        CASE.query,
        CASE.key.clone(),
        CASE.value.clone(),
        CASE.key[:, :1],
        CASE.value[:, :1],
        torch.ones(32, 16),
        torch.zeros(32, 16),
        torch.tensor([5, 9], dtype=torch.int32),
    ),
}


@pytest.mark.parametrize("name", COMPILED)
def test_torch_compiles_the_functions_without_breaking_the_graph(
    name: str, launches: list[Report]
) -> None:
    expected = tensor(COMPILED[name]())

    compiled = torch.compile(COMPILED[name], backend="eager", fullgraph=True)

    assert torch.equal(tensor(compiled()), expected)
