# SPDX-License-Identifier: Apache-2.0
"""The libraries that every test of the front ends compares."""

import pytest
from ascend_attention.model import Library

from tests.cann.front_ends import CANN_KERNELS, CANN_PROBES, OWN_PROBES


@pytest.fixture(scope="module")
def cann_kernels() -> Library:
    """Our kernels through the real headers."""
    return Library(CANN_KERNELS)


@pytest.fixture(scope="module")
def probes() -> tuple[Library, Library]:
    """The probes through our front end and through the real headers."""
    return Library(OWN_PROBES), Library(CANN_PROBES)
