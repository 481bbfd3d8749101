# SPDX-License-Identifier: Apache-2.0
"""Programs for probe_program: any sequence of accesses, flags and barriers, written in Python."""

import re
from dataclasses import dataclass
from enum import IntEnum, auto
from pathlib import Path

import numpy as np
from ascend_attention import model

from tests.model.harness import aligned

SLOT = 64  # bytes that the steps move, and the distance of slots
IN_BYTES = 16 * SLOT
MOST_STEPS = 128

_TYPES = Path(__file__).resolve().parents[2] / "model" / "include" / "ascendc" / "types.h"


class Operation(IntEnum):
    """As in probe_program.cpp, in the same order."""

    LOAD = 0
    LOAD_OUT = auto()
    MOVE = auto()
    STORE = auto()
    STORE_IN = auto()
    SCALAR_LOAD = auto()
    SCALAR_STORE = auto()
    SCALAR_LOAD_GM = auto()
    SCALAR_STORE_GM = auto()
    CLEAN = auto()
    SET_FLAG = auto()
    WAIT_FLAG = auto()
    BARRIER = auto()
    SYNC_ALL = auto()
    SET_ATOMIC = auto()
    SET_MASK_MODE = auto()
    ON_BLOCK = auto()
    ON_CORE = auto()
    CROSS_SET = auto()
    CROSS_WAIT = auto()
    SYNC_ALL_KINDS = auto()


class Pipe(IntEnum):
    """Pipes as PipeBarrier takes them."""

    S = 0
    V = 1
    M = 2
    MTE1 = 3
    MTE2 = 4
    MTE3 = 5
    FIX = 6
    ALL = 7


def _hard_events() -> dict[str, int]:
    pairs = re.findall(r"X\((\w+), (\w+)\)", _TYPES.read_text())
    return {f"{source}_{target}": number for number, (source, target) in enumerate(pairs)}


EVENTS = _hard_events()


@dataclass(frozen=True)
class Step:
    """One operation of the program with its numbers, in bytes where they are places."""

    operation: Operation
    a: int = 0
    b: int = 0
    c: int = 0


def load(ub: int, gm: int = 0, count: int = SLOT) -> Step:
    """MTE2: UB <- input."""
    return Step(Operation.LOAD, ub, gm, count)


def load_out(ub: int, gm: int = 0, count: int = SLOT) -> Step:
    """MTE2: UB <- output."""
    return Step(Operation.LOAD_OUT, ub, gm, count)


def move(target: int, source: int, count: int = SLOT) -> Step:
    """V: UB <- UB."""
    return Step(Operation.MOVE, target, source, count)


def store(gm: int, ub: int, count: int = SLOT) -> Step:
    """MTE3: output <- UB."""
    return Step(Operation.STORE, gm, ub, count)


def store_in(gm: int, ub: int, count: int = SLOT) -> Step:
    """MTE3: input <- UB, which a kernel must not do."""
    return Step(Operation.STORE_IN, gm, ub, count)


def scalar_load(ub: int) -> Step:
    return Step(Operation.SCALAR_LOAD, ub)


def scalar_store(ub: int, value: int = 0) -> Step:
    return Step(Operation.SCALAR_STORE, ub, value)


def scalar_load_gm(gm: int) -> Step:
    return Step(Operation.SCALAR_LOAD_GM, gm)


def scalar_store_gm(gm: int, value: int = 0) -> Step:
    return Step(Operation.SCALAR_STORE_GM, gm, value)


def clean(gm: int = 0, *, entire: bool = False) -> Step:
    return Step(Operation.CLEAN, gm, int(entire))


def set_flag(event: str, number: int = 0) -> Step:
    return Step(Operation.SET_FLAG, EVENTS[event], number)


def wait_flag(event: str, number: int = 0) -> Step:
    return Step(Operation.WAIT_FLAG, EVENTS[event], number)


def flag(event: str, number: int = 0) -> list[Step]:
    """Set and wait: what the source pipe did before is ordered before what the target does next."""
    return [set_flag(event, number), wait_flag(event, number)]


def barrier(pipe: str) -> Step:
    return Step(Operation.BARRIER, Pipe[pipe])


def sync_all() -> Step:
    return Step(Operation.SYNC_ALL)


def set_atomic(on: bool, kind: str = "add") -> Step:
    """Atomic stores: ``add`` or ``max`` of int32, or ``add_float``."""
    kinds = ["add", "max", "add_float"]
    return Step(Operation.SET_ATOMIC, kinds.index(kind) + 1 if on else 0)


def set_counter_mode(on: bool) -> Step:
    return Step(Operation.SET_MASK_MODE, int(on))


def on_block(block: int) -> Step:
    """What follows is for this block only; -1: for every block."""
    return Step(Operation.ON_BLOCK, block)


def on_aic(block: int = -1) -> Step:
    """What follows is for the AIC of this block only; -1: for every AIC."""
    return Step(Operation.ON_CORE, 0, block)


def on_aiv(index: int = -1) -> Step:
    """What follows is for the AIV with this GetBlockIdx() only; -1: for every AIV."""
    return Step(Operation.ON_CORE, 1, index)


def cross_set(mode: int, pipe: str, number: int) -> Step:
    return Step(Operation.CROSS_SET, mode, Pipe[pipe], number)


def cross_wait(number: int, mode: int = 0) -> Step:
    return Step(Operation.CROSS_WAIT, number, mode)


def sync_all_kinds() -> Step:
    """Every AIC and AIV of the launch."""
    return Step(Operation.SYNC_ALL_KINDS)


def encode(*steps: Step | list[Step]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return the program as the kernel reads it; lists of steps are spliced in."""
    flat = [one for step in steps for one in (step if isinstance(step, list) else [step])]
    assert len(flat) <= MOST_STEPS
    program = np.zeros(1 + 4 * MOST_STEPS, np.int32)
    program[0] = len(flat)
    program[1 : 1 + 4 * len(flat)] = [
        number for step in flat for number in (step.operation, step.a, step.b, step.c)
    ]
    return program


def run(
    probes: model.Library,
    *steps: Step | list[Step],
    blocks: int = 1,
    cross_core: bool = False,
    defined: bool = False,
    type: str | None = None,
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Run a program on an input that counts up and return its output, all -1 where not written.

    Args:
        probes: The library.
        steps: Of the program; lists are spliced in.
        blocks: Of the launch.
        cross_core: Use a kernel type that has flags between cores.
        defined: Let the kernel read the output before it writes it.
        type: Of the kernel, instead of AIV_ONLY, or MIX_AIV_1_0 with ``cross_core``.
    """
    source = np.arange(IN_BYTES // 4, dtype=np.int32)
    target = aligned(IN_BYTES // 4, np.int32)
    target[...] = -1
    wrap = model.InOut if defined else model.Out
    probes.launch(
        "probe_program",
        [model.In(source, "in"), wrap(target, "out"), encode(*steps).tobytes()],
        blocks=blocks,
        tiling_key=int(cross_core),
        type=type,
    )
    return target
