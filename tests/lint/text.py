# SPDX-License-Identifier: Apache-2.0
"""Licence lines, leftovers, and words that mean something on one machine only."""

import re
from collections.abc import Iterator

from tests.lint.tree import SOURCE, Tree, Violation

LICENCE = "SPDX-License-Identifier: Apache-2.0"

# Written so that no pattern matches its own line.
FORBIDDEN = {
    "a leftover note": re.compile(r"\b(TO[D]O|FIX[M]E|X{3})\b"),
    "a path of one machine": re.compile(r"/wor[k]/|/tm[p]/(ref|build)\b|/roo[t]/|/opt/whee[l]s"),
    "a registry's host": re.compile(r"pypi[.]org|pythonhosted[.]org|npmjs[.]|deb[.]debian[.]"),
    "an issue's number": re.compile(r"\b[Ii]ssue[s]? #?\d"),
    "how the text came about": re.compile(r"\bsession[s]\b|\b(this|earlier|next) session[s]?\b"),
    "a merge marker": re.compile(r"^(<{7}|>{7}) "),
    "a space at the end of the line": re.compile(r"[ \t]$"),
}


def check_head(path: str, text: str, has_header: bool) -> Iterator[Violation]:
    """Check the licence line and, unless a header beside it does so, what the file says it is."""
    lines = text.splitlines()
    first = 1 if lines and lines[0].startswith("#!") else 0
    is_cpp = path.endswith((".h", ".cpp"))
    licence = f"{'//' if is_cpp else '#'} {LICENCE}"
    if lines[first : first + 1] != [licence]:
        yield Violation(path, first + 1, f"must start with {licence}")
    elif is_cpp and not has_header and not "".join(lines[1:2]).startswith("// "):
        yield Violation(path, 2, "the second line must say what the file is")


def check(tree: Tree) -> list[Violation]:
    """Return every missing licence line and every forbidden word."""
    violations: list[Violation] = []
    for path, text in tree.items():
        if SOURCE.search(path):
            has_header = path.endswith(".cpp") and path.removesuffix(".cpp") + ".h" in tree
            violations.extend(check_head(path, text, has_header))
        if text and not text.endswith("\n"):
            violations.append(Violation(path, text.count("\n") + 1, "must end with a newline"))
        for number, line in enumerate(text.split("\n"), 1):
            for name, pattern in FORBIDDEN.items():
                if found := pattern.search(line):
                    rule = f"must not hold {name} ({found[0]!r})"
                    violations.append(Violation(path, number, rule))
    return violations
