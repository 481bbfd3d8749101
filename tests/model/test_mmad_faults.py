# SPDX-License-Identifier: Apache-2.0
"""Mmad: what it refuses, what it needs to be defined, and what orders it on pipe M."""

from typing import Any

import numpy as np
import pytest
from ascend_attention import model

from tests.model.answers import numbers
from tests.model.harness import covers, raises_fault
from tests.model.mmad_case import (
    A1,
    A2,
    B2,
    C2,
    CO1,
    FRACTAL,
    L0_BYTES,
    L0C_BYTES,
    TYPES,
    VECIN,
    Inputs,
    Step,
    barrier,
    inputs_of,
    k0_of,
    mmad,
    mmad_bias,
    random_operand,
    run,
)

PLAIN = covers("Mmad", "fault")
WITH_BIAS = covers("Mmad.bias", "fault")


def inputs(type_: str, m: int, k: int, n: int, **options: Any) -> Inputs:  # noqa: ANN401
    a, b = random_operand(type_, (m, k), 1), random_operand(type_, (k, n), 2)
    return inputs_of(a, b, type_, **options)


def filled() -> Inputs:
    """All of L0A and L0B, and the bias table."""
    zeros = np.zeros(L0_BYTES, np.uint8)
    return Inputs(zeros, zeros, np.zeros(1024, np.uint8))


# Parameters.

PARAMETERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "m_4096": ({"m": 4096}, {"kind": "parameter", "operand": "m", "rule": "(4096) must"}),
    "k_4096": ({"k": 4096}, {"kind": "parameter", "operand": "k"}),
    "n_65535": ({"n": 65535}, {"kind": "parameter", "operand": "n"}),
    "dst_misaligned": ({"dst": 512}, {"kind": "alignment", "operand": "target"}),
    "fm_misaligned": ({"fm": 256}, {"kind": "alignment", "operand": "left"}),
    "filter_misaligned": ({"filter": 32}, {"kind": "alignment", "operand": "right"}),
    "dst_beyond": ({"dst": L0C_BYTES}, {"kind": "address", "operand": "target"}),
    "fm_beyond": ({"fm": L0_BYTES}, {"kind": "address", "operand": "left"}),
    "filter_beyond": ({"filter": L0_BYTES}, {"kind": "address", "operand": "right"}),
    "too_many_rows": ({"m": 2049}, {"kind": "address", "operand": "left"}),
    "too_many_columns": ({"n": 2064}, {"kind": "address", "operand": "right"}),
    "result_too_large": ({"m": 528, "n": 64}, {"kind": "address", "operand": "target"}),
    "unit_flag_1": ({"unit_flag": 1}, {"kind": "parameter", "operand": "unitFlag"}),
    "unit_flag_4": ({"unit_flag": 4}, {"kind": "parameter", "operand": "unitFlag"}),
}


@PLAIN
@covers("MmadParams", "fault")
@pytest.mark.parametrize(("changes", "fault"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters(probes: model.Library, changes: dict[str, Any], fault: dict[str, Any]) -> None:
    sizes = {"m": 16, "k": 16, "n": 16, **changes}

    with raises_fault(instruction="mad", pipe="M", **fault):
        run(probes, filled(), mmad("half", **sizes))


@PLAIN
def test_parameters_are_checked_when_nothing_is_to_be_done(probes: model.Library) -> None:
    with raises_fault("alignment", operand="left"):
        run(probes, filled(), mmad("half", 0, 16, 16, fm=256))


@PLAIN
@WITH_BIAS
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (mmad_bias("half", 16, 16, 16, bias=32), {"kind": "alignment", "operand": "bias"}),
        (mmad_bias("half", 16, 16, 32, bias=960), {"kind": "address", "operand": "bias"}),
        (
            mmad_bias("half", 16, 16, 16, bias=1024, positions=(CO1, A2, B2, CO1)),
            {"kind": "parameter", "operand": "bias", "rule": "must be that of the target"},
        ),
    ],
    ids=["misaligned", "beyond", "elsewhere_in_l0c"],
)
def test_bias(probes: model.Library, step: Step, fault: dict[str, Any], fast: bool) -> None:
    with model.mode("fast" if fast else "checked"), raises_fault(instruction="mad", **fault):
        run(probes, filled(), step)


