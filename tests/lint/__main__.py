# SPDX-License-Identifier: Apache-2.0
"""Run one check over the repository: ``python -m tests.lint layering|size|text``."""

import sys
from collections.abc import Callable

from tests.lint import layering, size, text
from tests.lint.tree import Tree, Violation, read_tree

CHECKS: dict[str, Callable[[Tree], list[Violation]]] = {
    "layering": layering.check,
    "size": size.check,
    "text": text.check,
}


def main() -> int:
    violations = CHECKS[sys.argv[1]](read_tree())
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
