# SPDX-License-Identifier: Apache-2.0
"""Files, functions and lines stay small enough to read."""

import ast
import re
from collections.abc import Iterator

import lizard

from tests.lint.tree import SOURCE, Tree, Violation

FILE_LINES = 500
ENTRY_LINES = 100
FUNCTION_LINES = 80
COLUMNS = 100
CPP_COMPLEXITY = 15  # a switch counts once; Python's limit is ruff's
FILE_BYTES = 1_000_000

ENTRY = re.compile(r"op_kernel/(?!common/)\w+/\w+\.cpp")
ANALYZER = lizard.FileAnalyzer(lizard.get_extensions(["modified"]))


def check_lines(path: str, text: str) -> Iterator[Violation]:
    lines = text.splitlines()
    limit = ENTRY_LINES if ENTRY.fullmatch(path) else FILE_LINES
    if len(lines) > limit:
        kind = "kernel entry" if limit == ENTRY_LINES else "file"
        yield Violation(path, limit + 1, f"{kind} has {len(lines)} lines, at most {limit}")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield Violation(path, number, f"line has {len(line)} columns, at most {COLUMNS}")


def docstring_lines(path: str, text: str) -> dict[int, int]:
    """Lines of the docstring of each Python function, by the line of its ``def``."""
    if not path.endswith(".py"):
        return {}
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, functions) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            assert docstring.end_lineno is not None
            found[node.lineno] = docstring.end_lineno - docstring.lineno + 1
    return found


def check_functions(path: str, text: str) -> Iterator[Violation]:
    documented = docstring_lines(path, text)
    for function in ANALYZER.analyze_source_code(path, text).function_list:
        lines = function.end_line - function.start_line + 1
        lines -= documented.get(function.start_line, 0)
        if lines > FUNCTION_LINES:
            rule = f"{function.name} has {lines} lines, at most {FUNCTION_LINES}"
            yield Violation(path, function.start_line, rule)
        complexity = function.cyclomatic_complexity
        if not path.endswith(".py") and complexity > CPP_COMPLEXITY:
            rule = f"{function.name} has complexity {complexity}, at most {CPP_COMPLEXITY}"
            yield Violation(path, function.start_line, rule)


def check(tree: Tree) -> list[Violation]:
    """Return every file, function or line that is too long."""
    violations = []
    for path, text in tree.items():
        size = len(text.encode())
        if size > FILE_BYTES:
            violations.append(Violation(path, 1, f"{size} bytes, at most {FILE_BYTES}"))
        if SOURCE.search(path):
            violations.extend(check_lines(path, text))
        if path.endswith((".h", ".cpp", ".py")):
            violations.extend(check_functions(path, text))
    return violations
