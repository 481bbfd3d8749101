# SPDX-License-Identifier: Apache-2.0
"""Which accesses of a program are unordered, from the definition: reachability in a graph.

The model keeps vector clocks and one newest access a granule. Here every instruction is two nodes,
start and end; flags, waits and barriers are nodes between them; two accesses to the same bytes, of
which one writes, need a path from the end of the first to the start of the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations

from tests.model.program import EVENTS, SLOT, Operation, Pipe, Step

NAMES = {
    Operation.LOAD: "copy_gm_to_ubuf",
    Operation.LOAD_OUT: "copy_gm_to_ubuf",
    Operation.MOVE: "copy_ubuf_to_ubuf",
    Operation.STORE: "copy_ubuf_to_gm",
    Operation.SCALAR_LOAD: "scalar_load",
    Operation.SCALAR_STORE: "scalar_store",
}
PIPES = {
    Operation.LOAD: Pipe.MTE2,
    Operation.LOAD_OUT: Pipe.MTE2,
    Operation.MOVE: Pipe.V,
    Operation.STORE: Pipe.MTE3,
    Operation.SCALAR_LOAD: Pipe.S,
    Operation.SCALAR_STORE: Pipe.S,
}
EVENT_PIPES = {
    number: tuple(Pipe[name] for name in event.split("_")) for event, number in EVENTS.items()
}
Place = tuple[str, int]  # memory, slot


def reads_and_writes(step: Step) -> tuple[set[Place], set[Place]]:
    """Slots that a step touches; the input is never written, so it does not count."""
    a, b = step.a // SLOT, step.b // SLOT
    match step.operation:
        case Operation.LOAD:
            return set(), {("UB", a)}
        case Operation.LOAD_OUT:
            return {("out", b)}, {("UB", a)}
        case Operation.MOVE:
            return {("UB", b)}, {("UB", a)}
        case Operation.STORE:
            return {("UB", b)}, {("out", a)}
        case Operation.SCALAR_LOAD:
            return {("UB", a)}, set()
        case _:
            return set(), {("UB", a)}


@dataclass
class Access:
    """One executed access: where it stands, what it touches, what has completed before it."""

    position: int  # in the program
    number: int  # of its pipe
    step: Step
    known: int  # bits of the accesses whose end reaches its start


@dataclass
class Order:
    """Bits of the accesses that are known to have ended, carried along the edges of the graph."""

    ended: dict[Pipe, int] = field(default_factory=lambda: dict.fromkeys(Pipe, 0))  # by pipe
    gates: dict[Pipe, int] = field(default_factory=lambda: dict.fromkeys(Pipe, 0))  # waited for
    flags: dict[tuple[int, int], int] = field(default_factory=dict)

    def start(self, pipe: Pipe) -> int:
        """What an instruction of the pipe that is issued now starts after.

        The scalar pipe issues to all others, so they wait for what it waited for; its own
        instructions run one after the other.
        """
        own = self.ended[Pipe.S] if pipe == Pipe.S else 0
        return self.gates[pipe] | self.gates[Pipe.S] | own

    def set_flag(self, source: Pipe, key: tuple[int, int]) -> None:
        """Raise a flag once all that the pipe did so far has ended."""
        self.flags[key] = self.start(source) | self.ended[source]

    def wait_flag(self, target: Pipe, key: tuple[int, int]) -> None:
        """Hold what the pipe does later until the flag is raised."""
        self.gates[target] |= self.flags.pop(key)

    def barrier(self, pipe: Pipe) -> None:
        """Hold what the pipe does later until what it did so far has ended."""
        if pipe != Pipe.ALL:
            self.gates[pipe] |= self.start(pipe) | self.ended[pipe]
            return
        everything = 0
        for bits in self.ended.values():
            everything |= bits
        self.gates = dict.fromkeys(Pipe, everything)


def conflicts(first: Step, second: Step) -> bool:
    reads, writes = reads_and_writes(first)
    later_reads, later_writes = reads_and_writes(second)
    return bool(writes & (later_reads | later_writes) or reads & later_writes)


def have_race(phases: Sequence[Sequence[Sequence[Step]]]) -> bool:
    """True when two cores touch one place of the output between the same two barriers.

    Args:
        phases: Steps by phase, then core; SyncAll separates phases, so that everything in one is
            over before the next begins.
    """
    for phase in phases:
        read: list[set[Place]] = []
        written: list[set[Place]] = []
        for steps in phase:
            touched = [reads_and_writes(step) for step in steps if step.operation in PIPES]
            read.append({place for reads, _ in touched for place in reads if place[0] == "out"})
            written.append(
                {place for _, writes in touched for place in writes if place[0] == "out"}
            )
        for core, other in permutations(range(len(phase)), 2):
            if written[core] & (read[other] | written[other]):
                return True
    return False


def first_hazard(program: Sequence[Step]) -> tuple[Access, list[Access]] | None:
    """The first access that starts before a conflicting one has ended, and all such."""
    order = Order()
    accesses: list[Access] = []
    issued = dict.fromkeys(Pipe, 0)
    for position, step in enumerate(program):
        if step.operation in (Operation.SET_FLAG, Operation.WAIT_FLAG):
            source, target = EVENT_PIPES[step.a]
            sets = step.operation == Operation.SET_FLAG
            issued[source if sets else target] += 1
            if sets:
                order.set_flag(source, (step.a, step.b))
            else:
                order.wait_flag(target, (step.a, step.b))
        elif step.operation == Operation.BARRIER:
            issued[Pipe(step.a)] += 1
            order.barrier(Pipe(step.a))
        else:
            pipe = PIPES[step.operation]
            issued[pipe] += 1
            access = Access(position, issued[pipe], step, order.start(pipe))
            unordered = [
                earlier
                for bit, earlier in enumerate(accesses)
                if not access.known >> bit & 1 and conflicts(earlier.step, step)
            ]
            if unordered:
                return access, unordered
            order.ended[pipe] |= 1 << len(accesses)
            accesses.append(access)
    return None
