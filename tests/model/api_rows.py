# SPDX-License-Identifier: Apache-2.0
"""The list of supported functions and overloads: the rows of model/api/*.toml."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).resolve().parents[2] / "model" / "api"


def api_families() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each file with rows, by a title made from its name."""
    for path in sorted(FOLDER.glob("*.toml")):
        yield path.stem.replace("_", " ").capitalize(), tomllib.loads(path.read_text())


GENERATIONS = ("8_1", "newest")  # of CANN's headers


def api_rows() -> Iterator[dict[str, Any]]:
    """Every ``[[api]]`` row: ``id``, ``function``, ``dtypes``, ``no_fault`` and more."""
    for _, family in api_families():
        yield from family.get("api", [])


def rows_with(*fields: str, generation: str | None = None) -> frozenset[str]:
    """Rows with one of the fields, as such or for one generation of headers: ``field_8_1``."""
    names = {*fields, *(f"{field}_{generation}" for field in fields)}
    return frozenset(row["id"] for row in api_rows() if not names.isdisjoint(row))
