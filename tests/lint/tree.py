# SPDX-License-Identifier: Apache-2.0
"""The files of the repository, and what a check reports about them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCE = re.compile(r"\.(h|cpp|py|pyi|sh|cmake)$|(^|/)CMakeLists\.txt$|^\.ci/run$")
ROOT = Path(__file__).parents[2]

# Path relative to the root, with forward slashes, to the file's text.
Tree = Mapping[str, str]


@dataclass(frozen=True)
class Violation:
    """One broken rule at one place."""

    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


def read_tree(root: Path = ROOT) -> dict[str, str]:
    """Read every file that git tracks or would add; bytes that are no UTF-8 are replaced."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
    paths = sorted(path for path in listing.decode().split("\0") if path)
    return {
        path: (root / path).read_text(encoding="utf-8", errors="replace")
        for path in paths
        if (root / path).is_file()
    }
