# SPDX-License-Identifier: Apache-2.0
"""Operator tests run in checked mode, and every one of them must really execute kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ascend_attention.model import checked, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ascend_attention.model import Report


@pytest.fixture
def launches() -> Iterator[list[Report]]:
    """Reports of all launches of the test, which runs in checked mode; none at all is a failure."""
    with checked(), recorded() as reports:
        yield reports
    assert reports, "no kernel was launched"
    for report in reports:
        assert report.mode == "checked"
        assert report.pipe("MTE2").instructions > 0, "the kernel moved nothing"
