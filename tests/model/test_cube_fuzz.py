# SPDX-License-Identifier: Apache-2.0
"""Drawn calls of the cube's instructions do what the documentation says, bit by bit, or fault."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ascend_attention import model
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.model import cube_cases, cube_run

Check = Callable[[model.Library, Any], None]
INSTRUCTIONS: dict[str, tuple[st.SearchStrategy[Any], Check, int]] = {  # with calls of a long run
    "nd2nz": (cube_cases.nd2nz_calls(), cube_run.check_nd2nz, 4000),
    "load_2d": (cube_cases.loads_2d(), cube_run.check_load_2d, 3500),
    "load_transposed": (cube_cases.loads_transposed(), cube_run.check_load_transposed, 3000),
    "load_3d": (cube_cases.loads_3d(), cube_run.check_load_3d, 4000),
    "mmad": (cube_cases.mmads(), cube_run.check_mmad, 4000),
    "fixpipe": (cube_cases.fixpipes(), cube_run.check_fixpipe, 5000),
}
FEW = 120


@pytest.fixture(scope="module", autouse=True)
def _report(request: pytest.FixtureRequest) -> Iterator[None]:
    """Say after the tests how many calls ran and what became of them."""
    cube_run.counts.clear()
    yield
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")
    if reporter is not None and capture is not None:
        outcomes = (f"{name} {count}" for name, count in sorted(cube_run.counts.items()))
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{cube_run.counts.total()} calls: " + "; ".join(outcomes))


def fuzz(probes: model.Library, instruction: str, calls: int) -> None:
    strategy, check, _ = INSTRUCTIONS[instruction]

    @settings(
        max_examples=calls,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(strategy)
    def run(call: object) -> None:
        check(probes, call)

    run()


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_calls_do_what_is_documented_or_fault(probes: model.Library, instruction: str) -> None:
    fuzz(probes, instruction, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_many_calls_do_what_is_documented_or_fault(probes: model.Library, instruction: str) -> None:
    fuzz(probes, instruction, INSTRUCTIONS[instruction][2])
