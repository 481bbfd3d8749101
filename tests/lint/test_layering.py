# SPDX-License-Identifier: Apache-2.0
"""The layering check finds each kind of violation and accepts what is allowed."""

import pytest

from tests.lint import layering

TREE = {
    "model/core/fault.h": "",
    "model/isa/isa.h": "",
    "model/leaf/leaf.h": "",
    "model/include/kernel_operator.h": "",
    "op_kernel/common/event_ring.h": "",
    "op_kernel/asc_paged_attention/asc_paged_attention_tiling.h": "",
    "op_host/common/errors.h": "",
    "pybind/native.h": "",
    "python/ascend_attention/__init__.py": "",
}
KERNEL = "op_kernel/asc_paged_attention/asc_paged_attention.cpp"
HOST = "op_host/paged_attention/tiling.cpp"


def rules(path: str, text: str) -> list[str]:
    return [violation.rule for violation in layering.check({**TREE, path: text})]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(KERNEL, '#include "isa/isa.h"', id="kernel-model"),
        pytest.param(KERNEL, '#include "../../model/isa/isa.h"', id="kernel-model-relative"),
        pytest.param(KERNEL, "#include <core/fault.h>", id="kernel-model-angled"),
        pytest.param(KERNEL, '#include "op_host/common/errors.h"', id="kernel-host"),
        pytest.param(KERNEL, "#include <acl/acl.h>", id="kernel-acl"),
        pytest.param(KERNEL, "  #  include <unistd.h>", id="kernel-system"),
        pytest.param(KERNEL, "#ifdef NPU_MODEL", id="kernel-asks-for-model"),
        pytest.param(KERNEL, "#if defined(ASCENDC_CPU_DEBUG)", id="kernel-asks-for-cpu"),
        pytest.param(HOST, "#elif NPU_MODEL", id="host-asks-for-model"),
        pytest.param(HOST, '#include "pybind/native.h"', id="host-binding"),
        pytest.param(HOST, '#include "core/fault.h"', id="host-model"),
        pytest.param(HOST, '#include "kernel_operator.h"', id="host-kernel-api"),
        pytest.param("model/core/a.h", "#include <Python.h>", id="model-python"),
        pytest.param("model/isa/a.cpp", "#include <pybind11/pybind11.h>", id="model-pybind11"),
        pytest.param("model/core/a.cpp", '#include "acl/acl.h"', id="model-acl"),
        pytest.param("model/core/a.cpp", '#include "../../pybind/native.h"', id="model-binding"),
        pytest.param("model/isa/a.cpp", '#include "kernel_operator.h"', id="model-front-end"),
        pytest.param("model/isa/a.cpp", '#include "op_kernel/common/event_ring.h"', id="model-op"),
        pytest.param("model/leaf/a.cpp", '#include "core/fault.h"', id="leaf-core"),
        pytest.param("model/include/a.h", '#include "core/fault.h"', id="front-end-core"),
        pytest.param("model/core/a.h", "// for AscPagedAttention only", id="model-knows-type"),
        pytest.param("model/core/a.h", "asc_paged_attention();", id="model-knows-kernel"),
        pytest.param("model/include/a.h", "struct PagedAttentionTiling;", id="model-knows-struct"),
        pytest.param("pybind/a.cpp", "#include <torch/extension.h>", id="binding-torch"),
        pytest.param("tests/model/probes/a.cpp", '#include "isa/isa.h"', id="probe-model"),
        pytest.param("benchmarks/kernels/a.cpp", '#include "core/fault.h"', id="benchmark-model"),
        pytest.param("extra/a.cpp", "", id="undeclared-directory"),
    ],
)
def test_a_cpp_file_that_breaks_a_layer_is_found(path: str, text: str) -> None:
    assert len(rules(path, text + "\n")) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (KERNEL, '#include "kernel_operator.h"'),
        (KERNEL, '#include "../common/event_ring.h"'),
        (KERNEL, '#include "asc_paged_attention_tiling.h"'),
        (KERNEL, "#include <cstdint>"),
        (KERNEL, "#if __CCE_AICORE__ == 220 || defined(__DAV_C220_VEC__)"),
        ("op_kernel/common/a.h", "#ifdef __aicore__"),
        (HOST, '#include "op_kernel/asc_paged_attention/asc_paged_attention_tiling.h"'),
        (HOST, '#include "register/op_def_registry.h"'),
        ("model/core/a.cpp", '#include "isa/isa.h"'),
        ("model/core/a.cpp", "#include <sys/mman.h>"),
        ("model/core/a.cpp", "#ifdef __SANITIZE_ADDRESS__"),
        ("model/isa/a.cpp", '#include "leaf/leaf.h"'),
        ("model/leaf/a.cpp", "#include <immintrin.h>"),
        ("model/include/a.h", '#include "isa/isa.h"'),
        ("model/cann/a.cpp", '#include "stub_fun.h"'),
        ("pybind/a.cpp", "#include <pybind11/numpy.h>"),
        ("pybind/a.cpp", '#include "core/fault.h"'),
        ("tests/model/probes/a.cpp", '#include "kernel_operator.h"'),
    ],
)
def test_an_allowed_include_or_condition_is_silent(path: str, text: str) -> None:
    assert rules(path, text + "\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "import torch_npu",
        "import triton.language as tl",
        "from triton import jit",
        "from ascend_attention import gpu",
        "from . import gpu",
        "from .gpu.decode import kernel",
        "try:\n    import torch_npu\nexcept ImportError:\n    pass",
        "try:\n    pass\nexcept ImportError:\n    import triton",
        "class A:\n    import triton",
        "if x:\n    pass\nelse:\n    import triton",
        "def f():\n    import tests.model",
        "from tests import lint",
    ],
)
def test_a_python_import_that_breaks_a_layer_is_found(text: str) -> None:
    assert len(rules("python/ascend_attention/a.py", text + "\n")) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("python/ascend_attention/a.py", "def f():\n    import triton"),
        ("python/ascend_attention/a.py", "async def f():\n    import torch_npu"),
        ("python/ascend_attention/a.py", "if TYPE_CHECKING:\n    import triton"),
        ("python/ascend_attention/a.py", "from . import _native"),
        ("python/ascend_attention/gpu/a.py", "import triton"),
        ("tests/gpu/test_a.py", "import triton"),
    ],
)
def test_a_late_import_is_silent(path: str, text: str) -> None:
    assert rules(path, text + "\n") == []
