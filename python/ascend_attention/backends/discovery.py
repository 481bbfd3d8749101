# SPDX-License-Identifier: Apache-2.0
"""Which backends this installation has, found without importing torch_npu or triton."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import torch


@dataclass(frozen=True)
class Backend:
    """A device type and what runs operators on it."""

    device: str
    name: str
    ready: bool
    reason: str  # what it is when ready; otherwise what is missing and what enables it


def _model() -> Backend:
    try:
        from ascend_attention import _native  # noqa: PLC0415
        from ascend_attention.backends.model import KERNELS  # noqa: PLC0415
    except ImportError as error:
        return Backend("cpu", "AI Core model", False, f"{error}; enable with: ./build.sh build")
    if not KERNELS.exists():
        return Backend(
            "cpu", "AI Core model", False, f"{KERNELS.name} is missing; enable with: pip install ."
        )
    chips = ", ".join(_native.socs())
    return Backend("cpu", "AI Core model", True, f"executes the Ascend C kernels; models {chips}")


def _npu() -> Backend:
    name = "Ascend C kernels on the NPU"
    installed = find_spec("torch_npu") is not None
    missing = "" if installed else "torch_npu is not installed, and "
    return Backend(
        "npu",
        name,
        False,
        f"{missing}this version has no NPU build of the kernels yet: nothing enables it",
    )


def _cuda() -> Backend:
    missing = "" if torch.cuda.is_available() else "torch finds no CUDA GPU, and "
    return Backend(
        "cuda",
        "Triton kernels",
        False,
        f"{missing}this version has no Triton kernels yet: nothing enables it",
    )


def find_backends() -> list[Backend]:
    """Return every backend that the project knows, ready or not."""
    return [_model(), _npu(), _cuda()]
