# SPDX-License-Identifier: Apache-2.0
"""The size check finds what is one over its limit and accepts what is at it."""

import pytest

from tests.lint import size

KERNEL = "op_kernel/asc_paged_attention/asc_paged_attention.cpp"
HEADER = "op_kernel/asc_paged_attention/asc_paged_attention_vector.h"


def rules(path: str, text: str) -> list[str]:
    return [violation.rule for violation in size.check({path: text})]


@pytest.mark.parametrize(
    ("path", "limit", "kind"),
    [
        ("model/core/a.h", 500, "file"),
        ("tests/model/test_a.py", 500, "file"),
        ("build.sh", 500, "file"),
        ("model/CMakeLists.txt", 500, "file"),
        (HEADER, 500, "file"),
        ("op_kernel/common/a.cpp", 500, "file"),
        (KERNEL, 100, "kernel entry"),
    ],
)
def test_a_file_over_its_limit_is_found(path: str, limit: int, kind: str) -> None:
    assert rules(path, "\n" * limit) == []
    assert rules(path, "\n" * (limit + 1)) == [f"{kind} has {limit + 1} lines, at most {limit}"]


def test_a_line_over_its_limit_is_found() -> None:
    assert rules("model/core/a.h", "/" * 100) == []
    assert rules("model/core/a.h", "/" * 101) == ["line has 101 columns, at most 100"]


def test_columns_count_characters_not_bytes() -> None:
    assert rules("tests/a.py", "#" + "é" * 99) == []


@pytest.mark.parametrize(
    ("path", "head", "line", "tail"),
    [
        ("model/core/a.cpp", "void F() {\n", "    G();\n", "}\n"),
        ("model/core/a.h", "template <class T>\nvoid C<T>::F() {\n", "    G();\n", "}\n"),
        ("op_kernel/a/b.h", "__aicore__ inline void F() {\n", "    G();\n", "}\n"),
        ("tests/a.py", "def f() -> None:\n", "    g()\n", "    g()\n"),
    ],
)
def test_a_function_over_its_limit_is_found(path: str, head: str, line: str, tail: str) -> None:
    most = 80 - head.count("\n") - tail.count("\n") + head.startswith("template")

    assert rules(path, head + line * most + tail) == []
    (rule,) = rules(path, head + line * (most + 1) + tail)
    assert rule.endswith("has 81 lines, at most 80")


def test_a_docstring_does_not_count() -> None:
    docstring = '    """A.\n' + "\n" * 50 + '    """\n'
    assert rules("tests/a.py", "def f() -> None:\n" + docstring + "    g()\n" * 79) == []
    (rule,) = rules("tests/a.py", "def f() -> None:\n" + docstring + "    g()\n" * 80)
    assert rule == "f has 81 lines, at most 80"


def test_a_function_that_branches_too_often_is_found() -> None:
    branch = "    if (a) {\n    }\n"
    assert rules("model/core/a.cpp", "void F() {\n" + branch * 14 + "}\n") == []
    (rule,) = rules("model/core/a.cpp", "void F() {\n" + branch * 15 + "}\n")
    assert rule == "F has complexity 16, at most 15"


def test_a_switch_counts_once() -> None:
    cases = "".join(f"        case {value}: return;\n" for value in range(30))
    assert rules("model/core/a.cpp", "void F() {\n    switch (a) {\n" + cases + "    }\n}\n") == []


def test_a_big_file_of_any_kind_is_found() -> None:
    assert rules("docs/trace.json", "x" * 1_000_000) == []
    assert rules("docs/trace.json", "x" * 1_000_001) == ["1000001 bytes, at most 1000000"]
