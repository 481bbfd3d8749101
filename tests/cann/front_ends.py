# SPDX-License-Identifier: Apache-2.0
"""The libraries of one source through either front end."""

import ctypes
import os
from pathlib import Path

import pytest
from ascend_attention.backends import model as backend

PACKAGE = Path(backend.KERNELS).parent
CANN_KERNELS = PACKAGE / "libascend_attention_kernels_cann.so"
OWN_PROBES = PACKAGE / "libapi_probes.so"
CANN_PROBES = PACKAGE / "libapi_probes_cann.so"


def need_headers() -> None:
    """Skip the module that calls this unless the libraries are there."""
    if not os.environ.get("ASCENDC_HEADERS"):
        pytest.skip(
            "needs CANN headers: ./build.sh check-headers DIR builds the kernels through them",
            allow_module_level=True,
        )


def header_generation(cann: str | os.PathLike[str]) -> str:
    """Which of ``api_rows.GENERATIONS`` a library of kernels was compiled with."""
    generation = ctypes.CDLL(os.fspath(cann)).NpuHeaderGeneration
    generation.restype = ctypes.c_char_p
    name: bytes = generation()
    return name.decode()


def rows_of(kernel: str) -> list[tuple[str, int, str]]:
    """(kernel, number, name) of every row of a probe kernel."""
    name_of = getattr(ctypes.CDLL(str(OWN_PROBES)), f"{kernel}_row")
    name_of.argtypes = [ctypes.c_size_t]
    name_of.restype = ctypes.c_char_p
    rows: list[tuple[str, int, str]] = []
    while (name := name_of(len(rows))) is not None:
        rows.append((kernel, len(rows), name.decode()))
    return rows
