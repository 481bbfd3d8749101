# SPDX-License-Identifier: Apache-2.0
"""Schemas, Meta kernels and mutation annotations of the torch operators."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from ascend_attention.testing import paged_case

UTILITIES = (
    "test_schema",
    "test_autograd_registration",
    "test_faketensor",
    "test_aot_dispatch_dynamic",
)


@pytest.mark.parametrize("return_lse", [False, True])
def test_paged_attention_passes_opcheck(return_lse: bool) -> None:
    case = paged_case((20, 5), head_dim=64).filled()

    torch.library.opcheck(
        torch.ops.ascend_attention.paged_attention.default,
        (case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens),
        {"scale": 0.1, "return_lse": return_lse},
        test_utils=UTILITIES,
    )


def test_reshape_and_cache_flash_passes_opcheck() -> None:
    case = paged_case((20, 5), head_dim=64)
    one = torch.ones(())

    torch.library.opcheck(
        torch.ops.ascend_attention.reshape_and_cache_flash.default,
        (
            case.keys,
            case.values,
            case.key_cache.zero_(),
            case.value_cache.zero_(),
            case.slot_mapping,
            "auto",
            one,
            one,
        ),
        test_utils=UTILITIES,
    )


def test_a_gradient_is_refused() -> None:
    case = paged_case((20, 5), head_dim=64).filled()
    query = case.query.requires_grad_()

    output = torch.ops.ascend_attention.paged_attention(
        query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
    )[0]

    with pytest.raises(NotImplementedError, match=r"^paged_attention: no gradient exists"):
        output.sum().backward()


def test_schemas_are_those_of_the_documentation() -> None:
    schemas = {
        "paged_attention": "ascend_attention::paged_attention(Tensor query, Tensor key_cache, "
        "Tensor value_cache, Tensor block_tables, Tensor seq_lens, *, float? scale=None, "
        "bool return_lse=False) -> (Tensor, Tensor)",
        "reshape_and_cache_flash": "ascend_attention::reshape_and_cache_flash(Tensor key, "
        "Tensor value, Tensor(a!) key_cache, Tensor(b!) value_cache, Tensor slot_mapping, "
        "str kv_cache_dtype, Tensor k_scale, Tensor v_scale) -> ()",
    }

    for name, schema in schemas.items():
        assert str(getattr(torch.ops.ascend_attention, name).default._schema) == schema


def test_importing_the_package_imports_neither_torch_npu_nor_triton() -> None:
    code = "import sys, ascend_attention; print({'torch_npu', 'triton'} & set(sys.modules))"

    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "set()"
