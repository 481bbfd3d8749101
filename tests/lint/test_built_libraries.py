# SPDX-License-Identifier: Apache-2.0
"""What the linker sees: leaves of one level stay in it, and the model stands alone."""

import re
import subprocess
from pathlib import Path

import pytest
from ascend_attention import _native

PACKAGE = Path(_native.__file__).parent
BUILD = PACKAGE.parents[1]


def symbols(path: Path, *options: str) -> list[tuple[str, str]]:
    """List the type and demangled name of each symbol."""
    command = ["nm", "--demangle", "--format=posix", *options, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = re.findall(r"^(.+?) ([A-Za-z])(?: [0-9a-f]+.*| *)$", output, re.MULTILINE)
    return [(kind, name) for name, kind in rows]


def shareable(listed: list[tuple[str, str]], level: str) -> list[str]:
    """Name the weak symbols of a leaf object that lie outside its level's namespace.

    The linker keeps one of several equal weak symbols: it could be the one that needs AVX-512.
    DW.ref is no code: the address of the handler of exceptions, which sanitizers ask for.
    """
    weak = [name for kind, name in listed if kind in "WVu" and not name.startswith("DW.ref.")]
    return [name for name in weak if f"leaf::{level}::" not in name]


@pytest.mark.parametrize("level", ["baseline", "v3", "v4"])
def test_no_leaf_defines_a_symbol_that_another_level_could_share(level: str) -> None:
    objects = sorted(BUILD.glob(f"model/CMakeFiles/npu_leaf_{level}.dir/**/*.o"))
    if level == "baseline":
        assert objects
    for path in objects:
        assert shareable(symbols(path, "--defined-only"), level) == [], path


@pytest.mark.parametrize("kind", ["W", "V", "u"])
def test_a_weak_symbol_of_a_leaf_must_name_its_level(kind: str) -> None:
    inline = "float const& std::min<float>(float const&, float const&)"
    other = "npu_model::leaf::v3::Table::Size()"
    own = "npu_model::leaf::v4::Table::Size()"
    assert shareable([(kind, inline), (kind, other), (kind, own), ("T", inline)], "v4") == [
        inline,
        other,
    ]


@pytest.mark.parametrize("prefix", ["Py", "_Py", "acl"])
def test_the_model_uses_neither_python_nor_acl(prefix: str) -> None:
    library = PACKAGE / "libnpu_model.so"
    names = [name for _, name in symbols(library, "--dynamic", "--undefined-only")]
    assert names
    assert [name for name in names if name.startswith(prefix)] == []


def test_each_library_looks_for_the_others_beside_itself() -> None:
    libraries = sorted(PACKAGE.glob("*.so"))
    assert len(libraries) >= 3
    for library in libraries:
        command = ["readelf", "--dynamic", str(library)]
        dynamic = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if re.search(r"NEEDED.*(libnpu_model|libascend_attention)", dynamic):
            assert re.search(r"RUNPATH.*\[\$ORIGIN\]|RPATH.*\[\$ORIGIN\]", dynamic), library
