# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the model's tests, and the record of which rows of the API list they cover."""

from pathlib import Path

import pytest
from ascend_attention import model

from tests.model.harness import probes_path

COVERED = pytest.StashKey[dict[str, set[str]]]()  # row -> kinds of tests
COLLECTED = pytest.StashKey[set[Path]]()
HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(row, kind): tests a row of model/api")
    config.addinivalue_line("markers", "needs_whole_suite: judges all tests of this folder")
    config.stash[COVERED] = {}
    config.stash[COLLECTED] = set()


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, pytest.Module):
        collector.config.stash[COLLECTED].add(collector.path)


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in item.iter_markers("covers"):
        row, kind = mark.args
        item.config.stash[COVERED].setdefault(row, set()).add(kind)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if set(HERE.glob("test_*.py")) <= config.stash[COLLECTED]:
        return
    partial = [item for item in items if item.get_closest_marker("needs_whole_suite")]
    config.hook.pytest_deselected(items=partial)
    items[:] = [item for item in items if item not in partial]


@pytest.fixture(scope="session")
def covered(request: pytest.FixtureRequest) -> dict[str, set[str]]:
    """Rows of the API list with the kinds of tests (``value``, ``fault``) that they have."""
    return request.config.stash[COVERED]


@pytest.fixture(scope="session")
def probes() -> model.Library:
    """The kernels of tests/model/probes."""
    return model.Library(probes_path())


@pytest.fixture(autouse=True)
def _checked() -> object:
    """Every launch of the model's tests enforces every rule, unless the test says otherwise."""
    with model.checked():
        yield
