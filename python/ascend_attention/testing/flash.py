# SPDX-License-Identifier: Apache-2.0
"""Random cases of flash attention in every form that sequences come in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from ascend_attention import reference
from ascend_attention.reference import FlashLayout, ScoreOptions
from ascend_attention.testing.paged import NO_BLOCK
from ascend_attention.testing.plain import plain_sequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

ALL_KEYS = ScoreOptions(causal=False)

_GAP = 3  # unused tokens after a packed sequence
_SPARE = 2  # rows or blocks that no sequence uses


@dataclass(frozen=True)
class FlashCase:
    """Tensors of one call of ``flash_attention``. What no sequence uses is poisoned."""

    query: torch.Tensor  # [batch, queries, heads, head_dim] or [tokens, heads, head_dim]
    key: torch.Tensor  # [rows, keys, kv_heads, head_dim], [tokens, ...] or pages in kv_layout
    value: torch.Tensor
    metadata: dict[str, torch.Tensor]  # keyword arguments
    kv_layout: str
    sequences: tuple[tuple[torch.Tensor, torch.Tensor, torch.Tensor], ...]  # query, keys, values

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of ``flash_attention`` for the form of the sequences."""
        return {**self.metadata, "kv_layout": self.kv_layout}

    @property
    def layout(self) -> FlashLayout:
        """The metadata as the reference takes them."""
        return FlashLayout(**{name: tensor.numpy() for name, tensor in self.metadata.items()})

    def used(self, output: torch.Tensor) -> torch.Tensor:
        """Return what belongs to query tokens that count, of a tensor shaped like ``query``."""
        layout = self.layout
        rows = [output[layout.query_tokens(row)] for row in range(len(self.sequences))]
        return torch.cat([output.new_empty(0, *output.shape[-2:]), *rows])

    def used_lse(self, lse: torch.Tensor) -> torch.Tensor:
        """Return the same ``[tokens, heads]`` of a log-sum-exp."""
        return self.used(lse.transpose(-1, -2)[..., None])[..., 0]

    def strided(self) -> FlashCase:
        """Return the case with heads before tokens in memory, and room after each."""
        query, key, value = (_strided(tensor) for tensor in (self.query, self.key, self.value))
        return replace(self, query=query, key=key, value=value)


def _strided(tensor: torch.Tensor) -> torch.Tensor:
    *rows, tokens, heads, size = tensor.shape
    memory = tensor.new_full((*rows, heads + 1, tokens + 2, size + 8), torch.nan)
    return memory[..., :heads, :tokens, :size].transpose(-3, -2).copy_(tensor)


@dataclass(frozen=True)
class _Place:
    """Where the tokens of the sequences go: a shape, and the flat positions of each sequence."""

    shape: tuple[int, ...]
    positions: list[torch.Tensor]
    metadata: dict[str, list[int] | torch.Tensor]


def _in_rows(lengths: Sequence[int], which: str) -> _Place:
    longest = max(lengths, default=0)
    ragged = {f"seqused_{which}": list(lengths)} if set(lengths) - {longest} else {}
    positions = [torch.arange(length) + row * longest for row, length in enumerate(lengths)]
    return _Place((len(lengths), longest), positions, dict(ragged))


def _packed(lengths: Sequence[int], which: str) -> _Place:
    ends = [0, *itertools.accumulate(lengths)]
    positions = [torch.arange(*own) for own in itertools.pairwise(ends)]
    return _Place((ends[-1],), positions, {f"cu_seqlens_{which}": ends})


def _gapped(lengths: Sequence[int], which: str) -> _Place:
    ends = [0, *itertools.accumulate(length + _GAP for length in lengths)]
    positions = [
        torch.arange(length) + begin for begin, length in zip(ends[:-1], lengths, strict=True)
    ]
    metadata: dict[str, list[int] | torch.Tensor] = {
        f"cu_seqlens_{which}": ends,
        f"seqused_{which}": list(lengths),
    }
    return _Place((ends[-1],), positions, metadata)


def _in_cache(lengths: Sequence[int], generator: torch.Generator) -> _Place:
    """Lay each sequence into any row of a cache, from anywhere on."""
    pads = torch.randint(0, 9, (len(lengths),), generator=generator)
    rows = torch.randperm(len(lengths) + _SPARE, generator=generator)[: len(lengths)]
    ends = pads + torch.tensor(list(lengths), dtype=torch.int64)
    longest = int(max(ends, default=0)) + 1
    positions = [
        torch.arange(int(pad), int(end)) + row * longest
        for pad, end, row in zip(pads, ends, rows, strict=True)
    ]
    return _Place(
        (len(lengths) + _SPARE, longest),
        positions,
        {"kv_batch_idx": rows, "leftpad_k": pads, "seqused_k": ends},
    )


