# SPDX-License-Identifier: Apache-2.0
"""The cube API, and a kernel of cube and vector cores, through the real CANN headers and ours.

Needs a build with ``ASCENDC_HEADERS`` (``./build.sh check-headers DIR``).
"""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from ascend_attention.model import In, InOut, Library, Out, Report, options

from tests.cann.front_ends import CANN_PROBES, header_generation, need_headers, rows_of
from tests.cann.same_work import assert_same_work, bytes_of
from tests.model.api_rows import rows_with
from tests.model.harness import aligned
from tests.model.mix_case import mix_case, run_mix

need_headers()

# probes/cube_rows.h
L1_BYTES = 32 * 1024
LOCAL_BYTES = L1_BYTES + 2 * 16 * 1024 + 32 * 1024 + 1024 + 2048
GM_BYTES = 32 * 1024

KERNELS = (
    "probe_cube_move",
    "probe_cube_load",
    "probe_cube_mad",
    "probe_cube_fixpipe",
)
ROWS = [row for kernel in KERNELS for row in rows_of(kernel)]


def numbers() -> npt.NDArray[np.uint8]:
    """Halves of unit scale: finite as floats too, and every value as bytes."""
    values = np.random.default_rng(7).normal(size=(L1_BYTES + GM_BYTES) // 2)
    return values.astype(np.float16).view(np.uint8)


def run_row(
    kernel: str,
    number: int,
    data: npt.NDArray[np.uint8],
    output_bytes: int,
    probes: tuple[Library, Library],
) -> tuple[list[npt.NDArray[np.uint8]], Report, Report]:
    """Outputs, which start as 0, and reports of one row through both front ends."""
    outputs = [aligned(output_bytes, np.uint8) for _ in probes]
    for output in outputs:
        output[...] = 0
    with options(mode="checked", collect_stream=True):
        own, cann = (
            library.launch(
                kernel,
                [In(data), InOut(output), In(np.array([number], np.int32))],
                type="AIC_ONLY",
            )
            for library, output in zip(probes, outputs, strict=True)
        )
    return outputs, own, cann


@pytest.mark.parametrize(("kernel", "number", "name"), ROWS, ids=[row[2] for row in ROWS])
def test_cube_function_gives_the_same_bits(
    kernel: str, number: int, name: str, probes: tuple[Library, Library]
) -> None:
    data = numbers()
    outputs, own, cann = run_row(kernel, number, data, LOCAL_BYTES + GM_BYTES, probes)
    unmoved = np.full_like(outputs[0], 0xFF)
    unmoved[:L1_BYTES] = data[:L1_BYTES]
    unmoved[LOCAL_BYTES:] = 0
    assert not np.array_equal(outputs[0], unmoved), "the call must change something"
    assert np.array_equal(outputs[0], outputs[1])
    assert_same_work(own, cann)


FIXPIPE_ROWS = rows_of("probe_fixpipe")
FIXPIPE_BYTES = 128 * 1024


def accumulators() -> npt.NDArray[np.uint8]:
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
    ("kernel", "number", "name"), FIXPIPE_ROWS, ids=[row[2] for row in FIXPIPE_ROWS]
)
def test_moves_out_of_l0c_give_the_same_bits(
    kernel: str, number: int, name: str, probes: tuple[Library, Library]
) -> None:
    outputs, own, cann = run_row(kernel, number, accumulators(), FIXPIPE_BYTES, probes)
    assert np.array_equal(outputs[0], outputs[1])
    form = name.removesuffix(f".{'.'.join(name.split('.')[-2:])}")
    if f"Fixpipe.{form}" in rows_with("other_order", generation=header_generation(CANN_PROBES)):
        assert bytes_of(own) == bytes_of(cann)
        return
    assert_same_work(own, cann)


@pytest.mark.parametrize("unit_flag", [False, True], ids=["events", "unit_flags"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    ("heads", "rows", "kv_rows", "head_dim"),
    [
        (1, 1, 1, 64),
        (2, 17, 15, 128),
        (30, 100, 129, 64),
        (5, 128, 300, 128),
        (13, 333, 200, 128),
    ],
)
def test_attention_on_both_kinds_of_cores_gives_the_same_bits(
    heads: int,
    rows: int,
    kv_rows: int,
    head_dim: int,
    dtype: torch.dtype,
    unit_flag: bool,
    probes: tuple[Library, Library],
) -> None:
    case = mix_case(heads, rows, kv_rows, head_dim, dtype)
    with options(mode="checked", collect_stream=True):
        (own, own_report), (cann, cann_report) = (
            run_mix(library, case, unit_flag=unit_flag) for library in probes
        )
    assert torch.equal(own.view(torch.int16), cann.view(torch.int16))
    assert {core for core, _ in own_report.counters} == {"AIC", "AIV"}
    assert_same_work(own_report, cann_report)


@pytest.mark.parametrize(("order", "seed"), [("reversed", 0), ("seeded", 1), ("seeded", 2)])
def test_scheduling_order_changes_nothing_of_it(
    order: str, seed: int, probes: tuple[Library, Library]
) -> None:
    case = mix_case(13, 200, 333, 128, torch.float16)
    with options(mode="checked"):
        expected, _ = run_mix(probes[0], case, unit_flag=False)
    with options(mode="checked", order=order, seed=seed, collect_stream=True):
        (own, own_report), (cann, cann_report) = (
            run_mix(library, case, unit_flag=False) for library in probes
        )
    for output in (own, cann):
        assert torch.equal(output.view(torch.int16), expected.view(torch.int16))
    assert_same_work(own_report, cann_report)


@pytest.mark.parametrize("order", ["forward", "reversed", "seeded"])
@pytest.mark.parametrize("vectors", [1, 2])
def test_cores_of_both_kinds_know_who_they_are(
    vectors: int, order: str, probes: tuple[Library, Library]
) -> None:
    blocks, rounds, length = 3, 5, 8
    outputs = []
    for library in probes:
        output = aligned((blocks * (1 + vectors), rounds, length), np.int64)
        with options(mode="checked", order=order, seed=5):
            library.launch(
                "probe_mix_state", [Out(output)], blocks=blocks, type=f"MIX_AIC_1_{vectors}"
            )
        outputs.append(output)
    own, cann = outputs
    indices = [*range(blocks), *range(blocks * vectors)]
    kinds = [1] * blocks + [2] * (blocks * vectors)

    assert np.array_equal(own, cann)
    for turn in range(rounds):
        assert own[:, turn, 0].tolist() == kinds
        assert own[:, turn, 1].tolist() == indices
        assert (own[:, turn, 2] == blocks).all()
        assert (own[:, turn, 6] == turn + 1).all()
    assert own[blocks:, 0, 3].tolist() == [index % vectors for index in range(blocks * vectors)]
    assert (own[blocks:, :, 5] == vectors).all()
