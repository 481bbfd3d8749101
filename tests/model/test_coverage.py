# SPDX-License-Identifier: Apache-2.0
"""Every row of the API list has a value test, a fault test, and a second front end."""

from collections import Counter
from pathlib import Path

import pytest

from tests.model.api_rows import api_rows

ROWS = {row["id"]: row for row in api_rows()}
PROBES = Path(__file__).resolve().parents[1] / "cann/probes"
NOT_FULLY_COMPARED = ("not_compared", "other_order", "other_instructions")


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


def reasons_of(field: str) -> dict[str, str]:
    return {row: fields[field] for row, fields in ROWS.items() if field in fields}


@pytest.mark.parametrize("field", ["no_fault", *NOT_FULLY_COMPARED])
def test_exceptions_give_a_reason(
    field: str, pytestconfig: pytest.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = reasons_of(field)
    if pytestconfig.get_verbosity() > 0:
        with capsys.disabled():
            print(
                f"\n{field}:", *(f"{row}: {reason}" for row, reason in reasons.items()), sep="\n  "
            )

    assert all(isinstance(reason, str) and reason.strip() for reason in reasons.values())


@pytest.mark.needs_whole_suite
@pytest.mark.parametrize(
    "row", [row for row in ROWS if not {"not_compared", "compared_by"} & ROWS[row].keys()]
)
def test_row_is_compared_with_the_real_headers(row: str, covered: dict[str, set[str]]) -> None:
    assert "compared" in covered.get(row, set()), (
        f"no value test of {row} can run through both front ends: write one that uses `probes`, or "
        "give the row not_compared"
    )


@pytest.mark.parametrize("row", reasons_of("compared_by"))
def test_named_probes_call_the_function(row: str) -> None:
    probes = (PROBES / ROWS[row]["compared_by"]).read_text()

    assert any(name in probes for name in ROWS[row]["function"].split(", "))
