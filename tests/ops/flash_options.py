# SPDX-License-Identifier: Apache-2.0
"""Every kind of mask, bias and other change of scores, for sequences of any lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from ascend_attention.reference import FloatArray, ScoreOptions

Mask = np.ndarray


@dataclass(frozen=True)
class Setting:
    """What options are made for."""

    query_lens: tuple[int, ...]
    key_lens: tuple[int, ...]
    heads: int
    dtype: torch.dtype
    seed: int

    @property
    def batch(self) -> int:
        return len(self.query_lens)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float32) -> FloatArray:
        """Return normal numbers that the dtype can hold."""
        generator = torch.Generator().manual_seed(self.seed + len(shape))
        numbers: FloatArray = torch.randn(*shape, generator=generator).to(dtype).double().numpy()
        return numbers

    @property
    def slopes(self) -> FloatArray:
        return np.abs(self.normal(self.heads)) / 16

    @property
    def sinks(self) -> FloatArray:
        return self.normal(self.heads) * 2

    @property
    def prefix(self) -> np.ndarray:
        """Return none, some and all keys of the sequences in turn."""
        shares = np.arange(self.batch) + self.seed
        return np.array(self.key_lens) * (shares % 3) // 2

    def mask(self, heads: int = 1, queries: int | None = None, batch: int | None = None) -> Mask:
        """Return a mask that shows two keys of three, and some query tokens nothing at all."""
        queries = max(self.query_lens) if queries is None else queries
        batch = self.batch if batch is None else batch
        random = np.random.default_rng(self.seed)
        mask = random.random((batch, heads, queries, max(self.key_lens))) < 2 / 3
        mask[:, :, 3::29] = False
        return mask

    def causal_mask(self) -> Mask:
        """Return a mask that shows nothing that causal hides."""
        mask = self.mask(self.heads)
        for row, lengths in enumerate(zip(self.query_lens, self.key_lens, strict=True)):
            mask[row] &= np.tri(mask.shape[2], mask.shape[3], lengths[1] - lengths[0], dtype=bool)
        return mask

    def bias(self, dtype: torch.dtype, heads: int = 1) -> FloatArray:
        shape = self.batch, heads, max(self.query_lens), max(self.key_lens)
        return self.normal(*shape, dtype=dtype)


def everything(setting: Setting, **changes: object) -> ScoreOptions:
    """Return all that goes together, and these."""
    return ScoreOptions(
        softcap=3.0,
        alibi_slopes=setting.slopes,
        sinks=setting.sinks,
        **changes,  # type: ignore[arg-type]
    )


def with_hidden_keys(bias: FloatArray) -> FloatArray:
    """Hide keys, and all keys of some query tokens."""
    bias[..., 5::7] = -np.inf
    bias[..., 2::31, :] = -np.inf
    return bias


FLOAT, NO = torch.float32, False
KINDS: dict[str, Callable[[Setting], ScoreOptions]] = {
    "all keys": lambda _: ScoreOptions(causal=NO),
    "causal": lambda _: ScoreOptions(),
    "left": lambda _: ScoreOptions(causal=NO, window=(40, -1)),
    "right": lambda _: ScoreOptions(causal=NO, window=(-1, 9)),
    "both": lambda _: ScoreOptions(causal=NO, window=(150, 70)),
    "own key": lambda _: ScoreOptions(causal=NO, window=(0, 0)),
    "causal window": lambda _: ScoreOptions(window=(130, 0)),
    "prefix": lambda setting: ScoreOptions(prefix=setting.prefix),
    "slopes": lambda setting: ScoreOptions(causal=NO, alibi_slopes=setting.slopes),
    "slopes of sequences": lambda setting: ScoreOptions(
        alibi_slopes=np.abs(setting.normal(setting.batch, setting.heads)) / 16
    ),
    "softcap": lambda _: ScoreOptions(causal=NO, softcap=2.0),
    "mask": lambda setting: ScoreOptions(causal=NO, mask=setting.mask(setting.heads)),
    "mask of all heads": lambda setting: ScoreOptions(causal=NO, mask=setting.mask()),
    "mask of keys": lambda setting: ScoreOptions(causal=NO, mask=setting.mask(queries=1)),
    "mask and causal": lambda setting: ScoreOptions(mask=setting.causal_mask()),
    "mask of keys, causal": lambda setting: ScoreOptions(mask=setting.mask(queries=1, batch=1)),
    "bias": lambda setting: ScoreOptions(causal=NO, bias=setting.bias(setting.dtype)),
    "bias of heads": lambda setting: ScoreOptions(
        causal=NO, bias=setting.bias(FLOAT, setting.heads)
    ),
    "bias that hides": lambda setting: ScoreOptions(
        bias=with_hidden_keys(setting.bias(setting.dtype, setting.heads))
    ),
    "sinks": lambda setting: ScoreOptions(causal=NO, sinks=setting.sinks),
    "sinks, causal": lambda setting: ScoreOptions(sinks=setting.sinks),
    "all with bias": lambda setting: everything(
        setting, bias=setting.bias(setting.dtype, setting.heads), window=(100, 0)
    ),
    "all with a mask": lambda setting: everything(
        setting, mask=setting.mask(setting.heads), causal=NO, window=(200, 50)
    ),
    "all with a prefix": lambda setting: everything(
        setting, prefix=setting.prefix, bias=setting.bias(FLOAT)
    ),
}


def bias_dtype(kind: str, dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of the bias of a kind for tensors of this dtype."""
    return dtype if kind in ("bias", "bias that hides", "all with bias") else FLOAT