@pytest.mark.parametrize(
    ("positions", "name"),
    [
        pytest.param((VECIN, A2, B2, C2), "dst", marks=PLAIN),
        pytest.param((CO1, A1, B2, C2), "fm", marks=PLAIN),
        pytest.param((CO1, A2, A2, C2), "filter", marks=PLAIN),
        pytest.param((CO1, A2, B2, A1), "bias", marks=WITH_BIAS),
    ],
)
def test_positions(probes: model.Library, positions: tuple[int, ...], name: str) -> None:
    with raises_fault("position", instruction="Mmad", rule=f"position of {name}"):
        run(probes, filled(), mmad_bias("half", 16, 16, 16, positions=positions))


@PLAIN
@pytest.mark.parametrize("type_", [4, 5, 7, 9])  # uint8_t, int16_t, int32_t, int64_t
def test_types_that_the_cube_does_not_have(probes: model.Library, type_: int) -> None:
    with raises_fault("type", instruction="mad", operand="left"):
        probes.launch("isa_mad", [numbers(type_)])


@PLAIN
def test_an_aiv_has_no_cube(probes: model.Library) -> None:
    with raises_fault("position", instruction="mad", operand="core"):
        probes.launch("isa_mad_aiv", [numbers(0)])


# Definedness: of the valid elements and nothing else.


def drop(image: np.ndarray[Any, Any], fractals: int) -> np.ndarray[Any, Any]:
    return image[: image.size - fractals * FRACTAL]


@PLAIN
@pytest.mark.parametrize("type_", TYPES)
def test_operands_must_be_written(probes: model.Library, type_: str) -> None:
    size = (33, 70, 40)
    whole = inputs(type_, *size)

    with raises_fault("uninitialized", instruction="mad", operand="left", memory="L0A"):
        run(probes, Inputs(drop(whole.fm, 1), whole.filter), mmad(type_, *size))
    with raises_fault("uninitialized", instruction="mad", operand="right", memory="L0B"):
        run(probes, Inputs(whole.fm, drop(whole.filter, 1)), mmad(type_, *size))


@PLAIN
@pytest.mark.parametrize("type_", TYPES)
def test_what_is_not_valid_may_be_undefined(probes: model.Library, type_: str) -> None:
    # A tile of 32 x 2 k0 x 32 of which one fractal row, k fractal and column are used.
    k0 = k0_of(type_)
    whole = inputs(type_, 16, k0, 16)

    run(probes, whole, mmad(type_, 16, k0, 16))
    with raises_fault("uninitialized", operand="left"):
        run(probes, whole, mmad(type_, 17, k0, 16))
    with raises_fault("uninitialized", operand="left"):
        run(probes, whole, mmad(type_, 16, k0 + 1, 16))
    with raises_fault("uninitialized", operand="right"):
        run(probes, whole, mmad(type_, 16, k0, 17))


@PLAIN
def test_alignment_of_k_moves_the_second_row_of_fractals(probes: model.Library) -> None:
    size = (17, 8, 16)
    whole = inputs("float", *size, align_k=16)

    run(probes, whole, mmad("float", *size, k_direction_align=1))
    # The padding fractal of the first row takes the place of the second row.
    with raises_fault("uninitialized", operand="left"):
        run(
            probes,
            Inputs(drop(whole.fm, 2), whole.filter),
            mmad("float", *size, k_direction_align=1),
        )


