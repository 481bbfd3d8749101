# SPDX-License-Identifier: Apache-2.0
"""The page docs/api.md, made from the checked-in list model/api/*.toml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.model.api_rows import api_families

HEAD = """\
# Ascend C functions that the model supports

Made from `model/api/*.toml` by `python -m tests.docs`; do not edit. One row an overload for the
Ascend 910B. *Instruction* is the hardware instruction that it lowers to. Every row has a test of
its values and a test that provokes a fault, or says why it cannot fault.
"""


def _types(dtypes: list[Any]) -> str:
    return ", ".join(
        " <- ".join(f"`{name}`" for name in entry) if isinstance(entry, list) else f"`{entry}`"
        for entry in dtypes
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _lines() -> Iterator[str]:
    yield HEAD
    for title, family in api_families():
        rows = family.get("api", [])
        if not rows:
            continue
        yield f"## {title}\n"
        yield "| overload | element types | pipe | instruction | values |"
        yield "| --- | --- | --- | --- | --- |"
        for row in rows:
            yield (
                f"| `{row['id']}` | {_types(row['dtypes'])} | {row['pipe']} | "
                f"{row.get('instruction', '')} | {_cell(row['semantics'])} |"
            )
        yield ""
        for left_out in family.get("excluded", []):
            yield f"- Left out: {left_out['function']}. {_cell(left_out['reason'])}"
        if family.get("excluded"):
            yield ""


def api_page() -> str:
    """Return the whole page."""
    return "\n".join(_lines()).rstrip("\n") + "\n"
