# SPDX-License-Identifier: Apache-2.0
"""Types of the C++ module ``_native``."""

from collections.abc import Sequence
from typing import Any, TypedDict

# --- bind_model.cpp -----------------------------------------------------------------------------

_Counters = tuple[int, int, int, int, int, int]
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
    stream: list[tuple[int, str, str, int, tuple[int, ...], int, int]]
    stream_chains: list[list[tuple[str, int]]]

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
    collect_stream: bool = False,
    mutated_sites: Sequence[Sequence[int]] = (),
    echo: bool = False,
) -> _Report: ...
def socs() -> dict[str, _Soc]: ...

# --- bind_tiling.cpp ----------------------------------------------------------------------------

class DataType:
    float16: DataType
    bfloat16: DataType
    float32: DataType
    int8: DataType
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class PagedCacheShape:
    def __init__(self, blocks: int, block_size: int, heads: int, head_dim: int) -> None: ...

class PagedCacheView:
    def __init__(self, block_stride: int, token_stride: int, head_stride: int) -> None: ...

class CacheWriteProblem:
    def __init__(
        self, source_tokens: int, source_stride: int, shape: PagedCacheShape, view: PagedCacheView
    ) -> None: ...

class ReshapeAndCacheProblem:
    def __init__(
        self,
        *,
        dtype: DataType,
        tokens: int,
        key: CacheWriteProblem,
        value: CacheWriteProblem,
        layout: CacheLayout = ...,
    ) -> None: ...

class CacheLayout:
    rows: CacheLayout
    packed: CacheLayout
    nz: CacheLayout
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class SplitRule:
    auto: SplitRule
    none: SplitRule
    partition_tokens: SplitRule
    splits: SplitRule
    vllm: SplitRule
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Strategy:
    auto: Strategy
    vector: Strategy
    cube: Strategy
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class PagedAttentionProblem:
    def __init__(
        self,
        *,
        dtype: DataType,
        batch: int,
        heads: int,
        query_stride: int,
        cache: PagedCacheShape,
        key: PagedCacheView,
        value: PagedCacheView,
        max_blocks: int,
        block_table_stride: int,
        scale: float,
        write_lse: bool,
        query_tokens: int | None = None,
        max_query_len: int = 1,
        layout: CacheLayout = ...,
        max_seq_len: int = -1,
        seq_lens: Sequence[int] = (),
        softcap: float = 0.0,
        window_left: int = -1,
        alibi: bool = False,
        sinks: bool = False,
        query_starts: bool = False,
        split_rule: SplitRule = ...,
        split_value: int = 0,
        strategy: Strategy = ...,
        partial_outputs: int = 0,
    ) -> None: ...

class BlockCopyProblem:
    def __init__(self, block_bytes: int, source_stride: int, target_stride: int) -> None: ...

class CopyBlocksProblem:
    def __init__(
        self, *, pairs: int, key: BlockCopyProblem, value: BlockCopyProblem = ...
    ) -> None: ...

class StateView:
    def __init__(
        self,
        *,
        state_stride: int = 0,
        token_stride: int,
        lse_state_stride: int = 0,
        lse_token_stride: int,
        lse_head_stride: int,
    ) -> None: ...

class MergeStatesProblem:
    def __init__(
        self,
        *,
        dtype: DataType,
        tokens: int,
        heads: int,
        head_dim: int,
        prefix_states: int = 1,
        prefix: StateView,
        suffix: StateView | None,
        output: StateView,
        write_lse: bool,
    ) -> None: ...

class TokenView:
    def __init__(self, row_stride: int, token_stride: int, head_stride: int) -> None: ...

class RotaryProblem:
    def __init__(
        self,
        *,
        dtype: DataType,
        factor_dtype: DataType,
        batch: int,
        sequence: int,
        heads: int,
        head_dim: int,
        rotary_dim: int,
        x: TokenView,
        output: TokenView,
        cos_stride: int,
        sin_stride: int,
        interleaved: bool,
    ) -> None: ...

class Plan:
    @property
    def kernel(self) -> str: ...
    @property
    def kernel_type(self) -> str: ...
    @property
    def tiling(self) -> bytes: ...
    @property
    def fields(self) -> dict[str, Any]: ...
    @property
    def tiling_key(self) -> int: ...
    @property
    def blocks(self) -> int: ...
    @property
    def workspace_bytes(self) -> int: ...

def plan_paged_attention(problem: PagedAttentionProblem, soc: str) -> Plan: ...
def paged_attention_work(
    problem: PagedAttentionProblem,
    soc: str,
    seq_lens: Sequence[int],
    query_starts: Sequence[int] = (),
) -> list[tuple[int, int]]: ...
def plan_merge_states(problem: MergeStatesProblem, soc: str) -> Plan: ...
def plan_copy_blocks(problem: CopyBlocksProblem, soc: str) -> Plan: ...
def plan_rotary(problem: RotaryProblem, soc: str) -> Plan: ...
def plan_reshape_and_cache(problem: ReshapeAndCacheProblem, soc: str) -> Plan: ...

# --- bind_flash.cpp -----------------------------------------------------------------------------

class ScoreFormat:
    float: ScoreFormat
    half: ScoreFormat
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class FlashProblem:
    def __init__(self) -> None: ...
    query: TokenView
    output: TokenView
    lse: TokenView
    key: PagedCacheView
    value: PagedCacheView
    mask: TokenView
    block_table_stride: int
    alibi_stride: int
    batch: int
    query_tokens: int
    key_tokens: int
    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    page_size: int
    layout: CacheLayout
    max_query_tokens: int
    max_key_tokens: int
    query_lens: Sequence[int]
    key_lens: Sequence[int]
    window_left: int
    window_right: int
    scale: float
    softcap: float
    has_query_starts: bool
    has_key_starts: bool
    has_query_lens: bool
    has_key_lens: bool
    has_key_rows: bool
    has_key_pads: bool
    has_prefixes: bool
    has_alibi: bool
    has_sinks: bool
    has_mask: bool
    bias_bytes: int
    write_lse: bool
    row_tile: int
    kv_tile: int
    lookahead: int
    pack: int
    splits: int
    partition_tokens: int
    score_format: ScoreFormat

def plan_flash_attention(dtype: DataType, problem: FlashProblem, soc: str) -> Plan: ...
def flash_attention_work(
    dtype: DataType,
    problem: FlashProblem,
    soc: str,
    query_lens: Sequence[int],
    key_lens: Sequence[int],
    prefixes: Sequence[int] = (),
) -> list[list[tuple[int, int, int, int, int, int, int, int]]]: ...

# --- bind_levels.cpp ----------------------------------------------------------------------------

def levels() -> list[str]: ...
def level() -> str: ...
def set_level(level: str) -> None: ...
