# SPDX-License-Identifier: Apache-2.0
"""The same kernels through the real CANN headers and through ours: equal bits, equal instructions.

Needs a build with ``ASCENDC_HEADERS`` (``./build.sh check-headers DIR``). Building it is the type
check: every kernel with every variant, and the part of op_host that CANN compiles.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    Report,
    options,
    recorded,
)
from ascend_attention.testing import FORMS as FLASH_FORMS
from ascend_attention.testing import PagedCase, flash_case, paged_case

from tests.cann.front_ends import CANN_PROBES, header_generation, need_headers, rows_of
from tests.cann.same_work import assert_same_work, bytes_of
from tests.model.api_rows import api_rows
from tests.ops.flash_attend import attend_flash
from tests.ops.flash_options import KINDS, Setting, bias_dtype
from tests.ops.rotary_case import rotary_case
from tests.ops.test_merge_states import random_states

need_headers()


@dataclass(frozen=True)
class Run:
    """What a call returned, and what it executed."""

    outputs: list[torch.Tensor]
    report: Report


def run_with(
    kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[], list[torch.Tensor]],
    **how: object,
) -> Run:
    monkeypatch.setattr(backend, "kernels", lambda: kernels)
    with options(mode="checked", collect_stream=True, **how), recorded() as reports:
        outputs = call()
    (report,) = reports
    return Run(outputs, report)


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
    assert_same_work(own.report, cann.report)


def attend(case: PagedCase, strategy: str = "auto") -> list[torch.Tensor]:
    """Output and log-sum-exp of a filled case."""
    arguments = case.query, case.key_cache, case.value_cache, case.block_tables, case.seq_lens
    return list(ascend_attention.paged_attention(*arguments, strategy=strategy, return_lse=True))


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


@pytest.mark.parametrize("strategy", ["vector", "cube"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("head_dim", [64, 128, 256])
@pytest.mark.parametrize("kv_heads", [1, 2, 8])
@pytest.mark.parametrize(
    ("lengths", "block_size"),
    [((0,), 16), ((1,), 16), ((15, 16, 17, 0), 16), ((300, 5), 128)],
    ids=["empty", "one", "edges", "long"],
)
def test_paged_attention_gives_the_same_bits(
    strategy: str,
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

    assert_same(lambda: attend(case, strategy), cann_kernels, monkeypatch)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_flash_attention_gives_the_same_bits(
    kind: str, dtype: torch.dtype, cann_kernels: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = (40, 1, 150), (300, 17, 0)
    case = flash_case(*lengths, dtype=dtype)
    scores = KINDS[kind](Setting(*lengths, heads=4, dtype=dtype, seed=1))

    def call() -> list[torch.Tensor]:
        return list(attend_flash(case, scores, bias_dtype(kind, dtype)))

    assert_same(call, cann_kernels, monkeypatch)


@pytest.mark.parametrize("form", FLASH_FORMS)
@pytest.mark.parametrize(
    ("sizes", "tiles"),
    [
        ({"head_dim": 64}, {"row_tile": 256, "kv_tile": 128, "lookahead": 1}),
        ({"head_dim": 192, "head_dim_v": 128, "kv_heads": 1}, {"pack": 4, "row_tile": 16}),
        ({"head_dim": 256, "kv_heads": 4}, {"num_splits": 3, "score_format": "half"}),
    ],
    ids=["halves", "packed", "split"],
)
def test_tiles_of_flash_attention_give_the_same_bits(
    sizes: dict[str, Any],
    tiles: dict[str, Any],
    form: str,
    cann_kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = flash_case((1, 300, 40), (400, 530, 3), form=form, **sizes)

    assert_same(lambda: list(attend_flash(case, **tiles)), cann_kernels, monkeypatch)


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("tables", ["same", "float"])
def test_rotary_embedding_gives_the_same_bits(
    dtype: torch.dtype,
    tables: str,
    interleaved: bool,
    cann_kernels: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = rotary_case(
        (2, 60, 3, 80),
        48,
        dtype=dtype,
        table_dtype=torch.float32 if tables == "float" else dtype,
        interleaved=interleaved,
    )

    def call() -> list[torch.Tensor]:
        arguments = case.x, case.cos, case.sin, interleaved
        return [ascend_attention.apply_rotary_emb(*arguments, positions=case.positions)]

    assert_same(call, cann_kernels, monkeypatch)


@pytest.mark.parametrize("states", [1, 2, 5])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_merge_states_gives_the_same_bits(
    dtype: torch.dtype, states: int, cann_kernels: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    v, s = random_states(60, states, 5, 80, dtype)
    s[::3, 0] = torch.inf

    assert_same(lambda: list(ascend_attention.merge_states(v, s)), cann_kernels, monkeypatch)


@pytest.mark.parametrize("order", ["reversed", "seeded"])
def test_scheduling_order_changes_nothing(
    order: str, cann_kernels: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = paged_case((33, 7, 64)).filled()

    assert_same(lambda: attend(case), cann_kernels, monkeypatch, order=order, seed=3)


PROBES = ("probe_arithmetic", "probe_convert", "probe_reduce", "probe_move", "probe_transpose")
ROWS = [row for kernel in PROBES for row in rows_of(kernel)]
AREA_BYTES = 4096  # probes/vector_rows.h
AREAS = 7
OFFSETS = 4  # the area of byte offsets for Gather

FORMS = {"mask": "mask_count", "bits": "mask_bits"}
API_ROWS = {row["id"]: row for row in api_rows()}


def differs(name: str, field: str) -> bool:
    """Whether an API row says so in this field. Names are function.type.form..."""
    function, _, *forms = name.split(".")
    ids = [".".join([function, *forms]), *(f"{function}.{FORMS.get(f, f)}" for f in forms)]
    names = {field, f"{field}_{header_generation(CANN_PROBES)}"}
    return any(not names.isdisjoint(API_ROWS.get(row, {})) for row in ids)


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
    # Where instructions differ, those of CANN may break our rules.
    modes = ("checked", "fast" if differs(name, "other_instructions") else "checked")
    reports = []
    for mode, library, output in zip(modes, probes, outputs, strict=True):
        with options(mode=mode, collect_stream=mode == "checked"):
            arguments = [In(data), InOut(output), In(np.array([number], np.int32))]
            reports.append(library.launch(kernel, arguments))
    own, cann = reports
    unmoved = data.copy()
    unmoved[-1] = 0
    assert not np.array_equal(outputs[0], unmoved), "the call must change something"
    assert np.array_equal(outputs[0], outputs[1])
    if differs(name, "other_instructions"):
        return
    if differs(name, "other_order"):
        assert bytes_of(own) == bytes_of(cann)
        return
    assert_same_work(own, cann, name)


def test_a_difference_is_said_with_the_calls_it_comes_from(
    probes: tuple[Library, Library],
) -> None:
    numbers = {name: number for _, number, name in rows_of("probe_arithmetic")}
    reports = []
    for library, name in zip(probes, ("Add.half.count", "Sub.half.count"), strict=True):
        arguments = [In(probe_input()), InOut(np.zeros_like(probe_input()))]
        with options(mode="checked", collect_stream=True):
            reports.append(
                library.launch(
                    "probe_arithmetic", [*arguments, In(np.array([numbers[name]], np.int32))]
                )
            )

    own, cann = reports
    with pytest.raises(AssertionError) as raised:
        assert_same_work(own, cann, "Add and Sub")

    about, where, ours, theirs, *_ = str(raised.value).splitlines()
    assert about == "Add and Sub"
    assert where == "core 0, pipe V, instruction 1 of probe_arithmetic"
    assert ours.startswith("  ours: vadd, ")
    assert theirs.startswith("  CANN: vsub, ")
    assert "probe_arithmetic.cpp:" in ours
    assert "AscendC::Sub<" in theirs
    assert "probe_arithmetic.cpp:" in theirs


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
    with options(mode="checked"), pytest.raises(ModelError, match="offset is 65"):
        cann.launch("probe_far_part", [None])


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
