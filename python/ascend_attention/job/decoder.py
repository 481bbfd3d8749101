# SPDX-License-Identifier: Apache-2.0
"""A small decoder in plain torch with random weights, whose attention is what the caller gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

# Attends in one layer: [tokens, heads or kv_heads, head_dim] queries, keys and values of new
# tokens, before rotary embedding; returns [tokens, heads, head_dim]. All float32.
Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class DecoderShape:
    """Sizes of the decoder."""

    layers: int = 2
    heads: int = 8
    kv_heads: int = 2
    head_dim: int = 64
    hidden: int = 512
    inner: int = 1024  # of the feed-forward part
    vocabulary: int = 1024

    def rotary_tables(self, positions: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosine and sine ``[positions, head_dim / 2]`` of the rotary embedding."""
        half = self.head_dim // 2
        frequencies = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(positions, dtype=torch.float64)[:, None] * frequencies
        return angles.cos().float(), angles.sin().float()


class _Layer(nn.Module):
    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        queries, keys = (n * shape.head_dim for n in (shape.heads, shape.kv_heads))
        self.head_dim = shape.head_dim
        self.sizes = [queries, keys, keys]
        self.attention_norm = nn.RMSNorm(shape.hidden)
        self.qkv = nn.Linear(shape.hidden, sum(self.sizes), bias=False)
        self.output = nn.Linear(queries, shape.hidden, bias=False)
        self.inner_norm = nn.RMSNorm(shape.hidden)
        self.gate_up = nn.Linear(shape.hidden, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.hidden, bias=False)

    def forward(self, x: torch.Tensor, index: int, attend: Attend) -> torch.Tensor:
        query, key, value = (
            part.unflatten(-1, (-1, self.head_dim))
            for part in self.qkv(self.attention_norm(x)).split(self.sizes, dim=-1)
        )
        x = x + self.output(attend(index, query, key, value).flatten(-2))
        gate, up = self.gate_up(self.inner_norm(x)).chunk(2, dim=-1)
        down: torch.Tensor = self.down(nn.functional.silu(gate) * up)
        return x + down


class Decoder(nn.Module):
    """Embedding, layers of attention and SwiGLU, and logits; all float32.

    Args:
        shape: Sizes.
        seed: Of the weights, which keep unit variance.
    """

    def __init__(self, shape: DecoderShape, seed: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden)
        self.logits = nn.Linear(shape.hidden, shape.vocabulary, bias=False)
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, generator=generator)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5, generator=generator)

    def forward(self, tokens: torch.Tensor, attend: Attend) -> torch.Tensor:
        """Return the logits ``[tokens, vocabulary]`` of new tokens ``[tokens]``."""
        x = self.embedding(tokens)
        for index, layer in enumerate(self.layers):
            x = layer(x, index, attend)
        logits: torch.Tensor = self.logits(self.norm(x))
        return logits