def _in_pages(lengths: Sequence[int], page_size: int, generator: torch.Generator) -> _Place:
    counts = [-(-length // page_size) for length in lengths]
    order = torch.randperm(sum(counts) + _SPARE, generator=generator)
    table = torch.full((len(lengths), max([*counts, 1])), NO_BLOCK, dtype=torch.int64)
    positions = []
    for row, (own, length) in enumerate(zip(order.split([*counts, _SPARE]), lengths, strict=False)):
        table[row, : len(own)] = own
        at = torch.arange(length)
        positions.append(own[at // page_size] * page_size + at % page_size)
    metadata: dict[str, list[int] | torch.Tensor] = {
        "block_table": table,
        "seqused_k": list(lengths),
    }
    return _Place((len(order), page_size), positions, metadata)


# Where query tokens and keys are: rows of a batch, packed, packed with unused tokens in between,
# anywhere in rows of a cache, in pages.
FORMS = {
    "dense": ("rows", "rows"),
    "packed": ("packed", "packed"),
    "gapped": ("gapped", "gapped"),
    "cache": ("rows", "cache"),
    "paged": ("rows", "pages"),
    "paged packed": ("packed", "pages"),
}


def _place(
    kind: str, lengths: Sequence[int], which: str, page_size: int, generator: torch.Generator
) -> _Place:
    if kind == "cache":
        return _in_cache(lengths, generator)
    if kind == "pages":
        return _in_pages(lengths, page_size, generator)
    return {"rows": _in_rows, "packed": _packed, "gapped": _gapped}[kind](lengths, which)


def flash_case(
    query_lens: Sequence[int],
    key_lens: Sequence[int],
    *,
    form: str = "dense",
    heads: int = 4,
    kv_heads: int = 2,
    head_dim: int = 64,
    head_dim_v: int | None = None,
    page_size: int = 16,
    kv_layout: str = "NHD",
    dtype: torch.dtype = torch.float16,
    poison: float = float("nan"),
    seed: int = 0,
) -> FlashCase:
    """Make a case of unit-normal inputs.

    Args:
        query_lens: Query tokens of each sequence.
        key_lens: Keys of each sequence.
        form: One of ``FORMS``.
        heads: Query heads.
        kv_heads: Divides ``heads``.
        head_dim: Elements of a head of query and key.
        head_dim_v: Of value and output; None: ``head_dim``.
        page_size: Keys of a page.
        kv_layout: ``"NHD"`` or ``"HND"``, of pages.
        dtype: Of all three tensors.
        poison: What is not used holds.
        seed: Of the generator.
    """
    generator = torch.Generator().manual_seed(seed)
    of_query, of_keys = FORMS[form]
    query_place = _place(of_query, query_lens, "q", page_size, generator)
    key_place = _place(of_keys, key_lens, "k", page_size, generator)

    def normal(lengths: Sequence[int], *shape: int) -> list[torch.Tensor]:
        return [torch.randn(n, *shape, generator=generator).to(dtype) for n in lengths]

    def placed(place: _Place, tokens: list[torch.Tensor], *shape: int) -> torch.Tensor:
        tensor = torch.full((*place.shape, *shape), poison, dtype=dtype)
        for positions, own in zip(place.positions, tokens, strict=True):
            tensor.view(-1, *shape)[positions] = own
        return tensor

    shapes = (heads, head_dim), (kv_heads, head_dim), (kv_heads, head_dim_v or head_dim)
    tokens = [
        normal(lengths, *shape)
        for lengths, shape in zip((query_lens, key_lens, key_lens), shapes, strict=True)
    ]
    query, key, value = (
        placed(place, own, *shape)
        for place, own, shape in zip(
            (query_place, key_place, key_place), tokens, shapes, strict=True
        )
    )
    if kv_layout == "HND":
        key, value = (pages.transpose(1, 2).contiguous() for pages in (key, value))
    metadata = {
        name: torch.as_tensor(values, dtype=torch.int32)
        for name, values in (query_place.metadata | key_place.metadata).items()
    }
    return FlashCase(query, key, value, metadata, kv_layout, tuple(zip(*tokens, strict=True)))


def exact_flash_attention(
    case: FlashCase, scale: float | None = None, options: ScoreOptions = ALL_KEYS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the output and log-sum-exp of the reference for the query tokens that count.

    Returns:
        ``[tokens, heads, head_dim_v]`` and ``[tokens, heads]``, sequence by sequence.
    """
    key, value = (
        (tensor.transpose(1, 2) if case.kv_layout == "HND" else tensor).float().numpy()
        for tensor in (case.key, case.value)
    )
    output, lse = (
        torch.from_numpy(array)
        for array in reference.flash_attention(
            case.query.float().numpy(), key, value, case.layout, scale=scale, options=options
        )
    )
    return case.used(output).numpy(), case.used_lse(lse).numpy()


def plain_flash_attention(
    case: FlashCase, scale: float | None = None, options: ScoreOptions = ALL_KEYS
) -> torch.Tensor:
    """Attend with plain torch: inputs, weights and output rounded, accumulation in float32.

    Returns:
        ``[orders, tokens, heads, head_dim_v]``, as ``compare`` takes it.
    """
    factor = case.query.shape[-1] ** -0.5 if scale is None else scale
    outputs = [
        plain_sequence(tensors, factor, options.of_sequence(row))
        for row, tensors in enumerate(case.sequences)
    ]
    return torch.cat(outputs, dim=1)
