# SPDX-License-Identifier: Apache-2.0
"""Calls of probe_cube_move: their struct, types, memories and launch."""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from ascend_attention import model

from tests.model.copy_case import TYPES, copy_of
from tests.model.harness import Array, assert_same_bits, poisoned
from tests.model.ub_image import structure

L1_BYTES = 512 * 1024
IMAGE_BYTES = 0x8000
GM_BYTES = 0x8000
GM = 0x200  # offset of the tensor in GM
LOCAL = 0x1000  # of the tensor in L1
HALF_TO_FLOAT = 12

COUNT, PARAMS, ENHANCED = range(3)
GM_L1, L1_GM, L1_BIAS, L1_FIXBUF = range(4)
PATHS = {GM_L1: "gm_l1", L1_GM: "l1_gm", L1_BIAS: "l1_bt", L1_FIXBUF: "l1_fb"}
# As in isa.h.
L1, BIAS, FIXBUF = 2, 6, 7
MEMORY_BYTES = {L1: IMAGE_BYTES, BIAS: 1024, FIXBUF: 2048}
# As TPosition.
A1, A2, B1, B2, C1, C2, CO1, VECIN, C2PIPE2GM = 1, 2, 3, 4, 5, 6, 7, 9, 15

CubeMoveCase = structure(
    "CubeMoveCase",
    *((name, ctypes.c_int32) for name in ("form", "path", "type", "position", "to", "atomic")),
    *((name, ctypes.c_uint32) for name in ("image_bytes", "gm", "local", "target", "count")),
    ("burst", ctypes.c_uint32 * 4),
    ("memory", ctypes.c_int32),
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
    """A call on the usual places, less what is changed."""
    memory = {L1_BIAS: BIAS, L1_FIXBUF: FIXBUF}.get(path, L1)
    fields: dict[str, object] = {
        "form": form,
        "path": path,
        "type": TYPES[type_][0] if type_ in TYPES else HALF_TO_FLOAT,
        "image_bytes": IMAGE_BYTES,
        "gm": GM,
        "local": LOCAL,
        "memory": memory,
        "store_bytes": MEMORY_BYTES[memory],
    }
    return CubeMoveCase(**{**fields, **changes})


def launch(
    probes: model.Library, state: State, call: ctypes.Structure, **options: Any
) -> tuple[Array, Array]:
    """The memory that the call stores, and GM."""
    out = poisoned(max(call.store_bytes, 32), np.uint8)
    gm = copy_of(state.gm)
    arguments = [model.In(state.l1), model.InOut(gm), model.InOut(out), bytes(call)]
    probes.launch("probe_cube_move", arguments, **options)
    return out, gm


def assert_memories(actual: tuple[Array, Array], local: Array, gm: Array) -> None:
    """Equal everywhere, also where the function had nothing to write."""
    assert_same_bits(actual[0], local, "local memory")
    assert_same_bits(actual[1], gm, "GM")
