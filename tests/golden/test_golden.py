# SPDX-License-Identifier: Apache-2.0
"""Instruction streams are those of the digests in the repository."""

from __future__ import annotations

import sys

from tests.golden.cases import DIGESTS, digests

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def test_streams_have_not_changed() -> None:
    expected = tomllib.loads(DIGESTS.read_text())

    assert digests() == expected, "if the change is meant: python -m tests.golden"


def test_streams_do_not_depend_on_where_memory_lies() -> None:
    assert digests() == digests()
