# SPDX-License-Identifier: Apache-2.0
"""Flash attention over dense, packed or paged sequences."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch

from ascend_attention.ops.checks import Checks
from ascend_attention.ops.flash_inputs import (
    FlashInputs,
    FlashOptions,
    check_inputs,
    check_options,
    check_window,
)
from ascend_attention.ops.flash_run import macs_of_cores, prepare, run, tiled
from ascend_attention.ops.library import define

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHECKS = Checks("flash_attention")
_TENSORS = tuple(field.name for field in fields(FlashInputs) if field.name != "kv_layout")
_OPTIONS = tuple(field.name for field in fields(FlashOptions))


def _checked(
    *tensors: torch.Tensor | None,
    **keywords: Any,  # noqa: ANN401
) -> tuple[FlashInputs, FlashOptions]:
    """Check all that does not need the values of a tensor."""
    options = FlashOptions(**{name: keywords.pop(name) for name in _OPTIONS if name in keywords})
    inputs = FlashInputs(*tensors, **keywords)  # type: ignore[arg-type]
    check_options(_CHECKS, options, has_prefixes=inputs.prefix_lens is not None)
    check_inputs(_CHECKS, inputs)
    return inputs, options


def _outputs(inputs: FlashInputs) -> tuple[torch.Tensor, torch.Tensor]:
    query = inputs.query
    output = query.new_empty(inputs.output_shape)
    lse = query.new_empty(inputs.lse_shape, dtype=torch.float32)
    return output, lse


def _flash_attention_cpu(
    *tensors: torch.Tensor | None, **keywords: object
) -> tuple[torch.Tensor, torch.Tensor]:
    call = prepare(_CHECKS, *_checked(*tensors, **keywords))
    plan = tiled(_CHECKS, call)
    output, lse = _outputs(call.inputs)
    if call.inputs.seqused_q is not None:  # no kernel touches the query tokens behind it
        output.zero_()
        lse.fill_(-torch.inf)
    if output.numel() > 0:
        run(plan, call, output, lse)
    return output, lse


def _flash_attention_meta(
    *tensors: torch.Tensor | None, **keywords: object
) -> tuple[torch.Tensor, torch.Tensor]:
    inputs, _ = _checked(*tensors, **keywords)
    return _outputs(inputs)


define(
    "flash_attention(Tensor query, Tensor key, Tensor value, Tensor? cu_seqlens_q=None, "
    "Tensor? cu_seqlens_k=None, Tensor? seqused_q=None, Tensor? seqused_k=None, "
    "Tensor? block_table=None, Tensor? kv_batch_idx=None, Tensor? leftpad_k=None, "
    "Tensor? prefix_lens=None, Tensor? alibi_slopes=None, Tensor? sinks=None, "
    "Tensor? attn_mask=None, Tensor? attn_bias=None, *, int? max_seqlen_q=None, "
    "int? max_seqlen_k=None, float? scale=None, bool causal=False, int[2] window_size=[-1, -1], "
    'float softcap=0.0, str kv_layout="NHD", int num_splits=0, int row_tile=0, int kv_tile=0, '
    'int lookahead=0, int pack=0, str score_format="float") -> (Tensor, Tensor)',
    cpu=_flash_attention_cpu,
    meta=_flash_attention_meta,
)


def flash_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    *,
    cu_seqlens_q: torch.Tensor | None = None,
    cu_seqlens_k: torch.Tensor | None = None,
    seqused_q: torch.Tensor | None = None,
    seqused_k: torch.Tensor | None = None,
    block_table: torch.Tensor | None = None,
    kv_batch_idx: torch.Tensor | None = None,
    leftpad_k: torch.Tensor | None = None,
    prefix_lens: torch.Tensor | None = None,
    alibi_slopes: torch.Tensor | None = None,
    sinks: torch.Tensor | None = None,
    attn_mask: torch.Tensor | None = None,
    attn_bias: torch.Tensor | None = None,
    max_seqlen_q: int | None = None,
    max_seqlen_k: int | None = None,
    scale: float | None = None,
    causal: bool = False,
    window_size: Sequence[int] = (-1, -1),
    softcap: float = 0.0,
    kv_layout: str = "NHD",
    return_lse: bool = False,
    num_splits: int = 0,
    row_tile: int = 0,
    kv_tile: int = 0,
    lookahead: int = 0,
    pack: int = 0,
    score_format: str = "float",
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """Attend queries to keys without ever holding a matrix of scores.

    Query tokens are aligned at the bottom right: the last one of a sequence stands at its last
    key, the one before it one key earlier, and so on. ``Sq`` and ``Sk`` are the query tokens and
    keys of a sequence; metadata are int32, or int64 that fits.

    Args:
        query: ``[batch, Sq, heads, head_dim]``, or ``[tokens, heads, head_dim]`` with
            ``cu_seqlens_q``; float16 or bfloat16; ``head_dim`` is a multiple of 16 up to 256. Here
            as below the last dimension is contiguous, the others may be strided.
        key: ``[batch, Sk, kv_heads, head_dim]``, or ``[tokens, kv_heads, head_dim]`` with
            ``cu_seqlens_k``, or ``[pages, page_size, kv_heads, head_dim]`` with ``block_table``;
            dtype of ``query``; ``kv_heads`` divides ``heads``; ``page_size`` counts tokens and is a
            multiple of 16 up to 256. Tokens that no sequence uses may hold anything.
        value: Like ``key``, but its head size may be another one, also a multiple of 16 up to 256.
        cu_seqlens_q: ``[batch + 1]``: where the query tokens of each sequence begin; from 0 to all
            tokens.
        cu_seqlens_k: Likewise for keys and values.
        seqused_q: ``[batch]``: query tokens of each sequence that count, from its start on. The
            others give zeros, and ``-inf`` as log-sum-exp. None: all.
        seqused_k: ``[batch]``: where the keys of each sequence end. Needed with ``block_table``.
        block_table: ``[batch, max_pages]``: pages of each sequence. Entries that hold no key that
            any query token may see are ignored.
        kv_batch_idx: ``[batch]``: the row of dense ``key`` and ``value`` that a sequence uses.
        leftpad_k: ``[batch]``: where the keys of each sequence begin. None: at 0.
        prefix_lens: ``[batch]``: with ``causal``, keys that every query token sees (prefix-LM).
        alibi_slopes: ``[heads]`` or ``[batch, heads]``, float32; adds ``-slope * abs(query position
            - key position)``.
        sinks: ``[heads]``, float32; one more score a row, whose value is zero.
        attn_mask: bool, broadcastable to ``[batch, heads, Sq, Sk]`` with the longest sequence of
            the call (or ``max_seqlen_q`` and ``max_seqlen_k``): False hides a key. With ``causal``
            it must not show what causal hides, unless it is broadcast over the query tokens.
        attn_bias: Likewise, float32 or the dtype of ``query``; added to the scores. ``-inf`` hides.
        max_seqlen_q: Query tokens of a sequence at most; None: taken from the metadata.
        max_seqlen_k: Likewise keys.
        scale: Multiplies ``Q K^T``. Default ``head_dim ** -0.5``.
        causal: A query token sees no key behind its own position.
        window_size: ``(left, right)``: a query token sees so many keys before and behind its own
            position; -1 is no limit.
        softcap: Scores become ``softcap * tanh(score / softcap)``, before slopes, bias and mask; 0
            leaves them alone, others are from 1e-30 to 1e30.
        kv_layout: ``"HND"``: pages are ``[pages, kv_heads, page_size, head_dim]``.
        return_lse: Also return the log-sum-exp.
        num_splits: Parts that the keys of the longest sequence are split into, for more cores; 0:
            chosen. ``plan_flash_attention`` says what is chosen, here as below.
        row_tile: Rows (query tokens, or heads of them) of a task: 1 to 128, or 256; 0: chosen.
        kv_tile: Keys of a step: a multiple of 128 up to 512; 0: chosen.
        lookahead: Steps that scores are ahead of outputs: 1 to 6; 0: chosen.
        pack: Query heads that share a task: 1, or all of a key head; 0: chosen.
        score_format: ``"half"``: scores travel between cores as float16, which halves the traffic
            and costs precision: up to 2^-11 of each score. ``Q K^T`` must stay within 65504.

    Returns:
        ``[batch, Sq, heads, value_dim]`` or ``[tokens, heads, value_dim]`` in the dtype of
        ``query``; scores, softmax and accumulation are float32, probabilities are rounded to the
        dtype. With ``return_lse`` also ``[batch, heads, Sq]`` or ``[heads, tokens]``, float32,
        natural logarithm, sinks included. Rows that see no key are zero, with ``-inf``.

    Raises:
        TypeError: An argument is no tensor, or has a dtype other than those above. For float32
            there is ``scaled_dot_product_attention``.
        ValueError: A shape, stride, length or page id breaks a rule above, or two arguments
            contradict each other.
        ModelError: The kernel broke a rule of the hardware (CPU tensors): a defect of ours.

    Algorithm: Dao, FlashAttention-2, 2023; online softmax, Milakov and Gimelshein, 2018; split KV,
    Dao et al., Flash-Decoding, 2023.
    """
    keywords: dict[str, Any] = {
        "cu_seqlens_q": cu_seqlens_q,
        "cu_seqlens_k": cu_seqlens_k,
        "seqused_q": seqused_q,
        "seqused_k": seqused_k,
        "block_table": block_table,
        "kv_batch_idx": kv_batch_idx,
        "leftpad_k": leftpad_k,
        "prefix_lens": prefix_lens,
        "alibi_slopes": alibi_slopes,
        "sinks": sinks,
        "attn_mask": attn_mask,
        "attn_bias": attn_bias,
    }
    given = {name: tensor for name, tensor in keywords.items() if tensor is not None}
    _CHECKS.tensors(query=query, key=key, value=value, **given)
    check_window(_CHECKS, window_size)
    output, lse = torch.ops.ascend_attention.flash_attention(
        query,
        key,
        value,
        **keywords,
        max_seqlen_q=max_seqlen_q,
        max_seqlen_k=max_seqlen_k,
        scale=scale,
        causal=causal,
        window_size=window_size,
        softcap=softcap,
        kv_layout=kv_layout,
        num_splits=num_splits,
        row_tile=row_tile,
        kv_tile=kv_tile,
        lookahead=lookahead,
        pack=pack,
        score_format=score_format,
    )
    return (output, lse) if return_lse else output


@dataclass(frozen=True)
class FlashAttentionChoice:
    """How ``flash_attention`` would run a call.

    Attributes:
        reason: The choice and why, in a sentence.
        row_tile: Rows of a task at most.
        kv_tile: Keys of a step at most.
        lookahead: Steps that scores are ahead of outputs.
        pack: Query heads that share a task.
        partitions: Parts of the keys of the longest sequence; more than 1 are combined at the end.
        cores: Cube cores that take part, each with its two vector cores.
        workspace_bytes: Memory besides inputs and outputs: a fixed amount a core, and partial
            results if there are partitions.
        model_cycles: Estimated time; ratios between choices matter.
        core_macs: Multiply-accumulates of each cube core, for the balance.
    """

    reason: str
    row_tile: int
    kv_tile: int
    lookahead: int
    pack: int
    partitions: int
    cores: int
    workspace_bytes: int
    model_cycles: int
    core_macs: tuple[int, ...]


def plan_flash_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, **keywords: object
) -> FlashAttentionChoice:
    """Say how ``flash_attention`` would tile these arguments, without running it.

    Args:
        query: As in ``flash_attention``.
        key: Likewise.
        value: Likewise.
        **keywords: Likewise, without ``return_lse``.

    Returns:
        What is chosen, and why.

    Raises:
        TypeError: As for ``flash_attention``.
        ValueError: Likewise.
    """
    given = {name: keywords[name] for name in _TENSORS if keywords.get(name) is not None}
    _CHECKS.tensors(query=query, key=key, value=value, **given)
    call = prepare(_CHECKS, *_checked(query, key, value, **keywords))
    plan = tiled(_CHECKS, call)
    chosen = plan.fields
    return FlashAttentionChoice(
        reason=chosen["reason"],
        row_tile=chosen["row_tile"],
        kv_tile=chosen["kv_tile"],
        lookahead=chosen["lookahead"],
        pack=chosen["pack"],
        partitions=chosen["max_partitions"],
        cores=plan.blocks,
        workspace_bytes=plan.workspace_bytes,
        model_cycles=chosen["model_cycles"],
        core_macs=macs_of_cores(call),
    )
