# SPDX-License-Identifier: Apache-2.0
"""Mmad: every byte of L0C against products computed in numpy."""

import numpy as np
import pytest
from ascend_attention import _native, model

from tests.model.harness import (
    Array,
    aligned,
    assert_same_bits,
    covers,
    from_bfloat16,
    poisoned,
    to_bfloat16,
)
from tests.model.mmad_case import (
    A2,
    B2,
    CO1,
    FRACTAL,
    HF32_MODE,
    HF32_TRANS_MODE,
    L0_BYTES,
    LAYOUT_TRANSFORM,
    TYPES,
    barrier,
    inputs_of,
    left_image,
    mmad,
    mmad_bias,
    product,
    put_result,
    random_operand,
    right_image,
    run,
    step,
    tiling_of,
    untouched,
    widen,
)

PLAIN = covers("Mmad", "value")
WITH_BIAS = covers("Mmad.bias", "value")
# m, k, n: whole fractals, ragged in each direction, one of everything, many, few.
SHAPES = [
    (16, 32, 16),
    (32, 64, 48),
    (30, 70, 40),
    (2, 1, 1),
    (17, 33, 15),
    (100, 20, 130),
    (7, 300, 9),
    (48, 257, 16),
]


def expect(c: Array, dst: int = 0) -> Array:
    image = untouched()
    put_result(image, c, dst)
    return image


