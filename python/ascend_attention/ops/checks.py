# SPDX-License-Identifier: Apache-2.0
"""Checks of tensor arguments. A failed check names operator, argument, value and rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

INT32_MAX = 2**31 - 1


def _shape(tensor: torch.Tensor) -> str:
    return "[" + ", ".join(str(size) for size in tensor.shape) + "]"


@dataclass(frozen=True)
class Checks:
    """Checks for one operator; ``operator`` starts every message."""

    operator: str

    def value_error(self, argument: str, value: object, rule: str) -> ValueError:
        """Return the error ``<operator>: <argument> (<value>) must <rule>``."""
        return ValueError(f"{self.operator}: {argument} ({value}) must {rule}")

    def type_error(self, argument: str, value: object, rule: str) -> TypeError:
        """Return the same as a ``TypeError``."""
        return TypeError(f"{self.operator}: {argument} ({value}) must {rule}")

    def rank(self, argument: str, value: torch.Tensor, rank: int) -> None:
        """Demand a tensor of this rank."""
        if value.dim() != rank:
            raise self.value_error(argument, _shape(value), f"have {rank} dimensions")

    def renamed(self, error: ValueError, **arguments: str) -> ValueError:
        """Return a tiling's error under this operator: one kernel may serve several.

        Args:
            error: Of the tiling.
            arguments: What this operator calls the arguments of the kernel, where that differs.
        """
        text = str(error).partition(": ")[2]
        for theirs, ours in arguments.items():
            text = text.replace(theirs, ours)
        return ValueError(f"{self.operator}: {text}")

    def tensors(self, **arguments: object) -> None:
        """Demand strided tensors; the dispatcher of torch would name neither argument nor rule."""
        for argument, value in arguments.items():
            if not isinstance(value, torch.Tensor):
                raise self.type_error(argument, type(value).__name__, "be a tensor")
            if value.layout != torch.strided or value.is_nested:
                layout = "nested" if value.is_nested else value.layout
                raise self.value_error(argument, layout, "be a strided tensor")

    def dtype(
        self, argument: str, tensor: torch.Tensor, allowed: Sequence[torch.dtype], rule: str = ""
    ) -> None:
        """Demand one of these dtypes."""
        if tensor.dtype not in allowed:
            names = " or ".join(str(dtype).removeprefix("torch.") for dtype in allowed)
            name = str(tensor.dtype).removeprefix("torch.")
            raise self.type_error(argument, name, f"be {names}{rule}")

    def device(self, argument: str, tensor: torch.Tensor, like: torch.Tensor, name: str) -> None:
        """Demand the device of another argument."""
        if tensor.device != like.device:
            raise self.value_error(
                f"{argument} device", tensor.device, f"be that of {name} ({like.device})"
            )

    def shape(self, argument: str, tensor: torch.Tensor, expected: Sequence[int], why: str) -> None:
        """Demand this shape."""
        if tuple(tensor.shape) != tuple(expected):
            wanted = "[" + ", ".join(str(size) for size in expected) + "]"
            raise self.value_error(f"{argument} shape", _shape(tensor), f"be {wanted} ({why})")

    def contiguous_from(self, argument: str, tensor: torch.Tensor, dim: int) -> None:
        """Demand that the dimensions from ``dim`` on lie in memory without gaps."""
        if tensor.numel() == 0:
            return
        expected = 1
        for index in range(tensor.dim() - 1, dim - 1, -1):
            if tensor.shape[index] != 1 and tensor.stride(index) != expected:
                raise self.value_error(
                    f"{argument} strides",
                    list(tensor.stride()),
                    f"be contiguous from dimension {dim} on",
                )
            expected *= tensor.shape[index]

    def int32(self, argument: str, tensor: torch.Tensor) -> torch.Tensor:
        """Return integer metadata as int32; int64 must fit."""
        self.dtype(argument, tensor, (torch.int32, torch.int64))
        if tensor.dtype == torch.int32:
            return tensor
        if tensor.numel() != 0:
            lowest, highest = (int(bound) for bound in torch.aminmax(tensor))
            if lowest < -INT32_MAX - 1 or highest > INT32_MAX:
                worst = highest if highest > INT32_MAX else lowest
                raise self.value_error(argument, worst, "fit into int32")
        return tensor.to(torch.int32)

    def apart(self, **tensors: torch.Tensor) -> None:
        """Demand that the first tensor shares no memory with the others."""
        (name, written), *others = tensors.items()
        for other_name, other in others:
            if _share_memory(written, other):
                raise self.value_error(
                    name, hex(written.data_ptr()), f"not overlap {other_name} in memory"
                )


def span_bytes(tensor: torch.Tensor) -> int:
    """Return the bytes from the first to one past the last element of a strided tensor."""
    if tensor.numel() == 0:
        return 0
    last = sum(
        (size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
    )
    return (last + 1) * tensor.element_size()


def _share_memory(first: torch.Tensor, second: torch.Tensor) -> bool:
    a, b = first.data_ptr(), second.data_ptr()
    if a >= b + span_bytes(second) or b >= a + span_bytes(first):
        return False
    # Overlapping spans of views that interleave, such as kv[:, 0] and kv[:, 1], are apart.
    return not _interleaved(first, second)


def _interleaved(first: torch.Tensor, second: torch.Tensor) -> bool:
    if first.shape != second.shape or first.stride() != second.stride():
        return False
    offset, rest = divmod(abs(first.data_ptr() - second.data_ptr()), first.element_size())
    dimensions = sorted(
        (stride, size) for stride, size in zip(first.stride(), first.shape, strict=True) if size > 1
    )
    return rest == 0 and _apart_by(offset, dimensions)


def _apart_by(offset: int, dimensions: list[tuple[int, int]]) -> bool:
    """Say whether a tensor and itself, moved by an offset, have no element in common.

    Args:
        offset: In elements, not negative.
        dimensions: Stride and size of each, innermost first. False when in doubt.
    """
    if sum(stride * (size - 1) for stride, size in dimensions) < offset:
        return True
    if not dimensions or dimensions[-1][0] == 0:
        return False
    *inner, (period, _) = dimensions
    extent = sum(stride * (size - 1) for stride, size in inner)
    rest = offset % period
    return rest + extent < period and _apart_by(rest, inner)
