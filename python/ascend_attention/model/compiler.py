# SPDX-License-Identifier: Apache-2.0
"""Compiling kernels of one's own against the model's ``kernel_operator.h``."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from ascend_attention import _native, envs
from ascend_attention.model.library import Library

# Holds the built libraries: in a build tree not the folder of the sources that it links to.
_PACKAGE = Path(_native.__file__).parent


class CompileError(RuntimeError):
    """A kernel source did not compile.

    Attributes:
        command: That was run.
        output: All that the compiler said.
    """

    def __init__(self, source: Path, command: Sequence[str], output: str) -> None:
        super().__init__(f"compile_kernel: source ({source}) must compile:\n{output}")
        self.command = tuple(command)
        self.output = output


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Where libraries go by default: gone when the process ends."""
    return tempfile.TemporaryDirectory(prefix="ascend_attention_kernels_")


def compile_command(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    include_dirs: Sequence[str | os.PathLike[str]] = (),
    defines: Mapping[str, str | int | None] | None = None,
) -> list[str]:
    """Return the command that ``compile_kernel`` runs, for build systems of one's own.

    Args:
        source: Of the kernel.
        target: The shared library to write.
        include_dirs: Searched before the model's headers.
        defines: Macros; None defines without a value.
    """
    macros = [
        f"-D{name}" if value is None else f"-D{name}={value}"
        for name, value in (defines or {}).items()
    ]
    return [
        *envs.compiler(),
        "-std=c++17",
        "-shared",
        "-fPIC",
        *(_PACKAGE / "kernel_flags.txt").read_text().split(),
        *macros,
        *(f"-I{Path(folder)}" for folder in include_dirs),
        f"-I{_PACKAGE / 'include'}",
        str(source),
        "-o",
        str(target),
        f"-L{_PACKAGE}",
        "-lnpu_model",
        f"-Wl,-rpath,{_PACKAGE}",
    ]


def compile_kernel(
    source: str | os.PathLike[str],
    *,
    include_dirs: Sequence[str | os.PathLike[str]] = (),
    defines: Mapping[str, str | int | None] | None = None,
    target: str | os.PathLike[str] | None = None,
) -> Library:
    """Compile an Ascend C kernel file for the model and load it.

    The file includes ``kernel_operator.h``, as for CANN; every ``extern "C" __global__ __aicore__``
    function in it becomes a kernel of the library. The flags are those of this project's own
    kernels: they keep the call sites apart that ``mutate`` takes away, and round as the chip does.

    Args:
        source: Of the kernel.
        include_dirs: Searched before the model's headers.
        defines: Macros; None defines without a value.
        target: The shared library to write; None for one that is gone when the process ends.

    Returns:
        The library, ready to ``launch``.

    Raises:
        FileNotFoundError: There is no such source, or no compiler.
        CompileError: The compiler refused it; the message has what it said.
    """
    file = Path(source)
    if not file.is_file():
        raise FileNotFoundError(f"compile_kernel: source ({file}) must be a file")
    compiler = envs.compiler()[0]
    if shutil.which(compiler) is None:
        raise FileNotFoundError(
            f"compile_kernel: compiler ({compiler}) must be installed; CXX names another"
        )
    if target is None:
        folder = tempfile.mkdtemp(dir=_scratch().name)
        target = Path(folder) / f"lib{file.stem}.so"
    command = compile_command(file, target, include_dirs=include_dirs, defines=defines)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(file, command, done.stderr)
    return Library(target)
