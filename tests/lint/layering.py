# SPDX-License-Identifier: Apache-2.0
"""Includes and imports follow the dependency direction; the model knows no operator of ours.

``tests -> python -> pybind -> op_host -> op_kernel``. Kernels and host code see CANN's spelling
only, which an installed CANN or ``model/include`` supplies by include path.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lint.tree import Tree, Violation

STANDARD_NAMES = """
algorithm any array atomic bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes
climits cmath complex condition_variable csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib
cstring ctime deque exception fstream functional future initializer_list iomanip ios iosfwd
iostream istream iterator limits list locale map memory memory_resource mutex new numeric
optional ostream queue random ratio regex set shared_mutex sstream stack stdexcept streambuf
string string_view system_error thread tuple type_traits typeindex typeinfo unordered_map
unordered_set utility valarray variant vector
assert.h math.h stdarg.h stddef.h stdint.h stdio.h stdlib.h string.h
"""
STANDARD = frozenset(STANDARD_NAMES.split())
SYSTEM = re.compile(
    r"(cxxabi|dlfcn|execinfo|fcntl|link|pthread|sched|signal|ucontext|unistd|sys/\w+"
    r"|sanitizer/\w+)\.h"
)
INTRINSICS = re.compile(r"immintrin\.h")
KERNEL_API = re.compile(r"kernel_operator\.h|kernel_tiling/kernel_tiling\.h")
HOST_API = re.compile(
    r"(acl|aclnn|exe_graph|graph|platform|register|tiling)/[\w/]+\.h|aclnn_\w+\.h|kernel_tiling/.*"
)
ANYTHING = re.compile(r".*")
NOTHING = re.compile(r"(?!)")

# What a condition in kernel or host code may ask: side and architecture, in the names of CANN.
CONDITION_NAMES = """
__aicore__ __CCE_AICORE__ __NPU_ARCH__ __DAV_C220_CUBE__ __DAV_C220_VEC__ __cplusplus defined
"""
CONDITIONS = frozenset(CONDITION_NAMES.split())


@dataclass(frozen=True)
class Layer:
    """What the C++ files below one directory may include."""

    directory: str
    includes: tuple[str, ...]  # directories of this repository
    outside: re.Pattern[str] = NOTHING  # headers supplied by include path


# The first row whose directory holds a file is its layer.
LAYERS = (
    Layer("model/leaf", ("model/leaf", "model/isa"), INTRINSICS),
    Layer("model/core", ("model/core", "model/isa", "model/leaf"), SYSTEM),
    Layer("model/isa", ("model/core", "model/isa", "model/leaf"), SYSTEM),
    Layer("model/include", ("model/include", "model/isa")),
    Layer("model/cann", ("model",), ANYTHING),
    Layer("op_kernel", ("op_kernel",), KERNEL_API),
    Layer("op_host", ("op_host", "op_kernel"), HOST_API),
    Layer("pybind", ("pybind", "op_host", "op_kernel", "model"), re.compile(r"pybind11/.*")),
    Layer("tests/model/probes", ("tests/model/probes", "op_kernel/common"), KERNEL_API),
    Layer("benchmarks", ("benchmarks",), KERNEL_API),
    Layer("tests", ("tests", "pybind", "op_host", "op_kernel", "model"), ANYTHING),
)
INCLUDE_ROOTS = ("", "model", "model/include")

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")
MACRO = re.compile(r"\b[A-Za-z_]\w*")


def is_below(path: str, directories: tuple[str, ...]) -> bool:
    return any(path.startswith(directory + "/") for directory in directories)


def resolve(tree: Tree, path: str, name: str) -> str | None:
    """Find the file of this repository that an include names, as the compiler would."""
    for folder in (posixpath.dirname(path), *INCLUDE_ROOTS):
        candidate = posixpath.normpath(posixpath.join(folder, name))
        if candidate in tree:
            return candidate
    return None


def check_include(tree: Tree, path: str, name: str, layer: Layer) -> str | None:
    if name in STANDARD or layer.outside.fullmatch(name):
        return None
    target = resolve(tree, path, name)
    if target is None:
        return f"{layer.directory} must not include <{name}>"
    if not is_below(target, layer.includes):
        return f"{layer.directory} must not include {target}"
    return None


def check_condition(path: str, condition: str) -> str | None:
    if not is_below(path, ("op_kernel", "op_host")):
        return None
    asked = set(MACRO.findall(condition)) - CONDITIONS
    if asked:
        return f"kernel and host code must not depend on {', '.join(sorted(asked))}"
    return None


def check_cpp(tree: Tree) -> Iterator[Violation]:
    for path, text in tree.items():
        if not path.endswith((".h", ".cpp")):
            continue
        layer = next((row for row in LAYERS if is_below(path, (row.directory,))), None)
        if layer is None:
            yield Violation(path, 1, "no layer is declared for this directory")
            continue
        for number, line in enumerate(text.splitlines(), 1):
            rule = None
            if include := INCLUDE.match(line):
                rule = check_include(tree, path, include[1], layer)
            elif condition := CONDITION.match(line):
                rule = check_condition(path, condition[1])
            if rule:
                yield Violation(path, number, rule)


def check_model_knows_no_operator(tree: Tree) -> Iterator[Violation]:
    kernels = {path.split("/")[1] for path in tree if re.match(r"op_kernel/\w+/", path)}
    names = {name.removeprefix("asc_") for name in kernels - {"common"}}
    if not names:
        return
    camel = {"".join(word.title() for word in name.split("_")) for name in names}
    operator = re.compile("|".join(sorted(names | camel)))
    for path, text in tree.items():
        if not path.startswith("model/"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := operator.search(line):
                yield Violation(path, number, f"the model must not know the operator {found[0]}")


def import_time_nodes(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from import_time_nodes(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody"):
                yield from import_time_nodes(getattr(node, field, []))
            for branch in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from import_time_nodes(branch.body)


def imported_modules(node: ast.stmt, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        parents = package.split(".")
        base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
        module = ".".join(part for part in (base, node.module) if part)
        return [f"{module}.{alias.name}" for alias in node.names]
    return []


def enclosing_module(name: str, modules: set[str]) -> str | None:
    return next((module for module in modules if f"{name}.".startswith(f"{module}.")), None)


def check_python(tree: Tree) -> Iterator[Violation]:
    """Importing the package loads no accelerator's framework; only its GPU part needs Triton."""
    lazy = {"torch_npu", "triton", "ascend_attention.gpu"}
    for path, text in tree.items():
        if not path.startswith("python/") or not path.endswith(".py"):
            continue
        package = posixpath.dirname(path).removeprefix("python/").replace("/", ".")
        is_gpu = package.startswith("ascend_attention.gpu")
        module = ast.parse(text, path)
        at_import = set(import_time_nodes(module.body))
        for node in ast.walk(module):
            if not isinstance(node, ast.stmt):
                continue
            for name in imported_modules(node, package):
                if name.split(".")[0] == "tests":
                    yield Violation(path, node.lineno, "the package must not import tests")
                if node in at_import and not is_gpu and (found := enclosing_module(name, lazy)):
                    rule = f"{found} must be imported in the function that needs it"
                    yield Violation(path, node.lineno, rule)


def check(tree: Tree) -> list[Violation]:
    """Return every violation of the dependency direction."""
    return [*check_cpp(tree), *check_model_knows_no_operator(tree), *check_python(tree)]
