# SPDX-License-Identifier: Apache-2.0
"""Ordering of our kernels: scheduling orders change nothing, and every edge is needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from ascend_attention import (
    apply_rotary_emb,
    merge_states,
    paged_attention,
    paged_attention_v2,
    reshape_and_cache_flash,
)
from ascend_attention.model import Mutation, checked, mutate, options
from ascend_attention.reference import PLAIN_SCORES, ScoreOptions
from ascend_attention.testing import PagedCase, flash_case, paged_case

from tests.ops.attend import attend
from tests.ops.flash_attend import ALL_KEYS, attend_flash
from tests.ops.rotary_case import RotaryCase, rotary_case
from tests.ops.test_cache_kernels import copy
from tests.ops.test_merge_kernel import merge, random_state
from tests.ops.test_merge_states import random_states
from tests.ops.vllm_call import arguments_of, partial_buffers

ORDERS = [{"order": "forward"}, {"order": "reversed"}] + [
    {"order": "seeded", "seed": seed} for seed in range(3)
]


def run(case: PagedCase, strategy: str = "vector", splits: int = 0) -> torch.Tensor:
    reshape_and_cache_flash(
        case.keys, case.values, case.key_cache, case.value_cache, case.slot_mapping
    )
    output = paged_attention(
        case.query,
        case.key_cache,
        case.value_cache,
        case.block_tables,
        case.seq_lens,
        strategy=strategy,
        num_splits=splits,
    )
    assert isinstance(output, torch.Tensor)
    return output


def turn(interleaved: bool) -> torch.Tensor:
    """Rotate in place, some heads of every token in another tile."""
    case = rotary_case((2, 20, 70, 64), 64, interleaved=interleaved)
    return apply_rotary_emb(
        case.x, case.cos, case.sin, interleaved, inplace=True, positions=case.positions
    )


def on_the_cube(splits: int) -> torch.Tensor:
    """Attend on the cube in several steps."""
    case = paged_case((1100, 7, 0, 129, 600), heads=12, kv_heads=3, head_dim=64)
    return run(case, "cube", splits)


RESULTS: dict[str, Callable[[], torch.Tensor]] = {  # each makes its tensors anew
    "merge_states": lambda: merge_states(*random_states(200, 5, 9, 64))[0],
    "paged_attention": lambda: run(paged_case((300, 7, 0, 129), head_dim=64)),
    "paged_attention_cube": lambda: on_the_cube(1),
    "paged_attention_cube_split": lambda: on_the_cube(4),
    "rotary_embedding": lambda: turn(interleaved=False),
    "rotary_embedding_interleaved": lambda: turn(interleaved=True),
}


@pytest.mark.parametrize("name", RESULTS)
def test_scheduling_orders_are_silent_and_give_the_same_bits(name: str) -> None:
    outputs = []
    for order in ORDERS:
        with checked(), options(**order):
            outputs.append(RESULTS[name]())

    assert all(torch.equal(output, outputs[0]) for output in outputs)


def write() -> None:
    """Write so many rows of 16 KiB that every core fills its two buffers several times."""
    key = torch.zeros(1200, 32, 256, dtype=torch.float16)
    cache = torch.zeros(75, 16, 32, 256, dtype=torch.float16)
    reshape_and_cache_flash(key, key.clone(), cache, cache.clone(), torch.arange(1200))


def merge_many() -> None:
    """Merge so many rows that every core fills its buffers several times."""
    for dtype in (torch.float16, torch.float32):
        merge(random_state(1, 700, 29, 64, dtype), random_state(2, 700, 29, 64, dtype))
        merge_states(*random_states(700, 3, 29, 64, dtype))
        merge_states(*random_states(700, 1, 29, 64, dtype))


Run = Callable[[], object]


def each(*runs: Run) -> Run:
    """Return the runs as one."""

    def run_all() -> None:
        for run in runs:
            run()

    return run_all


def rotate_many(dtype: torch.dtype) -> Run:
    """Return rotations of so many heads that every core fills its buffers several times."""

    def rotate(case: RotaryCase) -> None:
        apply_rotary_emb(case.x, case.cos, case.sin, case.interleaved, positions=case.positions)

    return each(
        *(
            partial(rotate, rotary_case((2, 350, heads, 96), 80, dtype=dtype, interleaved=form))
            for form in (False, True)
            for heads in (3, 40)
        )
    )


# Every core has several units of several steps; some units have a single step, some no token.
RAGGED = (300, 30, 129, 0, 9, 5, 65, 20)
SPOKEN = (5, 1, 9, 2, 1, 1, 16, 3)


def many(
    layout: str = "NHD",
    scores: ScoreOptions = PLAIN_SCORES,
    *,
    lengths: tuple[int, ...] = RAGGED,
    heads: int = 96,
    splits: int = 1,
    **changes: object,
) -> Run:
    """Return attention over many sequences, two query heads to a kv head."""
    sizes: dict[str, Any] = {"head_dim": 64, **changes}
    case = paged_case(lengths, heads=heads, kv_heads=heads // 2, **sizes).filled()
    return partial(attend, case, layout, scores, num_splits=splits, strategy="vector")


def decode(head_dim: int, block_size: int) -> Run:
    """Return decodes in which every core works on several tasks.

    Tasks of several steps reuse the buffers of K and V; tasks of a single step reuse those of the
    query before anything else has ordered it.
    """
    return each(
        *(
            many(lengths=lengths, splits=0, head_dim=head_dim, block_size=block_size)
            for lengths in ((300, 129, 0, 65), (30, 20, 9, 5))
        )
    )


def spoken(scores: ScoreOptions) -> Run:
    """Return attention of several query tokens a sequence."""
    return many("NHD", scores, heads=24, query_lens=SPOKEN)


def split(dtype: torch.dtype) -> Run:
    """Return a split in more partial results than are combined in one step."""
    return many(lengths=(600, 30, 340, 0), heads=64, splits=38, dtype=dtype)


def split_into_partials() -> None:
    """Split with partial results of the caller."""
    case = paged_case((520, 30, 520, 0), heads=64, kv_heads=8, head_dim=32).filled()
    paged_attention_v2(torch.empty_like(case.query), *partial_buffers(case), *arguments_of(case))


def copy_many() -> None:
    """Copy so many blocks that every core fills its two buffers several times."""
    caches = [torch.zeros(200, 16, 32, 128, dtype=torch.float16) for _ in range(2)]
    blocks = torch.arange(200, dtype=torch.int32)
    copy(caches, caches, torch.stack([blocks[:100], blocks[100:]], dim=1))


FLASH_HEADS = 18
FLASH_SLOPES = torch.linspace(0.01, 0.2, FLASH_HEADS).numpy()
FLASH_SINKS = torch.linspace(-1, 1, FLASH_HEADS).numpy()
FLASH_MASK = np.arange(20 * 300).reshape(1, 1, 20, 300) % 3 != 0
FLASH_BIAS = np.linspace(-1, 1, 20 * 300, dtype=np.float32).reshape(1, 1, 20, 300)
CAUSAL = ScoreOptions()


def flash(
    queries: tuple[int, ...],
    keys: tuple[int, ...],
    scores: ScoreOptions = ALL_KEYS,
    *,
    row_tile: int = 16,
    kv_tile: int = 128,
    lookahead: int = 2,
    num_splits: int = 1,
    score_format: str = "float",
    **sizes: Any,  # noqa: ANN401
) -> Run:
    """Return flash attention in small tiles, so that every core has several units."""
    sizes = {"heads": FLASH_HEADS, "kv_heads": FLASH_HEADS, **sizes}
    return partial(
        attend_flash,
        flash_case(queries, keys, **sizes),
        scores,
        row_tile=row_tile,
        kv_tile=kv_tile,
        lookahead=lookahead,
        pack=1,
        num_splits=num_splits,
        score_format=score_format,
    )


def wide(scores: ScoreOptions, **changes: int) -> Run:
    """Return tasks of two halves that see several tiles, so that every ring goes round."""
    sizes: dict[str, Any] = {"heads": 26, "kv_heads": 2, "row_tile": 256, "lookahead": 1, **changes}
    return flash((300,), (530,), scores, **sizes)


# Units of several steps and of one, with two halves and with one; a core without rows.
FLASH: dict[str, Callable[[], Run]] = {
    "flash_attention": lambda: each(
        wide(CAUSAL),
        flash((20,) * 3, (300, 260, 20), form="paged", head_dim=128),
        flash((3,), (20,), heads=120, kv_heads=120),
        flash((200,), (600,), CAUSAL, heads=30, kv_heads=30, head_dim=256, row_tile=128),
    ),
    "flash_attention_masks": lambda: each(
        flash((20, 3), (300, 40), ScoreOptions(prefix=np.array([100, 7]), sinks=FLASH_SINKS)),
        flash((20, 3), (300, 40), ScoreOptions(causal=False, window=(30, 9))),
        flash((200,), (230,), ScoreOptions(window=(50, -1)), row_tile=128),
        wide(ALL_KEYS),
        flash((20, 3), (300, 40), ScoreOptions(causal=False, mask=FLASH_MASK)),
    ),
    "flash_attention_scores": lambda: each(
        flash((20, 3), (300, 40), ScoreOptions(alibi_slopes=FLASH_SLOPES)),
        flash((20, 3), (300, 40), ScoreOptions(causal=False, bias=FLASH_BIAS, softcap=2.0)),
        flash((20, 3), (300, 40), score_format="half"),
        wide(CAUSAL),
        flash(
            (20, 3),
            (300, 40),
            ScoreOptions(alibi_slopes=FLASH_SLOPES, softcap=2.0, sinks=FLASH_SINKS),
        ),
    ),
    "flash_attention_split": lambda: each(
        flash((20, 3), (600, 40), num_splits=5),
        flash((20, 3), (300, 40), ScoreOptions(sinks=FLASH_SINKS), num_splits=3),
        wide(CAUSAL, num_splits=3),
    ),
}


def cubes(
    lengths: tuple[int, ...],
    layout: str = "NHD",
    scores: ScoreOptions = PLAIN_SCORES,
    *,
    splits: int = 1,
    **sizes: Any,  # noqa: ANN401
) -> Run:
    """Return attention on the cube."""
    case = paged_case(lengths, **{"head_dim": 32, **sizes}).filled()
    return partial(attend, case, layout, scores, num_splits=splits, strategy="cube")


def decode_on_the_cube() -> Run:
    """Return units of several steps, of a single step and without keys, several for each block."""
    return each(
        cubes((1100, 30, 600, 0, 9, 1300, 65, 520), heads=24, kv_heads=6, head_dim=64),
        cubes((30, 20, 9, 5) * 3, "NZ", heads=24, kv_heads=6),
    )


def halves_on_the_cube() -> Run:
    """Return tasks with two halves of rows, which share the keys in L0B."""
    return cubes((700, 520, 600), heads=32, kv_heads=4, query_lens=(40, 33, 50))


def options_on_the_cube() -> Run:
    """Return several query tokens a sequence, whose windows begin in two repeats of one core."""
    lengths, queries = (113, 140, 640, 9, 30, 700), (16, 16, 5, 1, 16, 1)
    slopes, sinks, window = SLOPES[:16], SINKS[:16], (37, -1)
    grouped = (
        ScoreOptions(alibi_slopes=slopes),
        ScoreOptions(alibi_slopes=slopes, window=window),
        ScoreOptions(softcap=2.0, window=window),
        ScoreOptions(softcap=2.0, window=(0, -1), sinks=sinks),
        ScoreOptions(alibi_slopes=slopes, softcap=2.0, sinks=sinks),
    )
    sizes: dict[str, Any] = {"heads": 16, "kv_heads": 4, "query_lens": queries}
    many_tokens: dict[str, Any] = {"heads": 48, "kv_heads": 48, "query_lens": (96, 96)}
    return each(
        *(cubes(lengths, "NHD", scores, **sizes) for scores in grouped),
        cubes((200, 300), "NHD", ScoreOptions(window=window), **many_tokens),
    )


def split_on_the_cube() -> Run:
    """Return a split in more partial results than are combined in one step."""
    return cubes((600, 30, 340, 0, 340, 340), heads=48, kv_heads=6, splits=38)


SLOPES = torch.linspace(0.01, 0.2, 24).numpy()
SINKS = torch.linspace(-1, 1, 24).numpy()
RUNS: dict[str, Callable[[], Run]] = {  # each makes its tensors once
    "paged_attention_d64": lambda: decode(64, 16),
    "paged_attention_d128": lambda: decode(128, 48),
    "paged_attention_fp32": lambda: many(dtype=torch.float32, head_dim=32),
    "paged_attention_packed": lambda: each(
        many("packed", head_dim=120),
        many("packed", ScoreOptions(window=(83, -1)), head_dim=120, block_size=24),
        many("packed", ScoreOptions(window=(1, -1))),
    ),
    "paged_attention_packed_fp32": lambda: each(
        *(many("packed", ScoreOptions(window=(left, -1)), dtype=torch.float32) for left in (83, 1))
    ),
    "paged_attention_options": lambda: each(
        spoken(ScoreOptions(alibi_slopes=SLOPES)),
        spoken(ScoreOptions(alibi_slopes=SLOPES, window=(37, -1))),
        spoken(ScoreOptions(alibi_slopes=SLOPES, window=(1, -1))),
        spoken(ScoreOptions(softcap=2.0)),
        spoken(ScoreOptions(alibi_slopes=SLOPES, sinks=SINKS)),
        spoken(ScoreOptions(alibi_slopes=SLOPES, softcap=2.0, sinks=SINKS, window=(37, -1))),
    ),
    "paged_attention_split": lambda: each(split(torch.float16), split_into_partials),
    "paged_attention_split_fp32": lambda: split(torch.float32),
    "paged_attention_cube": lambda: each(
        decode_on_the_cube(), halves_on_the_cube(), options_on_the_cube(), split_on_the_cube()
    ),
    "merge_attention_states": lambda: merge_many,
    "rotary_embedding": lambda: rotate_many(torch.float16),
    "rotary_embedding_fp32": lambda: rotate_many(torch.float32),
    "reshape_and_cache": lambda: write,
    "copy_blocks": lambda: copy_many,
    **FLASH,
}


def is_of_the_library(mutation: Mutation) -> bool:
    """True for edges that the library adds itself where something else orders the same.

    The destructor of TPipe waits for the flags that FreeTensor has raised, so that none is left for
    the next kernel, and puts a barrier on all pipes: nothing comes after it. Between the two phases
    of a split, TPipe::Reset waits for those flags and SyncAll begins with a barrier on all pipes:
    either would do. On a cube core TPipe also raises flags of its own at its start. Fixpipe puts a
    barrier before each of its moves, which write different places.
    """
    functions = [place.function for place in mutation.places]
    barrier = "PipeBarrier" in functions[0]
    if barrier and any("SyncAll" in f or "RunFixpipe" in f for f in functions):
        return True
    return any(name in f for f in functions for name in ("~TPipe", "TPipe::Init", "TPipe::Reset"))


def takes_flags_back(mutation: Mutation) -> bool:
    """True for the end of a ring of slots: flags that nobody waited for are lowered again.

    Nothing comes after it, but a flag that is left raised is a fault.
    """
    return any("SlotRing<" in f.function and "Close(" in f.function for f in mutation.places)


@pytest.mark.own_front_end("launches with an edge taken away have nothing to compare with")
@pytest.mark.skipif(shutil.which("addr2line") is None, reason="needs addr2line of binutils")
@pytest.mark.parametrize("name", RUNS)
def test_every_ordering_edge_of_a_kernel_is_missed_when_taken_away(name: str) -> None:
    mutations = mutate(RUNS[name]())

    kernel_sites = [
        mutation
        for mutation in mutations
        if not is_of_the_library(mutation) and not takes_flags_back(mutation)
    ]
    silent = [str(mutation) for mutation in kernel_sites if not mutation.found]
    assert len(kernel_sites) >= 6, "too few sites: are they collected?"
    assert silent == []
