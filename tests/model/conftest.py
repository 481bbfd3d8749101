# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the model's tests, and the record of which rows of the API list they cover.

With ``--through-cann`` only value tests run, and each launch runs through CANN's headers as well
(``twin``).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ascend_attention import model

from tests.cann.front_ends import header_generation
from tests.model.api_rows import api_rows, rows_with
from tests.model.harness import probes_path
from tests.model.twin import Twin

COVERED = pytest.StashKey[dict[str, set[str]]]()  # row -> kinds of tests
COLLECTED = pytest.StashKey[set[Path]]()
EXCEPTIONS = pytest.StashKey["Exceptions"]()
HERE = Path(__file__).parent
CANN_PROBES = probes_path().with_name("libmodel_probes_cann.so")
COMPARED = "compared"  # the kind of a test that covers a row through both front ends
THROUGH_CANN = "--through-cann"


class Exceptions:
    """The rows that are not compared in full with one generation of headers, or with any."""

    def __init__(self, generation: str | None) -> None:
        self.generation = generation
        self.not_compared = rows_with("not_compared", "compared_by", generation=generation)
        self.other_order = rows_with("other_order", generation=generation)
        self.other_instructions = rows_with("other_instructions", generation=generation)


class Comparison:
    """What was compared through both front ends, in all worker processes."""

    def __init__(self, config: pytest.Config) -> None:
        self._exceptions = config.stash[EXCEPTIONS]
        chosen = config.getoption("keyword") or config.getoption("markexpr")
        self._whole = not chosen and all(Path(arg).is_dir() for arg in config.args)
        self._rows: set[str] = set()

    @property
    def _missing(self) -> list[str]:
        rows = {row["id"] for row in api_rows()} - self._exceptions.not_compared
        return sorted(rows - self._rows) if self._whole else []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, rows in report.user_properties:
            if name == COMPARED and report.passed:
                self._rows.update(str(rows).split(","))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.line(f"{len(self._rows)} API rows compared with CANN's headers")
        for row in self._missing:
            terminalreporter.line(f"not compared: {row}", red=True)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._missing:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(row, kind): tests a row of model/api")
    config.addinivalue_line("markers", "needs_whole_suite: judges all tests of this folder")
    through_cann = config.getoption(THROUGH_CANN)
    config.stash[EXCEPTIONS] = Exceptions(header_generation(CANN_PROBES) if through_cann else None)
    if through_cann:
        config.pluginmanager.register(Comparison(config))
    config.stash[COVERED] = {}
    config.stash[COLLECTED] = set()


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, pytest.Module):
        collector.config.stash[COLLECTED].add(collector.path)


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in item.iter_markers("covers"):
        row, kind = mark.args
        item.config.stash[COVERED].setdefault(row, set()).add(kind)
    for row in rows_to_compare(item):
        item.config.stash[COVERED][row].add(COMPARED)


def rows_to_compare(item: pytest.Item) -> tuple[str, ...]:
    """Rows whose values the test checks, if it runs through both front ends."""
    exceptions = item.config.stash[EXCEPTIONS]
    for mark in item.iter_markers("own_front_end"):
        if mark.kwargs.get("headers") in (None, exceptions.generation):
            return ()
    if "probes" not in getattr(item, "fixturenames", ()):
        return ()
    marks = [mark.args for mark in item.iter_markers("covers")]
    return tuple(
        row for row, kind in marks if kind == "value" and row not in exceptions.not_compared
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption(THROUGH_CANN):
        others = [item for item in items if not rows_to_compare(item) and HERE in item.path.parents]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
        return
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
def probes(request: pytest.FixtureRequest) -> model.Library:
    """The kernels of tests/model/probes, through one front end or both."""
    if request.config.getoption(THROUGH_CANN):
        return Twin(probes_path(), CANN_PROBES)
    return model.Library(probes_path())


@pytest.fixture(autouse=True)
def _compared(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tells a twin what the test is about, and notes what it compared."""
    twin = request.getfixturevalue("probes") if "probes" in request.fixturenames else None
    if not isinstance(twin, Twin):
        yield
        return
    twin.rows = rows_to_compare(request.node)
    exceptions = request.config.stash[EXCEPTIONS]
    twin.compares_instructions = exceptions.other_instructions.isdisjoint(twin.rows)
    twin.compares_order = exceptions.other_order.isdisjoint(twin.rows)
    before = twin.compared
    yield
    if twin.compared > before:
        request.node.user_properties.append((COMPARED, ",".join(twin.rows)))


@pytest.fixture(autouse=True)
def _checked() -> object:
    """Every launch of the model's tests enforces every rule, unless the test says otherwise."""
    with model.checked():
        yield
