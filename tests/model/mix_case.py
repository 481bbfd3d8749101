# SPDX-License-Identifier: Apache-2.0
"""Cases of probe_attention_mix: tensors in the middle of NaN, the launch, and the references."""

import struct
from dataclasses import dataclass

import numpy as np
import torch
from ascend_attention import model
from ascend_attention.testing import Error, compare

from tests.model.harness import Array

# probes/attention_mix_schedule.h
TILE = 128  # rows of queries, and of keys and values, in a step
DEPTH = 64  # sums that one Mmad adds up
BLOCK_WORKSPACE = 425984

BLOCKS = 24


def between_nans(values: torch.Tensor) -> Array:
    """A copy as 16-bit words, with NaN in front of it and behind."""
    margin = 1024
    words = np.full(values.numel() + 2 * margin, 0xFFFF, np.uint16)
    own = words[margin : margin + values.numel()].reshape(values.shape)
    own[...] = values.view(torch.int16).numpy().view(np.uint16)
    return own


@dataclass(frozen=True)
class MixCase:
    """Attention of ``heads`` heads, each with its own keys and values."""

    query: torch.Tensor  # [heads, rows, head_dim]
    key: torch.Tensor  # [heads, kv_rows, head_dim]
    value: torch.Tensor

    @property
    def scale(self) -> float:
        return float(self.query.shape[2] ** -0.5)

    @property
    def tasks(self) -> int:
        heads, rows, _ = self.query.shape
        return heads * -(-rows // TILE)

    @property
    def steps(self) -> int:
        """Tiles of keys over all tasks."""
        return self.tasks * -(-self.key.shape[1] // TILE)

    @property
    def products(self) -> int:
        """Mmads that the case needs: the sums of Q K^T and of P V in parts of DEPTH."""
        _, kv_rows, head_dim = self.key.shape
        tiles = [min(TILE, kv_rows - begin) for begin in range(0, kv_rows, TILE)]
        return self.tasks * sum(head_dim // DEPTH + -(-tile // DEPTH) for tile in tiles)

    def exact(self) -> Array:
        """The output in float64."""
        query, key, value = (x.double().numpy() for x in (self.query, self.key, self.value))
        scores = self.scale * query @ key.transpose(0, 2, 1)
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        output: Array = (weights / weights.sum(axis=2, keepdims=True)) @ value
        return output

    def rounded(self) -> torch.Tensor:
        """Plain torch: weights and output rounded to the dtype, sums in float32."""
        scores = self.scale * self.query.float() @ self.key.float().transpose(1, 2)
        weights = torch.softmax(scores, dim=2).to(self.query.dtype)
        return (weights.float() @ self.value.float()).to(self.query.dtype)

    def judge(self, output: torch.Tensor) -> Error:
        """Every row of every head against its own bound."""
        exact = self.exact()
        rows = exact.reshape(-1, exact.shape[2])
        return compare(output.flatten(0, 1), rows, self.rounded().flatten(0, 1)[None])


def mix_case(
    heads: int, rows: int, kv_rows: int, head_dim: int, dtype: torch.dtype, seed: int = 0
) -> MixCase:
    """Unit-normal inputs."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).to(dtype)

    kv_shape = heads, kv_rows, head_dim
    return MixCase(normal(heads, rows, head_dim), normal(*kv_shape), normal(*kv_shape))


def run_mix(
    library: model.Library, case: MixCase, *, unit_flag: bool, blocks: int = BLOCKS
) -> tuple[torch.Tensor, model.Report]:
    """The output of the probe, and what it executed."""
    output = np.full(case.query.shape, 0xFFFF, np.uint16)
    heads, rows, head_dim = case.query.shape
    tiling = struct.pack("4if", heads, rows, case.key.shape[1], head_dim, case.scale)
    inputs = (("query", case.query), ("key", case.key), ("value", case.value))
    report = library.launch(
        "probe_attention_mix",
        [
            *(model.In(between_nans(tensor), name) for name, tensor in inputs),
            model.Out(output, "output"),
            model.Workspace(blocks * BLOCK_WORKSPACE),
            tiling,
        ],
        blocks=blocks,
        type="MIX_AIC_1_2",
        tiling_key=2 * (case.query.dtype == torch.bfloat16) + unit_flag,
    )
    return torch.from_numpy(output.view(np.int16)).view(case.query.dtype), report
