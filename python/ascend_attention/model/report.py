# SPDX-License-Identifier: Apache-2.0
"""What a launch tells: instructions and bytes a pipe, ordering sites, faults."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ascend_attention.model import symbols
from ascend_attention.model.symbols import CodeAddress

if TYPE_CHECKING:
    from ascend_attention import _native


@dataclass(frozen=True)
class PipeCounters:
    """What one pipe did, summed over the cores of one kind."""

    instructions: int = 0
    gm_read_bytes: int = 0
    gm_written_bytes: int = 0
    local_read_bytes: int = 0
    local_written_bytes: int = 0
    macs: int = 0  # multiply-accumulates of the cube

    def __add__(self, other: "PipeCounters") -> "PipeCounters":
        return PipeCounters(
            self.instructions + other.instructions,
            self.gm_read_bytes + other.gm_read_bytes,
            self.gm_written_bytes + other.gm_written_bytes,
            self.local_read_bytes + other.local_read_bytes,
            self.local_written_bytes + other.local_written_bytes,
            self.macs + other.macs,
        )


@dataclass(frozen=True)
class Instruction:
    """One executed instruction, named in a fault."""

    name: str
    pipe: str
    core: int
    index: int  # position in the instruction stream of its pipe, from 1
    addresses: tuple[CodeAddress, ...]  # return addresses, innermost first

    @classmethod
    def from_native(cls, fields: "_native._Instruction | None") -> "Instruction | None":
        """Take over what the native module reports."""
        if fields is None:
            return None
        addresses = tuple(CodeAddress(*place) for place in fields["addresses"])
        return cls(fields["name"], fields["pipe"], fields["core"], fields["index"], addresses)

    @property
    def is_known(self) -> bool:
        """False for one so old that the core no longer remembers its name."""
        return bool(self.addresses)

    def place(self) -> str:
        """Where the kernel issues it: ``file:line (function) <- ...``; empty when unknown."""
        return symbols.describe(self.addresses)


@dataclass(frozen=True)
class Fault:
    """A rule of the hardware that a kernel broke, and where.

    ``begin`` and ``end`` are a byte range in ``memory``: a buffer of the core, an argument, or GM.
    ``other`` is the earlier instruction of a hazard or race. ``block`` and ``core`` are -1 when the
    launch itself is at fault.
    """

    kind: str
    message: str
    kernel: str
    block: int
    core: int
    core_name: str
    instruction: Instruction | None
    other: Instruction | None
    operand: str
    memory: str
    begin: int
    end: int
    rule: str
    source: str

    @classmethod
    def from_native(cls, fields: "_native._Fault | None") -> "Fault | None":
        """Take over what the native module reports."""
        if fields is None:
            return None
        values: dict[str, Any] = dict(fields)
        for role in ("instruction", "other"):
            values[role] = Instruction.from_native(values[role])
        return cls(**values)

    @property
    def names_both(self) -> bool:
        """True for two unordered accesses of which both instructions are known by name."""
        return self.kind in ("hazard", "race") and self.other is not None and self.other.is_known

    def describe(self) -> str:
        """The message, with source places where they are known."""
        text = self.message
        for role, instruction in (("at", self.instruction), ("earlier", self.other)):
            place = instruction.place() if instruction else ""
            if place:
                text += f"\n  {role}: {place}"
        return text


@dataclass(frozen=True)
class Site:
    """One ordering instruction of the program, as reached through one chain of calls."""

    kind: str  # set_flag, wait_flag, pipe_barrier, cross_core_set, cross_core_wait
    detail: str  # pipes
    chain: tuple[int, ...]  # addresses in this process: what Options.mutated_sites takes
    addresses: tuple[CodeAddress, ...]  # the same, for symbolise
    hits: int


@dataclass(frozen=True)
class StreamEntry:
    """One instruction of the pipes V to FIX, in effect: equal for calls that mean the same.

    Attributes:
        core: Number of the core in the launch.
        pipe: That executed it.
        name: Of the instruction.
        effect: Digest of the bytes that it reads and writes, after mask and repeat.
        known: How many entries of each pipe of its core were known to be complete at its start.
        elsewhere: Digest of the same for the other cores.
        addresses: Of the calls that led to it, innermost first, like those of a fault.
    """

    core: int
    pipe: str
    name: str
    effect: int
    known: tuple[int, ...]
    elsewhere: int
    addresses: tuple[CodeAddress, ...]


@dataclass(frozen=True)
class Report:
    """What one launch did."""

    kernel: str
    mode: str
    cores: int
    counters: Mapping[tuple[str, str], PipeCounters]  # by core kind and pipe, where not idle
    sites: tuple[Site, ...]
    printed: str
    stream: tuple[StreamEntry, ...] = ()  # with Options.collect_stream, in program order

    @classmethod
    def from_native(cls, kernel: str, mode: str, fields: "_native._Report") -> "Report":
        """Take over what the native module reports."""
        counters = {key: PipeCounters(*values) for key, values in fields["counters"].items()}
        sites = tuple(
            Site(
                site["kind"],
                site["detail"],
                site["chain"],
                tuple(CodeAddress(*place) for place in site["addresses"]),
                site["hits"],
            )
            for site in fields["sites"]
        )
        chains = [
            tuple(CodeAddress(*place) for place in chain) for chain in fields["stream_chains"]
        ]
        stream = tuple(StreamEntry(*entry[:-1], chains[entry[-1]]) for entry in fields["stream"])
        return cls(kernel, mode, fields["cores"], counters, sites, fields["printed"], stream)

    def pipe(self, name: str, core: str = "AIV") -> PipeCounters:
        """Counters of a pipe (``V``, ``MTE2``, ...) over the cores of a kind; zeros when idle."""
        return self.counters.get((core, name), PipeCounters())

    @property
    def instructions(self) -> int:
        """Executed instructions over all cores and pipes."""
        return sum(counters.instructions for counters in self.counters.values())


_recorders: ContextVar[tuple[list[Report], ...]] = ContextVar("model_reports", default=())


@contextmanager
def recorded() -> Iterator[list[Report]]:
    """Collect the reports of the launches of this block, faulted ones included."""
    reports: list[Report] = []
    token = _recorders.set((*_recorders.get(), reports))
    try:
        yield reports
    finally:
        _recorders.reset(token)


def record(report: Report) -> None:
    """Hand a report to every ``recorded`` block around this call."""
    for reports in _recorders.get():
        reports.append(report)
