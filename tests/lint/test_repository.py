# SPDX-License-Identifier: Apache-2.0
"""The repository itself: clean under the checks, every dependency pinned, build.sh says no well."""

import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.lint.__main__ import CHECKS
from tests.lint.tree import ROOT, Tree, Violation, read_tree

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_the_tree_is_clean(check: Callable[[Tree], list[Violation]]) -> None:
    assert [str(violation) for violation in check(read_tree())] == []


def test_every_dependency_is_pinned_exactly_for_this_python() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    wanted = [
        *pyproject["build-system"]["requires"],
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    lines = re.sub(r"#.*", "", (ROOT / "constraints.txt").read_text()).split("\n")
    pins = [Requirement(line) for line in lines if line.strip()]
    pinned = {
        canonicalize_name(pin.name): pin.specifier
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }

    assert all(re.fullmatch(r"==[\w.]+", str(specifier)) for specifier in pinned.values())
    for requirement in map(Requirement, wanted):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        version = str(pinned[canonicalize_name(requirement.name)]).removeprefix("==")
        assert requirement.specifier.contains(version), requirement


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "ASCEND_HOME_PATH"}
    command = [str(ROOT / "build.sh"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def test_npu_without_a_toolkit_says_what_to_set() -> None:
    result = build("npu")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("build.sh: npu needs a CANN toolkit: set ASCEND_HOME_PATH ")
    assert result.stderr.count("\n") == 1


def test_check_headers_without_a_directory_is_skipped() -> None:
    result = build("check-headers")
    assert result.returncode == 0
    assert result.stdout.startswith("check-headers: skipped, no directory given")


@pytest.mark.parametrize("directory", [str(ROOT / "docs"), str(ROOT / "missing")])
def test_check_headers_names_a_directory_without_headers(directory: str) -> None:
    result = build("check-headers", directory)
    assert result.returncode == 1
    assert result.stderr.startswith(f"build.sh: {directory} has no kernel_operator.h below it")


def test_an_unknown_verb_is_refused() -> None:
    result = build("deploy")
    assert result.returncode == 1
    assert result.stderr.endswith("build.sh: unknown verb: deploy\n")
