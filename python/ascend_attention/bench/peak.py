# SPDX-License-Identifier: Apache-2.0
"""How far a call raises the memory of this process."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def _status_bytes(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"bench: /proc/self/status has no {field}")


def peak_growth(call: Callable[[], T]) -> tuple[T, int]:
    """Return what a call returns, and its peak beyond the memory in use before, in bytes."""
    # Memory that was freed but kept by the allocator would hide what the call takes.
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak falls back to what is used now
    before = _status_bytes("VmRSS")
    value = call()
    return value, _status_bytes("VmHWM") - before