@PLAIN
@covers("MmadParams", "value")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("type_", TYPES)
def test_product_from_zero(probes: model.Library, type_: str, shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    a, b = random_operand(type_, (m, k), 1), random_operand(type_, (k, n), 2)

    out = run(probes, inputs_of(a, b, type_), mmad(type_, m, k, n))

    assert_same_bits(out, expect(product(widen(a, type_), widen(b, type_))))


@PLAIN
@pytest.mark.parametrize("shape", [(128, 128, 256), (512, 64, 64), (16, 2048, 16), (2048, 16, 1)])
def test_largest_buffers(probes: model.Library, shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    a, b = random_operand("half", (m, k), 3), random_operand("half", (k, n), 4)

    out = run(probes, inputs_of(a, b, "half"), mmad("half", m, k, n))

    assert_same_bits(out, expect(product(widen(a, "half"), widen(b, "half"))))


@PLAIN
@pytest.mark.parametrize("sizes", [(0, 16, 16), (16, 0, 16), (16, 16, 0)])
def test_a_size_of_zero_does_nothing(probes: model.Library, sizes: tuple[int, int, int]) -> None:
    a = random_operand("half", (16, 16))

    out = run(probes, inputs_of(a, a, "half"), mmad("half", *sizes))

    assert_same_bits(out, untouched())


@PLAIN
def test_multiply_accumulates_are_counted(probes: model.Library) -> None:
    a = random_operand("half", (20, 40))
    b = random_operand("half", (40, 30))

    with model.recorded() as reports:
        run(probes, inputs_of(a, b, "half"), mmad("half", 20, 40, 30), mmad("half", 20, 0, 30))

    assert reports[0].pipe("M", "AIC").macs == 20 * 40 * 30


@PLAIN
def test_operands_away_from_the_start(probes: model.Library) -> None:
    a, b = random_operand("half", (20, 40), 5), random_operand("half", (40, 20), 6)
    inputs = inputs_of(a, b, "half")
    junk = np.full(FRACTAL, 0xFF, np.uint8)
    inputs.fm = np.concatenate([junk, inputs.fm])
    inputs.filter = np.concatenate([junk, junk, inputs.filter])

    out = run(
        probes,
        inputs,
        mmad("half", 20, 40, 20, dst=3 * 1024, fm=FRACTAL, filter=2 * FRACTAL),
    )

    assert_same_bits(out, expect(product(widen(a, "half"), widen(b, "half")), 3 * 1024))


@PLAIN
@pytest.mark.parametrize("k", [1, 31, 128, 2048])
@pytest.mark.parametrize("type_", TYPES)
def test_one_row_is_a_vector_in_l0a(probes: model.Library, type_: str, k: int) -> None:
    if type_ == "float" and k == 2048:
        k = 1024  # L0B ends there
    a, b = random_operand(type_, (1, k), 7), random_operand(type_, (k, 16), 8)

    out = run(probes, inputs_of(a, b, type_), mmad(type_, 1, k, 16))

    assert_same_bits(out, expect(product(widen(a, type_), widen(b, type_))))


@PLAIN
@pytest.mark.parametrize("k", [36, 44, 8])
@pytest.mark.parametrize("align", [0, 1])
def test_float_may_align_k_to_16(probes: model.Library, k: int, align: int) -> None:
    a, b = random_operand("float", (33, k), 9), random_operand("float", (k, 20), 10)
    inputs = inputs_of(a, b, "float", align_k=16 if align else 8)

    out = run(probes, inputs, mmad("float", 33, k, 20, k_direction_align=align))

    assert_same_bits(out, expect(product(a, b)))


@PLAIN
def test_alignment_of_k_is_for_float_alone(probes: model.Library) -> None:
    a, b = random_operand("int8_t", (33, 20), 9), random_operand("int8_t", (20, 20), 10)

    out = run(probes, inputs_of(a, b, "int8_t"), mmad("int8_t", 33, 20, 20, k_direction_align=1))

    assert_same_bits(out, expect(product(widen(a, "int8_t"), widen(b, "int8_t"))))


# What the product starts from.


@PLAIN
@covers("MmadParams", "value")
@pytest.mark.parametrize(
    "fields",
    [{"cmatrix_init_val": 0}, {"cmatrix_init_val": 1, "is_bias": 1},
     {"is_bias": 1, "constructor": 1}, {"cmatrix_init_val": 0, "constructor": 2}],
    ids=["init_val", "is_bias", "constructor_8", "constructor_6"],
)  # fmt: skip
@pytest.mark.parametrize("type_", TYPES)
def test_accumulation_in_l0c(probes: model.Library, type_: str, fields: dict[str, int]) -> None:
    m, k, n = 30, 70, 40
    a, b = random_operand(type_, (m, k), 11), random_operand(type_, (k, n), 12)
    first = product(widen(a, type_), widen(b, type_))

    out = run(
        probes,
        inputs_of(a, b, type_),
        mmad(type_, m, k, n),
        barrier(),
        mmad(type_, m, k, n, **fields),
    )

    assert_same_bits(out, expect(product(widen(a, type_), widen(b, type_), first)))


@PLAIN
@pytest.mark.parametrize("n", [40, 256])
@pytest.mark.parametrize("type_", TYPES)
def test_start_from_the_bias_table(probes: model.Library, type_: str, n: int) -> None:
    m, k = 20, 50
    a, b = random_operand(type_, (m, k), 13), random_operand(type_, (k, n), 14)
    bias = _bias(type_, n)
    fields = {"cmatrix_init_val": 0, "cmatrix_source": 1}

    out = run(probes, inputs_of(a, b, type_, bias=bias), mmad(type_, m, k, n, **fields))

    assert_same_bits(out, expect(product(widen(a, type_), widen(b, type_), bias)))


@PLAIN
def test_init_val_wins_over_source(probes: model.Library) -> None:
    a = random_operand("half", (16, 16))

    out = run(probes, inputs_of(a, a, "half"), mmad("half", 16, 16, 16, cmatrix_source=1))

    assert_same_bits(out, expect(product(widen(a, "half"), widen(a, "half"))))


@WITH_BIAS
@pytest.mark.parametrize("type_", TYPES)
def test_bias_tensor_in_the_bias_table(probes: model.Library, type_: str) -> None:
    m, k, n = 20, 50, 40
    a, b = random_operand(type_, (m, k), 15), random_operand(type_, (k, n), 16)
    bias = _bias(type_, n + 16)

    # The position decides, whatever cmatrixSource and isBias say.
    out = run(
        probes,
        inputs_of(a, b, type_, bias=bias),
        mmad_bias(type_, m, k, n, bias=64, cmatrix_source=0, is_bias=1),
    )

    assert_same_bits(out, expect(product(widen(a, type_), widen(b, type_), bias[16:])))


@WITH_BIAS
def test_bias_tensor_in_l0c_is_the_result(probes: model.Library) -> None:
    a = random_operand("half", (16, 16))
    values = widen(a, "half")
    positions = (CO1, A2, B2, CO1)

    out = run(
        probes,
        inputs_of(a, a, "half"),
        mmad("half", 16, 16, 16, dst=1024),
        barrier(),
        mmad_bias("half", 16, 16, 16, dst=1024, bias=1024, positions=positions, cmatrix_source=1),
    )

    assert_same_bits(out, expect(product(values, values, product(values, values)), 1024))


@WITH_BIAS
def test_init_val_wins_over_a_bias_tensor(probes: model.Library) -> None:
    a = random_operand("half", (16, 16))

    out = run(probes, inputs_of(a, a, "half"), mmad_bias("half", 16, 16, 16, cmatrix_init_val=1))

    assert_same_bits(out, expect(product(widen(a, "half"), widen(a, "half"))))


def _bias(type_: str, count: int) -> Array:
    random = np.random.default_rng(17)
    if type_ == "int8_t":
        return random.integers(-1000, 1000, count, np.int32)
    return random.standard_normal(count).astype(np.float32)


# Special values.


def _special(type_: str, shape: tuple[int, int], seed: int) -> Array:
    """Infinities, NaN, subnormals, the largest and the smallest, among ordinary numbers."""
    random = np.random.default_rng(seed)
    values = random.standard_normal(shape).astype(np.float32)
    kind = random.integers(0, 40, shape)
    small, large = (1e-7, 6e4) if type_ == "half" else (1e-22, 1e20)
    for number, value in enumerate((np.inf, -np.inf, np.nan, 0.0, -0.0, small, large, -large)):
        values[kind == number] = value
    return to_bfloat16(values) if type_ == "bfloat16_t" else values.astype(TYPES[type_][1])


@PLAIN
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("type_", ["half", "bfloat16_t", "float"])
def test_special_values(probes: model.Library, type_: str, seed: int) -> None:
    a, b = _special(type_, (40, 12), 2 * seed), _special(type_, (12, 40), 2 * seed + 1)

    out = run(probes, inputs_of(a, b, type_), mmad(type_, 40, 12, 40))

    assert_same_bits(out, expect(product(widen(a, type_), widen(b, type_))))


@PLAIN
def test_products_that_underflow_or_overflow_are_rounded_before_they_are_added(
    probes: model.Library,
) -> None:
    a = np.array([[2.0**-75, 2.0**-75], [2.0**64, 2.0**64]], np.float32)
    b = np.array([[2.0**-74, 2.0**63], [2.0**-75, -(2.0**64)]], np.float32)

    out = run(probes, inputs_of(a, b, "float"), mmad("float", 2, 2, 2))

    # 2^-149 + 2^-150 would round to 2^-148 in one step, and 2^127 - 2^128 would be finite.
    expected = product(a, b)
    assert expected[0, 0] == 2.0**-149
    assert np.isneginf(expected[1, 1])
    assert_same_bits(out, expect(expected))


@PLAIN
def test_integers_saturate_when_the_start_is_added(probes: model.Library) -> None:
    a = np.array([[127] * 4, [-128] * 4], np.int8)
    b = np.full((4, 16), 127, np.int8)
    bias = np.full(16, 2**31 - 1, np.int32)
    bias[::2] = -(2**31)
    fields = {"cmatrix_init_val": 0, "cmatrix_source": 1}

    out = run(probes, inputs_of(a, b, "int8_t", bias=bias), mmad("int8_t", 2, 4, 16, **fields))

    expected = product(a.astype(np.int32), b.astype(np.int32), bias)
    assert expected.max() == 2**31 - 1
    assert expected.min() == -(2**31)
    assert_same_bits(out, expect(expected))


@PLAIN
@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("shape", [(128, 128, 128), (30, 70, 40)], ids=str)
def test_levels_give_the_same_bits(
    probes: model.Library, type_: str, shape: tuple[int, int, int]
) -> None:
    m, k, n = shape
    if type_ == "float":
        k = min(k, 64)
    special = random_operand if type_ == "int8_t" else _special
    a, b = special(type_, (m, k), 21), special(type_, (k, n), 22)
    best = _native.level()
    results = []
    try:
        for level in _native.levels():
            _native.set_level(level)
            results.append(run(probes, inputs_of(a, b, type_), mmad(type_, m, k, n)))
    finally:
        _native.set_level(best)

    assert_same_bits(results[0], expect(product(widen(a, type_), widen(b, type_))))
    for result in results[1:]:
        assert_same_bits(result, results[0])


# Registers.


def round_hf32(values: Array, *, to_zero: bool) -> Array:
    """float32 to 11 digits behind the point, to nearest; the type of the result is float32."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    scaled = mantissa * 2.0**12
    toward_zero = np.sign(scaled) * np.ceil(np.abs(scaled) - 0.5)
    rounded = toward_zero if to_zero else np.rint(scaled)
    result: Array = np.ldexp(rounded, exponent - 12).astype(np.float32)
    return result


def _halfway(shape: tuple[int, int], seed: int) -> Array:
    """Numbers of which many lie half way between two of HF32."""
    bits = random_operand("float", shape, seed).view(np.uint32)
    tie = np.random.default_rng(seed).integers(0, 2, shape).astype(bool)
    return np.where(tie, bits & ~np.uint32(0xFFF) | np.uint32(0x800), bits).view(np.float32)


@covers("SetHF32Mode", "value")
@covers("SetHF32TransMode", "value")
@pytest.mark.parametrize("to_zero", [False, True])
def test_hf32_rounds_what_is_multiplied(probes: model.Library, to_zero: bool) -> None:
    a, b = _halfway((20, 24), 23), _halfway((24, 20), 24)

    out = run(
        probes,
        inputs_of(a, b, "float"),
        step(HF32_MODE, m=1),
        step(HF32_TRANS_MODE, m=int(to_zero)),
        mmad("float", 20, 24, 20),
    )

    rounded = [round_hf32(values, to_zero=to_zero) for values in (a, b)]
    assert not np.array_equal(rounded[0], round_hf32(a, to_zero=not to_zero))
    assert_same_bits(out, expect(product(*rounded)))


@covers("SetHF32Mode", "value")
def test_hf32_can_be_left_and_is_for_float_alone(probes: model.Library) -> None:
    a, b = random_operand("bfloat16_t", (16, 16), 25), random_operand("bfloat16_t", (16, 16), 26)
    f = _halfway((16, 8), 27)

    other = run(
        probes, inputs_of(a, b, "bfloat16_t"), step(HF32_MODE, m=1), mmad("bfloat16_t", 16, 16, 16)
    )
    left = run(
        probes,
        inputs_of(f, np.ascontiguousarray(f.T), "float"),
        step(HF32_MODE, m=1),
        step(HF32_MODE, m=0),
        mmad("float", 16, 8, 16),
    )

    assert_same_bits(other, expect(product(from_bfloat16(a), from_bfloat16(b))))
    assert_same_bits(left, expect(product(f, f.T)))


@covers("SetMMLayoutTransform", "value")
@pytest.mark.parametrize("rows_first", [0, 1])
def test_direction_has_no_effect_on_values(probes: model.Library, rows_first: int) -> None:
    a, b = random_operand("half", (40, 40), 28), random_operand("half", (40, 40), 29)

    out = run(
        probes,
        inputs_of(a, b, "half"),
        step(LAYOUT_TRANSFORM, m=rows_first),
        mmad("half", 40, 40, 40),
    )

    assert_same_bits(out, expect(product(widen(a, "half"), widen(b, "half"))))


@covers("SetHF32Mode.enum", "value")
@covers("SetHF32TransMode.enum", "value")
@covers("SetMMRowMajor", "value")
@covers("SetMMColumnMajor", "value")
@pytest.mark.parametrize("mode", [(0, 0, 0), (1, 0, 1), (1, 1, 0)], ids=str)
def test_newest_names(probes: model.Library, mode: tuple[int, int, int]) -> None:
    a, b = _halfway((16, 8), 30), _halfway((8, 16), 31)
    fm, filter_, out = (
        aligned(FRACTAL, np.uint8),
        aligned(FRACTAL, np.uint8),
        poisoned(1024, np.uint8),
    )
    fm[:], filter_[:] = left_image(a, 8), right_image(b, 8)

    probes.launch(
        "probe_mmad_newest", [model.In(fm), model.In(filter_), model.Out(out), bytes(mode)]
    )

    on, to_zero, _ = mode
    used = [round_hf32(values, to_zero=bool(to_zero)) if on else values for values in (a, b)]
    assert_same_bits(out, expect(product(*used))[:1024])


@PLAIN
@WITH_BIAS
def test_a_vector_core_does_nothing(probes: model.Library) -> None:
    out = poisoned(2 * L0_BYTES, np.uint8)
    steps = (mmad("half", 16, 16, 16), mmad_bias("half", 16, 16, 16))

    report = probes.launch("probe_mmad_aiv", [model.Out(out), tiling_of(*steps)])

    assert report.pipe("M").instructions == 0
    assert_same_bits(out, untouched())
