# SPDX-License-Identifier: Apache-2.0
"""Pages say what the code does: generated ones are current, links and named tests exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.api_page import api_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
]


def test_the_api_page_is_current() -> None:
    assert (ROOT / "docs/api.md").read_text() == api_page(), "run: python -m tests.docs"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    local = [link for link in links if link and "://" not in link]

    assert [link for link in local if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_test_that_the_rule_table_names_exists() -> None:
    text = (ROOT / "docs/model.md").read_text()
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", text)
    files = {path.name: path.read_text() for path in ROOT.glob("tests/*/test_*.py")}

    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^def {test}\(", files.get(file, ""), re.MULTILINE)
    ]
    assert named, "the rule table names tests as `file.py::test`"
    assert missing == []
