# SPDX-License-Identifier: Apache-2.0
"""The chips that the model knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ascend_attention import _native

DEFAULT_SOC = "Ascend910B2"


@dataclass(frozen=True)
class Soc:
    """Core counts and memory sizes of one chip."""

    name: str
    cube_cores: int
    vector_cores: int
    megahertz: int
    local_bytes: Mapping[str, int]  # by memory: UB, L1, L0A, L0B, L0C, BT, FB
    reserved_ub_bytes: int  # at the end of UB, not for kernels


@cache
def socs() -> dict[str, Soc]:
    """Every chip by its CANN name, such as ``Ascend910B2``."""
    return {name: Soc(name, **fields) for name, fields in _native.socs().items()}
