# SPDX-License-Identifier: Apache-2.0
"""Combining attention over two parts of the keys."""

from __future__ import annotations

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

_CHECKS = Checks("merge_attn_states")
_DTYPES = (torch.float16, torch.bfloat16, torch.float32)


def _check_shapes(
    output: torch.Tensor,
    output_lse: torch.Tensor | None,
    prefix_output: torch.Tensor,
    prefix_lse: torch.Tensor,
    suffix_output: torch.Tensor,
    suffix_lse: torch.Tensor,
) -> None:
    _CHECKS.rank("prefix_output", prefix_output, 3)
    _CHECKS.dtype("prefix_output dtype", prefix_output, _DTYPES)
    tokens, heads, _ = prefix_output.shape
    for name, tensor in (
        ("prefix_output", prefix_output),
        ("suffix_output", suffix_output),
        ("output", output),
    ):
        _CHECKS.shape(name, tensor, prefix_output.shape, "that of prefix_output")
        _CHECKS.dtype(f"{name} dtype", tensor, (prefix_output.dtype,), " (that of prefix_output)")
        _CHECKS.device(name, tensor, prefix_output, "prefix_output")
        _CHECKS.contiguous_from(name, tensor, 1)
    states = {"prefix_lse": prefix_lse, "suffix_lse": suffix_lse}
    if output_lse is not None:
        states["output_lse"] = output_lse
    for name, tensor in states.items():
        _CHECKS.shape(name, tensor, (heads, tokens), "the heads and tokens of prefix_output")
        _CHECKS.dtype(f"{name} dtype", tensor, (torch.float32,))
        _CHECKS.device(name, tensor, prefix_output, "prefix_output")


def _view(output: torch.Tensor, lse: torch.Tensor) -> _native.StateView:
    return _native.StateView(output.stride(0), lse.stride(1), lse.stride(0))


def _merge_attn_states_cpu(
    output: torch.Tensor,
    output_lse: torch.Tensor | None,
    prefix_output: torch.Tensor,
    prefix_lse: torch.Tensor,
    suffix_output: torch.Tensor,
    suffix_lse: torch.Tensor,
) -> None:
    _check_shapes(output, output_lse, prefix_output, prefix_lse, suffix_output, suffix_lse)
    sources = {
        "prefix_output": prefix_output,
        "prefix_lse": prefix_lse,
        "suffix_output": suffix_output,
        "suffix_lse": suffix_lse,
    }
    _CHECKS.apart(output=output, **sources)
    if output_lse is not None:
        _CHECKS.apart(output_lse=output_lse, output=output, **sources)
    tokens, heads, head_dim = prefix_output.shape
    try:
        plan = _native.plan_merge_states(
            _native.MergeStatesProblem(
                dtype=dtype_of(prefix_output),
                tokens=tokens,
                heads=heads,
                head_dim=head_dim,
                prefix=_view(prefix_output, prefix_lse),
                suffix=_view(suffix_output, suffix_lse),
                output=_view(output, prefix_lse if output_lse is None else output_lse),
                write_lse=output_lse is not None,
            ),
            soc_name(),
        )
    except ValueError as error:
        raise _CHECKS.renamed(error) from None
    if prefix_output.numel() == 0:
        return
    lse = None
    if output_lse is not None:
        lse = argument("output_lse", output_lse, writable=True)
    run_plan(
        plan,
        *(argument(name, tensor) for name, tensor in sources.items()),
        argument("output", output, writable=True),
        lse,
    )


define(
    "merge_attn_states(Tensor(a!) output, Tensor(b!)? output_lse, Tensor prefix_output, "
    "Tensor prefix_lse, Tensor suffix_output, Tensor suffix_lse) -> ()",
    cpu=_merge_attn_states_cpu,
    meta=_check_shapes,
)


def merge_attn_states(
    output: torch.Tensor,
    prefix_output: torch.Tensor,
    prefix_lse: torch.Tensor,
    suffix_output: torch.Tensor,
    suffix_lse: torch.Tensor,
    output_lse: torch.Tensor | None = None,
) -> None:
    """Combine attention over a prefix and over a suffix of the keys, into ``output``.

    Args:
        output: ``[tokens, heads, head_dim]``, dtype of ``prefix_output``; written. Tokens may be
            strided.
        prefix_output: ``[tokens, heads, head_dim]``, float16, bfloat16 or float32: attention over
            the prefix by itself.
        prefix_lse: ``[heads, tokens]``, float32, any strides: its log-sum-exp, natural logarithm.
            ``-inf``, or ``+inf``, marks a row without keys, whose output is not read.
        suffix_output: Like ``prefix_output``.
        suffix_lse: Like ``prefix_lse``.
        output_lse: ``[heads, tokens]``, float32, written: the log-sum-exp over both; ``-inf`` where
            both are empty, and ``output`` is zero there. None: not wanted.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape or stride breaks a rule above; nothing was written.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Merging with an empty state is the identity, bit by bit. Schema and meaning: vLLM's
    ``merge_attn_states``; algorithm: section 2.2 of Ye et al., Cascade Inference, 2024.
    """
    tensors: dict[str, object] = {
        "output": output,
        "prefix_output": prefix_output,
        "prefix_lse": prefix_lse,
        "suffix_output": suffix_output,
        "suffix_lse": suffix_lse,
    }
    if output_lse is not None:
        tensors["output_lse"] = output_lse
    _CHECKS.tensors(**tensors)
    torch.ops.ascend_attention.merge_attn_states(
        output, output_lse, prefix_output, prefix_lse, suffix_output, suffix_lse
    )
