# SPDX-License-Identifier: Apache-2.0
"""The text check finds missing licence lines and each kind of forbidden word."""

import pytest

from tests.lint import text

CPP_HEAD = "// SPDX-License-Identifier: Apache-2.0\n// What the file is.\n"
PYTHON_HEAD = "# SPDX-License-Identifier: Apache-2.0\n"


def rules(path: str, content: str) -> list[str]:
    return [violation.rule for violation in text.check({path: content})]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("model/core/a.h", "// What the file is.\n"),
        ("model/core/a.h", PYTHON_HEAD),
        ("model/core/a.cpp", "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"),
        ("tests/a.py", '"""What the file is."""\n'),
        ("tests/a.py", ""),
        ("build.sh", "#!/usr/bin/env bash\nset -e\n"),
    ],
)
def test_a_missing_licence_or_first_comment_is_found(path: str, content: str) -> None:
    assert len(rules(path, content)) == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("model/core/a.h", CPP_HEAD),
        ("tests/a.py", PYTHON_HEAD),
        ("build.sh", "#!/usr/bin/env bash\n" + PYTHON_HEAD),
        ("docs/model.md", "# The model\n"),
    ],
)
def test_a_complete_head_is_silent(path: str, content: str) -> None:
    assert rules(path, content) == []


def test_a_source_file_leaves_it_to_its_header_to_say_what_it_is() -> None:
    source = '// SPDX-License-Identifier: Apache-2.0\n#include "a.h"\n'
    assert text.check({"model/core/a.cpp": source, "model/core/a.h": CPP_HEAD}) == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("TO" + "DO: later", "a leftover note"),
        ("/wor" + "k/main/a.cpp", "a path of one machine"),
        ("see /tm" + "p/ref/x", "a path of one machine"),
        ("https://pypi" + ".org/simple", "a registry's host"),
        ("see issu" + "e 12", "an issue's number"),
        ("found in an earlier " + "session", "how the text came about"),
        ("<" * 7 + " HEAD", "a merge marker"),
        ("a line ", "a space at the end of the line"),
    ],
)
def test_forbidden_words_are_found_anywhere(words: str, name: str) -> None:
    (rule,) = rules("docs/model.md", f"fine\n{words}\n")
    assert rule.startswith(f"must not hold {name} ")


def test_a_fixture_of_session_scope_is_silent() -> None:
    assert rules("tests/a.py", PYTHON_HEAD + '@pytest.fixture(scope="session")\n') == []


def test_a_missing_newline_at_the_end_is_found() -> None:
    assert rules("docs/model.md", "fine") == ["must end with a newline"]