@PLAIN
@pytest.mark.parametrize(("m", "n"), [(16, 16), (17, 16), (16, 17)])
def test_accumulation_needs_defined_results(probes: model.Library, m: int, n: int) -> None:
    steps = (
        mmad("half", 16, 16, 16),
        barrier(),
        mmad("half", m, 16, n, cmatrix_init_val=0),
    )

    if (m, n) == (16, 16):
        run(probes, filled(), *steps)
    else:
        with raises_fault("uninitialized", instruction="mad", operand="target", memory="L0C"):
            run(probes, filled(), *steps)


@PLAIN
def test_the_rest_of_result_fractals_becomes_undefined(probes: model.Library) -> None:
    steps = (
        mmad("half", 32, 16, 32),
        barrier(),
        mmad("half", 32, 16, 30),
        barrier(),
        mmad("half", 32, 16, 32, cmatrix_init_val=0),
    )

    with raises_fault("uninitialized", instruction="mad", operand="target", memory="L0C"):
        run(probes, filled(), *steps)


@WITH_BIAS
def test_the_bias_must_be_written(probes: model.Library) -> None:
    images = filled()
    images.bias = images.bias[:64]

    run(probes, images, mmad_bias("half", 16, 16, 16))
    with raises_fault("uninitialized", instruction="mad", operand="bias", memory="BT"):
        run(probes, images, mmad_bias("half", 16, 16, 17))


# Order on pipe M.

LARGE = [(32, 80), (160, 16), (16, 160), (128, 128), (47, 95), (175, 31)]
SMALL = [(32, 79), (159, 16), (16, 159), (31, 144), (48, 63), (1, 160)]


@PLAIN
@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize(("m", "n"), LARGE)
def test_large_products_into_one_tile_are_ordered_by_the_hardware(
    probes: model.Library, m: int, n: int, start: int
) -> None:
    run(
        probes,
        filled(),
        mmad("half", m, 32, n),
        mmad("half", m, 16, n, cmatrix_init_val=start),
        mmad("half", m, 32, n, cmatrix_init_val=start),
    )


@PLAIN
@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize(("m", "n"), SMALL)
def test_small_products_into_one_tile_need_a_barrier(
    probes: model.Library, m: int, n: int, start: int
) -> None:
    first, second = mmad("half", m, 16, n), mmad("half", m, 16, n, cmatrix_init_val=start)

    run(probes, filled(), first, barrier(), second)
    with raises_fault("hazard", instruction="mad", operand="target", other="mad", pipe="M"):
        run(probes, filled(), first, second)


@PLAIN
@pytest.mark.parametrize(
    "second",
    [
        mmad("half", 128, 16, 112),
        mmad("half", 112, 16, 128),
        mmad("half", 128, 16, 128, dst=1024),
    ],
    ids=["other_n", "other_m", "other_start"],
)
def test_large_products_into_tiles_that_overlap_need_a_barrier(
    probes: model.Library, second: Step
) -> None:
    first = mmad("half", 128, 16, 128)

    run(probes, filled(), first, barrier(), second)
    with raises_fault("hazard", instruction="mad", operand="target", other="mad"):
        run(probes, filled(), first, second)


@PLAIN
def test_another_tile_in_between_ends_the_interlock(probes: model.Library) -> None:
    tile = mmad("half", 128, 16, 128)
    across = mmad("half", 16, 16, 16, dst=2048)

    with raises_fault("hazard", instruction="mad", other="mad"):
        run(probes, filled(), tile, barrier(), across, tile)


@PLAIN
def test_tiles_in_turn_keep_their_interlocks(probes: model.Library) -> None:
    one = mmad("half", 128, 16, 64, cmatrix_init_val=1)
    other = mmad("half", 64, 16, 128, dst=64 * 1024)

    run(probes, filled(), one, other, one, other)


@PLAIN
def test_tiles_apart_need_no_order(probes: model.Library) -> None:
    run(probes, filled(), mmad("half", 16, 16, 16), mmad("half", 16, 16, 16, dst=1024))
