# SPDX-License-Identifier: Apache-2.0
"""A tree of CANN headers is recognised, and what it lacks is named in one sentence."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "model/cann/header_tree.cmake"
CMAKE = shutil.which("cmake")

TOOLKIT = [
    "x86_64-linux/ascendc/include/basic_api/kernel_operator.h",
    "x86_64-linux/ascendc/include/basic_api/impl/kernel_tpipe_impl.h",
    "x86_64-linux/ascendc/include/highlevel_api/lib/tiling_api.h",
    "tools/tikicpulib/lib/include/stub_fun.h",
    "tools/tikicpulib/lib/include/stub_def.h",
    "x86_64-linux/include/register/op_def_registry.h",
    "x86_64-linux/include/securec.h",
]
DEVKIT = [
    "asc-devkit/include/kernel_operator.h",
    "asc-devkit/include/basic_api/kernel_base_types.h",
    "asc-devkit/impl/basic_api/kernel_tpipe_impl.h",
    "asc-devkit/impl/adv_api/cmake/scripts/gen_kernel_tiling_data_def.py",
    "asc-tools/cpudebug/include/stub_def.h",
    "asc-tools/cpudebug/include/tikicpulib.h",
    "tools/tikicpulib/lib/include/stub_fun.h",
]
FIND_THE_TREE = {
    TOOLKIT[0],
    "asc-devkit/include/kernel_operator.h",
    "asc-devkit/impl/basic_api/kernel_tpipe_impl.h",
}


def check(tree: Path, headers: list[str]) -> subprocess.CompletedProcess[str]:
    """Make a tree of empty files and let CMake look at it."""
    assert CMAKE is not None
    for header in headers:
        path = tree / header
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    command = [CMAKE, f"-DASCENDC_HEADERS={tree}", "-P", str(SCRIPT)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("above", ["", "Ascend/ascend-toolkit/8.1.RC1/"])
def test_toolkit_is_recognised(tmp_path: Path, above: str) -> None:
    result = check(tmp_path, [above + header for header in TOOLKIT])

    assert result.returncode == 0, result.stderr
    assert "CANN headers: 8.1" in result.stdout


def test_devkit_is_recognised(tmp_path: Path) -> None:
    result = check(tmp_path, DEVKIT)

    assert result.returncode == 0, result.stderr
    assert "CANN headers: newest" in result.stdout


@pytest.mark.parametrize("tree", [TOOLKIT, DEVKIT], ids=["toolkit", "devkit"])
def test_what_is_missing_is_named(tmp_path: Path, tree: list[str]) -> None:
    for missing in set(tree) - FIND_THE_TREE:
        folder = tmp_path / missing.replace("/", "_")
        result = check(folder, [header for header in tree if header != missing])
        message = " ".join(result.stderr.split())

        assert result.returncode != 0, missing
        assert f"ASCENDC_HEADERS ({folder}) must hold" in message
        assert Path(missing).name + " is missing" in message


def test_folder_without_headers_is_refused(tmp_path: Path) -> None:
    message = " ".join(check(tmp_path, ["notes.txt"]).stderr.split())

    assert "must be or contain a CANN toolkit or asc-devkit" in message
