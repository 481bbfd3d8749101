# SPDX-License-Identifier: Apache-2.0
"""Kernels from outside of this repository: the page's example, and what the compiler refuses."""

from __future__ import annotations

import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ascend_attention import envs, model

PAGE = (Path(__file__).resolve().parents[2] / "docs/model.md").read_text()

pytestmark = pytest.mark.skipif(
    shutil.which(envs.compiler()[0]) is None, reason="needs a C++ compiler"
)


def block_after(line: str, language: str) -> str:
    """The first block of code of a language behind a line of the page."""
    match = re.search(rf"```{language}\n(.*?)```", PAGE.split(line, 1)[1], re.DOTALL)
    assert match is not None
    return match[1]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the example of the page, and the current one."""
    (tmp_path / "scale_add.cpp").write_text(block_after("`scale_add.cpp`:", "cpp"))
    (tmp_path / "run.py").write_text(block_after("`run.py`:", "python"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_prints_what_the_page_says(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(example / "run.py"))

    assert capsys.readouterr().out == block_after("`run.py`:", "text")


def test_the_example_without_its_barrier_is_the_hazard_of_the_page(example: Path) -> None:
    source = example / "scale_add.cpp"
    source.write_text(source.read_text().replace("PipeBarrier<PIPE_V>();", ""))

    with pytest.raises(model.ModelError) as raised:
        runpy.run_path(str(example / "run.py"))

    assert raised.value.fault.kind == "hazard"
    message = " ".join(block_after("raises `ModelError`:", "text").split())
    assert raised.value.fault.message.startswith(message)


def test_every_edge_of_the_example_is_needed(example: Path) -> None:
    run: Callable[[], Any] = runpy.run_path(str(example / "run.py"))["run"]

    mutations = model.mutate(run)

    silent = [str(mutation) for mutation in mutations if not mutation.found]
    assert len(mutations) - len(silent) == 9
    # Nothing follows what TPipe does when it goes.
    assert [line for line in silent if "~TPipe" not in line] == []


def test_orders_give_the_same_bits(example: Path) -> None:
    library = model.compile_kernel("scale_add.cpp")
    x = np.arange(2 * 1024, dtype=np.float32)
    outputs = []
    for order in ("forward", "reversed", "seeded"):
        out = np.empty_like(x)
        with model.options(mode="checked", order=order):
            tiling = np.array([1024, 1, 0x3F000000], np.uint32).tobytes()
            library.launch("scale_add", [x, x, model.Out(out), tiling], blocks=2)
        outputs.append(out)

    np.testing.assert_array_equal(outputs[0], 1.5 * x)
    np.testing.assert_array_equal(outputs[0], outputs[1])
    np.testing.assert_array_equal(outputs[0], outputs[2])


KERNEL = """
#include "kernel_operator.h"
#include "constant.h"
extern "C" __global__ __aicore__ void store_constant(GM_ADDR out) {
    AscendC::GlobalTensor<int32_t> tensor;
    tensor.SetGlobalBuffer(reinterpret_cast<__gm__ int32_t*>(out));
    tensor.SetValue(0, CONSTANT + OFFSET);
    AscendC::DataCacheCleanAndInvalid<int32_t, AscendC::CacheLine::SINGLE_CACHE_LINE,
                                      AscendC::DcciDst::CACHELINE_OUT>(tensor);
}
"""


def test_folders_and_macros_reach_the_kernel(tmp_path: Path) -> None:
    folder = tmp_path / "headers"
    folder.mkdir()
    (folder / "constant.h").write_text("constexpr int32_t CONSTANT = 40;\n")
    source = tmp_path / "store_constant.cpp"
    source.write_text(KERNEL)
    target = tmp_path / "kernels.so"

    library = model.compile_kernel(
        source, include_dirs=[folder], defines={"OFFSET": 2, "UNUSED": None}, target=target
    )

    memory = np.zeros(64, np.int32)  # a cache line fits, wherever it begins
    out = memory[-memory.ctypes.data % 64 // 4 :][:16]
    with model.checked():
        library.launch("store_constant", [model.Out(out)])
    assert out[0] == 42
    assert target.exists()
    assert "store_constant" in library


def test_what_the_compiler_refuses_is_said(tmp_path: Path) -> None:
    source = tmp_path / "broken.cpp"
    source.write_text('#include "kernel_operator.h"\nthis is no kernel\n')

    with pytest.raises(model.CompileError, match=r"compile_kernel: source .*broken.cpp") as raised:
        model.compile_kernel(source)

    assert "error" in raised.value.output
    assert str(source) in raised.value.command


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"source .*none.cpp\) must be a file"):
        model.compile_kernel(tmp_path / "none.cpp")


def test_a_missing_compiler_is_named(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")

    with pytest.raises(FileNotFoundError, match=r"compiler \(no-such-compiler\) must be installed"):
        model.compile_kernel(example / "scale_add.cpp")


def test_a_wrapped_compiler_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "nice -n 1 c++")

    command = model.compile_command("a.cpp", "a.so")

    assert command[:4] == ["nice", "-n", "1", "c++"]
