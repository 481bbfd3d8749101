# SPDX-License-Identifier: Apache-2.0
"""The libraries of one source through either front end, and what has to be equal."""

import ctypes
import os
from dataclasses import replace
from pathlib import Path

import pytest
from ascend_attention.backends import model as backend
from ascend_attention.model import PipeCounters, Report, stream_difference

PACKAGE = Path(backend.KERNELS).parent
KERNELS = PACKAGE / "libascend_attention_kernels_cann.so"
OWN_PROBES = PACKAGE / "libapi_probes.so"
CANN_PROBES = PACKAGE / "libapi_probes_cann.so"

Work = dict[tuple[str, str], PipeCounters]


def need_headers() -> None:
    """Skip the module that calls this unless the libraries are there."""
    if not os.environ.get("ASCENDC_HEADERS"):
        pytest.skip(
            "needs CANN headers: ./build.sh check-headers DIR builds the kernels through them",
            allow_module_level=True,
        )


def work_of(report: Report) -> Work:
    """Instructions and bytes of every pipe but S, where the headers use plain pointers."""
    return {key: counts for key, counts in report.counters.items() if key[1] != "S"}


def bytes_of(report: Report) -> Work:
    """The same without the number of instructions."""
    return {key: replace(counts, instructions=0) for key, counts in work_of(report).items()}


def assert_same_work(own: Report, cann: Report, *, streams: bool = True) -> None:
    """Equal counters, and instruction streams that are equal in effect."""
    assert work_of(own)
    assert work_of(own) == work_of(cann)
    if not streams:
        return
    assert own.stream
    difference = stream_difference(own, cann, labels=("ours", "CANN"))
    assert difference is None, difference


def rows_of(kernel: str) -> list[tuple[str, int, str]]:
    """(kernel, number, name) of every row of a probe kernel."""
    name_of = getattr(ctypes.CDLL(str(OWN_PROBES)), f"{kernel}_row")
    name_of.argtypes = [ctypes.c_size_t]
    name_of.restype = ctypes.c_char_p
    rows: list[tuple[str, int, str]] = []
    while (name := name_of(len(rows))) is not None:
        rows.append((kernel, len(rows), name.decode()))
    return rows
