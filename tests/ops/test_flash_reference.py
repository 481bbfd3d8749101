# SPDX-License-Identifier: Apache-2.0
"""The float64 reference finds the sequences of every form, and options of each sequence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ascend_attention.reference import ScoreOptions, attend
from ascend_attention.testing import (
    FORMS,
    FlashCase,
    compare,
    exact_flash_attention,
    flash_case,
    plain_flash_attention,
)

QUERIES, KEYS, HEADS = (3, 0, 7, 5, 1), (5, 4, 33, 0, 16), 4
RANDOM = np.random.default_rng(0)
OPTIONS = ScoreOptions(
    alibi_slopes=RANDOM.random((len(QUERIES), HEADS)),
    bias=RANDOM.standard_normal((len(QUERIES), 1, max(QUERIES), max(KEYS))),
    prefix=np.array([0, 1, 30, 0, 2]),
    mask=RANDOM.random((len(QUERIES), HEADS, 1, max(KEYS))) < 0.8,
    sinks=RANDOM.standard_normal(HEADS),
)


def own_options(row: int) -> ScoreOptions:
    """Return the options of one sequence, taken apart by hand."""
    assert OPTIONS.alibi_slopes is not None
    assert OPTIONS.bias is not None
    assert OPTIONS.prefix is not None
    assert OPTIONS.mask is not None
    return ScoreOptions(
        alibi_slopes=OPTIONS.alibi_slopes[row],
        bias=OPTIONS.bias[row, :, : QUERIES[row], : KEYS[row]],
        prefix=OPTIONS.prefix[row : row + 1],
        mask=OPTIONS.mask[row, :, :, : KEYS[row]],
        sinks=OPTIONS.sinks,
    )


def make_case(form: str, kv_layout: str = "NHD") -> FlashCase:
    return flash_case(QUERIES, KEYS, form=form, kv_layout=kv_layout, head_dim=16, head_dim_v=32)


def assert_is_the_reference_of_each_sequence(case: FlashCase) -> None:
    parts = []
    for row, tensors in enumerate(case.sequences):
        query, keys, values = (tensor.double().numpy() for tensor in tensors)
        parts.append(attend(query, keys, values, 0.25, own_options(row)))

    output, lse = exact_flash_attention(case, options=OPTIONS)

    np.testing.assert_allclose(output, np.concatenate([part[0] for part in parts]), rtol=1e-12)
    np.testing.assert_allclose(lse, np.concatenate([part[1] for part in parts]), rtol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_every_form(form: str) -> None:
    case = make_case(form)

    assert_is_the_reference_of_each_sequence(case)
    assert_is_the_reference_of_each_sequence(case.strided())


def test_pages_with_heads_first() -> None:
    case = make_case("paged", "HND")

    assert case.key.shape[1:3] == (2, 16)
    assert_is_the_reference_of_each_sequence(case)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_used_is_poisoned(form: str) -> None:
    case = make_case(form)
    used = sum(len(tokens) for _, tokens, _ in case.sequences)

    assert int(case.key.isfinite().sum()) == used * 2 * 16
    assert int(case.value.isfinite().sum()) == used * 2 * 32
    assert int(case.query.isfinite().sum()) == sum(QUERIES) * HEADS * 16


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_plain_torch_agrees(dtype: torch.dtype) -> None:
    case = flash_case(QUERIES, KEYS, form="packed", dtype=dtype)
    exact, _ = exact_flash_attention(case, options=OPTIONS)
    plain = plain_flash_attention(case, options=OPTIONS)

    error = compare(torch.from_numpy(exact).to(dtype), exact, plain)

    assert error.ok, error.text
    assert np.abs(plain.double().numpy() - exact).max() < 8 * torch.finfo(dtype).eps
