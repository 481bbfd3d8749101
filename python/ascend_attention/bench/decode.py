# SPDX-License-Identifier: Apache-2.0
"""Paged decode on the model against torch: gather the pages, then SDPA with the group packed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

import ascend_attention
from ascend_attention.bench.timing import Timing, time_in_turn
from ascend_attention.model import mode
from ascend_attention.testing import PagedCase, paged_case

BLOCK_SIZES = (16, 128)
CONTEXTS = (1024, 4096, 16384)
LARGEST = 1200 * 2**20  # bytes of K and V that a case of the set may have


@dataclass(frozen=True)
class DecodeShape:
    """One case of the decode set: float16, one new token a sequence."""

    name: str
    batch: int
    heads: int
    kv_heads: int
    head_dim: int
    context: int  # of the longest sequence
    block_size: int
    ragged: bool = False  # the other sequences have any length up to it

    def lengths(self) -> list[int]:
        """Return the tokens of each sequence."""
        if not self.ragged:
            return [self.context] * self.batch
        random = np.random.default_rng(0)
        return [*random.integers(1, self.context + 1, self.batch - 1).tolist(), self.context]

    def cache_bytes(self) -> int:
        """Of K and V."""
        return sum(self.lengths()) * self.kv_heads * self.head_dim * 4

    def case(self) -> PagedCase:
        """Make the tensors."""
        return paged_case(
            self.lengths(),
            heads=self.heads,
            kv_heads=self.kv_heads,
            head_dim=self.head_dim,
            block_size=self.block_size,
        ).filled()

    def __str__(self) -> str:
        sizes = f"B{self.batch} {self.heads}/{self.kv_heads} D{self.head_dim}"
        context = f"ctx {'ragged ' if self.ragged else ''}{self.context}"
        return f"{self.name} {sizes} {context} block {self.block_size}"


_MODELS = (
    ("7B", (1, 16), 32, 32, 128),
    ("13B", (16,), 40, 40, 128),
    ("8B", (1, 8, 32), 32, 8, 128),
    ("70B", (64,), 64, 8, 128),
    ("70B", (64,), 8, 1, 128),
)


def decode_set() -> Iterator[DecodeShape]:
    """Shapes of well-known models that fit into the memory and the patience of a CPU."""
    for block_size in BLOCK_SIZES:
        yield DecodeShape("vLLM's test", 7, 40, 40, 64, 10304, block_size, ragged=True)
    for model, context, block_size in itertools.product(_MODELS, CONTEXTS, BLOCK_SIZES):
        name, batches, heads, kv_heads, head_dim = model
        for batch, ragged in itertools.product(batches, (False, True)):
            shape = DecodeShape(name, batch, heads, kv_heads, head_dim, context, block_size, ragged)
            if shape.cache_bytes() <= LARGEST and not (ragged and batch == 1):
                yield shape


def _gather(cache: torch.Tensor, tables: torch.Tensor, length: int) -> torch.Tensor:
    """Return ``[batch, kv_heads, length, head_dim]`` of sequences of one length."""
    pages = cache[tables[:, : -(-length // cache.shape[1])].long()]
    return pages.flatten(1, 2)[:, :length].transpose(1, 2)


def gather_and_attend(case: PagedCase) -> torch.Tensor:
    """Attend with torch alone: all sequences at once, or one after the other if they are ragged."""
    batch, heads, head_dim = case.query.shape
    kv_heads = case.key_cache.shape[2]
    lengths = case.seq_lens.tolist()
    # The query heads of a group become rows of one small matrix: K and V are read once.
    query = case.query.view(batch, kv_heads, heads // kv_heads, head_dim)
    together = len(set(lengths)) == 1
    outputs = []
    for rows in [slice(0, batch)] if together else [slice(i, i + 1) for i in range(batch)]:
        tables, length = case.block_tables[rows], lengths[rows.start]
        key, value = (
            _gather(cache, tables, length) for cache in (case.key_cache, case.value_cache)
        )
        outputs.append(torch.nn.functional.scaled_dot_product_attention(query[rows], key, value))
    return torch.cat(outputs).reshape(batch, heads, head_dim)


def run_on_model(case: PagedCase, model_mode: str, strategy: str = "auto") -> torch.Tensor:
    """Attend with our kernel."""
    with mode(model_mode):
        output = ascend_attention.paged_attention(
            case.query,
            case.key_cache,
            case.value_cache,
            case.block_tables,
            case.seq_lens,
            strategy=strategy,
        )
    assert isinstance(output, torch.Tensor)
    return output


def bench_decode(
    shape: DecodeShape,
    repeats: int,
    modes: tuple[str, ...] = ("fast",),
    strategies: tuple[str, ...] = (),
) -> dict[str, Timing]:
    """Time torch and our kernel in turn.

    Args:
        shape: Of the case.
        repeats: Timed calls of each candidate.
        modes: Of the model.
        strategies: To be timed in fast mode beside the one that is chosen.
    """
    case = shape.case()
    runs = [(name, "auto") for name in modes] + [("fast", name) for name in strategies]
    expected = gather_and_attend(case)
    for strategy in dict.fromkeys(strategy for _, strategy in runs):
        difference = (expected - run_on_model(case, "fast", strategy)).abs().max()
        if not difference < 1e-2:  # noqa: PLR2004
            raise RuntimeError(f"bench: model ({strategy}) and torch differ by {difference}")
    candidates = {
        name if strategy == "auto" else strategy: partial(run_on_model, case, name, strategy)
        for name, strategy in runs
    }
    return time_in_turn({"torch": lambda: gather_and_attend(case), **candidates}, repeats=repeats)
