# SPDX-License-Identifier: Apache-2.0
"""Which cores a kernel type starts, and what each of them knows about its place."""

import numpy as np
import pytest
from ascend_attention import model

from tests.model.harness import aligned, covers

LINE = 8  # int64 values of a cache line


def places(probes: model.Library, kernel_type: str, blocks: int) -> list[list[list[int]]]:
    """Block index, blocks, sub-block, sub-blocks and task ratio of every AIC, and of every AIV."""
    aic, aiv = aligned((blocks, LINE), np.int64), aligned((2 * blocks, LINE), np.int64)
    aic[...] = -1
    aiv[...] = -1
    probes.launch("probe_places", [model.Out(aic), model.Out(aiv)], blocks=blocks, type=kernel_type)
    return [
        [[int(value) for value in core[:5]] for core in kind if core[0] >= 0] for kind in (aic, aiv)
    ]


@covers("GetTaskRation", "value")
@covers("GetSubBlockNum", "value")
@covers("GetSubBlockIdx", "value")
@covers("GetBlockIdx", "value")
@covers("GetBlockNum", "value")
@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize(
    ("kernel_type", "aic", "aiv"),
    [
        ("AIV_ONLY", 0, 1),
        ("AIC_ONLY", 1, 0),
        ("MIX_AIV_1_0", 0, 1),
        ("MIX_AIC_1_0", 1, 0),
        ("MIX_AIC_1_1", 1, 1),
        ("MIX_AIC_1_2", 1, 2),
    ],
)
def test_every_core_knows_its_place(
    probes: model.Library, kernel_type: str, aic: int, aiv: int, blocks: int
) -> None:
    cube, vector = places(probes, kernel_type, blocks)

    assert cube == [[block, blocks, 0, 1, 1] for block in range(aic * blocks)]
    assert vector == [[core, blocks, core % aiv, aiv, aiv] for core in range(aiv * blocks)]
