# SPDX-License-Identifier: Apache-2.0
"""DataCopy between GM and L1 and from L1 to the bias table and Fixpipe buffer: bytes, faults."""

import pytest
from ascend_attention import model

from tests.model.copy_case import TYPES
from tests.model.cube_move_case import (
    COUNT,
    GM,
    GM_L1,
    LOCAL,
    assert_memories,
    case,
    launch,
    random_state,
)
from tests.model.harness import covers


@covers("DataCopy.gm_l1.count", "value")
@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("blocks", [0, 1, 7, 100])
def test_elements_from_gm_to_l1(probes: model.Library, type_: str, blocks: int) -> None:
    state = random_state()
    bytes_ = 32 * blocks
    call = case(COUNT, GM_L1, type_, count=bytes_ // TYPES[type_][1].itemsize)

    after = launch(probes, state, call)

    expected = state.l1.copy()
    expected[LOCAL : LOCAL + bytes_] = state.gm[GM : GM + bytes_]
    assert_memories(after, expected, state.gm)
