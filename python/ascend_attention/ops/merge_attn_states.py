# SPDX-License-Identifier: Apache-2.0
"""Combining attention over parts of the keys: two in tensors of their own, or many in one."""

from __future__ import annotations

import torch

from ascend_attention import _native
from ascend_attention.backends.model import argument, dtype_of, run_plan, soc_name
from ascend_attention.ops.checks import Checks
from ascend_attention.ops.library import define

_PAIR, _MANY = Checks("merge_attn_states"), Checks("merge_states")
_DTYPES = (torch.float16, torch.bfloat16, torch.float32)


def _check_pair(
    output: torch.Tensor,
    output_lse: torch.Tensor | None,
    prefix_output: torch.Tensor,
    prefix_lse: torch.Tensor,
    suffix_output: torch.Tensor,
    suffix_lse: torch.Tensor,
) -> None:
    _PAIR.rank("prefix_output", prefix_output, 3)
    _PAIR.dtype("prefix_output dtype", prefix_output, _DTYPES)
    tokens, heads, _ = prefix_output.shape
    for name, tensor in (
        ("prefix_output", prefix_output),
        ("suffix_output", suffix_output),
        ("output", output),
    ):
        _PAIR.shape(name, tensor, prefix_output.shape, "that of prefix_output")
        _PAIR.dtype(f"{name} dtype", tensor, (prefix_output.dtype,), " (that of prefix_output)")
        _PAIR.device(name, tensor, prefix_output, "prefix_output")
        _PAIR.contiguous_from(name, tensor, 1)
    states = {"prefix_lse": prefix_lse, "suffix_lse": suffix_lse}
    if output_lse is not None:
        states["output_lse"] = output_lse
    for name, tensor in states.items():
        _PAIR.shape(name, tensor, (heads, tokens), "the heads and tokens of prefix_output")
        _PAIR.dtype(f"{name} dtype", tensor, (torch.float32,))
        _PAIR.device(name, tensor, prefix_output, "prefix_output")


def _view(output: torch.Tensor, lse: torch.Tensor) -> _native.StateView:
    """Return the strides of one state, ``lse`` being ``[heads, tokens]``."""
    return _native.StateView(
        token_stride=output.stride(0), lse_token_stride=lse.stride(1), lse_head_stride=lse.stride(0)
    )


def _merge_pair_cpu(
    output: torch.Tensor,
    output_lse: torch.Tensor | None,
    prefix_output: torch.Tensor,
    prefix_lse: torch.Tensor,
    suffix_output: torch.Tensor,
    suffix_lse: torch.Tensor,
) -> None:
    _check_pair(output, output_lse, prefix_output, prefix_lse, suffix_output, suffix_lse)
    sources = {
        "prefix_output": prefix_output,
        "prefix_lse": prefix_lse,
        "suffix_output": suffix_output,
        "suffix_lse": suffix_lse,
    }
    _PAIR.apart(output=output, **sources)
    if output_lse is not None:
        _PAIR.apart(output_lse=output_lse, output=output, **sources)
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
        raise _PAIR.renamed(error) from None
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
    cpu=_merge_pair_cpu,
    meta=_check_pair,
)


def _merge_many_meta(v: torch.Tensor, s: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    _MANY.rank("v", v, 4)
    _MANY.dtype("v dtype", v, _DTYPES)
    _MANY.contiguous_from("v", v, 2)
    _MANY.shape("s", s, v.shape[:3], "tokens, states and heads of v")
    _MANY.dtype("s dtype", s, (torch.float32,))
    _MANY.device("s", s, v, "v")
    tokens, _, heads, head_dim = v.shape
    return v.new_empty(tokens, heads, head_dim), s.new_empty(tokens, heads)


def _merge_many_cpu(v: torch.Tensor, s: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    output, lse = _merge_many_meta(v, s)
    tokens, states, heads, head_dim = v.shape
    if states == 0 or v.numel() == 0:
        return output.zero_(), lse.fill_(-torch.inf)
    try:
        plan = _native.plan_merge_states(
            _native.MergeStatesProblem(
                dtype=dtype_of(v),
                tokens=tokens,
                heads=heads,
                head_dim=head_dim,
                prefix_states=states,
                prefix=_native.StateView(
                    state_stride=v.stride(1),
                    token_stride=v.stride(0),
                    lse_state_stride=s.stride(1),
                    lse_token_stride=s.stride(0),
                    lse_head_stride=s.stride(2),
                ),
                suffix=None,
                output=_view(output, lse.t()),
                write_lse=True,
            ),
            soc_name(),
        )
    except ValueError as error:
        raise _MANY.renamed(error, prefix_output="v", prefix_lse="s") from None
    run_plan(
        plan,
        argument("v", v),
        argument("s", s),
        None,
        None,
        argument("output", output, writable=True, defined=False),
        argument("output_lse", lse, writable=True, defined=False),
    )
    return output, lse


define(
    "merge_states(Tensor v, Tensor s) -> (Tensor, Tensor)",
    cpu=_merge_many_cpu,
    meta=_merge_many_meta,
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
    _PAIR.tensors(**tensors)
    torch.ops.ascend_attention.merge_attn_states(
        output, output_lse, prefix_output, prefix_lse, suffix_output, suffix_lse
    )


def merge_states(v: torch.Tensor, s: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Combine attention over any number of parts of the keys.

    Args:
        v: ``[tokens, states, heads, head_dim]``, float16, bfloat16 or float32: attention over each
            part by itself. Tokens and states may be strided: ``outputs.transpose(0, 1)`` of
            ``[states, tokens, heads, head_dim]`` will do. ``head_dim`` is at most 1024.
        s: ``[tokens, states, heads]``, float32, any strides but 0: the log-sum-exp of each, natural
            logarithm. ``-inf``, or ``+inf``, marks a row without keys, whose output is not read.

    Returns:
        The output ``[tokens, heads, head_dim]`` in the dtype of ``v``, accumulated in float32, and
        its log-sum-exp ``[tokens, heads]``, float32. A row without any keys gives zeros and
        ``-inf``.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above.
        ValueError: A shape or stride breaks a rule above.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Merging with empty states is the identity, bit by bit. Signature: FlashInfer's
    ``merge_states``, whose ``s`` is a logarithm to base 2: multiply that by ``log(2)``.
    """
    _MANY.tensors(v=v, s=s)
    merged: tuple[torch.Tensor, torch.Tensor] = torch.ops.ascend_attention.merge_states(v, s)
    return merged
