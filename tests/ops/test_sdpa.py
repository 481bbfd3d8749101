# SPDX-License-Identifier: Apache-2.0
"""scaled_dot_product_attention against PyTorch's, on the cube and as torch's operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from ascend_attention import scaled_dot_product_attention
from ascend_attention.model import recorded
from ascend_attention.ops import sdpa
from torch.utils._python_dispatch import TorchDispatchMode

Shape = tuple[int, ...]
Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}
# Twice what rounding of inputs, weights and output costs at unit scale; float32: order of adding.
TOLERANCES = {torch.float16: 2e-3, torch.bfloat16: 1.6e-2, torch.float32: 2e-6}
ON_THE_CUBE = (torch.float16, torch.bfloat16)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


@dataclass(frozen=True)
class Call:
    """Shapes of query, key and value, and the other arguments."""

    query: Shape
    key: Shape
    value: Shape
    mask: torch.Tensor | None = None
    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False

    def tensors(self, dtype: torch.dtype) -> Tensors:
        query, key, value = (
            normal(*shape, seed=seed).to(dtype)
            for seed, shape in enumerate((self.query, self.key, self.value))
        )
        return query, key, value

    def arguments(self, dtype: torch.dtype) -> dict[str, Any]:
        mask = self.mask
        if mask is not None and mask.dtype != torch.bool:
            mask = mask.to(dtype)
        return {
            "attn_mask": mask,
            "is_causal": self.is_causal,
            "scale": self.scale,
            "enable_gqa": self.enable_gqa,
        }


def random_mask(*shape: int) -> torch.Tensor:
    return normal(*shape) > -0.5


HIDDEN_ROW = torch.ones(2, 1, 5, 9, dtype=torch.bool)
HIDDEN_ROW[1, 0, 3] = False
MINUS_INFINITY = torch.zeros(5, 9)
MINUS_INFINITY[2] = -torch.inf
MINUS_INFINITY[3, 4:] = -torch.inf
QUERY, KEY, VALUE = (2, 4, 5, 16), (2, 4, 9, 16), (2, 4, 9, 32)
CALLS = {
    "plain": Call(QUERY, KEY, VALUE),
    "scale": Call(QUERY, KEY, VALUE, scale=0.7),
    "causal, more keys": Call(QUERY, KEY, VALUE, is_causal=True),
    "causal, more queries": Call((1, 2, 40, 16), (1, 2, 7, 16), (1, 2, 7, 16), is_causal=True),
    "causal, square": Call((1, 2, 33, 16), (1, 2, 33, 16), (1, 2, 33, 16), is_causal=True),
    "causal, one query": Call((1, 2, 1, 16), (1, 2, 33, 16), (1, 2, 33, 16), is_causal=True),
    "bool mask": Call(QUERY, KEY, VALUE, random_mask(2, 4, 5, 9)),
    "bool mask of keys": Call(QUERY, KEY, VALUE, random_mask(2, 1, 1, 9)),
    "bool mask of queries": Call(QUERY, KEY, VALUE, random_mask(5, 1)),
    "bool mask in another order": Call(QUERY, KEY, VALUE, random_mask(2, 1, 9, 5).mT),
    "bool mask hides a row": Call(QUERY, KEY, VALUE, HIDDEN_ROW),
    "float mask": Call(QUERY, KEY, VALUE, normal(4, 5, 9)),
    "float mask hides a row": Call(QUERY, KEY, VALUE, MINUS_INFINITY),
    "groups": Call((2, 6, 5, 16), (2, 2, 9, 16), (2, 2, 9, 16), enable_gqa=True),
    "groups with a mask": Call(
        (2, 6, 5, 16), (2, 2, 9, 16), (2, 2, 9, 16), random_mask(2, 6, 5, 9), enable_gqa=True
    ),
    "one key head for all": Call((2, 6, 5, 16), (2, 1, 9, 16), (2, 1, 9, 16)),
    "one query head for all": Call((2, 1, 5, 16), (2, 3, 9, 16), (2, 1, 9, 16)),
    "one batch of keys": Call((3, 2, 5, 16), (1, 2, 9, 16), (3, 2, 9, 16)),
    "many leading dimensions": Call(
        (2, 3, 2, 5, 16), (2, 1, 2, 9, 16), (3, 2, 9, 16), random_mask(3, 1, 5, 9)
    ),
    "heads only": Call((4, 5, 16), (4, 9, 16), (4, 9, 16), random_mask(4, 5, 9)),
    "no heads": Call((5, 16), (9, 16), (9, 32), random_mask(5, 9)),
    "heads of 20": Call((2, 4, 5, 20), (2, 4, 9, 20), (2, 4, 9, 12)),
    "heads without elements": Call((2, 4, 5, 0), (2, 4, 9, 0), (2, 4, 9, 16)),
    "no keys": Call((1, 2, 5, 16), (1, 2, 0, 16), (1, 2, 0, 16)),
    "no queries": Call((1, 2, 0, 16), (1, 2, 9, 16), (1, 2, 9, 16)),
    "no batch": Call((0, 2, 5, 16), (0, 2, 9, 16), (0, 2, 9, 16)),
}


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_result_is_that_of_pytorch(name: str, dtype: torch.dtype) -> None:
    call = CALLS[name]
    tensors, arguments = call.tensors(dtype), call.arguments(dtype)
    query, key, value = (tensor.double() for tensor in tensors)
    mask = arguments["attn_mask"]
    wide = mask if mask is None or mask.dtype == torch.bool else mask.double()

    with recorded() as reports:
        output = scaled_dot_product_attention(*tensors, **arguments)

    expected = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, **{**arguments, "attn_mask": wide}
    )
    assert output.dtype == dtype
    assert output.shape == expected.shape
    torch.testing.assert_close(output.double(), expected, rtol=0, atol=TOLERANCES[dtype])
    assert bool(reports) == (dtype in ON_THE_CUBE and expected.numel() > 0)


@pytest.mark.parametrize("dtype", ON_THE_CUBE)
def test_strided_and_expanded_tensors(dtype: torch.dtype) -> None:
    query = normal(2, 16, 5, 4).to(dtype).permute(0, 3, 2, 1)  # heads and sizes exchanged
    key = normal(1, 9, 4, 16).to(dtype).transpose(1, 2).expand(2, -1, -1, -1)
    copies = query.contiguous(), key.contiguous(), key.contiguous()

    output = scaled_dot_product_attention(query, key, key)

    assert torch.equal(output, scaled_dot_product_attention(*copies))


def test_the_composite_takes_some_query_tokens_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call((2, 4, 50, 8), (2, 2, 33, 8), (2, 2, 33, 8), random_mask(50, 33), enable_gqa=True)
    tensors, arguments = call.tensors(torch.float32), call.arguments(torch.float32)
    whole = scaled_dot_product_attention(*tensors, **arguments)
    monkeypatch.setattr(sdpa, "_CHUNK_SCORES", 7 * 2 * 4 * 33)

    torch.testing.assert_close(scaled_dot_product_attention(*tensors, **arguments), whole)


class LargestTensor(TorchDispatchMode):
    """Notes the elements of the largest tensor that any operator makes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.elements = 0

    def __torch_dispatch__(
        self,
        function: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self.elements = max(self.elements, result.untyped_storage().nbytes() // 4)
        return result


def test_memory_of_the_composite_does_not_grow_with_the_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdpa, "_CHUNK_SCORES", 2**12)
    largest = []
    for tokens in (256, 512, 1024):
        query = normal(1, 1, tokens, 4)
        with LargestTensor() as mode:
            scaled_dot_product_attention(query, query, query, is_causal=True)
        largest.append(mode.elements)

    assert largest == [2**12, 2**12, 2**12]


def test_float32_has_a_gradient() -> None:
    tensors = [
        tensor.requires_grad_() for tensor in CALLS["bool mask hides a row"].tensors(torch.float64)
    ]

    assert torch.autograd.gradcheck(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, HIDDEN_ROW), tensors
    )


