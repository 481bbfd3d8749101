# SPDX-License-Identifier: Apache-2.0
"""Calls of probe_cube_move: their struct, types, memories and launch."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ascend_attention import model
from ascend_attention.model.arguments import Argument

from tests.model.copy_case import TYPES, copy_of
from tests.model.harness import Array, assert_same_bits, poisoned
from tests.model.ub_image import structure

BLOCK = 32  # bytes
L1_BYTES = 512 * 1024
MIX_RESERVED = 256  # bytes at the end of L1 in kernels with cores of both kinds
IMAGE_BYTES = 0x8000
GM_BYTES = 0x8000
GM = 0x200  # offset of the tensor in GM
LOCAL = 0x1000  # of the tensor in L1
PROBE_TYPES = {name: number for name, (number, _) in TYPES.items()}
PROBE_TYPES |= {"half to float": 12, "int4b_t": 13}

COUNT, PARAMS, ENHANCED, ND2NZ = range(4)
FORMS = {COUNT: "count", PARAMS: "params", ENHANCED: "enhanced", ND2NZ: "nd2nz"}
GM_L1, L1_GM, L1_BIAS, L1_FIXBUF = range(4)
PATHS = {GM_L1: "gm_l1", L1_GM: "l1_gm", L1_BIAS: "l1_bt", L1_FIXBUF: "l1_fb"}
# As in isa.h.
L1, BIAS, FIXBUF = 2, 6, 7
MEMORY_BYTES = {L1: IMAGE_BYTES, BIAS: 1024, FIXBUF: 2048}
# As TPosition.
A2, C1, C2, VECIN = 2, 5, 6, 9

CubeMoveCase = structure(
    "CubeMoveCase",
    *((name, ctypes.c_int32) for name in ("form", "path", "type", "position", "to", "atomic")),
    *((name, ctypes.c_uint32) for name in ("image_bytes", "gm", "local", "target", "count")),
    ("burst", ctypes.c_uint32 * 4),
    ("nd", ctypes.c_uint32 * 8),
    *((name, ctypes.c_int32) for name in ("unordered", "memory")),
    ("store_bytes", ctypes.c_uint32),
)


@dataclass
class State:
    """Bytes of L1 and of the GM argument before a launch."""

    l1: Array
    gm: Array


def random_state(seed: int = 0) -> State:
    random = np.random.default_rng(seed)
    return State(
        copy_of(random.integers(0, 256, IMAGE_BYTES, np.uint8)),
        copy_of(random.integers(0, 256, GM_BYTES, np.uint8)),
    )


def case(form: int, path: int, type_: str, **changes: object) -> ctypes.Structure:
    """A call on the usual places, less what is changed; ``burst`` and ``nd`` are tuples."""
    memory = {L1_BIAS: BIAS, L1_FIXBUF: FIXBUF}.get(path, L1)
    fields: dict[str, object] = {
        "form": form,
        "path": path,
        "type": PROBE_TYPES[type_],
        "image_bytes": IMAGE_BYTES,
        "gm": GM,
        "local": LOCAL,
        "memory": memory,
        "store_bytes": MEMORY_BYTES[memory],
    }
    return CubeMoveCase(**{**fields, **changes})


def launch(
    probes: model.Library, state: State, call: ctypes.Structure, type_: str = "AIC_ONLY"
) -> tuple[Array, Array]:
    """The memory that the call stores, and GM."""
    out = poisoned(max(call.store_bytes, BLOCK), np.uint8)
    gm = copy_of(state.gm)
    arguments: Sequence[Argument] = [
        model.In(state.l1),
        model.InOut(gm),
        model.InOut(out),
        bytes(call),
    ]
    probes.launch("probe_cube_move", arguments, type=type_)
    return out, gm


def assert_memories(actual: tuple[Array, Array], local: Array, gm: Array) -> None:
    """Equal everywhere, also where the function had nothing to write."""
    assert_same_bits(actual[0], local, "local memory")
    assert_same_bits(actual[1], gm, "GM")
