# SPDX-License-Identifier: Apache-2.0
"""Random sequences, forms, masks and tilings: flash attention as in float64, or an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from ascend_attention.reference import ScoreOptions
from ascend_attention.testing import FORMS, FlashCase, exact_flash_attention, flash_case
from hypothesis import strategies as st

from tests.ops.flash_attend import State, attend_flash
from tests.ops.flash_options import KINDS, Setting, bias_dtype
from tests.ops.fuzz import call, mostly, one_in, run_examples

Arguments = dict[str, Any]
# Makes arguments wrong; False where there is nothing to make wrong.
Damage = Callable[[FlashCase, Arguments], bool]


def set_entry(name: str, value: Callable[[int], int], row: int = -1) -> Damage:
    """Return what changes an entry of metadata."""

    def damage(_: FlashCase, arguments: Arguments) -> bool:
        if name not in arguments or arguments[name].numel() == 0:
            return False
        arguments[name] = arguments[name].long()
        arguments[name][row] = value(int(arguments[name][row]))
        return True

    return damage


def set_argument(name: str, value: object) -> Damage:
    def damage(_: FlashCase, arguments: Arguments) -> bool:
        arguments[name] = value
        return True

    return damage


def break_page(case: FlashCase, arguments: Arguments) -> bool:
    """Let the newest page of a sequence with query tokens point nowhere."""
    for row, (query, keys, _) in enumerate(case.sequences):
        if "block_table" in arguments and len(query) > 0 and len(keys) > 0:
            page = case.key.shape[2 if case.kv_layout == "HND" else 1]
            arguments["block_table"] = arguments["block_table"].clone()
            arguments["block_table"][row, (len(keys) - 1) // page] = case.key.shape[0]
            return True
    return False


def to_floats(_: FlashCase, arguments: Arguments) -> bool:
    metadata = [name for name, value in arguments.items() if name in METADATA]
    for name in metadata:
        arguments[name] = arguments[name].float()
    return bool(metadata)


def shorten_limit(case: FlashCase, arguments: Arguments) -> bool:
    longest = max((len(keys) for _, keys, _ in case.sequences), default=0)
    arguments["max_seqlen_k"] = longest - 1
    return longest > 0


METADATA = (
    "cu_seqlens_q",
    "cu_seqlens_k",
    "seqused_q",
    "seqused_k",
    "block_table",
    "kv_batch_idx",
    "leftpad_k",
)
DAMAGES: list[Damage] = [
    set_entry("cu_seqlens_q", lambda end: end + 1),
    set_entry("cu_seqlens_k", lambda end: end - 1),
    set_entry("cu_seqlens_q", lambda _: 1, 0),
    set_entry("cu_seqlens_k", lambda end: end + 2**32),
    set_entry("seqused_q", lambda _: -1),
    set_entry("seqused_k", lambda _: 2**20),
    set_entry("seqused_k", lambda _: -(2**31)),
    set_entry("kv_batch_idx", lambda _: 99),
    set_entry("kv_batch_idx", lambda _: -1, 0),
    set_entry("leftpad_k", lambda _: 2**20),
    set_argument("window_size", (-2, 0)),
    set_argument("softcap", -1.0),
    set_argument("kv_tile", 100),
    set_argument("row_tile", 300),
    set_argument("lookahead", 7),
    set_argument("num_splits", -1),
    set_argument("pack", 3),
    set_argument("kv_layout", "packed"),
    set_argument("score_format", "double"),
    set_argument("alibi_slopes", torch.ones(13)),
    set_argument("attn_mask", torch.ones(7, 2, 3, 3, 3, dtype=torch.bool)),
    set_argument("sinks", torch.ones(1, dtype=torch.float16)),
    break_page,
    to_floats,
    shorten_limit,
]


def assert_close(case: FlashCase, state: State, options: ScoreOptions) -> None:
    """Compare with the reference: rounded weights, a rounded output, and little else.

    Where a query token sees few keys, plain torch may round without any error, by luck: it is no
    measure for thousands of examples.
    """
    exact, exact_lse = exact_flash_attention(case, options=options)
    values = [values.abs().max() for _, _, values in case.sequences if len(values) > 0]
    largest = max([1.0, *map(float, values)])
    atol = torch.finfo(case.query.dtype).eps * largest
    np.testing.assert_allclose(state[0].double().numpy(), exact, rtol=0, atol=atol)
    np.testing.assert_allclose(state[1].double().numpy(), exact_lse, rtol=1e-5, atol=1e-5)


@dataclass(frozen=True)
class Example:
    """A case, its options, and how it is run."""

    setting: Setting
    kind: str
    sizes: dict[str, Any]  # keyword arguments of flash_case
    tiling: dict[str, int]
    strided: bool
    damage: int | None
    checked: bool

    def check(self) -> int:
        """Attend and compare; returns the launches."""
        setting = self.setting
        case = flash_case(
            setting.query_lens,
            setting.key_lens,
            heads=setting.heads,
            dtype=setting.dtype,
            seed=setting.seed,
            **self.sizes,
        )
        given = case.strided() if self.strided else case
        options = KINDS[self.kind](setting)
        arguments: Arguments = {**given.metadata, **self.tiling}
        valid = self.damage is None or not DAMAGES[self.damage](case, arguments)
        bias = bias_dtype(self.kind, setting.dtype)

        state, launches = call(
            lambda: attend_flash(given, options, bias, **arguments),
            [],
            checked=self.checked,
            valid=valid,
        )

        if valid:
            assert state is not None
            assert_close(case, state, options)
        return launches


@st.composite
def examples(draw: st.DrawFn) -> Example:
    batch = draw(st.integers(1, 4))
    edges = st.sampled_from((16, 17, 63, 64, 65, 127, 128, 129, 255, 257))
    length = mostly(st.integers(0, 40), edges, 3)
    lengths = st.lists(length, min_size=batch, max_size=batch).map(tuple)
    kv_heads = draw(st.integers(1, 3))
    setting = Setting(
        draw(lengths),
        draw(lengths),
        kv_heads * draw(st.sampled_from((1, 2, 5))),
        draw(st.sampled_from((torch.float16, torch.bfloat16))),
        draw(st.integers(0, 2**16)),
    )
    form = draw(st.sampled_from(list(FORMS)))
    size = st.sampled_from((16, 48, 64, 128, 144, 256))
    sizes = {
        "form": form,
        "kv_heads": kv_heads,
        "head_dim": draw(size),
        "head_dim_v": draw(size),
        "page_size": draw(st.sampled_from((16, 32, 80, 256))),
        "kv_layout": draw(st.sampled_from(("NHD", "HND"))) if "paged" in form else "NHD",
        "poison": draw(st.sampled_from((torch.nan, torch.inf, -torch.inf))),
    }
    tiling = {
        "row_tile": draw(mostly(st.just(0), st.integers(1, 128), 2)),
        "kv_tile": draw(st.sampled_from((0, 128, 256, 384, 512))),
        "lookahead": draw(st.integers(0, 6)),
        "num_splits": draw(mostly(st.just(0), st.integers(1, 9), 3)),
    }
    damage = draw(mostly(st.none(), st.integers(0, len(DAMAGES) - 1), 4))
    kind = draw(st.sampled_from(list(KINDS)))
    return Example(setting, kind, sizes, tiling, draw(st.booleans()), damage, draw(one_in(2)))


@pytest.mark.parametrize("count", [150, pytest.param(6000, marks=pytest.mark.slow)])
def test_flash_attention(count: int) -> None:
    run_examples(examples(), Example.check, count)