def test_float16_has_none_yet() -> None:
    query = normal(1, 1, 4, 16).half().requires_grad_()

    with pytest.raises(NotImplementedError, match="flash_attention: no gradient exists"):
        scaled_dot_product_attention(query, query, query).sum().backward()


TENSORS = CALLS["plain"].tensors(torch.float16)
INTEGERS = CALLS["plain"].tensors(torch.int32)
REFUSED: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "a causal mask": (
        lambda: scaled_dot_product_attention(*TENSORS, attn_mask=random_mask(5, 9), is_causal=True),
        RuntimeError,
        "attn_mask must be None if is_causal is True",
    ),
    "dropout": (
        lambda: scaled_dot_product_attention(*TENSORS, dropout_p=0.5),
        NotImplementedError,
        "dropout_p (0.5) must be 0: dropout is not supported yet",
    ),
    "an integer mask": (
        lambda: scaled_dot_product_attention(
            *TENSORS, attn_mask=torch.ones(5, 9, dtype=torch.int32)
        ),
        TypeError,
        "attn_mask dtype (int32) must be bool or float16 or float32",
    ),
    "a mask of another length": (
        lambda: scaled_dot_product_attention(*TENSORS, attn_mask=random_mask(5, 8)),
        ValueError,
        "attn_mask and scores ([5, 8] and [2, 4, 5, 9]) must be broadcastable",
    ),
    "a mask of a larger batch": (
        lambda: scaled_dot_product_attention(*TENSORS, attn_mask=random_mask(3, 1, 1, 1, 9)),
        ValueError,
        "attn_mask shape ([3, 1, 1, 1, 9]) must be broadcastable to [2, 4, 5, 9]",
    ),
    "groups that do not divide": (
        lambda: scaled_dot_product_attention(
            TENSORS[0], TENSORS[1][:, :3], TENSORS[2][:, :3], enable_gqa=True
        ),
        ValueError,
        "query heads (4) must be a multiple of key heads (3)",
    ),
    "heads without groups": (
        lambda: scaled_dot_product_attention(TENSORS[0], TENSORS[1][:, :2], TENSORS[2][:, :2]),
        ValueError,
        "heads ([4] and [2] and [2]) must be broadcastable",
    ),
    "a vector": (
        lambda: scaled_dot_product_attention(TENSORS[0][0, 0, 0], *TENSORS[1:]),
        ValueError,
        "query ([16]) must have 2 dimensions or more",
    ),
    "keys of another size": (
        lambda: scaled_dot_product_attention(TENSORS[0], TENSORS[2], TENSORS[2]),
        ValueError,
        "key size (32) must be that of query (16)",
    ),
    "fewer values": (
        lambda: scaled_dot_product_attention(*TENSORS[:2], TENSORS[2][:, :, :8]),
        ValueError,
        "value keys (8) must be those of key (9)",
    ),
    "integers": (
        lambda: scaled_dot_product_attention(*INTEGERS),
        TypeError,
        "query dtype (int32) must be float16 or bfloat16 or float32 or float64",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_named(name: str) -> None:
    call, kind, message = REFUSED[name]

    with pytest.raises(kind) as caught:
        call()

    assert str(caught.value) == f"scaled_dot_product_attention: {message}"


def test_pytorch_raises_the_same_for_a_causal_mask() -> None:
    with pytest.raises(RuntimeError):
        torch.nn.functional.scaled_dot_product_attention(
            *TENSORS, attn_mask=random_mask(5, 9), is_causal=True
        )
