# SPDX-License-Identifier: Apache-2.0
"""What tests of the model and of operators have in common: running through CANN's headers too."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--through-cann",
        action="store_true",
        help="run value tests of the model, and tests of operators, through CANN's headers too",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "own_front_end(reason, headers=None): cannot run through CANN's headers, or not through "
        "those of one generation",
    )
