# SPDX-License-Identifier: Apache-2.0
"""The same kernels through the real CANN headers and through ours: equal bits, equal instructions.

Needs a build with ``ASCENDC_HEADERS`` (``./build.sh check-headers DIR``). Building it is the type
check: every kernel with every variant, and the part of op_host that CANN compiles.
"""

import ctypes
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import ascend_attention
import numpy as np
import numpy.typing as npt
import pytest
import torch
from ascend_attention.backends import model as backend
from ascend_attention.model import (
    In,
    InOut,
    Library,
    ModelError,
    Out,
    PipeCounters,
    Report,
    Workspace,
    options,
    recorded,
    stream_difference,
)
from ascend_attention.testing import PagedCase, paged_case

if not os.environ.get("ASCENDC_HEADERS"):
    pytest.skip(
        "needs CANN headers: ./build.sh check-headers DIR builds the kernels through them",
        allow_module_level=True,
    )

PACKAGE = Path(backend.KERNELS).parent
KERNELS = PACKAGE / "libascend_attention_kernels_cann.so"
OWN_PROBES = PACKAGE / "libvector_probes.so"
CANN_PROBES = PACKAGE / "libvector_probes_cann.so"


@pytest.fixture(scope="module")
def cann_kernels() -> Library:
    return Library(KERNELS)


@pytest.fixture(scope="module")
def probes() -> tuple[Library, Library]:
    return Library(OWN_PROBES), Library(CANN_PROBES)


@dataclass(frozen=True)
class Run:
    """What a call returned, and what it executed."""

    outputs: list[torch.Tensor]
    report: Report
    uses_workspace: bool


def run_with(
    kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[], list[torch.Tensor]],
    **how: object,
) -> Run:
    workspaces: list[Workspace] = []

    def workspace(size: int) -> Workspace:
        workspaces.append(Workspace(size))
        return workspaces[-1]

    monkeypatch.setattr(backend, "kernels", lambda: kernels)
    monkeypatch.setattr(backend, "Workspace", workspace)
    with options(mode="checked", collect_stream=True, **how), recorded() as reports:
        outputs = call()
    (report,) = reports
    return Run(outputs, report, bool(workspaces))


def work_of(report: Report) -> dict[tuple[str, str], PipeCounters]:
    """Instructions and bytes of every pipe but S, where the headers use plain pointers."""
    return {key: counts for key, counts in report.counters.items() if key[1] != "S"}


def bytes_of(report: Report) -> dict[tuple[str, str], PipeCounters]:
    """The same without the number of instructions."""
    return {key: replace(counts, instructions=0) for key, counts in work_of(report).items()}


def assert_same(
    call: Callable[[], list[torch.Tensor]],
    cann_kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
    **how: object,
) -> None:
    own = run_with(backend.kernels(), monkeypatch, call, **how)
    cann = run_with(cann_kernels, monkeypatch, call, **how)
    for mine, theirs in zip(own.outputs, cann.outputs, strict=True):
        assert torch.equal(mine.view(torch.uint8), theirs.view(torch.uint8))
    assert work_of(own.report)
    assert work_of(own.report) == work_of(cann.report)
    if not own.uses_workspace:
        # Built for a CPU, CANN's GetUserWorkspace does not step over what the library keeps of a
        # workspace: every address in it differs by as much.
        difference = stream_difference(own.report, cann.report, labels=("ours", "CANN"))
        assert difference is None, difference


def attend(case: PagedCase) -> list[torch.Tensor]:
    """Output and log-sum-exp of a filled case."""
    arguments = case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
    return list(ascend_attention.paged_attention(*arguments, return_lse=True))


def test_every_kernel_is_there(cann_kernels: Library) -> None:
    names = {kernel for kernel, _ in backend.kernels().kernel_types}
    assert names
    assert all(name in cann_kernels for name in names)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("head_dim", [64, 128, 256])
