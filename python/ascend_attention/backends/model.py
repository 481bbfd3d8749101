# SPDX-License-Identifier: Apache-2.0
"""CPU backend: runs an operator's kernel on the AI Core model, on the memory of torch tensors."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from ascend_attention import _native
from ascend_attention.model import Buffer, Library, Tiling, Workspace, current_options
from ascend_attention.ops.checks import span_bytes

if TYPE_CHECKING:
    from ascend_attention.model import Report

KERNELS = Path(__file__).parent.parent / "libascend_attention_kernels.so"

# CANN keeps the first bytes of every workspace to itself.
LIBRARY_WORKSPACE_BYTES = 16 * 1024 * 1024

_DTYPES = {
    torch.float16: _native.DataType.float16,
    torch.bfloat16: _native.DataType.bfloat16,
    torch.float32: _native.DataType.float32,
}


@cache
def kernels() -> Library:
    """Return the library of all kernels of the package."""
    return Library(KERNELS)


def dtype_of(tensor: torch.Tensor) -> _native.DataType:
    """Return the element type of a tensor that has passed the checks."""
    return _DTYPES[tensor.dtype]


def soc_name() -> str:
    """Return the chip that kernels are tiled for and run on."""
    return current_options().soc


def argument(
    name: str, tensor: torch.Tensor, *, writable: bool = False, defined: bool = True
) -> Buffer | None:
    """Return the memory of a tensor as a kernel argument; an empty one becomes a null pointer.

    Args:
        name: For messages.
        tensor: On the CPU; all bytes from its first to its last element belong to it.
        writable: The kernel may write it.
        defined: False if the kernel must write before it reads.
    """
    size = span_bytes(tensor)
    if size == 0:
        return None
    return Buffer(tensor.data_ptr(), size, writable, defined, name, tensor)


class _Scratch(threading.local):
    """Workspace of a thread's launches in fast mode, where fresh memory would cost too much."""

    def __init__(self) -> None:
        self.release()

    def release(self) -> None:
        """Give the memory back."""
        self._memory = torch.empty(0, dtype=torch.uint8)

    def buffer(self, size: int) -> Buffer:
        """Return memory with any contents, which the next call gives again."""
        if self._memory.numel() < size:
            self._memory = torch.empty(size, dtype=torch.uint8)
        address = self._memory.data_ptr()
        return Buffer(address, size, True, False, "workspace", self._memory)


_SCRATCH = _Scratch()


def release_workspace() -> None:
    """Give back the workspace that launches of this thread keep for the next one in fast mode."""
    _SCRATCH.release()


def _workspace(size: int) -> Buffer | Workspace | None:
    """Return the workspace of a launch: ``size`` bytes behind those of CANN."""
    if size == 0:
        return None
    whole = LIBRARY_WORKSPACE_BYTES + size
    if current_options().mode == "fast":
        return _SCRATCH.buffer(whole)
    return Workspace(whole, reserved=LIBRARY_WORKSPACE_BYTES)


def run_plan(plan: _native.Plan, *arguments: Buffer | None) -> Report:
    """Launch the kernel of a plan; workspace and tiling follow the arguments.

    Raises:
        ModelError: The kernel broke a rule of the hardware.
    """
    return kernels().launch(
        plan.kernel,
        [*arguments, _workspace(plan.workspace_bytes), Tiling(plan.tiling)],
        blocks=plan.blocks,
        type=plan.kernel_type.removeprefix("KERNEL_TYPE_"),
        tiling_key=plan.tiling_key,
    )
