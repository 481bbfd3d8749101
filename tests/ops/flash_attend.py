# SPDX-License-Identifier: Apache-2.0
"""Flash attention of a case with any option, and the bounds that it is held to."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ascend_attention import flash_attention
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import (
    FlashCase,
    compare,
    exact_flash_attention,
    plain_flash_attention,
)

State = tuple[torch.Tensor, torch.Tensor]  # output [tokens, heads, size], lse [tokens, heads]

ALL_KEYS = ScoreOptions(causal=False)


def option_arguments(options: ScoreOptions, bias_dtype: torch.dtype) -> dict[str, Any]:
    """Return the arguments of ``flash_attention`` that stand for these options."""
    dtypes = {
        "alibi_slopes": (options.alibi_slopes, torch.float32),
        "sinks": (options.sinks, torch.float32),
        "prefix_lens": (options.prefix, torch.int32),
        "attn_mask": (options.mask, torch.bool),
        "attn_bias": (options.bias, bias_dtype),
    }
    return {
        "softcap": options.softcap,
        "window_size": options.window,
        "causal": options.causal,
        **{
            name: None if values is None else torch.from_numpy(np.asarray(values)).to(dtype)
            for name, (values, dtype) in dtypes.items()
        },
    }


def attend_flash(
    case: FlashCase,
    options: ScoreOptions = ALL_KEYS,
    bias_dtype: torch.dtype = torch.float32,
    **arguments: object,
) -> State:
    """Attend; returns what belongs to query tokens that count, sequence by sequence."""
    given: dict[str, Any] = {
        **case.arguments,
        **option_arguments(options, bias_dtype),
        **arguments,
    }
    result = flash_attention(case.query, case.key, case.value, return_lse=True, **given)
    assert isinstance(result, tuple)
    output, lse = result
    return case.used(output), case.used_lse(lse)


def assert_flash_matches(
    case: FlashCase,
    state: State,
    options: ScoreOptions = ALL_KEYS,
    scale: float | None = None,
) -> None:
    """Hold an output and its log-sum-exp to the float64 reference."""
    exact, exact_lse = exact_flash_attention(case, scale, options)
    error = compare(state[0], exact, plain_flash_attention(case, scale, options))
    assert error.ok, error.text
    np.testing.assert_allclose(state[1].double().numpy(), exact_lse, rtol=2e-6, atol=4e-6)
