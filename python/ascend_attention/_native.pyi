# SPDX-License-Identifier: Apache-2.0
"""Types of the C++ module ``_native``."""

from collections.abc import Sequence
from typing import TypedDict

# --- bind_model.cpp -----------------------------------------------------------------------------

_Counters = tuple[int, int, int, int, int]
_CodePlace = tuple[str, int]

class _Instruction(TypedDict):
    name: str
    pipe: str
    core: int
    index: int
    addresses: list[_CodePlace]

class _Fault(TypedDict):
    kind: str
    message: str
    kernel: str
    block: int
    core: int
    core_name: str
    instruction: _Instruction | None
    other: _Instruction | None
    operand: str
    memory: str
    begin: int
    end: int
    rule: str
    source: str

class _Site(TypedDict):
    kind: str
    detail: str
    chain: tuple[int, ...]
    addresses: list[_CodePlace]
    hits: int

class _Report(TypedDict):
    fault: _Fault | None
    counters: dict[tuple[str, str], _Counters]
    cores: int
    sites: list[_Site]
    printed: str

class _Soc(TypedDict):
    cube_cores: int
    vector_cores: int
    megahertz: int
    local_bytes: dict[str, int]
    reserved_ub_bytes: int

class Region:
    def __init__(
        self, *, address: int, bytes: int, writable: bool, defined: bool, name: str
    ) -> None: ...
    @property
    def address(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def writable(self) -> bool: ...
    @property
    def defined(self) -> bool: ...
    @property
    def name(self) -> str: ...

class KernelLibrary:
    def __init__(self, path: str) -> None: ...
    def has(self, kernel: str) -> bool: ...
    @property
    def kernel_types(self) -> dict[tuple[str, int | None], str]: ...

def launch(
    library: KernelLibrary,
    kernel: str,
    arguments: Sequence[Region | None],
    *,
    blocks: int,
    type: str | None = None,
    tiling_key: int = 0,
    soc: str = "Ascend910B2",
    mode: str = "checked",
    order: str = "forward",
    seed: int = 0,
    collect_sites: bool = False,
    mutated_sites: Sequence[Sequence[int]] = (),
    echo: bool = False,
) -> _Report: ...
def socs() -> dict[str, _Soc]: ...
