# SPDX-License-Identifier: Apache-2.0
"""Operator tests run in checked mode, and every one of them must really execute kernels.

With ``--through-cann`` some cases of every test run, and each launch runs through CANN's headers
as well. A variant of a kernel that none of them launches is a failure.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from ascend_attention.backends import model as backend
from ascend_attention.model import checked, recorded

from tests.cann.front_ends import CANN_KERNELS
from tests.model.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascend_attention.model import Report


HERE = Path(__file__).parent
FEW, MOST = 6, 24
TWIN = pytest.StashKey[Twin]()


def _some_of(cases: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Any few cases of a test function, and some more that have a value of a parameter first."""
    seen: set[str] = set()
    number = 0
    for item in sorted(cases, key=lambda item: crc32(item.nodeid.encode())):
        if item.get_closest_marker("own_front_end"):
            continue
        values = set(item.nodeid.partition("[")[2].removesuffix("]").split("-"))
        if number < FEW or (number < MOST and not values <= seen):
            yield item
            number += 1
            seen |= values


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--through-cann"):
        return
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if HERE in item.path.parents:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {item for all_cases in cases.values() for item in _some_of(all_cases)}
    left_out = {item for all_cases in cases.values() for item in all_cases} - kept
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def _through_cann(request: pytest.FixtureRequest) -> Iterator[None]:
    if not request.config.getoption("--through-cann"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        twin = request.config.stash[TWIN] = Twin(backend.KERNELS, CANN_KERNELS)
        patch.setattr(backend, "kernels", lambda: twin)
        yield


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    twin = config.stash.get(TWIN, None)
    if twin is not None:
        terminalreporter.line(
            f"{len(twin.variants)} variants of kernels compared with CANN's headers in "
            f"{twin.compared} launches"
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a whole run that leaves a variant out."""
    twin = session.config.stash.get(TWIN, None)
    if twin is None or not any(Path(arg).resolve() == HERE for arg in session.config.args):
        return
    missing = sorted(twin.kernel_types.keys() - twin.variants)
    if missing:
        print(f"\nnot compared with CANN's headers: {missing}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def launches() -> Iterator[list[Report]]:
    """Reports of all launches of the test, which runs in checked mode; none at all is a failure."""
    with checked(), recorded() as reports:
        yield reports
    assert reports, "no kernel was launched"
    for report in reports:
        assert report.mode == "checked"
        assert report.pipe("MTE2").instructions > 0, "the kernel moved nothing"