@pytest.mark.parametrize("lengths", [(1,), (15, 16, 17), (300, 5)], ids=str)
def test_reshape_and_cache_gives_the_same_bits(
    dtype: torch.dtype,
    head_dim: int,
    lengths: tuple[int, ...],
    cann_kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = paged_case(lengths, head_dim=head_dim, dtype=dtype, block_size=16)
    slots = case.slot_mapping.clone()
    slots[::7] = -1  # skipped

    def call() -> list[torch.Tensor]:
        key_cache, value_cache = case.key_cache.clone(), case.value_cache.clone()
        ascend_attention.reshape_and_cache_flash(
            case.keys, case.values, key_cache, value_cache, slots
        )
        return [key_cache, value_cache]

    assert_same(call, cann_kernels, monkeypatch)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("head_dim", [64, 128, 256])
@pytest.mark.parametrize("kv_heads", [1, 2, 8])
@pytest.mark.parametrize(
    ("lengths", "block_size"),
    [((0,), 16), ((1,), 16), ((15, 16, 17, 0), 16), ((300, 5), 128)],
    ids=["empty", "one", "edges", "long"],
)
def test_paged_attention_gives_the_same_bits(
    dtype: torch.dtype,
    head_dim: int,
    kv_heads: int,
    lengths: tuple[int, ...],
    block_size: int,
    cann_kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = paged_case(
        lengths, heads=8, kv_heads=kv_heads, head_dim=head_dim, dtype=dtype, block_size=block_size
    ).filled()

    assert_same(lambda: attend(case), cann_kernels, monkeypatch)


@pytest.mark.parametrize("order", ["reversed", "seeded"])
def test_scheduling_order_changes_nothing(
    order: str, cann_kernels: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = paged_case((33, 7, 64)).filled()

    assert_same(lambda: attend(case), cann_kernels, monkeypatch, order=order, seed=3)


def rows_of(kernel: str) -> list[tuple[str, int, str]]:
    """(kernel, number, name) of every row of a probe kernel."""
    name_of = getattr(ctypes.CDLL(str(OWN_PROBES)), f"{kernel}_row")
    name_of.argtypes = [ctypes.c_size_t]
    name_of.restype = ctypes.c_char_p
    rows: list[tuple[str, int, str]] = []
    while (name := name_of(len(rows))) is not None:
        rows.append((kernel, len(rows), name.decode()))
    return rows


PROBES = ("probe_arithmetic", "probe_convert", "probe_reduce", "probe_move")
ROWS = [row for kernel in PROBES for row in rows_of(kernel)]
AREA_BYTES = 4096  # probes/vector_rows.h
AREAS = 7
OFFSETS = 4  # the area of byte offsets for Gather

# Rows with the same bits and the same bytes but other flags and barriers, and why.
OTHER_ORDERING = {
    r"ReduceSum\.\w+\.mask": "the CPU build of the headers compiles another second step",
    r"Reduce(Max|Min)\.\w+\.(count|mask)": "the headers order S after V by program order alone",
    r"CreateVecIndex\.\w+\.count": "the headers leave out the barrier after the last step",
}


def probe_input() -> npt.NDArray[np.uint8]:
    """Random bits, and offsets that stay inside the source."""
    random = np.random.default_rng(7)
    data = random.integers(0, 256, (AREAS, AREA_BYTES), np.uint8)
    data[OFFSETS] = (random.integers(0, 64, AREA_BYTES // 4, np.uint32) * 32).view(np.uint8)
    return data


@pytest.mark.parametrize(("kernel", "number", "name"), ROWS, ids=[row[2] for row in ROWS])
def test_vector_function_gives_the_same_bits(
    kernel: str, number: int, name: str, probes: tuple[Library, Library]
) -> None:
    data = probe_input()
    outputs = [np.zeros_like(data) for _ in probes]
    with options(mode="checked", collect_stream=True):
        own, cann = (
            library.launch(kernel, [In(data), InOut(output), In(np.array([number], np.int32))])
            for library, output in zip(probes, outputs, strict=True)
        )
    unmoved = data.copy()
    unmoved[-1] = 0
    assert not np.array_equal(outputs[0], unmoved), "the call must change something"
    assert np.array_equal(outputs[0], outputs[1])
    if any(re.fullmatch(pattern, name) for pattern in OTHER_ORDERING):
        assert bytes_of(own) == bytes_of(cann)
    else:
        assert work_of(own) == work_of(cann)
        difference = stream_difference(own, cann, labels=("ours", "CANN"))
        assert difference is None, difference


CUBE_ROWS = [row for kernel in ("probe_load", "probe_cube_move") for row in rows_of(kernel)]


@pytest.mark.parametrize(
    ("kernel", "number"), [row[:2] for row in CUBE_ROWS], ids=[row[2] for row in CUBE_ROWS]
)
def test_cube_side_gives_the_same_bits(
    kernel: str, number: int, probes: tuple[Library, Library]
) -> None:
    data = np.random.default_rng(11).integers(0, 256, 16 * 1024, np.uint8)
    outputs = [np.zeros(32 * 1024, np.uint8) for _ in probes]

    with options(mode="checked", collect_stream=True):
        own, cann = (
            library.launch(
                kernel,
                [In(data), InOut(output), In(np.array([number], np.int32))],
                type="AIC_ONLY",
            )
            for library, output in zip(probes, outputs, strict=True)
        )

    assert outputs[0].any(), "the call must change something"
    assert np.array_equal(outputs[0], outputs[1])
    assert work_of(own) == work_of(cann)
    difference = stream_difference(own, cann, labels=("ours", "CANN"))
    assert difference is None, difference


FIXPIPE_ROWS = rows_of("probe_fixpipe")


def fixpipe_input() -> npt.NDArray[np.uint8]:
    """4 KiB of parameters of quantisation, then small accumulators of both types."""
    random = np.random.default_rng(13)
    data = np.zeros(16 * 1024, np.uint8)
    parameters = data[:4096].view(np.uint64)
    scales = random.uniform(-2, 2, parameters.size).astype(np.float32).view(np.uint32)
    parameters[:] = scales | random.integers(0, 2**15, parameters.size, np.uint64) << np.uint64(32)
    words = data[4096:].view(np.int32)
    words[:] = random.integers(-(2**15), 2**15, words.size)
    floats = random.standard_normal(words.size).astype(np.float32) * 99
    words[::2] = floats.view(np.int32)[::2]
    return data


@pytest.mark.parametrize(
    ("kernel", "number"), [row[:2] for row in FIXPIPE_ROWS], ids=[row[2] for row in FIXPIPE_ROWS]
)
def test_moves_out_of_l0c_give_the_same_bits(
    kernel: str, number: int, probes: tuple[Library, Library]
) -> None:
    data = fixpipe_input()
    size, alignment = 128 * 1024, 64
    storage = [np.zeros(size + alignment, np.uint8) for _ in probes]
    starts = [-one.ctypes.data % alignment for one in storage]
    outputs = [one[start : start + size] for one, start in zip(storage, starts, strict=True)]

    with options(mode="checked", collect_stream=True):
        own, cann = (
            library.launch(
                kernel,
                [In(data), InOut(output), In(np.array([number], np.int32))],
                type="AIC_ONLY",
            )
            for library, output in zip(probes, outputs, strict=True)
        )

    assert np.array_equal(outputs[0], outputs[1])
    assert work_of(own) == work_of(cann)
    difference = stream_difference(own, cann, labels=("ours", "CANN"))
    assert difference is None, difference


@pytest.mark.parametrize("order", ["forward", "reversed", "seeded"])
def test_cores_keep_their_state_while_they_wait(
    order: str, probes: tuple[Library, Library]
) -> None:
    blocks, elements = 5, 64
    numbers = np.arange(1, blocks + 1)
    expected = np.repeat(numbers + 100 * np.roll(numbers, -1), elements)
    for library in probes:
        exchange, output = np.zeros((2, blocks * elements), np.int32)
        with options(mode="checked", order=order, seed=1):
            library.launch(
                "probe_sync", [Out(exchange), Out(output)], blocks=blocks, type="MIX_AIV_1_0"
            )
        assert np.array_equal(output, expected)


def test_failed_check_of_the_headers_is_a_fault(probes: tuple[Library, Library]) -> None:
    _, cann = probes
    with options(mode="checked"), pytest.raises(ModelError, match="blockCount"):
        cann.launch("probe_empty_copy", [In(np.zeros(64, np.int32))])


def test_failed_assertion_is_a_fault(probes: tuple[Library, Library]) -> None:
    for library in probes:
        with options(mode="checked"), pytest.raises(ModelError, match="in != nullptr") as raised:
            library.launch("probe_assert", [None])
        assert raised.value.fault.kind == "assert"


def test_printf_of_a_kernel_is_kept(probes: tuple[Library, Library]) -> None:
    for library in probes:
        with options(mode="checked"):
            report = library.launch("probe_print", [None], blocks=2)
        assert report.printed == "block 0 of 2\nblock 1 of 2\n"


def test_pointer_beyond_ub_is_a_fault(probes: tuple[Library, Library]) -> None:
    for library in probes:
        with options(mode="checked"), pytest.raises(ModelError, match="UB"):
            library.launch("probe_beyond_ub", [None])
