# SPDX-License-Identifier: Apache-2.0
"""Every row of the API list has a value test and a fault test."""

from collections import Counter

import pytest

from tests.model.api_rows import api_rows

ROWS = {row["id"]: row for row in api_rows()}


def test_row_ids_are_unique() -> None:
    counts = Counter(row["id"] for row in api_rows())

    assert [row for row, count in counts.items() if count > 1] == []


@pytest.mark.needs_whole_suite
@pytest.mark.parametrize("row", ROWS)
def test_row_has_a_value_test(row: str, covered: dict[str, set[str]]) -> None:
    assert "value" in covered.get(row, set()), f"no test is marked covers({row!r}, 'value')"


@pytest.mark.needs_whole_suite
@pytest.mark.parametrize("row", [row for row, fields in ROWS.items() if "no_fault" not in fields])
def test_row_has_a_fault_test(row: str, covered: dict[str, set[str]]) -> None:
    assert "fault" in covered.get(row, set()), f"no test is marked covers({row!r}, 'fault')"


@pytest.mark.needs_whole_suite
def test_covered_rows_exist(covered: dict[str, set[str]]) -> None:
    assert sorted(covered.keys() - ROWS.keys()) == []


def test_rows_without_a_fault_give_a_reason(
    pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = {row: fields["no_fault"] for row, fields in ROWS.items() if "no_fault" in fields}
    if pytestconfig.get_verbosity() > 0:
        with capsys.disabled():
            print("", *(f"{row}: {reason}" for row, reason in reasons.items()), sep="\n  ")

    assert all(isinstance(reason, str) and reason.strip() for reason in reasons.values())
